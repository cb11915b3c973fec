package chat_test

import (
	_ "embed"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters/chat"
)

//go:embed testdata/estimate.tsv
var counted string

type sample struct {
	name string
	want int64
	text string
	raw  []byte // as JSON
}

func samples(t testing.TB) []sample {
	t.Helper()
	var list []sample
	for line := range strings.Lines(counted) {
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), "\t", 3)
		n, err := strconv.ParseInt(f[1], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		s := sample{name: f[0], want: n, raw: []byte(f[2])}
		if err := json.Unmarshal(s.raw, &s.text); err != nil {
			t.Fatal(err)
		}
		list = append(list, s)
	}
	return list
}

// testdata/estimate.tsv has a name, the count of o200k_base and the text as JSON in each
// line. The weights are the least sum of relative errors over it, held near round
// numbers, so that a text left out of the fit is as near (9 % in the median). The bounds are those that budgets can live with.
func TestEstimateIsNearTheTrueCount(t *testing.T) {
	t.Parallel()
	var off []float64
	for _, s := range samples(t) {
		var e chat.Estimate
		e.Add([]byte(s.text))
		off = append(off, math.Abs(float64(e.Tokens())/float64(s.want)-1))
		if off[len(off)-1] > 0.3 {
			t.Logf("%s: got %d tokens, want %d", s.name, e.Tokens(), s.want)
		}
	}
	slices.Sort(off)
	if median := off[len(off)/2]; median > 0.10 {
		t.Errorf("median error: got %.1f %%, want at most 10", 100*median)
	}
	if most := off[len(off)*9/10]; most > 0.25 {
		t.Errorf("90th percentile of the error: got %.1f %%, want at most 25", 100*most)
	}
}

func TestEstimateDoesNotDependOnCuts(t *testing.T) {
	t.Parallel()
	for _, s := range samples(t) {
		var whole chat.Estimate
		whole.Add([]byte(s.text))
		for cut := range len(s.text) + 1 {
			var e chat.Estimate
			e.Add([]byte(s.text[:cut]))
			e.Add([]byte(s.text[cut:]))
			if e.Tokens() != whole.Tokens() {
				t.Errorf("%s cut at byte %d: got %d tokens, want %d", s.name, cut, e.Tokens(), whole.Tokens())
			}
		}
	}
}

func TestEstimateReadsEscapes(t *testing.T) {
	t.Parallel()
	for _, s := range samples(t) {
		var plain, text, quoted, escaped chat.Estimate
		plain.Add([]byte(s.text))
		text.AddText(s.raw[1 : len(s.raw)-1])
		quoted.AddJSON(s.raw)
		ascii := []byte(strconv.QuoteToASCII(s.text))
		if !strings.Contains(string(ascii), `\U`) && !strings.Contains(string(ascii), `\x`) { // which JSON has not
			escaped.AddJSON(ascii)
		} else {
			escaped = plain
		}
		for name, e := range map[string]*chat.Estimate{"as text": &text, "as JSON": &quoted, "in ASCII": &escaped} {
			if e.Tokens() != plain.Tokens() {
				t.Errorf("%s %s: got %d tokens, want %d", s.name, name, e.Tokens(), plain.Tokens())
			}
		}
	}
}

func TestEstimateOfOddJSON(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, in string
		want     int64
	}{
		{"nothing", ``, 0},
		{"no string", `17`, 0},
		{"empty string", `""`, 0},
		{"string that does not end", `"word`, 1},
		{"backslash at the end", `"word\`, 1},
		{"half an escape", `"word\u00`, 1},
		{"escape that is none", `"word\u00zz`, 1},
		{"half a surrogate pair", `"\udc00"`, 0},
		{"surrogate pair", `"\ud83d\ude00"`, 2},
	} {
		var e chat.Estimate
		e.AddJSON([]byte(tt.in))
		if got := e.Tokens(); got != tt.want {
			t.Errorf("%s: got %d tokens, want %d", tt.name, got, tt.want)
		}
		if len(tt.in) > 0 && tt.in[0] == '"' {
			var e chat.Estimate
			e.AddText(chat.Text(strings.TrimSuffix(tt.in[1:], `"`)))
			if got := e.Tokens(); got != tt.want {
				t.Errorf("%s, as text: got %d tokens, want %d", tt.name, got, tt.want)
			}
		}
	}
}

func BenchmarkEstimate(b *testing.B) {
	list := samples(b)
	b.ReportAllocs()
	for b.Loop() {
		var e chat.Estimate
		for i := range list {
			e.Add([]byte(list[i].text))
		}
	}
}
