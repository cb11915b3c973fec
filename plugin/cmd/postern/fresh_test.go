package main

import (
	"os"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/plugin/internal/meter"
)

// root is the repository's, from here.
const root = "../../../"

// TestGenerated checks that the files that others read are as the code writes them.
func TestGenerated(t *testing.T) {
	t.Parallel()
	for _, line := range generateLines(t) {
		args := strings.Fields(line)
		file := args[len(args)-1]
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			got := execute("", args[:len(args)-2]...)
			if got.status != ok {
				t.Fatalf("%s: got status %d: %s", line, got.status, got.err)
			}
			have, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if string(have) != got.out {
				t.Errorf("%s is stale; `make generate` writes it again", file)
			}
		})
	}
}

// generateLines are the arguments of this command in the //go:generate lines, which
// all end in --out FILE.
func generateLines(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(b)) {
		if args, ok := strings.CutPrefix(line, "//go:generate go run . "); ok {
			if !strings.Contains(args, " --out ") {
				t.Errorf("%s: want --out FILE at the end", line)
			}
			lines = append(lines, strings.TrimSpace(args))
		}
	}
	if len(lines) < 3 {
		t.Errorf("got %d generated files, want at least 3", len(lines))
	}
	return lines
}

// TestDocuments checks the configurations that the documents show.
func TestDocuments(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"README.md", "docs/configuration.md", "docs/providers.md", "docs/clients.md", "docs/routing.md", "examples/envoy/README.md"} {
		b, err := os.ReadFile(root + file)
		if err != nil {
			t.Fatal(err)
		}
		for i, block := range strings.Split(string(b), "```yaml\n")[1:] {
			config, _, _ := strings.Cut(block, "```")
			if !strings.Contains(config, "providers:") { // a part: its provider stands for it
				config = "providers:\n- {name: openai, type: openai, cluster: openai, keys: [{env: K}]}\n" + config
			}
			if got := execute(config, "check", "-"); got.status != ok {
				t.Errorf("%s, YAML %d: got %s, want a configuration", file, i+1, got.err)
			}
		}
	}
	for _, file := range []string{"examples/envoy/postern.yaml", "examples/quickstart/postern.yaml", "examples/fallback-plugin/postern.yaml", "examples/fallback-native/postern.yaml", "examples/fallback-redirect/postern.yaml"} {
		if got := execute("", "check", root+file); got.status != ok {
			t.Errorf("%s: got %s, want no error", file, got.err)
		}
	}
}

// TestErrorsInDocuments checks that the errors which a document shows are those that the
// command prints.
func TestErrorsInDocuments(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(root + "docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	got := execute(`{"hold_headers": "allways",
		"providers": [{"name": "claude", "type": "anthropic", "cluter": "c", "keys": [{"env": "K"}]}],
		"models": [{"name": "m", "targets": [{"provider": "claud"}]}], "bounds": {"request": 64}}`, "check", "-")
	lines, _, _ := strings.Cut(got.err, "postern check:")
	if want := "```\n" + strings.ReplaceAll(lines, "-: ", "postern.yaml: ") + "```\n"; !strings.Contains(string(b), want) {
		t.Errorf("docs/configuration.md: got no such errors, want\n%s", want)
	}
}

// TestMetricsDocument checks that every metric and every label has its line.
func TestMetricsDocument(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(root + "docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range dialect.NewTable().Endpoints() {
		if name := "`" + e.Op.String() + "`"; !strings.Contains(string(b), name) {
			t.Errorf("docs/metrics.md: got no operation %s", name)
		}
	}
	set := meter.NewSet()
	set.Exchanges("p", "ok")
	set.Access("r", "denied")
	set.Requests(set.Group(meter.Labels{Operation: "chat"}), 200)
	for _, s := range set.All() {
		name, labels, _ := strings.Cut(s.Name, ";")
		want := []string{"| `" + name + "` |"}
		for label := range strings.SplitSeq(labels, ";") {
			key, value, _ := strings.Cut(label, "=")
			want = append(want, "| `"+key+"` |")
			if key == "type" {
				want = append(want, "`"+value+"`")
			}
		}
		for _, w := range want {
			if !strings.Contains(string(b), w) {
				t.Errorf("docs/metrics.md: got no %s, want one for %s", w, s.Name)
			}
		}
	}
}
