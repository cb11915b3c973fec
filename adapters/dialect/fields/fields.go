// Package fields reads the members of clients' requests, for dialects that word their
// errors alike: the path of what is wrong, what was wanted, what came.
//
// A Reader keeps its first error and goes on as if nothing were there, so that its
// callers need to look only at the end. It bounds what a request makes it keep. What
// the members mean is for the dialects.
package fields

import (
	"strconv"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// Bounds of one request, far above what APIs take. They keep the memory of a request in
// proportion to its bytes.
const (
	mostParts = 1 << 14
	mostTools = 1 << 10
	mostExtra = 100
)

// A Reader reads one request.
type Reader struct {
	R   *chat.Request
	Err *chat.Error // the first one

	parts  int
	within bool // parts are those of a tool's result
}

// New makes a part in memory that is always the same: it is void at the next New.
//
//go:noinline
func (d *Reader) New(kind chat.PartKind, at rawjson.Value) *chat.Part {
	p := &d.R.Draft
	*p = chat.Part{}
	p.Kind, p.At = kind, at
	return p
}

// AddText adds a text to the message begun last, if there is one.
//
//go:noinline
func (d *Reader) AddText(kind chat.PartKind, t chat.Text, at rawjson.Value) {
	if len(t) > 0 {
		p := d.New(kind, at)
		p.Text = t
		d.Add(p)
	}
}

// Each reads the members of an object, but for null, until one is wrong.
//
//go:noinline
func (d *Reader) Each(object rawjson.Value, read func(k, v rawjson.Value)) {
	for it := d.Object(object).Members(); it.Next(); {
		k, v := it.Key, it.Value
		if d.Err != nil {
			return
		}
		if !v.IsNull() {
			read(k, v)
		}
	}
}

// Items reads the elements of an array until one is wrong.
//
//go:noinline
func (d *Reader) Items(array rawjson.Value, read func(v rawjson.Value)) {
	for it := d.Array(array).Items(); it.Next(); {
		v := it.Value
		if d.Err != nil {
			return
		}
		read(v)
	}
}

// Fail keeps an error about the member at path.
//
//go:noinline
func (d *Reader) Fail(code, path, problem string) {
	if d.Err != nil {
		return
	}
	if path != "" {
		problem = path + ": " + problem
	}
	d.Err = &chat.Error{Status: 400, Kind: chat.InvalidRequest, Code: code, Param: path, Message: problem}
}

// Wrong is a value of another type or another meaning than wanted.
//
//go:noinline
func (d *Reader) Wrong(v rawjson.Value, want string) {
	switch v.Kind() {
	case rawjson.String:
		d.Fail("invalid_value", v.Path(), "want "+want)
	case rawjson.Absent:
		d.Fail("missing_required_parameter", "", "missing: "+want)
	default:
		d.Fail("invalid_type", v.Path(), "want "+want+", got "+v.Kind().String())
	}
}

// Unsupported refuses what no provider of another dialect can be asked for.
//
//go:noinline
func (d *Reader) Unsupported(v rawjson.Value, why string) {
	d.Fail("unsupported_value", v.Path(), why)
}

// Text is a string as it is spelled.
//
//go:noinline
func (d *Reader) Text(v rawjson.Value) chat.Text {
	if v.Kind() != rawjson.String {
		d.Wrong(v, "a string")
		return nil
	}
	raw := v.Raw()
	return raw[1 : len(raw)-1 : len(raw)-1]
}

// Filled is a string that must not be empty.
//
//go:noinline
func (d *Reader) Filled(v rawjson.Value) chat.Text {
	t := d.Text(v)
	if d.Err == nil && len(t) == 0 {
		d.Wrong(v, "a string that is not empty")
	}
	return t
}

// Optional is a string that may be absent or null.
//
//go:noinline
func (d *Reader) Optional(parent rawjson.Value, key string) chat.Text {
	if v := parent.Get(key); v.Exists() && !v.IsNull() {
		return d.Text(v)
	}
	return nil
}

// Number is a number as it is spelled.
//
//go:noinline
func (d *Reader) Number(v rawjson.Value) chat.Raw {
	if v.Kind() != rawjson.Number {
		d.Wrong(v, "a number")
		return nil
	}
	return v.Raw()
}

// Integer is a whole number that is at least least.
//
//go:noinline
func (d *Reader) Integer(v rawjson.Value, least int64) int64 {
	n, ok := v.Int64()
	switch {
	case !ok:
		d.Wrong(v, "a whole number")
	case n < least:
		d.Fail("invalid_value", v.Path(), "want at least "+strconv.FormatInt(least, 10))
	}
	return n
}

// Bool is true or false.
//
//go:noinline
func (d *Reader) Bool(v rawjson.Value) bool {
	b, ok := v.Bool()
	if !ok {
		d.Wrong(v, "true or false")
	}
	return b
}

// Object is an object; nothing at all if it is none.
//
//go:noinline
func (d *Reader) Object(v rawjson.Value) rawjson.Value {
	if v.Kind() != rawjson.Object {
		d.Wrong(v, "an object")
		return rawjson.Value{}
	}
	return v
}

// Array is an array; nothing at all if it is none.
//
//go:noinline
func (d *Reader) Array(v rawjson.Value) rawjson.Value {
	if v.Kind() != rawjson.Array {
		d.Wrong(v, "an array")
		return rawjson.Value{}
	}
	return v
}

// Need is a member that has to be there.
//
//go:noinline
func (d *Reader) Need(parent rawjson.Value, key string) rawjson.Value {
	v := parent.Get(key)
	if !v.Exists() {
		d.Fail("missing_required_parameter", rawjson.JoinPath(parent.Path(), key), "is required")
	}
	return v
}

// Extra notes a member that the neutral form has no place for.
//
//go:noinline
func (d *Reader) Extra(k, v rawjson.Value) {
	if len(d.R.Extra) >= mostExtra {
		d.Fail("unknown_parameter", v.Path(), "there are too many members that are not known")
		return
	}
	d.R.Extra = append(d.R.Extra, chat.Member{Path: v.Path(), Key: k.Str(), Raw: v.Raw()})
}

// Rest notes the members of an object that are not among those that are known.
//
//go:noinline
func (d *Reader) Rest(object rawjson.Value, known ...string) {
	for it := object.Members(); it.Next(); {
		is := it.Value.IsNull()
		for _, name := range known {
			is = is || it.Key.Is(name)
		}
		if !is {
			d.Extra(it.Key, it.Value)
		}
	}
}

// Add adds a part to the message begun last.
//
//go:noinline
func (d *Reader) Add(p *chat.Part) {
	if d.counts(p) {
		d.R.Add(*p)
	}
}

// AddResult adds a part to the result added last.
//
//go:noinline
func (d *Reader) AddResult(p *chat.Part) {
	if d.counts(p) {
		d.R.AddResult(*p)
	}
}

func (d *Reader) counts(p *chat.Part) bool {
	if d.parts++; d.parts > mostParts && d.Err == nil {
		d.Fail("invalid_value", p.At.Path(), "the conversation has too many parts")
	}
	return d.Err == nil
}

// Within has what read reads put into the result added last, instead of into the message.
func (d *Reader) Within(read func(v rawjson.Value), v rawjson.Value) {
	d.within = true
	read(v)
	d.within = false
}

// InResult reports whether parts are those of a tool's result.
func (d *Reader) InResult() bool { return d.within }

// Put adds a part to the message begun last, or to the result that is read.
//
//go:noinline
func (d *Reader) Put(p *chat.Part) {
	if d.within {
		d.AddResult(p)
	} else {
		d.Add(p)
	}
}

// Say is Put for a part that is a text.
//
//go:noinline
func (d *Reader) Say(kind chat.PartKind, t chat.Text, at rawjson.Value) {
	p := d.New(kind, at)
	p.Text = t
	d.Put(p)
}

// What reads into a field is called rather than inlined: stores of pointers are some
// hundred bytes each, and the module's size counts.

// Fill reads a string that has to be there, and is not empty.
//
//go:noinline
func (d *Reader) Fill(at *chat.Text, object rawjson.Value, key string) {
	*at = d.Filled(d.Need(d.Object(object), key))
}

// FillIf reads a string that may be absent or null.
//
//go:noinline
func (d *Reader) FillIf(at *chat.Text, object rawjson.Value, key string) {
	*at = d.Optional(object, key)
}

// FillObject reads an object as it is spelled.
//
//go:noinline
func (d *Reader) FillObject(at *chat.Raw, v rawjson.Value) { *at = d.Object(v).Raw() }

// FillNumber reads a number as it is spelled.
//
//go:noinline
func (d *Reader) FillNumber(at *chat.Raw, v rawjson.Value) { *at = d.Number(v) }

// Member is the text of an object's member, which may be empty but has to be there.
//
//go:noinline
func (d *Reader) Member(object rawjson.Value, key string) chat.Text {
	return d.Text(d.Need(d.Object(object), key))
}

// Tools reads functions as OpenAI has them, of which other APIs have taken them over.
func (d *Reader) Tools(v rawjson.Value) {
	if v = d.Array(v); v.Len() > mostTools {
		d.Fail("invalid_value", v.Path(), "there are too many tools")
		return
	}
	d.Items(v, d.tool)
}

func (d *Reader) tool(t rawjson.Value) {
	if kind := d.Object(t).Get("type"); kind.Exists() && !kind.Is("function") {
		d.Wrong(kind, "'function'")
	}
	f := d.Object(d.Need(t, "function"))
	d.Rest(t, "type", "function")
	d.Rest(f, "name", "description", "parameters")
	tool := chat.Tool{At: t, Description: d.Optional(f, "description")}
	if d.Err == nil {
		tool.Name = d.Filled(d.Need(f, "name"))
	}
	if p := f.Get("parameters"); p.Exists() && !p.IsNull() {
		tool.Parameters = d.Object(p).Raw()
	}
	if d.Err == nil {
		d.R.Tools = append(d.R.Tools, tool)
	}
}

// Stops reads a list of stop sequences.
//
//go:noinline
func (d *Reader) Stops(v rawjson.Value) {
	d.Items(v, func(s rawjson.Value) { d.R.Stop = append(d.R.Stop, d.Text(s)) })
}
