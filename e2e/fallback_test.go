package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-gateway/postern/e2e/envoy"
	"github.com/postern-gateway/postern/e2e/mockllm/grammar"
)

// A fault is what a first target does wrong, and what Postern calls it.
type fault struct {
	name   string
	reason string
	only   string // stream or whole; empty: either
	serve  func(w http.ResponseWriter, r *http.Request)
}

const (
	roleChunk  = `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}` + "\n\n"
	errorEvent = `data: {"error":{"message":"overloaded","type":"server_error","param":null,"code":null}}` + "\n\n"
)

func answerWith(status int, contentType, body string, headers ...string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("content-type", contentType)
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// begin sends the beginning of a stream, and then what follows.
func begin(first string, then func(w http.ResponseWriter, r *http.Request)) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("content-type", "text/event-stream")
		w.WriteHeader(200)
		_, _ = w.Write([]byte(first))
		w.(http.Flusher).Flush()
		then(w, r)
	}
}

func nothing(http.ResponseWriter, *http.Request) {}

// silence lasts until the proxy gives up.
func silence(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func hangUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

const apiJSON = "application/json"

func faults() []fault {
	return []fault{
		{"refused", "unavailable", "", nil},
		{"reset", "unavailable", "", hangUp},
		{"black-hole", "first_token", "stream", silence},
		{"black-hole-too", "timeout", "whole", silence},
		{"slow-first-byte", "first_token", "stream", begin("", silence)},
		{"stalled-before-content", "first_token", "stream", begin(roleChunk, silence)},
		{"error-event", "stream_error", "stream", begin(errorEvent, nothing)},
		{"error-event-later", "stream_error", "stream", begin(roleChunk, answerLater(errorEvent))},
		{"early-end", "stream_error", "stream", begin(roleChunk, nothing)},
		{"500", "server_error", "", answerWith(500, apiJSON, `{"error":{"message":"broken"}}`)},
		{"503", "overloaded", "", answerWith(503, apiJSON, `{"error":{"message":"busy"}}`)},
		{"page-502", "server_error", "", answerWith(502, "text/html", "<html>Bad Gateway</html>")},
		{"page-200", "unreadable", "", answerWith(200, "text/html", "<html>Welcome</html>")},
		{"empty-500", "server_error", "", answerWith(500, apiJSON, "")},
		{"error-200", "unreadable", "", answerWith(200, apiJSON, `{"error":{"message":"broken","type":"server_error"}}`)},
		{"truncated", "unreadable", "whole", answerWith(200, apiJSON, `{"id":"c","object":"chat.completion","choi`)},
		{"429", "rate_limited", "", answerWith(429, apiJSON, `{"error":{"message":"slow down","code":"rate_limit_exceeded"}}`, "retry-after", "2")},
		{"401", "unauthorized", "", answerWith(401, apiJSON, `{"error":{"message":"bad key"}}`)},
	}
}

func answerLater(body string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(50 * time.Millisecond)
		_, _ = w.Write([]byte(body))
	}
}

// asked counts requests, so that each has a name of its own in the access log.
var asked atomic.Int64

// A faultyServer does what the model that it is asked for is called after.
type faultyServer struct {
	faults map[string]func(http.ResponseWriter, *http.Request)
	asked  atomic.Int64
}

func (f *faultyServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.asked.Add(1)
	var body struct{ Model string }
	b, _ := io.ReadAll(r.Body)
	if json.Unmarshal(b, &body) != nil || f.faults[body.Model] == nil {
		w.WriteHeader(http.StatusTeapot)
		return
	}
	f.faults[body.Model](w, r)
}

// fallback adds a listener with a model for each fault, each before a target that is well. A
// limit allows one request of each at a time, so that what is left under way is seen.
func (s *suite) fallback(add func(string, envoy.Listener) error) ([]any, error) {
	server := &faultyServer{faults: map[string]func(http.ResponseWriter, *http.Request){}}
	var models, providers []string
	model := func(name, first, rest string) {
		models = append(models, `{"name":"`+name+`","targets":[`+first+`],"first_token":"1s","timeout":"1s",`+rest+`}`)
	}
	const well = `{"provider":"openai","model":"gpt-4o"}`
	const claude = `{"provider":"claude","model":"claude-sonnet-4-5"}`
	for _, f := range faults() {
		server.faults[f.name] = f.serve
		cluster := "faulty"
		if f.serve == nil {
			cluster = "dead"
		}
		for to, rest := range map[string]string{"openai": well, "claude": claude} {
			for _, kind := range [...]string{"whole", "stream"} { // what one request finds out is not to be known to the next
				name := f.name + "-" + to + "-" + kind
				providers = append(providers, `{"name":"`+name+`","type":"openai","cluster":"`+cluster+`","keys":[{"value":"k"}]}`)
				model(name, `{"provider":"`+name+`","model":"`+f.name+`"}`, `"fallback":[`+rest+`]`)
			}
		}
	}
	for _, name := range [...]string{"500-twice", "500-missing", "500-again"} {
		server.faults[name] = server.faults["500"]
	}
	server.faults["flaky"] = flaky()
	model("flaky", `{"provider":"faulty","model":"flaky"}`, `"fallback":[`+well+`,`+claude+`]`)
	model("twice", `{"provider":"faulty","model":"500-twice"}`, `"fallback":[{"provider":"faulty","model":"error-200"},{"provider":"dead","model":"x"},`+well+`]`)
	model("missing", `{"provider":"faulty","model":"500-missing"}`, `"fallback":[{"provider":"missing","model":"x"},`+well+`]`)
	model("all-dead", `{"provider":"dead","model":"x"}`, `"fallback":[{"provider":"faulty","model":"503"}]`)
	model("again", `{"provider":"faulty","model":"500-again"}`, `"retry":{"attempts":1,"backoff":"500ms"}`)
	config := `{"hold_headers":"always","providers":[
		{"name":"dead","type":"openai","cluster":"dead","keys":[{"value":"k"}]},
		{"name":"missing","type":"openai","cluster":"nowhere","keys":[{"value":"k"}]},
		{"name":"faulty","type":"openai","cluster":"faulty","keys":[{"value":"k"}]},
		` + strings.Join(providers, ",") + `,
		{"name":"openai","type":"openai","cluster":"mock-openai-called","keys":[{"value":"` + mockKey("openai") + `"}]},
		{"name":"claude","type":"anthropic","cluster":"mock-anthropic-called","keys":[{"value":"` + mockKey("anthropic") + `"}]}],
		"models":[` + strings.Join(models, ",") + `],"state":{"space":"fallback"},"limits":[{"key":["model"],"concurrent":1,"when":{"models":["*-*","again","twice","missing"]}}]}`
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go http.Serve(l, server)
	again, err := redirected(config, "redirect")
	if err == nil {
		err = add("redirect", again)
	}
	return []any{envoy.Cluster("faulty", l.Addr().String())}, errors.Join(err, add("fallback", envoy.Listener{Buffer: 4 << 20, Filters: filters(config, false)}))
}

// flaky answers 7 of 10 requests; the others it fails in turn with an error, with silence, and
// with a stream that breaks before its content.
func flaky() func(http.ResponseWriter, *http.Request) {
	var n atomic.Int64
	good := answerWith(200, "text/event-stream", roleChunk+strings.Replace(roleChunk, `"role":"assistant","content":""`, `"content":"hello"`, 1)+
		strings.NewReplacer(`"role":"assistant","content":""`, "", "null", `"stop"`).Replace(roleChunk)+"data: [DONE]\n\n")
	bad := []func(http.ResponseWriter, *http.Request){answerWith(500, apiJSON, `{"error":{"message":"broken"}}`), silence, begin(roleChunk, answerLater(errorEvent))}
	return func(w http.ResponseWriter, r *http.Request) {
		if i := n.Add(1); i%10 < 3 {
			bad[i%10](w, r)
			return
		}
		good(w, r)
	}
}

func chatFor(model string, stream bool) string {
	s := ""
	if stream {
		s = `"stream":true,`
	}
	return `{"model":"` + model + `",` + s + `"max_tokens":50,"messages":[{"role":"user","content":"Hi"}]}`
}

// sendTo asks for a model and returns what its client gets and what the access log says.
func (s *suite) sendTo(t *testing.T, listener, model string, stream bool) (status int, header http.Header, body, record string) {
	t.Helper()
	return s.ask(t, listener, chatFor(model, stream))
}

// ask sends a chat to a listener, likewise.
func (s *suite) ask(t *testing.T, listener, chat string) (status int, header http.Header, body, record string) {
	t.Helper()
	status, header, body, of, broken := s.post(t, listener, "/v1/chat/completions", chat)
	if broken != nil {
		t.Fatalf("got %v after %s, want a whole answer", broken, body)
	}
	return status, header, body, of()
}

// post sends a request, and returns how to read its record. Its answer may break off: broken
// says so.
func (s *suite) post(t *testing.T, listener, path, request string) (status int, header http.Header, body string, record func() string, broken error) {
	t.Helper()
	id := strings.ReplaceAll(strings.ReplaceAll(t.Name(), "/", "_"), " ", "_") + "-" + strconv.FormatInt(asked.Add(1), 10)
	r, err := http.NewRequestWithContext(context.Background(), "POST", s.url(listener)+path, strings.NewReader(request))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("content-type", "application/json")
	r.Header.Set("x-case", id)
	client := http.Client{Transport: &http.Transport{}, Timeout: 20 * time.Second}
	defer client.CloseIdleConnections()
	a, err := client.Do(r)
	if err != nil {
		t.Fatalf("got %v, want an answer", err)
	}
	defer a.Body.Close()
	b, err := io.ReadAll(a.Body)
	return a.StatusCode, a.Header, string(b), func() string { return s.record(t, id) }, err
}

func TestWhateverFailsSomethingElseAnswers(t *testing.T) {
	t.Parallel()
	start(t).everyFault(t, "fallback")
}

// everyFault asks a listener for all models whose first target fails.
func (s *suite) everyFault(t *testing.T, listener string) {
	t.Helper()
	for _, f := range faults() {
		for _, stream := range []bool{false, true} {
			kind := map[bool]string{false: "whole", true: "stream"}[stream]
			if f.only != "" && f.only != kind {
				continue
			}
			for _, provider := range [...]string{"openai", "claude"} {
				name := f.name + "-" + provider + "-" + kind
				t.Run(name, func(t *testing.T) {
					status, header, body, record := s.sendTo(t, listener, name, stream)
					var err error
					if stream {
						err = grammar.OpenAIChat([]byte(body))
					} else if !json.Valid([]byte(body)) || !strings.Contains(body, `"chat.completion"`) {
						err = io.ErrUnexpectedEOF
					}
					if status != 200 || err != nil {
						t.Errorf("got %d, %v: %.300s, want a completion", status, err, body)
					}
					for name, want := range map[string]string{"x-postern-provider": provider, "x-postern-step": "1", "x-postern-fallback-reason": f.reason} {
						if got := header.Get(name); got != want {
							t.Errorf("%s: got %q, want %q", name, got, want)
						}
					}
					if strings.Count(record, `"output_tokens"`) != 1 || !strings.Contains(record, `"provider":"`+provider+`"`) || !strings.Contains(record, f.name+" "+f.reason+`"`) {
						t.Errorf("got the record %s, want %s billed once", record, provider)
					}
				})
			}
		}
	}
}

func TestChainsThatAreLonger(t *testing.T) {
	t.Parallel()
	start(t).longerChains(t, "fallback")
}

func (s *suite) longerChains(t *testing.T, listener string) {
	t.Helper()
	for _, tt := range []struct {
		model  string
		status int
		part   string
		step   string
	}{
		{"twice", 200, `"chat.completion`, "3"},
		{"missing", 200, `"chat.completion`, "2"},
		{"all-dead", 503, `{"error":{"message":"busy"`, "1"},
		{"again", 500, `{"error":{"message":"broken"`, "0"},
	} {
		for kind, stream := range map[string]bool{"whole": false, "stream": true} {
			t.Run(tt.model+" "+kind, func(t *testing.T) {
				status, header, body, record := s.sendTo(t, listener, tt.model, stream)
				if status != tt.status || !strings.Contains(body, tt.part) || header.Get("x-postern-step") != tt.step {
					t.Errorf("got %d, step %s: %.300s, want %d, step %s and %s; the record is %s", status, header.Get("x-postern-step"), body, tt.status, tt.step, tt.part, record)
				}
			})
		}
	}
}

// Clients of a provider that fails three of ten times notice nothing, and wait for one
// deadline at most.
func TestNobodyNoticesAFlakyProvider(t *testing.T) {
	t.Parallel()
	start(t).manyAsk(t, "fallback")
}

// manyAsk has clients of a listener ask a provider that is flaky before one that is not.
func (s *suite) manyAsk(t *testing.T, listener string) {
	t.Helper()
	const workers, each = 10, 30
	errs := make(chan error, workers*each)
	for range workers {
		go func() {
			for range each {
				status, answer, err := tryPost(context.Background(), s.url(listener)+"/v1/chat/completions", strings.NewReader(chatFor("flaky", true)))
				if err == nil && status == 200 {
					err = grammar.OpenAIChat([]byte(answer))
				} else if err == nil {
					err = errors.New(answer)
				}
				errs <- err
			}
		}()
	}
	for range workers * each {
		if err := <-errs; err != nil {
			t.Errorf("got %v, want an answer", err)
		}
	}
}
