package anthropicmessages

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// system reads the system prompt as the first message.
func (d *reader) system(v rawjson.Value) {
	if !v.Exists() || v.IsNull() {
		return
	}
	d.r.Begin(chat.System).At = v
	d.content(v, chat.System)
}

func (d *reader) messages(v rawjson.Value) {
	if !d.is(v, rawjson.Array, "an array of messages") {
		return
	}
	if v.Len() == 0 {
		d.failAt(v.Path(), "at least one message is required")
	}
	for it := v.Items(); it.Next(); {
		m := it.Value
		if !d.is(m, rawjson.Object, "a message, an object") {
			return
		}
		var role chat.Role
		switch name := m.Get("role"); {
		case name.Is("user"):
			role = chat.User
		case name.Is("assistant"):
			role = chat.Assistant
		case name.Is("system"):
			role = chat.System
		default:
			d.fail(m, "role", "want user, assistant or system")
			return
		}
		d.r.Begin(role).At = m
		content := m.Get("content")
		if !content.Exists() {
			d.fail(m, "content", "field required: a string or an array of blocks")
			return
		}
		d.content(content, role)
	}
}

// content reads a string or a list of blocks into the message begun last.
func (d *reader) content(v rawjson.Value, role chat.Role) {
	switch v.Kind() {
	case rawjson.String:
		d.r.Add(chat.Part{Text: d.text(v), At: v})
	case rawjson.Array:
		for it := v.Items(); it.Next(); {
			b := it.Value
			if !d.is(b, rawjson.Object, "a block, an object") {
				return
			}
			d.block(b, role)
		}
	default:
		d.wrong(v, "a string or an array of blocks")
	}
}

// block reads one block of a message.
func (d *reader) block(b rawjson.Value, role chat.Role) {
	switch kind := b.Get("type"); {
	case kind.Is("tool_result"):
		d.toolResult(b)
	case kind.Is("mid_conv_system"): // instructions that stand within a message
		d.r.Begin(chat.System).At = b
		content := b.Get("content")
		if !content.Exists() {
			d.fail(b, "content", "field required: a string or an array of blocks")
			return
		}
		d.content(content, chat.System)
		d.r.Begin(role).At = b
	case kind.Is("search_result"):
		d.r.Add(d.searchResult(b))
	default:
		d.r.Add(d.part(b))
	}
}

// part reads a block that holds no others.
func (d *reader) part(b rawjson.Value) chat.Part {
	p := chat.Part{At: b}
	switch kind := b.Get("type"); {
	case kind.Is("text"):
		p.Text = d.need(b, "text")
		if c := b.Get("citations"); c.Len() > 0 {
			p.Citations = c.Raw()
		}
	case kind.Is("tool_use"):
		p.Kind = chat.ToolCallPart
		p.ID, p.Name = d.need(b, "id"), d.need(b, "name")
		if input := b.Get("input"); input.Kind() == rawjson.Object {
			p.Input = input.Raw()
		} else {
			d.fail(b, "input", "want an object, got "+input.Kind().String())
		}
	case kind.Is("thinking"):
		p.Kind = chat.ThinkingPart
		p.Text = d.need(b, "thinking")
		if s := b.Get("signature"); !s.Is(unsigned) {
			p.Signature = stringOrNil(s)
		}
	case kind.Is("redacted_thinking"):
		p.Kind = chat.RedactedPart
		p.Text = d.need(b, "data")
	case kind.Is("image"):
		p.Kind = chat.ImagePart
		d.source(b, &p)
	case kind.Is("document"):
		p.Kind = chat.DocumentPart
		d.document(b, &p)
	case kind.Kind() == rawjson.String:
		p.Kind = chat.ServerPart
		p.Raw = b.Raw()
		return p
	default:
		d.fail(b, "type", "want a string, got "+kind.Kind().String())
	}
	if c := b.Get("cache_control"); c.Kind() == rawjson.Object {
		p.CacheControl = c.Raw()
	}
	return p
}

// need is a string that a block must have.
//
//go:noinline
func (d *reader) need(b rawjson.Value, key string) chat.Text {
	v := b.Get(key)
	if v.Kind() != rawjson.String {
		d.fail(b, key, "want a string, got "+v.Kind().String())
	}
	return stringOrNil(v)
}

func (d *reader) document(b rawjson.Value, p *chat.Part) {
	p.Title, p.Context = stringOrNil(b.Get("title")), stringOrNil(b.Get("context"))
	if cites, _ := b.Find("citations", "enabled").Bool(); cites {
		p.Citations = chat.Raw("true")
	}
	if s := b.Get("source"); s.Get("type").Is("content") {
		p.Media = chat.Media{Type: chat.Text("text/plain"), Plain: true, Data: d.joined(s.Get("content"))}
		return
	}
	d.source(b, p)
}

// source reads where an image or a document is.
func (d *reader) source(b rawjson.Value, p *chat.Part) {
	s := b.Get("source")
	if s.Kind() != rawjson.Object {
		d.fail(b, "source", "want an object, got "+s.Kind().String())
		return
	}
	switch kind := s.Get("type"); {
	case kind.Is("base64"):
		p.Media.Type, p.Media.Data = d.need(s, "media_type"), d.need(s, "data")
	case kind.Is("url"):
		p.Media.URL = d.need(s, "url")
	case kind.Is("file"):
		p.Media.FileID = d.need(s, "file_id")
	case kind.Is("text") && p.Kind == chat.DocumentPart:
		p.Media.Type, p.Media.Data, p.Media.Plain = chat.Text("text/plain"), d.need(s, "data"), true
	default:
		d.fail(s, "type", "want base64, url or file, and for documents also text or content")
	}
}

// joined is the text of a string or of the texts in a list, a line each. Other blocks
// in it are reported.
func (d *reader) joined(v rawjson.Value) chat.Text {
	if v.Kind() == rawjson.String {
		return stringOrNil(v)
	}
	var out chat.Text
	for it := v.Items(); it.Next(); {
		b := it.Value
		t := stringOrNil(b.Get("text"))
		if t == nil {
			d.r.DropAt(b.Path)
			continue
		}
		if out != nil {
			out = rawjson.Add(out, `\n`)
		}
		out = rawjson.AddRaw(out, t)
	}
	if out == nil {
		out = chat.Text{}
	}
	return out
}

// searchResult reads a result of the client's own search: it is a document with its
// text, and where it was found as its context.
func (d *reader) searchResult(b rawjson.Value) chat.Part {
	p := chat.Part{Kind: chat.DocumentPart, At: b, Title: d.need(b, "title"), Context: d.need(b, "source")}
	p.Media = chat.Media{Type: chat.Text("text/plain"), Plain: true, Data: d.joined(b.Get("content"))}
	if cites, _ := b.Find("citations", "enabled").Bool(); cites {
		p.Citations = chat.Raw("true")
	}
	if c := b.Get("cache_control"); c.Kind() == rawjson.Object {
		p.CacheControl = c.Raw()
	}
	return p
}

func (d *reader) toolResult(b rawjson.Value) {
	p := chat.Part{Kind: chat.ToolResultPart, At: b, ID: d.need(b, "tool_use_id")}
	if e := b.Get("is_error"); e.Exists() && !e.IsNull() {
		p.IsError = d.bool(e)
	}
	if c := b.Get("cache_control"); c.Kind() == rawjson.Object {
		p.CacheControl = c.Raw()
	}
	d.r.Add(p)
	switch v := b.Get("content"); v.Kind() {
	case rawjson.Absent, rawjson.Null:
	case rawjson.String:
		d.r.AddResult(chat.Part{Text: d.text(v), At: v})
	case rawjson.Array:
		for it := v.Items(); it.Next(); {
			inner := it.Value
			switch kind := inner.Get("type"); {
			case kind.Is("search_result"):
				d.r.AddResult(d.searchResult(inner))
			case kind.Is("text"), kind.Is("image"), kind.Is("document"):
				d.r.AddResult(d.part(inner))
			default:
				d.fail(inner, "type", "want text, image, document or search_result in a tool's result")
			}
		}
	default:
		d.wrong(v, "a string or an array of blocks")
	}
}
