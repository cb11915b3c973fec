// Package ordered writes JSON objects with their keys in the order given, as the
// providers do: a reader that relies on it, or must not, meets the real thing.
package ordered

import (
	"bytes"
	"encoding/json"
)

// A Member is one key with its value.
type Member struct {
	Key   string
	Value any
}

// An Object is a JSON object.
type Object []Member

// Of makes an object of keys and values by turns.
func Of(keysAndValues ...any) Object {
	o := make(Object, 0, len(keysAndValues)/2)
	for i := 0; i+1 < len(keysAndValues); i += 2 {
		key, _ := keysAndValues[i].(string)
		o = append(o, Member{key, keysAndValues[i+1]})
	}
	return o
}

// With returns the object with further keys and values.
func (o Object) With(keysAndValues ...any) Object {
	return append(append(Object{}, o...), Of(keysAndValues...)...)
}

// MarshalJSON writes the members in their order.
func (o Object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := json.Marshal(m.Key)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(m.Value)
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
