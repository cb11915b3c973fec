package gateway_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters"
)

// A limit of a model that has a fallback: cheap costs a sixteenth of what dear does.
const topUpConfig = `{"hold_headers":"always","providers":[
	{"name":"a","type":"openai","cluster":"a","keys":[{"value":"key-a"}]},
	{"name":"b","type":"openai","cluster":"b","keys":[{"value":"key-b"}]}],
	"models":[{"name":"chain","targets":[{"provider":"a","model":"gpt-4o-mini"}],"fallback":[{"provider":"b","model":"gpt-4o"}]}],`

const longStream = `{"model":"chain","stream":true,"max_tokens":9000,"messages":[{"role":"user","content":"Hi"}]}`

// The answer of a stream's fallback is there as a whole: what it may have is reserved before.
func TestFallbackOfAStreamReservesItsWholeAnswer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ about, limit, want string }{
		{"there is room", `{"name":"all","output_tokens":20000,"per":"1m"}`, `"max_tokens":9000`},
		{"there is room for a part", `{"name":"all","output_tokens":6000,"per":"1m"}`, `"max_tokens":6000`},
		{"no more than a stream's first part", `{"name":"all","output_tokens":1000,"per":"1m"}`, `"max_tokens":1000`},
	} {
		p := newProxy(t, topUpConfig+`"limits":[`+tt.limit+`]}`)
		x := p.stream()
		x.request(chatRequest("/v1/chat/completions", longStream))
		x.respond(jsonAnswer("500", `{"error":{"message":"broken"}}`))
		if len(p.calls) != 1 || !bytes.Contains(p.calls[0].Body, []byte(tt.want)) {
			t.Errorf("%s: the fallback is asked %+v, want %s", tt.about, p.calls, tt.want)
		}
		y := p.stream()
		if y.request(chatRequest("/v1/chat/completions", longStream)); tt.about != "there is room" && !y.answered {
			t.Errorf("%s: another request passes while all is reserved", tt.about)
		}
		x.done()
		y.done()
	}
}

// A fallback that costs more has to have room for that.
func TestFallbackReservesItsOwnPrices(t *testing.T) {
	t.Parallel()
	const ask = `{"model":"chain","max_tokens":1000,"messages":[{"role":"user","content":"Hi"}]}`
	for _, tt := range []struct {
		budget string
		called bool
	}{{"1", true}, {"0.005", false}} { // 1,000 tokens are 0.0006 and 0.01 dollars
		p := newProxy(t, topUpConfig+`"budgets":[{"name":"money","usd":`+tt.budget+`,"per":"1h"}]}`)
		x := p.stream()
		x.request(chatRequest("/v1/chat/completions", ask))
		x.respond(jsonAnswer("500", `{"error":{"message":"broken"}}`))
		if called := len(p.calls) == 1; called != tt.called {
			t.Errorf("with %s dollars the fallback is asked: %v", tt.budget, called)
		}
		if !tt.called && x.response.First != "429" {
			t.Errorf("with %s dollars the client gets %s", tt.budget, x.response)
		}
		x.done()
	}
}

// A client that leaves while its stream is held for its first content has had its provider
// work: that counts as without a fallback.
func TestHangUpWhileAnAnswerIsHeld(t *testing.T) {
	t.Parallel()
	p := newProxy(t, topUpConfig+`"limits":[{"name":"all","tokens":20000,"per":"1m"}]}`)
	x := p.stream()
	x.request(chatRequest("/v1/chat/completions", longStream))
	x.begin([]adapters.Header{{Name: ":status", Value: "200"}, {Name: "content-type", Value: "text/event-stream"}}, false)
	x.done()
	if r := string(x.record); !strings.Contains(r, `"input_tokens":`) || !strings.Contains(r, `"error":"aborted"`) {
		t.Errorf("the record is %s", r)
	}
}
