package anthropic

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/media"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/schema"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

// check says what is wrong with a request whose shape is right.
func (a *api) check(r *request, f family) *provider.Failure {
	looks := []func(*request, family) *provider.Failure{
		checkLimits, checkSampling, checkThinking, checkTools, checkOutput, checkCache, checkRoles, checkTexts, checkMedia, checkToolTurns, a.checkSigned,
	}
	for _, look := range looks {
		if failure := look(r, f); failure != nil {
			return failure
		}
	}
	return nil
}

func checkLimits(r *request, f family) *provider.Failure {
	if r.MaxTokens > f.maxOutput {
		return invalid(fmt.Sprintf("max_tokens: %d > %d, which is the maximum allowed number of output tokens for %s", r.MaxTokens, f.maxOutput, r.Model))
	}
	for _, s := range r.Stop {
		if strings.TrimSpace(s) == "" {
			return invalid("stop_sequences: each stop sequence must contain non-whitespace")
		}
	}
	return nil
}

func checkSampling(r *request, f family) *provider.Failure {
	if t := r.Temperature; t != nil && (*t < 0 || *t > 1) {
		return invalid("temperature: range: 0..1")
	}
	if p := r.TopP; p != nil && (*p < 0 || *p > 1) {
		return invalid("top_p: range: 0..1")
	}
	switch {
	case f.sampling == samplingDefault && r.Temperature != nil && *r.Temperature != 1:
		return invalid("`temperature` is deprecated for this model.")
	case f.sampling == samplingDefault && r.TopP != nil && *r.TopP < 0.99:
		return invalid("`top_p` is deprecated for this model.")
	case f.sampling == samplingDefault && r.TopK != nil:
		return invalid("`top_k` is deprecated for this model.")
	case f.sampling == samplingOne && r.Temperature != nil && r.TopP != nil:
		return invalid("`temperature` and `top_p` cannot both be specified for this model. Please use only one.")
	}
	return nil
}

const thinkingDocs = " Please consult our documentation at https://platform.claude.com/docs/en/build-with-claude/extended-thinking"

func (r *request) thinks() bool { return r.Thinking.Type == "enabled" || r.Thinking.Type == "adaptive" }

func checkThinking(r *request, f family) *provider.Failure {
	t := r.Thinking
	last := len(r.Messages) - 1
	switch {
	case t.Type == "enabled" && !f.budget:
		return invalid("\"thinking.type.enabled\" is not supported for this model. Use \"thinking.type.adaptive\" and \"output_config.effort\" to control thinking behavior.")
	case t.Type == "adaptive" && !f.adaptive:
		return invalid("adaptive thinking is not supported on this model")
	case t.Type == "between_tools" && !f.between:
		return invalid("\"thinking.type.between_tools\" is not supported for this model.")
	case !r.thinks():
		return nil
	case t.Type == "enabled" && t.Budget >= r.MaxTokens && !r.interleaved:
		return invalid("`max_tokens` must be greater than `thinking.budget_tokens`." + thinkingDocs + "#max-tokens-and-context-window-size")
	case r.Temperature != nil && *r.Temperature != 1:
		return invalid("`temperature` may only be set to 1 when thinking is enabled or in adaptive mode." + thinkingDocs)
	case r.TopP != nil && *r.TopP < 0.95:
		return invalid("`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled or in adaptive mode." + thinkingDocs)
	case r.TopK != nil:
		return invalid("`top_k` must be unset when thinking is enabled or in adaptive mode." + thinkingDocs)
	case r.ToolChoice != nil && (r.ToolChoice.Type == "any" || r.ToolChoice.Type == "tool"):
		return invalid("Thinking may not be enabled when tool_choice forces tool use.")
	case last >= 0 && r.Messages[last].Role == "assistant":
		return invalid("messages: the final message may not be an assistant message when thinking is enabled")
	}
	return nil
}

func checkTools(r *request, _ family) *provider.Failure {
	var names []string
	for i, t := range r.Tools {
		if slices.Contains(names, t.Name) {
			return invalid("tools: Tool names must be unique.")
		}
		names = append(names, t.Name)
		if !t.Strict || !t.isClient() {
			continue
		}
		if _, ok := schema.Strict(t.InputSchema, false); !ok {
			return invalid("tools." + strconv.Itoa(i) + ".custom: For 'object' type, 'additionalProperties' must be explicitly set to false")
		}
	}
	switch c := r.ToolChoice; {
	case c == nil:
	case len(r.Tools) == 0:
		return invalid("tool_choice may only be specified while providing tools")
	case c.Type == "tool" && !slices.Contains(names, c.Name):
		return invalid("tool_choice: Tool '" + c.Name + "' not found in provided tools")
	}
	return nil
}

func checkOutput(r *request, f family) *provider.Failure {
	if e := r.OutputConfig.Effort; e != "" && !slices.Contains(f.efforts, e) {
		if len(f.efforts) == 0 {
			return invalid("This model does not support the effort parameter.")
		}
		return invalid("output_config.effort: Input should be " + either(f.efforts) + " for this model")
	}
	if r.OutputConfig.Format == nil {
		return nil
	}
	if _, ok := schema.Strict(r.OutputConfig.Format.Schema, false); !ok {
		return invalid("output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false")
	}
	for _, m := range r.Messages {
		if slices.ContainsFunc(m.Content, block.cites) {
			return invalid("output_config.format: citations are incompatible with structured outputs")
		}
	}
	return nil
}

// maxCacheMarks is the documented number of cache breakpoints.
const maxCacheMarks = 4

func checkCache(r *request, _ family) *provider.Failure {
	marks, short := 0, false
	for _, s := range r.segments() {
		if s.mark == nil {
			continue
		}
		marks++
		switch {
		case s.empty:
			return invalid("cache_control cannot be set for empty text blocks")
		case s.mark.TTL == "1h" && short:
			return invalid("a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. Note that blocks are processed in the following order: `tools`, `system`, `messages`.")
		case s.mark.TTL != "1h":
			short = true
		}
	}
	if marks > maxCacheMarks {
		return invalid("A maximum of " + strconv.Itoa(maxCacheMarks) + " blocks with cache_control may be provided. Found " + strconv.Itoa(marks) + ".")
	}
	return nil
}

func checkRoles(r *request, f family) *provider.Failure {
	if len(r.Messages) == 0 {
		return invalid("messages: at least one message is required")
	}
	for i, m := range r.Messages {
		at := "messages." + strconv.Itoa(i)
		if m.Role == "system" {
			if failure := checkSystemMessage(r.Messages, i, f); failure != nil {
				return failure
			}
		}
		for k, b := range m.Content {
			if role := roleOf(b.Type); role != "" && role != m.Role || m.Role == "system" && b.Type != "text" {
				return invalid(at + ".content." + strconv.Itoa(k) + ": `" + b.Type + "` blocks are not allowed in `" + m.Role + "` messages")
			}
		}
	}
	last := r.Messages[len(r.Messages)-1]
	switch {
	case r.Messages[0].Role != "user":
		return invalid("messages: first message must use the \"user\" role")
	case last.Role != "assistant":
		return nil
	case !f.prefill:
		return invalid("This model does not support assistant message prefill. The conversation must end with a user message.")
	case strings.TrimRight(last.Content.text(), " \n\t\r") != last.Content.text():
		return invalid("messages: final assistant content cannot end with trailing whitespace")
	}
	return nil
}

// checkSystemMessage follows https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages.
func checkSystemMessage(list []message, i int, f family) *provider.Failure {
	switch {
	case !f.system || i == 0:
		return invalid("messages: Unexpected role \"system\". The Messages API accepts a top-level `system` parameter, not \"system\" as an input message role.")
	case list[i-1].Role != "user":
		return invalid("messages." + strconv.Itoa(i) + ": a `system` message must immediately follow a `user` message")
	case i+1 < len(list) && list[i+1].Role != "assistant":
		return invalid("messages." + strconv.Itoa(i) + ": a `system` message must be the last message or be followed by an `assistant` message")
	}
	return nil
}

// roleOf names the only role in which a block may stand.
func roleOf(kind string) string {
	switch kind {
	case "tool_use", "thinking", "redacted_thinking", "server_tool_use", "web_search_tool_result":
		return "assistant"
	case "tool_result", "image", "document", "search_result":
		return "user"
	default:
		return ""
	}
}

func checkTexts(r *request, _ family) *provider.Failure {
	if failure := nonBlank("system", r.System); failure != nil {
		return failure
	}
	for i, m := range r.Messages {
		final := i == len(r.Messages)-1 && m.Role == "assistant"
		empty := len(m.Content) == 0 || len(m.Content) == 1 && m.Content[0].Type == "text" && m.Content[0].Text == ""
		if empty && !final {
			return invalid("messages." + strconv.Itoa(i) + ": all messages must have non-empty content except for the optional final assistant message")
		}
		if empty {
			continue
		}
		if failure := nonBlank("messages", m.Content); failure != nil {
			return failure
		}
		for _, b := range m.Content {
			if failure := nonBlank("messages", b.Content); b.Type == "tool_result" && !onlyEmpty(b.Content) && failure != nil {
				return failure
			}
		}
	}
	return nil
}

// onlyEmpty is the content of a tool that had nothing to say, given as "".
func onlyEmpty(bs blocks) bool { return len(bs) == 1 && bs[0].Type == "text" && bs[0].Text == "" }

func nonBlank(where string, bs blocks) *provider.Failure {
	for _, b := range bs {
		switch {
		case b.Type != "text":
		case b.Text == "":
			return invalid(where + ": text content blocks must be non-empty")
		case strings.TrimSpace(b.Text) == "":
			return invalid(where + ": text content blocks must contain non-whitespace text")
		}
	}
	return nil
}

func checkMedia(r *request, _ family) *provider.Failure {
	for i, m := range r.Messages {
		for k, b := range m.Content {
			at := "messages." + strconv.Itoa(i) + ".content." + strconv.Itoa(k)
			if failure := checkSource(b, at); failure != nil {
				return failure
			}
			for n, inner := range b.Content {
				if failure := checkSource(inner, at+".tool_result.content."+strconv.Itoa(n)); failure != nil {
					return failure
				}
			}
		}
	}
	return nil
}

func checkSource(b block, at string) *provider.Failure {
	s := b.Source
	at += "." + b.Type + ".source"
	switch {
	case b.Type != "image" && b.Type != "document":
		return nil
	case s.Type == "url" && !strings.HasPrefix(s.URL, "https://"):
		return invalid(at + ".url.url: Only HTTPS URLs are supported.")
	case s.Type != "base64":
		return nil
	}
	data, err := base64.StdEncoding.DecodeString(s.Data)
	if err != nil {
		return invalid(at + ".base64: invalid base64 data")
	}
	switch got := media.Type(data); {
	case got == "" && b.Type == "image":
		return invalid("Could not process image")
	case got == "":
		return invalid("The PDF specified was not valid.")
	case got != s.MediaType:
		return invalid(at + ".base64.data: The " + b.Type + " was specified using the " + s.MediaType + " media type, but appears to be " + got)
	}
	return nil
}
