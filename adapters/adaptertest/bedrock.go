package adaptertest

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/adapters/eventstream"
)

// A ConverseEvent is the payload of any message of
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html,
// as a client's SDK has it.
type ConverseEvent struct {
	Role  string `json:"role,omitempty"`
	Index *int   `json:"contentBlockIndex,omitempty"`
	Start *struct {
		ToolUse *struct {
			ID   string `json:"toolUseId"`
			Name string `json:"name"`
		} `json:"toolUse"`
	} `json:"start,omitempty"`
	Delta   *ConverseDelta  `json:"delta,omitempty"`
	Reason  string          `json:"stopReason,omitempty"`
	More    json.RawMessage `json:"additionalModelResponseFields,omitempty"`
	Usage   *ConverseUsage  `json:"usage,omitempty"`
	Metrics *struct {
		Latency *int64 `json:"latencyMs"`
	} `json:"metrics,omitempty"`
	Message string `json:"message,omitempty"` // of an exception
}

// A ConverseDelta is a union.
type ConverseDelta struct {
	Text    *string `json:"text,omitempty"`
	ToolUse *struct {
		Input *string `json:"input"`
	} `json:"toolUse,omitempty"`
	Reasoning *struct {
		Text      *string `json:"text,omitempty"`
		Signature *string `json:"signature,omitempty"`
		Redacted  []byte  `json:"redactedContent,omitempty"`
	} `json:"reasoningContent,omitempty"`
	Citation json.RawMessage `json:"citation,omitempty"`
}

// ConverseUsage are counts of tokens.
type ConverseUsage struct {
	Input  int64 `json:"inputTokens"`
	Output int64 `json:"outputTokens"`
	Total  int64 `json:"totalTokens"`
	Read   int64 `json:"cacheReadInputTokens"`
	Write  int64 `json:"cacheWriteInputTokens"`
}

// BedrockConverse is the grammar of a stream of ConverseStream: a start, blocks one after
// the other, a reason, the usage.
func BedrockConverse(stream []byte) (Ending, error) {
	g := &converse{open: -1}
	return assemble(cutMessages, stream, g.read)
}

// converse is what a stream has said so far.
type converse struct {
	begun, stopped bool
	open, next     int // blocks
	call           bool
	input          strings.Builder
	called, broken bool
}

// converseReasons are those that an answer of the gateway's can end for.
var converseReasons = []string{"end_turn", "tool_use", "max_tokens", "stop_sequence", "content_filtered"}

// converseExceptions are those of a stream.
var converseExceptions = []string{"internalServerException", "modelStreamErrorException", "validationException", "throttlingException", "serviceUnavailableException"}

func (g *converse) read(f frame) (Ending, error) {
	var e ConverseEvent
	if err := strictly(f.data, &e); err != nil {
		return Cut, err
	}
	if name, ok := strings.CutPrefix(f.name, eventstream.Exception); ok {
		return Failed, first(unless(e.Message != "" && slices.Contains(converseExceptions, name), "want an exception of a stream, with a message"))
	}
	if g.begun == (f.name == "messageStart") || g.stopped && f.name != "metadata" {
		return Cut, errors.New("an event out of order")
	}
	switch f.name {
	case "messageStart":
		g.begun = true
		return Cut, first(unless(e.Role == "assistant", "want a role"))
	case "contentBlockStart", "contentBlockDelta", "contentBlockStop":
		if e.Index == nil {
			return Cut, errors.New("want an index")
		}
		return Cut, g.block(f.name, &e)
	case "messageStop":
		if g.stopped = true; g.broken && e.Reason != "max_tokens" && e.Reason != "content_filtered" {
			return Cut, ErrArguments
		}
		return Cut, first(unless(g.open < 0, "a block is open"), unless(slices.Contains(converseReasons, e.Reason), "unknown stopReason"),
			unless((e.Reason != "tool_use") || g.called, "there are no calls to make"))
	case "metadata":
		u := e.Usage
		return Complete, first(unless(g.stopped, "the usage comes last"),
			unless(u != nil && u.Total == u.Input+u.Output+u.Read+u.Write && e.Metrics != nil && e.Metrics.Latency != nil, "want counts that add up, and a latency"))
	}
	return Cut, errors.New("an unknown event " + f.name)
}

func (g *converse) block(name string, e *ConverseEvent) error {
	if g.open < 0 && name != "contentBlockStop" {
		if *e.Index != g.next {
			return errors.New("a block out of order")
		}
		g.open, g.call = g.next, name == "contentBlockStart"
		g.next++
		g.input.Reset()
		if g.call {
			g.called = true
			return first(unless(e.Start != nil && e.Start.ToolUse != nil && e.Start.ToolUse.ID != "" && e.Start.ToolUse.Name != "", "want a call with an id and a name"))
		}
	}
	if *e.Index != g.open {
		return errors.New("an event of a block that is not open")
	}
	d := e.Delta
	switch {
	case name == "contentBlockStop":
		g.open = -1
		if s := g.input.String(); g.call && s != "" && !isObject(s) {
			g.broken = true
		}
		return nil
	case name == "contentBlockStart" || d == nil:
		return errors.New("want a delta")
	case g.call:
		if d.ToolUse == nil || d.ToolUse.Input == nil {
			return errors.New("want a delta of the call's input")
		}
		g.input.WriteString(*d.ToolUse.Input)
	case d.Text == nil && d.Reasoning == nil && d.Citation == nil:
		return errors.New("want a delta of a text, of thoughts, or a citation")
	}
	return nil
}
