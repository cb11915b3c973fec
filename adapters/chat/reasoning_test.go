package chat_test

import (
	"testing"

	"github.com/postern-gateway/postern/adapters/chat"
)

func TestEffortAndBudgetMeanEachOther(t *testing.T) {
	t.Parallel()
	for e := chat.EffortLow; e <= chat.EffortMax; e++ {
		budget := chat.Reasoning{Effort: e}.Tokens()
		if got := (chat.Reasoning{Budget: budget}).Level(); got != e {
			t.Errorf("effort %d is worth %d tokens: got effort %d back", e, budget, got)
		}
	}
}

func TestReasoning(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		in     chat.Reasoning
		level  chat.Effort
		tokens int64
	}{
		{"nothing said", chat.Reasoning{}, chat.EffortUnset, 0},
		{"adaptive alone", chat.Reasoning{Adaptive: true}, chat.EffortUnset, 0},
		{"off", chat.Reasoning{Effort: chat.EffortNone}, chat.EffortNone, 0},
		{"least effort", chat.Reasoning{Effort: chat.EffortMinimal}, chat.EffortMinimal, 1024},
		{"least budget", chat.Reasoning{Budget: 1024}, chat.EffortLow, 1024},
		{"budget of 10,000", chat.Reasoning{Budget: 10000}, chat.EffortMedium, 10000},
		{"budget of 31,999", chat.Reasoning{Budget: 31999}, chat.EffortHigh, 31999},
		{"vast budget", chat.Reasoning{Budget: 1 << 40}, chat.EffortMax, 1 << 40},
		{"negative budget", chat.Reasoning{Budget: -1}, chat.EffortUnset, 0},
		{"both", chat.Reasoning{Effort: chat.EffortLow, Budget: 20000}, chat.EffortLow, 20000},
	} {
		if level, tokens := tt.in.Level(), tt.in.Tokens(); level != tt.level || tokens != tt.tokens {
			t.Errorf("%s: got effort %d and %d tokens, want %d and %d", tt.name, level, tokens, tt.level, tt.tokens)
		}
	}
}

func TestRequestKeepsPartsAndResultsApart(t *testing.T) {
	t.Parallel()
	var r chat.Request
	for range 3 { // the memory of one request serves the next
		r.Reset()
		for range 40 {
			r.Begin(chat.User)
			r.Add(chat.Part{Kind: chat.ToolResultPart})
			r.AddResult(chat.Part{Text: chat.Text("a")})
			r.AddResult(chat.Part{Text: chat.Text("b")})
			r.Add(chat.Part{Kind: chat.ToolResultPart})
			r.AddResult(chat.Part{Text: chat.Text("c")})
			r.Add(chat.Part{Text: chat.Text("d")})
		}
		for i, m := range r.Messages {
			if len(m.Parts) != 3 || len(m.Parts[0].Result) != 2 || len(m.Parts[1].Result) != 1 {
				t.Fatalf("message %d: got %d parts, want 3 with 2, 1 and 0 in their results", i, len(m.Parts))
			}
			got := string(m.Parts[0].Result[0].Text) + string(m.Parts[0].Result[1].Text) + string(m.Parts[1].Result[0].Text) + string(m.Parts[2].Text)
			if got != "abcd" {
				t.Errorf("message %d: got %q, want abcd", i, got)
			}
		}
	}
}
