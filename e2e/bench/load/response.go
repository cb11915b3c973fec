//go:build linux

package load

import (
	"bytes"
	"errors"
	"strconv"
)

var (
	errStatusLine = errors.New("response: no HTTP/1.1 status line")
	errChunkSize  = errors.New("response: bad chunk size")
	errLength     = errors.New("response: neither content-length nor chunked")
	errHeaders    = errors.New("response: headers over 64 KiB")
)

// phase is the part of a response that comes next.
type phase uint8

const (
	inHeaders phase = iota
	inLength        // a body of known length
	inSize          // a chunk's size line
	inChunk         // a chunk's bytes and the line end after them
	inTrailers
	finished
)

// A response finds the end of one HTTP/1.1 response in the bytes as they come.
// It looks at bodies no more than that takes: the generator shares its core with
// the upstream, and checking the answers is done apart, before the load.
type response struct {
	phase  phase
	status int
	head   []byte // headers or a size or trailer line, until complete
	left   int    // bytes of body or chunk, with its line end, still to come
	body   int    // payload bytes seen
}

func (r *response) reset() { *r = response{head: r.head[:0]} }

// feed reads p and reports whether the response is complete. Bytes after its end
// are an error, because nothing else was asked for.
func (r *response) feed(p []byte) (bool, error) {
	for len(p) > 0 && r.phase != finished {
		var err error
		switch r.phase {
		case inHeaders:
			p, err = r.headers(p)
		case inLength, inChunk:
			p = r.skip(p)
		case inSize, inTrailers:
			p, err = r.line(p)
		}
		if err != nil {
			return false, err
		}
	}
	if len(p) > 0 {
		return false, errors.New("response: bytes after its end")
	}
	return r.phase == finished, nil
}

func (r *response) headers(p []byte) ([]byte, error) {
	old := len(r.head)
	r.head = append(r.head, p...)
	end := bytes.Index(r.head[max(0, old-3):], []byte("\r\n\r\n"))
	if end < 0 {
		if len(r.head) > 64<<10 {
			return nil, errHeaders
		}
		return nil, nil
	}
	end += max(0, old-3) + 4
	err := r.parse(r.head[:end])
	r.head = r.head[:0]
	return p[end-old:], err
}

func (r *response) parse(head []byte) error {
	if len(head) < 12 || string(head[:9]) != "HTTP/1.1 " {
		return errStatusLine
	}
	status, err := strconv.Atoi(string(head[9:12]))
	if err != nil {
		return errStatusLine
	}
	r.status = status
	if status/100 == 1 {
		r.phase = inHeaders // an interim response; the final one follows
		return nil
	}
	if v, ok := field(head, "content-length"); ok {
		n, err := strconv.Atoi(string(v))
		if err != nil || n < 0 {
			return errLength
		}
		r.left, r.body, r.phase = n, n, inLength
		if n == 0 {
			r.phase = finished
		}
		return nil
	}
	if v, ok := field(head, "transfer-encoding"); ok && bytes.EqualFold(v, []byte("chunked")) {
		r.phase = inSize
		return nil
	}
	return errLength
}

func (r *response) skip(p []byte) []byte {
	n := min(r.left, len(p))
	r.left -= n
	if r.left == 0 {
		if r.phase == inChunk {
			r.phase = inSize
		} else {
			r.phase = finished
		}
	}
	return p[n:]
}

func (r *response) line(p []byte) ([]byte, error) {
	n := bytes.IndexByte(p, '\n')
	if n < 0 {
		r.head = append(r.head, p...)
		if len(r.head) > 1024 {
			return nil, errChunkSize
		}
		return nil, nil
	}
	line := bytes.TrimRight(append(r.head, p[:n]...), "\r")
	r.head = r.head[:0]
	if r.phase == inTrailers {
		if len(line) == 0 {
			r.phase = finished
		}
		return p[n+1:], nil
	}
	size, err := strconv.ParseUint(string(line), 16, 31)
	if err != nil {
		return nil, errChunkSize
	}
	r.body += int(size)
	r.left, r.phase = int(size)+2, inChunk
	if size == 0 {
		r.phase = inTrailers
	}
	return p[n+1:], nil
}

// field returns the value of the named header, which is given in lower case.
func field(head []byte, name string) ([]byte, bool) {
	for len(head) > 0 {
		line, rest, _ := bytes.Cut(head, []byte("\r\n"))
		head = rest
		if len(line) > len(name) && line[len(name)] == ':' && bytes.EqualFold(line[:len(name)], []byte(name)) {
			return bytes.TrimSpace(line[len(name)+1:]), true
		}
	}
	return nil, false
}
