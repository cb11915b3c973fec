package bedrock

import (
	"strings"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// exceptions are those of Converse and of its streams, with the status that a client
// gets: a model that failed or was too slow is not the client's fault, as AWS's own
// statuses have it. Names begin in lower case within streams. Codes are OpenAI's words,
// where programs look for them.
var exceptions = [...]struct {
	name   string // without Exception
	status int
	code   string
}{
	{"Validation", 400, ""},
	{"AccessDenied", 403, ""},
	{"UnrecognizedClient", 403, "invalid_api_key"},
	{"InvalidSignature", 403, "invalid_api_key"},
	{"ExpiredToken", 403, "invalid_api_key"},
	{"ResourceNotFound", 404, "model_not_found"},
	{"Throttling", 429, "rate_limit_exceeded"},
	{"TooManyRequests", 429, "rate_limit_exceeded"},
	{"ServiceQuotaExceeded", 429, "rate_limit_exceeded"},
	{"ModelNotReady", 503, ""},
	{"ServiceUnavailable", 503, ""},
	{"InternalServer", 500, ""},
	{"ModelError", 502, ""},
	{"ModelStreamError", 502, ""},
	{"ModelTimeout", 504, ""},
}

// messageCodes are codes of errors that the API tells apart only by what they say.
var messageCodes = [...]struct{ part, code string }{
	{"Input is too long", "context_length_exceeded"},
	{"prompt is too long", "context_length_exceeded"},
	{"model identifier is invalid", "model_not_found"},
	{"security token included in the request", "invalid_api_key"},
}

// How much is told of what the API says.
const mostMessage = 4 << 10

// ReadError reads an error of
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_Errors.
// Which it is stands in a header; what the body does not say of it, the status does.
func (a *adapter) ReadError(status int, body []byte) *chat.Error {
	doc := rawjson.Doc{LoneSurrogates: true}
	_ = doc.Parse(body) // what is no JSON has no members
	name := doc.Root().Get("__type").Str()
	if _, rest, ok := strings.Cut(name, "#"); ok {
		name = rest
	}
	name, _, _ = strings.Cut(name, ":")
	return readError(name, status, doc.Root())
}

// readError reads an exception of a name that may be unknown.
func readError(name string, status int, v rawjson.Value) *chat.Error {
	switch status { // as AWS has them for failures that are not the client's
	case 408:
		status = 504
	case 424:
		status = 502
	}
	if status < 400 || status > 599 {
		status = 502
	}
	e := &chat.Error{Status: status}
	if status == 429 {
		e.Code = "rate_limit_exceeded"
	}
	for i := range exceptions {
		x := &exceptions[i]
		if base, ok := strings.CutSuffix(name, "Exception"); ok && strings.EqualFold(base, x.name) {
			e.Status, e.Code = x.status, x.code
			break
		}
	}
	e.Kind = chat.KindOf(e.Status)
	for _, key := range [...]string{"message", "Message", "originalMessage"} {
		if s := v.Get(key).Str(); s != "" && e.Message == "" {
			e.Message = chat.Clip(s, mostMessage)
		}
	}
	for _, m := range messageCodes {
		if strings.Contains(e.Message, m.part) {
			e.Code = m.code
		}
	}
	if e.Message == "" {
		e.Message = chat.Unexplained("Amazon Bedrock", e.Status)
	}
	return e
}
