// Package cloudflare is a mock of Cloudflare's Workers AI in both of its forms: OpenAI's
// chat completions and embeddings, and its own with an envelope, streams of responses and
// calls whose arguments are objects.
//
// Written from https://developers.cloudflare.com/workers-ai/configuration/open-ai-compatibility,
// https://developers.cloudflare.com/workers-ai/platform/errors and Cloudflare's own client,
// https://github.com/cloudflare/ai/tree/main/packages/workers-ai-provider. Where models
// differ, it keeps to the stricter: contents are strings unless there is an image.
package cloudflare

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/ordered"
	"github.com/postern-gateway/postern/e2e/mockllm/openai"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

// Account is the one that the mock knows.
const Account = "023e105f4ecef8ad9ca31a8372d0c353"

// Paths of the two forms.
const (
	base = "/client/v4/accounts/" + Account + "/ai"
	run  = base + "/run/"
)

// Provider describes the mock.
func Provider() provider.Provider {
	return openai.Like(openai.Variant{
		Name:        "cloudflare",
		Hosts:       []string{"api.cloudflare.com"},
		Key:         "mock-cloudflare",
		Credentials: []string{"Authorization"},
		Models:      []string{"@cf/meta/llama-3.3-70b-instruct-fp8-fast", "@cf/qwen/qwen3-30b-a3b-fp8", "@cf/openai/gpt-oss-120b"},
		Embeds:      []string{"@cf/baai/bge-large-en-v1.5"},
		Also:        []string{"top_k"},
		Own:         rerank,
		Route:       route,
		Check:       accept,
		Whole:       whole,
		Chunk:       chunk,
		Error:       failure,
		Usual:       usual,
	})
}

func route(x *provider.Exchange) (string, *provider.Failure) {
	f := usual(http.StatusNotFound)
	switch path := x.R.URL.Path; {
	case x.R.Header.Get("Authorization") == "":
		f = usual(http.StatusUnauthorized)
	case path == base+"/v1/chat/completions", strings.HasPrefix(path, run):
		return "/v1/chat/completions", nil
	case path == base+"/v1/embeddings":
		return "/v1/embeddings", nil
	}
	return "", &f
}

// isRun reports whether a request is in Workers AI's own form, whatever its path is by now.
func isRun(x *provider.Exchange) bool { return strings.HasPrefix(x.R.RequestURI, run) }

// accept refuses other contents than models take, and makes a request of the own form one
// of OpenAI's.
func accept(x *provider.Exchange, body map[string]any) *provider.Failure {
	messages, _ := body["messages"].([]any)
	for i, m := range messages {
		o, _ := m.(map[string]any)
		content, ok := o["content"]
		if list, isList := content.([]any); ok && content == nil || isList && !hasImage(list) {
			return bad(fmt.Sprintf("Type mismatch of '/messages/%d/content', '%T' not in 'string'", i, content))
		}
		if o["role"] == "developer" {
			return bad(fmt.Sprintf("'/messages/%d/role' is none of system, user, assistant, tool", i))
		}
	}
	if _, ok := body["tool_choice"].(map[string]any); ok {
		return bad("Type mismatch of '/tool_choice', 'object' not in 'string'")
	}
	if !isRun(x) {
		return nil
	}
	if _, ok := body["model"]; ok {
		return bad("'/model' stands in the path")
	}
	body["model"] = strings.TrimPrefix(x.R.URL.Path, run)
	if body["stream"] == true {
		body["stream_options"] = map[string]any{"include_usage": true, "include_obfuscation": false}
	}
	return nil
}

func hasImage(parts []any) bool {
	for _, p := range parts {
		if o, _ := p.(map[string]any); o["type"] != "text" {
			return true
		}
	}
	return false
}

func bad(message string) *provider.Failure {
	return &provider.Failure{Status: http.StatusBadRequest, Code: "5006", Message: "AiError: Bad input: Error: oneOf at '/' not met, 0 matches: " + message}
}

// whole puts an answer of the own form into its envelope.
func whole(x *provider.Exchange, v map[string]any) any {
	delete(v, "service_tier")
	delete(v, "system_fingerprint")
	if !isRun(x) {
		return v
	}
	choice, _ := first(v["choices"])
	m, _ := choice["message"].(map[string]any)
	response, calls := m["content"], []any{}
	all, _ := m["tool_calls"].([]any)
	for _, c := range all {
		o, _ := c.(map[string]any)
		f, _ := o["function"].(map[string]any)
		s, _ := f["arguments"].(string)
		var arguments any = s
		_ = json.Unmarshal([]byte(s), &arguments) // what is no JSON stays a text
		calls = append(calls, map[string]any{"name": f["name"], "arguments": arguments})
	}
	if s, ok := response.(string); ok && strings.HasPrefix(s, "{") {
		_ = json.Unmarshal([]byte(s), &response) // structured output comes as JSON, and what is none as a text
	}
	return ordered.Of("result", ordered.Of("response", response, "tool_calls", calls, "usage", v["usage"]),
		"success", true, "errors", []any{}, "messages", []any{})
}

// chunk is a piece of a stream. The own form has no roles and no reasons.
func chunk(x *provider.Exchange, v map[string]any) any {
	delete(v, "obfuscation")
	delete(v, "service_tier")
	if !isRun(x) {
		return v
	}
	choice, ok := first(v["choices"])
	if !ok {
		return ordered.Of("response", "", "usage", v["usage"])
	}
	d, _ := choice["delta"].(map[string]any)
	if calls := d["tool_calls"]; calls != nil {
		return ordered.Of("tool_calls", calls, "p", "abcdef")
	}
	if s, _ := d["content"].(string); s != "" {
		return ordered.Of("response", s, "p", "abcdef")
	}
	return nil
}

func first(v any) (map[string]any, bool) {
	list, _ := v.([]any)
	if len(list) == 0 {
		return nil, false
	}
	m, ok := list[0].(map[string]any)
	return m, ok
}

// failure is the envelope without a result.
func failure(_ *provider.Exchange, f provider.Failure) any {
	code := json.Number("5006")
	if f.Code != "" && strings.Trim(f.Code, "0123456789") == "" {
		code = json.Number(f.Code)
	}
	return ordered.Of("result", nil, "success", false, "errors", []any{ordered.Of("code", code, "message", f.Message)}, "messages", []any{})
}

// usual follows https://developers.cloudflare.com/workers-ai/platform/errors.
func usual(status int) provider.Failure {
	f := provider.Failure{Status: status, Code: "5006", Message: http.StatusText(status)}
	switch status {
	case http.StatusUnauthorized:
		f.Code, f.Message = "10000", "Authentication error"
	case http.StatusNotFound:
		f.Code, f.Message = "7003", "Could not route to this path, perhaps your object identifier is invalid?"
	case http.StatusRequestEntityTooLarge:
		f.Code, f.Message = "3006", "Request is too large"
	case http.StatusTooManyRequests:
		f.Code, f.Message = "3040", "No more data centers to forward the request to"
	default:
		if status >= 500 {
			f.Code, f.Message = "7009", "Upstream service unavailable"
		}
	}
	return f
}
