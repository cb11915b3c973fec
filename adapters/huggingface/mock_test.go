package huggingface_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/e2e/mockllm"
)

// ask sends a request to the mock and returns its answer.
func ask(s *mockllm.Server, sent string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/v1/chat/completions", strings.NewReader(sent))
	r.Header.Set("content-type", "application/json")
	r.Header.Set("authorization", "Bearer "+s.Key("huggingface"))
	w := httptest.NewRecorder()
	s.Handler("huggingface").ServeHTTP(w, r)
	return w
}

// limits are conversations beyond what the format itself takes, which is the mock's to say.
var limits = map[string]bool{
	"a-tool-with-a-name-that-is-too-long":   true,
	"long-names-of-tools":                   true,
	"long-names-of-tools-and-a-call-of-one": true,
	"two-hundred-tools":                     true,
	"a-file-with-a-pdf-and-one-with-text":   true,
	"a-result-before-its-call":              true,
}

// Everything that the shared conversations become is taken by the mock, or refused with
// the place of what cannot be said; and what the mock answers can be read.
func TestStrictMockAcceptsSharedConversations(t *testing.T) {
	t.Parallel()
	for _, model := range []string{"Qwen/Qwen3-32B:cerebras"} {
		for dir, s := range suites() {
			t.Run(model+" "+dir, func(t *testing.T) {
				t.Parallel()
				for _, c := range conversations(t, dir) {
					if limits[c.Name] {
						continue
					}
					converse(t, s, c.Name, withModel(t, c.Request, model))
				}
			})
		}
	}
}

func converse(t *testing.T, s adaptertest.Suite, name string, request []byte) {
	t.Helper()
	server := mockllm.New(mockllm.Options{})
	sent, _, e := s.Translate(request)
	if e != nil {
		if e.Status != 400 || e.Message == "" {
			t.Errorf("%s: got %+v, want a refusal that says why", name, e)
		}
		t.Logf("%s: refused: %s", name, e.Message)
		return
	}
	w := ask(server, string(sent))
	var doc rawjson.Doc
	var out chat.Response
	if strings.Contains(string(sent), `"stream":true`) && w.Code == 200 {
		stream, err := s.Stream(request, w.Body.Bytes())
		if ending, bad := s.Grammar(stream); err != nil || bad != nil || ending != adaptertest.Complete {
			t.Errorf("%s: got %v, %v, ending %d, want a complete stream:\n%s", name, err, bad, ending, stream)
		}
		return
	}
	if w.Code != 200 || doc.Parse(w.Body.Bytes()) != nil || s.Provider.ReadResponse(doc.Root(), &out) != nil {
		t.Errorf("%s: got %d %s, want an answer that can be read\nsent %s", name, w.Code, w.Body, sent)
	}
}

func conversations(t *testing.T, dir string) []adaptertest.Conversation {
	t.Helper()
	list, err := adaptertest.LoadConversations(os.DirFS("../adaptertest/testdata/conversations"), dir)
	if err != nil {
		t.Fatal(err)
	}
	return list
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
