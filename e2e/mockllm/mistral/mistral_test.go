package mistral_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/e2e/mockllm"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/mocktest"
)

const (
	hi   = `{"role":"user","content":"hi"}`
	call = `{"role":"assistant","tool_calls":[{"id":"aB3dE6gH9","function":{"name":"get","arguments":"{}"}}]}`
	ran  = `{"role":"tool","tool_call_id":"aB3dE6gH9","content":"one"}`
	tool = `"tools":[{"type":"function","function":{"name":"get","parameters":{"type":"object","properties":{}}}}]`
	long = `"tools":[{"type":"function","function":{"name":"a b","parameters":{}}}]`
)

// chat is a request with these messages and more.
func chat(model, messages string, more ...string) string {
	return `{"model":"` + model + `","messages":[` + messages + `]` + strings.Join(append([]string{""}, more...), ",") + `}`
}

func TestRefuse(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "mistral", mockllm.Options{})
	const large, small = "mistral-large-latest", "mistral-small-latest"
	for _, tt := range []struct {
		name, body string
		status     int
		want       string
	}{
		{"no JSON", `{`, 422, `"json_invalid"`},
		{"no messages", `{"model":"x"}`, 422, `"loc":["body","messages"],"msg":"Field required"`},
		{"a field of OpenAI's", chat(large, hi, `"seed":7`), 422, `"type":"extra_forbidden","loc":["body","seed"]`},
		{"an option of streams", chat(large, hi, `"stream":true,"stream_options":{"include_usage":true}`), 422, `"stream_options"`},
		{"a field of a message", chat(large, `{"role":"user","content":"x","name":"a"}`), 422, `["body","messages",0,"user","name"]`},
		{"an effort that is none", chat(small, hi, `"reasoning_effort":"most"`), 422, "literal_error"},
		{"a tool without parameters", chat(large, hi, `"tools":[{"type":"function","function":{"name":"get"}}]`), 422, `"parameters"`},
		{"a negative seed", chat(large, hi, `"random_seed":-1`), 422, "random_seed"},
		{"a model that is none", chat("gpt-4o", hi), 400, "Invalid model: gpt-4o"},
		{"the user behind a result", chat(large, hi+","+call+","+ran+","+hi, tool), 400, "Unexpected role 'user' after role 'tool'"},
		{"system behind the assistant", chat(large, hi+`,{"role":"assistant","content":"x"},{"role":"system","content":"y"},`+hi), 400, "Unexpected role 'system' after role 'assistant'"},
		{"the assistant last", chat(large, hi+`,{"role":"assistant","content":"x"}`), 400, "Expected last role User or Tool"},
		{"a call without a result", chat(large, hi+","+call+","+hi, tool), 400, "Not the same number of function calls and responses"},
		{"a result without a call", chat(large, hi+`,{"role":"assistant","content":"x"},`+ran), 400, "Unexpected tool call id"},
		{"an id of OpenAI's", chat(large, strings.ReplaceAll(hi+","+call+","+ran, "aB3dE6gH9", "call_1"), tool), 400, "must be a-z, A-Z, 0-9, with a length of 9"},
		{"a name with a blank", chat(large, hi, long), 400, "Function name was a b"},
		{"an empty answer", chat(large, hi+`,{"role":"assistant","content":""},`+hi), 400, "either content or tool_calls"},
		{"thoughts of a model without", chat(large, hi+`,{"role":"assistant","content":[{"type":"thinking","thinking":[]}]},`+hi), 400, "ThinkChunk"},
		{"a choice without tools", chat(large, hi, `"tool_choice":"any"`), 400, "tools must be set"},
		{"a choice of none there is", chat(large, hi, tool, `"tool_choice":{"type":"function","function":{"name":"put"}}`), 400, "put"},
		{"warmth of nothing beside top p", chat(large, hi, `"temperature":0,"top_p":0.5`), 400, "top_p must be 1 when using greedy sampling."},
		{"an effort in between", chat(small, hi, `"reasoning_effort":"low"`), 400, "Must be one of (none, high)"},
		{"an effort of a model without", chat(large, hi, `"reasoning_effort":"high"`), 400, "reasoning_effort is not enabled"},
		{"a mode of a model without", chat(small, hi, `"prompt_mode":"reasoning"`), 400, "Reasoning prompt mode is not enabled"},
		{"an image that is none", chat(large, `{"role":"user","content":[{"type":"image_url","image_url":"abc"}]}`), 422, "Image content must be a URL"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if r := c.Do("POST", "/v1/chat/completions", tt.body); r.Status != tt.status || !strings.Contains(r.Body, tt.want) {
				t.Errorf("got %d %s, want %d with %q", r.Status, r.Body, tt.status, tt.want)
			}
		})
	}
	if r := c.Do("POST", "/v1/chat/completions", chat(large, hi), "Authorization", ""); r.Status != 401 || r.Body != `{"detail":"Unauthorized"}` {
		t.Errorf("got %d %s, want a 401", r.Status, r.Body)
	}
	if r := c.Do("POST", "/v1/images", "{}"); r.Status != 404 || !strings.Contains(r.Body, "no Route matched") {
		t.Errorf("got %d %s, want a 404", r.Status, r.Body)
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "mistral", mockllm.Options{})
	for _, tt := range []struct {
		name, path, body string
		want             []string
	}{
		{"a text", "/v1/chat/completions", chat("mistral-large-latest", hi, `"random_seed":1,"safe_prompt":true`), []string{`"content":"You said: \"hi\"."`, `"finish_reason":"stop"`, `"total_tokens"`}},
		{"calls without a type", "/v1/chat/completions", chat("mistral-large-latest", `{"role":"user","content":"call get and call get"}`, tool), []string{`"content":""`, `"function":{"name":"get","arguments":"{}"},"index":1`, `"finish_reason":"tool_calls"`}},
		{"results", "/v1/chat/completions", chat("mistral-large-latest", hi+","+call+","+ran, tool), []string{`get says \"one\".`}},
		{"thinking in chunks", "/v1/chat/completions", chat("mistral-small-latest", hi, `"reasoning_effort":"high"`), []string{`"content":[{"type":"thinking","thinking":[{"type":"text","text":"The user`, `{"type":"text","text":"You said`}},
		{"a stream with its usage on the last chunk", "/v1/chat/completions", chat("mistral-large-latest", hi, `"stream":true`), []string{`"finish_reason":"stop"}],"usage":{"prompt_tokens"`, "data: [DONE]"}},
		{"a stream of thinking", "/v1/chat/completions", chat("magistral-medium-2509", hi, `"stream":true`), []string{`"delta":{"content":[{"type":"thinking","thinking":[{"type":"text"`, `{"type":"thinking","thinking":[],"closed":true},{"type":"text"`}},
		{"a stream of a call", "/v1/chat/completions", chat("mistral-large-latest", `{"role":"user","content":"call get"}`, tool, `"stream":true`), []string{`"arguments":"{}"},"index":0}]},"finish_reason":"tool_calls"}],"usage"`}},
		{"embeddings", "/v1/embeddings", `{"model":"mistral-embed","input":["a","b"],"output_dimension":4}`, []string{`"object":"list"`, `"index":1`, `"usage"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := c.Do("POST", tt.path, tt.body)
			for _, want := range tt.want {
				if r.Status != 200 || !strings.Contains(r.Body, want) {
					t.Errorf("got %d %s, want it with %q", r.Status, r.Body, want)
				}
			}
		})
	}
	var list struct{ Data []json.RawMessage }
	if c.Do("GET", "/v1/models", "").Into(t, &list); len(list.Data) < 10 {
		t.Errorf("got %d models, want all", len(list.Data))
	}
}

func TestPromptsAreCached(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "mistral", mockllm.Options{})
	body := chat("mistral-large-latest", `{"role":"user","content":"`+strings.Repeat("word ", 200)+`"}`)
	c.Do("POST", "/v1/chat/completions", body)
	if r := c.Do("POST", "/v1/chat/completions", body); !strings.Contains(r.Body, `"num_cached_tokens":64`) {
		t.Errorf("got %s, want cached tokens", r.Body)
	}
}
