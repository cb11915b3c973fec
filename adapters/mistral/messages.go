package mistral

import (
	"bytes"
	"strings"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// A conversation here follows the rules of
// https://github.com/mistralai/mistral-common/blob/main/src/mistral_common/protocol/instruct/validator.py:
// a system message stands at the beginning or behind one of the user's, results stand
// right behind the message with their calls, all of them and no other, and the
// assistant speaks behind them before the user does.

// A call waits for its result.
type call struct {
	part     *chat.Part
	ours     string // its id here
	answered bool
}

// callPath is where a call stood, of which OpenAI's reader keeps the arguments.
func callPath(p *chat.Part) string { return strings.TrimSuffix(p.At.Path(), ".function.arguments") }

// nobody is the role of a message before the first.
const nobody chat.Role = 0xff

func (b *builder) messages() {
	b.Raw(`,"messages":[`)
	b.last = nobody
	b.system()
	for i := range b.R.Messages {
		m := &b.R.Messages[i]
		if len(m.Parts) == 0 || m.Role == chat.System && !b.stays(i) {
			continue
		}
		switch m.Role {
		case chat.System:
			if i >= b.leading() {
				b.begin(chat.System, m)
				b.content(m.Parts)
				b.Raw(`}`)
			}
		case chat.Assistant:
			b.answered()
			b.attach()
			b.assistant(m, i == len(b.R.Messages)-1)
		default:
			b.userTurn(m)
		}
		if b.Err != nil {
			return
		}
	}
	b.answered()
	b.attach()
	b.Raw(`]`)
	switch {
	case b.last == chat.Assistant && !b.continues():
		b.Fail(b.R.Messages[len(b.R.Messages)-1].At.Path(), "the model does not answer a message of its own; the last message must be the user's, or a tool's")
	case b.last == nobody:
		b.Fail("messages", "want a message that says something")
	}
}

// leading is how many system messages stand at the beginning.
func (b *builder) leading() int {
	n := 0
	for n < len(b.R.Messages) && b.R.Messages[n].Role == chat.System {
		n++
	}
	return n
}

// system writes the system messages at the beginning, and those that may not stand where
// they do.
func (b *builder) system() {
	leading := b.leading()
	for i := range b.R.Messages {
		m := &b.R.Messages[i]
		if m.Role == chat.System && len(m.Parts) > 0 && (i < leading || !b.stays(i)) {
			b.begin(chat.System, m)
			b.content(m.Parts)
			b.Raw(`}`)
		}
	}
}

// stays reports whether a system message may stand where it does: behind one of the
// user's that is not only results.
func (b *builder) stays(i int) bool {
	for i--; i >= 0; i-- {
		m := &b.R.Messages[i]
		switch m.Role {
		case chat.System:
			continue
		case chat.User:
			for k := range m.Parts {
				if m.Parts[k].Kind != chat.ToolResultPart {
					return true
				}
			}
		}
		return false
	}
	return true
}

// between is what the assistant says where the user speaks behind results, which this
// API refuses.
const between = `{"role":"assistant","content":"OK."}`

// begin opens a message up to its content.
func (b *builder) begin(role chat.Role, m *chat.Message) {
	if len(m.Name) > 0 {
		b.R.Drop("messages[].name")
	}
	b.Comma()
	switch role {
	case chat.System:
		b.Raw(`{"role":"system","content":`)
	case chat.User:
		if b.last == chat.ToolRole {
			b.Raw(between + `,`)
		}
		b.Raw(`{"role":"user","content":`)
	}
	b.last = role
}

// userTurn writes a turn of the user's: results first, then the rest.
func (b *builder) userTurn(m *chat.Message) {
	rest := 0
	for i := range m.Parts {
		if p := &m.Parts[i]; p.Kind == chat.ToolResultPart {
			b.result(p)
		} else {
			rest++
		}
	}
	if rest == 0 {
		return
	}
	b.answered()
	b.begin(chat.User, m)
	b.content(m.Parts)
	b.Raw(`}`)
}

// answered fails for the first call that has no result where it has to be.
func (b *builder) answered() {
	for _, c := range b.open {
		if !c.answered {
			b.Fail(callPath(c.part), "this call has no result in the messages right behind it")
			return
		}
	}
	b.open = b.open[:0]
}

// attach writes attachments of results that no turn of the user's has taken in.
func (b *builder) attach() {
	if len(b.media) > 0 {
		b.begin(chat.User, &chat.Message{})
		b.content(nil)
		b.Raw(`}`)
	}
}

// result writes a tool's answer. There is no field that says that a call has failed, so
// the text says it.
func (b *builder) result(p *chat.Part) {
	if !b.assign(p.ID) {
		b.Fail(p.At.Path(), "a result without its call: the assistant's message before has no call of this id, or it has its result")
		return
	}
	files, said := len(b.media), 0
	b.unhint(p.CacheControl)
	b.Comma()
	b.Raw(`{"role":"tool","tool_call_id":`)
	b.id(b.ids.of(p.ID))
	b.Raw(`,"content":"`)
	if p.IsError {
		b.Raw("Error: ")
	}
	for i := range p.Result {
		part := &p.Result[i]
		b.unhint(part.CacheControl)
		switch part.Kind {
		case chat.TextPart:
			if said++; said > 1 {
				b.Raw(`\n`)
			}
			b.Put(part.Text)
		case chat.ImagePart, chat.DocumentPart, chat.AudioPart, chat.VideoPart:
			b.media = append(b.media, attached{p.ID, part})
		default:
			b.R.DropAt(part.At.Path)
		}
	}
	if said == 0 && len(b.media) > files {
		b.Raw("(see the user's next message)")
	}
	b.Raw(`"}`)
	b.last = chat.ToolRole
}

// assign notes that a call has its result; false if there is none that waits for it.
func (b *builder) assign(id chat.Text) bool {
	ours := b.ids.of(id)
	for i := range b.open {
		if c := &b.open[i]; !c.answered && c.ours == ours {
			c.answered = true
			return true
		}
	}
	return false
}

// assistant writes an earlier answer: its thoughts, its text, then its calls.
func (b *builder) assistant(m *chat.Message, final bool) {
	var texts, calls, thoughts int
	for i := range m.Parts {
		switch p := &m.Parts[i]; p.Kind {
		case chat.ToolCallPart:
			calls++
		case chat.TextPart, chat.RefusalPart:
			if len(p.Text) > 0 {
				texts++
			}
		case chat.ThinkingPart:
			if b.ours(p) {
				thoughts++
				continue
			}
			b.R.Drop(b.Said("messages[].reasoning_details", "messages[].content[].thinking"))
		case chat.RedactedPart:
			b.R.Drop(b.Said("messages[].reasoning_details", "messages[].content[].thinking"))
		default:
			b.R.DropAt(p.At.Path)
		}
	}
	if texts+calls+thoughts == 0 {
		b.R.DropAt(m.At.Path) // it says nothing, and is refused
		return
	}
	b.begin(chat.Assistant, m)
	b.Raw(`{"role":"assistant"`)
	if texts+thoughts > 0 {
		b.Key("content")
		b.spoken(m.Parts, texts == 1 && thoughts == 0)
	}
	if calls > 0 {
		b.calls(m.Parts)
	}
	if final && b.continues() {
		b.Raw(`,"prefix":true`)
	}
	b.Raw(`}`)
}

// ours reports whether a thought may be this API's own: one that another's signature
// seals is not, and a model that does not reason knows none.
func (b *builder) ours(p *chat.Part) bool {
	return b.m.thinks() && len(p.Text) > 0 && (len(p.Signature) == 0 || bytes.HasPrefix(p.Signature, []byte(mark)))
}

// spoken writes an answer's thoughts and texts: a text alone as a string, else chunks,
// of which thoughts come first (https://docs.mistral.ai/capabilities/reasoning/).
func (b *builder) spoken(parts []chat.Part, alone bool) {
	if !alone {
		b.Raw(`[`)
	}
	for i := range parts {
		if p := &parts[i]; p.Kind == chat.ThinkingPart && b.ours(p) {
			b.Comma()
			b.Raw(`{"type":"thinking","thinking":[{"type":"text","text":`)
			b.Str(p.Text)
			b.Raw(`}]`)
			b.textIf("signature", bytes.TrimPrefix(p.Signature, []byte(mark)))
			b.Raw(`}`)
		}
	}
	for i := range parts {
		p := &parts[i]
		if p.Kind != chat.TextPart && p.Kind != chat.RefusalPart || len(p.Text) == 0 {
			continue
		}
		if alone {
			b.unmark(p)
			b.Str(p.Text)
			return
		}
		b.part(p)
	}
	b.Raw(`]`)
}

func (b *builder) calls(parts []chat.Part) {
	b.Raw(`,"tool_calls":[`)
	for i := range parts {
		p := &parts[i]
		if p.Kind != chat.ToolCallPart {
			continue
		}
		if !isName(p.Name) {
			b.Fail(callPath(p), badName)
		}
		ours := b.ids.of(p.ID)
		for k := range b.open {
			if b.open[k].ours == ours {
				b.Fail(callPath(p), "another call of this message has the same id")
			}
		}
		b.open = append(b.open, call{part: p, ours: ours})
		b.unhint(p.CacheControl)
		b.Comma()
		b.Raw(`{"id":`)
		b.id(ours)
		b.Raw(`,"type":"function","function":{"name":`)
		b.Str(p.Name)
		b.Raw(`,"arguments":`)
		switch {
		case len(p.Input) > 0:
			b.Dst = rawjson.AppendString(b.Dst, p.Input)
		case len(p.Arguments) > 0:
			b.Str(p.Arguments)
		default:
			b.Raw(`"{}"`)
		}
		b.Raw(`}}`)
	}
	b.Raw(`]`)
}

func (b *builder) id(ours string) {
	b.Raw(`"`)
	b.Raw(ours)
	b.Raw(`"`)
}

// continues reports whether the client asks in this API's own words for its last message
// to be gone on with. The answer then repeats the message, as clients of other APIs do
// not expect.
func (b *builder) continues() bool {
	n := len(b.R.Messages) - 1
	for i := range b.R.Extra {
		if e := &b.R.Extra[i]; e.Key == "prefix" && string(e.Raw) == "true" && b.R.Dialect == dialectName && b.R.Messages[n].Role == chat.Assistant {
			return e.Path == rawjson.JoinPath(b.R.Messages[n].At.Path(), "prefix")
		}
	}
	return false
}
