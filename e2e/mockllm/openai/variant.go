package openai

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

// A Variant is how a service differs whose API is OpenAI's otherwise.
type Variant struct {
	Name        string
	Hosts       []string
	Key         string
	Credentials []string

	// Route is the path at OpenAI for the one that was asked for.
	Route func(x *provider.Exchange) (path string, f *provider.Failure)

	// Check refuses what the service does not take in a body, and makes the rest one of
	// OpenAI's.
	Check func(x *provider.Exchange, body map[string]any) *provider.Failure

	// Error is the form of its errors; nil is OpenAI's.
	Error func(x *provider.Exchange, f provider.Failure) any

	// Usage reports whether a stream has its usage without being asked; nil: it does not.
	Usage func(x *provider.Exchange) bool

	// Prelude is the first event of a stream of chat; nil is none.
	Prelude any

	// Filters are what it says of each answer that its filters have seen; nil is nothing.
	// With them an answer that a filter has stopped has no message.
	Filters func(filtered bool) map[string]any
}

// Like describes the mock of a service that is like OpenAI. It knows every model.
func Like(v Variant) provider.Provider {
	return provider.Provider{
		Name: v.Name, Hosts: v.Hosts, Key: v.Key, Credentials: v.Credentials, MaxBody: maxBody,
		New: func(env *provider.Env) provider.API { return &like{api{env: env, v: &v}} },
	}
}

type like struct{ api }

var _ provider.API = (*like)(nil)

// Serve makes the request one of OpenAI's.
func (l *like) Serve(x *provider.Exchange) {
	path, f := l.v.Route(x)
	if f != nil {
		x.Fail(*f)
		return
	}
	if x.R.Method == http.MethodPost {
		body, err := x.Decode()
		if err != nil {
			x.Fail(provider.Failure{Status: http.StatusBadRequest, Type: invalidRequest, Message: "the body is not JSON"})
			return
		}
		if f := l.v.Check(x, body); f != nil {
			x.Fail(*f)
			return
		}
		if x.Body, err = json.Marshal(body); err != nil {
			x.Fail(provider.Failure{Status: http.StatusBadRequest, Type: invalidRequest, Message: err.Error()})
			return
		}
	}
	r := x.R.Clone(x.R.Context())
	r.URL.Path = path
	for _, name := range l.v.Credentials {
		if key := x.R.Header.Get(name); key != "" {
			r.Header.Set("Authorization", "Bearer "+strings.TrimPrefix(key, "Bearer "))
		}
	}
	x.R = r
	l.api.Serve(x)
}

// ErrorBody is in the service's own form.
func (l *like) ErrorBody(x *provider.Exchange, f provider.Failure) any {
	if l.v.Error == nil {
		return l.api.ErrorBody(x, f)
	}
	return l.v.Error(x, f)
}
