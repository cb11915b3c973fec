package openaichat

import (
	"bytes"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// Clients of Mistral's SDK speak nearly this format. What is another in it is here: the
// chunks of a content that OpenAI has not (https://docs.mistral.ai/api/endpoint/chat,
// types of https://github.com/mistralai/client-python).

// Marks of the signatures of thoughts. Mistral's own have the first in the neutral form,
// so that its models get their own back and no others; those of others have the second
// in Mistral's.
const (
	chunkMark   = "mistral:"
	foreignMark = "foreign:"
)

// Bounds of a call that is held until it is complete, and of the memory that is kept of
// it.
const (
	mostCall = 1 << 20
	keepCall = 16 << 10
)

// chunk is false for what is no such chunk.
func (d *reader) chunk(kind, v rawjson.Value, allowed partSet, p *chat.Part) bool {
	switch media := allowed&mediaTypes != 0; {
	case media && kind.Is("document_url"):
		p.Kind, p.At = chat.DocumentPart, v
		p.Title = d.optional(v, "document_name")
		d.url(d.need(v, "document_url"), p, "a document")
	case media && kind.Is("file"):
		p.Kind, p.At = chat.DocumentPart, v
		p.Media.FileID = d.filled(v.Get("file_id"))
	case allowed&refusalType != 0 && kind.Is("thinking"):
		d.thinkChunk(v, p)
	case allowed&refusalType != 0 && kind.Is("reference"): // says nothing by itself; hints notes its ids
	default:
		return false
	}
	return true
}

// recordings are the first bytes of formats of audio, in base64.
var recordings = [...][2]string{
	{"UklGR", "audio/wav"}, {"SUQz", "audio/mpeg"}, {"//", "audio/mpeg"}, {`\/\/`, "audio/mpeg"}, {"T2dnU", "audio/ogg"}, {"ZkxhQ", "audio/flac"},
}

// sound reads a recording that comes alone, or where it is.
func (d *reader) sound(v rawjson.Value, p *chat.Part) {
	d.url(v, p, "a recording")
	t := p.Media.URL
	if len(t) == 0 || bytes.HasPrefix(t, []byte("http")) {
		return
	}
	for _, r := range recordings {
		if bytes.HasPrefix(t, []byte(r[0])) {
			p.Media = chat.Media{Type: chat.Text(r[1]), Data: t}
			return
		}
	}
	d.fail(badData(v, "a recording"))
}

// thinkChunk reads thoughts, whose chunks are joined. Those without a text, which are
// references, are noted.
func (d *reader) thinkChunk(v rawjson.Value, p *chat.Part) {
	p.Kind = chat.ThinkingPart
	t, joined := d.need(v, "thinking"), false
	switch t.Kind() {
	case rawjson.Array:
	case rawjson.String:
		p.Text = d.text(t)
	default:
		d.fail(wrongType(t, "one of a string or array of objects"))
	}
	for c := t.Cursor(); c.Next() && d.err == nil; {
		switch text := c.Value.Get("text"); {
		case !c.Value.Get("type").Is("text"):
			d.extra(c.Value.Get("type"), c.Value)
		case p.Text == nil:
			p.Text = d.text(text)
		case !joined:
			p.Text, joined = append(p.Text[:len(p.Text):len(p.Text)], d.text(text)...), true
		default:
			p.Text = append(p.Text, d.text(text)...)
		}
	}
	if s := d.optional(v, "signature"); len(s) > 0 {
		var foreign bool
		if p.Signature, foreign = bytes.CutPrefix(s, []byte(foreignMark)); !foreign {
			p.Signature = append(chat.Text(chunkMark), s...)
		}
	}
}

// appendThought appends a chunk with a text, or with a signature.
func appendThought(dst []byte, text, signature chat.Text) []byte {
	dst = rawjson.Add(dst, `{"type":"thinking","thinking":[`)
	if len(text) > 0 {
		dst = rawjson.Add(rawjson.AddRaw(rawjson.Add(dst, `{"type":"text","text":"`), text), `"}`)
	}
	dst = rawjson.Add(dst, `]`)
	if len(signature) > 0 {
		dst = rawjson.Add(dst, `,"signature":"`)
		own, ok := bytes.CutPrefix(signature, []byte(chunkMark))
		if !ok {
			dst = rawjson.Add(dst, foreignMark)
		}
		dst = rawjson.Add(rawjson.AddRaw(dst, own), `"`)
	}
	return append(dst, '}')
}

// appendChunks appends a content: a string, or chunks where there is thinking in it.
// Refusals are texts.
func appendChunks(dst []byte, parts []chat.Part, chunks bool) []byte {
	if chunks {
		dst = append(dst, '[')
	} else {
		dst = append(dst, '"')
	}
	for i := range parts {
		p := &parts[i]
		if p.Kind != chat.TextPart && p.Kind != chat.RefusalPart && p.Kind != chat.ThinkingPart {
			continue
		}
		if chunks && dst[len(dst)-1] == '}' {
			dst = append(dst, ',')
		}
		switch {
		case p.Kind == chat.ThinkingPart:
			dst = appendThought(dst, p.Text, p.Signature)
		case chunks:
			dst = rawjson.Add(rawjson.AddRaw(rawjson.Add(dst, `{"type":"text","text":"`), p.Text), `"}`)
		default:
			dst = rawjson.AddRaw(dst, p.Text)
		}
	}
	if chunks {
		return append(dst, ']')
	}
	return append(dst, '"')
}

// chunk writes or holds a piece of a block that is no text.
func (e *encoder) chunk(dst []byte, l *lane, ev *chat.Event) []byte {
	switch {
	case l.kind == chat.ThinkingPart:
		return e.thought(dst, ev, false)
	case l.kind == chat.ToolCallPart && len(l.call)+len(ev.Text) > mostCall:
		e.done = true
		return AppendErrorEvent(dst, &chat.Error{Kind: chat.Internal, Message: "the arguments of a call are longer than the gateway can hold"})
	case l.kind == chat.ToolCallPart:
		l.call = rawjson.AddRaw(l.call, ev.Text)
	}
	return dst
}

// thought writes a piece of thinking, or its signature.
func (e *encoder) thought(dst []byte, ev *chat.Event, signature bool) []byte {
	dst = e.open(dst, ev.Choice, `"content":[`)
	if signature {
		dst = appendThought(dst, nil, ev.Text)
	} else {
		dst = appendThought(dst, ev.Text, nil)
	}
	return e.close(dst, `]`)
}
