package dialect

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// Anthropic is the dialect of https://docs.claude.com/en/api/messages.
func Anthropic() *Dialect {
	return &Dialect{Name: "anthropic", Error: anthropicError, ErrorEvent: anthropicErrorEvent, Models: anthropicModels, Check: anthropicCheck}
}

// anthropicTypes are the error types of https://docs.claude.com/en/api/errors.
var anthropicTypes = [...]string{
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

// anthropicError has no members for a code and a path: the message names them.
func anthropicError(dst []byte, e *chat.Error) []byte {
	dst = append(dst, `{"type":"error","error":{"type":`...)
	dst = rawjson.AppendString(dst, anthropicTypes[e.Kind])
	dst = append(dst, `,"message":`...)
	dst = rawjson.AppendString(dst, e.Message)
	return append(dst, `}}`...)
}

func anthropicErrorEvent(dst []byte, e *chat.Error) []byte {
	return append(anthropicError(append(dst, "event: error\ndata: "...), e), "\n\n"...)
}

func anthropicModels(dst []byte, names []string) []byte {
	dst = append(dst, `{"data":[`...)
	for i, n := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"type":"model","id":`...)
		dst = rawjson.AppendString(dst, n)
		dst = append(dst, `,"display_name":`...)
		dst = rawjson.AppendString(dst, n)
		dst = append(dst, `,"created_at":"1970-01-01T00:00:00Z"}`...)
	}
	dst = append(dst, `],"has_more":false,"first_id":`...)
	if len(names) == 0 {
		return append(dst, `null,"last_id":null}`...)
	}
	dst = rawjson.AppendString(dst, names[0])
	dst = append(dst, `,"last_id":`...)
	dst = rawjson.AppendString(dst, names[len(names)-1])
	return append(dst, '}')
}

func anthropicCheck(op adapters.Operation, request rawjson.Value) *chat.Error {
	return need(request, "messages", "an array", rawjson.Array)
}
