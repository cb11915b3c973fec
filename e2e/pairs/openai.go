package pairs

import (
	"errors"
	"fmt"
	"maps"

	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/e2e/mockllm/grammar"
)

// responsesEnding checks a stream of the Responses API.
func responsesEnding(stream []byte) (adaptertest.Ending, error) {
	switch err := grammar.OpenAIResponses(stream); {
	case err == nil:
		return adaptertest.Complete, nil
	case errors.Is(err, grammar.ErrFailed):
		return adaptertest.Failed, nil
	case errors.Is(err, grammar.ErrArguments):
		return adaptertest.Cut, fmt.Errorf("%w: %w", adaptertest.ErrArguments, err)
	default:
		return adaptertest.Cut, err
	}
}

type object = map[string]any

// asCompletion is a conversation that is one text of the user's as a prompt.
func asCompletion(chat object) (object, bool) {
	messages, _ := chat["messages"].([]any)
	if len(messages) != 1 {
		return nil, false
	}
	m, _ := messages[0].(object)
	text, ok := m["content"].(string)
	if !ok || m["role"] != "user" {
		return nil, false
	}
	out := maps.Clone(chat)
	delete(out, "messages")
	for _, key := range []string{"tools", "tool_choice", "response_format", "logprobs", "top_logprobs"} {
		if out[key] != nil {
			return nil, false
		}
	}
	if limit := out["max_completion_tokens"]; limit != nil {
		delete(out, "max_completion_tokens")
		out["max_tokens"] = limit
	}
	out["prompt"] = text
	return out, true
}

// asResponses is a conversation in the words of the Responses API. What that has no word
// for goes as it is: a client that sends it learns what becomes of it.
func asResponses(chat object) (object, bool) {
	out := object{}
	for k, v := range chat {
		switch k {
		case "messages", "stream_options":
		case "max_tokens", "max_completion_tokens":
			out["max_output_tokens"] = v
		case "tools":
			out["tools"] = each(v, flat)
		case "tool_choice":
			out[k] = v
			if c, ok := v.(object); ok {
				out[k] = flat(c)
			}
		case "response_format":
			set(out, "text", "format", flat(v))
		case "verbosity":
			set(out, "text", "verbosity", v)
		case "reasoning_effort":
			set(out, "reasoning", "effort", v)
		case "logprobs":
			out["include"] = []any{"message.output_text.logprobs"}
		case "functions", "function_call":
			return nil, false
		default:
			out[k] = v
		}
	}
	var input []any
	messages, _ := chat["messages"].([]any)
	for _, m := range messages {
		m, ok := m.(object)
		if !ok || m["role"] == "function" || m["function_call"] != nil || m["audio"] != nil {
			return nil, false
		}
		input = append(input, items(m)...)
	}
	out["input"] = input
	return out, true
}

func set(out object, key, member string, v any) {
	o, ok := out[key].(object)
	if !ok {
		o = object{}
		out[key] = o
	}
	o[member] = v
}

func each(v any, f func(any) any) any {
	list, ok := v.([]any)
	if !ok {
		return v
	}
	var out []any
	for _, e := range list {
		out = append(out, f(e))
	}
	return out
}

// flat has the members of a typed object, which chat completions put one level below,
// beside its type.
func flat(v any) any {
	o, ok := v.(object)
	if !ok {
		return v
	}
	out := object{}
	for k, m := range o {
		inner, ok := m.(object)
		switch {
		case ok && (k == "function" || k == "json_schema" || k == "allowed_tools"):
			for k, m := range inner {
				if k == "tools" {
					m = each(m, flat)
				}
				out[k] = m
			}
		default:
			out[k] = m
		}
	}
	return out
}

// items are those of a message.
func items(m object) (out []any) {
	if m["role"] == "tool" {
		return []any{object{"type": "function_call_output", "call_id": m["tool_call_id"], "output": content(m["content"], "input_text")}}
	}
	kind := "input_text"
	if m["role"] == "assistant" {
		kind = "output_text"
	}
	details, _ := m["reasoning_details"].([]any)
	for _, d := range details {
		out = append(out, thought(d.(object)))
	}
	message := maps.Clone(m)
	for _, key := range []string{"reasoning_details", "tool_calls", "refusal", "reasoning_content"} {
		delete(message, key)
	}
	if m["content"] != nil && m["content"] != "" || m["tool_calls"] == nil && m["refusal"] == nil {
		message["content"] = content(m["content"], kind)
		out = append(out, message)
	}
	if m["refusal"] != nil {
		out = append(out, object{"role": "assistant", "content": []any{object{"type": "refusal", "refusal": m["refusal"]}}})
	}
	calls, _ := m["tool_calls"].([]any)
	for _, c := range calls {
		c := c.(object)
		f, _ := c["function"].(object)
		out = append(out, object{"type": "function_call", "call_id": c["id"], "name": f["name"], "arguments": f["arguments"]})
	}
	return out
}

func thought(d object) object {
	item := object{"type": "reasoning", "id": "rs_1", "summary": []any{}}
	if d["text"] != nil {
		item["summary"] = []any{object{"type": "summary_text", "text": d["text"]}}
	}
	if s, ok := d["signature"].(string); ok {
		item["encrypted_content"] = "signature:" + s
	}
	if s, ok := d["data"].(string); ok {
		item["encrypted_content"] = "redacted:" + s
	}
	return item
}

func content(v any, text string) any {
	return each(v, func(p any) any {
		o, ok := p.(object)
		if !ok {
			return p
		}
		out := maps.Clone(o)
		switch o["type"] {
		case "text":
			out["type"] = text
		case "image_url":
			out["type"] = "input_image"
			if i, ok := o["image_url"].(object); ok {
				out["image_url"] = i["url"]
				if i["detail"] != nil {
					out["detail"] = i["detail"]
				}
			}
		case "file":
			out["type"] = "input_file"
			delete(out, "file")
			if f, ok := o["file"].(object); ok {
				maps.Copy(out, f)
			}
		}
		return out
	})
}
