package openaichat

import (
	"bytes"
	"slices"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// tools reads the tools. A type that the API does not have is a tool that some provider
// runs itself, in that provider's spelling; only the provider can say whether it knows it.
func (d *reader) tools(v rawjson.Value) {
	if v.Kind() != rawjson.Array {
		d.fail(wrongType(v, "an array of objects"))
		return
	}
	if v.Len() > mostTools {
		d.fail(tooLong(v, mostTools))
	}
	for it := v.Items(); it.Next(); {
		t := it.Value
		kind := d.need(d.object(t), "type")
		switch {
		case d.err != nil:
			return
		case kind.Is("function"):
			d.tool(t)
		case kind.Is("custom"):
			d.fail(unsupported(kind, "is 'custom', which is not supported with this model. Use a tool of type 'function'."))
		default:
			s := chat.ServerTool{Type: d.filled(kind), Raw: t.Raw(), At: t}
			if name := t.Get("name"); name.Kind() == rawjson.String {
				s.Name = d.text(name)
			}
			d.r.ServerTools = append(d.r.ServerTools, s)
		}
	}
}

func (d *reader) tool(v rawjson.Value) {
	tool := chat.Tool{At: v}
	f := d.object(d.need(v, "function"))
	for it := f.Members(); it.Next(); {
		k, m := it.Key, it.Value
		switch key := string(k.Bytes()); {
		case m.IsNull():
		case key == "name":
			tool.Name = d.filled(m)
		case key == "description":
			tool.Description = d.text(m)
		case key == "parameters":
			tool.Parameters = d.object(m).Raw()
		case key == "strict":
			tool.Strict = d.boolean(m)
		case key == "cache_control":
			tool.CacheControl = d.object(m).Raw()
		default:
			d.extra(k, m)
		}
	}
	for it := v.Members(); it.Next(); {
		k, m := it.Key, it.Value
		switch key := string(k.Bytes()); {
		case m.IsNull(), key == "type", key == "function":
		case key == "cache_control":
			tool.CacheControl = d.object(m).Raw()
		default:
			d.extra(k, m)
		}
	}
	if d.err == nil && tool.Name == nil {
		d.fail(missing(f, "name"))
	}
	d.r.Tools = append(d.r.Tools, tool)
}

func (d *reader) toolChoice(v rawjson.Value) {
	switch {
	case v.Kind() == rawjson.Object:
		d.namedChoice(v)
	case v.Is("auto"):
		d.r.Choice.Kind = chat.ChoiceAuto
	case v.Is("none"):
		d.r.Choice.Kind = chat.ChoiceNone
	case v.Is("required"), v.Is("any"): // as Mistral has it
		d.r.Choice.Kind = chat.ChoiceRequired
	case v.Kind() == rawjson.String:
		d.fail(badValue(v, "'none', 'auto', and 'required'"))
	default:
		d.fail(wrongType(v, "one of a string or object"))
	}
	if d.err == nil && d.r.Choice.Kind != chat.ChoiceNone && len(d.r.Tools) == 0 && len(d.r.ServerTools) == 0 {
		d.fail(invalid("", "tool_choice", "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified."))
	}
}

func (d *reader) namedChoice(v rawjson.Value) {
	kind := d.need(v, "type")
	switch {
	case d.err != nil:
	case kind.Is("function"):
		name := d.need(d.object(d.need(v, "function")), "name")
		d.r.Choice = chat.ToolChoice{Kind: chat.ChoiceTool, Name: d.filled(name)}
		if d.err == nil && d.find(d.r.Choice.Name) < 0 {
			d.fail(invalid("invalid_value", "tool_choice", "Invalid value for 'tool_choice': no function of this name in 'tools'."))
		}
	case kind.Is("allowed_tools"):
		d.allowedTools(d.object(d.need(v, "allowed_tools")))
	case kind.Is("custom"):
		d.fail(unsupported(kind, "is 'custom', which is not supported with this model."))
	default:
		d.text(kind)
		d.fail(badValue(kind, "'function', 'allowed_tools', and 'custom'"))
	}
}

// allowedTools keeps the tools that the choice allows: to a model that sees no others,
// it means the same.
func (d *reader) allowedTools(v rawjson.Value) {
	mode := d.need(v, "mode")
	list := d.need(v, "tools")
	switch {
	case d.err != nil:
		return
	case mode.Is("auto"):
		d.r.Choice.Kind = chat.ChoiceAuto
	case mode.Is("required"):
		d.r.Choice.Kind = chat.ChoiceRequired
	default:
		d.text(mode)
		d.fail(badValue(mode, "'auto' and 'required'"))
		return
	}
	if list.Kind() != rawjson.Array {
		d.fail(wrongType(list, "an array of objects"))
		return
	}
	allowed := make([]bool, len(d.r.Tools))
	for it := list.Items(); it.Next(); {
		t := it.Value
		name := d.filled(d.need(d.object(d.need(d.object(t), "function")), "name"))
		if d.err != nil {
			return
		}
		i := d.find(name)
		if i < 0 {
			d.fail(invalid("invalid_value", "tool_choice", "Invalid value for 'tool_choice': an allowed tool is not in 'tools'."))
			return
		}
		allowed[i] = true
	}
	i := -1
	d.r.Tools = slices.DeleteFunc(d.r.Tools, func(chat.Tool) bool {
		i++
		return !allowed[i]
	})
}

// find is the place of the tool with this name, -1 if there is none.
func (d *reader) find(name chat.Text) int {
	return slices.IndexFunc(d.r.Tools, func(t chat.Tool) bool { return bytes.Equal(t.Name, name) })
}
