package grammar

import (
	"errors"
	"fmt"
	"slices"
)

// OpenAIChat checks a stream of chat completion chunks:
// https://platform.openai.com/docs/api-reference/chat-streaming.
//
// Deltas may carry reasoning_content and reasoning_details, which OpenAI does not
// document but compatible APIs and SDKs know
// (https://openrouter.ai/docs/guides/best-practices/reasoning-tokens).
func OpenAIChat(stream []byte) error {
	return run(stream, &chat{choices: map[int64]*choice{}})
}

type chat struct {
	id, model, created string
	choices            map[int64]*choice
	usage, done        bool
	failed             bool
}

type choice struct {
	calls  []string // arguments of each tool call
	finish string
}

func (c *chat) read(e Event) error {
	switch {
	case c.done:
		return errors.New("something follows [DONE]")
	case c.failed:
		return errors.New("something follows an error")
	case e.Name != "":
		return fmt.Errorf("want no event name, got %q", e.Name)
	case e.Data == "[DONE]":
		return c.finished()
	}
	o, err := decode(e.Data)
	if err != nil {
		return err
	}
	if _, failed := o["error"]; failed {
		c.failed = true
		return openAIError(o)
	}
	if c.usage {
		return errors.New("a chunk follows the usage chunk")
	}
	return c.chunk(o)
}

func (c *chat) chunk(o object) error {
	created, err := o.count("created")
	if err == nil && c.created == "" {
		c.created = show(created)
	}
	if err == nil && show(created) != c.created {
		err = fmt.Errorf("created changed: got %d, want %s", created, c.created)
	}
	var kind string
	err = errors.Join(err, o.same("id", &c.id), o.same("model", &c.model),
		o.only("id", "object", "created", "model", "choices", "usage", "service_tier", "system_fingerprint", "obfuscation"))
	if kind, _ = o.str("object"); kind != "chat.completion.chunk" {
		err = errors.Join(err, fmt.Errorf("object: got %q, want chat.completion.chunk", kind))
	}
	choices, listErr := o.list("choices")
	if err = errors.Join(err, listErr); err != nil {
		return err
	}
	if len(choices) == 0 {
		return c.readUsage(o)
	}
	if o["usage"] != nil {
		return errors.New("usage stands in a chunk with choices")
	}
	for _, raw := range choices {
		one, ok := raw.(map[string]any)
		if !ok {
			return errors.New("a choice is no object")
		}
		if err := c.readChoice(one); err != nil {
			return err
		}
	}
	return nil
}

func (c *chat) readUsage(o object) error {
	if err := c.allFinished(); err != nil {
		return fmt.Errorf("a chunk without choices: %w", err)
	}
	u, err := o.object("usage")
	if err != nil {
		return err
	}
	c.usage = true
	return addsUp(u, "prompt_tokens", "completion_tokens")
}

func addsUp(u object, in, out string) error {
	a, errA := u.count(in)
	b, errB := u.count(out)
	total, errT := u.count("total_tokens")
	if err := errors.Join(errA, errB, errT); err != nil {
		return err
	}
	if a+b != total {
		return fmt.Errorf("usage does not add up: %d and %d make %d", a, b, total)
	}
	return nil
}

func (c *chat) readChoice(o object) error {
	index, errIndex := o.count("index")
	delta, errDelta := o.object("delta")
	if err := errors.Join(errIndex, errDelta, o.only("index", "delta", "logprobs", "finish_reason")); err != nil {
		return err
	}
	if err := delta.only("role", "content", "refusal", "tool_calls", "function_call", "annotations", "reasoning_content", "reasoning_details"); err != nil {
		return fmt.Errorf("delta: %w", err)
	}
	one := c.choices[index]
	role, hasRole := delta["role"]
	switch {
	case one == nil && role != "assistant":
		return fmt.Errorf("first delta of choice %d: want role assistant, got %s", index, show(role))
	case one == nil:
		one = &choice{}
		c.choices[index] = one
	case hasRole:
		return fmt.Errorf("role of choice %d comes twice", index)
	case one.finish != "":
		return fmt.Errorf("choice %d goes on after its finish reason", index)
	}
	for _, key := range []string{"content", "refusal", "reasoning_content"} {
		if v := delta[key]; v != nil {
			if _, err := delta.str(key); err != nil {
				return err
			}
		}
	}
	if err := one.readCalls(delta); err != nil {
		return err
	}
	reason, there := o["finish_reason"]
	if !there {
		return errors.New("finish_reason is missing")
	}
	if reason == nil {
		return nil
	}
	return one.end(reason)
}

func (ch *choice) readCalls(delta object) error {
	if delta["tool_calls"] == nil {
		return nil
	}
	list, err := delta.list("tool_calls")
	if err != nil {
		return err
	}
	for _, raw := range list {
		call, _ := raw.(map[string]any)
		if err := ch.readCall(call); err != nil {
			return fmt.Errorf("tool call: %w", err)
		}
	}
	return nil
}

func (ch *choice) readCall(call object) error {
	index, errIndex := call.count("index")
	fn, errFn := call.object("function")
	if err := errors.Join(errIndex, errFn, call.only("index", "id", "type", "function")); err != nil {
		return err
	}
	if err := fn.only("name", "arguments"); err != nil {
		return err
	}
	args := ""
	if fn["arguments"] != nil {
		var err error
		if args, err = fn.str("arguments"); err != nil {
			return err
		}
	}
	switch n := int64(len(ch.calls)); {
	case index > n:
		return fmt.Errorf("index: got %d, want at most %d", index, n)
	case index == n:
		_, errID := call.name("id")
		_, errName := fn.name("name")
		if call["type"] != "function" {
			return fmt.Errorf("type: want function, got %s", show(call["type"]))
		}
		ch.calls = append(ch.calls, args)
		return errors.Join(errID, errName)
	case call["id"] != nil || fn["name"] != nil:
		return fmt.Errorf("id or name of call %d comes twice", index)
	}
	ch.calls[index] += args
	return nil
}

func (ch *choice) end(reason any) error {
	ch.finish, _ = reason.(string)
	if !slices.Contains([]string{"stop", "length", "tool_calls", "content_filter", "function_call"}, ch.finish) {
		return fmt.Errorf("finish_reason: got %s", show(reason))
	}
	if ch.finish == "tool_calls" && len(ch.calls) == 0 {
		return errors.New("finish_reason is tool_calls, but there are none")
	}
	if ch.finish == "length" || ch.finish == "content_filter" {
		return nil // arguments may be cut
	}
	for i, args := range ch.calls {
		if !isObject(args) {
			return fmt.Errorf("arguments of tool call %d are no JSON object: %q", i, args)
		}
	}
	return nil
}

func (c *chat) allFinished() error {
	if len(c.choices) == 0 {
		return errors.New("no choice has begun")
	}
	for index, ch := range c.choices {
		if ch.finish == "" {
			return fmt.Errorf("choice %d has no finish_reason", index)
		}
	}
	return nil
}

func (c *chat) finished() error {
	c.done = true
	return c.allFinished()
}

func (c *chat) end() error {
	switch {
	case c.failed:
		return ErrFailed
	case !c.done:
		return ErrTruncated
	}
	return nil
}

// openAIError checks {"error": {message, type, param, code}}.
func openAIError(o object) error {
	e, err := o.object("error")
	if err != nil {
		return err
	}
	_, errMessage := e.name("message")
	_, errType := e.name("type")
	return errors.Join(o.only("error"), errMessage, errType, e.only("message", "type", "param", "code"))
}
