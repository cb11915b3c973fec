package bedrockconverse

import (
	"strings"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/fields"
	"github.com/postern-gateway/postern/adapters/eventstream"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// exceptions are what errors are called, by their kinds: of whole answers, and of
// streams, which have fewer
// (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html).
var exceptions = [...][2]string{
	chat.InvalidRequest:   {"ValidationException", "validationException"},
	chat.Unauthenticated:  {"UnrecognizedClientException", "validationException"},
	chat.PermissionDenied: {"AccessDeniedException", "validationException"},
	chat.NotFound:         {"ResourceNotFoundException", "validationException"},
	chat.TooLarge:         {"ValidationException", "validationException"},
	chat.RateLimited:      {"ThrottlingException", "throttlingException"},
	chat.Overloaded:       {"ServiceUnavailableException", "serviceUnavailableException"},
	chat.Timeout:          {"ModelTimeoutException", "modelStreamErrorException"},
	chat.Internal:         {"InternalServerException", "internalServerException"},
}

// ErrorType is which error it is, which stands in the header x-amzn-errortype.
func ErrorType(e *chat.Error) string { return exceptions[kind(e)][0] }

// kind is an error's kind, where the status tells no better.
func kind(e *chat.Error) chat.ErrorKind {
	if e.Kind == chat.Internal {
		return chat.KindOf(e.Status)
	}
	return e.Kind
}

// AppendError appends the API's error object, which has the message alone.
func AppendError(dst []byte, e *chat.Error) []byte {
	dst = rawjson.Add(dst, `{"message":`)
	return append(rawjson.AppendString(dst, e.Message), '}')
}

// AppendErrorEvent appends an error as the last message of a stream: an exception.
func AppendErrorEvent(dst []byte, e *chat.Error) []byte {
	return eventstream.Append(dst, eventstream.Exception+exceptions[kind(e)][1], AppendError(nil, e))
}

// spelled are what providers name as OpenAI or Anthropic do, and how it is spelled here.
var spelled = [...][2]string{
	{"messages[].content[].thinking", "messages[].content[].reasoningContent"},
	{"messages[].reasoning_details", "messages[].content[].reasoningContent"},
	{"max_tokens", "inferenceConfig.maxTokens"},
	{"max_completion_tokens", "inferenceConfig.maxTokens"},
	{"temperature", "inferenceConfig.temperature"},
	{"top_p", "inferenceConfig.topP"},
	{"top_k", "additionalModelRequestFields.top_k"},
	{"stop", "inferenceConfig.stopSequences"},
	{"stop_sequences", "inferenceConfig.stopSequences"},
	{"reasoning_effort", "additionalModelRequestFields.reasoning_effort"},
	{"thinking", "additionalModelRequestFields.thinking"},
	{"response_format", "outputConfig.textFormat"},
	{"output_config.format", "outputConfig.textFormat"},
	{"output_config", "outputConfig"},
	{"tool_choice", "toolConfig.toolChoice"},
	{"tools", "toolConfig.tools"},
	{"service_tier", "serviceTier"},
	{"metadata", "requestMetadata"},
	{"cache_control", "cachePoint"},
}

// inside are parts of paths, likewise.
var inside = [...][2]string{
	{".function.parameters", ".inputSchema.json"}, {".input_schema", ".inputSchema.json"}, {".function.", "."},
	{".is_error", ".status"}, {".json_schema.", ".structure.jsonSchema."},
}

// Field is a path as this API's clients spell it.
func Field(path string) string {
	path, _ = fields.Spell(path, spelled[:])
	for i := range inside {
		if before, after, ok := strings.Cut(path, inside[i][0]); ok {
			return before + inside[i][1] + after
		}
	}
	return path
}
