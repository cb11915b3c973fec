package fields

import (
	"bytes"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// URL reads a URL, or the data in a data URL, into a part.
func (d *Reader) URL(p *chat.Part, v rawjson.Value, what string) {
	t := d.Filled(v)
	if d.Err != nil || !IsData(t) {
		p.Media.URL = t
		return
	}
	var ok bool
	if p.Media, ok = DataURL(t); !ok {
		d.Wrong(v, "a URL, or the data of "+what+" in base64 in one")
	}
}

// IsData reports whether a URL has its data in itself.
func IsData(t chat.Text) bool { return bytes.HasPrefix(t, []byte("data:")) }

// DataURL takes a URL of https://www.rfc-editor.org/rfc/rfc2397 apart: media type, any
// parameters, and base64. It is looked at as JSON spells it, where a slash may be escaped.
func DataURL(t chat.Text) (m chat.Media, ok bool) {
	comma := bytes.IndexByte(t, ',')
	if comma < 0 {
		return m, false
	}
	head, isBase64 := bytes.CutSuffix(t[len("data:"):comma], []byte(";base64"))
	if !isBase64 {
		return m, false
	}
	if i := bytes.IndexByte(head, ';'); i >= 0 {
		head = head[:i]
	}
	if bytes.IndexByte(head, '\\') >= 0 {
		head = rawjson.AppendEscaped([]byte(nil), rawjson.AppendUnescaped(nil, head))
	}
	m = chat.Media{Type: head[:len(head):len(head)], Data: t[comma+1:]}
	return m, len(m.Type) > 0 && len(m.Data) > 0
}
