package adaptertest

import (
	"encoding/json"
	"errors"
	"time"
)

// An OllamaMessage is a message of
// https://github.com/ollama/ollama/blob/main/docs/api.md#generate-a-chat-completion, as a
// client's SDK has it.
type OllamaMessage struct {
	Role      string           `json:"role"`
	Content   *string          `json:"content"`
	Thinking  string           `json:"thinking,omitempty"`
	ToolCalls []OllamaToolCall `json:"tool_calls,omitempty"`
}

// An OllamaToolCall is a call of a function, whose arguments are an object.
type OllamaToolCall struct {
	ID       string `json:"id"`
	Function struct {
		Index     int            `json:"index"`
		Name      string         `json:"name"`
		Arguments map[string]any `json:"arguments"`
	} `json:"function"`
}

type ollamaLine struct {
	Model      string            `json:"model"`
	CreatedAt  time.Time         `json:"created_at"`
	Message    *OllamaMessage    `json:"message"`
	Response   *string           `json:"response"`
	Thinking   string            `json:"thinking"`
	Logprobs   []json.RawMessage `json:"logprobs"`
	Done       bool              `json:"done"`
	DoneReason string            `json:"done_reason"`
	Error      *string           `json:"error"`

	Total        *int64 `json:"total_duration"`
	Load         *int64 `json:"load_duration"`
	Prompt       *int64 `json:"prompt_eval_count"`
	PromptTime   *int64 `json:"prompt_eval_duration"`
	Eval         *int64 `json:"eval_count"`
	EvalDuration *int64 `json:"eval_duration"`
}

// OllamaChat checks a stream of /api/chat: lines of one answer, calls whole and counted
// through, statistics in the last line alone.
func OllamaChat(stream []byte) (Ending, error) { return ollamaLines(stream, false) }

// OllamaGenerate checks a stream of /api/generate.
func OllamaGenerate(stream []byte) (Ending, error) { return ollamaLines(stream, true) }

func ollamaLines(stream []byte, generate bool) (Ending, error) {
	model, calls := "", 0
	return assemble(cutLines, stream, func(f frame) (Ending, error) {
		var l ollamaLine
		if err := strictly(f.data, &l); err != nil {
			return Cut, err
		}
		if l.Error != nil {
			return Failed, first(unless(*l.Error != "" && l.Model == "", "an error has a message and nothing else"))
		}
		if model == "" {
			model = l.Model
		}
		problem := first(
			unless(l.Model != "" && l.Model == model, "every line names the same model"),
			unless(!l.CreatedAt.IsZero(), "every line has a time"),
			unless((l.Response != nil) == generate && (l.Message != nil) != generate, "want a message in a chat, a response elsewhere"),
			unless(l.Done == (l.DoneReason != ""), "the last line, and no other, has a reason"),
			unless(l.Done == (l.Total != nil && l.Load != nil && l.Prompt != nil && l.PromptTime != nil && l.Eval != nil && l.EvalDuration != nil), "the last line, and no other, has statistics"),
		)
		if problem == nil && l.Message != nil {
			problem = l.Message.check(&calls)
		}
		if l.Done {
			return Complete, problem
		}
		return Cut, problem
	})
}

// check looks at a message; calls counts those of the stream.
func (m *OllamaMessage) check(calls *int) error {
	if m.Role != "assistant" || m.Content == nil {
		return errors.New("want a message of the assistant's with a content")
	}
	for _, c := range m.ToolCalls {
		if c.ID == "" || c.Function.Name == "" || c.Function.Arguments == nil || c.Function.Index != *calls {
			return errors.New("want a call with an id, a name, its place and arguments")
		}
		*calls++
	}
	return nil
}
