package ollama_test

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/e2e/mockllm"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/mocktest"
)

const tinyPNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="

func do(c *mocktest.Client, path, body string) mocktest.Reply {
	return c.Do("POST", path, body, "Authorization", "Bearer ollama-mock")
}

// chat is a request for an answer in one piece.
func chat(model, messages string, more ...string) string {
	return `{"model":"` + model + `","stream":false,"messages":[` + messages + `]` + strings.Join(append([]string{""}, more...), ",") + `}`
}

const (
	hi   = `{"role":"user","content":"hi"}`
	call = `{"role":"user","content":"call get"},{"role":"assistant","content":"","tool_calls":[{"id":"a","function":{"name":"get","arguments":{}}}]}`
	tool = `"tools":[{"type":"function","function":{"name":"get","parameters":{"type":"object","properties":{}}}}]`
)

func TestRefuse(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "ollama", mockllm.Options{})
	for _, tt := range []struct {
		name, body string
		status     int
		message    string
	}{
		{"no JSON", `{`, 400, "unexpected EOF"},
		{"no model", `{"messages":[` + hi + `]}`, 400, "model is required"},
		{"a model that is not there", chat("nope", hi), 404, "model 'nope' not found"},
		{"a content of parts", chat("llama3.2", `{"role":"user","content":[{"type":"text","text":"hi"}]}`), 400, "json: cannot unmarshal array"},
		{"an unknown member", chat("llama3.2", hi, `"temperature":1`), 400, "json: unknown field"},
		{"an unknown option", chat("llama3.2", hi, `"options":{"max_tokens":1}`), 400, "json: unknown field"},
		{"arguments in a string", chat("llama3.2", strings.Replace(call, `{}`, `"{}"`, 1)), 400, "json: cannot unmarshal string"},
		{"a result without its call", chat("llama3.2", hi+`,{"role":"tool","tool_call_id":"x","content":"1"}`), 400, "answers no call"},
		{"tools of a model without", chat("llava", hi, tool), 400, "does not support tools"},
		{"thinking of a model without", chat("llama3.2", hi, `"think":true`), 400, "does not support thinking"},
		{"a level that is none", chat("qwen3", hi, `"think":"xhigh"`), 400, "invalid value for think"},
		{"a data URL", chat("llava", `{"role":"user","content":"","images":["data:image/png;base64,`+tinyPNG+`"]}`), 400, "illegal base64 data"},
		{"an image for a model that does not see", chat("llama3.2", `{"role":"user","content":"","images":["`+tinyPNG+`"]}`), 400, "image input"},
	} {
		got := do(c, "/api/chat", tt.body)
		var body struct{ Error string }
		got.Into(t, &body)
		if got.Status != tt.status || !strings.Contains(body.Error, tt.message) {
			t.Errorf("%s: got %d %q, want %d with %q", tt.name, got.Status, body.Error, tt.status, tt.message)
		}
	}
	if got := c.Do("POST", "/api/chat", chat("llama3.2", hi), "Authorization", "Bearer other"); got.Status != 401 {
		t.Errorf("another key: got %d, want 401", got.Status)
	}
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "ollama", mockllm.Options{})
	for _, tt := range []struct{ name, path, body, kind, want string }{
		{"whole", "/api/chat", chat("llama3.2", hi), "application/json", `"content":"You said: \"hi\"."}`},
		{"a stream unless it says otherwise", "/api/chat", `{"model":"llama3.2","messages":[` + hi + `]}`, "application/x-ndjson", `"done":true,"done_reason":"stop"`},
		{"a call", "/api/chat", chat("llama3.2", `{"role":"user","content":"call get with {\"a\":1}"}`, tool), "application/json", `"arguments":{"a":1}}}`},
		{"the results", "/api/chat", chat("llama3.2", call+`,{"role":"tool","tool_call_id":"a","tool_name":"get","content":"42"}`, tool), "application/json", `get says \"42\"`},
		{"thinking", "/api/chat", chat("qwen3", hi), "application/json", `"thinking":"The user wants: hi.`},
		{"an image", "/api/chat", chat("llava", `{"role":"user","content":"what","images":["`+tinyPNG+`"]}`), "application/json", "I see "},
		{"generate", "/api/generate", `{"model":"llama3.2","prompt":"hi","stream":false}`, "application/json", `"response":"You said: \"hi\"."`},
		{"an error in mid-stream", "/api/chat", `{"model":"llama3.2","messages":[{"role":"user","content":"hi [[mock:error-event=after:1]]"}]}`, "application/x-ndjson", "}\n{\"error\":\""},
	} {
		got := do(c, tt.path, tt.body)
		if got.Status != 200 || got.Header.Get("content-type") != tt.kind || !strings.Contains(got.Body, tt.want) {
			t.Errorf("%s: got %d %s %s, want %s with %s", tt.name, got.Status, got.Header.Get("content-type"), got.Body, tt.kind, tt.want)
		}
	}
	if got := c.Do("GET", "/api/tags", "", "Authorization", "Bearer ollama-mock"); got.Status != 200 || !strings.Contains(got.Body, `"model":"llama3.2:latest"`) {
		t.Errorf("tags: got %d %s", got.Status, got.Body)
	}
}
