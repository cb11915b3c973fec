package pairs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"strings"

	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/dialect/openaichat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// A Dialect is how a client asks, and what it can read.
type Dialect struct {
	Name   string
	As     *dialect.Dialect
	Source string // folder of its conversations; empty: OpenAI's, as the provider of that name would get them
	Path   func(model string, stream bool) string
	InPath bool // the path has the model and whether to stream

	Ending func(stream []byte) (adaptertest.Ending, error)
	Whole  func(answer []byte) error

	// Speak puts OpenAI's request into the words of the dialect, where no provider has them
	// only; false if it cannot be said. Passes ends the path of a body that passes.
	Speak  func(request map[string]any) (map[string]any, bool)
	Passes string

	// Plain and Tool ask for a text and for a call of a tool, of the model "m" and whole; a
	// dialect without tools has no Tool.
	Plain, Tool string
}

// Dialects are all of them.
func Dialects() []Dialect {
	return []Dialect{
		{Name: "openai", As: dialect.OpenAI(), Source: "openai", Path: fixed("/v1/chat/completions"), Ending: adaptertest.OpenAIChat,
			Whole: has("id", "object", "created", "model", "choices", "usage"),
			Plain: `{"model":"m","stream":false,"max_tokens":100,"messages":[{"role":"user","content":"Say: \u00e9 and a quick fox."}]}`,
			Tool:  `{"model":"m","stream":false,"messages":[{"role":"user","content":"call weather with {\"city\":\"Bern\"}"}],"tools":[{"type":"function","function":{"name":"weather","parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}}]}`},
		{Name: "anthropic", As: dialect.Anthropic(), Source: "anthropic", Path: fixed("/v1/messages"), Ending: adaptertest.AnthropicMessages,
			Whole: has("id", "type", "role", "model", "content", "stop_reason", "usage"),
			Plain: `{"model":"m","stream":false,"max_tokens":100,"messages":[{"role":"user","content":"Say: \u00e9 and a quick fox."}]}`,
			Tool:  `{"model":"m","stream":false,"max_tokens":100,"messages":[{"role":"user","content":"call weather with {\"city\":\"Bern\"}"}],"tools":[{"name":"weather","input_schema":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}]}`},
		{Name: "gemini", As: dialect.Gemini(), Path: geminiPath, InPath: true, Ending: adaptertest.GeminiGenerate,
			Whole: has("candidates", "usageMetadata", "modelVersion", "responseId"),
			Plain: `{"contents":[{"role":"user","parts":[{"text":"Say: \u00e9 and a quick fox."}]}]}`,
			Tool:  `{"contents":[{"role":"user","parts":[{"text":"call weather with {\"city\":\"Bern\"}"}]}],"tools":[{"functionDeclarations":[{"name":"weather","parameters":{"type":"OBJECT","properties":{"city":{"type":"STRING"}},"required":["city"]}}]}]}`},
		{Name: "responses", As: dialect.OpenAIResponses(), Speak: asResponses, Passes: "/responses", Path: fixed("/v1/responses"), Ending: responsesEnding,
			Whole: has("id", "object", "created_at", "status", "model", "output", "parallel_tool_calls", "tool_choice", "tools", "usage"),
			Plain: `{"model":"m","stream":false,"input":"Say: \u00e9 and a quick fox."}`,
			Tool:  `{"model":"m","stream":false,"input":"call weather with {\"city\":\"Bern\"}","tools":[{"type":"function","name":"weather","strict":false,"parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}]}`},
		{Name: "completions", As: dialect.OpenAICompletions(), Speak: asCompletion, Passes: "/completions", Path: fixed("/v1/completions"), Ending: adaptertest.OpenAICompletions,
			Whole: has("id", "object", "created", "model", "choices", "usage"),
			Plain: `{"model":"m","stream":false,"max_tokens":100,"prompt":"Say: \u00e9 and a quick fox."}`},
		{Name: "ollama", As: dialect.Ollama(), Path: fixed("/api/chat"), Ending: adaptertest.OllamaChat,
			Whole: has("model", "created_at", "message", "done", "done_reason"),
			Plain: `{"model":"m","stream":false,"messages":[{"role":"user","content":"Say: \u00e9 and a quick fox."}]}`,
			Tool:  `{"model":"m","stream":false,"messages":[{"role":"user","content":"call weather with {\"city\":\"Bern\"}"}],"tools":[{"type":"function","function":{"name":"weather","parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}}]}`},
	}
}

func fixed(path string) func(string, bool) string {
	return func(string, bool) string { return path }
}

func geminiPath(model string, stream bool) string {
	model = url.PathEscape(model)
	if stream {
		return "/v1beta/models/" + model + ":streamGenerateContent?alt=sse"
	}
	return "/v1beta/models/" + model + ":generateContent"
}

// has wants an object with these members.
func has(members ...string) func([]byte) error {
	return func(answer []byte) error {
		var o map[string]json.RawMessage
		if err := json.Unmarshal(answer, &o); err != nil {
			return err
		}
		for _, m := range members {
			if o[m] == nil {
				return fmt.Errorf("it has no %s", m)
			}
		}
		return nil
	}
}

// Passed reports whether the provider has got the dialect's body as it was, by the path
// that it went to.
func (d *Dialect) Passed(p *Provider, path string) bool {
	path, _, _ = strings.Cut(path, "?")
	if d.Passes != "" && strings.HasSuffix(path, d.Passes) && !strings.HasSuffix(path, "/chat"+d.Passes) {
		return true
	}
	return d.Name == p.Kind || d.Name == p.Speaks
}

// Suite is the pair as its adapters make it, without the gateway.
func (d *Dialect) Suite(p *Provider) (adaptertest.Suite, error) {
	t, err := p.Translator()
	return adaptertest.Suite{Dialect: d.As, Provider: t, Grammar: d.Ending}, err
}

// Ask makes a request of the dialect one of this model, whole or as a stream.
func (d *Dialect) Ask(request map[string]any, model string, stream bool) ([]byte, error) {
	body := maps.Clone(request)
	if !d.InPath {
		body["model"], body["stream"] = model, stream
	}
	return json.Marshal(body)
}

// Conversations are the shared requests of the dialect, by name, from the folders of
// adapters/adaptertest/testdata/conversations. A dialect without a folder of its own has
// OpenAI's as the provider of that dialect would get them, which is what its clients send;
// what cannot be said in it is left out.
func (d *Dialect) Conversations(fsys fs.FS) (map[string]map[string]any, error) {
	folder := d.Source
	if folder == "" {
		folder = "openai"
	}
	list, err := adaptertest.LoadConversations(fsys, folder)
	if err != nil {
		return nil, err
	}
	all := map[string]map[string]any{}
	for i := range list {
		body := list[i].Request
		if d.Source == "" && d.Speak == nil {
			var e *chat.Error
			body, e, err = spoken(d.Name, body)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", list[i].Name, err)
			}
			if e != nil {
				continue
			}
		}
		v, err := Object(body)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", list[i].Name, err)
		}
		if d.Speak != nil {
			var ok bool
			if v, ok = d.Speak(v); !ok {
				continue
			}
		}
		all[list[i].Name] = v
	}
	return all, nil
}

// Object reads an object with its numbers as they are spelled.
func Object(body []byte) (map[string]any, error) {
	var v map[string]any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	return v, d.Decode(&v)
}

// spoken is OpenAI's request in the form of a provider of another dialect.
func spoken(kind string, body []byte) ([]byte, *chat.Error, error) {
	var doc rawjson.Doc
	if err := doc.Parse(body); err != nil {
		return nil, nil, err
	}
	var r chat.Request
	if e := (openaichat.Reader{}).ReadRequest(doc.Root(), &r); e != nil {
		return nil, e, nil
	}
	p := Provider{Kind: kind}
	t, err := p.Translator()
	if err != nil {
		return nil, nil, err
	}
	out, e := t.AppendRequest(nil, &r)
	return out, e, nil
}
