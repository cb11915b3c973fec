// Package reranking is the client side of rerankers: it reads requests and writes
// answers in the form that Cohere, Jina and most servers of models share
// (https://docs.cohere.com/v2/reference/rerank, https://api.jina.ai/openapi.json,
// https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html).
//
// Answers have what clients of each look for: results with an index and a score, the
// usage as Jina has it, and the units as Cohere has them. Documents are texts, or objects
// that have one; images are refused.
package reranking

import (
	"math"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/fields"
	"github.com/postern-gateway/postern/adapters/rank"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// Codec reads and writes the form.
type Codec struct{}

var _ adapters.RankCodec = (*Codec)(nil)

// mostDocuments bounds what a request makes the gateway keep.
const mostDocuments = 10_000

// ReadRank reads a request.
func (*Codec) ReadRank(request rawjson.Value, r *rank.Request) *chat.Error {
	var shared chat.Request
	d := fields.Reader{R: &shared}
	d.Need(request, "query")
	d.Need(request, "documents")
	for c := request.Cursor(); c.Next() && d.Err == nil; {
		switch v := c.Value; string(c.Key.Bytes()) {
		case "model":
			d.Filled(v)
			r.Model = v.Str()
		case "query":
			r.Query = d.Filled(v)
		case "documents":
			documents(&d, v, r)
		case "top_n", "top_k":
			if !v.IsNull() {
				r.Top = min(d.Integer(v, 1), math.MaxInt32)
			}
		case "return_documents":
			if !v.IsNull() {
				r.Return = d.Bool(v)
			}
		default:
			d.Extra(c.Key, v)
		}
	}
	r.Extra = append(r.Extra, shared.Extra...)
	return d.Err
}

func documents(d *fields.Reader, list rawjson.Value, r *rank.Request) {
	if n := d.Array(list).Len(); n == 0 || n > mostDocuments {
		d.Fail("invalid_value", list.Path(), "want 1 to 10000 documents")
	}
	for c := list.Cursor(); c.Next() && d.Err == nil; {
		v := c.Value
		if text := v.Get("text"); text.Exists() {
			v = text
		}
		r.Documents = append(r.Documents, d.Text(v))
	}
}

// AppendRanking appends an answer.
func (*Codec) AppendRanking(dst []byte, w *rank.Wanted, answer *rank.Response) []byte {
	b := rawjson.Builder{Dst: rawjson.Add(dst, `{`)}
	if len(answer.ID) > 0 {
		b.Text("id", answer.ID)
	}
	b.Quote("model", w.Model)
	b.Raw(`,"object":"list","results":[`)
	for i := range answer.Results {
		x := &answer.Results[i]
		b.Comma()
		b.Raw(`{`)
		b.Int("index", int64(x.Index))
		b.Value("relevance_score", x.Score)
		if w.Texts != nil {
			b.Raw(`,"document":{`)
			b.Text("text", w.Texts[x.Index])
			b.Raw(`}`)
		}
		b.Raw(`}`)
	}
	b.Raw(`],"usage":{`)
	b.Int("prompt_tokens", answer.Usage.Input)
	b.Int("total_tokens", answer.Usage.Input)
	b.Raw(`}`)
	if n := answer.Usage.Searches; n > 0 {
		b.Raw(`,"meta":{"api_version":{"version":"2"},"billed_units":{`)
		b.Int("search_units", n)
		b.Raw(`}}`)
	}
	b.Raw(`}`)
	return b.Dst
}
