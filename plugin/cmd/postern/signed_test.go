package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/adapters/builtin"
	"github.com/postern-gateway/postern/plugin/internal/config"
)

// pair makes a pair of keys and returns the private one's file and what was printed.
func pair(t *testing.T) (file, out string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "signing.pem")
	got := execute("", "keypair", file)
	if got.status != ok || got.err != "" {
		t.Fatalf("got %+v", got)
	}
	return file, got.out
}

// TestSignedKey: a key that was made is one for a gateway with the snippet that was printed.
func TestSignedKey(t *testing.T) {
	t.Parallel()
	file, printed := pair(t)
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got the private key with %v, %v, want it for its owner alone", info.Mode(), err)
	}
	secret, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(secret)) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "-") && strings.Contains(printed, line) {
			t.Error("the private key is printed")
		}
	}
	got := execute("", "signed-key", file, "--consumer", "mobile", "--tenant", "acme", "--tier", "free", "--model", "gpt-*", "--model", "claude", "--tag", "x",
		"--limits", `[{"requests":10,"per":"1m"}]`, "--for", "2d", "--id", "k-1")
	if got.status != ok || got.err != "" {
		t.Fatalf("got %+v", got)
	}
	_, snippet, _ := strings.Cut(printed, "\n\n")
	document, err := yamlToJSON([]byte("providers: [{name: a, type: openai, cluster: c, keys: [{passthrough: true}]}]\n" + snippet))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := config.Read(document, config.Parts{Providers: builtin.Providers()})
	if err != nil {
		t.Fatalf("%v in %s", err, document)
	}
	key := strings.Fields(got.out)[1]
	k, p := plan.Identity.ReadSigned(key, time.Now().Unix())
	if p != nil {
		t.Fatalf("got %q, want the key taken", p.Message)
	}
	c := k.Caller
	if c.Name != "mobile" || c.Tenant != "acme" || c.Tier != "free" || len(c.Models) != 2 || len(c.Tags) != 1 || string(c.Limits) != `[{"requests":10,"per":"1m"}]` {
		t.Errorf("got %+v", c)
	}
	if left := k.Expires - time.Now().Unix(); left < 2*86400-60 || left > 2*86400 {
		t.Errorf("got %d seconds, want two days", left)
	}
	if !strings.Contains(got.out, `revoked: ["k-1"]`) {
		t.Errorf("got %s, want how it is revoked", got.out)
	}
}

func TestSignedKeyMistakes(t *testing.T) {
	t.Parallel()
	file, _ := pair(t)
	rsa := write(t, "other.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
	for _, tt := range []struct {
		name   string
		args   []string
		status int
		err    string
	}{
		{"no file", []string{"signed-key", "--consumer", "a"}, misuse, "want one file"},
		{"a file that is not there", []string{"signed-key", "missing.pem", "--consumer", "a"}, failed, "missing.pem"},
		{"a file that is no key", []string{"signed-key", write(t, "x", "x"), "--consumer", "a"}, failed, "want a private key in PEM"},
		{"a key that is none", []string{"signed-key", rsa, "--consumer", "a"}, failed, "want an Ed25519 private key"},
		{"no consumer", []string{"signed-key", file}, failed, "'consumer'"},
		{"a name that cannot be", []string{"signed-key", file, "--consumer", "a\nb"}, failed, "would refuse"},
		{"limits that are no JSON", []string{"signed-key", file, "--consumer", "a", "--limits", "{"}, failed, "--limits: want JSON"},
		{"limits that are no list", []string{"signed-key", file, "--consumer", "a", "--limits", "{}"}, failed, "'limits'"},
		{"no time", []string{"signed-key", file, "--consumer", "a", "--for", "soon"}, misuse, "want a time such as 30d"},
		{"a pair over a pair", []string{"keypair", file}, failed, "exists"},
	} {
		got := execute("", tt.args...)
		if got.status != tt.status || !strings.Contains(got.err, tt.err) || got.out != "" {
			t.Errorf("%s: got %+v, want %d and %q", tt.name, got, tt.status, tt.err)
		}
	}
	if got := execute("", "signed-key", "--help"); got.status != ok || !strings.Contains(got.out, "-consumer") || !strings.Contains(got.out, "-for") {
		t.Errorf("got %+v, want the flags", got)
	}
}
