// Package openai is a mock of the OpenAI API, as strict as the real one: chat
// completions, completions, embeddings, responses, moderations, images, audio, files,
// batches and models.
//
// Written from the API reference, https://platform.openai.com/docs/api-reference,
// and its OpenAPI description, https://github.com/openai/openai-openapi.
package openai

import (
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/tokens"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

// Key is the key that the mock accepts when its options name none.
const Key = "sk-mock-openai"

// maxBody is the longest request that is read.
const maxBody = 64 << 20

// Provider describes the mock.
func Provider() provider.Provider {
	return provider.Provider{
		Name:        "openai",
		Hosts:       []string{"api.openai.com"},
		Key:         Key,
		Credentials: []string{"Authorization"},
		MaxBody:     maxBody,
		New:         func(env *provider.Env) provider.API { return &api{env: env} },
	}
}

type api struct {
	env *provider.Env
	v   *Variant // nil: it is OpenAI

	mu        sync.Mutex
	responses []stored // the latest, for previous_response_id
	files     []upload
}

var _ provider.API = (*api)(nil)

// Serve finds the operation by method and path.
func (a *api) Serve(x *provider.Exchange) {
	if x.R.Header.Get("Authorization") == "" {
		x.Fail(provider.Failure{Status: http.StatusUnauthorized, Type: invalidRequest,
			Message: "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY). You can obtain an API key from https://platform.openai.com/account/api-keys."})
		return
	}
	path := x.R.URL.Path
	posts := map[string]func(*provider.Exchange, map[string]any){
		"/v1/chat/completions":   a.chat,
		"/v1/completions":        a.completions,
		"/v1/embeddings":         a.embeddings,
		"/v1/responses":          a.respond,
		"/v1/moderations":        a.moderate,
		"/v1/images/generations": a.image,
		"/v1/audio/speech":       a.speak,
	}
	forms := map[string]func(*provider.Exchange){
		"/v1/images/edits": a.editImage, "/v1/audio/transcriptions": a.listen, "/v1/audio/translations": a.listen,
	}
	if serve, ok := forms[path]; ok && x.R.Method == http.MethodPost {
		serve(x)
		return
	}
	if a.store(x) {
		return
	}
	model, isModel := strings.CutPrefix(path, "/v1/models/")
	switch post, known := posts[path]; {
	case known && x.R.Method == http.MethodPost:
		a.post(x, post)
	case known || (path == "/v1/models" || isModel) && x.R.Method != http.MethodGet:
		x.Fail(provider.Failure{Status: http.StatusMethodNotAllowed, Type: invalidRequest, Code: "method_not_supported",
			Message: "Not allowed to " + x.R.Method + " on " + path + "."})
	case path == "/v1/models":
		a.listModels(x)
	case isModel:
		a.getModel(x, model)
	default:
		x.Fail(provider.Failure{Status: http.StatusNotFound, Type: invalidRequest,
			Message: "Invalid URL (" + x.R.Method + " " + path + ")"})
	}
}

func (a *api) post(x *provider.Exchange, serve func(*provider.Exchange, map[string]any)) {
	if !x.JSONContent() {
		got := x.R.Header.Get("Content-Type")
		x.Fail(provider.Failure{Status: http.StatusBadRequest, Type: invalidRequest, Code: "unsupported_content_type",
			Message: "Unsupported content type: '" + got + "'. This API method only accepts 'application/json' requests, but you specified the header 'Content-Type: " + got + "'. Please try again with a supported content type."})
		return
	}
	body, err := x.Decode()
	if err != nil {
		x.Fail(provider.Failure{Status: http.StatusBadRequest, Type: invalidRequest,
			Message: "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)"})
		return
	}
	serve(x, body)
}

// Headers adds what every answer carries.
func (a *api) Headers(x *provider.Exchange, h http.Header) {
	h.Set("X-Request-Id", x.RequestID())
	h.Set("Openai-Version", "2020-10-01")
	h.Set("Openai-Organization", "org-mock")
	h.Set("Openai-Processing-Ms", "1")
	if x.B.NoRateLimits {
		return
	}
	for name, v := range map[string]string{
		"Limit-Requests": "10000", "Remaining-Requests": "9999", "Reset-Requests": "6ms",
		"Limit-Tokens": "2000000", "Remaining-Tokens": strconv.Itoa(max(0, 2_000_000-tokens.Count(string(x.Body)))), "Reset-Tokens": "0s",
	} {
		h.Set("X-Ratelimit-"+name, v)
	}
}
