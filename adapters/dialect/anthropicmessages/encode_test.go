package anthropicmessages_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/anthropicmessages"
	"github.com/postern-gateway/postern/e2e/mockllm/grammar"
)

func text(s string) chat.Text { return chat.Text(s) }

var (
	started  = chat.Event{Kind: chat.Start, ID: text("chatcmpl-1"), Model: text("gpt-x")}
	finished = chat.Event{Kind: chat.End, Counted: true, Usage: chat.Usage{Input: 20, CachedRead: 5, CacheWrite: 3, Output: 9, Reasoning: 2}}
)

// of is the events of a block.
func of(kind chat.PartKind, texts ...string) []chat.Event {
	list := []chat.Event{{Kind: chat.BlockStart, Block: kind}}
	for _, s := range texts {
		list = append(list, chat.Event{Kind: chat.TextDelta, Block: kind, Text: text(s)})
	}
	return append(list, chat.Event{Kind: chat.BlockStop, Block: kind})
}

func call(id, name string, texts ...string) []chat.Event {
	list := of(chat.ToolCallPart, texts...)
	list[0].ID, list[0].Name = text(id), text(name)
	return list
}

func finish(f chat.Finish) chat.Event { return chat.Event{Kind: chat.FinishEvent, Finish: f} }

func join(lists ...any) []chat.Event {
	var out []chat.Event
	for _, l := range lists {
		switch l := l.(type) {
		case chat.Event:
			out = append(out, l)
		case []chat.Event:
			out = append(out, l...)
		}
	}
	return out
}

const (
	messageStart = `message_start {"type":"message_start","message":{"id":"msg_chatcmpl-1","type":"message","role":"assistant","model":"gpt-x","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}}`
	lastUsage    = `"usage":{"input_tokens":12,"cache_creation_input_tokens":3,"cache_read_input_tokens":5,"output_tokens":9,"output_tokens_details":{"thinking_tokens":2}}}`
	messageStop  = `message_stop {"type":"message_stop"}`
)

func messageDelta(reason string) string {
	return `message_delta {"type":"message_delta","delta":{"stop_reason":"` + reason + `","stop_sequence":null},` + lastUsage
}

func blockDelta(index, delta string) string {
	return `content_block_delta {"type":"content_block_delta","index":` + index + `,"delta":` + delta + `}`
}

func blockStart(index, block string) string {
	return `content_block_start {"type":"content_block_start","index":` + index + `,"content_block":` + block + `}`
}

func blockStop(index string) string {
	return `content_block_stop {"type":"content_block_stop","index":` + index + `}`
}

var encodings = []struct {
	name   string
	events []chat.Event
	want   []string
}{
	{"text", join(started, of(chat.TextPart, `Hé`, `\"llo\n`), finish(chat.FinishStop), finished), []string{
		messageStart, blockStart("0", `{"type":"text","text":""}`), blockDelta("0", `{"type":"text_delta","text":"Hé"}`), blockDelta("0", `{"type":"text_delta","text":"\"llo\n"}`), blockStop("0"), messageDelta("end_turn"), messageStop,
	}},
	{"thoughts without a signature, then calls", join(started, of(chat.ThinkingPart, `hm`), call("call_1", "f", `{\"a\":`, `1}`), call("call_2", "g"), finish(chat.FinishStop), finished), []string{
		messageStart,
		blockStart("0", `{"type":"thinking","thinking":"","signature":""}`), blockDelta("0", `{"type":"thinking_delta","thinking":"hm"}`), blockDelta("0", `{"type":"signature_delta","signature":"postern-unsigned"}`), blockStop("0"),
		blockStart("1", `{"type":"tool_use","id":"call_1","name":"f","input":{}}`), blockDelta("1", `{"type":"input_json_delta","partial_json":"{\"a\":"}`), blockDelta("1", `{"type":"input_json_delta","partial_json":"1}"}`), blockStop("1"),
		blockStart("2", `{"type":"tool_use","id":"call_2","name":"g","input":{}}`), blockStop("2"),
		messageDelta("tool_use"), messageStop,
	}},
	{"signature and redacted thoughts", join(started, chat.Event{Kind: chat.BlockStart, Block: chat.ThinkingPart}, chat.Event{Kind: chat.SignatureDelta, Block: chat.ThinkingPart, Text: text("c2ln")}, chat.Event{Kind: chat.BlockStop},
		chat.Event{Kind: chat.BlockStart, Block: chat.RedactedPart, Text: text("ZGF0YQ==")}, chat.Event{Kind: chat.BlockStop}, finish(chat.FinishLength), finished), []string{
		messageStart,
		blockStart("0", `{"type":"thinking","thinking":"","signature":""}`), blockDelta("0", `{"type":"signature_delta","signature":"c2ln"}`), blockStop("0"),
		blockStart("1", `{"type":"redacted_thinking","data":"ZGF0YQ=="}`), blockStop("1"), messageDelta("max_tokens"), messageStop,
	}},
	{"refusal", join(started, of(chat.RefusalPart, `No.`), finish(chat.FinishRefusal), finished), []string{
		messageStart, blockStart("0", `{"type":"text","text":""}`), blockDelta("0", `{"type":"text_delta","text":"No."}`), blockStop("0"), messageDelta("refusal"), messageStop,
	}},
	{"filtered", join(started, finish(chat.FinishFilter), finished), []string{messageStart, messageDelta("refusal"), messageStop}},
	{"paused", join(started, finish(chat.FinishPause), finished), []string{messageStart, messageDelta("pause_turn"), messageStop}},
	{"calls that never came", join(started, finish(chat.FinishTools), finished), []string{messageStart, messageDelta("end_turn"), messageStop}},
	{"stop sequence", join(started, chat.Event{Kind: chat.FinishEvent, Finish: chat.FinishSequence, Sequence: text("END")}, finished), []string{
		messageStart, `message_delta {"type":"message_delta","delta":{"stop_reason":"stop_sequence","stop_sequence":"END"},` + lastUsage, messageStop,
	}},
	{"stop sequence that is not named", join(started, finish(chat.FinishSequence), finished), []string{messageStart, messageDelta("end_turn"), messageStop}},
	{"details of a refusal", join(started, chat.Event{Kind: chat.FinishEvent, Finish: chat.FinishRefusal, Raw: chat.Raw(`{"type":"refusal","category":"bio"}`)}, finished), []string{
		messageStart, `message_delta {"type":"message_delta","delta":{"stop_reason":"refusal","stop_sequence":null,"stop_details":{"type":"refusal","category":"bio"}},` + lastUsage, messageStop,
	}},
	{"search by Anthropic with a citation, and by others", join(started,
		chat.Event{Kind: chat.BlockStart, Block: chat.ServerPart, Raw: chat.Raw(`{"type":"server_tool_use","id":"s","name":"web_search","input":{}}`)}, chat.Event{Kind: chat.TextDelta, Block: chat.ServerPart, Text: text(`{}`)}, chat.Event{Kind: chat.BlockStop},
		chat.Event{Kind: chat.BlockStart, Block: chat.ServerPart, Raw: chat.Raw(`{"type":"web_search_call"}`)}, chat.Event{Kind: chat.TextDelta, Block: chat.ServerPart, Text: text(`{}`)}, chat.Event{Kind: chat.BlockStop},
		chat.Event{Kind: chat.BlockStart}, chat.Event{Kind: chat.TextDelta, Text: text("a")}, chat.Event{Kind: chat.CitationDelta, Raw: chat.Raw(`{"type":"char_location"}`)}, chat.Event{Kind: chat.BlockStop}, finish(chat.FinishStop), finished), []string{
		messageStart,
		blockStart("0", `{"type":"server_tool_use","id":"s","name":"web_search","input":{}}`), blockDelta("0", `{"type":"input_json_delta","partial_json":"{}"}`), blockStop("0"),
		blockStart("1", `{"type":"text","text":""}`), blockDelta("1", `{"type":"text_delta","text":"a"}`), blockDelta("1", `{"type":"citations_delta","citation":{"type":"char_location"}}`), blockStop("1"),
		messageDelta("end_turn"), messageStop,
	}},
	{"ping before and amidst", join(chat.Event{Kind: chat.Ping}, started, chat.Event{Kind: chat.Ping}, finish(chat.FinishStop), finished), []string{
		`ping {"type":"ping"}`, messageStart, `ping {"type":"ping"}`, messageDelta("end_turn"), messageStop,
	}},
	{"second of several answers", join(started, chat.Event{Kind: chat.BlockStart, Choice: 1}, chat.Event{Kind: chat.TextDelta, Choice: 1, Text: text("x")}, finish(chat.FinishStop), finished), []string{messageStart, messageDelta("end_turn"), messageStop}},
	{"end without a stop of the block", join(started, of(chat.TextPart, "a")[:2], finish(chat.FinishStop), finished), []string{
		messageStart, blockStart("0", `{"type":"text","text":""}`), blockDelta("0", `{"type":"text_delta","text":"a"}`), blockStop("0"), messageDelta("end_turn"), messageStop,
	}},
	{"failure amidst, and what follows it", join(started, of(chat.TextPart, "a")[:2], chat.Event{Kind: chat.Failure, Err: &chat.Error{Status: 503, Kind: chat.Overloaded, Message: "too much"}}, finish(chat.FinishStop), finished), []string{
		messageStart, blockStart("0", `{"type":"text","text":""}`), blockDelta("0", `{"type":"text_delta","text":"a"}`), `error {"type":"error","error":{"type":"overloaded_error","message":"too much"}}`,
	}},
	{"failure first", join(chat.Event{Kind: chat.Failure, Err: &chat.Error{Status: 500, Kind: chat.Internal, Message: "broken"}}), []string{`error {"type":"error","error":{"type":"api_error","message":"broken"}}`}},
	{"usage with the start and again with less", join(chat.Event{Kind: chat.Start, ID: text("msg_9"), Model: text("m"), Tier: text("default"), Counted: true, Usage: chat.Usage{Input: 20, CachedRead: 5, CacheWrite: 3, Output: 1}}, finish(chat.FinishStop), chat.Event{Kind: chat.End, Counted: true, Usage: chat.Usage{Output: 9, Reasoning: 2}}), []string{
		`message_start {"type":"message_start","message":{"id":"msg_9","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":12,"cache_creation_input_tokens":3,"cache_read_input_tokens":5,"output_tokens":0,"service_tier":"standard"}}}`,
		messageDelta("end_turn"), messageStop,
	}},
}

func encode(e adapters.Encoder, events []chat.Event) []byte {
	e.Reset(&chat.Request{Model: "asked"})
	var out []byte
	for i := range events {
		out = e.Append(out, &events[i])
	}
	return out
}

func TestEncode(t *testing.T) {
	t.Parallel()
	for _, tt := range encodings {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := (anthropicmessages.Writer{}).NewEncoder()
			for range 2 { // the second time for another stream
				out := encode(e, tt.events)
				var want strings.Builder
				for _, w := range tt.want {
					kind, data, _ := strings.Cut(w, " ")
					want.WriteString("event: " + kind + "\ndata: " + data + "\n\n")
				}
				if string(out) != want.String() {
					t.Fatalf("got\n%s\nwant\n%s", out, want.String())
				}
				if err := grammar.Anthropic(out); err != nil && !strings.Contains(tt.name, "failure") {
					t.Errorf("got %v, want a stream as the API writes it", err)
				}
			}
		})
	}
}

// A stream that is cut before its end must not look like a whole answer.
func TestCutStreamHasNoEnd(t *testing.T) {
	t.Parallel()
	for _, tt := range encodings {
		e := (anthropicmessages.Writer{}).NewEncoder()
		out := string(encode(e, tt.events[:len(tt.events)-1]))
		if strings.Contains(out, "message_stop") || strings.Contains(out, `"stop_reason":"`) {
			t.Errorf("%s: got %s, want no end", tt.name, out)
		}
	}
}

var writings = []struct {
	name string
	in   chat.Response
	want string
}{
	{"text", chat.Response{ID: text("chatcmpl-1"), Model: text("gpt-x"), Usage: chat.Usage{Input: 20, CachedRead: 5, Output: 4}, Tier: text("default"),
		Choices: []chat.Choice{{Finish: chat.FinishStop, Parts: []chat.Part{{Text: text(`H\"i`)}}}}},
		`{"id":"msg_chatcmpl-1","type":"message","role":"assistant","model":"gpt-x","content":[{"type":"text","text":"H\"i"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":15,"cache_creation_input_tokens":0,"cache_read_input_tokens":5,"output_tokens":4,"service_tier":"standard"}}`},
	{"calls with arguments in strings, cut and none", chat.Response{ID: text("1"), Choices: []chat.Choice{{Finish: chat.FinishLength, Parts: []chat.Part{
		{Text: text("")},
		{Kind: chat.ToolCallPart, ID: text("a"), Name: text("f"), Arguments: text(`{\"x\": \"\\u00e9\"}`)},
		{Kind: chat.ToolCallPart, ID: text("b"), Name: text("f"), Arguments: text(` `)},
		{Kind: chat.ToolCallPart, ID: text("c"), Name: text("f"), Arguments: text(`{\"x\": `)},
		{Kind: chat.ToolCallPart, ID: text("d"), Name: text("f"), Arguments: text(`[1]`)},
		{Kind: chat.ToolCallPart, ID: text("e"), Name: text("f"), Input: chat.Raw(`{"y":1}`)},
	}}}},
		`{"id":"msg_1","type":"message","role":"assistant","model":"","content":[{"type":"tool_use","id":"a","name":"f","input":{"x": "\u00e9"}},{"type":"tool_use","id":"b","name":"f","input":{}},{"type":"tool_use","id":"c","name":"f","input":{"INVALID_JSON":"{\"x\": "}},{"type":"tool_use","id":"d","name":"f","input":{"INVALID_JSON":"[1]"}},{"type":"tool_use","id":"e","name":"f","input":{"y":1}}],"stop_reason":"max_tokens","stop_sequence":null,"usage":{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}`},
	{"thoughts, citations, what others run and audio", chat.Response{ID: text("msg_2"), Choices: []chat.Choice{{Finish: chat.FinishSequence, Sequence: text("END"), Parts: []chat.Part{
		{Kind: chat.ThinkingPart, Text: text("hm")},
		{Kind: chat.ThinkingPart, Text: text("hm"), Signature: text("s")},
		{Kind: chat.RedactedPart, Text: text("d")},
		{Kind: chat.AudioPart},
		{Kind: chat.ServerPart, Raw: chat.Raw(`{"type":"web_search_call"}`)},
		{Kind: chat.ServerPart, Raw: chat.Raw(`{"type":"server_tool_use"}`)},
		{Text: text("a"), Citations: chat.Raw(`[{"type":"x"}]`)},
	}}, {}}},
		`{"id":"msg_2","type":"message","role":"assistant","model":"","content":[{"type":"thinking","thinking":"hm","signature":"postern-unsigned"},{"type":"thinking","thinking":"hm","signature":"s"},{"type":"redacted_thinking","data":"d"},{"type":"server_tool_use"},{"type":"text","text":"a","citations":[{"type":"x"}]}],"stop_reason":"stop_sequence","stop_sequence":"END","usage":{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}`},
	{"no answer", chat.Response{}, `{"id":"msg_","type":"message","role":"assistant","model":"","content":[],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}`},
	{"refusal", chat.Response{ID: text("3"), Choices: []chat.Choice{{Finish: chat.FinishStop, Parts: []chat.Part{{Kind: chat.RefusalPart, Text: text("No.")}}}}},
		`{"id":"msg_3","type":"message","role":"assistant","model":"","content":[{"type":"text","text":"No."}],"stop_reason":"refusal","stop_sequence":null,"usage":{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}`},
}

func TestAppendResponse(t *testing.T) {
	t.Parallel()
	for _, tt := range writings {
		got := (anthropicmessages.Writer{}).AppendResponse(nil, &tt.in)
		if string(got) != tt.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tt.name, got, tt.want)
		}
		if !json.Valid(got) {
			t.Errorf("%s: got %s, want JSON", tt.name, got)
		}
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for kind, want := range map[chat.ErrorKind]string{
		chat.InvalidRequest: "invalid_request_error", chat.Unauthenticated: "authentication_error", chat.PermissionDenied: "permission_error",
		chat.NotFound: "not_found_error", chat.TooLarge: "request_too_large", chat.RateLimited: "rate_limit_error",
		chat.Overloaded: "overloaded_error", chat.Timeout: "timeout_error", chat.Internal: "api_error",
	} {
		got := string(anthropicmessages.AppendError(nil, &chat.Error{Kind: kind, Message: `a "b"`}))
		if want := `{"type":"error","error":{"type":"` + want + `","message":"a \"b\""}}`; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestEncodingAllocatesNothing(t *testing.T) {
	e := (anthropicmessages.Writer{}).NewEncoder()
	e.Reset(&chat.Request{})
	out := make([]byte, 0, 4096)
	first, open := started, chat.Event{Kind: chat.BlockStart}
	e.Append(e.Append(out, &first), &open)
	delta := chat.Event{Kind: chat.TextDelta, Text: text("some words")}
	if n := testing.AllocsPerRun(1000, func() { e.Append(out, &delta) }); n > 0 {
		t.Errorf("got %v allocations an event, want 0", n)
	}
}

func BenchmarkEncoder(b *testing.B) {
	e := (anthropicmessages.Writer{}).NewEncoder()
	e.Reset(&chat.Request{})
	out := make([]byte, 0, 4096)
	first, open := started, chat.Event{Kind: chat.BlockStart}
	e.Append(e.Append(out, &first), &open)
	delta := chat.Event{Kind: chat.TextDelta, Text: text(" a few words")}
	b.ReportAllocs()
	for b.Loop() {
		e.Append(out, &delta)
	}
}

// Whatever order events come in, what goes out is the API's grammar or ends in an error.
func FuzzEncoder(f *testing.F) {
	f.Add([]byte{0, 1, 2, 6, 7, 8})
	f.Add([]byte{0, 1, 2, 0x51, 0x52, 3, 4, 6, 0x71, 0x72, 7, 8})
	f.Fuzz(func(t *testing.T, program []byte) {
		e := (anthropicmessages.Writer{}).NewEncoder()
		e.Reset(&chat.Request{Model: "m"})
		var out []byte
		block := chat.TextPart
		for _, c := range program {
			ev := chat.Event{Kind: chat.EventKind(c & 15), Block: block, ID: text("i"), Name: text("n"), Text: text("x"), Finish: chat.Finish(c >> 4 & 7)}
			if ev.Kind > chat.Ping {
				continue
			}
			if ev.Kind == chat.BlockStart {
				block = chat.PartKind(c>>4) % (chat.ServerPart + 1)
				ev.Block = block
			}
			if ev.Kind == chat.CitationDelta || ev.Kind == chat.BlockStart && block == chat.ServerPart {
				ev.Raw = chat.Raw(`{"type":"x_tool_result"}`)
			}
			if ev.Kind == chat.FinishEvent {
				ev.Sequence, ev.Text = text("END"), nil
			}
			out = e.Append(out, &ev)
		}
		for frame := range strings.SplitSeq(strings.TrimSuffix(string(out), "\n\n"), "\n\n") {
			if frame == "" {
				continue
			}
			_, data, ok := strings.Cut(frame, "\ndata: ")
			if !ok || !json.Valid([]byte(data)) {
				t.Fatalf("got frame %q, want an event with JSON", frame)
			}
		}
	})
}
