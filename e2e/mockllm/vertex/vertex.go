// Package vertex is a mock of Vertex AI and of the token endpoint in front of it, as
// strict as the real ones: generateContent and streamGenerateContent of Gemini,
// rawPredict and streamRawPredict of Claude, its count of tokens, and the exchange of a
// service account's assertion for an access token.
//
// Written from https://docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference,
// https://cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/use-claude and
// https://developers.google.com/identity/protocols/oauth2/service-account. The models
// themselves are those of the mocks gemini and anthropic.
package vertex

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/anthropic"
	"github.com/postern-gateway/postern/e2e/mockllm/gemini"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

// Provider describes the mock. Its key is a service account's key file.
func Provider() provider.Provider {
	return provider.Provider{
		Name:        "vertex",
		Hosts:       []string{"aiplatform.googleapis.com", "europe-west1-aiplatform.googleapis.com", "oauth2.googleapis.com"},
		Key:         serviceAccount(),
		Credentials: []string{"Authorization"},
		MaxBody:     100 << 20,
		Called:      []string{tokenPath},
		New: func(env *provider.Env) provider.API {
			return &api{env: env, tokens: newTokens(env.Now, env.Key), google: gemini.Provider().New(env), claude: anthropic.Provider().New(env)}
		},
	}
}

type api struct {
	env            *provider.Env
	tokens         *tokens
	google, claude provider.API
}

var (
	_ provider.API    = (*api)(nil)
	_ provider.Bearer = (*api)(nil)
)

// Accepts says whether a credential is a token that was given and still holds.
func (a *api) Accepts(token string) bool { return a.tokens.valid(token) }

const tokenPath = "/token"

// Serve finds the method by path.
func (a *api) Serve(x *provider.Exchange) {
	if x.R.URL.Path == tokenPath {
		a.exchange(x)
		return
	}
	if x.R.Header.Get("Authorization") == "" {
		x.Fail(a.Usual(http.StatusUnauthorized))
		return
	}
	parts := strings.Split(strings.TrimPrefix(x.R.URL.Path, "/v1/"), "/")
	if len(parts) != 8 || parts[0] != "projects" || parts[2] != "locations" || parts[4] != "publishers" || parts[6] != "models" || x.R.Method != http.MethodPost {
		x.Fail(provider.Failure{Status: http.StatusNotFound, Type: "NOT_FOUND", Message: "Requested entity was not found."})
		return
	}
	name, method, _ := strings.Cut(parts[7], ":")
	switch parts[5] {
	case "google":
		a.serveGoogle(x, name, method)
	case "anthropic":
		a.serveClaude(x, name, method)
	default:
		x.Fail(provider.Failure{Status: http.StatusNotFound, Type: "NOT_FOUND", Message: "Publisher Model `" + strings.Join(parts, "/") + "` was not found or your project does not have access to it."})
	}
}

// serveGoogle hands a request to the mock of the Gemini API, which is the same but for
// what this one refuses.
func (a *api) serveGoogle(x *provider.Exchange, name, method string) {
	if method == "predict" || method == "embedContent" {
		a.embed(x, name, method)
		return
	}
	var body struct {
		Contents []struct {
			Role  string
			Parts []struct {
				FunctionCall, FunctionResponse map[string]any
			}
		}
		ServiceTier any
	}
	if json.Unmarshal(x.Body, &body) == nil {
		for _, c := range body.Contents {
			if c.Role != "user" && c.Role != "model" {
				x.Fail(invalid("Please use a valid role: user, model."))
				return
			}
			for _, p := range c.Parts {
				if strings.HasPrefix(name, "gemini-2") && (p.FunctionCall["id"] != nil || p.FunctionResponse["id"] != nil) {
					x.Fail(invalid("Invalid JSON payload received. Unknown name \"id\" at 'contents[0].parts[0].function_call': Cannot find field."))
					return
				}
			}
		}
		if body.ServiceTier != nil {
			x.Fail(invalid("Invalid JSON payload received. Unknown name \"serviceTier\": Cannot find field."))
			return
		}
	}
	if !slices.Contains([]string{"generateContent", "streamGenerateContent", "countTokens"}, method) {
		x.Fail(provider.Failure{Status: http.StatusNotFound, Type: "NOT_FOUND", Message: "Requested entity was not found."})
		return
	}
	a.delegate(x, "/v1beta/models/"+name+":"+method, "X-Goog-Api-Key", a.env.Key)
	a.google.Serve(x)
}

// serveClaude hands a request to the mock of Anthropic's API, with the model and the
// version where that has them.
func (a *api) serveClaude(x *provider.Exchange, name, method string) {
	body, err := x.Decode()
	if err != nil {
		x.Fail(invalid("Invalid JSON payload received."))
		return
	}
	stream, _ := body["stream"].(bool)
	path := "/v1/messages"
	a.delegate(x, path, "Anthropic-Version", "2023-06-01") // so that errors are Claude's from here on
	switch {
	case body["anthropic_version"] != "vertex-2023-10-16":
		x.Fail(provider.Failure{Status: http.StatusBadRequest, Type: "invalid_request_error", Message: "anthropic_version: Field required"})
		return
	case name == "count-tokens" && method == "rawPredict":
		path = "/v1/messages/count_tokens"
	case body["model"] != nil:
		x.Fail(provider.Failure{Status: http.StatusBadRequest, Type: "invalid_request_error", Message: "model: Extra inputs are not permitted"})
		return
	case method != "rawPredict" && method != "streamRawPredict" || stream != (method == "streamRawPredict"):
		x.Fail(provider.Failure{Status: http.StatusBadRequest, Type: "invalid_request_error", Message: "stream: does not go with the method"})
		return
	default:
		body["model"] = name
	}
	delete(body, "anthropic_version")
	model, _ := body["model"].(string)
	body["model"] = strings.Replace(model, "@", "-", 1)
	if x.Body, err = json.Marshal(body); err != nil {
		x.Fail(invalid(err.Error()))
		return
	}
	a.delegate(x, path, "Anthropic-Version", "2023-06-01")
	a.claude.Serve(x)
}

// delegate makes a request one to another mock.
func (a *api) delegate(x *provider.Exchange, path, header, value string) {
	r := x.R.Clone(x.R.Context())
	r.URL.Path = path
	r.Header.Set(header, value)
	x.R = r
}

func invalid(message string) provider.Failure {
	return provider.Failure{Status: http.StatusBadRequest, Type: "INVALID_ARGUMENT", Message: message}
}

// inner is the mock that a request has been handed to.
func (a *api) inner(x *provider.Exchange) provider.API {
	if strings.HasPrefix(x.R.URL.Path, "/v1/messages") {
		return a.claude
	}
	return a.google
}

// ErrorBody is an error in the form of whoever answers.
func (a *api) ErrorBody(x *provider.Exchange, f provider.Failure) any {
	if x.R.URL.Path == tokenPath {
		return map[string]string{"error": f.Type, "error_description": f.Message}
	}
	if f.Type == strings.ToUpper(f.Type) { // Google's own, whoever was asked
		return a.google.ErrorBody(x, f)
	}
	return a.inner(x).ErrorBody(x, f)
}

// statusOverloaded is Anthropic's own.
const statusOverloaded = 529

// Usual follows https://cloud.google.com/apis/design/errors.
func (a *api) Usual(status int) provider.Failure {
	if status == http.StatusUnauthorized {
		return provider.Failure{Status: status, Type: "UNAUTHENTICATED", Message: "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."}
	}
	if status == statusOverloaded {
		return a.claude.Usual(status)
	}
	return a.google.Usual(status)
}

// Headers adds what every answer carries.
func (a *api) Headers(x *provider.Exchange, h http.Header) { a.inner(x).Headers(x, h) }
