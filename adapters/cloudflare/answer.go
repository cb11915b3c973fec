package cloudflare

import (
	"errors"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// ReadResponse reads an answer of either form, with its envelope or without.
func (a *adapter) ReadResponse(answer rawjson.Value, out *chat.Response) error {
	if isError(answer) {
		return errors.New(a.Adapter.ReadError(500, answer.Raw()).Message)
	}
	if r := answer.Get("result"); r.Kind() == rawjson.Object {
		answer = r
	}
	if answer.Get("choices").Exists() || !isOwn(answer) {
		return a.Adapter.ReadResponse(answer, out)
	}
	doc := rawjson.Doc{LoneSurrogates: true}
	if err := doc.Parse(appendAsOpenAI(nil, answer, "message")); err != nil {
		return err
	}
	return a.Adapter.ReadResponse(doc.Root(), out)
}

// isError reports whether an answer is an error in the envelope.
func isError(v rawjson.Value) bool {
	ok, said := v.Get("success").Bool()
	return said && !ok || v.Get("errors").Len() > 0 && !v.Get("choices").Exists()
}

// isOwn reports whether an answer, or a piece of one, is in Workers AI's own form.
func isOwn(v rawjson.Value) bool {
	return v.Get("response").Exists() || v.Get("tool_calls").Exists()
}

// appendAsOpenAI appends an answer of Workers AI's own form in OpenAI's: as a message, or
// as the delta of a chunk.
func appendAsOpenAI(dst []byte, v rawjson.Value, member string) []byte {
	dst = append(dst, `{"choices":[{"index":0,"`...)
	dst = append(dst, member...)
	dst = append(dst, `":{"content":`...)
	switch r := v.Get("response"); r.Kind() {
	case rawjson.String:
		dst = append(dst, r.Raw()...)
	case rawjson.Absent, rawjson.Null:
		dst = append(dst, "null"...)
	default: // structured output comes as the JSON that it is
		dst = rawjson.AppendString(dst, r.Raw())
	}
	dst = append(appendCalls(dst, v.Get("tool_calls")), '}')
	reason := v.Get("finish_reason")
	if reason.Kind() == rawjson.String {
		dst = append(append(dst, `,"finish_reason":`...), reason.Raw()...)
	}
	dst = append(dst, "}]"...)
	if u := v.Get("usage"); u.Kind() == rawjson.Object {
		dst = append(append(dst, `,"usage":`...), u.Raw()...)
	}
	return append(dst, '}')
}

// appendCalls appends calls, which have their names and arguments in themselves or in a
// function. One that has no id gets one that is made from it: it does not depend on the
// time, and two of one answer are told apart by their places.
func appendCalls(dst []byte, calls rawjson.Value) []byte {
	dst = append(dst, `,"tool_calls":[`...)
	first := true
	for i, c := range calls.Elems() {
		f := c
		if in := c.Get("function"); in.Kind() == rawjson.Object {
			f = in
		}
		name, arguments := f.Get("name"), f.Get("arguments")
		if name.Kind() != rawjson.String && arguments.Kind() != rawjson.String {
			continue // the last piece of a call in a stream, which says nothing
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(dst, '{')
		if n := c.Get("index"); n.Kind() == rawjson.Number {
			dst = append(append(append(dst, `"index":`...), n.Raw()...), ',')
		}
		if id := c.Get("id"); id.Kind() == rawjson.String {
			dst = append(append(append(dst, `"id":`...), id.Raw()...), ',')
		} else if name.Kind() == rawjson.String {
			dst = rawjson.AppendInt(append(dst, `"id":"call_`...), int64(hash(f.Raw())))
			dst = append(rawjson.AppendInt(append(dst, '_'), int64(i)), `",`...)
		}
		dst = append(dst, `"function":{"name":`...)
		dst = appendOr(dst, name, "null")
		dst = append(dst, `,"arguments":`...)
		dst = append(appendOr(dst, arguments, `""`), "}}"...)
	}
	return append(dst, ']')
}

func appendOr(dst []byte, v rawjson.Value, other string) []byte {
	if v.Exists() {
		return append(dst, v.Raw()...)
	}
	return append(dst, other...)
}

// hash is FNV-1a of 32 bits.
func hash(p []byte) uint32 {
	h := uint32(2166136261)
	for _, c := range p {
		h = (h ^ uint32(c)) * 16777619
	}
	return h
}

// decoder hands chunks on to OpenAI's, in its form.
type decoder struct {
	to       adapters.Decoder
	doc      rawjson.Doc
	chunk    []byte
	said     bool // there was an answer
	finished bool // and it had a reason to end
}

// NewDecoder makes a reader of streams.
func (a *adapter) NewDecoder() adapters.Decoder {
	return &decoder{to: a.Adapter.NewDecoder(), doc: rawjson.Doc{LoneSurrogates: true}}
}

func (d *decoder) Reset() {
	d.to.Reset()
	d.doc.Reset()
	d.said, d.finished = false, false
}

// mostChunk bounds the memory that is kept of a chunk.
const mostChunk = 4 << 10

func (d *decoder) Event(event, data []byte, emit func(*chat.Event)) error {
	if string(data) == "[DONE]" {
		if d.said && !d.finished { // the own form has no reasons
			if err := d.to.Event(nil, []byte(`{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`), emit); err != nil {
				return err
			}
		}
		return d.to.Event(event, data, emit)
	}
	if err := d.doc.Parse(data); err != nil {
		return err
	}
	v := d.doc.Root()
	choices := v.Get("choices")
	switch {
	case isError(v):
		event = []byte("error")
	case choices.Len() > 0:
		d.said = true
		d.finished = d.finished || choices.At(0).Get("finish_reason").Kind() == rawjson.String
	case isOwn(v):
		d.said = true
		d.finished = d.finished || v.Get("finish_reason").Kind() == rawjson.String
		d.chunk = appendAsOpenAI(d.chunk[:0], v, "delta")
		data = d.chunk
	}
	d.doc.Reset()
	err := d.to.Event(event, data, emit)
	if cap(d.chunk) > mostChunk {
		d.chunk, d.doc = nil, rawjson.Doc{LoneSurrogates: true}
	}
	return err
}

func (d *decoder) Close(emit func(*chat.Event)) error { return d.to.Close(emit) }
