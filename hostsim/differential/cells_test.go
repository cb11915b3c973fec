package differential

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// cells are what has to be covered, and of that what cannot occur, with the reason.
type cells struct {
	wanted      []string
	unreachable map[string]string
}

func readCells() (cells, error) {
	text, err := os.ReadFile("cells.txt")
	if err != nil {
		return cells{}, err
	}
	var c cells
	for _, line := range nonEmptyLines(string(text)) {
		c.wanted = append(c.wanted, expand(line)...)
	}
	reasons, err := readReasons("unreachable.txt")
	c.unreachable = map[string]string{}
	for pattern, reason := range reasons {
		for _, one := range expand(pattern) {
			c.unreachable[one] = reason
		}
	}
	return c, err
}

// expand writes out a line's braces: "a {b|c}" is "a b" and "a c".
func expand(line string) []string {
	before, rest, found := strings.Cut(line, "{")
	list, after, closed := strings.Cut(rest, "}")
	if !found || !closed {
		return []string{line}
	}
	var all []string
	for _, choice := range strings.Split(list, "|") {
		all = append(all, expand(before+choice+after)...)
	}
	return all
}

// TestCells holds the scenarios against cells.txt: each cell has a scenario or a
// reason why there can be none, and each scenario a cell.
func TestCells(t *testing.T) {
	t.Parallel()
	processes, err := loadProcesses("testdata", regexp.MustCompile(""))
	if err != nil {
		t.Fatal(err)
	}
	c, err := readCells()
	if err != nil {
		t.Fatal(err)
	}
	covered := map[string]bool{}
	for _, p := range processes {
		for _, s := range p.scenarios {
			for _, one := range s.cells {
				covered[one] = true
				if !slices.Contains(c.wanted, one) {
					t.Errorf("%s covers %q, which is not in cells.txt", s.name, one)
				}
			}
		}
	}
	for _, one := range c.wanted {
		if _, never := c.unreachable[one]; covered[one] == never {
			t.Errorf("%q: got a scenario %v, in unreachable.txt %v; want one of both", one, covered[one], never)
		}
	}
	for one := range c.unreachable {
		if !slices.Contains(c.wanted, one) {
			t.Errorf("unreachable.txt: %q is not in cells.txt", one)
		}
	}
}

// report says what was compared and what came of it.
func report(t *testing.T, processes []*process, found map[string]string, starts int) {
	t.Helper()
	c, err := readCells()
	if err != nil {
		t.Fatal(err)
	}
	n, covered := 0, map[string]bool{}
	for _, p := range processes {
		n += len(p.scenarios)
		for _, s := range p.scenarios {
			for _, one := range s.cells {
				covered[one] = true
			}
		}
	}
	for _, one := range slices.Sorted(maps.Keys(c.unreachable)) {
		t.Logf("cannot occur: %s: %s", one, c.unreachable[one])
	}
	t.Logf("%d of %d cells, %d cannot occur; %d scenarios, %d differences; Envoy was started %d times",
		len(covered), len(c.wanted), len(c.unreachable), n, len(found), starts)
}
