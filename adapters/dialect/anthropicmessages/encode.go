package anthropicmessages

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/streams"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// encoder writes streams of https://platform.claude.com/docs/en/build-with-claude/streaming.
type encoder struct {
	model []byte
	usage chat.Usage
	state state
	index int           // of the open block, or of the next
	open  bool          // a block is open that the client sees
	kind  chat.PartKind // of the open block
	bare  bool          // it is of thoughts, without a signature so far
	end   ending
}

type state uint8

const (
	atStart state = iota
	begun
	ended
)

var _ adapters.Encoder = (*encoder)(nil)

func (e *encoder) Reset(r *chat.Request) {
	*e = encoder{model: rawjson.Add(e.model[:0], r.Model), end: ending{sequence: e.end.sequence[:0], details: e.end.details[:0]}}
}

// Append writes what an event is here. The reason to stop and the usage go together in
// this dialect, and elsewhere usage may come later: both wait for the end.
func (e *encoder) Append(dst []byte, ev *chat.Event) []byte {
	if e.state == ended || ev.Choice > 0 { // there is one answer here
		return dst
	}
	if ev.Kind == chat.Failure {
		e.state = ended
		return AppendErrorEvent(dst, ev.Err)
	}
	if ev.Counted {
		streams.Count(&e.usage, &ev.Usage)
	}
	if e.state == atStart && ev.Kind != chat.Ping {
		dst = e.start(dst, ev)
	}
	switch ev.Kind {
	case chat.BlockStart:
		dst = e.blockStart(e.blockStop(dst), ev)
	case chat.TextDelta, chat.SignatureDelta, chat.CitationDelta:
		if e.open {
			dst = e.delta(dst, ev)
		}
	case chat.BlockStop:
		dst = e.blockStop(dst)
	case chat.FinishEvent:
		e.end.reason = ev.Finish
		e.end.sequence = rawjson.AddRaw(e.end.sequence[:0], ev.Sequence)
		e.end.details = rawjson.AddRaw(e.end.details[:0], ev.Raw)
	case chat.Ping:
		dst = rawjson.Add(dst, "event: ping\ndata: {\"type\":\"ping\"}\n\n")
	case chat.End:
		dst = e.stop(e.blockStop(dst))
	}
	return dst
}

// start writes message_start. Of the usage only the input can be known by now.
func (e *encoder) start(dst []byte, ev *chat.Event) []byte {
	e.state = begun
	dst = rawjson.Add(dst, "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{")
	dst = appendID(dst, ev.ID)
	dst = rawjson.Add(dst, `,"type":"message","role":"assistant","model":`)
	if ev.Kind == chat.Start && len(ev.Model) > 0 {
		dst = appendText(dst, ev.Model)
	} else {
		dst = rawjson.AppendString(dst, e.model)
	}
	dst = rawjson.Add(dst, `,"content":[],"stop_reason":null,"stop_sequence":null,"usage":`)
	u := e.usage
	u.Output, u.Reasoning = 0, 0
	dst = appendUsage(dst, u, ev.Tier)
	return rawjson.Add(dst, "}}\n\n")
}

func (e *encoder) blockStart(dst []byte, ev *chat.Event) []byte {
	var block string
	switch ev.Block {
	case chat.TextPart, chat.RefusalPart:
		block = `{"type":"text","text":""`
	case chat.ThinkingPart:
		block = `{"type":"thinking","thinking":"","signature":""`
	case chat.RedactedPart:
		block = `{"type":"redacted_thinking","data":"`
	case chat.ToolCallPart:
		block = `{"type":"tool_use","id":"`
	case chat.ServerPart:
		if !ownServerPart(ev.Raw) {
			return dst
		}
	default:
		return dst
	}
	e.open, e.kind, e.bare = true, ev.Block, ev.Block == chat.ThinkingPart
	e.end.saw(ev.Block)
	dst = rawjson.Add(dst, "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":")
	dst = rawjson.AppendInt(dst, int64(e.index))
	dst = rawjson.Add(rawjson.Add(dst, `,"content_block":`), block)
	switch ev.Block {
	case chat.RedactedPart:
		dst = append(rawjson.AddRaw(dst, ev.Text), '"')
	case chat.ToolCallPart:
		dst = rawjson.AddRaw(dst, ev.ID)
		dst = rawjson.Add(dst, `","name":"`)
		dst = rawjson.AddRaw(dst, ev.Name)
		dst = rawjson.Add(dst, `","input":{}`)
	case chat.ServerPart:
		return rawjson.Add(rawjson.AddRaw(dst, ev.Raw), "}\n\n")
	}
	return rawjson.Add(dst, "}}\n\n")
}

// deltas are what a block's text comes in.
var deltas = [...]string{
	chat.TextPart:     `{"type":"text_delta","text":"`,
	chat.RefusalPart:  `{"type":"text_delta","text":"`,
	chat.ThinkingPart: `{"type":"thinking_delta","thinking":"`,
	chat.ToolCallPart: `{"type":"input_json_delta","partial_json":"`,
	chat.ServerPart:   `{"type":"input_json_delta","partial_json":"`,
}

func (e *encoder) delta(dst []byte, ev *chat.Event) []byte {
	var head string
	switch {
	case ev.Kind == chat.TextDelta:
		head = deltas[e.kind]
	case ev.Kind == chat.SignatureDelta && e.kind == chat.ThinkingPart:
		head = `{"type":"signature_delta","signature":"`
		e.bare = false
	case ev.Kind == chat.CitationDelta && e.kind == chat.TextPart:
		head = `{"type":"citations_delta","citation":`
	}
	if head == "" {
		return dst
	}
	dst = rawjson.Add(dst, "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":")
	dst = rawjson.AppendInt(dst, int64(e.index))
	dst = rawjson.Add(rawjson.Add(dst, `,"delta":`), head)
	if ev.Kind == chat.CitationDelta {
		return rawjson.Add(rawjson.AddRaw(dst, ev.Raw), "}}\n\n")
	}
	return rawjson.Add(rawjson.AddRaw(dst, ev.Text), "\"}}\n\n")
}

func (e *encoder) blockStop(dst []byte) []byte {
	if !e.open {
		return dst
	}
	if e.bare {
		dst = e.delta(dst, &chat.Event{Kind: chat.SignatureDelta, Text: chat.Text(unsigned)})
	}
	e.open = false
	dst = rawjson.Add(dst, "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":")
	dst = rawjson.AppendInt(dst, int64(e.index))
	e.index++
	return rawjson.Add(dst, "}\n\n")
}

func (e *encoder) stop(dst []byte) []byte {
	e.state = ended
	dst = rawjson.Add(dst, "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{")
	dst = e.end.append(dst)
	dst = rawjson.Add(dst, `},"usage":`)
	dst = appendUsage(dst, e.usage, nil)
	return rawjson.Add(dst, "}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n")
}
