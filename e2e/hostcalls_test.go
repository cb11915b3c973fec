package e2e

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/postern-gateway/postern/hostsim"
)

// hostCalls counts the module's calls of functions of the host, and the host's for memory for
// what it returns.
type hostCalls map[string]int

const forMemory = "malloc"

// NewFunctionListener listens to the host's functions and to one of the module's.
func (c hostCalls) NewFunctionListener(f api.FunctionDefinition) experimental.FunctionListener {
	name := f.Name()
	if f.ModuleName() != "env" && !slices.Contains(f.ExportNames(), forMemory) {
		return nil
	}
	if f.ModuleName() != "env" {
		name = forMemory
	}
	return experimental.FunctionListenerFunc(func(context.Context, api.Module, api.FunctionDefinition, []uint64, experimental.StackIterator) {
		c[name]++
	})
}

// each is how often each was called in one of n requests, and how often the host was in all.
func (c hostCalls) each(n int) (list string, all int) {
	for _, name := range slices.Sorted(maps.Keys(c)) {
		list += fmt.Sprintf("  %5.2f %s\n", float64(c[name])/float64(n), name)
		if name != forMemory {
			all += c[name]
		}
	}
	return list, (all + n - 1) / n
}

// TestHostCalls holds requests to how many calls of the host they make: each takes a proxy 0.3
// to 2 µs, more than most of what the module does by itself.
func TestHostCalls(t *testing.T) {
	t.Parallel()
	wasm := builtModule(t)
	calls := hostCalls{}
	module, err := hostsim.Compile(experimental.WithFunctionListenerFactory(t.Context(), calls), wasm, hostsim.WithInterpreter())
	if err != nil {
		t.Fatal(err)
	}
	defer module.Close(t.Context())
	open := 0
	for _, tt := range []struct {
		about  string
		config string
		most   int // more than of the first, but for the first itself
		memory int // in all
		before int // requests that come before
	}{
		{"a chat with an open gateway", "", 22, 4, 1},
		{"a key", keyAndLimits(0), 0, 4, 1},
		{"a key and four limits out of 20", keyAndLimits(20), 19, 11, 1},         // 6 loads and stores, 6 headers, an address
		{"the same for one who asks again and again", keyAndLimits(20), 7, 5, 9}, // 6 headers, an address
		{"two targets", twoTargets, 3, 4, 1},                                     // 3 headers
	} {
		host, err := hostsim.New(hostsim.Config{DiscardLogs: true,
			Plugin: hostsim.Plugin{Module: module, Name: "postern", RootID: "postern", VM: hostsim.VM{ID: "postern"}, AllowOnHeadersStopIteration: true,
				Configuration: `{"hold_headers":"always","providers":[{"name":"openai","type":"openai","cluster":"mock","keys":[{"value":"sk"}]},{"name":"second","type":"openai","cluster":"mock","keys":[{"value":"sk"}]}]` + tt.config + `}`},
			Upstream: func(hostsim.Request) hostsim.Response {
				const answer = `{"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}`
				return hostsim.Respond(200, answer, "content-type", "application/json", "content-length", fmt.Sprint(len(answer)))
			}})
		if err != nil {
			t.Fatalf("%s: %v", tt.about, err)
		}
		ask := func() {
			r, err := host.Do(hostsim.Post("/v1/chat/completions", `{"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}],"max_tokens":16}`,
				"content-type", "application/json", "authorization", "Bearer client"))
			if err != nil || r.Status() != 200 {
				t.Fatalf("%s: got %d, %v: %s", tt.about, r.Status(), err, r.Body)
			}
		}
		for range tt.before {
			ask()
		}
		clear(calls)
		const times = 3
		for range times {
			ask()
		}
		delete(calls, "proxy_define_metric") // once for each target, in whichever request meets it first
		memory := calls[forMemory]
		list, got := calls.each(times)
		most := open + tt.most
		if got > most {
			t.Errorf("%s: got %d calls of the host, want at most %d:\n%s", tt.about, got, most, list)
		}
		if most := tt.memory * times; memory > most {
			t.Errorf("%s: got %d calls of the host for memory in %d requests, want at most %d", tt.about, memory, times, most)
		}
		if open == 0 {
			open = got
		}
		host.Close()
	}
}

// TestHostCallsOfAHit holds a request that repeats another, which the cache has answered in the same second, to what
// it needs: the headers, the body, whether entries have changed, the answer, the access log's record and a look at the clock.
// Others come between, as the first of a second is, so the least of many counts.
func TestHostCallsOfAHit(t *testing.T) {
	t.Parallel()
	calls := hostCalls{}
	module, err := hostsim.Compile(experimental.WithFunctionListenerFactory(t.Context(), calls), builtModule(t), hostsim.WithInterpreter())
	if err != nil {
		t.Fatal(err)
	}
	defer module.Close(t.Context())
	host, err := hostsim.New(hostsim.Config{DiscardLogs: true,
		Plugin: hostsim.Plugin{Module: module, Name: "postern", RootID: "postern", VM: hostsim.VM{ID: "postern"}, AllowOnHeadersStopIteration: true,
			Configuration: `{"hold_headers":"always","providers":[{"name":"openai","type":"openai","cluster":"openai","keys":[{"value":"sk"}]}],"cache":{}}`},
		Upstream: func(hostsim.Request) hostsim.Response {
			return hostsim.Respond(200, `{"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}`, "content-type", "application/json")
		}})
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	least, memory, list := 1000, 0, ""
	for range 60 {
		clear(calls)
		r, err := host.Do(hostsim.Post("/v1/chat/completions", `{"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}]}`, "content-type", "application/json"))
		if err != nil || r.Status() != 200 {
			t.Fatalf("got %d, %v: %s", r.Status(), err, r.Body)
		}
		if each, n := calls.each(1); n < least {
			least, memory, list = n, calls[forMemory], each
		}
	}
	if least > 6 || memory > 2 {
		t.Errorf("got %d calls of the host and %d of it for memory, want at most 6 and 2:\n%s", least, memory, list)
	}
}

// keyAndLimits is a consumer and so many limits, of which four are for its requests.
func keyAndLimits(n int) string {
	limits := []string{
		`{"key":["consumer"],"requests":1000000000,"per":"1m"}`,
		`{"key":["ip"],"requests":1000000000,"per":"1m"}`,
		`{"key":["tenant"],"tokens":1000000000000,"per":"1d"}`,
		`{"key":["consumer","model"],"usd":1000000,"per":"month"}`,
	}
	for i := len(limits); i < n; i++ {
		limits = append(limits, fmt.Sprintf(`{"key":["consumer"],"requests":10,"per":"%dm","when":{"models":["other-%d-*"]}}`, i, i))
	}
	return fmt.Sprintf(`,"consumers":[{"name":"bench","tenant":"acme","keys":[{"sha256":"%x"}]}],"limits":[%s]`, sha256.Sum256([]byte("client")), strings.Join(limits[:n], ","))
}

// twoTargets is a model with two targets.
const twoTargets = `,"models":[{"name":"gpt-4o","targets":[{"provider":"openai"},{"provider":"second"}]}]`
