package chat

import (
	"strconv"
	"strings"
)

// An ErrorKind is why a request failed, in words that every API has.
type ErrorKind uint8

// Kinds of errors.
const (
	InvalidRequest ErrorKind = iota
	Unauthenticated
	PermissionDenied
	NotFound
	TooLarge
	RateLimited
	Overloaded // try again later
	Timeout
	Internal // the gateway's or the provider's fault
)

// An Error is a failure as a client is told of it. It holds no secret and nothing
// of a body but names.
type Error struct {
	Status  int // HTTP status, 400 to 599
	Kind    ErrorKind
	Code    string // for programs, such as model_not_found; may be empty
	Param   string // path of what is wrong in the request; may be empty
	Message string // for people

	// RetryAfter is in how many seconds it is worth a try again, where the provider says
	// so in the body instead of a header; 0: not said.
	RetryAfter int64
}

// KindOf is the kind that a status means when nothing else is known.
//
//go:noinline
func KindOf(status int) ErrorKind {
	switch status {
	case 401:
		return Unauthenticated
	case 402, 403:
		return PermissionDenied
	case 404, 405:
		return NotFound
	case 408, 504:
		return Timeout
	case 413:
		return TooLarge
	case 429:
		return RateLimited
	case 503, 529:
		return Overloaded
	}
	if status >= 500 {
		return Internal
	}
	return InvalidRequest
}

// Unsupported is that a provider cannot do what a request asks for at path, which is
// empty for the request as a whole.
//
//go:noinline
func Unsupported(path, problem string) *Error {
	if path != "" {
		problem = path + ": " + problem
	}
	return &Error{Status: 400, Kind: InvalidRequest, Code: "unsupported_value", Param: path, Message: problem}
}

// Error makes it an error, for answers that are one although their status is good.
func (e *Error) Error() string { return e.Message }

// Clip is what is told of a provider's message of more than most bytes: its beginning.
//
//go:noinline
func Clip(message string, most int) string {
	if len(message) <= most {
		return message
	}
	return strings.ToValidUTF8(message[:most], "") + "..."
}

// Unexplained is the message for an error of a provider's that has none.
//
//go:noinline
func Unexplained(provider string, status int) string {
	return provider + " answered with status " + strconv.Itoa(status) + " and no error message"
}
