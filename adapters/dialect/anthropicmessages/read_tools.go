package anthropicmessages

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// tools reads the definitions. Those with a type are Anthropic's own; whether it runs
// them or the client does, no other model knows them.
func (d *reader) tools(v rawjson.Value) {
	if !d.is(v, rawjson.Array, "an array of tools") {
		return
	}
	for it := v.Items(); it.Next(); {
		t := it.Value
		if !d.is(t, rawjson.Object, "a tool, an object") {
			return
		}
		kind := t.Get("type")
		if kind.Exists() && !kind.IsNull() && !kind.Is("custom") {
			d.r.ServerTools = append(d.r.ServerTools, chat.ServerTool{Type: d.text(kind), Name: stringOrNil(t.Get("name")), Raw: t.Raw(), At: t})
			continue
		}
		d.tool(t)
	}
}

//go:noinline
func stringOrNil(v rawjson.Value) chat.Text {
	raw := v.Raw()
	if v.Kind() != rawjson.String {
		return nil
	}
	return raw[1 : len(raw)-1 : len(raw)-1]
}

func (d *reader) tool(t rawjson.Value) {
	out := chat.Tool{At: t}
	for it := t.Members(); it.Next(); {
		k, v := it.Key, it.Value
		switch {
		case k.Is("type"), v.IsNull():
		case k.Is("name"):
			out.Name = d.text(v)
		case k.Is("description"):
			out.Description = d.text(v)
		case k.Is("input_schema"):
			if d.is(v, rawjson.Object, "a JSON Schema, an object") {
				out.Parameters = v.Raw()
			}
		case k.Is("strict"):
			out.Strict = d.bool(v)
		case k.Is("cache_control"):
			out.CacheControl = v.Raw()
		default:
			d.extra(k, v)
		}
	}
	switch {
	case len(out.Name) == 0:
		d.fail(t, "name", "field required: a string")
	case out.Parameters == nil:
		d.fail(t, "input_schema", "field required: an object")
	}
	d.r.Tools = append(d.r.Tools, out)
}

func (d *reader) toolChoice(v rawjson.Value) {
	if !d.is(v, rawjson.Object, "an object") {
		return
	}
	c := &d.r.Choice
	switch kind := v.Get("type"); {
	case kind.Is("auto"):
		c.Kind = chat.ChoiceAuto
	case kind.Is("any"):
		c.Kind = chat.ChoiceRequired
	case kind.Is("none"):
		c.Kind = chat.ChoiceNone
	case kind.Is("tool"):
		c.Kind = chat.ChoiceTool
		if c.Name = stringOrNil(v.Get("name")); len(c.Name) == 0 {
			d.fail(v, "name", "field required: a string")
		}
	default:
		d.fail(v, "type", "want auto, any, tool or none")
	}
	if s := v.Get("disable_parallel_tool_use"); s.Exists() {
		d.r.SequentialTools = d.bool(s)
	}
}
