package anthropic

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

const (
	maxToolName = 128
	maxStrict   = 20 // strict tools that one request may have
)

// tools writes the definitions of all tools.
func (b *builder) tools() {
	r := b.r
	if len(r.Tools)+len(r.ServerTools) == 0 && b.form != formTool {
		return
	}
	strict := 0
	for i := range r.Tools {
		if r.Tools[i].Strict {
			strict++
		}
	}
	b.raw(`,"tools":[`)
	start := len(b.dst)
	for i := range r.Tools {
		b.separate(start)
		b.tool(&r.Tools[i], b.m.is(takesSchema) && strict <= maxStrict)
	}
	for i := range r.ServerTools {
		t := &r.ServerTools[i]
		if r.Dialect != dialectName {
			b.fail(toolPath(t.At), "Anthropic has no tool of this type that it runs itself")
			return
		}
		b.separate(start)
		b.dst = append(b.dst, t.Raw...)
	}
	if b.form == formTool {
		b.separate(start)
		b.writeAnswerTool()
	}
	b.raw(`]`)
}

//go:noinline
func toolPath(at rawjson.Value) string {
	if p := at.Path(); p != "" {
		return p
	}
	return "tools"
}

func (b *builder) tool(t *chat.Tool, canStrict bool) {
	switch {
	case !isName(t.Name) || len(t.Name) > maxToolName:
		b.fail(toolPath(t.At), "want a tool's name of 1 to 128 letters, digits, hyphens and underscores")
		return
	case string(t.Name) == answerTool:
		b.fail(toolPath(t.At), "the name "+answerTool+" is the gateway's own")
		return
	}
	b.raw(`{"name":`)
	b.str(t.Name)
	if len(t.Description) > 0 {
		b.member("description", t.Description)
	}
	b.raw(`,"input_schema":`)
	if t.Strict && canStrict && t.Parameters != nil {
		b.schema(t.Parameters, toolPath(t.At)+b.ours(".input_schema", ".function.parameters"))
		b.raw(`,"strict":true`)
	} else {
		b.inputSchema(t.Parameters)
		if t.Strict {
			b.r.DropAt(func() string { return toolPath(t.At) + b.ours(".strict", ".function.strict") })
		}
	}
	b.cacheControl(t.CacheControl)
	b.raw(`}`)
}

// forces reports whether a tool must be called.
func (b *builder) forces() bool {
	return b.form == formTool || b.r.Choice.Kind == chat.ChoiceRequired || b.r.Choice.Kind == chat.ChoiceTool
}

// toolChoice writes tool_choice, which may only stand where there are tools.
func (b *builder) toolChoice() {
	r, c := b.r, &b.r.Choice
	own := len(r.Tools) + len(r.ServerTools)
	if b.form == formTool {
		if own == 0 || c.Kind == chat.ChoiceNone {
			b.raw(`,"tool_choice":{"type":"tool","name":"` + answerTool + `"}`)
			return
		}
		b.raw(`,"tool_choice":{"type":"any"`)
		b.sequential()
		return
	}
	if own == 0 {
		if b.forces() {
			b.fail("tool_choice", "there are no tools to choose from")
		}
		return
	}
	if b.forces() && !b.m.is(takesForced) {
		b.fail("tool_choice", "the model decides by itself whether it calls tools; say auto or none")
		return
	}
	switch c.Kind {
	case chat.ChoiceNone:
		b.raw(`,"tool_choice":{"type":"none"}`)
	case chat.ChoiceRequired:
		b.raw(`,"tool_choice":{"type":"any"`)
		b.sequential()
	case chat.ChoiceTool:
		if !b.hasTool(c.Name) {
			b.fail("tool_choice", "names a tool that is not among the tools")
			return
		}
		b.raw(`,"tool_choice":{"type":"tool","name":`)
		b.str(c.Name)
		b.sequential()
	default:
		if c.Kind == chat.ChoiceAuto || r.SequentialTools {
			b.raw(`,"tool_choice":{"type":"auto"`)
			b.sequential()
		}
	}
}

// sequential ends a tool_choice.
func (b *builder) sequential() {
	if b.r.SequentialTools {
		b.raw(`,"disable_parallel_tool_use":true`)
	}
	b.raw(`}`)
}

func (b *builder) hasTool(name chat.Text) bool {
	for i := range b.r.Tools {
		if same(b.r.Tools[i].Name, name) {
			return true
		}
	}
	for i := range b.r.ServerTools {
		if same(b.r.ServerTools[i].Name, name) {
			return true
		}
	}
	return false
}

// cacheControl keeps a cache hint, which clients of other dialects may give, too.
func (b *builder) cacheControl(raw chat.Raw) {
	if len(raw) > 0 && raw[0] == '{' {
		b.value("cache_control", raw)
	}
}
