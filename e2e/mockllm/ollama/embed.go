package ollama

import (
	"math"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/check"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/ordered"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/tokens"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/vector"
	"github.com/postern-gateway/postern/e2e/mockllm/journal"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

// embed answers https://github.com/ollama/ollama/blob/main/docs/api.md#generate-embeddings.
// Every model makes vectors, as every one does at the server.
func (a *api) embed(x *provider.Exchange) {
	body, err := x.Decode()
	if err != nil {
		x.Fail(*bad("invalid JSON"))
		return
	}
	shape := check.Object(check.Req("model", check.String(1, math.MaxInt)), check.Req("input", check.ByType(
		check.Choice{Type: check.TString, Shape: check.Text()}, check.Choice{Type: check.TArray, Shape: check.List(check.Text(), 0, math.MaxInt)})),
		check.Opt("truncate", check.Bool()), check.Opt("dimensions", check.Int(1, 1<<16)), check.Opt("keep_alive", check.Any()), check.Opt("options", check.Any()))
	if p := shape(nil, body); p != nil {
		x.Fail(*bad("invalid request: " + p.Path.Bracketed() + " " + strings.Join(p.Want, ", ")))
		return
	}
	list, many := body["input"].([]any)
	if !many {
		list = []any{body["input"]}
	}
	if _, done := x.Behave(""); done {
		return
	}
	var vectors []any
	count := 0
	for _, t := range list {
		vectors = append(vectors, vector.Of(t.(string), 64, 8))
		count += tokens.Count(t.(string))
	}
	x.Used(journal.Usage{Input: count})
	x.JSON(ordered.Of("model", body["model"], "embeddings", vectors, "total_duration", 14143917, "load_duration", 1019500, "prompt_eval_count", count))
}
