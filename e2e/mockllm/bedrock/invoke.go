package bedrock

import (
	"math"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/cohere"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/check"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/ordered"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/tokens"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/vector"
	"github.com/postern-gateway/postern/e2e/mockllm/journal"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

// An invoked is what models of one maker take and answer with InvokeModel.
type invoked struct {
	part   string // of their ids
	shape  check.Shape
	answer func(x *provider.Exchange, body map[string]any) any
}

// invokedModels are those that make embeddings or rank:
// https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html,
// model-parameters-titan-embed-mm.html and model-parameters-embed.html,
// https://docs.aws.amazon.com/nova/latest/userguide/embeddings-schema.html, and
// https://github.com/opensearch-project/ml-commons/tree/main/docs/tutorials/rerank.
func invokedModels() []invoked {
	text := check.Req("inputText", check.String(1, 50_000))
	documents := []check.Field{check.Req("query", check.String(1, 9000)), check.Req("documents", check.List(check.String(1, math.MaxInt), 1, 1000))}
	return []invoked{
		{"amazon.titan-embed-text-v1", check.Object(text), titan},
		{"amazon.titan-embed-text-v2", check.Object(text, check.Opt("dimensions", size(256, 512, 1024)), check.Opt("normalize", check.Bool()),
			check.Opt("embeddingTypes", check.List(check.Enum("float", "binary"), 1, math.MaxInt))), titan},
		{"amazon.titan-embed-image-v1", check.Object(text, check.Opt("embeddingConfig", check.Object(check.Req("outputEmbeddingLength", size(256, 384, 1024))))), titanImage},
		{"amazon.nova-2-multimodal-embeddings-v1", novaShape(), nova},
		{"cohere.embed", cohere.EmbedShape(), cohereEmbed},
		{"amazon.rerank-v1", check.Object(documents...), ranking},
		{"cohere.rerank-v3-5", check.Object(append(documents, check.Opt("top_n", check.Int(1, 1000)), check.Req("api_version", check.Int(2, 2)))...), ranking},
	}
}

// size is how long a vector may be: one of these, the longest last.
func size(allowed ...int64) check.Shape {
	return func(p check.Path, v any) (problem *check.Problem) {
		for _, n := range allowed {
			if problem = check.Int(n, n)(p, v); problem == nil {
				break
			}
		}
		return problem
	}
}

func novaShape() check.Shape {
	return check.Object(
		check.Opt("schemaVersion", check.Enum("nova-multimodal-embed-v1")),
		check.Req("taskType", check.Enum("SINGLE_EMBEDDING")),
		check.Req("singleEmbeddingParams", check.Object(
			check.Req("embeddingPurpose", check.Enum("GENERIC_INDEX", "GENERIC_RETRIEVAL", "TEXT_RETRIEVAL", "IMAGE_RETRIEVAL", "VIDEO_RETRIEVAL", "DOCUMENT_RETRIEVAL", "AUDIO_RETRIEVAL", "CLASSIFICATION", "CLUSTERING")),
			check.Opt("embeddingDimension", size(256, 384, 1024, 3072)),
			check.Req("text", check.Object(check.Req("truncationMode", check.Enum("START", "END", "NONE")), check.Req("value", check.String(1, 8192)))),
		)),
	)
}

// invoke answers InvokeModel.
func (a *api) invoke(x *provider.Exchange, id string) {
	all := invokedModels()
	i := slices.IndexFunc(all, func(m invoked) bool { return strings.Contains(id, m.part) })
	if i < 0 {
		x.Fail(*invalid("The provided model identifier is invalid."))
		return
	}
	if f := a.decode(x, all[i].shape); f != nil {
		x.Fail(*f)
		return
	}
	body, _ := x.Decode()
	if _, done := x.Behave(""); !done {
		x.JSON(all[i].answer(x, body))
	}
}

// embedded counts a text and makes its vector.
func embedded(x *provider.Exchange, text string) (v any, count int) {
	count = tokens.Count(text)
	x.Used(journal.Usage{Input: count})
	return vector.Of(text, 1024, 8), count
}

func titan(x *provider.Exchange, body map[string]any) any {
	v, count := embedded(x, body["inputText"].(string))
	return ordered.Of("embedding", v, "embeddingsByType", ordered.Of("float", v), "inputTextTokenCount", count)
}

func titanImage(x *provider.Exchange, body map[string]any) any {
	v, count := embedded(x, body["inputText"].(string))
	return ordered.Of("embedding", v, "inputTextTokenCount", count, "message", nil)
}

func nova(x *provider.Exchange, body map[string]any) any {
	text := body["singleEmbeddingParams"].(map[string]any)["text"].(map[string]any)
	v, _ := embedded(x, text["value"].(string))
	return ordered.Of("embeddings", []any{ordered.Of("embeddingType", "TEXT", "embedding", v)})
}

func cohereEmbed(x *provider.Exchange, body map[string]any) any {
	vectors, count := cohere.Embeddings(body)
	x.Used(journal.Usage{Input: count})
	return ordered.Of("id", x.ID("", 36), "texts", body["texts"], "embeddings", ordered.Of("float", vectors), "response_type", "embeddings_by_type")
}

func ranking(_ *provider.Exchange, body map[string]any) any {
	results := cohere.Rank(body["query"].(string), body["documents"].([]any), "index", "relevance_score")
	return ordered.Of("results", cohere.First(results, body["top_n"]))
}
