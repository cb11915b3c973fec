package similar

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

// A pair is a line of testdata.
type pair struct{ language, trap, a, b string }

func pairs(t testing.TB, name string) (list []pair) {
	t.Helper()
	all, err := os.ReadFile("testdata/" + name + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(all)), "\n") {
		f := strings.Split(strings.ReplaceAll(line, `\n`, "\n"), " | ")
		switch len(f) {
		case 3:
			list = append(list, pair{f[0], "", f[1], f[2]})
		case 4:
			list = append(list, pair{f[0], f[1], f[2], f[3]})
		default:
			t.Fatalf("%s: got %d fields in %q", name, len(f), line)
		}
	}
	return list
}

// kept is a sketch that stays.
func (s *Sketcher) kept(text string) Sketch { return append(Sketch(nil), s.Sketch([]byte(text))...) }

func (s *Sketcher) score(a, b string) int { return Score(s.kept(a), s.Sketch([]byte(b))) }

const usual = 90 // the threshold that is the default

// terms shows what becomes of a text.
func (s *Sketcher) terms(text string) string {
	var b strings.Builder
	for i, t := range s.normaliser.normalise([]byte(text)) {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString([...]string{"-", "", "!"}[t.class] + string(s.normaliser.word(i)))
	}
	return b.String()
}

// TestPairs holds the package to what docs/caching.md says of it. -v shows the figures.
func TestPairs(t *testing.T) {
	for _, tt := range []struct {
		name        string
		same        bool
		least, most int // that are taken for the same
	}{
		{"tuned_other", false, 0, 0},
		{"attacks_other", false, 0, 0},
		{"heldout_other", false, 0, 0},
		{"tuned_same", true, 210, 276},
		{"heldout_same", true, 167, 245},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, list := NewSketcher(), pairs(t, tt.name)
			taken, figures := map[int]int{}, ""
			thresholds := [...]int{80, 85, usual, 95, 100}
			for _, p := range list {
				score := s.score(p.a, p.b)
				if back := s.score(p.b, p.a); back != score {
					t.Errorf("got score %d, and %d the other way round: %q, %q", score, back, p.a, p.b)
				}
				for _, at := range thresholds {
					if score >= at {
						taken[at]++
					}
				}
				if score >= usual && !tt.same {
					t.Errorf("%s: got score %d for %q (%s) and %q (%s)", p.trap, score, p.a, s.terms(p.a), p.b, s.terms(p.b))
				}
			}
			for _, at := range thresholds {
				figures += " from " + strconv.Itoa(at) + ": " + strconv.Itoa(taken[at])
			}
			t.Logf("%d pairs,%s", len(list), figures)
			if n := taken[usual]; n < tt.least || n > tt.most {
				t.Errorf("got %d pairs taken for the same, want %d to %d", n, tt.least, tt.most)
			}
		})
	}
}

var files = [...]string{"tuned_other", "attacks_other", "heldout_other", "tuned_same", "heldout_same"}

// TestChanges has every text of the files changed at every word, in ways that make another
// question of it.
func TestChanges(t *testing.T) {
	s := NewSketcher()
	seen, tried := map[string]bool{}, 0
	for _, name := range files {
		for _, p := range pairs(t, name) {
			for _, text := range [...]string{p.a, p.b} {
				if seen[text] || p.language != "en" {
					continue
				}
				seen[text] = true
				own := s.kept(text)
				words := strings.Split(text, " ")
				for i := range words {
					for what, changed := range map[string]string{
						"not":     insert(words, i, "not"),
						"never":   insert(words, i, "never"),
						"without": insert(words, i, "without"),
						"Zurich":  insert(words, i, "Zurich"),
						"7":       insert(words, i, "7"),
						"digit":   digit(words, i),
						"swap":    swap(words, i),
					} {
						if changed == "" || what == "swap" && strings.Contains(text, "difference") { // which is the same in both orders
							continue
						}
						tried++
						if score := Score(own, s.Sketch([]byte(changed))); score >= usual {
							t.Errorf("%s: got score %d for %q (%s) and %q (%s)", what, score, text, s.terms(text), changed, s.terms(changed))
						}
					}
				}
			}
		}
	}
	t.Logf("%d texts changed in %d ways", len(seen), tried)
}

func insert(words []string, at int, word string) string {
	return strings.Join(words[:at], " ") + " " + word + " " + strings.Join(words[at:], " ")
}

// digit changes the first one of a word.
func digit(words []string, at int) string {
	i := strings.IndexAny(words[at], "0123456789")
	if i < 0 {
		return ""
	}
	b := []byte(words[at])
	b[i] = '0' + (b[i]-'0'+1)%10
	changed := append(append(append([]string(nil), words[:at]...), string(b)), words[at+1:]...)
	return strings.Join(changed, " ")
}

// swap has a word of some length change places with a later one.
func swap(words []string, at int) string {
	for k := at + 1; k < len(words); k++ {
		if a, b := strings.Trim(words[at], "?.,!"), strings.Trim(words[k], "?.,!"); len(a) > 4 && len(b) > 4 && !strings.EqualFold(a, b) {
			changed := append([]string(nil), words...)
			changed[at], changed[k] = b, a
			return strings.Join(changed, " ")
		}
	}
	return ""
}

// TestForms has texts that differ only in how they are written.
func TestForms(t *testing.T) {
	s := NewSketcher()
	for _, p := range [...][2]string{
		{"What is the capital of France?", "  what is\tthe CAPITAL of France ?! "},
		{"What's a café?", "What’s a cafe\u0301?"},
		{"Ｗｈａｔ ｉｓ ＤＮＡ？", "What is DNA?"},
		{"What is “DNA”?", "What is \"DNA\"?"},
		{"How do I set up two-factor authentication?", "How do I set up two factor authentication"},
		{"What is a soft\u00adware?", "What is a software?"},
	} {
		if score := s.score(p[0], p[1]); score != 100 {
			t.Errorf("got score %d, want 100: %q (%s), %q (%s)", score, p[0], s.terms(p[0]), p[1], s.terms(p[1]))
		}
	}
}

// TestNothing has texts that are not compared.
func TestNothing(t *testing.T) {
	s := NewSketcher()
	for _, text := range [...]string{"", " ", "?", strings.Repeat("word ", 97), strings.Repeat("a", mostText+1), "a \xff b", "\ufffd"} {
		if k := s.Sketch([]byte(text)); k != nil {
			t.Errorf("%.20q: got a sketch of %d words, want none", text, k.len())
		}
	}
}
