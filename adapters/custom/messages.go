package custom

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// Who speaks in a message. The place of a tool in a prompt is that of its end.
const (
	bySystem = iota
	byUser
	byAssistant
	byTool
	countRoles
)

var roles = [countRoles]string{"system", "user", "assistant", "tool"}

//go:noinline
func role(m *chat.Mark) int {
	for i, r := range roles {
		if m.Name == r {
			return i
		}
	}
	return byUser
}

// fail keeps the first error: what is wrong with the field at path.
//
//go:noinline
func (b *builder) fail(path, problem string) {
	if b.err == nil {
		b.err = chat.Unsupported(path, problem)
	}
}

// unsaid is wrong with a message that a template would leave out.
const unsaid = "this provider's template for a message has a name, without a default, that the message does not say"

const noPlace = "this provider's requests have no place for it"

// check refuses parts of messages that have no place.
func (b *builder) check(r *chat.Request) {
	if len(r.Messages) == 0 {
		b.fail("messages", "want at least one")
	}
	for i := range r.Messages {
		b.checkParts(r.Messages[i].Parts)
	}
}

func (b *builder) checkParts(parts []chat.Part) {
	for i := range parts {
		p := &parts[i]
		bad := false
		switch p.Kind {
		case chat.ToolCallPart:
			bad = !b.a.calls
		case chat.ToolResultPart:
			bad = !b.a.results
		case chat.ImagePart, chat.DocumentPart, chat.AudioPart, chat.VideoPart:
			bad = !b.a.media && !p.Media.Plain
		}
		if bad {
			b.fail(p.At.Path(), noPlace)
		}
		b.checkParts(p.Result)
	}
}

// apart reports whether a message is the system's where those have a place of their own.
func (b *builder) apart(m *chat.Mark) bool { return b.a.system && role(m) == bySystem }

// count counts the messages of the conversation.
func (b *builder) count() {
	for i := range b.marks.Messages {
		if !b.apart(&b.marks.Messages[i]) {
			b.turns++
			b.last = i
		}
	}
}

// made writes the value of a name that is not found in the request; false if there is none.
func (b *builder) made(n *node, v rawjson.Value) bool {
	switch n.made {
	case "messages":
		return b.conversation(len(b.marks.Messages))
	case "history":
		return b.conversation(b.last)
	case "last":
		if b.turns == 0 || role(&b.marks.Messages[b.last]) != byUser || b.turns > 1 && !b.a.history {
			b.fail("messages", "this provider answers a message of the user's, which has to be the last, and the only one if there is no place for others")
			return false
		}
		b.turn = &b.marks.Messages[b.last]
		return b.content()
	case "system":
		return b.instructions()
	case "prompt":
		return b.prompt()
	case "content":
		return b.content()
	case "tools":
		raw := b.member(n.made)
		if b.a.tool != nil && raw != nil {
			return b.each(b.parse(raw), b.a.tool)
		}
		b.Put(raw)
		return raw != nil
	case "tool_calls":
		return b.each(b.message().Get("tool_calls"), b.a.call)
	}
	return b.arguments(v)
}

// conversation writes the messages before one, but for those that stand apart.
func (b *builder) conversation(end int) bool {
	b.Raw(`[`)
	for i := range b.marks.Messages[:end] {
		m := &b.marks.Messages[i]
		if b.apart(m) {
			continue
		}
		b.turn = m
		t := b.a.message[role(m)]
		switch {
		case b.a.plain:
			b.Comma()
			b.Put(b.sent[m.Start:m.End])
		case t == nil:
			b.fail("messages", "this provider's requests have no place for messages of this role")
		case !b.element(t, rawjson.Value{}):
			b.fail("messages", unsaid)
		}
	}
	b.Raw(`]`)
	return true
}

// instructions writes what the system says as one text.
func (b *builder) instructions() bool {
	b.Raw(`"`)
	some := false
	for i := range b.marks.Messages {
		if b.turn = &b.marks.Messages[i]; role(b.turn) != bySystem {
			continue
		}
		if some {
			b.Raw(`\n\n`)
		}
		some = true
		mark := len(b.Dst)
		b.content()
		b.unquote(mark)
	}
	b.Raw(`"`)
	return some
}

// prompt writes the conversation as one text.
func (b *builder) prompt() bool {
	b.Raw(`"`)
	for i := range b.marks.Messages {
		if b.turn = &b.marks.Messages[i]; !b.apart(b.turn) {
			b.say(min(role(b.turn), byAssistant))
		}
	}
	b.turn = nil
	b.say(byTool)
	b.Raw(`"`)
	return b.turns > 0
}

// say writes a text of a prompt.
func (b *builder) say(by int) {
	mark := len(b.Dst)
	if b.render(b.a.prompt[by], rawjson.Value{}) {
		b.unquote(mark)
	} else {
		b.fail("messages", unsaid)
	}
}

// content writes the texts of a message, each in a line of its own.
func (b *builder) content() bool {
	if m := b.turn; m != nil && b.sent[m.Content] == '"' && m.Rest == m.End-1 {
		b.Put(b.sent[m.Content:m.Rest])
		return true
	}
	m := b.message()
	c := m.Get("content")
	b.Raw(`"`)
	b.Put(chat.Spelled(c))
	from := len(b.Dst)
	for p := c.Items(); p.Next(); {
		if len(b.Dst) > from {
			b.Raw(`\n`)
		}
		b.Put(chat.Spelled(p.Value.Get("text")))
	}
	b.Put(chat.Spelled(m.Get("refusal")))
	b.Raw(`"`)
	return true
}

// arguments writes those of a call as the JSON that they are.
func (b *builder) arguments(c rawjson.Value) bool {
	text := c.Find("function", "arguments").Bytes()
	if _, err := read(text, false); err != nil {
		b.fail("messages", "want calls whose arguments are JSON")
	}
	b.Put(text)
	return true
}
