package rawjson

import (
	"math"
	"strconv"
	"unicode/utf8"
)

const digits = "0123456789abcdef"

// AppendString appends s as a JSON string with its quotes. It escapes only what
// must be; a byte that is not UTF-8 becomes U+FFFD.
//
//go:noinline
func AppendString[S ~string | ~[]byte](dst []byte, s S) []byte {
	dst = append(dst, '"')
	dst = AppendEscaped(dst, s)
	return append(dst, '"')
}

// AppendEscaped appends s as the inside of a JSON string, without quotes, for
// strings that are written in pieces. Cut s only between characters.
func AppendEscaped[S ~string | ~[]byte](dst []byte, s S) []byte {
	// What is appended is looked at in dst, so that strings and bytes share the scan.
	// After an escape the next one is likely to be near: go on in smaller pieces.
	start, piece := len(dst), 1024
	var high uint64
	for len(s) > 0 {
		n := min(len(s), piece)
		from := len(dst)
		dst = append(dst, s[:n]...)
		at, h := skipPlain(dst, from)
		high |= h
		piece *= 2
		if at < len(dst) {
			dst = appendEscape(dst[:at], dst[at])
			n, piece = at-from+1, 64
		}
		s = s[n:]
	}
	if high&highs != 0 && !utf8.Valid(dst[start:]) {
		dst = appendValid(dst[:start], []byte(string(dst[start:])))
	}
	return dst
}

// appendEscape appends a quote, backslash or control character as its escape.
//
//go:noinline
func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
	case '\n':
		c = 'n'
	case '\r':
		c = 'r'
	case '\t':
		c = 't'
	default:
		return append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
	}
	return append(dst, '\\', c)
}

// appendValid appends src with U+FFFD for each byte that is not UTF-8.
func appendValid(dst, src []byte) []byte {
	for {
		n := invalidAt(src)
		dst = append(dst, src[:n]...)
		if n == len(src) {
			return dst
		}
		dst = utf8.AppendRune(dst, utf8.RuneError)
		src = src[n+1:]
	}
}

// AppendKey appends key as a string and its colon.
func AppendKey(dst []byte, key string) []byte {
	return append(AppendString(dst, key), ':')
}

// AppendInt appends a whole number.
//
//go:noinline
func AppendInt(dst []byte, i int64) []byte { return strconv.AppendInt(dst, i, 10) }

// AppendFloat appends f in the shortest form that reads back the same, and null
// for what JSON has no number for.
func AppendFloat(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(dst, "null"...)
	}
	format := byte('f')
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, f, format, -1, 64)
}

// AppendBool appends true or false.
func AppendBool(dst []byte, b bool) []byte { return strconv.AppendBool(dst, b) }

// A Writer builds one document after the other in a buffer of its own, and sets the
// commas. It does not check that what is written is balanced. Its zero value is ready.
type Writer struct {
	buf  []byte
	base int // where the document begins in buf
}

// Reset begins a new document in the same memory. Bytes returned before are void.
func (w *Writer) Reset() { w.Use(w.buf[:0]) }

// Use makes the Writer append a document to buf, which it then owns. What buf holds
// stays in front of it.
func (w *Writer) Use(buf []byte) { w.buf, w.base = buf, len(buf) }

// Bytes is what was written, until the next Reset.
func (w *Writer) Bytes() []byte { return w.buf }

// Len is how many bytes were written.
func (w *Writer) Len() int { return len(w.buf) }

// comma separates the next value or key from the one before. The last byte tells:
// only an opening bracket or a colon is followed by none.
//
//go:noinline
func (w *Writer) comma() {
	if n := len(w.buf); n > w.base {
		switch w.buf[n-1] {
		case '{', '[', ':':
		default:
			w.buf = append(w.buf, ',')
		}
	}
}

// Object begins an object.
//
//go:noinline
func (w *Writer) Object() *Writer {
	w.comma()
	w.buf = append(w.buf, '{')
	return w
}

// EndObject ends it.
//
//go:noinline
func (w *Writer) EndObject() *Writer {
	w.buf = append(w.buf, '}')
	return w
}

// Array begins an array.
//
//go:noinline
func (w *Writer) Array() *Writer {
	w.comma()
	w.buf = append(w.buf, '[')
	return w
}

// EndArray ends it.
//
//go:noinline
func (w *Writer) EndArray() *Writer {
	w.buf = append(w.buf, ']')
	return w
}

// Key writes the key of the member whose value follows.
//
//go:noinline
func (w *Writer) Key(key string) *Writer {
	w.comma()
	w.buf = AppendKey(w.buf, key)
	return w
}

// Str writes a string.
//
//go:noinline
func (w *Writer) Str(s string) *Writer {
	w.comma()
	w.buf = AppendString(w.buf, s)
	return w
}

// StrBytes writes a string that is at hand as bytes.
func (w *Writer) StrBytes(s []byte) *Writer {
	w.comma()
	w.buf = AppendString(w.buf, s)
	return w
}

// Int writes a whole number.
//
//go:noinline
func (w *Writer) Int(i int64) *Writer {
	w.comma()
	w.buf = AppendInt(w.buf, i)
	return w
}

// Float writes a number, and null for what JSON has no number for.
func (w *Writer) Float(f float64) *Writer {
	w.comma()
	w.buf = AppendFloat(w.buf, f)
	return w
}

// Bool writes true or false.
func (w *Writer) Bool(b bool) *Writer {
	w.comma()
	w.buf = AppendBool(w.buf, b)
	return w
}

// Null writes null.
func (w *Writer) Null() *Writer {
	w.comma()
	w.buf = append(w.buf, "null"...)
	return w
}

// Raw writes a value that is JSON already. An empty one is written as null.
func (w *Writer) Raw(value []byte) *Writer {
	if len(value) == 0 {
		return w.Null()
	}
	w.comma()
	w.buf = append(w.buf, value...)
	return w
}

// Add appends what is JSON already. It is append, but called rather than spelled out at
// each of hundreds of places, since the module's size counts.
//
//go:noinline
func Add(dst []byte, s string) []byte { return append(dst, s...) }

// AddRaw is Add for bytes.
//
//go:noinline
func AddRaw(dst, p []byte) []byte { return append(dst, p...) }
