package azure_test

import (
	"os"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/azure"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/secret"
	"github.com/postern-gateway/postern/adapters/strict"
)

func adapter(tb testing.TB, options string) adapters.Adapter {
	tb.Helper()
	var a adapters.Adapter
	var err error
	if e := strict.Decode([]byte(options), func(o *strict.Object) { a, err = azure.Provider().Options(o) }); e != nil || err != nil {
		tb.Fatal(e, err)
	}
	return a
}

func TestClients(t *testing.T) {
	t.Parallel()
	p := adapter(t, `{"surface":"deployments","models":{"prod":"gpt-5"}}`).(adapters.Translator)
	adaptertest.Run(t, adaptertest.Suite{Dialect: dialect.Anthropic(), Provider: p, Grammar: adaptertest.AnthropicMessages}, os.DirFS("testdata"), "anthropic")
}

func TestPaths(t *testing.T) {
	t.Parallel()
	const older = `{"surface":"deployments"}`
	tests := []struct {
		name, options string
		op            adapters.Operation
		model, want   string
	}{
		{"v1", `{}`, adapters.Chat, "gpt-4o", "/openai/v1/chat/completions"},
		{"v1 in preview", `{"api_version":"preview"}`, adapters.Responses, "gpt-4o", "/openai/v1/responses?api-version=preview"},
		{"a deployment", older, adapters.Chat, "prod", "/openai/deployments/prod/chat/completions?api-version=2024-10-21"},
		{"a deployment's embeddings in a version", `{"surface":"deployments","api_version":"2025-04-01-preview"}`, adapters.Embeddings, "vec", "/openai/deployments/vec/embeddings?api-version=2025-04-01-preview"},
		{"a deployment whose name is a path", older, adapters.Completions, "a/b?c", "/openai/deployments/a%2Fb%3Fc/completions?api-version=2024-10-21"},
		{"the older surface has no responses", older, adapters.Responses, "prod", ""},
		{"and no list of what is deployed", older, adapters.Models, "", ""},
		{"behind another path", `{"base_path":"/x"}`, adapters.Models, "", "/x/v1/models"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, ok := adapter(t, tt.options).Native(adapters.Call{Dialect: "openai", Op: tt.op, Model: tt.model})
			if got != tt.want || ok != (tt.want != "") {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	if _, ok := adapter(t, `{}`).Native(adapters.Call{Dialect: "anthropic", Op: adapters.Chat}); ok {
		t.Error("got a path for a client of Anthropic's, want none")
	}
	for options, want := range map[string]string{
		`{}`:                        "/openai/v1/chat/completions",
		`{"surface":"deployments"}`: "/openai/deployments/prod/chat/completions?api-version=2024-10-21",
		`{"api_version":"preview"}`: "/openai/v1/chat/completions?api-version=preview",
	} {
		if got := adapter(t, options).(adapters.Translator).ChatPath("prod", true); got != want {
			t.Errorf("%s: got %q, want %q", options, got, want)
		}
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	for options, want := range map[string]adapters.Header{
		`{}`:               {Name: "api-key", Value: "k"},
		`{"auth":"entra"}`: {Name: "authorization", Value: "Bearer k"},
	} {
		if got := adapter(t, options).Credential(secret.New("k")); len(got) != 1 || got[0] != want {
			t.Errorf("%s: got %v, want %v", options, got, want)
		}
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		status int
		body   string
		want   chat.Error
	}{
		{"a prompt that was filtered", 400, `{"error":{"message":"The response was filtered due to the prompt triggering Azure OpenAI's content management policy.","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation","content_filter_result":{"hate":{"filtered":true,"severity":"high"}}}}}`,
			chat.Error{Status: 400, Kind: chat.InvalidRequest, Code: "content_filter", Param: "prompt", Message: "The response was filtered due to the prompt triggering Azure OpenAI's content management policy."}},
		{"a deployment that is not there", 404, `{"error":{"code":"DeploymentNotFound","message":"The API deployment for this resource does not exist."}}`,
			chat.Error{Status: 404, Kind: chat.NotFound, Code: "model_not_found", Param: "model", Message: "The API deployment for this resource does not exist."}},
		{"a key that is not known", 401, `{"error":{"code":"401","message":"Access denied due to invalid subscription key or wrong API endpoint."}}`,
			chat.Error{Status: 401, Kind: chat.Unauthenticated, Code: "401", Message: "Access denied due to invalid subscription key or wrong API endpoint."}},
		{"what stands before the service", 429, `{"statusCode":429,"message":"Rate limit is exceeded. Try again in 8 seconds."}`,
			chat.Error{Status: 429, Kind: chat.RateLimited, Message: "Rate limit is exceeded. Try again in 8 seconds."}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := adapter(t, `{}`).(adapters.Translator).ReadError(tt.status, []byte(tt.body)); *got != tt.want {
				t.Errorf("got %+v, want %+v", *got, tt.want)
			}
		})
	}
}
