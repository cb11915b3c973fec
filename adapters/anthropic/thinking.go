package anthropic

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

type mode uint8

const (
	modeUnsaid   mode = iota // the model's default
	modeDisabled             // no thinking
	modeBetween              // only between calls of tools
	modeBudget               // as many tokens as the budget
	modeAdaptive             // as the model sees fit
)

// A plan is how the model is told to think.
type plan struct {
	mode   mode
	budget int64
	effort string // empty: not said
}

// thinks reports whether thinking is asked for, which limits what else can be.
func (p plan) thinks() bool { return p.mode == modeBudget || p.mode == modeAdaptive }

// minBudget is the least that a budget can be.
const minBudget = 1024

// decide makes the plan. What rules thinking out wins over it, and its loss is
// reported: a forced tool, an answer to be continued, a history without the thoughts
// that belong to its calls, too few tokens.
func (b *builder) decide() {
	b.chooseForm()
	p, r := &b.plan, &b.r.Reasoning
	if r.Effort == chat.EffortNone {
		b.silence()
		return
	}
	if r.Level() == chat.EffortUnset && !r.Adaptive {
		return
	}
	p.effort = b.effort(r.Level())
	switch {
	case b.m.is(takesAdaptive) && (r.Budget == 0 || !b.m.is(takesBudget)):
		p.mode = modeAdaptive
	case b.m.is(takesBudget):
		p.mode = modeBudget
		if p.budget = r.Tokens(); p.budget == 0 {
			p.budget = chat.Reasoning{Effort: chat.EffortHigh}.Tokens()
		}
	}
	if p.mode == modeAdaptive && p.effort != "" && p.effort != efforts[r.Level()] {
		b.r.Drop(b.thinkingName()) // the nearest is not the same
	}
	if b.forces() || b.prefills() || p.mode == modeBudget && (!b.fits() || b.forgets()) {
		p.mode = modeUnsaid
		b.r.Drop(b.thinkingName())
	}
}

func (b *builder) thinkingName() string { return b.ours("thinking", "reasoning_effort") }

// silence turns thinking off, or as far down as the model lets it.
func (b *builder) silence() {
	switch {
	case !b.m.is(thinksUnasked):
	case b.m.is(takesDisabled):
		b.plan.mode = modeDisabled
	case b.m.is(takesBetween):
		b.plan.mode = modeBetween
	default:
		b.plan.effort = b.effort(chat.EffortLow)
		b.r.Drop(b.thinkingName())
	}
}

// efforts are the levels' names; none of them says less than low.
var efforts = [...]string{
	chat.EffortLow:    "low",
	chat.EffortMedium: "medium",
	chat.EffortHigh:   "high",
	chat.EffortXHigh:  "xhigh",
	chat.EffortMax:    "max",
}

// effort is the nearest level that the model has and that is not above the one asked
// for; least of all low.
func (b *builder) effort(e chat.Effort) string {
	if e == chat.EffortUnset || b.m.efforts == 0 {
		return ""
	}
	e = max(e, chat.EffortLow)
	for e > chat.EffortLow && b.m.efforts&(1<<(e-chat.EffortLow)) == 0 {
		e--
	}
	return efforts[e]
}

// fits makes the budget less than max_tokens, of which a quarter is left for the answer;
// false if that leaves too little to think.
func (b *builder) fits() bool {
	most := b.maxTokens()
	if b.plan.budget >= most {
		b.plan.budget = max(minBudget, most/4*3)
	}
	b.plan.budget = max(b.plan.budget, minBudget)
	return b.plan.budget < most
}

// prefills reports whether the conversation ends with an answer to be continued.
func (b *builder) prefills() bool {
	n := len(b.r.Messages)
	return n > 0 && b.r.Messages[n-1].Role == chat.Assistant
}

// forgets reports whether the tool loop under way began without thoughts that the
// model can read: with a budget, this API wants the turn's own thinking back in front
// of its calls, which an answer by another model, or a client that left them out,
// cannot give.
func (b *builder) forgets() bool {
	list := b.r.Messages
	begins, end := -1, len(list) // the first message of the loop; where the turn looked at ends
	for end > 0 {
		from := end - 1
		for from > 0 && (list[from-1].Role == chat.Assistant) == (list[end-1].Role == chat.Assistant) {
			from--
		}
		if list[from].Role == chat.Assistant {
			begins = from
		} else if !hasResult(list[from:end]) {
			break
		}
		end = from
	}
	if begins < 0 {
		return false
	}
	for _, p := range list[begins].Parts {
		if p.Kind == chat.ThinkingPart && len(p.Signature) > 0 || p.Kind == chat.RedactedPart && !isGoogles(&p) {
			return false
		}
		if p.Kind != chat.TextPart || !blank(p.Text) {
			return true
		}
	}
	return true
}

func hasResult(turn []chat.Message) bool {
	for i := range turn {
		for k := range turn[i].Parts {
			if turn[i].Parts[k].Kind == chat.ToolResultPart {
				return true
			}
		}
	}
	return false
}

// think appends the value of thinking, or nothing.
func (b *builder) think() {
	switch b.plan.mode {
	case modeDisabled:
		b.raw(`{"type":"disabled"}`)
	case modeBetween:
		b.raw(`{"type":"between_tools"}`)
	case modeBudget:
		b.raw(`{"type":"enabled","budget_tokens":`)
		b.dst = rawjson.AppendInt(b.dst, b.plan.budget)
		b.display()
		b.raw(`}`)
	case modeAdaptive:
		b.raw(`{"type":"adaptive"`)
		b.display()
		b.raw(`}`)
	}
}

// thinking writes the plan, and output_config, which holds the effort and the form.
func (b *builder) thinking() {
	if b.plan.mode != modeUnsaid {
		b.raw(`,"thinking":`)
		b.think()
	}
	if b.plan.effort == "" && b.form != formNative {
		return
	}
	b.raw(`,"output_config":{`)
	if b.plan.effort != "" {
		b.raw(`"effort":"`)
		b.raw(b.plan.effort)
		b.raw(`"`)
		if b.form == formNative {
			b.raw(`,`)
		}
	}
	if b.form == formNative {
		b.raw(`"format":{"type":"json_schema","schema":`)
		b.schema(b.r.Format.Schema, b.ours("output_config.format.schema", "response_format.json_schema.schema"))
		b.raw(`}`)
	}
	b.raw(`}`)
}

// display says whether thoughts are shown. OpenAI's clients ask for a summary by
// naming its kind.
func (b *builder) display() {
	switch s := string(b.r.Reasoning.Summary); s {
	case "":
	case "omitted":
		b.raw(`,"display":"omitted"`)
	default:
		b.raw(`,"display":"summarized"`)
	}
}
