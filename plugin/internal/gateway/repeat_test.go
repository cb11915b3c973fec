package gateway_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/plugin/cases"
	"github.com/postern-gateway/postern/plugin/internal/gateway"
	"github.com/postern-gateway/postern/plugin/internal/state/statetest"
)

// TestRecognisedRequestEndsOtherwise has requests whose headers have come before go on as requests do
// that repeat nothing, at a worker that recognises them and at one that does not.
func TestRecognisedRequestEndsOtherwise(t *testing.T) {
	t.Parallel()
	ask := chatAsk(chatBody("m", ""))
	ask.Headers = append(ask.Headers, cases.Header{Name: "authorization", Value: "Bearer client-a"})
	big := chatBody("m", `,"user":"`+strings.Repeat("u", 20_000)+`"`)
	for name, tt := range map[string]struct {
		goesOn func(x *exchange)
		status string // empty: of no answer
	}{
		"its client hangs up":               {func(*exchange) {}, ""},
		"its body does not come":            {func(x *exchange) { x.waits = true; x.p.tick(10 * time.Minute) }, "408"},
		"its body is too large":             {func(x *exchange) { x.replied(x.gw.RequestProgress(1 << 30)) }, "413"},
		"another filter answers":            {func(x *exchange) { x.p.details = "denied"; x.respond(cases.Message{First: "403"}) }, "403"},
		"its body is none":                  {func(x *exchange) { x.replied(x.gw.RequestBody([]byte("{"))) }, "400"},
		"a larger body comes in pieces":     {func(x *exchange) { progress(x, 9000); x.replied(x.gw.RequestBody([]byte(big))) }, ""},
		"the same body comes in pieces":     {func(x *exchange) { progress(x, 20); repeat(x, ask.Body) }, "200"},
		"the same body comes a minute late": {func(x *exchange) { x.p.now += int64(time.Minute); repeat(x, ask.Body) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got [2]string
			var counts [2]map[string]uint64
			for i := range got {
				p := newProxy(t, recallConfigs()["usual"])
				if p.still, p.random = true, 1; i > 0 {
					p.worker.Forget()
				}
				repeats := false
				for range 5 {
					_, repeats = p.play(ask, 1, 0, false)
				}
				if repeats != (i == 0) {
					t.Fatalf("repeats: got %v, want %v", repeats, i == 0)
				}
				x := p.stream()
				x.begins(requestHeaders(ask), false)
				tt.goesOn(x)
				x.done()
				p.tick(gateway.GlanceEvery)
				got[i], counts[i] = x.response.First+" "+string(x.response.Body)+"\n"+string(x.record), p.counts
				if left := p.worker.Left(); left != "" {
					t.Errorf("the worker still has %s", left)
				}
				if x.response.First != tt.status {
					t.Errorf("status: got %s, want %s", x.response.First, tt.status)
				}
			}
			if got[0] != got[1] {
				t.Errorf("recognised:\n%s\nnot recognised:\n%s", got[0], got[1])
			}
			if !maps.Equal(counts[0], counts[1]) {
				t.Errorf("metrics: got %v, want %v", counts[0], counts[1])
			}
		})
	}
}

// progress is some bytes of a body.
func progress(x *exchange, size int) {
	if !x.gw.(*gateway.Stream).Progress(size) {
		x.replied(x.gw.RequestProgress(size))
	}
}

// repeat is the whole of a body.
func repeat(x *exchange, body []byte) {
	if r := x.gw.(*gateway.Stream).Repeat(body, false); r != nil {
		x.replied(&gateway.Step{Reply: r})
		return
	}
	x.replied(x.gw.RequestBody(body))
}

// TestRevokedKeyRepeatsNothing has a key revoked before a request's headers, and between them and its body.
func TestRevokedKeyRepeatsNothing(t *testing.T) {
	t.Parallel()
	ask := chatAsk(chatBody("m", ""))
	ask.Headers = append(ask.Headers, cases.Header{Name: "authorization", Value: "Bearer client-a"})
	for _, between := range []bool{false, true} {
		p := newProxy(t, recallConfigs()["usual"])
		p.still, p.random = true, 1
		for range 5 {
			p.play(ask, 1, 0, false)
		}
		revoke := func() {
			p.exchange(post("/postern/keys/revoke", `{"sha256":"`+sum("client-a")+`"}`, "authorization", "Bearer admin-key"), says(""))
		}
		x := p.stream()
		if !between {
			revoke()
		}
		step := x.begins(requestHeaders(ask), false)
		if between {
			revoke()
		}
		if !x.replied(step) {
			repeat(x, ask.Body)
		}
		x.done()
		if x.response.First != "401" {
			t.Errorf("between headers and body: %v: got %s %s", between, x.response.First, x.response.Body)
		}
	}
}

// TestRepeatOfWhatAnotherWorkerChanges has another worker purge what is repeated, or keep a newer answer, or do
// the same with something else, while the worker has no event.
func TestRepeatOfWhatAnotherWorkerChanges(t *testing.T) {
	t.Parallel()
	const outdated = `postern.cache;outcome=outdated`
	ask, another := chatAsk(chatBody("m", "")), chatAsk(chatBody("other", ""))
	for _, m := range []*cases.Message{&ask, &another} {
		m.Headers = append(m.Headers, cases.Header{Name: "authorization", Value: "Bearer client-a"})
	}
	anew := ask
	anew.Headers = append(slices.Clone(ask.Headers), cases.Header{Name: "cache-control", Value: "no-cache"})
	for name, tt := range map[string]struct {
		change func(p *proxy)
		found  bool   // it still is
		told   uint64 // outdated entries
	}{
		"nothing": {func(*proxy) {}, true, 0},
		"a purge of all": {func(p *proxy) {
			p.exchange(post("/postern/cache/purge", `{"all":true}`, "authorization", "Bearer admin-key"), says(""))
		}, false, 2},
		"a purge of another model": {func(p *proxy) {
			p.exchange(post("/postern/cache/purge", `{"model":"other"}`, "authorization", "Bearer admin-key"), says(""))
		}, true, 1},
		"a newer answer": {func(p *proxy) { p.now++; p.play(anew, 2, 0, false) }, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := &statetest.Host{}
			p, other := newWorker(t, recallConfigs()["usual"], host), newWorker(t, recallConfigs()["usual"], host)
			p.still, p.random, other.still, other.random = true, 1, true, 1
			other.counts = p.counts // which are the proxy's
			p.play(another, 1, 0, false)
			for range 5 {
				p.play(ask, 1, 0, false)
			}
			tt.change(other)
			x := p.stream()
			if x.replied(x.begins(requestHeaders(ask), false)) {
				t.Fatal("the request is not held")
			}
			if got := x.gw.(*gateway.Stream).Repeat(ask.Body, false) != nil; got != tt.found {
				t.Errorf("it is repeated: %v, want %v", got, tt.found)
			}
			if got := p.counts[outdated]; got != tt.told {
				t.Errorf("%d are outdated, want %d", got, tt.told)
			}
		})
	}
}

// TestRepeatsAreCountedAtLast has the metrics told of what has repeated others at the next tick, or when the worker
// ends before it comes, whatever was forgotten in between.
func TestRepeatsAreCountedAtLast(t *testing.T) {
	t.Parallel()
	ask := chatAsk(chatBody("m", ""))
	ask.Headers = append(ask.Headers, cases.Header{Name: "authorization", Value: "Bearer client-a"})
	purge := func(p *proxy) {
		p.exchange(post("/postern/cache/purge", `{"tenant":"other"}`, "authorization", "Bearer admin-key"), says(""))
	}
	for name, last := range map[string]func(p *proxy){
		"a tick":         func(p *proxy) { p.tick(gateway.GlanceEvery) },
		"a look":         func(p *proxy) { p.tick(gateway.TickEvery) },
		"the end":        func(p *proxy) { p.worker.End(); p.flush() },
		"a purge before": func(p *proxy) { purge(p); p.worker.End(); p.flush() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const hits = `postern.cache;outcome=hit`
			var counts [2]map[string]uint64
			for i := range counts {
				p := newProxy(t, recallConfigs()["usual"])
				if p.still, p.random = true, 1; i > 0 {
					p.worker.Forget()
				}
				for range 8 {
					p.play(ask, 1, 0, false)
				}
				if got := p.counts[hits] == 7; got != (i > 0) {
					t.Errorf("repeats are counted at once: %v: %d hits", got, p.counts[hits])
				}
				last(p)
				counts[i] = p.counts
			}
			if counts[0][hits] != 7 || !maps.Equal(counts[0], counts[1]) {
				t.Errorf("metrics: got %v, want %v", counts[0], counts[1])
			}
		})
	}
}

// TestIncidentalHeaderThatIsNamed has no request repeat another where the configuration reads a header
// that would else not matter.
func TestIncidentalHeaderThatIsNamed(t *testing.T) {
	t.Parallel()
	config := strings.Replace(recallConfigs()["usual"], `"header:x-lang"`, `"header:x-request-id"`, 1)
	p := newProxy(t, config)
	p.still, p.random = true, 1
	for n := range 8 {
		ask := chatAsk(chatBody("m", ""))
		ask.Headers = append(ask.Headers, cases.Header{Name: "authorization", Value: "Bearer client-a"}, cases.Header{Name: "x-request-id", Value: string(rune('0' + n%2))})
		what, repeats := p.play(ask, n, 0, false)
		if repeats || strings.Contains(what, "x-postern-cache: hit") != (n >= 2) {
			t.Fatalf("request %d: repeats: %v; got %s", n, repeats, what)
		}
	}
}

// TestHeadsAreBounded has many clients take turns, which are more than are kept.
func TestHeadsAreBounded(t *testing.T) {
	t.Parallel()
	p := newProxy(t, strings.Replace(recallConfigs()["usual"], `"header:x-lang",`, "", 1))
	p.still, p.random = true, 1
	repeated := 0
	for n := range 400 {
		ask := chatAsk(chatBody("m", ""))
		ask.Headers = append(ask.Headers, cases.Header{Name: "authorization", Value: "Bearer client-a"}, cases.Header{Name: "x-app", Value: string(rune('a' + n/8%20))})
		what, repeats := p.play(ask, n, 0, false)
		if repeats {
			repeated++
		}
		if n > 0 && (!strings.Contains(what, "x-postern-cache: hit") || !strings.Contains(what, "answer 0")) {
			t.Fatalf("request %d: got %s", n, what)
		}
	}
	if repeated < 100 {
		t.Errorf("%d requests were answered as others, too few to show anything", repeated)
	}
}
