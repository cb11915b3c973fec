package vertex

import (
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/embed"
	"github.com/postern-gateway/postern/adapters/gemini"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

var _ adapters.Embedder = (*adapter)(nil)

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

// AppendEmbed appends a request of
// https://docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api,
// or of the method for one text, whose models are told a task in the text itself, which
// is left to the client. A text that is too long is an error, as with other APIs, not cut
// in silence.
func (a *adapter) AppendEmbed(dst []byte, r *embed.Request) ([]byte, *chat.Error) {
	f := embed.Form{Most: 250, Before: `"instances":[`, Text: `{"content":`, After: `],"parameters":{"autoTruncate":false`,
		Task: "task_type", Tasks: gemini.TaskTypes(), Inside: true, Dimensions: "outputDimensionality", End: `}}`}
	if _, name := a.split(r.Model); alone(name) {
		f.Most, f.Task, f.Text = 1, "", `{"text":`
		f.Before, f.After = `"content":{"parts":[`, `]},"embedContentConfig":{"autoTruncate":false`
	}
	return r.Append(dst, &f, "")
}

// ReadEmbedding reads an answer of either method.
func (a *adapter) ReadEmbedding(answer rawjson.Value, w embed.Wanted, out *embed.Response) error {
	if one := answer.Get("embedding"); one.Exists() {
		out.Count(answer.Find("usageMetadata", "promptTokenCount"))
		return out.ReadOne(one.Get("values"), w)
	}
	list := answer.Get("predictions")
	for c := list.Cursor(); c.Next(); {
		out.Count(c.Value.Find("embeddings", "statistics", "token_count"))
	}
	return out.Read(list, w, "embeddings", "values")
}
