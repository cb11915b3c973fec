package openairesponses

import (
	"bytes"
	"slices"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// mostTools is far above what the API takes. mostName bounds what an error repeats.
const (
	mostTools = 1 << 10
	mostName  = 40
)

func (d *reader) tools(v rawjson.Value) {
	if d.Array(v).Len() > mostTools {
		d.Fail("invalid_value", "tools", "there are too many")
	}
	d.Items(v, func(t rawjson.Value) {
		kind := d.Need(d.Object(t), "type")
		switch word(kind, "function custom") {
		case 0:
			d.tool(t)
		case 1:
			d.custom(t)
		default:
			name := string(d.Filled(kind))
			d.Unsupported(kind, "a tool of type "+name[:min(len(name), mostName)]+" is run by OpenAI itself, which this model is not at; use tools of type function or custom")
		}
	})
}

func (d *reader) tool(v rawjson.Value) {
	tool := d.named(v)
	if p, ok := said(v, "parameters"); ok {
		tool.Parameters = d.Object(p).Raw()
	}
	if s, ok := said(v, "strict"); ok {
		tool.Strict = d.Bool(s)
	}
	d.rest(v, "type name description parameters strict")
}

// named begins a tool.
//
//go:noinline
func (d *reader) named(v rawjson.Value) *chat.Tool {
	d.R.Tools = append(d.R.Tools, chat.Tool{At: v, Name: d.filled(v, "name"), Description: d.Optional(v, "description")})
	return &d.R.Tools[len(d.R.Tools)-1]
}

// What a tool is elsewhere that takes a text here: a function whose one argument is the
// text.
const (
	textParameters = `{"type":"object","properties":{"input":{"type":"string","description":"The text that the tool takes, as it is."}},"required":["input"],"additionalProperties":false}`
	textBegin      = `{"input":"`
	textEnd        = `"}`
)

// custom reads a tool that takes a text. That the text follows a grammar can only be
// asked for.
func (d *reader) custom(v rawjson.Value) {
	tool := d.named(v)
	tool.Parameters = chat.Raw(textParameters)
	if f, ok := said(v, "format"); ok {
		switch kind := d.Need(d.Object(f), "type"); word(kind, "text grammar") {
		case 0:
		case 1:
			b := rawjson.Builder{Dst: rawjson.AddRaw(nil, tool.Description)}
			if len(b.Dst) > 0 {
				b.Raw(`\n\n`)
			}
			b.Raw(`The text has to follow this grammar, whose syntax is `)
			b.Put(d.filled(f, "syntax"))
			b.Raw(`:\n`)
			b.Put(d.filled(f, "definition"))
			tool.Description = b.Dst
			d.drop(f)
		default:
			d.Wrong(kind, "'text' or 'grammar'")
		}
	}
	d.rest(v, "type name description format")
	texts := rawjson.Builder{Dst: d.R.Texts}
	texts.Put(tool.Name)
	texts.Raw("\n")
	d.R.Texts = texts.Dst
}

// toolChoice reads the choice once the tools are known.
func (d *reader) toolChoice(v rawjson.Value) {
	c := &d.R.Choice
	if v.Kind() == rawjson.Object {
		switch kind := d.Need(v, "type"); word(kind, "function allowed_tools custom") {
		case 0, 2:
			*c = chat.ToolChoice{Kind: chat.ChoiceTool, Name: d.filled(v, "name")}
			d.find(c.Name)
		case 1:
			d.allowed(v)
		default:
			d.Unsupported(kind, "want 'function', 'custom' or 'allowed_tools'; others are of tools that OpenAI runs itself")
		}
	} else if i := word(v, "auto none required"); i >= 0 {
		c.Kind = chat.ChoiceAuto + chat.ChoiceKind(i)
	} else {
		d.Wrong(v, "'auto', 'none', 'required' or an object")
	}
	if d.Err == nil && c.Kind > chat.ChoiceNone && len(d.R.Tools) == 0 {
		d.Fail("invalid_value", "tool_choice", "there are no tools to choose from")
	}
}

// find is the place of the tool with this name.
func (d *reader) find(name chat.Text) int {
	i := slices.IndexFunc(d.R.Tools, func(t chat.Tool) bool { return bytes.Equal(t.Name, name) })
	if i < 0 {
		d.Fail("invalid_value", "tool_choice", "there is no tool of this name")
	}
	return i
}

// allowed keeps the tools that the choice allows: to a model that sees no others, it
// means the same.
func (d *reader) allowed(v rawjson.Value) {
	mode := d.Need(v, "mode")
	switch word(mode, "auto required") {
	case 0:
		d.R.Choice.Kind = chat.ChoiceAuto
	case 1:
		d.R.Choice.Kind = chat.ChoiceRequired
	default:
		d.Wrong(mode, "'auto' or 'required'")
	}
	kept := make([]bool, len(d.R.Tools))
	list := d.Need(v, "tools")
	if d.Err == nil {
		d.Items(list, func(t rawjson.Value) {
			if i := d.find(d.Filled(d.Need(d.Object(t), "name"))); i >= 0 {
				kept[i] = true
			}
		})
	}
	i := -1
	d.R.Tools = slices.DeleteFunc(d.R.Tools, func(chat.Tool) bool {
		i++
		return !kept[i]
	})
}
