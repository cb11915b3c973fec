package bedrock

import (
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/cohere"
	"github.com/postern-gateway/postern/adapters/embed"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

var _ adapters.Embedder = (*adapter)(nil)

// Parts of the ids of models that make embeddings, each in its maker's own form:
// https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html,
// titan-embed-mm.html and model-parameters-embed.html.
const (
	titan      = "amazon.titan-embed"
	titanText2 = "amazon.titan-embed-text-v2"
	titanImage = "amazon.titan-embed-image"
	ofCohere   = "cohere.embed"
	ofCohere3  = "-v3"
)

// EmbedPath is that of InvokeModel; empty for models whose form is not known.
func (a *adapter) EmbedPath(model string) string {
	if strings.Contains(model, titan) || strings.Contains(model, ofCohere) {
		return modelPath(model, "/invoke")
	}
	return ""
}

// AppendEmbed appends a request in the form of the model's maker.
func (a *adapter) AppendEmbed(dst []byte, r *embed.Request) ([]byte, *chat.Error) {
	if strings.Contains(r.Model, ofCohere) {
		if strings.Contains(r.Model, ofCohere3) {
			if e := r.NoDimensions(); e != nil {
				return dst, e
			}
		}
		return cohere.AppendEmbed(dst, r, "")
	}
	if e := r.OnlyTexts(1); e != nil {
		return dst, e
	}
	b := rawjson.Builder{Dst: rawjson.Add(dst, `{"inputText":`)}
	b.Str(r.Inputs[0].Text)
	if r.Dimensions > 0 {
		switch {
		case strings.Contains(r.Model, titanText2):
			b.Int("dimensions", r.Dimensions)
		case strings.Contains(r.Model, titanImage):
			b.Raw(`,"embeddingConfig":{`)
			b.Int("outputEmbeddingLength", r.Dimensions)
			b.Raw(`}`)
		default:
			return dst, r.NoDimensions()
		}
	}
	b.Raw(`}`)
	r.DropOther(false)
	return b.Dst, nil
}

// ReadEmbedding reads an answer, whose form tells its maker.
func (a *adapter) ReadEmbedding(answer rawjson.Value, w embed.Wanted, out *embed.Response) error {
	if answer.Get("embeddings").Exists() {
		return cohere.ReadEmbedding(answer, w, out)
	}
	if w.Count != 1 {
		return embed.ErrCount
	}
	out.Count(answer.Get("inputTextTokenCount"))
	return out.AddVector(answer.Get("embedding"))
}
