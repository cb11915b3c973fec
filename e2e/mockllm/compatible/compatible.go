// Package compatible is a mock of services whose API is like OpenAI's. It is one service
// or another by the host that is asked for, and refuses what that service refuses or
// passes over, so that nothing which it would not heed reaches it unseen.
package compatible

import (
	"encoding/json"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/openai"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

// Key is the key that the mock accepts when its options name none.
const Key = "mock-compatible-key"

// Provider describes the mock.
func Provider() provider.Provider {
	var hosts []string
	for _, s := range services() {
		hosts = append(hosts, s.host)
	}
	return openai.Like(openai.Variant{
		Name:        "compatible",
		Hosts:       hosts,
		Key:         Key,
		Credentials: []string{"Authorization"},
		Route:       route,
		Check:       check,
		Error:       errorBody,
		Usage:       func(x *provider.Exchange) bool { s := find(x); return s != nil && s.always },
	})
}

// Host is the name by which a service is asked for: its own, or for one that runs where
// its user wants it, NAME.internal. It is empty for an unknown one.
func Host(name string) string {
	for _, s := range services() {
		if s.name == name {
			return s.host
		}
	}
	return ""
}

func find(x *provider.Exchange) *service {
	host := x.R.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	for _, s := range services() {
		if s.host == host {
			return &s
		}
	}
	return nil
}

func route(x *provider.Exchange) (string, *provider.Failure) {
	s := find(x)
	if s == nil {
		return "", &provider.Failure{Status: http.StatusMisdirectedRequest, Message: "no service is called " + x.R.Host}
	}
	for _, base := range strings.Fields(s.bases) {
		if rest, ok := strings.CutPrefix(x.R.URL.Path, strings.TrimSuffix(base, "/")+"/"); ok {
			return "/v1/" + rest, nil
		}
	}
	return "", &provider.Failure{Status: http.StatusNotFound, Message: "no such path: " + x.R.URL.Path}
}

func refuse(what string) *provider.Failure {
	return &provider.Failure{Status: http.StatusBadRequest, Type: "invalid_request_error", Message: what + " is not supported"}
}

func check(x *provider.Exchange, body map[string]any) *provider.Failure {
	s := find(x)
	if strings.HasSuffix(x.R.URL.Path, "/embeddings") {
		return s.checkEmbeddings(body)
	}
	for key, v := range body {
		if v == nil {
			delete(body, key)
			continue
		}
		if s.refuses(key, v) {
			return refuse(key)
		}
	}
	if effort, ok := body["reasoning_effort"].(string); ok && s.efforts != "" && !slices.Contains(strings.Fields(s.efforts), effort) {
		return refuse("reasoning_effort " + effort)
	}
	format, _ := body["response_format"].(map[string]any)
	if format["type"] == "json_schema" && s.has("json_schema") {
		return refuse("json_schema")
	}
	if f := s.checkMessages(body); f != nil {
		return f
	}
	for _, key := range append(strings.Fields(s.extra), "reasoning_effort") {
		delete(body, key) // the mock of OpenAI does not know it
	}
	return nil
}

// refuses reports whether a member is none that the service takes.
func (s *service) refuses(key string, v any) bool {
	switch key {
	case "model", "messages", "stream", "prompt":
		return false
	case "n":
		if n, ok := v.(json.Number); ok && n == "1" && s.has("n") {
			return false
		}
	}
	if s.only != "" {
		return !slices.Contains(strings.Fields(s.only), key) && !slices.Contains(strings.Fields(s.extra), key)
	}
	return s.has(key)
}

func (s *service) has(name string) bool { return slices.Contains(strings.Fields(s.lacks), name) }

func (s *service) checkMessages(body map[string]any) *provider.Failure {
	messages, _ := body["messages"].([]any)
	for _, m := range messages {
		message, _ := m.(map[string]any)
		if message["role"] == "developer" && s.has("developer") {
			return refuse("role developer")
		}
		if message["name"] != nil && s.has("name") {
			return refuse("messages[].name")
		}
		for _, key := range []string{"reasoning_content", "reasoning"} {
			if message[key] == nil {
				continue
			}
			if s.thoughts != key {
				return refuse("messages[]." + key)
			}
			delete(message, key)
		}
	}
	tools, _ := body["tools"].([]any)
	for _, t := range tools {
		tool, _ := t.(map[string]any)
		if f, _ := tool["function"].(map[string]any); f["strict"] != nil && s.has("strict") {
			return refuse("tools[].function.strict")
		}
	}
	return nil
}

// checkEmbeddings knows the one service whose embeddings differ.
func (s *service) checkEmbeddings(body map[string]any) *provider.Failure {
	if s.name != "voyage" {
		return nil
	}
	for _, key := range []string{"dimensions", "user"} {
		if body[key] != nil {
			return &provider.Failure{Status: http.StatusBadRequest, Message: "Argument '" + key + "' is not supported by our API"}
		}
	}
	if body["encoding_format"] == "float" {
		return &provider.Failure{Status: http.StatusBadRequest, Message: "Value 'float' supplied for argument 'encoding_format' is not valid -- accepted values are ['base64']."}
	}
	if n := body["output_dimension"]; n != nil {
		delete(body, "output_dimension")
		body["dimensions"] = n
	}
	return nil
}

// errorBody is in the form of the service.
func errorBody(x *provider.Exchange, f provider.Failure) any {
	form := ""
	if s := find(x); s != nil {
		form = s.form
	}
	switch form {
	case "detail":
		return map[string]any{"detail": f.Message}
	case "text":
		return map[string]any{"error": f.Message, "error_type": "validation"}
	case "flat":
		return map[string]any{"object": "error", "message": f.Message, "type": "BadRequestError", "param": nil, "code": f.Status}
	}
	return map[string]any{"error": map[string]any{"message": f.Message, "type": f.Type, "param": nil, "code": nil}}
}
