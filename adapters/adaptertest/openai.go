package adaptertest

import (
	"encoding/json"
	"fmt"
	"slices"
)

// A Completion is a chat completion of
// https://platform.openai.com/docs/api-reference/chat/object, as a client's SDK has it,
// whether it came whole or was put together from the chunks of a stream.
type Completion struct {
	ID                string             `json:"id"`
	Object            string             `json:"object"`
	Created           json.Number        `json:"created"`
	Model             string             `json:"model"`
	Choices           []CompletionChoice `json:"choices"`
	Usage             json.RawMessage    `json:"usage,omitempty"`
	ServiceTier       string             `json:"service_tier,omitempty"`
	SystemFingerprint string             `json:"system_fingerprint,omitempty"`
}

// A CompletionChoice is one of its answers.
type CompletionChoice struct {
	Index        int               `json:"index"`
	Message      CompletionMessage `json:"message"`
	Logprobs     *Logprobs         `json:"logprobs"`
	FinishReason string            `json:"finish_reason"`
}

// Logprobs are an answer's log probabilities.
type Logprobs struct {
	Content []json.RawMessage `json:"content"`
	Refusal []json.RawMessage `json:"refusal"`
}

// A CompletionMessage is what an answer says.
type CompletionMessage struct {
	Role             string            `json:"role"`
	Content          *string           `json:"content"`
	Refusal          *string           `json:"refusal"`
	ReasoningContent string            `json:"reasoning_content,omitempty"`
	ReasoningDetails []ReasoningDetail `json:"reasoning_details,omitempty"`
	Annotations      []json.RawMessage `json:"annotations"`
	ToolCalls        []ToolCall        `json:"tool_calls,omitempty"`
}

// A ReasoningDetail is a block of thinking.
type ReasoningDetail struct {
	Type      string `json:"type"`
	Text      string `json:"text,omitempty"`
	Signature string `json:"signature,omitempty"`
	Data      string `json:"data,omitempty"`
	Index     int    `json:"index"`
}

// A ToolCall is a call of a function.
type ToolCall struct {
	ID       string       `json:"id"`
	Type     string       `json:"type"`
	Function FunctionCall `json:"function"`
}

// A FunctionCall is the function's name and its arguments, which are JSON.
type FunctionCall struct {
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
}

type chunk struct {
	ID                string          `json:"id"`
	Object            string          `json:"object"`
	Created           json.Number     `json:"created"`
	Model             string          `json:"model"`
	Choices           []chunkChoice   `json:"choices"`
	Usage             json.RawMessage `json:"usage"`
	ServiceTier       string          `json:"service_tier"`
	SystemFingerprint string          `json:"system_fingerprint"`
	Error             *openAIError    `json:"error"`
}

type openAIError struct {
	Message string  `json:"message"`
	Type    string  `json:"type"`
	Param   *string `json:"param"`
	Code    *string `json:"code"`
}

type chunkChoice struct {
	Index        *int            `json:"index"`
	Delta        chunkDelta      `json:"delta"`
	Logprobs     json.RawMessage `json:"logprobs"` // the provider's own
	FinishReason *string         `json:"finish_reason"`
}

type chunkDelta struct {
	Role             string            `json:"role"`
	Content          *string           `json:"content"`
	Refusal          *string           `json:"refusal"`
	ReasoningContent string            `json:"reasoning_content"`
	ReasoningDetails []ReasoningDetail `json:"reasoning_details"`
	Annotations      []json.RawMessage `json:"annotations"`
	ToolCalls        []chunkCall       `json:"tool_calls"`
}

type chunkCall struct {
	Index    *int         `json:"index"`
	ID       string       `json:"id"`
	Type     string       `json:"type"`
	Function FunctionCall `json:"function"`
}

// OpenAIChat is the grammar of a stream of chunks
// (https://platform.openai.com/docs/api-reference/chat-streaming).
func OpenAIChat(stream []byte) (Ending, error) {
	_, ending, err := AssembleOpenAI(stream)
	return ending, err
}

// AssembleOpenAI puts a stream together as an SDK does, but strictly: unknown members,
// ids that change, a role that comes twice, calls out of order, arguments that are no
// JSON object and anything behind the end are errors.
func AssembleOpenAI(stream []byte) (*Completion, Ending, error) {
	a := &completionReader{}
	ending, err := assemble(cutFrames, stream, a.read)
	return &a.c, ending, err
}

type completionReader struct{ c Completion }

func (a *completionReader) read(f frame) (Ending, error) {
	if f.name != "" {
		return Cut, fmt.Errorf("got the event name %q, want none", f.name)
	}
	if string(f.data) == "[DONE]" {
		return Complete, a.finished()
	}
	var c chunk
	if err := strictly(f.data, &c); err != nil {
		return Cut, err
	}
	if c.Error != nil {
		return Failed, first(unless(c.Error.Message != "" && c.Error.Type != "" && c.ID == "", "want an error with a message and a type"))
	}
	if err := a.head(&c); err != nil {
		return Cut, err
	}
	if a.c.Usage != nil {
		return Cut, fmt.Errorf("a chunk follows the usage")
	}
	if len(c.Choices) == 0 {
		a.c.Usage = c.Usage
		if err := a.finished(); err != nil {
			return Cut, err
		}
		return Cut, addsUp(c.Usage)
	}
	for i := range c.Choices {
		if err := a.choice(&c.Choices[i]); err != nil {
			return Cut, err
		}
	}
	return Cut, first(unless(c.Usage == nil || string(c.Usage) == "null", "usage in a chunk with choices"))
}

// head checks what is the same in all chunks.
func (a *completionReader) head(c *chunk) error {
	if a.c.ID == "" {
		a.c.ID, a.c.Created, a.c.Model = c.ID, c.Created, c.Model
		a.c.ServiceTier, a.c.SystemFingerprint, a.c.Object = c.ServiceTier, c.SystemFingerprint, "chat.completion"
	}
	return first(
		unless(c.Object == "chat.completion.chunk", "object is not chat.completion.chunk"),
		unless(c.ID != "" && c.ID == a.c.ID, "id is missing or changed"),
		unless(c.Created != "" && c.Created == a.c.Created, "created is missing or changed"),
		unless(c.Model != "" && c.Model == a.c.Model, "model is missing or changed"),
		unless(c.Choices != nil, "choices are missing"))
}

func (a *completionReader) choice(c *chunkChoice) error {
	if c.Index == nil || *c.Index < 0 || *c.Index > len(a.c.Choices) {
		return fmt.Errorf("index of a choice is missing or out of order")
	}
	isNew := *c.Index == len(a.c.Choices)
	if isNew {
		a.c.Choices = append(a.c.Choices, CompletionChoice{Index: *c.Index})
	}
	to := &a.c.Choices[*c.Index]
	if isNew != (c.Delta.Role == "assistant") || to.FinishReason != "" {
		return fmt.Errorf("want the role in a choice's first chunk and nowhere else, and nothing behind its finish_reason")
	}
	d, m := &c.Delta, &to.Message
	if isNew {
		m.Role = d.Role
	}
	m.Content, m.Refusal = extend(m.Content, d.Content), extend(m.Refusal, d.Refusal)
	m.ReasoningContent += d.ReasoningContent
	m.Annotations = append(m.Annotations, d.Annotations...)
	for i := range d.ReasoningDetails {
		if err := m.think(&d.ReasoningDetails[i]); err != nil {
			return err
		}
	}
	for i := range d.ToolCalls {
		if err := m.call(&d.ToolCalls[i]); err != nil {
			return err
		}
	}
	to.logprobs(c.Logprobs)
	if c.FinishReason == nil {
		return nil
	}
	to.FinishReason = *c.FinishReason
	return to.ended()
}

// logprobs joins log probabilities that have the form of the API's.
func (c *CompletionChoice) logprobs(raw json.RawMessage) {
	var l *Logprobs
	if json.Unmarshal(raw, &l) != nil || l == nil {
		return
	}
	if c.Logprobs == nil {
		c.Logprobs = &Logprobs{}
	}
	c.Logprobs.Content = append(c.Logprobs.Content, l.Content...)
	c.Logprobs.Refusal = append(c.Logprobs.Refusal, l.Refusal...)
}

func extend(s, more *string) *string {
	if s == nil || more == nil {
		if s == nil {
			return more
		}
		return s
	}
	joined := *s + *more
	return &joined
}

func (m *CompletionMessage) think(d *ReasoningDetail) error {
	switch n := len(m.ReasoningDetails); {
	case d.Index == n:
		m.ReasoningDetails = append(m.ReasoningDetails, *d)
		return nil
	case d.Index != n-1 || d.Type != m.ReasoningDetails[n-1].Type:
		return fmt.Errorf("reasoning detail %d of type %s is out of order", d.Index, d.Type)
	}
	to := &m.ReasoningDetails[d.Index]
	to.Text, to.Signature, to.Data = to.Text+d.Text, to.Signature+d.Signature, to.Data+d.Data
	return nil
}

func (m *CompletionMessage) call(c *chunkCall) error {
	if c.Index == nil || *c.Index < 0 || *c.Index > len(m.ToolCalls) {
		return fmt.Errorf("index of a call is missing or out of order")
	}
	if *c.Index == len(m.ToolCalls) {
		m.ToolCalls = append(m.ToolCalls, ToolCall{c.ID, c.Type, c.Function})
		return first(unless(c.ID != "" && c.Type == "function" && c.Function.Name != "", "a call begins without id, type or name"))
	}
	m.ToolCalls[*c.Index].Function.Arguments += c.Function.Arguments
	return first(unless(c.ID == "" && c.Type == "" && c.Function.Name == "", "id, type or name of a call comes twice"))
}

// ended checks a choice whose finish_reason has come.
func (c *CompletionChoice) ended() error {
	if !slices.Contains([]string{"stop", "length", "tool_calls", "content_filter"}, c.FinishReason) {
		return fmt.Errorf("unknown finish_reason %q", c.FinishReason)
	}
	if c.FinishReason == "tool_calls" && len(c.Message.ToolCalls) == 0 {
		return fmt.Errorf("finish_reason is tool_calls, but there are none")
	}
	for i, call := range c.Message.ToolCalls {
		if !isObject(call.Function.Arguments) && c.FinishReason != "length" && c.FinishReason != "content_filter" {
			return fmt.Errorf("call %d: %w", i, ErrArguments)
		}
	}
	return nil
}

func (a *completionReader) finished() error {
	for i := range a.c.Choices {
		if a.c.Choices[i].FinishReason == "" {
			return fmt.Errorf("choice %d has no finish_reason", i)
		}
	}
	return first(unless(len(a.c.Choices) > 0, "there was no choice"))
}

func addsUp(usage json.RawMessage) error {
	var u struct {
		Prompt     int64 `json:"prompt_tokens"`
		Completion int64 `json:"completion_tokens"`
		Total      int64 `json:"total_tokens"`
	}
	if err := json.Unmarshal(usage, &u); err != nil {
		return err
	}
	return first(unless(u.Prompt+u.Completion == u.Total, "usage does not add up"))
}
