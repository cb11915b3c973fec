package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters/builtin"
)

// needed are the options without which a type means nothing.
var needed = map[string]map[string]any{
	"bedrock":    {"region": "us-east-1"},
	"vertex":     {"project": "my-project", "location": "europe-west1", "token_cluster": "google-tokens"},
	"cloudflare": {"account": "023e105f4ecef8ad9ca31a8372d0c353"},
}

// keysOf are keys that a type takes, where any word is not one.
var keysOf = map[string]map[string]any{
	"bedrock": {"envs": []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}},
}

// TestBootstrapOfEveryProvider has `postern envoy` write a bootstrap with a provider of
// each type, which Envoy and the module in it have to take.
func TestBootstrapOfEveryProvider(t *testing.T) {
	t.Parallel()
	var list []map[string]any
	var hosts []string
	for _, p := range builtin.Providers() {
		one := map[string]any{"name": p.Name, "type": p.Name, "cluster": p.Name, "keys": []any{map[string]any{"env": "SOME_KEY"}}}
		if k := keysOf[p.Name]; k != nil {
			one["keys"] = []any{k}
		}
		if o := needed[p.Name]; o != nil {
			one["options"] = o
		} else if p.Host == "" {
			one["host"] = p.Name + ".example.com"
			hosts = append(hosts, p.Name+".example.com")
		} else {
			hosts = append(hosts, p.Host)
		}
		list = append(list, one)
	}
	hosts = append(hosts, "bedrock-runtime.us-east-1.amazonaws.com", "europe-west1-aiplatform.googleapis.com", "oauth2.googleapis.com", "api.cloudflare.com")
	document, err := json.Marshal(map[string]any{"providers": list})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "envoy.yaml")
	write := exec.Command("go", "run", "../plugin/cmd/postern", "envoy", "-", "--module", modulePath(), "--out", file)
	write.Stdin = bytes.NewReader(document)
	if out, err := write.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range hosts {
		for _, want := range []string{"address: \"" + h + "\"", "hostname: \"" + h + "\"", "sni: \"" + h + "\""} {
			if !strings.Contains(string(b), want) {
				t.Errorf("the bootstrap lacks %s", want)
			}
		}
	}
	validate := exec.Command(envoyPath(), "--mode", "validate", "-c", file)
	validate.Env = append(os.Environ(), "SOME_KEY=x", "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b")
	if out, err := validate.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out[max(0, len(out)-2000):])
	}
}
