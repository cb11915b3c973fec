package dialect

import (
	"math"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/anthropicmessages"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// usualTokens is how long a completion may be where the request does not say
// (https://platform.openai.com/docs/api-reference/completions/create).
const usualTokens = 16

// Most is how many tokens a request allows its answer: more than any answer has, if it
// does not say. ok is false for what cannot say it.
func (d *Dialect) Most(op adapters.Operation, request rawjson.Value) (n int64, ok bool) {
	switch op {
	case adapters.Chat, adapters.Responses, adapters.Completions:
	default:
		return 0, false
	}
	n = math.MaxInt64
	for _, path := range d.MaxTokens {
		if v := memberAt(request, path); v.Exists() {
			n = min(n, tokens(v))
		}
	}
	if n == math.MaxInt64 && op == adapters.Completions {
		n = usualTokens
	}
	return n, true
}

// AtMost notes in the patch what lets an answer have so many tokens at most, for an
// operation of which Most tells something. lowered is the member of the client's that
// asked for more; empty if it asked for none. The error is for what contradicts it.
func (d *Dialect) AtMost(op adapters.Operation, request rawjson.Value, most int64, patch *rawjson.Patch) (lowered string, e *chat.Error) {
	limit := strconv.AppendInt(nil, most, 10)
	said := false
	for _, path := range d.MaxTokens {
		v := memberAt(request, path)
		said = said || v.Exists()
		if v.Exists() && tokens(v) > most {
			if !v.IsNull() {
				lowered = v.Path()
			}
			patch.Replace(v, limit)
		}
	}
	budget := request.Find("thinking", "budget_tokens")
	if n, ok := budget.Int64(); ok && n >= most && d.Name == anthropicmessages.Name {
		return "", &chat.Error{Status: 400, Kind: chat.InvalidRequest, Code: "invalid_value", Param: budget.Path(),
			Message: budget.Path() + ": want less than the " + string(limit) + " tokens that the answer may have"}
	}
	if said || op == adapters.Completions && most >= usualTokens {
		return lowered, nil
	}
	outer, key, within := strings.Cut(d.MaxTokens[0], ".")
	if !within {
		patch.SetField(request, outer, limit)
		return "", nil
	}
	for _, path := range d.MaxTokens {
		in, _, _ := strings.Cut(path, ".")
		if o := request.Get(in); o.Kind() == rawjson.Object {
			patch.SetField(o, key, limit)
			return "", nil
		}
	}
	patch.SetField(request, outer, []byte(`{"`+key+`":`+string(limit)+`}`))
	return "", nil
}

// memberAt is the value at a path of one or two members.
func memberAt(request rawjson.Value, path string) rawjson.Value {
	for i := range len(path) {
		if path[i] == '.' {
			return request.Get(path[:i]).Get(path[i+1:])
		}
	}
	return request.Get(path)
}

// tokens is a number of tokens, which APIs of protocol buffers take as a string, too.
// What is none, or means without end, is more than any.
func tokens(v rawjson.Value) int64 {
	n, ok := v.Int64()
	if v.Kind() == rawjson.String {
		var err error
		n, err = strconv.ParseInt(v.Str(), 10, 64)
		ok = err == nil
	}
	if !ok || n < 0 {
		return math.MaxInt64
	}
	return n
}
