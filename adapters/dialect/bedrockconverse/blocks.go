package bedrockconverse

import (
	"bytes"
	"encoding/base64"
	"unicode/utf8"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// message reads a message. Results of tools are parts of the user's.
func (d *reader) message(m rawjson.Value) {
	role, speaks := d.Need(d.Object(m), "role"), chat.User
	switch {
	case role.Is("user"):
	case role.Is("assistant"):
		speaks = chat.Assistant
	case role.Is("system"):
		speaks = chat.System
	default:
		d.Wrong(role, "'user' or 'assistant'")
		return
	}
	d.R.Begin(speaks).At = m
	content := d.Need(m, "content")
	if d.Array(content).Len() == 0 {
		d.Fail("invalid_value", content.Path(), "want at least one block")
	}
	d.parts(content)
}

func (d *reader) parts(list rawjson.Value) { d.Items(list, d.part) }

// part reads a block, which is one member.
func (d *reader) part(b rawjson.Value) {
	if d.Object(b).Len() != 1 {
		d.Fail("invalid_value", b.Path(), "want one member that says what it is")
	}
	d.Each(b, d.block)
}

func (d *reader) block(k, v rawjson.Value) {
	kind := chat.TextPart
	switch string(k.Bytes()) {
	case "text":
		d.Say(kind, d.Text(v), v)
		return
	case "cachePoint":
		d.cache(v)
		return
	case "json":
		d.Say(kind, rawjson.AppendEscaped(chat.Text{}, v.Raw()), v)
		return
	case "searchResult":
		p := d.New(chat.DocumentPart, v)
		d.Fill(&p.Title, v, "title")
		d.Fill(&p.Context, v, "source")
		d.plain(p, d.joined(d.Need(v, "content")))
		d.cited(p, v)
		d.Put(p)
		return
	case "image":
		kind = chat.ImagePart
	case "document":
		kind = chat.DocumentPart
	case "video":
		kind = chat.VideoPart
	case "audio":
		kind = chat.AudioPart
	default:
		if d.InResult() {
			d.Unsupported(v, "cannot be in a tool's result")
			return
		}
		d.turn(k, v)
		return
	}
	d.file(kind, v)
}

// turn reads the blocks that are no content of a result's.
func (d *reader) turn(k, v rawjson.Value) {
	switch string(k.Bytes()) {
	case "guardContent": // a guardrail looks at it; there is none, but it is content
		if image := v.Get("image"); image.Exists() {
			d.file(chat.ImagePart, image)
			return
		}
		d.Say(chat.TextPart, d.Member(v.Get("text"), "text"), v)
	case "toolUse":
		p := d.New(chat.ToolCallPart, v)
		d.Fill(&p.ID, v, "toolUseId")
		d.Fill(&p.Name, v, "name")
		if t := v.Get("type"); t.Exists() && !t.IsNull() {
			d.Unsupported(t, "names a call that another provider has run")
		}
		d.FillObject(&p.Input, v.Get("input"))
		d.Add(p)
	case "toolResult":
		p := d.New(chat.ToolResultPart, v)
		d.Fill(&p.ID, v, "toolUseId")
		p.IsError = v.Get("status").Is("error")
		d.Add(p)
		d.Within(d.parts, d.Need(v, "content"))
	case "reasoningContent":
		if sealed := v.Get("redactedContent"); sealed.Exists() {
			d.Say(chat.RedactedPart, d.Text(sealed), v)
			return
		}
		p := d.New(chat.ThinkingPart, v)
		thought := v.Get("reasoningText")
		d.Fill(&p.Text, thought, "text")
		d.FillIf(&p.Signature, thought, "signature")
		d.Add(p)
	case "citationsContent":
		d.Say(chat.TextPart, d.joined(v.Get("content")), v)
		if c := v.Get("citations"); c.Len() > 0 {
			d.R.DropAt(c.Path)
		}
	default:
		d.Unsupported(v, "is not a block that is known here")
	}
}

// cache marks the part before a cache point, if there is one.
func (d *reader) cache(v rawjson.Value) {
	hint := d.hint(v)
	if d.Err != nil || len(d.R.Messages) == 0 {
		return
	}
	parts := d.R.Messages[len(d.R.Messages)-1].Parts
	if len(parts) == 0 {
		d.R.DropAt(v.Path)
		return
	}
	parts[len(parts)-1].CacheControl = hint
}

// types are media types that are not made of a format's name and what the file is.
var types = [...]struct {
	kind         chat.PartKind
	format, mime string
}{
	{chat.DocumentPart, "pdf", "application/pdf"}, {chat.DocumentPart, "csv", "text/csv"}, {chat.DocumentPart, "html", "text/html"},
	{chat.DocumentPart, "txt", "text/plain"}, {chat.DocumentPart, "md", "text/markdown"}, {chat.DocumentPart, "doc", "application/msword"},
	{chat.DocumentPart, "docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
	{chat.DocumentPart, "xls", "application/vnd.ms-excel"},
	{chat.DocumentPart, "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
	{chat.VideoPart, "mov", "video/quicktime"}, {chat.VideoPart, "mkv", "video/x-matroska"}, {chat.VideoPart, "flv", "video/x-flv"},
	{chat.VideoPart, "wmv", "video/x-ms-wmv"}, {chat.VideoPart, "three_gp", "video/3gpp"}, {chat.AudioPart, "mp3", "audio/mpeg"},
}

// prefixes begin the media types of other formats.
var prefixes = [...]string{chat.ImagePart: "image/", chat.DocumentPart: "text/", chat.AudioPart: "audio/", chat.VideoPart: "video/"}

func mediaType(kind chat.PartKind, format chat.Text) chat.Text {
	for i := range types {
		if t := &types[i]; t.kind == kind && string(format) == t.format {
			return chat.Text(t.mime)
		}
	}
	return rawjson.AddRaw(chat.Text(prefixes[kind]), format)
}

// file reads an image, a document or a recording.
func (d *reader) file(kind chat.PartKind, v rawjson.Value) {
	p := d.New(kind, v)
	if f := d.Optional(d.Object(v), "format"); len(f) > 0 {
		p.Media.Type = mediaType(kind, f)
	}
	d.FillIf(&p.Title, v, "name")
	d.FillIf(&p.Context, v, "context")
	d.cited(p, v)
	source := d.Object(d.Need(v, "source"))
	if data := source.Get("bytes"); data.Exists() {
		d.bytes(p, d.Filled(data))
	} else if uri := source.Find("s3Location", "uri"); uri.Exists() {
		d.Fill(&p.Media.URL, source.Get("s3Location"), "uri")
	} else if text := source.Get("text"); text.Exists() && kind == chat.DocumentPart {
		d.plain(p, d.Text(text))
	} else if content := source.Get("content"); content.Exists() && kind == chat.DocumentPart {
		d.plain(p, d.joined(content))
	} else {
		d.Unsupported(source, "want bytes, s3Location, or for documents text or content")
	}
	d.Put(p)
}

// bytes takes data in base64. What is text is a document of plain text, which other
// providers take nothing else for.
func (d *reader) bytes(p *chat.Part, data chat.Text) {
	p.Media.Data = data
	if bytes.HasPrefix(p.Media.Type, []byte("text/")) && p.Kind == chat.DocumentPart {
		text, err := base64.StdEncoding.DecodeString(string(rawjson.AppendUnescaped(nil, data)))
		if err == nil && utf8.Valid(text) {
			d.plain(p, rawjson.AppendEscaped(chat.Text{}, text))
		}
	}
}

//go:noinline
func (d *reader) plain(p *chat.Part, t chat.Text) {
	if p.Media.Data, p.Media.Plain = t, true; len(p.Media.Type) == 0 {
		p.Media.Type = chat.Text("text/plain")
	}
}

// cited notes that a document may be cited.
func (d *reader) cited(p *chat.Part, v rawjson.Value) {
	if on, _ := v.Find("citations", "enabled").Bool(); on {
		p.Citations = chat.Raw("true")
	}
}

// joined is the texts of a list, a line each.
func (d *reader) joined(list rawjson.Value) chat.Text {
	out := chat.Text{}
	d.Items(list, func(b rawjson.Value) {
		if len(out) > 0 {
			out = rawjson.Add(out, `\n`)
		}
		out = rawjson.AddRaw(out, d.Member(b, "text"))
	})
	return out
}
