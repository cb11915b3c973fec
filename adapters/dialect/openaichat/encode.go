package openaichat

import (
	"strconv"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/streams"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// Bounds of what a stream keeps.
const (
	mostChoices   = 128     // as many as n can ask for
	mostCitations = 8 << 10 // bytes of the citations of one block
)

// encoder writes chunks (https://platform.openai.com/docs/api-reference/chat-streaming).
type encoder struct {
	head  []byte // of every chunk, up to the choice's index
	tail  string // of every chunk, behind the choice
	model string // where the stream names none
	usage chat.Usage
	lanes []lane
	doc   rawjson.Doc

	wantUsage, counted bool
	begun, done        bool
	chunks             bool // as in Writer
}

// A lane is one of the choices.
type lane struct {
	begun, finished bool
	refused         bool
	kind            chat.PartKind // of the open block
	empty           bool          // nothing of the block has come yet
	calls           int           // tool calls begun
	details         int           // blocks of thinking begun
	at, start       int           // characters of the text so far, and before the open block
	cited           []byte        // citations of the open block, with commas
	call            []byte        // the open call, where calls come whole
}

var _ adapters.Encoder = (*encoder)(nil)

// NewEncoder makes a writer of streams.
func (w Writer) NewEncoder() adapters.Encoder { return &encoder{chunks: w.Chunks} }

func (e *encoder) Reset(r *chat.Request) {
	lanes := e.lanes[:cap(e.lanes)]
	for i := range lanes {
		lanes[i] = lane{cited: lanes[i].cited[:0], call: lanes[i].call[:0]}
		if cap(lanes[i].call) > keepCall {
			lanes[i].call = nil
		}
	}
	*e = encoder{head: e.head[:0], lanes: lanes[:0], doc: e.doc, model: r.Model, chunks: e.chunks, wantUsage: r.IncludeUsage && !e.chunks, tail: "}]}\n\n"}
	if e.wantUsage {
		e.tail = `}],"usage":null}` + "\n\n" // so do all chunks but the last where usage was asked for
	}
}

// skips takes over the usage of an event, and reports whether that is all that there is
// to it. A failure is the end.
//
//go:noinline
func (e *encoder) skips(ev *chat.Event) bool {
	if e.done || ev.Choice < 0 || ev.Choice >= mostChoices {
		return true
	}
	if ev.Counted {
		e.counted = true
		streams.Count(&e.usage, &ev.Usage)
	}
	e.done = ev.Kind == chat.Failure
	return ev.Kind == chat.Ping
}

func (e *encoder) Append(dst []byte, ev *chat.Event) []byte {
	if e.skips(ev) {
		return dst
	}
	switch ev.Kind {
	case chat.Failure:
		return AppendErrorEvent(dst, ev.Err)
	case chat.Start:
		e.begin(ev)
	case chat.End:
		return e.end(dst)
	}
	if !e.begun {
		e.begin(&chat.Event{})
	}
	l := e.lane(ev.Choice)
	if !l.begun {
		l.begun = true
		dst = e.open(dst, ev.Choice, `"role":"assistant","content":"","refusal":null`)
		dst = e.close(dst, "")
	}
	if l.finished {
		return dst
	}
	return e.step(dst, l, ev)
}

// step writes what an event is in the choice that it belongs to.
func (e *encoder) step(dst []byte, l *lane, ev *chat.Event) []byte {
	switch ev.Kind {
	case chat.BlockStart:
		return e.blockStart(dst, l, ev)
	case chat.TextDelta:
		return e.delta(dst, l, ev)
	case chat.SignatureDelta:
		if l.kind != chat.ThinkingPart {
			return dst
		}
		l.filled()
		if e.chunks {
			return e.thought(dst, ev, true)
		}
		dst = e.open(dst, ev.Choice, `"reasoning_details":[{"type":"reasoning.text","signature":"`)
		dst = rawjson.AddRaw(dst, ev.Text)
		return e.close(appendIndex(dst, `","index":`, l.details-1), "}]")
	case chat.CitationDelta:
		e.cite(l, ev.Raw)
	case chat.LogprobsDelta:
		dst = e.open(dst, ev.Choice, "")
		dst = rawjson.Add(dst, `},"logprobs":`)
		dst = appendRaw(dst, ev.Raw)
		dst = rawjson.Add(dst, `,"finish_reason":null`)
		return rawjson.Add(dst, e.tail)
	case chat.BlockStop:
		return e.blockStop(dst, l, ev)
	case chat.FinishEvent:
		l.finished = true
		dst = e.open(dst, ev.Choice, "")
		dst = rawjson.Add(dst, `},"logprobs":null,"finish_reason":"`)
		reason := ev.Finish
		if reason == chat.FinishTools && l.calls == 0 {
			reason = chat.FinishStop // the calls were not the client's
		}
		dst = append(dst, finishReason(reason, l.refused)...)
		dst = append(dst, '"')
		if e.chunks && e.counted {
			return rawjson.Add(appendUsage(rawjson.Add(dst, `}],"usage":`), e.usage), "}\n\n")
		}
		return rawjson.Add(dst, e.tail)
	}
	return dst
}

// begin makes the head that is the same in all chunks.
func (e *encoder) begin(ev *chat.Event) {
	e.begun = true
	h := rawjson.Add(e.head[:0], `data: {"id":"`)
	h = appendID(h, ev.ID)
	h = rawjson.Add(h, `","object":"chat.completion.chunk","created":`)
	h = strconv.AppendInt(h, ev.Created, 10)
	h = rawjson.Add(h, `,"model":`)
	if len(ev.Model) > 0 {
		h = append(rawjson.AddRaw(append(h, '"'), ev.Model), '"')
	} else {
		h = rawjson.AppendString(h, e.model)
	}
	h = appendText(h, `,"service_tier":`, ev.Tier)
	h = appendText(h, `,"system_fingerprint":`, ev.System)
	e.head = rawjson.Add(h, `,"choices":[`)
}

// open begins a chunk with a delta for a choice.
//
//go:noinline
func (e *encoder) open(dst []byte, choice int, delta string) []byte {
	dst = rawjson.AddRaw(dst, e.head)
	dst = rawjson.Add(dst, `{"index":`)
	dst = strconv.AppendInt(dst, int64(choice), 10)
	dst = rawjson.Add(dst, `,"delta":{`)
	return rawjson.Add(dst, delta)
}

// close ends the delta and the chunk.
//
//go:noinline
func (e *encoder) close(dst []byte, rest string) []byte {
	dst = rawjson.Add(dst, rest)
	dst = rawjson.Add(dst, `},"logprobs":null,"finish_reason":null`)
	return rawjson.Add(dst, e.tail)
}

func (e *encoder) lane(choice int) *lane {
	for len(e.lanes) <= choice {
		if len(e.lanes) < cap(e.lanes) {
			e.lanes = e.lanes[:len(e.lanes)+1] // Reset has cleared it
			continue
		}
		e.lanes = append(e.lanes, lane{})
	}
	return &e.lanes[choice]
}

func (e *encoder) blockStart(dst []byte, l *lane, ev *chat.Event) []byte {
	before := len(dst)
	l.kind, l.empty, l.start = ev.Block, true, l.at
	if e.chunks && ev.Block == chat.RefusalPart {
		l.kind = chat.TextPart
	}
	switch l.kind {
	case chat.ToolCallPart:
		dst = e.open(dst, ev.Choice, `"tool_calls":[`)
		dst = appendIndex(dst, `{"index":`, l.calls)
		l.calls++
		dst = rawjson.Add(dst, `,"id":"`)
		dst = rawjson.AddRaw(dst, ev.ID)
		dst = rawjson.Add(dst, `","type":"function","function":{"name":"`)
		dst = rawjson.AddRaw(dst, ev.Name)
		dst = rawjson.Add(dst, `","arguments":"`)
		if e.chunks { // it is held until it is complete
			l.call = rawjson.AddRaw(l.call[:0], dst[before:])
			return dst[:before]
		}
		dst = e.close(dst, `"}}]`)
	case chat.RefusalPart:
		l.refused = true
	}
	if len(ev.Text) > 0 {
		dst = e.delta(dst, l, ev)
	}
	return dst
}

// filled notes that there is something in the open block. Only then it counts.
func (l *lane) filled() {
	if l.empty && (l.kind == chat.ThinkingPart || l.kind == chat.RedactedPart) {
		l.details++
	}
	l.empty = false
}

// delta writes a piece of the open block. What a provider's own tools say is not for
// clients of this API.
func (e *encoder) delta(dst []byte, l *lane, ev *chat.Event) []byte {
	if len(ev.Text) == 0 {
		return dst
	}
	l.filled()
	if e.chunks && l.kind != chat.TextPart {
		return e.chunk(dst, l, ev)
	}
	switch l.kind {
	case chat.TextPart:
		l.at += ev.Text.Characters()
		dst = e.open(dst, ev.Choice, `"content":"`)
		dst = rawjson.AddRaw(dst, ev.Text)
		return e.close(dst, `"`)
	case chat.RefusalPart:
		dst = e.open(dst, ev.Choice, `"refusal":"`)
		dst = rawjson.AddRaw(dst, ev.Text)
		return e.close(dst, `"`)
	case chat.ToolCallPart:
		dst = e.open(dst, ev.Choice, `"tool_calls":[`)
		dst = appendIndex(dst, `{"index":`, l.calls-1)
		dst = rawjson.Add(dst, `,"function":{"arguments":"`)
		dst = rawjson.AddRaw(dst, ev.Text)
		return e.close(dst, `"}}]`)
	case chat.ThinkingPart:
		dst = e.open(dst, ev.Choice, `"reasoning_content":"`)
		dst = rawjson.AddRaw(dst, ev.Text)
		dst = rawjson.Add(dst, `","reasoning_details":[{"type":"reasoning.text","text":"`)
		dst = rawjson.AddRaw(dst, ev.Text)
		return e.close(appendIndex(dst, `","index":`, l.details-1), "}]")
	case chat.RedactedPart:
		dst = e.open(dst, ev.Choice, `"reasoning_details":[{"type":"reasoning.encrypted","data":"`)
		dst = rawjson.AddRaw(dst, ev.Text)
		return e.close(appendIndex(dst, `","index":`, l.details-1), "}]")
	}
	return dst
}

// cite keeps a citation until its block ends, as it names the block's end.
func (e *encoder) cite(l *lane, raw chat.Raw) {
	if l.kind != chat.TextPart || len(l.cited)+len(raw) > mostCitations {
		return
	}
	if len(l.cited) > 0 {
		l.cited = append(l.cited, ',')
	}
	l.cited = rawjson.AddRaw(l.cited, raw)
}

func (e *encoder) blockStop(dst []byte, l *lane, ev *chat.Event) []byte {
	if l.kind == chat.ToolCallPart && l.empty {
		dst = e.delta(dst, l, &chat.Event{Choice: ev.Choice, Text: chat.Text("{}")}) // clients parse the arguments
	}
	if l.kind == chat.ToolCallPart && e.chunks {
		dst = e.close(rawjson.AddRaw(dst, l.call), `"}}]`)
	}
	if len(l.cited) > 0 {
		dst = e.annotations(dst, l, ev.Choice)
		l.cited = l.cited[:0]
	}
	l.kind = chat.ServerPart // nothing is open: what comes now is nobody's
	return dst
}

// annotations writes the citations of a block, if any of them has a form here.
func (e *encoder) annotations(dst []byte, l *lane, choice int) []byte {
	list := append(rawjson.AddRaw(append([]byte(nil), '['), l.cited), ']')
	if e.doc.Parse(list) != nil {
		return dst
	}
	before := len(dst)
	dst = e.open(dst, choice, `"annotations":[`)
	start := len(dst)
	for it := e.doc.Root().Items(); it.Next(); {
		c := it.Value
		dst = appendCitation(dst, len(dst) > start, c, l.start, l.at)
	}
	if len(dst) == start {
		return dst[:before]
	}
	return e.close(dst, "]")
}

func (e *encoder) end(dst []byte) []byte {
	e.done = true
	if e.wantUsage && e.counted && e.begun {
		dst = rawjson.AddRaw(dst, e.head)
		dst = rawjson.Add(dst, `],"usage":`)
		dst = appendUsage(dst, e.usage)
		dst = rawjson.Add(dst, "}\n\n")
	}
	return rawjson.Add(dst, "data: [DONE]\n\n")
}

func appendIndex(dst []byte, key string, i int) []byte {
	return strconv.AppendInt(rawjson.Add(dst, key), int64(i), 10)
}
