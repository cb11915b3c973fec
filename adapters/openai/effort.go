package openai

import (
	"strconv"

	"github.com/postern-gateway/postern/adapters/chat"
)

// field reports whether an effort is said by reasoning_effort.
func (w EffortWay) field(e chat.Effort) bool {
	return w == EffortField || w == EffortOrOff && e != chat.EffortNone
}

// say is the member that tells a service how much to think, where field does not;
// exact is whether that is all of what was asked for. A budget of 0 was not said.
func (w EffortWay) say(e chat.Effort, budget int64) (member, value string, exact bool) {
	on := e != chat.EffortNone
	switch w {
	case EffortOrOff, ThinkingType, ThinkingAdaptive:
		switch {
		case !on:
			return "thinking", `{"type":"disabled"}`, true
		case w == ThinkingAdaptive:
			return "thinking", `{"type":"adaptive"}`, false
		}
		return "thinking", `{"type":"enabled"}`, false
	case EnableThinking, ThinkingBudget:
		if !on {
			return "enable_thinking", "false", true
		}
		if w == EnableThinking {
			return "enable_thinking", "true", false
		}
		r := chat.Reasoning{Effort: e, Budget: budget}
		return "enable_thinking", `true,"thinking_budget":` + strconv.FormatInt(r.Tokens(), 10), true
	case ReasoningObject:
		if budget > 0 {
			return "reasoning", `{"max_tokens":` + strconv.FormatInt(budget, 10) + `}`, true
		}
		return "reasoning", `{"effort":"` + chat.EffortNames[e] + `"}`, true
	}
	return "", "", !on
}
