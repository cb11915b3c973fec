package ollamachat_test

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/ollamachat"
)

// The time that an answer took is that of its tokens, too: clients divide by it.
func TestDurations(t *testing.T) {
	t.Parallel()
	const want = `"total_duration":2500,"load_duration":0,"prompt_eval_count":0,"prompt_eval_duration":0,"eval_count":3,"eval_duration":2500}`
	r := chat.Response{Model: chat.Text("m"), Elapsed: 2500, Usage: chat.Usage{Output: 3}, Choices: []chat.Choice{{Finish: chat.FinishStop}}}
	if got := string(ollamachat.Writer{}.AppendResponse(nil, &r)); !strings.HasSuffix(got, want) {
		t.Errorf("whole: got %s, want it to end with %s", got, want)
	}
	e := ollamachat.Writer{}.NewEncoder()
	e.Reset(&chat.Request{Model: "m"})
	e.Append(nil, &chat.Event{Kind: chat.FinishEvent, Finish: chat.FinishStop, Usage: r.Usage, Counted: true})
	if got := string(e.Append(nil, &chat.Event{Kind: chat.End, Elapsed: 2500})); !strings.HasSuffix(got, want+"\n") {
		t.Errorf("stream: got %s, want it to end with %s", got, want)
	}
}

// A call is held until it is complete, but not without bound.
func TestArgumentsWithoutEnd(t *testing.T) {
	t.Parallel()
	e := ollamachat.Writer{}.NewEncoder()
	e.Reset(&chat.Request{Model: "m"})
	e.Append(nil, &chat.Event{Kind: chat.BlockStart, Block: chat.ToolCallPart, ID: chat.Text("a"), Name: chat.Text("f")})
	piece := chat.Text(strings.Repeat("x", 1<<16))
	for i := range 17 {
		got := string(e.Append(nil, &chat.Event{Kind: chat.TextDelta, Block: chat.ToolCallPart, Text: piece}))
		if want := i == 16; strings.HasPrefix(got, `{"error":"`) != want {
			t.Fatalf("after %d bytes: got %q, want an error: %v", (i+1)<<16, got, want)
		}
	}
	if got := e.Append(nil, &chat.Event{Kind: chat.End}); len(got) > 0 {
		t.Errorf("after the error: got %s, want nothing", got)
	}
	e.Reset(&chat.Request{Model: "m"})
	if got := string(e.Append(nil, &chat.Event{Kind: chat.End})); !strings.Contains(got, `"done":true`) {
		t.Errorf("the next stream: got %s, want its end", got)
	}
}
