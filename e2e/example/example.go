// Package example has what the tests of examples share: they run what is written there, with
// nothing changed but where things are.
package example

import (
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/postern-gateway/postern/e2e/built"
	"github.com/postern-gateway/postern/e2e/envoy"
	"github.com/postern-gateway/postern/e2e/mockllm"
	"github.com/postern-gateway/postern/e2e/mockllm/grammar"
	"github.com/postern-gateway/postern/e2e/mockllm/script"
)

// Read is a file of the example with some of it replaced, each of which has to be there:
// replace has what was, and then what is to be.
func Read(t testing.TB, name string, replace ...string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	s := string(b)
	for i := 0; i < len(replace); i += 2 {
		if !strings.Contains(s, replace[i]) {
			t.Fatalf("%s: got no %q", name, replace[i])
		}
		s = strings.ReplaceAll(s, replace[i], replace[i+1])
	}
	return s
}

// A Placed is an envoy.yaml of `postern envoy` with the place of the proxy, the module and of
// OpenAI and Anthropic, where mocks stand for them.
type Placed struct {
	Dir       string // for what belongs to it
	Listen    string // the proxy's address
	Text      string
	Variables []string // of the environment, with the mocks' keys
}

// Place starts the mocks and puts envoy.yaml before them. The caller closes them.
func Place(t testing.TB, mocks *mockllm.Server) Placed {
	t.Helper()
	addresses, err := mocks.Start()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	ca := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(ca, mocks.CA(), 0o600); err != nil {
		t.Fatal(err)
	}
	listen, err := envoy.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	at := func(address string) string {
		host, port, _ := net.SplitHostPort(address)
		return `{address: "` + host + `", port_value: ` + port + `}`
	}
	text := Read(t, "envoy.yaml",
		`{address: "127.0.0.1", port_value: 8080}`, at(listen),
		`{address: "api.openai.com", port_value: 443}`, at(addresses.Of("openai").Addr),
		`{address: "api.anthropic.com", port_value: 443}`, at(addresses.Of("anthropic").Addr),
		`"/etc/postern/postern.wasm"`, `"`+built.Path(t, "POSTERN_MODULE", "build/postern.wasm")+`"`,
		`"/etc/ssl/certs/ca-certificates.crt"`, `"`+ca+`"`)
	return Placed{dir, listen, text, []string{"OPENAI_API_KEY=" + mocks.Key("openai"), "ANTHROPIC_API_KEY=" + mocks.Key("anthropic")}}
}

// Serve starts an Envoy with it, which ends with the test.
func (p *Placed) Serve(t testing.TB) *envoy.Process {
	t.Helper()
	var bootstrap map[string]any
	if err := yaml.Unmarshal([]byte(p.Text), &bootstrap); err != nil {
		t.Fatal(err)
	}
	process, err := envoy.Start(envoy.Options{Binary: built.Path(t, "POSTERN_ENVOY", "build/tools/envoy"), Dir: p.Dir, Bootstrap: bootstrap, Environment: p.Variables})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(process.Stop)
	return process
}

// Simulate does the same with hostsim.
func (p *Placed) Simulate(t testing.TB) *envoy.Process {
	t.Helper()
	admin, err := envoy.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(admin)
	file, program := filepath.Join(p.Dir, "hostsim.yaml"), filepath.Join(p.Dir, "hostsim")
	if err := os.WriteFile(file, []byte(strings.Replace(p.Text, "port_value: 9901", "port_value: "+port, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "build", "-o", program, "github.com/postern-gateway/postern/hostsim/cmd/hostsim").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	log, err := os.Create(filepath.Join(p.Dir, "envoy.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	c := exec.Command(program, "serve", "-c", file, "--concurrency", "1")
	c.Env, c.Stdout = append(os.Environ(), p.Variables...), log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { Stop(c) })
	Until(t, "the simulator is ready", func() bool {
		r, err := http.Get("http://" + admin + "/ready")
		if err == nil {
			r.Body.Close()
		}
		return err == nil
	})
	return &envoy.Process{Admin: admin, Dir: p.Dir}
}

// URL is where it serves.
func (p *Placed) URL() string { return "http://" + p.Listen }

// Ask asks for a chat completion with a key, and with headers that are names and values. It
// follows no redirect, which would be the client's to see.
func Ask(t testing.TB, url, key, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest("POST", url+"/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("content-type", "application/json")
	r.Header.Set("authorization", "Bearer "+key)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	a, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	b, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatalf("got %v after %s", err, b)
	}
	return a, string(b)
}

// Fail has a provider's mock answer its next requests so, one after another.
func Fail(t testing.TB, mocks *mockllm.Server, provider string, faults ...string) {
	t.Helper()
	for _, f := range faults {
		b, err := script.Parse(f)
		if err != nil {
			t.Fatal(err)
		}
		if err := mocks.Script(provider, b); err != nil {
			t.Fatal(err)
		}
	}
}

// WantCompletion wants a chat completion, and in its headers what headers has; a stream is
// to be one by its grammar.
func WantCompletion(t testing.TB, a *http.Response, body string, stream bool, headers map[string]string) {
	t.Helper()
	err := error(nil)
	if stream {
		err = grammar.OpenAIChat([]byte(body))
	}
	if a.StatusCode != 200 || err != nil || !strings.Contains(body, `"chat.completion`) {
		t.Errorf("got %d, %v: %.300s, want a completion", a.StatusCode, err, body)
	}
	for name, want := range headers {
		if got := a.Header.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// CloseClean closes mocks when the test ends, and wants them to have seen nothing that is not for
// a provider, such as a header that none may see.
func CloseClean(t testing.TB, mocks *mockllm.Server) {
	t.Helper()
	t.Cleanup(func() {
		for _, e := range mocks.Journal().Entries() {
			for _, v := range e.Violations {
				t.Errorf("%s %s: %s: %s", e.Method, e.Path, v.Rule, v.Detail)
			}
		}
		mocks.Close()
	})
}

// Run starts a program of build/tools that lives until the test ends, or Stop.
func Run(t testing.TB, environment []string, name string, args ...string) *exec.Cmd {
	t.Helper()
	c := exec.Command(filepath.Join(built.Path(t, "POSTERN_TOOLS", "build/tools"), name), args...)
	c.Env = append(os.Environ(), environment...)
	if err := c.Start(); err != nil {
		t.Fatalf("%v; make tools installs it", err)
	}
	t.Cleanup(func() { Stop(c) })
	return c
}

// Stop ends a program, if it has not ended.
func Stop(c *exec.Cmd) {
	if c.ProcessState == nil {
		_ = c.Process.Kill()
		_ = c.Wait() // it was killed
	}
}

// Until waits for what has to come about soon.
func Until(t testing.TB, what string, come func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !come(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited a minute in vain: %s", what)
		}
	}
}
