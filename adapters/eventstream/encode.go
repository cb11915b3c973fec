package eventstream

import (
	"hash/crc32"
	"strings"
)

// Append appends a message: an event with a JSON payload, or what begins with Exception
// or Error, as a Decoder has it.
func Append(dst []byte, kind string, data []byte) []byte {
	from := len(dst)
	dst = append(dst, make([]byte, prelude)...)
	if name, ok := strings.CutPrefix(kind, Error); ok {
		dst = appendHeader(dst, ":message-type", "error")
		dst = appendHeader(dst, ":error-code", name)
		dst = appendHeader(dst, ":error-message", string(data))
		data = nil
	} else {
		if name, ok := strings.CutPrefix(kind, Exception); ok {
			dst = appendHeader(dst, ":message-type", "exception")
			dst = appendHeader(dst, ":exception-type", name)
		} else {
			dst = appendHeader(dst, ":message-type", "event")
			dst = appendHeader(dst, ":event-type", kind)
		}
		dst = appendHeader(dst, ":content-type", "application/json")
	}
	headers := len(dst) - from - prelude
	dst = append(dst, data...)
	m := dst[from:]
	setNumber(m, uint32(len(m)+trailer))
	setNumber(m[4:], uint32(headers))
	setNumber(m[8:], crc32.ChecksumIEEE(m[:8]))
	sum := crc32.ChecksumIEEE(m)
	return append(dst, byte(sum>>24), byte(sum>>16), byte(sum>>8), byte(sum))
}

//go:noinline
func appendHeader(dst []byte, name, value string) []byte {
	dst = append(append(dst, byte(len(name))), name...)
	dst = append(dst, typeString, byte(len(value)>>8), byte(len(value)))
	return append(dst, value...)
}

func setNumber(p []byte, n uint32) {
	_ = p[3]
	p[0], p[1], p[2], p[3] = byte(n>>24), byte(n>>16), byte(n>>8), byte(n)
}
