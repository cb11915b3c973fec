package builtin_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/builtin"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/embed"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/secret"
	"github.com/postern-gateway/postern/adapters/strict"
	"github.com/postern-gateway/postern/e2e/mockllm"
)

// adapter is a provider of the list with these options.
func adapter(tb testing.TB, name, options string) adapters.Adapter {
	tb.Helper()
	for _, p := range builtin.Providers() {
		if p.Name != name {
			continue
		}
		var a adapters.Adapter
		var err error
		if e := strict.Decode([]byte(options), func(o *strict.Object) { a, err = p.Options(o) }); e != nil || err != nil {
			tb.Fatal(e, err)
		}
		return a
	}
	tb.Fatal("no provider is called " + name)
	return nil
}

// embedders are the pairs whose folders have cases.
var embedders = []struct {
	provider, options string
	dialect           *dialect.Dialect
	dir               string
	mock              bool // there is one that is as strict as the provider
}{
	{"cohere", `{}`, dialect.OpenAI(), "cohere/testdata/embeddings", true},
	{"ollama", `{}`, dialect.OpenAI(), "ollama/testdata/embeddings", true},
	{"vertex", `{"project":"p","token_cluster":"t"}`, dialect.OpenAI(), "vertex/testdata/embeddings", true},
	{"bedrock", `{}`, dialect.OpenAI(), "bedrock/testdata/embeddings", true},
	{"huggingface", `{}`, dialect.OpenAI(), "huggingface/testdata/embeddings", false},
	{"cloudflare", `{"account":"a"}`, dialect.OpenAI(), "cloudflare/testdata/embeddings", false},
	{"mistral", `{}`, dialect.OpenAI(), "mistral/testdata/embeddings", true},
	{"mistral", `{}`, dialect.Ollama(), "dialect/testdata/ollama-embed-to-mistral", false},
	{"mistral", `{}`, dialect.OllamaEmbeddings(), "dialect/testdata/ollama-embeddings-to-mistral", false},
}

func TestEmbeddings(t *testing.T) {
	t.Parallel()
	for _, tt := range embedders {
		t.Run(tt.dir, func(t *testing.T) {
			t.Parallel()
			a := adapter(t, tt.provider, tt.options)
			s := adaptertest.EmbedSuite{Dialect: tt.dialect, Provider: a.(adapters.Embedder)}
			if tt.mock {
				s.Accept = accept(t, tt.provider, a)
			}
			adaptertest.RunEmbeddings(t, s, os.DirFS(".."), tt.dir)
		})
	}
}

// accept says what a mock, which is as strict as the API, has against a request.
func accept(t *testing.T, name string, a adapters.Adapter) func(path string, request []byte) error {
	s := mockllm.New(mockllm.Options{Models: map[string][]string{"mistral": {"codestral-embed"}}})
	ask := func(path, kind, token string, body []byte) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
		r.Header.Set("content-type", kind)
		if token != "" {
			r.Header.Set("authorization", "Bearer "+token)
		}
		w := httptest.NewRecorder()
		s.Handler(name).ServeHTTP(w, r)
		return w
	}
	key := secret.New(s.Key(name))
	if x, ok := a.(adapters.Exchanger); ok {
		c, err := x.Exchange(key, time.Now().Unix())
		if err != nil {
			t.Fatal(err)
		}
		got := ask(c.Path, "application/x-www-form-urlencoded", "", c.Body)
		token, err := x.ReadToken(got.Code, got.Body.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		key = token.Value
	}
	return func(path string, request []byte) error {
		if got := ask(path, "application/json", key.Reveal(), request); got.Code != http.StatusOK {
			return errors.New(got.Body.String())
		}
		return nil
	}
}

func TestEmbedPaths(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ about, provider, options, model, want string }{
		{"Cohere's is the same for all", "cohere", `{}`, "embed-v4.0", "/v2/embed"},
		{"so is Ollama's", "ollama", `{}`, "m", "/api/embed"},
		{"Vertex predicts", "vertex", `{"project":"p"}`, "text-embedding-005", "/v1/projects/p/locations/global/publishers/google/models/text-embedding-005:predict"},
		{"Vertex predicts with the first Gemini, too", "vertex", `{"project":"p"}`, "gemini-embedding-001", "/v1/projects/p/locations/global/publishers/google/models/gemini-embedding-001:predict"},
		{"newer ones have their own method", "vertex", `{"project":"p"}`, "gemini-embedding-2", "/v1/projects/p/locations/global/publishers/google/models/gemini-embedding-2:embedContent"},
		{"Claude makes none", "vertex", `{"project":"p"}`, "claude-opus-4-5", ""},
		{"Bedrock invokes Titan", "bedrock", `{}`, "amazon.titan-embed-text-v2:0", "/model/amazon.titan-embed-text-v2%3A0/invoke"},
		{"Bedrock invokes Cohere's through a profile", "bedrock", `{}`, "us.cohere.embed-v4:0", "/model/us.cohere.embed-v4%3A0/invoke"},
		{"Bedrock invokes Titan's for images", "bedrock", `{}`, "amazon.titan-embed-image-v1", "/model/amazon.titan-embed-image-v1/invoke"},
		{"Bedrock invokes Nova's", "bedrock", `{}`, "us.amazon.nova-2-multimodal-embeddings-v1:0", "/model/us.amazon.nova-2-multimodal-embeddings-v1%3A0/invoke"},
		{"others of Bedrock's are not known", "bedrock", `{}`, "amazon.nova-pro-v1:0", ""},
		{"Hugging Face's own inference", "huggingface", `{}`, "org/m", "/hf-inference/models/org/m/pipeline/feature-extraction"},
		{"the same by its name", "huggingface", `{}`, "org/m:hf-inference", "/hf-inference/models/org/m/pipeline/feature-extraction"},
		{"nobody else's", "huggingface", `{}`, "org/m:nebius", ""},
		{"an endpoint's", "huggingface", `{"embeddings":"openai"}`, "m", "/v1/embeddings"},
		{"Cloudflare's", "cloudflare", `{"account":"a"}`, "@cf/x", "/client/v4/accounts/a/ai/v1/embeddings"},
		{"Azure's", "azure", `{}`, "m", "/openai/v1/embeddings"},
		{"a deployment of Azure's", "azure", `{"surface":"deployments"}`, "m", "/openai/deployments/m/embeddings?api-version=2024-10-21"},
		{"Voyage's", "voyage", `{}`, "m", "/v1/embeddings"},
		{"a service without", "deepseek", `{}`, "m", ""},
	} {
		if got := adapter(t, tt.provider, tt.options).(adapters.Embedder).EmbedPath(tt.model); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.about, got, tt.want)
		}
	}
}

// Whatever a client sends, each provider gets JSON or nothing; whatever a provider
// answers, the client gets JSON or an error.
func FuzzEmbeddings(f *testing.F) {
	for _, e := range embedders {
		list, err := adaptertest.Load(os.DirFS(".."), e.dir)
		if err != nil {
			f.Fatal(err)
		}
		for _, c := range list {
			if c.Answer != nil {
				f.Add([]byte(c.Request), []byte(c.Answer.Upstream))
			}
		}
	}
	f.Fuzz(func(t *testing.T, request, answer []byte) {
		for _, tt := range embedders {
			p := adapter(t, tt.provider, tt.options).(adapters.Embedder)
			var doc rawjson.Doc
			if doc.Parse(request) != nil {
				return
			}
			r := &embed.Request{}
			if e := tt.dialect.Embeddings.ReadEmbed(doc.Root(), r); e != nil {
				continue
			}
			if sent, e := p.AppendEmbed(nil, r); e == nil && !json.Valid(sent) {
				t.Fatalf("%s: sent %s", tt.dir, sent)
			}
			var back rawjson.Doc
			if back.Parse(answer) != nil {
				continue
			}
			var out embed.Response
			if p.ReadEmbedding(back.Root(), r.Wanted(), &out) != nil {
				continue
			}
			got, err := tt.dialect.Embeddings.AppendEmbedding(nil, r.Wanted(), &out)
			if err == nil && (!json.Valid(got) || len(out.Vectors) != len(r.Inputs)) {
				t.Fatalf("%s: got %s", tt.dir, got)
			}
		}
	})
}
