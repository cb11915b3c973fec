package config

import (
	"math"

	"github.com/postern-gateway/postern/adapters/rawjson"
)

// Document is a configuration as JSON. Proxies hand over a google.protobuf.Struct, as which
// it can be written in YAML, in its binary form
// (https://protobuf.dev/reference/protobuf/google.protobuf/#struct); anything that is not
// one is returned as it is.
func Document(p []byte) []byte {
	if len(p) == 0 || p[0] != structField {
		return p
	}
	s := structure{rest: p}
	out := s.object(nil, 0)
	if s.broken {
		return p
	}
	return out
}

// Keys of fields: their numbers, and in the last three bits how they are written.
const (
	structField = 1<<3 | sized // of a Struct: an entry of its map
	keyField    = 1<<3 | sized
	valueField  = 2<<3 | sized

	nullField   = 1<<3 | varint
	numberField = 2<<3 | fixed64
	stringField = 3<<3 | sized
	boolField   = 4<<3 | varint
	objectField = 5<<3 | sized
	listField   = 6<<3 | sized
	elemField   = 1<<3 | sized // of a ListValue

	varint  = 0
	fixed64 = 1
	sized   = 2
)

// maxNesting bounds a Struct's depth, as the reader of JSON does.
const maxNesting = 64

// structure reads messages. What it cannot read makes it broken.
type structure struct {
	rest   []byte
	broken bool
}

// object reads a Struct.
func (s *structure) object(dst []byte, depth int) []byte {
	dst = append(dst, '{')
	for first := true; len(s.rest) > 0; first = false {
		if !first {
			dst = append(dst, ',')
		}
		entry := s.message(structField)
		dst = append(rawjson.AppendString(dst, entry.message(keyField).rest), ':')
		value := entry.message(valueField)
		dst = value.value(dst, depth+1)
		s.broken = s.broken || entry.broken || value.broken
		if s.broken {
			return dst
		}
	}
	return append(dst, '}')
}

// list reads a ListValue.
func (s *structure) list(dst []byte, depth int) []byte {
	dst = append(dst, '[')
	for first := true; len(s.rest) > 0 && !s.broken; first = false {
		if !first {
			dst = append(dst, ',')
		}
		value := s.message(elemField)
		dst = value.value(dst, depth+1)
		s.broken = s.broken || value.broken
	}
	return append(dst, ']')
}

// value reads a Value.
func (s *structure) value(dst []byte, depth int) []byte {
	if depth > maxNesting || len(s.rest) == 0 {
		s.broken = true
		return dst
	}
	switch key := s.rest[0]; key {
	case nullField:
		s.rest = s.rest[1:]
		s.number()
		return append(dst, "null"...)
	case boolField:
		s.rest = s.rest[1:]
		return rawjson.AppendBool(dst, s.number() != 0)
	case numberField:
		if len(s.rest) != 9 {
			break
		}
		var bits uint64
		for i := 8; i > 0; i-- {
			bits = bits<<8 | uint64(s.rest[i])
		}
		if f := math.Float64frombits(bits); f-f == 0 { // it is finite
			return rawjson.AppendFloat(dst, f)
		}
	case stringField:
		text := s.message(key)
		return rawjson.AppendString(dst, text.rest)
	case objectField:
		inner := s.message(key)
		dst = inner.object(dst, depth)
		s.broken = s.broken || inner.broken
		return dst
	case listField:
		inner := s.message(key)
		dst = inner.list(dst, depth)
		s.broken = s.broken || inner.broken
		return dst
	}
	s.broken = true
	return dst
}

// message takes the next field, which has to be that one.
func (s *structure) message(key byte) structure {
	if len(s.rest) == 0 || s.rest[0] != key {
		s.broken = true
		return structure{broken: true}
	}
	s.rest = s.rest[1:]
	n := s.number()
	if s.broken || n > uint64(len(s.rest)) {
		s.broken = true
		return structure{broken: true}
	}
	m := structure{rest: s.rest[:n]}
	s.rest = s.rest[n:]
	return m
}

// number takes a varint.
//
//go:noinline
func (s *structure) number() uint64 {
	var n uint64
	for i, b := range s.rest {
		if i > 9 {
			break
		}
		n |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			s.rest = s.rest[i+1:]
			return n
		}
	}
	s.broken = true
	return 0
}
