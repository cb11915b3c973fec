package ollama

import (
	"strings"

	"github.com/postern-gateway/postern/adapters/chat"
)

func (b *builder) messages() {
	b.Key("messages")
	b.Raw(`[`)
	list := b.R.Messages
	for i := range list {
		m := &list[i]
		if len(m.Name) > 0 {
			b.R.Drop(m.At.Path() + ".name")
		}
		if m.Role == chat.Assistant {
			b.assistant(m)
			continue
		}
		results := 0
		for k := range m.Parts {
			if p := &m.Parts[k]; p.Kind == chat.ToolResultPart {
				b.result(list[:i], p)
				results++
			}
		}
		if results == 0 || results < len(m.Parts) {
			b.message(m)
		}
	}
	b.Raw(`]`)
}

//go:noinline
func (b *builder) begin(role string) {
	b.Comma()
	b.Raw(`{"role":"`)
	b.Raw(role)
	b.Raw(`"`)
}

// message writes what the user or the system says, but for results.
func (b *builder) message(m *chat.Message) {
	if m.Role == chat.System {
		b.begin("system")
	} else {
		b.begin("user")
	}
	b.content(m.Parts, "", m.Role == chat.System)
	b.Raw(`}`)
}

// content writes the texts of parts as one, behind a mark, and their images.
func (b *builder) content(parts []chat.Part, mark string, textOnly bool) {
	b.Key("content")
	b.Raw(`"`)
	b.Raw(mark)
	from, images := len(b.Dst), 0
	for i := range parts {
		p := &parts[i]
		b.unhint(p)
		switch {
		case p.Kind == chat.TextPart || p.Kind == chat.RefusalPart:
			b.line(from, p.Text)
		case p.Kind == chat.ToolResultPart:
		case textOnly:
			b.Fail(p.At.Path(), "cannot stand in a message of this role")
		case p.Kind == chat.ImagePart:
			images++
			b.image(p)
		case p.Kind == chat.DocumentPart && p.Media.Plain:
			b.line(from, p.Title)
			b.line(from, p.Context)
			b.line(from, p.Media.Data)
		default:
			b.Fail(p.At.Path(), "Ollama takes texts and images")
		}
	}
	b.Raw(`"`)
	if images == 0 {
		return
	}
	b.Key("images")
	b.Raw(`[`)
	for i := range parts {
		if p := &parts[i]; p.Kind == chat.ImagePart {
			b.Comma()
			b.Str(p.Media.Data)
		}
	}
	b.Raw(`]`)
}

// line adds a text to those since from.
func (b *builder) line(from int, t chat.Text) {
	if len(t) > 0 && len(b.Dst) > from {
		b.Raw(`\n`)
	}
	b.Put(t)
}

// image checks that an image can be sent: the server fetches none.
func (b *builder) image(p *chat.Part) {
	if len(p.Media.Data) == 0 {
		b.Fail(p.At.Path(), "want an image as base64 data: Ollama fetches none")
	}
	if len(p.Detail) > 0 && string(p.Detail) != "auto" {
		b.R.Drop(strings.TrimSuffix(p.At.Path(), ".url") + ".detail") // the URL stands beside it
	}
}

// unhint reports what there is no place for. Each is one drop, for a client that sends
// them does so everywhere.
//
//go:noinline
func (b *builder) unhint(p *chat.Part) {
	if len(p.CacheControl) > 0 {
		b.R.Drop("cache_control")
	}
	if len(p.Citations) > 0 {
		b.R.Drop("messages[].content[].citations")
	}
}

// assistant writes a turn of the model's: what it said, thought and called. Signatures
// are of other makers' thoughts and mean nothing here.
func (b *builder) assistant(m *chat.Message) {
	b.begin("assistant")
	thoughts, calls := 0, 0
	b.Key("content")
	b.Raw(`"`)
	from := len(b.Dst)
	for i := range m.Parts {
		p := &m.Parts[i]
		b.unhint(p)
		switch p.Kind {
		case chat.TextPart, chat.RefusalPart:
			b.line(from, p.Text)
		case chat.ThinkingPart:
			thoughts++
		case chat.ToolCallPart:
			calls++
		case chat.RedactedPart, chat.ServerPart:
			b.R.Drop(p.At.Path())
		default:
			b.Fail(p.At.Path(), "cannot stand in a message of this role")
		}
	}
	b.Raw(`"`)
	if thoughts > 0 {
		b.Key("thinking")
		b.Raw(`"`)
		from = len(b.Dst)
		for i := range m.Parts {
			if p := &m.Parts[i]; p.Kind == chat.ThinkingPart {
				b.line(from, p.Text)
			}
		}
		b.Raw(`"`)
	}
	if calls > 0 {
		b.calls(m.Parts)
	}
	b.Raw(`}`)
}

func (b *builder) calls(parts []chat.Part) {
	b.Key("tool_calls")
	b.Raw(`[`)
	n := int64(0)
	for i := range parts {
		p := &parts[i]
		if p.Kind != chat.ToolCallPart {
			continue
		}
		b.Comma()
		b.Raw(`{`)
		b.Text("id", p.ID)
		b.Raw(`,"function":{`)
		b.Int("index", n)
		b.Text("name", p.Name)
		b.Key("arguments")
		n++
		var err error
		if b.Dst, err = p.AppendInput(b.Dst, &b.doc); err != nil {
			b.Fail(p.At.Path(), err.Error())
		}
		b.Raw(`}}`)
	}
	b.Raw(`]`)
}

// result writes a tool's answer. There is no field that says that a call has failed, so
// the text says it.
func (b *builder) result(before []chat.Message, p *chat.Part) {
	b.unhint(p)
	b.begin("tool")
	if name := called(before, p.ID); name != nil {
		b.Text("tool_name", name)
	}
	b.Text("tool_call_id", p.ID)
	mark := ""
	if p.IsError {
		mark = "Error: "
	}
	b.content(p.Result, mark, false)
	b.Raw(`}`)
}

// called is the function that a call in the turns before names; nil if there is none.
// Only the last turn with calls can be answered.
func called(before []chat.Message, id chat.Text) chat.Text {
	for i := len(before) - 1; i >= 0; i-- {
		found := false
		for k := range before[i].Parts {
			p := &before[i].Parts[k]
			if p.Kind != chat.ToolCallPart {
				continue
			}
			if found = true; p.ID.Same(id) {
				return p.Name
			}
		}
		if found {
			return nil
		}
	}
	return nil
}
