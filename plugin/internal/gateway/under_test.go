package gateway_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/plugin/cases"
	"github.com/postern-gateway/postern/plugin/internal/gateway"
	"github.com/postern-gateway/postern/plugin/internal/usage"
)

// kept has an operator, so that usage is kept.
func kept(document string) string {
	return strings.Replace(document, `"providers":`, `"state":{"space":"s"},"admin":{"keys":[{"sha256":"`+sum("admin-key")+`"}]},"providers":`, 1)
}

// usages are what a host has of all workers' requests: by provider and model how many, how many of
// them failed, tokens, and nano-dollars.
func (p *proxy) usages() string {
	r := usage.New(p.Host, "s", "").Report(&usage.Query{By: []usage.Dimension{usage.Provider, usage.Model}, To: math.MaxInt64}, p.now)
	var b strings.Builder
	for _, x := range r.Rows {
		if s := &x.Sums; *s != (usage.Sums{}) {
			fmt.Fprintf(&b, "%s %s: %d, %d failed, %d+%d tokens, %d; ", x.Labels[usage.Provider], x.Labels[usage.Model], s[usage.Requests], s[usage.Errors], s[usage.InputTokens], s[usage.OutputTokens], s[usage.Cost])
		}
	}
	return strings.TrimSuffix(b.String(), "; ")
}

var answerOfHi = jsonAnswer("200", `{"id":"c","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"ok"},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9}}`)

const (
	askedPlain  = `{"model":"gpt-4o","max_tokens":50,"messages":[{"role":"user","content":"Hi"}]}`
	askedStream = `{"model":"gpt-4o","max_tokens":50,"stream":true,"messages":[{"role":"user","content":"Hi"}]}`
	askedSequel = `{"model":"chain","stream":true,"stream_options":{"include_usage":true},"max_tokens":100,"messages":[{"role":"user","content":"Tell"}]}`
	twoInTurn   = `{"hold_headers":"always","providers":[{"name":"a","type":"openai","cluster":"a","keys":[{"value":"k"}]},{"name":"b","type":"openai","cluster":"b","keys":[{"value":"k"}]}],` +
		`"models":[{"name":"gpt-4o","targets":[{"provider":"a"}],"fallback":[{"provider":"b"}]}],"limits":[{"key":[],"tokens":100000,"per":"1d"},{"key":[],"output_tokens":100000,"per":"1h","window":"sliding"}]}`
	anyModel     = `{"hold_headers":"always","providers":[{"name":"a","type":"openai","cluster":"a","keys":[{"value":"k"}]}],"limits":[{"key":[],"tokens":100000,"per":"1d"}]}`
	openedStream = `data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"role":"assistant","content":"It was a dark and stormy"}}]}` + "\n\n"
	moreOfStream = `data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":" night, and the rain fell"}}]}` + "\n\n"
	endOfStream  = `data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\n" +
		`data: {"id":"c","object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":40,"total_tokens":49}}` + "\n\ndata: [DONE]\n\n"
)

var streamHead = []adapters.Header{{Name: ":status", Value: "200"}, {Name: "content-type", Value: "text/event-stream"}}

// courses are requests with what may happen between their events.
var courses = []struct {
	about, document string
	run             func(p *proxy, between func())
}{
	{"an answer", twoInTurn, func(p *proxy, between func()) {
		x := p.ask("/v1/chat/completions", askedPlain, between)
		x.respond(answerOfHi)
		between()
		x.done()
	}},
	{"a stream", twoInTurn, func(p *proxy, between func()) {
		x := p.ask("/v1/chat/completions", askedStream, between)
		x.begin(streamHead, false)
		for i, piece := range []string{openedStream, moreOfStream, endOfStream} {
			between()
			x.chunk([]byte(piece), i == 2)
		}
		between()
		x.done()
	}},
	{"a translated stream whose client goes", twoInTurn, func(p *proxy, between func()) {
		x := p.ask("/v1/messages", askedStream, between)
		x.begin(streamHead, false)
		for _, piece := range []string{openedStream, moreOfStream} {
			between()
			x.chunk([]byte(piece), false)
		}
		between()
		x.done()
	}},
	{"a failure, and another's answer", twoInTurn, func(p *proxy, between func()) {
		x := p.ask("/v1/chat/completions", askedPlain, between)
		x.respond(failedAnswer)
		between()
		p.answer(&answerOfHi)
		between()
		x.done()
	}},
	{"all fail", twoInTurn, func(p *proxy, between func()) {
		x := p.ask("/v1/chat/completions", askedPlain, between)
		x.respond(failedAnswer)
		between()
		p.answer(&failedAnswer)
		between()
		x.done()
	}},
	{"a client that goes before its answer comes by a callout", twoInTurn, func(p *proxy, between func()) {
		x := p.ask("/v1/chat/completions", askedPlain, between)
		x.respond(failedAnswer)
		x.done()
		between()
		p.answer(&answerOfHi)
	}},
	{"a list", strings.Replace(twoInTurn, `}],"fallback":[`, `},`, 1), func(p *proxy, between func()) {
		one := `{"provider":"a","endpoint":"chat/completions","query":` + askedPlain + `}`
		x := p.ask("/universal", `[`+one+`,`+strings.Replace(one, `"a"`, `"b"`, 1)+`]`, between)
		x.respond(failedAnswer)
		between()
		p.answer(&answerOfHi)
		between()
		x.done()
	}},
	{"a stream that another goes on with", sequelConfig, func(p *proxy, between func()) {
		x := p.ask("/v1/chat/completions", askedSequel, between)
		answer := broken(failure)
		x.begin(streamHead, false)
		between()
		x.chunk(answer.Body[:len(answer.Body)/2], false)
		between()
		x.chunk(answer.Body[len(answer.Body)/2:], true)
		between()
		next := claudeStream(" night.")
		p.answer(&next)
		between()
		x.done()
	}},
	{"the proxy's own attempts", strings.Replace(nativeConfig, `"limits":[`, `"limits":[{"key":[],"tokens":100000,"per":"1d"},`, 1), func(p *proxy, between func()) {
		h := gateway.NewHandover()
		p.worker.Share(h)
		n := &nativeProxy{p, gateway.NewAttempts(h, p), h}
		x := p.ask("/v1/chat/completions", strings.Replace(askedPlain, "gpt-4o", "chain", 1), between)
		first := n.attempt(x, "a", "m-a")
		between()
		first.respond(failedAnswer)
		between()
		first.done()
		between()
		second := n.attempt(x, "b", "m-b")
		between()
		second.respond(answerOfHi)
		x.give(second)
		second.done()
		between()
		x.done()
	}},
	{"a model of the client's own", anyModel, func(p *proxy, between func()) {
		x := p.ask("/v1/chat/completions", askedStream, between)
		x.begin(streamHead, false)
		between()
		x.chunk([]byte(openedStream+endOfStream), true)
		between()
		x.done()
	}},
	{"a model that there is not", anyModel, func(p *proxy, between func()) {
		x := p.ask("/v1/chat/completions", askedPlain, between)
		x.respond(cases.Message{First: "404", Headers: failedAnswer.Headers, Body: failedAnswer.Body})
		between()
		x.done()
	}},
}

func (p *proxy) ask(path, body string, between func()) *exchange {
	p.details = "via_upstream"
	x := p.stream()
	x.request(chatRequest(path, body))
	between()
	return x
}

// large stands for something large that comes between, in the place of a tick.
const large = -1

// Whenever a worker bills what goes on: in the end as much is billed, to the same, as if all had
// been at the end, and as much is left of limits.
func TestBillingAsItGoesChangesNothing(t *testing.T) {
	t.Parallel()
	for _, c := range courses {
		var want string
		for i, every := range []time.Duration{0, gateway.GlanceEvery, gateway.TickEvery, large} {
			p := newProxy(t, kept(c.document))
			ticks := 0
			c.run(p, func() {
				switch every {
				case 0:
					return
				case large:
					p.worker.Brace(gateway.Large)
				default:
					p.tick(every)
				}
				ticks++
			})
			for range 10 {
				p.tick(gateway.TickEvery)
			}
			p.now = epoch + int64(time.Minute)
			_, left := p.administer("GET /postern/limits", "")
			got := p.usages() + " of " + left
			if i == 0 {
				want = got
			}
			if got != want || i > 0 && ticks == 0 || p.usages() == "" {
				t.Errorf("%s, with %d ticks of %v between: got\n%s, want\n%s", c.about, ticks, every, got, want)
			}
		}
	}
}

// What a worker has under way when it is lost is billed once, as far as it had come at its last
// tick; what it had not sent to a provider is not.
func TestWhatALostWorkerHadUnderWay(t *testing.T) {
	t.Parallel()
	document := kept(strings.Replace(twoInTurn, `"limits":[`, `"limits":[{"key":[],"requests":2,"per":"1h","burst":2,"wait":"20s"},`, 1))
	p := newProxy(t, document)
	p.details = "via_upstream"
	stream := p.ask("/v1/chat/completions", askedStream, func() {})
	stream.begin(streamHead, false)
	stream.chunk([]byte(openedStream), false)
	waiting, queued := p.ask("/v1/chat/completions", askedPlain, func() {}), p.ask("/v1/chat/completions", askedPlain, func() {})
	if waiting.upstream == nil || queued.upstream != nil {
		t.Fatal("want two requests on their way, and one held")
	}
	for _, tt := range []struct {
		about string
		more  string
		tick  time.Duration
		want  string
	}{
		{"before a tick", "", 0, ""},
		{"after a glance", "", gateway.GlanceEvery, "a gpt-4o: 2, 0 failed, 56+6 tokens, 200000"},
		{"after another, in which nothing is looked at again", moreOfStream, gateway.GlanceEvery, "a gpt-4o: 2, 0 failed, 56+6 tokens, 200000"},
		{"after a tick", "", gateway.TickEvery, "a gpt-4o: 2, 0 failed, 56+11 tokens, 250000"},
	} {
		if tt.more != "" {
			stream.chunk([]byte(tt.more), false)
		}
		if tt.tick > 0 {
			p.tick(tt.tick)
		}
		if got := p.usages(); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.about, got, tt.want)
		}
	}
	heir := newWorker(t, document, p.Host) // and p is never heard of again
	heir.now = p.now
	for range 10 {
		heir.tick(time.Minute)
	}
	if got := heir.usages(); got != "a gpt-4o: 2, 0 failed, 56+11 tokens, 250000" {
		t.Errorf("ten minutes later: got %q", got)
	}
}

// A glance bills so many requests and no more; those that follow have their turn. So does what is
// read, for each megabyte of it.
func TestBillingIsBounded(t *testing.T) {
	t.Parallel()
	glance := func(p *proxy) { p.tick(gateway.GlanceEvery) }
	brace := func(size int) func(*proxy) { return func(p *proxy) { p.worker.Brace(size) } }
	for _, tt := range []struct {
		about string
		bill  func(*proxy)
		want  []string
	}{
		{"glances", glance, []string{"64", "128", "192", "256", "300", "300"}},
		{"a megabyte each", brace(gateway.Large), []string{"256", "300", "300"}},
		{"two megabytes", brace(2 * gateway.Large), []string{"300", "300"}},
		{"what proxies hold without being told to", brace(gateway.Large - 1), []string{""}},
	} {
		p := newProxy(t, kept(twoInTurn))
		for range 300 {
			p.ask("/v1/chat/completions", askedPlain, func() {})
		}
		for _, want := range tt.want {
			tt.bill(p)
			if want != "" {
				want = "a gpt-4o: " + want + ","
			}
			if got := p.usages(); !strings.HasPrefix(got, want) || want == "" && got != "" {
				t.Errorf("%s: got %q, want %s", tt.about, got, want)
			}
		}
	}
}

// What follows on a request that is large is as large, and the worker braces itself for it.
func TestWorkersBillBeforeALargeRequestIsMadeAgain(t *testing.T) {
	t.Parallel()
	p := newProxy(t, kept(strings.ReplaceAll(twoInTurn, "100000", "9000000")))
	p.details = "via_upstream"
	x := p.ask("/v1/chat/completions", strings.Replace(askedPlain, "Hi", strings.Repeat("x", gateway.Large), 1), func() {})
	p.ask("/v1/chat/completions", askedPlain, func() {})
	x.respond(failedAnswer)
	if got, want := p.usages(), "a gpt-4o: 1, 0 failed, 26+0 tokens, 65000"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// All gateways of a VM bill before it reads something large, as long as they have requests: one
// that has been replaced, too, whose requests go on in its successor's place.
func TestAllOfAVMBillBeforeWhatIsLarge(t *testing.T) {
	t.Parallel()
	document := kept(redirectConfig)
	p := newRedirectingOf(t, document)
	other := newWorker(t, kept(twoInTurn), p.Host)
	other.worker.Share(p.handover)
	other.ask("/v1/chat/completions", askedPlain, func() {})
	x := p.ask(askFor("chain", true))
	a := p.attempt(x, "", "")
	a.respond(jsonAnswer("500", `{"error":{"message":"broken"}}`))
	old := p.proxy
	old.worker.End()
	p.proxy = newWorker(t, document, old.Host)
	p.worker.Share(p.handover)
	y := p.again(x, a)
	y.p = old
	p.attempt(y, "", "")
	p.handover.Brace(gateway.Large)
	if got, want := p.usages(), "a gpt-4o: 1, 0 failed, 26+0 tokens, 65000; claude chain: 1, 0 failed, 26+0 tokens, 78000"; got != want {
		t.Errorf("got %q, want %s", got, want)
	}
	for _, w := range []*gateway.Worker{old.worker, p.worker, other.worker} {
		w.End()
	}
	if n := p.handover.Workers(); n > 0 {
		t.Errorf("at the end %d workers are still known", n)
	}
}
