package adaptertest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/e2e/pairs"
)

// An allowance is a difference that may be, and why. Its line in
// testdata/conversations/allowed.txt has these members, with bars between them.
type allowance struct {
	dialect, kind, path string
	reported            string // what the drop is called; "-" where nobody has to know
	reason              string
	uses                int
}

func allowances(t *testing.T) []allowance {
	t.Helper()
	b, err := os.ReadFile("testdata/conversations/allowed.txt")
	if err != nil {
		t.Fatal(err)
	}
	var list []allowance
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		f := strings.Split(line, "|")
		if len(f) != 5 {
			t.Fatalf("allowed.txt: got %d members, want 5: %s", len(f), line)
		}
		for i := range f {
			f[i] = strings.TrimSpace(f[i])
		}
		if f[4] == "" {
			t.Fatalf("allowed.txt: want a reason: %s", line)
		}
		list = append(list, allowance{dialect: f[0], kind: f[1], path: f[2], reported: f[3], reason: f[4]})
	}
	return list
}

// is reports whether the allowance is for a dialect, or for its way by one provider alone.
func (a *allowance) is(d *pairs.Road) bool {
	return a.dialect == d.Dialect || a.dialect == d.Dialect+" by "+d.Via
}

// fits reports whether the difference is in the field, and had the value if one is named.
func (a *allowance) fits(d *adaptertest.Difference) bool {
	path := pattern(d.Path)
	return glob(a.path, path) || glob(a.path, path+"="+d.From)
}

// glob reports whether s is the pattern, in which a star is any characters.
func glob(pattern, s string) bool {
	head, rest, star := strings.Cut(pattern, "*")
	if !star {
		return s == pattern
	}
	s, ok := strings.CutPrefix(s, head)
	for ; ok; s = s[1:] {
		if glob(rest, s) {
			return true
		}
		if s == "" {
			break
		}
	}
	return false
}

// pattern is a path without its numbers.
func pattern(path string) string {
	var out strings.Builder
	for i, in := 0, false; i < len(path); i++ {
		switch c := path[i]; {
		case c == '[':
			in = true
			out.WriteByte(c)
		case c == ']':
			in = false
			out.WriteByte(c)
		case !in:
			out.WriteByte(c)
		}
	}
	return out.String()
}

// A journey is one conversation's part of the report.
type journey struct {
	dialect, via, about, refused string
	compared                     int
	differences                  []adaptertest.Difference
}

// TestThereAndBack translates conversations to the other provider and home again, and
// compares them with what they were. Each difference has to be allowed, for a reason,
// and be reported as a drop where somebody has to know.
func TestThereAndBack(t *testing.T) {
	t.Parallel()
	allowed := allowances(t)
	var journeys []journey
	roads, err := pairs.Roads()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range roads {
		list, err := adaptertest.LoadConversations(os.DirFS("testdata/conversations"), d.Dialect)
		if err != nil {
			t.Fatal(err)
		}
		for i := range list {
			c := &list[i]
			if !d.Takes(c.Via) {
				continue
			}
			t.Run(d.Dialect+"/"+d.Via+"/"+c.Name, func(t *testing.T) {
				j := journey{dialect: d.Dialect, via: d.Via, about: c.About, refused: c.Refused}
				trip, e := adaptertest.Travel(d.Out, d.Home, c)
				switch {
				case e != nil:
					if got := adaptertest.Refusal(e); got != c.Refused {
						t.Fatalf("got refused with %q (%s), want %q", got, e.Message, c.Refused)
					}
				case c.Refused != "":
					t.Fatalf("got there, want it refused with %q", c.Refused)
				default:
					j.differences, j.compared, err = adaptertest.Fields(d.Form, trip.Back, c.Request)
					if err != nil {
						t.Fatal(err)
					}
					judge(t, allowed, &d, j.differences, trip)
				}
				journeys = append(journeys, j)
			})
		}
	}
	for _, a := range allowed {
		if a.uses == 0 {
			t.Errorf("allowed.txt: no conversation shows this any more: %s %s %s", a.dialect, a.kind, a.path)
		}
	}
	report(t, journeys, allowed)
}

// judge looks for each difference's allowance, and for each drop's difference.
func judge(t *testing.T, allowed []allowance, d *pairs.Road, differences []adaptertest.Difference, trip adaptertest.Trip) {
	t.Helper()
	known := map[string]bool{}
	named := func(a *allowance) bool {
		found := false
		for _, drop := range trip.Drops {
			if glob(a.reported, pattern(drop)) {
				known[drop], found = true, true
			}
		}
		return found
	}
	for _, diff := range differences {
		ok := false
		for i := range allowed {
			a := &allowed[i]
			if ok = a.is(d) && a.kind == diff.Kind && a.fits(&diff) && (a.reported == "-" || named(a)); ok {
				a.uses++
				break
			}
		}
		if !ok {
			t.Errorf("%s %s: from %s to %s; reported are %q\nthere %s\nback  %s", diff.Kind, diff.Path, diff.From, diff.To, trip.Drops, trip.There, trip.Back)
		}
	}
	for i := range allowed {
		if a := &allowed[i]; a.is(d) && a.kind == "told" && named(a) {
			a.uses++
		}
	}
	for _, drop := range trip.Drops {
		if !known[drop] {
			t.Errorf("%s is reported as dropped, but it is not: %s", drop, trip.There)
		}
	}
}

// report prints what came of it, and writes it to the file that POSTERN_FIELDS names.
func report(t *testing.T, journeys []journey, allowed []allowance) {
	t.Helper()
	var s strings.Builder
	compared, equal, refused := 0, 0, 0
	for _, j := range journeys {
		compared += j.compared
		if j.refused != "" {
			refused++
		} else if len(j.differences) == 0 {
			equal++
		}
	}
	fmt.Fprintf(&s, "# Requests there and back\n\n%d conversations, %d fields compared: %d came back as they were, %d with differences that are allowed below, %d are refused.\n\n",
		len(journeys), compared, equal, len(journeys)-equal-refused, refused)
	s.WriteString("What is only spelled otherwise is no difference: a string and one text, null and nothing, arguments that are the same JSON.\n\n## Differences that are allowed\n\n| client | kind | field | reported as | seen | why |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, a := range allowed {
		fmt.Fprintf(&s, "| %s | %s | `%s` | %s | %d | %s |\n", a.dialect, a.kind, a.path, a.reported, a.uses, a.reason)
	}
	s.WriteString("\n## Conversations\n\n| client | by | conversation | fields | outcome |\n| --- | --- | --- | --- | --- |\n")
	for _, j := range journeys {
		outcome := "as it was"
		if j.refused != "" {
			outcome = "refused: " + j.refused
		} else if len(j.differences) > 0 {
			var list []string
			for _, d := range j.differences {
				if one := d.Kind + " `" + pattern(d.Path) + "`"; !slices.Contains(list, one) {
					list = append(list, one)
				}
			}
			outcome = strings.Join(list, ", ")
		}
		fmt.Fprintf(&s, "| %s | %s | %s | %d | %s |\n", j.dialect, j.via, j.about, j.compared, outcome)
	}
	t.Log("\n" + s.String())
	if file := os.Getenv("POSTERN_FIELDS"); file != "" {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(s.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
