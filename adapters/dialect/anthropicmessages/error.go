package anthropicmessages

import (
	"strings"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// errorTypes are those of https://platform.claude.com/docs/en/api/errors.
var errorTypes = [...]string{
	chat.InvalidRequest:   "invalid_request_error",
	chat.Unauthenticated:  "authentication_error",
	chat.PermissionDenied: "permission_error",
	chat.NotFound:         "not_found_error",
	chat.TooLarge:         "request_too_large",
	chat.RateLimited:      "rate_limit_error",
	chat.Overloaded:       "overloaded_error",
	chat.Timeout:          "timeout_error",
	chat.Internal:         "api_error",
}

// AppendError appends an error object. It has no members for a code and a path: the
// message names them.
func AppendError(dst []byte, e *chat.Error) []byte {
	dst = rawjson.Add(dst, `{"type":"error","error":{"type":`)
	dst = rawjson.AppendString(dst, errorTypes[e.Kind])
	dst = rawjson.Add(dst, `,"message":`)
	dst = rawjson.AppendString(dst, message(e))
	return rawjson.Add(dst, `}}`)
}

// tooLong is how this API begins to say that a prompt does not fit the model. There is
// no code for it, so that programs that shorten theirs look for these words.
const tooLong = "prompt is too long"

// message is what an error says, in this API's own words and spelling where that matters.
func message(e *chat.Error) string {
	if e.Code == "context_length_exceeded" && !strings.HasPrefix(e.Message, tooLong) {
		return tooLong + ": " + e.Message
	}
	if rest, ok := strings.CutPrefix(e.Message, e.Param+": "); ok && e.Param != "" {
		return Path(e.Param) + ": " + rest
	}
	return e.Message
}

// AppendErrorEvent appends an error as the last event of a stream.
func AppendErrorEvent(dst []byte, e *chat.Error) []byte {
	return rawjson.Add(AppendError(rawjson.Add(dst, "event: error\ndata: "), e), "\n\n")
}
