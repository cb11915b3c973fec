package embed

import (
	"errors"
	"strconv"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// ErrCount says that an answer does not fit its request.
var ErrCount = errors.New("the answer does not have an embedding for each input")

// OnlyTexts refuses tokens, which are another model's, and more inputs than an API takes
// in one request.
func (r *Request) OnlyTexts(most int) *chat.Error {
	if n := len(r.Inputs); n > most {
		return r.Unfit("input", "want at most "+strconv.Itoa(most)+" texts in one request, got "+strconv.Itoa(n))
	}
	for i := range r.Inputs {
		if in := &r.Inputs[i]; in.Tokens != nil {
			return r.Unfit(in.At.Path(), "the model takes texts, no tokens of another one")
		}
	}
	return nil
}

// NoDimensions refuses a size of vectors that the model does not let one choose.
func (r *Request) NoDimensions() *chat.Error {
	if r.Dimensions > 0 {
		return r.Unfit("dimensions", "the model has vectors of one size")
	}
	return nil
}

// Unfit is what a provider cannot be asked for.
func (*Request) Unfit(path, problem string) *chat.Error {
	return &chat.Error{Status: 400, Kind: chat.InvalidRequest, Code: "unsupported_value", Param: path, Message: path + ": " + problem}
}

// AppendTexts appends the inputs as an array of strings.
func (r *Request) AppendTexts(dst []byte) []byte {
	b := rawjson.Builder{Dst: dst}
	b.Raw(`[`)
	for i := range r.Inputs {
		b.Comma()
		b.Str(r.Inputs[i].Text)
	}
	b.Raw(`]`)
	return b.Dst
}

// DropOther reports what only the client's own API knows, and the task unless the
// provider is told it.
func (r *Request) DropOther(told bool) {
	if len(r.User) > 0 {
		r.Drop("user")
	}
	if r.Task != TaskUnset && !told {
		r.Drop("task_type")
	}
	for i := range r.Extra {
		r.Drop(r.Extra[i].Path)
	}
}

// ReadVectors fills Vectors from a list that has them in the order of the inputs.
func (r *Response) ReadVectors(list rawjson.Value, count int) error {
	if list.Kind() != rawjson.Array || list.Len() != count {
		return ErrCount
	}
	for _, v := range list.Elems() {
		if err := r.AddVector(v); err != nil {
			return err
		}
	}
	return nil
}

// AddVector adds one that is spelled as numbers.
func (r *Response) AddVector(v rawjson.Value) error {
	if v.Kind() != rawjson.Array || v.At(0).Kind() != rawjson.Number {
		return ErrVector
	}
	r.Vectors = append(r.Vectors, Vector{Numbers: v.Raw()})
	return nil
}

// Count takes over how many tokens the provider says the inputs are.
func (r *Response) Count(v rawjson.Value) {
	if n, ok := v.Float64(); ok && n >= 0 && n < 1<<50 {
		r.Usage.Input, r.Counted = r.Usage.Input+int64(n), true
	}
}
