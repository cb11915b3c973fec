package azure_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/secret"
	"github.com/postern-gateway/postern/e2e/mockllm"
	"github.com/postern-gateway/postern/e2e/mockllm/azure"
)

func ask(s *mockllm.Server, path, body string, headers []adapters.Header) *httptest.ResponseRecorder {
	return adaptertest.Ask(s.Handler("azure"), azure.Host, path, []byte(body), headers...)
}

// Both surfaces take what is sent, whole and as a stream, with either kind of key.
func TestStrictMockTakesWhatIsSent(t *testing.T) {
	t.Parallel()
	s := mockllm.New(mockllm.Options{})
	for _, options := range []string{`{}`, `{"api_version":"preview","auth":"entra"}`, `{"surface":"deployments"}`, `{"surface":"deployments","api_version":"2025-04-01-preview"}`} {
		for _, stream := range []string{"false", "true"} {
			t.Run(options+stream, func(t *testing.T) {
				t.Parallel()
				a := adapter(t, options).(adapters.Translator)
				var doc rawjson.Doc
				if err := doc.Parse([]byte(`{"model":"prod","max_tokens":50,"stream":` + stream + `,"metadata":{"user_id":"u"},"messages":[{"role":"user","content":"Hi"}]}`)); err != nil {
					t.Fatal(err)
				}
				var r chat.Request
				if e := dialect.Anthropic().Reader.ReadRequest(doc.Root(), &r); e != nil {
					t.Fatal(e.Message)
				}
				body, e := a.AppendRequest(nil, &r)
				if e != nil {
					t.Fatal(e.Message)
				}
				headers := a.(adapters.Adapter).Credential(secret.New(s.Key("azure")))
				got := ask(s, a.ChatPath("prod", stream == "true"), string(body), headers)
				if got.Code != 200 {
					t.Fatalf("got %d %s for %s", got.Code, got.Body, body)
				}
				out := adaptertest.Answered(t, a, got.Body.Bytes(), stream == "true")
				if out.Finish != chat.FinishStop || !out.Counted {
					t.Errorf("got %+v, want a stop with its usage\n%s", out, got.Body)
				}
				if stream == "true" && !strings.Contains(got.Body.String(), "prompt_filter_results") {
					t.Errorf("got a stream without what the filters say: %s", got.Body)
				}
			})
		}
	}
}

func TestErrorsOfTheMock(t *testing.T) {
	t.Parallel()
	s := mockllm.New(mockllm.Options{})
	a := adapter(t, `{"surface":"deployments"}`).(adapters.Translator)
	headers := a.(adapters.Adapter).Credential(secret.New(s.Key("azure")))
	tests := []struct {
		name, path string
		headers    []adapters.Header
		status     int
		code       string
	}{
		{"a deployment that is not there", a.ChatPath("missing", false), headers, 404, "model_not_found"},
		{"a version that is none", "/openai/deployments/x/chat/completions?api-version=v1", headers, 404, "404"},
		{"no key", a.ChatPath("x", false), nil, 401, "401"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := ask(s, tt.path, `{"model":"x","messages":[{"role":"user","content":"Hi"}]}`, tt.headers)
			if e := a.ReadError(got.Code, got.Body.Bytes()); got.Code != tt.status || e.Code != tt.code || e.Message == "" {
				t.Errorf("got %d %+v, want %d %s", got.Code, *e, tt.status, tt.code)
			}
		})
	}
}
