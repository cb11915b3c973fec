// Package huggingface is a mock of Hugging Face's router of inference providers, as the
// one behind it answers that runs text-generation-inference: OpenAI's chat completions
// with thinking in the text, calls that all have the id 0, answers with calls without
// content, and errors that are only a text.
//
// Written from https://huggingface.co/docs/inference-providers/tasks/chat-completion and
// the errors of https://github.com/huggingface/text-generation-inference.
package huggingface

import (
	"net/http"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/ordered"
	"github.com/postern-gateway/postern/e2e/mockllm/openai"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

// Provider describes the mock.
func Provider() provider.Provider {
	return openai.Like(openai.Variant{
		Name:        "huggingface",
		Hosts:       []string{"router.huggingface.co"},
		Key:         "hf_mock",
		Credentials: []string{"Authorization"},
		Models:      []string{"Qwen/Qwen3-32B", "meta-llama/Llama-3.3-70B-Instruct", "openai/gpt-oss-120b"},
		Also:        []string{"top_k", "min_p"},
		Thinks:      true,
		Route:       route,
		Check:       check,
		Whole:       whole,
		Chunk:       chunk,
		Error:       failure,
		Usual:       usual,
	})
}

func route(x *provider.Exchange) (string, *provider.Failure) {
	f := usual(http.StatusNotFound)
	path := x.R.URL.Path
	if x.R.Header.Get("Authorization") == "" {
		f = usual(http.StatusUnauthorized)
	} else if path == "/v1/chat/completions" || path == "/v1/models" {
		return path, nil
	}
	return "", &f
}

// check refuses what the reference does not know.
func check(_ *provider.Exchange, body map[string]any) *provider.Failure {
	for _, k := range []string{"max_completion_tokens", "store", "metadata", "service_tier", "prompt_cache_key", "prediction", "verbosity", "safety_identifier"} {
		if _, ok := body[k]; ok {
			return &provider.Failure{Status: http.StatusUnprocessableEntity, Type: "validation", Message: "Input validation error: unknown field `" + k + "`"}
		}
	}
	return nil
}

func whole(_ *provider.Exchange, v map[string]any) any {
	delete(v, "service_tier")
	for _, c := range choices(v) {
		m, _ := c["message"].(map[string]any)
		delete(m, "refusal")
		delete(m, "annotations")
		if calls := list(m["tool_calls"]); len(calls) > 0 {
			delete(m, "content")
			rename(calls)
		}
	}
	return v
}

func chunk(_ *provider.Exchange, v map[string]any) any {
	delete(v, "obfuscation")
	delete(v, "service_tier")
	for _, c := range choices(v) {
		d, _ := c["delta"].(map[string]any)
		delete(d, "refusal")
		rename(list(d["tool_calls"]))
	}
	return v
}

// rename gives all calls the same id.
func rename(calls []map[string]any) {
	for _, c := range calls {
		c["id"] = "0"
	}
}

func choices(v map[string]any) []map[string]any { return list(v["choices"]) }

func list(v any) []map[string]any {
	var out []map[string]any
	all, _ := v.([]any)
	for _, e := range all {
		if m, ok := e.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// failure is a text, beside which stands what kind it is, or how long a model is loaded.
func failure(_ *provider.Exchange, f provider.Failure) any {
	out := ordered.Of("error", f.Message)
	switch {
	case f.Code == "loading":
		return out.With("estimated_time", 20.5)
	case f.Type != "" && !strings.HasSuffix(f.Type, "_error"):
		return out.With("error_type", f.Type)
	}
	return out
}

func usual(status int) provider.Failure {
	f := provider.Failure{Status: status, Message: http.StatusText(status)}
	switch status {
	case http.StatusUnauthorized:
		f.Message = "Invalid username or password."
	case http.StatusNotFound:
		f.Message = "Not Found"
	case http.StatusTooManyRequests:
		f.Type, f.Message = "overloaded", "Model is overloaded"
	case http.StatusServiceUnavailable:
		f.Code, f.Message = "loading", "Model is currently loading"
	default:
		if status >= 500 {
			f.Type, f.Message = "generation", "Request failed during generation"
		}
	}
	return f
}
