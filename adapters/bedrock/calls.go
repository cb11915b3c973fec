package bedrock

import (
	"bytes"
	"strings"

	"github.com/postern-gateway/postern/adapters/anthropic"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// A call is one that waits for its result.
type call struct {
	part  *chat.Part
	given []byte // its id as the request has it
	done  bool
}

// mostCalls is how many calls one turn may have, far above what models make.
const mostCalls = 1024

// callPath is where a call stood, of which OpenAI's reader keeps the arguments.
func callPath(p *chat.Part) string { return strings.TrimSuffix(p.At.Path(), ".function.arguments") }

func (b *builder) call(p *chat.Part) {
	switch {
	case !isName(p.Name):
		b.Fail(callPath(p), badName)
	case len(p.ID) == 0:
		b.Fail(callPath(p), "want an id")
	case len(b.open) == mostCalls:
		b.Fail(callPath(p), "there are too many calls in one turn")
	}
	for i := range b.open {
		if b.Err == nil && same(b.open[i].part.ID, p.ID) {
			b.Fail(callPath(p), "another call of this turn has the same id")
		}
	}
	if b.Err != nil {
		return
	}
	b.turn(assistant)
	id := b.newID(p.ID)
	b.open = append(b.open, call{part: p, given: id})
	b.wrap("toolUse")
	b.Text("toolUseId", id)
	b.Text("name", p.Name)
	b.Key("input")
	b.input(p)
	b.Raw(`}}`)
	b.cache(p.CacheControl)
}

// newID is an id that this API takes and that no call before has. One that is not like
// that is respelled as a hash of it and of its turn.
func (b *builder) newID(id chat.Text) []byte {
	if b.ids == nil {
		b.ids = map[string]struct{}{}
	}
	given := []byte(id)
	if _, used := b.ids[string(given)]; used || !isID(id) {
		h := uint64(14695981039346656037) ^ uint64(b.turns)
		for _, c := range rawjson.AppendUnescaped(nil, id) {
			h = (h ^ uint64(c)) * 1099511628211
		}
		given = []byte("pid_")
		for shift := 60; shift >= 0; shift -= 4 {
			given = append(given, "0123456789abcdef"[h>>shift&15])
		}
	}
	b.ids[string(given)] = struct{}{}
	return given
}

// isID reports whether a text is an id as calls have them here.
func isID(t chat.Text) bool {
	for _, c := range t {
		if c|0x20-'a' > 25 && c-'0' > 9 && c != '_' && c != '.' && c != ':' && c != '-' {
			return false
		}
	}
	return len(t) <= 64
}

// input writes the arguments of a call, which OpenAI's clients have as a JSON document
// in a string. No arguments are an empty object.
func (b *builder) input(p *chat.Part) {
	if p.Input != nil {
		b.Put(p.Input)
		return
	}
	if anthropic.IsBlank(p.Arguments) {
		b.Raw(`{}`)
		return
	}
	from := len(b.Dst)
	b.Dst = rawjson.AppendUnescaped(b.Dst, p.Arguments)
	if err := b.doc.Parse(b.Dst[from:]); err != nil {
		b.failAt(p.At, "want arguments that are JSON: "+err.Error())
	} else if kind := b.doc.Root().Kind(); kind != rawjson.Object {
		b.failAt(p.At, "want arguments that are a JSON object, got "+kind.String())
	}
}

// unanswered fails for the first call that has no result where it has to be.
func (b *builder) unanswered() {
	for i := range b.open {
		if !b.open[i].done {
			b.Fail(callPath(b.open[i].part), "this call has no result in the messages right behind it")
		}
	}
	b.open = b.open[:0]
}

// result writes the result of a call, which has to say something here.
func (b *builder) result(p *chat.Part) {
	var c *call
	for i := range b.open {
		if !b.open[i].done && same(b.open[i].part.ID, p.ID) {
			c = &b.open[i]
			break
		}
	}
	if c == nil {
		b.failAt(p.At, "a result without its call: the assistant's turn before has no call of this id, or it has its result")
		return
	}
	c.done = true
	b.turn(user)
	b.wrap("toolResult")
	b.Text("toolUseId", c.given)
	b.begin("content", `[`)
	from, hint := len(b.Dst), p.CacheControl
	for i := range p.Result {
		part := &p.Result[i]
		if hint == nil { // its place is behind the result
			hint = part.CacheControl
		}
		switch part.Kind {
		case chat.TextPart:
			b.say(nobody, part)
		case chat.ImagePart, chat.DocumentPart, chat.VideoPart:
			b.file(part)
		case chat.AudioPart:
			b.failAt(part.At, "a result cannot have audio here")
		default:
			b.dropAt(part.At, "")
		}
	}
	if len(b.Dst) == from {
		b.Raw(`{"text":"(no output)"}`)
	}
	b.Raw(`]`)
	if p.IsError {
		if b.m.is(status) {
			b.word("status", "error")
		} else {
			b.dropAt(p.At, ".is_error")
		}
	}
	b.Raw(`}}`)
	b.cache(hint)
}

// same reports whether two texts say the same, however they are spelled.
func same(a, b chat.Text) bool {
	return bytes.Equal(a, b) || bytes.IndexByte(a, '\\')&bytes.IndexByte(b, '\\') >= 0 &&
		bytes.Equal(rawjson.AppendUnescaped(nil, a), rawjson.AppendUnescaped(nil, b))
}
