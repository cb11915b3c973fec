package vertex

import (
	"net/http"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/check"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/ordered"
	words "github.com/postern-gateway/postern/e2e/mockllm/internal/tokens"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/vector"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

// embed answers
// https://docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api
// and the method of newer models, which takes one content.
func (a *api) embed(x *provider.Exchange, name, method string) {
	alone := strings.Contains(name, "gemini") && name != "gemini-embedding-001"
	if alone != (method == "embedContent") || !strings.Contains(name, "embedding") {
		x.Fail(provider.Failure{Status: http.StatusNotFound, Type: "NOT_FOUND", Message: "Publisher Model `" + name + "` was not found or does not have this method."})
		return
	}
	task := check.Enum("RETRIEVAL_QUERY", "RETRIEVAL_DOCUMENT", "SEMANTIC_SIMILARITY", "CLASSIFICATION", "CLUSTERING")
	shape := check.Object(
		check.Req("instances", check.List(check.Object(check.Req("content", check.Text()), check.Opt("task_type", task), check.Opt("title", check.Text())), 1, 250)),
		check.Opt("parameters", check.Object(check.Opt("autoTruncate", check.Bool()), check.Opt("outputDimensionality", check.Int(1, 3072)))))
	if alone {
		shape = check.Object(
			check.Req("content", check.Object(check.Req("parts", check.List(check.Object(check.Req("text", check.Text())), 1, 1)))),
			check.Opt("embedContentConfig", check.Object(check.Opt("autoTruncate", check.Bool()), check.Opt("outputDimensionality", check.Int(1, 3072)))))
	}
	body, err := x.Decode()
	if err != nil {
		x.Fail(invalid("Invalid JSON payload received."))
		return
	}
	if p := shape(nil, body); p != nil {
		x.Fail(invalid("Invalid JSON payload received. Unknown name or wrong value at '" + p.Path.Bracketed() + "'."))
		return
	}
	if _, done := x.Behave(""); done {
		return
	}
	if alone {
		text := body["content"].(map[string]any)["parts"].([]any)[0].(map[string]any)["text"].(string)
		x.JSON(ordered.Of("embedding", ordered.Of("values", vector.Of(text, 64, 8)), "usageMetadata", ordered.Of("promptTokenCount", words.Count(text))))
		return
	}
	var out []any
	for _, in := range body["instances"].([]any) {
		text := in.(map[string]any)["content"].(string)
		out = append(out, ordered.Of("embeddings", ordered.Of("statistics", ordered.Of("truncated", false, "token_count", words.Count(text)), "values", vector.Of(text, 64, 8))))
	}
	x.JSON(ordered.Of("predictions", out))
}
