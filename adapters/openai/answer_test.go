package openai_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// readAnswer is the neutral form of an answer, or why there is none.
func readAnswer(tb testing.TB, body string) (*chat.Response, error) {
	tb.Helper()
	return readUnless(tb, 0, body)
}

// readUnless is the same where some ways to end are unwanted.
func readUnless(tb testing.TB, unwanted chat.Finishes, body string) (*chat.Response, error) {
	tb.Helper()
	doc := rawjson.Doc{LoneSurrogates: true}
	if err := doc.Parse([]byte(body)); err != nil {
		tb.Fatalf("case is not JSON: %v\n%s", err, body)
	}
	out := &chat.Response{Unwanted: unwanted}
	err := translator(tb).ReadResponse(doc.Root(), out)
	return out, err
}

// lines are the parts and the end of an answer.
func lines(r *chat.Response) (got []string) {
	for i := range r.Choices {
		c := &r.Choices[i]
		for _, p := range c.Parts {
			s := kinds[p.Kind]
			for _, t := range []chat.Text{p.ID, p.Name, p.Text, p.Signature, p.Arguments, chat.Text(p.Citations)} {
				if len(t) > 0 {
					s += " " + string(t)
				}
			}
			got = append(got, s)
		}
		got = append(got, fmt.Sprintf("finish %d %s", c.Finish, c.Logprobs))
	}
	return got
}

func answer(choices string) string {
	return `{"id":"c1","object":"chat.completion","created":7,"model":"m","choices":[` + choices + `]}`
}

func TestReadResponse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, in string
		want     []string
	}{
		{"text", answer(`{"index":0,"message":{"role":"assistant","content":"a\n","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}`), []string{`text a\n`, "finish 1 "}},
		{"length", answer(`{"message":{"content":"a"},"finish_reason":"length"}`), []string{"text a", "finish 2 "}},
		{"nothing", answer(`{"message":{"content":null},"finish_reason":"stop"}`), []string{"finish 1 "}},
		{"refusal", answer(`{"message":{"content":null,"refusal":"no"},"finish_reason":"stop"}`), []string{"refusal no", "finish 5 "}},
		{"filtered without a message", answer(`{"index":0,"finish_reason":"content_filter","content_filter_results":{}}`), []string{"finish 4 "}},
		{"calls", answer(`{"message":{"content":"t","tool_calls":[{"id":"a","type":"function","function":{"name":"w","arguments":"{\"x\":1}"}},{"id":"b","function":{"name":"v","arguments":""}}]},"finish_reason":"tool_calls"}`), []string{"text t", `call a w {\"x\":1}`, "call b v {}", "finish 3 "}},
		{"call that had to be made", answer(`{"message":{"content":null,"tool_calls":[{"id":"a","function":{"name":"w","arguments":"{}"}}]},"finish_reason":"stop"}`), []string{"call a w {}", "finish 3 "}},
		{"call without an id", answer(`{"message":{"content":null,"tool_calls":[{"function":{"name":"w","arguments":"{}"}}]},"finish_reason":"tool_calls"}`), []string{"call call_7_0 w {}", "finish 3 "}},
		{"two answers", answer(`{"index":0,"message":{"content":"a"},"finish_reason":"stop"},{"index":1,"message":{"content":"b"},"finish_reason":"length"}`), []string{"text a", "finish 1 ", "text b", "finish 2 "}},
		{"thinking as text", answer(`{"message":{"reasoning_content":"hm","content":"a"},"finish_reason":"stop"}`), []string{"thinking hm", "text a", "finish 1 "}},
		{"thinking under its other name", answer(`{"message":{"reasoning":"hm","content":"a"},"finish_reason":"stop"}`), []string{"thinking hm", "text a", "finish 1 "}},
		{"thinking in detail", answer(`{"message":{"reasoning":"hm","reasoning_details":[{"type":"reasoning.text","text":"hm","signature":"s"},{"type":"reasoning.encrypted","data":"x"},{"type":"reasoning.summary","summary":"z"},{"type":"?"}],"content":"a"},"finish_reason":"stop"}`), []string{"thinking hm s", "redacted x", "thinking z", "text a", "finish 1 "}},
		{"log probabilities", answer(`{"message":{"content":"a"},"logprobs":{"content":[]},"finish_reason":"stop"}`), []string{"text a", `finish 1 {"content":[]}`}},
		{"citations", answer(`{"message":{"content":"a","annotations":[{"type":"url_citation","url_citation":{"url":"u","title":"t"}},{"type":"url_citation","url_citation":{"url":"v"}}]},"finish_reason":"stop"}`), []string{`text a [{"type":"web_search_result_location","url":"u","title":"t","cited_text":"","encrypted_index":""},{"type":"web_search_result_location","url":"v","title":"","cited_text":"","encrypted_index":""}]`, "finish 1 "}},
		{"members of other types", answer(`{"message":{"content":[1],"tool_calls":{},"annotations":"x","reasoning_details":3},"logprobs":1,"finish_reason":7}`), []string{"finish 1 "}},
		{"choice of another type", answer(`7`), []string{"finish 1 "}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, err := readAnswer(t, tt.in)
			if got := lines(r); err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got  %q, %v\nwant %q", got, err, tt.want)
			}
		})
	}
}

// TestReadResponseStops has an answer that is not wanted, for how it has ended, read no further.
func TestReadResponseStops(t *testing.T) {
	t.Parallel()
	unwanted := chat.Finishes(1<<chat.FinishStop | 1<<chat.FinishLength | 1<<chat.FinishTools | 1<<chat.FinishFilter)
	const said = `"message":{"content":"a"}`
	for _, tt := range []struct {
		name, in string
		unwanted chat.Finishes
		want     []string
	}{
		{"length", answer(`{` + said + `,"finish_reason":"length"}`), unwanted, []string{"finish 2 "}},
		{"length by another word", answer(`{` + said + `,"finish_reason":"model_length"}`), unwanted, []string{"finish 2 "}},
		{"filter", answer(`{` + said + `,"finish_reason":"content_filter"}`), unwanted, []string{"finish 4 "}},
		{"calls", answer(`{` + said + `,"finish_reason":"tool_calls"},{` + said + `,"finish_reason":"stop"}`), unwanted, []string{"finish 3 "}},
		{"another that is", answer(`{` + said + `,"finish_reason":"length"}`), 1 << chat.FinishTools, []string{"text a", "finish 2 "}},
		{"none", answer(`{` + said + `,"finish_reason":"length"}`), 0, []string{"text a", "finish 2 "}},
		{"a stop, which may stand before calls", answer(`{"message":{"tool_calls":[{"id":"a","function":{"name":"w","arguments":"{}"}}]},"finish_reason":"stop"}`), unwanted, []string{"call a w {}", "finish 3 "}},
		{"the second choice", answer(`{` + said + `,"finish_reason":"stop"},{` + said + `,"finish_reason":"length"}`), unwanted, []string{"text a", "finish 1 ", "text a", "finish 2 "}},
	} {
		if r, err := readUnless(t, tt.unwanted, tt.in); err != nil || !reflect.DeepEqual(lines(r), tt.want) {
			t.Errorf("%s: got %q, %v, want %q", tt.name, lines(r), err, tt.want)
		}
	}
}

func TestReadResponseReadsWhatIsAroundTheChoices(t *testing.T) {
	t.Parallel()
	r, err := readAnswer(t, `{"id":"c1","created":7,"model":"m","service_tier":"flex","system_fingerprint":"fp","choices":[{}],
		"usage":{"prompt_tokens":30,"completion_tokens":12,"prompt_tokens_details":{"cached_tokens":20,"cache_write_tokens":5},"completion_tokens_details":{"reasoning_tokens":4}}}`)
	got := fmt.Sprintf("%s %d %s %s %s %v %v %v", r.ID, r.Created, r.Model, r.Tier, r.System, r.Counted, r.Usage, err)
	if want := "c1 7 m flex fp true {30 12 20 5 0 4 0 0 0 0 false} <nil>"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestReadResponseRefuses(t *testing.T) {
	t.Parallel()
	for _, in := range []string{`{}`, `[]`, `"x"`, `null`, `{"choices":[]}`, `{"choices":{}}`, `{"choices":null}`, `{"error":{"message":"x"}}`} {
		if r, err := readAnswer(t, in); err == nil || !strings.HasPrefix(err.Error(), "choices: want at least one, got ") {
			t.Errorf("%s: got %v, %v, want an error about its choices", in, lines(r), err)
		}
	}
}

func TestReadError(t *testing.T) {
	t.Parallel()
	const none = "The provider answered with status %d and no error message."
	for _, tt := range []struct {
		name   string
		status int
		body   string
		want   chat.Error
	}{
		{"bad request", 400, `{"error":{"message":"Unknown parameter: 'x'.","type":"invalid_request_error","param":"x","code":"unknown_parameter"}}`, chat.Error{Status: 400, Kind: chat.InvalidRequest, Code: "unknown_parameter", Param: "x", Message: "Unknown parameter: 'x'."}},
		{"bad key", 401, `{"error":{"message":"Incorrect API key provided: sk-proj-***1234. You can find your key.","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}`, chat.Error{Status: 401, Kind: chat.Unauthenticated, Code: "invalid_api_key", Message: "Incorrect API key provided: [redacted] You can find your key."}},
		{"key at the end, twice", 401, `{"error":{"message":"'sk-a' is not sk-b"}}`, chat.Error{Status: 401, Kind: chat.Unauthenticated, Message: "'[redacted]' is not [redacted]"}},
		{"words that end like keys begin", 400, `{"error":{"message":"a task-based, risk-free sk-"}}`, chat.Error{Status: 400, Kind: chat.InvalidRequest, Message: "a task-based, risk-free [redacted]"}},
		{"no permission", 403, `{"error":{"message":"no","code":"unsupported_country_region_territory"}}`, chat.Error{Status: 403, Kind: chat.PermissionDenied, Code: "unsupported_country_region_territory", Message: "no"}},
		{"no such model", 404, `{"error":{"message":"no such model","code":"model_not_found"}}`, chat.Error{Status: 404, Kind: chat.NotFound, Code: "model_not_found", Message: "no such model"}},
		{"too large", 413, `{"error":{"message":"too large"}}`, chat.Error{Status: 413, Kind: chat.TooLarge, Message: "too large"}},
		{"rate limit", 429, `{"error":{"message":"slow down","type":"tokens","code":"rate_limit_exceeded"}}`, chat.Error{Status: 429, Kind: chat.RateLimited, Code: "rate_limit_exceeded", Message: "slow down"}},
		{"overload", 503, `{"error":{"message":"busy","type":"server_error","code":null}}`, chat.Error{Status: 503, Kind: chat.Overloaded, Message: "busy"}},
		{"numeric code", 500, `{"error":{"message":"x","code":500}}`, chat.Error{Status: 500, Kind: chat.Internal, Code: "500", Message: "x"}},
		{"error as a string", 422, `{"error":"Input validation error"}`, chat.Error{Status: 422, Kind: chat.InvalidRequest, Message: "Input validation error"}},
		{"message at the top", 400, `{"object":"error","message":"x","type":"BadRequestError","code":40001}`, chat.Error{Status: 400, Kind: chat.InvalidRequest, Code: "40001", Message: "x"}},
		{"detail", 422, `{"detail":"x"}`, chat.Error{Status: 422, Kind: chat.InvalidRequest, Message: "x"}},
		{"in a list", 400, `[{"error":{"message":"x","code":400}}]`, chat.Error{Status: 400, Kind: chat.InvalidRequest, Code: "400", Message: "x"}},
		{"empty", 502, ``, chat.Error{Status: 502, Kind: chat.Internal, Message: fmt.Sprintf(none, 502)}},
		{"HTML", 504, "<html><body>Gateway Timeout</body></html>", chat.Error{Status: 504, Kind: chat.Timeout, Message: fmt.Sprintf(none, 504)}},
		{"plain text", 503, "upstream connect error", chat.Error{Status: 503, Kind: chat.Overloaded, Message: fmt.Sprintf(none, 503)}},
		{"other JSON", 500, `{"error":{"message":5},"param":[]}`, chat.Error{Status: 500, Kind: chat.Internal, Message: fmt.Sprintf(none, 500)}},
		{"a number", 500, `7`, chat.Error{Status: 500, Kind: chat.Internal, Message: fmt.Sprintf(none, 500)}},
		{"an empty list", 500, `[]`, chat.Error{Status: 500, Kind: chat.Internal, Message: fmt.Sprintf(none, 500)}},
		{"status that is no error", 302, ``, chat.Error{Status: 502, Kind: chat.Internal, Message: fmt.Sprintf(none, 302)}},
		{"long message and long code", 400, `{"error":{"message":"` + strings.Repeat("é", 3000) + `","code":"` + strings.Repeat("c", 300) + `"}}`, chat.Error{Status: 400, Kind: chat.InvalidRequest, Message: strings.Repeat("é", 1000) + "..."}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := translator(t).ReadError(tt.status, []byte(tt.body)); *got != tt.want {
				t.Errorf("got  %+v\nwant %+v", *got, tt.want)
			}
		})
	}
}
