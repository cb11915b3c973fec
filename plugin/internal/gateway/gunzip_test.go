package gateway

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"strings"
	"testing"
	"time"
)

func packed(t testing.TB, header gzip.Header, content string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Header = header
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGunzip(t *testing.T) {
	t.Parallel()
	content := strings.Repeat(`{"model":"gpt-4o"}`, 500)
	for _, tt := range []struct {
		name   string
		header gzip.Header
	}{
		{"plain", gzip.Header{}},
		{"with a name, a comment, extra bytes and a time", gzip.Header{Name: "a.json", Comment: "c", Extra: []byte{1, 2, 3}, ModTime: time.Unix(1, 0)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := packed(t, tt.header, content)
			if got, e := gunzip(p, len(content)); e != nil || string(got) != content {
				t.Errorf("got %d bytes, %v; want %d", len(got), e, len(content))
			}
			if _, e := gunzip(p, len(content)-1); e == nil || e.Status != 413 {
				t.Errorf("above the limit: got %v, want 413", e)
			}
			for cut := range p {
				if _, e := gunzip(p[:cut], len(content)); e == nil || e.Code != "invalid_gzip" {
					t.Fatalf("cut at byte %d: got %v, want invalid_gzip", cut, e)
				}
			}
			p[len(p)-5]++
			if _, e := gunzip(p, len(content)); e == nil {
				t.Error("wrong checksum: got no error")
			}
			p[len(p)-5]--
			for _, lie := range []int{0, 1, len(content) - 1, len(content) + 1, 1 << 31} {
				binary.LittleEndian.PutUint32(p[len(p)-4:], uint32(lie))
				if _, e := gunzip(p, 2*len(content)); e == nil || e.Code != "invalid_gzip" {
					t.Errorf("%d bytes, of which it says %d: got %v, want invalid_gzip", len(content), lie, e)
				}
				if n, want := unpackedSize(p, 2*len(content)), min(lie, 2*len(content)); n != want {
					t.Errorf("it says %d bytes: got %d, want %d", lie, n, want)
				}
			}
		})
	}
}

func FuzzGunzip(f *testing.F) {
	f.Add(packed(f, gzip.Header{Name: "n"}, "content"))
	f.Fuzz(func(t *testing.T, p []byte) {
		const limit = 1 << 16
		got, e := gunzip(p, limit)
		if e != nil {
			return
		}
		r, err := gzip.NewReader(bytes.NewReader(p))
		if err != nil {
			t.Fatalf("accepted %q, which the library refuses: %v", p, err)
		}
		r.Multistream(false)
		var want bytes.Buffer
		if _, err := want.ReadFrom(r); err != nil || !bytes.Equal(got, want.Bytes()) {
			t.Errorf("got %q, the library %q, %v", got, want.Bytes(), err)
		}
	})
}
