package cohere_test

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/e2e/mockllm"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/mocktest"
)

func do(c *mocktest.Client, body string) mocktest.Reply {
	return c.Do("POST", "/v2/chat", body, "Authorization", "Bearer co-mock")
}

func chat(messages string, more ...string) string {
	return chatWith("command-a-03-2025", messages, more...)
}

func chatWith(model, messages string, more ...string) string {
	return `{"model":"` + model + `","messages":[` + messages + `]` + strings.Join(append([]string{""}, more...), ",") + `}`
}

const (
	hi   = `{"role":"user","content":"hi"}`
	call = `{"role":"user","content":"call get"},{"role":"assistant","tool_plan":"p","tool_calls":[{"id":"a","type":"function","function":{"name":"get","arguments":"{}"}}]}`
	tool = `"tools":[{"type":"function","function":{"name":"get","parameters":{"type":"object","properties":{}}}}]`
)

func TestRefuse(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "cohere", mockllm.Options{})
	for _, tt := range []struct {
		name, body string
		status     int
		message    string
	}{
		{"no JSON", `{`, 400, "invalid json syntax"},
		{"no messages", `{"model":"command-a-03-2025"}`, 400, "messages is required"},
		{"a model that is not there", chatWith("nope", hi), 404, "model 'nope' not found"},
		{"an unknown member", chat(hi, `"top_p":0.5`), 422, "parameter 'top_p' is not a valid field"},
		{"a member of another type", chat(hi, `"max_tokens":"9"`), 422, "max_tokens is of type string"},
		{"p beyond its bounds", chat(hi, `"p":1`), 400, "p is out of bounds"},
		{"another choice", chat(hi, tool, `"tool_choice":"auto"`), 400, "tool_choice"},
		{"a choice without tools", chat(hi, `"tool_choice":"NONE"`), 400, "without tools"},
		{"a choice of an older model", chatWith("command-r-08-2024", hi, tool, `"tool_choice":"REQUIRED"`), 400, "not compatible"},
		{"strict tools without a required parameter", chat(hi, tool, `"strict_tools":true`), 400, "at least one required parameter"},
		{"a form beside tools", chat(hi, tool, `"response_format":{"type":"json_object"}`), 400, "not supported with tools"},
		{"a result without its call", chat(hi + `,{"role":"tool","tool_call_id":"x","content":"1"}`), 400, "answers no call"},
		{"a call without its result", chat(call + `,` + hi), 400, "has no result"},
		{"an image for a model that does not see", chat(`{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://example.com/a.png"}}]}`), 400, "image input is not supported"},
		{"nothing said", chat(`{"role":"user","content":""}`), 400, "at least 1 token long"},
	} {
		got := do(c, tt.body)
		var body struct{ ID, Message string }
		got.Into(t, &body)
		if got.Status != tt.status || !strings.Contains(body.Message, tt.message) || body.ID == "" {
			t.Errorf("%s: got %d %q, want %d with %q", tt.name, got.Status, body.Message, tt.status, tt.message)
		}
	}
	if got := c.Do("POST", "/v2/chat", chat(hi), "Authorization", "Bearer other"); got.Status != 401 {
		t.Errorf("another key: got %d, want 401", got.Status)
	}
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "cohere", mockllm.Options{})
	for _, tt := range []struct{ name, body, kind, want string }{
		{"whole", chat(hi), "application/json", `"content":[{"type":"text","text":"You said: \"hi\"."}]`},
		{"a stream", chat(hi, `"stream":true`), "text/event-stream; charset=utf-8", "event: content-start\ndata: {\"type\":\"content-start\",\"index\":0,"},
		{"its end", chat(hi, `"stream":true`), "text/event-stream; charset=utf-8", `"delta":{"finish_reason":"COMPLETE","usage":{"billed_units":`},
		{"a call with its plan", chat(`{"role":"user","content":"call get with {\"a\":1}"}`, tool), "application/json", `"tool_plan":"I will use`},
		{"a call as a stream", chat(`{"role":"user","content":"call get with {\"a\":1}"}`, tool, `"stream":true`), "text/event-stream; charset=utf-8", "event: tool-call-start\n"},
		{"the results", chat(call+`,{"role":"tool","tool_call_id":"a","content":"42"}`, tool), "application/json", `get says \"42\"`},
		{"thinking", chatWith("command-a-reasoning-08-2025", hi), "application/json", `{"type":"thinking","thinking":"The user wants: hi.`},
		{"no thinking", chatWith("command-a-reasoning-08-2025", hi, `"thinking":{"type":"disabled"}`), "application/json", `"content":[{"type":"text"`},
		{"a schema", chat(hi, `"response_format":{"type":"json_object","json_schema":{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]}}`), "application/json", `{\"a\":`},
		{"an error in mid-stream", chat(`{"role":"user","content":"hi [[mock:error-event=after:3]]"}`, `"stream":true`), "text/event-stream; charset=utf-8", `"delta":{"error":"internal server error`},
	} {
		got := do(c, tt.body)
		if got.Status != 200 || got.Header.Get("content-type") != tt.kind || !strings.Contains(got.Body, tt.want) {
			t.Errorf("%s: got %d %s %s, want %s with %s", tt.name, got.Status, got.Header.Get("content-type"), got.Body, tt.kind, tt.want)
		}
	}
}
