// Package anthropic is a mock of the Anthropic API, as strict as the real one:
// messages, token counting, batches and models.
//
// Written from the API reference, https://platform.claude.com/docs/en/api/messages,
// and its pages on streaming, errors, tools, thinking and structured outputs.
package anthropic

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/check"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

// Key is the key that the mock accepts when its options name none.
const Key = "sk-ant-mock"

// maxBody is the documented limit of a request.
const maxBody = 32 << 20

// Provider describes the mock.
func Provider() provider.Provider {
	return provider.Provider{
		Name:        "anthropic",
		Hosts:       []string{"api.anthropic.com"},
		Key:         Key,
		Credentials: []string{"X-Api-Key", "Authorization"},
		MaxBody:     maxBody,
		New:         func(env *provider.Env) provider.API { return &api{env: env} },
	}
}

type api struct {
	env *provider.Env

	mu     sync.Mutex
	stored map[string]*batch // by id
}

var _ provider.API = (*api)(nil)

// versions are the values of anthropic-version.
func versions() []string { return []string{"2023-01-01", "2023-06-01", "2026-10-21"} }

// Serve finds the operation by method and path.
func (a *api) Serve(x *provider.Exchange) {
	h := x.R.Header
	version := h.Get("Anthropic-Version")
	switch {
	case h.Get("X-Api-Key") == "" && h.Get("Authorization") == "":
		x.Fail(provider.Failure{Status: http.StatusUnauthorized, Type: "authentication_error", Message: "x-api-key header is required"})
		return
	case version == "":
		x.Fail(*invalid("anthropic-version: header is required"))
		return
	case !slices.Contains(versions(), version):
		x.Fail(*invalid("anthropic-version: \"" + version + "\" is not a valid version"))
		return
	}
	if a.batches(x) {
		return
	}
	path := x.R.URL.Path
	model, isModel := strings.CutPrefix(path, "/v1/models/")
	posts := map[string]func(*provider.Exchange){"/v1/messages": a.messages, "/v1/messages/count_tokens": a.countTokens}
	switch post, known := posts[path]; {
	case known && x.R.Method == http.MethodPost:
		post(x)
	case known || (path == "/v1/models" || isModel) && x.R.Method != http.MethodGet:
		x.Fail(provider.Failure{Status: http.StatusMethodNotAllowed, Type: "invalid_request_error", Message: "Method Not Allowed"})
	case path == "/v1/models":
		a.listModels(x)
	case isModel:
		a.getModel(x, model)
	default:
		x.Fail(provider.Failure{Status: http.StatusNotFound, Type: "not_found_error", Message: "Not Found"})
	}
}

// decode reads and checks a body against its shape.
func (a *api) decode(x *provider.Exchange, shape check.Shape) *provider.Failure {
	if !x.JSONContent() {
		return invalid("content-type: must be application/json, got \"" + x.R.Header.Get("Content-Type") + "\"")
	}
	body, err := x.Decode()
	if err != nil {
		return invalid("The request body is not valid JSON.")
	}
	if p := shape(nil, body); p != nil {
		return reword(p)
	}
	return nil
}

// Headers adds what every answer carries.
func (a *api) Headers(x *provider.Exchange, h http.Header) {
	h.Set("Request-Id", x.RequestID())
	h.Set("Anthropic-Organization-Id", "00000000-0000-4000-8000-000000000000")
	if x.B.NoRateLimits {
		return
	}
	reset := a.env.Now().UTC().Add(time.Minute).Format(time.RFC3339)
	for name, limit := range map[string]int{"Requests": 4000, "Input-Tokens": 2_000_000, "Output-Tokens": 400_000, "Tokens": 2_400_000} {
		h.Set("Anthropic-Ratelimit-"+name+"-Limit", strconv.Itoa(limit))
		h.Set("Anthropic-Ratelimit-"+name+"-Remaining", strconv.Itoa(limit-1))
		h.Set("Anthropic-Ratelimit-"+name+"-Reset", reset)
	}
}
