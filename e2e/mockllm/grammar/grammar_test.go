package grammar

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The good streams are files; a case of a bad one is a good one with one thing replaced.
func good(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

type mutation struct {
	name, file, old, new string
	want                 string // part of the error; "truncated" and "failed" mean those
}

func (m mutation) run(t *testing.T, check func([]byte) error) {
	t.Helper()
	stream := good(t, m.file)
	if m.old != "" && !strings.Contains(stream, m.old) {
		t.Fatalf("%s does not contain %q", m.file, m.old)
	}
	err := check([]byte(strings.Replace(stream, m.old, m.new, 1)))
	switch {
	case m.want == "":
		if err != nil {
			t.Errorf("got %v, want no error", err)
		}
	case m.want == "truncated":
		if !errors.Is(err, ErrTruncated) {
			t.Errorf("got %v, want %v", err, ErrTruncated)
		}
	case m.want == "failed":
		if !errors.Is(err, ErrFailed) {
			t.Errorf("got %v, want %v", err, ErrFailed)
		}
	case err == nil || !strings.Contains(err.Error(), m.want):
		t.Errorf("got %v, want %q", err, m.want)
	}
}

func TestOpenAIChat(t *testing.T) {
	t.Parallel()
	const f = "chat.sse"
	const content = `"delta":{"content":" Zürich"}`
	for _, m := range []mutation{
		{"good", f, "", "", ""},
		{"no usage asked for", f, usageChunk, "", ""},
		{"reasoning as compatible APIs send it", f, content, `"delta":{"reasoning_content":"hm"}`, ""},
		{"a named event", f, "data: {", "event: chunk\ndata: {", "want no event name"},
		{"no role first", f, `"role":"assistant",`, "", "want role assistant"},
		{"the role twice", f, content, `"delta":{"role":"assistant","content":"x"}`, "role of choice 0 comes twice"},
		{"another id", f, `{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,` + content, `{"id":"c2","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,` + content, "id changed"},
		{"another creation time", f, `"created":1,"model":"m","choices":[{"index":0,` + content, `"created":2,"model":"m","choices":[{"index":0,` + content, "created changed"},
		{"another object", f, "chat.completion.chunk", "chat.completion", "object: got"},
		{"an unknown field of a chunk", f, `"created":1`, `"created":1,"x":1`, `unknown field "x"`},
		{"an unknown field of a delta", f, content, `"delta":{"text":"x"}`, `unknown field "text"`},
		{"content that is no string", f, content, `"delta":{"content":1}`, "content: want a string"},
		{"no finish_reason", f, `"finish_reason":"tool_calls"`, `"finish_reason":null`, "has no finish_reason"},
		{"finish_reason left out", f, content + `,"finish_reason":null`, content, "finish_reason is missing"},
		{"an unknown finish_reason", f, `"finish_reason":"tool_calls"`, `"finish_reason":"end_turn"`, "finish_reason: got"},
		{"a call without id", f, `"id":"call_1",`, "", "id: want a string"},
		{"a call without type", f, `"type":"function",`, "", "type: want function"},
		{"an id that comes twice", f, `{"index":0,"function":{"arguments":"{\"city\""}}`, `{"index":0,"id":"call_1","function":{"arguments":"{\"city\""}}`, "comes twice"},
		{"an index that skips one", f, `{"index":1,"id"`, `{"index":2,"id"`, "want at most 1"},
		{"arguments that are no JSON", f, `{"arguments":":1}"}`, `{"arguments":":1"}`, "are no JSON object"},
		{"length with whole arguments", f, `"finish_reason":"tool_calls"`, `"finish_reason":"length"`, ""},
		{"usage with choices", f, `"choices":[],"usage"`, `"choices":[{"index":0,"delta":{},"finish_reason":null}],"usage"`, "usage stands in a chunk with choices"},
		{"usage that does not add up", f, `"total_tokens":7`, `"total_tokens":8`, "does not add up"},
		{"an empty chunk without usage", f, `"choices":[],"usage":{`, `"choices":[],"x":{`, "unknown field"},
		{"no DONE", f, "data: [DONE]\n\n", "", "truncated"},
		{"DONE twice", f, "data: [DONE]\n\n", "data: [DONE]\n\ndata: [DONE]\n\n", "something follows [DONE]"},
		{"an error at the end", f, "data: [DONE]\n\n", `data: {"error":{"message":"m","type":"server_error","param":null,"code":null}}` + "\n\n", "failed"},
		{"DONE after an error", f, usageChunk, `data: {"error":{"message":"m","type":"server_error","param":null,"code":null}}` + "\n\n", "something follows an error"},
		{"an error without message", f, usageChunk, `data: {"error":{"type":"server_error"}}` + "\n\n", "message: want a string"},
		{"JSON with something behind it", f, `"finish_reason":"tool_calls"}]}`, `"finish_reason":"tool_calls"}]}}`, "something follows"},
	} {
		t.Run(m.name, func(t *testing.T) { m.run(t, OpenAIChat) })
	}
}

const usageChunk = `data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}` + "\n\n"

func TestAnthropic(t *testing.T) {
	t.Parallel()
	const f = "anthropic.sse"
	for _, m := range []mutation{
		{"good", f, "", "", ""},
		{"a name that is not the type", f, "event: ping", "event: pong", "its type is"},
		{"no name", f, "event: ping\n", "", "event is named"},
		{"no message_start", f, `"type":"message_start"`, `"type":"message_stop"`, "event is named"},
		{"usage missing at the start", f, `"usage":{"input_tokens":5,"output_tokens":1}`, `"usage":{"output_tokens":1}`, "input_tokens: want a count"},
		{"a stop_reason at the start", f, `"stop_reason":null`, `"stop_reason":"end_turn"`, "stop_reason: want null"},
		{"an index that skips one", f, `"index":1,"content_block"`, `"index":2,"content_block"`, "index: got 2, want 1"},
		{"a delta of another block", f, `"index":1,"delta":{"type":"text_delta"`, `"index":0,"delta":{"type":"text_delta"`, "want that of the open block"},
		{"a delta of another kind", f, `{"type":"text_delta","text":"Hi"}`, `{"type":"input_json_delta","partial_json":"Hi"}`, "comes in a text block"},
		{"thinking without signature", f, signature, "", "ends without a signature"},
		{"thinking after its signature", f, signature, signature + `event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"x"}}

`, "goes on after its signature"},
		{"a block left open", f, stopBlock1, "", "a block begins while another is open"},
		{"a block stopped twice", f, stopBlock1, stopBlock1 + stopBlock1, "no block is open"},
		{"a text block that begins with text", f, `{"type":"text","text":""}`, `{"type":"text","text":"Hi"}`, "want an empty text"},
		{"a call that begins with input", f, `"name":"get","input":{}`, `"name":"get","input":{"a":1}`, "input: want {}"},
		{"a call without id", f, `"id":"toolu_1",`, "", "id: want a string"},
		{"input that is no JSON", f, `"partial_json":"1}"`, `"partial_json":"1"`, "no JSON object"},
		{"the limit reached after a call", f, `"stop_reason":"tool_use"`, `"stop_reason":"max_tokens"`, ""},
		{"end_turn after a call", f, `"stop_reason":"tool_use"`, `"stop_reason":"end_turn"`, "there is a tool_use block"},
		{"an unknown stop_reason", f, `"stop_reason":"tool_use"`, `"stop_reason":"stop"`, "stop_reason: got"},
		{"a stop sequence without its reason", f, `"stop_sequence":null},"usage"`, `"stop_sequence":"x"},"usage"`, "stop_sequence: got"},
		{"no stop_reason", f, `"stop_reason":"tool_use"`, `"stop_reason":null`, "message_stop without a stop_reason"},
		{"no usage at the end", f, `"usage":{"output_tokens":9}`, `"usage":{}`, "output_tokens: want a count"},
		{"no message_stop", f, messageStop, "", "truncated"},
		{"something after message_stop", f, messageStop, messageStop + messageStop, "something follows message_stop"},
		{"an error at the end", f, messageStop, anthropicFailure, "failed"},
		{"message_stop after an error", f, messageStop, anthropicFailure + messageStop, "something follows an error"},
		{"an unknown event", f, "event: ping\ndata: {\"type\":\"ping\"}", "event: pang\ndata: {\"type\":\"pang\"}", "unknown type"},
		{"an unknown field", f, `{"type":"content_block_stop","index":1}`, `{"type":"content_block_stop","index":1,"x":1}`, "unknown field"},
	} {
		t.Run(m.name, func(t *testing.T) { m.run(t, Anthropic) })
	}
}

const (
	signature = `event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}}

`
	stopBlock1       = "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":1}\n\n"
	messageStop      = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
	anthropicFailure = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n"
)

func TestOpenAIResponses(t *testing.T) {
	t.Parallel()
	const f, text = "responses.sse", "responses_text.sse"
	for _, m := range []mutation{
		{"good", f, "", "", ""},
		{"a name that is not the type", f, "event: response.created", "event: response.queued", "its type is"},
		{"a number left out", f, `"sequence_number":4`, `"sequence_number":5`, "sequence_number: got 5, want 4"},
		{"another response id", f, `"response":{"id":"resp_1","object":"response","status":"completed"`, `"response":{"id":"resp_2","object":"response","status":"completed"`, "id changed"},
		{"a wrong status at the end", f, `"status":"completed","model":"m","output":[`, `"status":"in_progress","model":"m","output":[`, "want a response with status completed"},
		{"an item index that skips one", f, `"output_index":1,"item":{"id":"fc_1","type":"function_call","status":"in_progress"`, `"output_index":2,"item":{"id":"fc_1","type":"function_call","status":"in_progress"`, "output_index: got 2, want 1"},
		{"a delta of another item", f, `"item_id":"msg_1","output_index":0,"content_index":0,"delta":"Hi"`, `"item_id":"msg_2","output_index":0,"content_index":0,"delta":"Hi"`, "item_id: got"},
		{"a part that begins with text", f, `"part":{"type":"output_text","text":""`, `"part":{"type":"output_text","text":"x"`, "want an empty text"},
		{"text that differs from its deltas", f, `"text":"Hi you","logprobs"`, `"text":"Hi","logprobs"`, "text differs"},
		{"a part that differs from its deltas", f, `"part":{"type":"output_text","text":"Hi you"`, `"part":{"type":"output_text","text":"Hi"`, "part differs"},
		{"a delta of another kind", f, "response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\"", "response.refusal.delta\ndata: {\"type\":\"response.refusal.delta\"", "no part that it belongs to"},
		{"arguments that differ from their deltas", f, `"name":"get","arguments":"{\"a\":1}"}`, `"name":"get","arguments":"{\"a\":2}"}`, "arguments differ"},
		{"a text for a tool", text, "", "", ""},
		{"a text that differs from its deltas", text, `"output_index":0,"input":"ls -a"`, `"output_index":0,"input":"ls"`, "input differ"},
		{"a text in the item that differs", text, `"name":"exec","input":"ls -a"`, `"name":"exec","input":"ls"`, "input differ"},
		{"a text among arguments", text, "response.custom_tool_call_input.delta\ndata: {\"type\":\"response.custom_tool_call_input.delta\"", "response.function_call_arguments.delta\ndata: {\"type\":\"response.function_call_arguments.delta\"", "no call with arguments"},
		{"output that differs from the items", f, `"output":[{"id":"msg_1"`, `"output":[{"id":"msg_9"`, "output differs"},
		{"usage that does not add up", f, `"total_tokens":7`, `"total_tokens":8`, "does not add up"},
		{"an unknown event", f, "response.in_progress\ndata: {\"type\":\"response.in_progress\"", "response.running\ndata: {\"type\":\"response.running\"", "output begins before"},
		{"no last event", f, last(good(t, f)), "", "truncated"},
		{"something after the last event", f, last(good(t, f)), last(good(t, f)) + "event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":15}\n\n", "something follows"},
		{"an error at the end", f, last(good(t, f)), "event: error\ndata: {\"type\":\"error\",\"sequence_number\":14,\"code\":\"server_error\",\"message\":\"m\",\"param\":null}\n\n", "failed"},
		{"a failed response", f, last(good(t, f)), "event: response.failed\ndata: {\"type\":\"response.failed\",\"sequence_number\":14,\"response\":{\"id\":\"resp_1\",\"object\":\"response\",\"status\":\"failed\",\"model\":\"m\",\"output\":[]}}\n\n", "failed"},
	} {
		t.Run(m.name, func(t *testing.T) { m.run(t, OpenAIResponses) })
	}
}

// last is the last event of a stream.
func last(stream string) string {
	return stream[strings.LastIndex(strings.TrimSuffix(stream, "\n\n"), "\n\n")+2:]
}

func TestEveryCutIsTruncated(t *testing.T) {
	t.Parallel()
	for file, check := range checks() {
		stream := good(t, file)
		for _, eol := range []string{"\n", "\r\n", "\r"} {
			whole := strings.ReplaceAll(stream, "\n", eol)
			if err := check([]byte(whole)); err != nil {
				t.Errorf("%s with line ends %q: got %v, want no error", file, eol, err)
			}
			for cut := range len(whole) - len(eol) + 1 {
				if err := check([]byte(whole[:cut])); !errors.Is(err, ErrTruncated) {
					t.Fatalf("%s with line ends %q cut at byte %d: got %v, want %v", file, eol, cut, err, ErrTruncated)
				}
			}
		}
	}
}

func checks() map[string]func([]byte) error {
	return map[string]func([]byte) error{"chat.sse": OpenAIChat, "anthropic.sse": Anthropic, "responses.sse": OpenAIResponses}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in string
		want     []Event
		bad      string
	}{
		{"comments and keep-alives", ": hello\n\ndata: a\n\n:\n", []Event{{"", "a"}}, ""},
		{"several data lines", "data: a\ndata:b\n\n", []Event{{"", "a\nb"}}, ""},
		{"a byte order mark", "\uFEFFdata: a\n\n", []Event{{"", "a"}}, ""},
		{"only one blank is taken", "data:  a\n\n", []Event{{"", " a"}}, ""},
		{"a line without colon", "data\n\n", []Event{{"", ""}}, ""},
		{"an unknown field", "date: a\n\n", nil, `unknown field "date"`},
		{"a name without data", "event: x\n\n", nil, "has no data"},
		{"no UTF-8", "data: \xff\n\n", nil, "not UTF-8"},
		{"a character cut by the end", "data: a\n\ndata: \xc3", []Event{{"", "a"}}, ErrTruncated.Error()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Events([]byte(tt.in))
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if tt.bad == "" && err != nil || tt.bad != "" && (err == nil || !strings.Contains(err.Error(), tt.bad)) {
				t.Errorf("got error %v, want %q", err, tt.bad)
			}
		})
	}
}

func FuzzGrammars(f *testing.F) {
	for file := range checks() {
		b, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		for _, check := range checks() {
			_ = check(stream) // must not panic; almost nothing is right
		}
	})
}
