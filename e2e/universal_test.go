package e2e

import (
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-gateway/postern/e2e/envoy"
	"github.com/postern-gateway/postern/e2e/mockllm"
	"github.com/postern-gateway/postern/e2e/mockllm/grammar"
)

// universal adds a listener whose providers fail in several ways before one that does not.
func (s *suite) universal(add func(string, envoy.Listener) error) ([]any, error) {
	config := `{"providers":[
		{"name":"dead","type":"openai","cluster":"dead","keys":[{"value":"k"}]},
		{"name":"failing","type":"openai","cluster":"failing","keys":[{"value":"k"}]},
		{"name":"slow","type":"openai","cluster":"failing","keys":[{"value":"slow"}]},
		{"name":"openai","type":"openai","cluster":"mock-openai-called","keys":[{"value":"` + mockKey("openai") + `"}]},
		{"name":"claude","type":"anthropic","cluster":"mock-anthropic-called","keys":[{"value":"` + mockKey("anthropic") + `"}]}]}`
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.slow = &slowServer{}
	go http.Serve(l, s.slow)
	// Envoy adds headers of its own to what the module sends, which nothing removes.
	s.called = mockllm.New(mockllm.Options{RefuseChunked: true, AllowHeaders: []string{"x-envoy-internal", "x-envoy-expected-rq-timeout-ms"}})
	called, err := s.called.Start()
	if err != nil {
		return nil, err
	}
	return []any{envoy.Cluster("failing", l.Addr().String()),
			envoy.Cluster("mock-openai-called", called.Of("openai").Addr), envoy.Cluster("mock-anthropic-called", called.Of("anthropic").Addr)},
		add("universal", envoy.Listener{Buffer: 4 << 20, Filters: []any{envoy.Plugin{Module: modulePath(), Configuration: config, Environment: environment, Struct: true}.Filter()}})
}

// A slowServer fails with a large page; for one key it does so late.
type slowServer struct{ asked atomic.Int64 }

func (f *slowServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.asked.Add(1)
	_, _ = io.Copy(io.Discard, r.Body) // who is gone needs no answer
	if strings.HasSuffix(r.Header.Get("authorization"), "slow") {
		time.Sleep(time.Second)
	}
	w.Header().Set("content-type", "application/json")
	w.WriteHeader(http.StatusBadGateway)
	for range 30 {
		_, _ = w.Write([]byte(strings.Repeat("x", 10_000)))
		w.(http.Flusher).Flush()
	}
}

func attempts(stream bool, providers ...string) string {
	var all []string
	for _, p := range providers {
		model := "gpt-4o"
		if p == "claude" {
			model = "claude-sonnet-4-5"
		}
		all = append(all, `{"provider":"`+p+`","endpoint":"chat/completions","query":{"model":"`+model+`","stream":`+strconv.FormatBool(stream)+`,"messages":[{"role":"user","content":"Hi"}]}}`)
	}
	return "[" + strings.Join(all, ",") + "]"
}

func TestListsOfRequests(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, list := range [][]string{
		{"openai"}, {"dead", "openai"}, {"failing", "claude"}, {"failing", "dead", "failing", "openai"}, {"dead", "dead", "dead", "claude"}, {"slow", "slow", "openai"},
	} {
		t.Run(strings.Join(list, " "), func(t *testing.T) {
			t.Parallel()
			status, answer := post(t, s.url("universal")+"/universal", attempts(false, list...))
			if status != 200 || !strings.Contains(answer, "chat.completion") {
				t.Errorf("got %d %.300s, want a completion", status, answer)
			}
			status, answer = post(t, s.url("universal")+"/universal", attempts(true, list...))
			if err := grammar.OpenAIChat([]byte(answer)); status != 200 || err != nil {
				t.Errorf("as a stream: got %d, %v: %.300s", status, err, answer)
			}
		})
	}
	status, answer := post(t, s.url("universal")+"/universal", attempts(false, "failing", "dead"))
	if status != 503 {
		t.Errorf("all fail: got %d %.300s, want 503", status, answer)
	}
}

// Clients that hang up while something else is tried for them do no harm.
func TestClientsThatLeaveDuringAList(t *testing.T) {
	t.Parallel()
	s := start(t)
	for i := range 10 {
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(200+i*130)*time.Millisecond)
		_, _, err := tryPost(ctx, s.url("universal")+"/universal", strings.NewReader(attempts(i%2 == 0, "slow", "slow", "openai")))
		if err == nil {
			t.Errorf("client %d got an answer before it left", i)
		}
		cancel()
	}
	if status, answer := post(t, s.url("universal")+"/universal", attempts(false, "failing", "openai")); status != 200 {
		t.Errorf("afterwards: got %d %.300s, want 200", status, answer)
	}
}
