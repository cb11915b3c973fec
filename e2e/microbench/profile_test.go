package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestProfileIsOneForGo has Go's own tool read a profile.
func TestProfileIsOneForGo(t *testing.T) {
	t.Parallel()
	var p profile
	f, g := &function{name: "example.com/a.F", line: 10}, &function{name: "example.com/b.(*T).G", line: 700}
	p.add(f, 3, g)
	p.add(f, 4, g)
	p.add(g, 0, f)
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.pgo"), filepath.Join(dir, "out")
	if err := os.WriteFile(in, p.bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if text, err := exec.Command("go", "tool", "preprofile", "-i", in, "-o", out).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	edges := strings.Split(strings.TrimPrefix(string(got), "GO PREPROFILE V1\n"), " 1\n")
	slices.Sort(edges)
	want := []string{"", "example.com/a.F\nexample.com/b.(*T).G\n3", "example.com/a.F\nexample.com/b.(*T).G\n4", "example.com/b.(*T).G\nexample.com/a.F\n0"}
	if !slices.Equal(edges, want) {
		t.Errorf("got %q, want %q", edges, want)
	}
}

// TestSourcesOfWhatIsCalled finds functions by what the module calls them, and their calls: of functions, of methods and of an
// interface's.
func TestSourcesOfWhatIsCalled(t *testing.T) {
	t.Parallel()
	s, err := readSources([]string{"plugin_abi.onLog", "plugin_abi.enter", "plugin_abi.__table_.find", "plugin_shell.__stream_.OnHttpStreamDone", "plugin_shell.__host_.Now", "nobody's"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range s.functions {
		s.calls(f, func(line int, callee *function) {
			if line < 0 || line > 30 {
				t.Errorf("%s calls %s in line %d", f.name, callee.name, line)
			}
			got = append(got, moduleName(f.name)+" "+moduleName(callee.name))
		})
	}
	slices.Sort(got)
	want := []string{"plugin_abi.enter plugin_abi.__table_.find", "plugin_abi.onLog plugin_abi.enter", "plugin_abi.onLog plugin_shell.__stream_.OnHttpStreamDone"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
