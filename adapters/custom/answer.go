package custom

import (
	"errors"
	"slices"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

var (
	errNoText  = errors.New("it has neither a text nor a call where the configuration says")
	errNotText = errors.New("want a string at text and reasoning, got another value")
)

// Templates of what answers, events of streams, and calls in them are in OpenAI's form.
const (
	answerForm = `{"id":"{{id}}","model":"{{model}}","choices":[{"index":0,"message":` + saysForm + `}],` + usageForm + `}`
	eventForm  = `{"id":"{{id}}","model":"{{model}}","choices":[{"index":0,"delta":` + saysForm + `}],` + usageForm + `}`
	saysForm   = `{"reasoning_content":"{{reasoning}}","content":"{{text}}","tool_calls":"{{tool_calls}}"},"finish_reason":"{{finish}}"`
	usageForm  = `"usage":{"prompt_tokens":"{{input_tokens}}","completion_tokens":"{{output_tokens}}",` +
		`"prompt_tokens_details":{"cached_tokens":"{{cached_tokens}}"},"completion_tokens_details":{"reasoning_tokens":"{{reasoning_tokens}}"}}`
	callForm = `{"id":"{{tool_call_id}}","index":"{{tool_call_index}}","function":{"name":"{{tool_call_name}}","arguments":"{{tool_call_arguments}}"}}`
)

// form compiles a template of this package's own, without what the configuration has no
// path for, unless f is nil.
func form(source string, f *fields) *node {
	v, _ := read([]byte(source), false) // tests compile each
	c := compiler{scope: inAnswer}
	n := c.compile(v)
	n.resolve(f)
	return n
}

// resolve finds the fields that a template is made of; false if there are none.
func (n *node) resolve(f *fields) bool {
	if n.kind == value {
		for fieldKeys[n.at].key != n.made {
			n.at++
		}
		return f == nil || f[n.at] != nil
	}
	n.kids = slices.DeleteFunc(n.kids, func(kid *node) bool { return !kid.resolve(f) })
	return n.kind == literal || len(n.kids) > 0
}

// A reader reads an answer, or events of a stream one after another.
type reader struct {
	renderer
	a     *adapter
	f     *fields
	seen  *[2]cumulative // of a stream whose texts are; else nil
	usage [countUsage]string
	calls int64
	said  bool   // there was something
	ended string // and why it ended, in OpenAI's words
	later bool   // which is told at the end of a stream
	err   error
}

func newReader(a *adapter, f *fields) *reader {
	r := &reader{a: a, f: f}
	r.maker, r.prune = r, true
	return r
}

// ReadResponse reads a whole answer.
func (a *adapter) ReadResponse(answer rawjson.Value, out *chat.Response) error {
	r := newReader(a, &a.whole)
	const members = 512 // what an answer has in this form beside its texts
	r.Dst = make([]byte, 0, members+len(answer.Raw()))
	if r.at.is(answer, a.errors.when) {
		return a.ReadError(0, answer.Raw())
	}
	r.render(a.answer, answer)
	if r.err == nil && !r.said {
		r.err = errNoText
	}
	var said rawjson.Value
	if r.err == nil {
		said, r.err = read(r.Dst, true)
	}
	if r.err != nil {
		return r.err
	}
	return a.to.ReadResponse(said, out)
}

// made writes the value of a name that is in the answer where the configuration says.
func (r *reader) made(n *node, v rawjson.Value) bool {
	i, p := n.at, r.f[n.at]
	if i <= atReasoning {
		return r.text(i, r.at.all(v, p))
	}
	found := r.at.first(v, p)
	raw := found.Raw()
	switch i {
	case atFinish:
		return r.finish(word(found))
	case atCalls:
		return r.toolCalls(append([]rawjson.Value(nil), r.at.all(v, p)...))
	case atCallID:
		return r.id(v, found)
	case atCallIndex:
		if r.calls++; p == nil {
			r.Dst = rawjson.AppendInt(r.Dst, r.calls)
		}
	case atCallName:
		r.said = true
		if !found.Exists() && r.f[atCallIndex] == nil {
			r.err = errNameless
		}
	case atCallArguments:
		if raw == nil && r.f[atCallIndex] == nil {
			raw = []byte("{}")
		}
	case atID, atModel:
		if w := word(found); w != "" {
			r.Dst = quote(r.Dst, w)
		}
		return true
	default:
		u := &r.usage[i-atInput]
		if found.Kind() == rawjson.Number {
			*u = string(raw)
		}
		r.Raw(*u)
		return true
	}
	r.Put(raw)
	return true
}

var errNameless = errors.New("it has a call that names no tool")

// toolCalls writes calls.
func (r *reader) toolCalls(list []rawjson.Value) bool {
	r.Raw(`[`)
	for _, v := range list {
		r.element(r.a.callForm, v)
	}
	r.Raw(`]`)
	return len(list) > 0
}

// text writes what the strings say together, or in a stream what is new of it.
func (r *reader) text(i int, list []rawjson.Value) bool {
	r.Raw(`"`)
	from := len(r.Dst)
	for _, v := range list {
		r.said = true
		if v.Kind() != rawjson.String {
			r.err = errNotText
		}
		r.Put(inner(v))
	}
	if r.seen != nil && len(list) > 0 {
		now := rawjson.AppendUnescaped(nil, r.Dst[from:])
		fresh, ok := r.seen[i].next(now)
		if !ok {
			r.err = errOther
		}
		r.Dst = rawjson.AppendEscaped(r.Dst[:from], fresh)
	}
	if len(r.Dst) == from && r.seen != nil && len(list) > 0 {
		return false
	}
	r.Raw(`"`)
	return len(list) > 0
}

// finish writes OpenAI's word for why an answer ended. Those that nobody knows are stop.
func (r *reader) finish(w string) bool {
	if w == "" || w == "false" {
		return false
	}
	for _, f := range r.a.finishes {
		if f.Key == w {
			w = f.Value
			break
		}
	}
	r.ended = w
	r.Dst = quote(r.Dst, w)
	return !r.later
}

// id writes the id of a call, which is made of the call if it has a name and no id: so it
// does not depend on the time.
func (r *reader) id(call, found rawjson.Value) bool {
	w := word(found)
	if w == "" && r.at.first(call, r.f[atCallName]).Exists() {
		h := uint32(2166136261) // FNV-1a
		for _, c := range call.Raw() {
			h = (h ^ uint32(c)) * 16777619
		}
		w = "call_" + string(rawjson.AppendInt(rawjson.AppendInt(nil, int64(h)), r.calls))
	}
	r.Dst = quote(r.Dst, w)
	return w != ""
}
