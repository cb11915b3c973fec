package bedrock

import (
	"github.com/postern-gateway/postern/adapters/anthropic"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// A builder writes one request.
type builder struct {
	chat.Builder
	a       *adapter
	m       *model
	doc     rawjson.Doc // for documents within the request: arguments, metadata
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

// The helpers are calls, too, as chat.Builder's are.

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

// failAt is Fail for a part of a message.
//
//go:noinline
func (b *builder) failAt(at rawjson.Value, problem string) {
	if b.Err == nil {
		b.Fail(at.Path(), problem)
	}
}

// dropAt reports a member of a part of a message.
//
//go:noinline
func (b *builder) dropAt(at rawjson.Value, member string) {
	b.R.DropAt(func() string { return at.Path() + member })
}
