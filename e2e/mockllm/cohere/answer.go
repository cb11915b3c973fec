package cohere

import (
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/answer"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/ordered"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/tokens"
	"github.com/postern-gateway/postern/e2e/mockllm/journal"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

func (a *api) chat(x *provider.Exchange) {
	r, m, failure := a.read(x)
	if failure != nil {
		x.Fail(*failure)
		return
	}
	p := r.prompt(m)
	if x.BehaveOn(&p) {
		return
	}
	w := &writer{a: a, x: x, r: r, billed: r.count(), id: x.ID("", 36), answer: answer.Compose(p)}
	if w.answer.Refusal != "" {
		w.answer.Text, w.answer.Pieces = w.answer.Refusal, []string{w.answer.Refusal}
	}
	x.Used(journal.Usage{Input: w.billed + preamble, Output: w.answer.Output})
	if r.Stream {
		w.stream()
	} else {
		w.whole()
	}
}

// A writer writes the answer to one request.
type writer struct {
	a      *api
	x      *provider.Exchange
	r      *request
	billed int
	id     string
	answer answer.Answer
}

// plan is what the model says beside its calls.
const plan = "I will use the tools that I have."

func (w *writer) finish() string {
	switch w.answer.Finish {
	case answer.StopSequence:
		return "STOP_SEQUENCE"
	case answer.Length:
		return "MAX_TOKENS"
	case answer.ToolCalls:
		return "TOOL_CALL"
	default:
		return "COMPLETE"
	}
}

func (w *writer) usage() ordered.Object {
	return ordered.Of("billed_units", ordered.Of("input_tokens", w.billed, "output_tokens", w.answer.Output),
		"tokens", ordered.Of("input_tokens", w.billed+preamble, "output_tokens", w.answer.Output), "cached_tokens", 0)
}

// ended adds how the answer ended.
func (w *writer) ended(o ordered.Object) ordered.Object {
	o = o.With("finish_reason", w.finish())
	if !w.x.B.NoUsage {
		o = o.With("usage", w.usage())
	}
	return o
}

func (w *writer) call(c answer.Call) ordered.Object {
	return ordered.Of("id", w.x.ID(c.Name+"_", 12), "type", "function", "function", ordered.Of("name", c.Name, "arguments", c.Arguments))
}

func (w *writer) whole() {
	m := ordered.Of("role", "assistant")
	var content []any
	if len(w.answer.Reasoning) > 0 {
		content = append(content, ordered.Of("type", "thinking", "thinking", strings.Join(w.answer.Reasoning, "")))
	}
	if w.answer.Text != "" {
		content = append(content, ordered.Of("type", "text", "text", w.answer.Text))
	}
	if content != nil {
		m = m.With("content", content)
	}
	var calls []any
	for _, c := range w.answer.Calls {
		calls = append(calls, w.call(c))
	}
	if calls != nil {
		m = m.With("tool_plan", plan, "tool_calls", calls)
	}
	out := w.ended(ordered.Of("id", w.id, "message", m))
	if w.r.Logprobs {
		var list []any
		for _, p := range w.answer.Pieces {
			list = append(list, logprob(p))
		}
		out = out.With("logprobs", list)
	}
	w.x.JSON(out)
}

// logprob gives every token the same probability.
func logprob(piece string) ordered.Object {
	return ordered.Of("text", piece, "token_ids", []int{1}, "logprobs", []float64{-0.25})
}

func says(kind string, v any) ordered.Object {
	return ordered.Of("message", ordered.Of(kind, v))
}

func (w *writer) stream() {
	s := w.x.Stream(func() (string, any) {
		return "message-end", ordered.Of("type", "message-end", "delta", ordered.Of("error", w.a.Usual(500).Message, "finish_reason", "ERROR"))
	})
	event := func(kind string, more ...any) { s.Event(kind, ordered.Of("type", kind).With(more...)) }
	event("message-start", "id", w.id, "delta", ordered.Of("message", ordered.Of("role", "assistant", "content", []any{}, "tool_plan", "", "tool_calls", []any{}, "citations", []any{})))
	index := 0
	block := func(kind string, pieces []string) {
		if len(pieces) == 0 {
			return
		}
		event("content-start", "index", index, "delta", says("content", ordered.Of("type", kind, kind, "")))
		for _, p := range pieces {
			delta := ordered.Of("type", "content-delta", "index", index, "delta", says("content", ordered.Of(kind, p)))
			if w.r.Logprobs && kind == "text" {
				delta = delta.With("logprobs", logprob(p))
			}
			s.Content("content-delta", delta)
		}
		event("content-end", "index", index)
		index++
	}
	block("thinking", w.answer.Reasoning)
	block("text", w.answer.Pieces)
	if len(w.answer.Calls) > 0 {
		for _, p := range tokens.Split(plan) {
			s.Content("tool-plan-delta", ordered.Of("type", "tool-plan-delta", "delta", says("tool_plan", p)))
		}
	}
	for i, c := range w.answer.Calls {
		arguments := c.Arguments
		c.Arguments = ""
		event("tool-call-start", "index", i, "delta", says("tool_calls", w.call(c)))
		for _, p := range tokens.Split(arguments) {
			s.Content("tool-call-delta", ordered.Of("type", "tool-call-delta", "index", i,
				"delta", says("tool_calls", ordered.Of("function", ordered.Of("arguments", p)))))
		}
		event("tool-call-end", "index", i)
	}
	event("message-end", "delta", w.ended(nil))
	s.End()
}
