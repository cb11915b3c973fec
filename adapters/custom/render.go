package custom

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// AppendRequest appends the request that the template makes.
func (a *adapter) AppendRequest(dst []byte, r *chat.Request) ([]byte, *chat.Error) {
	b := builder{Builder: rawjson.Builder{Dst: dst}, r: r, a: a}
	b.refuse()
	if b.err == nil {
		b.render(a.request)
		b.dropRest()
	}
	if b.err != nil {
		return dst, b.err
	}
	return b.Dst, nil
}

// A builder writes one request. Beside the request it has what the template at hand is
// of: a message, a part of one, or a tool.
type builder struct {
	rawjson.Builder
	r   *chat.Request
	a   *adapter
	doc rawjson.Doc // for arguments of calls
	err *chat.Error // the first one

	message *chat.Message // the first of those that are written as one
	before  int           // its number
	parts   []chat.Part   // of the message or the result
	part    *chat.Part
	tool    *chat.Tool
	result  bool // parts are a result's
}

// render writes what a template makes, or nothing: then all that it holds is absent.
func (b *builder) render(n *node) bool {
	mark := len(b.Dst)
	switch n.kind {
	case literal:
		b.Put(n.text)
		return true
	case value:
		return b.value(n)
	case text:
		b.Raw(`"`)
		if !b.pieces(n) {
			b.Dst = b.Dst[:mark]
			return false
		}
		b.Raw(`"`)
		return true
	case object:
		b.Raw(`{`)
		for i := range n.kids {
			kid := &n.kids[i]
			at := len(b.Dst)
			b.Comma()
			b.Put(kid.key)
			if !b.render(kid) {
				b.Dst = b.Dst[:at]
			}
		}
		b.Raw(`}`)
		return true
	}
	b.Raw(`[`)
	for i := range n.kids {
		at := len(b.Dst)
		b.Comma()
		if !b.render(&n.kids[i]) {
			b.Dst = b.Dst[:at]
		}
	}
	b.Raw(`]`)
	return true
}

// value writes the value of a name that stands alone.
func (b *builder) value(n *node) bool {
	mark := len(b.Dst)
	quoted := names[n.name].form == words && !(n.name == nContent && b.mixed())
	if quoted {
		b.Raw(`"`)
	}
	if b.write(n.name) {
		if quoted {
			b.Raw(`"`)
		}
		return true
	}
	b.Dst = append(b.Dst[:mark], n.text...)
	return len(n.text) > 0
}

// pieces writes the inside of a string; false if a name in it has no value.
func (b *builder) pieces(n *node) bool {
	for i := range n.kids {
		kid := &n.kids[i]
		if kid.kind == literal {
			b.Put(kid.text)
			continue
		}
		if kid.name == nContent && b.mixed() {
			b.failAt("has a part that is no text, for which there is no place within a string")
			return false
		}
		mark := len(b.Dst)
		if b.write(kid.name) {
			continue
		}
		b.Dst = append(b.Dst[:mark], kid.text...)
		if len(kid.text) == 0 {
			return false
		}
	}
	return true
}

// write writes the value of a name, words without their quotes; false if there is none.
func (b *builder) write(n name) bool {
	r := b.r
	switch n {
	case nModel:
		b.Dst = rawjson.AppendEscaped(b.Dst, r.Model)
		return true
	case nStream:
		return b.yes(b.a.streams && r.Stream)
	case nMessages:
		return b.list(0, len(r.Messages))
	case nHistory:
		return b.list(0, len(r.Messages)-1)
	case nLast:
		return b.last()
	case nSystem:
		return b.system()
	case nPrompt:
		return b.prompt()
	case nMaxTokens:
		return b.count(r.MaxTokens)
	case nStop:
		return b.stop()
	case nTools:
		return b.tools()
	case nChoice:
		return b.choice()
	case nParallel:
		return len(r.Tools) > 0 && r.SequentialTools && !b.yes(false)
	case nJSON:
		return r.Format.Kind != chat.FormatText && b.yes(true)
	case nFormat:
		return b.format()
	case nEffort:
		return b.effort()
	case nBudget:
		return b.budget()
	}
	if n >= nRole {
		return b.writePart(n)
	}
	return b.raw(b.said(n))
}

// said are the values that a request has as they are written, nil if it has not.
func (b *builder) said(n name) []byte {
	r := b.r
	switch n {
	case nTemperature:
		return r.Temperature
	case nTopP:
		return r.TopP
	case nTopK:
		return r.TopK
	case nMinP:
		return r.MinP
	case nFrequency:
		return r.FrequencyPenalty
	case nPresence:
		return r.PresencePenalty
	case nSeed:
		return r.Seed
	case nUser:
		return r.User
	case nSchema:
		return r.Format.Schema
	case nBias:
		return r.LogitBias
	case nMetadata:
		return r.Metadata
	}
	return nil
}

// raw writes what is JSON, if there is anything.
//
//go:noinline
func (b *builder) raw(p []byte) bool {
	b.Put(p)
	return len(p) > 0
}

// yes writes a boolean, and returns it.
func (b *builder) yes(v bool) bool {
	b.Dst = rawjson.AppendBool(b.Dst, v)
	return true
}

func (b *builder) count(n int64) bool {
	if n > 0 {
		b.Dst = rawjson.AppendInt(b.Dst, n)
	}
	return n > 0
}

func (b *builder) stop() bool {
	if len(b.r.Stop) == 0 {
		return false
	}
	b.Raw(`[`)
	for _, s := range b.r.Stop {
		b.Comma()
		b.Str(s)
	}
	b.Raw(`]`)
	return true
}

// format writes the form of the answer as OpenAI has it.
func (b *builder) format() bool {
	f := &b.r.Format
	switch f.Kind {
	case chat.FormatText:
		return false
	case chat.FormatJSON:
		b.Raw(`{"type":"json_object"}`)
		return true
	}
	b.Raw(`{"type":"json_schema","json_schema":{`)
	if len(f.Name) > 0 {
		b.Text("name", f.Name)
	} else {
		b.Const("name", `"response"`)
	}
	if len(f.Description) > 0 {
		b.Text("description", f.Description)
	}
	b.Value("schema", f.Schema)
	if f.Strict {
		b.Const("strict", "true")
	}
	b.Raw(`}}`)
	return true
}

// efforts are the words for how much to think.
var efforts = [...]string{
	chat.EffortNone: "none", chat.EffortMinimal: "minimal", chat.EffortLow: "low", chat.EffortMedium: "medium",
	chat.EffortHigh: "high", chat.EffortXHigh: "xhigh", chat.EffortMax: "max",
}

// level is how much to think; one that the model is to choose itself is a medium one.
func (b *builder) level() chat.Effort {
	level := b.r.Reasoning.Level()
	if level == chat.EffortUnset && b.r.Reasoning.Adaptive {
		level = chat.EffortMedium
	}
	return level
}

func (b *builder) effort() bool {
	level := b.level()
	b.Raw(efforts[level])
	return level != chat.EffortUnset
}

func (b *builder) budget() bool {
	level := b.level()
	if level == chat.EffortUnset {
		return false
	}
	n := b.r.Reasoning.Tokens()
	if n == 0 && level != chat.EffortNone {
		n = chat.Reasoning{Effort: level}.Tokens()
	}
	b.Dst = rawjson.AppendInt(b.Dst, n)
	return true
}
