package adaptertest

import "maps"

// OpenAIForm takes the messages of a chat completion request apart.
func OpenAIForm(request map[string]any) []Item {
	var out []Item
	messages, _ := request["messages"].([]any)
	for _, raw := range messages {
		m, _ := raw.(map[string]any)
		from := len(out)
		out = append(out, openAIMessage(m)...)
		if len(out) == from {
			out = append(out, Item{Kind: "empty", Fields: map[string]any{"role": m["role"]}})
		}
		first := out[from].Fields
		first["begins"] = true
		for _, k := range []string{"name", "cache_control"} {
			if m[k] != nil {
				first[k] = m[k]
			}
		}
	}
	return out
}

func openAIMessage(m map[string]any) []Item {
	var out []Item
	add := func(kind string, key any, fields map[string]any) {
		fields["role"] = m["role"]
		out = append(out, Item{kind, text(key), fields})
	}
	if m["role"] == "tool" || m["role"] == "function" {
		add("result", m["tool_call_id"], map[string]any{"tool_call_id": m["tool_call_id"], "content": parts(m["content"])})
		return out
	}
	details, _ := m["reasoning_details"].([]any)
	for _, d := range details {
		f, _ := d.(map[string]any)
		add("thinking", text(f["text"])+text(f["data"]), maps.Clone(f))
	}
	if s := m["reasoning_content"]; s != nil && details == nil {
		add("thinking", s, map[string]any{"text": s})
	}
	for _, p := range list(m["content"]) {
		key := p[text(p["type"])]
		add(text(p["type"]), text(key), maps.Clone(p))
	}
	if s := m["refusal"]; s != nil {
		add("refusal", s, map[string]any{"refusal": s})
	}
	calls, _ := m["tool_calls"].([]any)
	for _, raw := range calls {
		c, _ := raw.(map[string]any)
		f, _ := c["function"].(map[string]any)
		add("call", c["id"], map[string]any{"id": c["id"], "name": f["name"], "arguments": parsed(f["arguments"]), "cache_control": c["cache_control"]})
	}
	if f, ok := m["function_call"].(map[string]any); ok {
		add("function_call", f["name"], map[string]any{"name": f["name"], "arguments": parsed(f["arguments"])})
	}
	return out
}

// parsed are the arguments of a call as the JSON that they are, if they are.
func parsed(arguments any) any {
	s, _ := arguments.(string)
	if v, err := Value([]byte(s)); err == nil {
		return map[string]any{"json": v}
	}
	return arguments
}

// parts are the parts of a result's content.
func parts(content any) []any {
	var out []any
	for _, p := range list(content) {
		if p["type"] != "text" || p["text"] != "" {
			out = append(out, p)
		}
	}
	return out
}

// AnthropicForm takes the system prompt and the messages of a messages request apart.
func AnthropicForm(request map[string]any) []Item {
	out := anthropicMessage("system", request["system"])
	delete(request, "system")
	messages, _ := request["messages"].([]any)
	for _, raw := range messages {
		m, _ := raw.(map[string]any)
		from := len(out)
		out = append(out, anthropicMessage(m["role"], m["content"])...)
		if len(out) == from {
			out = append(out, Item{Kind: "empty", Fields: map[string]any{"role": m["role"]}})
		}
		out[from].Fields["begins"] = true
	}
	return out
}

func anthropicMessage(role, content any) []Item {
	var out []Item
	for _, b := range list(content) {
		f := maps.Clone(b)
		f["role"] = role
		kind, key := text(b["type"]), ""
		switch kind {
		case "text":
			key = text(b["text"])
		case "thinking", "redacted_thinking":
			key = text(b["thinking"]) + text(b["data"])
		case "tool_use":
			key = text(b["id"])
			f["input"] = map[string]any{"json": b["input"]}
		case "tool_result":
			key = text(b["tool_use_id"])
			f["content"] = parts(b["content"])
		default:
			key = text(b["source"])
		}
		out = append(out, Item{kind, key, f})
	}
	return out
}

// GeminiForm takes the system instruction and the contents of a request to generateContent
// apart.
func GeminiForm(request map[string]any) []Item {
	var out []Item
	if s, ok := request["systemInstruction"].(map[string]any); ok {
		out = geminiContent("system", s)
	}
	contents, _ := request["contents"].([]any)
	for _, raw := range contents {
		c, _ := raw.(map[string]any)
		from := len(out)
		if out = append(out, geminiContent(text(c["role"]), c)...); len(out) > from {
			out[from].Fields["begins"] = true
		}
	}
	delete(request, "model") // it stands in the path
	delete(request, "systemInstruction")
	delete(request, "contents")
	return out
}

func geminiContent(role string, content map[string]any) []Item {
	var out []Item
	for _, p := range list(content["parts"]) {
		f := maps.Clone(p)
		f["role"] = role
		kind, key := "text", text(p["text"])
		if p["thought"] == true {
			kind = "thought"
		}
		for _, k := range []string{"inlineData", "fileData", "functionCall", "functionResponse"} {
			if m, ok := p[k].(map[string]any); ok {
				kind, key = k, text(m["name"])+text(m["data"])+text(m["fileUri"])
				if args, ok := m["args"]; ok {
					f[k] = maps.Clone(m)
					f[k].(map[string]any)["args"] = map[string]any{"json": args}
				}
			}
		}
		out = append(out, Item{kind, key, f})
	}
	return out
}
