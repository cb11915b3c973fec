package anthropic

import (
	"bytes"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// A form is how an answer of a given format is had.
type form uint8

const (
	formNone   form = iota
	formNative      // output_config.format
	formTool        // a tool that must be called, whose input is the answer
	formAsked       // an instruction
)

// answerTool is the tool of formTool. A decoder knows it by its name, so that no
// state has to go with a request to its answer.
const answerTool = "postern_json_answer"

const (
	answerAbout = "Give the answer by calling this tool. Its input is the whole answer: a JSON object with the members that were asked for."
	answerAsk   = "Answer with one JSON object and nothing else: no code fence, no text before or after it."
	anyObject   = `{"type":"object","properties":{}}`
)

// chooseForm picks the API's own structured output where a schema is given and the
// model has it. Without a schema, or such a model, it is a forced tool, unless
// thinking is asked for or an answer continued, which rule force out; then an
// instruction is all that is left.
func (b *builder) chooseForm() {
	f := &b.r.Format
	canForce := b.m.is(takesForced) && !b.prefills()
	switch {
	case f.Kind == chat.FormatText:
	case f.Kind == chat.FormatSchema && b.m.is(takesSchema):
		b.form = formNative
		if len(f.Description) > 0 {
			b.r.Drop("response_format.json_schema.description")
		}
	case f.Kind == chat.FormatSchema && canForce:
		b.form = formTool
	case f.Kind == chat.FormatSchema:
		b.fail(b.ours("output_config.format", "response_format"), "the model has no structured output that could hold a schema here")
	case canForce && b.r.Reasoning.Level() <= chat.EffortNone && !b.r.Reasoning.Adaptive:
		b.form = formTool
	default:
		b.form = formAsked
		b.r.Drop("response_format")
	}
}

// writeAnswerTool writes the tool of formTool.
func (b *builder) writeAnswerTool() {
	b.raw(`{"name":"` + answerTool + `","description":"` + answerAbout)
	if d := b.r.Format.Description; len(d) > 0 {
		b.raw(` `)
		b.dst = append(b.dst, d...)
	}
	b.raw(`","input_schema":`)
	b.inputSchema(b.r.Format.Schema)
	b.raw(`}`)
}

// inputSchema writes the parameters of a tool, which must be an object here: one that
// does not say so is told.
func (b *builder) inputSchema(schema chat.Raw) {
	if bytes.HasPrefix(schema, []byte(`{"type":"object"`)) { // nearly all
		b.dst = append(b.dst, schema...)
		return
	}
	if schema == nil || string(schema) == "null" || b.doc.Parse(schema) != nil {
		b.raw(anyObject)
		return
	}
	root := b.doc.Root()
	switch {
	case root.Get("type").Is("object"):
		b.dst = append(b.dst, schema...)
	case root.Kind() != rawjson.Object || root.Len() == 0:
		b.raw(anyObject)
	default:
		b.raw(`{"type":"object"`)
		for it := root.Members(); it.Next(); {
			k, v := it.Key, it.Value
			if !k.Is("type") {
				b.dst = append(append(append(append(b.dst, ','), k.Raw()...), ':'), v.Raw()...)
			}
		}
		b.raw(`}`)
	}
}
