package openai

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

type chatRequest struct {
	Model         string        `json:"model"`
	Messages      []chatMessage `json:"messages"`
	Stream        bool          `json:"stream"`
	StreamOptions *struct {
		IncludeUsage       bool  `json:"include_usage"`
		IncludeObfuscation *bool `json:"include_obfuscation"`
	} `json:"stream_options"`
	N                   int             `json:"n"`
	MaxTokens           int             `json:"max_tokens"`
	MaxCompletionTokens int             `json:"max_completion_tokens"`
	Stop                stringList      `json:"stop"`
	Temperature         *json.Number    `json:"temperature"`
	TopP                *json.Number    `json:"top_p"`
	FrequencyPenalty    *json.Number    `json:"frequency_penalty"`
	PresencePenalty     *json.Number    `json:"presence_penalty"`
	Tools               []chatToolObj   `json:"tools"`
	ToolChoice          toolChoice      `json:"tool_choice"`
	Parallel            *bool           `json:"parallel_tool_calls"`
	ResponseFormat      *responseFormat `json:"response_format"`
	Effort              string          `json:"reasoning_effort"`
	Logprobs            bool            `json:"logprobs"`
	TopLogprobs         *int            `json:"top_logprobs"`
	Audio               json.RawMessage `json:"audio"`
	Functions           json.RawMessage `json:"functions"`
}

type chatMessage struct {
	Role       string        `json:"role"`
	Content    content       `json:"content"`
	Name       string        `json:"name"`
	ToolCallID string        `json:"tool_call_id"`
	ToolCalls  []chatCallObj `json:"tool_calls"`
	Refusal    *string       `json:"refusal"`
	Function   any           `json:"function_call"`
	Audio      any           `json:"audio"`
}

type chatCallObj struct {
	ID       string        `json:"id"`
	Type     string        `json:"type"`
	Function *functionCall `json:"function,omitempty"`
}

type functionCall struct {
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
}

type chatToolObj struct {
	Type     string   `json:"type"`
	Function function `json:"function"`
}

type function struct {
	Name       string `json:"name"`
	Parameters any    `json:"parameters"`
	Strict     bool   `json:"strict"`
}

type responseFormat struct {
	Type       string `json:"type"`
	JSONSchema struct {
		Name   string `json:"name"`
		Schema any    `json:"schema"`
		Strict bool   `json:"strict"`
	} `json:"json_schema"`
}

// A stringList is a string or a list of strings.
type stringList []string

func (l *stringList) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*l = stringList{one}
		if string(b) == "null" {
			*l = nil
		}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(l))
}

// A content is a string or a list of parts.
type content struct {
	There bool
	Parts []part
}

type part struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	Refusal  string `json:"refusal"`
	ImageURL struct {
		URL string `json:"url"`
	} `json:"image_url"`
	File struct {
		Data     string `json:"file_data"`
		Filename string `json:"filename"`
	} `json:"file"`
}

func (c *content) UnmarshalJSON(b []byte) error {
	var s *string
	if json.Unmarshal(b, &s) == nil {
		if s != nil {
			c.There, c.Parts = true, []part{{Type: "text", Text: *s}}
		}
		return nil
	}
	c.There = true
	return json.Unmarshal(b, &c.Parts)
}

func (c content) text() string {
	var texts []string
	for _, p := range c.Parts {
		if p.Text+p.Refusal != "" {
			texts = append(texts, p.Text+p.Refusal)
		}
	}
	return strings.Join(texts, "\n")
}

// A toolChoice is a mode, and the name of a function where the mode is "function".
type toolChoice struct {
	There bool
	Mode  string
	Name  string
}

func (t *toolChoice) UnmarshalJSON(b []byte) error {
	t.There = true
	if json.Unmarshal(b, &t.Mode) == nil {
		return nil
	}
	var o struct {
		Type     string        `json:"type"`
		Name     string        `json:"name"` // responses
		Function *functionCall `json:"function"`
		Allowed  *struct {
			Mode string `json:"mode"`
		} `json:"allowed_tools"`
		Mode string `json:"mode"` // responses
	}
	if err := json.Unmarshal(b, &o); err != nil {
		return err
	}
	t.Mode, t.Name = o.Type, o.Name
	switch {
	case o.Function != nil:
		t.Name = o.Function.Name
	case o.Allowed != nil:
		t.Mode = o.Allowed.Mode
	case o.Type == "allowed_tools":
		t.Mode = o.Mode
	}
	return nil
}

// check says what is wrong with a request whose shape is right.
func (r *chatRequest) check(f family) *provider.Failure {
	for _, look := range []func(family) *provider.Failure{r.checkMessages, r.checkTools, r.checkFormat, r.checkOptions, r.checkLimits} {
		if failure := look(f); failure != nil {
			return failure
		}
	}
	if f.free {
		return nil
	}
	return sample{r.Temperature, r.TopP, r.FrequencyPenalty, r.PresencePenalty, r.Effort, r.Logprobs, len(r.Stop) > 0}.check(f, "reasoning_effort")
}

func (r *chatRequest) checkMessages(f family) *provider.Failure {
	open := map[string]bool{} // calls of the assistant message before that wait for their answer
	var order []string
	unanswered := func(at int) *provider.Failure {
		order = slices.DeleteFunc(order, func(id string) bool { return !open[id] })
		if len(order) == 0 {
			return nil
		}
		return bad("", fmt.Sprintf("messages.[%d].role", at), "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: "+strings.Join(order, ", "))
	}
	calls := 0 // of the last assistant message
	for i, m := range r.Messages {
		path := "messages[" + strconv.Itoa(i) + "]"
		if m.Role == "tool" {
			if calls == 0 {
				return bad("", fmt.Sprintf("messages.[%d].role", i), "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.")
			}
			if !open[m.ToolCallID] {
				return bad("", fmt.Sprintf("messages.[%d].tool_call_id", i), "Invalid parameter: 'tool_call_id' of '"+m.ToolCallID+"' not found in 'tool_calls' of previous message.")
			}
			delete(open, m.ToolCallID)
			continue
		}
		if failure := unanswered(i); failure != nil {
			return failure
		}
		calls, order = len(m.ToolCalls), nil
		for _, c := range m.ToolCalls {
			if open[c.ID] {
				return bad("", path+".tool_calls", "Duplicate value for 'tool_call_id' of '"+c.ID+"' found in message with role 'assistant'.")
			}
			open[c.ID] = true
			order = append(order, c.ID)
		}
		if m.Role == "assistant" && !m.Content.There && calls == 0 && m.Refusal == nil && m.Function == nil && m.Audio == nil {
			return bad("", fmt.Sprintf("messages.[%d].content", i), "Invalid value for 'content': expected a string, got null.")
		}
		if failure := checkMedia(m.Content, path, f); failure != nil {
			return failure
		}
	}
	return unanswered(len(r.Messages))
}

func (r *chatRequest) checkTools(family) *provider.Failure {
	if len(r.Tools) == 0 {
		switch {
		case r.ToolChoice.There && r.ToolChoice.Mode != "none":
			return bad("", "tool_choice", "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.")
		case r.Parallel != nil:
			return bad("", "parallel_tool_calls", "Invalid value for 'parallel_tool_calls': 'parallel_tool_calls' is only allowed when 'tools' are specified.")
		}
		return nil
	}
	var names []string
	for i, t := range r.Tools {
		if t.Type != "function" {
			continue
		}
		path := "tools[" + strconv.Itoa(i) + "].function.parameters"
		if failure := checkFunction(t.Function, path); failure != nil {
			return failure
		}
		names = append(names, t.Function.Name)
	}
	if r.ToolChoice.Mode == "function" && !slices.Contains(names, r.ToolChoice.Name) {
		return bad("", "tool_choice", "Tool choice 'function' name '"+r.ToolChoice.Name+"' not found in 'tools' parameter.")
	}
	return nil
}

func (r *chatRequest) checkFormat(family) *provider.Failure {
	f := r.ResponseFormat
	switch {
	case f == nil || f.Type == "text":
		return nil
	case f.Type == "json_schema":
		return checkFormatSchema(f.JSONSchema.Name, f.JSONSchema.Schema, f.JSONSchema.Strict, "response_format")
	}
	for _, m := range r.Messages {
		if strings.Contains(strings.ToLower(m.Content.text()), "json") {
			return nil
		}
	}
	return bad("", "messages", "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.")
}

func (r *chatRequest) checkOptions(family) *provider.Failure {
	switch {
	case r.StreamOptions != nil && !r.Stream:
		return bad("", "stream_options", "The 'stream_options' parameter is only allowed when 'stream' is enabled.")
	case r.TopLogprobs != nil && !r.Logprobs:
		return bad("", "top_logprobs", "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.")
	case len(r.Audio) > 0 && string(r.Audio) != "null":
		return bad("unsupported_parameter", "audio", "Unsupported parameter: 'audio' is not supported with this model.")
	case len(r.Functions) > 0:
		return bad("unsupported_parameter", "functions", "Unsupported parameter: 'functions' is not supported with this model. Use 'tools' instead.")
	}
	return nil
}

func (r *chatRequest) checkLimits(f family) *provider.Failure {
	switch {
	case r.MaxTokens > 0 && r.MaxCompletionTokens > 0:
		return bad("invalid_parameter_combination", "max_tokens", "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.")
	case r.MaxTokens > 0 && f.reasons():
		return bad("unsupported_parameter", "max_tokens", "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.")
	}
	if failure := tooMany("max_tokens", r.MaxTokens, f); failure != nil {
		return failure
	}
	return tooMany("max_completion_tokens", r.MaxCompletionTokens, f)
}

func tooMany(param string, n int, f family) *provider.Failure {
	if n <= f.maxOutput {
		return nil
	}
	return bad("invalid_value", param, fmt.Sprintf("%s is too large: %d. This model supports at most %d completion tokens, whereas you provided %d.", param, n, f.maxOutput, n))
}
