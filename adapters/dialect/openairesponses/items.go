package openairesponses

import (
	"bytes"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/openaichat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// An itemForm is how an item of the output is written.
type itemForm struct {
	prefix string // of its id
	begin  string // behind its id, up to its parts or arguments
	added  string // ends it before it has any
}

// A partForm is how a part of an item is written.
type partForm struct {
	begin, end string // around its text
	added      string // ends it before it has any
	key        string // of its text where it stands alone
	events     string // about its text, without what happens to it
	part       string // about the part, likewise
	index      string // the key of its place
}

// Items and parts that there are.
const (
	none = iota
	message
	reasoning
	call
	textCall

	text    = 1
	refusal = 2
	summary = 3
)

var itemForms = [...]itemForm{
	message:   {"msg_", `","type":"message","role":"assistant","content":[`, `],"status":"in_progress"}`},
	reasoning: {"rs_", `","type":"reasoning","summary":[`, `]}`},
	call:      {"fc_", `","type":"function_call","call_id":"`, `","status":"in_progress"}`},
	textCall:  {"ctc_", `","type":"custom_tool_call","call_id":"`, `","status":"in_progress"}`},
}

var partForms = [...]partForm{
	text:    {`{"type":"output_text","text":"`, `"`, `","annotations":[],"logprobs":[]}`, "text", "response.output_text", "response.content_part", "content_index"},
	refusal: {`{"type":"refusal","refusal":"`, `"}`, `"}`, "refusal", "response.refusal", "response.content_part", "content_index"},
	summary: {`{"type":"summary_text","text":"`, `"}`, `"}`, "text", "response.reasoning_summary_text", "response.reasoning_summary_part", "summary_index"},
}

// open begins a block. Texts that follow each other are parts of one message; an item
// stays open until it is known whether anything follows it, as only the last one can be
// incomplete.
func (e *encoder) open(ev *chat.Event) {
	e.kind = ev.Block
	switch ev.Block {
	case chat.TextPart, chat.RefusalPart:
		if e.item != message {
			e.openItem(message, ev)
		}
		if ev.Block == chat.TextPart {
			e.openPart(text)
		} else {
			e.refused = true
			e.openPart(refusal)
		}
	case chat.ThinkingPart, chat.RedactedPart:
		e.openItem(reasoning, ev)
		e.isSealed = ev.Block == chat.RedactedPart
	case chat.ToolCallPart:
		if e.takesText(ev.Name) {
			e.openItem(textCall, ev)
		} else {
			e.openItem(call, ev)
		}
	default: // of a tool that the provider runs itself
		e.kind = chat.ServerPart
	}
}

func (e *encoder) openItem(form uint8, ev *chat.Event) {
	e.closeItem(completed)
	if e.items > 0 {
		e.o.Raw(`,`)
	}
	f := &itemForms[form]
	e.item, e.itemAt, e.parts, e.sealed = form, len(e.o.Dst), 0, e.sealed[:0]
	e.o.Raw(`{"id":"`)
	e.itemID(&e.o)
	e.o.Raw(f.begin)
	if ev.Block == chat.ToolCallPart {
		e.o.Put(ev.ID)
		e.o.Raw(`","name":"`)
		e.name[0] = len(e.o.Dst)
		e.o.Put(ev.Name)
		e.name[1] = len(e.o.Dst)
		if form == textCall {
			e.o.Raw(`","input":"`)
			e.reader.reset()
		} else {
			e.o.Raw(`","arguments":"`)
		}
		e.textAt = len(e.o.Dst)
	}
	e.itemEvent("added", f.added)
}

// takesText reports whether a tool takes a text for the client.
func (e *encoder) takesText(name chat.Text) bool {
	for rest := e.texts; len(rest) > 0; {
		var one []byte
		if one, rest, _ = bytes.Cut(rest, []byte("\n")); bytes.Equal(one, name) {
			return true
		}
	}
	return false
}

// itemEvent tells of the item as it is, with what ends it.
func (e *encoder) itemEvent(what, end string) {
	if e.event("response.output_item.", what) {
		e.b.Int("output_index", e.items)
		e.b.Raw(`,"item":`)
		e.b.Put(e.o.Dst[e.itemAt:])
		e.b.Raw(end)
		e.end()
	}
}

func (e *encoder) openPart(form uint8) {
	f := &partForms[form]
	if e.parts > 0 {
		e.o.Raw(`,`)
	}
	e.part, e.partAt = form, len(e.o.Dst)
	e.o.Raw(f.begin)
	e.textAt = len(e.o.Dst)
	e.partEvent(".added", f.added)
}

func (e *encoder) partEvent(what, end string) {
	if e.placed(partForms[e.part].part, what) {
		e.b.Raw(`,"part":`)
		e.b.Put(e.o.Dst[e.partAt:])
		e.b.Raw(end)
		e.end()
	}
}

// What a call has, in names of events.
const (
	arguments = "response.function_call_arguments"
	textInput = "response.custom_tool_call_input"
)

// delta writes a piece of the open block.
func (e *encoder) delta(t chat.Text) {
	if len(t) == 0 {
		return
	}
	name := arguments
	if e.item == textCall {
		from := len(e.o.Dst)
		e.reader.feed(&e.o, t)
		e.textDelta(from)
		return
	}
	switch e.kind {
	case chat.ServerPart:
		return
	case chat.RedactedPart:
		e.sealed = rawjson.AddRaw(e.sealed, t)
		return
	case chat.ThinkingPart:
		if e.part == none {
			e.openPart(summary)
		}
	}
	if e.part != none {
		name = partForms[e.part].events
	}
	e.o.Put(t)
	if e.placed(name, ".delta") {
		e.b.Text("delta", t)
		if e.kind == chat.TextPart {
			e.b.Raw(`,"logprobs":[]`)
		}
		e.end()
	}
}

// stop ends the open block.
func (e *encoder) stop() {
	kind := e.kind
	e.kind = chat.ServerPart
	switch {
	case e.item == textCall:
		e.stopText()
	case kind == chat.ToolCallPart:
		if len(e.o.Dst) == e.textAt {
			e.kind = kind
			e.delta(chat.Text("{}")) // clients parse the arguments
			e.kind = chat.ServerPart
		}
		if e.placed(arguments, ".done") {
			e.b.Text("name", e.o.Dst[e.name[0]:e.name[1]])
			e.b.Text("arguments", e.o.Dst[e.textAt:])
			e.end()
		}
	case e.part != none:
		e.closePart()
	}
}

// textDelta tells of what has come of a text for a tool.
func (e *encoder) textDelta(from int) {
	if from < len(e.o.Dst) && e.placed(textInput, ".delta") {
		e.b.Text("delta", e.o.Dst[from:])
		e.end()
	}
}

// stopText ends it.
func (e *encoder) stopText() {
	from := len(e.o.Dst)
	e.reader.end(&e.o)
	e.textDelta(from)
	if e.placed(textInput, ".done") {
		e.b.Text("input", e.o.Dst[e.textAt:])
		e.end()
	}
}

func (e *encoder) closePart() {
	f := &partForms[e.part]
	var notes []byte
	if len(e.cited) > 0 {
		notes = e.annotations()
	}
	if e.placed(f.events, ".done") {
		e.b.Text(f.key, e.o.Dst[e.textAt:])
		if e.part == text {
			e.b.Raw(`,"logprobs":[`)
			e.b.Put(e.probs)
			e.b.Raw(`]`)
		}
		e.end()
	}
	e.o.Raw(f.end)
	if e.part == text {
		e.o.Raw(`,"annotations":[`)
		e.o.Put(notes)
		e.o.Raw(`],"logprobs":[`)
		e.o.Put(e.probs)
		e.o.Raw(`]}`)
		e.probs = e.probs[:0]
	}
	e.partEvent(".done", "")
	e.part = none
	e.parts++
}

// closeItem ends the open item, if there is one.
func (e *encoder) closeItem(status string) {
	if e.item == none {
		return
	}
	switch e.item {
	case reasoning:
		e.o.Raw(`]`)
		if len(e.sealed) > 0 {
			e.o.Raw(`,"encrypted_content":"`)
			if e.isSealed {
				e.o.Raw(redacted)
			} else {
				e.o.Raw(signed)
			}
			e.o.Put(e.sealed)
			e.o.Raw(`"`)
		}
	case message:
		e.o.Raw(`],"status":"`)
		e.o.Raw(status)
		e.o.Raw(`"`)
	default:
		e.o.Raw(`","status":"`)
		e.o.Raw(status)
		e.o.Raw(`"`)
	}
	e.o.Raw(`}`)
	e.itemEvent("done", "")
	e.said = len(e.o.Dst)
	e.items++
	e.item = none
}

// cite keeps a citation until its part ends, as it names the part's end.
func (e *encoder) cite(raw chat.Raw) {
	if e.kind != chat.TextPart || len(e.cited)+len(raw) > mostCitations {
		return
	}
	if len(e.cited) > 0 {
		e.cited = append(e.cited, ',')
	}
	e.cited = rawjson.AddRaw(e.cited, raw)
}

// annotations tells of the citations of the open part and returns those that have a form
// here, with commas.
func (e *encoder) annotations() (notes []byte) {
	list := append(rawjson.AddRaw([]byte{'['}, e.cited), ']')
	e.cited = e.cited[:0]
	if e.doc.Parse(list) != nil {
		return nil
	}
	n, end := int64(0), chat.Text(e.o.Dst[e.textAt:]).Characters()
	for it := e.doc.Root().Items(); it.Next(); {
		c := it.Value
		before := len(notes)
		if notes = openaichat.AppendCitation(notes, before > 0, c, 0, end, true); len(notes) == before {
			continue
		}
		if e.placed(partForms[e.part].events, ".annotation.added") {
			e.b.Int("annotation_index", n)
			e.b.Raw(`,"annotation":`)
			e.b.Put(notes[before+min(before, 1):]) // without the comma
			e.end()
		}
		n++
	}
	return notes
}

// tokens keeps log probabilities, which come in the form of chat completions.
func (e *encoder) tokens(raw chat.Raw) (from int) {
	from = len(e.probs)
	e.doc.LoneSurrogates = true
	if len(raw) == 0 || e.doc.Parse(raw) != nil {
		return from
	}
	list := e.doc.Root().Get("content")
	if list.Kind() != rawjson.Array || list.Len() == 0 {
		return from
	}
	if from > 0 {
		e.probs = append(e.probs, ',')
		from++
	}
	inner := list.Raw()
	e.probs = appendLine(e.probs, inner[1:len(inner)-1])
	return from
}

// logprobs tells of log probabilities: they come behind the text that they are of.
func (e *encoder) logprobs(raw chat.Raw) {
	from := e.tokens(raw)
	if from < len(e.probs) && e.kind == chat.TextPart && e.placed(partForms[e.part].events, ".delta") {
		e.b.Raw(`,"delta":"","logprobs":[`)
		e.b.Put(e.probs[from:])
		e.b.Raw(`]`)
		e.end()
	}
}
