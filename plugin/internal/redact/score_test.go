package redact_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/plugin/internal/redact"
)

// A labelled text says what is to be found in it, in bytes.
type labelled struct {
	ID     string `json:"id"`
	Kind   string `json:"kind"`
	Text   string `json:"text"`
	Spans  []span `json:"spans"`
	Neg    []span `json:"neg"`
	Ignore []span `json:"ignore"`
}

type span struct {
	Start int    `json:"bstart"`
	End   int    `json:"bend"`
	Type  string `json:"type"`
	Sub   string `json:"sub"`
}

func load(t testing.TB, path string) (list []labelled) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		var l labelled
		if err := json.Unmarshal(sc.Bytes(), &l); err != nil {
			t.Fatal(err)
		}
		list = append(list, l)
	}
	return list
}

// names are other sets' names of entities.
var names = map[string]string{"EMAIL": "EMAIL_ADDRESS", "PHONE": "PHONE_NUMBER", "IBAN": "IBAN_CODE", "ES_NIE": "ES_NIF"}

func entity(name string) string {
	if n, ok := names[name]; ok {
		return n
	}
	return name
}

type tally struct{ right, wrong, missed, chars, leaked int }

func (t tally) f1() float64 {
	if t.right == 0 {
		return 0
	}
	return 2 * float64(t.right) / float64(2*t.right+t.wrong+t.missed)
}

func scan(text string) []redact.Match {
	s := redact.Scanner{On: redact.All}
	_, m := s.Feed([]byte(text), true)
	return m
}

// TestScore holds the detectors to their figures on the labelled texts. POSTERN_PII names
// another file in the same form; its misses are then printed.
func TestScore(t *testing.T) {
	if other := os.Getenv("POSTERN_PII"); other != "" {
		score(t, other, true)
		return
	}
	score(t, "testdata/pii.jsonl", false)
	score(t, "testdata/unusual.jsonl", false)
}

func score(t *testing.T, path string, tell bool) {
	t.Helper()
	byEntity := map[string]*tally{}
	get := func(name string) *tally {
		if byEntity[name] == nil {
			byEntity[name] = &tally{}
		}
		return byEntity[name]
	}
	texts, hard, changed, evasive, masked := load(t, path), 0, 0, 0, 0
	for _, l := range texts {
		found := scan(l.Text)
		used := make([]bool, len(found))
		for _, w := range l.Spans {
			e := get(entity(w.Type))
			e.chars += w.End - w.Start
			hit := false
			leak := w.End - w.Start
			for i, m := range found {
				if m.Start < w.End && w.Start < m.End {
					leak -= min(m.End, w.End) - max(m.Start, w.Start)
					if entity(m.Entity.String()) == entity(w.Type) {
						hit, used[i] = true, true
					}
				}
			}
			e.leaked += leak
			if hit {
				e.right++
			} else {
				e.missed++
			}
			if l.Kind == "evasive" {
				if evasive++; leak == 0 {
					masked++
				}
			}
			if tell && (!hit || leak > 0) {
				t.Logf("missed %s %s (%d leaked) %q in %q", w.Type, w.Sub, leak, l.Text[w.Start:w.End], l.Text)
			}
		}
		if len(l.Spans) == 0 {
			if hard++; len(found) > 0 {
				changed++
			}
		}
	next:
		for i, m := range found {
			if used[i] {
				continue
			}
			for _, g := range l.Ignore {
				if m.Start < g.End && g.Start < m.End {
					continue next
				}
			}
			get(entity(m.Entity.String())).wrong++
			if tell {
				t.Logf("wrong %s %q in %q", m.Entity, l.Text[m.Start:m.End], l.Text)
			}
		}
	}
	report(t, byEntity, texts, hard, changed, evasive, masked)
}

func report(t *testing.T, byEntity map[string]*tally, texts []labelled, hard, changed, evasive, masked int) {
	t.Helper()
	var list []string
	for name := range byEntity {
		list = append(list, name)
	}
	sort.Strings(list)
	var b strings.Builder
	fmt.Fprintf(&b, "%d texts\n%-18s %5s %6s %9s %6s %6s %7s\n", len(texts), "entity", "right", "wrong", "missed", "prec", "recall", "F1")
	var all tally
	macro := 0.0
	ratio := func(a, b int) float64 { return float64(a) / float64(max(1, b)) }
	for _, name := range list {
		e := byEntity[name]
		fmt.Fprintf(&b, "%-18s %5d %6d %9d %6.3f %6.3f %7.3f\n", name, e.right, e.wrong, e.missed, ratio(e.right, e.right+e.wrong), ratio(e.right, e.right+e.missed), e.f1())
		all = tally{all.right + e.right, all.wrong + e.wrong, all.missed + e.missed, all.chars + e.chars, all.leaked + e.leaked}
		macro += e.f1() / float64(len(list))
	}
	leaked, wrong, hidden := ratio(all.leaked, all.chars), ratio(changed, hard), ratio(masked, evasive)
	fmt.Fprintf(&b, "micro F1 %.3f, macro F1 %.3f, characters leaked %.4f, hard negatives changed %d of %d (%.3f), evasive masked %d of %d (%.3f)",
		all.f1(), macro, leaked, changed, hard, wrong, masked, evasive, hidden)
	t.Log(b.String())
	if all.f1() < 0.95 || macro < 0.93 || leaked > 0.03 || wrong > 0.03 || evasive > 0 && hidden < 0.7 {
		t.Error("the figures are worse than they should be: micro F1 0.95, macro F1 0.93, leaked 0.03, changed 0.03, evasive 0.70")
	}
}
