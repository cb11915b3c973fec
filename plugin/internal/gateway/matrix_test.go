package gateway_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/builtin"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/openaichat"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/strict"
	"github.com/postern-gateway/postern/e2e/mockllm"
	"github.com/postern-gateway/postern/plugin/cases"
)

var update = flag.Bool("update", false, "write testdata/matrix.txt again")

// conversations are the shared ones, in the words of the two dialects that have them.
const conversations = "../../../adapters/adaptertest/testdata/conversations"

// A matrixProvider is a row of the matrix: an upstream and its strict mock.
type matrixProvider struct {
	kind, mock, model, host, options string
}

// matrixProviders are all providers with a mock of their own.
var matrixProviders = []matrixProvider{
	{kind: "openai", mock: "openai", model: "gpt-4o"},
	{kind: "anthropic", mock: "anthropic", model: "claude-sonnet-4-5"},
	{kind: "mistral", mock: "mistral", model: "mistral-large-latest"},
}

// A matrixDialect is a column: how a client asks, and what it can read.
type matrixDialect struct {
	name   string
	source string // folder of its conversations; empty: OpenAI's, as the provider of that name would get them
	path   func(model string, stream bool) string
	ending func(stream []byte) (adaptertest.Ending, error)
	whole  func(answer []byte) error
	inPath bool // the path has the model and whether to stream
}

func fixed(path string) func(string, bool) string {
	return func(string, bool) string { return path }
}

var matrixDialects = []matrixDialect{
	{name: "openai", source: "openai", path: fixed("/v1/chat/completions"), ending: adaptertest.OpenAIChat, whole: has("id", "object", "created", "model", "choices", "usage")},
	{name: "anthropic", source: "anthropic", path: fixed("/v1/messages"), ending: adaptertest.AnthropicMessages, whole: has("id", "type", "role", "model", "content", "stop_reason", "usage")},
	{name: "cohere", path: fixed("/v2/chat"), ending: adaptertest.CohereChat, whole: has("id", "message", "finish_reason", "usage")},
	{name: "bedrock", path: func(model string, stream bool) string {
		if stream {
			return "/model/" + model + "/converse-stream"
		}
		return "/model/" + model + "/converse"
	}, ending: adaptertest.BedrockConverse, whole: has("output", "stopReason", "usage", "metrics"), inPath: true},
	{name: "ollama", path: fixed("/api/chat"), ending: adaptertest.OllamaChat, whole: has("model", "created_at", "message", "done", "done_reason")},
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

// TestMatrix drives every dialect against every provider over the shared conversations:
// what a provider gets its strict mock has to take, and what a client gets has to be
// valid in its dialect. Refusals and drops are those of testdata/matrix.txt.
func TestMatrix(t *testing.T) {
	report := map[string][]string{}
	lines := make(chan [2]string)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for l := range lines {
			report[l[0]] = append(report[l[0]], l[1])
		}
	}()
	t.Run("pairs", func(t *testing.T) {
		for _, d := range matrixDialects {
			all := d.conversations(t)
			for _, p := range matrixProviders {
				pair := d.name + " to " + p.kind
				t.Run(pair, func(t *testing.T) {
					t.Parallel()
					server := mockllm.New(mockllm.Options{Models: map[string][]string{p.mock: {p.model}}})
					for _, name := range slices.Sorted(maps.Keys(all)) {
						for _, stream := range []bool{false, true} {
							outcome := d.ask(t, p, server, name, all[name], stream)
							if !stream || strings.HasPrefix(outcome, "FAILED") {
								lines <- [2]string{pair, name + ": " + outcome}
							}
						}
					}
				})
			}
		}
	})
	close(lines)
	<-done
	compareMatrix(t, report)
}

// compareMatrix holds the outcomes to the file that has them.
func compareMatrix(t *testing.T, report map[string][]string) {
	const file = "testdata/matrix.txt"
	var b strings.Builder
	for _, pair := range slices.Sorted(maps.Keys(report)) {
		slices.Sort(report[pair])
		passed := 0
		var rest []string
		for _, l := range report[pair] {
			if strings.HasSuffix(l, ": passed") {
				passed++
			} else {
				rest = append(rest, l)
			}
		}
		fmt.Fprintf(&b, "# %s: %d passed as they are, %d otherwise\n", pair, passed, len(rest))
		for _, l := range rest {
			b.WriteString(l + "\n")
		}
		b.WriteString("\n")
	}
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || string(want) != b.String() {
		got, want := strings.Split(b.String(), "\n"), strings.Split(string(want), "\n")
		for i := range min(len(got), len(want)) {
			if got[i] != want[i] {
				t.Fatalf("%s, line %d: got %q, want %q (err %v); go test ./plugin/internal/gateway -run TestMatrix -update writes it again", file, i+1, got[i], want[i], err)
			}
		}
		t.Fatalf("%s: got %d lines, want %d (err %v)", file, len(got), len(want), err)
	}
}

// conversations are the requests of the dialect, by name. Dialects without a folder of
// their own have OpenAI's as the provider of that dialect would get them, which is what
// its clients send.
func (d *matrixDialect) conversations(t *testing.T) map[string]map[string]any {
	t.Helper()
	folder := d.source
	if folder == "" {
		folder = "openai"
	}
	list, err := adaptertest.LoadConversations(os.DirFS(conversations), folder)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string]any{}
	for i := range list {
		body := list[i].Request
		if d.source == "" {
			var e *chat.Error
			if body, e = spoken(t, d.name, body); e != nil {
				continue // it cannot be said in this dialect
			}
		}
		var v map[string]any
		dec := json.NewDecoder(bytes.NewReader(body))
		dec.UseNumber()
		if err := dec.Decode(&v); err != nil {
			t.Fatalf("%s: %v", list[i].Name, err)
		}
		all[list[i].Name] = v
	}
	return all
}

// spoken is OpenAI's request in the form of a provider of another dialect.
func spoken(t *testing.T, kind string, body []byte) ([]byte, *chat.Error) {
	t.Helper()
	var doc rawjson.Doc
	if err := doc.Parse(body); err != nil {
		t.Fatal(err)
	}
	var r chat.Request
	if e := (openaichat.Reader{}).ReadRequest(doc.Root(), &r); e != nil {
		return nil, e
	}
	i := slices.IndexFunc(builtin.Providers(), func(p adapters.Provider) bool { return p.Name == kind })
	var a adapters.Adapter
	if err := strict.Decode([]byte(`{}`), func(o *strict.Object) { a, _ = builtin.Providers()[i].Options(o) }); err != nil {
		t.Fatal(err)
	}
	return a.(adapters.Translator).AppendRequest(nil, &r)
}

// ask sends one conversation through the gateway to the provider's mock, and says what
// came of it.
func (d *matrixDialect) ask(t *testing.T, p matrixProvider, server *mockllm.Server, name string, conversation map[string]any, stream bool) string {
	t.Helper()
	body := maps.Clone(conversation)
	delete(body, "stream_options")
	if !d.inPath {
		body["model"], body["stream"] = p.model, stream
	}
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	proxy := newProxy(t, p.config(server.Key(p.mock)))
	x := proxy.stream()
	x.request(cases.Message{First: "POST " + d.path(p.model, stream), Headers: []cases.Header{{Name: "content-type", Value: "application/json"}}, Body: text})
	defer x.done()
	if x.answered {
		return d.refusal(t, name, x)
	}
	answer := upstream(server.Handler(p.mock), x.upstream)
	proxy.details = "via_upstream"
	x.respond(answer, len(answer.Body)/3, len(answer.Body)/2)
	switch {
	case answer.First != "200" && d.name == p.kind: // it was the client's own request, all of it
		return "the provider itself refuses with " + answer.First
	case answer.First != "200" && beyond[name] != "":
		return "the provider itself refuses with " + answer.First + ": " + beyond[name]
	case answer.First != "200":
		t.Errorf("%s, stream %v: the provider's mock refuses with %s: %s\nof %s", name, stream, answer.First, answer.Body, x.upstream.Body)
	case stream:
		if d.name == p.kind { // it passes; tests of the gateway show that it does
			break
		}
		if ending, err := d.ending(x.response.Body); err != nil || ending != adaptertest.Complete {
			t.Errorf("%s: got a stream that ends in %d (%v), want a whole one: %s", name, ending, err, x.response.Body)
		}
	default:
		if err := d.whole(x.response.Body); err != nil || x.response.First != "200" {
			t.Errorf("%s: got %s %s: %v", name, x.response.First, x.response.Body, err)
		}
	}
	if dropped := x.response.Get("x-postern-dropped"); dropped != "" {
		return "dropped " + dropped
	}
	return "passed"
}

// beyond are the conversations that some providers refuse themselves, and why that is
// right: the client has asked for it, and nothing else would be what it asked for.
var beyond = map[string]string{
	"two-hundred-tools":        "it takes fewer tools",
	"a-result-before-its-call": "nothing has asked for the result",
	"thinking-with-signatures-and-redacted-blocks-through-a-loop-": "the signature is none",
}

// refusal is what the gateway itself refuses with.
func (d *matrixDialect) refusal(t *testing.T, name string, x *exchange) string {
	t.Helper()
	if x.response.First >= "500" {
		t.Errorf("%s: got %s %s", name, x.response.First, x.response.Body)
	}
	var e struct {
		Error   json.RawMessage `json:"error"`
		Message string          `json:"message"` // which some APIs have alone
	}
	err := json.Unmarshal(x.response.Body, &e)
	if e.Message != "" {
		return "refused with " + x.response.First + " " + e.Message
	}
	if err != nil || e.Error == nil {
		t.Errorf("%s: got %s, want an error of the dialect", name, x.response.Body)
	}
	var o struct{ Message string }
	if json.Unmarshal(e.Error, &o) != nil {
		_ = json.Unmarshal(e.Error, &o.Message)
	}
	return "refused with " + x.response.First + " " + o.Message
}

func (p *matrixProvider) config(key string) string {
	host, options := p.host, p.options
	if options == "" {
		options = "{}"
	}
	return fmt.Sprintf(`{"hold_headers":"always","providers":[{"name":"p","type":%q,"cluster":"c","host":%q,"keys":[{"value":%q}],"options":%s}]}`, p.kind, host, key, options)
}

// upstream is a provider's answer.
func upstream(h http.Handler, m *cases.Message) cases.Message {
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
