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
	b := builder{Builder: chat.NewBuilder(dst, nil)}
	b.Raw(`{"requests":[`)
	for i := range r.Inputs {
		in := &r.Inputs[i]
		if in.Tokens != nil {
			return dst, embed.Unfit(in.At.Path(), "the model takes texts, no tokens of another one")
		}
		b.Comma()
		b.Raw(`{"model":`)
		collection, name := split(r.Model)
		b.Dst = rawjson.AppendString(b.Dst, collection+"/"+name)
		b.Raw(`,"content":{"parts":[{"text":`)
		b.Str(in.Text)
		b.Raw(`}]}`)
		if r.Task != embed.TaskUnset {
			b.Const("taskType", `"`+taskTypes[r.Task]+`"`)
		}
		if r.Dimensions > 0 {
			b.Int("outputDimensionality", r.Dimensions)
		}
		b.Raw(`}`)
	}
	b.Raw(`]}`)
	r.DropOther(true)
	return b.Dst, nil
}

// ReadEmbedding reads a BatchEmbedContentsResponse. It names no model, and older models
// do not count their tokens.
func (a *adapter) ReadEmbedding(answer rawjson.Value, w embed.Wanted, out *embed.Response) error {
	out.Count(answer.Find("usageMetadata", "promptTokenCount"))
	return out.Read(answer.Get("embeddings"), w, "values")
}
