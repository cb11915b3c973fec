package ollama

import (
	"math"

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
	if e := r.OnlyTexts(math.MaxInt); e != nil {
		return dst, e
	}
	b := rawjson.Builder{Dst: append(dst, '{')}
	b.Key("model")
	b.Dst = rawjson.AppendString(b.Dst, r.Model)
	b.Key("input")
	b.Dst = r.AppendTexts(b.Dst)
	b.Const("truncate", "false")
	if r.Dimensions > 0 {
		b.Int("dimensions", r.Dimensions)
	}
	if a.keepAlive != "" {
		b.Key("keep_alive")
		b.Dst = rawjson.AppendString(b.Dst, a.keepAlive)
	}
	b.Raw(`}`)
	r.DropOther(false)
	return b.Dst, nil
}

// ReadEmbedding reads the vectors.
func (a *adapter) ReadEmbedding(answer rawjson.Value, w embed.Wanted, out *embed.Response) error {
	if m := answer.Get("model"); m.Kind() == rawjson.String {
		raw := m.Raw()
		out.Model = chat.Text(raw[1 : len(raw)-1])
	}
	out.Count(answer.Get("prompt_eval_count"))
	return out.ReadVectors(answer.Get("embeddings"), w.Count)
}
