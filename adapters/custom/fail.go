package custom

import (
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/strict"
)

// How much is told of what a server says.
const (
	mostMessage = 4 << 10
	mostWord    = 100
)

// errorPaths are where in an error is what.
type errorPaths struct {
	when, message, code, status path
	words                       []errorWord
}

// An errorWord is what a word at code means.
type errorWord struct {
	word   string
	status int
	code   string // for clients
}

// usualMessage is where most servers have it.
const usualMessage = "error.message | error | message | detail | msg"

func (p *errorPaths) read(o *strict.Object) {
	p.when = readJSONPath(o, "when", "Path that is in a good answer or an event of a stream which is an error, and neither null, false, 0 nor empty.", "error")
	p.message = readJSONPath(o, "message", "What is wrong, for people.", usualMessage)
	p.code = readJSONPath(o, "code", "A word or number for it.", "")
	p.status = readJSONPath(o, "status", "An HTTP status, where the answer itself has none that says it.", "")
	for _, w := range o.Pairs("words", `What values at code mean: a status, and perhaps a code for clients: {"BUSY": "503", "TOO_LONG": "400 context_length_exceeded"}.`) {
		status, code, _ := strings.Cut(w.Value, " ")
		n, err := strconv.Atoi(status)
		if err != nil || n < 400 || n > 599 || !printable(code) {
			o.Fail("words", strict.Quote(w.Key)+": want a status from 400 to 599 and perhaps a code, got "+strict.Quote(w.Value))
		}
		p.words = append(p.words, errorWord{w.Key, n, code})
	}
}

// ReadError reads the answer to a request that failed. One that is no JSON is described
// by its status.
func (a *adapter) ReadError(status int, body []byte) *chat.Error {
	doc := rawjson.Doc{LoneSurrogates: true}
	_ = doc.Parse(body) // what is no JSON has no members
	return a.errors.describe(&place{root: doc.Root()}, status)
}

// describe reads an error; a status of 0 is none.
func (p *errorPaths) describe(at *place, status int) *chat.Error {
	if n, ok := at.first(&p.status).Int64(); ok && n >= 400 && n <= 599 {
		status = int(n)
	}
	code := word(at.first(&p.code))
	if len(code) > mostWord {
		code = ""
	}
	for i := range p.words {
		if w := &p.words[i]; w.word == code {
			status, code = w.status, w.code
			break
		}
	}
	said := status
	if status < 400 || status > 599 {
		status = 502
	}
	e := &chat.Error{Status: status, Kind: chat.KindOf(status), Code: code}
	for _, way := range p.message.ways { // of which the first may be there and no text
		at.found = at.follow(at.found[:0], at.root, way)
		if len(at.found) > 0 && word(at.found[0]) != "" {
			e.Message = word(at.found[0])
			break
		}
	}
	if len(e.Message) > mostMessage {
		e.Message = strings.ToValidUTF8(e.Message[:mostMessage], "") + "..."
	}
	switch {
	case e.Message != "":
	case said >= 400 && said <= 599:
		e.Message = "The provider answered with status " + strconv.Itoa(said) + " and no error message."
	default:
		e.Message = "The provider answered with an error without a message."
	}
	return e
}
