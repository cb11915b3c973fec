package cloudflare

import (
	"math"
	"net/http"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/cohere"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/check"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/ordered"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

// reranker is the model that ranks, in its own form alone
// (https://developers.cloudflare.com/workers-ai/models/bge-reranker-base).
const reranker = "@cf/baai/bge-reranker-base"

// rerank answers for the reranker; false for all else.
func rerank(x *provider.Exchange) bool {
	if x.R.URL.Path != run+reranker || x.R.Method != http.MethodPost || x.R.Header.Get("Authorization") == "" {
		return false
	}
	shape := check.Object(check.Req("query", check.String(1, math.MaxInt)), check.Opt("top_k", check.Int(1, math.MaxInt32)),
		check.Req("contexts", check.List(check.Object(check.Req("text", check.String(1, math.MaxInt))), 1, math.MaxInt)))
	body, err := x.Decode()
	if err != nil || !x.JSONContent() {
		x.Fail(*bad("the body is not JSON"))
		return true
	}
	if p := shape(nil, body); p != nil {
		x.Fail(*bad(strings.Join(append([]string{"'/" + strings.ReplaceAll(p.Path.Dotted(), ".", "/") + "'", p.Limit}, p.Want...), " ")))
		return true
	}
	if _, done := x.Behave(""); done {
		return true
	}
	var texts []any
	for _, c := range body["contexts"].([]any) {
		texts = append(texts, c.(map[string]any)["text"])
	}
	results := cohere.First(cohere.Rank(body["query"].(string), texts, "id", "score"), body["top_k"])
	x.JSON(ordered.Of("result", ordered.Of("response", results), "success", true, "errors", []any{}, "messages", []any{}))
	return true
}
