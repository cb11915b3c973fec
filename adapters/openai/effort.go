package openai

import (
	"strconv"

	"github.com/postern-gateway/postern/adapters/chat"
)

// effortNames are the values of reasoning_effort.
var effortNames = [...]string{
	chat.EffortNone:    "none",
	chat.EffortMinimal: "minimal",
	chat.EffortLow:     "low",
	chat.EffortMedium:  "medium",
	chat.EffortHigh:    "high",
	chat.EffortXHigh:   "xhigh",
	chat.EffortMax:     "max",
}

// say is the member that tells a service how much to think, other than by
// reasoning_effort; exact is whether that is all of what was asked for. A budget of 0
// was not said.
func (w EffortWay) say(e chat.Effort, budget int64) (member, value string, exact bool) {
	on := e != chat.EffortNone
	switch w {
	case ThinkingType:
		if on {
			return "thinking", `{"type":"enabled"}`, false
		}
		return "thinking", `{"type":"disabled"}`, true
	case EnableThinking:
		if !on {
			return "enable_thinking", "false", true
		}
		r := chat.Reasoning{Effort: e, Budget: budget}
		return "enable_thinking", `true,"thinking_budget":` + strconv.FormatInt(r.Tokens(), 10), true
	case ReasoningObject:
		if budget > 0 {
			return "reasoning", `{"max_tokens":` + strconv.FormatInt(budget, 10) + `}`, true
		}
		return "reasoning", `{"effort":"` + effortNames[e] + `"}`, true
	}
	return "", "", !on
}
