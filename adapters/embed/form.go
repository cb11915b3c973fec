package embed

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// A Form is how an API wants to be asked for embeddings of texts. Most differ in no more
// than this, so that they need no code of their own.
type Form struct {
	Most       int      // inputs in one request; 0 is any number
	Model      string   // the member that names the model; empty where the path does
	Before     string   // the first text
	Text       string   // begins each text that is an object; it then is closed after the text
	After      string   // the last text
	Dimensions string   // the member that says how long vectors are; empty: it cannot be said
	Task       string   // the member that says what they are for; empty: it is not asked
	Tasks      []string // the API's words, by Task; an empty word is not said
	Inside     bool     // the task is said with each text
	End        string   // of the request
}

// Append appends a request in a form. What cannot be said is an error or a drop.
func (r *Request) Append(dst []byte, f *Form, model string) ([]byte, *chat.Error) {
	if e := r.fits(f); e != nil {
		return dst, e
	}
	b := rawjson.Builder{Dst: rawjson.Add(dst, `{`)}
	if f.Model != "" {
		b.Quote(f.Model, model)
		b.Raw(`,`)
	}
	b.Raw(f.Before)
	for i := range r.Inputs {
		if i > 0 {
			b.Raw(`,`)
		}
		b.Raw(f.Text)
		b.Str(r.Inputs[i].Text)
		if f.Inside {
			r.appendTask(&b, f)
		}
		if f.Text != "" {
			b.Raw(`}`)
		}
	}
	b.Raw(f.After)
	if !f.Inside {
		r.appendTask(&b, f)
	}
	if r.Dimensions > 0 {
		b.Int(f.Dimensions, r.Dimensions)
	}
	b.Raw(f.End)
	r.DropOther(f.Task != "")
	return b.Dst, nil
}

//go:noinline
func (r *Request) appendTask(b *rawjson.Builder, f *Form) {
	if f.Task != "" && f.Tasks[r.Task] != "" {
		b.Const(f.Task, `"`+f.Tasks[r.Task]+`"`)
	}
}

// fits refuses what a form has no place for: tokens, which are another model's, more
// inputs than one request takes, and a size where vectors have but one.
func (r *Request) fits(f *Form) *chat.Error {
	for i := range r.Inputs {
		if in := &r.Inputs[i]; in.Tokens != nil {
			return Unfit(in.At.Path(), "the model takes texts, no tokens of another one")
		}
		if i == f.Most && i > 0 {
			return Unfit("input", "there are more texts than one request takes here: "+string(rawjson.AppendInt(nil, int64(f.Most))))
		}
	}
	if r.Dimensions > 0 && f.Dimensions == "" {
		return Unfit("dimensions", "the model has vectors of one size")
	}
	return nil
}

// Unfit is what a provider cannot be asked for.
//
//go:noinline
func Unfit(path, problem string) *chat.Error {
	return chat.Unsupported(path, problem)
}

// DropOther reports what only the client's own API knows, and the task unless the
// provider is told it.
//
//go:noinline
func (r *Request) DropOther(told bool) {
	if len(r.User) > 0 {
		r.Drop("user")
	}
	if r.Task != TaskUnset && !told {
		r.Drop("task_type")
	}
	for i := range r.Extra {
		r.Drop(r.Extra[i].Path)
	}
}
