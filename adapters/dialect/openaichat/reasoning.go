package openaichat

import (
	"math"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// Efforts lists the efforts, for errors.
const Efforts = "'none', 'minimal', 'low', 'medium', 'high', 'xhigh', and 'max'"

// Effort is an effort as OpenAI's APIs call it; false if they do not.
func Effort(v rawjson.Value) (chat.Effort, bool) {
	for e, name := range chat.EffortNames {
		if name != "" && v.Is(name) {
			return chat.Effort(e), true
		}
	}
	return chat.EffortUnset, false
}

func (d *reader) effort(v rawjson.Value) chat.Effort {
	d.text(v)
	e, ok := Effort(v)
	if !ok {
		d.fail(badValue(v, Efforts))
	}
	return e
}

// reasoning reads OpenRouter's object, which has an effort or a budget.
func (d *reader) reasoning(v rawjson.Value) {
	on, said := false, false
	for it := d.object(v).Members(); it.Next(); {
		k, m := it.Key, it.Value
		switch key := string(k.Bytes()); {
		case m.IsNull():
		case key == "effort":
			d.r.Reasoning.Effort = d.effort(m)
		case key == "max_tokens":
			d.r.Reasoning.Budget = d.integer(m, 1, math.MaxInt64)
		case key == "summary":
			d.r.Reasoning.Summary = d.text(m)
		case key == "enabled":
			on, said = d.boolean(m), true
		default:
			d.extra(k, m)
		}
	}
	switch r := &d.r.Reasoning; {
	case said && !on:
		r.Effort = chat.EffortNone
	case said && r.Effort == chat.EffortUnset && r.Budget == 0:
		r.Effort = chat.EffortMedium // as OpenRouter documents it
	}
}

// thinking reads Anthropic's object, which clients of other gateways send beside the
// members of this API (https://docs.litellm.ai/docs/reasoning_content).
func (d *reader) thinking(v rawjson.Value) {
	kind := d.need(d.object(v), "type")
	switch {
	case d.err != nil:
	case kind.Is("enabled"):
		d.r.Reasoning.Budget = d.integer(d.need(v, "budget_tokens"), 1, math.MaxInt64)
	case kind.Is("adaptive"):
		d.r.Reasoning.Adaptive = true
	case kind.Is("disabled"):
		d.r.Reasoning.Effort = chat.EffortNone
	default:
		d.fail(badValue(kind, "'enabled', 'adaptive', and 'disabled'"))
	}
}

// thoughts adds the thinking of an earlier turn: in detail, or as plain text where a
// client knows no better. Details with an index are pieces of one block as long as the
// index stays the same; clients that kept the chunks of a stream send them so.
func (d *reader) thoughts(m *message) {
	switch {
	case m.details.Len() > 0:
		d.details(m.details)
	case m.blocks.Len() > 0:
		d.blocks(m.blocks)
	case m.reasoning.Exists():
		if t := d.text(m.reasoning); len(t) > 0 {
			d.add(chat.Part{Kind: chat.ThinkingPart, Text: t, At: m.reasoning})
		}
	}
}

func (d *reader) details(v rawjson.Value) {
	if v.Kind() != rawjson.Array {
		d.fail(wrongType(v, "an array of objects"))
		return
	}
	last := int64(-1)
	for it := v.Items(); it.Next(); {
		e := it.Value
		kind := d.need(d.object(e), "type")
		if d.err != nil {
			return
		}
		index, indexed := e.Get("index").Int64()
		p := chat.Part{Kind: chat.ThinkingPart, At: e}
		switch {
		case kind.Is("reasoning.text"):
			p.Text, p.Signature = d.optional(e, "text"), d.optional(e, "signature")
		case kind.Is("reasoning.summary"):
			p.Text = d.optional(e, "summary")
		case kind.Is("reasoning.encrypted"):
			p.Kind, p.Text = chat.RedactedPart, d.optional(e, "data")
		default:
			d.fail(badValue(kind, "'reasoning.text', 'reasoning.summary', and 'reasoning.encrypted'"))
			return
		}
		if !indexed || index != last || !d.extend(&p) {
			d.add(p)
		}
		last = index
		if !indexed {
			last = -1
		}
	}
}

// extend joins a piece of thinking to the part before it, if that is of its kind.
func (d *reader) extend(p *chat.Part) bool {
	parts := d.r.Messages[len(d.r.Messages)-1].Parts
	if len(parts) == 0 || parts[len(parts)-1].Kind != p.Kind {
		return false
	}
	last := &parts[len(parts)-1]
	last.Text = join(last.Text, p.Text)
	last.Signature = join(last.Signature, p.Signature)
	return true
}

// join copies only if both are there. The capacity of a view ends with it, so the
// document is never written to.
func join(a, b chat.Text) chat.Text {
	switch {
	case len(a) == 0:
		return b
	case len(b) == 0:
		return a
	}
	return rawjson.AddRaw(a, b)
}

// blocks reads LiteLLM's thinking_blocks, which are Anthropic's.
func (d *reader) blocks(v rawjson.Value) {
	if v.Kind() != rawjson.Array {
		d.fail(wrongType(v, "an array of objects"))
		return
	}
	for it := v.Items(); it.Next(); {
		e := it.Value
		kind := d.need(d.object(e), "type")
		p := chat.Part{Kind: chat.ThinkingPart, At: e}
		switch {
		case d.err != nil:
			return
		case kind.Is("thinking"):
			p.Text, p.Signature = d.optional(e, "thinking"), d.optional(e, "signature")
		case kind.Is("redacted_thinking"):
			p.Kind, p.Text = chat.RedactedPart, d.optional(e, "data")
		default:
			d.fail(badValue(kind, "'thinking' and 'redacted_thinking'"))
			return
		}
		d.add(p)
	}
}

// optional is a string that may be absent or null.
//
//go:noinline
func (d *reader) optional(v rawjson.Value, key string) chat.Text {
	if m := v.Get(key); m.Exists() && !m.IsNull() {
		return d.text(m)
	}
	return nil
}
