// Package geminigenerate is the dialect of clients of Google's Gemini API: generateContent,
// streamGenerateContent in both of its forms, and countTokens.
//
// The format is that of https://ai.google.dev/api/generate-content, and what the SDK
// knows beyond that page is in the types of https://github.com/googleapis/python-genai.
// Members may be spelled in camelCase or in snake_case, one object may stand for a list
// of one, enums may be in any case, as Google's servers take them
// (https://protobuf.dev/programming-guides/json/).
//
// Thoughts of other makers' models and their signatures travel in thoughtSignature, of
// which clients only know that it is base64 and has to come back. Answers have what is
// asked for in this API and nothing of anybody else's spelling. What only Google can do,
// its own tools and content that it keeps, is refused by name.
package geminigenerate

import (
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// Name is the dialect's name.
const Name = "gemini"

// Bounds of one request. mostChoices is the API's own; the others are far above what
// clients send and keep the memory of a request in proportion to its bytes.
const (
	mostChoices = 8
	mostExtra   = 100
	mostOpen    = 1024 // calls of one turn, among which each result is looked for
)

// Reader reads requests. It keeps no state, so one serves all.
type Reader struct{}

var _ adapters.Reader = Reader{}

// ReadRequest reads a GenerateContentRequest. The model and whether the answer is a
// stream stand in its path, not in it.
func (Reader) ReadRequest(request rawjson.Value, r *chat.Request) *chat.Error {
	d := reader{r: r}
	d.read(request)
	return d.err
}

// A reader reads one request. Its methods do nothing after the first error.
type reader struct {
	r       *chat.Request
	err     *chat.Error
	open    []call        // calls that wait for their results
	calls   int           // of the conversation so far
	here    int           // of the message
	allowed rawjson.Value // names of the functions that may be called
	strict  bool          // calls have to keep to their schemas
}

// is reports whether a key is a name in camelCase, in either spelling.
//
//go:noinline
func is(k rawjson.Value, camel string) bool {
	return k.Is(camel) || k.Is(snake(camel))
}

// snake is a name in snake_case.
//
//go:noinline
func snake(camel string) string {
	out := make([]byte, 0, len(camel)+4)
	for i := range len(camel) {
		if c := camel[i]; c-'A' < 26 {
			out = append(out, '_', c|0x20)
		} else {
			out = append(out, c)
		}
	}
	return string(out)
}

// The helpers are not inlined: there are many calls of them, and the module's size counts.

// camel is a key as this API's own page spells it.
//
//go:noinline
func camel(k rawjson.Value) string {
	s := k.Str()
	if strings.IndexByte(s, '_') < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '_' && i+1 < len(s) && s[i+1]-'a' < 26 {
			i++
			out = append(out, s[i]-'a'+'A')
		} else {
			out = append(out, s[i])
		}
	}
	return string(out)
}

// get is a member in either spelling; null is as good as none.
//
//go:noinline
func get(v rawjson.Value, name string) rawjson.Value {
	m := v.Get(name)
	if !m.Exists() {
		if s := snake(name); s != name {
			m = v.Get(s)
		}
	}
	if m.IsNull() {
		return rawjson.Value{}
	}
	return m
}

// each calls f for the elements of a list, for which one object may stand.
//
//go:noinline
func (d *reader) each(v rawjson.Value, f func(e rawjson.Value)) {
	if v.Kind() == rawjson.Object {
		f(v)
		return
	}
	if !d.is(v, rawjson.Array, "an array of objects") {
		return
	}
	for it := v.Cursor(); it.Next(); {
		e := it.Value
		if !d.is(e, rawjson.Object, "an object") {
			return
		}
		f(e)
	}
}

// oneOf is the place of an enum's value in a list of names with blanks between them; -1
// if it is none of them.
func (d *reader) oneOf(v rawjson.Value, names string) int {
	if !d.is(v, rawjson.String, "a string") {
		return -1
	}
	s := v.Str()
	for i, rest := 0, names; rest != ""; i++ {
		var name string
		if name, rest, _ = strings.Cut(rest, " "); strings.EqualFold(name, s) {
			return i
		}
	}
	d.failAt(v.Path(), "want one of "+names)
	return -1
}

//go:noinline
func (d *reader) is(v rawjson.Value, kind rawjson.Kind, want string) bool {
	if d.err == nil && v.Kind() != kind {
		d.wrong(v, want)
	}
	return d.err == nil
}

func inner(v rawjson.Value) chat.Text { return chat.Spelled(v) }

// text is a member that has to be a string.
//
//go:noinline
func (d *reader) text(v rawjson.Value) chat.Text {
	d.is(v, rawjson.String, "a string")
	return inner(v)
}

// need is a string that has to be there.
//
//go:noinline
func (d *reader) need(object rawjson.Value, key string) chat.Text {
	m := get(object, key)
	if m.Kind() != rawjson.String {
		d.fail(object, key, "want a string, got "+m.Kind().String())
	}
	return inner(m)
}

// number is a number, which may be spelled as a string.
//
//go:noinline
func (d *reader) number(v rawjson.Value) chat.Raw {
	if v.Kind() == rawjson.Number {
		return v.Raw()
	}
	if raw := inner(v); isNumber(raw) {
		return chat.Raw(raw)
	}
	d.wrong(v, "a number")
	return nil
}

// isNumber reports whether a text can stand for a number as JSON spells them.
func isNumber(t []byte) bool {
	var doc rawjson.Doc
	return doc.Parse(t) == nil && doc.Root().Kind() == rawjson.Number
}

// integer is a whole number from least to most.
//
//go:noinline
func (d *reader) integer(v rawjson.Value, least, most int64) int64 {
	raw := d.number(v)
	if d.err != nil {
		return 0
	}
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil || n < least || n > most {
		d.failAt(v.Path(), "want a whole number from "+strconv.FormatInt(least, 10)+" to "+strconv.FormatInt(most, 10))
	}
	return n
}

//go:noinline
func (d *reader) bool(v rawjson.Value) bool {
	b, _ := v.Bool()
	d.is(v, rawjson.Bool, "a boolean")
	return b
}

// extra keeps a member that the neutral form has no place for.
//
//go:noinline
func (d *reader) extra(k, v rawjson.Value) {
	if len(d.r.Extra) < mostExtra {
		d.r.Extra = append(d.r.Extra, chat.Member{Path: v.Path(), Key: camel(k), Raw: v.Raw()})
	} else {
		d.failAt(v.Path(), "there are too many members that are not known")
	}
}

// wrong fails for a value that is not what it should be.
//
//go:noinline
func (d *reader) wrong(v rawjson.Value, want string) {
	d.failAt(v.Path(), "want "+want+", got "+v.Kind().String())
}

// refuse fails for what only Google can do.
//
//go:noinline
func (d *reader) refuse(v rawjson.Value, why string) {
	if d.err == nil {
		d.failAt(v.Path(), why)
		d.err.Code = "unsupported_value"
	}
}

// fail fails for a member of an object, there or not.
//
//go:noinline
func (d *reader) fail(object rawjson.Value, key, problem string) {
	d.failAt(rawjson.JoinPath(object.Path(), key), problem)
}

// add adds a part to the last message, to be filled: a part is large, and is not made
// first.
//
//go:noinline
func (d *reader) add(kind chat.PartKind, at rawjson.Value) *chat.Part {
	d.r.Add(chat.Part{})
	return d.fresh(kind, at, d.last().Parts)
}

// addResult adds a part to the result that the last part is.
//
//go:noinline
func (d *reader) addResult(kind chat.PartKind, at rawjson.Value) *chat.Part {
	d.r.AddResult(chat.Part{})
	parts := d.last().Parts
	return d.fresh(kind, at, parts[len(parts)-1].Result)
}

func (d *reader) fresh(kind chat.PartKind, at rawjson.Value, parts []chat.Part) *chat.Part {
	p := &parts[len(parts)-1]
	p.Kind, p.At = kind, at
	return p
}

func (d *reader) last() *chat.Message { return &d.r.Messages[len(d.r.Messages)-1] }

// failAt keeps the first error.
//
//go:noinline
func (d *reader) failAt(path, problem string) {
	if d.err != nil {
		return
	}
	d.err = &chat.Error{Status: 400, Kind: chat.InvalidRequest, Code: "invalid_value", Param: path, Message: problem}
	if path != "" {
		d.err.Message = path + ": " + problem
	}
}
