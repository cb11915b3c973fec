package chat

// An Effort is how much a model may think.
type Effort uint8

// Efforts, in order.
const (
	EffortUnset Effort = iota
	EffortNone         // thinking is off
	EffortMinimal
	EffortLow
	EffortMedium
	EffortHigh
	EffortXHigh
	EffortMax
)

// EffortNames are the efforts as the values of OpenAI's reasoning_effort. One that is not
// said has no name.
var EffortNames = [...]string{
	EffortNone:    "none",
	EffortMinimal: "minimal",
	EffortLow:     "low",
	EffortMedium:  "medium",
	EffortHigh:    "high",
	EffortXHigh:   "xhigh",
	EffortMax:     "max",
}

// Reasoning is how a model thinks before it answers: by a budget of tokens, by an
// effort, or both where the client said both.
type Reasoning struct {
	Effort   Effort
	Budget   int64 // tokens; 0: not said
	Adaptive bool  // the model decides how much
	Summary  Text  // which form of its thoughts to show, as the source spells it
}

// budgets are the tokens that an effort is worth where only a budget can be said.
// From low on, each lies within the range that atMost gives its effort, so that a
// translation there and back ends where it began.
var budgets = [...]int64{
	EffortMinimal: 1024,
	EffortLow:     2048,
	EffortMedium:  8192,
	EffortHigh:    16384,
	EffortXHigh:   32768,
	EffortMax:     65536,
}

// atMost are the largest budgets that still are an effort. The widely used budgets
// of 4,000, 10,000 and 32,000 tokens are low, medium and high; nothing that can be
// asked for as a budget is less than low.
var atMost = [...]struct {
	budget int64
	effort Effort
}{{4096, EffortLow}, {12288, EffortMedium}, {32000, EffortHigh}, {49152, EffortXHigh}}

// Level is the effort that was asked for, or that the budget comes to; EffortUnset
// if neither was said.
//
//go:noinline
func (r Reasoning) Level() Effort {
	if r.Effort != EffortUnset || r.Budget <= 0 {
		return r.Effort
	}
	for _, m := range atMost {
		if r.Budget <= m.budget {
			return m.effort
		}
	}
	return EffortMax
}

// Tokens is the budget that was asked for, or that the effort is worth; 0 if neither
// was said or thinking is off.
func (r Reasoning) Tokens() int64 {
	if r.Budget > 0 || int(r.Effort) >= len(budgets) {
		return r.Budget
	}
	return budgets[r.Effort]
}
