package openai

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/answer"
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

	// Own answers what the service alone has; false if it does not. Nil has nothing.
	Own func(x *provider.Exchange) bool

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

	// Models are all that it knows for chat, and Embeds for embeddings, behind whose names
	// a colon and who runs them may stand; without any it knows every one.
	Models, Embeds []string

	// Reasons: models that are named as OpenAI's that reason are those.
	Reasons bool

	// Also are members of chat requests that it knows beside OpenAI's.
	Also []string

	// Whole and Chunk change an answer, and a piece of one, of which nil leaves nothing.
	Whole, Chunk func(x *provider.Exchange, v map[string]any) any

	// Usual says what it says with a failure status; nil is OpenAI's.
	Usual func(status int) provider.Failure

	// Thinks: its models write their thinking into their text.
	Thinks bool
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
	if l.v.Own != nil && l.v.Own(x) {
		return
	}
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

// Usual is in the service's own words.
func (l *like) Usual(status int) provider.Failure {
	if l.v.Usual == nil {
		return l.api.Usual(status)
	}
	return l.v.Usual(status)
}

// model is one that the variant knows.
func (v *Variant) model(name string, op operation, further []string) (family, *provider.Failure) {
	known := slices.Concat(v.Models, further)
	if op == opEmbedding {
		known = slices.Concat(v.Embeds, further)
	}
	if id, _, _ := strings.Cut(name, ":"); !slices.Contains(known, id) {
		f := v.Usual(http.StatusNotFound)
		f.Message = "The model " + name + " is not known"
		return family{}, &f
	}
	return family{id: name, op: op, maxOutput: 128_000, images: true, size: 1024, free: true}, nil
}

// known is a body without the members that the variant knows and OpenAI does not.
func (v *Variant) known(body map[string]any) map[string]any {
	if v == nil || len(v.Also) == 0 {
		return body
	}
	out := maps.Clone(body)
	for _, k := range v.Also {
		delete(out, k)
	}
	return out
}

// think writes thinking into the text, with tags that are cut in two.
func (v *Variant) think(a answer.Answer) answer.Answer {
	if v == nil || !v.Thinks || len(a.Calls) > 0 || a.Refusal != "" {
		return a
	}
	a.Pieces = slices.Concat([]string{"<th", "ink>\n", "Hm", ".\n</", "think>", "\n\n"}, a.Pieces)
	a.Text = strings.Join(a.Pieces, "")
	return a
}

func (v *Variant) whole(x *provider.Exchange, out any) any {
	if v == nil || v.Whole == nil {
		return out
	}
	return v.Whole(x, asMap(out))
}

func (v *Variant) chunk(x *provider.Exchange, out any) any {
	if v == nil || v.Chunk == nil {
		return out
	}
	return v.Chunk(x, asMap(out))
}

// failed is an error in mid-stream.
func (v *Variant) failed(x *provider.Exchange) any {
	if v == nil || v.Usual == nil {
		return errorBody{object(usual(http.StatusInternalServerError))}
	}
	return v.Error(x, v.Usual(http.StatusInternalServerError))
}

// asMap is a value as the JSON object that it is.
func asMap(v any) map[string]any {
	var out map[string]any
	b, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil { // only for a bug in the mock; the test sees it
		return map[string]any{"mock": err.Error()}
	}
	return out
}
