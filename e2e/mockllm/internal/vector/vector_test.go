package vector

import (
	"math"
	"slices"
	"testing"
)

func cosine(a, b []float32) float64 {
	sum := 0.0
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}

func TestOf(t *testing.T) {
	t.Parallel()
	a := Of("What is the capital of France?", 1536, 1536)
	same := Of("what is the capital of france", 1536, 1536)
	near := Of("Tell me: what is France's capital?", 1536, 1536)
	far := Of("Bake bread with yeast, salt and flour", 1536, 1536)
	if !slices.Equal(a, same) {
		t.Error("case and punctuation changed the vector")
	}
	if n, f := cosine(a, near), cosine(a, far); n < 0.5 || f > 0.3 {
		t.Errorf("cosine of a near text: got %.2f, want at least 0.5; of a far one: got %.2f, want at most 0.3", n, f)
	}
}

func TestLengthIsOne(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "a", "hello world"} {
		for _, size := range []int{1, 256, 1536} {
			v := Of(text, 1536, size)
			if got := cosine(v, v); len(v) != size || math.Abs(got-1) > 1e-4 {
				t.Errorf("%q in %d dimensions: got %d of length %.4f, want length 1", text, size, len(v), got)
			}
		}
	}
}
