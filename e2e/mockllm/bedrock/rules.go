package bedrock

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

// check looks at what the shape cannot tell.
func (a *api) check(r *request, f family) *provider.Failure {
	for _, rule := range []func(*request, family) *provider.Failure{
		checkTurns, checkContent, checkTools, checkResults, checkCache, checkFormat, checkSampling, a.checkThoughts,
	} {
		if failure := rule(r, f); failure != nil {
			return failure
		}
	}
	return nil
}

func checkTurns(r *request, f family) *provider.Failure {
	if len(r.Messages) == 0 {
		return invalid("The messages field is required")
	}
	for i, m := range r.Messages {
		want := []string{"user", "assistant"}[i%2]
		switch {
		case i == 0 && m.Role != want:
			return invalid("A conversation must start with a user message. Try again with a conversation that starts with a user message.")
		case m.Role != want:
			return invalid("A conversation must alternate between user and assistant roles. Make sure the conversation alternates between user and assistant roles and try again.")
		case len(m.Content) == 0:
			return invalid(fmt.Sprintf("The content field in the Message object at messages.%d is empty. Add a ContentBlock object to the content field and try again.", i))
		}
	}
	last := r.Messages[len(r.Messages)-1]
	if last.Role == "assistant" && !f.prefill {
		return invalid("This model does not support assistant message prefill. The conversation must end with a user message.")
	}
	if t := last.Content[len(last.Content)-1].Text; last.Role == "assistant" && t != nil && f.claude && *t != strings.TrimRight(*t, " \t\n") {
		return invalid("final assistant content cannot end with trailing whitespace")
	}
	return nil
}

func checkContent(r *request, _ family) *provider.Failure {
	names := map[string]bool{}
	for i, m := range r.Messages {
		documents, texts := 0, 0
		for k, b := range m.Content {
			at := fmt.Sprintf("messages.%d.content.%d", i, k)
			switch {
			case b.Text != nil && strings.TrimSpace(*b.Text) == "":
				return invalid("The text field in the ContentBlock object at " + at + " is blank. Add text to the text field, and try again.")
			case b.Text != nil:
				texts++
			case b.file() != nil && m.Role != "user":
				return invalid("The content at " + at + " can only be in a message of the user.")
			case b.Document != nil:
				documents++
				if names[b.Document.Name] {
					return invalid("The document file name at " + at + " is a duplicate. Provide unique document names.")
				}
				names[b.Document.Name] = true
			case b.ToolUse != nil && m.Role != "assistant", b.ToolResult != nil && m.Role != "user", b.Reasoning != nil && m.Role != "assistant":
				return invalid("The content at " + at + " cannot be in a message of this role.")
			}
		}
		if documents > 0 && texts == 0 {
			return invalid(fmt.Sprintf("A text block must be included with a document block at messages.%d.", i))
		}
	}
	return nil
}

func checkTools(r *request, f family) *provider.Failure {
	used := slices.ContainsFunc(r.Messages, func(m message) bool {
		return slices.ContainsFunc(m.Content, func(b block) bool { return b.ToolUse != nil || b.ToolResult != nil })
	})
	if r.Tools == nil {
		if used {
			return invalid("The toolConfig field must be defined when using toolUse and toolResult content blocks.")
		}
		return nil
	}
	var names []string
	for i, t := range r.Tools.Tools {
		if t.Spec == nil {
			continue
		}
		if slices.Contains(names, t.Spec.Name) {
			return invalid("The tool name " + t.Spec.Name + " is not unique.")
		}
		names = append(names, t.Spec.Name)
		if t.Spec.Schema.JSON["type"] != "object" {
			return invalid("The value at toolConfig.tools." + strconv.Itoa(i) + ".toolSpec.inputSchema.json.type must be one of the following: object.")
		}
		if t.Spec.Strict && !f.schemas {
			return invalid("This model doesn't support strict tools.")
		}
		if t.Spec.Strict && !isClosed(t.Spec.Schema.JSON) {
			return invalid("tools." + strconv.Itoa(i) + ".custom: For 'object' type, 'additionalProperties' must be explicitly set to false")
		}
	}
	c := r.Tools.Choice
	switch {
	case c.Tool != nil && !f.forces, c.Any != nil && !f.forces && !strings.Contains(f.id, "mistral"):
		return invalid("This model doesn't support the toolConfig.toolChoice field. Remove it and try again.")
	case c.Tool != nil && !slices.Contains(names, c.Tool.Name):
		return invalid("The tool name in toolConfig.toolChoice is not among the tools.")
	case (c.Tool != nil || c.Any != nil) && r.Fields.Thinking != nil && r.Fields.Thinking.Type != "disabled":
		return invalid("Thinking may not be enabled when tool_choice forces tool use.")
	}
	return nil
}

// checkResults wants every call answered in the message behind it, and nothing else.
func checkResults(r *request, f family) *provider.Failure {
	var all, open []string
	for i, m := range r.Messages {
		var next []string
		plain := false
		for k, b := range m.Content {
			at := fmt.Sprintf("messages.%d.content.%d", i, k)
			switch {
			case b.ToolUse != nil && slices.Contains(all, b.ToolUse.ID):
				return invalid("The toolUse ids at " + at + " must be unique.")
			case b.ToolUse != nil:
				all, next = append(all, b.ToolUse.ID), append(next, b.ToolUse.ID)
			case b.ToolResult != nil:
				n := slices.Index(open, b.ToolResult.ID)
				if n < 0 {
					return invalid("The number of toolResult blocks at messages." + strconv.Itoa(i) + ".content exceeds the number of toolUse blocks of previous turn.")
				}
				open = slices.Delete(open, n, n+1)
				switch {
				case plain && f.claude:
					return invalid("tool_result blocks have to come first in a message: " + at)
				case len(b.ToolResult.Content) == 0 && b.ToolResult.Status == "error":
					return invalid("The content field at " + at + ".toolResult cannot be empty when status value is error.")
				case b.ToolResult.Status != "" && !f.status:
					return invalid("This model doesn't support the status field. Remove status and try again.")
				}
			case b.Cache == nil:
				plain = true
			}
		}
		if len(open) > 0 {
			return invalid("Expected toolResult blocks at messages." + strconv.Itoa(i) + ".content for the following Ids: " + strings.Join(open, ", "))
		}
		open = next
	}
	if len(open) > 0 {
		return invalid("Expected toolResult blocks for the following Ids: " + strings.Join(open, ", "))
	}
	return nil
}

func checkCache(r *request, f family) *provider.Failure {
	points, inTools, hours := 0, 0, 0
	look := func(raw json.RawMessage) int {
		if raw == nil {
			return 0
		}
		points++
		if strings.Contains(string(raw), `"1h"`) {
			hours++
		}
		return 1
	}
	if r.Tools != nil {
		for _, t := range r.Tools.Tools {
			inTools += look(t.Cache)
		}
	}
	for _, b := range r.System {
		look(b.Cache)
	}
	for _, m := range r.Messages {
		for _, b := range m.Content {
			look(b.Cache)
		}
	}
	switch {
	case points > 0 && !f.caches, inTools > 0 && !f.toolCache:
		return &provider.Failure{Status: 403, Type: "AccessDeniedException", Message: "You invoked an unsupported model or your request did not allow prompt caching. See the documentation for more information."}
	case points > 4:
		return invalid("A maximum of 4 cache points can be in a request.")
	case hours > 0 && !f.toolCache:
		return invalid("This model doesn't support the ttl field of a cachePoint.")
	}
	return nil
}

// isClosed reports whether all objects of a schema say that they have no further members.
func isClosed(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		if v["type"] == "object" && v["additionalProperties"] != false {
			return false
		}
		for k, e := range v {
			if k == "minimum" || k == "maxLength" || k == "pattern" || !isClosed(e) {
				return false
			}
		}
	case []any:
		for _, e := range v {
			if !isClosed(e) {
				return false
			}
		}
	}
	return true
}

func checkFormat(r *request, f family) *provider.Failure {
	if r.Output.Format == nil {
		return nil
	}
	var schema map[string]any
	switch err := json.Unmarshal([]byte(r.Output.Format.Structure.JSONSchema.Schema), &schema); {
	case !f.schemas:
		return invalid("This model doesn't support the outputConfig.textFormat field. Remove outputConfig.textFormat and try again.")
	case err != nil:
		return invalid("The schema in outputConfig.textFormat is not valid JSON.")
	case !isClosed(schema):
		return invalid("output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false, and keywords that are not supported left out")
	}
	return nil
}

func checkSampling(r *request, f family) *provider.Failure {
	i, t := &r.Inference, r.Fields.Thinking
	switch {
	case i.Temperature != "" && i.TopP != "" && !f.both:
		return invalid("The model returned the following errors: `temperature` and `top_p` cannot both be specified for this model. Please use only one.")
	case t != nil && !f.claude, r.Fields.TopK != "" && !f.claude:
		return invalid("Malformed input request: #: extraneous key [thinking] is not permitted, please reformat your input and try again.")
	case t != nil && t.Type == "enabled" && (!f.budget || t.Budget < 1024 || i.Max > 0 && t.Budget >= i.Max):
		return invalid("The model returned the following errors: thinking.enabled.budget_tokens: Input should be greater than or equal to 1024 and less than max_tokens")
	case t != nil && t.Type == "adaptive" && !f.adaptive, r.Output.Effort != "" && !f.adaptive:
		return invalid("The model returned the following errors: adaptive thinking is not supported on this model")
	case t != nil && t.Type != "disabled" && (i.Temperature != "" && i.Temperature != "1" || r.Fields.TopK != ""):
		return invalid("The model returned the following errors: `temperature` may only be set to 1 when thinking is enabled.")
	case r.Fields.Reasoning != nil && (!strings.Contains(f.id, "nova-2") || !slices.Contains([]string{"low", "medium", "high"}, r.Fields.Reasoning.Effort)):
		return invalid("Malformed input request: reasoningConfig is not permitted")
	case r.Fields.Reasoning != nil && r.Fields.Reasoning.Effort == "high" && (i.Max > 0 || i.Temperature != "" || i.TopP != ""):
		return invalid("The inferenceConfig fields maxTokens, temperature and topP must be unset when maxReasoningEffort is high.")
	case r.Fields.Effort != "" && !strings.Contains(f.id, "gpt-oss"):
		return invalid("Malformed input request: reasoning_effort is not permitted")
	}
	return nil
}

// checkThoughts verifies that reasoning is the mock's own and unchanged.
func (a *api) checkThoughts(r *request, f family) *provider.Failure {
	for i, m := range r.Messages {
		for k, b := range m.Content {
			if b.Reasoning == nil {
				continue
			}
			at := fmt.Sprintf("messages.%d.content.%d", i, k)
			if !f.claude && !f.nova {
				return invalid("User messages cannot contain reasoning content. Please remove the reasoning content and try again.")
			}
			mark := b.Reasoning.Redacted
			if t := b.Reasoning.Text; t != nil {
				mark = t.Signature
			}
			text, ok := a.env.Signer.Open(mark)
			if !ok || b.Reasoning.Text != nil && text != b.Reasoning.Text.Text {
				return invalid(at + ": Invalid `signature` in `thinking` block")
			}
		}
	}
	return nil
}
