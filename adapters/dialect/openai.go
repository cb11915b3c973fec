package dialect

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/openaichat"
	"github.com/postern-gateway/postern/adapters/dialect/openairesponses"
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
		Embeddings: openaichat.Embeddings{},
	}
}

// OpenAIResponses is OpenAI's dialect for its Responses API.
func OpenAIResponses() *Dialect {
	d := OpenAI()
	d.Field, d.ErrorEvent = openairesponses.Field, openairesponses.AppendErrorEvent
	d.Reader, d.Writer = openairesponses.Reader{}, openairesponses.Writer{}
	return d
}

// OpenAICompletions is OpenAI's dialect for completions of a prompt.
func OpenAICompletions() *Dialect {
	d := OpenAI()
	d.Field = openaichat.CompletionField
	d.Reader, d.Writer = openaichat.CompletionReader{}, openaichat.CompletionWriter{}
	return d
}

func openAIModels(dst []byte, names []string) []byte {
	dst = append(dst, `{"object":"list","data":[`...)
	for i, n := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = rawjson.Add(dst, `{"id":`)
		dst = rawjson.AppendString(dst, n)
		dst = rawjson.Add(dst, `,"object":"model","created":0,"owned_by":"postern"}`)
	}
	return rawjson.Add(dst, `]}`)
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
