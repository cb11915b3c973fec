// Package ollama is a mock of Ollama's own API: chat, generate, embed, tags and version.
//
// Written from https://github.com/ollama/ollama/blob/main/docs/api.md and from the
// server's types and handlers in the same repository. It is stricter than the real one
// where that hides mistakes: it refuses members and options that it does not know, a
// result that answers no call, and requests without a key, as ollama.com does.
package ollama

import (
	"net/http"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/check"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/ordered"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

// Key is the key that the mock accepts when its options name none.
const Key = "ollama-mock"

const maxBody = 100 << 20

// Provider describes the mock.
func Provider() provider.Provider {
	return provider.Provider{
		Name:        "ollama",
		Hosts:       []string{"ollama.com"},
		Key:         Key,
		Credentials: []string{"Authorization"},
		MaxBody:     maxBody,
		New:         func(env *provider.Env) provider.API { return &api{env} },
	}
}

type api struct{ env *provider.Env }

var _ provider.API = (*api)(nil)

func (a *api) Serve(x *provider.Exchange) {
	switch x.R.Method + " " + x.R.URL.Path {
	case "POST /api/chat":
		a.serve(x, false)
	case "POST /api/generate":
		a.serve(x, true)
	case "POST /api/embed":
		a.embed(x)
	case "GET /api/tags":
		a.tags(x)
	case "GET /api/version":
		x.JSON(ordered.Of("version", "0.14.0"))
	default:
		x.Fail(provider.Failure{Status: http.StatusNotFound, Message: "404 page not found"})
	}
}

// Headers: the server adds none of its own.
func (a *api) Headers(*provider.Exchange, http.Header) {}

// ErrorBody is an object with the message alone.
func (a *api) ErrorBody(_ *provider.Exchange, f provider.Failure) any {
	return ordered.Of("error", f.Message)
}

// Usual follows https://github.com/ollama/ollama/blob/main/docs/api.md and ollama.com.
func (a *api) Usual(status int) provider.Failure {
	f := provider.Failure{Status: status, Message: "an error was encountered while running the model"}
	switch status {
	case http.StatusUnauthorized:
		f.Message = "unauthorized"
	case http.StatusNotFound:
		f.Message = "model 'mock' not found"
	case http.StatusRequestEntityTooLarge:
		f.Message = "http: request body too large"
	case http.StatusTooManyRequests:
		f.Message = "you've reached your hourly usage limit, please upgrade to continue"
	case http.StatusServiceUnavailable:
		f.Message = "server busy, please try again.  maximum pending requests exceeded"
	}
	return f
}

func bad(message string) *provider.Failure {
	return &provider.Failure{Status: http.StatusBadRequest, Message: message}
}

// A model is what can be asked of one.
type model struct {
	name                  string
	tools, vision, thinks bool
}

func models() []model {
	return []model{
		{"llama3.2", true, false, false}, {"llava", false, true, false}, {"qwen3", true, false, true},
		{"gpt-oss:20b", true, false, true}, {"gemma3", true, true, false},
	}
}

// find finds a model, whose name may bring its usual tag. Of those that the server's
// options name everything may be asked.
func (a *api) find(name string) (model, *provider.Failure) {
	if slices.Contains(a.env.Models, name) {
		return model{name, true, true, true}, nil
	}
	for _, m := range models() {
		if strings.TrimSuffix(name, ":latest") == m.name {
			return m, nil
		}
	}
	return model{}, &provider.Failure{Status: http.StatusNotFound, Message: "model '" + name + "' not found"}
}

func (a *api) tags(x *provider.Exchange) {
	var list []any
	for _, m := range models() {
		list = append(list, ordered.Of("name", m.name+":latest", "model", m.name+":latest", "modified_at", "2026-11-01T00:00:00Z", "size", 2019393189,
			"digest", strings.Repeat("a8", 32), "details", ordered.Of("parent_model", "", "format", "gguf", "family", m.name,
				"families", []string{m.name}, "parameter_size", "3.2B", "quantization_level", "Q4_K_M")))
	}
	x.JSON(ordered.Of("models", list))
}

// reword says a problem as a decoder of Go would.
func reword(p *check.Problem) *provider.Failure {
	path := p.Path.Bracketed()
	switch p.Kind {
	case check.Unknown:
		return bad("json: unknown field \"" + path + "\"")
	case check.Missing:
		return bad(path + " is required")
	case check.Type:
		return bad("json: cannot unmarshal " + check.TypeOf(p.Got) + " into Go struct field " + path + " of type " + p.Want[0])
	}
	return bad("invalid value for " + path + " (" + p.Limit + strings.Join(p.Want, ", ") + ")")
}
