package gateway_test

import (
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/e2e/mockllm/grammar"
	"github.com/postern-gateway/postern/plugin/cases"
)

const sequelConfig = `{"hold_headers":"always","providers":[
	{"name":"a","type":"openai","cluster":"a","keys":[{"value":"key-a"}]},
	{"name":"b","type":"openai","cluster":"b","keys":[{"value":"key-b"}]},
	{"name":"claude","type":"anthropic","cluster":"claude","keys":[{"value":"key-c"}]}],
	"models":[{"name":"chain","targets":[{"provider":"a","model":"m-a"}],"fallback":[{"provider":"claude","model":"claude-sonnet-4-5"},{"provider":"b","model":"m-b"}],"continue":{"attempts":2},"idle":"5s"}],
	"limits":[{"name":"now","concurrent":1},{"name":"much","tokens":1000000,"per":"1m"}]}`

func saying(text string) string { return strings.Replace(hello, "hello", text, 1) }

// broken is a stream that has said something and then ends with what follows.
func broken(then ...string) cases.Message {
	return events(append([]string{role, saying("It was a dark "), saying("and stormy ")}, then...)...)
}

const counted = `{"id":"d","object":"chat.completion.chunk","created":2,"model":"m-b","choices":[],"usage":{"prompt_tokens":20,"completion_tokens":3,"total_tokens":23}}`

func claudeStream(text string) cases.Message {
	return cases.Message{First: "200", Headers: []cases.Header{{Name: "content-type", Value: "text/event-stream"}}, Body: []byte(sseOf(
		`{"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"c","content":[],"usage":{"input_tokens":9,"output_tokens":1}}}`,
		`{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"`+text+`"}}`,
		`{"type":"content_block_stop","index":0}`,
		`{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":3}}`,
		`{"type":"message_stop"}`))}
}

func TestAStreamIsGoneOnWith(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]cases.Message{"an error": broken(failure), "an early end": broken(), "an event that is none": broken(`{"choices":`)} {
		begun := len(events(role, saying("It was a dark ")).Body)
		for cut := begun; cut < len(answer.Body); cut += 7 {
			p := newProxy(t, sequelConfig)
			p.details = "via_upstream"
			x := p.stream()
			x.request(chatRequest("/v1/chat/completions", `{"model":"chain","stream":true,"stream_options":{"include_usage":true},"max_tokens":100,"messages":[{"role":"user","content":"Tell"}]}`))
			x.respond(answer, len(events(role).Body), cut)
			if len(p.calls) != 1 || x.answered {
				t.Fatalf("%s, cut at %d: got %d callouts and %s, want one", name, cut, len(p.calls), x.response)
			}
			got := string(p.calls[0].Body)
			if want := `{"role":"assistant","content":"It was a dark and stormy"}`; p.calls[0].Cluster != "claude" || !strings.Contains(strings.ReplaceAll(got, `[{"type":"text","text":"It was a dark and stormy"}]`, `"It was a dark and stormy"`), want) {
				t.Fatalf("%s, cut at %d of %d: got %s, want what was said", name, cut, len(answer.Body), got)
			}
			next := claudeStream(` night.`)
			p.answer(&next)
			body := string(x.response.Body)
			if err := grammar.OpenAIChat([]byte(body)); err != nil || !strings.Contains(body, "[DONE]") || strings.Count(body, `"id":"chatcmpl-c"`) != strings.Count(body, `"id"`) {
				t.Fatalf("%s, cut at %d: got %s (%v), want one stream", name, cut, body, err)
			}
			if text := said(body); text != "It was a dark and stormy night." {
				t.Fatalf("%s, cut at %d: got %q", name, cut, text)
			}
			x.done()
			for _, want := range []string{`"provider":"claude"`, `"status":200`, `"continued":1`, `"failed":"a/m-a stream_error"`, `"output_tokens":9`, `"estimated":true`} {
				if !strings.Contains(string(x.record), want) {
					t.Errorf("%s, cut at %d: got the record %s, want %s", name, cut, x.record, want)
				}
			}
			if strings.Contains(string(x.record), `"error"`) {
				t.Errorf("%s: got the record %s, want no error", name, x.record)
			}
			again := p.stream()
			again.request(askFor("chain", true))
			if again.answered {
				t.Errorf("%s: got %s, want nothing left under way", name, again.response)
			}
			if t.Failed() {
				return
			}
		}
	}
}

// As long as nothing has gone out another target answers from the beginning.
func TestAStreamThatBreaksOffInOnePiece(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]cases.Message{"an error": broken(failure), "an early end": broken()} {
		p := newProxy(t, sequelConfig)
		p.details = "via_upstream"
		x := p.stream()
		x.request(askFor("chain", true))
		x.respond(answer)
		if len(p.calls) != 1 || strings.Contains(string(p.calls[0].Body), "stormy") {
			t.Fatalf("%s: got %d callouts and %s, want one that asks anew", name, len(p.calls), x.response)
		}
		next := claudeStream("It was.")
		p.answer(&next)
		if got := said(string(x.response.Body)); got != "It was." {
			t.Errorf("%s: got %q, want the second's answer", name, got)
		}
		x.done()
	}
}

// said is the text of a stream of OpenAI's.
func said(body string) (text string) {
	for line := range strings.Lines(body) {
		if _, rest, ok := strings.Cut(line, `"content":"`); ok {
			part, _, _ := strings.Cut(rest, `"`)
			text += part
		}
	}
	return text
}

const idleConfig = `{"hold_headers":"always","providers":[
	{"name":"a","type":"openai","cluster":"a","keys":[{"value":"key-a"}]},
	{"name":"b","type":"openai","cluster":"b","keys":[{"value":"key-b"}]}],
	"models":[
	{"name":"alone","targets":[{"provider":"a","model":"m-a"}],"idle":"5s"},
	{"name":"chain","targets":[{"provider":"a","model":"m-a"}],"fallback":[{"provider":"b","model":"m-b"}],"idle":"5s"},
	{"name":"other","targets":[{"provider":"a","model":"m-a"}],"fallback":[{"provider":"b","model":"m-b","on":["rate_limited"]}],"idle":"5s"},
	{"name":"on","targets":[{"provider":"a","model":"m-a"}],"fallback":[{"provider":"b","model":"m-b"}],"idle":"5s","continue":{}}],
	"limits":[{"name":"now","concurrent":1}]}`

// stalls begins the answer to a stream of a model with some pieces, and then says nothing
// for a while.
func stalls(p *proxy, model string, pieces ...string) *exchange {
	p.details = "via_upstream"
	x := p.stream()
	x.request(askFor(model, true))
	x.begin([]adapters.Header{{Name: ":status", Value: "200"}, {Name: "content-type", Value: "text/event-stream"}}, false)
	for _, piece := range pieces {
		x.chunk([]byte("data: "+piece+"\n\n"), false)
		p.tick(3 * time.Second)
	}
	x.waits = true
	p.tick(5 * time.Second)
	return x
}

func TestStreamsThatStall(t *testing.T) {
	t.Parallel()
	next := events(role, saying("night."), stopped, counted, "[DONE]")
	for _, tt := range []struct {
		name, model string
		pieces      []string
		calls       int
		text        string
		record      []string
	}{
		{"before its content", "chain", []string{role}, 1, "night.", []string{`"failed":"a/m-a idle"`, `"provider":"b"`, `"status":200`}},
		{"before its first event", "chain", nil, 1, "night.", []string{`"failed":"a/m-a idle"`}},
		{"before its content, with nothing for that", "other", []string{role}, 0, "", []string{`"status":504`, `"error":"idle_timeout"`}},
		{"amid its text", "chain", []string{role, saying("It was ")}, 0, "It was ", []string{`"error":"idle"`, `"output_tokens":2`, `"estimated":true`}},
		{"alone", "alone", []string{role, saying("It was ")}, 0, "It was ", []string{`"error":"idle"`}},
		{"alone before its first event", "alone", nil, 0, "", []string{`"error":"idle"`}},
		{"amid its text, to be gone on with", "on", []string{role, saying("It was ")}, 1, "It was night.", []string{`"continued":1`, `"failed":"a/m-a idle"`, `"output_tokens":5`}},
		{"to be gone on with, in one piece", "on", []string{saying("It was "), saying("dark ")}, 1, "It was dark night.", []string{`"continued":1`}},
		{"to be gone on with, before anything has gone out", "on", []string{saying("It was ")}, 1, "night.", []string{`"failed":"a/m-a idle"`}},
	} {
		p := newProxy(t, idleConfig)
		x := stalls(p, tt.model, tt.pieces...)
		if len(p.calls) != tt.calls {
			t.Errorf("%s: got %d callouts, want %d", tt.name, len(p.calls), tt.calls)
			continue
		}
		if tt.calls > 0 {
			if x.torn {
				t.Errorf("%s: the stream is torn down", tt.name)
			}
			x.waits = true
			p.answer(&next)
			if !strings.Contains(string(x.response.Body), "[DONE]") {
				t.Errorf("%s: got %s, want a whole stream", tt.name, x.response)
			}
			if !x.answered { // the first is still there
				x.chunk([]byte("data: "+saying("too late")+"\n\n"), false)
				p.tick(21 * time.Second)
			}
		}
		if x.answered == x.torn {
			t.Errorf("%s: torn down: %v, answered: %v", tt.name, x.torn, x.answered)
		}
		if got := said(string(x.response.Body)); got != tt.text {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.text)
		}
		x.done()
		for _, want := range tt.record {
			if !strings.Contains(string(x.record), want) {
				t.Errorf("%s: got the record %s, want %s", tt.name, x.record, want)
			}
		}
		if again := p.stream(); !t.Failed() {
			if again.request(askFor("alone", true)); again.answered {
				t.Errorf("%s: got %s, want nothing left under way", tt.name, again.response)
			}
		}
	}
}

// What comes of a sequel: how many were asked, what the client has read, and what is recorded.
func TestSequels(t *testing.T) {
	t.Parallel()
	good, bad := events(role, saying("night."), stopped, counted, "[DONE]"), jsonAnswer("500", `{"error":{"message":"broken"}}`)
	call := `{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"f","arguments":"{\"a"}}]},"finish_reason":null}]}`
	called := strings.Replace(stopped, `"stop"`, `"tool_calls"`, 1)
	for _, tt := range []struct {
		name    string
		request string // more members of it
		begins  []string
		answers []*cases.Message
		text    string
		has     string // and what else the stream has
		record  []string
	}{
		{"the first that is asked fails", "", nil, []*cases.Message{&bad, &good}, "It was a dark and stormy night.", "[DONE]",
			[]string{`"continued":1`, `"failed":"a/m-a stream_error, claude/claude-sonnet-4-5 server_error"`, `"provider":"b"`, `"output_tokens":9`}},
		{"nobody answers", "", nil, []*cases.Message{nil, nil}, "It was a dark and stormy ", `"error":{"message":"the provider did not answer in time"`,
			[]string{`"error":"stream_error"`, `"output_tokens":6`}},
		{"both fail", "", nil, []*cases.Message{&bad, &bad}, "It was a dark and stormy ", `"error":{"message":"broken"`, []string{`"error":"stream_error"`, `"output_tokens":6`}},
		{"one that cannot be asked", `"logit_bias":{"1":5},`, nil, []*cases.Message{&good}, "It was a dark and stormy night.", "[DONE]",
			[]string{`"continued":1`, `"failed":"a/m-a stream_error, claude/claude-sonnet-4-5 unsuited"`, `"output_tokens":9`}},
		{"one breaks off as well", "", nil, []*cases.Message{ptr(claudeHalf("and very ")), &good}, "It was a dark and stormy and very night.", "[DONE]", []string{`"continued":2`, `"output_tokens":11`}},
		{"a sequel that calls a tool", `"tools":[{"type":"function","function":{"name":"f"}}],`, nil, []*cases.Message{ptr(bad), ptr(events(role, call, called, "[DONE]"))},
			"It was a dark and stormy ", `"finish_reason":"tool_calls"`, []string{`"continued":1`}},
		{"a call that is half said", `"tools":[{"type":"function","function":{"name":"f"}}],`, []string{role, saying("It was "), call}, nil, "It was ", `"error"`, []string{`"error":"stream_error"`}},
		{"an answer in a form", `"response_format":{"type":"json_object"},`, nil, nil, "It was a dark and stormy ", `"error"`, []string{`"error":"stream_error"`}},
		{"an answer that has ended", "", []string{role, saying("It was."), stopped}, nil, "It was.", `"error"`, []string{`"error":"stream_error"`}},
		{"several answers", `"n":2,`, nil, nil, "It was a dark and stormy ", `"error"`, []string{`"error":"stream_error"`}},
	} {
		p := newProxy(t, sequelConfig)
		p.details = "via_upstream"
		x := p.stream()
		x.request(chatRequest("/v1/chat/completions", `{"model":"chain","stream":true,`+tt.request+`"messages":[{"role":"user","content":"Tell"}]}`))
		begins := tt.begins
		if begins == nil {
			begins = []string{role, saying("It was a dark "), saying("and stormy ")}
		}
		first := events(append(begins, failure)...)
		x.respond(first, len(events(role).Body), len(events(begins[:2]...).Body))
		for _, a := range tt.answers {
			if len(p.calls) != 1 {
				t.Fatalf("%s: got %d callouts, want one; the client got %s", tt.name, len(p.calls), x.response)
			}
			p.answer(a)
		}
		body := string(x.response.Body)
		if len(p.calls) > 0 || said(body) != tt.text || !strings.Contains(body, tt.has) {
			t.Errorf("%s: got %d more callouts and %s, want %q and %s", tt.name, len(p.calls), body, tt.text, tt.has)
		}
		x.done()
		for _, want := range tt.record {
			if !strings.Contains(string(x.record), want) {
				t.Errorf("%s: got the record %s, want %s", tt.name, x.record, want)
			}
		}
		again := p.stream()
		if again.request(askFor("chain", true)); again.answered {
			t.Errorf("%s: got %s, want nothing left under way", tt.name, again.response)
		}
	}
}

func ptr(m cases.Message) *cases.Message { return &m }

// claudeHalf is a stream that ends amid its text.
func claudeHalf(text string) cases.Message {
	m := claudeStream(text)
	m.Body = m.Body[:strings.Index(string(m.Body), "event: content_block_stop")]
	return m
}

// Each provider is billed for what it has said, also where the client has left before the
// end of it.
func TestWhoIsBilledForASequel(t *testing.T) {
	t.Parallel()
	for name, leaves := range map[string]bool{"the client stays": false, "the client leaves": true} {
		p := newProxy(t, sequelConfig)
		p.details = "via_upstream"
		x := p.stream()
		x.request(askFor("chain", true))
		x.respond(broken(failure), len(events(role).Body), len(events(role, saying("It was a dark ")).Body))
		if leaves {
			x.done()
			again := p.stream()
			again.request(askFor("chain", true))
			if again.wantStatus("429", "has no room"); t.Failed() {
				return
			}
		}
		next := claudeStream("night.")
		p.answer(&next)
		if !leaves {
			x.done()
		}
		p.tick(time.Second)
		for series, want := range map[string]uint64{"a;model=chain;type=output": 6, "claude;model=chain;type=output": 3, "claude;model=chain;type=input": 9} {
			found := false
			for at, n := range p.counts {
				if strings.Contains(at, "tokens") && strings.Contains(at, "provider="+strings.Split(series, ";")[0]) && strings.Contains(at, strings.Split(series, "type=")[1]) && n == want {
					found = true
				}
			}
			if !found {
				t.Errorf("%s: %s is not %d in %v", name, series, want, p.counts)
			}
		}
		again := p.stream()
		if again.request(askFor("chain", true)); again.answered {
			t.Errorf("%s: got %s, want nothing left under way", name, again.response)
		}
	}
}

// A sequel has what the answer may still have, and what limits have room for; without room
// there is none.
func TestSequelsReserve(t *testing.T) {
	t.Parallel()
	config := strings.Replace(strings.TrimSuffix(topUpConfig, ","), `"model":"gpt-4o"}]}`, `"model":"gpt-4o"}],"continue":{}}`, 1)
	for _, tt := range []struct{ about, limits, want string }{
		{"no limit", ``, `"max_tokens":8994`},
		{"there is room", `"limits":[{"name":"all","output_tokens":20000,"per":"1m"}]`, `"max_tokens":8994`},
		{"there is room for a part", `"limits":[{"name":"all","output_tokens":6000,"per":"1m"}]`, `"max_tokens":5994`},
		{"there is none for its prompt", `"limits":[{"name":"all","input_tokens":50,"per":"1m"}]`, ``},
		{"there is none for its price", `"budgets":[{"name":"money","usd":0.01,"per":"1h"}]`, ``},
	} {
		limits := tt.limits
		if limits != "" {
			limits = "," + limits
		}
		p := newProxy(t, config+limits+"}")
		p.details = "via_upstream"
		x := p.stream()
		x.request(chatRequest("/v1/chat/completions", longStream))
		x.respond(broken(failure), len(events(role).Body), len(events(role, saying("It was a dark ")).Body))
		switch {
		case tt.want == "" && (len(p.calls) > 0 || !strings.Contains(string(x.response.Body), `"error"`)):
			t.Errorf("%s: got %d callouts and %s, want the error", tt.about, len(p.calls), x.response)
		case tt.want != "" && (len(p.calls) != 1 || !strings.Contains(strings.ReplaceAll(string(p.calls[0].Body), "max_completion_tokens", "max_tokens"), tt.want)):
			t.Errorf("%s: got %d callouts and %s, want %s", tt.about, len(p.calls), x.response, tt.want)
		}
		x.done()
	}
}

// If nobody can be asked the first part counts once all the same.
func TestNobodyCanGoOn(t *testing.T) {
	t.Parallel()
	p := newProxy(t, strings.Replace(sequelConfig, `,{"provider":"b","model":"m-b"}`, "", 1))
	p.details = "via_upstream"
	x := p.stream()
	x.request(chatRequest("/v1/chat/completions", `{"model":"chain","stream":true,"logit_bias":{"1":5},"messages":[{"role":"user","content":"Tell"}]}`))
	x.respond(broken(failure), len(events(role).Body), len(events(role, saying("It was a dark ")).Body))
	if body := string(x.response.Body); len(p.calls) > 0 || !strings.Contains(body, `"error":{"message":"overloaded"`) {
		t.Errorf("got %d callouts and %s, want the error", len(p.calls), body)
	}
	x.done()
	if want := `"input_tokens":32,"output_tokens":6,"estimated":true`; !strings.Contains(string(x.record), want) || !strings.Contains(string(x.record), `"error":"stream_error"`) {
		t.Errorf("got the record %s, want %s", x.record, want)
	}
}
