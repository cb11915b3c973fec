package geminigenerate

import (
	"math"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

func (d *reader) read(request rawjson.Value) {
	r := d.r
	r.Dialect = Name
	r.IncludeUsage = true // a stream always reports its usage here
	if !d.is(request, rawjson.Object, "an object") {
		return
	}
	if s := get(request, "systemInstruction"); s.Exists() {
		d.system(s)
	}
	for it := request.Cursor(); it.Next(); {
		k, v := it.Key, it.Value
		if d.err != nil {
			return
		}
		if name := camel(k); !k.Is(name) && request.Get(name).Exists() {
			d.failAt(v.Path(), "is given in both spellings")
		} else if !v.IsNull() {
			d.field(k, v)
		}
	}
	if !get(request, "contents").Exists() {
		d.fail(request, "contents", "contents is not specified")
	}
	d.narrow()
}

// field reads one member of the request.
func (d *reader) field(k, v rawjson.Value) {
	r := d.r
	switch camel(k) {
	case "systemInstruction":
	case "model": // which the path names, too
		r.Model = d.model(v)
	case "contents":
		d.contents(v)
	case "tools":
		d.each(v, d.tool)
	case "toolConfig":
		d.toolConfig(v)
	case "generationConfig":
		if d.is(v, rawjson.Object, "an object") {
			for it := v.Cursor(); it.Next(); {
				k, m := it.Key, it.Value
				if !m.IsNull() && d.err == nil {
					d.config(k, m)
				}
			}
		}
	case "cachedContent":
		d.refuse(v, "cached content is kept by Google: another provider would not see it")
	case "continuationToken":
		d.refuse(v, "another provider cannot go on with what Google has begun")
	case "serviceTier":
		if r.ServiceTier = d.text(v); v.Is("standard") {
			r.ServiceTier = chat.Text("default")
		}
	case "store":
		d.bool(v)
		r.Store = v.Raw()
	default:
		d.extra(k, v)
	}
}

// model is a name without its collection.
func (d *reader) model(v rawjson.Value) string {
	const collection = "models/"
	d.text(v)
	s := v.Str()
	if len(s) > len(collection) && s[:len(collection)] == collection {
		s = s[len(collection):]
	}
	return s
}

// config reads one member of the generationConfig.
func (d *reader) config(k, v rawjson.Value) {
	r := d.r
	switch camel(k) {
	case "temperature":
		r.Temperature = d.number(v)
	case "topP":
		r.TopP = d.number(v)
	case "topK":
		r.TopK = d.number(v)
	case "candidateCount":
		r.N = d.integer(v, 1, mostChoices)
	case "maxOutputTokens":
		r.MaxTokens = d.integer(v, 1, math.MaxInt32)
	case "stopSequences":
		d.stops(v)
	case "seed":
		d.integer(v, math.MinInt32, math.MaxInt32)
		r.Seed = d.number(v)
	case "presencePenalty":
		r.PresencePenalty = d.number(v)
	case "frequencyPenalty":
		r.FrequencyPenalty = d.number(v)
	case "responseLogprobs":
		r.Logprobs = d.bool(v)
	case "logprobs":
		d.integer(v, 0, 20)
		r.TopLogprobs = d.number(v)
	case "thinkingConfig":
		d.thinking(v)
	case "responseModalities":
		d.modalities(v)
	case "responseMimeType":
		d.format(v)
	case "responseSchema":
		if d.is(v, rawjson.Object, "a schema, an object") {
			r.Format.Schema = appendSchema(nil, v)
		}
	case "responseJsonSchema":
		if d.is(v, rawjson.Object, "a JSON Schema, an object") {
			r.Format.Schema = v.Raw()
		}
	default:
		d.extra(k, v)
	}
}

func (d *reader) stops(v rawjson.Value) {
	if !d.is(v, rawjson.Array, "an array of strings") {
		return
	}
	for it := v.Cursor(); it.Next(); {
		s := it.Value
		d.r.Stop = append(d.r.Stop, d.text(s))
	}
}

// thinking reads how the model is to think. Thoughts are only shown to who asks for them.
func (d *reader) thinking(v rawjson.Value) {
	if !d.is(v, rawjson.Object, "an object") {
		return
	}
	t := &d.r.Reasoning
	shown := false
	for it := v.Cursor(); it.Next(); {
		k, m := it.Key, it.Value
		switch name := camel(k); {
		case m.IsNull():
		case name == "includeThoughts":
			shown = d.bool(m)
		case name == "thinkingBudget":
			switch n := d.integer(m, -1, math.MaxInt32); n {
			case -1:
				t.Adaptive = true
			case 0:
				t.Effort = chat.EffortNone
			default:
				t.Budget = n
			}
		case name == "thinkingLevel":
			if i := d.oneOf(m, "THINKING_LEVEL_UNSPECIFIED MINIMAL LOW MEDIUM HIGH"); i > 0 {
				t.Effort = chat.EffortNone + chat.Effort(i)
			}
		default:
			d.extra(k, m)
		}
	}
	unsaid := t.Level() == chat.EffortUnset && !t.Adaptive
	switch {
	case shown:
		t.Adaptive = t.Adaptive || unsaid
		t.Summary = chat.Text("auto")
	case !unsaid && t.Effort != chat.EffortNone:
		t.Summary = chat.Text("omitted")
	}
}

// modalities are what the answer may be: text, of all that every provider has.
func (d *reader) modalities(v rawjson.Value) {
	if !d.is(v, rawjson.Array, "an array of strings") {
		return
	}
	for it := v.Cursor(); it.Next(); {
		m := it.Value
		if d.oneOf(m, "MODALITY_UNSPECIFIED TEXT IMAGE AUDIO VIDEO") > 1 {
			d.refuse(m, "answers are text here")
		}
	}
}

// format reads the form of the answer. Its schema may stand before or behind it.
func (d *reader) format(v rawjson.Value) {
	switch {
	case !d.is(v, rawjson.String, "a string"):
	case v.Is("application/json"):
		d.r.Format.Kind = chat.FormatJSON
	case v.Is("text/plain"), v.Is(""):
	default:
		d.refuse(v, "want text/plain or application/json")
	}
}

// narrow finishes what needs the whole request: the form of the answer, and which of the
// functions may be called. This API names them beside the tools; to others only those
// are told.
func (d *reader) narrow() {
	r := d.r
	if d.err != nil {
		return
	}
	if r.Format.Schema != nil {
		if r.Format.Kind != chat.FormatJSON {
			d.failAt("generationConfig.responseMimeType", "want application/json beside a schema")
			return
		}
		r.Format.Kind, r.Format.Strict = chat.FormatSchema, true
	}
	if r.TopLogprobs != nil && !r.Logprobs {
		d.failAt("generationConfig.logprobs", "want responseLogprobs beside it")
	}
	for i := range r.Tools {
		r.Tools[i].Strict = d.strict
	}
	if d.allowed.Len() == 0 {
		return
	}
	for it := d.allowed.Cursor(); it.Next(); {
		name := it.Value
		if !d.declared(name) {
			d.failAt(name.Path(), "names a function that is not declared")
			return
		}
	}
	if d.allowed.Len() == 1 && r.Choice.Kind == chat.ChoiceRequired {
		r.Choice.Kind, r.Choice.Name = chat.ChoiceTool, inner(d.allowed.At(0))
		return
	}
	kept := r.Tools[:0]
	for _, t := range r.Tools {
		for it := d.allowed.Cursor(); it.Next(); {
			name := it.Value
			if same(t.Name, inner(name)) {
				kept = append(kept, t)
				break
			}
		}
	}
	r.Tools = kept
}

func (d *reader) declared(name rawjson.Value) bool {
	for i := range d.r.Tools {
		if same(d.r.Tools[i].Name, inner(name)) {
			return true
		}
	}
	return false
}
