// Package cohere is a mock of Cohere's API, version 2: chat, embeddings, ranking; as strict as the real one.
//
// Written from https://docs.cohere.com/v2/reference/chat, the OpenAPI document behind it
// (https://github.com/cohere-ai/cohere-developer-experience) and the types of
// https://github.com/cohere-ai/cohere-python. A member that the page does not name is
// refused, as is a result that answers no call.
package cohere

import (
	"net/http"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/check"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/ordered"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

// Key is the key that the mock accepts when its options name none.
const Key = "co-mock"

const maxBody = 20 << 20

// Provider describes the mock.
func Provider() provider.Provider {
	return provider.Provider{
		Name:        "cohere",
		Hosts:       []string{"api.cohere.com"},
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
	case "POST /v2/chat":
		a.chat(x)
	case "POST /v2/embed":
		a.embed(x)
	case "POST /v2/rerank":
		a.rerank(x)
	default:
		x.Fail(provider.Failure{Status: http.StatusNotFound, Message: "404 page not found"})
	}
}

// Headers: a request's id comes in the errors alone.
func (a *api) Headers(*provider.Exchange, http.Header) {}

// ErrorBody is an object with an id and the message.
func (a *api) ErrorBody(x *provider.Exchange, f provider.Failure) any {
	return ordered.Of("id", x.ID("", 36), "message", f.Message)
}

// Usual follows https://docs.cohere.com/reference/errors.
func (a *api) Usual(status int) provider.Failure {
	f := provider.Failure{Status: status, Message: "internal server error, this has been reported to our developers."}
	switch status {
	case http.StatusUnauthorized:
		f.Message = "invalid api token"
	case http.StatusNotFound:
		f.Message = "model 'mock' not found, make sure the correct model ID was used and that you have access to the model."
	case http.StatusRequestEntityTooLarge:
		f.Message = "request body too large"
	case http.StatusTooManyRequests:
		f.Message = "You are using a Trial key, which is limited to 20 API calls / minute. You can continue to use the Trial key for free or upgrade to a Production key with higher rate limits at 'https://dashboard.cohere.com/api-keys'."
	case 498:
		f.Message = "invalid token"
	case 499:
		f.Message = "request cancelled by user"
	case http.StatusServiceUnavailable:
		f.Message = "service unavailable"
	}
	return f
}

func bad(message string) *provider.Failure {
	return &provider.Failure{Status: http.StatusBadRequest, Message: message}
}

// A model is what can be asked of one.
type model struct {
	name          string
	sees, thinks  bool
	tools, forced bool // forced: takes tool_choice
}

func models() []model {
	return []model{
		{"command-a-03-2025", false, false, true, true}, {"command-a-reasoning-08-2025", false, true, true, true},
		{"command-a-vision-07-2025", true, false, false, false}, {"command-r-08-2024", false, false, true, false},
		{"command-a-plus-05-2026", true, true, true, true},
	}
}

// find finds a model. Of those that the server's options name everything may be asked.
func (a *api) find(name string) (model, *provider.Failure) {
	if slices.Contains(a.env.Models, name) {
		return model{name, true, true, true, true}, nil
	}
	for _, m := range models() {
		if name == m.name {
			return m, nil
		}
	}
	return model{}, &provider.Failure{Status: http.StatusNotFound,
		Message: "model '" + name + "' not found, make sure the correct model ID was used and that you have access to the model."}
}

// reword says a problem as the API does: members that it does not know and values of
// another type are 422.
func reword(p *check.Problem) *provider.Failure {
	path := p.Path.Bracketed()
	switch p.Kind {
	case check.Unknown:
		return &provider.Failure{Status: http.StatusUnprocessableEntity, Message: "unknown field: parameter '" + path + "' is not a valid field"}
	case check.Missing:
		return bad("invalid request: " + path + " is required")
	case check.Type:
		return &provider.Failure{Status: http.StatusUnprocessableEntity,
			Message: "invalid type: parameter " + path + " is of type " + check.TypeOf(p.Got) + " but should be of type " + strings.Join(p.Want, " or ") + "."}
	}
	return bad("invalid request: " + path + " is out of bounds or not one of the values that can be (" + p.Limit + strings.Join(p.Want, ", ") + ")")
}
