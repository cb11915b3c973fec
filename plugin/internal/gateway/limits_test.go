package gateway_test

import (
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/plugin/cases"
	"github.com/postern-gateway/postern/plugin/internal/gateway"
)

func limitedProxy(t *testing.T, limits string) *proxy {
	return newProxy(t, `{"hold_headers":"always",`+strings.TrimPrefix(strings.TrimSuffix(benchConfig, "}"), "{")+`,"limits":[`+limits+`]}`)
}

func (p *proxy) chat(stream bool) *exchange {
	x := p.stream()
	body := `{"model":"gpt-4o","max_tokens":50,"messages":[]}`
	if stream {
		body = `{"model":"gpt-4o","max_tokens":50,"messages":[],"stream":true}`
	}
	x.request(cases.Message{First: "POST /v1/chat/completions", Headers: []cases.Header{{Name: "content-type", Value: "application/json"}}, Body: []byte(body)})
	return x
}

// A limit with a wait holds a request until there is room, as long as that is near enough.
func TestRequestsThatWaitForALimit(t *testing.T) {
	p := limitedProxy(t, `{"key":[],"requests":1,"per":"2s","burst":1,"wait":"5s"}`)
	first, second, third := p.chat(false), p.chat(false), p.chat(false)
	if first.upstream == nil || second.upstream != nil || second.answered || third.answered {
		t.Fatal("the second and the third request are not held")
	}
	for range 3 {
		p.tick(gateway.TickEvery)
	}
	if second.upstream != nil {
		t.Error("the second request went out before there was room")
	}
	p.tick(gateway.TickEvery)
	if second.upstream == nil || third.upstream != nil {
		t.Error("not just the second request went out when there was room for one")
	}
	p.tick(time.Second)
	if third.answered || third.upstream != nil {
		t.Error("the third request does not wait on")
	}
	p.tick(2 * time.Second)
	if third.upstream == nil {
		t.Errorf("the third request did not go out: %s", third.response)
	}
	late := []*exchange{p.chat(false), p.chat(false), p.chat(false)}
	for range 14 {
		p.tick(gateway.TickEvery)
	}
	if late[0].upstream == nil || late[1].upstream == nil {
		t.Error("two of those that came then did not go out")
	}
	if late[2].response.First != "429" {
		t.Errorf("got %s, want a refusal of the last one after its time", late[2].response)
	}
}

// A client that leaves while it is held takes nothing.
func TestClientsThatLeaveWhileTheyWait(t *testing.T) {
	p := limitedProxy(t, `{"key":[],"concurrent":1,"wait":"10s"}`)
	first, second, third := p.chat(false), p.chat(false), p.chat(false)
	second.done()
	first.done()
	p.tick(gateway.TickEvery)
	if third.upstream == nil {
		t.Error("the third request did not go out when the first was over")
	}
	third.done()
	if next := p.chat(false); next.upstream == nil {
		t.Error("something is still under way")
	}
}
