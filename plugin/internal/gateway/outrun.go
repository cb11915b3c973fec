package gateway

import (
	"bytes"
	"strings"
	"time"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/plugin/internal/limit"
)

// outruns reserves more for a stream that has used up what it has reserved. If there is no
// more, the stream is to be ended.
func (s *Stream) outruns() bool {
	b := &s.budget
	if b.output == 0 || s.answer.cut || s.answer.translated && (s.translation.ended || s.translation.failed) {
		return false
	}
	over := s.delivered() - b.output
	if over < 0 {
		return false
	}
	more := limit.Ask{Output: over + streamStep, Least: over + 1, Step: over + streamStep, Picos: b.ask.Picos}
	out := s.w.book.Admit(&b.lease, &more, limit.Spent, b.except, s.w.port.Now())
	if out.Refused == nil {
		b.output = b.lease.Output()
		return false
	}
	s.count("cut", out.Refused)
	s.failure = "limit_reached"
	return true
}

// finish ends a stream in the provider's place: its client gets the events that end an answer
// for want of tokens. What the provider still sends is swallowed for a while: a plugin can
// end a response only by a reset, which clients that read on to the end of the connection
// take for a failure.
func (s *Stream) finish(step *Step) {
	u := chat.Usage{Input: s.budget.ask.Input, Output: s.delivered(), Estimated: true}
	if s.answer.translated {
		s.translation.finish(s, u)
	} else {
		step.Body = s.closing(step.Body, u)
	}
	s.answer.cut = true
	s.finished = s.w.port.Now()
	if s.attempts == nil || !s.attempts.calling { // a callout's answer is there already, and goes out in one piece
		s.w.cut.add(s)
	}
}

// swallowTime is how long what comes after the end of a stream is swallowed. Most providers
// are through with what their answer may have in that time.
const swallowTime = 20 * time.Second

// endCut tears down the streams whose providers have had time to come to an end.
func (w *Worker) endCut(now int64) []Wake {
	var wakes []Wake
	for s := w.cut.first; s != nil && now-s.finished >= int64(swallowTime); s = w.cut.first {
		s.leave()
		step := s.next()
		step.Reset = true
		wakes = append(wakes, Wake{s.owner, step})
	}
	return wakes
}

// An openBlock is one that has begun and not ended.
type openBlock struct {
	choice, index int
	kind          chat.PartKind
}

// track notes which blocks are open.
func (t *translation) track(e *chat.Event) {
	switch e.Kind {
	case chat.BlockStart:
		t.open = append(t.open, openBlock{e.Choice, e.Index, e.Block})
	case chat.BlockStop:
		for i := range t.open {
			if t.open[i].choice == e.Choice && t.open[i].index == e.Index {
				t.open = append(t.open[:i], t.open[i+1:]...)
				return
			}
		}
	}
}

// finish writes the events that end a translated answer.
func (t *translation) finish(s *Stream, u chat.Usage) {
	choices := 1
	for len(t.open) > 0 && s.guarding.failed == nil {
		b := t.open[0]
		choices = max(choices, b.choice+1)
		s.event(&chat.Event{Kind: chat.BlockStop, Choice: b.choice, Index: b.index, Block: b.kind})
	}
	for c := range choices {
		s.event(&chat.Event{Kind: chat.FinishEvent, Choice: c, Finish: chat.FinishLength, Usage: u, Counted: true})
	}
	s.event(&chat.Event{Kind: chat.End, Usage: u, Counted: true})
}

// A place is where a stream of the client's own dialect stands, which passes unread: what
// its first and its last event say.
type place struct {
	first, last []byte
	kind        []byte // of the last
}

// pass notes an event. Those that are longer than any that says where the stream stands
// are not kept.
func (p *place) pass(kind, data []byte) {
	const most = 32 << 10
	if len(data) > most {
		return
	}
	if len(p.first) == 0 {
		p.first = append(p.first, data...)
	}
	p.last = append(p.last[:0], data...)
	p.kind = append(p.kind[:0], kind...)
}

func (p *place) reset() { p.first, p.last, p.kind = p.first[:0], p.last[:0], p.kind[:0] }

// closing appends what ends a stream of the client's own dialect. Its writer is brought to
// where the stream stands, and what it says after that is sent.
func (s *Stream) closing(dst []byte, u chat.Usage) []byte {
	d := s.endpoint.Dialect
	var first, last rawjson.Doc
	if d.Writer == nil || first.Parse(s.budget.place.first) != nil || last.Parse(s.budget.place.last) != nil {
		return d.ErrorEvent(dst, &chat.Error{Status: 429, Kind: chat.RateLimited, Code: "limit_reached",
			Message: "a limit has no room for more of this answer"})
	}
	enc := s.codecs.encoder(d)
	enc.Reset(&chat.Request{Model: s.target.Model, Stream: true, IncludeUsage: !s.answer.hide})
	begin := chat.Event{Kind: chat.Start}
	for _, from := range [...]rawjson.Value{last.Root(), first.Root(), first.Root().Get("message"), first.Root().Get("response")} {
		fill(&begin.ID, from, "id", "responseId")
		fill(&begin.Model, from, "model", "modelVersion")
		if n, ok := from.Get("created").Int64(); ok {
			begin.Created = n
		}
	}
	s.name(&begin.Created, &begin.ID)
	said := enc.Append(nil, &begin)
	blocks, open := s.budget.place.blocks(last.Root())
	for i := range blocks {
		said = enc.Append(said[:0], &chat.Event{Kind: chat.BlockStart, Index: i, Block: chat.TextPart})
		if i < blocks-1 || !open {
			said = enc.Append(said[:0], &chat.Event{Kind: chat.BlockStop, Index: i, Block: chat.TextPart})
		}
	}
	if open {
		dst = enc.Append(dst, &chat.Event{Kind: chat.BlockStop, Index: blocks - 1, Block: chat.TextPart})
	}
	dst = enc.Append(dst, &chat.Event{Kind: chat.FinishEvent, Finish: chat.FinishLength, Usage: u, Counted: true})
	said = enc.Append(said[:0], &chat.Event{Kind: chat.End, Usage: u, Counted: true, Elapsed: s.w.port.Now() - s.began})
	if n, ok := last.Root().Get(sequenceKey).Int64(); ok {
		said = renumbered(said, n+1)
	}
	return append(dst, said...)
}

// sequenceKey numbers the events of OpenAI's Responses.
const sequenceKey = "sequence_number"

// renumbered puts another number into an event.
func renumbered(event []byte, n int64) []byte {
	before, after, ok := bytes.Cut(event, []byte(`"`+sequenceKey+`":`))
	if !ok {
		return event
	}
	out := rawjson.AppendInt(append(bytes.Clone(before), `"`+sequenceKey+`":`...), n)
	return append(out, bytes.TrimLeft(after, "0123456789")...)
}

// blocks are how many there have been, and whether the last is open, in dialects that tell.
func (p *place) blocks(last rawjson.Value) (n int, open bool) {
	for _, key := range [...]string{"index", "contentBlockIndex"} {
		if i, ok := last.Get(key).Int64(); ok && i >= 0 && i < maxBlocks {
			kind := string(p.kind)
			if t := last.Get("type"); t.Exists() {
				kind = t.Str()
			}
			return int(i) + 1, strings.HasSuffix(kind, "elta") || strings.HasSuffix(kind, "tart")
		}
	}
	return 0, false
}

// maxBlocks bounds the blocks of an answer that is ended.
const maxBlocks = 1000

// fill takes the first of some members that is a text, unless there is one already.
func fill(to *chat.Text, from rawjson.Value, keys ...string) {
	for _, key := range keys {
		if v := from.Get(key); len(*to) == 0 && v.Kind() == rawjson.String {
			raw := v.Raw()
			*to = raw[1 : len(raw)-1]
		}
	}
}

// passed sees whether a stream that passes may go on, after those of its events that end
// in p before rest.
func (s *Stream) passed(step *Step, p, rest []byte) {
	if s.budget.output == 0 || len(rest) == len(p) || s.watch.Ended() || !s.outruns() {
		return
	}
	if !step.Replace { // what is unfinished does not go out
		step.Replace = true
		step.Body = append(step.Body, p[:len(p)-len(rest)]...)
	}
	s.finish(step)
}
