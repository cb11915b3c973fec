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
func role(m rawjson.Value) int {
	for i, r := range roles {
		if m.Get("role").Is(r) {
			return i
		}
	}
	return byUser
}

// A builder writes one request.
type builder struct {
	renderer
	a        *adapter
	messages []rawjson.Value // of the conversation
	system   []rawjson.Value // messages that stand apart
	err      *chat.Error     // the first one
}

// fail keeps the first error: what is wrong with the field at path.
//
//go:noinline
func (b *builder) fail(path, problem string) {
	if b.err == nil {
		b.err = chat.Unsupported(path, problem)
	}
}

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

// split takes messages of the system's from the others, if there is a place for them.
func (b *builder) split(list rawjson.Value) {
	for e := list.Items(); e.Next(); {
		to := &b.messages
		if b.a.system && role(e.Value) == bySystem {
			to = &b.system
		}
		*to = append(*to, e.Value)
	}
}

// made writes the value of a name that is not found in the request; false if there is none.
func (b *builder) made(n *node, v rawjson.Value) bool {
	last := len(b.messages) - 1
	switch n.made {
	case "messages":
		return b.conversation(b.messages)
	case "history":
		return b.conversation(b.messages[:max(last, 0)])
	case "last":
		if last < 0 || role(b.messages[last]) != byUser || last > 0 && !b.a.history {
			b.fail("messages", "this provider answers a message of the user's, which has to be the last, and the only one if there is no place for others")
			return false
		}
		return b.content(b.messages[last])
	case "system":
		return b.text(b.system, nil)
	case "prompt":
		return b.text(b.messages, &b.a.prompt)
	case "content":
		return b.content(v)
	case "tools":
		return b.each(v.Get("tools"), b.a.tool)
	case "tool_calls":
		return b.each(v.Get("tool_calls"), b.a.call)
	}
	return b.arguments(v)
}

// conversation writes messages.
func (b *builder) conversation(list []rawjson.Value) bool {
	b.Raw(`[`)
	for _, m := range list {
		t := b.a.message[role(m)]
		switch {
		case b.a.plain:
			b.Comma()
			b.Put(m.Raw())
		case t == nil:
			b.fail("messages", "this provider's requests have no place for messages of this role")
		default:
			b.element(t, m)
		}
	}
	b.Raw(`]`)
	return true
}

// text writes messages as one: as they are, or by the templates of a prompt.
func (b *builder) text(list []rawjson.Value, by *[countRoles]*node) bool {
	b.Raw(`"`)
	for i, m := range list {
		mark := len(b.Dst)
		if by != nil {
			b.render(by[min(role(m), byAssistant)], m)
		} else {
			b.content(m)
		}
		b.unquote(mark)
		if by == nil && i < len(list)-1 {
			b.Raw(`\n\n`)
		}
	}
	if by != nil {
		mark := len(b.Dst)
		b.render(by[byTool], rawjson.Value{})
		b.unquote(mark)
	}
	b.Raw(`"`)
	return len(list) > 0
}

// content writes the texts of a message, each in a line of its own.
func (b *builder) content(m rawjson.Value) bool {
	c := m.Get("content")
	b.Raw(`"`)
	b.Put(inner(c))
	from := len(b.Dst)
	for p := c.Items(); p.Next(); {
		if len(b.Dst) > from {
			b.Raw(`\n`)
		}
		b.Put(inner(p.Value.Get("text")))
	}
	b.Put(inner(m.Get("refusal")))
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
