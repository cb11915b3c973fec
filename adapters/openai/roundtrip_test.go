package openai_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/openaichat"
	"github.com/postern-gateway/postern/adapters/openai"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/strict"
)

// translator is the provider with its options' defaults.
func translator(tb testing.TB) adapters.Translator {
	tb.Helper()
	var a adapters.Adapter
	var err error
	if e := strict.Decode([]byte(`{}`), func(o *strict.Object) { a, err = openai.Provider().Options(o) }); e != nil || err != nil {
		tb.Fatal(e, err)
	}
	return a.(adapters.Translator)
}

// readOpenAI is the neutral form of what a client says.
func readOpenAI(tb testing.TB, body string) *chat.Request {
	tb.Helper()
	var doc rawjson.Doc
	if err := doc.Parse([]byte(body)); err != nil {
		tb.Fatalf("case is not JSON: %v\n%s", err, body)
	}
	r := new(chat.Request)
	if e := (openaichat.Reader{}).ReadRequest(doc.Root(), r); e != nil {
		tb.Fatalf("got %d %s at %q (%s), want it read\n%s", e.Status, e.Code, e.Param, e.Message, body)
	}
	return r
}

func write(tb testing.TB, r *chat.Request) string {
	tb.Helper()
	got, e := translator(tb).AppendRequest(nil, r)
	if e != nil {
		tb.Fatalf("got %s at %q (%s), want a request", e.Code, e.Param, e.Message)
	}
	return string(got)
}

func value(tb testing.TB, s string) any {
	tb.Helper()
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		tb.Fatalf("not JSON: %v\n%s", err, s)
	}
	return v
}

const hello = `"messages":[{"role":"user","content":"hi"}]`

// trips are requests as clients send them. want is what comes back, where that is not
// the same; why says what makes the difference harmless.
var trips = []struct {
	name, in, want, why string
	drops               []string
}{
	{name: "one question", in: `{"model":"m",` + hello + `}`},
	{name: "system prompt", in: `{"model":"m","messages":[{"role":"system","content":"be brief"},{"role":"user","content":"hi"}]}`},
	{
		name: "developer prompt", in: `{"model":"gpt-5","messages":[{"role":"developer","content":"be brief"},{"role":"user","content":"hi"}]}`,
		want: `{"model":"gpt-5","messages":[{"role":"system","content":"be brief"},{"role":"user","content":"hi"}]}`,
		why:  "the API reads the two roles the same",
	},
	{name: "system prompt between turns", in: `{"model":"m","messages":[{"role":"user","content":"a"},{"role":"system","content":"b"},{"role":"user","content":"c"}]}`},
	{name: "several turns", in: `{"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":"c"}]}`},
	{name: "consecutive turns of one role", in: `{"model":"m","messages":[{"role":"user","content":"a"},{"role":"user","content":"b"},{"role":"assistant","content":"c"},{"role":"assistant","content":"d"},{"role":"user","content":"e"}]}`},
	{name: "answer begun by the client", in: `{"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","content":"Once"}]}`},
	{name: "names of speakers", in: `{"model":"m","messages":[{"role":"system","name":"boss","content":"a"},{"role":"user","name":"ann","content":"b"}]}`},
	{name: "escapes and scripts", in: `{"model":"m","messages":[{"role":"user","content":"\"\\\/\n\t\u00e9é\ud83d\ude00😀\u0000 <b>"}]}`},
	{
		name: "text in parts", in: `{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]}`,
	},
	{
		name: "one part", in: `{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a"}]}]}`,
		want: `{"model":"m","messages":[{"role":"user","content":"a"}]}`, why: "a string is an array of one text",
	},
	{name: "image by URL", in: `{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"what?"},{"type":"image_url","image_url":{"url":"https://x.example/a.png","detail":"low"}}]}]}`},
	{name: "image as data", in: `{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/jpeg;base64,/9j/4AAQ"}}]}]}`},
	{name: "image as data with escaped slashes", in: `{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image\/jpeg;base64,\/9j\/4AAQ"}}]}]}`},
	{name: "file as data", in: `{"model":"m","messages":[{"role":"user","content":[{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,JVBERi0="}},{"type":"text","text":"sum up"}]}]}`},
	{
		name: "file as bare base64", in: `{"model":"m","messages":[{"role":"user","content":[{"type":"file","file":{"filename":"a.pdf","file_data":"JVBERi0xLjQ="}}]}]}`,
		want: `{"model":"m","messages":[{"role":"user","content":[{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,JVBERi0xLjQ="}}]}]}`, why: "the same file",
	},
	{name: "file by id", in: `{"model":"m","messages":[{"role":"user","content":[{"type":"file","file":{"file_id":"file-1"}}]}]}`},
	{name: "audio", in: `{"model":"m","messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"UklGRg==","format":"wav"}},{"type":"input_audio","input_audio":{"data":"SUQz","format":"mp3"}},{"type":"input_audio","input_audio":{"data":"ZkxhQw==","format":"flac"}}]}]}`},
	{
		name: "tools and calls", in: `{"model":"m","messages":[{"role":"user","content":"weather?"},
			{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"w","arguments":"{\"city\":\"Paris\"}"}},{"id":"c2","type":"function","function":{"name":"w","arguments":"{}"}}]},
			{"role":"tool","tool_call_id":"c1","content":"sun"},{"role":"tool","tool_call_id":"c2","content":[{"type":"text","text":"ra"},{"type":"text","text":"in"}]}],
			"tools":[{"type":"function","function":{"name":"w","description":"weather","parameters":{"type":"object","properties":{"city":{"type":"string"}}},"strict":true}},{"type":"function","function":{"name":"noargs"}}],
			"tool_choice":"auto","parallel_tool_calls":false}`,
	},
	{name: "text beside calls", in: `{"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","content":"let me see","tool_calls":[{"id":"c1","type":"function","function":{"name":"w","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c1","content":""}]}`},
	{
		name: "empty text beside calls", in: `{"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","content":"","tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"w","arguments":""}}]},{"role":"tool","tool_call_id":"c1","content":"x"}]}`,
		want: `{"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"w","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c1","content":"x"}]}`,
		why:  "nothing said is null, no arguments are an empty object, and an index is of streams",
	},
	{name: "tool must be called", in: `{"model":"m",` + hello + `,"tools":[{"type":"function","function":{"name":"w"}}],"tool_choice":"required"}`},
	{name: "no tool may be called", in: `{"model":"m",` + hello + `,"tools":[{"type":"function","function":{"name":"w"}}],"tool_choice":"none"}`},
	{name: "one tool must be called", in: `{"model":"m",` + hello + `,"tools":[{"type":"function","function":{"name":"w"}}],"tool_choice":{"type":"function","function":{"name":"w"}}}`},
	{
		name: "some tools are allowed", in: `{"model":"m",` + hello + `,"tools":[{"type":"function","function":{"name":"a"}},{"type":"function","function":{"name":"b"}},{"type":"function","function":{"name":"c"}}],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"c"}},{"type":"function","function":{"name":"a"}}]}}}`,
		want: `{"model":"m",` + hello + `,"tools":[{"type":"function","function":{"name":"a"}},{"type":"function","function":{"name":"c"}}],"tool_choice":"required"}`,
		why:  "a model that sees no other tools can call no others",
	},
	{
		name: "functions of before tools in the history", in: `{"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","content":null,"function_call":{"name":"w","arguments":"{}"}},{"role":"function","name":"w","content":"sun"}]}`,
		want: `{"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","content":null,"tool_calls":[{"id":"call_of_message_1","type":"function","function":{"name":"w","arguments":"{}"}}]},{"role":"tool","tool_call_id":"call_of_message_1","content":"sun"}]}`,
		why:  "tools are what functions became",
	},
	{name: "any JSON", in: `{"model":"m","messages":[{"role":"user","content":"json"}],"response_format":{"type":"json_object"}}`},
	{name: "schema", in: `{"model":"m",` + hello + `,"response_format":{"type":"json_schema","json_schema":{"name":"n","description":"d","strict":true,"schema":{"type":"object","properties":{},"additionalProperties":false}}}}`},
	{name: "refusal in the history", in: `{"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","content":null,"refusal":"no"},{"role":"user","content":"b"}]}`},
	{
		name: "refusal as a part", in: `{"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"refusal","refusal":"no"}]}]}`,
		want: `{"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","content":null,"refusal":"no"}]}`, why: "two forms of one refusal",
	},
	{name: "limit of before", in: `{"model":"llama",` + hello + `,"max_tokens":7}`},
	{
		name: "limit of before for a known model", in: `{"model":"gpt-4o",` + hello + `,"max_tokens":7}`,
		want: `{"model":"gpt-4o",` + hello + `,"max_completion_tokens":7}`, why: "the same limit under its new name",
	},
	{name: "limit of a reasoning model", in: `{"model":"o3",` + hello + `,"max_completion_tokens":70,"reasoning_effort":"low"}`},
	{name: "sampling", in: `{"model":"gpt-4o",` + hello + `,"temperature":0.70,"top_p":1e-1,"frequency_penalty":-2,"presence_penalty":0.5,"seed":-9223372036854775808,"n":3,"logit_bias":{"50256":-100},"logprobs":true,"top_logprobs":5,"stop":["a","\n"]}`},
	{name: "sampling of a model that may reason but does not", in: `{"model":"gpt-5.1",` + hello + `,"temperature":0.2,"top_p":0.9,"logprobs":true,"stop":["a"]}`},
	{
		name: "one stop sequence", in: `{"model":"m",` + hello + `,"stop":"END"}`, want: `{"model":"m",` + hello + `,"stop":["END"]}`, why: "a string is an array of one",
	},
	{
		name: "stream", in: `{"model":"m",` + hello + `,"stream":true}`,
		want: `{"model":"m",` + hello + `,"stream":true,"stream_options":{"include_usage":true}}`, why: "the gateway counts; the encoder leaves out what the client did not ask for",
	},
	{
		name: "stream without padding", in: `{"model":"m",` + hello + `,"stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false}}`,
		want: `{"model":"m",` + hello + `,"stream":true,"stream_options":{"include_usage":true}}`, why: "the padding never reaches the client",
	},
	{name: "service", in: `{"model":"m",` + hello + `,"user":"u","safety_identifier":"s","prompt_cache_key":"k","service_tier":"flex","metadata":{"a":"b"},"store":true,"verbosity":"low"}`},
	{name: "prediction", in: `{"model":"m",` + hello + `,"prediction":{"type":"content","content":"x"}}`},
	{name: "audio answers", in: `{"model":"m",` + hello + `,"modalities":["text","audio"],"audio":{"voice":"alloy","format":"wav"}}`},
	{name: "web search", in: `{"model":"m",` + hello + `,"web_search_options":{"search_context_size":"low","user_location":{"type":"approximate","approximate":{"country":"FR"}}}}`},
	{name: "members that are not known", in: `{"model":"m",` + hello + `,"prompt_cache_retention":"24h","moderation":{"model":"omni-moderation-latest"},"a\"b":[1,2]}`},
	{name: "efforts", in: `{"model":"gpt-5.2",` + hello + `,"reasoning_effort":"xhigh"}`},
	{name: "least effort", in: `{"model":"gpt-5",` + hello + `,"reasoning_effort":"minimal"}`},
	{
		name: "breakpoint", in: `{"model":"gpt-5.6","messages":[{"role":"system","content":[{"type":"text","text":"long","prompt_cache_breakpoint":{"mode":"explicit"}}]},{"role":"user","content":"hi"}]}`,
	},
	{
		name: "all that is null", in: `{"model":"m","messages":[{"role":"assistant","content":"a","refusal":null,"tool_calls":null,"function_call":null,"audio":null,"annotations":[]},{"role":"user","content":"hi"}],"temperature":null,"tools":null,"stop":null,"n":null,"metadata":null,"response_format":null,"stream":null}`,
		want: `{"model":"m","messages":[{"role":"assistant","content":"a"},{"role":"user","content":"hi"}]}`, why: "null is as if absent",
	},
	{
		name: "all that is usual", in: `{"model":"m",` + hello + `,"n":1,"stream":false,"response_format":{"type":"text"},"modalities":["text"],"logprobs":false}`,
		want: `{"model":"m",` + hello + `}`, why: "what is said is what happens anyway",
	},
	{
		name: "thinking of an earlier turn", in: `{"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b","reasoning_content":"hm","reasoning_details":[{"type":"reasoning.text","text":"hm","signature":"sig","index":0}]},{"role":"user","content":"c"}]}`,
		want: `{"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":"c"}]}`, why: "OpenAI refuses it",
		drops: []string{"messages[].reasoning_details"},
	},
	{
		name: "cache hints for other providers", in: `{"model":"m","messages":[{"role":"system","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}]},{"role":"user","content":"hi","cache_control":{"type":"ephemeral"}}],"tools":[{"type":"function","function":{"name":"w"},"cache_control":{"type":"ephemeral"}}]}`,
		want: `{"model":"m","messages":[{"role":"system","content":"a"},{"role":"user","content":"hi"}],"tools":[{"type":"function","function":{"name":"w"}}]}`, why: "OpenAI caches by itself",
		drops: []string{"cache_control"},
	},
	{
		name: "members within that are not known", in: `{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a","x":1},{"type":"text","text":"b"}],"y":2}],"top_k":5,"min_p":0.1}`,
		want: `{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]}`, why: "OpenAI refuses them",
		drops: []string{"top_k", "min_p", "messages[0].y", "messages[0].content[0].x"},
	},
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, tt := range trips {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := readOpenAI(t, tt.in)
			got := write(t, r)
			want := tt.want
			if want == "" {
				want = tt.in
			}
			if !reflect.DeepEqual(value(t, got), value(t, want)) {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			if drops := r.Drops(); !slices.Equal(drops, tt.drops) {
				t.Errorf("got drops %q, want %q", drops, tt.drops)
			}
			if (tt.want == "") != (tt.why == "") {
				t.Errorf("a difference needs its reason, and none needs none")
			}
			if again := write(t, readOpenAI(t, got)); again != got {
				t.Errorf("second trip: got  %s\nwant %s", again, got)
			}
		})
	}
}
