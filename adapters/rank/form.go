package rank

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// A Form is how an API wants to be asked to rerank texts, and how it answers. APIs differ
// in no more than this.
type Form struct {
	Path string
	Top  string // the member that says how many results are wanted
	End  string // of the request
	List string // the member of the answer that has the results
}

// Append appends a request, and reports what has no place in it.
func (r *Request) Append(dst []byte, f *Form) []byte {
	b := rawjson.Builder{Dst: rawjson.Add(dst, `{`)}
	b.Quote("model", r.Model)
	b.Text("query", r.Query)
	b.Raw(`,"documents":[`)
	for _, d := range r.Documents {
		b.Comma()
		b.Str(d)
	}
	b.Raw(`]`)
	if r.Top > 0 {
		b.Int(f.Top, r.Top)
	}
	b.Raw(f.End)
	for i := range r.Extra {
		r.Drop(r.Extra[i].Path)
	}
	return b.Dst
}

// Read fills a response from an answer. Its usage is Cohere's, which counts searches, or
// Voyage's, which counts tokens.
func (r *Response) Read(answer rawjson.Value, f *Form, w *Wanted) error {
	if id := answer.Get("id"); id.Kind() == rawjson.String {
		raw := id.Raw()
		r.ID = chat.Text(raw[1 : len(raw)-1])
	}
	r.count(&r.Usage.Searches, answer.Find("meta", "billed_units", "search_units"))
	r.count(&r.Usage.Input, answer.Find("usage", "total_tokens"))
	list := answer.Get(f.List)
	if list.Kind() != rawjson.Array || list.Len() > w.Count {
		return ErrResult
	}
	for c := list.Cursor(); c.Next(); {
		i, ok := c.Value.Get("index").Int64()
		score := c.Value.Get("relevance_score")
		if !ok || i < 0 || i >= int64(w.Count) || score.Kind() != rawjson.Number {
			return ErrResult
		}
		r.Results = append(r.Results, Result{Index: int(i), Score: score.Raw()})
	}
	return nil
}

//go:noinline
func (r *Response) count(to *int64, v rawjson.Value) {
	if n, ok := v.Int64(); ok && n >= 0 {
		*to, r.Counted = n, true
	}
}
