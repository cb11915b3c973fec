package openairesponses

import (
	"bytes"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/openaichat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// Marks in front of a reasoning item's encrypted_content, by which what was written here
// is known again. What OpenAI itself has sealed has neither.
const (
	signed   = "signature:"
	redacted = "redacted:"
)

// input is a text or a list of items.
func (d *reader) input(v rawjson.Value) {
	if v.Kind() == rawjson.String {
		d.begin(chat.User, v)
		d.Add(d.textPart(v, v))
		return
	}
	if d.Array(v).Len() == 0 && d.Err == nil {
		d.Wrong(v, "a text or a list of items that is not empty")
	}
	d.Items(v, d.item)
}

// begin begins a message. What an assistant thinks, says and calls are items of their
// own here, and one message elsewhere.
//
//go:noinline
func (d *reader) begin(role chat.Role, at rawjson.Value) {
	if d.speaks && role == chat.Assistant {
		return
	}
	d.R.Begin(role).At = at
	d.speaks = role == chat.Assistant
}

//go:noinline
func (d *reader) textPart(v, at rawjson.Value) *chat.Part {
	t := d.Text(v)
	p := d.New(chat.TextPart, at)
	p.Text = t
	return p
}

func (d *reader) item(v rawjson.Value) {
	kind := d.Object(v).Get("type")
	as := word(kind, "message function_call function_call_output reasoning item_reference custom_tool_call custom_tool_call_output")
	if !kind.Exists() || kind.IsNull() { // which two of them can do without
		as = 4
		if v.Get("role").Exists() {
			as = 0
		}
	}
	switch as {
	case 0:
		d.message(v)
	case 1:
		d.begin(chat.Assistant, v)
		d.call(v)
	case 2, 6:
		d.begin(chat.ToolRole, v)
		p := d.New(chat.ToolResultPart, v)
		p.ID = d.filled(v, "call_id")
		d.Add(p)
		if output := d.Need(v, "output"); d.Err == nil {
			d.content(output, d.AddResult)
		}
	case 3:
		d.begin(chat.Assistant, v)
		d.thought(v)
	case 4:
		d.Unsupported(v, "items are not kept, so there is none to refer to; send the item itself")
	case 5:
		d.begin(chat.Assistant, v)
		d.textCall(v)
	default:
		d.Unsupported(v, "want an item of type message, function_call, custom_tool_call, an output of these, or reasoning; others are of tools that OpenAI runs itself")
	}
	d.rest(v, "type id status role content call_id name arguments input output summary encrypted_content")
}

// rest reports what an item or a part has beside the members that are known. Ids and
// states are those of answers that nobody keeps.
func (d *reader) rest(v rawjson.Value, known string) {
	if d.Err != nil {
		return
	}
	for it := v.Members(); it.Next(); {
		k, m := it.Key, it.Value
		if word(k, known) < 0 && !m.IsNull() {
			d.drop(m)
		}
	}
}

func (d *reader) message(v rawjson.Value) {
	role := d.Need(v, "role")
	as := chat.System
	switch word(role, "user assistant system developer") {
	case 0:
		as = chat.User
	case 1:
		as = chat.Assistant
	case -1:
		d.Wrong(role, "'user', 'assistant', 'system' or 'developer'")
	}
	if d.Err != nil {
		return
	}
	d.begin(as, v)
	if content := d.Need(v, "content"); d.Err == nil {
		d.content(content, d.Add)
	}
}

func (d *reader) call(v rawjson.Value) {
	arguments := d.Need(v, "arguments")
	p := d.New(chat.ToolCallPart, arguments)
	p.ID, p.Name = d.filled(v, "call_id"), d.filled(v, "name")
	if p.Arguments = d.Text(arguments); len(p.Arguments) == 0 {
		p.Arguments = chat.Text("{}")
	}
	d.Add(p)
}

// textCall reads a call of a tool that takes a text.
func (d *reader) textCall(v rawjson.Value) {
	input := d.Need(v, "input")
	p := d.New(chat.ToolCallPart, input)
	p.ID, p.Name = d.filled(v, "call_id"), d.filled(v, "name")
	var b rawjson.Builder
	b.Raw(textBegin)
	b.Put(d.Text(input))
	b.Raw(textEnd)
	p.Input = b.Dst
	d.Add(p)
}

// thought reads thinking: its text, and what seals it.
func (d *reader) thought(v rawjson.Value) {
	var text chat.Text
	for _, key := range [...]string{"content", "summary"} { // the whole of it before what is its sum
		if list := v.Get(key); len(text) == 0 && list.Exists() && !list.IsNull() {
			d.Items(list, func(s rawjson.Value) {
				if t := d.Text(d.Need(s, "text")); len(text) == 0 {
					text = t
				} else {
					text = rawjson.AddRaw(rawjson.AddRaw(nil, text), t)
				}
			})
		}
	}
	seal := d.Optional(v, "encrypted_content")
	signature, isOurs := bytes.CutPrefix(seal, []byte(signed))
	if data, ok := bytes.CutPrefix(seal, []byte(redacted)); ok {
		p := d.New(chat.RedactedPart, v)
		p.Text = data
		d.Add(p)
	} else {
		p := d.New(chat.ThinkingPart, v)
		p.Text = text
		if isOurs {
			p.Signature = signature
		} else if len(seal) > 0 {
			d.drop(v.Get("encrypted_content"))
		}
		if len(p.Text) > 0 || isOurs {
			d.Add(p)
		}
	}
}

// content is a text or a list of parts.
//
//go:noinline
func (d *reader) content(v rawjson.Value, add func(*chat.Part)) {
	if v.Kind() == rawjson.String {
		add(d.textPart(v, v))
		return
	}
	if d.Array(v).Len() == 0 && d.Err == nil {
		d.Wrong(v, "a text or a list of parts that is not empty")
	}
	d.Items(v, func(part rawjson.Value) {
		if p := d.part(part); d.Err == nil {
			add(p)
		}
	})
}

func (d *reader) part(v rawjson.Value) *chat.Part {
	kind := d.Need(d.Object(v), "type")
	var p *chat.Part
	switch word(kind, "input_text output_text text refusal input_image input_file input_audio") {
	case 0, 1, 2:
		p = d.textPart(d.Need(v, "text"), v)
	case 3:
		p = d.textPart(d.Need(v, "refusal"), v)
		p.Kind = chat.RefusalPart
	case 4:
		p = d.New(chat.ImagePart, v)
		p.Detail = d.Optional(v, "detail")
		d.file(v, p, "image_url", "image_url")
	case 5:
		p = d.New(chat.DocumentPart, v)
		p.Title = d.Optional(v, "filename")
		d.file(v, p, "file_data", "file_url")
	case 6:
		a := d.Object(d.Need(v, "input_audio"))
		p = d.New(chat.AudioPart, v)
		p.Media.Data = d.filled(a, "data")
		p.Media.Type = openaichat.AudioType(d.filled(a, "format"))
	default:
		d.Wrong(kind, "'input_text', 'input_image', 'input_file', 'input_audio', 'output_text' or 'refusal'")
		return nil
	}
	if _, ok := said(v, "prompt_cache_breakpoint"); ok {
		p.CacheControl = chat.Raw(`{"type":"ephemeral"}`)
	}
	// annotations and logprobs are of an answer that comes back
	d.rest(v, "type text refusal detail image_url file_id filename file_data file_url input_audio annotations logprobs prompt_cache_breakpoint")
	return p
}

// file reads where a file is: in the request, in the member data; elsewhere, in the
// member url; or at the provider.
func (d *reader) file(v rawjson.Value, p *chat.Part, data, url string) {
	m := &p.Media
	m.FileID = d.Optional(v, "file_id")
	here, there := d.Optional(v, data), d.Optional(v, url)
	switch {
	case d.Err != nil:
	case len(m.FileID) > 0 && len(here)+len(there) == 0:
	case len(m.FileID) > 0 || data != url && len(here) > 0 && len(there) > 0:
		d.Fail("invalid_value", v.Path(), "want one of "+data+", "+url+" and file_id")
	case len(here) == 0 && len(there) == 0:
		d.Fail("missing_required_parameter", v.Path(), "want one of "+data+", "+url+" and file_id")
	case len(here) == 0:
		m.URL = there
	default:
		if p.At = v.Get(data); !openaichat.ReadData(here, m) {
			if m.URL = here; data != url || bytes.HasPrefix(here, []byte("data:")) {
				d.Wrong(p.At, "a data URL such as 'data:image/png;base64,...'")
			}
		}
	}
}
