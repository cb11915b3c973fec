package bedrock

import (
	"github.com/postern-gateway/postern/adapters/anthropic"
	"github.com/postern-gateway/postern/adapters/chat"
)

const badName = "want a tool's name of 1 to 64 letters, digits, hyphens and underscores"

// isName reports whether a text is a name as tools and calls have them here.
func isName(t chat.Text) bool {
	for _, c := range t {
		if c|0x20-'a' > 25 && c-'0' > 9 && c != '_' && c != '-' {
			return false
		}
	}
	return len(t) > 0 && len(t) <= 64
}

// noTool stands for the tools where the history has calls, with which this API wants some
// to be declared, and none may be called: it knows no choice "none"
// (https://github.com/langgenius/dify/issues/17545). Should the model call it after all,
// the answer is without that call. A decoder knows it by its name.
const noTool = "postern_no_tool"

const noToolSpec = `{"toolSpec":{"name":"` + noTool + `","description":"No tool can be used now. Do not call this one; answer in words.","inputSchema":{"json":{"type":"object","properties":{}}}}}`

// tools writes the declarations of tools, and which may or must be called.
func (b *builder) tools() {
	r := b.R
	tool := b.manner.Form == anthropic.FormTool
	declared := len(r.Tools) > 0 && b.choice != chat.ChoiceNone
	if !declared && !tool && !b.talks {
		b.choosable()
		return
	}
	b.begin("toolConfig", `{`)
	b.begin("tools", `[`)
	for i := range r.Tools {
		if declared {
			b.tool(&r.Tools[i])
		}
	}
	switch {
	case tool:
		b.answerTool()
	case !declared:
		b.choosable()
		b.Raw(noToolSpec)
	}
	b.Raw(`]`)
	b.chooseTool(declared, tool)
	b.Raw(`}`)
}

// choosable fails for a choice where there is nothing to choose from.
func (b *builder) choosable() {
	if b.choice == chat.ChoiceRequired || b.choice == chat.ChoiceTool {
		b.Fail("tool_choice", "there are no tools to choose from")
	}
}

// toolPath is where a tool stood.
//
//go:noinline
func toolPath(t *chat.Tool) string {
	if p := t.At.Path(); p != "" {
		return p
	}
	return "tools"
}

func (b *builder) tool(t *chat.Tool) {
	switch {
	case !isName(t.Name):
		b.Fail(toolPath(t), badName)
	case string(t.Name) == anthropic.AnswerTool || string(t.Name) == noTool:
		b.Fail(toolPath(t), "the name is the gateway's own")
	}
	b.wrap("toolSpec")
	b.Text("name", t.Name)
	if len(t.Description) > 0 {
		b.Text("description", t.Description)
	}
	b.begin("inputSchema", `{`)
	b.Key("json")
	strict := t.Strict && b.manner.Strict && t.Parameters != nil
	if strict {
		var e *chat.Error
		if b.Dst, e = anthropic.AppendSchema(b.Dst, b.R, t.Parameters, toolPath(t)+b.Said(".function.parameters", ".input_schema")); e != nil && b.Err == nil {
			b.Err = e
		}
	} else {
		b.Dst = anthropic.AppendParameters(b.Dst, t.Parameters)
	}
	b.Raw(`}`)
	if strict {
		b.Raw(`,"strict":true`)
	} else if t.Strict {
		b.R.DropAt(func() string { return toolPath(t) + b.Said(".function.strict", ".strict") })
	}
	b.Raw(`}}`)
	b.cachePoint(t.CacheControl, cachesTools)
}

// answerTool writes the tool whose input is the answer.
func (b *builder) answerTool() {
	b.wrap("toolSpec")
	b.word("name", anthropic.AnswerTool)
	b.word("description", anthropic.AnswerAbout)
	if d := b.R.Format.Description; len(d) > 0 {
		b.Dst[len(b.Dst)-1] = ' '
		b.Put(d)
		b.Raw(`"`)
	}
	b.begin("inputSchema", `{`)
	b.Key("json")
	b.Dst = anthropic.AppendParameters(b.Dst, b.R.Format.Schema)
	b.Raw(`}}}`)
}

// chooseTool writes toolChoice; the model decides by itself where there is none.
func (b *builder) chooseTool(declared, tool bool) {
	switch {
	case tool && !declared:
		b.Raw(`,"toolChoice":{"tool":{"name":"` + anthropic.AnswerTool + `"}}`)
	case tool || declared && b.choice == chat.ChoiceRequired:
		b.Raw(`,"toolChoice":{"any":{}}`)
	case declared && b.choice == chat.ChoiceTool:
		found := false
		for i := range b.R.Tools {
			found = found || same(b.R.Tools[i].Name, b.R.Choice.Name)
		}
		if !found {
			b.Fail("tool_choice", "names a tool that is not among the tools")
		}
		b.Raw(`,"toolChoice":{"tool":{`)
		b.Text("name", b.R.Choice.Name)
		b.Raw(`}}`)
	}
}
