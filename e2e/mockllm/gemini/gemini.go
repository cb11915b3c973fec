// Package gemini is a mock of Google's Gemini API as keys of AI Studio reach it, as
// strict as the real one: generateContent, streamGenerateContent as server-sent events
// and as a JSON array, countTokens, embedContent, batchEmbedContents and models.
//
// Written from the API reference, https://ai.google.dev/api/generate-content, the types
// of https://github.com/googleapis/python-genai, and from answers of the real API where
// users have reported them. Field names are taken in camelCase and as its protocol buffers
// spell them, data in either alphabet of base64.
package gemini

import (
	"net/http"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/check"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

// Key is the key that the mock accepts when its options name none.
const Key = "AIza-mock"

// maxBody is the documented limit of a request with inline data.
const maxBody = 100 << 20

// Provider describes the mock.
func Provider() provider.Provider {
	return provider.Provider{
		Name:        "gemini",
		Hosts:       []string{"generativelanguage.googleapis.com"},
		Key:         Key,
		Credentials: []string{"X-Goog-Api-Key"},
		MaxBody:     maxBody,
		New:         func(env *provider.Env) provider.API { return &api{env} },
	}
}

type api struct{ env *provider.Env }

var _ provider.API = (*api)(nil)

// Serve finds the method by path: /v1beta/models/NAME:METHOD.
func (a *api) Serve(x *provider.Exchange) {
	query := x.R.URL.Query()
	switch key := query.Get("key"); {
	case key != "" && key != a.env.Key:
		x.Fail(a.Usual(http.StatusUnauthorized))
		return
	case key == "" && x.R.Header.Get("X-Goog-Api-Key") == "":
		x.Fail(provider.Failure{Status: http.StatusForbidden, Type: "PERMISSION_DENIED",
			Message: "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API."})
		return
	}
	for name := range query {
		if !slices.Contains([]string{"alt", "key", "pageSize", "pageToken", "prettyPrint"}, name) {
			x.Fail(*unknown(name, ""))
			return
		}
	}
	rest, ok := strings.CutPrefix(x.R.URL.Path, "/v1beta/")
	if !ok {
		rest, ok = strings.CutPrefix(x.R.URL.Path, "/v1/")
	}
	name, isModel := strings.CutPrefix(rest, "models/")
	name, method, called := strings.Cut(name, ":")
	methods := map[string]func(*provider.Exchange, string){
		"generateContent": a.generate, "streamGenerateContent": a.generate, "countTokens": a.countTokens,
		"embedContent": a.embed, "batchEmbedContents": a.batchEmbed,
	}
	serve := methods[method]
	switch {
	case ok && rest == "models" && x.R.Method == http.MethodGet:
		a.listModels(x)
	case ok && isModel && !called && x.R.Method == http.MethodGet:
		a.getModel(x, name)
	case ok && isModel && serve != nil && x.R.Method == http.MethodPost:
		serve(x, name)
	default:
		x.Fail(provider.Failure{Status: http.StatusNotFound, Type: "NOT_FOUND", Message: "Requested entity was not found."})
	}
}

// decode reads and checks a body against its shape.
func (a *api) decode(x *provider.Exchange, shape check.Shape) *provider.Failure {
	if !x.JSONContent() {
		return invalid("Invalid JSON payload received. Unexpected content type: \"" + x.R.Header.Get("Content-Type") + "\"")
	}
	x.Body = camelKeys(x.Body)
	body, err := x.Decode()
	if err != nil {
		return invalid("Invalid JSON payload received. Unexpected end of string.")
	}
	if p := shape(nil, body); p != nil {
		return reword(p)
	}
	return nil
}

// Headers adds what every answer carries. A delay is told in the body, not in a header.
func (a *api) Headers(_ *provider.Exchange, h http.Header) {
	h.Del("Retry-After")
	h.Set("Server", "scaffolding on HTTPServer2")
	h.Add("Vary", "Origin")
	h.Set("X-Content-Type-Options", "nosniff")
}
