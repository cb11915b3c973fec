package ollama

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/embed"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

var _ adapters.Embedder = (*adapter)(nil)

// EmbedPath is the same for all.
func (a *adapter) EmbedPath(string) string { return a.base + "/embed" }

// AppendEmbed appends a request of
// https://github.com/ollama/ollama/blob/main/docs/api.md#generate-embeddings. A text
// that is too long is an error, as with other APIs, not cut in silence.
func (a *adapter) AppendEmbed(dst []byte, r *embed.Request) ([]byte, *chat.Error) {
	f := embed.Form{Model: "model", Before: `"input":[`, After: `],"truncate":false`, Dimensions: "dimensions", End: `}`}
	if a.keepAlive != "" {
		f.End = `,"keep_alive":` + string(rawjson.AppendString(nil, a.keepAlive)) + `}`
	}
	return r.Append(dst, &f, r.Model)
}

// ReadEmbedding reads the vectors.
func (a *adapter) ReadEmbedding(answer rawjson.Value, w embed.Wanted, out *embed.Response) error {
	out.Count(answer.Get("prompt_eval_count"))
	return out.Read(answer.Get("embeddings"), w)
}
