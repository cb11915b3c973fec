// Package openairesponses is the client side of OpenAI's Responses API, as far as it
// keeps nothing: it reads requests into the neutral form and writes answers, streams and
// errors as the API does.
//
// The format is that of https://platform.openai.com/docs/api-reference/responses and
// https://platform.openai.com/docs/api-reference/responses-streaming; a stream ends with
// the response in its last state, and with no other mark. Thinking goes to the client as
// the summary of a reasoning item, its signature, or what only the provider can read, as
// the item's encrypted_content: a client that sends the items of an answer back, as the
// API wants it where nothing is stored, gives them to the provider again.
//
// What needs a store is refused: previous_response_id, conversation, background, prompt,
// references to items. So are the tools that OpenAI runs itself.
//
// The API's events repeat the answer when it is complete, so that a stream has to keep
// what it has said: as much memory as the answer is long, once, up to 1 MB. That is twice
// what the longest answers of today's models come to (128,000 tokens); a stream that goes
// beyond it fails, for a last response with less in it would be a lie.
package openairesponses

import (
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// words is whose words requests have, as in Request.Dialect: the API's service tiers,
// schemas and files are those of OpenAI's chat completions.
const words = "openai"

// Reader reads requests.
type Reader struct{}

// Writer writes answers.
type Writer struct{}

var (
	_ adapters.Reader = Reader{}
	_ adapters.Writer = Writer{}
)

// AppendErrorEvent appends an error as the last event of a stream of which nothing is
// known, not even how many events it has had.
func AppendErrorEvent(dst []byte, e *chat.Error) []byte {
	enc := encoder{b: rawjson.Builder{Dst: dst}}
	enc.fail(e)
	return enc.b.Dst
}

// problem writes the members that say what is wrong.
//
//go:noinline
func problem(b *rawjson.Builder, code, message string) {
	b.Key("code")
	b.Dst = rawjson.AppendString(b.Dst, code)
	b.Key("message")
	b.Dst = rawjson.AppendString(b.Dst, message)
}

// errorCode is the code of a response that failed.
//
//go:noinline
func errorCode(k chat.ErrorKind) string {
	switch k {
	case chat.RateLimited:
		return "rate_limit_exceeded"
	case chat.InvalidRequest:
		return "invalid_prompt"
	}
	return "server_error"
}

var spellings = [...][2]string{
	{"messages", "input"},
	{"max_tokens", "max_output_tokens"},
	{"max_completion_tokens", "max_output_tokens"},
	{"reasoning_effort", "reasoning.effort"},
	{"thinking", "reasoning.effort"},
	{"verbosity", "text.verbosity"},
	{"logprobs", "top_logprobs"},
	{"messages[].reasoning_details", "input[].encrypted_content"},
}

// Field is how this API spells what chat completions spell otherwise.
func Field(path string) string {
	for i := range spellings {
		if spellings[i][0] == path {
			return spellings[i][1]
		}
	}
	if rest, ok := strings.CutPrefix(path, "response_format"); ok {
		return "text.format" + strings.TrimPrefix(rest, ".json_schema")
	}
	if part, ok := strings.CutSuffix(path, ".image_url.detail"); ok {
		return part + ".detail"
	}
	if tool, rest, ok := strings.Cut(path, ".function."); ok && strings.HasPrefix(tool, "tools[") {
		return tool + "." + rest
	}
	return path
}
