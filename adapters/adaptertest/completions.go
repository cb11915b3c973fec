package adaptertest

import (
	"encoding/json"
)

// A textCompletion is the object of https://platform.openai.com/docs/api-reference/completions/object,
// whole or a chunk of a stream.
type textCompletion struct {
	ID      string       `json:"id"`
	Object  string       `json:"object"`
	Created json.Number  `json:"created"`
	Model   string       `json:"model"`
	Choices []textChoice `json:"choices"`
	Usage   *struct {
		Prompt        int64 `json:"prompt_tokens"`
		Completion    int64 `json:"completion_tokens"`
		Total         int64 `json:"total_tokens"`
		PromptDetails any   `json:"prompt_tokens_details"`
		Details       any   `json:"completion_tokens_details"`
	} `json:"usage"`
	Error *openAIError `json:"error"`
}

type textChoice struct {
	Text     *string         `json:"text"`
	Index    int             `json:"index"`
	Logprobs json.RawMessage `json:"logprobs"`
	Finish   string          `json:"finish_reason"`
}

// OpenAICompletions checks a stream of /v1/completions: chunks of one answer, nothing of
// a choice behind its end, usage in a chunk of its own.
func OpenAICompletions(stream []byte) (Ending, error) {
	id, finished, counted := "", map[int]bool{}, false
	return assemble(cutFrames, stream, func(f frame) (Ending, error) {
		if string(f.data) == "[DONE]" {
			return Complete, first(unless(len(finished) > 0, "a stream ends before its choice"))
		}
		var c textCompletion
		if err := strictly(f.data, &c); err != nil {
			return Cut, err
		}
		if c.Error != nil {
			return Failed, first(unless(c.Error.Message != "" && c.ID == "", "an error has a message and nothing else"))
		}
		if id == "" {
			id = c.ID
		}
		problem := first(
			unless(c.ID == id && id != "" && c.Object == "text_completion" && c.Model != "" && c.Created != "", "want chunks of one text_completion"),
			unless(!counted, "a chunk follows the usage"),
			unless((c.Usage != nil) == (len(c.Choices) == 0), "usage has a chunk of its own"),
			unless(c.Usage == nil || c.Usage.Prompt+c.Usage.Completion == c.Usage.Total, "usage does not add up"),
		)
		counted = c.Usage != nil
		for _, t := range c.Choices {
			if problem == nil {
				problem = first(
					unless(!finished[t.Index], "a text follows its end"),
					unless(t.Text != nil && string(t.Logprobs) == "null", "want a text without log probabilities"),
				)
			}
			finished[t.Index] = t.Finish != ""
		}
		return Cut, problem
	})
}
