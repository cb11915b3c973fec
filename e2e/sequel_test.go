package e2e

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/e2e/envoy"
	"github.com/postern-gateway/postern/e2e/mockllm/grammar"
)

// An interruption is how a stream breaks off amid its text.
type interruption struct {
	name   string
	then   func(w http.ResponseWriter, r *http.Request)
	reason string // why another has gone on with it; empty: nobody can
	failed string // what the record then says
}

func interruptions() []interruption {
	return []interruption{
		{"error-event", answerLater(errorEvent), "stream_error", "stream_error"},
		{"early-end", answerLater(""), "stream_error", "stream_truncated"},
		{"cut-event", answerLater(`data: {"id":"c","obj`), "stream_error", "stream_truncated"},
		{"stall", silence, "idle", "idle"},
		{"reset", func(http.ResponseWriter, *http.Request) {
			time.Sleep(50 * time.Millisecond)
			panic(http.ErrAbortHandler)
		}, "", "aborted"},
	}
}

func chunkOf(text string) string {
	return strings.Replace(roleChunk, `"role":"assistant","content":""`, `"content":"`+text+`"`, 1)
}

// flowing sends the pieces of a stream one after another, and then what follows.
func flowing(then func(http.ResponseWriter, *http.Request), pieces ...string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("content-type", "text/event-stream")
		w.WriteHeader(200)
		for _, p := range pieces {
			_, _ = w.Write([]byte(p))
			w.(http.Flusher).Flush()
			time.Sleep(30 * time.Millisecond)
		}
		then(w, r)
	}
}

// sequels adds a listener with a model for each interruption: one that is to be gone on with
// ("on"), and one that is not ("off").
func (s *suite) sequels(add func(string, envoy.Listener) error) ([]any, error) {
	server := &faultyServer{faults: map[string]func(http.ResponseWriter, *http.Request){}}
	var models, providers []string
	for _, x := range interruptions() {
		server.faults[x.name] = flowing(x.then, roleChunk, chunkOf("It was "), chunkOf("a dark "))
		for _, dialect := range [...]string{"openai", "anthropic"} {
			for kind, more := range map[string]string{"on": `,"continue":{}`, "off": ""} {
				name := x.name + "-" + kind + "-" + dialect
				providers = append(providers, `{"name":"`+name+`","type":"openai","cluster":"broken","keys":[{"value":"k"}]}`)
				models = append(models, `{"name":"`+name+`","targets":[{"provider":"`+name+`","model":"`+x.name+`"}],
					"fallback":[{"provider":"claude","model":"claude-sonnet-4-5"}],"idle":"1s"`+more+`}`)
			}
		}
	}
	server.faults["reset-held"] = flowing(hangUp, roleChunk)
	providers = append(providers, `{"name":"reset-held","type":"openai","cluster":"broken","keys":[{"value":"k"}]}`)
	models = append(models, `{"name":"reset-held","targets":[{"provider":"reset-held"}],"fallback":[{"provider":"claude","model":"claude-sonnet-4-5"}]}`)
	config := `{"hold_headers":"always","providers":[` + strings.Join(providers, ",") + `,
		{"name":"claude","type":"anthropic","cluster":"mock-anthropic-called","keys":[{"value":"` + mockKey("anthropic") + `"}]}],
		"models":[` + strings.Join(models, ",") + `],"state":{"space":"sequels"},"limits":[{"key":["model"],"concurrent":1}]}`
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go http.Serve(l, server)
	again, err := redirected(config, "redirect-sequels")
	if err == nil {
		err = add("redirect-sequels", again)
	}
	return []any{envoy.Cluster("broken", l.Addr().String())}, errors.Join(err, add("sequels", envoy.Listener{Buffer: 4 << 20, Filters: filters(config, false)}))
}

// A clientOf speaks a dialect.
type clientOf struct {
	path  string
	check func([]byte) error
	text  string // what comes before a piece of text
	end   string
}

var clientsOf = map[string]clientOf{
	"openai":    {"/v1/chat/completions", grammar.OpenAIChat, `"content":"`, "[DONE]"},
	"anthropic": {"/v1/messages", grammar.Anthropic, `"text":"`, "message_stop"},
}

// streamed asks for a stream and reads until its last event, or until it breaks. What comes
// after the last event is not waited for, as SDKs do not.
func (s *suite) streamed(t *testing.T, listener string, c clientOf, model string) (body string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "POST", s.url(listener)+c.path, strings.NewReader(chatFor(model, true)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("content-type", "application/json")
	r.Header.Set("x-case", strings.ReplaceAll(t.Name(), "/", "_"))
	client := http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	a, err := client.Do(r)
	if err != nil {
		t.Fatalf("got %v, want an answer", err)
	}
	defer a.Body.Close()
	var b strings.Builder
	for part := make([]byte, 4096); err == nil && !strings.HasSuffix(b.String(), "\n\n") || !strings.Contains(b.String(), c.end); {
		n, e := a.Body.Read(part)
		if b.Write(part[:n]); e != nil {
			err = e
			break
		}
	}
	if err == io.EOF {
		err = nil
	}
	return b.String(), err
}

func textOf(c clientOf, body string) (text string) {
	for line := range strings.Lines(body) {
		if _, rest, ok := strings.Cut(line, c.text); ok {
			part, _, _ := strings.Cut(rest, `"`)
			text += part
		}
	}
	return text
}

func TestStreamsThatBreakOff(t *testing.T) {
	t.Parallel()
	start(t).breakOff(t, "sequels")
}

// breakOff asks a listener for streams that break off amid their text.
func (s *suite) breakOff(t *testing.T, listener string) {
	t.Helper()
	for _, x := range interruptions() {
		for dialect, c := range clientsOf {
			for _, kind := range [...]string{"on", "off"} {
				name := x.name + "-" + kind + "-" + dialect
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					body, err := s.streamed(t, listener, c, name)
					record := s.record(t, strings.ReplaceAll(t.Name(), "/", "_"))
					text := textOf(c, body)
					if !strings.HasPrefix(text, "It was a dark ") {
						t.Errorf("got %q, want what was said first", text)
					}
					goesOn := kind == "on" && x.reason != ""
					switch {
					case goesOn && (err != nil || c.check([]byte(body)) != nil || len(text) <= len("It was a dark ")):
						t.Errorf("got %v, %v after %s, want a whole stream", err, c.check([]byte(body)), body)
					case goesOn && !(strings.Contains(record, `"continued":1`) && strings.Contains(record, x.name+" "+x.reason+`"`) && strings.Contains(record, `"provider":"claude"`)):
						t.Errorf("got the record %s, want one that goes on", record)
					case goesOn:
					case strings.Contains(body, `"finish_reason":"`) || strings.Contains(body, `"stop_reason":"`) || strings.Contains(body, c.end):
						t.Errorf("got %s, want no end that says that all is well", body)
					case !strings.Contains(record, `"error":"`+x.failed+`"`) && !strings.Contains(record, `"error":"stream_error"`):
						t.Errorf("got the record %s, want the error %s", record, x.failed)
					case (x.name == "reset" || x.name == "stall") && err == nil:
						t.Errorf("got %s and a proper end, want a reset", body)
					}
					if strings.Count(record, `"output_tokens"`) != 1 {
						t.Errorf("got the record %s, want it billed once", record)
					}
				})
			}
		}
	}
}

// A reset behind a stream's headers and before its content is the proxy's to answer.
func TestAResetBeforeTheContent(t *testing.T) {
	t.Parallel()
	s := start(t)
	const said = "upstream connect error or disconnect/reset before headers"
	for range 2 { // nothing is left under way, or the second would not get there
		status, body, err := tryPost(context.Background(), s.url("sequels")+"/v1/chat/completions", strings.NewReader(chatFor("reset-held", true)))
		if err != nil || status < 500 || !strings.HasPrefix(body, said) {
			t.Errorf("got %d, %v: %s, want the proxy's own 5xx", status, err, body)
		}
	}
	if body, err := s.streamed(t, "sequels", clientsOf["openai"], "reset-held"); err != nil || !strings.HasPrefix(body, said) {
		t.Errorf("got %v, %s, want the proxy's own answer", err, body)
	}
	if record := s.record(t, t.Name()); !strings.Contains(record, `"error":"aborted"`) || strings.Count(record, `"input_tokens"`) != 1 {
		t.Errorf("got the record %s, want one that is aborted", record)
	}
}
