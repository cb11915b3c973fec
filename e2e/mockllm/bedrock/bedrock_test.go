package bedrock_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/e2e/mockllm"
	"github.com/postern-gateway/postern/e2e/mockllm/bedrock"
)

const (
	claude = "/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse"
	llama  = "/model/meta.llama3-3-70b-instruct-v1%3A0/converse"
	hello  = `"messages":[{"role":"user","content":[{"text":"Hi"}]}]`
	loop   = `"messages":[{"role":"user","content":[{"text":"Hi"}]},{"role":"assistant","content":[{"toolUse":{"toolUseId":"a","name":"f","input":{}}}]},{"role":"user","content":[{"toolResult":{"toolUseId":"a","content":[{"text":"x"}]}}]}]`
	tools  = `"toolConfig":{"tools":[{"toolSpec":{"name":"f","inputSchema":{"json":{"type":"object"}}}}]}`
)

func nova(more string) string {
	return `{"taskType":"SINGLE_EMBEDDING","singleEmbeddingParams":{"text":{"truncationMode":"NONE","value":"a"},` + more + `}}`
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, path, body string
		status           int
		says             string
	}{
		{"good", claude, "{" + hello + "}", 200, "You said"},
		{"good loop", claude, "{" + loop + "," + tools + "}", 200, ""},
		{"id that is not encoded", "/model/anthropic.claude-sonnet-4-5-20250929-v1:0/converse", "{" + hello + "}", 404, ""},
		{"model that is not known", "/model/x/converse", "{" + hello + "}", 400, "model identifier is invalid"},
		{"no messages", claude, `{}`, 400, "messages field is required"},
		{"unknown field", claude, `{"stream":true,` + hello + "}", 400, "extraneous key [stream]"},
		{"text of another type", claude, `{"messages":[{"role":"user","content":"Hi"}]}`, 400, "Unexpected type"},
		{"two members of a union", claude, `{"messages":[{"role":"user","content":[{"text":"a","image":{"format":"png","source":{"bytes":"AAAA"}}}]}]}`, 400, "union"},
		{"blank text", claude, `{"messages":[{"role":"user","content":[{"text":" "}]}]}`, 400, "is blank"},
		{"assistant first", claude, `{"messages":[{"role":"assistant","content":[{"text":"a"}]}]}`, 400, "start with a user message"},
		{"two of one role", claude, `{"messages":[{"role":"user","content":[{"text":"a"}]},{"role":"user","content":[{"text":"a"}]}]}`, 400, "alternate"},
		{"calls without tools", claude, "{" + loop + "}", 400, "toolConfig field must be defined"},
		{"call without result", claude, strings.Replace("{"+loop+","+tools+"}", `{"toolResult":{"toolUseId":"a","content":[{"text":"x"}]}}`, `{"text":"x"}`, 1), 400, "Expected toolResult"},
		{"schema that is no object", claude, "{" + hello + "," + strings.Replace(tools, `{"type":"object"}`, `{}`, 1) + "}", 400, "must be one of the following: object"},
		{"forced tool of Llama", llama, "{" + hello + "," + strings.TrimSuffix(tools, "}") + `,"toolChoice":{"any":{}}}}`, 400, "toolChoice"},
		{"cache point of Llama", llama, `{"messages":[{"role":"user","content":[{"text":"a"},{"cachePoint":{"type":"default"}}]}]}`, 403, "prompt caching"},
		{"document alone", claude, `{"messages":[{"role":"user","content":[{"document":{"format":"pdf","name":"a","source":{"bytes":"AAAA"}}}]}]}`, 400, "text block must be included"},
		{"document of a bad name", claude, `{"messages":[{"role":"user","content":[{"text":"a"},{"document":{"format":"pdf","name":"a.pdf","source":{"bytes":"AAAA"}}}]}]}`, 400, "regular expression"},
		{"a search", "/model/cohere.rerank-v3-5%3A0/invoke", `{"query":"b","documents":["a","b"],"top_n":1,"api_version":2}`, 200, `{"results":[{"index":1,"relevance_score":0.9}]}`},
		{"a search in no version", "/model/cohere.rerank-v3-5%3A0/invoke", `{"query":"b","documents":["a"]}`, 400, "api_version"},
		{"Amazon's search is told no number", "/model/amazon.rerank-v1%3A0/invoke", `{"query":"b","documents":["a"],"top_n":1}`, 400, "extraneous key [top_n]"},
		{"Nova's vector", "/model/amazon.nova-2-multimodal-embeddings-v1%3A0/invoke", nova(`"embeddingPurpose":"GENERIC_INDEX","embeddingDimension":384`), 200, `{"embeddings":[{"embeddingType":"TEXT","embedding":[`},
		{"for nothing", "/model/amazon.nova-2-multimodal-embeddings-v1%3A0/invoke", nova(`"embeddingDimension":384`), 400, "embeddingPurpose"},
		{"of a length that it has not", "/model/amazon.nova-2-multimodal-embeddings-v1%3A0/invoke", nova(`"embeddingPurpose":"GENERIC_INDEX","embeddingDimension":512`), 400, "embeddingDimension"},
		{"Titan's vector for images", "/model/amazon.titan-embed-image-v1/invoke", `{"inputText":"a","embeddingConfig":{"outputEmbeddingLength":256}}`, 200, `"inputTextTokenCount":1`},
		{"asked as its texts' one", "/model/amazon.titan-embed-image-v1/invoke", `{"inputText":"a","dimensions":256}`, 400, "extraneous key [dimensions]"},
		{"thought of another", claude, `{"messages":[{"role":"user","content":[{"text":"a"}]},{"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"a","signature":"AAAA"}}}]},{"role":"user","content":[{"text":"a"}]}]}`, 400, "Invalid `signature`"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := mockllm.New(mockllm.Options{})
			r := httptest.NewRequest(http.MethodPost, tt.path, strings.NewReader(tt.body))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Authorization", "Bearer "+bedrock.Key)
			w := httptest.NewRecorder()
			s.Handler("bedrock").ServeHTTP(w, r)
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.says) {
				t.Errorf("got %d %s, want %d and %q", w.Code, w.Body, tt.status, tt.says)
			}
			if kind := w.Header().Get("X-Amzn-Errortype"); (kind != "") != (tt.status != 200) {
				t.Errorf("got x-amzn-errortype %q with status %d", kind, w.Code)
			}
		})
	}
}
