package eventstream_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters/eventstream"
)

// An event is what a test looks at.
type event struct {
	kind, data string
	raw        int
	message    bool
}

func decode(d *eventstream.Decoder, pieces ...[]byte) ([]event, error) {
	var out []event
	for _, p := range pieces {
		for {
			ev, n, ok, err := d.Next(p)
			if err != nil {
				return out, err
			}
			if !ok {
				if n != len(p) {
					return out, errors.New("bytes were left over")
				}
				break
			}
			out = append(out, event{string(ev.Type), string(ev.Data), len(ev.Raw), ev.Message})
			p = p[n:]
		}
	}
	return out, nil
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Messages that AWS's own tests have in botocore (tests/unit/test_eventstream.py).
func TestMessagesOfTheSpecification(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, data string }{
		{"no headers, no payload", "00000010 00000000 05c248eb 7d98c8ff", ""},
		{"payload alone", "0000001d 00000000 fd528c5a 7b27666f6f273a27626172277d c3653936", "{'foo':'bar'}"},
		{"one header", "0000003d 00000020 07fd8396 0c636f6e74656e742d74797065 07 0010 6170706c69636174696f6e2f6a736f6e 7b27666f6f273a27626172277d 8d9c08b1", "{'foo':'bar'}"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := decode(&eventstream.Decoder{}, unhex(t, tt.in))
			if err != nil || len(got) != 1 || got[0].data != tt.data || got[0].message {
				t.Errorf("got %v, %v, want one message of no known kind with %q", got, err, tt.data)
			}
		})
	}
}

func sample() (stream []byte, want []event) {
	for _, e := range []event{
		{kind: "messageStart", data: `{"role":"assistant"}`},
		{kind: "contentBlockDelta", data: `{"delta":{"text":"Grüße"},"contentBlockIndex":0}`},
		{kind: "metadata", data: ``},
		{kind: eventstream.Exception + "throttlingException", data: `{"message":"slow"}`},
		{kind: eventstream.Error + "InternalError", data: `it broke`},
	} {
		before := len(stream)
		stream = eventstream.Append(stream, e.kind, []byte(e.data))
		e.raw, e.message = len(stream)-before, true
		want = append(want, e)
	}
	return stream, want
}

func TestEveryCut(t *testing.T) {
	t.Parallel()
	in, want := sample()
	var d eventstream.Decoder
	for cut := range len(in) + 1 {
		for second := cut; second <= len(in); second += 7 {
			d.Reset()
			if got, err := decode(&d, in[:cut], in[cut:second], in[second:]); err != nil || !slices.Equal(got, want) {
				t.Fatalf("cut at bytes %d and %d: got %v, %v, want %v", cut, second, got, err, want)
			}
			if d.Pending() != 0 {
				t.Fatalf("cut at bytes %d and %d: got %d bytes pending, want none", cut, second, d.Pending())
			}
		}
	}
	d.Reset()
	if got, err := decode(&d, slices.Collect(slices.Chunk(in, 1))...); err != nil || !slices.Equal(got, want) {
		t.Errorf("byte by byte: got %v, %v, want %v", got, err, want)
	}
}

func TestHeldIsWhatCameSinceTheLastMessage(t *testing.T) {
	t.Parallel()
	in, want := sample()
	var d eventstream.Decoder
	first := want[0].raw
	if _, err := decode(&d, in[:first+20]); err != nil || !bytes.Equal(d.Held(), in[first:first+20]) || d.Pending() != 20 {
		t.Errorf("got %v, %d bytes held, want the 20 behind the first message", err, len(d.Held()))
	}
}

func TestEveryFlippedBitIsFound(t *testing.T) {
	t.Parallel()
	in, want := sample()
	in = in[:want[0].raw]
	for i := range in {
		for bit := range 8 {
			bad := bytes.Clone(in)
			bad[i] ^= 1 << bit
			if got, err := decode(&eventstream.Decoder{}, bad); err == nil {
				t.Fatalf("byte %d, bit %d: got %v, want an error", i, bit, got)
			}
		}
	}
}

// seal makes a message of a prelude, headers and a payload, with true checksums.
func seal(total, headers uint32, rest []byte) []byte {
	put := func(b []byte, n uint32) []byte { return append(b, byte(n>>24), byte(n>>16), byte(n>>8), byte(n)) }
	m := put(put(nil, total), headers)
	m = append(put(m, crc32.ChecksumIEEE(m)), rest...)
	return put(m, crc32.ChecksumIEEE(m))
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		in   []byte
		want error
	}{
		{"shorter than its frame", seal(15, 0, nil), eventstream.ErrMessage},
		{"headers longer than the message", seal(16, 1, nil), eventstream.ErrMessage},
		{"headers whose length overflows", seal(16, 1<<32-1, nil), eventstream.ErrMessage},
		{"longer than the bound", seal(1<<20+1, 0, nil), eventstream.ErrTooLong},
		{"longest that can be said", seal(1<<32-1, 0, nil), eventstream.ErrTooLong},
		{"header without a name", seal(20, 4, []byte{0, 7, 0, 0}), eventstream.ErrMessage},
		{"header that ends in its name", seal(18, 2, []byte{9, 'a'}), eventstream.ErrMessage},
		{"header without a type", seal(18, 2, []byte{1, 'a'}), eventstream.ErrMessage},
		{"header of an unknown type", seal(19, 3, []byte{1, 'a', 10}), eventstream.ErrMessage},
		{"header whose length is cut", seal(20, 4, []byte{1, 'a', 7, 0}), eventstream.ErrMessage},
		{"header whose value is cut", seal(22, 6, []byte{1, 'a', 7, 0, 2, 'b'}), eventstream.ErrMessage},
		{"number that is cut", seal(20, 4, []byte{1, 'a', 5, 1}), eventstream.ErrMessage},
		{"text that is no event stream", []byte("event: messageStart\ndata: {}\n\n"), eventstream.ErrChecksum},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var d eventstream.Decoder
			for range 2 { // and again, until Reset
				if got, err := decode(&d, tt.in); !errors.Is(err, tt.want) || len(got) > 0 {
					t.Errorf("got %v, %v, want %v", got, err, tt.want)
				}
			}
			d.Reset()
			in, want := sample()
			if got, err := decode(&d, in); err != nil || !slices.Equal(got, want) {
				t.Errorf("after Reset: got %v, %v, want %v", got, err, want)
			}
		})
	}
}

func TestHeadersOfOtherTypesArePassedOver(t *testing.T) {
	t.Parallel()
	h := []byte{1, 'a', 0, 1, 'b', 1, 1, 'c', 2, 9, 1, 'd', 3, 9, 9, 1, 'e', 4, 1, 2, 3, 4, 1, 'f', 5, 1, 2, 3, 4, 5, 6, 7, 8, 1, 'g', 6, 0, 1, 9, 1, 'h', 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 'i', 9}
	h = append(h, make([]byte, 16)...)
	h = append(h, "\x0d:message-type\x07\x00\x05event\x0b:event-type\x07\x00\x04ping"...)
	in := seal(uint32(len(h)+16), uint32(len(h)), h)
	if got, err := decode(&eventstream.Decoder{}, in); err != nil || len(got) != 1 || got[0].kind != "ping" || !got[0].message {
		t.Errorf("got %v, %v, want one event called ping", got, err)
	}
}

func TestMemoryOfALargeMessageIsNotKept(t *testing.T) {
	t.Parallel()
	var d eventstream.Decoder
	in := eventstream.Append(nil, "big", make([]byte, 900<<10))
	if _, err := decode(&d, in[:500<<10], in[500<<10:]); err != nil {
		t.Fatal(err)
	}
	small, _ := sample()
	if _, err := decode(&d, small[:30]); err != nil {
		t.Fatal(err)
	}
	if got := cap(d.Held()); got > 32<<10 {
		t.Errorf("got %d bytes of memory behind a large message, want at most 32 KiB", got)
	}
}

// Whatever comes and wherever it is cut, the messages are the same, and so is the error.
func FuzzNext(f *testing.F) {
	in, want := sample()
	f.Add(in, 5)
	f.Add(in[:want[0].raw+13], 40)
	f.Add(seal(16, 1, nil), 3)
	f.Fuzz(func(t *testing.T, in []byte, cut int) {
		whole, err1 := decode(&eventstream.Decoder{}, in)
		cut = min(max(cut, 0), len(in))
		parts, err2 := decode(&eventstream.Decoder{}, in[:cut], in[cut:])
		if !slices.Equal(whole, parts) || !errors.Is(err1, err2) {
			t.Errorf("got %v, %v cut at byte %d, want %v, %v", parts, err2, cut, whole, err1)
		}
	})
}

func BenchmarkNext(b *testing.B) {
	in, _ := sample()
	var d eventstream.Decoder
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		p := in
		for len(p) > 0 {
			_, n, _, err := d.Next(p)
			if err != nil {
				b.Fatal(err)
			}
			p = p[n:]
		}
	}
}
