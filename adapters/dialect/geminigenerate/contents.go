package geminigenerate

import (
	"bytes"
	"strconv"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// A call is one of the model's that waits for its result.
type call struct{ id, name chat.Text }

// system reads the system instruction as the first message.
func (d *reader) system(v rawjson.Value) {
	if !d.is(v, rawjson.Object, "a content, an object") {
		return
	}
	d.r.Begin(chat.System).At = v
	parts := get(v, "parts")
	if !parts.Exists() {
		return
	}
	d.each(parts, func(p rawjson.Value) {
		for it := p.Cursor(); it.Next(); {
			k, m := it.Key, it.Value
			switch {
			case m.IsNull():
			case k.Is("text"):
				if t := d.text(m); len(t) > 0 {
					d.add(chat.TextPart, p).Text = t
				}
			default:
				d.failAt(m.Path(), "want parts with a text in a system instruction")
			}
		}
	})
}

// contents reads the conversation. A model's contents that follow each other are one
// message: a client has one of each event of a stream.
func (d *reader) contents(v rawjson.Value) {
	if v.Kind() == rawjson.Array && v.Len() == 0 {
		d.failAt(v.Path(), "must not be empty")
	}
	d.each(v, d.content)
}

func (d *reader) content(c rawjson.Value) {
	role := chat.User
	if m := get(c, "role"); m.Exists() && d.oneOf(m, "user model function") == 1 {
		role = chat.Assistant
	}
	parts := get(c, "parts")
	switch {
	case d.err != nil:
		return
	case !parts.Exists() || parts.Kind() == rawjson.Array && parts.Len() == 0:
		if role == chat.User {
			d.fail(c, "parts", "must not be empty")
		}
		return // an answer that said nothing
	}
	goesOn := role == chat.Assistant && len(d.r.Messages) > 0 && d.last().Role == chat.Assistant
	if !goesOn {
		if role == chat.Assistant {
			d.open, d.here = d.open[:0], 0
		}
		d.r.Begin(role).At = c
	}
	d.each(parts, func(p rawjson.Value) {
		d.part(p, role, goesOn)
		goesOn = false
	})
}

// A piece is what a part says, as its members say it.
type piece struct {
	text, blob, file, call, response, server rawjson.Value
	signature                                rawjson.Value
	thought                                  bool
}

// part reads a part of https://ai.google.dev/api/caching#Part. goesOn says that it may
// continue the text that the message ends with.
func (d *reader) part(v rawjson.Value, role chat.Role, goesOn bool) {
	var x piece
	for it := v.Cursor(); it.Next(); {
		k, m := it.Key, it.Value
		if m.IsNull() {
			continue
		}
		switch camel(k) {
		case "text":
			d.text(m)
			x.text = m
		case "thought":
			x.thought = d.bool(m)
		case "thoughtSignature":
			d.text(m)
			x.signature = m
		case "inlineData":
			x.blob = m
		case "fileData":
			x.file = m
		case "functionCall":
			x.call = m
		case "functionResponse":
			x.response = m
		case "executableCode", "codeExecutionResult", "toolCall", "toolResponse":
			x.server = m
		default:
			d.extra(k, m)
		}
	}
	switch {
	case d.err != nil:
	case x.call.Exists():
		d.call(x.call, x.signature, role)
	case x.response.Exists():
		d.response(x.response)
	case x.blob.Exists():
		d.blob(x.blob, d.add(chat.DocumentPart, x.blob))
	case x.file.Exists():
		d.file(x.file, d.add(chat.DocumentPart, x.file))
	case x.server.Exists():
		d.add(chat.ServerPart, v).Raw = v.Raw()
	case x.thought:
		d.thought(v, &x, role)
	case !x.text.Exists() && !x.signature.Exists():
		d.failAt(v.Path(), "want a part with one of text, inlineData, fileData, functionCall and functionResponse")
	default:
		d.said(v, &x, goesOn)
	}
}

// said adds a text. A signature on one is of use to Google's models alone.
func (d *reader) said(v rawjson.Value, x *piece, goesOn bool) {
	if x.signature.Exists() {
		d.r.DropAt(x.signature.Path)
	}
	t := inner(x.text)
	switch {
	case len(t) == 0:
	case goesOn && d.extend(chat.TextPart, t):
	default:
		d.add(chat.TextPart, v).Text = t
	}
}

// extend appends to the message's last part, if it is of the kind.
func (d *reader) extend(kind chat.PartKind, t chat.Text) bool {
	parts := d.last().Parts
	if len(parts) == 0 {
		return false
	}
	p := &parts[len(parts)-1]
	if p.Kind != kind || len(p.Signature) > 0 {
		return false
	}
	p.Text = append(p.Text[:len(p.Text):cap(p.Text)], t...)
	return true
}

// thought adds what the model has thought. Its pieces belong together up to a
// signature; one that is of another maker's model is unpacked.
func (d *reader) thought(v rawjson.Value, x *piece, role chat.Role) {
	if role != chat.Assistant {
		d.failAt(v.Path(), "thoughts can only be the model's")
		return
	}
	kind, signature := unseal(inner(x.signature))
	if t := inner(x.text); len(t) > 0 || kind == sealThinking {
		if !d.extend(chat.ThinkingPart, t) {
			d.add(chat.ThinkingPart, v).Text = t
		}
	}
	switch kind {
	case sealThinking:
		parts := d.last().Parts
		parts[len(parts)-1].Signature = signature
	case sealRedacted:
		d.add(chat.RedactedPart, v).Text = signature
	default: // of Google, on a summary, where it has no use
	}
}

// call adds a call, which may have no id: then one is made, the same each time that the
// conversation comes. What a Gemini model thought is sealed in its signature.
func (d *reader) call(v, signature rawjson.Value, role chat.Role) {
	if role != chat.Assistant || !d.is(v, rawjson.Object, "an object") {
		d.failAt(v.Path(), "a function call can only be the model's")
		return
	}
	if s := inner(signature); len(s) > 0 {
		d.add(chat.RedactedPart, signature).Text = appendMark(nil, d.here, s)
	}
	p := d.add(chat.ToolCallPart, v)
	p.Input = chat.Raw("{}")
	for it := v.Cursor(); it.Next(); {
		k, m := it.Key, it.Value
		switch {
		case m.IsNull():
		case k.Is("id"):
			p.ID = d.text(m)
		case k.Is("name"):
			p.Name = d.text(m)
		case k.Is("args"):
			if d.is(m, rawjson.Object, "an object") {
				p.Input = m.Raw()
			}
		default:
			d.extra(k, m)
		}
	}
	if len(p.Name) == 0 {
		d.fail(v, "name", "want the function's name")
	}
	if len(p.ID) == 0 {
		p.ID = strconv.AppendInt(chat.Text("call_"), int64(d.calls), 10)
	}
	d.calls++
	d.here++
	if d.open = append(d.open, call{p.ID, p.Name}); len(d.open) > mostOpen {
		d.failAt(v.Path(), "there are too many calls in this turn")
	}
}

// response adds the result of a call: that of its id, else the first of its name.
func (d *reader) response(v rawjson.Value) {
	if !d.is(v, rawjson.Object, "an object") {
		return
	}
	p := d.add(chat.ToolResultPart, v)
	var answer, media rawjson.Value
	for it := v.Cursor(); it.Next(); {
		k, m := it.Key, it.Value
		switch name := camel(k); {
		case m.IsNull():
		case name == "id":
			p.ID = d.text(m)
		case name == "name":
			p.Name = d.text(m)
		case name == "response":
			answer = m
		case name == "parts":
			media = m
		default:
			d.extra(k, m)
		}
	}
	if d.err != nil {
		return
	}
	if id := d.answered(p); len(id) > 0 {
		p.ID = id
	}
	if len(p.ID) == 0 {
		d.failAt(v.Path(), "a function response without its call: no function of this name was called in the turn before")
		return
	}
	if answer.Exists() && !d.is(answer, rawjson.Object, "an object") {
		return
	}
	text, failed := output(answer)
	p.IsError = failed
	if text != nil {
		d.addResult(chat.TextPart, answer).Text = text
	}
	if media.Exists() {
		d.each(media, func(m rawjson.Value) {
			if b, f := get(m, "inlineData"), get(m, "fileData"); b.Exists() {
				d.blob(b, d.addResult(chat.DocumentPart, b))
			} else if f.Exists() {
				d.file(f, d.addResult(chat.DocumentPart, f))
			} else {
				d.r.DropAt(m.Path)
			}
		})
	}
}

// answered takes the call out that a result belongs to, and is its id.
func (d *reader) answered(p *chat.Part) chat.Text {
	at := -1
	for i := range d.open {
		if len(p.ID) > 0 && same(d.open[i].id, p.ID) {
			at = i
			break
		}
		if at < 0 && same(d.open[i].name, p.Name) {
			if at = i; len(p.ID) == 0 {
				break
			}
		}
	}
	if at < 0 {
		return nil
	}
	id := d.open[at].id
	d.open = append(d.open[:at], d.open[at+1:]...)
	return id
}

// output is what a function answered: what stands under one of the keys that this API
// knows, else the whole object (https://ai.google.dev/api/caching#FunctionResponse).
func output(v rawjson.Value) (text chat.Text, failed bool) {
	if v.Len() == 0 {
		return nil, false
	}
	if v.Len() == 1 {
		out, bad := v.Get("output"), v.Get("error")
		failed = bad.Exists()
		for _, m := range [...]rawjson.Value{out, bad} {
			if m.Kind() == rawjson.String {
				return inner(m), failed
			} else if m.Exists() {
				v = m
			}
		}
	}
	return rawjson.AppendEscaped(chat.Text{}, v.Raw()), failed
}

// Where the Files API keeps files, which nobody else can read.
const filesAPI = "https://generativelanguage.googleapis.com/"

// file reads a FileData.
func (d *reader) file(v rawjson.Value, p *chat.Part) {
	if !d.is(v, rawjson.Object, "an object") {
		return
	}
	p.Media.Type = inner(get(v, "mimeType"))
	uri := d.need(v, "fileUri")
	p.Kind = mediaKind(p.Media.Type, uri)
	s := rawjson.AppendUnescaped(nil, uri)
	if bytes.HasPrefix(s, []byte("http")) && !bytes.HasPrefix(s, []byte(filesAPI)) {
		p.Media.URL = uri
	} else {
		p.Media.FileID = uri
	}
}
