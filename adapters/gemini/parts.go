package gemini

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// part writes a part of the user's.
func (b *builder) part(p *chat.Part) {
	switch p.Kind {
	case chat.ImagePart, chat.DocumentPart, chat.AudioPart, chat.VideoPart:
		b.unhint(p)
		b.turn(user)
		b.file(p)
	default:
		if len(p.Text) > 0 {
			b.turn(user)
		}
		b.say(p)
	}
}

// file writes an image, a document or a recording: its data, or where it is
// (https://ai.google.dev/gemini-api/docs/file-input-methods). What is known of a document
// stands in front of it, as the text of a plain one stands in its place.
func (b *builder) file(p *chat.Part) {
	m := &p.Media
	texts := [...]chat.Text{p.Title, p.Context, nil}
	if m.Plain {
		texts[2] = m.Data
	}
	about := 0
	for _, t := range texts {
		if len(t) == 0 {
			continue
		}
		if about++; about == 1 {
			b.Comma()
			b.Raw(`{"text":"`)
		} else {
			b.Raw(`\n\n`)
		}
		b.Put(t)
	}
	if about > 0 {
		b.Raw(`"}`)
	}
	if len(p.Detail) > 0 && string(p.Detail) != "auto" {
		b.R.Drop(strings.TrimSuffix(p.At.Path(), ".url") + ".detail") // the URL stands beside it
	}
	switch {
	case m.Plain:
	case len(m.FileID) > 0 && b.R.Dialect == dialectName:
		b.blob("fileData", "fileUri", p, m.FileID)
	case len(m.FileID) > 0:
		b.Fail(p.At.Path(), "a file's id means nothing to another provider; send its data or a URL")
	case bytes.HasPrefix(m.URL, []byte("data:")):
		b.Fail(p.At.Path(), "want a data URL in base64 that names its media type")
	case len(m.URL) > 0:
		b.blob("fileData", "fileUri", p, m.URL)
	default:
		b.blob("inlineData", "data", p, m.Data)
	}
}

func (b *builder) blob(kind, key string, p *chat.Part, value chat.Text) {
	b.Comma()
	b.Raw(`{"`)
	b.Raw(kind)
	b.Raw(`":{`)
	b.Text("mimeType", mimeType(p))
	b.Text(key, value)
	b.Raw(`}}`)
}

// mimeTypes are the types that files of the API's own page have by their endings, and
// those for which it has another name than clients.
var mimeTypes = [...][2]string{
	{"png", "image/png"}, {"jpg", "image/jpeg"}, {"jpeg", "image/jpeg"}, {"webp", "image/webp"}, {"heic", "image/heic"}, {"heif", "image/heif"},
	{"gif", "image/gif"}, {"pdf", "application/pdf"}, {"txt", "text/plain"}, {"md", "text/markdown"}, {"csv", "text/csv"}, {"html", "text/html"},
	{"xml", "text/xml"}, {"json", "application/json"}, {"mp3", "audio/mp3"}, {"wav", "audio/wav"}, {"ogg", "audio/ogg"}, {"flac", "audio/flac"},
	{"aac", "audio/aac"}, {"mp4", "video/mp4"}, {"mov", "video/mov"}, {"webm", "video/webm"}, {"mpg", "video/mpg"}, {"mpeg", "video/mpeg"},
	{"image/jpg", "image/jpeg"}, {"audio/mpeg", "audio/mp3"}, {"audio/x-wav", "audio/wav"}, {"audio/wave", "audio/wav"},
}

// usualTypes stand for what a client leaves unsaid.
var usualTypes = [...]string{
	chat.ImagePart: "image/jpeg", chat.DocumentPart: "application/pdf", chat.AudioPart: "audio/wav", chat.VideoPart: "video/mp4",
}

// mimeType is a file's media type, which this API wants with URLs, too: there its ending
// tells it.
func mimeType(p *chat.Part) chat.Text {
	name := []byte(p.Media.Type)
	if len(name) == 0 {
		name = p.Media.URL
		if i := bytes.IndexAny(name, "?#"); i >= 0 {
			name = name[:i]
		}
		name = bytes.ToLower(name[bytes.LastIndexByte(name, '.')+1:])
	}
	for i := range mimeTypes {
		if string(name) == mimeTypes[i][0] {
			return chat.Text(mimeTypes[i][1])
		}
	}
	if len(p.Media.Type) > 0 {
		return p.Media.Type
	}
	return chat.Text(usualTypes[p.Kind])
}

// mark begins redacted thinking that is the signature of a call: the mark, which of the
// message's calls it belongs to, a colon, the signature.
const mark = "gemini-call-"

func isMark(t chat.Text) bool { return bytes.HasPrefix(t, []byte(mark)) }

func appendMark(dst []byte, call int, signature chat.Text) []byte {
	dst = strconv.AppendInt(append(dst, mark...), int64(call), 10)
	return append(append(dst, ':'), signature...)
}

// signature is what the client has kept of a message's call number n.
func signature(m *chat.Message, n int) chat.Text {
	var scratch [len(mark) + 8]byte
	head := appendMark(scratch[:0], n, nil)
	for i := range m.Parts {
		if p := &m.Parts[i]; p.Kind == chat.RedactedPart && bytes.HasPrefix(p.Text, head) {
			return p.Text[len(head):]
		}
	}
	return nil
}

// same reports whether two texts say the same, however they are spelled.
func same(a, b chat.Text) bool {
	return bytes.Equal(a, b) || bytes.IndexByte(a, '\\')&bytes.IndexByte(b, '\\') >= 0 &&
		bytes.Equal(rawjson.AppendUnescaped(nil, a), rawjson.AppendUnescaped(nil, b))
}
