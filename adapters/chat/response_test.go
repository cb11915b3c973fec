package chat_test

import (
	"testing"

	"github.com/postern-gateway/postern/adapters/chat"
)

// TestNothingOfAResponseIsInTheNext fills responses of several sizes one after another:
// each begins with choices that have nothing in them.
func TestNothingOfAResponseIsInTheNext(t *testing.T) {
	t.Parallel()
	var r chat.Response
	for n, sizes := range [][]int{{1}, {3, 100, 2}, {0}, {2, 1}, {1, 1, 1, 1, 1}, {65}, {1}} {
		r.Reset()
		if len(r.Choices) != 0 {
			t.Fatalf("response %d: got %d choices before the first, want none", n, len(r.Choices))
		}
		for i, size := range sizes {
			c := r.Choose()
			if len(r.Choices) != i+1 || c != &r.Choices[i] {
				t.Fatalf("response %d: got %d choices, want %d and the last of them", n, len(r.Choices), i+1)
			}
			if len(c.Parts) != 0 || c.Finish != 0 || c.Sequence != nil || c.Logprobs != nil || c.Details != nil {
				t.Fatalf("response %d, choice %d: got %+v, want nothing in it", n, i, *c)
			}
			for range size {
				c.Parts = chat.AppendPart(c.Parts, chat.ToolCallPart)
				p := &c.Parts[len(c.Parts)-1]
				if p.Text != nil || p.ID != nil || p.Kind != chat.ToolCallPart {
					t.Fatalf("response %d, choice %d: got %+v, want an empty part", n, i, *p)
				}
				p.Text, p.ID = chat.Text("secret"), chat.Text("id")
			}
			c.Finish, c.Sequence, c.Logprobs, c.Details = chat.FinishStop, chat.Text("s"), chat.Raw("1"), chat.Raw("2")
		}
		for i, size := range sizes {
			if got := len(r.Choices[i].Parts); got != size {
				t.Errorf("response %d, choice %d: got %d parts, want %d", n, i, got, size)
			}
		}
	}
}
