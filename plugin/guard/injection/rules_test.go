package injection

import (
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
		if name := x.family + "/" + x.name; !fired[name] {
			t.Errorf("%s fires on no sample", name)
		}
	}
}

// TestWordsFold holds the entries to the form that texts come in: one with a letter that
// folding changes would never be found.
func TestWordsFold(t *testing.T) {
	t.Parallel()
	r := rules(t)
	for line := range strings.Lines(rulesText) {
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
			s := newScan(r, 0, 100)
			c := cutter{rules: r, scan: s}
			c.run([]byte(text))
			if !slices.Contains(s.seen, true) {
				t.Errorf("%s is not found in itself", w)
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
		if _, err := Compile(text); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}
