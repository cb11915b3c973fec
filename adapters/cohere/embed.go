package cohere

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/embed"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

var _ adapters.Embedder = (*adapter)(nil)

// mostTexts is the API's bound for one request.
const mostTexts = 96

// inputTypes are the API's words. It wants one of them, and whoever says nothing mostly
// stores what comes out.
var inputTypes = [...]string{
	embed.TaskUnset:          "search_document",
	embed.TaskDocument:       "search_document",
	embed.TaskQuery:          "search_query",
	embed.TaskClassification: "classification",
	embed.TaskClustering:     "clustering",
	embed.TaskSimilarity:     "clustering",
}

// EmbedPath is the same for all.
func (a *adapter) EmbedPath(string) string { return a.base + "/embed" }

// AppendEmbed appends a request of https://docs.cohere.com/v2/reference/embed.
func (a *adapter) AppendEmbed(dst []byte, r *embed.Request) ([]byte, *chat.Error) {
	return AppendEmbed(dst, r, r.Model)
}

// AppendEmbed appends a request, with the model unless it is empty: other services that
// have Cohere's models name it elsewhere. A text that is too long is an error, as with
// other APIs, not cut in silence.
func AppendEmbed(dst []byte, r *embed.Request, model string) ([]byte, *chat.Error) {
	if e := r.OnlyTexts(mostTexts); e != nil {
		return dst, e
	}
	b := rawjson.Builder{Dst: append(dst, '{')}
	if model != "" {
		b.Key("model")
		b.Dst = rawjson.AppendString(b.Dst, model)
	}
	b.Key("texts")
	b.Dst = r.AppendTexts(b.Dst)
	b.Key("input_type")
	b.Str([]byte(inputTypes[r.Task]))
	b.Const("embedding_types", `["float"]`)
	b.Const("truncate", `"NONE"`)
	if r.Dimensions > 0 {
		b.Int("output_dimension", r.Dimensions)
	}
	b.Raw(`}`)
	r.DropOther(true)
	return b.Dst, nil
}

// ReadEmbedding reads the vectors and the units that are billed, which are the tokens.
func (a *adapter) ReadEmbedding(answer rawjson.Value, w embed.Wanted, out *embed.Response) error {
	return ReadEmbedding(answer, w, out)
}

// ReadEmbedding reads an answer, whose vectors are by their type where types were asked
// for, and a list at some services.
func ReadEmbedding(answer rawjson.Value, w embed.Wanted, out *embed.Response) error {
	list := answer.Get("embeddings")
	if list.Kind() == rawjson.Object {
		list = list.Get("float")
	}
	out.Count(answer.Find("meta", "billed_units", "input_tokens"))
	return out.ReadVectors(list, w.Count)
}
