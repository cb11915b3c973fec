package openai

import (
	"errors"
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/embed"
	"github.com/postern-gateway/postern/adapters/rank"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

var _ adapters.Embedder = (*Adapter)(nil)

var errVectors = errors.New("the answer does not have an embedding for each input")

// RankForm is that of the profile, nil for most services.
func (a *Adapter) RankForm(string) *rank.Form { return a.p.Ranks }

// EmbedPath is the same for all models, and empty where the service has none.
func (a *Adapter) EmbedPath(string) string { return a.paths[adapters.Embeddings] }

// AppendEmbed appends a request of https://platform.openai.com/docs/api-reference/embeddings.
func (a *Adapter) AppendEmbed(dst []byte, r *embed.Request) ([]byte, *chat.Error) {
	dst = rawjson.Add(dst, `{"model":`)
	dst = rawjson.AppendString(dst, r.Model)
	dst = rawjson.Add(dst, `,"input":[`)
	for i := range r.Inputs {
		if i > 0 {
			dst = append(dst, ',')
		}
		if in := &r.Inputs[i]; in.Tokens != nil {
			dst = rawjson.AddRaw(dst, in.Tokens)
		} else {
			dst = append(rawjson.AddRaw(append(dst, '"'), in.Text), '"')
		}
	}
	dst = append(dst, ']')
	if r.Dimensions > 0 {
		name, ok := a.named(embeddingsPrefix + "dimensions")
		if !ok {
			return dst, embed.Unfit("dimensions", "the service has vectors of one size")
		}
		dst = rawjson.AppendKey(append(dst, ','), strings.TrimPrefix(name, embeddingsPrefix))
		dst = rawjson.AppendInt(dst, r.Dimensions)
	}
	if r.Base64 {
		dst = rawjson.Add(dst, `,"encoding_format":"base64"`)
	}
	if len(r.User) > 0 && !a.lacking(embeddingsPrefix+"user") {
		dst = append(rawjson.AddRaw(rawjson.Add(dst, `,"user":"`), r.User), '"')
		r.User = nil
	}
	r.DropOther(false) // the models make one vector for all uses
	return append(dst, '}'), nil
}

// ReadEmbedding reads the list, whose order its indexes tell.
func (a *Adapter) ReadEmbedding(answer rawjson.Value, w embed.Wanted, out *embed.Response) error {
	data := answer.Get("data")
	if data.Len() != w.Count {
		return errVectors
	}
	out.Model = inner(answer.Get("model"))
	if n, ok := answer.Find("usage", "prompt_tokens").Int64(); ok {
		out.Usage.Input, out.Counted = n, true
	}
	for range w.Count {
		out.Vectors = append(out.Vectors, embed.Vector{})
	}
	for it := data.Items(); it.Next(); {
		place := it.Index
		if n, ok := it.Value.Get("index").Int64(); ok && n >= 0 && n < int64(len(out.Vectors)) {
			place = int(n)
		}
		switch v := it.Value.Get("embedding"); v.Kind() {
		case rawjson.Array:
			out.Vectors[place].Numbers = v.Raw()
		case rawjson.String:
			out.Vectors[place].Base64 = inner(v)
		}
	}
	for i := range out.Vectors {
		if out.Vectors[i].Numbers == nil && out.Vectors[i].Base64 == nil {
			return errVectors
		}
	}
	return nil
}
