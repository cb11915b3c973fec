package custom

import (
	"errors"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

var (
	errNoText    = errors.New("it has no text where response.text says")
	errNotText   = errors.New("want a string where text and reasoning are, got another value")
	errNameless  = errors.New("it has a call that names no tool")
	errArguments = errors.New("want an object or a string as the arguments of a call, got another value")
)

// ReadResponse reads a whole answer.
func (a *adapter) ReadResponse(answer rawjson.Value, out *chat.Response) error {
	at := place{root: answer}
	if at.is(&a.errors.when) {
		return a.errors.describe(&at, 0)
	}
	f := &a.whole
	out.ID, out.Model = inner(at.first(&f[atID])), inner(at.first(&f[atModel]))
	var c chat.Choice
	var u tally
	said := false
	for _, t := range texts {
		text, ok, err := at.text(&f[t.field], nil)
		if err != nil {
			return err
		}
		said = said || ok
		c.Parts = chat.AppendText(c.Parts, t.kind, text)
	}
	calls := 0
	for _, v := range at.all(&f[atCalls]) {
		p, err := at.call(f, v)
		if err != nil {
			return err
		}
		if len(p.ID) == 0 {
			p.ID = madeID(out.ID, calls)
		}
		if len(p.Name) == 0 {
			return errNameless
		}
		calls++
		c.Parts = append(c.Parts, p)
	}
	if !said && calls == 0 {
		return errNoText
	}
	u.read(&at, f)
	out.Usage, out.Counted = u.usage, u.counted
	c.Finish = a.finished(at.first(&f[atFinish]), calls > 0)
	out.Choices = append(out.Choices, c)
	return nil
}

// texts are the kinds of texts in the order in which a model makes them.
var texts = [...]struct {
	field int
	kind  chat.PartKind
}{{atReasoning, chat.ThinkingPart}, {atText, chat.TextPart}}

// text joins the strings at a path; ok says that there is one.
func (a *place) text(p *path, dst []byte) (t chat.Text, ok bool, err error) {
	list := a.all(p)
	for _, v := range list {
		if v.Kind() != rawjson.String {
			return nil, false, errNotText
		}
	}
	if len(list) == 1 {
		return inner(list[0]), true, nil
	}
	for _, v := range list {
		dst = append(dst, inner(v)...)
	}
	return dst, len(list) > 0, nil
}

// call reads a call, or a piece of one.
func (a *place) call(f *fields, v rawjson.Value) (p chat.Part, err error) {
	p.Kind = chat.ToolCallPart
	p.ID, p.Name = inner(a.under(v, &f[atCallID])), inner(a.under(v, &f[atCallName]))
	switch args := a.under(v, &f[atCallArguments]); args.Kind() {
	case rawjson.Absent:
	case rawjson.Object:
		p.Input = args.Raw()
	case rawjson.String:
		p.Arguments = inner(args)
	default:
		err = errArguments
	}
	return p, err
}

// madeID is the id of a call that has none.
func madeID(answer chat.Text, n int) chat.Text {
	id := append(chat.Text("call_"), answer...)
	if len(answer) > 0 {
		id = append(id, '_')
	}
	return rawjson.AppendInt(id, int64(n))
}

// finished is why an answer ended.
func (a *adapter) finished(v rawjson.Value, called bool) chat.Finish {
	said := chat.FinishStop
	if w := word(v); w != "" {
		for _, f := range a.finish {
			if f.word == w {
				said = f.finish
				break
			}
		}
	}
	if called && said == chat.FinishStop {
		return chat.FinishTools
	}
	return said
}

// A tally is what an answer has told of its tokens so far.
type tally struct {
	usage   chat.Usage
	counted bool
}

func (t *tally) read(at *place, f *fields) {
	u := &t.usage
	for _, c := range [...]struct {
		field int
		to    *int64
	}{{atInput, &u.Input}, {atOutput, &u.Output}, {atCached, &u.CachedRead}, {atThought, &u.Reasoning}} {
		if n, ok := number(at.first(&f[c.field])); ok {
			*c.to, t.counted = n, true
		}
	}
}
