package custom

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// A builder writes one request: what templates make of it in OpenAI's form, of which no
// more is read than a path leads into.
type builder struct {
	rawjson.Builder
	a     *adapter
	sent  []byte      // the request in OpenAI's form
	marks *chat.Marks // and what is where in it
	turns int         // messages that do not stand apart
	last  int         // the last of them
	turn  *chat.Mark  // the message that is written
	read  *chat.Mark  // the message that was read last, and is still there
	at    place
	err   *chat.Error // the first one
}

// AppendRequest appends what the template makes of the request in OpenAI's form.
func (a *adapter) AppendRequest(dst []byte, r *chat.Request) ([]byte, *chat.Error) {
	b := builder{a: a, marks: &r.Marks}
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
	b.sent, b.Dst = sent, sent
	b.count()
	b.render(a.request, rawjson.Value{})
	if b.err != nil {
		return dst, b.err
	}
	return append(b.Dst[:len(dst)], b.Dst[len(sent):]...), nil
}

// render writes what a template makes of v, a call or a tool where it is of one; false if
// that is nothing.
func (b *builder) render(n *node, v rawjson.Value) bool {
	switch n.kind {
	case literal:
		b.Put(n.text)
	case value:
		return b.value(n, v)
	case object:
		b.list(n, v, `{`, `}`)
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

// list writes members or elements.
func (b *builder) list(n *node, v rawjson.Value, open, end string) {
	b.Raw(open)
	for _, kid := range n.kids {
		b.element(kid, v)
	}
	b.Raw(end)
}

// element writes a member or an element; false, and nothing, if there is none.
func (b *builder) element(n *node, v rawjson.Value) bool {
	mark := len(b.Dst)
	b.Comma()
	b.Put(n.key)
	ok := b.render(n, v)
	if !ok {
		b.Dst = b.Dst[:mark]
	}
	return ok
}

// value writes the value of a name, or its default.
func (b *builder) value(n *node, v rawjson.Value) bool {
	mark := len(b.Dst)
	if n.made == "" {
		b.Put(b.find(n, v))
	} else if !b.made(n, v) {
		b.Dst = b.Dst[:mark]
	}
	if len(b.Dst) == mark {
		b.Put(n.text)
	}
	return len(b.Dst) > mark
}

// find is the value of a name that is found, as JSON; nil if there is none.
func (b *builder) find(n *node, v rawjson.Value) []byte {
	switch {
	case n.scope == inMessage && n.head == "role" && len(n.path[0]) == 1 && b.turn != nil:
		from := b.turn.Start + len(`{"role":`)
		return b.sent[from : from+len(b.turn.Name)+2]
	case n.scope == inMessage:
		v = b.message()
	case n.scope == inRequest:
		raw := b.member(n.head)
		if len(raw) == 0 || len(n.path[0]) == 0 && raw[0] != 'n' { // it may be null
			return raw
		}
		v = b.parse(raw)
	}
	return b.at.first(v, n.path).Raw()
}

// member is the value of a member of the request; nil if there is none.
func (b *builder) member(name string) []byte {
	for i := range b.marks.Members {
		if m := &b.marks.Members[i]; m.Name == name {
			return b.sent[m.Start:m.End]
		}
	}
	return nil
}

// parse reads a part of the request. What is no JSON has no members.
func (b *builder) parse(raw []byte) rawjson.Value {
	b.read = nil
	_ = b.marks.Doc.Parse(raw)
	return b.marks.Doc.Root()
}

// message is the one that is written; absent if there is none.
func (b *builder) message() rawjson.Value {
	if m := b.turn; m == nil {
		return rawjson.Value{}
	} else if m != b.read {
		b.parse(b.sent[m.Start:m.End])
		b.read = m
	}
	return b.marks.Doc.Root()
}

// unquote makes JSON from a mark on a part of a string: the inside of one, or escaped.
func (b *builder) unquote(mark int) {
	p := b.Dst[mark:]
	b.Dst = b.Dst[:mark]
	if p[0] == '"' {
		b.Put(p[1 : len(p)-1])
	} else {
		b.Dst = rawjson.AppendEscaped(b.Dst, string(p))
	}
}

// each writes the elements of a list by a template; as they are where it is nil.
func (b *builder) each(v rawjson.Value, t *node) bool {
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
