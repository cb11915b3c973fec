package gemini

import (
	"bytes"
	"strings"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// A conversation here is contents of user and model. Neighbours of one side are one
// content, but for results of functions, which have one of their own, right behind that
// with their calls. System messages are the system instruction wherever they stand.

// A side is whose a content is.
type side uint8

const (
	nobody side = iota
	user
	results
	assistant
)

// turn makes sure that a content of the side is open.
//
//go:noinline
func (b *builder) turn(s side) {
	if b.side == s {
		return
	}
	b.endTurn()
	b.Comma()
	if s == assistant {
		b.Raw(`{"role":"model","parts":[`)
	} else {
		b.Raw(`{"role":"user","parts":[`)
	}
	b.side = s
}

//go:noinline
func (b *builder) endTurn() {
	if b.side != nobody {
		b.Raw(`]}`)
	}
	b.side = nobody
}

// system writes the system instruction.
func (b *builder) system() {
	before := len(b.Dst)
	b.Raw(`"systemInstruction":{"parts":[`)
	from := len(b.Dst)
	for i := range b.R.Messages {
		m := &b.R.Messages[i]
		for k := range m.Parts {
			if p := &m.Parts[k]; m.Role == chat.System {
				b.named(m)
				b.say(p)
			}
		}
	}
	if b.asked {
		b.say(&chat.Part{Text: chat.Text(answerAsk)})
	}
	if len(b.Dst) == from {
		b.Dst = b.Dst[:before]
		return
	}
	b.Raw(`]}`)
}

// say writes a text, if there is something in it.
func (b *builder) say(p *chat.Part) {
	b.unhint(p)
	if p.Kind != chat.TextPart && p.Kind != chat.RefusalPart {
		b.Fail(p.At.Path(), "cannot stand in a message of this role")
	}
	if len(p.Text) > 0 {
		b.Comma()
		b.Raw(`{`)
		b.Text("text", p.Text)
		b.Raw(`}`)
	}
}

// unhint reports what there is no place for: cache hints, as this API caches by itself,
// and citations. Each is one drop, for a client that sends them does so everywhere.
//
//go:noinline
func (b *builder) unhint(p *chat.Part) {
	if len(p.CacheControl) > 0 {
		b.R.Drop("cache_control")
	}
	if len(p.Citations) > 0 {
		b.R.Drop("messages[].content[].citations")
	}
}

// named reports the name of a speaker, for which there is no place.
//
//go:noinline
func (b *builder) named(m *chat.Message) {
	if len(m.Name) > 0 {
		b.R.Drop(m.At.Path() + ".name")
	}
}

// opening is the user's turn where a conversation has none to begin with, which this
// API wants in front of calls: chat programs often let the assistant greet first.
const opening = `{"text":"(The conversation begins.)"}`

func (b *builder) contents() {
	list := b.R.Messages
	if len(list) == 0 {
		b.Fail("messages", "want at least one message")
	}
	b.Key("contents")
	b.Raw(`[`)
	for i := 0; i < len(list) && b.Err == nil; {
		to := i + 1
		for to < len(list) && (list[to].Role == chat.Assistant) == (list[i].Role == chat.Assistant) {
			to++
		}
		if list[i].Role == chat.Assistant {
			b.modelTurn(list[i:to])
		} else {
			b.userTurn(list[i:to], to == len(list))
		}
		i = to
	}
	b.unanswered()
	switch {
	case b.side == nobody:
		b.turn(user)
		b.Raw(opening)
	case b.side == assistant && !b.m.is(continues):
		b.Fail(list[len(list)-1].At.Path(), "the model does not continue an answer; the last message must be the user's")
	}
	b.endTurn()
	b.Raw(`]`)
}

// userTurn writes messages of the user's and results: all results first.
func (b *builder) userTurn(run []chat.Message, final bool) {
	before := len(b.Dst)
	b.results(run)
	for i := range run {
		m := &run[i]
		if m.Role == chat.System {
			continue
		}
		b.named(m)
		for k := range m.Parts {
			if p := &m.Parts[k]; p.Kind != chat.ToolResultPart {
				b.part(p)
			}
		}
	}
	last := &run[len(run)-1]
	if final && len(b.Dst) == before && last.Role != chat.System {
		b.Fail(last.At.Path(), "the last message must say something here")
	}
}

// modelTurn writes messages of the assistant's as one content.
func (b *builder) modelTurn(run []chat.Message) {
	for i := range run {
		m := &run[i]
		b.named(m)
		n, sealed := 0, false // calls of this message; its thoughts are in a signature
		for k := range m.Parts {
			sealed = sealed || isMark(m.Parts[k].Text) && m.Parts[k].Kind == chat.RedactedPart
		}
		for k := range m.Parts {
			p := &m.Parts[k]
			switch p.Kind {
			case chat.TextPart, chat.RefusalPart:
				if len(p.Text) > 0 {
					b.begin(assistant)
				}
				b.say(p)
			case chat.ToolCallPart:
				b.unhint(p)
				b.call(p, signature(m, n))
				n++
			case chat.ThinkingPart, chat.RedactedPart:
				if !sealed || p.Kind == chat.RedactedPart && !isMark(p.Text) {
					b.R.Drop(p.At.Path())
				}
			case chat.ServerPart:
				b.R.Drop(p.At.Path())
			default:
				b.Fail(p.At.Path(), "cannot stand in a message of this role")
			}
		}
	}
}

// begin opens a content; the first is the user's.
//
//go:noinline
func (b *builder) begin(s side) {
	if b.side == nobody && s == assistant {
		b.turn(user)
		b.Raw(opening)
	}
	b.turn(s)
}

// A call is one that waits for its result.
type call struct{ part, result *chat.Part }

// callPath is where a call stood, of which OpenAI's reader keeps the arguments.
func callPath(p *chat.Part) string { return strings.TrimSuffix(p.At.Path(), ".function.arguments") }

// unsigned stands for the signature of a call that the model did not make itself
// (https://ai.google.dev/gemini-api/docs/thought-signatures).
const unsigned = "skip_thought_signature_validator"

// call writes a call. Of parallel ones the first has the signature.
func (b *builder) call(p *chat.Part, signature chat.Text) {
	if !isName(p.Name) {
		b.Fail(callPath(p), badName)
		return
	}
	if len(p.ID) == 0 {
		b.Fail(callPath(p), "want an id")
	}
	for i := range b.open {
		if same(b.open[i].part.ID, p.ID) {
			b.Fail(callPath(p), "another call of this turn has the same id")
		}
	}
	b.begin(assistant)
	b.Comma()
	b.Raw(`{"functionCall":{`)
	b.identify(p.ID, p.Name)
	b.Key("args")
	b.input(p)
	b.Raw(`}`)
	if len(signature) == 0 && len(b.open) == 0 {
		signature = chat.Text(unsigned)
	}
	if len(signature) > 0 && b.m.is(signs) {
		b.Text("thoughtSignature", signature)
	}
	b.Raw(`}`)
	b.open = append(b.open, call{part: p})
}

// identify writes what a call and its result have in common.
//
//go:noinline
func (b *builder) identify(id, name chat.Text) {
	if b.m.is(signs) {
		b.Text("id", id)
	}
	b.Text("name", name)
}

// input writes the arguments of a call, which OpenAI's clients have as a JSON document
// in a string. No arguments are an empty object.
func (b *builder) input(p *chat.Part) {
	if p.Input != nil {
		b.Put(p.Input)
		return
	}
	from := len(b.Dst)
	b.Dst = rawjson.AppendUnescaped(b.Dst, p.Arguments)
	if len(bytes.TrimSpace(b.Dst[from:])) == 0 {
		b.Dst = b.Dst[:from]
		b.Raw(`{}`)
		return
	}
	if err := b.doc.Parse(b.Dst[from:]); err != nil {
		b.Fail(p.At.Path(), "want arguments that are JSON: "+err.Error())
	} else if kind := b.doc.Root().Kind(); kind != rawjson.Object {
		b.Fail(p.At.Path(), "want arguments that are a JSON object, got "+kind.String())
	}
}

// results writes the results of all open calls, in the order of these: without ids that
// is what tells calls of one function apart.
func (b *builder) results(run []chat.Message) {
	for i := range run {
		for k := range run[i].Parts {
			if p := &run[i].Parts[k]; p.Kind == chat.ToolResultPart {
				b.assign(p)
			}
		}
	}
	b.unanswered()
	for i := range b.open {
		if b.Err == nil {
			b.result(b.open[i])
		}
	}
	b.open = b.open[:0]
	for _, a := range b.media {
		b.turn(user)
		b.Comma()
		b.Raw(`{"text":"Result of the call of `)
		b.Put(a.name)
		b.Raw(`:"}`)
		b.part(a.part)
	}
	b.media = b.media[:0]
}

// assign gives a result to its call.
func (b *builder) assign(p *chat.Part) {
	for i := range b.open {
		if c := &b.open[i]; c.result == nil && same(c.part.ID, p.ID) {
			c.result = p
			return
		}
	}
	b.Fail(p.At.Path(), "a result without its call: the assistant's turn before has no call of this id, or it has its result")
}

// unanswered fails for the first call that has no result where it has to be.
func (b *builder) unanswered() {
	for _, c := range b.open {
		if c.result == nil {
			b.Fail(callPath(c.part), "this call has no result in the messages right behind it")
			return
		}
	}
}

// An attached is an image or a document of a result. It goes into the user's content
// behind the results, which all models take; a functionResponse with parts is of the
// newest alone.
type attached struct {
	name chat.Text // of the function
	part *chat.Part
}

// result writes a result: output and error are keys that this API knows.
func (b *builder) result(c call) {
	p := c.result
	b.unhint(p)
	b.turn(results)
	b.Comma()
	b.Raw(`{"functionResponse":{`)
	b.identify(c.part.ID, c.part.Name)
	if p.IsError {
		b.Raw(`,"response":{"error":"`)
	} else {
		b.Raw(`,"response":{"output":"`)
	}
	said := 0
	for i := range p.Result {
		part := &p.Result[i]
		b.unhint(part)
		switch part.Kind {
		case chat.TextPart:
			if said++; said > 1 {
				b.Raw(`\n`)
			}
			b.Put(part.Text)
		case chat.ImagePart, chat.DocumentPart, chat.AudioPart, chat.VideoPart:
			b.media = append(b.media, attached{c.part.Name, part})
		default:
			b.R.Drop(part.At.Path())
		}
	}
	b.Raw(`"}}}`)
}
