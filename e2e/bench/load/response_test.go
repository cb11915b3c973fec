//go:build linux

package load

import (
	"strings"
	"testing"
)

func TestResponseEndsAtEveryCut(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, in     string
		status, body int
	}{
		{"body of known length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, 5},
		{"empty body", "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nx: y\r\n\r\n", 503, 0},
		{"chunks", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nA\r\n0123456789\r\n0\r\n\r\n", 200, 15},
		{"line ends inside a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n6\r\n\r\n0\r\n\r\r\n0\r\n\r\n", 200, 6},
		{"trailers", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\na: b\r\n\r\n", 200, 1},
		{"interim response first", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx", 200, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for cut := range len(tt.in) {
				var r response
				if done, err := r.feed([]byte(tt.in[:cut])); done || err != nil {
					t.Fatalf("cut at byte %d: got done %v, %v before the end", cut, done, err)
				}
				done, err := r.feed([]byte(tt.in[cut:]))
				if !done || err != nil || r.status != tt.status || r.body != tt.body {
					t.Errorf("cut at byte %d: got done %v, status %d, body %d, %v; want done, %d, %d",
						cut, done, r.status, r.body, err, tt.status, tt.body)
				}
			}
		})
	}
}

func TestResponseIsRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in string }{
		{"no status line", "hello\r\n\r\n"},
		{"no number in the status line", "HTTP/1.1 abc OK\r\n\r\n"},
		{"no length", "HTTP/1.1 200 OK\r\n\r\n"},
		{"negative length", "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n"},
		{"size that is no number", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"},
		{"size line without end", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + strings.Repeat("0", 2000)},
		{"headers without end", "HTTP/1.1 200 OK\r\n" + strings.Repeat("a: b\r\n", 20_000)},
		{"bytes after the end", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nxy"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var r response
			if done, err := r.feed([]byte(tt.in)); err == nil {
				t.Errorf("got done %v and no error, want an error", done)
			}
		})
	}
}

func FuzzResponse(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"), 20)
	f.Add([]byte("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"), 50)
	f.Fuzz(func(t *testing.T, in []byte, cut int) {
		var whole, parts response
		done1, err1 := whole.feed(in)
		cut = min(max(cut, 0), len(in))
		done2, err2 := parts.feed(in[:cut])
		if err2 == nil {
			done2, err2 = parts.feed(in[cut:])
		}
		if err1 == nil && (err2 != nil || done1 != done2 || whole.status != parts.status || whole.body != parts.body) {
			t.Errorf("cut at byte %d: got %v %v %d %d, want %v %d %d", cut, done2, err2, parts.status, parts.body, done1, whole.status, whole.body)
		}
	})
}
