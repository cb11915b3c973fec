package openai_test

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/e2e/mockllm"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/mocktest"
)

const (
	chatPath = "/v1/chat/completions"
	hi       = `"messages":[{"role":"user","content":"hi"}]`
	tool     = `"tools":[{"type":"function","function":{"name":"get","parameters":{"type":"object","properties":{"a":{"type":"integer"}}}}}]`
	asked    = `{"role":"user","content":"x"},{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"get","arguments":"{}"}},{"id":"call_2","type":"function","function":{"name":"get","arguments":"{}"}}]}`
	tinyPNG  = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
)

type refusal struct {
	name, body                 string
	status                     int
	code, param, message, kind string // an empty code or param means null; an empty kind means invalid_request_error
}

func (r refusal) run(t *testing.T, c *mocktest.Client, path string) {
	t.Helper()
	got := c.Do("POST", path, r.body)
	r.judge(t, got)
}

func (r refusal) judge(t *testing.T, got mocktest.Reply) {
	t.Helper()
	var body struct {
		Error struct {
			Message, Type string
			Code, Param   *string
		}
	}
	got.Into(t, &body)
	if r.kind == "" {
		r.kind = "invalid_request_error"
	}
	e := body.Error
	if got.Status != r.status || e.Type != r.kind || value(e.Code) != r.code || value(e.Param) != r.param || !strings.Contains(e.Message, r.message) {
		t.Errorf("got %d %s code %q param %q %q\nwant %d %s code %q param %q %q", got.Status, e.Type, value(e.Code), value(e.Param), e.Message, r.status, r.kind, r.code, r.param, r.message)
	}
	if got.Header.Get("X-Request-Id") == "" {
		t.Error("the refusal has no request id")
	}
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func TestChatRefuses(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "openai", mockllm.Options{})
	m := `"model":"gpt-4o",`
	message := func(s string) string { return `{` + m + `"messages":[` + s + `]}` }
	for _, r := range []refusal{
		{name: "no JSON", body: `{"model":`, status: 400, message: "could not parse the JSON body"},
		{name: "two JSON values", body: `{} {}`, status: 400, message: "could not parse the JSON body"},
		{name: "a list", body: `[]`, status: 400, message: "could not parse the JSON body"},
		{name: "invalid UTF-8", body: "{\"model\":\"\xff\"}", status: 400, message: "could not parse the JSON body"},
		{name: "no model", body: `{` + hi + `}`, status: 400, message: "you must provide a model parameter"},
		{name: "an unknown model", body: `{"model":"gpt-9",` + hi + `}`, status: 404, code: "model_not_found", message: "The model `gpt-9` does not exist"},
		{name: "an embedding model", body: `{"model":"text-embedding-3-small",` + hi + `}`, status: 404, param: "model", message: "not a chat model"},
		{name: "no messages", body: `{"model":"gpt-4o"}`, status: 400, code: "missing_required_parameter", param: "messages", message: "Missing required parameter: 'messages'."},
		{name: "empty messages", body: `{"model":"gpt-4o","messages":[]}`, status: 400, code: "empty_array", param: "messages", message: "Invalid 'messages': empty array."},
		{name: "messages of another type", body: `{"model":"gpt-4o","messages":"hi"}`, status: 400, code: "invalid_type", param: "messages", message: "expected an array, but got a string instead"},
		{name: "an unknown field", body: `{` + m + hi + `,"top_k":1}`, status: 400, message: "Unrecognized request argument supplied: top_k"},
		{name: "an unknown field of a message", body: message(`{"role":"user","content":"x","cache_control":{}}`), status: 400, code: "unknown_parameter", param: "messages[0].cache_control", message: "Unknown parameter: 'messages[0].cache_control'."},
		{name: "an unknown role", body: message(`{"role":"model","content":"x"}`), status: 400, code: "invalid_value", param: "messages[0].role", message: "Invalid value: 'model'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'."},
		{name: "no role", body: message(`{"content":"x"}`), status: 400, code: "missing_required_parameter", param: "messages[0].role", message: "messages[0].role"},
		{name: "content of another type", body: message(`{"role":"user","content":1}`), status: 400, code: "invalid_type", param: "messages[0].content", message: "expected one of a string or an array, but got an integer instead"},
		{name: "null content of a user", body: message(`{"role":"user","content":null}`), status: 400, code: "invalid_type", param: "messages[0].content", message: "but got null instead"},
		{name: "null content of an assistant without calls", body: message(`{"role":"assistant","content":null}`), status: 400, param: "messages.[0].content", message: "expected a string, got null"},
		{name: "an unknown part", body: message(`{"role":"user","content":[{"type":"image"}]}`), status: 400, code: "invalid_value", param: "messages[0].content[0].type", message: "Invalid value: 'image'."},
		{name: "an image in a system message", body: message(`{"role":"system","content":[{"type":"image_url","image_url":{"url":"https://x"}}]}`), status: 400, code: "invalid_value", param: "messages[0].content[0].type", message: "Supported values are: 'text'."},
		{name: "a temperature too high", body: `{` + m + hi + `,"temperature":2.1}`, status: 400, code: "decimal_above_max_value", param: "temperature", message: "Expected a value <= 2, but got 2.1 instead."},
		{name: "a temperature too low", body: `{` + m + hi + `,"temperature":-1}`, status: 400, code: "decimal_below_min_value", param: "temperature", message: "Expected a value >= 0"},
		{name: "a temperature of another type", body: `{` + m + hi + `,"temperature":"1"}`, status: 400, code: "invalid_type", param: "temperature", message: "expected a decimal, but got a string instead"},
		{name: "no choice", body: `{` + m + hi + `,"n":0}`, status: 400, code: "integer_below_min_value", param: "n", message: "Expected a value >= 1"},
		{name: "too many stop sequences", body: `{` + m + hi + `,"stop":["a","b","c","d","e"]}`, status: 400, code: "array_above_max_length", param: "stop", message: "maximum length 4, but got an array with length 5 instead"},
		{name: "too many tokens", body: `{` + m + hi + `,"max_tokens":99999}`, status: 400, code: "invalid_value", param: "max_tokens", message: "max_tokens is too large: 99999. This model supports at most 16384 completion tokens"},
		{name: "both limits", body: `{` + m + hi + `,"max_tokens":9,"max_completion_tokens":9}`, status: 400, code: "invalid_parameter_combination", param: "max_tokens", message: "at the same time"},
		{name: "stream options without a stream", body: `{` + m + hi + `,"stream_options":{"include_usage":true}}`, status: 400, param: "stream_options", message: "only allowed when 'stream' is enabled"},
		{name: "top_logprobs without logprobs", body: `{` + m + hi + `,"top_logprobs":2}`, status: 400, param: "top_logprobs", message: "only allowed when 'logprobs' is enabled"},
		{name: "effort of a model that does not reason", body: `{` + m + hi + `,"reasoning_effort":"low"}`, status: 400, message: "Unrecognized request argument supplied: reasoning_effort"},
		{name: "max_tokens of a reasoning model", body: `{"model":"o3",` + hi + `,"max_tokens":9}`, status: 400, code: "unsupported_parameter", param: "max_tokens", message: "Use 'max_completion_tokens' instead."},
		{name: "temperature of a reasoning model", body: `{"model":"gpt-5",` + hi + `,"temperature":0.5}`, status: 400, code: "unsupported_value", param: "temperature", message: "'temperature' does not support 0.5 with this model"},
		{name: "stop of a reasoning model", body: `{"model":"gpt-5-mini-2025-08-07",` + hi + `,"stop":"x"}`, status: 400, code: "unsupported_parameter", param: "stop", message: "'stop' is not supported with this model"},
		{name: "an effort that the model lacks", body: `{"model":"o3",` + hi + `,"reasoning_effort":"minimal"}`, status: 400, code: "unsupported_value", param: "reasoning_effort", message: "Supported values are: 'high', 'low', and 'medium'."},
		{name: "a tool choice without tools", body: `{` + m + hi + `,"tool_choice":"auto"}`, status: 400, param: "tool_choice", message: "only allowed when 'tools' are specified"},
		{name: "parallel calls without tools", body: `{` + m + hi + `,"parallel_tool_calls":true}`, status: 400, param: "parallel_tool_calls", message: "only allowed when 'tools' are specified"},
		{name: "no tools", body: `{` + m + hi + `,"tools":[]}`, status: 400, code: "empty_array", param: "tools", message: "empty array"},
		{name: "a tool in Anthropic's form", body: `{` + m + hi + `,"tools":[{"name":"get","input_schema":{}}]}`, status: 400, code: "missing_required_parameter", param: "tools[0].type", message: "tools[0].type"},
		{name: "a bad tool name", body: `{` + m + hi + `,"tools":[{"type":"function","function":{"name":"a b"}}]}`, status: 400, code: "invalid_value", param: "tools[0].function.name", message: "Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'."},
		{name: "parameters that are no object", body: `{` + m + hi + `,"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"array"}}}]}`, status: 400, code: "invalid_function_parameters", param: "tools[0].function.parameters", message: `got 'type: "array"'`},
		{name: "strict parameters that are open", body: `{` + m + hi + `,"tools":[{"type":"function","function":{"name":"f","strict":true,"parameters":{"type":"object","properties":{}}}}]}`, status: 400, code: "invalid_function_parameters", param: "tools[0].function.parameters", message: "'additionalProperties' is required to be supplied and to be false"},
		{name: "a choice of an unknown tool", body: `{` + m + hi + `,` + tool + `,"tool_choice":{"type":"function","function":{"name":"put"}}}`, status: 400, param: "tool_choice", message: "not found in 'tools'"},
		{name: "a tool result without a call", body: message(`{"role":"user","content":"x"},{"role":"tool","tool_call_id":"call_1","content":"y"}`), status: 400, param: "messages.[1].role", message: "must be a response to a preceeding message with 'tool_calls'"},
		{name: "a tool result of another call", body: message(asked + `,{"role":"tool","tool_call_id":"call_9","content":"y"}`), status: 400, param: "messages.[2].tool_call_id", message: "'call_9' not found"},
		{name: "one of two calls unanswered", body: message(asked + `,{"role":"tool","tool_call_id":"call_1","content":"y"},{"role":"user","content":"z"}`), status: 400, param: "messages.[3].role", message: "did not have response messages: call_2"},
		{name: "no call answered", body: message(asked), status: 400, param: "messages.[2].role", message: "did not have response messages: call_1, call_2"},
		{name: "json_object without the word", body: `{` + m + hi + `,"response_format":{"type":"json_object"}}`, status: 400, param: "messages", message: "must contain the word 'json'"},
		{name: "a strict format that is open", body: `{` + m + hi + `,"response_format":{"type":"json_schema","json_schema":{"name":"f","strict":true,"schema":{"type":"object","properties":{"a":{}},"additionalProperties":false}}}}`, status: 400, param: "response_format", message: "Missing 'a'."},
		{name: "a format that is no object", body: `{` + m + hi + `,"response_format":{"type":"json_schema","json_schema":{"name":"f","schema":{"type":"array"}}}}`, status: 400, param: "response_format", message: "schema must be a JSON Schema of 'type: \"object\"'"},
		{name: "an image that is none", body: message(`{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,aGVsbG8="}}]}`), status: 400, code: "invalid_image_format", param: "messages[0].content[0].image_url.url", message: "unsupported image"},
		{name: "an image in bad base64", body: message(`{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,*"}}]}`), status: 400, code: "invalid_base64", param: "messages[0].content[0].image_url.url", message: "Invalid base64"},
		{name: "an image as bare base64", body: message(`{"role":"user","content":[{"type":"image_url","image_url":{"url":"` + tinyPNG + `"}}]}`), status: 400, code: "invalid_image_url", param: "messages[0].content[0].image_url.url", message: "Invalid URL"},
		{name: "an image for a model without eyes", body: `{"model":"gpt-3.5-turbo","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://x"}}]}]}`, status: 400, param: "messages[0].content[0].image_url.url", message: "only supported by certain models"},
		{name: "a directive that is none", body: message(`{"role":"user","content":"[[mock:latencey=1s]]"}`), status: 400, message: "unknown mock directive"},
	} {
		t.Run(r.name, func(t *testing.T) { r.run(t, c, chatPath) })
	}
}

func TestResponsesRefuses(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "openai", mockllm.Options{})
	m := `"model":"gpt-4o",`
	for _, r := range []refusal{
		{name: "an unknown field", body: `{` + m + `"input":"x","stop":"y"}`, status: 400, code: "unknown_parameter", param: "stop", message: "Unknown parameter: 'stop'."},
		{name: "no model", body: `{"input":"x"}`, status: 400, code: "missing_required_parameter", param: "model", message: "'model'"},
		{name: "messages in place of input", body: `{` + m + hi + `}`, status: 400, code: "missing_required_parameter", param: "input", message: "'input'"},
		{name: "a limit too low", body: `{` + m + `"input":"x","max_output_tokens":5}`, status: 400, code: "integer_below_min_value", param: "max_output_tokens", message: "Expected a value >= 16, but got 5 instead."},
		{name: "a part of chat completions", body: `{` + m + `"input":[{"role":"user","content":[{"type":"text","text":"x"}]}]}`, status: 400, code: "invalid_value", param: "input[0].content[0].type", message: "Invalid value: 'text'."},
		{name: "an answer's part of a user", body: `{` + m + `"input":[{"role":"user","content":[{"type":"output_text","text":"x"}]}]}`, status: 400, code: "invalid_value", param: "input[0].content[0]", message: "Supported values are: 'input_text'"},
		{name: "a tool of chat completions", body: `{` + m + `"input":"x","tools":[{"type":"function","function":{"name":"f"}}]}`, status: 400, code: "missing_required_parameter", param: "tools[0].name", message: "tools[0].name"},
		{name: "an output without its call", body: `{` + m + `"input":[{"type":"function_call_output","call_id":"call_1","output":"x"}]}`, status: 400, param: "input", message: "No tool call found for function call output with call_id call_1."},
		{name: "a call without its output", body: `{` + m + `"input":[{"type":"function_call","call_id":"call_1","name":"f","arguments":"{}"}]}`, status: 400, param: "input", message: "No tool output found for function call call_1."},
		{name: "an id of another kind", body: `{` + m + `"input":[{"type":"message","id":"chatcmpl-1","role":"user","content":"x"}]}`, status: 400, code: "invalid_value", param: "input[0].id", message: "Expected an ID that begins with 'msg'."},
		{name: "an unknown previous response", body: `{` + m + `"input":"x","previous_response_id":"resp_9"}`, status: 400, code: "previous_response_not_found", param: "previous_response_id", message: "'resp_9' not found"},
		{name: "an unknown item", body: `{` + m + `"input":[{"type":"item_reference","id":"msg_9"}]}`, status: 404, param: "input", message: "Item with id 'msg_9' not found."},
		{name: "reasoning that nobody signed", body: `{"model":"o3","input":[{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"abc"},{"role":"assistant","content":"x"}]}`, status: 400, code: "invalid_encrypted_content", message: "could not be verified"},
		{name: "reasoning without what follows", body: `{"model":"o3","input":[{"type":"reasoning","id":"rs_1","summary":[]}]}`, status: 400, param: "input", message: "without its required following item"},
		{name: "effort of a model that does not reason", body: `{` + m + `"input":"x","reasoning":{"effort":"low"}}`, status: 400, code: "unsupported_parameter", param: "reasoning.effort", message: "'reasoning.effort' is not supported"},
		{name: "a strict format that is open", body: `{` + m + `"input":"x","text":{"format":{"type":"json_schema","name":"f","strict":true,"schema":{"type":"object"}}}}`, status: 400, param: "text.format", message: "'additionalProperties' is required"},
	} {
		t.Run(r.name, func(t *testing.T) { r.run(t, c, "/v1/responses") })
	}
}

func TestOthersRefuse(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "openai", mockllm.Options{})
	for path, list := range map[string][]refusal{
		"/v1/embeddings": {
			{name: "an empty text", body: `{"model":"text-embedding-3-small","input":""}`, status: 400, code: "empty_string", param: "input", message: "empty string"},
			{name: "no text", body: `{"model":"text-embedding-3-small","input":[]}`, status: 400, code: "empty_array", param: "input", message: "empty array"},
			{name: "a chat model", body: `{"model":"gpt-4o","input":"x"}`, status: 403, message: "not allowed to generate embeddings"},
			{name: "an unknown format", body: `{"model":"text-embedding-3-small","input":"x","encoding_format":"int8"}`, status: 400, code: "invalid_value", param: "encoding_format", message: "'float' and 'base64'"},
			{name: "dimensions of an old model", body: `{"model":"text-embedding-ada-002","input":"x","dimensions":8}`, status: 400, message: "does not support specifying dimensions"},
			{name: "too many dimensions", body: `{"model":"text-embedding-3-small","input":"x","dimensions":9999}`, status: 400, param: "dimensions", message: "less than or equal to 1536"},
			{name: "too long a text", body: `{"model":"text-embedding-3-small","input":"` + strings.Repeat("word ", 9000) + `"}`, status: 400, message: "maximum context length is 8192 tokens"},
			{name: "an unknown field", body: `{"model":"text-embedding-3-small","input":"x","input_type":"query"}`, status: 400, message: "Unrecognized request argument supplied: input_type"},
		},
		"/v1/completions": {
			{name: "no prompt", body: `{"model":"gpt-3.5-turbo-instruct"}`, status: 400, code: "missing_required_parameter", param: "prompt", message: "'prompt'"},
			{name: "a chat model", body: `{"model":"gpt-4o","prompt":"x"}`, status: 404, param: "model", message: "not supported in the v1/completions endpoint"},
			{name: "messages", body: `{"model":"gpt-3.5-turbo-instruct","prompt":"x",` + hi + `}`, status: 400, message: "Unrecognized request argument supplied: messages"},
			{name: "best of fewer than n", body: `{"model":"gpt-3.5-turbo-instruct","prompt":"x","n":3,"best_of":2}`, status: 400, param: "best_of", message: "best_of must be greater than or equal to n"},
		},
	} {
		for _, r := range list {
			t.Run(path+" "+r.name, func(t *testing.T) { r.run(t, c, path) })
		}
	}
}

func TestPathsAndHeaders(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "openai", mockllm.Options{})
	body := `{"model":"gpt-4o",` + hi + `}`
	for _, tt := range []struct {
		refusal
		method, path string
		headers      []string
	}{
		{refusal{name: "an unknown path", status: 404, message: "Invalid URL (POST /v1/chat)"}, "POST", "/v1/chat", nil},
		{refusal{name: "GET of a POST path", status: 405, code: "method_not_supported", message: "Not allowed to GET on /v1/chat/completions."}, "GET", chatPath, nil},
		{refusal{name: "an unknown model", status: 404, code: "model_not_found", param: "model", message: "The model 'x' does not exist"}, "GET", "/v1/models/x", nil},
		{refusal{name: "no key", status: 401, message: "You didn't provide an API key."}, "POST", chatPath, []string{"Authorization", ""}},
		{refusal{name: "a wrong key", status: 401, code: "invalid_api_key", message: "Incorrect API key"}, "POST", chatPath, []string{"Authorization", "Bearer sk-other"}},
		{refusal{name: "a client's key", status: 401, code: "invalid_api_key", message: "Incorrect API key"}, "POST", chatPath, []string{"Authorization", "Bearer client-1"}},
		{refusal{name: "the key in Anthropic's header", status: 401, code: "invalid_api_key", message: "Incorrect API key"}, "POST", chatPath, []string{"Authorization", "", "X-Api-Key", "sk-mock-openai"}},
		{refusal{name: "a client's key beside the right one", status: 401, code: "invalid_api_key", message: "Incorrect API key"}, "POST", chatPath, []string{"X-Api-Key", "client-1"}},
		{refusal{name: "another content type", status: 400, code: "unsupported_content_type", message: "Unsupported content type: 'text/plain'."}, "POST", chatPath, []string{"Content-Type", "text/plain"}},
		{refusal{name: "no content type", status: 400, code: "unsupported_content_type", message: "Unsupported content type: ''."}, "POST", chatPath, []string{"Content-Type", ""}},
		{refusal{name: "a gateway's header", status: 400, message: "x-postern-session must not reach a provider"}, "POST", chatPath, []string{"X-Postern-Session", "1"}},
		{refusal{name: "another gateway's header", status: 400, message: "cf-aig-metadata"}, "POST", chatPath, []string{"Cf-Aig-Metadata", "{}"}},
		{refusal{name: "the proxy's header", status: 400, message: "x-envoy-attempt-count"}, "POST", chatPath, []string{"X-Envoy-Attempt-Count", "1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.judge(t, c.Do(tt.method, tt.path, body, tt.headers...))
		})
	}
}
