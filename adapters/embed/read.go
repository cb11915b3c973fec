package embed

import (
	"errors"

	"github.com/postern-gateway/postern/adapters/rawjson"
)

// ErrCount says that an answer does not fit its request.
var ErrCount = errors.New("the answer does not have an embedding for each input")

// Read fills Vectors from a list that has them, spelled as numbers, in the order of the
// inputs: each is where the keys lead in its element.
func (r *Response) Read(list rawjson.Value, w Wanted, keys ...string) error {
	if list.Kind() != rawjson.Array || list.Len() != w.Count {
		return ErrCount
	}
	for c := list.Cursor(); c.Next(); {
		if err := r.Add(c.Value.Find(keys...)); err != nil {
			return err
		}
	}
	return nil
}

// ReadOne is Read for answers that have no list.
func (r *Response) ReadOne(v rawjson.Value, w Wanted) error {
	if w.Count != 1 {
		return ErrCount
	}
	return r.Add(v)
}

// Add adds a vector that is spelled as numbers.
//
//go:noinline
func (r *Response) Add(v rawjson.Value) error {
	if v.Kind() != rawjson.Array || v.At(0).Kind() != rawjson.Number {
		return ErrVector
	}
	r.Vectors = append(r.Vectors, Vector{Numbers: v.Raw()})
	return nil
}

// Count adds what the provider says of how many tokens the inputs are.
//
//go:noinline
func (r *Response) Count(v rawjson.Value) {
	const most = 1 << 50
	if n, ok := v.Float64(); ok && n >= 0 && n < most {
		r.Usage.Input, r.Counted = r.Usage.Input+int64(n), true
	}
}
