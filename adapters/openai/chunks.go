package openai

import (
	"errors"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// ChunkMark begins the signatures of thoughts that came in chunks, so that who sends
// them back knows whose they are.
const ChunkMark = "mistral:"

// errFailed is for a service that says so in the reason for which an answer ended.
var errFailed = errors.New("the answer ended with an error")

// A chunk is a piece of content that came in an array instead of a string, as Mistral's
// models that reason write it (https://docs.mistral.ai/capabilities/reasoning/).
type chunk struct {
	kind            chat.PartKind
	text, signature chat.Text
}

// readChunk is false for what is neither text nor thinking, such as a reference.
func readChunk(v rawjson.Value) (c chunk, ok bool) {
	switch kind := v.Get("type"); {
	case kind.Is("text"):
		c.text = inner(v.Get("text"))
		return c, true
	case !kind.Is("thinking"):
		return c, false
	}
	c.kind = chat.ThinkingPart
	thinking := v.Get("thinking")
	c.text = inner(thinking)
	for it := thinking.Items(); it.Next(); {
		i, t := it.Index, it.Value
		if text := inner(t.Get("text")); i == 0 {
			c.text = text
		} else {
			c.text = append(c.text, text...) // its capacity ends with it, so this is a copy
		}
	}
	if s := inner(v.Get("signature")); len(s) > 0 {
		c.signature = append(chat.Text(ChunkMark), s...)
	}
	return c, true
}

// parts appends what an answer's content says.
func parts(content rawjson.Value, list []chat.Part) []chat.Part {
	for it := content.Items(); it.Next(); {
		e := it.Value
		if c, ok := readChunk(e); ok && len(c.text)+len(c.signature) > 0 {
			list = chat.AppendPart(list, c.kind)
			p := &list[len(list)-1]
			p.Text, p.Signature = c.text, c.signature
		}
	}
	return list
}

// chunks reads what a chunk of a stream adds.
func (l *lane) chunks(d *decoder, content rawjson.Value, emit func(*chat.Event)) error {
	for it := content.Items(); it.Next(); {
		e := it.Value
		c, _ := readChunk(e)
		if len(c.text) > 0 {
			if err := l.text(d, c.kind, c.text, emit); err != nil {
				return err
			}
		}
		if err := l.sign(d, c.signature, emit); err != nil {
			return err
		}
	}
	return nil
}

// sign puts a signature to the thinking that is open, or to one of its own.
func (l *lane) sign(d *decoder, signature chat.Text, emit func(*chat.Event)) error {
	if len(signature) == 0 || len(l.waiting) > 0 {
		return nil
	}
	if !l.open || l.kind != chat.ThinkingPart {
		if err := l.text(d, chat.ThinkingPart, nil, emit); err != nil {
			return err
		}
	}
	d.send(emit, chat.Event{Kind: chat.SignatureDelta, Choice: l.choice, Index: l.next - 1, Text: signature})
	return nil
}

// Arguments are those of a call. Some services have the object itself instead of a
// string that holds it.
func Arguments(v rawjson.Value) chat.Text {
	if v.Kind() == rawjson.Object {
		return rawjson.AppendEscaped(nil, v.Raw())
	}
	return inner(v)
}

// function is what a call says of its function. Some services have that in the call
// itself.
func function(call rawjson.Value) rawjson.Value {
	if f := call.Get("function"); f.Kind() == rawjson.Object {
		return f
	}
	return call
}

// isNoID reports whether an id tells nothing: text-generation-inference gives all calls
// the same.
func isNoID(id chat.Text) bool { return len(id) == 0 || string(id) == "0" }
