package mistral

import (
	"bytes"
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// An attached is an image or a file that a tool has answered with. Tool messages of most
// models take only text, so it follows them in a message of the user's.
type attached struct {
	call chat.Text
	part *chat.Part
}

// content writes a message's parts: as a string where one text is all there is, else as
// chunks. Attachments come first.
func (b *builder) content(parts []chat.Part) {
	if one := onlyText(parts); one != nil && len(b.media) == 0 {
		b.unmark(one)
		b.Str(one.Text)
		return
	}
	b.Raw(`[`)
	if b.last == chat.User {
		for _, a := range b.media {
			b.Comma()
			b.Raw(`{"type":"text","text":"Result of tool call `)
			b.Raw(b.ids.of(a.call))
			b.Raw(`:"}`)
			b.part(a.part)
		}
		b.media = b.media[:0]
	}
	for i := range parts {
		b.part(&parts[i])
	}
	b.Raw(`]`)
}

// onlyText is the one part that can be written as a string, if there is no other but
// results, which are written already.
func onlyText(parts []chat.Part) *chat.Part {
	var one *chat.Part
	for i := range parts {
		switch p := &parts[i]; {
		case p.Kind == chat.ToolResultPart:
		case one != nil || p.Kind != chat.TextPart && p.Kind != chat.RefusalPart:
			return nil
		default:
			one = p
		}
	}
	return one
}

// part writes a chunk (https://docs.mistral.ai/api/endpoint/chat).
func (b *builder) part(p *chat.Part) {
	switch p.Kind {
	case chat.TextPart, chat.RefusalPart:
		b.unmark(p)
		b.say(p.Text)
	case chat.ImagePart:
		b.image(p)
	case chat.DocumentPart:
		b.document(p)
	case chat.AudioPart:
		b.unmark(p)
		b.Comma()
		b.Raw(`{"type":"input_audio","input_audio":`)
		if len(p.Media.Data) > 0 {
			b.Str(p.Media.Data)
		} else {
			b.Str(p.Media.URL)
		}
		b.Raw(`}`)
	case chat.VideoPart:
		b.Fail(p.At.Path(), "this provider takes no video")
	case chat.ToolResultPart: // written before the message
	default:
		b.R.DropAt(p.At.Path)
	}
}

func (b *builder) say(t chat.Text) {
	b.Comma()
	b.Raw(`{"type":"text","text":`)
	b.Str(t)
	b.Raw(`}`)
}

// unmark reports what a part has beside its content and there is no place for.
func (b *builder) unmark(p *chat.Part) {
	b.unhint(p.CacheControl)
	if p.Citations != nil {
		b.R.Drop("messages[].content[].citations")
	}
}

// unhint reports cache hints: this API caches by itself. All are one drop, for a client
// that sends them does so everywhere.
func (b *builder) unhint(hint chat.Raw) {
	if len(hint) > 0 {
		b.R.Drop("cache_control")
	}
}

const foreignFile = "the file is kept by another provider; send the file itself or its URL"

func (b *builder) image(p *chat.Part) {
	m := &p.Media
	if len(m.FileID) > 0 {
		b.Fail(p.At.Path(), foreignFile)
		return
	}
	b.unmark(p)
	b.Comma()
	b.Raw(`{"type":"image_url","image_url":{"url":`)
	b.address(m, "image/png")
	switch d := string(p.Detail); d {
	case "low", "high", "auto":
		b.Text("detail", p.Detail)
	case "":
	default:
		b.R.Drop(strings.TrimSuffix(p.At.Path(), ".url") + ".detail") // the URL stands beside it
	}
	b.Raw(`}}`)
}

// address writes a URL, or data as one.
func (b *builder) address(m *chat.Media, usual string) {
	if len(m.Data) == 0 {
		b.Str(m.URL)
		return
	}
	b.Raw(`"data:`)
	if len(m.Type) > 0 {
		b.Put(m.Type)
	} else {
		b.Raw(usual)
	}
	b.Raw(`;base64,`)
	b.Put(m.Data)
	b.Raw(`"`)
}

// document writes a file, or a text that only was called a document
// (https://docs.mistral.ai/capabilities/OCR/document_understanding).
func (b *builder) document(p *chat.Part) {
	m := &p.Media
	if len(m.FileID) > 0 && b.R.Dialect != dialectName {
		b.Fail(p.At.Path(), foreignFile)
		return
	}
	b.unmark(p)
	if m.Plain {
		b.plain(p, m.Data)
		return
	}
	if bytes.HasPrefix(m.Type, []byte("text/")) && len(m.Data) > 0 {
		said, err := base64.StdEncoding.AppendDecode(nil, rawjson.AppendUnescaped(nil, m.Data))
		if err != nil || !utf8.Valid(said) {
			b.Fail(p.At.Path(), "want base64 of a text in UTF-8")
			return
		}
		b.plain(p, rawjson.AppendEscaped(nil, said))
		return
	}
	if len(p.Context) > 0 {
		b.say(p.Context)
	}
	b.Comma()
	if len(m.FileID) > 0 {
		b.Raw(`{"type":"file","file_id":`)
		b.Str(m.FileID)
		b.Raw(`}`)
		return
	}
	b.Raw(`{"type":"document_url","document_url":`)
	b.address(m, "application/pdf")
	b.textIf("document_name", p.Title)
	b.Raw(`}`)
}

// plain writes a document of plain text with what is known about it in front.
func (b *builder) plain(p *chat.Part, said chat.Text) {
	b.Comma()
	b.Raw(`{"type":"text","text":"`)
	for _, t := range [...]chat.Text{p.Title, p.Context} {
		if len(t) > 0 {
			b.Put(t)
			b.Raw(`\n\n`)
		}
	}
	b.Put(said)
	b.Raw(`"}`)
}
