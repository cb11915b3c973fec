package adaptertest

import (
	"bytes"
	"cmp"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// A Mock is a provider's mock, as strict as the provider: it answers a request.
type Mock func(path string, sent []byte) *httptest.ResponseRecorder

// Ask sends a request in JSON to a handler, under a host's name if there is one.
func Ask(h http.Handler, host, path string, sent []byte, headers ...adapters.Header) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(sent))
	r.Host = cmp.Or(host, r.Host)
	r.Header.Set("content-type", "application/json")
	for _, h := range headers {
		r.Header.Set(h.Name, h.Value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// Bearer is a mock whose key goes into the header Authorization.
func Bearer(h http.Handler, key string) Mock {
	return func(path string, sent []byte) *httptest.ResponseRecorder {
		return Ask(h, "", path, sent, adapters.Header{Name: "authorization", Value: "Bearer " + key})
	}
}

// Accepts wants what the suite's cases send taken by the mock, and its answers read.
// Cases that skip names are left out.
func (s *Suite) Accepts(t *testing.T, mock Mock, cases []Case, skip func(*Case) bool) {
	t.Helper()
	for i := range cases {
		c := &cases[i]
		if c.Refused != "" || skip(c) {
			continue
		}
		got := mock(s.Provider.ChatPath("", false), c.Upstream)
		if got.Code != http.StatusOK {
			t.Errorf("%s: got %d %s, want an answer\nsent %s", c.About, got.Code, got.Body, c.Upstream)
			continue
		}
		if !strings.HasPrefix(got.Header().Get("content-type"), "application/json") {
			s.acceptsStream(t, c.About, []byte(`{"model":"m","messages":[{"role":"user","content":"Hi"}],"stream":true}`), got.Body.Bytes())
		} else if status, out := s.Answer(http.StatusOK, got.Body.Bytes()); status != http.StatusOK {
			t.Errorf("%s: got %d %s of\n%s", c.About, status, out, got.Body)
		}
	}
}

func (s *Suite) acceptsStream(t *testing.T, about string, request, answer []byte) {
	t.Helper()
	stream, err := s.Stream(request, answer)
	if ending, bad := s.Grammar(stream); err != nil || bad != nil || ending != Complete {
		t.Errorf("%s: got %v, %v, ending %d, want a complete stream:\n%s\nof\n%s", about, err, bad, ending, stream, answer)
	}
}

// Converse wants everything that the shared conversations become, for each of the models,
// taken by the mock, or refused with the place of what cannot be said; and what the mock
// answers read. Those that skip names are left out.
func (s Suites) Converse(t *testing.T, mock Mock, skip map[string]bool, models ...string) {
	t.Helper()
	for _, model := range models {
		for dir, suite := range s {
			t.Run(model+" "+dir, func(t *testing.T) {
				t.Parallel()
				list, err := LoadConversations(os.DirFS("../adaptertest/testdata/conversations"), suite.Dialect.Name)
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range list {
					if !skip[c.Name] {
						suite.converse(t, mock, c.Name, model, withModel(t, c.Request, model))
					}
				}
			})
		}
	}
}

func (s *Suite) converse(t *testing.T, mock Mock, name, model string, request []byte) {
	t.Helper()
	sent, _, e := s.Translate(request)
	if e != nil {
		if e.Status != http.StatusBadRequest || e.Message == "" {
			t.Errorf("%s: got %+v, want a refusal that says why", name, e)
		}
		t.Logf("%s: refused: %s", name, e.Message)
		return
	}
	w := mock(s.Provider.ChatPath(model, false), sent)
	if bytes.Contains(sent, []byte(`"stream":true`)) && w.Code == http.StatusOK {
		s.acceptsStream(t, name, request, w.Body.Bytes())
		return
	}
	var doc rawjson.Doc
	var out chat.Response
	if w.Code != http.StatusOK || doc.Parse(w.Body.Bytes()) != nil || s.Provider.ReadResponse(doc.Root(), &out) != nil {
		t.Errorf("%s: got %d %s, want an answer that can be read\nsent %s", name, w.Code, w.Body, sent)
	}
}

// BeyondOpenAI names the shared conversations that are more than a service that passes
// OpenAI's form on takes, which is for its mock to say.
func BeyondOpenAI() map[string]bool {
	return map[string]bool{
		"a-tool-with-a-name-that-is-too-long":   true,
		"long-names-of-tools":                   true,
		"long-names-of-tools-and-a-call-of-one": true,
		"two-hundred-tools":                     true,
		"a-file-with-a-pdf-and-one-with-text":   true,
		"a-result-before-its-call":              true,
	}
}

// withModel is the request with another model.
func withModel(t *testing.T, request []byte, model string) []byte {
	t.Helper()
	var doc rawjson.Doc
	if err := doc.Parse(request); err != nil {
		t.Fatal(err)
	}
	var p rawjson.Patch
	p.Replace(doc.Root().Get("model"), rawjson.AppendString(nil, model))
	return p.Apply(nil, &doc)
}

// Loop is a loop of calls with a provider's mock: what each answer says goes back, with
// the calls' results, and is taken. The request has its model, and no tools or messages.
func Loop(t *testing.T, p adapters.Translator, mock Mock, r *chat.Request) {
	t.Helper()
	r.Tools = []chat.Tool{{Name: chat.Text("get")}}
	r.Begin(chat.User)
	r.Add(chat.Part{Text: chat.Text(`call get and call get then call get`)})
	for round, want := range []chat.Finish{chat.FinishTools, chat.FinishTools, chat.FinishStop} {
		sent, e := p.AppendRequest(nil, r)
		if e != nil {
			t.Fatal(e.Message)
		}
		got := mock(p.ChatPath(r.Model, r.Stream), sent)
		if got.Code != http.StatusOK {
			t.Fatalf("stream %v, round %d: got %d %s for %s", r.Stream, round, got.Code, got.Body, sent)
		}
		answer := Answered(t, p, got.Body.Bytes(), r.Stream)
		if answer.Finish != want {
			t.Fatalf("stream %v, round %d: got finish %d, want %d", r.Stream, round, answer.Finish, want)
		}
		parts := answer.Parts
		r.Begin(chat.Assistant)
		for _, part := range parts {
			r.Add(part)
		}
		r.Begin(chat.ToolRole)
		for _, part := range slices.DeleteFunc(parts, func(p chat.Part) bool { return p.Kind != chat.ToolCallPart }) {
			r.Add(chat.Part{Kind: chat.ToolResultPart, ID: part.ID})
			r.AddResult(chat.Part{Text: chat.Text("42")})
		}
	}
}
