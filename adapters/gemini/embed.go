package gemini

import (
	"errors"
	"strconv"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/embed"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

var _ adapters.Embedder = (*adapter)(nil)

var errVectors = errors.New("the answer does not have an embedding for each content")

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

// AppendEmbed appends a request of
// https://ai.google.dev/api/embeddings#method:-models.batchembedcontents.
func (a *adapter) AppendEmbed(dst []byte, r *embed.Request) ([]byte, *chat.Error) {
	if len(r.Inputs) > mostContents {
		return dst, unfit("input", "want at most "+strconv.Itoa(mostContents)+" texts in one request, got "+strconv.Itoa(len(r.Inputs)))
	}
	b := builder{dst: dst}
	b.raw(`{"requests":[`)
	for i := range r.Inputs {
		in := &r.Inputs[i]
		if in.Tokens != nil {
			return dst, unfit(in.At.Path(), "the model takes texts, no tokens of another one")
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
	if len(r.User) > 0 {
		r.Drop("user")
	}
	for i := range r.Extra {
		r.Drop(r.Extra[i].Path)
	}
	return b.dst, nil
}

func unfit(path, problem string) *chat.Error {
	return &chat.Error{Status: 400, Kind: chat.InvalidRequest, Code: "unsupported_value", Param: path, Message: path + ": " + problem}
}

// ReadEmbedding reads a BatchEmbedContentsResponse. It names no model, and older models
// do not count their tokens.
func (a *adapter) ReadEmbedding(answer rawjson.Value, w embed.Wanted, out *embed.Response) error {
	list := answer.Get("embeddings")
	if list.Len() != w.Count {
		return errVectors
	}
	for it := list.Items(); it.Next(); {
		e := it.Value
		values := e.Get("values")
		if values.Kind() != rawjson.Array {
			return errVectors
		}
		out.Vectors = append(out.Vectors, embed.Vector{Numbers: values.Raw()})
	}
	if n, ok := answer.Find("usageMetadata", "promptTokenCount").Int64(); ok {
		out.Usage.Input, out.Counted = n, true
	}
	return nil
}
