package hostsim_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/hostsim"
)

// TestCalls runs every host call in testdata/calls and compares its status and
// results. A file is a probe script with " -> STATUS RESULT" behind each call; "*"
// stands for any result. The answers were recorded from Envoy 1.40.
func TestCalls(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/calls/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("glob: got %d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			script, want := splitCalls(string(text))
			h := start(t, script, func(c *hostsim.Config) {
				c.LogLevel = hostsim.LevelInfo
				c.VM.ID, c.VM.Env = "v", map[string]string{"A": "b"}
				c.Clusters = map[string]hostsim.Handler{"svc": nil}
			})
			req := hostsim.Request{Body: []byte("abc"), Headers: hostsim.H(":authority", "example.com", ":path", "/p?q=1",
				":method", "GET", ":scheme", "http", "x-a", "1", "x-b", "2", "X-C", "3", "x-b", "4", "x-forwarded-proto", "http")}
			if _, err := h.Do(req); err != nil {
				t.Fatal(err)
			}
			compareCalls(t, calls(h), want)
		})
	}
}

// splitCalls takes the wanted results off a script.
func splitCalls(text string) (script string, want []string) {
	var lines []string
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if i := strings.LastIndex(line, " -> "); i >= 0 {
			want = append(want, line)
			line = line[:i]
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n"), want
}

func compareCalls(t *testing.T, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("got %d calls, want %d:\n%s", len(got), len(want), strings.Join(got, "\n"))
	}
	for i := range min(len(got), len(want)) {
		_, g, _ := cutLast(got[i], " -> ")
		_, w, _ := cutLast(want[i], " -> ")
		if prefix, any := strings.CutSuffix(w, "*"); any {
			w, g = prefix, g[:min(len(prefix), len(g))]
		}
		if g != w {
			t.Errorf("%s: got %s", want[i], got[i])
		}
	}
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
