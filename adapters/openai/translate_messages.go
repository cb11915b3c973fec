package openai

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// An attached is an image or a file that a tool has answered with. Tool messages take
// only text, so it follows them in a message of the user's.
type attached struct {
	call chat.Text
	part *chat.Part
}

// messages writes the conversation. Results of tools have to follow their calls at
// once, so whatever else a turn holds comes after all of them.
func (b *builder) messages() {
	b.key("messages")
	b.raw(`[`)
	if b.r.Format.Kind == chat.FormatJSON && b.r.Dialect != dialectName { // which this API only takes if a message has the word
		b.open("system", &chat.Message{})
		b.raw(`"Answer in JSON."`)
		b.close(0)
	}
	for i := range b.r.Messages {
		m := &b.r.Messages[i]
		if len(m.Parts) == 0 {
			continue // it says nothing
		}
		switch m.Role {
		case chat.System:
			b.attach()
			b.open("system", m)
			b.content(m.Parts, false)
			b.close(0)
		case chat.Assistant:
			b.attach()
			b.assistant(m)
		default:
			b.userTurn(m)
		}
		if b.err != nil {
			return
		}
	}
	b.attach()
	b.raw(`]`)
	if n := len(b.r.Messages); n > 0 && b.r.Messages[n-1].Role == chat.Assistant && b.r.Dialect != dialectName {
		// The model sees the message, but answers with a message of its own instead of
		// going on with this one.
		b.r.Drop(rawjson.JoinPath(b.r.Messages[n-1].At.Path(), "prefill"))
	}
}

func (b *builder) open(role string, m *chat.Message) {
	b.separate()
	start := len(b.dst)
	b.raw(`{"role":"`)
	b.raw(role)
	b.raw(`"`)
	if len(m.Name) > 0 && b.a.listed(nameOfMessages) {
		b.r.Drop(nameOfMessages)
	} else {
		b.text(`,"name":`, m.Name)
	}
	b.raw(`,"content":`)
	b.markMessage(role, start)
}

// markMessage notes that the content of a message begins here.
//
//go:noinline
func (b *builder) markMessage(role string, start int) {
	if b.marks != nil {
		b.marks.Messages = append(b.marks.Messages, chat.Mark{Name: role, Start: start, Content: len(b.dst)})
	}
}

// close ends a message. What follows its content began at rest, or 0.
//
//go:noinline
func (b *builder) close(rest int) {
	if b.marks != nil {
		m := &b.marks.Messages[len(b.marks.Messages)-1]
		m.Rest, m.End = len(b.dst), len(b.dst)+1
		if rest > 0 {
			m.Rest = rest
		}
	}
	b.raw(`}`)
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
	b.open("user", m)
	b.content(m.Parts, true)
	b.close(0)
}

// attach writes the attachments that no turn of the user's has taken in.
func (b *builder) attach() {
	if len(b.media) > 0 {
		b.open("user", &chat.Message{})
		b.content(nil, true)
		b.close(0)
	}
}

// content writes a message's parts: as a string where one text is all there is, else as
// an array. Attachments come first.
func (b *builder) content(parts []chat.Part, media bool) {
	if one := b.onlyText(parts); one != nil && (!media || len(b.media) == 0) {
		b.unhint(one.CacheControl)
		b.str(one.Text)
		return
	}
	start := len(b.dst)
	b.raw(`[`)
	if media {
		for _, a := range b.media {
			b.separate()
			b.raw(`{"type":"text","text":"Result of tool call `)
			b.dst = append(b.dst, a.call...)
			b.raw(`:"}`)
			b.part(a.part)
		}
		b.media = b.media[:0]
	}
	for i := range parts {
		b.part(&parts[i])
	}
	if b.dst[len(b.dst)-1] == '[' {
		b.dst = append(b.dst[:start], `""`...)
		return
	}
	b.raw(`]`)
}

// onlyText is the one part that can be written as a string, if there is no other but
// results, which are written already.
func (b *builder) onlyText(parts []chat.Part) *chat.Part {
	var one *chat.Part
	for i := range parts {
		p := &parts[i]
		switch p.Kind {
		case chat.ToolResultPart:
			continue
		case chat.TextPart, chat.RefusalPart:
		default:
			return nil
		}
		if one != nil || p.CacheControl != nil && b.m.is(breakpoints) { // a breakpoint needs the array
			return nil
		}
		one = p
	}
	return one
}

// assistant writes an earlier answer: its text, then its calls. Thinking stays out where
// the service does not take it back, as OpenAI does not.
func (b *builder) assistant(m *chat.Message) {
	var texts, calls, refusals, thoughts int
	for i := range m.Parts {
		switch p := &m.Parts[i]; p.Kind {
		case chat.ToolCallPart:
			calls++
		case chat.RefusalPart:
			refusals++
		case chat.TextPart:
			if len(p.Text) > 0 {
				texts++
			}
		case chat.ThinkingPart, chat.RedactedPart:
			if b.a.p.Thoughts != "" && p.Kind == chat.ThinkingPart {
				thoughts++
				continue
			}
			b.r.Drop(b.ours("messages[].reasoning_details", "messages[].content[].thinking"))
		default:
			b.r.DropAt(p.At.Path)
		}
	}
	b.open("assistant", m)
	switch {
	case texts > 0:
		b.texts(m.Parts, texts)
	case calls+refusals > 0 && !b.a.listed(noNull):
		b.raw(`null`)
	default:
		b.raw(`""`)
	}
	rest := len(b.dst)
	if refusals > 0 {
		b.raw(`,"refusal":"`)
		for i := range m.Parts {
			if m.Parts[i].Kind == chat.RefusalPart {
				b.dst = append(b.dst, m.Parts[i].Text...)
			}
		}
		b.raw(`"`)
	}
	if thoughts > 0 {
		b.thoughts(m.Parts)
	}
	if calls > 0 {
		b.calls(m.Parts)
	}
	b.close(rest)
}

// thoughts gives a service its own thinking back.
func (b *builder) thoughts(parts []chat.Part) {
	b.raw(`,"`)
	b.raw(b.a.p.Thoughts)
	b.raw(`":"`)
	for i := range parts {
		if parts[i].Kind == chat.ThinkingPart {
			b.dst = append(b.dst, parts[i].Text...)
		}
	}
	b.raw(`"`)
}

// texts writes the n texts of an answer.
func (b *builder) texts(parts []chat.Part, n int) {
	if n > 1 {
		b.raw(`[`)
	}
	for i := range parts {
		p := &parts[i]
		if p.Kind != chat.TextPart || len(p.Text) == 0 {
			continue
		}
		if n > 1 || p.CacheControl != nil && b.m.is(breakpoints) {
			if n == 1 {
				b.raw(`[`)
			}
			b.part(p)
			if n == 1 {
				b.raw(`]`)
			}
			continue
		}
		b.unhint(p.CacheControl)
		b.uncite(p)
		b.str(p.Text)
	}
	if n > 1 {
		b.raw(`]`)
	}
}

func (b *builder) calls(parts []chat.Part) {
	b.raw(`,"tool_calls":[`)
	for i := range parts {
		p := &parts[i]
		if p.Kind != chat.ToolCallPart {
			continue
		}
		b.separate()
		b.raw(`{"id":`)
		b.str(p.ID)
		b.raw(`,"type":"function","function":{"name":`)
		b.str(p.Name)
		b.raw(`,"arguments":`)
		switch {
		case len(p.Input) > 0:
			b.dst = rawjson.AppendString(b.dst, p.Input)
		case len(p.Arguments) > 0:
			b.str(p.Arguments)
		default:
			b.raw(`"{}"`)
		}
		b.raw(`}}`)
		b.unhint(p.CacheControl)
	}
	b.raw(`]`)
}

// result writes a tool's answer. There is no field that says that a call has failed, so
// the text says it.
func (b *builder) result(p *chat.Part) {
	texts := 0
	files := len(b.media)
	for i := range p.Result {
		switch part := &p.Result[i]; part.Kind {
		case chat.TextPart:
			texts++
		case chat.ImagePart, chat.DocumentPart, chat.AudioPart, chat.VideoPart:
			b.media = append(b.media, attached{p.ID, part})
		default:
			b.r.DropAt(part.At.Path)
		}
		b.unhint(p.Result[i].CacheControl)
	}
	b.unhint(p.CacheControl)
	b.separate()
	start := len(b.dst)
	b.raw(`{"role":"tool","tool_call_id":`)
	b.str(p.ID)
	b.raw(`,"content":`)
	b.markMessage("tool", start)
	mark := ""
	if p.IsError {
		mark = "Error: "
	}
	switch {
	case texts > 1:
		b.raw(`[`)
	case texts == 0:
		if len(b.media) > files {
			mark += "(see the user's next message)"
		}
		b.raw(`"`)
		b.raw(mark)
		b.raw(`"`)
	}
	for i := range p.Result {
		part := &p.Result[i]
		if part.Kind != chat.TextPart {
			continue
		}
		if texts > 1 {
			b.separate()
			b.raw(`{"type":"text","text":`)
		}
		b.raw(`"`)
		b.raw(mark)
		mark = ""
		b.dst = append(b.dst, part.Text...)
		b.raw(`"`)
		if texts > 1 {
			b.raw(`}`)
		}
	}
	if texts > 1 {
		b.raw(`]`)
	}
	b.close(0)
}
