package mistral

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/media"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

type chatRequest struct {
	Model       string   `json:"model"`
	Messages    []msg    `json:"messages"`
	Stream      bool     `json:"stream"`
	N           int      `json:"n"`
	MaxTokens   int      `json:"max_tokens"`
	Stop        texts    `json:"stop"`
	Temperature *float64 `json:"temperature"`
	TopP        *float64 `json:"top_p"`
	Tools       []struct {
		Function struct {
			Name       string `json:"name"`
			Parameters any    `json:"parameters"`
		} `json:"function"`
	} `json:"tools"`
	ToolChoice     toolChoice `json:"tool_choice"`
	Parallel       *bool      `json:"parallel_tool_calls"`
	ResponseFormat struct {
		Type       string `json:"type"`
		JSONSchema *struct {
			Schema any `json:"schema"`
		} `json:"json_schema"`
	} `json:"response_format"`
	Effort     *string `json:"reasoning_effort"`
	PromptMode *string `json:"prompt_mode"`
	Logprobs   bool    `json:"logprobs"`
}

type msg struct {
	Role       string  `json:"role"`
	Content    content `json:"content"`
	ToolCalls  []call  `json:"tool_calls"`
	ToolCallID *string `json:"tool_call_id"`
	Name       *string `json:"name"`
	Prefix     bool    `json:"prefix"`
}

type call struct {
	ID       *string `json:"id"`
	Function struct {
		Name      string          `json:"name"`
		Arguments json.RawMessage `json:"arguments"`
	} `json:"function"`
}

// A texts is a string or a list of strings.
type texts []string

func (t *texts) UnmarshalJSON(b []byte) error {
	var one *string
	if json.Unmarshal(b, &one) == nil {
		if one != nil {
			*t = texts{*one}
		}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(t))
}

// A content is a string or a list of chunks.
type content []chunk

type chunk struct {
	Type     string          `json:"type"`
	Text     string          `json:"text"`
	Thinking []chunk         `json:"thinking"`
	ImageURL json.RawMessage `json:"image_url"`
	Document string          `json:"document_url"`
}

func (c *content) UnmarshalJSON(b []byte) error {
	var one *string
	if json.Unmarshal(b, &one) == nil {
		if one != nil && *one != "" {
			*c = content{{Type: "text", Text: *one}}
		}
		return nil
	}
	return json.Unmarshal(b, (*[]chunk)(c))
}

func (c content) text() string {
	var list []string
	for _, p := range c {
		if p.Text != "" {
			list = append(list, p.Text)
		}
	}
	return strings.Join(list, "\n")
}

type toolChoice struct{ Mode, Name string }

func (t *toolChoice) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, &t.Mode) == nil {
		return nil
	}
	var o struct {
		Function struct {
			Name string `json:"name"`
		} `json:"function"`
	}
	t.Mode = "function"
	err := json.Unmarshal(b, &o)
	t.Name = o.Function.Name
	return err
}

// The forms of ids and names, as mistral-common has them.
const (
	idForm   = `^[a-zA-Z0-9]{9}$`
	nameForm = `^[a-zA-Z0-9_-]{1,64}$`
)

func matches(form, s string) bool { return regexp.MustCompile(form).MatchString(s) }

// check says what is wrong with a request whose shape is right.
func (r *chatRequest) check(f family) *provider.Failure {
	for _, look := range []func(family) *provider.Failure{r.checkOrder, r.checkCalls, r.checkMessages, r.checkOptions} {
		if failure := look(f); failure != nil {
			return failure
		}
	}
	return nil
}

// checkOrder knows which role may follow which.
func (r *chatRequest) checkOrder(family) *provider.Failure {
	follows := map[string][]string{
		"system": {"user", "assistant", "system"}, "user": {"assistant", "system", "user"},
		"assistant": {"assistant", "user", "tool"}, "tool": {"assistant", "tool"},
	}
	for i, m := range r.Messages[1:] {
		if before := r.Messages[i].Role; !slices.Contains(follows[before], m.Role) {
			return order("Unexpected role '" + m.Role + "' after role '" + before + "'")
		}
	}
	last := r.Messages[len(r.Messages)-1]
	if len(r.Messages) == 1 && last.Role != "user" && last.Role != "system" {
		return order("Conversation must start with a user message or system message")
	}
	if last.Role == "assistant" && !last.Prefix {
		return order("Expected last role User or Tool (or Assistant with prefix True) for serving but got assistant")
	}
	return nil
}

// checkCalls knows that each call has one result, right behind its message.
func (r *chatRequest) checkCalls(family) *provider.Failure {
	open := map[string]bool{}
	for _, m := range r.Messages {
		switch m.Role {
		case "tool":
			if m.ToolCallID == nil {
				return order("Tool call id has to be defined.")
			}
			if !matches(idForm, *m.ToolCallID) {
				return order("Tool call id was " + *m.ToolCallID + " but must be a-z, A-Z, 0-9, with a length of 9.")
			}
			if !open[*m.ToolCallID] {
				return order("Unexpected tool call id " + *m.ToolCallID + " in tool results")
			}
			delete(open, *m.ToolCallID)
		case "assistant":
			if len(open) > 0 {
				return order("Not the same number of function calls and responses")
			}
			for _, c := range m.ToolCalls {
				if c.ID == nil || !matches(idForm, *c.ID) {
					return order(fmt.Sprintf("Tool call id was %v but must be a-z, A-Z, 0-9, with a length of 9.", c.ID))
				}
				if open[*c.ID] {
					return order("Duplicate tool call id " + *c.ID + " in assistant message")
				}
				open[*c.ID] = true
			}
		}
	}
	if len(open) > 0 {
		return order("Not the same number of function calls and responses")
	}
	return nil
}

func (r *chatRequest) checkMessages(f family) *provider.Failure {
	for i, m := range r.Messages {
		if m.Role == "assistant" && len(m.Content) == 0 && len(m.ToolCalls) == 0 {
			return bad("invalid_request_assistant_message", "3240", "Assistant message must have either content or tool_calls, but not none.")
		}
		if m.Prefix && i < len(r.Messages)-1 {
			return bad("invalid_request_assistant_message", "3240", "Assistant message with prefix True must be last message")
		}
		for _, c := range m.ToolCalls {
			if !matches(nameForm, c.Function.Name) {
				return badName(c.Function.Name)
			}
		}
		for k, c := range m.Content {
			switch {
			case c.Type == "thinking" && f.efforts == nil && m.Role == "assistant":
				return args("Unexpected content chunk types in assistant message: ['ThinkChunk']")
			case c.Type == "thinking" && k > 0 && m.Content[k-1].Type != "thinking":
				return args("Thinking chunks must come before any other chunk")
			}
			if _, failure := c.describe(); failure != nil {
				return failure
			}
		}
	}
	return nil
}

func badName(name string) *provider.Failure {
	return bad("invalid_request_function_call", "3250", "Function name was "+name+" but must be a-z, A-Z, 0-9, or contain underscores and dashes, with a maximum length of 64.")
}

// describe says what an image or a document is. Nothing is fetched.
func (c chunk) describe() (string, *provider.Failure) {
	url, want := c.Document, []string{media.PDF}
	if c.Type == "image_url" {
		var o struct {
			URL string `json:"url"`
		}
		if json.Unmarshal(c.ImageURL, &url) != nil && json.Unmarshal(c.ImageURL, &o) == nil {
			url = o.URL
		}
		want = []string{media.PNG, media.JPEG, media.GIF, media.WebP}
	}
	switch {
	case c.Type != "image_url" && c.Type != "document_url":
		return "", nil
	case strings.HasPrefix(url, "https://"), strings.HasPrefix(url, "http://"):
		return "a file at " + url, nil
	}
	_, data, ok := strings.Cut(url, ";base64,")
	b, err := base64.StdEncoding.DecodeString(data)
	if !ok || err != nil || !slices.Contains(want, media.Type(b)) {
		return "", &provider.Failure{Status: 422, Type: "value_error", Param: "body", Message: "Value error, Image content must be a URL (starting with 'https') or base64 encoded image (starting with 'data:image/<format>;base64,<image-base64>')."}
	}
	return media.Describe(b), nil
}

func (r *chatRequest) checkOptions(f family) *provider.Failure {
	names := map[string]bool{}
	for _, t := range r.Tools {
		if !matches(nameForm, t.Function.Name) {
			return badName(t.Function.Name)
		}
		names[t.Function.Name] = true
	}
	switch {
	case r.ToolChoice.Mode == "function" && !names[r.ToolChoice.Name]:
		return args("Tool choice " + r.ToolChoice.Name + " is not in the tools")
	case r.ToolChoice.Mode != "" && len(r.Tools) == 0:
		return args("When using tool_choice, tools must be set.")
	case r.Temperature != nil && *r.Temperature == 0 && r.TopP != nil && *r.TopP != 1:
		return bad("invalid_request_error", "", "top_p must be 1 when using greedy sampling.")
	case r.ResponseFormat.Type == "json_schema" && r.ResponseFormat.JSONSchema == nil:
		return args("json_schema must be set when response_format is json_schema")
	case r.Effort != nil && f.efforts == nil || r.Effort != nil && f.native:
		return args("reasoning_effort is not enabled for this model")
	case r.Effort != nil && !slices.Contains(f.efforts, *r.Effort):
		return args("reasoning_effort='" + *r.Effort + "' is not supported for this model. Must be one of (" + strings.Join(f.efforts, ", ") + ")")
	case r.PromptMode != nil && !f.native:
		return args("Reasoning prompt mode is not enabled for this model")
	}
	return nil
}
