package adaptertest

import "maps"

// OpenAIForm takes the messages of a chat completion request apart, and those of Mistral's
// clients, whose messages may also be a prefix.
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
		for _, k := range []string{"name", "cache_control", "prefix", "citations"} {
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
	if s := m["tool_plan"]; s != nil {
		add("plan", s, map[string]any{"text": s})
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
	if o, ok := arguments.(map[string]any); ok {
		return map[string]any{"json": o}
	}
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

// CohereForm takes the messages of a request to Cohere's chat apart, which are like
// OpenAI's. A document that is a string is one with a text.
func CohereForm(request map[string]any) []Item {
	documents, _ := request["documents"].([]any)
	for i, d := range documents {
		if _, ok := d.(string); ok {
			documents[i] = map[string]any{"data": map[string]any{"text": d}}
		}
	}
	return OpenAIForm(request)
}

// OllamaForm takes the messages of a request to /api/chat apart.
func OllamaForm(request map[string]any) []Item {
	var out []Item
	messages, _ := request["messages"].([]any)
	for _, raw := range messages {
		m, _ := raw.(map[string]any)
		from := len(out)
		out = append(out, ollamaMessage(m)...)
		out[from].Fields["begins"] = true
		if m["name"] != nil {
			out[from].Fields["name"] = m["name"]
		}
	}
	return out
}

func ollamaMessage(m map[string]any) []Item {
	var out []Item
	add := func(kind string, key any, fields map[string]any) {
		fields["role"] = m["role"]
		out = append(out, Item{kind, text(key), fields})
	}
	if m["role"] == "tool" {
		add("result", m["content"], map[string]any{"tool_call_id": m["tool_call_id"], "tool_name": m["tool_name"], "content": m["content"], "images": m["images"]})
		return out
	}
	if s := m["thinking"]; s != nil {
		add("thinking", s, map[string]any{"text": s})
	}
	images, _ := m["images"].([]any)
	for _, data := range images {
		add("image", data, map[string]any{"data": data})
	}
	calls, _ := m["tool_calls"].([]any)
	if s := m["content"]; s != nil && s != "" || len(out)+len(calls) == 0 {
		add("text", s, map[string]any{"text": s})
	}
	for _, raw := range calls {
		c, _ := raw.(map[string]any)
		f, _ := c["function"].(map[string]any)
		add("call", f["name"], map[string]any{"id": c["id"], "name": f["name"], "arguments": parsed(f["arguments"])})
	}
	return out
}

// BedrockForm takes the system prompt and the messages of a request to Converse apart. A
// cache point is a field of what it stands behind, and a text with citations is a text.
func BedrockForm(request map[string]any) []Item {
	out := bedrockMessage("system", request["system"])
	messages, _ := request["messages"].([]any)
	for _, raw := range messages {
		m, _ := raw.(map[string]any)
		from := len(out)
		if out = append(out, bedrockMessage(m["role"], m["content"])...); len(out) > from {
			out[from].Fields["begins"] = true
		}
	}
	delete(request, "system")
	if o, ok := request["toolConfig"].(map[string]any); ok {
		o["tools"] = cacheField(o["tools"])
	}
	if o, ok := request["outputConfig"].(map[string]any); ok {
		for _, k := range []string{"textFormat", "structure", "jsonSchema"} {
			o, _ = o[k].(map[string]any)
		}
		if o["schema"] != nil {
			o["schema"] = parsed(o["schema"])
		}
	}
	return out
}

// cacheField has cache points in the tools before them.
func cacheField(tools any) any {
	var out []any
	for _, t := range list(tools) {
		if point, ok := t["cachePoint"]; ok && len(out) > 0 {
			out[len(out)-1].(map[string]any)["cachePoint"] = point
		} else if !ok {
			out = append(out, t)
		}
	}
	return out
}

func bedrockMessage(role, content any) []Item {
	var out []Item
	for _, block := range list(content) {
		for kind, v := range block { // which is one
			if kind == "cachePoint" && len(out) > 0 {
				out[len(out)-1].Fields[kind] = v
				continue
			}
			fields := map[string]any{"role": role}
			key := v
			if m, ok := v.(map[string]any); ok {
				fields = maps.Clone(m)
				fields["role"] = role
				switch content := list(m["content"]); {
				case kind == "citationsContent" && len(content) == 1:
					kind, key = "text", content[0]["text"]
					fields = map[string]any{"role": role, "text": key, "citations": m["citations"]}
				case m["toolUseId"] != nil:
					key = m["toolUseId"]
				case m["source"] != nil:
					key = m["source"]
				}
				if m["input"] != nil {
					fields["input"] = parsed(m["input"])
				}
			} else {
				fields["text"] = v
			}
			out = append(out, Item{kind, text(key), fields})
		}
	}
	return out
}
