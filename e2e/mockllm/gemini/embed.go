package gemini

import (
	"encoding/json"
	"math"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/check"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/ordered"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/tokens"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/vector"
	"github.com/postern-gateway/postern/e2e/mockllm/journal"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

// countTokens counts contents, or a whole request
// (https://ai.google.dev/api/tokens#method:-models.counttokens).
func (a *api) countTokens(x *provider.Exchange, name string) {
	f, failure := a.model(name)
	if failure == nil {
		failure = a.decode(x, countShape())
	}
	var body struct {
		Contents json.RawMessage `json:"contents"`
		Whole    json.RawMessage `json:"generateContentRequest"`
	}
	if failure == nil && json.Unmarshal(x.Body, &body) == nil {
		switch {
		case body.Contents == nil && body.Whole == nil:
			failure = invalid("* CountTokensRequest.contents: contents is not specified\n")
		case body.Contents != nil && body.Whole != nil:
			failure = invalid("* CountTokensRequest: contents and generate_content_request are mutually exclusive\n")
		}
	}
	var r *request
	if failure == nil {
		whole := []byte(body.Whole)
		if whole == nil {
			whole = x.Body
		}
		r, failure = a.read(x, whole, f)
	}
	if failure != nil {
		x.Fail(*failure)
		return
	}
	if _, done := x.Behave(r.prompt(name, 0).User); done {
		return
	}
	n := r.count()
	x.JSON(ordered.Of("totalTokens", n, "promptTokensDetails", []any{ordered.Of("modality", "TEXT", "tokenCount", n)}))
}

type embedRequest struct {
	Model   string  `json:"model"`
	Content content `json:"content"`
	Size    int     `json:"outputDimensionality"`
}

// maxBatch is how many contents one batch may have.
const maxBatch = 100

// embed answers https://ai.google.dev/api/embeddings#method:-models.embedcontent.
func (a *api) embed(x *provider.Exchange, name string) {
	f, failure := a.embedder(name)
	if failure == nil {
		failure = a.decode(x, check.Object(embedFields()...))
	}
	var r embedRequest
	if failure == nil && json.Unmarshal(x.Body, &r) != nil {
		failure = invalid("Invalid JSON payload received.")
	}
	if failure == nil {
		failure = r.check(name)
	}
	if failure != nil {
		x.Fail(*failure)
		return
	}
	text, done := x.Behave(r.Content.text())
	if done {
		return
	}
	x.Used(journal.Usage{Input: tokens.Count(text)})
	x.JSON(ordered.Of("embedding", r.values(text, f)))
}

// batchEmbed answers https://ai.google.dev/api/embeddings#method:-models.batchembedcontents.
func (a *api) batchEmbed(x *provider.Exchange, name string) {
	f, failure := a.embedder(name)
	if failure == nil {
		failure = a.decode(x, check.Object(check.Req("requests", check.List(check.Object(embedFields()...), 1, maxBatch))))
	}
	var body struct {
		Requests []embedRequest `json:"requests"`
	}
	if failure == nil && json.Unmarshal(x.Body, &body) != nil {
		failure = invalid("Invalid JSON payload received.")
	}
	for _, r := range body.Requests {
		if failure == nil {
			failure = r.check(name)
		}
		if failure == nil && r.Model != "models/"+name {
			failure = invalid("* BatchEmbedContentsRequest.requests[0].model: unexpected model name format\n")
		}
	}
	if failure != nil {
		x.Fail(*failure)
		return
	}
	last := len(body.Requests) - 1
	rest, done := x.Behave(body.Requests[last].Content.text())
	if done {
		return
	}
	var out []any
	sum := 0
	for i, r := range body.Requests {
		text := r.Content.text()
		if i == last {
			text = rest
		}
		sum += tokens.Count(text)
		out = append(out, r.values(text, f))
	}
	x.Used(journal.Usage{Input: sum})
	x.JSON(ordered.Of("embeddings", out))
}

// embedder is a model that embeds.
func (a *api) embedder(name string) (family, *provider.Failure) {
	f, failure := a.model(name)
	if failure == nil && f.embeds == 0 {
		failure = &provider.Failure{Status: 404, Type: "NOT_FOUND", Message: "models/" + name + " is not found for API version v1beta, or is not supported for embedContent."}
	}
	return f, failure
}

func (r *embedRequest) check(name string) *provider.Failure {
	switch {
	case r.Model != "" && r.Model != "models/"+name:
		return invalid("* EmbedContentRequest.model: unexpected model name format\n")
	case r.Content.text() == "":
		return invalid("* EmbedContentRequest.content: contents is not specified\n")
	}
	return nil
}

// values are a vector, rounded as JSON shows 32-bit floats.
func (r *embedRequest) values(text string, f family) any {
	size := f.embeds
	if r.Size > 0 {
		size = min(r.Size, f.embeds)
	}
	v := vector.Of(text, f.embeds, size)
	for i := range v {
		v[i] = float32(math.Round(float64(v[i])*1e8) / 1e8)
	}
	return ordered.Of("values", v)
}
