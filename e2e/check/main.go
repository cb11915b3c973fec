// Command check is what a change has to pass before it is tested: format, vet for
// both targets, lint, tidy modules, fresh generated files, and a clean tree.
package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// A step is one command; it fails by its status, or by output where silence is meant.
type step struct {
	name   string
	env    string
	args   []string
	silent bool
}

const (
	wasip1 = "GOOS=wasip1 GOARCH=wasm"
	linter = "build/tools/staticcheck"
)

// module are the packages that the WebAssembly module is made of.
var module = []string{"./adapters/...", "./plugin", "./plugin/abi", "./plugin/shell", "./plugin/tally", "./plugin/internal/..."}

var steps = []step{
	{name: "format", args: []string{"gofmt", "-l", "adapters", "plugin", "hostsim", "e2e", "examples"}, silent: true},
	{name: "vet", args: []string{"go", "vet", "./..."}},
	{name: "vet for wasip1", env: wasip1, args: append([]string{"go", "vet"}, module...)},
	{name: "linter", args: []string{"go", "build", "-o", linter, "honnef.co/go/tools/cmd/staticcheck"}},
	{name: "lint", args: []string{linter, "./..."}},
	{name: "lint for wasip1", env: wasip1, args: append([]string{linter}, module...)},
	{name: "tidy", args: []string{"go", "mod", "tidy", "-diff"}},
	{name: "generated files", args: []string{"go", "generate", "./..."}},
}

func main() {
	before := status()
	failed := false
	for _, s := range steps {
		began := time.Now()
		out, err := s.run()
		if err == nil && s.silent && len(out) > 0 {
			err = fmt.Errorf("these files are not as they should be")
		}
		if err != nil {
			failed = true
			fmt.Printf("FAIL  %s: %v\n%s", s.name, err, out)
			continue
		}
		fmt.Printf("ok    %s %.1fs\n", s.name, time.Since(began).Seconds())
	}
	if after := status(); after != before || os.Getenv("CI") != "" && after != "" {
		failed = true
		fmt.Printf("FAIL  clean tree: the checks have changed files, or something is not committed:\n%s", after)
	}
	if failed {
		os.Exit(1)
	}
}

func (s step) run() ([]byte, error) {
	cmd := exec.Command(s.args[0], s.args[1:]...)
	cmd.Env = append(os.Environ(), strings.Fields(s.env)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.Bytes(), err
}

// status is what git says is changed or new.
func status() string {
	out, err := exec.Command("git", "status", "--porcelain").CombinedOutput()
	if err != nil {
		return fmt.Sprintf("git status: %v\n%s", err, out)
	}
	return string(out)
}
