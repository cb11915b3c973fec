package e2e

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-gateway/postern/e2e/envoy"
	"github.com/postern-gateway/postern/e2e/mockllm/grammar"
)

// vertexConfig is a gateway in front of Vertex AI; its key is JSON in JSON.
func vertexConfig(cluster, tokens, key string) string {
	k, _ := json.Marshal(key)
	return `{"providers":[{"name":"vertex","type":"vertex","cluster":"` + cluster + `","options":{"project":"mock","location":"europe-west1","token_cluster":"` + tokens + `"},"keys":[{"value":` + string(k) + `}]}]}`
}

// vertex adds listeners in front of the strict mock, and in front of a server of tokens
// that each test has to itself.
func (s *suite) vertex(add func(string, envoy.Listener) error) ([]any, error) {
	const large = 64 << 20
	for _, name := range []string{"vertex", "vertex large"} {
		if err := add(name, envoy.Listener{Buffer: large, Filters: filters(vertexConfig("mock-vertex", "mock-vertex", mockKey("vertex")), false)}); err != nil {
			return nil, err
		}
	}
	clusters := []any{envoy.Cluster("mock-vertex", s.plain.Of("vertex").Addr)}
	s.tokens = map[string]*tokenServer{}
	for name, t := range map[string]*tokenServer{
		"storm": {lifetime: 3600, delay: 500 * time.Millisecond}, "leaving": {lifetime: 3600, delay: time.Second}, "renewal": {lifetime: 8},
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		go http.Serve(l, t)
		s.tokens[name] = t
		clusters = append(clusters, envoy.Cluster("tokens-"+name, l.Addr().String()))
		if err := add("tokens "+name, envoy.Listener{Buffer: large, Filters: filters(vertexConfig("tokens-"+name, "tokens-"+name, environment["GOOGLE_KEY"]), false)}); err != nil {
			return nil, err
		}
	}
	return clusters, nil
}

// A tokenServer gives tokens by number and answers as Gemini does to who has the last.
type tokenServer struct {
	lifetime int
	delay    time.Duration

	mu    sync.Mutex
	given int
	asked int
	wrong []string
}

func (t *tokenServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("content-type", "application/json")
	if r.URL.Path == "/token" {
		time.Sleep(t.delay)
		t.mu.Lock()
		defer t.mu.Unlock()
		t.given++
		w.Write([]byte(`{"access_token":"token-` + strconv.Itoa(t.given) + `","expires_in":` + strconv.Itoa(t.lifetime) + `}`))
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.asked++
	if got := r.Header.Get("authorization"); got != "Bearer token-"+strconv.Itoa(t.given) {
		t.wrong = append(t.wrong, got)
	}
	w.Write([]byte(`{"candidates":[{"content":{"parts":[{"text":"Hello"}]},"finishReason":"STOP"}]}`))
}

func (t *tokenServer) counts() (given, asked int, wrong []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.given, t.asked, t.wrong
}

func TestVertexMockTakesBothPublishersFromBothClients(t *testing.T) {
	t.Parallel()
	s := start(t)
	const tool = `{"type":"function","function":{"name":"weather","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}}`
	for _, model := range []string{"gemini-2.5-flash", "gemini-3-flash-preview", "claude-sonnet-4-5@20250929"} {
		for _, c := range []struct {
			name, path, body string
			grammar          func([]byte) error
		}{
			{"openai", "/v1/chat/completions", `"messages":[{"role":"user","content":"Hi"}]`, grammar.OpenAIChat},
			{"openai with a loop of calls", "/v1/chat/completions", `"tools":[` + tool + `],"messages":[{"role":"user","content":"Weather?"},{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Bern\"}"}}]},{"role":"tool","tool_call_id":"c1","content":"sunny"}]`, grammar.OpenAIChat},
			{"openai with a tier", "/v1/chat/completions", `"service_tier":"flex","messages":[{"role":"user","content":"Hi"}]`, grammar.OpenAIChat},
			{"anthropic", "/v1/messages", `"max_tokens":100,"messages":[{"role":"user","content":"Hi"}]`, grammar.Anthropic},
		} {
			t.Run(model+" "+c.name, func(t *testing.T) {
				status, answer := post(t, s.url("vertex")+c.path, `{"model":"`+model+`",`+c.body+`}`, "anthropic-version", "2023-06-01")
				if status != 200 || !json.Valid([]byte(answer)) {
					t.Errorf("got %d %s, want 200 and JSON", status, answer)
				}
				status, answer = post(t, s.url("vertex")+c.path, `{"model":"`+model+`","stream":true,`+c.body+`}`, "anthropic-version", "2023-06-01")
				if err := c.grammar([]byte(answer)); status != 200 || err != nil {
					t.Errorf("as a stream: got %d, %v: %s", status, err, answer)
				}
			})
		}
	}
	status, answer := post(t, s.url("vertex")+"/v1/messages/count_tokens", `{"model":"claude-sonnet-4-5@20250929","messages":[{"role":"user","content":"Hi"}]}`, "anthropic-version", "2023-06-01")
	if status != 200 || !strings.Contains(answer, "input_tokens") {
		t.Errorf("count of tokens: got %d %s", status, answer)
	}
}

// A body that comes in many pieces is held whole until the token is there.
func TestLargeBodyWaitsForItsToken(t *testing.T) {
	t.Parallel()
	s := start(t)
	body := `{"model":"gemini-2.5-flash","messages":[{"role":"user","content":"` + strings.Repeat("The quick brown fox. ", 200_000) + `"}]}`
	status, answer := post(t, s.url("vertex large")+"/v1/chat/completions", body)
	if status != 200 {
		t.Errorf("got %d %.300s, want 200", status, answer)
	}
	status, answer, err := tryPost(context.Background(), s.url("vertex large")+"/v1/chat/completions", struct{ *strings.Reader }{strings.NewReader(body)})
	if status != 200 || err != nil {
		t.Errorf("in chunks: got %d %.300s, %v, want 200", status, answer, err)
	}
}

const vertexHi = `{"model":"gemini-2.5-flash","messages":[{"role":"user","content":"Hi"}]}`

func TestStormOfRequestsMakesOneExchange(t *testing.T) {
	t.Parallel()
	s := start(t)
	var all sync.WaitGroup
	for range 60 {
		all.Go(func() {
			status, answer, err := tryPost(context.Background(), s.url("tokens storm")+"/v1/chat/completions", strings.NewReader(vertexHi))
			if status != 200 || err != nil {
				t.Errorf("got %d %s, %v, want 200", status, answer, err)
			}
		})
	}
	all.Wait()
	if given, asked, wrong := s.tokens["storm"].counts(); given != 1 || asked != 60 || wrong != nil {
		t.Errorf("got %d exchanges, %d requests, wrong tokens %q; want 1, 60, none", given, asked, wrong)
	}
}

func TestClientsThatLeaveWhileTheyWaitForAToken(t *testing.T) {
	t.Parallel()
	s := start(t)
	url := s.url("tokens leaving") + "/v1/chat/completions"
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
			defer cancel()
			if status, answer, err := tryPost(ctx, url, strings.NewReader(vertexHi)); err == nil {
				t.Errorf("got %d %s, want that the client has left before", status, answer)
			}
		})
	}
	all.Go(func() {
		status, answer, err := tryPost(context.Background(), url, strings.NewReader(vertexHi))
		if status != 200 || err != nil {
			t.Errorf("got %d %s, %v, want 200", status, answer, err)
		}
	})
	all.Wait()
	if given, asked, wrong := s.tokens["leaving"].counts(); given != 1 || asked != 1 || wrong != nil {
		t.Errorf("got %d exchanges, %d requests, wrong tokens %q; want 1, 1, none", given, asked, wrong)
	}
}

// The token is fetched anew by the timer, with no request under way.
func TestTokenIsRenewedByTheTimer(t *testing.T) {
	t.Parallel()
	s := start(t)
	url := s.url("tokens renewal") + "/v1/chat/completions"
	for range 2 {
		if status, answer := post(t, url, vertexHi); status != 200 {
			t.Fatalf("got %d %s, want 200", status, answer)
		}
	}
	eventually(t, "the token has been fetched a second time", func() bool {
		given, _, _ := s.tokens["renewal"].counts()
		return given == 2
	})
	time.Sleep(100 * time.Millisecond)
	if status, answer := post(t, url, vertexHi); status != 200 {
		t.Fatalf("got %d %s, want 200", status, answer)
	}
	if given, asked, wrong := s.tokens["renewal"].counts(); given != 2 || asked != 3 || wrong != nil {
		t.Errorf("got %d exchanges, %d requests, wrong tokens %q; want 2, 3, none", given, asked, wrong)
	}
}
