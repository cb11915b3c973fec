package bedrock

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// formats are the formats of files by their media types, or by what a URL ends in where
// it tells no type.
var formats = [...]struct {
	kind         chat.PartKind
	mime, format string
}{
	{chat.ImagePart, "image/png", "png"}, {chat.ImagePart, "image/jpeg", "jpeg"}, {chat.ImagePart, "image/jpg", "jpeg"},
	{chat.ImagePart, "image/gif", "gif"}, {chat.ImagePart, "image/webp", "webp"},
	{chat.DocumentPart, "application/pdf", "pdf"}, {chat.DocumentPart, "text/plain", "txt"}, {chat.DocumentPart, "text/markdown", "md"},
	{chat.DocumentPart, "text/csv", "csv"}, {chat.DocumentPart, "text/html", "html"}, {chat.DocumentPart, "application/msword", "doc"},
	{chat.DocumentPart, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"},
	{chat.DocumentPart, "application/vnd.ms-excel", "xls"},
	{chat.DocumentPart, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"},
	{chat.VideoPart, "video/mp4", "mp4"}, {chat.VideoPart, "video/quicktime", "mov"}, {chat.VideoPart, "video/x-matroska", "mkv"},
	{chat.VideoPart, "video/webm", "webm"}, {chat.VideoPart, "video/x-flv", "flv"}, {chat.VideoPart, "video/mpeg", "mpeg"},
	{chat.VideoPart, "video/mpg", "mpg"}, {chat.VideoPart, "video/x-ms-wmv", "wmv"}, {chat.VideoPart, "video/3gpp", "three_gp"},
	{chat.AudioPart, "audio/wav", "wav"}, {chat.AudioPart, "audio/x-wav", "wav"}, {chat.AudioPart, "audio/mp3", "mp3"},
	{chat.AudioPart, "audio/mpeg", "mp3"}, {chat.AudioPart, "audio/flac", "flac"}, {chat.AudioPart, "audio/aac", "aac"},
	{chat.AudioPart, "audio/ogg", "ogg"}, {chat.AudioPart, "audio/opus", "opus"}, {chat.AudioPart, "audio/mp4", "mp4"},
	{chat.AudioPart, "audio/m4a", "m4a"}, {chat.AudioPart, "audio/webm", "webm"}, {chat.AudioPart, "audio/pcm", "pcm"},
}

// format is what a file is called here; empty if it cannot be had.
func format(p *chat.Part) string {
	mime, ending := string(p.Media.Type), ""
	if mime == "" {
		if i := bytes.LastIndexByte(p.Media.URL, '.'); i >= 0 {
			ending = string(p.Media.URL[i+1:])
		}
		switch {
		case p.Kind == chat.DocumentPart && p.Media.Plain:
			ending = "txt"
		case p.Kind == chat.DocumentPart && ending == "":
			ending = "pdf"
		case ending == "jpg" || ending == "JPG":
			ending = "jpeg"
		}
	}
	for i := range formats {
		f := &formats[i]
		if f.kind == p.Kind && (f.mime == mime || bytes.EqualFold([]byte(f.format), []byte(ending))) {
			return f.format
		}
	}
	return ""
}

var fileKeys = [...]string{chat.ImagePart: "image", chat.DocumentPart: "document", chat.AudioPart: "audio", chat.VideoPart: "video"}

// file writes an image, a document or a recording.
func (b *builder) file(p *chat.Part) {
	m, f := &p.Media, format(p)
	switch {
	case len(m.FileID) > 0:
		b.failAt(p.At, "a file's id means nothing to another provider; send its data")
		return
	case len(m.Data) == 0 && !m.Plain && !bytes.HasPrefix(m.URL, []byte("s3://")):
		b.failAt(p.At, "Amazon Bedrock fetches nothing but s3:// URLs; send the data in base64")
		return
	case f == "":
		b.failAt(p.At, "want a file of a type that Amazon Bedrock knows, and that says which")
		return
	}
	if len(p.Detail) > 0 && string(p.Detail) != "auto" {
		b.R.DropAt(func() string { return strings.TrimSuffix(p.At.Path(), ".url") + ".detail" }) // the URL stands beside it
	}
	b.wrap(fileKeys[p.Kind])
	b.word("format", f)
	cites := p.Kind == chat.DocumentPart && string(p.Citations) == "true"
	if p.Kind == chat.DocumentPart {
		b.Key("name")
		b.name(p.Title)
	}
	b.begin("source", `{`)
	switch {
	case m.Plain && cites: // its characters are what is cited
		b.Text("text", m.Data)
	case m.Plain:
		b.Key("bytes")
		b.Raw(`"`)
		b.Dst = base64.StdEncoding.AppendEncode(b.Dst, rawjson.AppendUnescaped(nil, m.Data))
		b.Raw(`"`)
	case len(m.Data) > 0:
		b.Text("bytes", m.Data)
	default:
		b.begin("s3Location", `{`)
		b.Text("uri", m.URL)
		b.Raw(`}`)
	}
	b.Raw(`}`)
	if len(p.Context) > 0 {
		b.Text("context", p.Context)
	}
	if cites {
		b.Raw(`,"citations":{"enabled":true}`)
	}
	b.Raw(`}}`)
}

// mostName is how long a document's title can be in its name.
const mostName = 180

// name writes a document's name, which must be one of its own in a request and may have
// letters, digits, single spaces, hyphens and brackets: others become hyphens.
func (b *builder) name(title chat.Text) {
	b.files++
	b.Raw(`"`)
	from := len(b.Dst)
	for _, c := range rawjson.AppendUnescaped(nil, title) {
		switch last := b.Dst[len(b.Dst)-1]; {
		case len(b.Dst)-from == mostName:
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			if len(b.Dst) > from && last != ' ' {
				b.Raw(` `)
			}
		case c|0x20-'a' < 26 || c-'0' < 10 || bytes.IndexByte([]byte("-()[]"), c) >= 0:
			b.Dst = append(b.Dst, c)
		case len(b.Dst) == from || last != '-':
			b.Raw(`-`)
		}
	}
	if len(b.Dst) == from {
		b.Raw(`document`)
	}
	if b.Dst[len(b.Dst)-1] == ' ' {
		b.Dst = b.Dst[:len(b.Dst)-1]
	}
	if len(title) == 0 || b.files > 1 {
		b.Raw(` `)
		b.Dst = strconv.AppendInt(b.Dst, int64(b.files), 10)
	}
	b.Raw(`"`)
}
