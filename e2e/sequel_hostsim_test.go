package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/e2e/mockllm/grammar"
	"github.com/postern-gateway/postern/hostsim"
)

// In the simulator each piece of a stream that may be gone on with comes at once, as in
// Envoy, and so does what goes on after a stall.
func TestAStallInTheSimulator(t *testing.T) {
	t.Parallel()
	module := compiled(t)
	rest := chunkOf("and stormy night.") + strings.NewReplacer(`"role":"assistant","content":""`, "", "null", `"stop"`).Replace(roleChunk) + "data: [DONE]\n\n"
	host := hostsim.Start(t, hostsim.Config{
		Plugin: hostsim.Plugin{Module: module, Name: "postern", RootID: "postern", AllowOnHeadersStopIteration: true, VM: hostsim.VM{ID: "postern"},
			Configuration: `{"providers":[{"name":"a","type":"openai","cluster":"a","keys":[{"value":"k"}]},{"name":"b","type":"openai","cluster":"b","keys":[{"value":"k"}]}],
				"models":[{"name":"m","targets":[{"provider":"a"}],"fallback":[{"provider":"b"}],"idle":"2s","continue":{}}]}`},
		Clusters: map[string]hostsim.Handler{"b": func(r hostsim.Request) hostsim.Response {
			if !strings.Contains(string(r.WholeBody()), "It was a dark") {
				t.Errorf("got %s, want what was said", r.WholeBody())
			}
			return hostsim.Respond(200, roleChunk+rest, "content-type", "text/event-stream")
		}},
	})
	s := host.NewStream(hostsim.StreamOptions{})
	request := hostsim.Post("/v1/chat/completions", chatFor("m", true), "content-type", "application/json")
	step := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	step(s.RequestHeaders(request.Headers, false))
	step(s.RequestBody(request.Body, true))
	step(s.ResponseHeaders(hostsim.Respond(200, "", "content-type", "text/event-stream").Headers, false))
	for _, piece := range []struct{ data, text string }{{roleChunk, ""}, {chunkOf("It was "), "It was "}, {chunkOf("a dark "), "It was a dark "}} {
		step(s.ResponseBody([]byte(piece.data), false))
		if got := textOf(clientsOf["openai"], string(s.Response().Body)); got != piece.text {
			t.Fatalf("got %q, want %q at once", got, piece.text)
		}
	}
	step(host.Advance(1500 * time.Millisecond))
	if got := textOf(clientsOf["openai"], string(s.Response().Body)); got != "It was a dark " {
		t.Fatalf("got %q before the silence is too long", got)
	}
	step(host.Advance(time.Second))
	body := s.Response().Body
	if got := textOf(clientsOf["openai"], string(body)); got != "It was a dark and stormy night." || grammar.OpenAIChat(body) != nil {
		t.Errorf("got %q in %s (%v), want all of it", got, body, grammar.OpenAIChat(body))
	}
	step(s.ResponseBody([]byte(chunkOf("too late")), false))
	if got := s.Response().Body; len(got) != len(body) {
		t.Errorf("got %s more of the first", got[len(body):])
	}
}
