package hostsim

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/hostsim/internal/cel"
)

// This file is Envoy's foreign functions that evaluate CEL expressions over attributes:
// https://github.com/envoyproxy/envoy/blob/main/source/extensions/common/wasm/foreign.cc

// expressions are those of one plugin, by token.
type expressions struct {
	programs map[uint32]*cel.Program
	next     uint32
}

// create reads the argument as an expression and returns its token. A token is spent
// also on an expression that can be read and does not compile.
func (x *expressions) create(c ForeignCall) ([]byte, Status) {
	p, err := cel.Compile(string(c.Argument))
	if err != nil && !errors.Is(err, cel.ErrCompile) {
		return nil, StatusBadArgument
	}
	token := x.next
	for x.programs[token] != nil {
		token++
	}
	x.next = token + 1
	if err != nil {
		return nil, StatusBadArgument
	}
	if x.programs == nil {
		x.programs = map[uint32]*cel.Program{}
	}
	x.programs[token] = p
	return binary.LittleEndian.AppendUint32(nil, token), StatusOK
}

// evaluate returns the value that the argument's expression has for the stream.
func (x *expressions) evaluate(c ForeignCall) ([]byte, Status) {
	if len(c.Argument) != 4 {
		return nil, StatusBadArgument
	}
	p := x.programs[binary.LittleEndian.Uint32(c.Argument)]
	if p == nil {
		return nil, StatusNotFound
	}
	v, err := p.Eval(func(name string) (any, bool) {
		v, ok := c.context.topProperty(name)
		if _, isMap := v.(overlay); isMap && name == "metadata" {
			return c.context.metadata(v), true
		}
		return c.context.celValue(name, v), ok
	})
	if err != nil {
		return nil, StatusInternalFailure
	}
	b, ok := serializeCEL(v)
	if !ok {
		return nil, StatusSerializationFailure
	}
	return b, StatusOK
}

func (x *expressions) remove(c ForeignCall) ([]byte, Status) {
	if len(c.Argument) != 4 {
		return nil, StatusBadArgument
	}
	delete(x.programs, binary.LittleEndian.Uint32(c.Argument))
	return nil, StatusOK
}

// celValue is an attribute as expressions see it. name is the last part of its path.
func (c *vmContext) celValue(name string, v any) any {
	switch v := v.(type) {
	case int:
		return int64(v)
	case noMetadata:
		return nil
	case message:
		return c.metadata(v)
	case []byte: // what a plugin has stored
		if c.stream != nil && c.stream.props.texts[strings.TrimPrefix(name, "wasm.")] {
			return string(v)
		}
	case []any:
		all := make([]any, len(v))
		for i := range v {
			all[i] = c.celValue("", v[i])
		}
		return all
	case overlay, Headers, map[string]any:
		return attributeMap{c, v}
	}
	return v
}

// metadata is a message of the type that all messages here are of:
// envoy.config.core.v3.Metadata.
func (c *vmContext) metadata(v any) cel.Message {
	m := cel.Message{}
	for _, field := range []string{"filter_metadata", "typed_filter_metadata"} {
		entries, ok := child(v, field)
		if !ok {
			entries = map[string]any{}
		}
		m[field] = c.celValue(field, entries)
	}
	return m
}

// An attributeMap is an overlay, a Headers or a map of the test's.
type attributeMap struct {
	context *vmContext
	of      any
}

// Get implements cel.Map.
func (m attributeMap) Get(key any) (any, bool) {
	name, ok := key.(string)
	if !ok {
		return nil, false
	}
	v, ok := child(m.of, name)
	return m.context.celValue(name, v), ok
}

// Keys implements cel.Map.
func (m attributeMap) Keys() []any {
	var names []string
	switch of := m.of.(type) {
	case Headers:
		for _, h := range of.joined() {
			names = append(names, h.Name)
		}
	case map[string]any:
		for name := range of {
			names = append(names, name)
		}
		slices.Sort(names)
	}
	keys := make([]any, len(names)) // none of an overlay: Envoy cannot list those
	for i, name := range names {
		keys[i] = name
	}
	return keys
}

// Len implements cel.Map.
func (m attributeMap) Len() int { return len(m.Keys()) }

// serializeCEL is serialize for a value of an expression.
func serializeCEL(v any) ([]byte, bool) {
	switch v := v.(type) {
	case attributeMap:
		return serialize(v.of)
	case cel.Message:
		return nil, true
	case cel.Map:
		pairs := make(Headers, 0, v.Len())
		for _, k := range v.Keys() {
			name, _ := serializeCEL(k) // a key can always be written
			value, _ := v.Get(k)
			b, ok := serializeCEL(value)
			if !ok {
				return nil, false
			}
			pairs = append(pairs, Header{string(name), string(b)})
		}
		return appendPairs(nil, pairs), true
	case []any:
		pairs := make(Headers, len(v))
		for i, item := range v {
			b, ok := serializeCEL(item)
			if !ok {
				return nil, false
			}
			pairs[i].Name = string(b)
		}
		return appendPairs(nil, pairs), true
	}
	return serialize(v)
}
