package cohere

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/embed"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

var _ adapters.Embedder = (*adapter)(nil)

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

// EmbedForm is that of https://docs.cohere.com/v2/reference/embed without the model,
// which other services that have Cohere's models name elsewhere. A text that is too long
// is an error, as with other APIs, not cut in silence.
func EmbedForm() embed.Form {
	return embed.Form{Most: 96, Before: `"texts":[`, After: `],"embedding_types":["float"],"truncate":"NONE"`,
		Task: "input_type", Tasks: inputTypes[:], Dimensions: "output_dimension", End: `}`}
}

// EmbedPath is the same for all.
func (a *adapter) EmbedPath(string) string { return a.base + "/embed" }

// AppendEmbed appends a request.
func (a *adapter) AppendEmbed(dst []byte, r *embed.Request) ([]byte, *chat.Error) {
	f := EmbedForm()
	f.Model = "model"
	return r.Append(dst, &f, r.Model)
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
	return out.Read(list, w)
}
