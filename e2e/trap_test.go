package e2e

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	neutral "github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/e2e/envoy"
	"github.com/postern-gateway/postern/e2e/mockllm"
	"github.com/postern-gateway/postern/hostsim"
)

// confined is a module that may have no more memory than so many pages of 64 KiB: one more
// traps, as it does where a host bounds the memory of plugins.
func confined(module []byte, pages uint64) ([]byte, error) {
	const header, memorySection, hasMost = 8, 5, 1
	out := append([]byte(nil), module[:header]...)
	for rest := module[header:]; len(rest) > 0; {
		id := rest[0]
		size, n := binary.Uvarint(rest[1:])
		if n <= 0 || uint64(len(rest)) < uint64(1+n)+size {
			return nil, errors.New("the module is cut off")
		}
		whole, body := rest[:1+n+int(size)], rest[1+n:1+n+int(size)]
		rest = rest[len(whole):]
		if id != memorySection {
			out = append(out, whole...)
			continue
		}
		if len(body) < 3 || body[0] != 1 {
			return nil, errors.New("the module has not one memory")
		}
		least, _ := binary.Uvarint(body[2:])
		memory := binary.AppendUvarint(binary.AppendUvarint([]byte{1, hasMost}, least), max(least, pages))
		out = append(binary.AppendUvarint(append(out, id), uint64(len(memory))), memory...)
	}
	return out, nil
}

// A worker that traps takes along what it had under way, and nothing else: it is loaded
// again, and what it had counted is still there, also of what was under way.
func TestAWorkerThatTrapsIsLoadedAgain(t *testing.T) {
	t.Parallel()
	module, err := os.ReadFile(modulePath())
	if err != nil {
		t.Fatal(err)
	}
	if module, err = confined(module, 448); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	small := filepath.Join(dir, "confined.wasm")
	if err := os.WriteFile(small, module, 0o600); err != nil {
		t.Fatal(err)
	}
	mocks := mockllm.New(mockllm.Options{JournalSize: 10})
	addresses, err := mocks.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mocks.Close() })
	address, err := envoy.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	config := `{"providers":[{"name":"openai","type":"openai","cluster":"openai","keys":[{"value":"` + mockKey("openai") + `"}]}],
		"admin":{"keys":[{"sha256":"` + hash(liveAdminKey) + `"}]},
		"bounds":{"request":"64MiB"},"limits":[{"key":[],"requests":5,"per":"1d"},{"key":[],"output_tokens":100000,"per":"1d"}]}`
	plugin := envoy.Plugin{Module: small, Configuration: config, Environment: environment, Reload: true}
	l := envoy.Listener{Address: address, Buffer: 64 << 20, Filters: []any{plugin.Filter()}}
	p, err := envoy.Start(envoy.Options{Binary: envoyPath(), Dir: dir, Concurrency: 1, Bootstrap: map[string]any{
		"static_resources": map[string]any{"listeners": []any{l.Build()}, "clusters": []any{envoy.Cluster("openai", addresses.Of("openai").Addr)}}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	post := func(body string) (status int, answer string, err error) {
		r, err := http.Post("http://"+address+"/v1/chat/completions", "application/json", strings.NewReader(body))
		if err != nil {
			return 0, "", err
		}
		defer r.Body.Close()
		b, err := io.ReadAll(r.Body)
		return r.StatusCode, string(b), err
	}
	if status, answer, err := post(ask("Hi")); status != 200 {
		t.Fatalf("got %d, %v: %s, want an answer", status, err, answer)
	}
	open := make(chan error, 1)
	go func() {
		status, answer, err := post(askStream("[[mock:chunks=500;interval=20ms]] a long story"))
		if err == nil || status != 200 || strings.Contains(answer, "[DONE]") {
			open <- fmt.Errorf("got %d, %v, ... %s, want a stream that breaks off", status, err, answer[max(0, len(answer)-200):])
			return
		}
		open <- nil
	}()
	l0 := &live{address: address}
	used := func() usageTotal {
		_, page := l0.ask(t, "GET", "/usage", "")
		return readUsage(t, page)
	}
	first := used()
	eventually(t, "the stream is under way, and what it has used so far is written", func() bool {
		now := used()
		return now.Requests == first.Requests+1 && now.Output > first.Output+5
	})
	if status, answer, err := post(ask(strings.Repeat("much too much ", 2<<20))); status != 503 || answer != "" || err != nil {
		t.Errorf("the request that trapped got %d, %v: %.300s, want 503 and nothing", status, err, answer)
	}
	if err := <-open; err != nil {
		t.Error(err)
	}
	eventually(t, "the worker is there again", func() bool {
		status, _, err := post(ask("Hi"))
		return err == nil && status == 200
	})
	if !strings.Contains(p.Log(), "Function: malloc failed") {
		t.Errorf("nothing has trapped: %s", p.LogTail())
	}
	if all, err := readStats(p); err != nil || all["wasm.postern.vm_reload_success"] < 1 {
		t.Errorf("Envoy does not say that it has loaded the worker again (%v)", err)
	}
	// The stream counts once, with what it had used some half a second before the trap.
	if now := used(); now.Requests != first.Requests+2 || now.Output <= 2*first.Output+5 || now.Output > 2*first.Output+500 {
		t.Errorf("after the trap %+v are used, before it and the stream %+v", now, first)
	}
	// The limit has counted one before, the stream, and the one that has found the worker there.
	for i, want := range [...]int{200, 200, 429} {
		if status, answer, err := post(ask("Hi")); status != want {
			t.Errorf("request %d after the trap: got %d, %v: %.200s, want %d", i+2, status, err, answer, want)
		}
	}
}

// What is under way when a worker traps is billed once, as far as it had come: a stream amid its
// text, a request that waits for its answer, and one that has just ended. Limits have the same.
func TestWhatIsUnderWayWhenAWorkerTraps(t *testing.T) {
	t.Parallel()
	wasm, err := os.ReadFile(modulePath())
	if err != nil {
		t.Fatalf("%v: run the tests by `make test`", err)
	}
	if wasm, err = confined(wasm, 448); err != nil {
		t.Fatal(err)
	}
	module, err := hostsim.Compile(t.Context(), wasm)
	if err != nil {
		t.Fatal(err)
	}
	const most = 1_000_000
	host, err := hostsim.New(hostsim.Config{Workers: 2, DiscardLogs: true, BufferLimit: 64 << 20,
		Plugin: hostsim.Plugin{Module: module, Name: "postern", RootID: "postern", VM: hostsim.VM{ID: "postern"}, AllowOnHeadersStopIteration: true, FailurePolicy: hostsim.FailReload,
			Configuration: fmt.Sprintf(`{"hold_headers":"always","providers":[{"name":"openai","type":"openai","cluster":"openai","keys":[{"value":"sk"}]}],"admin":{"keys":[{"sha256":%q}]},
				"bounds":{"request":"64MiB"},"limits":[{"key":[],"tokens":%d,"per":"30d"},{"key":[],"concurrent":3}]}`, hash(liveAdminKey), most)}})
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	begin := func(body string) *hostsim.Stream {
		s := host.NewStream(hostsim.StreamOptions{})
		must(s.RequestHeaders(hostsim.Post("/v1/chat/completions", "", "content-type", "application/json").Headers, false))
		must(s.RequestBody([]byte(body), true))
		return s
	}
	admin := func(page string) []byte {
		s := host.NewStream(hostsim.StreamOptions{Worker: 1})
		r, err := s.Do(hostsim.Get("/postern"+page, "authorization", "Bearer "+liveAdminKey))
		must(err)
		return r.Body
	}
	var said neutral.Delivered
	stream, ended := begin(askStream("a story")), begin(ask("Hi"))
	begin(ask("Hi")) // has no answer yet
	must(stream.ResponseHeaders(hostsim.H(":status", "200", "content-type", "text/event-stream"), false))
	for range 300 {
		said.Add(neutral.Text(" word"))
		must(stream.ResponseBody([]byte(`data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":" word"}}]}`+"\n\n"), false))
	}
	must(host.Advance(600 * time.Millisecond))
	must(ended.ResponseHeaders(hostsim.H(":status", "200", "content-type", "application/json"), false))
	must(ended.ResponseBody([]byte(`{"id":"c","object":"chat.completion","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":1000,"total_tokens":1007}}`), true))
	must(host.Advance(150 * time.Millisecond))

	huge := host.NewStream(hostsim.StreamOptions{})
	if _, err := huge.Do(hostsim.Post("/v1/chat/completions", ask(strings.Repeat("much too much ", 2<<20)), "content-type", "application/json")); err == nil || len(host.Traps()) == 0 {
		t.Fatalf("nothing has trapped: %v", err)
	}
	want := usageTotal{Requests: 3, Input: int64(len(askStream("a story"))/3+len(ask("Hi"))/3) + 7, Output: 1000 + said.Tokens()}
	for _, when := range []time.Duration{0, 30 * time.Second, 4 * time.Minute} {
		must(host.Advance(when))
		if got := readUsage(t, admin("/usage")); got != want {
			t.Errorf("%v after the trap: got %+v, want %+v", when, got, want)
		}
	}
	if got, want := string(admin("/limits")), fmt.Sprintf(`"remaining":%d,`, most-want.Input-want.Output); !strings.Contains(got, want) || !strings.Contains(got, `"limit":3,"remaining":3,`) {
		t.Errorf("got the limits %s, want %s and room for 3 at once", got, want)
	}
}
