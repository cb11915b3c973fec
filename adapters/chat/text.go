package chat

import (
	"bytes"
	"errors"

	"github.com/postern-gateway/postern/adapters/rawjson"
)

// Same reports whether two texts say the same, however they are spelled.
//
//go:noinline
func (t Text) Same(other Text) bool {
	return bytes.Equal(t, other) || bytes.IndexByte(t, '\\')&bytes.IndexByte(other, '\\') >= 0 &&
		bytes.Equal(rawjson.AppendUnescaped(nil, t), rawjson.AppendUnescaped(nil, other))
}

// AppendInput appends the arguments of a call as the JSON object that they are, for
// providers that want one; no arguments are an empty object. doc is scratch. The error
// says what the arguments are instead.
//
//go:noinline
func (p *Part) AppendInput(dst []byte, doc *rawjson.Doc) ([]byte, error) {
	if p.Input != nil {
		return append(dst, p.Input...), nil
	}
	from := len(dst)
	dst = rawjson.AppendUnescaped(dst, p.Arguments)
	if len(bytes.TrimSpace(dst[from:])) == 0 {
		return append(dst[:from], "{}"...), nil
	}
	if err := doc.Parse(dst[from:]); err != nil {
		return dst[:from], errors.New("want arguments that are JSON: " + err.Error())
	}
	if kind := doc.Root().Kind(); kind != rawjson.Object {
		return dst[:from], errors.New("want arguments that are a JSON object, got " + kind.String())
	}
	return dst, nil
}

// AppendPart appends a part, which is large, without making it first.
//
//go:noinline
func AppendPart(parts []Part, kind PartKind) []Part {
	parts = append(parts, Part{})
	parts[len(parts)-1].Kind = kind
	return parts
}

// AppendText appends a part with a text, if there is one.
//
//go:noinline
func AppendText(parts []Part, kind PartKind, t Text) []Part {
	if len(t) == 0 {
		return parts
	}
	parts = AppendPart(parts, kind)
	parts[len(parts)-1].Text = t
	return parts
}

// Characters counts what the text says, not how it is spelled.
func (t Text) Characters() int {
	n := 0
	for i := 0; i < len(t); i++ {
		switch c := t[i]; {
		case c == '\\' && i+5 < len(t) && t[i+1] == 'u':
			low := t[i+2]|0x20 == 'd' && t[i+3]|0x20 >= 'c' // the second half of a pair
			i += len(`u0000`)
			if low {
				continue
			}
		case c == '\\':
			i++
		case c&0xc0 == 0x80:
			continue
		}
		n++
	}
	return n
}
