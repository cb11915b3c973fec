package anthropic

import (
	"bytes"
	"strings"

	"github.com/postern-gateway/postern/adapters/chat"
)

// A conversation here is turns of user and assistant by turns. A turn is a run of
// messages of one side; results of tools are the user's.
//
// System messages before the first turn become the system prompt. Later ones stay
// where they are if the model takes them there
// (https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages),
// that is behind the user's turn in which they stand; for other models, and between
// turns of the assistant, they join the system prompt, as Anthropic's own endpoint for
// OpenAI clients has it.

// runEnd is where the turn that begins at message i ends.
func (b *builder) runEnd(i int) int {
	list := b.r.Messages
	assistant := list[i].Role == chat.Assistant
	for i++; i < len(list) && (list[i].Role == chat.Assistant) == assistant; i++ {
	}
	return i
}

// stays reports whether the system messages of a turn stay there.
func (b *builder) stays(from, to int) bool {
	if !b.m.is(takesSystem) {
		return false
	}
	for i := from; i < to; i++ {
		if b.r.Messages[i].Role != chat.System {
			return true
		}
	}
	return false
}

// leading is how many system messages come before all turns.
func (b *builder) leading() int {
	n := 0
	for n < len(b.r.Messages) && b.r.Messages[n].Role == chat.System {
		n++
	}
	return n
}

// system writes the system prompt: a string where it is one plain text.
func (b *builder) system() {
	list := b.r.Messages
	lead := b.leading()
	s := blocks{b: b, key: `,"system":`}
	for i := range lead {
		s.addAll(&list[i])
	}
	for i := lead; i < len(list); i = b.runEnd(i) {
		to := b.runEnd(i)
		if list[i].Role == chat.Assistant || b.stays(i, to) {
			continue
		}
		for k := i; k < to; k++ {
			if list[k].Role == chat.System {
				s.addAll(&list[k])
			}
		}
	}
	if b.form == formAsked {
		s.add(&chat.Part{Text: chat.Text(answerAsk)}, chat.System)
	}
	s.end()
}

// opening is the user's turn where a conversation has none to begin with, which this
// API wants: chat programs often let the assistant greet first.
const opening = `{"role":"user","content":"(The conversation begins.)"}`

func (b *builder) messages() {
	list := b.r.Messages
	if len(list) == 0 {
		b.fail("messages", "want at least one message")
	}
	b.raw(`,"messages":[`)
	start := len(b.dst)
	lead := b.leading()
	if lead == len(list) {
		b.raw(opening)
	}
	for i := lead; i < len(list) && b.err == nil; {
		to := b.runEnd(i)
		if list[i].Role == chat.Assistant {
			if len(b.dst) == start { // no turn of the user's yet, or only blank ones
				b.raw(opening)
			}
			b.assistantTurn(start, i, to)
		} else {
			b.userTurn(start, i, to)
		}
		i = to
	}
	if len(b.open) > 0 {
		b.unanswered()
	}
	b.raw(`]`)
}

// userTurn writes the user's messages as one: first all results of the calls before,
// then the rest, then what system messages stay.
func (b *builder) userTurn(start, from, to int) {
	list := b.r.Messages
	s := blocks{b: b, start: start, key: `{"role":"user","content":`}
	for i := from; i < to; i++ {
		for k := range list[i].Parts {
			if p := &list[i].Parts[k]; p.Kind == chat.ToolResultPart {
				s.add(p, chat.User)
			}
		}
	}
	if len(b.open) > 0 && b.err == nil {
		b.unanswered()
	}
	for i := from; i < to; i++ {
		m := &list[i]
		if m.Role == chat.System {
			continue
		}
		b.named(m)
		for k := range m.Parts {
			if p := &m.Parts[k]; p.Kind != chat.ToolResultPart {
				s.add(p, chat.User)
			}
		}
	}
	if !s.end() {
		if to == len(list) && list[to-1].Role != chat.System {
			b.fail(b.path(&list[from], nil), "the last message must say something here")
		}
		return
	}
	b.raw(`}`)
	if !b.stays(from, to) {
		return
	}
	turn := blocks{b: b, start: start, key: `{"role":"system","content":`}
	for i := from; i < to; i++ {
		if list[i].Role == chat.System {
			turn.addAll(&list[i])
		}
	}
	if turn.end() {
		b.raw(`}`)
	}
}

// named reports the name of a speaker, for which there is no place.
func (b *builder) named(m *chat.Message) {
	if len(m.Name) > 0 {
		b.r.DropAt(func() string { return b.path(m, nil) + ".name" })
	}
}

// assistantTurn writes the assistant's messages as one. At the end of a conversation it
// is an answer to be continued, which must not end in white space.
func (b *builder) assistantTurn(start, from, to int) {
	list := b.r.Messages
	s := blocks{b: b, start: start, key: `{"role":"assistant","content":`}
	last := lastText(list[from:to])
	final := to == len(list)
	for i := from; i < to; i++ {
		m := &list[i]
		b.named(m)
		for k := range m.Parts {
			p := &m.Parts[k]
			if final && p == last {
				cut := *p
				cut.Text = trimEnd(p.Text)
				p = &cut
			}
			s.add(p, chat.Assistant)
		}
	}
	if !s.end() {
		return
	}
	b.raw(`}`)
	if final && len(b.open) == 0 && !b.m.is(takesPrefill) {
		b.fail(b.path(&list[to-1], nil), "the model does not continue an answer; the last message must be the user's")
	}
}

// lastText is the last part of a turn if it is a text.
func lastText(turn []chat.Message) *chat.Part {
	for i := len(turn) - 1; i >= 0; i-- {
		if n := len(turn[i].Parts); n > 0 {
			if p := &turn[i].Parts[n-1]; p.Kind == chat.TextPart {
				return p
			}
			return nil
		}
	}
	return nil
}

// An openCall is a call of a tool that waits for its result.
type openCall struct {
	id    chat.Text // as the client has it
	given chat.Text // as the request has it; nil if the same
	part  *chat.Part
}

// mostCalls is how many calls one turn may have, far above what models make.
const mostCalls = 1024

// unanswered fails for the first call that has no result where it has to be.
func (b *builder) unanswered() {
	b.fail(b.callPath(b.open[0].part), "this call has no result in the messages right behind it")
}

// callPath is where a call stood, of which OpenAI's reader keeps the arguments.
func (b *builder) callPath(p *chat.Part) string {
	return strings.TrimSuffix(b.path(nil, p), ".function.arguments")
}

// call writes the id of a call. Ids must differ throughout a conversation here, but
// some providers number their calls anew in each turn: such an id gets a suffix.
func (b *builder) call(p *chat.Part) {
	if len(p.ID) == 0 {
		b.fail(b.callPath(p), "want an id")
		return
	}
	if len(b.open) == mostCalls {
		b.fail(b.callPath(p), "there are too many calls in one turn")
		return
	}
	for i := range b.open {
		if same(b.open[i].id, p.ID) {
			b.fail(b.callPath(p), "another call of this turn has the same id")
			return
		}
	}
	c := openCall{id: p.ID, part: p}
	if given := b.newID(p.ID); !bytes.Equal(given, p.ID) {
		c.given = bytes.Clone(given)
	}
	b.open = append(b.open, c)
}

// newID writes an id that no call before has.
func (b *builder) newID(id chat.Text) []byte {
	if b.ids == nil {
		b.ids = map[string]int{}
	}
	from := len(b.dst)
	b.dst = appendID(b.dst, id)
	end := len(b.dst)
	if n, used := b.ids[string(b.dst[from:])]; used {
		for base := string(b.dst[from:]); used; n++ {
			b.dst = append(b.dst[:end], '_', 't')
			b.dst = appendNumber(b.dst, n)
			b.ids[base] = n + 1
			_, used = b.ids[string(b.dst[from:])]
		}
	}
	b.ids[string(b.dst[from:])] = 2
	return b.dst[from:]
}

// answer writes the id of the call that a result belongs to.
func (b *builder) answer(p *chat.Part) {
	for i := range b.open {
		c := b.open[i]
		if !same(c.id, p.ID) {
			continue
		}
		if c.given != nil {
			b.dst = append(b.dst, c.given...)
		} else {
			b.dst = append(b.dst, c.id...)
		}
		b.open = append(b.open[:i], b.open[i+1:]...)
		return
	}
	b.fail(b.path(nil, p), "a result without its call: the assistant's turn before has no call of this id, or it has its result")
}
