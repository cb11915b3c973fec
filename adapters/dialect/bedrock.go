package dialect

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/bedrockconverse"
	"github.com/postern-gateway/postern/adapters/eventstream"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// Bedrock is the dialect of
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html. Its
// clients have their key in AWS_BEARER_TOKEN_BEDROCK, and send it as a bearer; a
// signature proves nothing to who has not the secret.
func Bedrock() *Dialect {
	return &Dialect{
		Name:       bedrockconverse.Name,
		Error:      bedrockconverse.AppendError,
		ErrorEvent: bedrockconverse.AppendErrorEvent,
		ErrorHeader: func(e *chat.Error) adapters.Header {
			return adapters.Header{Name: "x-amzn-errortype", Value: bedrockconverse.ErrorType(e)}
		},
		Check: func(_ adapters.Operation, request rawjson.Value) *chat.Error {
			return need(request, "messages", "an array", rawjson.Array)
		},
		StreamType: eventstream.ContentType,
		Timed:      true,
		Overloaded: 503,
		MaxTokens:  []string{"inferenceConfig.maxTokens"},
		Field:      bedrockconverse.Field,
		Reader:     bedrockconverse.Reader{},
		Writer:     bedrockconverse.Writer{},
	}
}
