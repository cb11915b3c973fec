package geminigenerate

import (
	"bytes"
	"encoding/base64"
	"unicode/utf8"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// blob reads a Blob, data in base64 of either alphabet: the SDK for Python has the one
// for URLs, which no other API takes. What is text is a document of plain text.
func (d *reader) blob(v rawjson.Value, p *chat.Part) {
	if !d.is(v, rawjson.Object, "an object") {
		return
	}
	p.Media.Type = inner(get(v, "mimeType"))
	p.Kind = mediaKind(p.Media.Type, nil)
	data := standard(d.need(v, "data"))
	if d.err == nil && len(p.Media.Type) == 0 {
		d.fail(v, "mimeType", "want the type of the data")
	}
	p.Title = inner(get(v, "displayName"))
	if p.Kind == chat.DocumentPart && bytes.HasPrefix(rawjson.AppendUnescaped(nil, p.Media.Type), []byte("text/")) {
		text, err := base64.StdEncoding.DecodeString(string(rawjson.AppendUnescaped(nil, data)))
		if err == nil && utf8.Valid(text) {
			p.Media.Plain, data = true, rawjson.AppendEscaped(chat.Text{}, text)
		}
	}
	p.Media.Data = data
}

// standard is base64 in the alphabet that everybody takes.
func standard(t chat.Text) chat.Text {
	if bytes.IndexByte(t, '-') < 0 && bytes.IndexByte(t, '_') < 0 {
		return t
	}
	out := bytes.Clone(t)
	for i, c := range out {
		switch c {
		case '-':
			out[i] = '+'
		case '_':
			out[i] = '/'
		}
	}
	return out
}

// kinds are the kinds of files by how their types begin, or where they are.
var kinds = [...]struct {
	mime string
	kind chat.PartKind
	ends string // of URLs that tell no type
}{
	{"image/", chat.ImagePart, ".png .jpg .jpeg .webp .gif .heic .heif"},
	{"audio/", chat.AudioPart, ".mp3 .wav .ogg .flac .aac"},
	{"video/", chat.VideoPart, ".mp4 .mov .webm .mpeg .mpg"},
}

// mediaKind is what a file is.
func mediaKind(mime, uri chat.Text) chat.PartKind {
	mime = rawjson.AppendUnescaped(nil, mime)
	for i := range kinds {
		k := &kinds[i]
		if bytes.HasPrefix(mime, []byte(k.mime)) {
			return k.kind
		}
		if dot := bytes.LastIndexByte(uri, '.'); len(mime) == 0 && dot >= 0 {
			if bytes.Contains([]byte(k.ends+" "), append(bytes.ToLower(uri[dot:]), ' ')) {
				return k.kind
			}
		}
	}
	if len(mime) == 0 && bytes.Contains(uri, []byte("youtu")) {
		return chat.VideoPart
	}
	return chat.DocumentPart
}

// A seal is what thoughtSignature holds that is not Google's: clients know it for base64
// and may spell it in another alphabet, so another maker's signature goes in as data.
type seal uint8

const (
	sealNone     seal = iota // Google's own, or none
	sealThinking             // the signature of thoughts
	sealRedacted             // thoughts that only their provider can read
)

// seals begin the data.
var seals = [...]string{sealThinking: "postern:thinking:", sealRedacted: "postern:redacted:"}

// appendSeal packs another maker's signature.
func appendSeal(dst []byte, kind seal, signature []byte) []byte {
	return base64.StdEncoding.AppendEncode(dst, append([]byte(seals[kind]), signature...))
}

// unseal unpacks one.
func unseal(t chat.Text) (seal, chat.Text) {
	if len(t) == 0 {
		return sealNone, nil
	}
	data, err := base64.StdEncoding.DecodeString(string(standard(rawjson.AppendUnescaped(nil, t))))
	if err != nil {
		return sealNone, nil
	}
	for kind := sealThinking; kind <= sealRedacted; kind++ {
		if rest, ok := bytes.CutPrefix(data, []byte(seals[kind])); ok && isText(rest) {
			return kind, chat.Text(rest)
		}
	}
	return sealNone, nil
}

// isText reports whether bytes can stand in a JSON string as they are.
func isText(t []byte) bool {
	var doc rawjson.Doc
	return doc.Parse(append(append([]byte{'"'}, t...), '"')) == nil && doc.Root().Kind() == rawjson.String
}

// mark begins redacted thinking that is the signature of a Gemini model's call: the mark,
// which of the message's calls it belongs to, a colon, the signature.
const mark = "gemini-call-"

func appendMark(dst []byte, call int, signature chat.Text) []byte {
	dst = rawjson.AppendInt(append(dst, mark...), int64(call))
	return append(append(dst, ':'), signature...)
}

// marked is the signature behind a mark; nil if there is none.
func marked(t chat.Text) chat.Text {
	rest, ok := bytes.CutPrefix(t, []byte(mark))
	colon := bytes.IndexByte(rest, ':')
	if !ok || colon < 0 {
		return nil
	}
	return rest[colon+1:]
}
