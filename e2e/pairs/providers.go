// Package pairs has the tables of client dialects and providers that are tested each with
// each: natively, on the built module in the simulator, and in Envoy.
//
// A dialect is a row of Dialects, a provider one of Providers, and every test of the pairs
// has it. Providers are those with a strict mock of their own: the services of OpenAI's
// format have tests that hold each of them to its mock.
package pairs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/builtin"
	"github.com/postern-gateway/postern/adapters/strict"
	"github.com/postern-gateway/postern/e2e/mockllm"
	"github.com/postern-gateway/postern/e2e/mockllm/cloudflare"
	"github.com/postern-gateway/postern/plugin/cases"
)

// A Provider is an upstream and its strict mock.
type Provider struct {
	Kind, Mock, Model string
	Options           string // in JSON; empty: none
	Speaks            string // a dialect whose bodies pass, beside that of its own name
	Lacks             string // a dialect that passes to an API which the mock has not
}

// Providers are all of them.
func Providers() []Provider {
	return []Provider{
		{Kind: "openai", Mock: "openai", Model: "gpt-4o"},
		{Kind: "anthropic", Mock: "anthropic", Model: "claude-sonnet-4-5"},
		{Kind: "gemini", Mock: "gemini", Model: "gemini-2.5-flash"},
		{Kind: "azure", Mock: "azure", Model: "gpt-4o", Speaks: "openai"},
		{Kind: "mistral", Mock: "mistral", Model: "mistral-large-latest"},
		{Kind: "cohere", Mock: "cohere", Model: "command-a-03-2025"},
		{Kind: "ollama", Mock: "ollama", Model: "llama3.2"},
		{Kind: "bedrock", Mock: "bedrock", Model: "anthropic.claude-sonnet-4-5-20250929-v1:0", Options: `{"region":"us-east-1"}`},
		{Kind: "vertex", Mock: "vertex", Model: "gemini-2.5-flash", Options: `{"project":"p","token_cluster":"tokens"}`},
		{Kind: "huggingface", Mock: "huggingface", Model: "meta-llama/Llama-3.3-70B-Instruct"},
		{Kind: "cloudflare", Mock: "cloudflare", Model: "@cf/meta/llama-3.3-70b-instruct-fp8-fast", Options: `{"account":"` + cloudflare.Account + `"}`, Lacks: "responses"},
		{Kind: "custom", Mock: "ollama", Model: "llama3.2", Options: ownFormat},
	}
}

// ownFormat describes Ollama's own API as that of a server that nobody knows.
const ownFormat = `{"path":"/api/chat","stream":{"framing":"ndjson"},
	"request":{"model":"{{model}}","messages":"{{messages}}","tools":"{{tools}}","stream":"{{stream|false}}","options":{"num_predict":"{{max_tokens}}","stop":"{{stop}}"}},
	"tool":{"type":"function","function":{"name":"{{function.name}}","description":"{{function.description}}","parameters":"{{function.parameters|{\"type\":\"object\",\"properties\":{}}}}"}},
	"messages":{"system":{"role":"system","content":"{{content}}"},"user":{"role":"user","content":"{{content}}"},
		"assistant":{"role":"assistant","content":"{{content}}","tool_calls":"{{tool_calls}}"},"tool_call":{"id":"{{id}}","function":{"name":"{{function.name}}","arguments":"{{arguments}}"}},
		"tool":{"role":"tool","tool_call_id":"{{tool_call_id}}","content":"{{content}}"}},
	"response":{"text":"message.content","reasoning":"message.thinking","tool_calls":"message.tool_calls[*].function","tool_call_name":"name","tool_call_arguments":"arguments",
		"finish":"done_reason","input_tokens":"prompt_eval_count","output_tokens":"eval_count"}}`

// Mocks are the strict mocks of all of them.
func Mocks(now func() time.Time) *mockllm.Server {
	models := map[string][]string{}
	for _, p := range Providers() {
		models[p.Mock] = append(models[p.Mock], p.Model)
	}
	return mockllm.New(mockllm.Options{Models: models, Now: now})
}

// Row is the provider's part of a configuration, in JSON: it has the name of its kind.
func (p *Provider) Row(cluster, key string) string {
	value, _ := json.Marshal(key) // of a string
	return fmt.Sprintf(`{"name":%q,"type":%q,"cluster":%q,"keys":[{"value":%s}],"options":%s}`, p.Kind, p.Kind, cluster, value, p.options())
}

func (p *Provider) options() string {
	if p.Options == "" {
		return "{}"
	}
	return p.Options
}

// Adapter is what a kind of provider is with these options, in JSON.
func Adapter(kind, options string) (adapters.Adapter, error) {
	for _, p := range builtin.Providers() {
		if p.Name != kind {
			continue
		}
		var a adapters.Adapter
		var err error
		if e := strict.Decode([]byte(options), func(o *strict.Object) { a, err = p.Options(o) }); e != nil {
			return nil, e
		}
		return a, err
	}
	return nil, fmt.Errorf("no provider is called %q", kind)
}

// Translator is the provider as clients of other dialects get it.
func (p *Provider) Translator() (adapters.Translator, error) {
	a, err := Adapter(p.Kind, p.options())
	if err != nil {
		return nil, err
	}
	t, ok := a.(adapters.Translator)
	if !ok {
		return nil, fmt.Errorf("%s translates nothing", p.Kind)
	}
	return t, nil
}

// Answer is what a mock answers to a request.
func Answer(h http.Handler, m *cases.Message) cases.Message {
	method, path, _ := strings.Cut(m.First, " ")
	r := httptest.NewRequest(method, path, bytes.NewReader(m.Body))
	for _, h := range m.Headers {
		if h.Name == "host" {
			r.Host = h.Value
			continue
		}
		r.Header.Add(h.Name, h.Value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	out := cases.Message{First: fmt.Sprint(w.Code), Body: w.Body.Bytes()}
	for name := range w.Header() {
		out.Headers = append(out.Headers, cases.Header{Name: strings.ToLower(name), Value: w.Header().Get(name)})
	}
	return out
}
