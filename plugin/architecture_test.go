package main_test

import (
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/postern-gateway/postern/"

// TestImportDirections holds the code to the direction in which its rooms may refer to
// each other.
func TestImportDirections(t *testing.T) {
	t.Parallel()
	for _, rule := range []struct {
		about     string
		packages  string
		forbidden []string
	}{
		{"adapters do not know the plugin", "adapters/...", []string{module + "plugin", module + "hostsim", module + "e2e"}},
		{"the core does not know the SDK, the ABI or the shell", "plugin/internal/...",
			[]string{"github.com/tetratelabs", module + "plugin/abi", module + "plugin/shell", module + "hostsim", module + "e2e"}},
		{"the ABI knows nothing of the gateway", "plugin/abi", []string{module + "plugin/internal", module + "adapters"}},
		{"the simulator knows nothing of Postern", "hostsim/...", []string{module + "plugin", module + "adapters", module + "e2e"}},
	} {
		t.Run(rule.about, func(t *testing.T) {
			for _, dep := range deps(t, module+rule.packages) {
				for _, f := range rule.forbidden {
					if dep == f || strings.HasPrefix(dep, f+"/") {
						t.Errorf("%s depends on %s", rule.packages, dep)
					}
				}
			}
		})
	}
}

// TestHostsimLibraryIsSmall allows the simulator's library the standard library and
// wazero, and what wazero needs.
func TestHostsimLibraryIsSmall(t *testing.T) {
	t.Parallel()
	for _, dep := range deps(t, module+"hostsim") {
		first, _, _ := strings.Cut(dep, "/")
		if !strings.Contains(first, ".") || strings.HasPrefix(dep, module+"hostsim") ||
			strings.HasPrefix(dep, "github.com/tetratelabs/wazero") || strings.HasPrefix(dep, "golang.org/x/sys") {
			continue
		}
		t.Errorf("hostsim depends on %s", dep)
	}
}

// TestOnlyTheABIIsUnsafe keeps unsafe in one place.
func TestOnlyTheABIIsUnsafe(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, module+"adapters/...", module+"plugin/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		for _, i := range f[1:] {
			if i == "unsafe" && f[0] != module+"plugin/abi" {
				t.Errorf("%s imports unsafe", f[0])
			}
		}
	}
}

func deps(t *testing.T, pattern string) []string {
	t.Helper()
	out, err := exec.Command("go", "list", "-deps", pattern).Output()
	if err != nil {
		t.Fatalf("go list %s: %v", pattern, err)
	}
	return strings.Fields(string(out))
}
