package gateway

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/plugin/guard"
	"github.com/postern-gateway/postern/plugin/internal/config"
)

// guarding is what a stream has of guards.
type guarding struct {
	list    []guard.Guard // as the plan has them; nil until the first text
	answers bool          // the answer has to be read
	failed  *chat.Error   // nothing passes any more
	flagged string        // what a guard has only said of a text
	texts   []running     // of an answer that comes in pieces
	key     [256]byte     // to name one of its texts
	bare    []byte        // an event without its texts
	inner   bool          // the event in hand is the guards' own
	stored  bool          // the texts are those of a file or batch
	held    []holding     // by guard, what of a stream each has held back
}

// guards begins the guards' work at the first text.
func (s *Stream) guards() []guard.Guard {
	g := &s.guarding
	if g.list == nil && len(s.w.plan.Guards) > 0 {
		caller := guard.Caller{Tier: s.tierName}
		if s.caller != nil {
			caller.Consumer, caller.Tenant = s.caller.Name, s.caller.Tenant
		}
		for _, x := range s.w.plan.Guards {
			g.list = append(g.list, x.Policy.New(caller))
		}
	}
	return g.list
}

// guardAnswer finds out whether the answer has to be read.
func (s *Stream) guardAnswer() bool {
	for _, g := range s.guarding.list {
		if g.Open(guard.Response, guard.Part{Role: guard.Assistant}) != nil {
			s.guarding.answers = true
		}
	}
	return s.guarding.answers
}

// A stage is one guard's part in reading a text.
type stage struct {
	guard  int // its number
	config *config.Guard
	check  guard.Check
	raw    []byte // of what it has got, what is not decided
	base   int    // where that begins
	since  int64  // when the first of that came, if the text is a stream's
}

// A holding is the most that a guard has held back of a stream, and the longest.
type holding struct {
	bytes int
	nanos int64
}

// A pipe is all guards' reading of one text, one after another.
type pipe struct {
	s      *Stream
	stages []stage
	edited bool
	runs   bool // the text comes in pieces, as somebody writes it
}

// open begins a text.
func (s *Stream) openText(p *pipe, d guard.Direction, part guard.Part) {
	p.s, p.stages, p.edited, p.runs = s, p.stages[:0], false, false
	for i, g := range s.guards() {
		if s.guarding.stored && s.w.plan.Guards[i].Files == config.PassFiles {
			continue
		}
		if c := g.Open(d, part); c != nil {
			p.stages = append(p.stages, stage{guard: i, config: s.w.plan.Guards[i], check: c})
		}
	}
}

// feed returns what may pass of a text after its next bytes, void after the next call;
// last means that nothing follows.
//
//go:noinline
func (p *pipe) feed(text []byte, last bool) []byte {
	for i := range p.stages {
		text = p.stages[i].feed(p, text, last)
	}
	return text
}

// feed returns what a guard lets pass. It is void after the next call.
func (g *stage) feed(p *pipe, text []byte, last bool) (out []byte) {
	if g.check == nil {
		return text
	}
	before := len(g.raw)
	defer func() {
		if recover() == nil {
			return
		}
		g.check = nil
		out = append(g.raw[:before:before], text...)
		if !g.config.Opens {
			out = nil
			p.s.guarding.failed = guardFailed(g.config.Name)
		}
	}()
	r := g.check.Feed(text, last)
	p.judge(g, r.Verdict)
	if g.config.Shadow {
		return text
	}
	if before > 0 {
		g.raw = append(g.raw, text...)
		text = g.raw
	}
	decided := r.Decided - g.base
	if !last {
		for decided > 0 && decided < len(text) && text[decided]&0xc0 == 0x80 { // amidst a character
			decided--
		}
	}
	at := 0
	if size := len(text); len(r.Edits) > 0 {
		for _, e := range r.Edits {
			size += len(e.With)
		}
		out = make([]byte, 0, size)
	}
	for _, e := range r.Edits {
		p.edited = true
		out = append(append(out, text[at:e.Start-g.base]...), e.With...)
		at = e.End - g.base
	}
	decided = max(decided, at)
	if len(r.Edits) == 0 {
		out = text[:decided:decided]
		if before > 0 {
			out = append([]byte(nil), out...)
		}
	} else {
		out = append(out, text[at:decided]...)
	}
	g.raw = append(g.raw[:0], text[decided:]...)
	g.base += decided
	if p.runs {
		p.measure(g, before, decided)
	}
	return out
}

// measure notes what a guard holds back, of which so much was held before this piece and so
// much is decided now.
func (p *pipe) measure(g *stage, before, decided int) {
	held := &p.s.guarding.held[g.guard]
	held.bytes = max(held.bytes, len(g.raw))
	if before == 0 && len(g.raw) == 0 {
		return
	}
	now := p.s.w.port.Now()
	if before > 0 {
		held.nanos = max(held.nanos, now-g.since)
	}
	if decided >= before {
		g.since = now
	}
}

// judge does what a verdict says.
func (p *pipe) judge(g *stage, v guard.Verdict) {
	switch {
	case v.Action == guard.Pass:
	case v.Action == guard.Block && !g.config.Shadow:
		if p.s.guarding.failed == nil {
			p.s.guarding.failed = &chat.Error{Status: 400, Kind: chat.InvalidRequest, Code: v.Code, Message: v.Message}
		}
	default:
		p.s.guarding.flagged = v.Code
	}
}

func guardFailed(name string) *chat.Error {
	return &chat.Error{Status: 500, Kind: chat.Internal, Code: "guard_failed", Message: "the guard " + name + " has failed, so nothing passes it"}
}

// guardRequest has the guards read a request, and returns what they leave of it.
func (s *Stream) guardRequest(request rawjson.Value, body []byte) (rawjson.Value, []byte, *chat.Error) {
	if len(s.guards()) == 0 {
		return request, body, nil
	}
	r := reader{s: s, direction: guard.Request}
	r.value(request, guard.Part{}, where{})
	if e := s.guarding.failed; e != nil {
		return request, nil, e
	}
	if len(r.edits) == 0 {
		return request, body, nil
	}
	body = rawjson.Apply(nil, s.w.doc.Source(), r.edits)
	request, e := s.w.parse(body)
	s.rewritten, s.budget.read = true, false
	return request, body, e
}

// guardedWhole has the guards read an answer in the client's dialect that is there in one
// piece.
func (s *Stream) guardedWhole(body []byte) ([]byte, *chat.Error) {
	edits, e := s.guardEdits(body)
	if e != nil || len(edits) == 0 {
		return body, e
	}
	return rawjson.Apply(nil, body, edits), nil
}

// guardEdits are what they change in it.
func (s *Stream) guardEdits(body []byte) ([]rawjson.Edit, *chat.Error) {
	doc := &s.w.guarded
	doc.LoneSurrogates = true
	if doc.Parse(body) != nil {
		return nil, s.unreadable("is not JSON")
	}
	r := reader{s: s, direction: guard.Response}
	r.value(doc.Root(), guard.Part{Role: guard.Assistant}, where{})
	if e := s.guarding.failed; e != nil {
		s.failure = e.Code
		return nil, e
	}
	return r.edits, nil
}

// guardWhole has them read one that passes.
func (s *Stream) guardWhole(step *Step, p []byte) *Step {
	s.watch.Body(p)
	s.keepBody(p)
	edits, e := s.guardEdits(p)
	if e != nil {
		return s.replaceError(step, e)
	}
	if len(edits) > 0 {
		step.Replace = true
		step.Body = rawjson.Apply(step.Body, p, edits)
		step.set("content-length", itoa(len(step.Body)))
	}
	s.sayFound(step)
	s.settle(step)
	return step
}

const (
	redactedHeader = "x-postern-redacted"
	// dlpHeader is Cloudflare's:
	// https://developers.cloudflare.com/ai-gateway/features/dlp/
	dlpHeader = "cf-aig-dlp"
)

// sayFound tells the client what guards have found so far, by kind and number.
//
//go:noinline
func (s *Stream) sayFound(step *Step) { step.Set = s.foundSoFar(step.Set) }

func (s *Stream) foundSoFar(h []adapters.Header) []adapters.Header {
	found := s.appendFound(nil, "", "=", ", ", "")
	if len(found) == 0 {
		return h
	}
	h = withHeader(h, redactedHeader, string(found))
	if s.w.plan.Client.Cloudflare {
		dlp := s.appendFound([]byte(`{"findings":[`), `{"entry":"`, `","count":`, `},`, `}`)
		h = withHeader(h, dlpHeader, string(append(dlp, `],"action":"FLAG"}`...)))
	}
	return h
}

// appendFound appends what guards have found.
func (s *Stream) appendFound(dst []byte, before, between, after, end string) []byte {
	n := 0
	for _, g := range s.guarding.list {
		for _, c := range g.Counts() {
			if n++; n > 1 {
				dst = append(dst, after...)
			}
			dst = appendCount(append(append(append(dst, before...), c.Name...), between...), "", int64(c.N))
		}
	}
	if n > 0 {
		dst = append(dst, end...)
	}
	return dst
}

// guarded counts what guards have found.
func (s *Stream) guarded(step *Step) {
	for i, g := range s.guarding.list {
		for _, c := range g.Counts() {
			step.sample(s.w.series.Guard(s.w.plan.Guards[i].Name, c.Name), int64(c.N))
		}
		if i < len(s.guarding.held) && s.guarding.held[i].bytes > 0 {
			h := s.guarding.held[i]
			step.sample(s.w.series.HeldBytes(s.w.plan.Guards[i].Name), int64(h.bytes))
			step.sample(s.w.series.HeldMillis(s.w.plan.Guards[i].Name), max(1, millis(h.nanos)))
		}
	}
}

// readsStreams reports whether guards can read a stream of the client's dialect as it
// passes. Frames with checksums they cannot change.
func (s *Stream) readsStreams() bool {
	return !s.stream || len(s.w.plan.Guards) == 0 || s.endpoint.Dialect.StreamType != "application/vnd.amazon.eventstream" || s.endpoint.Op != adapters.Chat
}
