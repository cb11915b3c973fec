package ollama

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/answer"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/ordered"
	"github.com/postern-gateway/postern/e2e/mockllm/journal"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

func (a *api) serve(x *provider.Exchange, generate bool) {
	r, m, failure := a.read(x, generate)
	if failure != nil {
		x.Fail(*failure)
		return
	}
	p := r.prompt(m)
	if x.BehaveOn(&p) {
		return
	}
	w := &writer{a: a, x: x, r: r, generate: generate, input: r.count(), answer: answer.Compose(p)}
	w.write()
}

// A writer writes the answer to one request.
type writer struct {
	a        *api
	x        *provider.Exchange
	r        *request
	generate bool
	input    int
	answer   answer.Answer
}

func (w *writer) write() {
	w.x.Used(journal.Usage{Input: w.input, Output: w.answer.Output})
	calls := complete(w.answer.Calls)
	if !w.r.streams() {
		said := w.say(strings.Join(w.answer.Reasoning, ""), w.answer.Text+w.answer.Refusal, calls)
		if w.r.Logprobs {
			said = said.With("logprobs", logprobs(w.answer.Pieces))
		}
		w.x.JSON(w.end(said))
		return
	}
	s := w.x.Lines("application/x-ndjson", func() any { return ordered.Of("error", w.a.Usual(500).Message) })
	for _, piece := range w.answer.Reasoning {
		s.Content("", w.more(w.say(piece, "", nil)))
	}
	for _, piece := range append(w.answer.Pieces, w.answer.Refusal) {
		if piece == "" {
			continue
		}
		said := w.say("", piece, nil)
		if w.r.Logprobs {
			said = said.With("logprobs", logprobs([]string{piece}))
		}
		s.Content("", w.more(said))
	}
	for i := range calls {
		s.Content("", w.more(w.say("", "", calls[i:i+1])))
	}
	s.Event("", w.end(w.say("", "", nil)))
	s.End()
}

// say is an answer, or what a line adds to it.
func (w *writer) say(thinking, content string, calls []answer.Call) ordered.Object {
	out := ordered.Of("model", w.r.Model, "created_at", w.a.env.Now().UTC().Format(time.RFC3339Nano))
	if w.generate {
		out = out.With("response", content)
		if thinking != "" {
			out = out.With("thinking", thinking)
		}
		return out
	}
	m := ordered.Of("role", "assistant", "content", content)
	if thinking != "" {
		m = m.With("thinking", thinking)
	}
	var list []any
	for i, c := range calls {
		list = append(list, ordered.Of("id", w.x.ID("call_", 8), "function", ordered.Of("index", i, "name", c.Name, "arguments", json.RawMessage(c.Arguments))))
	}
	if list != nil {
		m = m.With("tool_calls", list)
	}
	return out.With("message", m)
}

func (w *writer) more(said ordered.Object) ordered.Object { return said.With("done", false) }

// end adds what the last line has. A refusal is a text as any other here.
func (w *writer) end(said ordered.Object) ordered.Object {
	reason := "stop"
	if w.answer.Finish == answer.Length {
		reason = "length"
	}
	said = said.With("done", true, "done_reason", reason, "total_duration", 174560334, "load_duration", 101397084)
	if w.x.B.NoUsage {
		return said
	}
	return said.With("prompt_eval_count", w.input, "prompt_eval_duration", 13074791, "eval_count", w.answer.Output, "eval_duration", 52479709)
}

// logprobs gives every token the same probability.
func logprobs(pieces []string) []any {
	var out []any
	for _, p := range pieces {
		out = append(out, ordered.Of("token", p, "logprob", -0.25))
	}
	return out
}
