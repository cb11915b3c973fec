package ndjson_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/ndjson"
)

var streams = []struct {
	name, in string
	want     []string // documents; "-" for blank lines
	pending  int
}{
	{"one line", "{}\n", []string{"{}"}, 0},
	{"two lines", "{\"a\":1}\n{\"b\":2}\n", []string{`{"a":1}`, `{"b":2}`}, 0},
	{"carriage returns", "{}\r\n[]\r\n", []string{"{}", "[]"}, 0},
	{"blank lines between", "\n{}\n \t\r\n[]\n", []string{"-", "{}", "-", "[]"}, 0},
	{"blanks around", "  {}  \n", []string{"{}"}, 0},
	{"carriage return alone ends nothing", "{}\r[]\n", []string{"{}\r[]"}, 0},
	{"end in a line", "{}\n{\"a", []string{"{}"}, 3},
	{"characters of several bytes", "{\"é€😀\"}\n", []string{`{"é€😀"}`}, 0},
	{"nothing", "", nil, 0},
}

func decode(t *testing.T, pieces ...string) (got []string, pending int) {
	t.Helper()
	var d ndjson.Decoder
	var raw []byte
	for _, piece := range pieces {
		for p := []byte(piece); ; {
			ev, n, ok, err := d.Next(p)
			if err != nil {
				t.Fatalf("Next(%q): got error %v, want none", p, err)
			}
			if p = p[n:]; !ok {
				break
			}
			raw = append(raw, ev.Raw...)
			if ev.Message != (len(ev.Data) > 0) {
				t.Errorf("got message %v with data %q", ev.Message, ev.Data)
			}
			if ev.Message {
				got = append(got, string(ev.Data))
			} else {
				got = append(got, "-")
			}
		}
	}
	if all := strings.Join(pieces, ""); string(raw)+string(d.Held()) != all {
		t.Errorf("lines joined: got %q, want %q", string(raw)+string(d.Held()), all)
	}
	return got, d.Pending()
}

func TestDecoderAtEveryCut(t *testing.T) {
	t.Parallel()
	for _, tt := range streams {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			adaptertest.Cuts(tt.in, func(pieces ...string) {
				got, pending := decode(t, pieces...)
				if !slices.Equal(got, tt.want) || pending != tt.pending {
					t.Errorf("%q: got %q, %d pending; want %q, %d", pieces, got, pending, tt.want, tt.pending)
				}
			})
		})
	}
}

func TestTooLong(t *testing.T) {
	t.Parallel()
	in := "{}\n0123456789\n"
	for cut := range len(in) + 1 {
		for limit, want := range map[int]int{2: 0, 3: 1, 10: 1, 11: 2} {
			d := ndjson.Decoder{Max: limit}
			var got int
			var err error
			for _, p := range [][]byte{[]byte(in[:cut]), []byte(in[cut:])} {
				for err == nil {
					var n int
					var ok bool
					_, n, ok, err = d.Next(p)
					if p = p[n:]; !ok {
						break
					}
					got++
				}
			}
			if got != want || errors.Is(err, ndjson.ErrTooLong) != (want < 2) {
				t.Errorf("limit %d, cut %d: got %d lines, error %v, want %d", limit, cut, got, err, want)
			}
			if err == nil {
				continue
			}
			if _, _, _, again := d.Next([]byte("{}\n")); !errors.Is(again, ndjson.ErrTooLong) {
				t.Errorf("limit %d, cut %d: got %v after the error, want it again", limit, cut, again)
			}
			d.Reset()
			if ev, _, ok, after := d.Next([]byte("1\n")); !ok || after != nil || string(ev.Data) != "1" {
				t.Errorf("limit %d, cut %d: got %q, %v after Reset, want the line", limit, cut, ev.Data, after)
			}
		}
	}
}

func TestDecoderDoesNotAllocate(t *testing.T) {
	var d ndjson.Decoder
	p := []byte("{\"a\":1}\n\n{\"b\":2}\r\n")
	run := func() {
		for cut := range p {
			for _, piece := range [][]byte{p[:cut], p[cut:]} {
				for {
					_, n, ok, _ := d.Next(piece)
					if piece = piece[n:]; !ok {
						break
					}
				}
			}
		}
		d.Reset()
	}
	if got := testing.AllocsPerRun(20, run); got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}

// FuzzDecoder checks that lines do not depend on the cut and are those of the input.
func FuzzDecoder(f *testing.F) {
	for _, tt := range streams {
		f.Add(tt.in, uint16(len(tt.in)/2))
	}
	f.Fuzz(func(t *testing.T, in string, a uint16) {
		cut := int(a) % (len(in) + 1)
		whole, pending := decode(t, in)
		got, left := decode(t, in[:cut], in[cut:])
		if !slices.Equal(got, whole) || left != pending {
			t.Errorf("cut at %d: got %q, %d; want %q, %d", cut, got, left, whole, pending)
		}
		lines := bytes.Split([]byte(in), []byte("\n"))
		if len(whole) != len(lines)-1 || pending != len(lines[len(lines)-1]) {
			t.Errorf("%q: got %d lines and %d bytes, want %d and %d", in, len(whole), pending, len(lines)-1, len(lines[len(lines)-1]))
		}
	})
}
