//go:build linux

// Package mock is the upstream of the benchmark: it answers OpenAI chat completions
// and Anthropic messages from bytes made beforehand, over raw TCP, so that it costs
// little beside the gateway that is measured. Each event of a stream is one write.
//
// It is fast, not strict: e2e/mockllm is the one that refuses what the real services
// would refuse.
package mock

import (
	"fmt"
	"strings"
)

// Settings say how answers look.
type Settings struct {
	Events         int // content events of a stream
	EventBytes     int // text in each
	AnswerBytes    int // text of an answer that is not a stream
	IntervalMicros int // between two events of a stream; 0 sends them as fast as they go
}

// Usage that every answer reports.
const (
	PromptTokens     = 256
	CompletionTokens = 128
)

// A dialect has what one kind of request is answered with, ready to be sent.
type dialect struct {
	answer []byte
	events [][]byte // chunks of a chunked body
}

const streamHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n"

// Text returns n bytes of prose.
func Text(n int) string {
	const words = "a small boat drifts past the old harbour wall while gulls argue over the last of the bread "
	return strings.Repeat(words, n/len(words)+1)[:n]
}

func answer(body string) []byte {
	return fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nx-request-id: req_mock\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

func chunk(s string) []byte { return fmt.Appendf(nil, "%x\r\n%s\r\n", len(s), s) }

// Answer is a chat completion with a text of so many bytes.
func Answer(bytes int) string {
	return `{"id":"chatcmpl-mock0001","object":"chat.completion","created":1760000000,"model":"mock-model","choices":[{"index":0,"message":{"role":"assistant","content":"` +
		Text(bytes) + `","refusal":null},"logprobs":null,"finish_reason":"stop"}],` + openAIUsage() + `,"system_fingerprint":"fp_mock"}`
}

func openAIUsage() string {
	return fmt.Sprintf(`"usage":{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}`,
		PromptTokens, CompletionTokens, PromptTokens+CompletionTokens)
}

// openAI is chat completions, https://platform.openai.com/docs/api-reference/chat.
func openAI(s Settings) dialect {
	usage := openAIUsage()
	head := `data: {"id":"chatcmpl-mock0001","object":"chat.completion.chunk","created":1760000000,"model":"mock-model","system_fingerprint":"fp_mock",`
	delta := func(delta, finish string) []byte {
		return chunk(head + `"choices":[{"index":0,"delta":` + delta + `,"logprobs":null,"finish_reason":` + finish + "}]}\n\n")
	}
	d := dialect{answer: answer(Answer(s.AnswerBytes))}
	d.events = append(d.events, delta(`{"role":"assistant","content":""}`, "null"))
	for range s.Events {
		d.events = append(d.events, delta(`{"content":"`+Text(s.EventBytes)+`"}`, "null"))
	}
	d.events = append(d.events, delta(`{}`, `"stop"`), chunk(head+`"choices":[],`+usage+"}\n\n"), chunk("data: [DONE]\n\n"))
	return d
}

// anthropic is messages, https://docs.anthropic.com/en/api/messages.
func anthropic(s Settings) dialect {
	event := func(name, fields string) []byte {
		return chunk("event: " + name + "\ndata: {\"type\":\"" + name + "\"" + fields + "}\n\n")
	}
	head := `{"id":"msg_mock0001","type":"message","role":"assistant","model":"claude-mock","content":[`
	usage := func(output int) string {
		return fmt.Sprintf(`"stop_sequence":null,"usage":{"input_tokens":%d,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":%d}}`, PromptTokens, output)
	}
	d := dialect{answer: answer(head + `{"type":"text","text":"` + Text(s.AnswerBytes) + `"}],"stop_reason":"end_turn",` + usage(CompletionTokens))}
	d.events = append(d.events,
		event("message_start", `,"message":`+head+`],"stop_reason":null,`+usage(1)),
		event("content_block_start", `,"index":0,"content_block":{"type":"text","text":""}`),
		event("ping", ""))
	for range s.Events {
		d.events = append(d.events, event("content_block_delta", `,"index":0,"delta":{"type":"text_delta","text":"`+Text(s.EventBytes)+`"}`))
	}
	d.events = append(d.events,
		event("content_block_stop", `,"index":0`),
		event("message_delta", fmt.Sprintf(`,"delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":%d}`, CompletionTokens)),
		event("message_stop", ""))
	return d
}
