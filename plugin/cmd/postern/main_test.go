package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/adapters/builtin"
	"github.com/postern-gateway/postern/plugin/internal/config"
)

// result is what a command line has done.
type result struct {
	status   int
	out, err string
}

// execute runs a command line with a standard input.
func execute(in string, args ...string) result {
	var out, errOut bytes.Buffer
	status := run(args, stdio{strings.NewReader(in), &out, &errOut})
	return result{status, out.String(), errOut.String()}
}

// write makes a file and returns its path.
func write(t *testing.T, name, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

const small = `{"providers":[{"name":"openai","type":"openai","cluster":"openai","keys":[{"env":"POSTERN_TEST_UNSET"}]}]}`

func TestRun(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		args     []string
		in       string
		status   int
		out, err string // what has to be in there; nothing means that it has to be empty
	}{
		{name: "no command", status: misuse, err: "usage: postern COMMAND"},
		{name: "help", args: []string{"--help"}, out: "check FILE"},
		{name: "help of a command", args: []string{"envoy", "--help"}, out: "-upstream NAME=URL"},
		{name: "unknown command", args: []string{"chek"}, status: misuse, err: `unknown command "chek"`},
		{name: "unknown flag", args: []string{"key", "--nam"}, status: misuse, err: "not defined: -nam"},
		{name: "no file", args: []string{"check"}, status: misuse, err: "want one file, got 0"},
		{name: "two files", args: []string{"check", "a", "b"}, status: misuse, err: "want one file, got 2"},
		{name: "a file for a command that takes none", args: []string{"version", "a"}, status: misuse, err: `want no file, got "a"`},
		{name: "version", args: []string{"version"}, out: "postern "},
		{name: "key without a name", args: []string{"key", "--name", ""}, status: misuse, err: "--name: must not be empty"},

		{name: "check of JSON from standard input", args: []string{"check", "-"}, in: small, out: "-: ok: 1 provider, every model\n"},
		{name: "check counts tenants, tiers and rules", args: []string{"check", "-"}, in: "providers:\n- {name: a, type: openai, cluster: c, keys: [{passthrough: true}]}\ntiers: [{name: free}]\ntenants: [{name: t, providers: [{name: a, type: openai, cluster: c, keys: [{value: k}]}]}]\naccess: [{name: r, effect: deny}, {name: s, effect: deny}]\n",
			out: "-: ok: 2 providers, every model, 1 tenant, 1 tier, 2 access rules\n-: note: it has providers' keys in it"},
		{name: "check of YAML from standard input", args: []string{"check", "-"}, in: "providers:\n- {name: a, type: openai, cluster: c, keys: [{passthrough: true}]}\n", out: "-: ok: 1 provider"},
		{name: "check names the variables", args: []string{"check", "-"}, in: small, out: "needs the environment variables POSTERN_TEST_UNSET"},
		{name: "check of the environment", args: []string{"check", "-", "--env"}, in: small, status: failed, err: "-: providers[0].keys[0].env: the Wasm VM has no such environment variable"},
		{name: "check of a missing file", args: []string{"check", "missing.yaml"}, status: failed, err: "missing.yaml: no such file"},
		{name: "check of nothing", args: []string{"check", "-"}, status: failed, err: "-: the document is empty"},
		{name: "check of broken JSON", args: []string{"check", "-"}, in: "{", status: failed, err: "-: "},
		{name: "check of broken YAML", args: []string{"check", "-"}, in: "a: [", status: failed, err: "-: yaml: line 1"},
		{name: "check of a duplicate key in YAML", args: []string{"check", "-"}, in: "role: gateway\nrole: gateway\n", status: failed, err: "role"},

		{name: "envoy of a bad configuration", args: []string{"envoy", "-"}, in: "{}", status: failed, err: "-: providers: missing"},
		{name: "envoy with an upstream of nobody", args: []string{"envoy", "-", "--upstream", "opnai=http://127.0.0.1:1"}, in: small, status: failed, err: `no such provider`},
		{name: "envoy with an upstream that is no pair", args: []string{"envoy", "-", "--upstream", "x"}, in: small, status: misuse, err: "want NAME=URL"},
		{name: "envoy with two upstreams of one name", args: []string{"envoy", "-", "--upstream", "a=http://b", "--upstream", "a=http://c"}, in: small, status: misuse, err: "a has one already"},
		{name: "envoy with a host name to listen on", args: []string{"envoy", "-", "--listen", "localhost:1"}, in: small, status: misuse, err: "-listen"},
		{name: "envoy into a folder that is not there", args: []string{"envoy", "-", "--out", "missing/envoy.yaml"}, in: small, status: failed, err: "missing/envoy.yaml"},
		{name: "envoy tells of keys in the file", args: []string{"envoy", "-"}, in: strings.Replace(small, `"env":"POSTERN_TEST_UNSET"`, `"value":"sk-1"`, 1), out: "static_resources", err: "has providers' keys in it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := execute(tt.in, tt.args...)
			if got.status != tt.status {
				t.Errorf("got status %d, want %d; %s%s", got.status, tt.status, got.out, got.err)
			}
			if !strings.Contains(got.out, tt.out) || tt.out == "" && got.out != "" {
				t.Errorf("got output %q, want %q in it", got.out, tt.out)
			}
			if !strings.Contains(got.err, tt.err) || tt.err == "" && got.err != "" {
				t.Errorf("got errors %q, want %q in them", got.err, tt.err)
			}
		})
	}
}

// TestCheckReportsAll checks that one run says everything, each with file and path.
func TestCheckReportsAll(t *testing.T) {
	t.Parallel()
	file := write(t, "postern.yaml", `
providers:
- {name: openai, type: opnai, cluster: openai, keys: [{env: K}]}
- {name: claude, type: anthropic, cluster: anthropic, keys: [{value: sk-secret, env: K}], hots: x}
models:
- {name: fast, targets: [{provider: claud}]}
bounds: {request: 64}
`)
	got := execute("", "check", file)
	if got.status != failed || got.out != "" {
		t.Errorf("got status %d and output %q, want %d and none", got.status, got.out, failed)
	}
	for _, want := range []string{
		`providers[0].type: want one of "openai", "anthropic"`,
		`providers[1].keys[0]: want exactly one of`,
		`providers[1].hots: unknown key (did you mean "host"?)`,
		`models[0].targets[0].provider: no provider is called "claud" (did you mean "claude"?)`,
		`bounds.request: want a size such as "64MiB", got number`,
	} {
		if !strings.Contains(got.err, file+": "+want) {
			t.Errorf("got %s, want %s in it", got.err, want)
		}
	}
	if !strings.Contains(got.err, `got "opnai" (did you mean "openai"?)`) {
		t.Errorf("got %s, want the nearest type in it", got.err)
	}
	if strings.Contains(got.err, "sk-secret") {
		t.Errorf("got %s, want no secret in it", got.err)
	}
}

// TestKeyThatEnds checks that the snippet says when, as configurations do.
func TestKeyThatEnds(t *testing.T) {
	t.Parallel()
	got := execute("", "key", "--for", "30d")
	_, snippet, _ := strings.Cut(got.out, "consumers:")
	b, err := yamlToJSON([]byte("providers: [{name: a, type: openai, cluster: c, keys: [{passthrough: true}]}]\nconsumers:" + snippet))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := config.Read(b, config.Parts{Providers: builtin.Providers()})
	if err != nil {
		t.Fatal(err)
	}
	key := strings.Fields(got.out)[1]
	for days, want := range map[int]bool{0: true, 29: true, 31: false} {
		if _, p := plan.Identity.Keys.Find(sha256.Sum256([]byte(key)), time.Now().AddDate(0, 0, days).Unix()); (p == nil) != want {
			t.Errorf("in %d days: got %v, want the key taken: %v", days, p, want)
		}
	}
}

// TestKey checks that the key and its hash belong together, and that the snippet is
// a configuration.
func TestKey(t *testing.T) {
	t.Parallel()
	name := `a "b": {c}, #d`
	got := execute("", "key", "--name", name)
	if got.status != ok || got.err != "" {
		t.Fatalf("got %+v, want success", got)
	}
	lines := strings.Split(got.out, "\n")
	key, sum := strings.TrimPrefix(lines[0], "key     "), strings.TrimPrefix(lines[1], "sha256  ")
	if want := sha256.Sum256([]byte(key)); sum != hex.EncodeToString(want[:]) {
		t.Errorf("got sha256 %s for %s, want %x", sum, key, want)
	}
	const least = 26 // characters of 5 bits: 130 bits
	if !strings.HasPrefix(key, keyPrefix) || len(key) < len(keyPrefix)+least {
		t.Errorf("got key %s, want %s and %d characters", key, keyPrefix, least)
	}
	if again := execute("", "key"); strings.Contains(again.out, key) {
		t.Errorf("got the key %s twice, want a new one", key)
	}
	snippet := got.out[strings.Index(got.out, "consumers:"):]
	if strings.Contains(snippet, key) {
		t.Errorf("got %s, want no key in it", snippet)
	}
	b, err := yamlToJSON([]byte(snippet))
	if err != nil {
		t.Fatalf("got %v for %s, want YAML", err, snippet)
	}
	var config struct {
		Consumers []struct {
			Name string
			Keys []struct{ SHA256 string }
		}
	}
	if err := json.Unmarshal(b, &config); err != nil {
		t.Fatal(err)
	}
	if c := config.Consumers; len(c) != 1 || c[0].Name != name || len(c[0].Keys) != 1 || c[0].Keys[0].SHA256 != sum {
		t.Errorf("got %s, want the name %q and the hash", b, name)
	}
	checked := execute("providers: [{name: a, type: openai, cluster: c, keys: [{injected: true}]}]\n"+snippet, "check", "-")
	if checked.status != ok || !strings.Contains(checked.out, "1 consumer") {
		t.Errorf("got %+v, want a configuration", checked)
	}
}
