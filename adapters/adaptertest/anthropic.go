package adaptertest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// A Message is a message of https://platform.claude.com/docs/en/api/messages, as a
// client's SDK has it, whether it came whole or was put together from events.
type Message struct {
	ID           string          `json:"id"`
	Type         string          `json:"type"`
	Role         string          `json:"role"`
	Model        string          `json:"model"`
	Content      []Block         `json:"content"`
	StopReason   *string         `json:"stop_reason"`
	StopSequence *string         `json:"stop_sequence"`
	StopDetails  json.RawMessage `json:"stop_details,omitempty"`
	Usage        MessageUsage    `json:"usage"`
}

// MessageUsage are its counts of tokens. A count that a stream leaves out keeps its value.
type MessageUsage struct {
	Input      *int64          `json:"input_tokens"`
	CacheWrite *int64          `json:"cache_creation_input_tokens"`
	CacheRead  *int64          `json:"cache_read_input_tokens"`
	Output     *int64          `json:"output_tokens"`
	Details    json.RawMessage `json:"output_tokens_details,omitempty"`
	Tier       string          `json:"service_tier,omitempty"`
}

// A Block is one block of content. Blocks of tools that the provider runs are Other.
type Block struct {
	Type      string            `json:"type"`
	Text      *string           `json:"text,omitempty"`
	Citations []json.RawMessage `json:"citations,omitempty"`
	Thinking  *string           `json:"thinking,omitempty"`
	Signature *string           `json:"signature,omitempty"`
	Data      string            `json:"data,omitempty"`
	ID        string            `json:"id,omitempty"`
	Name      string            `json:"name,omitempty"`
	Input     json.RawMessage   `json:"input,omitempty"`
	Other     json.RawMessage   `json:"-"`
}

// UnmarshalJSON keeps a block of a tool that the provider runs as it is.
func (b *Block) UnmarshalJSON(data []byte) error {
	var kind struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(data, &kind); err != nil {
		return err
	}
	switch kind.Type {
	case "text", "thinking", "redacted_thinking", "tool_use":
		type plain Block
		return strictly(data, (*plain)(b))
	}
	b.Type, b.Other = kind.Type, slices.Clone(data)
	return nil
}

type messageEvent struct {
	Type    string        `json:"type"`
	Message *Message      `json:"message"`
	Index   *int          `json:"index"`
	Block   *Block        `json:"content_block"`
	Delta   *messageDelta `json:"delta"`
	Usage   *MessageUsage `json:"usage"`
	Error   *struct {
		Type    string `json:"type"`
		Message string `json:"message"`
	} `json:"error"`
}

type messageDelta struct {
	Type         string          `json:"type"`
	Text         *string         `json:"text"`
	Thinking     *string         `json:"thinking"`
	Signature    *string         `json:"signature"`
	PartialJSON  *string         `json:"partial_json"`
	Citation     json.RawMessage `json:"citation"`
	StopReason   *string         `json:"stop_reason"`
	StopSequence *string         `json:"stop_sequence"`
	StopDetails  json.RawMessage `json:"stop_details"`
}

// AnthropicMessages is the grammar of a stream of message events
// (https://platform.claude.com/docs/en/build-with-claude/streaming).
func AnthropicMessages(stream []byte) (Ending, error) {
	_, ending, err := AssembleAnthropic(stream)
	return ending, err
}

// AssembleAnthropic puts a stream together as an SDK does, but strictly: unknown
// members, blocks that overlap or skip an index, deltas of another kind than their
// block, input that is no JSON object and anything behind the end are errors.
func AssembleAnthropic(stream []byte) (*Message, Ending, error) {
	a := &messageReader{}
	ending, err := assemble(cutFrames, stream, a.read)
	return &a.m, ending, err
}

type messageReader struct {
	m              Message
	begun, open    bool
	input          strings.Builder
	broken, called bool // a call's input is no JSON object; there is a call
}

func (a *messageReader) read(f frame) (Ending, error) {
	var e messageEvent
	if err := strictly(f.data, &e); err != nil {
		return Cut, err
	}
	if e.Type != f.name {
		return Cut, fmt.Errorf("got the event name %q, want %q", f.name, e.Type)
	}
	switch e.Type {
	case "error":
		return Failed, first(unless(e.Error != nil && e.Error.Type != "" && e.Error.Message != "", "want an error with a type and a message"))
	case "ping":
		return Cut, nil
	case "message_start":
		return Cut, a.start(e.Message)
	}
	if !a.begun {
		return Cut, fmt.Errorf("the first event is not message_start")
	}
	switch e.Type {
	case "content_block_start":
		return Cut, a.blockStart(&e)
	case "content_block_delta":
		return Cut, a.delta(&e)
	case "content_block_stop":
		return Cut, a.blockStop(&e)
	case "message_delta":
		return Cut, a.finish(&e)
	case "message_stop":
		return Complete, first(unless(a.m.StopReason != nil, "message_stop before a stop_reason"))
	}
	return Cut, fmt.Errorf("unknown type of event")
}

func (a *messageReader) start(m *Message) error {
	if a.begun || m == nil {
		return fmt.Errorf("message_start comes twice or without its message")
	}
	a.begun, a.m = true, *m
	u := &m.Usage
	return first(
		unless(strings.HasPrefix(m.ID, "msg_") && m.Type == "message" && m.Role == "assistant" && m.Model != "", "id, type, role or model is not as it should be"),
		unless(m.Content != nil && len(m.Content) == 0 && m.StopReason == nil && m.StopSequence == nil, "want an empty message"),
		unless(u.Input != nil && u.Output != nil && u.CacheRead != nil && u.CacheWrite != nil, "usage is not complete"))
}

func (a *messageReader) blockStart(e *messageEvent) error {
	if a.open || a.m.StopReason != nil || e.Index == nil || *e.Index != len(a.m.Content) || e.Block == nil {
		return fmt.Errorf("a block begins out of order")
	}
	a.open = true
	a.input.Reset()
	b := *e.Block
	a.m.Content = append(a.m.Content, b)
	switch b.Type {
	case "text":
		return first(unless(b.Text != nil && *b.Text == "", "a text block does not begin empty"))
	case "thinking":
		return first(unless(b.Thinking != nil && *b.Thinking == "" && b.Signature != nil && *b.Signature == "", "a thinking block does not begin empty"))
	case "redacted_thinking":
		return nil
	case "tool_use":
		a.called = true
		return first(unless(b.ID != "" && b.Name != "" && string(b.Input) == "{}", "a call begins without id, name or empty input"))
	}
	return first(unless(strings.HasSuffix(b.Type, "_tool_use") || strings.HasSuffix(b.Type, "_tool_result"), "unknown type of block"))
}

func (a *messageReader) delta(e *messageEvent) error {
	if !a.open || e.Index == nil || *e.Index != len(a.m.Content)-1 || e.Delta == nil {
		return fmt.Errorf("a delta of no open block")
	}
	b, d := &a.m.Content[*e.Index], e.Delta
	switch is := b.Type + " " + d.Type; is {
	case "text text_delta":
		b.Text = extend(b.Text, d.Text)
	case "text citations_delta":
		b.Citations = append(b.Citations, d.Citation)
	case "thinking thinking_delta":
		b.Thinking = extend(b.Thinking, d.Thinking)
		return first(unless(*b.Signature == "", "thinking goes on behind its signature"))
	case "thinking signature_delta":
		b.Signature = extend(b.Signature, d.Signature)
	case "tool_use input_json_delta", "server_tool_use input_json_delta":
		if d.PartialJSON != nil {
			a.input.WriteString(*d.PartialJSON)
		}
	default:
		return fmt.Errorf("got a delta of the kind %q", is)
	}
	return nil
}

func (a *messageReader) blockStop(e *messageEvent) error {
	if !a.open || e.Index == nil || *e.Index != len(a.m.Content)-1 {
		return fmt.Errorf("the end of no open block")
	}
	a.open = false
	b := &a.m.Content[*e.Index]
	switch {
	case b.Type == "thinking" && *b.Signature == "":
		return fmt.Errorf("thinking ends without a signature")
	case b.Type == "tool_use" && a.input.Len() > 0:
		b.Input = json.RawMessage(a.input.String())
		a.broken = a.broken || !isObject(a.input.String())
	}
	return nil
}

func (a *messageReader) finish(e *messageEvent) error {
	if a.open || e.Delta == nil || e.Delta.StopReason == nil || e.Usage == nil || e.Usage.Output == nil {
		return fmt.Errorf("message_delta without reason or usage, or in an open block")
	}
	d := e.Delta
	a.m.StopReason, a.m.StopSequence, a.m.StopDetails = d.StopReason, d.StopSequence, d.StopDetails
	u := &a.m.Usage
	for _, n := range []struct{ to, from **int64 }{
		{&u.Input, &e.Usage.Input}, {&u.Output, &e.Usage.Output}, {&u.CacheRead, &e.Usage.CacheRead}, {&u.CacheWrite, &e.Usage.CacheWrite},
	} {
		if *n.from != nil {
			*n.to = *n.from
		}
	}
	if e.Usage.Details != nil {
		u.Details = e.Usage.Details
	}
	reason := *d.StopReason
	if a.broken && reason != "max_tokens" && reason != "refusal" {
		return ErrArguments
	}
	return first(
		unless(slices.Contains([]string{"end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn", "refusal"}, reason), "unknown stop_reason"),
		unless((reason == "stop_sequence") == (d.StopSequence != nil), "stop_sequence does not go with the stop_reason"),
		unless(a.called || reason != "tool_use", "stop_reason is tool_use, but there is no call"),
		unless(!a.called || reason != "end_turn", "stop_reason is end_turn, but there are calls"))
}
