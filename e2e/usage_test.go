package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-gateway/postern/hostsim"
)

// usageTotal is what the usage page of an admin endpoint says in all.
type usageTotal struct {
	Requests, Errors, Refused int64
	Input                     int64 `json:"input_tokens"`
	Output                    int64 `json:"output_tokens"`
}

func readUsage(t *testing.T, page []byte) usageTotal {
	t.Helper()
	var r struct{ Total usageTotal }
	if err := json.Unmarshal(page, &r); err != nil {
		t.Fatalf("usage: %v in %.300s", err, page)
	}
	return r.Total
}

// ask asks the gateway's operator's endpoint, on a connection of its own.
func (l *live) ask(t *testing.T, method, path, body string) (int, []byte) {
	t.Helper()
	r, err := http.NewRequest(method, "http://"+l.address+"/postern"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("authorization", "Bearer "+liveAdminKey)
	r.Close = true
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, b
}

// TestUsageOfFourWorkers sends requests over many connections to an Envoy with four workers:
// what they have counted adds up exactly, also over an update of the configuration, and what
// is exported is taken in by another Envoy. A revoked key is refused by all.
func TestUsageOfFourWorkers(t *testing.T) {
	t.Parallel()
	consumer := func(more string) string {
		return strings.Replace(liveConfig(`{"name":"gpt-4o","targets":[{"provider":"openai"}]}`+more), `"admin":`,
			`"consumers":[{"name":"web","keys":[{"sha256":"`+hash(clientKey)+`"}]}],"admin":`, 1)
	}
	one, two := consumer(""), consumer(`,{"name":"gpt-4.1","targets":[{"provider":"openai"}]}`)
	l := startLive(t, one, 4)
	const connections, each = 16, 12
	send := func() {
		var all sync.WaitGroup
		for range connections {
			all.Go(func() {
				for range each { // every one on a connection of its own
					if status, answer, err := tryPost(context.Background(), "http://"+l.address+"/v1/chat/completions", strings.NewReader(ask("Hi"))); err != nil || status != 200 {
						t.Errorf("got %d %s %v, want 200", status, answer, err)
					}
				}
			})
		}
		all.Wait()
	}
	total := func(want int64) usageTotal {
		t.Helper()
		var got usageTotal
		eventually(t, fmt.Sprintf("the workers have counted %d requests", want), func() bool {
			_, page := l.ask(t, "GET", "/usage?by=model&consumer=web", "")
			got = readUsage(t, page)
			// Those under way are in it as far as they have come, which is unlike those that are over.
			return got.Requests >= want && got.Input%got.Requests == 0 && got.Output%got.Requests == 0
		})
		return got
	}
	send()
	first := total(connections * each)
	if first.Requests != connections*each || first.Input == 0 || first.Output == 0 || first.Errors+first.Refused != 0 {
		t.Errorf("got %+v, want %d requests alike", first, connections*each)
	}
	send()
	l.update(two) // before the workers have written all
	eventually(t, "the gateway has the new configuration", func() bool { return l.digest() == digestOf(two) })
	second := total(2 * connections * each)
	if second.Requests != 2*first.Requests || second.Input != 2*first.Input || second.Output != 2*first.Output {
		t.Errorf("after an update: got %+v, want twice %+v", second, first)
	}
	if status, answer := l.ask(t, "POST", "/keys/revoke", `{"sha256":"`+hash(clientKey)+`"}`); status != 200 {
		t.Fatalf("got %d %s", status, answer)
	}
	refused := func() bool {
		for range 3 * connections {
			if status, answer := post(t, "http://"+l.address+"/v1/chat/completions", ask("Hi")); status != 401 || !strings.Contains(answer, "revoked_api_key") {
				return false
			}
		}
		return true
	}
	eventually(t, "every worker refuses the key", refused) // and has written, then, what it let through before
	_, page := l.ask(t, "GET", "/usage?by=model&consumer=web", "")
	last := readUsage(t, page)
	_, state := l.ask(t, "GET", "/state", "")
	l.envoy.Stop()

	l = startLive(t, one, 4)
	if status, answer := l.ask(t, "POST", "/state", string(state)); status != 200 || !strings.HasPrefix(string(answer), `{"stored":`) {
		t.Fatalf("got %d %s", status, answer)
	}
	_, page = l.ask(t, "GET", "/usage?by=model&consumer=web", "")
	if got := readUsage(t, page); got != last {
		t.Errorf("in another Envoy: got %+v, want %+v", got, last)
	}
	eventually(t, "every worker of another Envoy refuses the key", refused)
}

// TestUsageOutlivesItsWorkers ends a proxy right after its requests: what its workers have
// counted is in the shared data nevertheless, and exact.
func TestUsageOutlivesItsWorkers(t *testing.T) {
	t.Parallel()
	module := compiled(t)
	const vm = "postern"
	config := hostsim.Config{Workers: 3,
		Plugin: hostsim.Plugin{Module: module, Name: "postern", RootID: "postern", Configuration: `{"hold_headers":"always",
			"providers":[{"name":"openai","type":"openai","cluster":"openai","keys":[{"env":"OPENAI_API_KEY"}]}],
			"models":[{"name":"gpt-4o","targets":[{"provider":"openai"}]}],"admin":{"keys":[{"sha256":"` + hash(liveAdminKey) + `"}]}}`,
			VM: hostsim.VM{ID: vm, Env: environment}, AllowOnHeadersStopIteration: true},
		Upstream: func(hostsim.Request) hostsim.Response {
			return hostsim.Response{Headers: hostsim.H(":status", "200", "content-type", "application/json"),
				Body: []byte(`{"ok":true,"usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9}}`)}
		}}
	host := hostsim.Start(t, config)
	chat := func(worker int) {
		t.Helper()
		request := hostsim.Post("/v1/chat/completions", ask("Hi"))
		request.Headers.Set("content-type", "application/json")
		if r, err := host.NewStream(hostsim.StreamOptions{Worker: worker}).Do(request); err != nil || r.Status() != 200 {
			t.Fatalf("got %d %s, %v", r.Status(), r.Body, err)
		}
	}
	total := func() usageTotal {
		t.Helper()
		request := hostsim.Get("/postern/usage")
		request.Headers.Set("authorization", "Bearer "+liveAdminKey)
		r, err := host.NewStream(hostsim.StreamOptions{}).Do(request)
		if err != nil {
			t.Fatal(err)
		}
		return readUsage(t, r.Body)
	}
	for worker := range 3 {
		for range 10 * (worker + 1) {
			chat(worker)
		}
	}
	if got := total(); got.Requests != 10 {
		t.Errorf("before a tick: got %+v, want those of the worker that is asked", got)
	}
	if err := host.Advance(500 * time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if got := total(); got.Requests != 60 || got.Input != 60*7 {
		t.Errorf("after a tick: got %+v, want 60 requests", got)
	}
	for worker := range 3 {
		chat(worker)
	}
	if err := host.Close(); err != nil {
		t.Fatal(err)
	}
	old := host
	host = hostsim.Start(t, config)
	for i := range 1024 {
		name := fmt.Sprintf("postern/1/default/usage/%03x", i)
		if value, _, ok := old.SharedData(vm, name); ok {
			host.SetSharedData(vm, name, value, 0)
		}
	}
	if got := total(); got.Requests != 63 || got.Input != 63*7 {
		t.Errorf("after the end: got %+v, want 63 requests", got)
	}
}
