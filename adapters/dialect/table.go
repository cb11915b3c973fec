package dialect

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/adapters"
)

// An Endpoint is one path of a dialect.
type Endpoint struct {
	Method  string // or several, with blanks between them
	Path    string // may have one {model}, which stands for any characters, or one {id}
	Query   string // a parameter that has to be there, for paths with a model; empty for none
	Dialect *Dialect
	Op      adapters.Operation
	Stream  bool   // its answers are streams, whatever the body says
	Form    bool   // its requests may be forms
	Model   string // that the path names, once it is found; before, what a request without one means
	Rest    string // of the path from its {id} on, once it is found
}

// A Table is all that clients can ask for.
type Table struct {
	exact    map[string]Endpoint
	patterns []Endpoint // those with a model
	fallback *Dialect
	byHeader *Dialect // of those who name the version of Anthropic's API
	byKey    *Dialect // of those whose key is in Google's header
	byAgent  *Dialect // of those whose agent is Mistral's SDK
}

// A Hint is what a request's headers tell of its dialect, where paths are the same.
type Hint uint8

// Hints.
const (
	NoHint           Hint = iota
	MistralAgent          // is sent by Mistral's SDK
	AnthropicVersion      // names the version of Anthropic's API
	GoogleKey             // has its key in Google's header
)

// NewTable lists the dialects that the gateway serves.
func NewTable() *Table {
	openAI, anthropic, gemini, ollama, bedrock := OpenAI(), Anthropic(), Gemini(), Ollama(), Bedrock()
	t := newTable(openAI, anthropic, append(append(append(geminiEndpoints(gemini, GeminiArray()), openAIEndpoints(openAI)...), anthropicEndpoints(anthropic)...),
		Endpoint{Method: "POST", Path: "/v1/responses", Dialect: OpenAIResponses(), Op: adapters.Responses},
		Endpoint{Method: "POST", Path: "/v1/completions", Dialect: OpenAICompletions(), Op: adapters.Completions},
		Endpoint{Method: "POST", Path: "/api/chat", Dialect: ollama, Op: adapters.Chat},
		Endpoint{Method: "POST", Path: "/api/generate", Dialect: OllamaGenerate(), Op: adapters.Chat},
		Endpoint{Method: "POST", Path: "/api/embed", Dialect: ollama, Op: adapters.Embeddings},
		Endpoint{Method: "POST", Path: "/api/embeddings", Dialect: OllamaEmbeddings(), Op: adapters.Embeddings},
		Endpoint{Method: "GET", Path: "/api/tags", Dialect: ollama, Op: adapters.Models},
		Endpoint{Method: "POST", Path: "/v2/chat", Dialect: Cohere(), Op: adapters.Chat},
		Endpoint{Method: "POST", Path: "/model/" + modelMark + "/converse", Dialect: bedrock, Op: adapters.Chat},
		Endpoint{Method: "POST", Path: "/model/" + modelMark + "/converse-stream", Dialect: bedrock, Op: adapters.Chat, Stream: true},
	)...)
	t.byKey, t.byAgent = gemini, Mistral()
	return t
}

func newTable(fallback, byHeader *Dialect, endpoints ...Endpoint) *Table {
	t := &Table{exact: make(map[string]Endpoint, len(endpoints)), fallback: fallback, byHeader: byHeader}
	for _, e := range endpoints {
		if strings.Contains(e.Path, modelMark) || strings.Contains(e.Path, idMark) {
			t.patterns = append(t.patterns, e)
		} else {
			t.exact[e.Path] = e
		}
	}
	return t
}

// Marks stand for a model in an endpoint's path, and for the id of a thing.
const (
	modelMark = "{model}"
	idMark    = "{id}"
)

// Find is the endpoint at a path, whose query comes apart.
func (t *Table) Find(path, query string, hint Hint) (Endpoint, bool) {
	if e, ok := t.exact[path]; ok {
		if e.Op == adapters.Models && e.Dialect == t.fallback && hint == AnthropicVersion {
			e.Dialect = t.byHeader
		} else if e.Op == adapters.Models && e.Dialect == t.fallback && hint == GoogleKey && t.byKey != nil {
			e.Dialect = t.byKey
		} else if (e.Op == adapters.Models || e.Op == adapters.Chat) && e.Dialect == t.fallback && hint == MistralAgent {
			e.Dialect = t.byAgent
		}
		return e, true
	}
	for i := range t.patterns {
		if want := t.patterns[i].Query; want != "" && !strings.Contains("&"+query+"&", "&"+want+"&") {
			continue
		}
		if rest, ok := t.patterns[i].rest(path); ok {
			e := t.patterns[i]
			e.Rest = rest
			return e, true
		}
		if model, ok := t.patterns[i].model(path); ok {
			e := t.patterns[i]
			e.Model = model
			return e, true
		}
	}
	return Endpoint{}, false
}

// FindBelow is the endpoint at a path below a provider's prefix, where clients may leave
// out the version.
func (t *Table) FindBelow(path, query string, hint Hint) (Endpoint, bool) {
	e, ok := t.Find(path, query, hint)
	if !ok {
		e, ok = t.Find("/v1"+path, query, hint)
	}
	return e, ok
}

// Endpoints are all, by path and method.
func (t *Table) Endpoints() []Endpoint {
	all := slices.Clone(t.patterns)
	for _, e := range t.exact {
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b Endpoint) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Query, b.Query), strings.Compare(a.Method, b.Method))
	})
	return all
}

// model is what stands in a path where the endpoint's pattern has its mark.
func (e *Endpoint) model(path string) (string, bool) {
	before, after, ok := strings.Cut(e.Path, modelMark)
	if !ok || len(path) <= len(before)+len(after) || !strings.HasPrefix(path, before) || !strings.HasSuffix(path, after) {
		return "", false
	}
	return Unescape(path[len(before) : len(path)-len(after)])
}

// rest is what a path has from where the endpoint's pattern has an id. An id is one
// segment without characters that could mean something else to who gets the path.
func (e *Endpoint) rest(path string) (string, bool) {
	before, after, ok := strings.Cut(e.Path, idMark)
	id, under := strings.CutPrefix(path, before)
	id, whole := strings.CutSuffix(id, after)
	if !ok || !under || !whole || id == "" || id == "." || id == ".." {
		return "", false
	}
	for _, c := range []byte(id) {
		if c|0x20-'a' > 25 && c-'0' > 9 && c != '-' && c != '_' && c != '.' {
			return "", false
		}
	}
	return path[len(before)-1:], true
}

// Unescape decodes what is percent-encoded in a path. net/url would do it too, and add
// itself to the module.
func Unescape(s string) (string, bool) {
	if !strings.Contains(s, "%") {
		return s, true
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			out = append(out, s[i])
			continue
		}
		if len(s) < i+3 {
			return "", false
		}
		n, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
		if err != nil {
			return "", false
		}
		out = append(out, byte(n))
		i += 2
	}
	return string(out), true
}

// Default is the dialect for those who have not shown theirs yet.
func (t *Table) Default() *Dialect { return t.fallback }
