package cohere

import (
	"bytes"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// An attached is an image of a result. It goes into a message of the user's behind the
// results, as these hold only text.
type attached struct {
	call chat.Text
	part *chat.Part
}

func (b *builder) messages() {
	b.Key("messages")
	b.Raw(`[`)
	list := b.R.Messages
	for i := range list {
		m := &list[i]
		if len(m.Name) > 0 {
			b.R.Drop(m.At.Path() + ".name")
		}
		results := 0
		for k := range m.Parts {
			if p := &m.Parts[k]; p.Kind == chat.ToolResultPart {
				b.result(p)
				results++
			}
		}
		if results > 0 && results == len(m.Parts) {
			continue
		}
		b.attach()
		switch m.Role {
		case chat.Assistant:
			b.assistant(m)
		case chat.System:
			b.begin("system")
			b.content(m.Parts, false)
			b.Raw(`}`)
		default:
			b.begin("user")
			b.content(m.Parts, true)
			b.Raw(`}`)
		}
	}
	b.attach()
	if b.asked {
		b.begin("system")
		b.Const("content", `"`+answerAsk+`"}`)
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

// content writes the parts of a message: as a string if there is one text.
func (b *builder) content(parts []chat.Part, media bool) {
	b.Key("content")
	b.Raw(`[`)
	from, texts := len(b.Dst), 0
	var only chat.Text
	for i := range parts {
		p := &parts[i]
		b.unhint(p)
		switch {
		case p.Kind == chat.ToolResultPart, p.Kind == chat.DocumentPart && b.isCited(p) && media:
		case p.Kind == chat.TextPart || p.Kind == chat.RefusalPart:
			if len(p.Text) > 0 {
				texts++
				only = p.Text
				b.text(p.Text)
			}
		case !media:
			b.Fail(p.At.Path(), "cannot stand in a message of this role")
		case p.Kind == chat.ImagePart:
			texts = 2
			b.image(p)
		case p.Kind == chat.DocumentPart && p.Media.Plain:
			texts = 2
			for _, t := range [...]chat.Text{p.Title, p.Context, p.Media.Data} {
				if len(t) > 0 {
					b.text(t)
				}
			}
		default:
			b.Fail(p.At.Path(), "Cohere takes texts, images and documents of text")
		}
	}
	if texts < 2 {
		b.Dst = b.Dst[:from-1]
		b.Str(only)
		return
	}
	b.Raw(`]`)
}

func (b *builder) text(t chat.Text) {
	b.Comma()
	b.Raw(`{"type":"text"`)
	b.Text("text", t)
	b.Raw(`}`)
}

func (b *builder) image(p *chat.Part) {
	m := &p.Media
	if len(m.FileID) > 0 {
		b.Fail(p.At.Path(), "a file's id means nothing to another provider; send its data or a URL")
	}
	b.Comma()
	b.Raw(`{"type":"image_url","image_url":{"url":"`)
	if len(m.URL) > 0 {
		b.Put(m.URL)
	} else {
		b.Raw(`data:`)
		b.Put(m.Type)
		b.Raw(`;base64,`)
		b.Put(m.Data)
	}
	b.Raw(`"`)
	if len(p.Detail) > 0 {
		b.Text("detail", p.Detail)
	}
	b.Raw(`}}`)
}

// unhint reports what there is no place for. Each is one drop, for a client that sends
// them does so everywhere.
//
//go:noinline
func (b *builder) unhint(p *chat.Part) {
	if len(p.CacheControl) > 0 {
		b.R.Drop("cache_control")
	}
	if len(p.Citations) > 0 && !b.isCited(p) {
		b.R.Drop("messages[].content[].citations")
	}
}

// assistant writes a turn of the model's. A text beside calls is their plan.
func (b *builder) assistant(m *chat.Message) {
	b.begin("assistant")
	var has [chat.ServerPart + 1]bool
	for i := range m.Parts {
		p := &m.Parts[i]
		b.unhint(p)
		has[p.Kind] = true
		switch p.Kind {
		case chat.TextPart, chat.RefusalPart, chat.ThinkingPart, chat.ToolCallPart:
		case chat.RedactedPart, chat.ServerPart:
			b.R.Drop(p.At.Path())
		default:
			b.Fail(p.At.Path(), "cannot stand in a message of this role")
		}
	}
	called := has[chat.ToolCallPart]
	if has[chat.ThinkingPart] || !called {
		b.turn(m.Parts, called)
	}
	if called {
		b.plan(m.Parts)
		b.calls(m.Parts)
	}
	b.Raw(`}`)
}

// turn writes the content of a turn: its thoughts, and its texts unless they are a plan.
func (b *builder) turn(parts []chat.Part, called bool) {
	b.Key("content")
	b.Raw(`[`)
	for i := range parts {
		p := &parts[i]
		switch {
		case len(p.Text) == 0:
		case p.Kind == chat.ThinkingPart:
			b.Comma()
			b.Raw(`{"type":"thinking"`)
			b.Text("thinking", p.Text)
			b.Raw(`}`)
		case (p.Kind == chat.TextPart || p.Kind == chat.RefusalPart) && !called:
			b.text(p.Text)
		}
	}
	b.Raw(`]`)
}

func (b *builder) plan(parts []chat.Part) {
	n := 0
	for i := range parts {
		p := &parts[i]
		if p.Kind != chat.TextPart && p.Kind != chat.RefusalPart || len(p.Text) == 0 {
			continue
		}
		if n++; n == 1 {
			b.Key("tool_plan")
			b.Raw(`"`)
		} else {
			b.Raw(`\n`)
		}
		b.Put(p.Text)
	}
	if n > 0 {
		b.Raw(`"`)
	}
}

func (b *builder) calls(parts []chat.Part) {
	b.Key("tool_calls")
	b.Raw(`[`)
	for i := range parts {
		p := &parts[i]
		if p.Kind != chat.ToolCallPart {
			continue
		}
		b.Comma()
		b.Raw(`{`)
		b.Text("id", p.ID)
		b.Raw(`,"type":"function","function":{`)
		b.Text("name", p.Name)
		b.Key("arguments")
		switch {
		case p.Input != nil:
			b.Dst = rawjson.AppendString(b.Dst, []byte(p.Input))
		case len(bytes.TrimSpace(p.Arguments)) > 0:
			b.Str(p.Arguments)
		default:
			b.Raw(`"{}"`)
		}
		b.Raw(`}}`)
	}
	b.Raw(`]`)
}

// result writes a tool's answer. There is no field that says that a call has failed, so
// the text says it.
func (b *builder) result(p *chat.Part) {
	b.unhint(p)
	b.begin("tool")
	b.Text("tool_call_id", p.ID)
	b.Key("content")
	b.Raw(`"`)
	if p.IsError {
		b.Raw("Error: ")
	}
	n := 0
	for i := range p.Result {
		part := &p.Result[i]
		b.unhint(part)
		switch {
		case part.Kind == chat.TextPart:
			if n++; n > 1 {
				b.Raw(`\n`)
			}
			b.Put(part.Text)
		case part.Kind == chat.ImagePart:
			b.media = append(b.media, attached{p.ID, part})
		case part.Kind == chat.DocumentPart && part.Media.Plain:
			if n++; n > 1 {
				b.Raw(`\n`)
			}
			b.Put(part.Media.Data)
		default:
			b.Fail(part.At.Path(), "results are texts and images here")
		}
	}
	if n == 0 && len(p.Result) > 0 {
		b.Raw("(see the user's next message)")
	}
	b.Raw(`"}`)
}

// attach writes the images of the results before.
func (b *builder) attach() {
	if len(b.media) == 0 {
		return
	}
	b.begin("user")
	b.Key("content")
	b.Raw(`[`)
	for _, a := range b.media {
		b.Comma()
		b.Raw(`{"type":"text","text":"Result of the call `)
		b.Put(a.call)
		b.Raw(`:"}`)
		b.image(a.part)
	}
	b.Raw(`]}`)
	b.media = b.media[:0]
}

// isCited reports whether a part is a document of the request's.
func (b *builder) isCited(p *chat.Part) bool {
	return b.cited && p.Kind == chat.DocumentPart && p.Media.Plain && string(p.Citations) == "true"
}

// documents writes those that are to be cited, and reports whether there are any. Their
// ids are their places, by which citations find them.
func (b *builder) documents() bool {
	n := int64(0)
	for i := range b.R.Messages {
		m := &b.R.Messages[i]
		for k := range m.Parts {
			p := &m.Parts[k]
			if !b.isCited(p) || m.Role == chat.System || m.Role == chat.Assistant {
				continue
			}
			if n == 0 {
				b.Key("documents")
				b.Raw(`[`)
			}
			b.Comma()
			b.Raw(`{"id":"`)
			b.Dst = rawjson.AppendInt(b.Dst, n)
			n++
			b.Raw(`","data":{`)
			if len(p.Title) > 0 {
				b.Text("title", p.Title)
			}
			if len(p.Context) > 0 {
				b.Text("context", p.Context)
			}
			b.Text("text", p.Media.Data)
			b.Raw(`}}`)
		}
	}
	if n > 0 {
		b.Raw(`]`)
	}
	return n > 0
}
