package geminigenerate

import (
	"strings"

	"github.com/postern-gateway/postern/adapters/chat"
)

// statuses are those of https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto.
var statuses = [...]string{
	chat.InvalidRequest:   "INVALID_ARGUMENT",
	chat.Unauthenticated:  "UNAUTHENTICATED",
	chat.PermissionDenied: "PERMISSION_DENIED",
	chat.NotFound:         "NOT_FOUND",
	chat.TooLarge:         "INVALID_ARGUMENT",
	chat.RateLimited:      "RESOURCE_EXHAUSTED",
	chat.Overloaded:       "UNAVAILABLE",
	chat.Timeout:          "DEADLINE_EXCEEDED",
	chat.Internal:         "INTERNAL",
}

// AppendError appends a google.rpc.Status as this API has it. What a client's program
// goes by stands in details (https://google.aip.dev/193): the code as the reason, what
// is wrong in the request, when to try again.
func AppendError(dst []byte, e *chat.Error) []byte {
	dst = number(dst, `{"error":{"code":`, int64(e.Status))
	dst = quoted(dst, `,"message":`, e.Message)
	dst = add(add(dst, `,"status":"`), statuses[e.Kind])
	dst = add(dst, `","details":[`)
	if e.Code != "" {
		dst = quoted(dst, `{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":`, upper(e.Code))
		dst = add(dst, `,"domain":"postern"}`)
	}
	if e.Param != "" {
		dst = quoted(comma(dst), `{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"field":`, e.Param)
		dst = quoted(dst, `,"description":`, strings.TrimPrefix(e.Message, e.Param+": "))
		dst = add(dst, `}]}`)
	}
	if e.RetryAfter > 0 {
		dst = number(comma(dst), `{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"`, e.RetryAfter)
		dst = add(dst, `s"}`)
	}
	return add(dst, `]}}`)
}

// AppendErrorEvent appends an error as the last event of a stream.
func AppendErrorEvent(dst []byte, e *chat.Error) []byte {
	return add(AppendError(add(dst, "data: "), e), "\n\n")
}

// AppendErrorList appends an error where a stream would be an array.
func AppendErrorList(dst []byte, e *chat.Error) []byte {
	return add(AppendError(add(dst, "["), e), "]")
}

// upper is a code as reasons are spelled.
func upper(s string) string {
	out := []byte(s)
	for i, c := range out {
		if c-'a' < 26 {
			out[i] = c - 'a' + 'A'
		}
	}
	return string(out)
}
