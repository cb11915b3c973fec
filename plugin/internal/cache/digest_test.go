package cache

import (
	"crypto/sha256"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

// TestDigestsAreSums asks again and again for more sums than are remembered, of texts that differ
// in one byte or by their length alone, some of them too long to be remembered.
func TestDigestsAreSums(t *testing.T) {
	t.Parallel()
	texts := []string{"", "\x00", "\x00\x00", strings.Repeat("\x00", 8), strings.Repeat("\x00", 16)}
	for i := range 3 * mostDigests {
		texts = append(texts, strconv.Itoa(i), strings.Repeat("a", i), strings.Repeat("long ", 40)+strconv.Itoa(i))
	}
	for _, n := range []int{mostSummed - 1, mostSummed, mostSummed + 1, 3 * mostSummed} {
		texts = append(texts, strings.Repeat("x", n), strings.Repeat("x", n-1)+"y")
	}
	var d digests
	for range 3 {
		for _, s := range texts {
			if got, want := d.sum([]byte(s)), Key(sha256.Sum256([]byte(s))); got != want {
				t.Fatalf("sum of %.20q with %d bytes: got %x, want %x", s, len(s), got, want)
			}
			if got, want := d.sum([]byte(s)), Key(sha256.Sum256([]byte(s))); got != want {
				t.Fatalf("sum of %.20q with %d bytes, again: got %x, want %x", s, len(s), got, want)
			}
		}
	}
	for i := range d {
		if len(d[i].of) > mostSummed {
			t.Errorf("place %d: got a text of %d bytes, want at most %d", i, len(d[i].of), mostSummed)
		}
	}
}

// TestTagsOfParts has the tag of parts be that of the name that they make.
func TestTagsOfParts(t *testing.T) {
	t.Parallel()
	var k Keyer
	for _, parts := range [][]string{nil, {""}, {"shared"}, {"tenant", "acme"}, {"consumer", "", "web"}, {"consumer", strings.Repeat("long", 100), "x"}} {
		for range 2 {
			if got, want := k.Tag(parts...), TagOf([]byte(strings.Join(parts, "\x00"))); got != want {
				t.Errorf("%q: got %x, want %x", parts, got, want)
			}
		}
	}
}

// TestQuestionsAreCompared changes each member of a question in turn.
func TestQuestionsAreCompared(t *testing.T) {
	t.Parallel()
	whole := func() Question {
		return Question{Scope: []string{"tenant", "acme"}, Namespace: "n", Operation: "chat", Group: "g", Targets: []Target{{"p", "t", "m"}}, Parts: []Part{{"user", "u"}}, Policy: "x", Custom: "k"}
	}
	q := whole()
	if same := whole(); !q.Equal(&same) {
		t.Error("the same: got another question")
	}
	own := q.Clone()
	if q.Scope[1], q.Targets[0].Model, q.Parts[0].Value = "", "", ""; q.Equal(&own) {
		t.Error("a clone: got what its original has become")
	}
	if q = whole(); !q.Equal(&own) {
		t.Error("a clone: got another question")
	}
	for i := range reflect.TypeOf(q).NumField() {
		other := whole()
		f := reflect.ValueOf(&other).Elem().Field(i)
		f.SetZero()
		if q.Equal(&other) || other.Equal(&q) {
			t.Errorf("without %s: got equal questions", reflect.TypeOf(q).Field(i).Name)
		}
	}
}
