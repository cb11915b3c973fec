package gemini

import (
	"strconv"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/embed"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

var _ adapters.Embedder = (*adapter)(nil)

// mostContents is the API's bound for one batch.
const mostContents = 100

// EmbedPath is always that of batches, which may have one content.
func (a *adapter) EmbedPath(model string) string {
	return a.method(model, ":batchEmbedContents")
}

// taskTypes are the API's words (https://ai.google.dev/api/embeddings#v1beta.TaskType).
var taskTypes = [...]string{
	embed.TaskDocument:       "RETRIEVAL_DOCUMENT",
	embed.TaskQuery:          "RETRIEVAL_QUERY",
	embed.TaskClassification: "CLASSIFICATION",
	embed.TaskClustering:     "CLUSTERING",
	embed.TaskSimilarity:     "SEMANTIC_SIMILARITY",
}

// TaskTypes are those words for others who speak them.
func TaskTypes() []string { return taskTypes[:] }

// AppendEmbed appends a request of
// https://ai.google.dev/api/embeddings#method:-models.batchembedcontents.
func (a *adapter) AppendEmbed(dst []byte, r *embed.Request) ([]byte, *chat.Error) {
	if len(r.Inputs) > mostContents {
		return dst, embed.Unfit("input", "want at most "+strconv.Itoa(mostContents)+" texts in one request, got "+strconv.Itoa(len(r.Inputs)))
	}
	b := builder{dst: dst}
	b.raw(`{"requests":[`)
	for i := range r.Inputs {
		in := &r.Inputs[i]
		if in.Tokens != nil {
			return dst, embed.Unfit(in.At.Path(), "the model takes texts, no tokens of another one")
		}
		b.comma()
		b.raw(`{"model":`)
		b.dst = rawjson.AppendString(b.dst, modelName(r.Model))
		b.raw(`,"content":{"parts":[{"text":`)
		b.str(in.Text)
		b.raw(`}]}`)
		if r.Task != embed.TaskUnset {
			b.constant("taskType", `"`+taskTypes[r.Task]+`"`)
		}
		if r.Dimensions > 0 {
			b.integer("outputDimensionality", r.Dimensions)
		}
		b.raw(`}`)
	}
	b.raw(`]}`)
	r.DropOther(true)
	return b.dst, nil
}

// ReadEmbedding reads a BatchEmbedContentsResponse. It names no model, and older models
// do not count their tokens.
func (a *adapter) ReadEmbedding(answer rawjson.Value, w embed.Wanted, out *embed.Response) error {
	out.Count(answer.Find("usageMetadata", "promptTokenCount"))
	return out.Read(answer.Get("embeddings"), w, "values")
}
