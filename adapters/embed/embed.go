// Package embed is the neutral form of a request for embeddings: texts in, vectors out.
//
// Client dialects and providers convert to and from it once each. It has no wire format
// of its own, but knows both spellings that vectors have on the wire: numbers, and the
// base64 of little-endian 32-bit floats.
package embed

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// A Task is what the vectors are for, where an API wants to know it.
type Task uint8

// Tasks. Clients whose dialect has no word for it leave it unset.
const (
	TaskUnset Task = iota
	TaskDocument
	TaskQuery
	TaskClassification
	TaskClustering
	TaskSimilarity
)

// A Request is a list of inputs. It is used again: Reset keeps its memory.
type Request struct {
	Dialect    string // whose words Extra are
	Model      string
	Inputs     []Input
	Single     bool  // the client wrote one input, not a list
	Dimensions int64 // 0: not said
	Base64     bool  // the client wants vectors in base64
	Task       Task
	User       chat.Text
	Extra      []chat.Member // that the source dialect has and this form does not
	drops      []string
}

// Wanted is what the answer to a request depends on.
type Wanted struct {
	Model  string
	Count  int  // of vectors
	Single bool // the client wrote one input, not a list
	Base64 bool // the client wants vectors in base64
}

// Wanted is what outlives the request: it has no views.
func (r *Request) Wanted() Wanted {
	return Wanted{Model: r.Model, Count: len(r.Inputs), Single: r.Single, Base64: r.Base64}
}

// An Input is a text, or token ids as a JSON array of integers.
type Input struct {
	Text   chat.Text
	Tokens chat.Raw
	At     rawjson.Value // where it stood
}

// Reset empties the request and keeps its memory.
func (r *Request) Reset() {
	clear(r.Inputs)
	*r = Request{Inputs: r.Inputs[:0], Extra: r.Extra[:0], drops: r.drops[:0]}
}

// Drop reports that something of the client's request is not in the provider's.
//
//go:noinline
func (r *Request) Drop(path string) { r.drops = append(r.drops, path) }

// Drops are what was dropped, in order.
func (r *Request) Drops() []string { return r.drops }

// Tokens estimates how many tokens the inputs are.
func (r *Request) Tokens() int64 {
	var e chat.Estimate
	n := int64(0)
	for i := range r.Inputs {
		if ids := r.Inputs[i].Tokens; ids != nil {
			n += countElems(ids)
			continue
		}
		e.AddText(r.Inputs[i].Text)
	}
	return n + e.Tokens()
}

// countElems is how many elements a JSON array of numbers has.
func countElems(array chat.Raw) int64 {
	n := int64(1)
	for _, c := range array {
		if c == ',' {
			n++
		}
	}
	return n
}

// A Response has a vector for each input, in their order.
type Response struct {
	Model   chat.Text
	Vectors []Vector
	Usage   chat.Usage
	Counted bool // Usage is the provider's
}

// A Vector is spelled in one of two ways; the other is nil.
type Vector struct {
	Numbers chat.Raw  // a JSON array
	Base64  chat.Text // of little-endian 32-bit floats
}

// Reset empties the response and keeps its memory.
func (r *Response) Reset() {
	clear(r.Vectors)
	*r = Response{Vectors: r.Vectors[:0]}
}
