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
// model-parameters-titan-embed-mm.html and model-parameters-embed.html, and
// https://docs.aws.amazon.com/nova/latest/userguide/embeddings-schema.html.
const (
	titan      = "amazon.titan-embed-text"
	titanImage = "amazon.titan-embed-image" // which takes texts, too
	nova       = "multimodal-embeddings"
	ofCohere   = "cohere.embed"
)

// EmbedPath is that of InvokeModel; empty for models whose form is not known.
func (a *adapter) EmbedPath(model string) string {
	for _, part := range [...]string{titan, titanImage, nova, ofCohere} {
		if strings.Contains(model, part) {
			return modelPath(model, "/invoke")
		}
	}
	return ""
}

// AppendEmbed appends a request in the form of the model's maker. The older of both
// makers' models have vectors of one size.
func (a *adapter) AppendEmbed(dst []byte, r *embed.Request) ([]byte, *chat.Error) {
	f := embed.Form{Most: 1, Before: `"inputText":`, Dimensions: "dimensions", End: `}`}
	switch {
	case strings.Contains(r.Model, ofCohere):
		f = cohere.EmbedForm()
	case strings.Contains(r.Model, nova):
		f = novaForm()
	case strings.Contains(r.Model, titanImage) && r.Dimensions > 0:
		f.After, f.Dimensions, f.End = `,"embeddingConfig":{`, "outputEmbeddingLength", `}}`
	}
	if strings.Contains(r.Model, "-v3") || strings.Contains(r.Model, titan+"-v1") {
		f.Dimensions = ""
	}
	return r.Append(dst, &f, "")
}

// novaForm is Nova's, which has to be told what a vector is for: those that are stored are
// made otherwise than those that are looked for.
func novaForm() embed.Form {
	const store, find = "GENERIC_INDEX", "GENERIC_RETRIEVAL"
	return embed.Form{
		Most:       1,
		Before:     `"schemaVersion":"nova-multimodal-embed-v1","taskType":"SINGLE_EMBEDDING","singleEmbeddingParams":{"text":`,
		Text:       `{"truncationMode":"NONE","value":`,
		Dimensions: "embeddingDimension",
		Task:       "embeddingPurpose",
		Tasks:      []string{embed.TaskUnset: store, embed.TaskDocument: store, embed.TaskQuery: find, embed.TaskClassification: "CLASSIFICATION", embed.TaskClustering: "CLUSTERING", embed.TaskSimilarity: store},
		End:        `}}`,
	}
}

// ReadEmbedding reads an answer, whose form tells its maker.
func (a *adapter) ReadEmbedding(answer rawjson.Value, w embed.Wanted, out *embed.Response) error {
	list := answer.Get("embeddings")
	if list.At(0).Get("embedding").Exists() {
		return out.Read(list, w, "embedding")
	}
	if list.Exists() {
		return cohere.ReadEmbedding(answer, w, out)
	}
	out.Count(answer.Get("inputTextTokenCount"))
	return out.ReadOne(answer.Get("embedding"), w)
}
