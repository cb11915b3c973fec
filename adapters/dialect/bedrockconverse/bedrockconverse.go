// Package bedrockconverse is the client side of Amazon Bedrock's Converse and
// ConverseStream: it reads their requests into the neutral form and writes answers, event
// streams and errors as the API does.
//
// The format is that of
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html and
// API_runtime_ConverseStream.html, and of the service model that AWS's SDKs are made from
// (botocore's bedrock-runtime, 2023-09-30). The model stands in the path. Of the fields
// that only models know, those are read that others have, too: a top k, thinking, an
// effort.
//
// Guardrails and prompts that AWS keeps are refused: no other provider has them, and the
// answer would be another. What the neutral form has no place for is listed in
// Request.Extra.
package bedrockconverse

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/fields"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// Name is the dialect's name, as in Request.Dialect.
const Name = "bedrock"

// Reader reads requests.
type Reader struct{}

// Writer writes answers.
type Writer struct{}

var (
	_ adapters.Reader = Reader{}
	_ adapters.Writer = Writer{}
)

// ReadRequest fills r from a request. Whether it wants a stream stands in the path.
func (Reader) ReadRequest(request rawjson.Value, r *chat.Request) *chat.Error {
	r.Dialect = Name
	d := reader{fields.Reader{R: r}}
	d.Need(request, "messages")
	if s := request.Get("system"); s.Len() > 0 {
		r.Begin(chat.System).At = s
		d.Items(s, d.part)
	}
	d.Each(request, d.member)
	return d.Err
}

// A reader reads one request. Its first error sticks.
type reader struct{ fields.Reader }

func (d *reader) member(k, v rawjson.Value) {
	r := d.R
	switch string(k.Bytes()) {
	case "system":
	case "messages":
		if d.Array(v).Len() == 0 {
			d.Fail("invalid_value", v.Path(), "want at least one message")
		}
		d.Items(v, d.message)
	case "inferenceConfig":
		d.Each(v, d.inference)
	case "toolConfig":
		d.Each(v, d.toolConfig)
	case "additionalModelRequestFields":
		d.Each(v, d.additional)
	case "additionalModelResponseFieldPaths":
		if v.Len() != 1 || !v.At(0).Is("/stop_sequence") { // which is told anyway
			d.Extra(k, v)
		}
	case "outputConfig":
		d.Each(v, d.output)
	case "requestMetadata":
		d.FillObject(&r.Metadata, v)
	case "serviceTier":
		d.Fill(&r.ServiceTier, v, "type")
	case "performanceConfig":
		if !v.Get("latency").Is("standard") {
			d.Extra(k, v)
		}
	case "guardrailConfig", "promptVariables":
		d.Unsupported(v, "is something that AWS keeps, and the model is served by another provider")
	default:
		d.Extra(k, v)
	}
}

func (d *reader) inference(k, v rawjson.Value) {
	r := d.R
	switch string(k.Bytes()) {
	case "maxTokens":
		r.MaxTokens = d.Integer(v, 1)
	case "temperature":
		d.FillNumber(&r.Temperature, v)
	case "topP":
		d.FillNumber(&r.TopP, v)
	case "stopSequences":
		d.Stops(v)
	default:
		d.Extra(k, v)
	}
}

// additional reads what models of several makers know under these names: Claude's,
// Nova's, and those of whoever has an effort.
func (d *reader) additional(k, v rawjson.Value) {
	r := d.R
	switch string(k.Bytes()) {
	case "top_k", "topK":
		d.FillNumber(&r.TopK, v)
	case "inferenceConfig":
		d.Each(v, d.additional)
	case "thinking":
		switch kind := d.Need(d.Object(v), "type"); {
		case kind.Is("enabled"):
			r.Reasoning.Budget = d.Integer(d.Need(v, "budget_tokens"), 1)
		case kind.Is("adaptive"):
			r.Reasoning.Adaptive = true
		case kind.Is("disabled"):
			r.Reasoning.Effort = chat.EffortNone
		default:
			d.Wrong(kind, "'enabled', 'adaptive' or 'disabled'")
		}
		d.FillIf(&r.Reasoning.Summary, v, "display")
	case "reasoningConfig":
		switch kind := d.Need(d.Object(v), "type"); {
		case kind.Is("enabled"):
			d.effort(v.Get("maxReasoningEffort"))
		case kind.Is("disabled"):
			r.Reasoning.Effort = chat.EffortNone
		default:
			d.Wrong(kind, "'enabled' or 'disabled'")
		}
	case "reasoning_effort":
		d.effort(v)
	case "output_config":
		d.Each(v, d.claudeOutput)
	default:
		d.Extra(k, v)
	}
}

// claudeOutput reads Claude's own words for what outputConfig says.
func (d *reader) claudeOutput(k, v rawjson.Value) {
	switch string(k.Bytes()) {
	case "effort":
		d.effort(v)
	case "format":
		if kind := d.Need(d.Object(v), "type"); !kind.Is("json_schema") {
			d.Wrong(kind, "'json_schema'")
		}
		f := &d.R.Format
		f.Kind, f.Strict = chat.FormatSchema, true
		d.FillObject(&f.Schema, d.Need(v, "schema"))
	default:
		d.Extra(k, v)
	}
}

// efforts are the names of efforts, from none on.
var efforts = [...]string{"none", "minimal", "low", "medium", "high", "xhigh", "max"}

func (d *reader) effort(v rawjson.Value) {
	for i, name := range efforts {
		if v.Is(name) {
			d.R.Reasoning.Effort = chat.EffortNone + chat.Effort(i)
			return
		}
	}
	d.Wrong(v, "'none', 'minimal', 'low', 'medium', 'high', 'xhigh' or 'max'")
}

// output reads the form of the answer: a schema is a document in a string, which the
// model is held to.
func (d *reader) output(k, v rawjson.Value) {
	switch string(k.Bytes()) {
	case "effort":
		d.effort(v)
	case "textFormat":
		s := v.Find("structure", "jsonSchema")
		f := &d.R.Format
		f.Kind, f.Strict = chat.FormatSchema, true
		d.FillIf(&f.Name, s, "name")
		d.FillIf(&f.Description, s, "description")
		var text chat.Text
		d.Fill(&text, s, "schema")
		f.Schema = rawjson.AppendUnescaped(nil, text)
		var doc rawjson.Doc
		if d.Err == nil && (doc.Parse(f.Schema) != nil || doc.Root().Kind() != rawjson.Object) {
			d.Wrong(s.Get("schema"), "a JSON Schema, an object")
		}
	default:
		d.Extra(k, v)
	}
}

func (d *reader) toolConfig(k, v rawjson.Value) {
	switch string(k.Bytes()) {
	case "tools":
		d.Items(v, d.tool)
	case "toolChoice":
		d.Each(v, d.choice)
	default:
		d.Extra(k, v)
	}
}

func (d *reader) choice(k, v rawjson.Value) {
	c := &d.R.Choice
	switch string(k.Bytes()) {
	case "auto":
		c.Kind = chat.ChoiceAuto
	case "any":
		c.Kind = chat.ChoiceRequired
	case "tool":
		c.Kind = chat.ChoiceTool
		d.Fill(&c.Name, v, "name")
	default:
		d.Unsupported(v, "want 'auto', 'any' or 'tool'")
	}
}

func (d *reader) tool(t rawjson.Value) { d.Each(t, d.toolMember) }

// mostTools bounds the tools of one request.
const mostTools = 1 << 10

func (d *reader) toolMember(k, v rawjson.Value) {
	r := d.R
	switch string(k.Bytes()) {
	case "toolSpec":
		if len(r.Tools) == mostTools {
			d.Fail("invalid_value", v.Path(), "there are too many tools")
			return
		}
		r.Tools = append(r.Tools, chat.Tool{})
		t := &r.Tools[len(r.Tools)-1]
		t.At = v
		d.Fill(&t.Name, v, "name")
		d.FillIf(&t.Description, v, "description")
		if s := v.Get("strict"); s.Exists() {
			t.Strict = d.Bool(s)
		}
		d.FillObject(&t.Parameters, v.Find("inputSchema", "json"))
		d.Rest(v, "name", "description", "inputSchema", "strict")
	case "cachePoint":
		if n := len(r.Tools); n > 0 {
			r.Tools[n-1].CacheControl = d.hint(v)
		} else {
			r.DropAt(v.Path)
		}
	default: // of tools that AWS runs itself
		d.Unsupported(v, "is run by another provider, not by this one")
	}
}

// hint is a cache point in the neutral spelling.
func (d *reader) hint(v rawjson.Value) chat.Raw {
	if d.Object(v).Get("ttl").Is("1h") {
		return chat.Raw(`{"type":"ephemeral","ttl":"1h"}`)
	}
	return chat.Raw(`{"type":"ephemeral"}`)
}
