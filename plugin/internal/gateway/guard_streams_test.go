package gateway_test

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/plugin/internal/redact"
)

// TestStreamsHaveTheResultOfTheWhole sends every text of the labelled set as a stream of
// small pieces, in the client's own dialect and in another, and reads what a whole has.
func TestStreamsHaveTheResultOfTheWhole(t *testing.T) {
	t.Parallel()
	f, err := os.Open("../redact/testdata/pii.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var texts []string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var l struct{ Text string }
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, l.Text)
	}
	for i := 0; i < len(texts); i += 20 {
		text := strings.Join(texts[i:min(i+20, len(texts))], " \\ \"\n")
		r := redact.Redactor{Of: &redact.Case{Rules: &redact.Rules{On: redact.All}}, Answer: true}
		_, edits := r.Feed([]byte(text), true)
		want := string(redact.Apply(nil, []byte(text), edits))
		for n, model := range map[int]string{1: "gpt-4o", 5: "claude-x", 64: "gpt-4o"} {
			if got := streamed(t, model, text, n); got != want {
				t.Errorf("%s in pieces of %d characters: got %q, want %q", model, n, got, want)
			}
		}
	}
}

// streamed is what a client of OpenAI's API reads of an answer that comes so many
// characters at a time.
func streamed(t *testing.T, model, text string, n int) string {
	t.Helper()
	events := []string{}
	if model != "gpt-4o" {
		events = append(events, `{"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"claude","content":[],"usage":{"input_tokens":5,"output_tokens":1}}}`,
			`{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`)
	}
	for rest := []rune(text); len(rest) > 0; rest = rest[min(n, len(rest)):] {
		piece, _ := json.Marshal(string(rest[:min(n, len(rest))]))
		if model == "gpt-4o" {
			events = append(events, `{"id":"c","object":"chat.completion.chunk","model":"gpt","choices":[{"index":0,"delta":{"content":`+string(piece)+`},"finish_reason":null}]}`)
		} else {
			events = append(events, `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":`+string(piece)+`}}`)
		}
	}
	if model == "gpt-4o" {
		events = append(events, `{"id":"c","object":"chat.completion.chunk","model":"gpt","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`, "[DONE]")
	} else {
		events = append(events, `{"type":"content_block_stop","index":0}`, `{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":12}}`, `{"type":"message_stop"}`)
	}
	p := newProxy(t, withGuard(`,"action":"label"`))
	x := p.stream()
	x.request(posted("/v1/chat/completions", `{"model":"`+model+`","messages":[{"role":"user","content":"Hi"}],"stream":true}`))
	p.details = "via_upstream"
	a := answered("text/event-stream", sseOf(events...))
	x.respond(a, every(1000, len(a.Body))...)
	x.done()
	var got strings.Builder
	for line := range strings.Lines(string(x.response.Body)) {
		var e struct {
			Choices []struct{ Delta struct{ Content string } }
		}
		if data, ok := strings.CutPrefix(line, "data: {"); ok {
			if err := json.Unmarshal([]byte("{"+data), &e); err != nil {
				t.Fatalf("%v in %s", err, line)
			}
			for _, c := range e.Choices {
				got.WriteString(c.Delta.Content)
			}
		}
	}
	return got.String()
}
