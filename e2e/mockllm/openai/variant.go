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

// A Variant is how an API differs from OpenAI's, whose checks and answers it has but for
// that. What is nil does not differ.
type Variant struct {
	Name, Key string
	Hosts     []string
	Models    []string // for chat; Embeds are those for embeddings
	Embeds    []string
	Also      []string // members of chat requests that it knows beside OpenAI's

	// Route finds what is asked for: "chat", "embeddings" or "models", and may change a
	// request; anything else is not found.
	Route func(x *provider.Exchange) string
	// Check refuses what OpenAI's API takes.
	Check func(x *provider.Exchange, body map[string]any) *provider.Failure
	// Whole and Chunk change an answer, and a piece of one, of which nil leaves nothing.
	Whole, Chunk func(x *provider.Exchange, v map[string]any) any
	// Error is the form of errors; Usual says what the API says with a failure status.
	Error func(f provider.Failure) any
	Usual func(status int) provider.Failure
	// Thinks: models write their thinking into their text.
	Thinks bool
}

// Like describes the mock of a variant.
func Like(v Variant) provider.Provider {
	return provider.Provider{
		Name: v.Name, Hosts: v.Hosts, Key: v.Key, Credentials: []string{"Authorization"}, MaxBody: maxBody,
		New: func(env *provider.Env) provider.API { return &variant{api{env: env, v: v}} },
	}
}

// variant answers as its Variant says.
type variant struct{ api }

var _ provider.API = (*variant)(nil)

func (a *variant) Serve(x *provider.Exchange) {
	if x.R.Header.Get("Authorization") == "" {
		x.Fail(a.Usual(http.StatusUnauthorized))
		return
	}
	post := map[string]func(*provider.Exchange, map[string]any){"chat": a.chat, "embeddings": a.embeddings}
	switch op := a.v.Route(x); {
	case op == "models" && x.R.Method == http.MethodGet:
		a.listModels(x)
	case post[op] != nil && x.R.Method == http.MethodPost:
		a.post(x, func(x *provider.Exchange, body map[string]any) {
			if a.v.Check != nil {
				if f := a.v.Check(x, body); f != nil {
					x.Fail(*f)
					return
				}
			}
			post[op](x, body)
		})
	default:
		x.Fail(a.Usual(http.StatusNotFound))
	}
}

func (a *variant) ErrorBody(_ *provider.Exchange, f provider.Failure) any { return a.v.Error(f) }

func (a *variant) Usual(status int) provider.Failure { return a.v.Usual(status) }

func (a *variant) Headers(x *provider.Exchange, h http.Header) { h.Set("X-Request-Id", x.RequestID()) }

// model is any of the variant's: who serves one may stand behind it.
func (v *Variant) model(name string, op operation, further []string) (family, *provider.Failure) {
	known := slices.Concat(v.Models, further)
	if op == opEmbedding {
		known = slices.Concat(v.Embeds, further)
	}
	id, _, _ := strings.Cut(name, ":")
	if !slices.Contains(known, id) {
		f := v.Usual(http.StatusNotFound)
		f.Message = "The model " + name + " is not known"
		return family{}, &f
	}
	return family{id: name, op: op, maxOutput: 128_000, images: true, size: 1024, free: true}, nil
}

// known is a body without the members that the variant knows and OpenAI does not.
func (v *Variant) known(body map[string]any) map[string]any {
	if len(v.Also) == 0 {
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
	if !v.Thinks || len(a.Calls) > 0 || a.Refusal != "" {
		return a
	}
	a.Pieces = slices.Concat([]string{"<th", "ink>\n", "Hm", ".\n</", "think>", "\n\n"}, a.Pieces)
	a.Text = strings.Join(a.Pieces, "")
	return a
}

func (v *Variant) whole(x *provider.Exchange, out any) any {
	if v.Whole == nil {
		return out
	}
	return v.Whole(x, asMap(out))
}

func (v *Variant) chunk(x *provider.Exchange, out any) any {
	if v.Chunk == nil {
		return out
	}
	return v.Chunk(x, asMap(out))
}

func (v *Variant) failed() any {
	if v.Error == nil {
		return errorBody{object(usual(http.StatusInternalServerError))}
	}
	return v.Error(v.Usual(http.StatusInternalServerError))
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
