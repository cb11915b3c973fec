package anthropic

import (
	"slices"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

// A turn is consecutive messages of one role, which count as one.
type turn struct {
	role   string
	first  int // index of its first message
	blocks []placed
}

type placed struct {
	block
	path string // messages.1.content.0
}

// turns joins the messages of a conversation. A system message belongs to the user's side.
func turns(list []message) []turn {
	var out []turn
	for i, m := range list {
		role := m.Role
		if role == "system" {
			role = "user"
		}
		if len(out) == 0 || out[len(out)-1].role != role {
			out = append(out, turn{role: role, first: i})
		}
		t := &out[len(out)-1]
		for k, b := range m.Content {
			t.blocks = append(t.blocks, placed{b, "messages." + strconv.Itoa(i) + ".content." + strconv.Itoa(k)})
		}
	}
	return out
}

// checkToolTurns wants each call answered at the beginning of the turn after it, and nothing else answered.
func checkToolTurns(r *request, _ family) *provider.Failure {
	var all []string
	var asked []string
	for _, t := range turns(r.Messages) {
		if t.role == "assistant" {
			asked = nil
			for _, b := range t.blocks {
				if b.Type != "tool_use" {
					continue
				}
				if slices.Contains(all, b.ID) {
					return invalid(b.path + ": `tool_use` ids must be unique")
				}
				all, asked = append(all, b.ID), append(asked, b.ID)
			}
			continue
		}
		if failure := checkResults(t, asked); failure != nil {
			return failure
		}
		asked = nil
	}
	if len(asked) > 0 {
		return unanswered(len(r.Messages)-1, asked)
	}
	return nil
}

func checkResults(t turn, asked []string) *provider.Failure {
	var answered []string
	leading := true
	for _, b := range t.blocks {
		if b.Type != "tool_result" {
			leading = false
			continue
		}
		switch {
		case !slices.Contains(asked, b.ToolUseID):
			return invalid(b.path + ": unexpected `tool_use_id` found in `tool_result` blocks: " + b.ToolUseID + ". Each `tool_result` block must have a corresponding `tool_use` block in the previous message.")
		case slices.Contains(answered, b.ToolUseID):
			return invalid(b.path + ": each tool_use must have a single result. Found multiple `tool_result` blocks with id: " + b.ToolUseID)
		case leading:
			answered = append(answered, b.ToolUseID)
		}
	}
	open := slices.DeleteFunc(slices.Clone(asked), func(id string) bool { return slices.Contains(answered, id) })
	if len(open) > 0 {
		return unanswered(t.first-1, open)
	}
	return nil
}

func unanswered(at int, ids []string) *provider.Failure {
	return invalid("messages." + strconv.Itoa(at) + ": `tool_use` ids were found without `tool_result` blocks immediately after: " + strings.Join(ids, ", ") + ". Each `tool_use` block must have a corresponding `tool_result` block in the next message.")
}

// checkSigned verifies that thinking blocks are the mock's own and unchanged, and that a loop of tool calls under way begins with them.
func (a *api) checkSigned(r *request, _ family) *provider.Failure {
	list := turns(r.Messages)
	for _, t := range list {
		for _, b := range t.blocks {
			switch b.Type {
			case "thinking":
				text, ok := a.env.Signer.Open(b.Signature)
				if !ok || b.Thinking != "" && b.Thinking != text { // it is empty where its display was omitted
					return invalid(b.path + ": Invalid `signature` in `thinking` block")
				}
			case "redacted_thinking":
				if _, ok := a.env.Signer.Open(b.Data); !ok {
					return invalid(b.path + ": Invalid `data` in `redacted_thinking` block")
				}
			}
		}
	}
	if r.Thinking.Type != "enabled" {
		return nil
	}
	first := loopStart(list)
	if first < 0 || len(list[first].blocks) == 0 {
		return nil
	}
	b := list[first].blocks[0]
	if b.Type == "thinking" || b.Type == "redacted_thinking" {
		return nil
	}
	return invalid(b.path + ".type: Expected `thinking` or `redacted_thinking`, but found `" + b.Type + "`. When `thinking` is enabled, a final `assistant` message must start with a thinking block (preceeding the lastmost set of `tool_use` and `tool_result` blocks). We recommend you include thinking blocks from previous turns. To avoid this requirement, disable `thinking`." + thinkingDocs)
}

// loopStart finds the assistant's turn that began the loop of tool calls under way, or -1.
func loopStart(list []turn) int {
	start := -1
	for i := len(list) - 1; i > 0; i -= 2 {
		results := slices.ContainsFunc(list[i].blocks, func(b placed) bool { return b.Type == "tool_result" })
		if list[i].role != "user" || !results {
			break
		}
		start = i - 1
	}
	return start
}
