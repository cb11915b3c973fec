package hostsim

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Every host function of the ABI is called in testdata/calls. With -v the test
// prints the table of functions and the statuses they were seen to return.
func TestEveryHostFunctionIsCalled(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/calls/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string][]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			call, result, ok := strings.Cut(strings.TrimPrefix(line, "raw "), " -> ")
			if !ok {
				continue
			}
			name, _, _ := strings.Cut(call, " ")
			if status := strings.Fields(result)[0]; !slices.Contains(seen[name], status) {
				seen[name] = append(seen[name], status)
			}
		}
	}
	cases := 0
	for _, f := range hostModules("0.2.1")[0].funcs {
		name, ok := strings.CutPrefix(f.name, "proxy_")
		if !ok {
			continue // of a compiler's runtime
		}
		statuses := seen[name]
		slices.Sort(statuses)
		cases += len(statuses)
		t.Log(fmt.Sprintf("%-32s", name), strings.Join(statuses, " "))
		if len(statuses) == 0 {
			t.Errorf("%s: got no call of it in testdata/calls", name)
		}
	}
	t.Logf("%d cases of function and status", cases)
}
