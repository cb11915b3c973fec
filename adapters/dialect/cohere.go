package dialect

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/coherechat"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/sse"
)

// Cohere is the dialect of https://docs.cohere.com/v2/reference/chat.
func Cohere() *Dialect {
	return &Dialect{
		Name:       coherechat.Name,
		Error:      coherechat.AppendError,
		ErrorEvent: coherechat.AppendErrorEvent,
		Check: func(_ adapters.Operation, request rawjson.Value) *chat.Error {
			return need(request, "messages", "an array", rawjson.Array)
		},
		StreamType: sse.ContentType,
		Overloaded: 503,
		MaxTokens:  []string{"max_tokens"},
		Field:      coherechat.Field,
		Reader:     coherechat.Reader{},
		Writer:     coherechat.Writer{},
	}
}
