package gateway_test

import (
	"strings"
	"testing"

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
func broken(then ...string) cases.Message { return events(append([]string{role, saying("It was a dark "), saying("and stormy ")}, then...)...) }

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
		for cut := 1; cut < len(answer.Body); cut += 7 {
			p := newProxy(t, sequelConfig)
			p.details = "via_upstream"
			x := p.stream()
			x.request(chatRequest("/v1/chat/completions", `{"model":"chain","stream":true,"stream_options":{"include_usage":true},"max_tokens":100,"messages":[{"role":"user","content":"Tell"}]}`))
			x.respond(answer, cut)
			if len(p.calls) != 1 || x.answered {
				t.Fatalf("%s, cut at %d: got %d callouts and %s, want one", name, cut, len(p.calls), x.response)
			}
			got := string(p.calls[0].Body)
			if want := `{"role":"assistant","content":"It was a dark and stormy"}`; p.calls[0].Cluster != "claude" || !strings.Contains(strings.ReplaceAll(got, `[{"type":"text","text":"It was a dark and stormy"}]`, `"It was a dark and stormy"`), want) {
				t.Fatalf("%s: got %s, want what was said", name, got)
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
