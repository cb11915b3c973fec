package bedrock

import (
	"github.com/postern-gateway/postern/adapters/anthropic"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// A builder writes one request.
type builder struct {
	rawjson.Builder
	a       *adapter
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

// The helpers are not inlined, either: there are many calls of them, and the module's size
// counts.

// word is Text for what needs no escapes.
//
//go:noinline
func (b *builder) word(k, value string) { b.Text(k, []byte(value)) }

// begin opens an object or an array that is a member, or an object that is an element.
//
//go:noinline
func (b *builder) begin(k, bracket string) {
	if k == "" {
		b.Comma()
	} else {
		b.Key(k)
	}
	b.Raw(bracket)
}

// wrap opens an element that is an object with one member, which is one, too.
//
//go:noinline
func (b *builder) wrap(k string) {
	b.begin("", `{`)
	b.begin(k, `{`)
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
