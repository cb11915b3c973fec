package openaichat

import (
	"strconv"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// AppendError appends the error object of the API.
func AppendError(dst []byte, e *chat.Error) []byte {
	dst = rawjson.Add(dst, `{"error":{"message":`)
	dst = rawjson.AppendString(dst, e.Message)
	dst = rawjson.Add(dst, `,"type":"`)
	dst = rawjson.Add(dst, errorType(e.Kind))
	dst = rawjson.Add(dst, `","param":`)
	dst = appendOrNull(dst, e.Param)
	dst = rawjson.Add(dst, `,"code":`)
	dst = appendOrNull(dst, e.Code)
	return rawjson.Add(dst, `}}`)
}

// AppendErrorEvent appends an error as the last event of a stream. No finish reason
// and no [DONE] may follow it.
func AppendErrorEvent(dst []byte, e *chat.Error) []byte {
	return rawjson.Add(AppendError(rawjson.Add(dst, "data: "), e), "\n\n")
}

// errorType is the type of an error as
// https://platform.openai.com/docs/guides/error-codes has it.
func errorType(k chat.ErrorKind) string {
	switch k {
	case chat.RateLimited:
		return "rate_limit_error"
	case chat.Overloaded, chat.Timeout, chat.Internal:
		return "server_error"
	}
	return "invalid_request_error"
}

func appendOrNull(dst []byte, s string) []byte {
	if s == "" {
		return rawjson.Add(dst, "null")
	}
	return rawjson.AppendString(dst, s)
}

//go:noinline
func invalid(code, param, message string) *chat.Error {
	return &chat.Error{Status: 400, Kind: chat.InvalidRequest, Code: code, Param: param, Message: message}
}

func wrongType(v rawjson.Value, want string) *chat.Error {
	path := v.Path()
	if path == "" {
		return invalid("invalid_type", "", "Invalid type for the request body: expected "+want+", but got "+article(v.Kind())+" instead.")
	}
	return invalid("invalid_type", path, "Invalid type for '"+path+"': expected "+want+", but got "+article(v.Kind())+" instead.")
}

func missing(parent rawjson.Value, key string) *chat.Error {
	path := rawjson.JoinPath(parent.Path(), key)
	return invalid("missing_required_parameter", path, "Missing required parameter: '"+path+"'.")
}

// badValue names the values that would have been right, not the one that came.
func badValue(v rawjson.Value, supported string) *chat.Error {
	path := v.Path()
	return invalid("invalid_value", path, "Invalid value for '"+path+"'. Supported values are: "+supported+".")
}

func emptyString(v rawjson.Value) *chat.Error {
	path := v.Path()
	return invalid("empty_string", path, "Invalid '"+path+"': empty string. Expected a string with minimum length 1, but got an empty string instead.")
}

func emptyArray(v rawjson.Value) *chat.Error {
	path := v.Path()
	return invalid("empty_array", path, "Invalid '"+path+"': empty array. Expected an array with minimum length 1, but got an empty array instead.")
}

func tooLong(v rawjson.Value, most int) *chat.Error {
	path := v.Path()
	return invalid("array_above_max_length", path, "Invalid '"+path+"': array too long. Expected an array with maximum length "+strconv.Itoa(most)+".")
}

func outOfRange(v rawjson.Value, code, problem string, limit int64) *chat.Error {
	path := v.Path()
	return invalid(code, path, "Invalid '"+path+"': integer "+problem+strconv.FormatInt(limit, 10)+".")
}

// unsupported refuses what no provider of another dialect can be asked for.
func unsupported(v rawjson.Value, why string) *chat.Error {
	path := v.Path()
	return invalid("unsupported_parameter", path, "Unsupported parameter: '"+path+"' "+why)
}

func article(k rawjson.Kind) string {
	switch k {
	case rawjson.Null:
		return "null"
	case rawjson.Object, rawjson.Array:
		return "an " + k.String()
	case rawjson.Absent:
		return "nothing"
	}
	return "a " + k.String()
}
