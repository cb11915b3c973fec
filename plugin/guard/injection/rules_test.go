package injection

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestEveryRuleHasACase finds rules that nothing of the samples needs.
func TestEveryRuleHasACase(t *testing.T) {
	t.Parallel()
	r := rules(t)
	fired := map[string]bool{}
	for _, s := range allSamples(t) {
		for _, name := range s.scan(r).Rules {
			fired[name] = true
		}
	}
	for _, x := range r.rules {
		if !fired[x.name] {
			t.Errorf("%s fires on no sample", x.name)
		}
	}
}

// TestWordsFold holds the entries to the form that texts come in: one with a letter that
// folding changes would never be found.
func TestWordsFold(t *testing.T) {
	t.Parallel()
	r := rules(t)
	for line := range strings.Lines(ruleFile(t)) {
		line = strings.TrimSpace(line)
		if line == "[cipher]" {
			break
		}
		if line == "" || line[0] == '#' || line[0] == '[' || strings.HasPrefix(line, "version") {
			continue
		}
		for w := range strings.FieldsSeq(line) {
			if !isWord(w) {
				continue
			}
			text := strings.TrimSuffix(strings.ReplaceAll(w, "_", " "), "*")
			c := newCutter(r)
			c.scan.begin(0, 100)
			c.run([]byte(text))
			if !slices.Contains(c.scan.seen, true) {
				t.Errorf("%s is not found in itself", w)
			}
		}
	}
}

// TestPacked has the module come with the rules of the file, and with weights of them.
func TestPacked(t *testing.T) {
	t.Parallel()
	r, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	if packedText() != ruleFile(t) {
		t.Error("rules.bin is not of rules.txt: run go run ./plugin/guard/injection/fit")
	}
	if r.bias == 0 || *r.usage == [1 << bucketBits]uint64{} {
		t.Error("rules.bin has no weights")
	}
}

func packedText() string {
	both, _ := unpack()
	text, _, _ := strings.Cut(both, "\x00")
	return text
}

func ruleFile(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("rules.txt")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestWeights(t *testing.T) {
	t.Parallel()
	const text = "[a]\nx\n[rules]\nf/r 1 1 4 a"
	r, err := Compile(text, "")
	if err != nil {
		t.Fatal(err)
	}
	w := r.Weights()
	w.Bias, w.Rules[0] = -1.5, [2]float64{0.25, -2}
	word, other := hash([]byte("word")), hash([]byte("other"))
	w.Words = map[uint32]int8{word: -3, other: 100}
	if r, err = Compile(text, string(w.Bytes())); err != nil {
		t.Fatal(err)
	}
	u := usage{weights: r.usage}
	if r.bias != -1.5 || r.rules[0].weights != [2]float32{0.25, -2} || u.weights.of(word) != -3 || u.weights.of(other) != 100 || u.weights.of(hash([]byte("none"))) != 0 {
		t.Errorf("got bias %v, rule %v and words %d and %d", r.bias, r.rules[0].weights, u.weights.of(word), u.weights.of(other))
	}
	if _, err := Compile(text+"\nf/s 1 1 4 a", string(w.Bytes())); err == nil {
		t.Error("weights of other rules: got no error")
	}
}

// TestBeginnings holds open entries of ASCII to the letters that they are looked up by.
func TestBeginnings(t *testing.T) {
	t.Parallel()
	for line := range strings.Lines(ruleFile(t)) {
		if strings.HasPrefix(line, "#") || strings.HasPrefix(line, "benign/") {
			continue
		}
		for w := range strings.FieldsSeq(line) {
			stem, open := strings.CutSuffix(w, "*")
			if open && isWord(w) && stem[0] < 0x80 && len(stem) < lettersLooked {
				t.Errorf("%s is too short", w)
			}
		}
	}
}

func isWord(w string) bool {
	b := w[0]
	return b >= 0x80 || b >= 'a' && b <= 'z' || b >= '0' && b <= '9'
}

func TestCompileErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"ignore":                        "rules line 1: want a section first",
		"[a]\nx\n[rules]\na/b 1 1 4 c":  "rules line 4: no concept is called c",
		"[a]\nx\n[rules]\nb 1 1 4 a":    "rules line 4: want family/name",
		"[a]\nx\n[rules]\na/b 1 x 4 a":  "rules line 4: want a weight",
		"[a]\nx\n[rules]\na/b 1 1 x a":  "rules line 4: want a window in words",
		"[a]\nx\n\n[rules]\na/b 1 1 4":  "rules line 5: want family/name, two weights, a window and concepts",
		"# why\nversion: 2\n[rules]\nx": "rules line 4: want family/name, two weights, a window and concepts",
	} {
		if _, err := Compile(text, ""); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}
