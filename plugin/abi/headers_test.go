package abi

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestHeadersThereAndBack(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		headers []Header
	}{
		{"none", nil},
		{"one", []Header{{":path", "/v1"}}},
		{"empty value", []Header{{"x-empty", ""}, {"x-next", "1"}}},
		{"repeated, in order", []Header{{"set-cookie", "a"}, {"x", "1"}, {"set-cookie", "b"}}},
		{"zero byte in a value", []Header{{"x", "a\x00b"}, {"y", "c"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := appendHeaders(nil, tt.headers)
			if got := ParseHeaders([]Header(nil), b); !slices.Equal(got, tt.headers) {
				t.Errorf("got %q, want %q", got, tt.headers)
			}
			for cut := range b {
				for i, h := range ParseHeaders([]Header(nil), b[:cut]) {
					if h != tt.headers[i] {
						t.Errorf("cut at byte %d: got %q, want %q", cut, h, tt.headers[i])
					}
				}
			}
		})
	}
}

func FuzzParseHeaders(f *testing.F) {
	f.Add(appendHeaders(nil, []Header{{"a", "b"}}))
	f.Add([]byte{255, 255, 255, 255, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		ParseHeaders([]Header(nil), b)
	})
}

func TestStatusErrors(t *testing.T) {
	t.Parallel()
	for status, want := range map[uint32]error{0: nil, 1: ErrNotFound, 2: ErrBadArgument, 8: ErrCASMismatch, 10: StatusError(10)} {
		if got := statusError(status); !errors.Is(got, want) {
			t.Errorf("status %d: got %v, want %v", status, got, want)
		}
	}
	if got := StatusError(10).Error(); got != "host: status 10" {
		t.Errorf("got %q, want host: status 10", got)
	}
}

func TestWithoutLeavesValuesOut(t *testing.T) {
	t.Parallel()
	headers := []Header{{":path", "/v1"}, {"x-request-id", "one"}, {"a", ""}, {"traceparent", "00-1"}, {"x-request-id", ""}}
	b := appendHeaders(nil, headers)
	same := Without(headers, func(name string) bool { return name == "x-request-id" || name == "traceparent" })
	for at, end := 0, 0; len(same) > 0; same = same[2:] {
		if at, end = same[0], same[1]; at > end || end > len(b) {
			t.Fatalf("from %d to %d of %d", at, end, len(b))
		}
		for i := at; i < end; i++ {
			b[i] = '.'
		}
	}
	if got, want := strings.Trim(strings.ReplaceAll(string(b), ".", " "), " "), "one"; !strings.HasPrefix(got, want) || len(strings.Fields(got)) != 2 || strings.Fields(got)[1] != "00-1" {
		t.Errorf("got %q, want one and 00-1", got)
	}
}
