// Package openaichat is the client side of OpenAI's chat completions and embeddings: it
// reads their requests into the neutral forms and writes answers, streams and errors as
// the API does.
//
// The format is that of https://platform.openai.com/docs/api-reference/chat. Members
// that other gateways and servers have added to it and that clients rely on are read
// and written too: cache_control on parts, messages and tools; reasoning_content and
// reasoning_details (https://openrouter.ai/docs/guides/best-practices/reasoning-tokens),
// which carry thinking and its signatures through a loop of tool calls; top_k and min_p.
//
// What the neutral form has no place for is refused, or listed in Request.Extra. The
// functions of before tools are refused, but read where they stand in a history.
package openaichat

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// Name is the dialect's name, as in Request.Dialect.
const Name = "openai"

// Reader reads requests.
type Reader struct{}

// Writer writes answers.
type Writer struct{}

var (
	_ adapters.Reader = Reader{}
	_ adapters.Writer = Writer{}
)

// Bounds of one request, far above what the API itself takes. They keep the memory of
// a request in proportion to its bytes.
const (
	mostParts = 1 << 14
	mostTools = 1 << 10
	mostExtra = 100
)

// ReadRequest fills r from a request.
func (Reader) ReadRequest(request rawjson.Value, r *chat.Request) *chat.Error {
	if request.Kind() != rawjson.Object {
		return wrongType(request, "an object")
	}
	d := reader{r: r}
	r.Dialect = Name
	for it := request.Members(); it.Next(); {
		k, v := it.Key, it.Value
		if v.IsNull() {
			continue // the SDKs send null for what is not set
		}
		if d.member(k, v); d.err != nil {
			return d.err
		}
	}
	return d.finish(request)
}

// Member reads one member of a request that another of OpenAI's APIs shares with this one.
func Member(r *chat.Request, k, v rawjson.Value) *chat.Error {
	d := reader{r: r}
	d.member(k, v)
	return d.err
}

// A reader reads one request. Its first error sticks.
type reader struct {
	r      *chat.Request
	err    *chat.Error
	parts  int
	legacy chat.Text // name of the function that was called last in the old form
	callID chat.Text // the id that was made up for it

	choice, limit, newLimit rawjson.Value // what can be judged only with the rest
}

func (d *reader) fail(e *chat.Error) {
	if d.err == nil {
		d.err = e
	}
}

// text is a string as it is spelled.
func (d *reader) text(v rawjson.Value) chat.Text {
	if v.Kind() != rawjson.String {
		d.fail(wrongType(v, "a string"))
		return nil
	}
	raw := v.Raw()
	return raw[1 : len(raw)-1 : len(raw)-1]
}

// filled is a string that must not be empty.
func (d *reader) filled(v rawjson.Value) chat.Text {
	t := d.text(v)
	if d.err == nil && len(t) == 0 {
		d.fail(emptyString(v))
	}
	return t
}

func (d *reader) number(v rawjson.Value) chat.Raw {
	if v.Kind() != rawjson.Number {
		d.fail(wrongType(v, "a decimal"))
		return nil
	}
	return v.Raw()
}

// integer is a whole number from least to most.
func (d *reader) integer(v rawjson.Value, least, most int64) int64 {
	n, ok := v.Int64()
	switch {
	case !ok:
		d.fail(wrongType(v, "an integer"))
	case n < least:
		d.fail(outOfRange(v, "integer_below_min_value", "below minimum value. Expected a value >= ", least))
	case n > most:
		d.fail(outOfRange(v, "integer_above_max_value", "above maximum value. Expected a value <= ", most))
	}
	return n
}

func (d *reader) boolean(v rawjson.Value) bool {
	b, ok := v.Bool()
	if !ok {
		d.fail(wrongType(v, "a boolean"))
	}
	return b
}

func (d *reader) object(v rawjson.Value) rawjson.Value {
	if v.Kind() != rawjson.Object {
		d.fail(wrongType(v, "an object"))
		return rawjson.Value{}
	}
	return v
}

// need is a member that has to be there.
func (d *reader) need(parent rawjson.Value, key string) rawjson.Value {
	v := parent.Get(key)
	if !v.Exists() {
		d.fail(missing(parent, key))
	}
	return v
}

// extra notes a member that the neutral form has no place for.
func (d *reader) extra(k, v rawjson.Value) { d.note(v.Path(), k, v) }

func (d *reader) note(path string, k, v rawjson.Value) {
	if len(d.r.Extra) >= mostExtra {
		d.fail(invalid("unknown_parameter", path, "Too many unknown parameters."))
		return
	}
	d.r.Extra = append(d.r.Extra, chat.Member{Path: path, Key: k.Str(), Raw: v.Raw()})
}
