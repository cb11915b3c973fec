// Package vertex speaks to Vertex AI, Google Cloud's API for models of several makers:
// Gemini (https://docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference)
// and Claude (https://cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/use-claude).
//
// Both formats are those of their makers' own APIs, so packages gemini and anthropic
// translate; what Anthropic's clients send to Claude passes through. A service account's
// key is exchanged for an access token, signed here and fetched by the gateway; a key
// that is an access token already is used as it is. What neither publisher serves, such
// as other partners' models, is not spoken.
package vertex

import (
	"errors"
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/anthropic"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/gemini"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/secret"
	"github.com/postern-gateway/postern/adapters/strict"
)

// Provider is Vertex AI.
func Provider() adapters.Provider {
	return adapters.Provider{
		Name:     "vertex",
		Doc:      "Google Vertex AI: chat with Gemini and Claude, embeddings, by service account.",
		Semantic: "gcp.vertex_ai",
		Host:     "aiplatform.googleapis.com",
		Options:  options,
	}
}

// version is the anthropic_version that stands for Vertex AI.
const version = "vertex-2023-10-16"

func options(o *strict.Object) (adapters.Adapter, error) {
	a := &adapter{
		project:   o.Str("project", "ID of the Google Cloud project.", ""),
		location:  o.Str("location", "Region such as europe-west1, or us, eu or global. The cluster leads to its host, such as europe-west1-aiplatform.googleapis.com.", "global"),
		publisher: o.Enum("publisher", "Whose models they are; auto tells by the name: google/ or anthropic/ before it, or how it begins.", "auto", "auto", google, claude),
		tokens:    o.Str("token_cluster", "The proxy's name for oauth2.googleapis.com, where service accounts get their tokens; needed only for these.", ""),
		gemini:    gemini.Translation{Vertex: true},
		claude:    anthropic.Translation{Version: version},
	}
	o.Require("project")
	if !isSegment(a.project) {
		o.Fail("project", "want a project's ID")
	}
	if !isSegment(a.location) {
		o.Fail("location", "want a region, or us, eu or global")
	}
	return a, nil
}

// isSegment reports whether a name can stand in a path as it is.
func isSegment(s string) bool {
	for i := range len(s) {
		if !plain(s[i]) && s[i] != ':' {
			return false
		}
	}
	return true
}

func plain(c byte) bool {
	return c|0x20-'a' < 26 || c-'0' < 10 || c == '-' || c == '.' || c == '_'
}

// Publishers.
const (
	google = "google"
	claude = "anthropic"
)

type adapter struct {
	project, location, publisher, tokens string

	gemini gemini.Translation
	claude anthropic.Translation
}

var (
	_ adapters.Adapter    = (*adapter)(nil)
	_ adapters.Translator = (*adapter)(nil)
	_ adapters.Prefiller  = (*adapter)(nil)
	_ adapters.Amender    = (*adapter)(nil)
	_ adapters.Exchanger  = (*adapter)(nil)
	_ adapters.Located    = (*adapter)(nil)
	_ adapters.Caller     = (*adapter)(nil)
)

// split is a model's publisher, and its name without it.
func (a *adapter) split(model string) (publisher, name string) {
	name = strings.TrimPrefix(model, "publishers/")
	publisher, name, ok := strings.Cut(name, "/")
	if !ok {
		publisher, name = a.publisher, publisher
		if publisher == "auto" {
			publisher = google
			if strings.HasPrefix(name, "claude-") {
				publisher = claude
			}
		}
	}
	return publisher, strings.TrimPrefix(name, "models/")
}

// path is that of a model's method.
func (a *adapter) path(publisher, name, method string) string {
	path := make([]byte, 0, 192)
	for _, s := range [...]string{"/v1/projects/", a.project, "/locations/", a.location, "/publishers/", publisher, "/models/"} {
		path = append(path, s...)
	}
	path = append(adapters.AppendPath(path, name, "-._@"), ':')
	return string(append(path, method...))
}

// ChatPath is where a model generates: the method says whether it streams.
func (a *adapter) ChatPath(model string, stream bool) string {
	publisher, name := a.split(model)
	switch {
	case publisher == claude && stream:
		return a.path(claude, name, "streamRawPredict")
	case publisher == claude:
		return a.path(claude, name, "rawPredict")
	case stream:
		return a.path(google, name, "streamGenerateContent?alt=sse")
	}
	return a.path(google, name, "generateContent")
}

// Prefills is what Claude does.
func (a *adapter) Prefills(model string) bool {
	publisher, name := a.split(model)
	return publisher == claude && a.claude.Prefills(name)
}

// Native is for Claude, whose clients' own format this is but for the model.
func (a *adapter) Native(c adapters.Call) (string, bool) {
	publisher, name := a.split(c.Model)
	if c.Dialect != "anthropic" || publisher != claude || name == "" {
		return "", false
	}
	switch c.Op {
	case adapters.Chat:
		return a.ChatPath(c.Model, c.Stream), true
	case adapters.CountTokens:
		return a.path(claude, "count-tokens", "rawPredict"), true
	}
	return "", false
}

// Amend takes the model out, which the path has, and says which version of the format
// this is. Only the count of tokens has the model in its body, without its publisher.
func (a *adapter) Amend(c adapters.Call, request rawjson.Value, patch *rawjson.Patch) ([]string, *chat.Error) {
	if c.Op == adapters.CountTokens {
		_, name := a.split(c.Model)
		patch.Replace(request.Get("model"), rawjson.AppendString(nil, name))
	} else {
		patch.DeleteField(request, "model")
	}
	patch.SetField(request, "anthropic_version", []byte(`"`+version+`"`))
	return nil, nil
}

func (a *adapter) Credential(key secret.String) []adapters.Header {
	return []adapters.Header{{Name: "authorization", Value: "Bearer " + key.Reveal()}}
}

func (a *adapter) Defaults() []adapters.Header { return nil }

// Host is that of the location
// (https://docs.cloud.google.com/vertex-ai/generative-ai/docs/learn/locations).
func (a *adapter) Host() string {
	switch a.location {
	case "global":
		return "aiplatform.googleapis.com"
	case "us", "eu":
		return "aiplatform." + a.location + ".rep.googleapis.com"
	}
	return a.location + "-aiplatform.googleapis.com"
}

// Calls is where tokens come from.
func (a *adapter) Calls() (cluster, host string) { return a.tokens, "oauth2.googleapis.com" }

func (a *adapter) AskUsage(adapters.Operation) *adapters.Ask { return nil }

func (a *adapter) Watch(adapters.Operation) adapters.Watch { return anthropic.NewWatch() }

// AppendRequest writes a request in the format of the model's maker.
func (a *adapter) AppendRequest(dst []byte, r *chat.Request) ([]byte, *chat.Error) {
	publisher, name := a.split(r.Model)
	model := r.Model
	r.Model = name
	defer func() { r.Model = model }()
	switch publisher {
	case google:
		return a.gemini.AppendRequest(dst, r)
	case claude:
		return a.claude.AppendRequest(dst, r)
	}
	return dst, &chat.Error{Status: 400, Kind: chat.InvalidRequest, Code: "unsupported_value", Param: "model",
		Message: "model: of Vertex AI's publishers only google and anthropic are spoken here"}
}

// ReadResponse reads an answer, whose form tells the model's maker where the options do
// not.
func (a *adapter) ReadResponse(answer rawjson.Value, out *chat.Response) error {
	if a.publisher == claude || a.publisher != google && answer.Get("content").Kind() == rawjson.Array {
		return a.claude.ReadResponse(answer, out)
	}
	return a.gemini.ReadResponse(answer, out)
}

// ReadError reads an error: Claude's own have a type at their top, those of Google a
// status (https://cloud.google.com/apis/design/errors), which come for Claude, too.
func (a *adapter) ReadError(status int, body []byte) *chat.Error {
	var doc rawjson.Doc
	_ = doc.Parse(body) // what is no JSON has no members
	v := doc.Root()
	if v.Get("type").Is("error") || a.publisher == claude && !v.Find("error", "status").Exists() {
		return a.claude.ReadError(status, body)
	}
	return a.gemini.ReadError(status, body)
}

var errTruncated = errors.New("the stream of Vertex AI ended before its first event")

// NewDecoder makes a reader of streams of either form. Only Claude's events have names.
func (a *adapter) NewDecoder() adapters.Decoder {
	switch a.publisher {
	case google:
		return a.gemini.NewDecoder()
	case claude:
		return a.claude.NewDecoder()
	}
	return &decoder{a: a}
}

type decoder struct {
	a              *adapter
	gemini, claude adapters.Decoder // made once, when first needed
	in             adapters.Decoder // that reads the stream in hand
}

func (d *decoder) Reset() { d.in = nil }

func (d *decoder) Event(event, data []byte, emit func(*chat.Event)) error {
	if d.in == nil {
		d.in = d.open(len(event) > 0)
		d.in.Reset()
	}
	return d.in.Event(event, data, emit)
}

// Finished is what the form's own reader says, where it has its end wait.
func (d *decoder) Finished() bool {
	f, ok := d.in.(adapters.Finisher)
	return ok && f.Finished()
}

func (d *decoder) open(named bool) adapters.Decoder {
	if !named {
		if d.gemini == nil {
			d.gemini = d.a.gemini.NewDecoder()
		}
		return d.gemini
	}
	if d.claude == nil {
		d.claude = d.a.claude.NewDecoder()
	}
	return d.claude
}

func (d *decoder) Close(emit func(*chat.Event)) error {
	if d.in == nil {
		return errTruncated
	}
	return d.in.Close(emit)
}
