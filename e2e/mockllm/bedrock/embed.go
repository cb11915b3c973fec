package bedrock

import (
	"math"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/cohere"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/check"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/ordered"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/tokens"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/vector"
	"github.com/postern-gateway/postern/e2e/mockllm/journal"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

// invoke answers InvokeModel for models that make embeddings
// (https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html
// and model-parameters-embed.html).
func (a *api) invoke(x *provider.Exchange, id string) {
	ofCohere := strings.Contains(id, "cohere.embed")
	shape := cohere.EmbedShape()
	if !ofCohere {
		shape = check.Object(check.Req("inputText", check.String(1, 50_000)))
	}
	switch {
	case strings.HasPrefix(id, "amazon.titan-embed-text-v2"):
		shape = check.Object(check.Req("inputText", check.String(1, 50_000)), check.Opt("dimensions", check.Int(256, 1024)), check.Opt("normalize", check.Bool()),
			check.Opt("embeddingTypes", check.List(check.Enum("float", "binary"), 1, math.MaxInt)))
	case !ofCohere && !strings.HasPrefix(id, "amazon.titan-embed-text-v1"):
		x.Fail(*invalid("The provided model identifier is invalid."))
		return
	}
	if f := a.decode(x, shape); f != nil {
		x.Fail(*f)
		return
	}
	body, _ := x.Decode()
	if _, done := x.Behave(""); done {
		return
	}
	if ofCohere {
		vectors, count := cohere.Embeddings(body)
		x.Used(journal.Usage{Input: count})
		x.JSON(ordered.Of("id", x.ID("", 36), "texts", body["texts"], "embeddings", ordered.Of("float", vectors), "response_type", "embeddings_by_type"))
		return
	}
	text := body["inputText"].(string)
	count := tokens.Count(text)
	x.Used(journal.Usage{Input: count})
	v := vector.Of(text, 1024, 8)
	x.JSON(ordered.Of("embedding", v, "embeddingsByType", ordered.Of("float", v), "inputTextTokenCount", count))
}
