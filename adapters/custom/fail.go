package custom

import (
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/strict"
)

const mostWord = 100 // bytes of a code

// errorPaths are where in an error is what.
type errorPaths struct {
	when, message, code path
	words               []strict.Pair
}

func (p *errorPaths) read(o *strict.Object) {
	p.when = readPathAt(o, "when", "Path that is in an error which comes as a good answer or in a stream, and neither null, false, 0 nor empty.", "error")
	p.message = readPathAt(o, "message", "What is wrong, for people; empty: where most servers have it.", "")
	p.code = readPathAt(o, "code", "A word or number for it.", "")
	p.words = o.Pairs("words", `What values at code mean: a status, and perhaps a code for clients: {"BUSY": "503", "LONG": "400 context_length_exceeded"}.`)
	for _, w := range p.words {
		if n, _ := status(w.Value); n == 0 {
			o.Fail("words", strict.Quote(w.Key)+": want a status from 400 to 599 and perhaps a code, got "+strict.Quote(w.Value))
		}
	}
}

// status parts a status from what follows it; 0 if it is none.
func status(s string) (n int, rest string) {
	s, rest, _ = strings.Cut(s, " ")
	n, _ = strconv.Atoi(s)
	if n < 400 || n > 599 {
		n = 0
	}
	return n, rest
}

// ReadError reads the answer to a request that failed, or an error that came as a good
// one: then the status is 0. What is not configured is where package openai looks for it.
func (a *adapter) ReadError(code int, body []byte) *chat.Error {
	v, _ := read(body, true) // what is no JSON has no members
	p := &a.errors
	var at place
	if m := word(at.first(v, p.message)); m != "" {
		body = append(quote([]byte(`{"message":`), m), '}')
	}
	e := a.to.ReadError(code, body) // whose message is bounded, and without keys
	if p.code != nil {
		if e.Code = word(at.first(v, p.code)); len(e.Code) > mostWord {
			e.Code = ""
		}
	}
	for _, w := range p.words {
		if w.Key == e.Code {
			e.Status, e.Code = status(w.Value)
			e.Kind = chat.KindOf(e.Status)
			break
		}
	}
	return e
}
