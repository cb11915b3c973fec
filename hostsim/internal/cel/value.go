package cel

import (
	"bytes"
	"math"
	"strings"
	"time"
)

// A Map is a map, or an attribute that is looked up like one.
type Map interface {
	// Get returns the value of a key, which is a bool, int64, uint64 or string.
	Get(key any) (any, bool)
	// Keys returns all keys; none of an attribute whose keys cannot be listed.
	Keys() []any
	Len() int
}

// A Message is a protobuf message: the values of all fields that it knows.
type Message map[string]any

// A Type is the name of a type.
type Type string

// Entries are a map that an expression has written.
type Entries struct {
	keys   []any
	values map[any]any
}

// Get implements Map.
func (m *Entries) Get(key any) (any, bool) {
	v, ok := m.values[key]
	return v, ok
}

// Keys implements Map.
func (m *Entries) Keys() []any { return m.keys }

// Len implements Map.
func (m *Entries) Len() int { return len(m.keys) }

// typeOf names a value's type.
func typeOf(v any) (Type, bool) {
	switch v.(type) {
	case nil:
		return "null_type", true
	case bool:
		return "bool", true
	case int64:
		return "int", true
	case uint64:
		return "uint", true
	case float64:
		return "double", true
	case string:
		return "string", true
	case []byte:
		return "bytes", true
	case []any:
		return "list", true
	case Map:
		return "map", true
	case Type:
		return "type", true
	case Message:
		return "envoy.config.core.v3.Metadata", true // the only one that there is
	case time.Time:
		return "google.protobuf.Timestamp", true
	case time.Duration:
		return "google.protobuf.Duration", true
	}
	return "", false
}

func isType(name string) bool {
	switch name {
	case "null_type", "bool", "int", "uint", "double", "string", "bytes", "list", "map", "type":
		return true
	}
	return false
}

// whole returns a number as an integer that it is equal to: an int64, or a uint64 where
// that is too small.
func whole(v any) (any, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case uint64:
		if v <= math.MaxInt64 {
			return int64(v), true
		}
		return v, true
	case float64:
		switch {
		case v != math.Trunc(v) || v < math.MinInt64 || v >= 1<<64:
			return nil, false
		case v < 1<<63:
			return int64(v), true
		}
		return uint64(v), true
	}
	return nil, false
}

// find looks for a key, and for the same number of the other type.
func find(m Map, key any) (any, bool) {
	if n, ok := key.(uint64); ok {
		if v, ok := m.Get(n); ok {
			return v, true
		}
	}
	n, isWhole := whole(key)
	if !isWhole {
		switch key.(type) {
		case bool, string:
			return m.Get(key)
		}
		return nil, false
	}
	if v, ok := m.Get(n); ok {
		return v, true
	}
	if n, ok := n.(int64); ok && n >= 0 {
		return m.Get(uint64(n))
	}
	return nil, false
}

// index is a[b].
func index(_ *evaluation, args []any) (any, error) {
	switch of := args[0].(type) {
	case Map:
		if v, ok := find(of, args[1]); ok {
			return v, nil
		}
		return nil, errMissing
	case []any:
		n, _ := whole(args[1])
		if i, ok := n.(int64); ok && i >= 0 && i < int64(len(of)) {
			return of[i], nil
		}
		return nil, errMissing
	}
	return nil, errOverload
}

// equal compares any two values; those of different types are not equal.
func equal(a, b any) (bool, error) {
	if isNumber(a) && isNumber(b) {
		c, ordered := compareNumbers(a, b)
		return ordered && c == 0, nil
	}
	switch a := a.(type) {
	case []byte:
		b, ok := b.([]byte)
		return ok && bytes.Equal(a, b), nil
	case time.Time:
		b, ok := b.(time.Time)
		return ok && a.Equal(b), nil
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false, nil
		}
		for i := range a {
			if same, err := equal(a[i], b[i]); !same {
				return false, err
			}
		}
		return true, nil
	case Map:
		b, ok := b.(Map)
		return equalMaps(a, b, ok)
	case Message:
		b, ok := b.(Message)
		if !ok || len(a) != len(b) {
			return false, nil
		}
		for field, v := range a {
			if same, err := equal(v, b[field]); !same {
				return false, err
			}
		}
		return true, nil
	}
	switch b.(type) {
	case []byte, []any, Map, Message:
		return false, nil
	}
	return a == b, nil
}

func equalMaps(a, b Map, isMap bool) (bool, error) {
	if !isMap || a.Len() != b.Len() {
		return false, nil
	}
	for _, k := range a.Keys() {
		v, _ := a.Get(k)
		other, ok := find(b, k)
		if !ok {
			return false, nil
		}
		if same, err := equal(v, other); !same {
			return false, err
		}
	}
	return true, nil
}

func isNumber(v any) bool {
	switch v.(type) {
	case int64, uint64, float64:
		return true
	}
	return false
}

// compareNumbers compares numbers of any type, beside a double as doubles; NaN has no
// order.
func compareNumbers(a, b any) (c int, ordered bool) {
	_, isDouble := a.(float64)
	_, isDouble2 := b.(float64)
	if !isDouble && !isDouble2 {
		x, _ := whole(a)
		y, _ := whole(b)
		return compareWhole(x, y), true
	}
	f, g := toDouble(a), toDouble(b)
	switch {
	case f < g:
		return -1, true
	case f > g:
		return 1, true
	}
	return 0, f == g
}

// compareWhole compares what whole has returned: a uint64 is more than any int64.
func compareWhole(a, b any) int {
	x, small := a.(int64)
	y, small2 := b.(int64)
	switch {
	case small && small2:
		return compareOrdered(x, y)
	case small:
		return -1
	case small2:
		return 1
	}
	return compareOrdered(a.(uint64), b.(uint64))
}

func compareOrdered[T int64 | uint64 | time.Duration](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func toDouble(v any) float64 {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case uint64:
		return float64(v)
	case float64:
		return v
	}
	return math.NaN()
}

// compare orders two values of types that have an order.
func compare(a, b any) (c int, ordered bool, err error) {
	if isNumber(a) && isNumber(b) {
		c, ordered = compareNumbers(a, b)
		return c, ordered, nil
	}
	switch a := a.(type) {
	case string:
		if b, ok := b.(string); ok {
			return strings.Compare(a, b), true, nil
		}
	case []byte:
		if b, ok := b.([]byte); ok {
			return bytes.Compare(a, b), true, nil
		}
	case bool:
		if b, ok := b.(bool); ok {
			return compareOrdered(toInt(a), toInt(b)), true, nil
		}
	case time.Time:
		if b, ok := b.(time.Time); ok {
			return a.Compare(b), true, nil
		}
	case time.Duration:
		if b, ok := b.(time.Duration); ok {
			return compareOrdered(a, b), true, nil
		}
	}
	return 0, false, errOverload
}

func toInt(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
