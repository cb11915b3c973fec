package openaichat_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/openaichat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

func read(tb testing.TB, body string, r *chat.Request) *chat.Error {
	tb.Helper()
	var doc rawjson.Doc
	if err := doc.Parse([]byte(body)); err != nil {
		tb.Fatalf("case is not JSON: %v\n%s", err, body)
	}
	return openaichat.Reader{}.ReadRequest(doc.Root(), r)
}

// with is the plainest request and more members.
func with(members string) string {
	return `{"model":"m","messages":[{"role":"user","content":"hi"}],` + members + `}`
}

// talk is a request with these messages.
func talk(list string) string { return `{"model":"m","messages":[` + list + `]}` }

// user is a user's message with this content.
func user(content string) string { return talk(`{"role":"user","content":` + content + `}`) }

const tool = `{"type":"function","function":{"name":"w"}}`

func TestReadRequestRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, param, code, message string }{
		{"no object", `[]`, "", "invalid_type", "Invalid type for the request body: expected an object, but got an array instead."},
		{"no model", `{"messages":[{"role":"user","content":"a"}]}`, "model", "missing_required_parameter", "Missing required parameter: 'model'."},
		{"model is a number", `{"model":1,"messages":[]}`, "model", "invalid_type", "Invalid type for 'model': expected a string, but got a number instead."},
		{"empty model", `{"model":"","messages":[]}`, "model", "empty_string", "Invalid 'model': empty string. Expected a string with minimum length 1, but got an empty string instead."},
		{"no messages", `{"model":"m"}`, "messages", "missing_required_parameter", "Missing required parameter: 'messages'."},
		{"null messages", `{"model":"m","messages":null}`, "messages", "missing_required_parameter", "Missing required parameter: 'messages'."},
		{"messages are a string", `{"model":"m","messages":"hi"}`, "messages", "invalid_type", "Invalid type for 'messages': expected an array of objects, but got a string instead."},
		{"empty messages", talk(``), "messages", "empty_array", "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead."},
		{"message is a string", talk(`"hi"`), "messages[0]", "invalid_type", ""},
		{"no role", talk(`{"content":"a"}`), "messages[0].role", "missing_required_parameter", ""},
		{"role is a number", talk(`{"role":1,"content":"a"}`), "messages[0].role", "invalid_type", ""},
		{"unknown role", talk(`{"role":"bot","content":"a"}`), "messages[0].role", "invalid_value", "Invalid value for 'messages[0].role'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'."},
		{"no content", talk(`{"role":"user"}`), "messages[0].content", "missing_required_parameter", ""},
		{"null content", user(`null`), "messages[0].content", "missing_required_parameter", ""},
		{"content is a number", user(`1`), "messages[0].content", "invalid_type", "Invalid type for 'messages[0].content': expected one of a string or array of objects, but got a number instead."},
		{"empty content", user(`[]`), "messages[0].content", "empty_array", ""},
		{"part is a string", user(`["a"]`), "messages[0].content[0]", "invalid_type", ""},
		{"part without a type", user(`[{"text":"a"}]`), "messages[0].content[0].type", "missing_required_parameter", ""},
		{"part of an unknown type", user(`[{"type":"text","text":"a"},{"type":"image"}]`), "messages[0].content[1].type", "invalid_value", "Invalid value for 'messages[0].content[1].type'. Supported values are: 'text', 'image_url', 'input_audio', 'file', and 'video_url'."},
		{"image in a system message", talk(`{"role":"system","content":[{"type":"image_url","image_url":{"url":"https://x.example"}}]}`), "messages[0].content[0].type", "invalid_value", "Invalid value for 'messages[0].content[0].type'. Supported values are: 'text'."},
		{"refusal in a user's message", user(`[{"type":"refusal","refusal":"a"}]`), "messages[0].content[0].type", "invalid_value", ""},
		{"text is a number", user(`[{"type":"text","text":5}]`), "messages[0].content[0].text", "invalid_type", ""},
		{"image that is neither object nor URL", user(`[{"type":"image_url","image_url":1}]`), "messages[0].content[0].image_url", "invalid_type", ""},
		{"image without a URL", user(`[{"type":"image_url","image_url":{}}]`), "messages[0].content[0].image_url.url", "missing_required_parameter", ""},
		{"image with a URL of another type", talk(`{"role":"user","content":"a"},{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":{}}}]}`), "messages[1].content[1].image_url.url", "invalid_type", ""},
		{"image with an empty URL", user(`[{"type":"image_url","image_url":{"url":""}}]`), "messages[0].content[0].image_url.url", "empty_string", ""},
		{"image whose data is no base64", user(`[{"type":"image_url","image_url":{"url":"data:image/png,abc"}}]`), "messages[0].content[0].image_url.url", "invalid_value", ""},
		{"image without data", user(`[{"type":"image_url","image_url":{"url":"data:image/png;base64,"}}]`), "messages[0].content[0].image_url.url", "invalid_value", ""},
		{"image without a media type", user(`[{"type":"image_url","image_url":{"url":"data:;base64,AAAA"}}]`), "messages[0].content[0].image_url.url", "invalid_value", ""},
		{"image cut in its URL", user(`[{"type":"image_url","image_url":{"url":"data:image/png;base64"}}]`), "messages[0].content[0].image_url.url", "invalid_value", ""},
		{"audio without data", user(`[{"type":"input_audio","input_audio":{"format":"wav"}}]`), "messages[0].content[0].input_audio.data", "missing_required_parameter", ""},
		{"audio without a format", user(`[{"type":"input_audio","input_audio":{"data":"AAAA"}}]`), "messages[0].content[0].input_audio.format", "missing_required_parameter", ""},
		{"file without anything", user(`[{"type":"file","file":{"filename":"a"}}]`), "messages[0].content[0].file.file_data", "missing_required_parameter", ""},
		{"file with both", user(`[{"type":"file","file":{"file_id":"a","file_data":"data:a/b;base64,AA"}}]`), "messages[0].content[0].file", "invalid_parameter_combination", ""},
		{"file that is no data URL", user(`[{"type":"file","file":{"file_data":"hello"}}]`), "messages[0].content[0].file.file_data", "invalid_value", ""},
		{"cache hint of another type", user(`[{"type":"text","text":"a","cache_control":true}]`), "messages[0].content[0].cache_control", "invalid_type", ""},
		{"answer without content", talk(`{"role":"assistant","content":null}`), "messages[0].content", "invalid_value", "Invalid value for 'messages[0].content': expected a string, got null."},
		{"answer kept by OpenAI", talk(`{"role":"assistant","audio":{"id":"a"}}`), "messages[0].audio", "unsupported_parameter", ""},
		{"calls are an object", talk(`{"role":"assistant","tool_calls":{}}`), "messages[0].tool_calls", "invalid_type", ""},
		{"call is a string", talk(`{"role":"assistant","tool_calls":["a"]}`), "messages[0].tool_calls[0]", "invalid_type", ""},
		{"call without an id", talk(`{"role":"assistant","tool_calls":[{"type":"function","function":{"name":"w","arguments":"{}"}}]}`), "messages[0].tool_calls[0].id", "missing_required_parameter", ""},
		{"call without a function", talk(`{"role":"assistant","tool_calls":[{"id":"a","type":"function"}]}`), "messages[0].tool_calls[0].function", "missing_required_parameter", ""},
		{"call without arguments", talk(`{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"w"}}]}`), "messages[0].tool_calls[0].function.arguments", "missing_required_parameter", ""},
		{"arguments are an array", talk(`{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"w","arguments":[]}}]}`), "messages[0].tool_calls[0].function.arguments", "invalid_type", ""},
		{"call of a custom tool", talk(`{"role":"assistant","tool_calls":[{"id":"a","type":"custom","custom":{"name":"w","input":"x"}}]}`), "messages[0].tool_calls[0].type", "unsupported_parameter", ""},
		{"result without its call", talk(`{"role":"tool","content":"a"}`), "messages[0].tool_call_id", "missing_required_parameter", ""},
		{"result without content", talk(`{"role":"tool","tool_call_id":"a"}`), "messages[0].content", "missing_required_parameter", ""},
		{"result of a function without a name", talk(`{"role":"function","content":"a"}`), "messages[0].name", "missing_required_parameter", ""},
		{"result of a function that was not called", talk(`{"role":"function","name":"f","content":"a"}`), "messages[0].name", "invalid_value", ""},
		{"result of another function", talk(`{"role":"assistant","function_call":{"name":"f","arguments":"{}"}},{"role":"function","name":"g","content":"a"}`), "messages[1].name", "invalid_value", ""},
		{"details of thinking are a string", talk(`{"role":"assistant","content":"a","reasoning_details":[7]}`), "messages[0].reasoning_details[0]", "invalid_type", ""},
		{"details of an unknown type", talk(`{"role":"assistant","content":"a","reasoning_details":[{"type":"x"}]}`), "messages[0].reasoning_details[0].type", "invalid_value", ""},
		{"blocks of an unknown type", talk(`{"role":"assistant","content":"a","thinking_blocks":[{"type":"x"}]}`), "messages[0].thinking_blocks[0].type", "invalid_value", ""},
		{"signature is a number", talk(`{"role":"assistant","content":"a","reasoning_details":[{"type":"reasoning.text","text":"a","signature":1}]}`), "messages[0].reasoning_details[0].signature", "invalid_type", ""},
		{"tools are an object", with(`"tools":{}`), "tools", "invalid_type", ""},
		{"tool without a type", with(`"tools":[{"function":{"name":"w"}}]`), "tools[0].type", "missing_required_parameter", ""},
		{"tool without a function", with(`"tools":[` + tool + `,{"type":"function"}]`), "tools[1].function", "missing_required_parameter", ""},
		{"tool without a name", with(`"tools":[{"type":"function","function":{}}]`), "tools[0].function.name", "missing_required_parameter", ""},
		{"parameters are an array", with(`"tools":[{"type":"function","function":{"name":"w","parameters":[]}}]`), "tools[0].function.parameters", "invalid_type", ""},
		{"strict is a string", with(`"tools":[{"type":"function","function":{"name":"w","strict":"yes"}}]`), "tools[0].function.strict", "invalid_type", ""},
		{"custom tool", with(`"tools":[{"type":"custom","custom":{"name":"w"}}]`), "tools[0].type", "unsupported_parameter", "Unsupported parameter: 'tools[0].type' is 'custom', which is not supported with this model. Use a tool of type 'function'."},
		{"choice without tools", with(`"tool_choice":"auto"`), "tool_choice", "", ""},
		{"unknown choice", with(`"tools":[` + tool + `],"tool_choice":"some"`), "tool_choice", "invalid_value", ""},
		{"choice is a number", with(`"tools":[` + tool + `],"tool_choice":1`), "tool_choice", "invalid_type", ""},
		{"choice of an unknown type", with(`"tools":[` + tool + `],"tool_choice":{"type":"x"}`), "tool_choice.type", "invalid_value", ""},
		{"choice of a tool that is not there", with(`"tools":[` + tool + `],"tool_choice":{"type":"function","function":{"name":"v"}}`), "tool_choice", "invalid_value", ""},
		{"choice of a custom tool", with(`"tools":[` + tool + `],"tool_choice":{"type":"custom","custom":{"name":"w"}}`), "tool_choice.type", "unsupported_parameter", ""},
		{"choice without a name", with(`"tools":[` + tool + `],"tool_choice":{"type":"function","function":{}}`), "tool_choice.function.name", "missing_required_parameter", ""},
		{"allowed tool that is not there", with(`"tools":[` + tool + `],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"v"}}]}}`), "tool_choice", "invalid_value", ""},
		{"allowed tools without a mode", with(`"tools":[` + tool + `],"tool_choice":{"type":"allowed_tools","allowed_tools":{"tools":[]}}`), "tool_choice.allowed_tools.mode", "missing_required_parameter", ""},
		{"no tool allowed", with(`"tools":[` + tool + `],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[]}}`), "tool_choice", "", ""},
		{"functions", with(`"functions":[{"name":"f"}]`), "functions", "unsupported_parameter", "Unsupported parameter: 'functions' is not supported with this model. Use 'tools' and 'tool_choice' instead."},
		{"function to call", with(`"function_call":"auto"`), "function_call", "unsupported_parameter", ""},
		{"both limits", with(`"max_tokens":1,"max_completion_tokens":1`), "max_tokens", "invalid_parameter_combination", ""},
		{"limit of zero", with(`"max_tokens":0`), "max_tokens", "integer_below_min_value", "Invalid 'max_tokens': integer below minimum value. Expected a value >= 1."},
		{"limit with a fraction", with(`"max_tokens":1.5`), "max_tokens", "invalid_type", ""},
		{"huge limit", with(`"max_completion_tokens":123456789012345678901234567890`), "max_completion_tokens", "invalid_type", ""},
		{"limit is a string", with(`"max_tokens":"1"`), "max_tokens", "invalid_type", "Invalid type for 'max_tokens': expected an integer, but got a string instead."},
		{"no answers", with(`"n":0`), "n", "integer_below_min_value", ""},
		{"too many answers", with(`"n":129`), "n", "integer_above_max_value", ""},
		{"temperature is a string", with(`"temperature":"hot"`), "temperature", "invalid_type", "Invalid type for 'temperature': expected a decimal, but got a string instead."},
		{"seed with a fraction", with(`"seed":0.5`), "seed", "invalid_type", ""},
		{"stop is a number", with(`"stop":1`), "stop", "invalid_type", ""},
		{"stop holds a number", with(`"stop":["a",1]`), "stop[1]", "invalid_type", ""},
		{"bias is an array", with(`"logit_bias":[]`), "logit_bias", "invalid_type", ""},
		{"log probabilities are a number", with(`"logprobs":5`), "logprobs", "invalid_type", ""},
		{"top log probabilities alone", with(`"top_logprobs":5`), "top_logprobs", "", ""},
		{"too many top log probabilities", with(`"logprobs":true,"top_logprobs":21`), "top_logprobs", "integer_above_max_value", ""},
		{"stream is a string", with(`"stream":"true"`), "stream", "invalid_type", ""},
		{"options of a stream that is none", with(`"stream_options":{"include_usage":true}`), "stream_options", "", ""},
		{"usage is a string", with(`"stream":true,"stream_options":{"include_usage":"x"}`), "stream_options.include_usage", "invalid_type", ""},
		{"metadata holds a number", with(`"metadata":{"a":1}`), "metadata.a", "invalid_type", ""},
		{"modalities are a string", with(`"modalities":"text"`), "modalities", "invalid_type", ""},
		{"user is a number", with(`"user":1`), "user", "invalid_type", ""},
		{"store is a string", with(`"store":"x"`), "store", "invalid_type", ""},
		{"prediction is a string", with(`"prediction":"x"`), "prediction", "invalid_type", ""},
		{"format without a type", with(`"response_format":{}`), "response_format.type", "missing_required_parameter", ""},
		{"format is a string", with(`"response_format":"json_object"`), "response_format", "invalid_type", ""},
		{"unknown format", with(`"response_format":{"type":"xml"}`), "response_format.type", "invalid_value", ""},
		{"format without a schema", with(`"response_format":{"type":"json_schema"}`), "response_format.json_schema", "missing_required_parameter", ""},
		{"schema without a name", with(`"response_format":{"type":"json_schema","json_schema":{"schema":{}}}`), "response_format.json_schema.name", "missing_required_parameter", ""},
		{"schema without a schema", with(`"response_format":{"type":"json_schema","json_schema":{"name":"n"}}`), "response_format.json_schema.schema", "missing_required_parameter", ""},
		{"unknown effort", with(`"reasoning_effort":"huge"`), "reasoning_effort", "invalid_value", ""},
		{"effort is a number", with(`"reasoning_effort":1`), "reasoning_effort", "invalid_type", ""},
		{"reasoning is a string", with(`"reasoning":"high"`), "reasoning", "invalid_type", ""},
		{"budget of zero", with(`"reasoning":{"max_tokens":0}`), "reasoning.max_tokens", "integer_below_min_value", ""},
		{"thinking without a budget", with(`"thinking":{"type":"enabled"}`), "thinking.budget_tokens", "missing_required_parameter", ""},
		{"unknown thinking", with(`"thinking":{"type":"x"}`), "thinking.type", "invalid_value", ""},
		{"too much that is unknown", with(`"x":{}` + unknown(100)), "x99", "unknown_parameter", "Too many unknown parameters."},
		{"too many messages", talk(strings.TrimSuffix(strings.Repeat(`{"role":"user","content":"a"},`, 16385), ",")), "messages", "array_above_max_length", ""},
		{"too many parts", user(`[` + strings.TrimSuffix(strings.Repeat(`{"type":"text","text":""},`, 16385), ",") + `]`), "messages", "array_above_max_length", ""},
		{"too many tools", with(`"tools":[` + strings.TrimSuffix(strings.Repeat(tool+",", 1025), ",") + `]`), "tools", "array_above_max_length", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := read(t, tt.in, new(chat.Request))
			switch {
			case e == nil:
				t.Fatalf("got no error, want one at %q", tt.param)
			case e.Status != 400 || e.Kind != chat.InvalidRequest || e.Param != tt.param || e.Code != tt.code || e.Message == "":
				t.Errorf("got %d %s at %q: %s\nwant 400 %s at %q", e.Status, e.Code, e.Param, e.Message, tt.code, tt.param)
			case tt.message != "" && e.Message != tt.message:
				t.Errorf("got  %s\nwant %s", e.Message, tt.message)
			}
		})
	}
}

// unknown is n more members that nobody knows.
func unknown(n int) string {
	var s strings.Builder
	for i := range n {
		fmt.Fprintf(&s, `,"x%d":0`, i)
	}
	return s.String()
}

// parts are those of a request, one in a line: role, kind and what is set.
func parts(r *chat.Request) (got []string) {
	for _, m := range r.Messages {
		for _, p := range m.Parts {
			got = append(got, fmt.Sprintf("%d%s %s", m.Role, m.Name, part(p)))
		}
	}
	return got
}

func part(p chat.Part) string {
	s := fmt.Sprint(p.Kind)
	for _, f := range []struct {
		name string
		text []byte
	}{
		{"", p.Text}, {"signature", p.Signature}, {"type", p.Media.Type}, {"data", p.Media.Data}, {"url", p.Media.URL}, {"file", p.Media.FileID},
		{"title", p.Title}, {"id", p.ID}, {"name", p.Name}, {"arguments", p.Arguments}, {"cache", p.CacheControl}, {"detail", p.Detail}, {"at", []byte(p.At.Path())},
	} {
		if f.text != nil {
			s += " " + strings.TrimSpace(f.name+" "+string(f.text))
		}
	}
	for _, inner := range p.Result {
		s += " <" + part(inner) + ">"
	}
	return s
}

func TestReadRequestParts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, in string
		want     []string
	}{
		{"text", user(`"a\n"`), []string{`1 0 a\n at messages[0].content`}},
		{"name of the speaker", talk(`{"role":"user","name":"ann","content":"a"}`), []string{"1ann 0 a at messages[0].content"}},
		{"image", user(`[{"type":"image_url","image_url":{"url":"data:image\/png;x=y;base64,AA\/A","detail":"low"}}]`), []string{`1 1 type image/png data AA\/A detail low at messages[0].content[0].image_url.url`}},
		{"image by URL", user(`[{"type":"image_url","image_url":{"url":"https:\/\/x.example\/a"}}]`), []string{`1 1 url https:\/\/x.example\/a at messages[0].content[0].image_url.url`}},
		{"video", user(`[{"type":"video_url","video_url":{"url":"https://x.example/a"}}]`), []string{`1 4 url https://x.example/a at messages[0].content[0].video_url.url`}},
		{"file with parameters", user(`[{"type":"file","file":{"file_data":"data:text/plain;charset=utf-8;base64,YQ==","filename":"a.txt"}}]`), []string{"1 2 type text/plain data YQ== title a.txt at messages[0].content[0].file"}},
		{"audio", user(`[{"type":"input_audio","input_audio":{"data":"AA","format":"ogg"}}]`), []string{"1 3 type audio/ogg data AA at messages[0].content[0].input_audio"}},
		{
			"results with images", talk(`{"role":"tool","tool_call_id":"a","name":"w","content":[{"type":"text","text":"x"},{"type":"image_url","image_url":{"url":"https://x.example"}}],"cache_control":{"type":"ephemeral"}}`),
			[]string{`3 8 id a name w cache {"type":"ephemeral"} at messages[0] <0 x at messages[0].content[0]> <1 url https://x.example at messages[0].content[1].image_url.url>`},
		},
		{
			"cache hints", talk(`{"role":"system","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral","ttl":"1h"}},{"type":"text","text":"b","prompt_cache_breakpoint":{"mode":"explicit"}}]},{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}],"cache_control":{"type":"ephemeral"}},{"role":"assistant","content":null,"tool_calls":[{"id":"c","function":{"name":"w","arguments":"{}"},"cache_control":{"type":"ephemeral"}}]}`),
			[]string{
				`0 0 a cache {"type":"ephemeral","ttl":"1h"} at messages[0].content[0]`, `0 0 b cache {"type":"ephemeral"} at messages[0].content[1]`,
				"1 0 a at messages[1].content[0]", `1 0 b cache {"type":"ephemeral"} at messages[1].content[1]`,
				`2 7 id c name w arguments {} cache {"type":"ephemeral"} at messages[2].tool_calls[0].function.arguments`,
			},
		},
		{
			"an answer with all it can have", talk(`{"role":"assistant","content":"a","refusal":"no","reasoning_details":[{"type":"reasoning.text","text":"h","signature":"s"},{"type":"reasoning.encrypted","data":"x"},{"type":"reasoning.summary","summary":"z"}],"reasoning_content":"h","tool_calls":[{"id":"c","function":{"name":"w","arguments":"{\"q\":1}"}}]}`),
			[]string{
				"2 5 h signature s at messages[0].reasoning_details[0]", "2 6 x at messages[0].reasoning_details[1]", "2 5 z at messages[0].reasoning_details[2]",
				"2 0 a at messages[0].content", "2 9 no at messages[0].refusal", `2 7 id c name w arguments {\"q\":1} at messages[0].tool_calls[0].function.arguments`,
			},
		},
		{
			"pieces of thinking as they were streamed", talk(`{"role":"assistant","content":"a","reasoning_details":[{"type":"reasoning.text","text":"h","index":0},{"type":"reasoning.text","text":"m","index":0},{"type":"reasoning.text","text":"m","index":0},{"type":"reasoning.text","signature":"s","index":0},{"type":"reasoning.encrypted","data":"x","index":1},{"type":"reasoning.text","text":"new","index":2}]}`),
			[]string{"2 5 hmm signature s at messages[0].reasoning_details[0]", "2 6 x at messages[0].reasoning_details[4]", "2 5 new at messages[0].reasoning_details[5]", "2 0 a at messages[0].content"},
		},
		{"thinking as text", talk(`{"role":"assistant","content":"a","reasoning":"o","reasoning_content":"h"}`), []string{"2 5 h at messages[0].reasoning_content", "2 0 a at messages[0].content"}},
		{"thinking under its other name", talk(`{"role":"assistant","content":"a","reasoning":"o","reasoning_details":[]}`), []string{"2 5 o at messages[0].reasoning", "2 0 a at messages[0].content"}},
		{
			"thinking blocks", talk(`{"role":"assistant","content":"a","reasoning_content":"h","thinking_blocks":[{"type":"thinking","thinking":"h","signature":"s"},{"type":"redacted_thinking","data":"x"}]}`),
			[]string{"2 5 h signature s at messages[0].thinking_blocks[0]", "2 6 x at messages[0].thinking_blocks[1]", "2 0 a at messages[0].content"},
		},
		{"thinking alone", talk(`{"role":"assistant","reasoning_content":"h"}`), []string{"2 5 h at messages[0].reasoning_content"}},
		{"an empty refusal", talk(`{"role":"assistant","content":null,"refusal":""}`), []string{"2 0 at messages[0]"}},
		{
			"functions of before tools", talk(`{"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}},{"role":"function","name":"f","content":"r"}`),
			[]string{"2 7 id call_of_message_0 name f arguments {} at messages[0].function_call.arguments", "3 8 id call_of_message_0 name f at messages[1] <0 r at messages[1].content>"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var r chat.Request
			if e := read(t, tt.in, &r); e != nil {
				t.Fatalf("got %s at %s", e.Message, e.Param)
			}
			if got := parts(&r); !slices.Equal(got, tt.want) {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestReadRequestReasoning(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in   string
		want chat.Reasoning
	}{
		{`"reasoning_effort":null`, chat.Reasoning{}},
		{`"reasoning_effort":"none"`, chat.Reasoning{Effort: chat.EffortNone}},
		{`"reasoning_effort":"minimal"`, chat.Reasoning{Effort: chat.EffortMinimal}},
		{`"reasoning_effort":"xhigh"`, chat.Reasoning{Effort: chat.EffortXHigh}},
		{`"reasoning_effort":"max"`, chat.Reasoning{Effort: chat.EffortMax}},
		{`"reasoning":{"effort":"high"}`, chat.Reasoning{Effort: chat.EffortHigh}},
		{`"reasoning":{"enabled":true}`, chat.Reasoning{Effort: chat.EffortMedium}},
		{`"reasoning":{"enabled":true,"max_tokens":2000}`, chat.Reasoning{Budget: 2000}},
		{`"reasoning":{"enabled":false}`, chat.Reasoning{Effort: chat.EffortNone}},
		{`"reasoning":{"enabled":true,"effort":"low"}`, chat.Reasoning{Effort: chat.EffortLow}},
		{`"thinking":{"type":"enabled","budget_tokens":1024}`, chat.Reasoning{Budget: 1024}},
		{`"thinking":{"type":"adaptive"},"reasoning_effort":"low"`, chat.Reasoning{Adaptive: true, Effort: chat.EffortLow}},
		{`"thinking":{"type":"disabled"}`, chat.Reasoning{Effort: chat.EffortNone}},
	} {
		var r chat.Request
		e := read(t, with(tt.in), &r)
		if got := r.Reasoning; e != nil || got.Effort != tt.want.Effort || got.Budget != tt.want.Budget || got.Adaptive != tt.want.Adaptive {
			t.Errorf("%s: got %+v, %v, want %+v", tt.in, got, e, tt.want)
		}
	}
}

func TestReadRequestKeepsWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	var r chat.Request
	if e := read(t, `{"model":"m","x":[1],"messages":[{"role":"user","content":[{"type":"text","text":"a","b":2}],"c":3}],"tools":[{"type":"function","function":{"name":"w","d":4},"e":5},{"type":"web_search","name":"s"}],"stream":true,"stream_options":{"f":6},"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{},"g":7}},"reasoning":{"exclude":true},"n\"":null,"h i":8}`, &r); e != nil {
		t.Fatal(e.Message)
	}
	var got []string
	for _, m := range r.Extra {
		got = append(got, fmt.Sprintf("%s %s %s", m.Path, m.Key, m.Raw))
	}
	want := []string{"x x [1]", "messages[0].c c 3", "messages[0].content[0].b b 2", "tools[0].function.d d 4", "tools[0].e e 5", "stream_options.f f 6", "response_format.json_schema.g g 7", "reasoning.exclude exclude true", "h i h i 8"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if s := r.ServerTools; len(s) != 1 || string(s[0].Type) != "web_search" || string(s[0].Name) != "s" || s[0].At.Path() != "tools[1]" {
		t.Errorf("got server tools %+v, want web_search", s)
	}
	if r.Dialect != openaichat.Name {
		t.Errorf("got dialect %q, want %q", r.Dialect, openaichat.Name)
	}
}

func TestReadRequestUsesAnotherRequestsMemory(t *testing.T) {
	in := talk(`{"role":"system","content":"s"},{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},{"role":"assistant","content":"c"}`)
	var doc rawjson.Doc
	if err := doc.Parse([]byte(in)); err != nil {
		t.Fatal(err)
	}
	var r chat.Request
	got := testing.AllocsPerRun(50, func() {
		r.Reset()
		if e := (openaichat.Reader{}).ReadRequest(doc.Root(), &r); e != nil {
			t.Fatal(e.Message)
		}
	})
	if got > 1 { // the model's name
		t.Errorf("got %v allocations, want at most 1", got)
	}
}
