package ollama_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/ollama"
	"github.com/postern-gateway/postern/e2e/mockllm"
)

// mock serves the models of the cases.
func mock() *mockllm.Server {
	return mockllm.New(mockllm.Options{Models: map[string][]string{"ollama": {"m", "llama3.2", "nope"}}})
}

// ask sends a request to the mock and returns its answer.
func ask(t testing.TB, s *mockllm.Server, sent []byte) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, ollama.Translator().ChatPath("", false), strings.NewReader(string(sent)))
	r.Header.Set("content-type", "application/json")
	r.Header.Set("authorization", "Bearer "+s.Key("ollama"))
	w := httptest.NewRecorder()
	s.Handler("ollama").ServeHTTP(w, r)
	return w
}

// What is sent must pass a mock that refuses what the real API refuses, and its answers
// must be read. Images in the
// cases are not real, which the mock sees.
func TestStrictMockAcceptsWhatIsSent(t *testing.T) {
	t.Parallel()
	s := mock()
	suite := adaptertest.Suite{Dialect: dialect.OpenAI(), Provider: ollama.Translator(), Grammar: adaptertest.OpenAIChat}
	for _, c := range suites().Cases(t) {
		if c.Refused != "" || bytes.Contains(c.Upstream, []byte("iVBORw0KGgo=")) {
			continue
		}
		got := ask(t, s, c.Upstream)
		if got.Code != 200 {
			t.Errorf("%s: got %d %s, want an answer\nsent %s", c.About, got.Code, got.Body, c.Upstream)
			continue
		}
		if strings.HasPrefix(got.Header().Get("content-type"), "application/x-ndjson") {
			out, err := suite.Stream([]byte(`{"model":"m","messages":[{"role":"user","content":"Hi"}],"stream":true}`), got.Body.Bytes())
			if ending, bad := suite.Grammar(out); err != nil || bad != nil || ending != adaptertest.Complete {
				t.Errorf("%s: got %v, %v, ending %d of\n%s", c.About, err, bad, ending, got.Body)
			}
		} else if status, out := suite.Answer(200, got.Body.Bytes()); status != 200 {
			t.Errorf("%s: got %d %s of\n%s", c.About, status, out, got.Body)
		}
	}
}

// A loop of calls: what the answer says goes back and is taken, whole and as a stream.
func TestLoopWithTheMock(t *testing.T) {
	t.Parallel()
	s := mock()
	for _, stream := range []bool{false, true} {
		r := &chat.Request{Model: "m", Stream: stream, Tools: []chat.Tool{{Name: chat.Text("get")}}}
		r.Begin(chat.User)
		r.Add(chat.Part{Text: chat.Text(`call get and call get then call get`)})
		want := []chat.Finish{chat.FinishTools, chat.FinishTools, chat.FinishStop}
		for round := range want {
			sent, e := ollama.Translator().AppendRequest(nil, r)
			if e != nil {
				t.Fatal(e.Message)
			}
			parts, finish := adaptertest.Answered(t, ollama.Translator(), ask(t, s, sent).Body.Bytes(), stream)
			if finish != want[round] {
				t.Fatalf("stream %v, round %d: got finish %d, want %d", stream, round, finish, want[round])
			}
			r.Begin(chat.Assistant)
			for _, p := range parts {
				r.Add(p)
			}
			r.Begin(chat.ToolRole)
			for _, p := range slices.DeleteFunc(parts, func(p chat.Part) bool { return p.Kind != chat.ToolCallPart }) {
				r.Add(chat.Part{Kind: chat.ToolResultPart, ID: p.ID})
				r.AddResult(chat.Part{Text: chat.Text("42")})
			}
		}
	}
}
