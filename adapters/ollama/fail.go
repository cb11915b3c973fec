package ollama

import (
	"strings"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// mostMessage is how much is told of what the server says.
const mostMessage = 4 << 10

// ReadError reads an error of https://github.com/ollama/ollama/blob/main/docs/api.md: an
// object with the message alone. Anything else is described by its status.
func (a *adapter) ReadError(status int, body []byte) *chat.Error {
	doc := rawjson.Doc{LoneSurrogates: true}
	_ = doc.Parse(body) // what is no JSON has no members
	return readError(doc.Root(), status)
}

// readError reads an error object of an answer, or of a stream, where it has no status.
func readError(v rawjson.Value, status int) *chat.Error {
	message := v.Get("error")
	if message.Kind() == rawjson.Object { // as its endpoints for other makers' clients have it
		message = message.Get("message")
	}
	if status < 400 || status > 599 {
		status = 502
	}
	e := &chat.Error{Status: status, Kind: chat.KindOf(status), Message: message.Str()}
	e.Message = chat.Clip(e.Message, mostMessage)
	switch {
	case e.Message == "":
		e.Message = chat.Unexplained("Ollama", status)
	case strings.Contains(e.Message, "the context length"): // there are no codes: this one makes clients shorten their prompts
		e.Code = "context_length_exceeded"
	}
	return e
}
