package cloudflare

import (
	"errors"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/openai"
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

// A writer has its helpers not inlined: there are many calls of them, and the module's
// size counts.
type writer struct{ dst []byte }

//go:noinline
func (w *writer) raw(s string) { w.dst = append(w.dst, s...) }

// value writes what is between before and behind it, or other if there is nothing.
//
//go:noinline
func (w *writer) value(before string, v rawjson.Value, other string) {
	w.raw(before)
	if v.Exists() {
		w.dst = append(w.dst, v.Raw()...)
	} else {
		w.raw(other)
	}
}

// member writes a member if it is of the kind.
//
//go:noinline
func (w *writer) member(before string, v rawjson.Value, kind rawjson.Kind) bool {
	if v.Kind() == kind {
		w.value(before, v, "")
	}
	return v.Kind() == kind
}

// appendAsOpenAI appends an answer of Workers AI's own form in OpenAI's: as a message, or
// as the delta of a chunk.
func appendAsOpenAI(dst []byte, v rawjson.Value, member string) []byte {
	w := writer{dst}
	w.raw(`{"choices":[{"index":0,"`)
	w.raw(member)
	response := v.Get("response")
	switch response.Kind() {
	case rawjson.String, rawjson.Absent, rawjson.Null:
		w.value(`":{"content":`, response, "null")
	default: // structured output comes as the JSON that it is
		w.raw(`":{"content":`)
		w.dst = rawjson.AppendString(w.dst, response.Raw())
	}
	w.raw(`,"tool_calls":[`)
	first := true
	for it := v.Get("tool_calls").Items(); it.Next(); {
		i, c := it.Index, it.Value
		first = !w.call(first, i, c) && first
	}
	w.raw("]}")
	w.member(`,"finish_reason":`, v.Get("finish_reason"), rawjson.String)
	w.raw("}]")
	w.member(`,"usage":`, v.Get("usage"), rawjson.Object)
	w.raw("}")
	return w.dst
}

// call writes a call, which has its name and arguments in itself or in a function; false
// for the last piece of one in a stream, which says nothing. A call that has no id gets
// one that is made from it: it does not depend on the time, and two of one answer are
// told apart by their places.
func (w *writer) call(first bool, i int, c rawjson.Value) bool {
	f := c
	if in := c.Get("function"); in.Kind() == rawjson.Object {
		f = in
	}
	name, arguments := f.Get("name"), f.Get("arguments")
	named := name.Kind() == rawjson.String
	if !named && arguments.Kind() != rawjson.String {
		return false
	}
	if !first {
		w.raw(",")
	}
	w.value(`{"function":{"name":`, name, "null")
	w.value(`,"arguments":`, arguments, `""`)
	w.raw("}")
	w.member(`,"index":`, c.Get("index"), rawjson.Number)
	if !w.member(`,"id":`, c.Get("id"), rawjson.String) && named {
		w.raw(`,"id":"call_`)
		w.dst = rawjson.AppendInt(w.dst, int64(hash(f.Raw())))
		w.raw("_")
		w.dst = rawjson.AppendInt(w.dst, int64(i))
		w.raw(`"`)
	}
	w.raw("}")
	return true
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
	to       openai.ChunkDecoder
	doc      rawjson.Doc
	chunk    []byte
	said     bool // there was an answer
	finished bool // and it had a reason to end
}

// NewDecoder makes a reader of streams.
func (a *adapter) NewDecoder() adapters.Decoder {
	return &decoder{to: a.Adapter.NewChunkDecoder(), doc: rawjson.Doc{LoneSurrogates: true}}
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
		if err := d.doc.Parse(d.chunk); err != nil {
			return err
		}
		v = d.doc.Root()
	}
	err := d.to.Chunk(event, v, emit)
	d.doc.Reset()
	if cap(d.chunk) > mostChunk || len(data) > mostChunk {
		d.chunk, d.doc = nil, rawjson.Doc{LoneSurrogates: true}
	}
	return err
}

// Finished reports whether the answer has its reason to end.
func (d *decoder) Finished() bool { return d.finished }

func (d *decoder) Close(emit func(*chat.Event)) error { return d.to.Close(emit) }
