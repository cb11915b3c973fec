// Command gotest runs go test and fails where a test was skipped: a test that does
// not run proves nothing. It prints one line a package, and all that a failing test
// has said.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// event is a line of go test -json (https://pkg.go.dev/cmd/test2json).
type event struct {
	Action, Package, Test, Output, ImportPath string
	Elapsed                                   float64
}

// result collects what a run has shown.
type result struct {
	passed, failed int
	skipped        []string
	output         map[string][]string // of tests that have not passed yet
}

func main() {
	const limit = "-timeout=25m" // of a package: on a busy machine those with real proxies take longer than Go allows by itself
	args := append([]string{"test", "-json", "-vet=off", limit}, os.Args[1:]...)
	cmd := exec.Command("go", args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gotest:", err)
		os.Exit(2)
	}
	r := result{output: map[string][]string{}}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		r.line(lines.Bytes())
	}
	err = cmd.Wait()
	for _, s := range r.skipped {
		fmt.Println("SKIPPED", s)
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", r.passed, r.failed, len(r.skipped))
	if err != nil || r.failed > 0 || len(r.skipped) > 0 || r.passed == 0 {
		os.Exit(1)
	}
}

func (r *result) line(b []byte) {
	var e event
	if json.Unmarshal(b, &e) != nil {
		fmt.Println(string(b))
		return
	}
	key := e.Package + " " + e.Test
	switch e.Action {
	case "output", "build-output":
		if e.Action == "build-output" {
			fmt.Print(e.Output)
			return
		}
		r.output[key] = append(r.output[key], e.Output)
	case "pass":
		delete(r.output, key)
		if e.Test == "" {
			fmt.Printf("ok    %s %.1fs\n", e.Package, e.Elapsed)
		} else {
			r.passed++
		}
	case "fail":
		r.fail(e, key)
	case "skip":
		if e.Test != "" {
			r.skipped = append(r.skipped, key)
		}
	}
}

// fail prints what the test and its subtests have said.
func (r *result) fail(e event, key string) {
	if e.Test == "" {
		fmt.Printf("FAIL  %s %.1fs\n", e.Package, e.Elapsed)
		r.print(key)
		if r.failed == 0 {
			r.failed++ // the package did not build, or ended before its tests
		}
		return
	}
	r.failed++
	r.print(key)
}

func (r *result) print(key string) {
	kept := slices.DeleteFunc(r.output[key], func(s string) bool {
		return strings.HasPrefix(s, "=== ")
	})
	fmt.Print(strings.Join(kept, ""))
	delete(r.output, key)
}
