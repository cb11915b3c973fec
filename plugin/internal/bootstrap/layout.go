package bootstrap

import (
	"fmt"

	"github.com/postern-gateway/postern/adapters/rawjson"
)

// lineWidth is how long a line of the configuration may be before it is broken up.
const lineWidth = 100

// layout writes a JSON document for people: what fits on a line is on a line.
func layout(document []byte) ([]byte, error) {
	var doc rawjson.Doc
	if err := doc.Parse(document); err != nil {
		return nil, fmt.Errorf("the configuration as JSON: %w", err)
	}
	return appendValue(nil, doc.Root(), 0), nil
}

// appendValue writes v, which begins after indent columns.
func appendValue(dst []byte, v rawjson.Value, indent int) []byte {
	flat := appendFlat(nil, v)
	list, first, last := elements(v)
	if list == nil || indent > 0 && indent+len(flat) <= lineWidth {
		return append(dst, flat...)
	}
	dst = append(dst, first)
	for i, e := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendBreak(dst, indent+2), e.key...)
		dst = appendValue(dst, e.value, indent+2)
	}
	return append(appendBreak(dst, indent), last)
}

func appendFlat(dst []byte, v rawjson.Value) []byte {
	list, first, last := elements(v)
	if list == nil {
		return append(dst, v.Raw()...)
	}
	dst = append(dst, first)
	for i, e := range list {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = appendFlat(append(dst, e.key...), e.value)
	}
	return append(dst, last)
}

func appendBreak(dst []byte, indent int) []byte {
	dst = append(dst, '\n')
	for range indent {
		dst = append(dst, ' ')
	}
	return dst
}

// An element is a value in a list, or with its key in an object.
type element struct {
	key   []byte // with its colon
	value rawjson.Value
}

// elements are those of a list or an object, nil for anything else.
func elements(v rawjson.Value) (list []element, first, last byte) {
	switch v.Kind() {
	case rawjson.Array:
		list = make([]element, 0, v.Len())
		for it := v.Items(); it.Next(); {
			e := it.Value
			list = append(list, element{value: e})
		}
		return list, '[', ']'
	case rawjson.Object:
		list = make([]element, 0, v.Len())
		for it := v.Members(); it.Next(); {
			k, e := it.Key, it.Value
			list = append(list, element{append(append([]byte{}, k.Raw()...), ": "...), e})
		}
		return list, '{', '}'
	}
	return nil, 0, 0
}
