package custom

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// A maker makes the values of names that are not found: as JSON, or false for none.
type maker interface {
	made(n *node, v rawjson.Value) bool
}

// A renderer writes what templates make of documents.
type renderer struct {
	rawjson.Builder
	maker maker
	at    place
	prune bool // objects in which nothing is are nothing
}

// render writes what a template makes of v; false if that is nothing.
func (b *renderer) render(n *node, v rawjson.Value) bool {
	switch n.kind {
	case literal:
		b.Put(n.text)
	case value:
		return b.value(n, v)
	case object:
		return b.list(n, v, `{`, `}`) || !b.prune
	case array:
		b.list(n, v, `[`, `]`)
	default:
		b.Raw(`"`)
		for _, kid := range n.kids {
			mark := len(b.Dst)
			if !b.render(kid, v) {
				return false
			}
			b.unquote(mark)
		}
		b.Raw(`"`)
	}
	return true
}

// list writes members or elements; false if there are none.
func (b *renderer) list(n *node, v rawjson.Value, open, end string) bool {
	b.Raw(open)
	from := len(b.Dst)
	for _, kid := range n.kids {
		b.element(kid, v)
	}
	some := len(b.Dst) > from
	b.Raw(end)
	return some
}

// element writes a member or an element, or nothing.
func (b *renderer) element(n *node, v rawjson.Value) {
	mark := len(b.Dst)
	b.Comma()
	b.Put(n.key)
	if !b.render(n, v) {
		b.Dst = b.Dst[:mark]
	}
}

// value writes the value of a name, or its default.
func (b *renderer) value(n *node, v rawjson.Value) bool {
	mark := len(b.Dst)
	if n.made == "" {
		b.Put(b.at.first(v, n.path).Raw())
	} else if !b.maker.made(n, v) {
		b.Dst = b.Dst[:mark]
	}
	if len(b.Dst) == mark {
		b.Put(n.text)
	}
	return len(b.Dst) > mark
}

// unquote makes JSON from a mark on a part of a string: the inside of one, or escaped.
func (b *renderer) unquote(mark int) {
	p := b.Dst[mark:]
	b.Dst = b.Dst[:mark]
	if p[0] == '"' {
		b.Put(p[1 : len(p)-1])
	} else {
		b.Dst = rawjson.AppendEscaped(b.Dst, string(p))
	}
}

// each writes the elements of a list by a template; as they are where it is nil.
func (b *renderer) each(v rawjson.Value, t *node) bool {
	if t == nil {
		b.Put(v.Raw())
		return v.Len() > 0
	}
	b.Raw(`[`)
	for e := v.Items(); e.Next(); {
		b.element(t, e.Value)
	}
	b.Raw(`]`)
	return v.Len() > 0
}

// AppendRequest appends what the template makes of the request in OpenAI's form.
func (a *adapter) AppendRequest(dst []byte, r *chat.Request) ([]byte, *chat.Error) {
	b := builder{a: a}
	b.check(r)
	if b.err != nil {
		return dst, b.err
	}
	stream := r.Stream
	r.Stream = stream && a.streams
	sent, e := a.to.AppendRequest(dst, r)
	r.Stream = stream
	if e != nil {
		return dst, e
	}
	request, err := read(sent[len(dst):], false)
	if err != nil {
		return dst, &chat.Error{Status: 400, Kind: chat.InvalidRequest, Message: err.Error()} // of what a client has in an extra member
	}
	b.Dst, b.maker = sent, &b
	b.split(request.Get("messages"))
	b.render(a.request, request)
	if b.err != nil {
		return dst, b.err
	}
	return append(dst, b.Dst[len(sent):]...), nil
}
