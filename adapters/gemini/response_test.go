package gemini_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/gemini"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/secret"
	"github.com/postern-gateway/postern/adapters/strict"
)

var (
	parts   = [...]string{"text", "image", "document", "audio", "video", "thinking", "redacted", "call", "result", "refusal", "server"}
	reasons = [...]string{"none", "stop", "length", "tools", "filter", "refusal", "pause", "sequence"}
)

func spell(u chat.Usage) string {
	return "usage=" + strings.Trim(strings.Join([]string{strconv.FormatInt(u.Input, 10), strconv.FormatInt(u.CachedRead, 10), strconv.FormatInt(u.Output, 10), strconv.FormatInt(u.Reasoning, 10)}, "/"), " ")
}

// answer spells a response on one line.
func answer(r *chat.Response) string {
	var b strings.Builder
	b.WriteString("id=" + string(r.ID) + " model=" + string(r.Model))
	if r.Counted {
		b.WriteString(" " + spell(r.Usage))
	}
	for i := range r.Choices {
		c := &r.Choices[i]
		b.WriteString(" | " + reasons[c.Finish])
		for k := range c.Parts {
			p := &c.Parts[k]
			b.WriteString(" " + parts[p.Kind] + ":" + string(p.ID) + string(p.Name) + string(p.Text) + string(p.Input))
		}
		if c.Logprobs != nil {
			b.WriteString(" logprobs=" + string(c.Logprobs))
		}
	}
	return b.String()
}

// candidate is a response with one candidate.
func candidate(content, reason string) string {
	return `{"candidates":[{"content":{"parts":[` + content + `],"role":"model"},"finishReason":"` + reason + `","index":0}],"usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":3,"totalTokenCount":20,"thoughtsTokenCount":7,"cachedContentTokenCount":4},"modelVersion":"gemini-x","responseId":"abc"}`
}

const head = "id=abc model=gemini-x usage=10/4/10/7"

func TestReadResponse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, want, err string }{
		{"text", candidate(`{"text":"Hi\n"},{"text":" you"}`, "STOP"), head + ` | stop text:Hi\n text: you`, ""},
		{"thoughts and a signed text", candidate(`{"text":"hm","thought":true},{"text":"Hi","thoughtSignature":"c2ln"}`, "STOP"), head + ` | stop thinking:hm text:Hi`, ""},
		{"STOP with calls, of which one is signed and none has an id", candidate(`{"functionCall":{"name":"f","args":{"a": 1}},"thoughtSignature":"c2ln"},{"functionCall":{"name":"g"}}`, "STOP"),
			head + ` | tools redacted:gemini-call-0:c2ln call:call_e71fa2190541574b_0f{"a": 1} call:call_e71fa2190541574b_1g{}`, ""},
		{"call with an id and a second that is signed", candidate(`{"functionCall":{"id":"q1","name":"f","args":{}}},{"functionCall":{"id":"q2","name":"f","args":null},"thoughtSignature":"eA=="}`, "STOP"),
			head + ` | tools call:q1f{} redacted:gemini-call-1:eA== call:q2f{}`, ""},
		{"arguments spread over lines", candidate("{\"functionCall\":{\"id\":\"a\",\"name\":\"f\",\"args\":{\n  \"a b\": \"c \\\\\\\" \\n d\",\n\t\"e\": [1, 2]\n}}}", "STOP"), head + ` | tools call:af{"a b":"c \\\" \n d","e":[1,2]}`, ""},
		{"call of an answer without an id", `{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f"}}]},"finishReason":"STOP"}]}`, `id= model= | tools call:call_809937a44632a7be_0f{}`, ""},
		{"tokens used up in thought", `{"candidates":[{"content":{"role":"model"},"finishReason":"MAX_TOKENS","index":0}],"usageMetadata":{"promptTokenCount":10,"totalTokenCount":30,"thoughtsTokenCount":20},"modelVersion":"m","responseId":"i"}`, `id=i model=m usage=10/0/20/20 | length`, ""},
		{"tokens used up amidst calls", candidate(`{"functionCall":{"name":"f","id":"a"}}`, "MAX_TOKENS"), head + ` | length call:af{}`, ""},
		{"safety, no content", `{"candidates":[{"finishReason":"SAFETY","index":0,"safetyRatings":[]}],"responseId":"i"}`, `id=i model= | filter`, ""},
		{"recitation", candidate(`{"text":"a"}`, "RECITATION"), head + ` | filter text:a`, ""},
		{"prompt that is blocked", `{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{"promptTokenCount":5,"totalTokenCount":5},"modelVersion":"m"}`, `id= model=m usage=5/0/0/0 | filter`, ""},
		{"reason that is new", candidate(`{"text":"a"}`, "BRAND_NEW"), head + ` | stop text:a`, ""},
		{"no reason", `{"candidates":[{"content":{"parts":[{"text":"a"}]}}]}`, `id= model= | stop text:a`, ""},
		{"two candidates", `{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"},{"content":{"parts":[{"functionCall":{"name":"f"}}]},"finishReason":"STOP","index":1}],"responseId":"abc"}`, `id=abc model= | stop text:a | tools call:call_e71fa2190541574b_0f{}`, ""},
		{"results of Google's own tools count as input", `{"candidates":[{"content":{"parts":[{"executableCode":{"code":"1"}},{"text":"a"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":1,"toolUsePromptTokenCount":2,"candidatesTokenCount":-3}}`, `id= model= usage=3/0/0/0 | stop text:a`, ""},
		{"log probabilities", `{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP","logprobsResult":{"chosenCandidates":[{"token":"a","tokenId":7,"logProbability":-0.5},{"token":"\n"}],"topCandidates":[{"candidates":[{"token":"a","logProbability":-0.5},{"token":"b","logProbability":-2}]}]}}]}`,
			`id= model= | stop text:a logprobs={"content":[{"token":"a","logprob":-0.5,"bytes":null,"top_logprobs":[{"token":"a","logprob":-0.5,"bytes":null},{"token":"b","logprob":-2,"bytes":null}]},{"token":"\n","logprob":0,"bytes":null,"top_logprobs":[]}],"refusal":null}`, ""},
		{"call that is malformed", candidate(``, "MALFORMED_FUNCTION_CALL"), "", "MALFORMED_FUNCTION_CALL"},
		{"nothing", `{}`, "", "neither candidates"},
		{"no object", `[1]`, "", "neither candidates"},
		{"members of other kinds", `{"candidates":[{"content":{"parts":[{"text":1},{"functionCall":2},3,{}]},"finishReason":4}],"usageMetadata":5}`, `id= model= | stop`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			doc := rawjson.Doc{LoneSurrogates: true}
			if err := doc.Parse([]byte(tt.in)); err != nil {
				t.Fatal(err)
			}
			var out chat.Response
			err := gemini.Translator().ReadResponse(doc.Root(), &out)
			if (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Fatalf("got error %v, want %q", err, tt.err)
			}
			if err != nil {
				return
			}
			if got := answer(&out); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			for _, c := range out.Choices {
				if c.Logprobs != nil && !json.Valid(c.Logprobs) {
					t.Errorf("got log probabilities %s, want JSON", c.Logprobs)
				}
			}
		})
	}
}

func TestReadError(t *testing.T) {
	t.Parallel()
	const quota = `{"error":{"code":429,"message":"You exceeded your current quota. Please retry in 37.8s.","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.Help"},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"37.826266380s"}]}}`
	const badKey = `{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID","domain":"googleapis.com","metadata":{"service":"generativelanguage.googleapis.com"}}]}}`
	for _, tt := range []struct {
		name   string
		status int
		body   string
		want   chat.Error
	}{
		{"bad request", 400, `{"error":{"code":400,"message":"Request contains an invalid argument.","status":"INVALID_ARGUMENT"}}`, chat.Error{Status: 400, Kind: chat.InvalidRequest, Code: "invalid_argument", Message: "Request contains an invalid argument."}},
		{"bad key, which the API says with 400", 400, badKey, chat.Error{Status: 401, Kind: chat.Unauthenticated, Code: "invalid_argument", Message: "API key not valid. Please pass a valid API key."}},
		{"quota with a delay", 429, quota, chat.Error{Status: 429, Kind: chat.RateLimited, Code: "resource_exhausted", Message: "You exceeded your current quota. Please retry in 37.8s.", RetryAfter: 38}},
		{"error in a list", 404, `[{"error":{"code":404,"message":"models/x is not found","status":"NOT_FOUND"}}]`, chat.Error{Status: 404, Kind: chat.NotFound, Code: "not_found", Message: "models/x is not found"}},
		{"key in the message", 403, `{"error":{"code":403,"message":"Permission denied: Consumer 'api_key:AIzaSyA-b_c9' has been suspended.","status":"PERMISSION_DENIED"}}`, chat.Error{Status: 403, Kind: chat.PermissionDenied, Code: "permission_denied", Message: "Permission denied: Consumer 'api_key:[redacted]' has been suspended."}},
		{"overload", 503, `{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}`, chat.Error{Status: 503, Kind: chat.Overloaded, Code: "unavailable", Message: "The model is overloaded."}},
		{"page of a proxy", 502, `<html>`, chat.Error{Status: 502, Kind: chat.Internal, Message: "Gemini answered with status 502 and no error message"}},
		{"nothing", 500, ``, chat.Error{Status: 500, Kind: chat.Internal, Message: "Gemini answered with status 500 and no error message"}},
		{"message of another type", 400, `{"error":{"message":5,"status":[],"details":{}}}`, chat.Error{Status: 400, Kind: chat.InvalidRequest, Message: "Gemini answered with status 400 and no error message"}},
		{"status that is none", 200, `{"error":{"message":"x"}}`, chat.Error{Status: 502, Kind: chat.Internal, Message: "x"}},
		{"delay that is none", 429, `{"error":{"message":"x","details":[{"retryDelay":"soon"},{"retryDelay":"-3s"},{"retryDelay":7}]}}`, chat.Error{Status: 429, Kind: chat.RateLimited, Message: "x"}},
		{"delay beyond a day", 429, `{"error":{"message":"x","details":[{"retryDelay":"1e99s"}]}}`, chat.Error{Status: 429, Kind: chat.RateLimited, Message: "x", RetryAfter: 86400}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := *gemini.Translator().ReadError(tt.status, []byte(tt.body)); got != tt.want {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
		})
	}
	if e := gemini.Translator().ReadError(400, []byte(`{"error":{"message":"`+strings.Repeat("ä", 9999)+`"}}`)); len(e.Message) > 4200 {
		t.Errorf("got a message of %d bytes, want it bounded", len(e.Message))
	}
}

func TestProvider(t *testing.T) {
	t.Parallel()
	p := gemini.Provider()
	var a adapters.Adapter
	if err := strict.Decode([]byte(`{"base_path":"/proxy/v1beta"}`), func(o *strict.Object) { a, _ = p.Options(o) }); err != nil {
		t.Fatal(err)
	}
	tr := a.(adapters.Translator)
	for _, tt := range []struct {
		model  string
		stream bool
		want   string
	}{
		{"gemini-2.5-flash", false, "/proxy/v1beta/models/gemini-2.5-flash:generateContent"},
		{"gemini-2.5-flash", true, "/proxy/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"},
		{"models/gemini-2.5-flash", false, "/proxy/v1beta/models/gemini-2.5-flash:generateContent"},
		{"tunedModels/my-model_1", false, "/proxy/v1beta/tunedModels/my-model_1:generateContent"},
		{"../../x?key=y#z", false, "/proxy/v1beta/models/..%2F..%2Fx%3Fkey%3Dy%23z:generateContent"},
	} {
		if got := tr.ChatPath(tt.model, tt.stream); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.model, got, tt.want)
		}
	}
	if h := a.Credential(secret.New("k")); len(h) != 1 || h[0] != (adapters.Header{Name: "x-goog-api-key", Value: "k"}) {
		t.Errorf("got %v, want the key as x-goog-api-key", h)
	}
	for _, d := range []string{"openai", "anthropic"} {
		if path, ok := a.Native(adapters.Call{Dialect: d, Op: adapters.Chat}); ok {
			t.Errorf("%s: got the native path %q, want none", d, path)
		}
	}
}
