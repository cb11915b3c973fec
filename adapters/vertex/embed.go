package vertex

import (
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/embed"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

var _ adapters.Embedder = (*adapter)(nil)

// mostInstances is the API's bound for one request
// (https://docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api).
const mostInstances = 250

// taskTypes are the API's words.
var taskTypes = [...]string{
	embed.TaskDocument:       "RETRIEVAL_DOCUMENT",
	embed.TaskQuery:          "RETRIEVAL_QUERY",
	embed.TaskClassification: "CLASSIFICATION",
	embed.TaskClustering:     "CLUSTERING",
	embed.TaskSimilarity:     "SEMANTIC_SIMILARITY",
}

// alone reports whether a model has a method of its own, which takes one text, instead
// of the one that all models have. Google's clients tell so by the name
// (https://github.com/googleapis/python-genai/blob/main/google/genai/_transformers.py,
// t_is_vertex_embed_content_model).
func alone(name string) bool {
	return strings.Contains(name, "gemini") && name != "gemini-embedding-001" || strings.Contains(name, "maas")
}

// EmbedPath is where a model of Google's makes embeddings; other publishers have none.
func (a *adapter) EmbedPath(model string) string {
	publisher, name := a.split(model)
	switch {
	case publisher != google || name == "":
		return ""
	case alone(name):
		return a.path(google, name, "embedContent")
	}
	return a.path(google, name, "predict")
}

// AppendEmbed appends a request of either method. A text that is too long is an error,
// as with other APIs, not cut in silence.
func (a *adapter) AppendEmbed(dst []byte, r *embed.Request) ([]byte, *chat.Error) {
	_, name := a.split(r.Model)
	if alone(name) {
		return appendContent(dst, r)
	}
	if e := r.OnlyTexts(mostInstances); e != nil {
		return dst, e
	}
	b := rawjson.Builder{Dst: rawjson.Add(dst, `{"instances":[`)}
	for i := range r.Inputs {
		b.Comma()
		b.Raw(`{"content":`)
		b.Str(r.Inputs[i].Text)
		if r.Task != embed.TaskUnset {
			b.Text("task_type", []byte(taskTypes[r.Task]))
		}
		b.Raw(`}`)
	}
	b.Raw(`],"parameters":{"autoTruncate":false`)
	if r.Dimensions > 0 {
		b.Int("outputDimensionality", r.Dimensions)
	}
	b.Raw(`}}`)
	r.DropOther(true)
	return b.Dst, nil
}

// appendContent appends a request for one text. Models of this method are told a task
// in the text itself, which is left to the client.
func appendContent(dst []byte, r *embed.Request) ([]byte, *chat.Error) {
	if e := r.OnlyTexts(1); e != nil {
		return dst, e
	}
	b := rawjson.Builder{Dst: rawjson.Add(dst, `{"content":{"parts":[{"text":`)}
	b.Str(r.Inputs[0].Text)
	b.Raw(`}]},"embedContentConfig":{"autoTruncate":false`)
	if r.Dimensions > 0 {
		b.Int("outputDimensionality", r.Dimensions)
	}
	b.Raw(`}}`)
	r.DropOther(false)
	return b.Dst, nil
}

// ReadEmbedding reads an answer of either method.
func (a *adapter) ReadEmbedding(answer rawjson.Value, w embed.Wanted, out *embed.Response) error {
	if one := answer.Get("embedding"); one.Exists() {
		if w.Count != 1 {
			return embed.ErrCount
		}
		out.Count(answer.Find("usageMetadata", "promptTokenCount"))
		return out.AddVector(one.Get("values"))
	}
	list := answer.Get("predictions")
	if list.Len() != w.Count {
		return embed.ErrCount
	}
	for _, p := range list.Elems() {
		out.Count(p.Find("embeddings", "statistics", "token_count"))
		if err := out.AddVector(p.Find("embeddings", "values")); err != nil {
			return err
		}
	}
	return nil
}
