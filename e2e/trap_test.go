package e2e

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	neutral "github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/e2e/envoy"
	"github.com/postern-gateway/postern/e2e/mockllm/grammar"
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

// smallModule is the module with at most 28 MiB of memory.
func smallModule(t *testing.T) []byte {
	t.Helper()
	module, err := confined(builtModule(t), 448)
	if err != nil {
		t.Fatal(err)
	}
	return module
}

// tooMuch is more than that.
var tooMuch = strings.Repeat("much too much ", 2<<20)

// ways are those in which a target is asked: as the first, or on one that has failed by each
// mechanism.
var ways = [...]string{"plain", "plugin", "native", "redirect"}

// A waiting request is one whose answer has not come, or not to its end. Its model is called
// after both: plain-stream, plain-whole and so on.
type waiting struct {
	way    string
	stream bool
}

func everyWaiting() (all []waiting) {
	for _, way := range ways {
		all = append(all, waiting{way, true}, waiting{way, false})
	}
	return all
}

func (w waiting) model() string {
	return w.way + map[bool]string{true: "-stream", false: "-whole"}[w.stream]
}

func (w waiting) request(text string) string {
	return strings.Replace(chatFor(w.model(), w.stream), "Hi", text, 1)
}

// used is what counts of it when its worker traps: the input, as the request's size makes one
// expect, and as much of a stream as has come, which is helloChunks. Of a callout nothing has.
func (w waiting) used(text string) (u usageTotal) {
	u = usageTotal{Requests: 1, Input: int64(len(w.request(text)) / 3)}
	if w.stream && w.way != "plugin" {
		var said neutral.Delivered
		said.Add(neutral.Text("hello"))
		u.Output = said.Tokens()
	}
	return u
}

func (u usageTotal) plus(v usageTotal) usageTotal {
	return usageTotal{u.Requests + v.Requests, u.Errors + v.Errors, u.Refused + v.Refused, u.Input + v.Input, u.Output + v.Output}
}

// waysConfig has a model for each of everyWaiting, each with a target of its own that fails: what
// is learned by one is not to be known to the next.
func waysConfig() string {
	var models, providers []string
	for _, w := range everyWaiting() {
		name, more, first, next := w.model(), "", "", ""
		switch w.way {
		case "plain":
			models = append(models, `{"name":"`+name+`","targets":[{"provider":"well","model":"gpt-4o"}]}`)
			continue
		case "native":
			more = `,"mechanism":"native","cluster":"` + name + `"`
		case "redirect":
			more, first, next = `,"mechanism":"redirect"`, `,"cluster":"to-faulty"`, `,"cluster":"to-well"`
		}
		providers = append(providers, `{"name":"`+name+`","type":"openai","cluster":"faulty","host":"faulty.test","keys":[{"value":"k"}]}`)
		models = append(models, `{"name":"`+name+`"`+more+`,"targets":[{"provider":"`+name+`","model":"gpt-4o"`+first+`}],"fallback":[{"provider":"well","model":"gpt-4o"`+next+`}]}`)
	}
	return `{"hold_headers":"always","providers":[` + strings.Join(providers, ",") + `,{"name":"well","type":"openai","cluster":"well","host":"well.test","keys":[{"value":"k"}]},
		{"name":"claude","type":"anthropic","cluster":"claude","keys":[{"value":"k"}]}],
		"models":[` + strings.Join(models, ",") + `,{"name":"translated","targets":[{"provider":"claude","model":"claude-sonnet-4-5"}]},{"name":"in-turn","targets":[{"provider":"well","model":"gpt-4o"}]}],"admin":{"keys":[{"sha256":"` + hash(liveAdminKey) + `"}]},"bounds":{"request":"64MiB","answer":"64MiB"},
		"limits":[{"name":"asked","key":[],"requests":1000,"per":"30d"},{"name":"input","key":[],"input_tokens":1000000,"per":"30d"},{"name":"tokens","key":[],"tokens":1000000,"per":"30d"},{"name":"budget","key":[],"usd":10,"per":"30d"},{"name":"open","key":[],"concurrent":30},
			{"key":["model"],"concurrent":1,"wait":"20s","when":{"models":["in-turn"]}}]}`
}

var brokenAnswer = answerWith(500, apiJSON, `{"error":{"message":"broken"}}`)

// A patient provider answers at once, but keeps who says "wait" waiting for its gate: of a stream
// until its end.
type patient struct {
	waiting atomic.Int64 // how many have come to the gate
	gate    chan struct{}
}

// wait is until the gate opens.
func (p *patient) wait(r *http.Request) {
	p.waiting.Add(1)
	select {
	case <-p.gate:
	case <-r.Context().Done():
	}
}

func (p *patient) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	wait := func() {
		if strings.Contains(string(b), "wait") {
			p.wait(r)
		}
	}
	if strings.Contains(string(b), `"stream":true`) {
		begin(helloChunks, func(w http.ResponseWriter, r *http.Request) {
			wait()
			_, _ = w.Write([]byte(endChunks))
		})(w, r)
		return
	}
	wait()
	answerWith(200, apiJSON, `{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"ok"},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9}}`)(w, r)
}

// inAttempts has requests of a cluster go through a filter, each time that they are sent.
func inAttempts(cluster map[string]any, filter any) map[string]any {
	cluster["typed_extension_protocol_options"] = map[string]any{"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": map[string]any{
		"@type":                "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
		"explicit_http_config": map[string]any{"http_protocol_options": map[string]any{}},
		"http_filters":         []any{filter, map[string]any{"name": "envoy.filters.http.upstream_codec", "typed_config": map[string]any{"@type": upstreamCodec}}},
	}}
	return cluster
}

// startSmall starts an Envoy whose one worker may have 28 MiB of memory, with all ways before a
// provider that fails and one that is patient.
func startSmall(t *testing.T) (*live, *patient) {
	t.Helper()
	l, p := newLive(t), &patient{gate: make(chan struct{})}
	faulty, well := httptest.NewServer(http.HandlerFunc(brokenAnswer)), httptest.NewServer(p)
	t.Cleanup(faulty.Close)
	t.Cleanup(well.Close)
	first, next := faulty.Listener.Addr().String(), well.Listener.Addr().String()
	plugin := envoy.Plugin{Module: filepath.Join(l.dir, "confined.wasm"), Configuration: waysConfig(), Environment: environment, Reload: true}
	if err := os.WriteFile(plugin.Module, smallModule(t), 0o600); err != nil {
		t.Fatal(err)
	}
	attempt := plugin
	attempt.Configuration = `{"role":"attempt"}`
	server := envoy.Listener{Address: l.address, Buffer: 64 << 20, Filters: []any{plugin.Filter()}, Routes: nativeListener("").Routes,
		Extra: map[string]any{"stream_idle_timeout": "20s"}} // long enough for all that comes before the trap
	followRedirects(server)
	clusters := []any{envoy.Cluster("faulty", first), envoy.Cluster("well", next),
		inAttempts(envoy.Cluster("to-faulty", first), attempt.Filter()), inAttempts(envoy.Cluster("to-well", next), attempt.Filter())}
	for _, w := range everyWaiting() {
		if w.way == "native" {
			clusters = append(clusters, inAttempts(chain(w.model(), endpoint{first, w.model(), "gpt-4o"}, endpoint{next, "well", "gpt-4o"}), attempt.Filter()))
		}
	}
	var err error
	if l.envoy, err = envoy.Start(envoy.Options{Binary: envoyPath(), Dir: l.dir, Concurrency: 1, Bootstrap: map[string]any{
		"static_resources": map[string]any{"listeners": []any{server.Build()}, "clusters": clusters}}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.envoy.Stop)
	return l, p
}

// An outcome is all that a client got.
type outcome struct {
	status int
	body   string
	err    error
}

// post sends a request, and does not wait for what comes of it.
func (l *live) post(body io.Reader) <-chan outcome {
	done := make(chan outcome, 1)
	go func() {
		status, answer, err := tryPost(l.t.Context(), "http://"+l.address+chat, body)
		done <- outcome{status, answer, err}
	}()
	return done
}

// used is what the usage page has in all.
func (l *live) used() usageTotal {
	l.t.Helper()
	status, page := l.ask(l.t, "GET", "/usage", "")
	if status != 200 {
		return usageTotal{}
	}
	return readUsage(l.t, page)
}

// A worker that traps takes along what it had under way, and nothing else: it is loaded
// again, and what it had counted is still there, also of what was under way.
func TestAWorkerThatTrapsIsLoadedAgain(t *testing.T) {
	t.Parallel()
	l, provider := startSmall(t)
	rest, last := io.Pipe()
	large := waiting{"plain", false}.request(tooMuch)
	trap := l.post(io.MultiReader(strings.NewReader(large[:len(large)-1]), rest)) // that traps with the last byte
	eventually(t, "Envoy has nearly all of the large body", func() bool { return l.stats()["http.test.downstream_cx_rx_bytes_total"] >= int64(len(large)-1) })
	open, want := map[waiting]<-chan outcome{}, usageTotal{}
	for _, w := range everyWaiting() {
		open[w] = l.post(strings.NewReader(w.request("wait")))
		want = want.plus(w.used("wait"))
	}
	inTurn := strings.Replace(chatFor("in-turn", false), "Hi", "wait", 1)
	served := l.post(strings.NewReader(inTurn))
	want = want.plus(usageTotal{Requests: 1, Input: int64(len(inTurn) / 3)})
	asked := func() bool { return provider.waiting.Load() == want.Requests }
	eventually(t, "all have come to the provider", asked)
	held := l.post(strings.NewReader(inTurn)) // comes to none, and counts for nothing
	eventually(t, "all are there, and what they have used so far is written", func() bool {
		return l.stats()["http.test.downstream_rq_active"] == int64(len(open)+3) && l.used() == want
	})
	young := waiting{"plain", false} // nobody has looked at it before the trap, but for the worker itself
	late := l.post(strings.NewReader(young.request("wait")))
	want = want.plus(young.used("wait"))
	eventually(t, "it has come to the provider", asked)
	if _, err := last.Write([]byte(large[len(large)-1:])); err != nil {
		t.Fatal(err)
	}
	last.Close()
	if got := <-trap; got != (outcome{503, "", nil}) {
		t.Errorf("the request that trapped got %d, %v: %.300s, want 503 and nothing", got.status, got.err, got.body)
	}
	eventually(t, "the worker is there again", func() bool { return l.used() != usageTotal{} })
	if got := l.used(); got != want {
		t.Errorf("after the trap: got %+v, want %+v", got, want)
	}
	if !strings.Contains(l.envoy.Log(), "Function: malloc failed") {
		t.Errorf("nothing has trapped: %s", l.envoy.LogTail())
	}

	close(provider.gate)
	for w, done := range open {
		wantCutOff(t, w, <-done)
	}
	wantCutOff(t, young, <-late)
	for what, done := range map[string]<-chan outcome{"whose turn it was": served, "whose turn it was not": held} {
		if got := <-done; got != (outcome{503, "", nil}) {
			t.Errorf("the request %s got %d, %v: %.300s, want 503 and nothing", what, got.status, got.err, got.body)
		}
	}
	eventually(t, "nothing is under way", func() bool {
		for name, n := range l.stats() {
			if strings.HasSuffix(name, "rq_active") && name != "http.admin.downstream_rq_active" && n > 0 {
				return false
			}
		}
		return true
	})
	if got := l.used(); got != want {
		t.Errorf("after all have ended: got %+v, want %+v as before", got, want)
	}
	_, page := l.ask(t, "GET", "/limits", "")
	for _, part := range []string{fmt.Sprintf(`"limit":1000,"remaining":%d,`, 1000-want.Requests), fmt.Sprintf(`"limit":1000000,"remaining":%d,`, 1_000_000-want.Input)} {
		if !strings.Contains(string(page), part) {
			t.Errorf("got the limits %s, want %s", page, part)
		}
	}
	for _, w := range everyWaiting() {
		got := <-l.post(strings.NewReader(w.request("Hi")))
		if got.err != nil || got.status != 200 || w.stream && grammar.OpenAIChat([]byte(got.body)) != nil || !w.stream && !strings.Contains(got.body, `"content":"ok"`) {
			t.Errorf("%s, after the trap: got %d, %v: %s, want an answer", w.model(), got.status, got.err, got.body)
		}
	}
	if n := l.stats()["wasm.postern.vm_reload_success"]; n != 5 {
		t.Errorf("got %d reloads, want one of each of its filters: the gateway's, and of four clusters", n)
	}
}

// wantCutOff checks what the client of a request gets whose worker has trapped, once its provider
// goes on: for its own callout the gateway is not there any more, so that only the proxy can end
// the wait; of all others it sees the provider's next event.
func wantCutOff(t *testing.T, w waiting, got outcome) {
	t.Helper()
	want := outcome{503, "", nil}
	switch {
	case w.way == "plugin":
		want = outcome{504, "stream timeout", nil}
	case w.stream:
		want = outcome{200, helloChunks, io.ErrUnexpectedEOF}
	}
	if got.status != want.status || got.body != want.body || !errors.Is(got.err, want.err) {
		t.Errorf("%s: got %d %q, %v; want %d %q, %v", w.model(), got.status, got.body, got.err, want.status, want.body, want.err)
	}
}
