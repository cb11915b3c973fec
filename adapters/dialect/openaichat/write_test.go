package openaichat_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/openaichat"
)

// txt makes a text of what is JSON inside its quotes.
func txt(s string) chat.Text { return chat.Text(s) }

func text(s string) chat.Part { return chat.Part{Text: txt(s)} }

// message is the one choice of an answer in the API's words.
func message(members, finish string) string {
	return `{"index":0,"message":{"role":"assistant",` + members + `},"logprobs":null,"finish_reason":"` + finish + `"}`
}

func sameJSON(tb testing.TB, got, want string) {
	tb.Helper()
	var g, w any
	if err := json.Unmarshal([]byte(got), &g); err != nil {
		tb.Fatalf("got %s, want JSON: %v", got, err)
	}
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		tb.Fatalf("case is not JSON: %s", want)
	}
	if !reflect.DeepEqual(g, w) {
		tb.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestAppendResponseChoices(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		in   chat.Choice
		want string
	}{
		{"text", chat.Choice{Parts: []chat.Part{text(`a\n`), text(`é`)}, Finish: chat.FinishStop}, message(`"content":"a\né","refusal":null,"annotations":[]`, "stop")},
		{"nothing", chat.Choice{Finish: chat.FinishStop}, message(`"content":"","refusal":null,"annotations":[]`, "stop")},
		{"length", chat.Choice{Parts: []chat.Part{text("a")}, Finish: chat.FinishLength}, message(`"content":"a","refusal":null,"annotations":[]`, "length")},
		{"stop sequence", chat.Choice{Parts: []chat.Part{text("a")}, Finish: chat.FinishSequence, Sequence: txt("END")}, message(`"content":"a","refusal":null,"annotations":[]`, "stop")},
		{"filter", chat.Choice{Finish: chat.FinishFilter}, message(`"content":"","refusal":null,"annotations":[]`, "content_filter")},
		{"refusal in words", chat.Choice{Parts: []chat.Part{{Kind: chat.RefusalPart, Text: txt("no")}}, Finish: chat.FinishRefusal}, message(`"content":null,"refusal":"no","annotations":[]`, "stop")},
		{"refusal without words", chat.Choice{Parts: []chat.Part{text("I ")}, Finish: chat.FinishRefusal}, message(`"content":"I ","refusal":null,"annotations":[]`, "content_filter")},
		{"pause", chat.Choice{Parts: []chat.Part{text("a")}, Finish: chat.FinishPause}, message(`"content":"a","refusal":null,"annotations":[]`, "length")},
		{
			"calls", chat.Choice{Parts: []chat.Part{
				{Kind: chat.ToolCallPart, ID: txt("a"), Name: txt("w"), Arguments: txt(`{\"q\":1}`)},
				{Kind: chat.ToolCallPart, ID: txt("b"), Name: txt("v"), Input: chat.Raw(`{"s": "\"x"}`)},
				{Kind: chat.ToolCallPart, ID: txt("c"), Name: txt("u")},
			}, Finish: chat.FinishTools},
			message(`"content":null,"refusal":null,"annotations":[],"tool_calls":[{"id":"a","type":"function","function":{"name":"w","arguments":"{\"q\":1}"}},{"id":"b","type":"function","function":{"name":"v","arguments":"{\"s\": \"\\\"x\"}"}},{"id":"c","type":"function","function":{"name":"u","arguments":"{}"}}]`, "tool_calls"),
		},
		{
			"text and a call", chat.Choice{Parts: []chat.Part{text("a"), {Kind: chat.ToolCallPart, ID: txt("a"), Name: txt("w"), Input: chat.Raw(`{}`)}}, Finish: chat.FinishTools},
			message(`"content":"a","refusal":null,"annotations":[],"tool_calls":[{"id":"a","type":"function","function":{"name":"w","arguments":"{}"}}]`, "tool_calls"),
		},
		{
			"thinking", chat.Choice{Parts: []chat.Part{{Kind: chat.ThinkingPart, Text: txt("h"), Signature: txt("s")}, {Kind: chat.RedactedPart, Text: txt("x")}, {Kind: chat.ThinkingPart, Text: txt("m")}, text("a")}, Finish: chat.FinishStop},
			message(`"content":"a","refusal":null,"reasoning_content":"hm","reasoning_details":[{"type":"reasoning.text","text":"h","signature":"s","index":0},{"type":"reasoning.encrypted","data":"x","index":1},{"type":"reasoning.text","text":"m","index":2}],"annotations":[]`, "stop"),
		},
		{
			"what the provider's own tools did", chat.Choice{Parts: []chat.Part{{Kind: chat.ServerPart, Raw: chat.Raw(`{"type":"server_tool_use"}`)}, text("a")}, Finish: chat.FinishStop},
			message(`"content":"a","refusal":null,"annotations":[]`, "stop"),
		},
		{
			"citations", chat.Choice{Parts: []chat.Part{
				text(`é\n😀\ud83d\ude00\u00e9 `),
				{Text: txt("cited"), Citations: chat.Raw(`[{"type":"web_search_result_location","url":"https:\/\/x.example","title":"X","cited_text":"c"},{"type":"char_location","cited_text":"d"},{"url":"u","title":null}]`)},
				text("."),
				{Text: txt("x"), Citations: chat.Raw(`[{"type":"page_location"}]`)},
			}, Finish: chat.FinishStop},
			message(`"content":"é\n😀😀é cited.x","refusal":null,"annotations":[{"type":"url_citation","url_citation":{"start_index":6,"end_index":11,"url":"https://x.example","title":"X"}},{"type":"url_citation","url_citation":{"start_index":6,"end_index":11,"url":"u","title":""}}]`, "stop"),
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := chat.Response{ID: txt("c1"), Model: txt("m"), Created: 7, Choices: []chat.Choice{tt.in}}
			got := openaichat.Writer{}.AppendResponse([]byte("["), &r)
			sameJSON(t, string(got[1:]), `{"id":"chatcmpl-c1","object":"chat.completion","created":7,"model":"m","choices":[`+tt.want+`]}`)
		})
	}
}

func TestAppendResponse(t *testing.T) {
	t.Parallel()
	r := chat.Response{
		ID: txt("chatcmpl-1"), Model: txt("m"), Created: 7, Tier: txt("flex"), System: txt("fp"), Counted: true,
		Usage:   chat.Usage{Input: 30, Output: 12, CachedRead: 20, CacheWrite: 5, Reasoning: 4},
		Choices: []chat.Choice{{Parts: []chat.Part{text("a")}, Finish: chat.FinishStop, Logprobs: chat.Raw(`{"content":[]}`)}, {Parts: []chat.Part{text("b")}, Finish: chat.FinishStop}},
	}
	sameJSON(t, string(openaichat.Writer{}.AppendResponse(nil, &r)), `{"id":"chatcmpl-1","object":"chat.completion","created":7,"model":"m","choices":[
		{"index":0,"message":{"role":"assistant","content":"a","refusal":null,"annotations":[]},"logprobs":{"content":[]},"finish_reason":"stop"},
		{"index":1,"message":{"role":"assistant","content":"b","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],
		"usage":{"prompt_tokens":30,"completion_tokens":12,"total_tokens":42,"prompt_tokens_details":{"cached_tokens":20,"cache_write_tokens":5,"audio_tokens":0},
		"completion_tokens_details":{"reasoning_tokens":4,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}},
		"service_tier":"flex","system_fingerprint":"fp"}`)
}

func TestAppendError(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in   chat.Error
		want string
	}{
		{chat.Error{Status: 400, Kind: chat.InvalidRequest, Code: "c", Param: "messages[0]", Message: "\"no\"\n"}, `{"error":{"message":"\"no\"\n","type":"invalid_request_error","param":"messages[0]","code":"c"}}`},
		{chat.Error{Status: 429, Kind: chat.RateLimited, Message: "x"}, `{"error":{"message":"x","type":"rate_limit_error","param":null,"code":null}}`},
		{chat.Error{Status: 529, Kind: chat.Overloaded, Message: "x"}, `{"error":{"message":"x","type":"server_error","param":null,"code":null}}`},
		{chat.Error{Status: 401, Kind: chat.Unauthenticated, Message: "x"}, `{"error":{"message":"x","type":"invalid_request_error","param":null,"code":null}}`},
	} {
		if got := string(openaichat.AppendError(nil, &tt.in)); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
		if got, want := string(openaichat.AppendErrorEvent(nil, &tt.in)), "data: "+tt.want+"\n\n"; got != want {
			t.Errorf("as an event: got %q, want %q", got, want)
		}
	}
}
