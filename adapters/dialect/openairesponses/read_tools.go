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
		switch {
		case d.Err != nil:
		case kind.Is("function"):
			d.tool(t)
		case kind.Is("custom"):
			d.Unsupported(kind, "this model takes no tools of type custom; use a tool of type function")
		default:
			name := string(d.Filled(kind))
			d.Unsupported(kind, "a tool of type "+name[:min(len(name), mostName)]+" is run by OpenAI itself, which this model is not at; use tools of type function")
		}
	})
}

func (d *reader) tool(v rawjson.Value) {
	tool := chat.Tool{At: v}
	d.Each(v, func(k, m rawjson.Value) {
		switch string(k.Bytes()) {
		case "type":
		case "name":
			tool.Name = d.Filled(m)
		case "description":
			tool.Description = d.Text(m)
		case "parameters":
			tool.Parameters = d.Object(m).Raw()
		case "strict":
			tool.Strict = d.Bool(m)
		default:
			d.drop(m)
		}
	})
	if d.Need(v, "name"); d.Err == nil {
		d.R.Tools = append(d.R.Tools, tool)
	}
}

// toolChoice reads the choice once the tools are known.
func (d *reader) toolChoice(v rawjson.Value) {
	c := &d.R.Choice
	kind := v
	if v.Kind() == rawjson.Object {
		kind = d.Need(v, "type")
	}
	switch {
	case d.Err != nil:
		return
	case v.Is("auto"):
		c.Kind = chat.ChoiceAuto
	case v.Is("none"):
		c.Kind = chat.ChoiceNone
	case v.Is("required"):
		c.Kind = chat.ChoiceRequired
	case kind.Is("function"):
		*c = chat.ToolChoice{Kind: chat.ChoiceTool, Name: d.Filled(d.Need(v, "name"))}
		d.find(c.Name)
	case kind.Is("allowed_tools"):
		d.allowed(v)
	case kind.Kind() == rawjson.String && v.Kind() == rawjson.Object:
		d.Unsupported(kind, "want 'function' or 'allowed_tools'; others are of tools that OpenAI runs itself")
	default:
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
	switch mode := d.Need(v, "mode"); {
	case mode.Is("auto"):
		d.R.Choice.Kind = chat.ChoiceAuto
	case mode.Is("required"):
		d.R.Choice.Kind = chat.ChoiceRequired
	case d.Err == nil:
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
