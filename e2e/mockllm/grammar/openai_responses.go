package grammar

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// OpenAIResponses checks a stream of the responses API:
// https://platform.openai.com/docs/api-reference/responses-streaming.
func OpenAIResponses(stream []byte) error {
	return run(stream, &responses{})
}

type responses struct {
	next    int64 // sequence_number
	id      string
	running bool // in_progress was seen
	ended   bool
	failed  bool
	output  []any  // finished items
	item    object // the open item
	part    *textPart
	parts   int64 // parts of the open item
	args    *string
	input   bool // they are a text, not JSON
}

// A textPart is an open part of a message or of a reasoning summary.
type textPart struct {
	kind, text string
	done       bool
}

func (r *responses) read(e Event) error {
	o, err := decode(e.Data)
	if err != nil {
		return err
	}
	kind, errKind := o.name("type")
	number, errNumber := o.count("sequence_number")
	switch {
	case kind == "mock_unknown":
		return nil
	case errKind != nil || errNumber != nil:
		return errors.Join(errKind, errNumber)
	case e.Name != kind:
		return fmt.Errorf("event is named %q, its type is %q", e.Name, kind)
	case number != r.next:
		return fmt.Errorf("sequence_number: got %d, want %d", number, r.next)
	case r.ended:
		return errors.New("something follows the last event")
	case r.failed && kind != "response.failed":
		return errors.New("something follows an error")
	}
	r.next++
	if kind == "error" {
		r.failed = true
		_, err := o.name("message")
		return errors.Join(err, o.only("type", "sequence_number", "code", "message", "param"))
	}
	return r.step(kind, o)
}

func (r *responses) step(kind string, o object) error {
	switch kind {
	case "response.created":
		if r.id != "" {
			return errors.New("response.created comes twice")
		}
		return r.response(o, "in_progress", "queued")
	case "response.queued":
		return r.response(o, "queued")
	case "response.in_progress":
		r.running = true
		return r.response(o, "in_progress")
	case "response.failed":
		r.failed, r.ended = true, true
		return r.response(o, "failed")
	case "response.completed", "response.incomplete":
		return r.finish(o, strings.TrimPrefix(kind, "response."))
	}
	switch {
	case !r.running:
		return errors.New("output begins before response.in_progress")
	case kind == "response.output_item.added":
		return r.add(o)
	case r.item == nil:
		return errors.New("no item is open")
	case kind == "response.output_item.done":
		return r.itemDone(o)
	}
	if err := r.inItem(o); err != nil {
		return err
	}
	switch kind {
	case "response.content_part.added", "response.reasoning_summary_part.added":
		return r.addPart(o)
	case "response.content_part.done", "response.reasoning_summary_part.done":
		return r.partDone(o)
	case "response.output_text.delta", "response.refusal.delta", "response.reasoning_summary_text.delta":
		return r.textDelta(kind, o)
	case "response.output_text.done", "response.refusal.done", "response.reasoning_summary_text.done":
		return r.textDone(kind, o)
	case "response.function_call_arguments.delta", "response.function_call_arguments.done":
		return r.arguments(kind, "arguments", o)
	case "response.custom_tool_call_input.delta", "response.custom_tool_call_input.done":
		return r.arguments(kind, "input", o)
	case "response.output_text.annotation.added":
		return nil
	}
	return fmt.Errorf("unknown type %q", kind)
}

func (r *responses) response(o object, status ...string) error {
	resp, err := o.object("response")
	if err != nil {
		return err
	}
	if err := errors.Join(o.only("type", "sequence_number", "response"), resp.same("id", &r.id)); err != nil {
		return err
	}
	_, errModel := resp.name("model")
	_, errOutput := resp.list("output")
	got, _ := resp["status"].(string)
	if !slices.Contains(status, got) || resp["object"] != "response" {
		return fmt.Errorf("want a response with status %s, got %s %q", status[0], show(resp["object"]), got)
	}
	return errors.Join(errModel, errOutput)
}

func (r *responses) finish(o object, status string) error {
	r.ended = true
	if r.item != nil {
		return errors.New("the response ends while an item is open")
	}
	if err := r.response(o, status); err != nil {
		return err
	}
	resp, _ := o.object("response")
	out, _ := resp.list("output")
	if !equal(out, append([]any{}, r.output...)) {
		return fmt.Errorf("output differs from the items that were streamed: got %s", show(out))
	}
	if status == "incomplete" {
		details, err := resp.object("incomplete_details")
		if err != nil {
			return err
		}
		if _, err := details.name("reason"); err != nil {
			return err
		}
	}
	if usage, there := resp["usage"]; there && usage == nil { // as where nobody has counted
		return nil
	}
	u, err := resp.object("usage")
	if err != nil {
		return err
	}
	return addsUp(u, "input_tokens", "output_tokens")
}

func (r *responses) add(o object) error {
	index, errIndex := o.count("output_index")
	item, errItem := o.object("item")
	if err := errors.Join(errIndex, errItem); err != nil {
		return err
	}
	_, errID := item.name("id")
	_, errType := item.name("type")
	switch {
	case r.item != nil:
		return errors.New("an item begins while another is open")
	case index != int64(len(r.output)):
		return fmt.Errorf("output_index: got %d, want %d", index, len(r.output))
	}
	r.item, r.part, r.parts, r.args = item, nil, 0, nil
	r.input = item["type"] == "custom_tool_call"
	if r.input || item["type"] == "function_call" {
		args, err := item.str(r.argsKey())
		if err != nil || args != "" {
			return fmt.Errorf("%s: want an empty string at first, got %s", r.argsKey(), show(item[r.argsKey()]))
		}
		r.args = &args
	}
	return errors.Join(errID, errType)
}

// argsKey is the member of an open call that has what its tool gets.
func (r *responses) argsKey() string {
	if r.input {
		return "input"
	}
	return "arguments"
}

func (r *responses) inItem(o object) error {
	index, err := o.count("output_index")
	switch {
	case err != nil:
		return err
	case index != int64(len(r.output)):
		return fmt.Errorf("output_index: got %d, want %d", index, len(r.output))
	case o["item_id"] != r.item["id"]:
		return fmt.Errorf("item_id: got %s, want %s", show(o["item_id"]), show(r.item["id"]))
	}
	return nil
}

func (r *responses) itemDone(o object) error {
	item, err := o.object("item")
	switch {
	case err != nil:
		return err
	case item["id"] != r.item["id"] || item["type"] != r.item["type"]:
		return fmt.Errorf("item is not the one that began: %s", show(item))
	case r.part != nil:
		return errors.New("the item ends while a part is open")
	case r.args != nil && item[r.argsKey()] != *r.args:
		return fmt.Errorf("%s differ from what was streamed: got %s, want %q", r.argsKey(), show(item[r.argsKey()]), *r.args)
	case r.args != nil && !r.input && item["status"] == "completed" && !isObject(*r.args):
		return fmt.Errorf("%w: %q", ErrArguments, *r.args)
	}
	if content, ok := item["content"].([]any); ok && int64(len(content)) != r.parts {
		return fmt.Errorf("the item has %d parts, %d were streamed", len(content), r.parts)
	}
	r.output, r.item = append(r.output, map[string]any(item)), nil
	return nil
}

func (r *responses) addPart(o object) error {
	if r.part != nil {
		return errors.New("a part begins while another is open")
	}
	part, err := o.object("part")
	if err != nil {
		return err
	}
	kind, err := part.name("type")
	if err != nil {
		return err
	}
	if text := part[textKey(kind)]; text != "" {
		return fmt.Errorf("a part begins with %s, want an empty text", show(text))
	}
	if err := r.place(o, kind); err != nil {
		return err
	}
	r.part = &textPart{kind: kind}
	r.parts++
	return nil
}

// place checks the index of a part, whose name depends on its kind.
func (r *responses) place(o object, kind string) error {
	key, want := "content_index", r.parts
	if kind == "summary_text" {
		key = "summary_index"
	}
	if r.part != nil {
		want--
	}
	index, err := o.count(key)
	if err == nil && index != want {
		err = fmt.Errorf("%s: got %d, want %d", key, index, want)
	}
	return err
}

func textKey(kind string) string {
	if kind == "refusal" {
		return "refusal"
	}
	return "text"
}

// partOf names the kind of part that an event belongs to.
func partOf(event string) string {
	switch {
	case strings.HasPrefix(event, "response.refusal."):
		return "refusal"
	case strings.HasPrefix(event, "response.reasoning_summary_text."):
		return "summary_text"
	default:
		return "output_text"
	}
}

func (r *responses) textDelta(event string, o object) error {
	delta, err := o.str("delta")
	switch {
	case err != nil:
		return err
	case r.part == nil || r.part.done || r.part.kind != partOf(event):
		return errors.New("no part that it belongs to is open")
	}
	r.part.text += delta
	return r.place(o, r.part.kind)
}

func (r *responses) textDone(event string, o object) error {
	if r.part == nil || r.part.done || r.part.kind != partOf(event) {
		return errors.New("no part that it belongs to is open")
	}
	r.part.done = true
	if got := o[textKey(r.part.kind)]; got != r.part.text {
		return fmt.Errorf("text differs from what was streamed: got %s, want %q", show(got), r.part.text)
	}
	return r.place(o, r.part.kind)
}

func (r *responses) partDone(o object) error {
	part, err := o.object("part")
	switch {
	case err != nil:
		return err
	case r.part == nil || !r.part.done:
		return errors.New("no part is open whose text is done")
	case part["type"] != r.part.kind || part[textKey(r.part.kind)] != r.part.text:
		return fmt.Errorf("part differs from what was streamed: got %s, want %q", show(part), r.part.text)
	}
	err = r.place(o, r.part.kind)
	r.part = nil
	return err
}

func (r *responses) arguments(event, key string, o object) error {
	if r.args == nil || key != r.argsKey() {
		return errors.New("the open item is no call with " + key)
	}
	if strings.HasSuffix(event, ".done") {
		if o[key] != *r.args {
			return fmt.Errorf("%s differ from what was streamed: got %s, want %q", key, show(o[key]), *r.args)
		}
		return nil
	}
	delta, err := o.str("delta")
	*r.args += delta
	return err
}

func (r *responses) end() error {
	switch {
	case r.failed:
		return ErrFailed
	case !r.ended:
		return ErrTruncated
	}
	return nil
}
