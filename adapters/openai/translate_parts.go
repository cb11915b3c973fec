package openai

import (
	"bytes"

	"github.com/postern-gateway/postern/adapters/chat"
)

// part writes a part of a content array, or nothing.
func (b *builder) part(p *chat.Part) {
	switch p.Kind {
	case chat.TextPart, chat.RefusalPart:
		b.uncite(p)
		b.separate()
		b.raw(`{"type":"text","text":`)
		b.str(p.Text)
		b.endPart(p)
	case chat.ImagePart:
		b.image(p)
	case chat.DocumentPart:
		b.document(p)
	case chat.AudioPart:
		b.audio(p)
	case chat.VideoPart:
		b.fail(p.At.Path(), "this provider takes no video")
	case chat.ToolResultPart: // written before the message
	default:
		b.r.DropAt(p.At.Path)
	}
}

// uncite reports what an earlier answer cited, for which there is no place.
func (b *builder) uncite(p *chat.Part) {
	if p.Citations != nil {
		b.r.Drop("messages[].content[].citations")
	}
}

// endPart closes a part. A cache hint marks the end of what is to be cached, as a
// breakpoint does.
func (b *builder) endPart(p *chat.Part) {
	if p.CacheControl != nil && b.m.is(breakpoints) {
		b.raw(`,"prompt_cache_breakpoint":{"mode":"explicit"}`)
	} else {
		b.unhint(p.CacheControl)
	}
	b.raw(`}`)
}

func (b *builder) image(p *chat.Part) {
	m := &p.Media
	if len(m.FileID) > 0 {
		b.fail(p.At.Path(), "the file is kept by another provider; send the image itself or its URL")
		return
	}
	if len(m.Data) == 0 && !m.OnWeb() && b.r.Dialect != dialectName {
		b.fail(p.At.Path(), "this provider fetches nothing from there; send the image itself")
		return
	}
	b.separate()
	b.raw(`{"type":"image_url","image_url":{"url":`)
	if len(m.Data) > 0 {
		b.dataURL(m, "image/png")
	} else {
		b.str(m.URL)
	}
	b.text(`,"detail":`, p.Detail)
	b.raw(`}`)
	b.endPart(p)
}

func (b *builder) dataURL(m *chat.Media, usual string) {
	b.raw(`"data:`)
	if len(m.Type) > 0 {
		b.dst = append(b.dst, m.Type...)
	} else {
		b.raw(usual)
	}
	b.raw(`;base64,`)
	b.dst = append(b.dst, m.Data...)
	b.raw(`"`)
}

// document writes a file, or a text that only was called a document.
func (b *builder) document(p *chat.Part) {
	m := &p.Media
	switch {
	case len(m.FileID) > 0 && b.r.Dialect != dialectName:
		b.fail(p.At.Path(), "the file is kept by another provider; send the document itself")
		return
	case len(m.URL) > 0:
		b.fail(p.At.Path(), "this provider fetches no documents; send the document itself")
		return
	}
	if string(p.Citations) == "true" {
		b.r.Drop("messages[].content[].citations")
	}
	if m.Plain {
		b.plain(p)
		return
	}
	if len(p.Context) > 0 {
		b.separate()
		b.raw(`{"type":"text","text":`)
		b.str(p.Context)
		b.raw(`}`)
	}
	b.separate()
	b.raw(`{"type":"file","file":{`)
	if len(m.FileID) > 0 {
		b.raw(`"file_id":`)
		b.str(m.FileID)
		b.text(`,"filename":`, p.Title)
	} else {
		b.raw(`"filename":`)
		if len(p.Title) > 0 {
			b.str(p.Title)
		} else {
			b.raw(`"document.pdf"`) // a file without a name is refused
		}
		b.raw(`,"file_data":`)
		b.dataURL(m, "application/pdf")
	}
	b.raw(`}`)
	b.endPart(p)
}

// plain writes a document of plain text with what is known about it in front.
func (b *builder) plain(p *chat.Part) {
	b.separate()
	b.raw(`{"type":"text","text":"`)
	for _, t := range [...]chat.Text{p.Title, p.Context} {
		if len(t) > 0 {
			b.dst = append(b.dst, t...)
			b.raw(`\n\n`)
		}
	}
	b.dst = append(b.dst, p.Media.Data...)
	b.raw(`"`)
	b.endPart(p)
}

func (b *builder) audio(p *chat.Part) {
	if len(p.Media.Data) == 0 {
		b.fail(p.At.Path(), "this provider takes audio only as data")
		return
	}
	format, _ := bytes.CutPrefix(p.Media.Type, []byte("audio/"))
	switch string(format) {
	case "mpeg":
		format = []byte("mp3")
	case "x-wav", "wave":
		format = []byte("wav")
	}
	b.separate()
	b.raw(`{"type":"input_audio","input_audio":{"data":`)
	b.str(p.Media.Data)
	b.raw(`,"format":`)
	b.str(format)
	b.raw(`}`)
	b.endPart(p)
}
