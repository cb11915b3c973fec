package bedrock

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/adapters/eventstream"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/answer"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/ordered"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/tokens"
	"github.com/postern-gateway/postern/e2e/mockllm/journal"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

func (a *api) converse(x *provider.Exchange, f family, stream bool) {
	var r request
	if err := json.Unmarshal(x.Body, &r); err != nil {
		x.Fail(*invalid(err.Error()))
		return
	}
	if failure := a.check(&r, f); failure != nil {
		x.Fail(*failure)
		return
	}
	p := r.prompt(f.id, f)
	if x.BehaveOn(&p) {
		return
	}
	w := &writer{a: a, x: x, r: &r, f: f, ans: answer.Compose(p)}
	w.count()
	if stream {
		w.stream()
	} else {
		w.whole()
	}
}

// A writer writes the answer to one request.
type writer struct {
	a     *api
	x     *provider.Exchange
	r     *request
	f     family
	ans   answer.Answer
	usage journal.Usage
}

// count charges the answer. What is before a cache point is read from the cache if it
// was there.
func (w *writer) count() {
	all, cached := w.r.count()
	w.usage = journal.Usage{Input: all, Output: w.ans.Output, Reasoning: w.ans.Reasoned} // which the API does not tell
	if cached > 0 {
		raw, err := json.Marshal([]any{w.r.Tools, w.r.System})
		key := w.f.id + string(raw)
		if err == nil && w.a.env.Cache.Seen(key) {
			w.usage.CacheRead = cached
		} else {
			w.usage.CacheWrite = cached
			w.a.env.Cache.Add(key)
		}
	}
	w.x.Used(w.usage)
}

func (w *writer) usageObject() ordered.Object {
	u := w.usage
	out := ordered.Of("inputTokens", u.Input-u.CacheRead-u.CacheWrite, "outputTokens", u.Output, "totalTokens", u.Input+u.Output)
	if w.f.caches {
		out = out.With("cacheReadInputTokens", u.CacheRead, "cacheWriteInputTokens", u.CacheWrite)
	}
	return out
}

func (w *writer) stopReason() string {
	switch w.ans.Finish {
	case answer.StopSequence:
		return "stop_sequence"
	case answer.Length:
		return "max_tokens"
	case answer.ToolCalls:
		return "tool_use"
	case answer.Refused, answer.Filtered:
		return "content_filtered"
	default:
		return "end_turn"
	}
}

// extra is what the request wants told of the model's own fields.
func (w *writer) extra() map[string]any {
	if slices.Contains(w.r.Paths, "/stop_sequence") && w.ans.Finish == answer.StopSequence {
		return map[string]any{"stop_sequence": w.ans.Sequence}
	}
	return nil
}

// An out is one block, and the deltas that it is streamed in.
type out struct {
	start  any // nil for blocks that begin with their first delta
	whole  any
	deltas []any
}

func (w *writer) blocks() []out {
	var list []out
	if len(w.ans.Reasoning) > 0 {
		list = append(list, w.thought())
	}
	text := w.ans.Text + w.ans.Refusal
	if text != "" {
		b := out{whole: ordered.Of("text", text)}
		pieces := w.ans.Pieces
		if w.ans.Refusal != "" {
			pieces = []string{text}
		}
		for _, p := range pieces {
			b.deltas = append(b.deltas, ordered.Of("text", p))
		}
		list = append(list, b)
	}
	for _, c := range w.ans.Calls {
		input := json.RawMessage(c.Arguments)
		if !json.Valid(input) { // cut by the limit
			input = json.RawMessage("{}")
		}
		id := w.x.ID("tooluse_", 22)
		b := out{
			whole: ordered.Of("toolUse", ordered.Of("toolUseId", id, "name", c.Name, "input", input)),
			start: ordered.Of("toolUse", ordered.Of("toolUseId", id, "name", c.Name)),
		}
		if c.Arguments != "{}" {
			for _, p := range tokens.Split(c.Arguments) {
				b.deltas = append(b.deltas, ordered.Of("toolUse", ordered.Of("input", p)))
			}
		}
		list = append(list, b)
	}
	return list
}

func (w *writer) thought() out {
	thought := strings.Join(w.ans.Reasoning, "")
	mark := w.a.env.Signer.Sign(thought)
	if w.x.B.Redact {
		sealed := ordered.Of("redactedContent", mark)
		return out{whole: ordered.Of("reasoningContent", sealed), deltas: []any{ordered.Of("reasoningContent", sealed)}}
	}
	b := out{whole: ordered.Of("reasoningContent", ordered.Of("reasoningText", ordered.Of("text", thought, "signature", mark)))}
	for _, p := range w.ans.Reasoning {
		b.deltas = append(b.deltas, ordered.Of("reasoningContent", ordered.Of("text", p)))
	}
	b.deltas = append(b.deltas, ordered.Of("reasoningContent", ordered.Of("signature", mark)))
	return b
}

const latency = 120 // milliseconds, as the answer says

func (w *writer) whole() {
	content := []any{}
	for _, b := range w.blocks() {
		content = append(content, b.whole)
	}
	v := ordered.Of("metrics", ordered.Of("latencyMs", latency),
		"output", ordered.Of("message", ordered.Of("content", content, "role", "assistant")), "stopReason", w.stopReason())
	if e := w.extra(); e != nil {
		v = v.With("additionalModelResponseFields", e)
	}
	if w.r.Tier != nil {
		v = v.With("serviceTier", ordered.Of("type", w.r.Tier.Type))
	}
	if !w.x.B.NoUsage {
		v = v.With("usage", w.usageObject())
	}
	w.x.JSON(v)
}

// padding hides the length of what is said, as the real API does.
func padding(n int) string { return "abcdefghijklmnopqrstuvwxyz"[:n%26+1] }

func (w *writer) stream() {
	framing := func(name string, payload []byte) []byte { return eventstream.Append(nil, name, payload) }
	s := w.x.Framed(eventstream.ContentType, framing, func() (string, any) {
		return eventstream.Exception + "serviceUnavailableException", ordered.Of("message", w.a.Usual(503).Message)
	})
	s.Event("messageStart", ordered.Of("p", padding(3), "role", "assistant"))
	for i, b := range w.blocks() {
		if b.start != nil {
			s.Event("contentBlockStart", ordered.Of("contentBlockIndex", i, "p", padding(i), "start", b.start))
		}
		for k, d := range b.deltas {
			s.Content("contentBlockDelta", ordered.Of("contentBlockIndex", i, "delta", d, "p", padding(k)))
		}
		s.Event("contentBlockStop", ordered.Of("contentBlockIndex", i, "p", padding(5)))
	}
	stop := ordered.Of("p", padding(7), "stopReason", w.stopReason())
	if e := w.extra(); e != nil {
		stop = stop.With("additionalModelResponseFields", e)
	}
	s.Event("messageStop", stop)
	last := ordered.Of("metrics", ordered.Of("latencyMs", latency), "p", padding(9))
	if !w.x.B.NoUsage {
		last = last.With("usage", w.usageObject())
	}
	s.Event("metadata", last)
	s.End()
}
