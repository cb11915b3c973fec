// Package rank is the neutral form of a request to rerank: a query and documents in, the
// documents' places and scores out.
//
// It has no wire format of its own. Documents are texts; what APIs have beside texts is
// left to those who take requests as they are.
package rank

import (
	"errors"

	"github.com/postern-gateway/postern/adapters/chat"
)

// A Request is a query and documents. It is used again: Reset keeps its memory.
type Request struct {
	Model     string
	Query     chat.Text
	Documents []chat.Text
	Top       int64 // how many results are wanted; 0: all
	Return    bool  // the client wants the documents' texts with their results
	Extra     []chat.Member
	drops     []string
}

// Reset empties the request and keeps its memory.
func (r *Request) Reset() {
	clear(r.Documents)
	*r = Request{Documents: r.Documents[:0], Extra: r.Extra[:0], drops: r.drops[:0]}
}

// Drop reports that something of the client's request is not in the provider's.
func (r *Request) Drop(path string) { r.drops = append(r.drops, path) }

// Drops are what was dropped, in order.
func (r *Request) Drops() []string { return r.drops }

// Tokens estimates how many tokens the model reads: the query with each document.
func (r *Request) Tokens() int64 {
	var query, rest chat.Estimate
	query.AddText(r.Query)
	for _, d := range r.Documents {
		rest.AddText(d)
	}
	return query.Tokens()*int64(len(r.Documents)) + rest.Tokens()
}

// Wanted is what the answer to a request depends on. It has no views of the request.
type Wanted struct {
	Model string
	Count int         // of documents
	Top   int64       // how many results are wanted; 0: all
	Texts []chat.Text // the documents, if they are wanted with their results
}

// Wanted is what outlives the request.
func (r *Request) Wanted() Wanted {
	w := Wanted{Model: r.Model, Count: len(r.Documents), Top: r.Top}
	if !r.Return {
		return w
	}
	size := 0
	for _, d := range r.Documents {
		size += len(d)
	}
	all := make([]byte, 0, size)
	w.Texts = make([]chat.Text, 0, len(r.Documents))
	for _, d := range r.Documents {
		all = append(all, d...)
		w.Texts = append(w.Texts, all[len(all)-len(d):len(all):len(all)])
	}
	return w
}

// A Response has the results, the best first.
type Response struct {
	ID      chat.Text
	Results []Result
	Usage   chat.Usage
	Counted bool // Usage is the provider's
}

// A Result is a document by its place in the request, and its score as a JSON number.
type Result struct {
	Index int
	Score chat.Raw
}

// Reset empties the response and keeps its memory.
func (r *Response) Reset() {
	clear(r.Results)
	*r = Response{Results: r.Results[:0]}
}

// ErrResult says that an answer does not fit its request.
var ErrResult = errors.New("a result has no score, or is of no document of the request")
