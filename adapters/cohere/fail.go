package cohere

import (
	"strings"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// mostMessage is how much is told of what the API says.
const mostMessage = 4 << 10

// ReadError reads an error of https://docs.cohere.com/reference/errors: an object with a
// message. Anything else is described by its status.
func (a *adapter) ReadError(status int, body []byte) *chat.Error {
	doc := rawjson.Doc{LoneSurrogates: true}
	_ = doc.Parse(body) // what is no JSON has no members
	return readError(doc.Root(), status)
}

// readError reads an error object of an answer, or of a stream, where it has no status.
// Two statuses are Cohere's own: of a token that is invalid, and of a request that its
// client has closed, which the gateway's client has not.
func readError(v rawjson.Value, status int) *chat.Error {
	switch {
	case status == 498:
		status = 401
	case status == 499:
		status = 504
	case status < 400 || status > 599:
		status = 502
	}
	e := &chat.Error{Status: status, Kind: chat.KindOf(status)}
	for _, key := range [...]string{"message", "error"} {
		if m := v.Get(key); e.Message == "" && m.Kind() == rawjson.String {
			e.Message = m.Str()
		}
	}
	e.Message = chat.Clip(e.Message, mostMessage)
	switch {
	case e.Message == "":
		e.Message = chat.Unexplained("Cohere", status)
	case strings.Contains(e.Message, "too many tokens"): // there are no codes: this one makes clients shorten their prompts
		e.Code = "context_length_exceeded"
	}
	return e
}
