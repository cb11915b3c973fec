package anthropic_test

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/e2e/mockllm"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/mocktest"
)

const (
	path    = "/v1/messages"
	hi      = `"messages":[{"role":"user","content":"hi"}]`
	sonnet  = `"model":"claude-sonnet-4-5","max_tokens":2000,`
	opus    = `"model":"claude-opus-4-8","max_tokens":2000,`
	tool    = `"tools":[{"name":"get","input_schema":{"type":"object","properties":{"a":{"type":"integer"}}}}]`
	asked   = `{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"tool_use","id":"toolu_1","name":"get","input":{}},{"type":"tool_use","id":"toolu_2","name":"get","input":{}}]}`
	result1 = `{"type":"tool_result","tool_use_id":"toolu_1","content":"one"}`
	result2 = `{"type":"tool_result","tool_use_id":"toolu_2","content":"two"}`
	tinyPNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
)

func messages(s string) string { return `{` + sonnet + `"messages":[` + s + `]}` }

// judge wants an error of the documented form.
func judge(t *testing.T, got mocktest.Reply, status int, kind, message string) {
	t.Helper()
	var body struct {
		Type      string
		Error     struct{ Type, Message string }
		RequestID string `json:"request_id"`
	}
	got.Into(t, &body)
	if got.Status != status || body.Type != "error" || body.Error.Type != kind || !strings.Contains(body.Error.Message, message) {
		t.Errorf("got %d %s %q, want %d %s %q", got.Status, body.Error.Type, body.Error.Message, status, kind, message)
	}
	if body.RequestID == "" || body.RequestID != got.Header.Get("Request-Id") {
		t.Errorf("request id: got %q in the body, %q in the header", body.RequestID, got.Header.Get("Request-Id"))
	}
}

func TestMessagesRefuse(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "anthropic", mockllm.Options{})
	for _, tt := range []struct{ name, body, message string }{
		{"no JSON", `{`, "The request body is not valid JSON."},
		{"no max_tokens", `{"model":"claude-sonnet-4-5",` + hi + `}`, "max_tokens: Field required"},
		{"no model", `{"max_tokens":9,` + hi + `}`, "model: Field required"},
		{"no messages", `{` + sonnet + `"stream":false}`, "messages: Field required"},
		{"empty messages", messages(``), "messages: at least one message is required"},
		{"an unknown field", `{` + sonnet + hi + `,"n":1}`, "n: Extra inputs are not permitted"},
		{"an unknown field of a message", messages(`{"role":"user","content":"x","name":"y"}`), "messages.0.name: Extra inputs are not permitted"},
		{"an unknown field of a block", messages(`{"role":"user","content":[{"type":"text","text":"x","id":"y"}]}`), "messages.0.content.0.text.id: Extra inputs are not permitted"},
		{"an unknown field of a tool", `{` + sonnet + hi + `,"tools":[{"name":"f","parameters":{},"input_schema":{"type":"object"}}]}`, "tools.0.custom.parameters: Extra inputs are not permitted"},
		{"max_tokens of another type", `{"model":"claude-sonnet-4-5","max_tokens":"9",` + hi + `}`, "max_tokens: Input should be a valid integer"},
		{"more tokens than the model has", `{"model":"claude-sonnet-4-5","max_tokens":64001,` + hi + `}`, "max_tokens: 64001 > 64000, which is the maximum allowed number of output tokens for claude-sonnet-4-5"},
		{"messages of another type", `{` + sonnet + `"messages":"x"}`, "messages: Input should be a valid list"},
		{"content of another type", messages(`{"role":"user","content":1}`), "messages.0.content: Input should be a valid list"},
		{"an unknown role", messages(`{"role":"tool","content":"x"}`), "messages.0.role: Input should be 'user', 'assistant' or 'system'"},
		{"an unknown block", messages(`{"role":"user","content":[{"type":"image_url"}]}`), "messages.0.content.0: Input tag 'image_url' found using 'type' does not match any of the expected tags: 'text'"},
		{"a block without type", messages(`{"role":"user","content":[{"text":"x"}]}`), "messages.0.content.0.type: Field required"},
		{"a block without text", messages(`{"role":"user","content":[{"type":"text"}]}`), "messages.0.content.0.text.text: Field required"},
		{"the assistant first", messages(`{"role":"assistant","content":"x"},{"role":"user","content":"y"}`), `messages: first message must use the "user" role`},
		{"a system message", messages(`{"role":"system","content":"x"},{"role":"user","content":"y"}`), `messages: Unexpected role "system".`},
		{"a system message in an old model's conversation", messages(`{"role":"user","content":"y"},{"role":"system","content":"x"}`), `messages: Unexpected role "system".`},
		{"a system message after the assistant", `{` + opus + `"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"y"},{"role":"system","content":"z"},{"role":"user","content":"x"}]}`, "must immediately follow a `user` message"},
		{"an empty text", messages(`{"role":"user","content":""}`), "messages.0: all messages must have non-empty content except for the optional final assistant message"},
		{"no blocks", messages(`{"role":"user","content":[]}`), "messages.0: all messages must have non-empty content"},
		{"an empty block beside another", messages(`{"role":"user","content":[{"type":"text","text":""},{"type":"text","text":"x"}]}`), "messages: text content blocks must be non-empty"},
		{"a blank block", messages(`{"role":"user","content":" \n"}`), "messages: text content blocks must contain non-whitespace text"},
		{"an empty system prompt", `{` + sonnet + hi + `,"system":""}`, "system: text content blocks must be non-empty"},
		{"an empty text beside a call", messages(`{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"text","text":""},{"type":"tool_use","id":"toolu_1","name":"get","input":{}}]},{"role":"user","content":[` + result1 + `]}`), "messages: text content blocks must be non-empty"},
		{"a prefill with a blank end", messages(`{"role":"user","content":"x"},{"role":"assistant","content":"y "}`), "messages: final assistant content cannot end with trailing whitespace"},
		{"a prefill of a model without it", `{` + opus + `"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"y"}]}`, "This model does not support assistant message prefill."},
		{"a blank stop sequence", `{` + sonnet + hi + `,"stop_sequences":["x","\n"]}`, "stop_sequences: each stop sequence must contain non-whitespace"},
		{"a temperature too high", `{` + sonnet + hi + `,"temperature":1.5}`, "temperature: range: 0..1"},
		{"temperature and top_p", `{` + sonnet + hi + `,"temperature":1,"top_p":0.5}`, "`temperature` and `top_p` cannot both be specified for this model."},
		{"temperature of a new model", `{` + opus + hi + `,"temperature":0.5}`, "`temperature` is deprecated for this model."},
		{"top_k of a new model", `{` + opus + hi + `,"top_k":5}`, "`top_k` is deprecated for this model."},
		{"a long user id", `{` + sonnet + hi + `,"metadata":{"user_id":"` + strings.Repeat("x", 513) + `"}}`, "metadata.user_id: String should have at most 512 characters"},
		{"an unknown service tier", `{` + sonnet + hi + `,"service_tier":"flex"}`, "service_tier: Input should be 'auto' or 'standard_only'"},
		{"a tool without schema", `{` + sonnet + hi + `,"tools":[{"name":"f"}]}`, "tools.0.custom.input_schema: Field required"},
		{"a schema without type", `{` + sonnet + hi + `,"tools":[{"name":"f","input_schema":{}}]}`, "tools.0.custom.input_schema.type: Field required"},
		{"a schema of no object", `{` + sonnet + hi + `,"tools":[{"name":"f","input_schema":{"type":"array"}}]}`, "tools.0.custom.input_schema.type: Input should be 'object'"},
		{"a tool of OpenAI", `{` + sonnet + hi + `,"tools":[{"type":"function","function":{}}]}`, "tools.0: Input tag 'function' found using 'type' does not match any of the expected tags: 'custom'"},
		{"a bad tool name", `{` + sonnet + hi + `,"tools":[{"name":"a b","input_schema":{"type":"object"}}]}`, "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]+$'"},
		{"a tool twice", `{` + sonnet + hi + `,"tools":[{"name":"a","input_schema":{"type":"object"}},{"name":"a","input_schema":{"type":"object"}}]}`, "tools: Tool names must be unique."},
		{"a strict tool that is open", `{` + sonnet + hi + `,"tools":[{"name":"a","strict":true,"input_schema":{"type":"object"}}]}`, "tools.0.custom: For 'object' type, 'additionalProperties' must be explicitly set to false"},
		{"a tool choice without tools", `{` + sonnet + hi + `,"tool_choice":{"type":"auto"}}`, "tool_choice may only be specified while providing tools"},
		{"a tool choice as a string", `{` + sonnet + hi + `,` + tool + `,"tool_choice":"auto"}`, "tool_choice: Input should be a valid dictionary"},
		{"a choice of an unknown tool", `{` + sonnet + hi + `,` + tool + `,"tool_choice":{"type":"tool","name":"put"}}`, "tool_choice: Tool 'put' not found in provided tools"},
		{"a call of a user", messages(`{"role":"user","content":[{"type":"tool_use","id":"toolu_1","name":"get","input":{}}]}`), "messages.0.content.0: `tool_use` blocks are not allowed in `user` messages"},
		{"a result of an assistant", messages(`{"role":"user","content":"x"},{"role":"assistant","content":[` + result1 + `]}`), "messages.1.content.0: `tool_result` blocks are not allowed in `assistant` messages"},
		{"a result without a call", messages(`{"role":"user","content":[` + result1 + `]}`), "messages.0.content.0: unexpected `tool_use_id` found in `tool_result` blocks: toolu_1."},
		{"one of two calls unanswered", messages(asked + `,{"role":"user","content":[` + result1 + `]}`), "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_2."},
		{"results in two user turns", messages(asked + `,{"role":"user","content":[` + result1 + `]},{"role":"assistant","content":"y"},{"role":"user","content":[` + result2 + `]}`), "immediately after: toolu_2."},
		{"a text before the results", messages(asked + `,{"role":"user","content":[{"type":"text","text":"here"},` + result1 + `,` + result2 + `]}`), "immediately after: toolu_1, toolu_2."},
		{"a text between the results", messages(asked + `,{"role":"user","content":[` + result1 + `,{"type":"text","text":"and"},` + result2 + `]}`), "immediately after: toolu_2."},
		{"no results", messages(asked), "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1, toolu_2."},
		{"a result twice", messages(asked + `,{"role":"user","content":[` + result1 + `,` + result1 + `,` + result2 + `]}`), "messages.2.content.1: each tool_use must have a single result."},
		{"a call id twice", messages(`{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"tool_use","id":"toolu_1","name":"get","input":{}},{"type":"tool_use","id":"toolu_1","name":"get","input":{}}]},{"role":"user","content":[` + result1 + `]}`), "messages.1.content.1: `tool_use` ids must be unique"},
		{"a call id of OpenAI with a dot", messages(`{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"tool_use","id":"call.1","name":"get","input":{}}]}`), "messages.1.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'"},
		{"input that is a string", messages(`{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"get","input":"{}"}]}`), "messages.1.content.0.tool_use.input: Input should be a valid dictionary"},
		{"an image that is none", messages(image("image/png", "aGVsbG8=")), "Could not process image"},
		{"an image of another type", messages(image("image/jpeg", tinyPNG)), "specified using the image/jpeg media type, but appears to be image/png"},
		{"an image in bad base64", messages(image("image/png", "*")), "messages.0.content.0.image.source.base64: invalid base64 data"},
		{"an image type that nobody takes", messages(image("image/bmp", "")), "messages.0.content.0.image.source.base64.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'"},
		{"an image by plain HTTP", messages(`{"role":"user","content":[{"type":"image","source":{"type":"url","url":"http://x"}}]}`), "Only HTTPS URLs are supported."},
		{"a format that is open", `{` + sonnet + hi + `,"output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}}}`, "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false"},
		{"OpenAI's response_format", `{` + sonnet + hi + `,"response_format":{"type":"json_object"}}`, "response_format: Extra inputs are not permitted"},
		{"effort of a model without it", `{` + sonnet + hi + `,"output_config":{"effort":"low"}}`, "This model does not support the effort parameter."},
		{"an effort that the model lacks", `{"model":"claude-opus-4-6","max_tokens":9,` + hi + `,"output_config":{"effort":"xhigh"}}`, "output_config.effort: Input should be 'low', 'medium', 'high' or 'max'"},
		{"five cache marks", `{` + sonnet + `"messages":[{"role":"user","content":[` + strings.TrimSuffix(strings.Repeat(marked("5m")+",", 5), ",") + `]}]}`, "A maximum of 4 blocks with cache_control may be provided. Found 5."},
		{"a long mark after a short one", `{` + sonnet + `"messages":[{"role":"user","content":[` + marked("5m") + `,` + marked("1h") + `]}]}`, "must not come after a ttl='5m'"},
		{"an unknown cache lifetime", `{` + sonnet + `"messages":[{"role":"user","content":[` + marked("2h") + `]}]}`, "cache_control.ephemeral.ttl: Input should be '5m' or '1h'"},
		{"a directive that is none", messages(`{"role":"user","content":"[[mock:latencey=1s]]"}`), "unknown mock directive"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			judge(t, c.Do("POST", path, tt.body), 400, "invalid_request_error", tt.message)
		})
	}
}

func image(kind, data string) string {
	return `{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"` + kind + `","data":"` + data + `"}}]}`
}

func marked(ttl string) string {
	return `{"type":"text","text":"x","cache_control":{"type":"ephemeral","ttl":"` + ttl + `"}}`
}

func TestThinkingRefuses(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "anthropic", mockllm.Options{})
	const on = `"thinking":{"type":"enabled","budget_tokens":1024}`
	for _, tt := range []struct{ name, body, message string }{
		{"a small budget", `{` + sonnet + hi + `,"thinking":{"type":"enabled","budget_tokens":1023}}`, "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024"},
		{"no budget", `{` + sonnet + hi + `,"thinking":{"type":"enabled"}}`, "thinking.enabled.budget_tokens: Field required"},
		{"a budget of all tokens", `{` + sonnet + hi + `,"thinking":{"type":"enabled","budget_tokens":2000}}`, "`max_tokens` must be greater than `thinking.budget_tokens`."},
		{"a budget when disabled", `{` + sonnet + hi + `,"thinking":{"type":"disabled","budget_tokens":2000}}`, "thinking.disabled.budget_tokens: Extra inputs are not permitted"},
		{"a budget of a new model", `{` + opus + hi + `,` + on + `}`, `"thinking.type.enabled" is not supported for this model.`},
		{"adaptive thinking of an old model", `{` + sonnet + hi + `,"thinking":{"type":"adaptive"}}`, "adaptive thinking is not supported on this model"},
		{"a temperature", `{` + sonnet + hi + `,` + on + `,"temperature":0.5}`, "`temperature` may only be set to 1 when thinking is enabled"},
		{"a low top_p", `{` + sonnet + hi + `,` + on + `,"top_p":0.5}`, "`top_p` must be greater than or equal to 0.95"},
		{"top_k", `{` + sonnet + hi + `,` + on + `,"top_k":5}`, "`top_k` must be unset when thinking is enabled"},
		{"a forced call", `{` + sonnet + hi + `,` + on + `,` + tool + `,"tool_choice":{"type":"any"}}`, "Thinking may not be enabled when tool_choice forces tool use."},
		{"a prefill", `{` + sonnet + on + `,"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"y"}]}`, "may not be an assistant message when thinking is enabled"},
		{"a signature that nobody made", messages(`{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"c2ln"},{"type":"text","text":"y"}]},{"role":"user","content":"z"}`), "messages.1.content.0: Invalid `signature` in `thinking` block"},
		{"no signature", messages(`{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"thinking","thinking":"hm"}]}`), "messages.1.content.0.thinking.signature: Field required"},
		{"redacted thinking that nobody made", messages(`{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"redacted_thinking","data":"abc"},{"type":"text","text":"y"}]},{"role":"user","content":"z"}`), "messages.1.content.0: Invalid `data` in `redacted_thinking` block"},
		{"a loop of calls without its thinking", `{` + sonnet + on + `,"messages":[` + asked + `,{"role":"user","content":[` + result1 + `,` + result2 + `]}],` + tool + `}`, "messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			judge(t, c.Do("POST", path, tt.body), 400, "invalid_request_error", tt.message)
		})
	}
}

func TestPathsAndHeaders(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "anthropic", mockllm.Options{})
	good := `{` + sonnet + hi + `}`
	for _, tt := range []struct {
		name, method, path, body string
		headers                  []string
		status                   int
		kind, message            string
	}{
		{"an unknown model", "POST", path, `{"model":"claude-9","max_tokens":9,` + hi + `}`, nil, 404, "not_found_error", "model: claude-9"},
		{"an unknown path", "POST", "/v1/complete", good, nil, 404, "not_found_error", "Not Found"},
		{"GET of a POST path", "GET", path, "", nil, 405, "invalid_request_error", "Method Not Allowed"},
		{"no version", "POST", path, good, []string{"Anthropic-Version", ""}, 400, "invalid_request_error", "anthropic-version: header is required"},
		{"an unknown version", "POST", path, good, []string{"Anthropic-Version", "2020-01-01"}, 400, "invalid_request_error", `anthropic-version: "2020-01-01" is not a valid version`},
		{"no key", "POST", path, good, []string{"X-Api-Key", ""}, 401, "authentication_error", "x-api-key header is required"},
		{"a wrong key", "POST", path, good, []string{"X-Api-Key", "sk-ant-other"}, 401, "authentication_error", "invalid x-api-key"},
		{"a client's key", "POST", path, good, []string{"X-Api-Key", "client-1"}, 401, "authentication_error", "invalid x-api-key"},
		{"a client's key beside the right one", "POST", path, good, []string{"Authorization", "Bearer client-1"}, 401, "authentication_error", "invalid x-api-key"},
		{"another content type", "POST", path, good, []string{"Content-Type", "text/plain"}, 400, "invalid_request_error", "content-type: must be application/json"},
		{"a gateway's header", "POST", path, good, []string{"X-Postern-Session", "1"}, 400, "invalid_request_error", "x-postern-session must not reach a provider"},
		{"max_tokens where tokens are counted", "POST", path + "/count_tokens", good, nil, 400, "invalid_request_error", "max_tokens: Extra inputs are not permitted"},
		{"a page of no models", "GET", "/v1/models?limit=0", "", nil, 400, "invalid_request_error", "limit: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			judge(t, c.Do(tt.method, tt.path, tt.body, tt.headers...), tt.status, tt.kind, tt.message)
		})
	}
	for _, headers := range [][]string{nil, {"X-Api-Key", "", "Authorization", "Bearer " + c.Server.Key("anthropic")}} {
		if got := c.Do("POST", path, good, headers...); got.Status != 200 {
			t.Errorf("the key in %q: got %d %s", headers, got.Status, got.Body)
		}
	}
	large := `{` + sonnet + `"messages":[{"role":"user","content":"` + strings.Repeat("x", 33<<20) + `"}]}`
	judge(t, c.Do("POST", path, large), 413, "request_too_large", "Request exceeds the maximum size")
}
