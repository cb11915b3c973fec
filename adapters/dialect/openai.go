package dialect

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// OpenAI is the dialect of https://platform.openai.com/docs/api-reference.
func OpenAI() *Dialect {
	return &Dialect{Name: "openai", Error: openAIError, ErrorEvent: openAIErrorEvent, Models: openAIModels, Check: openAICheck}
}

// openAITypes are the error types of https://platform.openai.com/docs/guides/error-codes.
var openAITypes = [...]string{
	chat.InvalidRequest:   "invalid_request_error",
	chat.Unauthenticated:  "invalid_request_error",
	chat.PermissionDenied: "invalid_request_error",
	chat.NotFound:         "invalid_request_error",
	chat.TooLarge:         "invalid_request_error",
	chat.RateLimited:      "rate_limit_error",
	chat.Overloaded:       "server_error",
	chat.Timeout:          "server_error",
	chat.Internal:         "server_error",
}

func openAIError(dst []byte, e *chat.Error) []byte {
	dst = append(dst, `{"error":{"message":`...)
	dst = rawjson.AppendString(dst, e.Message)
	dst = append(dst, `,"type":`...)
	dst = rawjson.AppendString(dst, openAITypes[e.Kind])
	dst = append(dst, `,"param":`...)
	dst = appendOrNull(dst, e.Param)
	dst = append(dst, `,"code":`...)
	dst = appendOrNull(dst, e.Code)
	return append(dst, `}}`...)
}

func openAIErrorEvent(dst []byte, e *chat.Error) []byte {
	return append(openAIError(append(dst, "data: "...), e), "\n\n"...)
}

func appendOrNull(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, "null"...)
	}
	return rawjson.AppendString(dst, s)
}

func openAIModels(dst []byte, names []string) []byte {
	dst = append(dst, `{"object":"list","data":[`...)
	for i, n := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"id":`...)
		dst = rawjson.AppendString(dst, n)
		dst = append(dst, `,"object":"model","created":0,"owned_by":"postern"}`...)
	}
	return append(dst, `]}`...)
}

func openAICheck(op adapters.Operation, request rawjson.Value) *chat.Error {
	switch op {
	case adapters.Chat:
		return need(request, "messages", "an array", rawjson.Array)
	case adapters.Embeddings:
		return need(request, "input", "a string or an array", rawjson.String, rawjson.Array)
	}
	return nil
}
