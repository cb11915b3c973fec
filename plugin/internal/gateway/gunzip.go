package gateway

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
	"io"

	"github.com/postern-gateway/postern/adapters/chat"
)

// The framing of gzip (https://www.rfc-editor.org/rfc/rfc1952) around the library's
// inflate. The library's own reader of it brings calendar dates for the header's time
// into the module: 107 KB.

const (
	gzipHeader  = 10
	gzipTrailer = 8

	gzipChecksum = 1 << 1
	gzipExtra    = 1 << 2
	gzipName     = 1 << 3
	gzipComment  = 1 << 4
)

// unpackedSize is how many bytes of a gzip file's content gunzip unpacks at most: as many as the
// file itself says.
func unpackedSize(p []byte, limit int) int {
	if len(p) < gzipTrailer {
		return 0
	}
	return int(min(int64(binary.LittleEndian.Uint32(p[len(p)-4:])), int64(limit)))
}

// gunzip is the content of a gzip file of one member, of at most limit bytes.
func gunzip(p []byte, limit int) ([]byte, *chat.Error) {
	data, ok := gzipData(p)
	if !ok {
		return nil, badGzip()
	}
	size := unpackedSize(p, limit)
	src := bytes.NewReader(data)
	inflate := flate.NewReader(src) // reads no further than it must, as src hands out single bytes
	body, err := io.ReadAll(io.LimitReader(inflate, int64(size)+1))
	if err != nil || len(body) > size && size < limit {
		return nil, badGzip()
	}
	if len(body) > limit {
		return nil, tooLarge(limit)
	}
	trailer := data[len(data)-src.Len():]
	if len(trailer) != gzipTrailer || binary.LittleEndian.Uint32(trailer) != crc32.ChecksumIEEE(body) ||
		binary.LittleEndian.Uint32(trailer[4:]) != uint32(len(body)) {
		return nil, badGzip()
	}
	return body, nil
}

// gzipData is what follows the header.
func gzipData(p []byte) ([]byte, bool) {
	const deflate = 8
	if len(p) < gzipHeader || p[0] != 0x1f || p[1] != 0x8b || p[2] != deflate {
		return nil, false
	}
	flags, p := p[3], p[gzipHeader:]
	if flags&gzipExtra != 0 {
		if len(p) < 2 || len(p)-2 < int(binary.LittleEndian.Uint16(p)) {
			return nil, false
		}
		p = p[2+int(binary.LittleEndian.Uint16(p)):]
	}
	for _, text := range [...]byte{gzipName, gzipComment} {
		if flags&text == 0 {
			continue
		}
		end := bytes.IndexByte(p, 0)
		if end < 0 {
			return nil, false
		}
		p = p[end+1:]
	}
	if flags&gzipChecksum != 0 {
		if len(p) < 2 {
			return nil, false
		}
		p = p[2:]
	}
	return p, true
}

func badGzip() *chat.Error {
	return invalid("invalid_gzip", "", "the body is not complete gzip as content-encoding says")
}
