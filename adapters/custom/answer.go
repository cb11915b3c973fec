package custom

import (
	"errors"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/openai"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

var (
	errNoText   = errors.New("it has neither a text nor a call where the configuration says")
	errNotText  = errors.New("want a string at text and reasoning, got another value")
	errNameless = errors.New("it has a call that names no tool")
)

// A reader reads an answer, or events of a stream one after another.
type reader struct {
	a      *adapter
	f      *fields
	at     place
	seen   *[2]cumulative // of a stream whose texts are; else nil
	said   openai.Said    // by the last one, but for why it ended
	buf    []byte         // of texts in it that are no views
	tokens [countUsage]int64
	calls  int64
	some   bool   // there was a text or a call
	ended  string // and why it ended, in OpenAI's words
}

// ReadResponse reads a whole answer.
func (a *adapter) ReadResponse(answer rawjson.Value, out *chat.Response) error {
	r := reader{a: a, f: &a.whole}
	if r.at.is(answer, a.errors.when) {
		return a.ReadError(0, answer.Raw())
	}
	if err := r.read(answer); err != nil {
		return err
	}
	if !r.some {
		return errNoText
	}
	r.said.Finish = r.ended
	return a.to.Fill(&r.said, out)
}

// read reads what an answer or an event says.
func (r *reader) read(v rawjson.Value) (err error) {
	s := &r.said
	r.buf = r.buf[:0]
	if s.Thought, err = r.text(v, atReasoning); err != nil {
		return err
	}
	if s.Text, err = r.text(v, atText); err != nil {
		return err
	}
	if err = r.toolCalls(v); err != nil {
		return err
	}
	s.ID, s.Model = spelled(r.first(v, atID)), spelled(r.first(v, atModel))
	r.finish(word(r.first(v, atFinish)))
	for i := range r.tokens {
		if n := r.first(v, atInput+i); n.Kind() == rawjson.Number {
			tokens, _ := n.Int64()
			r.tokens[i], s.Counted = max(0, tokens), true
		}
	}
	t := &r.tokens
	s.Usage = chat.Usage{Input: t[0], Output: t[atOutput-atInput], CachedRead: t[atCached-atInput], Reasoning: t[atThought-atInput]}
	if s.Usage.Reasoning > s.Usage.Output { // so it is counted beside the output
		s.Usage.Output += s.Usage.Reasoning
	}
	return nil
}

// first is what is in v where the configuration says.
//
//go:noinline
func (r *reader) first(v rawjson.Value, field int) (found rawjson.Value) {
	if p := r.f[field]; p != nil {
		found = r.at.first(v, p)
	}
	return found
}

// text is what the strings say together, or in a stream what is new of it.
func (r *reader) text(v rawjson.Value, field int) (t chat.Text, err error) {
	list := r.at.all(v, r.f[field])
	if len(list) == 0 {
		return nil, nil
	}
	r.some = true
	from := len(r.buf)
	for _, v := range list {
		if v.Kind() != rawjson.String {
			return nil, errNotText
		}
		if t = chat.Spelled(v); len(list) > 1 {
			r.buf = append(r.buf, t...)
		}
	}
	if len(list) > 1 {
		t = r.buf[from:]
	}
	if r.seen == nil {
		return t, nil
	}
	fresh, ok := r.seen[field].next(rawjson.AppendUnescaped(nil, t))
	if !ok {
		return nil, errOther
	}
	r.buf = rawjson.AppendEscaped(r.buf[:from], fresh)
	return r.buf[from:], nil
}

// toolCalls reads the calls, or pieces of them.
func (r *reader) toolCalls(v rawjson.Value) error {
	if r.f[atCalls] == nil {
		return nil
	}
	r.said.Calls = r.said.Calls[:0]
	in := place{event: r.at.event} // of a list that outlives other paths
	for _, call := range in.all(v, r.f[atCalls]) {
		name, args, index := r.first(call, atCallName), r.first(call, atCallArguments), r.first(call, atCallIndex)
		c := openai.Call{ID: r.id(call, name), Name: chat.Spelled(name), Arguments: openai.Arguments(args)}
		r.calls++
		r.some = true
		if c.Index, c.Numbered = index.Int64(); r.f[atCallIndex] == nil {
			if !name.Exists() {
				return errNameless
			}
			if c.Index, c.Numbered = r.calls, true; !args.Exists() {
				c.Arguments = chat.Text("{}")
			}
		}
		if c.Numbered || len(c.ID) > 0 || name.Exists() || args.Exists() { // else it is a piece of nothing
			r.said.Calls = append(r.said.Calls, c)
		}
	}
	return nil
}

// id is that of a call, which is made of the call if it has a name and no id: so it does
// not depend on the time.
func (r *reader) id(call, name rawjson.Value) chat.Text {
	id := spelled(r.first(call, atCallID))
	if len(id) == 0 && name.Exists() {
		h := uint32(2166136261) // FNV-1a
		for _, c := range call.Raw() {
			h = (h ^ uint32(c)) * 16777619
		}
		id = rawjson.AppendInt(rawjson.AppendInt(chat.Text("call_"), int64(h)), r.calls)
	}
	return id
}

// finish keeps OpenAI's word for why an answer ended. Those that nobody knows are stop.
func (r *reader) finish(w string) {
	if w == "" || w == "false" {
		return
	}
	r.ended = w
	for _, f := range r.a.finishes {
		if f.Key == w {
			r.ended = f.Value
			break
		}
	}
}
