package cohere

import (
	"encoding/json"
	"math"
	"net/http"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/check"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/ordered"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/tokens"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/vector"
	"github.com/postern-gateway/postern/e2e/mockllm/journal"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

// size is how long vectors are where a request does not say.
const size = 1536

// EmbedShape is that of a request for embeddings, without the model.
func EmbedShape(more ...check.Field) check.Shape {
	return check.Object(append(more,
		check.Req("texts", check.List(check.Text(), 1, 96)),
		check.Req("input_type", check.Enum("search_document", "search_query", "classification", "clustering")),
		check.Req("embedding_types", check.List(check.Enum("float"), 1, 1)),
		check.Opt("truncate", check.Enum("NONE", "START", "END")),
		check.Opt("output_dimension", check.Int(256, size)))...)
}

// Embeddings are the vectors of a request whose shape was checked, and its tokens.
func Embeddings(body map[string]any) (vectors []any, count int) {
	for _, t := range body["texts"].([]any) {
		vectors = append(vectors, vector.Of(t.(string), size, 8))
		count += tokens.Count(t.(string))
	}
	return vectors, count
}

// embed answers https://docs.cohere.com/v2/reference/embed.
func (a *api) embed(x *provider.Exchange) {
	body, ok := a.checked(x, EmbedShape(check.Req("model", check.Text())), "embed-")
	if !ok {
		return
	}
	vectors, count := Embeddings(body)
	x.Used(journal.Usage{Input: count})
	x.JSON(ordered.Of("id", x.ID("", 36), "texts", body["texts"], "embeddings", ordered.Of("float", vectors),
		"meta", ordered.Of("api_version", ordered.Of("version", "2"), "billed_units", ordered.Of("input_tokens", count)), "response_type", "embeddings_by_type"))
}

// rerank answers https://docs.cohere.com/v2/reference/rerank.
func (a *api) rerank(x *provider.Exchange) {
	body, ok := a.checked(x, check.Object(check.Req("model", check.Text()), check.Req("query", check.String(1, math.MaxInt)),
		check.Req("documents", check.List(check.Text(), 1, 1000)), check.Opt("top_n", check.Int(1, 1000)), check.Opt("max_tokens_per_doc", check.Int(1, math.MaxInt32))), "rerank-")
	if !ok {
		return
	}
	results := First(Rank(body["query"].(string), body["documents"].([]any), "index", "relevance_score"), body["top_n"])
	x.JSON(ordered.Of("id", x.ID("", 36), "results", results, "meta", ordered.Of("api_version", ordered.Of("version", "2"), "billed_units", ordered.Of("search_units", 1))))
}

// Rank puts texts in an order: those with the query in them come first. A result has its
// text's place in one member and a score in another.
func Rank(query string, documents []any, index, score string) []any {
	var first, rest []any
	for i, d := range documents {
		if strings.Contains(d.(string), query) {
			first = append(first, ordered.Of(index, i, score, 0.9))
		} else {
			rest = append(rest, ordered.Of(index, i, score, 0.1))
		}
	}
	return append(first, rest...)
}

// First are the first of some results, if a request says how many it wants.
func First(results []any, wanted any) []any {
	number, _ := wanted.(json.Number)
	n, err := number.Int64()
	if err != nil {
		return results
	}
	return results[:min(n, int64(len(results)))]
}

// checked reads a body, and that its model is one of a kind.
func (a *api) checked(x *provider.Exchange, shape check.Shape, kind string) (map[string]any, bool) {
	body, err := x.Decode()
	if err != nil || !x.JSONContent() {
		x.Fail(*bad("invalid request: the body is not JSON"))
		return nil, false
	}
	if p := shape(nil, body); p != nil {
		x.Fail(*reword(p))
		return nil, false
	}
	if name := body["model"].(string); !strings.HasPrefix(name, kind) {
		x.Fail(provider.Failure{Status: http.StatusNotFound, Message: "model '" + name + "' not found, make sure the correct model ID was used and that you have access to the model."})
		return nil, false
	}
	_, done := x.Behave("")
	return body, !done
}
