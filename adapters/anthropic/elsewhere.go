package anthropic

import "github.com/postern-gateway/postern/adapters/chat"

// A Form is how a model is made to answer in the form that was asked for.
type Form uint8

// Forms.
const (
	FormNone   = Form(formNone)
	FormNative = Form(formNative) // the API's own structured output
	FormTool   = Form(formTool)   // a tool called AnswerTool that must be called, whose input is the answer
	FormAsked  = Form(formAsked)  // in words: AnswerAsk
)

// What a FormTool and a FormAsked say to the model.
const (
	AnswerTool  = answerTool
	AnswerAbout = answerAbout
	AnswerAsk   = answerAsk
)

// A Manner is how one of the models has to be asked, for other APIs that serve it and
// have other names for the same things.
type Manner struct {
	Thinking                chat.Raw // value of thinking; nil: not said
	Effort                  string   // of output_config; empty: not said
	Form                    Form
	Strict                  bool // tools may be strict
	Temperature, TopP, TopK chat.Raw
}

// Ask decides how a model answers a request, and reports what it does not take. An empty
// name is that of any older model.
func Ask(name string, r *chat.Request) (Manner, *chat.Error) {
	b := builder{r: r, m: find(name)}
	b.decide()
	m := Manner{Effort: b.plan.effort, Form: Form(b.form), Strict: b.m.is(takesSchema)}
	if b.forces() && !b.m.is(takesForced) {
		b.fail("tool_choice", "the model decides by itself whether it calls tools; say auto or none")
	}
	if t := lastText(r.Messages); b.prefills() && !b.m.is(takesPrefill) && t != nil && !blank(t.Text) {
		b.fail(b.path(&r.Messages[len(r.Messages)-1], nil), "the model does not continue an answer; the last message must be the user's")
	}
	m.Temperature, m.TopP, m.TopK = b.samples()
	if b.think(); len(b.dst) > 0 {
		m.Thinking = b.dst
	}
	return m, b.err
}

// AppendSchema appends a JSON Schema as structured output takes it. path is where it
// stood, for what is dropped and wrong.
func AppendSchema(dst []byte, r *chat.Request, schema chat.Raw, path string) ([]byte, *chat.Error) {
	b := builder{dst: dst, r: r}
	b.schema(schema, path)
	return b.dst, b.err
}

// AppendParameters appends the JSON Schema of a tool's parameters as an object's.
func AppendParameters(dst []byte, schema chat.Raw) []byte {
	b := builder{dst: dst}
	b.inputSchema(schema)
	return b.dst
}

// IsBlank reports whether a text has nothing but white space.
func IsBlank(t chat.Text) bool { return blank(t) }

// TrimEnd is a text without the white space at its end.
func TrimEnd(t chat.Text) chat.Text { return trimEnd(t) }
