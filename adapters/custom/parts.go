package custom

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// writePart writes the value of a name of a message, a part of one, or a tool.
func (b *builder) writePart(n name) bool {
	switch n {
	case nRole:
		b.Raw(b.a.talk.roles[b.message.Role])
		return true
	case nContent:
		return b.content()
	case nCalls:
		return b.calls()
	case nName:
		return b.raw(b.named())
	case nID:
		return b.raw(b.part.ID)
	case nArguments:
		return b.arguments()
	case nArgumentsText:
		return b.argumentsText()
	case nIsError:
		return b.part.IsError && b.yes(true)
	case nText:
		return b.textOf(b.part, len(b.Dst))
	case nDescription:
		return b.raw(b.tool.Description)
	case nParameters:
		if len(b.tool.Parameters) == 0 || string(b.tool.Parameters) == "null" {
			b.Raw(`{"type":"object","properties":{}}`)
			return true
		}
		return b.raw(b.tool.Parameters)
	}
	return b.image(n)
}

// named is the name of a tool, of a call, of the call that a result answers, or of a
// message's speaker.
func (b *builder) named() chat.Text {
	switch {
	case b.tool != nil:
		return b.tool.Name
	case b.part == nil:
		return b.message.Name
	case b.part.Kind != chat.ToolResultPart || len(b.part.Name) > 0:
		return b.part.Name
	}
	for i := b.before - 1; i >= 0; i-- {
		for k := range b.r.Messages[i].Parts {
			if p := &b.r.Messages[i].Parts[k]; p.Kind == chat.ToolCallPart && p.ID.Same(b.part.ID) {
				return p.Name
			}
		}
	}
	return nil
}

func (b *builder) holds(kind chat.PartKind) bool {
	for i := range b.parts {
		if b.parts[i].Kind == kind {
			return true
		}
	}
	return false
}

// mixed reports whether a content has to be a list of parts, for it is not of texts alone.
func (b *builder) mixed() bool {
	c := &b.a.talk
	return c.image != nil && b.holds(chat.ImagePart) ||
		c.result != nil && b.holds(chat.ToolResultPart) ||
		c.call != nil && !c.apart && b.holds(chat.ToolCallPart)
}

// content writes a content: the inside of a string if it is of texts alone, else a list.
func (b *builder) content() bool {
	list := b.mixed()
	if list {
		b.Raw(`[`)
	}
	from, texts := len(b.Dst), 0
	if b.result && b.part.IsError && !b.a.talk.marks {
		b.contentMark(list)
		texts++
	}
	for i := range b.parts {
		p := &b.parts[i]
		b.unhint(p)
		switch p.Kind {
		case chat.TextPart, chat.RefusalPart, chat.DocumentPart:
			if p.Kind == chat.DocumentPart && !p.Media.Plain {
				b.fail(p.At.Path(), "this provider takes no documents but plain texts")
				return false
			}
			texts++
			if list {
				b.partBy(b.a.talk.text, p)
			} else {
				b.textOf(p, from)
			}
		case chat.ImagePart:
			b.partBy(b.a.talk.image, p)
		case chat.ToolCallPart:
			if !b.a.talk.apart {
				b.partBy(b.a.talk.call, p)
			}
		case chat.ToolResultPart:
			if b.a.talk.result != nil {
				b.resultBy(b.a.talk.result, p)
			}
		case chat.ThinkingPart, chat.RedactedPart:
			b.r.Drop(b.ours("messages[].reasoning_details", "messages[].content[].thinking"))
		case chat.ServerPart:
			b.r.DropAt(p.At.Path)
		default:
			b.fail(p.At.Path(), "this provider takes no parts of this kind")
		}
	}
	if list {
		b.Raw(`]`)
		return true
	}
	return texts > 0 || !b.holds(chat.ToolCallPart)
}

// contentMark says in words that a call has failed, where no name says it.
func (b *builder) contentMark(list bool) {
	const mark = "Error:"
	if !list {
		b.Raw(mark)
		return
	}
	b.partBy(b.a.talk.text, &chat.Part{Text: chat.Text(mark)})
}

// partBy writes a part of a content by its template.
func (b *builder) partBy(t *node, p *chat.Part) {
	if t == nil {
		b.fail(p.At.Path(), "this provider has no place for parts of this kind")
		return
	}
	old, result := b.part, b.result
	b.part, b.result = p, false
	b.element(t)
	b.part, b.result = old, result
}

// textOf writes a text below those since from, and a document of plain text with what is
// known about it in front.
func (b *builder) textOf(p *chat.Part, from int) bool {
	for _, t := range [...]chat.Text{p.Title, p.Context, p.Media.Data, p.Text} {
		if len(t) == 0 {
			continue
		}
		if len(b.Dst) > from {
			b.Raw(`\n`)
		}
		b.Put(t)
	}
	return true
}

// image writes the value of a name of an image's. Nothing is fetched here.
func (b *builder) image(n name) bool {
	m := &b.part.Media
	switch {
	case len(m.FileID) > 0:
		b.fail(b.part.At.Path(), "the file is kept by another provider; send the image itself")
		return false
	case n == nURL && len(m.Data) == 0:
		return b.raw(m.URL)
	case len(m.Data) == 0:
		b.fail(b.part.At.Path(), "this provider fetches no images; send the image itself")
		return false
	case n == nData:
		return b.raw(m.Data)
	}
	if n == nURL {
		b.Raw(`data:`)
	}
	if len(m.Type) > 0 {
		b.Put(m.Type)
	} else {
		b.Raw(`image/png`)
	}
	if n == nURL {
		b.Raw(`;base64,`)
		b.Put(m.Data)
	}
	return true
}

// calls writes the calls of a message; false if it has none.
func (b *builder) calls() bool {
	if !b.holds(chat.ToolCallPart) {
		return false
	}
	b.Raw(`[`)
	for i := range b.parts {
		if p := &b.parts[i]; p.Kind == chat.ToolCallPart {
			b.partBy(b.a.talk.call, p)
		}
	}
	b.Raw(`]`)
	return true
}

func (b *builder) arguments() bool {
	var err error
	if b.Dst, err = b.part.AppendInput(b.Dst, &b.doc); err != nil {
		b.fail(b.part.At.Path(), err.Error())
	}
	return err == nil
}

func (b *builder) argumentsText() bool {
	switch p := b.part; {
	case len(p.Input) > 0:
		b.Dst = rawjson.AppendEscaped(b.Dst, p.Input)
	case len(p.Arguments) > 0:
		b.Put(p.Arguments)
	default:
		b.Raw(`{}`)
	}
	return true
}

// tools writes the tools, unless none may be called and there is no other way to say so.
func (b *builder) tools() bool {
	r := b.r
	if len(r.Tools) == 0 || r.Choice.Kind == chat.ChoiceNone && !b.a.used.has(nChoice) {
		return false
	}
	b.Raw(`[`)
	for i := range r.Tools {
		t := &r.Tools[i]
		b.tool = t
		b.element(b.a.talk.tool)
		b.dropIf(len(t.CacheControl) > 0, "cache_control")
		if t.Strict {
			r.DropAt(func() string { return t.At.Path() + b.ours(".function.strict", ".strict") })
		}
	}
	b.tool = nil
	b.Raw(`]`)
	return true
}

// choice writes which tools have to be called.
func (b *builder) choice() bool {
	k := b.r.Choice.Kind
	if k == chat.ChoiceUnset || len(b.r.Tools) == 0 {
		return false
	}
	anthropic := b.a.talk.choice == likeAnthropic
	switch {
	case k == chat.ChoiceTool && anthropic:
		b.Raw(`{"type":"tool","name":`)
		b.Str(b.r.Choice.Name)
		b.Raw(`}`)
	case k == chat.ChoiceTool:
		b.Raw(`{"type":"function","function":{"name":`)
		b.Str(b.r.Choice.Name)
		b.Raw(`}}`)
	case anthropic:
		b.Raw([...]string{chat.ChoiceAuto: `{"type":"auto"}`, chat.ChoiceNone: `{"type":"none"}`, chat.ChoiceRequired: `{"type":"any"}`}[k])
	default:
		b.Raw([...]string{chat.ChoiceAuto: `"auto"`, chat.ChoiceNone: `"none"`, chat.ChoiceRequired: `"required"`}[k])
	}
	return true
}
