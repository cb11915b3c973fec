package anthropic_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters/anthropic"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

var answers = []struct {
	name, in, want string
}{
	{"text", `{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[{"type":"text","text":"H\u00e9 \"you\""}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":10,"output_tokens":4,"service_tier":"priority"}}`,
		`msg_1 claude-x finish=1 usage=10/0/0/4/0 tier=priority; 0 text=H\u00e9 \"you\"`},
	{"thinking, citations, calls", `{"id":"m","content":[{"type":"thinking","thinking":"hm","signature":"s"},{"type":"redacted_thinking","data":"d"},{"type":"text","text":"a","citations":[{"type":"char_location"}]},{"type":"text","text":"b","citations":null},{"type":"tool_use","id":"t","name":"f","input":{"a":1}}],"stop_reason":"tool_use","usage":{"input_tokens":1,"cache_creation_input_tokens":2,"cache_read_input_tokens":3,"output_tokens":4,"output_tokens_details":{"thinking_tokens":1}}}`,
		`m  finish=3 usage=6/3/2/4/1 tier=; 5 text=hm signature=s; 6 text=d; 0 text=a citations=[{"type":"char_location"}]; 0 text=b; 7 id=t name=f input={"a":1}`},
	{"search that the provider runs", `{"content":[{"type":"server_tool_use","id":"s","name":"web_search","input":{}},{"type":"web_search_tool_result","tool_use_id":"s","content":[]}],"stop_reason":"pause_turn"}`,
		`  finish=6 usage=0/0/0/0/0 uncounted tier=; 10 raw={"type":"server_tool_use","id":"s","name":"web_search","input":{}}; 10 raw={"type":"web_search_tool_result","tool_use_id":"s","content":[]}`},
	{"answer as the input of the gateway's tool", `{"content":[{"type":"tool_use","id":"t","name":"postern_json_answer","input":{"a":"x\n"}}],"stop_reason":"tool_use"}`,
		`  finish=1 usage=0/0/0/0/0 uncounted tier=; 0 text={\"a\":\"x\\n\"}`},
	{"refusal", `{"content":[],"stop_reason":"refusal","stop_details":{"type":"refusal","category":"bio"}}`,
		`  finish=5 usage=0/0/0/0/0 uncounted tier= details={"type":"refusal","category":"bio"}`},
	{"stop sequence", `{"content":[{"type":"text","text":"a"}],"stop_reason":"stop_sequence","stop_sequence":"END"}`,
		`  finish=7 usage=0/0/0/0/0 uncounted tier= sequence=END; 0 text=a`},
	{"wrong types", `{"id":1,"model":[],"content":[{"type":"text","text":5},{"type":"tool_use","id":"t","name":"f","input":"x"},{}],"stop_reason":7,"usage":{"input_tokens":"many"}}`,
		`  finish=1 usage=0/0/0/0/0 tier=; 0; 7 id=t name=f input={}; 10 raw={}`},
}

func describe(r *chat.Response) string {
	var b strings.Builder
	c := r.Choices[0]
	u := r.Usage
	fmt.Fprintf(&b, "%s %s finish=%d usage=%d/%d/%d/%d/%d", r.ID, r.Model, c.Finish, u.Input, u.CachedRead, u.CacheWrite, u.Output, u.Reasoning)
	if !r.Counted {
		b.WriteString(" uncounted")
	}
	fmt.Fprintf(&b, " tier=%s", r.Tier)
	if c.Sequence != nil {
		fmt.Fprintf(&b, " sequence=%s", c.Sequence)
	}
	if c.Details != nil {
		fmt.Fprintf(&b, " details=%s", c.Details)
	}
	for _, p := range c.Parts {
		fmt.Fprintf(&b, "; %d", p.Kind)
		for _, f := range []struct {
			name string
			text []byte
		}{{"text", p.Text}, {"signature", p.Signature}, {"citations", p.Citations}, {"id", p.ID}, {"name", p.Name}, {"input", p.Input}, {"raw", p.Raw}} {
			if len(f.text) > 0 {
				fmt.Fprintf(&b, " %s=%s", f.name, f.text)
			}
		}
	}
	return b.String()
}

func TestReadResponse(t *testing.T) {
	t.Parallel()
	for _, tt := range answers {
		var doc rawjson.Doc
		if err := doc.Parse([]byte(tt.in)); err != nil {
			t.Fatal(err)
		}
		var out chat.Response
		for range 2 { // the second time in used memory
			out.Reset()
			if err := anthropic.Translator().ReadResponse(doc.Root(), &out); err != nil {
				t.Errorf("%s: got error %v", tt.name, err)
			} else if got := describe(&out); got != tt.want {
				t.Errorf("%s:\ngot  %s\nwant %s", tt.name, got, tt.want)
			}
		}
	}
}

func TestReadResponseRefusesWhatIsNoMessage(t *testing.T) {
	t.Parallel()
	for _, in := range []string{`{}`, `[]`, `"x"`, `null`, `{"content":"x"}`, `{"type":"error","error":{}}`, `{"content":[{"type":"tool_use","id":[],"name":"f"}]}`, `{"content":[{"type":"tool_use","id":"t","name":""}]}`} {
		var doc rawjson.Doc
		if err := doc.Parse([]byte(in)); err != nil {
			t.Fatal(err)
		}
		var out chat.Response
		if err := anthropic.Translator().ReadResponse(doc.Root(), &out); err == nil {
			t.Errorf("%s: got no error, want one", in)
		}
	}
}

func TestReadError(t *testing.T) {
	t.Parallel()
	object := func(kind, message string) string {
		return `{"type":"error","error":{"type":"` + kind + `","message":"` + message + `"},"request_id":"req_1"}`
	}
	for _, tt := range []struct {
		name, body string
		status     int
		want       chat.Error
	}{
		{"invalid request", object("invalid_request_error", "temperature: range: 0..1"), 400, chat.Error{Status: 400, Kind: chat.InvalidRequest, Param: "temperature", Message: "temperature: range: 0..1"}},
		{"path into the translated request", object("invalid_request_error", "messages.0.content: no"), 400, chat.Error{Status: 400, Kind: chat.InvalidRequest, Message: "messages.0.content: no"}},
		{"key", object("authentication_error", "invalid x-api-key"), 401, chat.Error{Status: 401, Kind: chat.Unauthenticated, Code: "invalid_api_key", Message: "invalid x-api-key"}},
		{"billing", object("billing_error", "no credit"), 402, chat.Error{Status: 402, Kind: chat.PermissionDenied, Code: "insufficient_quota", Message: "no credit"}},
		{"billing, as some accounts get it", object("invalid_request_error", "Your credit balance is too low"), 400, chat.Error{Status: 400, Kind: chat.InvalidRequest, Code: "insufficient_quota", Message: "Your credit balance is too low"}},
		{"too many tokens", object("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"), 400, chat.Error{Status: 400, Kind: chat.InvalidRequest, Code: "context_length_exceeded", Message: "prompt is too long: 210000 tokens > 200000 maximum"}},
		{"permission", object("permission_error", "no"), 403, chat.Error{Status: 403, Kind: chat.PermissionDenied, Message: "no"}},
		{"model", object("not_found_error", "model: claude-z"), 404, chat.Error{Status: 404, Kind: chat.NotFound, Code: "model_not_found", Param: "model", Message: "model: claude-z"}},
		{"size", object("request_too_large", "too large"), 413, chat.Error{Status: 413, Kind: chat.TooLarge, Message: "too large"}},
		{"rate", object("rate_limit_error", "slow down"), 429, chat.Error{Status: 429, Kind: chat.RateLimited, Code: "rate_limit_exceeded", Message: "slow down"}},
		{"fault", object("api_error", "Internal server error"), 500, chat.Error{Status: 500, Kind: chat.Internal, Message: "Internal server error"}},
		{"overload", object("overloaded_error", "Overloaded"), 529, chat.Error{Status: 503, Kind: chat.Overloaded, Message: "Overloaded"}},
		{"timeout", object("timeout_error", "late"), 504, chat.Error{Status: 504, Kind: chat.Timeout, Message: "late"}},
		{"type that is new", object("some_error", "x"), 418, chat.Error{Status: 418, Kind: chat.InvalidRequest, Message: "x"}},
		{"page of a proxy", "<html><body>502 Bad Gateway</body></html>", 502, chat.Error{Status: 502, Kind: chat.Internal, Message: "Anthropic answered with status 502 and no error object"}},
		{"nothing", "", 529, chat.Error{Status: 503, Kind: chat.Overloaded, Message: "Anthropic answered with status 503 and no error object"}},
		{"plain text", "upstream connect error", 503, chat.Error{Status: 503, Kind: chat.Overloaded, Message: "Anthropic answered with status 503 and no error object"}},
		{"error that is a string", `{"error":"no"}`, 500, chat.Error{Status: 500, Kind: chat.Internal, Message: "Anthropic answered with status 500 and no error object"}},
		{"message that is no string", `{"error":{"message":{}}}`, 400, chat.Error{Status: 400, Kind: chat.InvalidRequest, Message: "Anthropic answered with status 400 and no error object"}},
		{"status that is none", "", 799, chat.Error{Status: 502, Kind: chat.Internal, Message: "Anthropic answered with status 502 and no error object"}},
	} {
		if got := anthropic.Translator().ReadError(tt.status, []byte(tt.body)); *got != tt.want {
			t.Errorf("%s: got %+v, want %+v", tt.name, *got, tt.want)
		}
	}
}

func TestLongErrorMessageIsCut(t *testing.T) {
	t.Parallel()
	got := anthropic.Translator().ReadError(400, []byte(`{"error":{"type":"invalid_request_error","message":"`+strings.Repeat("é", 1<<16)+`"}}`))
	if len(got.Message) > 8<<10 {
		t.Errorf("got a message of %d bytes, want at most 8 KB", len(got.Message))
	}
}

func FuzzReadResponse(f *testing.F) {
	for _, a := range answers {
		f.Add([]byte(a.in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		tr := anthropic.Translator()
		if e := tr.ReadError(500, in); e == nil || e.Status < 400 || e.Message == "" && !strings.Contains(string(in), "message") {
			t.Fatalf("got %+v, want an error with a status and a message", e)
		}
		var doc rawjson.Doc
		if doc.Parse(in) != nil {
			return
		}
		var out chat.Response
		if tr.ReadResponse(doc.Root(), &out) == nil && len(out.Choices) != 1 {
			t.Fatalf("got %d choices, want 1", len(out.Choices))
		}
	})
}
