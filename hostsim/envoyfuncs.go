package hostsim

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
)

// envoyFunctions are foreign functions that Envoy itself registers.
func envoyFunctions() map[string]ForeignFunction {
	return map[string]ForeignFunction{
		"compress":               compress,
		"uncompress":             uncompress,
		"clear_route_cache":      func(ForeignCall) ([]byte, Status) { return nil, StatusOK },
		"declare_property":       declareProperty,
		"set_envoy_filter_state": setEnvoyFilterState,
		"sign":                   sign,
		"verify_signature":       verifySignature,
		"expr_create":            ofRoot((*expressions).create),
		"expr_evaluate":          ofRoot((*expressions).evaluate),
		"expr_delete":            ofRoot((*expressions).remove),
	}
}

// ofRoot is a function on the expressions of the plugin that calls it.
func ofRoot(f func(*expressions, ForeignCall) ([]byte, Status)) ForeignFunction {
	return func(c ForeignCall) ([]byte, Status) { return f(&c.context.root.expressions, c) }
}

func compress(c ForeignCall) ([]byte, Status) {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	if _, err := w.Write(c.Argument); err != nil {
		return nil, StatusSerializationFailure
	}
	if err := w.Close(); err != nil {
		return nil, StatusSerializationFailure
	}
	return b.Bytes(), StatusOK
}

func uncompress(c ForeignCall) ([]byte, Status) {
	r, err := zlib.NewReader(bytes.NewReader(c.Argument))
	if err != nil {
		return nil, StatusSerializationFailure
	}
	out, err := io.ReadAll(r)
	if err != nil {
		return nil, StatusSerializationFailure
	}
	return out, StatusOK
}

// A declaration says what a property is like, before it is first set.
type declaration struct{ readOnly, text bool }

// declareProperty says of a property that it may be set only once, or is a string in
// expressions; other types are bytes there. Only what a root context declares has an
// effect, as in Envoy. The life span makes no difference here.
func declareProperty(c ForeignCall) ([]byte, Status) {
	fields, ok := protoFields(c.Argument)
	if !ok {
		return nil, StatusBadArgument
	}
	name := string(fields[1].bytes)
	if _, declared := c.context.declared[name]; declared {
		return nil, StatusBadArgument
	}
	if c.context.declared == nil {
		c.context.declared = map[string]declaration{}
	}
	c.context.declared[name] = declaration{readOnly: fields[2].number != 0, text: fields[3].number == 1}
	return nil, StatusOK
}

// setEnvoyFilterState sets a filter state object of Envoy's own.
func setEnvoyFilterState(c ForeignCall) ([]byte, Status) {
	fields, ok := protoFields(c.Argument)
	if !ok {
		return nil, StatusBadArgument
	}
	name := string(fields[1].bytes)
	switch name {
	case "envoy.ratelimit.hits_addend", "envoy.tcp_proxy.cluster", "envoy.network.upstream_server_name",
		"envoy.network.application_protocols", "envoy.upstream.dynamic_host", "envoy.upstream.dynamic_port",
		"envoy.string", "envoy.hashable_string", "envoy.filters.listener.original_dst.local_ip":
	default:
		return nil, StatusNotFound
	}
	s := c.context.stream
	if s == nil {
		return nil, StatusNotFound
	}
	if s.props.envoyState == nil {
		s.props.envoyState = map[string][]byte{}
	}
	s.props.envoyState[name] = append([]byte(nil), fields[2].bytes...)
	return nil, StatusOK
}

// EnvoyFilterState returns what a plugin stored with the foreign function
// set_envoy_filter_state.
func (s *Stream) EnvoyFilterState(name string) ([]byte, bool) {
	s.worker.mu.Lock()
	defer s.worker.mu.Unlock()
	v, ok := s.props.envoyState[name]
	return v, ok
}

// A protoField is the last value of a protobuf field.
type protoField struct {
	number uint64
	bytes  []byte
}

// protoFields reads the fields 1 to 7 of a protobuf message of numbers and bytes.
func protoFields(b []byte) (fields [8]protoField, ok bool) {
	for len(b) > 0 {
		tag, n := binary.Uvarint(b)
		if n <= 0 || tag>>3 == 0 {
			return fields, false
		}
		b = b[n:]
		if size := map[uint64]int{1: 8, 5: 4}[tag&7]; size > 0 { // numbers of fixed size, which no function has
			if len(b) < size {
				return fields, false
			}
			b = b[size:]
			continue
		}
		var f protoField
		f.number, n = binary.Uvarint(b)
		if n <= 0 {
			return fields, false
		}
		b = b[n:]
		switch tag & 7 {
		case 0:
		case 2:
			if f.number > uint64(len(b)) {
				return fields, false
			}
			f.bytes, b = b[:f.number], b[f.number:]
		default:
			return fields, false
		}
		if tag>>3 < uint64(len(fields)) {
			fields[tag>>3] = f
		}
	}
	return fields, true
}
