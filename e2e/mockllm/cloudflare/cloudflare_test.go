package cloudflare_test

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/e2e/mockllm"
	"github.com/postern-gateway/postern/e2e/mockllm/cloudflare"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/mocktest"
)

const (
	base   = "/client/v4/accounts/" + cloudflare.Account + "/ai"
	openai = base + "/v1/chat/completions"
	model  = "@cf/meta/llama-3.3-70b-instruct-fp8-fast"
	run    = base + "/run/" + model
	tool   = `"tools":[{"type":"function","function":{"name":"get","parameters":{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]}}}]`
)

func chat(content string, more ...string) string {
	return `{"messages":[{"role":"user","content":` + content + `}]` + strings.Join(append([]string{""}, more...), ",") + `}`
}

func TestDifferences(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "cloudflare", mockllm.Options{})
	const named = `"model":"` + model + `"`
	for _, tt := range []struct {
		name, path, body string
		status           int
		want             string
	}{
		{"OpenAI's form", openai, chat(`"hi"`, named), 200, `"content":"You said: \"hi\"."`},
		{"its own form", run, chat(`"hi"`), 200, `{"result":{"response":"You said: \"hi\".","tool_calls":[],"usage":{`},
		{"calls with objects", run, chat(`"call get"`, tool), 200, `"tool_calls":[{"arguments":{"a":1},"name":"get"}]`},
		{"structured output", run, chat(`"hi"`, `"response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]}}}`), 200, `"response":{"a":1}`},
		{"a stream of responses", run, chat(`"hi"`, `"stream":true`), 200, `data: {"response":"You","p":"abcdef"}`},
		{"which ends with its usage", run, chat(`"hi"`, `"stream":true`), 200, `data: {"response":"","usage":{"completion_tokens"`},
		{"a stream of a call", run, chat(`"call get"`, `"stream":true`, tool), 200, `data: {"tool_calls":[{"function":{"arguments":"","name":"get"}`},
		{"content that is null", openai, `{` + named + `,"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":null,"tool_calls":[]}]}`, 400, `"success":false,"errors":[{"code":5006`},
		{"content in parts", openai, chat(`[{"type":"text","text":"hi"}]`, named), 400, "Type mismatch of '/messages/0/content'"},
		{"a tool by its name", openai, chat(`"hi"`, named, tool, `"tool_choice":{"type":"function","function":{"name":"get"}}`), 400, "/tool_choice"},
		{"a model in the body", run, chat(`"hi"`, named), 400, "/model"},
		{"an account that is none", "/client/v4/accounts/x/ai/v1/chat/completions", chat(`"hi"`, named), 404, `{"result":null,"success":false,"errors":[{"code":7003`},
		{"a model that is none", base + "/run/@cf/x/y", chat(`"hi"`), 404, "not known"},
		{"a capacity that is used up", run, chat(`"[[mock:status=429]]hi"`), 429, `"code":3040`},
		{"an error in mid stream", run, chat(`"[[mock:error-event=after:2]]hi"`, `"stream":true`), 200, `data: {"result":null,"success":false,"errors":[{"code":7009`},
		{"texts in an order", base + "/run/@cf/baai/bge-reranker-base", `{"query":"b","contexts":[{"text":"a"},{"text":"b"}],"top_k":1}`, 200, `{"result":{"response":[{"id":1,"score":0.9}]},"success":true`},
		{"texts that are no objects", base + "/run/@cf/baai/bge-reranker-base", `{"query":"b","contexts":["a"]}`, 400, "/contexts"},
		{"texts as OpenAI's form", base + "/v1/chat/completions", `{"model":"@cf/baai/bge-reranker-base","messages":[{"role":"user","content":"a"}]}`, 404, "not known"},
		{"embeddings", base + "/v1/embeddings", `{"model":"@cf/baai/bge-large-en-v1.5","input":"a"}`, 200, `"embedding":[`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if r := c.Do("POST", tt.path, tt.body); r.Status != tt.status || !strings.Contains(r.Body, tt.want) {
				t.Errorf("got %d %s, want %d with %q", r.Status, r.Body, tt.status, tt.want)
			}
		})
	}
	if r := c.Do("POST", run, chat(`"hi"`), "Authorization", ""); r.Status != 401 || !strings.Contains(r.Body, `"code":10000`) {
		t.Errorf("got %d %s, want a 401", r.Status, r.Body)
	}
}
