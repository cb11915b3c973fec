// Package e2e runs Postern as its users do: the built module in the simulator and in
// a real Envoy, with real clients in front and strict mock providers behind.
package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/postern-gateway/postern/e2e/envoy"
	"github.com/postern-gateway/postern/e2e/mockllm"
	"github.com/postern-gateway/postern/hostsim"
	"github.com/postern-gateway/postern/plugin/cases"
)

// Where `make test` has put things; the defaults are its own.
func modulePath() string { return setting("POSTERN_MODULE", "../build/postern.wasm") }
func envoyPath() string  { return setting("POSTERN_ENVOY", "../build/tools/envoy") }
func toolsPath() string  { return setting("POSTERN_TOOLS", "../build/tools") }

func readModule() ([]byte, error) {
	wasm, err := os.ReadFile(modulePath())
	if err != nil {
		return nil, fmt.Errorf("%w: run the tests by `make test`", err)
	}
	return wasm, nil
}

// builtModule is the module that is tested.
func builtModule(tb testing.TB) []byte {
	tb.Helper()
	wasm, err := readModule()
	if err != nil {
		tb.Fatal(err)
	}
	return wasm
}

// compileOnce is for all tests in the simulator: it takes a second or two.
var compileOnce = sync.OnceValues(func() (*hostsim.Module, error) {
	wasm, err := readModule()
	if err != nil {
		return nil, err
	}
	return hostsim.Compile(context.Background(), wasm)
})

// compiled is the module for the simulator.
func compiled(tb testing.TB) *hostsim.Module {
	tb.Helper()
	module, err := compileOnce()
	if err != nil {
		tb.Fatal(err)
	}
	return module
}

func setting(name, fallback string) string {
	v := os.Getenv(name)
	if v == "" {
		v = fallback
	}
	abs, err := filepath.Abs(v)
	if err != nil {
		return v
	}
	return abs
}

// environment is what the plugins' VM gets.
var environment = cases.Environment()

// suite is the one Envoy that all tests share, for each start costs seconds: every
// test's listeners and clusters are in it from the start.
type suite struct {
	nativeParts

	dir       string
	envoy     *envoy.Process
	listeners map[string]string // name → address
	accessLog string
	upstream  *caseUpstream
	calls     map[string]*calls // of each case
	tokens    map[string]*tokenServer
	slow      *slowServer
	pairs     map[string]*pairsUpstream // by provider
	flapping  *flapping
	called    *mockllm.Server   // by the gateway itself, through the proxy
	mocks     *mockllm.Server   // without TLS
	plain     mockllm.Addresses // of mocks
	secure    *mockllm.Server   // with TLS and HTTP/2
	sdkMocks  *mockllm.Server   // for the SDKs alone
	sdkMock   mockllm.Addresses
}

var (
	shared     *suite
	sharedErr  error
	sharedOnce sync.Once
)

// start returns the suite, started by the first test that needs it.
func start(t *testing.T) *suite {
	t.Helper()
	sharedOnce.Do(func() { shared, sharedErr = newSuite() })
	if sharedErr != nil {
		t.Fatal(sharedErr)
	}
	return shared
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared != nil && shared.envoy != nil {
		for _, leak := range shared.leaks() {
			fmt.Fprintln(os.Stderr, "LEAK:", leak)
			code = max(code, 1)
		}
	}
	if shared != nil && shared.envoy != nil {
		shared.envoy.Stop()
		shared.mocks.Close()
		shared.secure.Close()
		shared.sdkMocks.Close()
		shared.called.Close()
		if code == 0 {
			os.RemoveAll(shared.dir)
		}
	}
	os.Exit(code)
}

func newSuite() (*suite, error) {
	dir, err := os.MkdirTemp("", "postern-e2e-")
	if err != nil {
		return nil, err
	}
	s := &suite{dir: dir, listeners: map[string]string{}, accessLog: filepath.Join(dir, "access.log")}
	var listeners, clusters []any
	add := func(name string, l envoy.Listener) error {
		var err error
		if l.Address, err = envoy.FreeAddress(); err != nil {
			return err
		}
		l.AccessLog = s.accessLog
		s.listeners[name] = l.Address
		listeners = append(listeners, l.Build())
		return nil
	}
	for _, part := range []func(add func(string, envoy.Listener) error) ([]any, error){s.cases, s.providers, s.sdks, s.administration, s.vertex, s.universal, s.fallback, s.meaning, s.native, s.sequels, s.flaps, s.everyPair} {
		c, err := part(add)
		if err != nil {
			return nil, err
		}
		clusters = append(clusters, c...)
	}
	s.envoy, err = envoy.Start(envoy.Options{Binary: envoyPath(), Dir: dir, Bootstrap: map[string]any{
		"static_resources": map[string]any{"listeners": listeners, "clusters": clusters}}})
	return s, err
}

// record waits for the access log's line of a request and returns what the plugin
// has said in it.
func (s *suite) record(t *testing.T, id string) string {
	t.Helper()
	var record string
	eventually(t, "the access log has "+id, func() bool {
		b, _ := os.ReadFile(s.accessLog)
		for line := range strings.Lines(string(b)) {
			if name, rest, ok := strings.Cut(strings.TrimSpace(line), " "); ok && name == id && rest != "-" { // nothing is what is begun again
				record = rest
				return true
			}
		}
		return false
	})
	return record
}
