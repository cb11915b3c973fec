package anthropicmessages

import (
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
	dst = append(dst, `{"type":"error","error":{"type":`...)
	dst = rawjson.AppendString(dst, errorTypes[e.Kind])
	dst = append(dst, `,"message":`...)
	dst = rawjson.AppendString(dst, e.Message)
	return append(dst, `}}`...)
}

// AppendErrorEvent appends an error as the last event of a stream.
func AppendErrorEvent(dst []byte, e *chat.Error) []byte {
	return append(AppendError(append(dst, "event: error\ndata: "...), e), "\n\n"...)
}
