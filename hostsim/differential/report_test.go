package differential

import (
	"testing"
)

func report(t *testing.T, processes []*process, found map[string]string) {
	n := 0
	for _, p := range processes {
		n += len(p.scenarios)
	}
	t.Logf("%d scenarios, %d differences", n, len(found))
}
