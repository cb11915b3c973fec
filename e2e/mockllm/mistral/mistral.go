// Package mistral is a mock of Mistral's API, as strict as the real one: chat
// completions, embeddings and models.
//
// Written from the API reference, https://docs.mistral.ai/api, the types of
// https://github.com/mistralai/client-python, and the validators of
// https://github.com/mistralai/mistral-common. Where versions of those differ, the
// mock keeps to the stricter one: ids of nine letters and digits, no turn of the user's
// behind results, no images in them.
package mistral

import (
	"net/http"

	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

// Key is the key that the mock accepts when its options name none.
const Key = "mock-mistral"

// maxBody is the longest request that is read.
const maxBody = 64 << 20

// Provider describes the mock.
func Provider() provider.Provider {
	return provider.Provider{
		Name:        "mistral",
		Hosts:       []string{"api.mistral.ai"},
		Key:         Key,
		Credentials: []string{"Authorization"},
		MaxBody:     maxBody,
		New:         func(env *provider.Env) provider.API { return &api{env: env} },
	}
}

type api struct{ env *provider.Env }

var _ provider.API = (*api)(nil)

// Serve finds the operation by method and path.
func (a *api) Serve(x *provider.Exchange) {
	if x.R.Header.Get("Authorization") == "" {
		x.Fail(a.Usual(http.StatusUnauthorized))
		return
	}
	posts := map[string]func(*provider.Exchange, map[string]any){
		"/v1/chat/completions": a.chat,
		"/v1/embeddings":       a.embeddings,
	}
	switch post, known := posts[x.R.URL.Path]; {
	case known && x.R.Method == http.MethodPost:
		body, err := x.Decode()
		if !x.JSONContent() || err != nil {
			x.Fail(provider.Failure{Status: http.StatusUnprocessableEntity, Type: "json_invalid", Param: "body", Message: "JSON decode error"})
			return
		}
		post(x, body)
	case x.R.URL.Path == "/v1/models" && x.R.Method == http.MethodGet:
		a.listModels(x)
	default:
		x.Fail(provider.Failure{Status: http.StatusNotFound, Message: "no Route matched with those values"})
	}
}

// Headers adds what every answer carries.
func (a *api) Headers(x *provider.Exchange, h http.Header) {
	h.Set("Mistral-Correlation-Id", x.RequestID())
	h.Set("X-Kong-Request-Id", x.RequestID())
	if !x.B.NoRateLimits {
		h.Set("X-Ratelimit-Limit-Req-Minute", "360")
		h.Set("X-Ratelimit-Remaining-Req-Minute", "359")
	}
}
