package grammar

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Anthropic checks a stream of message events:
// https://platform.claude.com/docs/en/build-with-claude/streaming.
func Anthropic(stream []byte) error {
	return run(stream, &messages{})
}

type messages struct {
	started, stopped, failed bool
	next                     int64  // index of the next block
	open                     string // type of the open block; empty when none is
	json                     string // input of the open block so far
	signed                   bool   // the open thinking block has its signature
	calls                    bool   // there is a tool_use block
	cut                      error  // input that is no JSON, which only max_tokens explains
	reason                   string
}

func (m *messages) read(e Event) error {
	o, err := decode(e.Data)
	if err != nil {
		return err
	}
	kind, err := o.name("type")
	switch {
	case err != nil:
		return err
	case e.Name != kind:
		return fmt.Errorf("event is named %q, its type is %q", e.Name, kind)
	case m.stopped:
		return errors.New("something follows message_stop")
	case m.failed:
		return errors.New("something follows an error")
	case kind == "ping", kind == "mock_unknown":
		return nil
	case kind == "error":
		m.failed = true
		return anthropicError(o)
	case !m.started && kind != "message_start":
		return errors.New("the first event is not message_start")
	}
	switch kind {
	case "message_start":
		return m.start(o)
	case "content_block_start":
		return m.startBlock(o)
	case "content_block_delta":
		return m.delta(o)
	case "content_block_stop":
		return m.stopBlock(o)
	case "message_delta":
		return m.messageDelta(o)
	case "message_stop":
		m.stopped = true
		if m.reason == "" {
			return errors.New("message_stop without a stop_reason before it")
		}
		return o.only("type")
	}
	return fmt.Errorf("unknown type %q", kind)
}

func (m *messages) start(o object) error {
	if m.started {
		return errors.New("message_start comes twice")
	}
	m.started = true
	msg, err := o.object("message")
	if err != nil {
		return err
	}
	_, errID := msg.name("id")
	_, errModel := msg.name("model")
	content, errContent := msg.list("content")
	u, errUsage := msg.object("usage")
	err = errors.Join(errID, errModel, errContent, errUsage, o.only("type", "message"), msg.null("stop_reason"), msg.null("stop_sequence"),
		msg.only("id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "stop_details", "usage", "container"))
	if err != nil {
		return err
	}
	_, errIn := u.count("input_tokens")
	_, errOut := u.count("output_tokens")
	if msg["type"] != "message" || msg["role"] != "assistant" || len(content) > 0 {
		return errors.New("message_start wants an empty message of the assistant")
	}
	return errors.Join(errIn, errOut)
}

func (m *messages) startBlock(o object) error {
	index, errIndex := o.count("index")
	b, errBlock := o.object("content_block")
	if err := errors.Join(errIndex, errBlock, o.only("type", "index", "content_block")); err != nil {
		return err
	}
	switch {
	case m.open != "":
		return errors.New("a block begins while another is open")
	case index != m.next:
		return fmt.Errorf("index: got %d, want %d", index, m.next)
	case m.reason != "":
		return errors.New("a block follows the stop_reason")
	}
	kind, err := b.name("type")
	if err != nil {
		return err
	}
	m.next, m.open, m.json, m.signed = m.next+1, kind, "", false
	switch kind {
	case "text":
		if b["text"] != "" {
			return fmt.Errorf("a text block begins with %s, want an empty text", show(b["text"]))
		}
		return b.only("type", "text", "citations")
	case "thinking":
		if b["thinking"] != "" {
			return fmt.Errorf("a thinking block begins with %s, want an empty text", show(b["thinking"]))
		}
		return b.only("type", "thinking", "signature")
	case "redacted_thinking":
		_, err = b.name("data")
		return err
	case "tool_use", "server_tool_use":
		m.calls = m.calls || kind == "tool_use"
		_, errID := b.name("id")
		_, errName := b.name("name")
		if input, err := b.object("input"); err != nil || len(input) > 0 {
			return fmt.Errorf("input: want {}, got %s", show(b["input"]))
		}
		return errors.Join(errID, errName, b.only("type", "id", "name", "input", "caller"))
	}
	if strings.HasSuffix(kind, "_tool_result") {
		return nil
	}
	return fmt.Errorf("unknown block type %q", kind)
}

// deltas names the deltas of a block.
func deltas(block string) []string {
	switch block {
	case "text":
		return []string{"text_delta", "citations_delta"}
	case "thinking":
		return []string{"thinking_delta", "signature_delta"}
	case "tool_use", "server_tool_use":
		return []string{"input_json_delta"}
	default:
		return nil
	}
}

func (m *messages) delta(o object) error {
	if err := m.inBlock(o); err != nil {
		return err
	}
	d, err := o.object("delta")
	if err != nil {
		return err
	}
	kind, err := d.name("type")
	if err != nil {
		return err
	}
	if !slices.Contains(deltas(m.open), kind) {
		return fmt.Errorf("a %s comes in a %s block", kind, m.open)
	}
	switch kind {
	case "text_delta":
		_, err = d.str("text")
	case "thinking_delta":
		_, err = d.str("thinking")
		if m.signed {
			err = errors.Join(err, errors.New("thinking goes on after its signature"))
		}
	case "signature_delta":
		_, err = d.name("signature")
		m.signed = true
	case "input_json_delta":
		var piece string
		piece, err = d.str("partial_json")
		m.json += piece
	case "citations_delta":
		_, err = d.object("citation")
	}
	return errors.Join(err, o.only("type", "index", "delta"))
}

func (m *messages) inBlock(o object) error {
	index, err := o.count("index")
	switch {
	case err != nil:
		return err
	case m.open == "":
		return errors.New("no block is open")
	case index != m.next-1:
		return fmt.Errorf("index: got %d, want that of the open block, %d", index, m.next-1)
	}
	return nil
}

func (m *messages) stopBlock(o object) error {
	if err := m.inBlock(o); err != nil {
		return err
	}
	kind := m.open
	m.open = ""
	switch {
	case kind == "thinking" && !m.signed:
		return errors.New("a thinking block ends without a signature")
	case strings.HasSuffix(kind, "tool_use") && m.json != "" && !isObject(m.json):
		m.cut = fmt.Errorf("input of block %d is no JSON object: %q", m.next-1, m.json)
	}
	return o.only("type", "index")
}

func (m *messages) messageDelta(o object) error {
	d, errDelta := o.object("delta")
	u, errUsage := o.object("usage")
	if err := errors.Join(errDelta, errUsage, o.only("type", "delta", "usage", "context_management")); err != nil {
		return err
	}
	if m.open != "" {
		return errors.New("message_delta comes while a block is open")
	}
	if _, err := u.count("output_tokens"); err != nil {
		return err
	}
	if d["stop_reason"] == nil {
		return nil
	}
	var err error
	if m.reason, err = d.name("stop_reason"); err != nil {
		return err
	}
	reasons := []string{"end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn", "refusal", "model_context_window_exceeded"}
	_, named := d["stop_sequence"].(string)
	switch {
	case !slices.Contains(reasons, m.reason):
		return fmt.Errorf("stop_reason: got %q", m.reason)
	case named != (m.reason == "stop_sequence"):
		return fmt.Errorf("stop_sequence: got %s with stop_reason %s", show(d["stop_sequence"]), m.reason)
	case m.reason == "tool_use" && !m.calls:
		return errors.New("stop_reason is tool_use, but there is no such block")
	case m.reason == "end_turn" && m.calls:
		return errors.New("stop_reason is end_turn, but there is a tool_use block")
	case m.cut != nil && m.reason != "max_tokens" && m.reason != "refusal":
		return m.cut
	}
	return d.only("stop_reason", "stop_sequence", "stop_details", "container")
}

func (m *messages) end() error {
	switch {
	case m.failed:
		return ErrFailed
	case !m.stopped:
		return ErrTruncated
	}
	return nil
}

// anthropicError checks {"type": "error", "error": {type, message}, "request_id"}.
func anthropicError(o object) error {
	e, err := o.object("error")
	if err != nil {
		return err
	}
	_, errType := e.name("type")
	_, errMessage := e.name("message")
	return errors.Join(errType, errMessage, o.only("type", "error", "request_id"), e.only("type", "message", "details"))
}
