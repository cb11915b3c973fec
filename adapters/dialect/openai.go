package dialect

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/openaichat"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/sse"
)

// OpenAI is the dialect of https://platform.openai.com/docs/api-reference.
func OpenAI() *Dialect {
	return &Dialect{
		Name:       openaichat.Name,
		Error:      openaichat.AppendError,
		IsError:    func(v rawjson.Value) bool { return v.Get("error").Kind() == rawjson.Object },
		ErrorEvent: openaichat.AppendErrorEvent,
		Models:     openAIModels,
		Check:      openAICheck,
		StreamType: sse.ContentType,
		Overloaded: 503,
		Reader:     openaichat.Reader{},
		Writer:     openaichat.Writer{},
	}
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
