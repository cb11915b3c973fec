package gateway

import (
	"bytes"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/sse"
	"github.com/postern-gateway/postern/plugin/guard"
)

// guardStream has the guards read the next bytes of a stream that passes in the client's
// own dialect. Each event goes out when it is complete, its texts as far as they are
// decided; what is left of them goes out before the event that ends them.
func (s *Stream) guardStream(step *Step, p []byte, end bool) {
	step.Replace = true
	if s.answer.cut {
		return
	}
	rest := p
	if !s.guardFrames(step, &rest) {
		return
	}
	if end {
		if s.frames.Pending() > 0 { // the last event is without its blank line
			tail := []byte("\n\n")
			if !s.guardFrames(step, &tail) {
				return
			}
		}
		s.flush(step)
		s.refuseStream(step)
	}
	s.passed(step, p, rest)
}

// guardFrames reads what is complete of p, which becomes the rest; false if the stream has
// ended.
func (s *Stream) guardFrames(step *Step, p *[]byte) bool {
	for {
		ev, n, ok, err := s.frames.Next(*p)
		if err != nil {
			s.cutOff(step, err)
			return false
		}
		if !ok {
			*p = nil
			return true
		}
		*p = (*p)[n:]
		if !ev.Message {
			step.Body = append(step.Body, ev.Raw...)
			continue
		}
		asked := s.watch.Event(ev.Type, ev.Data)
		s.keepFrame(ev.Type, ev.Data)
		if s.budget.output > 0 {
			s.budget.place.pass(ev.Type, ev.Data)
		}
		if s.answer.hide && asked {
			continue
		}
		if s.guardFrame(step, ev); s.refuseStream(step) {
			return false
		}
	}
}

// refuseStream ends a stream that a guard refuses with an error that the client can read.
func (s *Stream) refuseStream(step *Step) bool {
	e := s.guarding.failed
	if e == nil {
		return false
	}
	if !s.answer.cut {
		s.failure = e.Code
		step.Body = s.endpoint.Dialect.ErrorEvent(step.Body, e)
		s.stopHere()
	}
	return true
}

// guardFrame reads one event.
func (s *Stream) guardFrame(step *Step, ev sse.Event) {
	g := &s.guarding
	doc := &s.w.guarded
	doc.LoneSurrogates = true
	if doc.Parse(ev.Data) != nil {
		if s.flush(step); string(ev.Data) == "[DONE]" {
			step.Body = append(step.Body, ev.Raw...)
			return
		}
		g.failed = &chat.Error{Status: 502, Kind: chat.Internal, Code: "upstream_unreadable", Message: "the provider's answer has an event that guards cannot read"}
		return
	}
	x := events{root: doc.Root(), kind: ev.Type}
	if t := x.root.Get("type"); t.Kind() == rawjson.String {
		x.kind = t.Bytes()
	}
	r := reader{s: s, direction: guard.Response, events: &x}
	r.event(x.root, guard.Part{Role: guard.Assistant}, g.key[:0])
	if g.failed != nil {
		return
	}
	if !x.runs && x.ends() {
		s.flush(step)
	}
	x.remember(s, ev)
	if len(r.edits) == 0 {
		step.Body = append(step.Body, ev.Raw...)
		return
	}
	step.Body = appendFrame(step.Body, ev, rawjson.Apply(nil, ev.Data, r.edits))
}

// appendFrame appends an event with other data.
func appendFrame(dst []byte, ev sse.Event, data []byte) []byte {
	if i := dataAt(ev); i >= 0 {
		dst = append(append(dst, ev.Raw[:i]...), data...)
		return append(dst, ev.Raw[i+len(ev.Data):]...)
	}
	if len(ev.Type) > 0 {
		dst = append(append(append(dst, "event: "...), ev.Type...), '\n')
	}
	return append(append(append(dst, "data: "...), bytes.ReplaceAll(data, []byte("\n"), nil)...), "\n\n"...)
}

// dataAt is where an event's data is in it, if that is in one line: as good as always, and
// to look for it byte by byte would take longer than all else. -1: it is not.
func dataAt(ev sse.Event) int {
	const field = "data:"
	i := 0
	if !bytes.HasPrefix(ev.Raw, []byte(field)) {
		if i = bytes.Index(ev.Raw, []byte(field)); i < 0 {
			return -1
		}
	}
	if i += len(field); i < len(ev.Raw) && ev.Raw[i] == ' ' {
		i++
	}
	if bytes.HasPrefix(ev.Raw[i:], ev.Data) {
		return i
	}
	return bytes.Index(ev.Raw, ev.Data)
}

// flush sends what is held of texts.
func (s *Stream) flush(step *Step) {
	for i := range s.guarding.texts {
		t := &s.guarding.texts[i]
		if !t.used {
			continue
		}
		t.used = false
		out := t.feed(nil, true)
		if s.guarding.failed != nil {
			return
		}
		if len(out) > 0 && len(t.frame) > 0 {
			step.Body = append(step.Body, t.frame[:t.insert]...)
			step.Body = rawjson.AppendEscaped(step.Body, out)
			step.Body = append(step.Body, t.frame[t.insert:]...)
		}
	}
}

// events is what is known of an event while it is read.
type events struct {
	root  rawjson.Value
	kind  []byte
	runs  bool // it has texts that go on
	last  bool // and they end with it
	delta bool // what is read now stands under a delta
	found []foundText
}

type foundText struct {
	span [2]int // of the inside of the string
	text int    // its number in the guarding
}

// ends reports whether an event without running texts is a sign that those so far are over.
func (x *events) ends() bool {
	if bytes.HasPrefix(x.kind, []byte("response.")) {
		return bytes.HasSuffix(x.kind, []byte(".done")) || bytes.HasSuffix(x.kind, []byte(".completed")) || bytes.HasSuffix(x.kind, []byte(".incomplete")) || bytes.HasSuffix(x.kind, []byte(".failed"))
	}
	return string(x.kind) != "ping"
}

// repeats reports whether what the event says came before, in pieces.
func (x *events) repeats() bool { return bytes.HasPrefix(x.kind, []byte("response.")) }

// remember keeps the event for those of its texts of which something is held.
func (x *events) remember(s *Stream, ev sse.Event) {
	g := &s.guarding
	for i := range x.found {
		t := &g.texts[x.found[i].text]
		if !t.holds() {
			continue
		}
		data, at := g.bare[:0], 0
		for j := range x.found {
			data = append(data, ev.Data[at:x.found[j].span[0]]...)
			if at = x.found[j].span[1]; i == j {
				t.insert = len(data)
			}
		}
		data = append(data, ev.Data[at:]...)
		g.bare = data
		if k := dataAt(ev); k >= 0 {
			t.insert += k
			t.frame = append(append(append(t.frame[:0], ev.Raw[:k]...), data...), ev.Raw[k+len(ev.Data):]...)
			continue
		}
		const mark = "\x00"
		t.frame = appendFrame(t.frame[:0], ev, append(append(bytes.Clone(data[:t.insert]), mark...), data[t.insert:]...))
		t.insert = bytes.IndexByte(t.frame, 0)
		t.frame = append(t.frame[:t.insert], t.frame[t.insert+1:]...)
	}
}

// keyed are members that say which of several texts an object has a piece of.
var keyed = [...]string{"index", "output_index", "content_index", "summary_index", "contentBlockIndex", "item_id", "thought"}

// keyedAt is the number of one of them; -1 if it is none.
func keyedAt(name []byte) int {
	switch string(name) {
	case "index":
		return 0
	case "output_index":
		return 1
	case "content_index":
		return 2
	case "summary_index":
		return 3
	case "contentBlockIndex":
		return 4
	case "item_id":
		return 5
	case "thought":
		return 6
	}
	return -1
}

// about reads what an object says of the texts in it: which they are, which key gets, and
// whether they end with it.
func (x *events) about(v rawjson.Value, key []byte) (traits, []byte) {
	var t traits
	var of [len(keyed)]rawjson.Value
	for it := v.Members(); it.Next(); {
		switch name := it.Key.Bytes(); string(name) {
		case "finish_reason", "finishReason":
			x.last = x.last || !it.Value.IsNull() && !it.Value.Is("")
		case "done":
			done, _ := it.Value.Bool()
			x.last = x.last || done
		default:
			if i := keyedAt(name); i >= 0 {
				of[i] = it.Value
			} else {
				t.note(name, it.Value)
			}
		}
	}
	for i, v := range of {
		if v.Exists() {
			key = append(append(append(key, keyed[i]...), '='), v.Raw()...)
		}
	}
	return t, key
}

// event reads a value of an event. key says which text a string would be part of; what is
// added to it is void when the value has been read.
func (r *reader) event(v rawjson.Value, p guard.Part, key []byte) {
	switch v.Kind() {
	case rawjson.Array:
		for it := v.Items(); it.Next(); {
			r.event(it.Value, p, key)
		}
	case rawjson.Object:
		before := r.events.last
		var t traits
		t, key = r.events.about(v, key)
		p = t.part(p)
		for it := v.Members(); it.Next(); {
			r.eventMember(string(it.Key.Bytes()), v, it.Value, p, key)
		}
		r.events.last = before
	}
}

func (r *reader) eventMember(name string, of, v rawjson.Value, p guard.Part, key []byte) {
	kind := v.Kind()
	if kind == rawjson.Array || kind == rawjson.Object {
		if r.whole(name) {
			r.member(name, of, v, p)
			return
		}
		before := r.events.delta
		r.events.delta = before || name == "delta"
		r.event(v, r.partUnder(name, p), append(append(key, '/'), name...))
		r.events.delta = before
		return
	}
	if kind != rawjson.String || isName(name) {
		return
	}
	key = append(append(key, '/'), name...)
	if p = r.partUnder(name, p); !r.runsOn(name, key) {
		r.text(v, p, where{})
		return
	}
	r.events.runs = true
	key = append(key, r.events.kind...)
	n := r.s.runningText(key, p)
	t := &r.s.guarding.texts[n]
	raw := v.Raw()
	raw = raw[1 : len(raw)-1]
	if bytes.IndexByte(raw, '\\') >= 0 {
		r.scratch = rawjson.AppendUnescaped(r.scratch[:0], raw)
		raw = r.scratch
	}
	out := t.feed(raw, r.events.last)
	t.used = !r.events.last
	start, end := v.Span()
	if !r.events.last {
		r.events.found = append(r.events.found, foundText{text: n, span: [2]int{start + 1, end - 1}})
	}
	if !bytes.Equal(out, raw) {
		r.edits = append(r.edits, rawjson.Edit{Start: start, End: end, With: rawjson.AppendString(nil, out)})
	}
}

// whole reports whether what stands under a name comes in one piece, even in an event.
func (r *reader) whole(name string) bool {
	switch name {
	case "args", "input", "arguments", "functionCall", "logprobs", "usage", "usageMetadata", "tools", "item", "response", "part", "citation", "metadata", "error":
		return true
	}
	return false
}

func (r *reader) partUnder(name string, p guard.Part) guard.Part {
	switch name {
	case "partial_json", "arguments":
		p.Kind = guard.Arguments
	case "reasoning", "reasoning_content", "thinking":
		p.Kind = guard.Reasoning
	case "refusal":
		p.Kind = guard.Refusal
	case "delta":
		if bytes.Contains(r.events.kind, []byte("arguments")) {
			p.Kind = guard.Arguments
		} else if bytes.Contains(r.events.kind, []byte("reasoning")) {
			p.Kind = guard.Reasoning
		}
	}
	return p
}

// runsOn reports whether a string in an event is a piece of a text.
func (r *reader) runsOn(name string, key []byte) bool {
	switch name {
	case "content", "text", "thinking", "reasoning", "reasoning_content", "refusal", "partial_json", "arguments", "tool_plan", "transcript", "input":
		return r.events.delta || name == "text" && (bytes.HasPrefix(key, []byte("/choices")) || bytes.HasPrefix(key, []byte("/candidates"))) ||
			bytes.HasPrefix(key, []byte("/message/")) && r.events.root.Get("done").Exists()
	case "delta":
		return true
	case "response":
		return r.events.root.Get("done").Exists()
	}
	return false
}
