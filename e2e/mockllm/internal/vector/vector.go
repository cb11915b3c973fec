// Package vector makes embeddings without a model: texts that share words are
// near to each other, the same text always has the same vector.
package vector

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"strings"
	"unicode"
)

// spread is in how many dimensions a word shows.
const spread = 16

// Of returns the vector of a text: words are summed over full dimensions, then
// the first size of them are kept and brought to length one.
func Of(text string, full, size int) []float32 {
	v := make([]float64, full)
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for _, w := range append(words, "") {
		for i := range spread {
			h := sha256.Sum256(append([]byte{byte(i)}, w...))
			at := binary.LittleEndian.Uint32(h[:4]) % uint32(full)
			v[at] += float64(int(h[4])-128) / 128
		}
	}
	v = v[:min(size, full)]
	sum := 0.0
	for _, f := range v {
		sum += f * f
	}
	out := make([]float32, len(v))
	if sum == 0 { // the words show in other dimensions than those kept
		out[0] = 1
		return out
	}
	for i, f := range v {
		out[i] = float32(f / math.Sqrt(sum))
	}
	return out
}
