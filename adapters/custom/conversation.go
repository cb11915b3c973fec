package custom

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/strict"
)

// A conversation is how messages and tools are written.
type conversation struct {
	// Templates, nil where there is none. A call stands in its message's tool_calls if
	// that has the name, else in its content. A result is either a message of its own or
	// stands in the content of one.
	message, text, image, call, resultMessage, result, tool *node

	roles  [4]string // by chat.Role
	choice string    // whose form tool_choice has
	prompt [4]*node  // by chat.Role; the last is what ends a prompt
	marks  bool      // results say that they are errors
	names  bool      // messages say who speaks
	apart  bool      // so do calls stand: beside the content
	system bool      // and system messages: beside the others
}

// Forms of conversations.
const (
	likeOpenAI    = "openai"
	likeAnthropic = "anthropic"
	own           = "own"
)

// A builtin is a template of a form that is known.
type builtin struct {
	key, doc          string
	scope             scope
	openAI, anthropic string
}

var builtins = [...]builtin{
	{"message", "Template of a message, of role, content, name and tool_calls.", inMessage,
		`{"role":"{{role}}","name":"{{name}}","content":"{{content}}","tool_calls":"{{tool_calls}}"}`,
		`{"role":"{{role}}","content":"{{content}}"}`},
	{"text", "Template of a text in a content that has other parts too; none: texts stand alone.", inText,
		`{"type":"text","text":"{{text}}"}`, `{"type":"text","text":"{{text}}"}`},
	{"image", "Template of an image in a content, of url (a data URL if it has none), or of data and media_type; none: images are refused.", inImage,
		`{"type":"image_url","image_url":{"url":"{{url}}"}}`,
		`{"type":"image","source":{"type":"base64","media_type":"{{media_type}}","data":"{{data}}"}}`},
	{"tool_call", "Template of a call, of id, name, and arguments or arguments_text (JSON within a string); none: calls are refused.", inCall,
		`{"id":"{{id}}","type":"function","function":{"name":"{{name}}","arguments":"{{arguments_text}}"}}`,
		`{"type":"tool_use","id":"{{id}}","name":"{{name}}","input":"{{arguments}}"}`},
	{"tool_message", "Template of the message that is a tool's result, of id, name, content and is_error.", inResult,
		`{"role":"tool","tool_call_id":"{{id}}","content":"{{content}}"}`, ""},
	{"tool_result", "Template of a tool's result in the content of a user's message, in the place of tool_message.", inResult,
		"", `{"type":"tool_result","tool_use_id":"{{id}}","content":"{{content}}","is_error":"{{is_error}}"}`},
	{"tool", "Template of a tool, of name, description and parameters.", inTool,
		`{"type":"function","function":{"name":"{{name}}","description":"{{description}}","parameters":"{{parameters}}"}}`,
		`{"name":"{{name}}","description":"{{description}}","input_schema":"{{parameters}}"}`},
}

// at is where the template of a key is kept.
func (c *conversation) at(i int) **node {
	return [...]**node{&c.message, &c.text, &c.image, &c.call, &c.resultMessage, &c.result, &c.tool}[i]
}

// read reads the section messages.
func (c *conversation) read(o *strict.Object) {
	c.choice = o.Enum("form", "How {{messages}}, {{history}}, {{tools}} and {{tool_choice}} are written: as OpenAI or Anthropic do, or by the templates beside it.", likeOpenAI, likeOpenAI, likeAnthropic, own)
	mine := c.choice == own
	for i := range builtins {
		t := &builtins[i]
		n, used := template(o, t.key, t.doc, t.scope)
		if n != nil && !mine {
			o.Fail(t.key, "is for form: own")
		}
		source := t.openAI
		if c.choice == likeAnthropic {
			source = t.anthropic
		}
		if !mine && source != "" {
			n, used = builtIn(t.scope, source)
		}
		*c.at(i) = n
		c.marks = c.marks || used.has(nIsError)
		if t.scope == inMessage {
			c.names, c.apart = used.has(nName), used.has(nCalls)
		}
		if n != nil && t.scope&(inMessage|inResult) != 0 && !used.has(nContent) {
			o.Fail(t.key, "want {{content}} in it")
		}
	}
	for role, key := range roleNames {
		def := key
		if c.choice == likeAnthropic && chat.Role(role) == chat.ToolRole {
			def = roleNames[chat.User]
		}
		c.roles[role] = string(rawjson.AppendEscaped(nil, o.Str("role_"+key, "Word for the role of "+key+".", def)))
	}
	o.AtMostOne("tool_message", "tool_result")
	if c.text == nil && (c.image != nil || c.result != nil || c.call != nil && !c.apart) {
		o.Fail("text", "missing; beside other parts of a content a text needs a template")
	}
}

var roleNames = [...]string{chat.System: "system", chat.User: "user", chat.Assistant: "assistant", chat.ToolRole: "tool"}

// readPrompt reads the section prompt.
func (c *conversation) readPrompt(o *strict.Object) {
	for i, t := range [...]struct{ key, doc, def string }{
		{"system", "A system message, whose text is {{content}}.", "{{content}}\n\n"},
		{"user", "A message of the user's.", "User: {{content}}\n"},
		{"assistant", "An earlier answer.", "Assistant: {{content}}\n"},
		{"end", "What follows the last message.", "Assistant:"},
	} {
		c.prompt[i] = turn(o, t.key, t.doc, t.def)
	}
}

// list writes the messages from one on up to another.
func (b *builder) list(from, to int) bool {
	c := &b.a.talk
	list := b.r.Messages
	b.Raw(`[`)
	for i := from; i < to; {
		m, first := &list[i], i
		i++
		if len(m.Parts) == 0 || c.system && m.Role == chat.System {
			continue
		}
		b.message, b.before, b.parts = m, first, m.Parts
		if !listens(m) {
			b.element(c.message)
			continue
		}
		if c.result != nil { // a user's turn is one message, whatever it was before
			for ; i < to && listens(&list[i]); i++ {
				b.parts = append(b.parts[:len(b.parts):len(b.parts)], list[i].Parts...)
			}
			b.element(c.message)
			continue
		}
		if b.results(m.Parts) < len(m.Parts) {
			b.parts = m.Parts
			b.element(c.message)
		}
	}
	b.Raw(`]`)
	return true
}

// listens reports whether a message is one to the model in its user's turn.
func listens(m *chat.Message) bool { return m.Role == chat.User || m.Role == chat.ToolRole }

// element writes an element of a list.
func (b *builder) element(n *node) {
	at := len(b.Dst)
	b.Comma()
	if n == nil || !b.render(n) {
		b.Dst = b.Dst[:at]
	}
}

// results writes those parts that are results as messages, and returns how many.
func (b *builder) results(parts []chat.Part) (n int) {
	for i := range parts {
		if p := &parts[i]; p.Kind == chat.ToolResultPart {
			n++
			b.resultBy(b.a.talk.resultMessage, p)
		}
	}
	return n
}

// resultBy writes a result by a template.
func (b *builder) resultBy(t *node, p *chat.Part) {
	if t == nil {
		b.fail(p.At.Path(), "this provider has no place for the results of tools")
		return
	}
	parts, part, result := b.parts, b.part, b.result
	b.parts, b.part, b.result = p.Result, p, true
	b.element(t)
	b.parts, b.part, b.result = parts, part, result
}

// last writes the text of the last message, which is the user's.
func (b *builder) last() bool {
	n := len(b.r.Messages) - 1
	m := &b.r.Messages[n]
	if m.Role != chat.User {
		b.fail(m.At.Path(), "this provider answers messages of the user's; want one as the last")
		return false
	}
	return b.sole(m, n)
}

// sole writes a message that is a text alone.
func (b *builder) sole(m *chat.Message, at int) bool {
	b.message, b.before, b.parts = m, at, m.Parts
	if b.mixed() || b.holds(chat.ToolCallPart) || b.holds(chat.ToolResultPart) {
		b.failAt("this provider takes texts alone")
		return false
	}
	return b.content()
}

// system writes the texts of all system messages.
func (b *builder) system() bool {
	from := len(b.Dst)
	for i := range b.r.Messages {
		m := &b.r.Messages[i]
		if m.Role != chat.System || len(m.Parts) == 0 {
			continue
		}
		if len(b.Dst) > from {
			b.Raw(`\n\n`)
		}
		b.sole(m, i)
	}
	return len(b.Dst) > from
}

// prompt writes the conversation as one text.
func (b *builder) prompt() bool {
	c := &b.a.talk
	for i := range b.r.Messages {
		m := &b.r.Messages[i]
		if len(m.Parts) == 0 || c.system && m.Role == chat.System {
			continue
		}
		mark := len(b.Dst)
		if b.sole(m, i) {
			b.Dst = b.Dst[:mark]
			b.pieces(c.prompt[min(m.Role, chat.Assistant)])
		}
	}
	b.parts = nil
	b.pieces(c.prompt[3])
	return true
}
