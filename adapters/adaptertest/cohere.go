package adaptertest

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// A CohereEvent is one of https://docs.cohere.com/v2/docs/streaming, as a client's SDK
// has it.
type CohereEvent struct {
	Type  string `json:"type"`
	ID    string `json:"id,omitempty"`
	Index *int   `json:"index,omitempty"`
	Delta *struct {
		Message *CohereDelta `json:"message,omitempty"`
		Reason  string       `json:"finish_reason,omitempty"`
		Usage   *struct {
			Billed *CohereTokens `json:"billed_units"`
			Tokens *CohereTokens `json:"tokens"`
			Cached *int64        `json:"cached_tokens"`
		} `json:"usage,omitempty"`
		Error string `json:"error,omitempty"`
	} `json:"delta,omitempty"`
}

// CohereTokens are counts.
type CohereTokens struct {
	Input  *int64 `json:"input_tokens"`
	Output *int64 `json:"output_tokens"`
}

// A CohereDelta is what an event adds to the message. In the first one content and calls
// are empty lists.
type CohereDelta struct {
	Role      string          `json:"role,omitempty"`
	Content   json.RawMessage `json:"content,omitempty"`
	Plan      *string         `json:"tool_plan,omitempty"`
	Calls     json.RawMessage `json:"tool_calls,omitempty"`
	Citations json.RawMessage `json:"citations,omitempty"`
}

// CohereChat is the grammar of a stream of /v2/chat.
func CohereChat(stream []byte) (Ending, error) {
	g := &cohereStream{}
	return assemble(cutFrames, stream, g.read)
}

// cohereStream is what a stream has said so far.
type cohereStream struct {
	begun         bool
	open          string // content or tool-call
	kind          string // of the open content
	blocks, calls int
	arguments     strings.Builder
	broken        bool
}

func (g *cohereStream) read(f frame) (Ending, error) {
	var e CohereEvent
	if err := strictly(f.data, &e); err != nil {
		return Cut, err
	}
	if e.Type != f.name {
		return Cut, errors.New("the event has another name than its data")
	}
	if e.Type == "message-end" && e.Delta != nil && e.Delta.Error != "" {
		return Failed, first(unless(e.Delta.Reason == "ERROR" && e.Delta.Usage == nil, "want the reason ERROR"))
	}
	if g.begun == (e.Type == "message-start") {
		return Cut, errors.New("an event out of order")
	}
	what, step, _ := strings.Cut(e.Type, "-")
	if what == "tool" {
		what, step = "tool-call", strings.TrimPrefix(step, "call-")
	}
	switch {
	case e.Type == "message-start":
		g.begun = true
		return Cut, first(unless(e.ID != "" && e.Delta != nil && e.Delta.Message != nil && e.Delta.Message.Role == "assistant", "want an id and a role"))
	case e.Type == "message-end":
		return g.end(&e)
	case what == "content" || what == "tool-call":
		return Cut, g.block(what, step, &e)
	}
	return Cut, errors.New("an unknown event")
}

func (g *cohereStream) end(e *CohereEvent) (Ending, error) {
	if e.Delta == nil || g.open != "" {
		return Cut, errors.New("want an end with a reason, behind all blocks")
	}
	if g.broken && e.Delta.Reason != "MAX_TOKENS" && e.Delta.Reason != "ERROR" {
		return Cut, ErrArguments
	}
	u := e.Delta.Usage
	return Complete, first(
		unless(slices.Contains([]string{"COMPLETE", "MAX_TOKENS", "TOOL_CALL", "STOP_SEQUENCE", "ERROR"}, e.Delta.Reason), "unknown finish_reason"),
		unless(e.Delta.Reason != "TOOL_CALL" || g.calls > 0, "there are no calls to make"),
		unless(u != nil && u.Billed != nil && u.Tokens != nil && u.Cached != nil && u.Tokens.Input != nil && u.Tokens.Output != nil, "want counts of tokens"))
}

func (g *cohereStream) block(what, step string, e *CohereEvent) error {
	index := &g.blocks
	if what == "tool-call" {
		index = &g.calls
	}
	if e.Index == nil || *e.Index != *index {
		return errors.New("want the index of the block")
	}
	if step == "end" {
		if g.open != what || e.Delta != nil {
			return errors.New("an end of what is not open")
		}
		if what == "tool-call" && !isObject(g.arguments.String()) {
			g.broken = true
		}
		g.open = ""
		*index++
		return nil
	}
	if e.Delta == nil || e.Delta.Message == nil || (g.open == "") != (step == "start") || step == "delta" && g.open != what {
		return errors.New("a piece out of order")
	}
	g.open = what
	if what == "content" {
		return g.content(step, e.Delta.Message.Content)
	}
	return g.call(step, e.Delta.Message.Calls)
}

func (g *cohereStream) content(step string, raw json.RawMessage) error {
	var c struct {
		Type     string  `json:"type"`
		Text     *string `json:"text"`
		Thinking *string `json:"thinking"`
	}
	if err := strictly(raw, &c); err != nil {
		return err
	}
	if step == "start" {
		g.kind = c.Type
	}
	return first(
		unless((step == "start") == (c.Type != ""), "the first piece, and no other, has a type"),
		unless((g.kind == "text") == (c.Text != nil) && (g.kind == "thinking") == (c.Thinking != nil) && (c.Text != nil || c.Thinking != nil), "want a piece of the block's type"))
}

func (g *cohereStream) call(step string, raw json.RawMessage) error {
	var c struct {
		ID       string `json:"id"`
		Type     string `json:"type"`
		Function *struct {
			Name      string  `json:"name"`
			Arguments *string `json:"arguments"`
		} `json:"function"`
	}
	if err := strictly(raw, &c); err != nil {
		return err
	}
	if c.Function == nil || c.Function.Arguments == nil {
		return errors.New("want arguments")
	}
	if step == "start" {
		g.arguments.Reset()
	}
	g.arguments.WriteString(*c.Function.Arguments)
	return first(unless((step == "start") == (c.ID != "" && c.Function.Name != "" && c.Type == "function"), "a call begins with its id and name"))
}
