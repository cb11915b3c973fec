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
// https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html
// and model-parameters-embed.html.
const (
	titan    = "amazon.titan-embed-text"
	ofCohere = "cohere.embed"
)

// EmbedPath is that of InvokeModel; empty for models whose form is not known.
func (a *adapter) EmbedPath(model string) string {
	if strings.Contains(model, titan) || strings.Contains(model, ofCohere) {
		return modelPath(model, "/invoke")
	}
	return ""
}

// AppendEmbed appends a request in the form of the model's maker. The older of both
// makers' models have vectors of one size.
func (a *adapter) AppendEmbed(dst []byte, r *embed.Request) ([]byte, *chat.Error) {
	f := embed.Form{Most: 1, Before: `"inputText":`, Dimensions: "dimensions", End: `}`}
	if strings.Contains(r.Model, ofCohere) {
		f = cohere.EmbedForm()
	}
	if strings.Contains(r.Model, "-v3") || strings.Contains(r.Model, titan+"-v1") {
		f.Dimensions = ""
	}
	return r.Append(dst, &f, "")
}

// ReadEmbedding reads an answer, whose form tells its maker.
func (a *adapter) ReadEmbedding(answer rawjson.Value, w embed.Wanted, out *embed.Response) error {
	if answer.Get("embeddings").Exists() {
		return cohere.ReadEmbedding(answer, w, out)
	}
	out.Count(answer.Get("inputTextTokenCount"))
	return out.ReadOne(answer.Get("embedding"), w)
}
