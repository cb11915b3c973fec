package gateway_test

import (
	"testing"
	"time"

	"github.com/postern-gateway/postern/plugin/cases"
)

// FuzzAttempts has a proxy do what proxies do, in any order: begin attempts, at endpoints that
// are and are not the model's, end them with and without saying so, give their answers whole
// or in part, answer by itself, let the client leave. Nothing may be left in the end, and what
// the client gets is never another attempt's.
func FuzzAttempts(f *testing.F) {
	f.Add([]byte{0, 1, 2, 0, 9, 3}, true)
	f.Add([]byte{0, 4, 0, 2, 5, 1, 1, 8, 6, 0, 3}, false)
	f.Add([]byte{24, 6, 0, 7, 16, 1, 2}, true)
	answers := []cases.Message{good, events(role, hello, stopped, "[DONE]"), events(role, failure), jsonAnswer("500", `{"error":{"message":"broken"}}`),
		jsonAnswer("429", `{"error":{"message":"slow"}}`), jsonAnswer("200", `{"id":`), {First: "200"}, events(role)}
	endpoints := [][2]string{{"a", "m-a"}, {"b", "m-b"}, {"claude", "claude-sonnet-4-5"}, {"vertex", "gemini-2.5-flash"}, {"nobody", ""}}
	f.Fuzz(func(t *testing.T, script []byte, stream bool) {
		p := newNative(t)
		x := p.ask(askFor("chain", stream))
		var all []*exchange
		var now *exchange // the attempt under way
		over := false     // the client has its answer
		give := func(m cases.Message) {
			x.respond(m)
			over, now = true, nil
		}
		for i, b := range script {
			if over || i > 40 {
				break
			}
			switch op, arg := b%8, int(b/8); {
			case op <= 1:
				e := endpoints[arg%len(endpoints)]
				now = p.attempt(x, e[0], e[1])
				all = append(all, now)
				if now.answered { // what an upstream filter answers is the client's
					give(now.response)
				}
			case op == 2 && now != nil && now.upstream != nil:
				m := answers[arg%len(answers)]
				now.respond(m, 1+arg%40)
				if now.answered || now.response.Get("x-postern-retry") == "" {
					give(now.response)
				}
				now = nil
			case op == 3 && now != nil:
				now.done()
				now = nil
			case op == 4:
				p.properties = map[string]string{"response\x00code_details": "upstream_reset_before_response_started"}
				give(jsonAnswer("503", "upstream connect error"))
			case op == 5:
				p.now += int64(time.Duration(arg) * 300 * time.Millisecond)
				for _, a := range all {
					a.waits = a.waits && !a.answered
				}
				p.wake(p.worker.Tick())
			case op == 6 && len(p.calls) > 0:
				p.answer(&cases.Message{First: "200", Body: []byte(`{"access_token":"t","expires_in":3600}`)})
			case op == 7:
				over = true
			}
		}
		x.done()
		for _, a := range all {
			a.waits = true // nobody may wake it any more, and it would be seen
			a.done()
		}
		for len(p.calls) > 0 {
			p.answer(nil)
		}
		if left := p.worker.Left(); left != "" {
			t.Errorf("got %s left", left)
		}
	})
}
