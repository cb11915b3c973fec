package anthropic_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters/anthropic"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/openaichat"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/sse"
	"github.com/postern-gateway/postern/e2e/mockllm"
	"github.com/postern-gateway/postern/e2e/mockllm/grammar"
)

// exchange sends a request of an OpenAI client to the mock and gives back the answer as
// the client sees it.
func exchange(t testing.TB, s *mockllm.Server, client map[string]any) map[string]any {
	t.Helper()
	body, err := json.Marshal(client)
	if err != nil {
		t.Fatal(err)
	}
	tr := anthropic.Translator()
	sent, e := tr.AppendRequest(nil, read(t, string(body)))
	if e != nil {
		t.Fatalf("got %s for %s", e.Message, body)
	}
	status, raw := ask(t, s, string(sent))
	if status != 200 {
		t.Fatalf("got status %d: %s\nsent %s", status, raw, sent)
	}
	var doc rawjson.Doc
	if err := doc.Parse(raw); err != nil {
		t.Fatal(err)
	}
	var out chat.Response
	if err := tr.ReadResponse(doc.Root(), &out); err != nil {
		t.Fatal(err)
	}
	var answer map[string]any
	if err := json.Unmarshal((openaichat.Writer{}).AppendResponse(nil, &out), &answer); err != nil {
		t.Fatal(err)
	}
	return answer["choices"].([]any)[0].(map[string]any)
}

// A loop of calls over three turns, as an OpenAI SDK runs it: each answer goes back as
// it came. The mock signs its thoughts and refuses them changed or missing.
func TestLoopOfCallsKeepsThoughts(t *testing.T) {
	t.Parallel()
	for _, model := range []string{"claude-haiku-4-5", "claude-sonnet-4-6", "claude-opus-4-8", "claude-sonnet-5"} {
		t.Run(model, func(t *testing.T) {
			t.Parallel()
			s := mockllm.New(mockllm.Options{})
			tool := map[string]any{"type": "function", "function": map[string]any{"name": "add", "parameters": map[string]any{"type": "object", "properties": map[string]any{"a": map[string]any{"type": "integer"}}}}}
			messages := []any{
				map[string]any{"role": "system", "content": "You add."},
				map[string]any{"role": "user", "content": `call add with {"a":1}, call add with {"a":2} then call add with {"a":3}`},
			}
			var calls []string
			for round := range 3 {
				choice := exchange(t, s, map[string]any{"model": model, "messages": messages, "tools": []any{tool}, "reasoning_effort": "high", "max_completion_tokens": 30000})
				message := choice["message"].(map[string]any)
				messages = append(messages, message)
				list, _ := message["tool_calls"].([]any)
				if len(list) == 0 {
					if round != 2 || choice["finish_reason"] != "stop" || !strings.Contains(message["content"].(string), "sum 3") {
						t.Errorf("got %v after %d rounds, want an answer with the results after 2", choice, round)
					}
					break
				}
				if choice["finish_reason"] != "tool_calls" {
					t.Errorf("got finish_reason %v, want tool_calls", choice["finish_reason"])
				}
				for _, c := range list {
					c := c.(map[string]any)
					f := c["function"].(map[string]any)
					calls = append(calls, fmt.Sprint(f["name"], f["arguments"]))
					messages = append(messages, map[string]any{"role": "tool", "tool_call_id": c["id"], "content": fmt.Sprintf("sum %d", len(calls))})
				}
			}
			if got, want := strings.Join(calls, " "), `add{"a":1} add{"a":2} add{"a":3}`; got != want {
				t.Errorf("got calls %s, want %s", got, want)
			}
		})
	}
}

// What a stream says in all, and its usage, is what the answer in one piece says.
func TestStreamSaysWhatTheWholeAnswerSays(t *testing.T) {
	t.Parallel()
	for _, tt := range cases() {
		if tt.sent == "" || strings.Contains(tt.sent, `"signature"`) {
			continue
		}
		r := read(t, tt.client)
		r.IncludeUsage = true
		s := mockllm.New(mockllm.Options{Models: map[string][]string{"anthropic": {"kimi-k9"}}})
		tr := anthropic.Translator()
		whole := stream(t, s, tr.NewDecoder().Event, r, false)
		streamed := stream(t, s, tr.NewDecoder().Event, r, true)
		if strings.ReplaceAll(whole, "{};", ";") != strings.ReplaceAll(streamed, "{};", ";") { // a stream may leave empty arguments out
			t.Errorf("%s:\nwhole  %s\nstream %s", tt.name, whole, streamed)
		}
	}
}

// stream is what an answer says, with its finish and usage.
func stream(t *testing.T, s *mockllm.Server, event func(kind, data []byte, emit func(*chat.Event)) error, r *chat.Request, streaming bool) string {
	t.Helper()
	r.Stream = streaming
	sent, e := anthropic.Translator().AppendRequest(nil, r)
	if e != nil {
		t.Fatal(e.Message)
	}
	_, raw := ask(t, s, string(sent))
	var said strings.Builder
	if !streaming {
		var doc rawjson.Doc
		if err := doc.Parse(raw); err != nil {
			t.Fatal(err)
		}
		var out chat.Response
		if err := anthropic.Translator().ReadResponse(doc.Root(), &out); err != nil {
			t.Fatal(err)
		}
		for _, p := range out.Choices[0].Parts {
			fmt.Fprintf(&said, "%d %s%s%s;", p.Kind, p.Name, p.Text, rawjson.AppendEscaped(nil, []byte(p.Input)))
		}
		fmt.Fprintf(&said, "%d %+v", out.Choices[0].Finish, out.Usage)
		return said.String()
	}
	enc := (openaichat.Writer{}).NewEncoder()
	enc.Reset(r)
	var written []byte
	var frames sse.Decoder
	emit := func(e *chat.Event) {
		written = enc.Append(written, e)
		switch e.Kind {
		case chat.BlockStart:
			fmt.Fprintf(&said, "%d %s", e.Block, e.Name)
		case chat.TextDelta:
			said.Write(e.Text)
		case chat.BlockStop:
			said.WriteByte(';')
		case chat.FinishEvent:
			fmt.Fprintf(&said, "%d %+v", e.Finish, e.Usage)
		}
	}
	for {
		ev, n, ok, err := frames.Next(raw)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			break
		}
		raw = raw[n:]
		if err := event(ev.Type, ev.Data, emit); err != nil {
			t.Fatal(err)
		}
	}
	if err := grammar.OpenAIChat(written); err != nil && !strings.Contains(string(sent), `"thinking"`) { // of which OpenAI's own chunks have nothing
		t.Errorf("got %v in what an OpenAI client gets\n%s", err, written)
	}
	return said.String()
}
