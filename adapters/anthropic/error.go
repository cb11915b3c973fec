package anthropic

import (
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// errorKinds follow https://platform.claude.com/docs/en/api/errors. Codes are OpenAI's
// words, where programs look for them.
var errorKinds = [...]struct {
	name   string
	kind   chat.ErrorKind
	status int
	code   string
}{
	{"invalid_request_error", chat.InvalidRequest, 400, ""},
	{"authentication_error", chat.Unauthenticated, 401, "invalid_api_key"},
	{"billing_error", chat.PermissionDenied, 402, "insufficient_quota"},
	{"permission_error", chat.PermissionDenied, 403, ""},
	{"not_found_error", chat.NotFound, 404, ""},
	{"request_too_large", chat.TooLarge, 413, ""},
	{"rate_limit_error", chat.RateLimited, 429, "rate_limit_exceeded"},
	{"api_error", chat.Internal, 500, ""},
	{"overloaded_error", chat.Overloaded, 503, ""},
	{"timeout_error", chat.Timeout, 504, ""},
}

// messageCodes are codes of errors that the API tells apart only by what they say.
var messageCodes = [...]struct{ begins, code string }{
	{"prompt is too long", "context_length_exceeded"},
	{"input length and `max_tokens` exceed context limit", "context_length_exceeded"},
	{"model: ", "model_not_found"},
	{"Your credit balance is too low", "insufficient_quota"},
}

// maxMessage bounds what is kept of a provider's message.
const maxMessage = 4 << 10

// ReadError reads an error body. One that is no error object, such as a proxy's page,
// is described by its status alone.
func (t *Translation) ReadError(status int, body []byte) *chat.Error {
	var doc rawjson.Doc
	if doc.Parse(body) == nil {
		if e := readError(doc.Root().Get("error"), status); e != nil {
			return e
		}
	}
	status = standard(status)
	return &chat.Error{Status: status, Kind: chat.KindOf(status), Message: "Anthropic answered with status " + strconv.Itoa(status) + " and no error object"}
}

// readError reads an error object of an answer, or of a stream, where there is no
// status; nil if it is none.
func readError(v rawjson.Value, status int) *chat.Error {
	message := v.Get("message")
	if message.Kind() != rawjson.String || message.Is("") {
		return nil
	}
	e := &chat.Error{Status: standard(status), Kind: chat.KindOf(status), Message: message.Str()}
	if len(e.Message) > maxMessage {
		e.Message = strings.ToValidUTF8(e.Message[:maxMessage], "")
	}
	for i := range errorKinds {
		k := &errorKinds[i]
		if !v.Get("type").Is(k.name) {
			continue
		}
		e.Code = k.code
		if status < 400 {
			e.Status, e.Kind = k.status, k.kind
		} else if k.kind != chat.InvalidRequest { // which the API also says with other statuses
			e.Kind = k.kind
		}
	}
	if status < 400 && e.Status < 400 {
		e.Status, e.Kind = 500, chat.Internal
	}
	for _, m := range messageCodes {
		if strings.HasPrefix(e.Message, m.begins) {
			e.Code = m.code
		}
	}
	e.Param = param(e.Message)
	return e
}

// standard turns the API's own status for overload into the one that others have.
func standard(status int) int {
	switch {
	case status == 529:
		return 503
	case status > 599 || status > 0 && status < 400:
		return 502
	}
	return status
}

// param is the field that a message names before its first colon. Paths into the
// request are left out: they are those of the translated one.
func param(message string) string {
	for i := range len(message) {
		c := message[i]
		if c == ':' {
			return message[:i]
		}
		if c-'a' > 25 && c != '_' {
			break
		}
	}
	return ""
}
