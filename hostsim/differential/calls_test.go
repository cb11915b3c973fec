package differential

import (
	"os"
	"path/filepath"
	"strings"
)

// loadCalls makes a scenario of each script of the simulator's own test of host
// calls, without what is wanted there: here both hosts are asked. Calls whose result
// is another in each host and each run have a star there, and are left out.
func loadCalls(dir string) ([]*scenario, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil {
		return nil, err
	}
	var all []*scenario
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var script strings.Builder
		for line := range strings.Lines(string(text)) {
			if !strings.HasSuffix(line, " *\n") {
				call, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " -> ")
				script.WriteString(call + "\n")
			}
		}
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		s := &scenario{name: "calls/" + name, about: "Host calls with good and bad arguments.", hold: true, backoff: reloadBackoff,
			cells: []string{"host calls / " + name}, plugins: []pluginSpec{{name: "probe", vm: "v", script: script.String()}}}
		for _, line := range []string{
			"client headers :authority=example.com :path=/p?q=1 :method=GET :scheme=http x-a=1 x-b=2 x-c=3 x-b=4",
			"client data end abc", "upstream headers end 200",
		} {
			st, err := parseStep(line)
			if err != nil {
				return nil, err
			}
			s.steps = append(s.steps, st)
		}
		s.nameRoots()
		all = append(all, s)
	}
	return all, nil
}
