package rank

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// A Form is how an API wants to be asked to rerank texts, and how it answers. APIs differ
// in no more than this. Names of members that are empty are Cohere's.
type Form struct {
	Path      string
	Model     string   // the member that names the model; empty where the path does
	Documents string   // the member that has the texts
	Text      string   // begins each text that is an object; it then is closed after the text
	Top       string   // the member that says how many results are wanted; empty: all come, and the first of them are taken
	End       string   // of the request
	List      []string // where the answer has the results
	Index     string   // the member of a result that says which text it is of
	Score     string   // and how well that fits
	Search    int      // texts that make one search, for APIs that cost by searches and do not tell them
}

// Append appends a request, and reports what has no place in it.
func (r *Request) Append(dst []byte, f *Form) []byte {
	b := rawjson.Builder{Dst: rawjson.Add(dst, `{`)}
	if f.Model != "" {
		b.Quote(f.Model, r.Model)
	}
	b.Text("query", r.Query)
	b.Key(or(f.Documents, "documents"))
	b.Raw(`[`)
	for _, d := range r.Documents {
		b.Comma()
		b.Raw(f.Text)
		b.Str(d)
		if f.Text != "" {
			b.Raw(`}`)
		}
	}
	b.Raw(`]`)
	if r.Top > 0 && f.Top != "" {
		b.Int(f.Top, r.Top)
	}
	b.Raw(f.End)
	for i := range r.Extra {
		r.Drop(r.Extra[i].Path)
	}
	return b.Dst
}

func or(name, usual string) string {
	if name == "" {
		return usual
	}
	return name
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
	if !r.Counted && f.Search > 0 {
		r.Usage.Searches = int64((w.Count + f.Search - 1) / f.Search)
	}
	list := answer.Find(f.List...)
	if list.Kind() != rawjson.Array || list.Len() > w.Count {
		return ErrResult
	}
	for c := list.Cursor(); c.Next(); {
		i, ok := c.Value.Get(or(f.Index, "index")).Int64()
		score := c.Value.Get(or(f.Score, "relevance_score"))
		if !ok || i < 0 || i >= int64(w.Count) || score.Kind() != rawjson.Number {
			return ErrResult
		}
		if w.Top == 0 || int64(len(r.Results)) < w.Top {
			r.Results = append(r.Results, Result{Index: int(i), Score: score.Raw()})
		}
	}
	return nil
}

func (r *Response) count(to *int64, v rawjson.Value) {
	if n, ok := v.Int64(); ok && n >= 0 {
		*to, r.Counted = n, true
	}
}
