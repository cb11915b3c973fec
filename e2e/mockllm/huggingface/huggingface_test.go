package huggingface_test

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/e2e/mockllm"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/mocktest"
)

const path = "/v1/chat/completions"

func chat(content string, more ...string) string {
	return `{"model":"Qwen/Qwen3-32B:cerebras","messages":[{"role":"user","content":"` + content + `"}]` + strings.Join(append([]string{""}, more...), ",") + `}`
}

func TestDifferences(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "huggingface", mockllm.Options{})
	const tool = `"tools":[{"type":"function","function":{"name":"get","parameters":{"type":"object","properties":{}}}}]`
	for _, tt := range []struct {
		name, body string
		status     int
		want       string
	}{
		{"thinking in the text", chat("hi", `"top_k":4`), 200, `"content":"\u003cthink\u003e\nHm.\n\u003c/think\u003e\n\nYou said`},
		{"thinking in the text of a stream", chat("hi", `"stream":true`), 200, `"content":"\u003cth"`},
		{"calls with the id 0 and without content", chat("call get and call get", tool), 200, `"message":{"role":"assistant","tool_calls":[{"function":{"arguments":"{}","name":"get"},"id":"0"`},
		{"a stream of a call", chat("call get", tool, `"stream":true`), 200, `"id":"0"`},
		{"a field that is not known", chat("hi", `"store":true`), 422, "{\"error\":\"Input validation error: unknown field `store`\",\"error_type\":\"validation\"}"},
		{"a model that nobody serves", strings.Replace(chat("hi"), "Qwen/", "x/", 1), 404, `{"error":"The model x/Qwen3-32B:cerebras is not known"}`},
		{"a model that is being loaded", chat("[[mock:status=503]]hi"), 503, `{"error":"Model is currently loading","estimated_time":20.5}`},
		{"an overload", chat("[[mock:status=429]]hi"), 429, `{"error":"Model is overloaded","error_type":"overloaded"}`},
		{"an error in mid stream", chat("[[mock:error-event=after:3]]hi", `"stream":true`), 200, `data: {"error":"Request failed during generation","error_type":"generation"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if r := c.Do("POST", path, tt.body); r.Status != tt.status || !strings.Contains(r.Body, tt.want) {
				t.Errorf("got %d %s, want %d with %q", r.Status, r.Body, tt.status, tt.want)
			}
		})
	}
}
