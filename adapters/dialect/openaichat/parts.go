package openaichat

import (
	"bytes"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/fields"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// A partSet is which parts a content may have.
type partSet uint8

const (
	textType partSet = 1 << iota
	mediaTypes
	refusalType
	inResult // parts are those of a tool's result
)

// names are the types, as errors list them.
func (s partSet) names() string {
	switch {
	case s&mediaTypes != 0:
		return "'text', 'image_url', 'input_audio', 'file', and 'video_url'"
	case s&refusalType != 0:
		return "'text' and 'refusal'"
	}
	return "'text'"
}

// content reads a message's content: a string, or an array of parts.
func (d *reader) content(parent, v rawjson.Value, allowed partSet) {
	switch v.Kind() {
	case rawjson.Absent:
		d.fail(missing(parent, "content"))
	case rawjson.String:
		d.put(chat.Part{Text: d.text(v), At: v}, allowed)
	case rawjson.Array:
		if v.Len() == 0 {
			d.fail(emptyArray(v))
		}
		for it := v.Items(); it.Next(); {
			e := it.Value
			p := d.part(d.object(e), allowed)
			if d.err != nil {
				return
			}
			d.put(p, allowed)
		}
	default:
		d.fail(wrongType(v, "one of a string or array of objects"))
	}
}

// put adds a part to the message, or to the result that it is.
func (d *reader) put(p chat.Part, allowed partSet) {
	switch {
	case allowed&inResult == 0:
		d.add(p)
	case d.count():
		d.r.AddResult(p)
	}
}

// part reads one part of a content.
func (d *reader) part(v rawjson.Value, allowed partSet) (p chat.Part) {
	kind := d.need(v, "type")
	if d.err != nil {
		return p
	}
	p.At = v
	switch {
	case kind.Is("text"):
		p.Text = d.text(d.need(v, "text"))
	case allowed&mediaTypes != 0 && kind.Is("image_url"):
		d.image(d.need(v, "image_url"), &p)
	case allowed&mediaTypes != 0 && kind.Is("input_audio"):
		d.audio(d.need(v, "input_audio"), &p)
	case allowed&mediaTypes != 0 && kind.Is("file") && !v.Get("file_id").Exists():
		d.file(d.object(d.need(v, "file")), &p)
	case allowed&mediaTypes != 0 && kind.Is("video_url"):
		d.video(d.object(d.need(v, "video_url")), &p)
	case allowed&refusalType != 0 && kind.Is("refusal"):
		p.Kind, p.Text = chat.RefusalPart, d.text(d.need(v, "refusal"))
	case d.chunk(kind, v, allowed, &p):
	default:
		d.text(kind)
		d.fail(badValue(kind, allowed.names()))
		return p
	}
	d.hints(v, &p)
	return p
}

// hints reads what a part has beside its content: cache hints, and what is not known.
func (d *reader) hints(v rawjson.Value, p *chat.Part) {
	for it := v.Members(); it.Next(); {
		k, m := it.Key, it.Value
		if m.IsNull() {
			continue
		}
		switch string(k.Bytes()) {
		case "type", "text", "image_url", "input_audio", "file", "video_url", "refusal":
		case "file_id", "document_url", "document_name", "thinking", "signature", "closed": // Mistral's
			if p.Kind == chat.TextPart {
				d.extra(k, m)
			}
		case "cache_control":
			p.CacheControl = d.object(m).Raw()
		case "prompt_cache_breakpoint":
			if d.object(m); p.CacheControl == nil {
				p.CacheControl = chat.Raw(`{"type":"ephemeral"}`)
			}
		default:
			d.extra(k, m)
		}
	}
}

// image reads an image, whose URL may stand without an object around it.
func (d *reader) image(v rawjson.Value, p *chat.Part) {
	url := v
	if v.Kind() != rawjson.String {
		url = d.need(d.object(v), "url")
	}
	p.Kind, p.At = chat.ImagePart, url
	if v.Kind() == rawjson.Object {
		p.Detail = d.optional(v, "detail")
	}
	d.url(url, p, "an image")
}

func (d *reader) video(v rawjson.Value, p *chat.Part) {
	url := d.need(v, "url")
	p.Kind, p.At = chat.VideoPart, url
	d.url(url, p, "a video")
}

// url reads a URL, or the data in a data URL.
//
//go:noinline
func (d *reader) url(v rawjson.Value, p *chat.Part, what string) {
	t := d.filled(v)
	if d.err != nil || !fields.IsData(t) {
		p.Media.URL = t
		return
	}
	var ok bool
	if p.Media, ok = fields.DataURL(t); !ok {
		d.fail(badData(v, what))
	}
}

func (d *reader) audio(v rawjson.Value, p *chat.Part) {
	p.Kind, p.At = chat.AudioPart, v
	if v.Kind() == rawjson.String {
		d.sound(v, p)
		return
	}
	d.object(v)
	p.Media.Data = d.filled(d.need(v, "data"))
	p.Media.Type = AudioType(d.filled(d.need(v, "format")))
}

// AudioType is the media type of a format of audio.
//
//go:noinline
func AudioType(format chat.Text) chat.Text {
	switch string(format) {
	case "":
		return nil
	case "wav":
		return chat.Text("audio/wav")
	case "mp3":
		return chat.Text("audio/mpeg")
	}
	return rawjson.AddRaw(chat.Text("audio/"), format)
}

func (d *reader) file(v rawjson.Value, p *chat.Part) {
	p.Kind, p.At = chat.DocumentPart, v
	p.Title = d.optional(v, "filename")
	p.Media.FileID = d.optional(v, "file_id")
	data := d.optional(v, "file_data")
	switch {
	case d.err != nil:
	case len(data) == 0 && len(p.Media.FileID) == 0:
		d.fail(missing(v, "file_data"))
	case len(data) == 0:
	case len(p.Media.FileID) > 0:
		path := v.Path()
		d.fail(invalid("invalid_parameter_combination", path, "Mutually exclusive parameters: '"+path+"' can have only one of 'file_id' and 'file_data'."))
	case !ReadData(data, &p.Media):
		d.fail(badData(v.Get("file_data"), "a file"))
	}
}

// ReadData reads a file that is in the request: a data URL, or a PDF without the URL
// around it; false if it is neither.
func ReadData(t chat.Text, m *chat.Media) (ok bool) {
	switch {
	case fields.IsData(t):
		*m, ok = fields.DataURL(t)
	case bytes.HasPrefix(t, []byte("JVBERi0")): // the bytes that every PDF begins with
		*m, ok = chat.Media{Type: chat.Text("application/pdf"), Data: t}, true
	}
	return ok
}

func badData(v rawjson.Value, what string) *chat.Error {
	path := v.Path()
	return invalid("invalid_value", path, "Invalid value for '"+path+"': expected a base64-encoded data URL of "+what+" (e.g. 'data:image/png;base64,...').")
}
