package gemini_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/gemini"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/e2e/mockllm"
)

// ask sends a request to the mock and returns its answer.
func ask(t testing.TB, s *mockllm.Server, model, sent string, stream bool) *httptest.ResponseRecorder {
	t.Helper()
	return adaptertest.Ask(s.Handler("gemini"), "", gemini.Translator().ChatPath(model, stream), []byte(sent), adapters.Header{Name: "x-goog-api-key", Value: s.Key("gemini")})
}

// What is sent must pass a mock that refuses what the real API refuses, and its answers
// must be read. Signatures and files that are not real are the one thing in the cases
// that it cannot accept.
func TestStrictMockAcceptsWhatIsSent(t *testing.T) {
	t.Parallel()
	s := mockllm.New(mockllm.Options{Models: map[string][]string{"gemini": {"gemma-4-31b-it", "gemini-2.5-flash-image"}}})
	for _, tt := range cases() {
		if tt.sent == "" || strings.Contains(tt.sent, `"c2ln"`) || strings.Contains(tt.sent, `"iVBO"`) || strings.Contains(tt.sent, `"/9j/"`) || strings.Contains(tt.sent, `ftp:`) {
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := read(t, tt.client)
			whole := ask(t, s, r.Model, tt.sent, false)
			var doc rawjson.Doc
			var out chat.Response
			if whole.Code != 200 || doc.Parse(whole.Body.Bytes()) != nil || gemini.Translator().ReadResponse(doc.Root(), &out) != nil {
				t.Fatalf("got %d %s, want an answer that can be read\nsent %s", whole.Code, whole.Body, tt.sent)
			}
			streamed := ask(t, s, r.Model, tt.sent, true)
			var last chat.Event
			err := decode(gemini.Translator().NewDecoder(), func(e *chat.Event) {
				if e.Kind == chat.FinishEvent && e.Choice == 0 {
					last = *e
				}
			}, streamed.Body.String())
			if err != nil || last.Finish != out.Choices[0].Finish || last.Usage != out.Usage {
				t.Errorf("got %v and a stream that ends with %s %s, want %s %s as whole", err, reasons[last.Finish], spell(last.Usage), reasons[out.Choices[0].Finish], spell(out.Usage))
			}
		})
	}
}

// A loop of calls with a model that signs: what its answer says goes back and is taken.
func TestLoopWithTheMock(t *testing.T) {
	t.Parallel()
	s := mockllm.New(mockllm.Options{})
	const model = "gemini-3.8-flash"
	mock := func(_ string, sent []byte) *httptest.ResponseRecorder { return ask(t, s, model, string(sent), false) }
	adaptertest.Loop(t, gemini.Translator(), mock, &chat.Request{Model: model})
}
