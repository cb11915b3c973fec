package bedrock

import (
	"github.com/postern-gateway/postern/adapters/anthropic"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// A builder writes one request.
type builder struct {
	a       *adapter
	dst     []byte
	r       *chat.Request
	m       *model
	doc     rawjson.Doc // for documents within the request: arguments, metadata
	err     *chat.Error // the first one
	manner  anthropic.Manner
	choice  chat.ChoiceKind
	talks   bool // the history has calls of tools
	side    side // whose message is open
	open    []call
	ids     map[string]struct{} // of all calls so far
	turns   int                 // of the assistant
	files   int                 // documents so far
	scratch []byte
}

// The helpers that write are not inlined: there are hundreds of calls of them, and the
// module's size counts.

//go:noinline
func (b *builder) raw(s string) { b.dst = append(b.dst, s...) }

//go:noinline
func (b *builder) put(p []byte) { b.dst = append(b.dst, p...) }

// comma separates a member or an element from the one before it.
//
//go:noinline
func (b *builder) comma() {
	switch b.dst[len(b.dst)-1] {
	case '{', '[', ':':
	default:
		b.raw(`,`)
	}
}

//go:noinline
func (b *builder) key(k string) {
	b.comma()
	b.raw(`"`)
	b.raw(k)
	b.raw(`":`)
}

// text writes a member that is a string and escaped already.
//
//go:noinline
func (b *builder) text(k string, t []byte) {
	b.key(k)
	b.raw(`"`)
	b.put(t)
	b.raw(`"`)
}

// word is text for what needs no escapes.
//
//go:noinline
func (b *builder) word(k, value string) { b.text(k, []byte(value)) }

// value writes a member that is JSON already, if there is one.
//
//go:noinline
func (b *builder) value(k string, raw []byte) {
	if len(raw) > 0 {
		b.key(k)
		b.put(raw)
	}
}

// begin opens an object or an array that is a member, or an object that is an element.
//
//go:noinline
func (b *builder) begin(k, bracket string) {
	if k == "" {
		b.comma()
	} else {
		b.key(k)
	}
	b.raw(bracket)
}

// wrap opens an element that is an object with one member, which is one, too.
//
//go:noinline
func (b *builder) wrap(k string) {
	b.begin("", `{`)
	b.begin(k, `{`)
}

// object writes a member that is an object, and nothing if it stays empty.
//
//go:noinline
func (b *builder) object(k string, fill func()) {
	before := len(b.dst)
	b.begin(k, `{`)
	from := len(b.dst)
	if fill(); len(b.dst) == from {
		b.dst = b.dst[:before]
		return
	}
	b.raw(`}`)
}

// fail keeps the first error: what is wrong with the field at path.
//
//go:noinline
func (b *builder) fail(path, problem string) {
	if b.err != nil {
		return
	}
	b.err = chat.Unsupported(path, problem)
}

// failAt is fail for a part of a message.
//
//go:noinline
func (b *builder) failAt(at rawjson.Value, problem string) {
	if b.err == nil {
		b.fail(at.Path(), problem)
	}
}

// drop reports what is not in the request.
//
//go:noinline
func (b *builder) drop(path string) { b.r.Drop(path) }

// dropAt is drop for a part of a message.
//
//go:noinline
func (b *builder) dropAt(at rawjson.Value, member string) {
	b.r.DropAt(func() string { return at.Path() + member })
}

// said picks how the client spells a field.
//
//go:noinline
func (b *builder) said(openAI, anthropic string) string {
	if b.r.Dialect == "anthropic" {
		return anthropic
	}
	return openAI
}
