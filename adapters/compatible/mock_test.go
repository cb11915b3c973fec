package compatible_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/compatible"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/secret"
	"github.com/postern-gateway/postern/adapters/sse"
	"github.com/postern-gateway/postern/e2e/mockllm"
	mock "github.com/postern-gateway/postern/e2e/mockllm/compatible"
)

// ask sends a request to the mock of a service.
func ask(s *mockllm.Server, service, path, body string, headers []adapters.Header) *httptest.ResponseRecorder {
	return adaptertest.Ask(s.Handler("compatible"), mock.Host(service), path, []byte(body), headers...)
}

// OpenAI's clients say all that does not change what an answer is. Each service must take
// what is left of it.
const asOpenAI = `"messages":[{"role":"developer","name":"Op","content":"Be brief"},{"role":"user","name":"Ann","content":"Say hello"}],` +
	`"max_completion_tokens":50,"temperature":0.5,"top_p":0.9,"frequency_penalty":0.1,"presence_penalty":0.1,"seed":7,"n":1,"user":"u",` +
	`"logprobs":false,"parallel_tool_calls":true,"service_tier":"auto","store":false,"metadata":{"a":"b"},"reasoning_effort":"medium",` +
	`"tools":[{"type":"function","function":{"name":"f","strict":true,"parameters":{"type":"object","properties":{},"required":[],"additionalProperties":false}}}],"tool_choice":"auto"`

const asAnthropic = `"system":"Be brief","max_tokens":4000,"temperature":0.5,"top_k":5,"metadata":{"user_id":"u"},"thinking":{"type":"enabled","budget_tokens":2000},` +
	`"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"x"},{"type":"tool_use","id":"c1","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"1"}]}],` +
	`"tools":[{"name":"f","input_schema":{"type":"object"}}]`

func TestStrictMocksTakeWhatIsSent(t *testing.T) {
	t.Parallel()
	s := mockllm.New(mockllm.Options{})
	for _, p := range compatible.Providers()[1:] {
		a := adapter(t, p.Name, `{}`)
		path, ok := a.Native(adapters.Call{Dialect: "openai", Op: adapters.Chat, Model: "m"})
		if !ok {
			continue
		}
		if host := mock.Host(p.Name); p.Host != "" && host != p.Host || host == "" {
			t.Errorf("%s: the mock is at %q, the service at %q", p.Name, host, p.Host)
		}
		headers := a.Credential(secret.New(s.Key("compatible")))
		for _, stream := range []string{"", `,"stream":true,"stream_options":{"include_usage":true}`} {
			t.Run(p.Name+stream, func(t *testing.T) {
				t.Parallel()
				body, why := amend(t, a, adapters.Chat, `{"model":"m",`+asOpenAI+stream+`}`)
				if body == "" {
					t.Fatalf("refused: %s", why)
				}
				got := ask(s, p.Name, path, body, headers)
				if got.Code != 200 {
					t.Fatalf("got %d %s\nfor %s", got.Code, got.Body, body)
				}
				checkUsage(t, a, got.Body.Bytes(), stream != "")
				checkTranslated(t, s, p.Name, a.(adapters.Translator), stream != "", headers)
			})
		}
	}
}

// checkUsage wants the usage seen of an answer that passes by.
func checkUsage(t *testing.T, a adapters.Adapter, body []byte, stream bool) {
	t.Helper()
	w := a.Watch(adapters.Chat)
	w.Reset()
	if !stream {
		w.Body(body)
	} else {
		each(t, body, func(event, data []byte) { w.Event(event, data) })
	}
	if u, ok := w.Usage(); !ok || u.Input == 0 || u.Output == 0 || stream && !w.Ended() {
		t.Errorf("got usage %v (%v), ended %v, want it counted in\n%s", u, ok, w.Ended(), body)
	}
}

// checkTranslated sends what a client of Anthropic's says.
func checkTranslated(t *testing.T, s *mockllm.Server, name string, a adapters.Translator, stream bool, headers []adapters.Header) {
	t.Helper()
	var doc rawjson.Doc
	in := `{"model":"m",` + asAnthropic + `}`
	if stream {
		in = `{"model":"m","stream":true,` + asAnthropic + `}`
	}
	if err := doc.Parse([]byte(in)); err != nil {
		t.Fatal(err)
	}
	var r chat.Request
	if e := dialect.Anthropic().Reader.ReadRequest(doc.Root(), &r); e != nil {
		t.Fatal(e.Message)
	}
	body, e := a.AppendRequest(nil, &r)
	if e != nil {
		t.Fatalf("refused: %s", e.Message)
	}
	got := ask(s, name, a.ChatPath("m", stream), string(body), headers)
	if got.Code != 200 {
		t.Fatalf("got %d %s\nfor %s", got.Code, got.Body, body)
	}
	if out := adaptertest.Answered(t, a, got.Body.Bytes(), stream); !out.Counted || out.Finish == chat.FinishNone {
		t.Errorf("got %+v, want an end with its usage of\n%s", out, got.Body)
	}
}

func each(t *testing.T, stream []byte, do func(event, data []byte)) {
	t.Helper()
	var d sse.Decoder
	for {
		ev, n, ok, err := d.Next(stream)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return
		}
		stream = stream[n:]
		if ev.Message {
			do(ev.Type, ev.Data)
		}
	}
}

// The mocks are not lenient: OpenAI's own request is refused by most of them.
func TestStrictMocksRefuseWhatIsNotAmended(t *testing.T) {
	t.Parallel()
	s := mockllm.New(mockllm.Options{})
	refused := 0
	for _, p := range compatible.Providers()[1:] {
		a := adapter(t, p.Name, `{}`)
		path, ok := a.Native(adapters.Call{Dialect: "openai", Op: adapters.Chat, Model: "m"})
		if !ok {
			continue
		}
		got := ask(s, p.Name, path, `{"model":"m",`+asOpenAI+`,"stream":true,"stream_options":{"include_usage":true}}`, a.Credential(secret.New(s.Key("compatible"))))
		if got.Code == 400 {
			refused++
			if e := a.(adapters.Translator).ReadError(got.Code, got.Body.Bytes()); !strings.Contains(e.Message, "not supported") {
				t.Errorf("%s: got %q of %s, want what is not supported", p.Name, e.Message, got.Body)
			}
		}
	}
	const fewest = 20
	if refused < fewest {
		t.Errorf("got %d services that refuse it, want at least %d", refused, fewest)
	}
}

func TestEmbeddingsThatDiffer(t *testing.T) {
	t.Parallel()
	s := mockllm.New(mockllm.Options{})
	a := adapter(t, "voyage", `{}`)
	headers := a.Credential(secret.New(s.Key("compatible")))
	const in = `{"model":"voyage-4","input":["a","b"],"dimensions":8,"encoding_format":"float","user":"u"}`
	body, drops := amend(t, a, adapters.Embeddings, in)
	if got := ask(s, "voyage", "/v1/embeddings", body, headers); got.Code != 200 || drops != "user" {
		t.Errorf("got %d %s and %q for %s", got.Code, got.Body, drops, body)
	}
	if got := ask(s, "voyage", "/v1/embeddings", in, headers); got.Code != 400 || !strings.Contains(got.Body.String(), `"detail"`) {
		t.Errorf("got %d %s for what was not amended, want it refused", got.Code, got.Body)
	}
}
