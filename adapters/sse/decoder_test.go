package sse_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/sse"
)

var streams = []struct {
	name, in string
	want     []string // type|id|data for messages, "-" for other frames
	rest     string   // what Rest reports at the end, the same way
	pending  int
}{
	{"one event", "data: a\n\n", []string{"||a"}, "", 0},
	{"two events", "data: a\n\ndata: b\n\n", []string{"||a", "||b"}, "", 0},
	{"event type", "event: ping\ndata: {}\n\n", []string{"ping||{}"}, "", 0},
	{"event type does not last", "event: x\ndata: a\n\ndata: b\n\n", []string{"x||a", "||b"}, "", 0},
	{"event type without data", "event: x\n\ndata: b\n\n", []string{"-", "||b"}, "", 0},
	{"several data lines", "data: a\ndata: b\ndata:\ndata: c\n\n", []string{"||a\nb\n\nc"}, "", 0},
	{"data around other fields", "data: a\nevent: e\ndata: b\nid: 1\n\n", []string{"e|1|a\nb"}, "", 0},
	{"no blank after the colon", "data:a\n\n", []string{"||a"}, "", 0},
	{"two blanks after the colon", "data:  a\n\n", []string{"|| a"}, "", 0},
	{"tab after the colon", "data:\ta\n\n", []string{"||\ta"}, "", 0},
	{"colon in the value", "data: a:b\n\n", []string{"||a:b"}, "", 0},
	{"empty data", "data:\n\n", []string{"||"}, "", 0},
	{"empty data with blank", "data: \n\n", []string{"||"}, "", 0},
	{"two empty data lines", "data\ndata\n\n", []string{"||\n"}, "", 0},
	{"line without colon", "data\n\n", []string{"||"}, "", 0},
	{"unknown line without colon", "nonsense\ndata: a\n\n", []string{"||a"}, "", 0},
	{"unknown field", "datum: x\ndata: a\n\n", []string{"||a"}, "", 0},
	{"field names are case-sensitive", "Data: x\ndata: a\n\n", []string{"||a"}, "", 0},
	{"blank before the field name", " data: x\ndata: a\n\n", []string{"||a"}, "", 0},
	{"lone comment", ": keep-alive\n\n", []string{"-"}, "", 0},
	{"lone colon", ":\n\n", []string{"-"}, "", 0},
	{"comment in an event", "data: a\n: c\n\n", []string{"||a"}, "", 0},
	{"blank lines between events", "\n\ndata: a\n\n\n", []string{"-", "-", "||a", "-"}, "", 0},
	{"carriage returns", "data: a\r\rdata: b\r\r", []string{"||a", "||b"}, "", 0},
	{"carriage return and line feed", "data: a\r\n\r\ndata: b\r\n\r\n", []string{"||a", "||b"}, "", 0},
	{"line ends mixed", "data: a\r\ndata: b\n\rdata: c\r\n\n", []string{"||a\nb", "||c"}, "", 0},
	{"line feed, carriage return, both", "data: a\n\r\n", []string{"||a"}, "", 0},
	{"blank lines in CRLF", "\r\n\r\ndata: a\r\n\r\n", []string{"-", "-", "||a"}, "", 0},
	{"id lasts", "id: 7\ndata: a\n\ndata: b\n\n", []string{"|7|a", "|7|b"}, "", 0},
	{"id alone", "id: 7\n\ndata: b\n\n", []string{"-", "|7|b"}, "", 0},
	{"id is reset by an empty one", "id: 7\ndata: a\n\nid\ndata: b\n\n", []string{"|7|a", "||b"}, "", 0},
	{"id with a zero byte", "id: 7\ndata: a\n\nid: 8\x009\ndata: b\n\n", []string{"|7|a", "|7|b"}, "", 0},
	{"byte order mark", "\ufeffdata: a\n\n", []string{"||a"}, "", 0},
	{"byte order mark before a blank line", "\ufeff\ndata: a\n\n", []string{"-", "||a"}, "", 0},
	{"two byte order marks", "\ufeff\ufeffdata: x\ndata: a\n\n", []string{"||a"}, "", 0},
	{"byte order mark in a later event", "data: a\n\n\ufeffdata: x\n\n", []string{"||a", "-"}, "", 0},
	{"part of a byte order mark", "\xef\xbbdata: x\ndata: a\n\n", []string{"||a"}, "", 0},
	{"not UTF-8", "data: \xff\xfe\n\n", []string{"||\xff\xfe"}, "", 0},
	{"characters of several bytes", "data: é€😀\n\n", []string{"||é€😀"}, "", 0},
	{"long data", "data: " + strings.Repeat("0123456789", 10) + "\n\n", []string{"||" + strings.Repeat("0123456789", 10)}, "", 0},
	{"end in a line", "data: a\n\ndata: b", []string{"||a"}, "", 7},
	{"end behind a line", "data: a\n\ndata: [DONE]\n", []string{"||a"}, "||[DONE]", 13},
	{"end behind a line in CRLF", "data: a\r\n\r\ndata: [DONE]\r\n", []string{"||a"}, "||[DONE]", 14},
	{"end behind a carriage return", "data: a\r", nil, "||a", 8},
	{"nothing", "", nil, "", 0},
}

// decode feeds the pieces and checks on the way that the frames are the stream.
func decode(t *testing.T, pieces ...string) (got []string, rest string, pending int) {
	t.Helper()
	var d sse.Decoder
	var raw []byte
	for _, piece := range pieces {
		p := []byte(piece)
		for {
			ev, n, ok, err := d.Next(p)
			if err != nil {
				t.Fatalf("Next(%q): got error %v, want none", p, err)
			}
			if p = p[n:]; !ok {
				if len(p) != 0 {
					t.Fatalf("got %d bytes left without an event, want 0", len(p))
				}
				break
			}
			raw = append(raw, ev.Raw...)
			got = append(got, show(ev))
		}
	}
	pending = d.Pending()
	held := string(d.Held())
	if ev, ok := d.Rest(); ok {
		rest = show(ev)
	}
	all := strings.Join(pieces, "")
	if sum := string(raw) + held; sum != all && sum+"\n" != all {
		t.Errorf("frames joined: got %q, want %q", sum, all)
	}
	return got, rest, pending
}

func show(ev sse.Event) string {
	if !ev.Message {
		return "-"
	}
	return fmt.Sprintf("%s|%s|%s", ev.Type, ev.ID, ev.Data)
}

func TestDecoderAtEveryCut(t *testing.T) {
	t.Parallel()
	for _, tt := range streams {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			adaptertest.Cuts(tt.in, func(pieces ...string) {
				got, rest, pending := decode(t, pieces...)
				if !slices.Equal(got, tt.want) {
					t.Errorf("%q: got %q, want %q", pieces, got, tt.want)
				}
				if rest != tt.rest {
					t.Errorf("%q: got rest %q, want %q", pieces, rest, tt.rest)
				}
				if pending != tt.pending {
					t.Errorf("%q: got %d bytes pending, want %d", pieces, pending, tt.pending)
				}
			})
		})
	}
}

func TestRetry(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, in string
		want     int
	}{
		{"digits", "retry: 3000\n\n", 3000},
		{"none", "data: a\n\n", -1},
		{"letters", "retry: 3s\n\n", -1},
		{"negative", "retry: -1\n\n", -1},
		{"empty", "retry:\n\n", -1},
		{"too many digits", "retry: 9999999999\n\n", -1},
		{"zero", "retry: 0\n\n", 0},
		{"bad after good", "retry: 5\nretry: x\n\n", 5},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var d sse.Decoder
			ev, _, ok, err := d.Next([]byte(tt.in))
			if !ok || err != nil {
				t.Fatalf("Next(%q): got ok %v, error %v, want an event", tt.in, ok, err)
			}
			if ev.Retry != tt.want {
				t.Errorf("%q: got retry %d, want %d", tt.in, ev.Retry, tt.want)
			}
		})
	}
}

func TestFrameInOnePieceIsNotCopied(t *testing.T) {
	t.Parallel()
	var d sse.Decoder
	p := []byte("data: a\n\ndata: b\n\n")
	ev, n, ok, _ := d.Next(p)
	if !ok || n != 9 || &ev.Raw[0] != &p[0] || &ev.Data[0] != &p[6] {
		t.Errorf("got ok %v, n %d, data %q; want the first 9 bytes of the input itself", ok, n, ev.Data)
	}
}

func TestTooLong(t *testing.T) {
	t.Parallel()
	in := "data: a\n\ndata: 0123456789\n\n"
	for cut := range len(in) + 1 {
		for limit, want := range map[int]int{8: 0, 9: 1, 17: 1, 18: 2} {
			d := sse.Decoder{Max: limit}
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
			if got != want || errors.Is(err, sse.ErrTooLong) != (want < 2) {
				t.Errorf("limit %d, cut %d: got %d events, error %v, want %d", limit, cut, got, err, want)
			}
			if err == nil {
				continue
			}
			if _, _, _, again := d.Next([]byte("data: a\n\n")); !errors.Is(again, sse.ErrTooLong) {
				t.Errorf("limit %d, cut %d: got %v after the error, want it again", limit, cut, again)
			}
			d.Reset()
			if _, _, _, after := d.Next([]byte("data:\n\n")); after != nil {
				t.Errorf("limit %d, cut %d: got %v after Reset, want none", limit, cut, after)
			}
		}
	}
}

func TestResetForgetsTheStream(t *testing.T) {
	t.Parallel()
	var d sse.Decoder
	for _, p := range []string{"id: 7\ndata: a\n\nevent: b\ndata: c", "data: a\r", "\xef"} {
		for rest := []byte(p); len(rest) > 0; {
			_, n, _, _ := d.Next(rest)
			rest = rest[n:]
		}
		d.Reset()
		ev, n, ok, err := d.Next([]byte("\ufeffdata: z\n\n"))
		if !ok || n != 12 || err != nil || show(ev) != "||z" {
			t.Errorf("after %q: got %q, %d, %v, %v, want the event z", p, show(ev), n, ok, err)
		}
		d.Reset()
	}
}

func TestDecoderDoesNotAllocate(t *testing.T) {
	var d sse.Decoder
	p := []byte("event: x\nid: 1\ndata: {\"a\":1}\ndata: {\"b\":2}\n\n")
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

func TestAppendEvent(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, event, data, want string }{
		{"data only", "", "a", "data: a\n\n"},
		{"type", "ping", "{}", "event: ping\ndata: {}\n\n"},
		{"several lines", "", "a\nb\r\nc\rd", "data: a\ndata: b\ndata: c\ndata: d\n\n"},
		{"empty", "", "", "data: \n\n"},
		{"line end last", "", "a\n", "data: a\ndata: \n\n"},
		{"line break in the type", "a\r\nb", "c", "event: ab\ndata: c\n\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := string(sse.AppendEvent(nil, tt.event, []byte(tt.data))); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	if got, want := string(sse.AppendComment(nil, "a\nb\r")), ": ab\n\n"; got != want {
		t.Errorf("comment: got %q, want %q", got, want)
	}
}

// FuzzDecoder checks that events do not depend on the cut, and that what they say
// survives being written and read again.
func FuzzDecoder(f *testing.F) {
	for _, tt := range streams {
		f.Add(tt.in, uint16(len(tt.in)/2), uint16(3))
	}
	f.Fuzz(func(t *testing.T, in string, a, b uint16) {
		x := int(a) % (len(in) + 1)
		y := x + int(b)%(len(in)-x+1)
		whole, wholeRest, wholePending := decode(t, in)
		got, rest, pending := decode(t, in[:x], in[x:y], in[y:])
		if !slices.Equal(got, whole) || rest != wholeRest || pending != wholePending {
			t.Errorf("%q cut at %d and %d: got %q, %q, %d, want %q, %q, %d", in, x, y, got, rest, pending, whole, wholeRest, wholePending)
		}
		var d sse.Decoder
		ev, _, ok, err := d.Next([]byte(in))
		if err != nil || !ok || !ev.Message {
			return
		}
		kind, data := string(ev.Type), bytes.Clone(ev.Data)
		d.Reset()
		again, _, ok, err := d.Next(sse.AppendEvent(nil, kind, data))
		if err != nil || !ok || string(again.Type) != kind || !bytes.Equal(again.Data, data) {
			t.Errorf("written and read again: got %q %q, want %q %q", again.Type, again.Data, kind, data)
		}
	})
}

func BenchmarkDecoder(b *testing.B) {
	frame := `data: {"id":"chatcmpl-9x","object":"chat.completion.chunk","created":1700000000,"model":"gpt-4o","choices":[{"index":0,"delta":{"content":" word"},"logprobs":null,"finish_reason":null}]}` + "\n\n"
	whole := []byte(strings.Repeat(frame, 20))
	for _, size := range []int{len(whole), len(frame), 100} {
		b.Run(fmt.Sprintf("pieces of %d", size), func(b *testing.B) {
			var d sse.Decoder
			b.SetBytes(int64(len(whole)))
			b.ReportAllocs()
			for b.Loop() {
				for piece := range slices.Chunk(whole, size) {
					for {
						_, n, ok, _ := d.Next(piece)
						if piece = piece[n:]; !ok {
							break
						}
					}
				}
			}
		})
	}
}
