package openairesponses

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// AppendResponse appends a response.
func (Writer) AppendResponse(dst []byte, r *chat.Response) []byte {
	e := encoder{quiet: true, kind: chat.ServerPart, b: rawjson.Builder{Dst: dst}, id: r.ID, model: r.Model, created: r.Created, tier: r.Tier,
		echo: r.Echo, texts: r.Texts, usage: r.Usage, counted: r.Counted || r.Usage != chat.Usage{}}
	finish := chat.FinishStop
	if len(r.Choices) > 0 {
		c := &r.Choices[0]
		finish = c.Finish
		e.o.Dst = make([]byte, 0, room(c))
		if len(c.Logprobs) > 0 {
			e.tokens(c.Logprobs)
		}
		for i := range c.Parts {
			e.whole(&c.Parts[i])
		}
	}
	e.finished(finish)
	e.object(e.status(), nil)
	return e.b.Dst
}

// room is about how many bytes the output of an answer has.
func room(c *chat.Choice) int {
	n := len(c.Logprobs)
	for i := range c.Parts {
		p := &c.Parts[i]
		n += 256 + len(p.Text) + len(p.Arguments) + len(p.Input) + len(p.Signature) + len(p.Citations)
	}
	return n
}

// whole writes a part as the events that it would have been.
func (e *encoder) whole(p *chat.Part) {
	e.open(&chat.Event{Block: p.Kind, ID: p.ID, Name: p.Name})
	if e.kind == chat.ServerPart {
		return
	}
	if p.Input != nil {
		e.delta(rawjson.AppendEscaped([]byte(nil), p.Input))
	}
	e.delta(p.Text)
	e.delta(p.Arguments)
	e.sealed = rawjson.AddRaw(e.sealed, p.Signature)
	if p.Kind == chat.TextPart && len(p.Citations) > 0 {
		e.citations(p.Citations)
	}
	e.stop()
}

func (e *encoder) citations(list chat.Raw) {
	var doc rawjson.Doc
	if doc.Parse(list) != nil {
		return
	}
	for it := doc.Root().Items(); it.Next(); {
		e.cite(it.Value.Raw())
	}
}

// object writes the response as it is in this state.
func (e *encoder) object(status string, err *chat.Error) {
	b := &e.b
	b.Raw(`{"id":"resp_`)
	b.Put(e.id)
	b.Raw(`","object":"response","created_at":`)
	b.Dst = rawjson.AppendInt(b.Dst, e.created)
	b.Raw(`,"status":"`)
	b.Raw(status)
	b.Raw(`","background":false,"previous_response_id":null,"store":false,"truncation":"disabled","incomplete_details":`)
	b.Raw(e.details(status))
	b.Raw(`,"error":`)
	if err == nil {
		b.Raw("null")
	} else {
		b.Raw("{")
		problem(b, errorCode(err.Kind), err.Message)
		b.Raw("}")
	}
	b.Text("model", e.model)
	b.Raw(`,"service_tier":`)
	if len(e.tier) > 0 {
		b.Str(e.tier)
	} else {
		b.Raw(`"default"`)
	}
	b.Raw(`,"output":[`)
	if status != inProgress {
		b.Put(e.o.Dst[:e.said])
	}
	b.Raw(`]`)
	if len(e.echo) > 0 {
		b.Put(e.echo)
	} else {
		b.Dst = appendEcho(b.Dst, rawjson.Value{})
	}
	b.Raw(`,"usage":`)
	if status == inProgress || !e.counted {
		b.Raw("null")
	} else {
		usage(b, e.usage)
	}
	b.Raw(`}`)
}

func usage(b *rawjson.Builder, u chat.Usage) {
	b.Raw("{")
	b.Int("input_tokens", u.Input)
	b.Raw(`,"input_tokens_details":{`)
	b.Int("cached_tokens", u.CachedRead)
	b.Int("cache_write_tokens", u.CacheWrite)
	b.Raw("}")
	b.Int("output_tokens", u.Output)
	b.Raw(`,"output_tokens_details":{`)
	b.Int("reasoning_tokens", u.Reasoning)
	b.Raw("}")
	b.Int("total_tokens", u.Total())
	b.Raw("}")
}

// States of responses and items.
const (
	inProgress = "in_progress"
	completed  = "completed"
	incomplete = "incomplete"
	failed     = "failed"
)

// status is the last state of a response. A turn that was paused is not complete; a
// refusal without a text looks like a filter's work.
func (e *encoder) status() string {
	switch e.finish {
	case chat.FinishLength, chat.FinishPause, chat.FinishFilter:
		return incomplete
	case chat.FinishRefusal:
		if !e.refused {
			return incomplete
		}
	}
	return completed
}

// details are why a response is incomplete, if it is.
func (e *encoder) details(status string) string {
	switch {
	case status != incomplete:
		return "null"
	case e.finish == chat.FinishLength, e.finish == chat.FinishPause:
		return `{"reason":"max_output_tokens"}`
	}
	return `{"reason":"content_filter"}`
}
