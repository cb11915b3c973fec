package openai_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/anthropicmessages"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// readAnthropic is the neutral form of what a client of Anthropic's API says.
func readAnthropic(tb testing.TB, body string) *chat.Request {
	tb.Helper()
	var doc rawjson.Doc
	if err := doc.Parse([]byte(body)); err != nil {
		tb.Fatalf("case is not JSON: %v\n%s", err, body)
	}
	r := new(chat.Request)
	if e := (anthropicmessages.Reader{}).ReadRequest(doc.Root(), r); e != nil {
		tb.Fatalf("got %s at %q (%s), want it read\n%s", e.Code, e.Param, e.Message, body)
	}
	return r
}

// messages is a request with these messages.
func messages(list string) string {
	return `{"model":"gpt-4o","max_tokens":9,"messages":[` + list + `]}`
}

const ask = `{"role":"user","content":"hi"}`

// said are requests of Anthropic's clients and the part of OpenAI's request that differs
// from {"model","messages","max_completion_tokens"} of the plainest one.
var said = []struct {
	name, in, want string
	drops          []string
}{
	{"one question", messages(ask), messages(ask), nil},
	{
		"system prompt in blocks",
		`{"model":"gpt-4o","max_tokens":9,"system":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}},{"type":"text","text":"b"}],"messages":[` + ask + `]}`,
		messages(`{"role":"system","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},` + ask),
		[]string{"cache_control"},
	},
	{
		"cache hints that become breakpoints",
		`{"model":"gpt-5.6","max_tokens":9,"system":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}],"messages":[` + ask + `,{"role":"assistant","content":[{"type":"text","text":"b","cache_control":{"type":"ephemeral"}}]},` + ask + `]}`,
		`{"model":"gpt-5.6","max_tokens":9,"messages":[{"role":"system","content":[{"type":"text","text":"a","prompt_cache_breakpoint":{"mode":"explicit"}}]},` + ask + `,{"role":"assistant","content":[{"type":"text","text":"b","prompt_cache_breakpoint":{"mode":"explicit"}}]},` + ask + `]}`,
		nil,
	},
	{
		"thinking of earlier turns",
		messages(ask + `,{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"s"},{"type":"redacted_thinking","data":"x"},{"type":"text","text":"b"}]},` + ask),
		messages(ask + `,{"role":"assistant","content":"b"},` + ask),
		[]string{"messages[].content[].thinking"},
	},
	{
		"a turn of thinking alone",
		messages(ask + `,{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"s"}]},` + ask),
		messages(ask + `,{"role":"assistant","content":""},` + ask),
		[]string{"messages[].content[].thinking"},
	},
	{
		"calls, and text after them",
		messages(ask + `,{"role":"assistant","content":[{"type":"text","text":"a"},{"type":"tool_use","id":"t1","name":"w","input":{"q":"\"x\""}},{"type":"text","text":"b"},{"type":"tool_use","id":"t2","name":"w","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"r1"},{"type":"tool_result","tool_use_id":"t2"}]}`),
		messages(ask + `,{"role":"assistant","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}],"tool_calls":[{"id":"t1","type":"function","function":{"name":"w","arguments":"{\"q\":\"\\\"x\\\"\"}"}},{"id":"t2","type":"function","function":{"name":"w","arguments":"{}"}}]},{"role":"tool","tool_call_id":"t1","content":"r1"},{"role":"tool","tool_call_id":"t2","content":""}`),
		nil,
	},
	{
		"blank text beside a call",
		messages(ask + `,{"role":"assistant","content":[{"type":"text","text":""},{"type":"tool_use","id":"t1","name":"w","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":[]}]}`),
		messages(ask + `,{"role":"assistant","content":null,"tool_calls":[{"id":"t1","type":"function","function":{"name":"w","arguments":"{}"}}]},{"role":"tool","tool_call_id":"t1","content":""}`),
		nil,
	},
	{
		"results and then a question",
		messages(`{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},{"type":"text","text":"and?"}]}`),
		messages(`{"role":"tool","tool_call_id":"t1","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},{"role":"user","content":"and?"}`),
		nil,
	},
	{
		"calls that failed",
		messages(`{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","is_error":true,"content":"no such city"},{"type":"tool_result","tool_use_id":"t2","is_error":true},{"type":"tool_result","tool_use_id":"t3","is_error":true,"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]}`),
		messages(`{"role":"tool","tool_call_id":"t1","content":"Error: no such city"},{"role":"tool","tool_call_id":"t2","content":"Error: "},{"role":"tool","tool_call_id":"t3","content":[{"type":"text","text":"Error: a"},{"type":"text","text":"b"}]}`),
		nil,
	},
	{
		"images in results",
		messages(`{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}]},{"type":"tool_result","tool_use_id":"t2","content":[{"type":"text","text":"seen"},{"type":"image","source":{"type":"url","url":"https://x.example/a.png"}}]},{"type":"text","text":"and?"}]},{"role":"assistant","content":"ok"}`),
		messages(`{"role":"tool","tool_call_id":"t1","content":"(see the user's next message)"},{"role":"tool","tool_call_id":"t2","content":"seen"},{"role":"user","content":[{"type":"text","text":"Result of tool call t1:"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}},{"type":"text","text":"Result of tool call t2:"},{"type":"image_url","image_url":{"url":"https://x.example/a.png"}},{"type":"text","text":"and?"}]},{"role":"assistant","content":"ok"}`),
		[]string{"messages[1].prefill"},
	},
	{
		"an image in a result and no question",
		messages(`{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":[{"type":"image","source":{"type":"url","url":"https://x.example/a.png"}}]}]},{"role":"assistant","content":"ok"},` + ask),
		messages(`{"role":"tool","tool_call_id":"t1","content":"(see the user's next message)"},{"role":"user","content":[{"type":"text","text":"Result of tool call t1:"},{"type":"image_url","image_url":{"url":"https://x.example/a.png"}}]},{"role":"assistant","content":"ok"},` + ask),
		nil,
	},
	{
		"documents",
		messages(`{"role":"user","content":[{"type":"document","title":"T","context":"C","citations":{"enabled":true},"source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0="}},{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0="}},{"type":"document","title":"T","context":"C","source":{"type":"text","media_type":"text/plain","data":"plain\n"}},{"type":"text","text":"sum up"}]}`),
		messages(`{"role":"user","content":[{"type":"text","text":"C"},{"type":"file","file":{"filename":"T","file_data":"data:application/pdf;base64,JVBERi0="}},{"type":"file","file":{"filename":"document.pdf","file_data":"data:application/pdf;base64,JVBERi0="}},{"type":"text","text":"T\n\nC\n\nplain\n"},{"type":"text","text":"sum up"}]}`),
		[]string{"messages[].content[].citations"},
	},
	{
		"blocks of the provider's own tools",
		messages(ask + `,{"role":"assistant","content":[{"type":"server_tool_use","id":"s","name":"web_search","input":{"query":"x"}},{"type":"web_search_tool_result","tool_use_id":"s","content":[]},{"type":"text","text":"found"}]},` + ask),
		messages(ask + `,{"role":"assistant","content":"found"},` + ask),
		[]string{"messages[1].content[0]", "messages[1].content[1]"},
	},
	{
		"begun answer",
		messages(ask + `,{"role":"assistant","content":"{"}`),
		messages(ask + `,{"role":"assistant","content":"{"}`),
		[]string{"messages[1].prefill"},
	},
	{
		"tools",
		`{"model":"gpt-4o","max_tokens":9,"messages":[` + ask + `],"tools":[{"name":"w","description":"d","input_schema":{"type":"object"},"cache_control":{"type":"ephemeral"}}],"tool_choice":{"type":"any","disable_parallel_tool_use":true}}`,
		`{"model":"gpt-4o","max_tokens":9,"messages":[` + ask + `],"tools":[{"type":"function","function":{"name":"w","description":"d","parameters":{"type":"object"}}}],"tool_choice":"required","parallel_tool_calls":false}`,
		[]string{"cache_control"},
	},
	{
		"one call at a time where the model makes no more",
		`{"model":"o3","max_tokens":9,"messages":[` + ask + `],"tools":[{"name":"w","input_schema":{"type":"object"}}],"tool_choice":{"type":"auto","disable_parallel_tool_use":true}}`,
		`{"model":"o3","max_tokens":9,"messages":[` + ask + `],"tools":[{"type":"function","function":{"name":"w","parameters":{"type":"object"}}}],"tool_choice":"auto"}`,
		nil,
	},
	{
		"schema",
		`{"model":"gpt-4o","max_tokens":9,"messages":[` + ask + `],"output_config":{"format":{"type":"json_schema","schema":{"type":"object","additionalProperties":false}}}}`,
		`{"model":"gpt-4o","max_tokens":9,"messages":[` + ask + `],"response_format":{"type":"json_schema","json_schema":{"name":"response","schema":{"type":"object","additionalProperties":false},"strict":true}}}`,
		nil,
	},
	{
		"sampling",
		`{"model":"gpt-4o","max_tokens":9,"messages":[` + ask + `],"temperature":0.5,"top_p":0.9,"top_k":5,"stop_sequences":["a","b"]}`,
		`{"model":"gpt-4o","max_tokens":9,"messages":[` + ask + `],"temperature":0.5,"top_p":0.9,"stop":["a","b"]}`,
		[]string{"top_k"},
	},
	{
		"sampling of a model that reasons",
		`{"model":"gpt-5","max_tokens":9,"messages":[` + ask + `],"temperature":1.0,"top_p":0.9}`,
		`{"model":"gpt-5","max_tokens":9,"messages":[` + ask + `]}`,
		[]string{"top_p"},
	},
	{
		"budget of a model that reasons",
		`{"model":"gpt-5","max_tokens":20000,"messages":[` + ask + `],"thinking":{"type":"enabled","budget_tokens":10000}}`,
		`{"model":"gpt-5","max_tokens":20000,"messages":[` + ask + `],"reasoning_effort":"medium"}`,
		nil,
	},
	{
		"budget of a model that does not",
		`{"model":"gpt-4o","max_tokens":20000,"messages":[` + ask + `],"thinking":{"type":"enabled","budget_tokens":10000}}`,
		`{"model":"gpt-4o","max_tokens":20000,"messages":[` + ask + `]}`,
		[]string{"thinking"},
	},
	{
		"no thinking of a model that cannot leave it",
		`{"model":"gpt-5","max_tokens":9,"messages":[` + ask + `],"thinking":{"type":"disabled"}}`,
		`{"model":"gpt-5","max_tokens":9,"messages":[` + ask + `],"reasoning_effort":"minimal"}`,
		[]string{"thinking"},
	},
	{
		"no thinking of a model that has none",
		`{"model":"gpt-4o","max_tokens":9,"messages":[` + ask + `],"thinking":{"type":"disabled"}}`,
		`{"model":"gpt-4o","max_tokens":9,"messages":[` + ask + `]}`,
		nil,
	},
	{
		"more effort than the model has",
		`{"model":"o3","max_tokens":9,"messages":[` + ask + `],"output_config":{"effort":"max"}}`,
		`{"model":"o3","max_tokens":9,"messages":[` + ask + `],"reasoning_effort":"high"}`,
		[]string{"thinking"},
	},
	{
		"user and tier",
		`{"model":"gpt-4o","max_tokens":9,"messages":[` + ask + `],"metadata":{"user_id":"u1"},"service_tier":"standard_only"}`,
		`{"model":"gpt-4o","max_tokens":9,"messages":[` + ask + `],"safety_identifier":"u1","service_tier":"default"}`,
		nil,
	},
	{
		"user with a long name",
		`{"model":"gpt-4o","max_tokens":9,"messages":[` + ask + `],"metadata":{"user_id":"` + strings.Repeat("u", 65) + `"}}`,
		`{"model":"gpt-4o","max_tokens":9,"messages":[` + ask + `],"user":"` + strings.Repeat("u", 65) + `"}`,
		nil,
	},
	{
		"stream",
		`{"model":"gpt-4o","max_tokens":9,"messages":[` + ask + `],"stream":true}`,
		`{"model":"gpt-4o","max_tokens":9,"messages":[` + ask + `],"stream":true,"stream_options":{"include_usage":true}}`,
		nil,
	},
	{
		"member of another dialect",
		`{"model":"gpt-4o","max_tokens":9,"messages":[` + ask + `],"inference_geo":"eu"}`,
		`{"model":"gpt-4o","max_tokens":9,"messages":[` + ask + `]}`,
		[]string{"inference_geo"},
	},
	{
		"another maker's model",
		`{"model":"llama-3","max_tokens":9,"messages":[` + ask + `],"temperature":0.1}`,
		`{"model":"llama-3","max_tokens!":9,"messages":[` + ask + `],"temperature":0.1}`,
		nil,
	},
}

func TestAppendRequest(t *testing.T) {
	t.Parallel()
	for _, tt := range said {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := readAnthropic(t, tt.in)
			got := write(t, r)
			want := strings.Replace(strings.Replace(tt.want, `"max_tokens"`, `"max_completion_tokens"`, 1), `"max_tokens!"`, `"max_tokens"`, 1)
			if !reflect.DeepEqual(value(t, got), value(t, want)) {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			if drops := r.Drops(); !slices.Equal(drops, tt.drops) {
				t.Errorf("got drops %q, want %q", drops, tt.drops)
			}
		})
	}
}

func TestAppendRequestKeepsWhatWasThere(t *testing.T) {
	t.Parallel()
	r := readAnthropic(t, messages(ask))
	got, e := translator(t).AppendRequest([]byte("before["), r)
	if e != nil || !strings.HasPrefix(string(got), `before[{"model":"gpt-4o","messages":[{"role"`) {
		t.Errorf("got %s, %v, want the request behind what was there", got, e)
	}
}

func TestAppendRequestRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, param string }{
		{"tools that another provider runs", `{"model":"gpt-4o","max_tokens":9,"messages":[` + ask + `],"tools":[{"name":"w","input_schema":{}},{"type":"web_search_20250305","name":"web_search"}]}`, "tools[1]"},
		{"five stop sequences", `{"model":"gpt-4o","max_tokens":9,"messages":[` + ask + `],"stop_sequences":["a","b","c","d","e"]}`, "stop_sequences"},
		{"stop sequence of a model that reasons", `{"model":"gpt-5","max_tokens":9,"messages":[` + ask + `],"stop_sequences":["a"]}`, "stop_sequences"},
		{"stop sequence of a model that is told to reason", `{"model":"gpt-5.1","max_tokens":9,"messages":[` + ask + `],"stop_sequences":["a"],"output_config":{"effort":"low"}}`, "stop_sequences"},
		{"image that another provider keeps", messages(`{"role":"user","content":[{"type":"text","text":"a"},{"type":"image","source":{"type":"file","file_id":"f"}}]}`), "messages[0].content[1]"},
		{"document that another provider keeps", messages(`{"role":"user","content":[{"type":"document","source":{"type":"file","file_id":"f"}}]}`), "messages[0].content[0]"},
		{"document by URL", messages(`{"role":"user","content":[{"type":"document","source":{"type":"url","url":"https://x.example/a.pdf"}}]}`), "messages[0].content[0]"},
		{"document by URL in a result", messages(`{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"document","source":{"type":"url","url":"https://x.example/a.pdf"}}]}]}`), "messages[0].content[0].content[0]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, e := translator(t).AppendRequest([]byte("before"), readAnthropic(t, tt.in))
			switch {
			case e == nil:
				t.Fatalf("got %s, want an error at %s", got, tt.param)
			case e.Status != 400 || e.Param != tt.param || !strings.HasPrefix(e.Message, tt.param+": "):
				t.Errorf("got %d at %q (%s), want 400 at %q", e.Status, e.Param, e.Message, tt.param)
			case string(got) != "before":
				t.Errorf("got %s, want nothing appended", got)
			}
		})
	}
}

func TestAppendRequestRefusesOpenAIsOwn(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, param string }{
		{"log probabilities of a model that reasons", `{"model":"o3",` + hello + `,"logprobs":true}`, "logprobs"},
		{"bias of a model that reasons", `{"model":"gpt-5.2",` + hello + `,"reasoning_effort":"high","logit_bias":{"1":2}}`, "logit_bias"},
		{"stop sequence of a model that reasons", `{"model":"o3",` + hello + `,"stop":"a"}`, "stop"},
		{"video", `{"model":"m","messages":[{"role":"user","content":[{"type":"video_url","video_url":{"url":"https://x.example/a.mp4"}}]}]}`, "messages[0].content[0].video_url.url"},
		{"tool that another provider runs", `{"model":"m",` + hello + `,"tools":[{"type":"web_search_20250305","name":"web_search"}]}`, "tools[0]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got, e := translator(t).AppendRequest(nil, readOpenAI(t, tt.in)); e == nil || e.Param != tt.param {
				t.Errorf("got %s, %+v, want an error at %s", got, e, tt.param)
			}
		})
	}
}

// A known model's efforts lead to a request that the model takes: the nearest it has.
func TestEffortsOfModels(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ model, want string }{ // for none, minimal, low, medium, high, xhigh, max
		{"gpt-4o", "- - - - - - -"},
		{"ft:gpt-4o-mini-2024-07-18:acme::x", "- - - - - - -"},
		{"chatgpt-4o-latest", "- - - - - - -"},
		{"gpt-5-chat-latest", "- - - - - - -"},
		{"gpt-5-search-api", "- - - - - - -"},
		{"gpt-5-2025-08-07", "minimal minimal low medium high high high"},
		{"gpt-5-mini", "minimal minimal low medium high high high"},
		{"gpt-5-codex", "low low low medium high high high"},
		{"gpt-5-pro", "high high high high high high high"},
		{"gpt-5.1", "none none low medium high high high"},
		{"gpt-5.1-codex-max", "low low low medium high xhigh xhigh"},
		{"gpt-5.2-chat-latest", "medium medium medium medium medium medium medium"},
		{"gpt-5.2-pro", "medium medium medium medium high xhigh xhigh"},
		{"gpt-5.5", "none none low medium high xhigh xhigh"},
		{"gpt-5.6-sol", "none none low medium high xhigh max"},
		{"gpt-5.9", "none none low medium high xhigh xhigh"},
		{"o1", "low low low medium high high high"},
		{"o3-mini", "low low low medium high high high"},
		{"o4-mini", "low low low medium high high high"},
		{"deepseek-chat", "none minimal low medium high xhigh max"},
	} {
		var got []string
		for _, effort := range []string{"none", "minimal", "low", "medium", "high", "xhigh", "max"} {
			body := write(t, readOpenAI(t, fmt.Sprintf(`{"model":%q,%s,"reasoning_effort":%q}`, tt.model, hello, effort)))
			given, ok := value(t, body).(map[string]any)["reasoning_effort"].(string)
			if !ok {
				given = "-"
			}
			got = append(got, given)
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("%s: got %s, want %s", tt.model, s, tt.want)
		}
	}
}
