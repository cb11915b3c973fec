package hostsim

import (
	"slices"
	"testing"
)

// What can be written reads back; what cannot be read is no pairs, never a panic.
func FuzzPairs(f *testing.F) {
	f.Add([]byte{})
	f.Add(appendPairs(nil, H("a", "b", "a", "", "", "c")))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		h := parsePairs(b)
		if h == nil {
			return
		}
		again := appendPairs(nil, h)
		if uint32(len(again)) != pairsSize(h) {
			t.Errorf("size: got %d, want %d", len(again), pairsSize(h))
		}
		if !slices.Equal(parsePairs(again), h) {
			t.Errorf("%q: got %q back", h, parsePairs(again))
		}
	})
}

func FuzzProtoFields(f *testing.F) {
	f.Add([]byte("\n\x03foo\x12\x0230"))
	f.Add([]byte{0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, b []byte) {
		fields, ok := protoFields(b)
		for i, x := range fields {
			if ok && len(x.bytes) > len(b) {
				t.Errorf("field %d: got %d bytes of %d", i, len(x.bytes), len(b))
			}
		}
	})
}

func TestParsePairs(t *testing.T) {
	t.Parallel()
	good := appendPairs(nil, H("a", "b"))
	tests := []struct {
		name string
		in   []byte
		want Headers
	}{
		{"nothing", nil, nil},
		{"no pairs", []byte{0, 0, 0, 0}, Headers{}},
		{"one pair", good, H("a", "b")},
		{"cut short", good[:len(good)-1], nil},
		{"bytes behind the last", append(slices.Clone(good), 0), nil},
		{"name without its zero", append(append(slices.Clone(good[:13]), 'x'), good[14:]...), nil},
		{"more pairs than allowed", appendPairs(nil, make(Headers, pairsMaxCount+1)), nil},
		{"as many pairs as allowed", appendPairs(nil, make(Headers, pairsMaxCount)), make(Headers, pairsMaxCount)},
		{"more bytes than allowed", appendPairs(nil, Headers{{Name: string(make([]byte, pairsMaxBytes))}}), nil},
		{"count beyond the bytes", []byte{2, 0, 0, 0, 0, 0, 0, 0}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := parsePairs(tt.in); !slices.Equal(got, tt.want) || (got == nil) != (tt.want == nil) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// Names that Envoy keeps in one field, in the maps where it does.
func TestJoinedNames(t *testing.T) {
	t.Parallel()
	tests := []struct {
		kind mapKind
		name string
		want string
	}{
		{kindRequest, "x-forwarded-for", "1,2"}, {kindRequest, "cookie", "1|2"}, {kindRequest, "x-custom", "1|2"},
		{kindRequest, ":path", "1,2"}, {kindRequest, "etag", "1|2"}, {kindResponse, "etag", "1,2"},
		{kindResponse, "set-cookie", "1|2"}, {kindResponse, "accept", "1|2"}, {kindResponse, "via", "1,2"},
		{kindRequestTrailers, "via", "1|2"}, {kindResponseTrailers, "grpc-status", "1,2"}, {kindOther, "via", "1|2"},
	}
	for _, tt := range tests {
		m := newHeaderMap(tt.kind, Headers{{tt.name, "1"}, {tt.name, "2"}})
		got := m.list[0].Value
		for _, f := range m.list[1:] {
			got += "|" + f.Value
		}
		if got != tt.want {
			t.Errorf("map %d, %s: got %s, want %s", tt.kind, tt.name, got, tt.want)
		}
	}
}
