package gateway

import (
	"bytes"
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/anthropicmessages"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/plugin/guard"
)

// A content is the file that an answer is: results of a batch, mostly, with an answer in each
// line. Guards read each by itself, as it comes. What they refuse is in its line's place an
// error, of the form in which the provider tells that a request of a batch has failed, so
// that one answer does not take the others with it.
type content struct {
	reads bool   // guards read it
	lines bool   // it has lines of JSON
	skips bool   // the rest of a line that is too long
	links bool   // it is what is known of a batch, with a link to the results
	held  []byte // what is not complete
}

// readsContent reports whether guards read what the request asks for.
func (s *Stream) readsContent() bool {
	return s.endpoint.Method == "GET" && s.w.plan.Stored[guard.Response].Reads &&
		(strings.HasSuffix(s.endpoint.Rest, "/content") || strings.HasSuffix(s.endpoint.Rest, "/results"))
}

// beginContent holds a file until its first bytes tell what it is.
func (s *Stream) beginContent(step *Step, encoding string, end bool) *Step {
	if s.content.reads = !end; end {
		return step
	}
	if encoding != "" && encoding != "identity" {
		s.content.reads = false
		return s.passUnread(step)
	}
	s.guarding.stored = true
	s.guards()
	step.Action, step.Want = Hold, Each
	return step
}

// readContent has the guards read what has come of a file.
func (s *Stream) readContent(step *Step, p []byte, end bool) *Step {
	c := &s.content
	if !c.lines {
		switch first := bytes.TrimLeft(p, blanks); {
		case len(first) == 0 && end:
			return step
		case len(first) == 0:
			return s.holdContent(step, Each, len(p))
		case first[0] != '{':
			return s.readText(step, p, end)
		}
		c.lines = true
		step.set("content-length", "")
	}
	step.Want, step.Replace = Each, true
	s.readLines(step, p, end)
	return step
}

// readLines has the guards read all lines that are complete, and keeps the rest. What it says
// of a line that is too long does not depend on how much of it has come.
func (s *Stream) readLines(step *Step, p []byte, end bool) {
	c, most := &s.content, s.w.plan.Bounds.Answer
	from := len(c.held)
	text := rawjson.AddRaw(c.held, p)
	for {
		n := bytes.IndexByte(text[from:], '\n') + 1
		if n == 0 && (!end || len(text) == 0) {
			break
		}
		if n += from; n == from {
			n = len(text)
		}
		switch from = 0; {
		case c.skips:
			c.skips = false
		case n > most:
			s.refuseLine(step, rawjson.Value{}, s.longLine())
		default:
			s.guardLine(step, text[:n])
		}
		text = text[n:]
	}
	e := s.retain(len(text))
	if len(text) > most {
		e = s.longLine()
	}
	if e != nil && !c.skips {
		s.refuseLine(step, rawjson.Value{}, e)
		c.skips = true
	}
	if c.skips {
		text = nil
		s.retain(0)
	}
	c.held = rawjson.AddRaw(c.held[:0], text)
}

func (s *Stream) longLine() *chat.Error {
	return s.unreadable("has a line that is longer than bounds.answer")
}

// guardLine has the guards read one line, which may have its end or not.
func (s *Stream) guardLine(step *Step, line []byte) {
	n := len(bytes.TrimRight(line, blanks))
	text := line[:n]
	doc := &s.w.guarded
	doc.LoneSurrogates = true
	r := reader{s: s, direction: guard.Response, stored: true}
	switch {
	case n == 0:
	case doc.Parse(text) == nil:
		if e := r.one(doc.Root(), guard.Assistant); e != nil {
			s.guarding.failed = nil
			s.refuseLine(step, doc.Root(), e)
			return
		}
	case s.w.plan.Stored[guard.Response].Refuses:
		s.refuseLine(step, rawjson.Value{}, s.unreadable("has a line that is not JSON"))
		return
	}
	step.Body = rawjson.AddRaw(rawjson.Apply(step.Body, text, r.edits), line[n:])
}

// refuseLine puts that of a request that has failed in a line's place, with its name for it.
func (s *Stream) refuseLine(step *Step, line rawjson.Value, e *chat.Error) {
	s.failure = e.Code
	b := rawjson.Builder{Dst: step.Body}
	b.Raw("{")
	if id := line.Get("custom_id"); id.Kind() == rawjson.String {
		b.Value("custom_id", id.Raw())
	}
	if s.endpoint.Dialect.Name == anthropicmessages.Name {
		b.Const("result", `{"type":"errored","error":`)
		b.Dst = s.endpoint.Dialect.Error(b.Dst, e)
	} else {
		b.Const("response", `null,"error":{`)
		b.Quote("code", e.Code)
		b.Quote("message", e.Message)
	}
	b.Raw("}}\n")
	step.Body = b.Dst
}

// readText has the guards read a file that has begun and has no lines of JSON: all of it at
// once. A shadow does not, as it would have somebody wait and could refuse what is large.
func (s *Stream) readText(step *Step, p []byte, end bool) *Step {
	s.content.reads = false
	switch {
	case !s.w.plan.Stored[guard.Response].Enforces:
		return step
	case end:
		return s.guardText(step, p)
	case bytes.IndexByte(p, 0) >= 0:
		return s.passUnread(step)
	}
	s.answer.guarded = true
	return s.holdContent(step, Whole, len(p))
}

// passUnread lets an answer pass that no guard can read, if none forbids it.
func (s *Stream) passUnread(step *Step) *Step {
	if e := s.unread(guard.Response, ""); e != nil {
		return s.reject(e)
	}
	return step
}

// holdContent holds a file of which so much has come.
func (s *Stream) holdContent(step *Step, want Want, size int) *Step {
	if e := s.retain(size); e != nil {
		return s.reject(e)
	}
	step.Action, step.Want = Hold, want
	return step
}

// linksResults reports whether an answer says where the results of batches are. SDKs go there
// as they are told (https://platform.claude.com/docs/en/api/messages/batches), past the gateway.
func (s *Stream) linksResults(contentType string) bool {
	return s.endpoint.Op == adapters.Batches && s.endpoint.Dialect.Name == anthropicmessages.Name && isJSON(contentType)
}

// mostAbout is a list of a thousand batches, twice.
const mostAbout = 2 << 20

// ownLinks leaves of such links what is below the client's base URL, once all of the answer is
// there. What is larger than anybody needs passes as it is.
func (s *Stream) ownLinks(step *Step, p []byte, end bool) *Step {
	c := &s.content
	step.Want, step.Replace = Each, true
	c.held = rawjson.AddRaw(c.held, p)
	fits := len(c.held) <= mostAbout
	if fits && !end && s.retain(len(c.held)) == nil {
		return step
	}
	var edits []rawjson.Edit
	path := []byte(anthropicmessages.Batches)
	for at := 0; fits && end; at += len(path) { // no text of anybody's has it
		i := bytes.Index(c.held[at:], path)
		if i < 0 {
			break
		}
		at += i
		edits = append(edits, rawjson.Edit{Start: bytes.LastIndexByte(c.held[:at], '"') + 1, End: at})
	}
	step.Body = rawjson.Apply(step.Body, c.held, edits)
	c.links, c.held = false, nil
	return step
}
