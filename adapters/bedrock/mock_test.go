package bedrock_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/secret"
	"github.com/postern-gateway/postern/e2e/mockllm"
	"github.com/postern-gateway/postern/e2e/mockllm/bedrock"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

const publicHost = "bedrock-runtime.us-east-1.amazonaws.com"

// ask sends a request to the mock, signed, and returns its answer.
func ask(t testing.TB, s *mockllm.Server, a adapters.Adapter, key, model, sent string, stream bool) *httptest.ResponseRecorder {
	t.Helper()
	path := a.(adapters.Translator).ChatPath(model, stream)
	headers := a.Credential(secret.New(key))
	if headers == nil {
		var err error
		if headers, err = a.(adapters.Signer).Sign(secret.New(key), &adapters.Outgoing{Method: http.MethodPost, Host: publicHost, Path: path, Body: []byte(sent)}, time.Now().Unix()); err != nil {
			t.Fatal(err)
		}
	}
	return adaptertest.Ask(s.Handler("bedrock"), publicHost, path, []byte(sent), headers...)
}

// What is sent must pass a mock that refuses what the real API refuses, signed by each
// kind of key, and its answers must be read. Thoughts get the mock's own signatures.
func TestStrictMockAcceptsWhatIsSent(t *testing.T) {
	t.Parallel()
	mark := provider.Signer{Secret: []byte("cases")}
	s := mockllm.New(mockllm.Options{Secret: mark.Secret, Models: map[string][]string{"bedrock": {"us.anthropic.claude-3-5-haiku"}}})
	a := adapter(t, `{"region":"us-east-1"}`)
	p := a.(adapters.Translator)
	keys := []string{bedrock.Key, bedrock.AccessKey, bedrock.Session}
	own := strings.NewReplacer(`"c2ln"`, `"`+mark.Sign("Hm.")+`"`, `"c2VhbGVk"`, `"`+mark.Sign("sealed")+`"`)
	n := 0
	for dir, suite := range suites(t) {
		for _, c := range cases(t, dir) {
			if c.Refused != "" {
				continue
			}
			n++
			key := keys[n%len(keys)]
			t.Run(dir+"/"+c.Name, func(t *testing.T) {
				t.Parallel()
				r, e := suite.Read([]byte(own.Replace(string(c.Request))))
				if e != nil {
					t.Fatal(e.Message)
				}
				body, e := p.AppendRequest(nil, r)
				if e != nil {
					t.Fatal(e.Message)
				}
				whole := ask(t, s, a, key, r.Model, string(body), false)
				var doc rawjson.Doc
				var out chat.Response
				if whole.Code != 200 || doc.Parse(whole.Body.Bytes()) != nil || p.ReadResponse(doc.Root(), &out) != nil {
					t.Fatalf("got %d %s, want an answer that can be read\nsent %s", whole.Code, whole.Body, body)
				}
				streamed := ask(t, s, a, key, r.Model, string(body), true)
				var last chat.Event
				err := decode(a, streamed.Body.Bytes(), func(e *chat.Event) {
					if e.Kind == chat.FinishEvent {
						last = *e
					}
				})
				if err != nil || last.Finish != out.Choices[0].Finish || last.Usage.Total() != out.Usage.Total() {
					t.Errorf("got %v and a stream that ends with %d and %v, want %d and %v as whole", err, last.Finish, last.Usage, out.Choices[0].Finish, out.Usage)
				}
			})
		}
	}
}

func decode(a adapters.Adapter, stream []byte, emit func(*chat.Event)) error {
	frames, d := a.(adapters.Framer).NewFrames(), a.(adapters.Translator).NewDecoder()
	for {
		ev, n, ok, err := frames.Next(stream)
		if err != nil {
			return err
		}
		if !ok {
			return d.Close(emit)
		}
		if err := d.Event(ev.Type, ev.Data, emit); err != nil {
			return err
		}
		stream = stream[n:]
	}
}

// A loop of calls with a model that thinks: what its answer says goes back and is taken.
func TestLoopWithTheMock(t *testing.T) {
	t.Parallel()
	s := mockllm.New(mockllm.Options{})
	a := adapter(t, `{"region":"us-east-1"}`)
	const model = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"
	mock := func(_ string, sent []byte) *httptest.ResponseRecorder {
		return ask(t, s, a, bedrock.Session, model, string(sent), false)
	}
	adaptertest.Loop(t, a.(adapters.Translator), mock, &chat.Request{Model: model, Reasoning: chat.Reasoning{Budget: 2000}})
}

// The mock's errors come with their status, and a key that is not its own is refused.
func TestMockRefusesOtherKeys(t *testing.T) {
	t.Parallel()
	s := mockllm.New(mockllm.Options{})
	a := adapter(t, `{"region":"us-east-1"}`)
	for _, key := range []string{"AKIAMOCK:other-secret", "AKIAOTHER:mock-secret", "ASIAMOCK:mock-session-secret:other", "ABSK-other"} {
		got := ask(t, s, a, key, "amazon.nova-pro-v1:0", `{}`, false)
		if e := a.(adapters.Translator).ReadError(got.Code, got.Body.Bytes()); got.Code != 403 || e.Kind != chat.PermissionDenied || e.Message == "" {
			t.Errorf("%s: got %d %s, want 403", key, got.Code, got.Body)
		}
	}
	other := adapter(t, `{"region":"eu-west-1"}`)
	if got := ask(t, s, other, bedrock.AccessKey, "amazon.nova-pro-v1:0", `{}`, false); got.Code != 403 {
		t.Errorf("another region: got %d %s, want 403", got.Code, got.Body)
	}
}
