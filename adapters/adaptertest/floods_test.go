package adaptertest_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
)

// A flood is a stream that goes on and on. The first of a form is of text with a "word".
type flood struct {
	name, begin, end string
	event            func(i int) string
}

// floods are those of the pair's form, framed as its provider does.
func (p *pair) floods(t testing.TB) []flood {
	t.Helper()
	var all []flood
	for wire := range strings.FieldsSeq(p.form.wire) {
		all = append(all, floods()[wire]...)
	}
	if len(all) == 0 {
		t.Fatalf("no floods of the form %q", p.form.wire)
	}
	if p.Frame == nil {
		return all
	}
	framed := func(s string) string { return string(p.Frame([]byte(s))) }
	for i, f := range all {
		all[i].begin, all[i].end = framed(f.begin), framed(f.end)
		all[i].event = func(n int) string { return framed(f.event(n)) }
	}
	return all
}

// large is the pair's first event of a text, with its word many times.
func (p *pair) large(words int) string {
	wire, _, _ := strings.Cut(p.form.wire, " ")
	event := strings.Replace(floods()[wire][0].event(0), "word", strings.Repeat("word", words), 1)
	if p.Frame != nil {
		return string(p.Frame([]byte(event)))
	}
	return event
}

func openAIChunk(delta string) string {
	return `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{` + delta + `},"logprobs":null,"finish_reason":null}]}` + "\n\n"
}

func anthropicEvent(kind, rest string) string {
	return "event: " + kind + "\ndata: {\"type\":\"" + kind + "\"" + rest + "}\n\n"
}

func floods() map[string][]flood {
	long := strings.Repeat("0123456789", 20)
	openAIEnd := strings.Replace(openAIChunk(""), `"finish_reason":null`, `"finish_reason":"stop"`, 1) + "data: [DONE]\n\n"
	started := anthropicEvent("message_start", `,"message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}`)
	anthropicEnd := anthropicEvent("message_delta", `,"delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":9}`) + anthropicEvent("message_stop", "")
	block := func(content string) string {
		return anthropicEvent("content_block_start", `,"index":0,"content_block":`+content)
	}
	stop := anthropicEvent("content_block_stop", `,"index":0`)
	delta := func(d string) func(int) string {
		return func(int) string { return anthropicEvent("content_block_delta", `,"index":0,"delta":`+d) }
	}
	all := map[string][]flood{
		"openai": {
			{"text", openAIChunk(`"role":"assistant","content":""`), openAIEnd, func(int) string { return openAIChunk(`"content":"word \u00e9"`) }},
			{"arguments of a call", openAIChunk(`"tool_calls":[{"index":0,"id":"c","type":"function","function":{"name":"f","arguments":"{\"x\":\""}}]`),
				openAIChunk(`"tool_calls":[{"index":0,"function":{"arguments":"\"}"}}]`) + openAIEnd,
				func(int) string {
					return openAIChunk(`"tool_calls":[{"index":0,"function":{"arguments":"` + long + `"}}]`)
				}},
			{"thinking", "", openAIEnd, func(int) string { return openAIChunk(`"reasoning_content":"hm "`) }},
			{"thinking and text by turns", "", openAIEnd, func(i int) string {
				return openAIChunk([]string{`"reasoning_content":"hm "`, `"content":"word "`}[i%2])
			}},
			{"citations", openAIChunk(`"content":"x"`), openAIEnd, func(i int) string {
				return openAIChunk(fmt.Sprintf(`"annotations":[{"type":"url_citation","url_citation":{"url":"https://example.com/%d","title":"A"}}]`, i))
			}},
			{"comments", openAIChunk(`"content":"x"`), openAIEnd, func(int) string { return ": keep-alive\n\n" }},
			{"empty pieces", openAIChunk(`"content":"x"`), openAIEnd, func(int) string { return openAIChunk(`"content":""`) }},
		},
		"anthropic": {
			{"text", started + block(`{"type":"text","text":""}`), stop + anthropicEnd, delta(`{"type":"text_delta","text":"word \u00e9"}`)},
			{"arguments of a call", started + block(`{"type":"tool_use","id":"t","name":"f","input":{}}`) + delta(`{"type":"input_json_delta","partial_json":"{\"x\":\""}`)(0),
				delta(`{"type":"input_json_delta","partial_json":"\"}"}`)(0) + stop + anthropicEnd, delta(`{"type":"input_json_delta","partial_json":"` + long + `"}`)},
			{"thinking", started + block(`{"type":"thinking","thinking":"","signature":""}`), delta(`{"type":"signature_delta","signature":"s"}`)(0) + stop + anthropicEnd, delta(`{"type":"thinking_delta","thinking":"hm "}`)},
			{"blocks", started, anthropicEnd, func(i int) string {
				at := fmt.Sprintf(`,"index":%d`, i)
				return anthropicEvent("content_block_start", at+`,"content_block":{"type":"text","text":""}`) + anthropicEvent("content_block_delta", at+`,"delta":{"type":"text_delta","text":"x"}`) + anthropicEvent("content_block_stop", at)
			}},
			{"calls", started, anthropicEnd, func(i int) string {
				at := fmt.Sprintf(`,"index":%d`, i)
				return anthropicEvent("content_block_start", at+fmt.Sprintf(`,"content_block":{"type":"tool_use","id":"toolu_%d","name":"f","input":{}}`, i)) + anthropicEvent("content_block_stop", at)
			}},
			{"citations", started + block(`{"type":"text","text":""}`), stop + anthropicEnd, func(i int) string {
				return delta(fmt.Sprintf(`{"type":"citations_delta","citation":{"type":"web_search_result_location","url":"https://example.com/%d","title":"A","encrypted_index":"","cited_text":""}}`, i))(0)
			}},
			{"pings", started, anthropicEnd, func(int) string { return anthropicEvent("ping", "") }},
			{"events that are new", started, anthropicEnd, func(int) string { return anthropicEvent("vibe_check", `,"x":[1,2,3]`) }},
		},
	}
	maps.Copy(all, floodsOfOthers(long))
	return all
}

func geminiChunk(parts, finish string) string {
	return `data: {"candidates":[{"content":{"parts":[` + parts + `],"role":"model"},"index":0` + finish + `}],"usageMetadata":{"promptTokenCount":8,"candidatesTokenCount":3,"totalTokenCount":11},"modelVersion":"m","responseId":"r"}` + "\n\n"
}

func cohereEvent(kind, rest string) string {
	return "event: " + kind + "\ndata: {\"type\":\"" + kind + "\"" + rest + "}\n\n"
}

func ollamaLine(message, rest string) string {
	return `{"model":"m","created_at":"2026-11-26T22:13:20.499127Z","message":{"role":"assistant",` + message + `},` + rest + "}\n"
}

func llamaEvent(kind, delta, rest string) string {
	return `data: {"id":"a","event":{"event_type":"` + kind + `","delta":` + delta + rest + "}}\n\n"
}

// always is an event that is the same each time.
func always(event string) func(int) string { return func(int) string { return event } }

// floodsOfOthers are of the forms that are neither OpenAI's nor Anthropic's.
func floodsOfOthers(long string) map[string][]flood {
	message := func(m string) string { return `,"index":0,"delta":{"message":{` + m + `}}` }
	cohereStart := cohereEvent("message-start", `,"id":"a","delta":{"message":{"role":"assistant","content":[],"tool_plan":"","tool_calls":[],"citations":[]}}`)
	cohereEnd := cohereEvent("message-end", `,"delta":{"finish_reason":"COMPLETE","usage":{"billed_units":{"input_tokens":5,"output_tokens":7},"tokens":{"input_tokens":71,"output_tokens":9}}}`)
	cohereText := cohereEvent("content-start", message(`"content":{"type":"text","text":""}`))
	contentEnd := cohereEvent("content-end", `,"index":0`)
	ollamaEnd := ollamaLine(`"content":""`, `"done":true,"done_reason":"stop","total_duration":1,"load_duration":1,"prompt_eval_count":26,"prompt_eval_duration":1,"eval_count":7,"eval_duration":1`)
	const bedrockStart = `messageStart {"role": "assistant", "p": "abc"}` + "\n"
	bedrockEnd := func(reason string) string {
		return `messageStop {"stopReason": "` + reason + `"}` + "\n" + `metadata {"usage": {"inputTokens": 8, "outputTokens": 3, "totalTokens": 11}, "metrics": {"latencyMs": 5}}` + "\n"
	}
	const blockStop = `contentBlockStop {"contentBlockIndex": 0}` + "\n"
	bedrockDelta := func(delta string) string {
		return `contentBlockDelta {"contentBlockIndex": 0, "delta": {` + delta + `}, "p": "abcdef"}` + "\n"
	}
	const toolStart = `contentBlockStart {"contentBlockIndex": 0, "start": {"toolUse": {"toolUseId": "t", "name": "f"}}}` + "\n"
	mistralEnd := strings.Replace(openAIChunk(`"content":""`), `"finish_reason":null`, `"finish_reason":"stop"`, 1) + "data: [DONE]\n\n"
	const text = `{"type":"text","text":"`
	llamaStart := llamaEvent("start", text+`"}`, "")
	llamaEnd := llamaEvent("complete", text+`"}`, `,"stop_reason":"stop"`) + llamaEvent("metrics", text+`"}`, `,"metrics":[{"metric":"num_completion_tokens","value":5},{"metric":"num_prompt_tokens","value":30}]`)
	return map[string][]flood{
		"gemini": {
			{"text", "", geminiChunk(`{"text":""}`, `,"finishReason":"STOP"`), always(geminiChunk(`{"text":"word \u00e9"}`, ""))},
			{"thinking", "", geminiChunk(`{"text":"x"}`, `,"finishReason":"STOP"`), always(geminiChunk(`{"text":"hm ","thought":true}`, ""))},
			{"thinking and text by turns", "", geminiChunk(`{"text":"x"}`, `,"finishReason":"STOP"`), always(geminiChunk(`{"text":"hm ","thought":true},{"text":"word"}`, ""))},
			{"calls", "", geminiChunk(`{"text":""}`, `,"finishReason":"STOP"`), func(i int) string {
				return geminiChunk(fmt.Sprintf(`{"functionCall":{"name":"f","args":{"n":%d}},"thoughtSignature":"c2ln"}`, i), "")
			}},
			{"empty pieces", "", geminiChunk(`{"text":"x"}`, `,"finishReason":"STOP"`), always(geminiChunk(`{"text":""}`, ""))},
		},
		"cohere": {
			{"text", cohereStart + cohereText, contentEnd + cohereEnd, always(cohereEvent("content-delta", message(`"content":{"text":"word \u00e9"}`)))},
			{"thinking", cohereStart + cohereEvent("content-start", message(`"content":{"type":"thinking","thinking":""}`)), contentEnd + cohereEnd, always(cohereEvent("content-delta", message(`"content":{"thinking":"hm "}`)))},
			{"arguments of a call", cohereStart + cohereEvent("tool-call-start", message(`"tool_calls":{"id":"c","type":"function","function":{"name":"f","arguments":"{\"x\":\""}}`)),
				cohereEvent("tool-call-delta", message(`"tool_calls":{"function":{"arguments":"\"}"}}`)) + cohereEvent("tool-call-end", `,"index":0`) + strings.Replace(cohereEnd, "COMPLETE", "TOOL_CALL", 1),
				always(cohereEvent("tool-call-delta", message(`"tool_calls":{"function":{"arguments":"`+long+`"}}`)))},
			{"citations", cohereStart + cohereText, contentEnd + cohereEnd, func(i int) string {
				return cohereEvent("citation-start", fmt.Sprintf(`,"index":%d,"delta":{"message":{"citations":{"start":0,"end":7,"text":"a","sources":[{"type":"document","id":"%d","document":{"id":"%d","title":"T","text":"x"}}],"type":"TEXT_CONTENT"}}}`, i, i, i)) + cohereEvent("citation-end", fmt.Sprintf(`,"index":%d`, i))
			}},
			{"plans", cohereStart, cohereText + contentEnd + cohereEnd, always(cohereEvent("tool-plan-delta", `,"delta":{"message":{"tool_plan":"I will"}}`))},
		},
		"ollama": {
			{"text", "", ollamaEnd, always(ollamaLine(`"content":"word \u00e9"`, `"done":false`))},
			{"thinking", "", ollamaEnd, always(ollamaLine(`"content":"","thinking":"hm "`, `"done":false`))},
			{"thinking and text by turns", "", ollamaEnd, always(ollamaLine(`"content":"word","thinking":"hm "`, `"done":false`))},
			{"calls", "", ollamaEnd, func(i int) string {
				return ollamaLine(fmt.Sprintf(`"content":"","tool_calls":[{"function":{"index":%d,"name":"f","arguments":{"n":%d}}}]`, i, i), `"done":false`)
			}},
		},
		"bedrock": {
			{"text", bedrockStart, blockStop + bedrockEnd("end_turn"), always(bedrockDelta(`"text": "word \u00e9"`))},
			{"thinking", bedrockStart, bedrockDelta(`"reasoningContent": {"signature": "c2ln"}`) + blockStop + bedrockEnd("end_turn"), always(bedrockDelta(`"reasoningContent": {"text": "hm "}`))},
			{"arguments of a call", bedrockStart + toolStart + bedrockDelta(`"toolUse": {"input": "{\"x\":\""}`), bedrockDelta(`"toolUse": {"input": "\"}"}`) + blockStop + bedrockEnd("tool_use"),
				always(bedrockDelta(`"toolUse": {"input": "` + long + `"}`))},
			{"blocks", bedrockStart, bedrockEnd("end_turn"), func(i int) string {
				return strings.ReplaceAll(bedrockDelta(`"text": "x"`)+blockStop, `Index": 0`, fmt.Sprintf(`Index": %d`, i))
			}},
		},
		"mistral": {
			{"text", openAIChunk(`"role":"assistant","content":""`), mistralEnd, always(openAIChunk(`"content":"word \u00e9"`))},
			{"thinking", "", mistralEnd, always(openAIChunk(`"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm "}]}]`))},
			{"thinking and text by turns", "", mistralEnd, always(openAIChunk(`"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm "}]},{"type":"text","text":"word"}]`))},
			{"references", openAIChunk(`"content":"x"`), mistralEnd, func(i int) string {
				return openAIChunk(fmt.Sprintf(`"content":[{"type":"reference","reference_ids":[%d]},{"type":"text","text":"word"}]`, i))
			}},
		},
		"cloudflare": {
			{"text", "", `data: {"response":"","usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}}` + "\n\ndata: [DONE]\n\n", always(`data: {"response":"word \u00e9","p":"abcd"}` + "\n\n")},
		},
		"llama": {
			{"text", llamaStart, llamaEnd, always(llamaEvent("progress", text+`word \u00e9"}`, ""))},
			{"arguments of a call", llamaStart + llamaEvent("progress", `{"type":"tool_call","id":"c","function":{"name":"f","arguments":"{\"x\":\""}}`, ""), llamaEvent("progress", `{"type":"tool_call","function":{"arguments":"\"}"}}`, "") + llamaEnd,
				always(llamaEvent("progress", `{"type":"tool_call","function":{"arguments":"`+long+`"}}`, ""))},
		},
	}
}
