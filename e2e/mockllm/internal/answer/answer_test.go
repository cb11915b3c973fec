package answer

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/tokens"
	"github.com/postern-gateway/postern/e2e/mockllm/script"
)

func weather() []Tool {
	return []Tool{
		{"weather", map[string]any{"type": "object", "properties": map[string]any{"city": map[string]any{"type": "string"}}}},
		{"clock", nil},
	}
}

func TestCalls(t *testing.T) {
	t.Parallel()
	two := `call weather with {"city":"Bern"} and call clock with {}`
	tests := []struct {
		name string
		p    Prompt
		want []Call
	}{
		{"one call", Prompt{User: `call weather with {"city": "Bern"}`}, []Call{{"weather", `{"city": "Bern"}`}}},
		{"parallel calls", Prompt{User: two}, []Call{{"weather", `{"city":"Bern"}`}, {"clock", "{}"}}},
		{"only one where they are serial", Prompt{User: two, Serial: true}, []Call{{"weather", `{"city":"Bern"}`}}},
		{"no arguments given", Prompt{User: "please call weather."}, []Call{{"weather", `{"city":"city"}`}}},
		{"a brace and a word of this language within the arguments", Prompt{User: `call weather with {"city":"} then call clock {"}`}, []Call{{"weather", `{"city":"} then call clock {"}`}}},
		{"the first round", Prompt{User: `call clock with {} then call weather with {"city":"A"}`}, []Call{{"clock", "{}"}}},
		{"the second round", Prompt{User: `call clock with {} then call weather with {"city":"A"}`, Round: 1}, []Call{{"weather", `{"city":"A"}`}}},
		{"no round is left", Prompt{User: "call clock with {}", Round: 1}, nil},
		{"an unknown tool", Prompt{User: "call nobody with {}"}, nil},
		{"no tool may be called", Prompt{User: "call clock with {}", Choice: None}, nil},
		{"some tool must be called", Prompt{User: "hello", Choice: Any}, []Call{{"weather", `{"city":"city"}`}}},
		{"one tool must be called", Prompt{User: "call weather with {}", Choice: Named, Name: "clock"}, []Call{{"clock", "{}"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.p.Tools = weather()
			a := Compose(tt.p)
			if !slices.Equal(a.Calls, tt.want) {
				t.Errorf("got %q, want %q", a.Calls, tt.want)
			}
			if finish := a.Finish == ToolCalls; finish != (len(a.Calls) > 0) {
				t.Errorf("finish %d with %d calls", a.Finish, len(a.Calls))
			}
		})
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		p      Prompt
		want   string
		finish Finish
	}{
		{"an echo", Prompt{User: "hi"}, `You said: "hi".`, Stopped},
		{"the second choice", Prompt{User: "hi", Index: 1}, `You said: "hi". (choice 2)`, Stopped},
		{"an image", Prompt{User: "hi", Media: []string{"image/png of 3 bytes"}}, `You said: "hi". I see image/png of 3 bytes.`, Stopped},
		{"tool results", Prompt{User: "call clock", Round: 1, Results: []Result{{"clock", "12", false}, {"weather", "no net", true}}},
			`The tools answered: clock says "12". weather failed with "no net".`, Stopped},
		{"a stop sequence", Prompt{User: "one STOP two", Stop: []string{"two", " STOP"}}, `You said: "one`, StopSequence},
		{"the limit", Prompt{User: "hi", Max: 2}, "You said", Length},
		{"a given text", Prompt{User: "hi", Behave: script.Behaviour{HasText: true, Text: "yes"}}, "yes", Stopped},
		{"an empty text", Prompt{User: "hi", Behave: script.Behaviour{HasText: true}}, "", Stopped},
		{"a filter", Prompt{User: "hi", Behave: script.Behaviour{Filter: true}}, `You said: "hi".`, Filtered},
		{"any JSON", Prompt{User: "hi", JSON: true}, `{"you_said":"hi"}`, Stopped},
		{"JSON by a schema", Prompt{User: "hi", Schema: weather()[0].Schema}, `{"city":"hi"}`, Stopped},
		{"reasoning takes all", Prompt{User: "hi", Reason: 50, Max: 20}, "", Length},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := Compose(tt.p)
			if a.Text != tt.want || a.Finish != tt.finish {
				t.Errorf("got %q, finish %d, want %q, finish %d", a.Text, a.Finish, tt.want, tt.finish)
			}
			if got := a.Reasoned + tokens.Count(a.Text); got != a.Output {
				t.Errorf("tokens charged: got %d, want %d", a.Output, got)
			}
			if got := strings.Join(a.Pieces, ""); got != a.Text {
				t.Errorf("pieces say %q, the text is %q", got, a.Text)
			}
		})
	}
}

func TestChunksAreCounted(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 3, 100} {
		a := Compose(Prompt{User: "hi", Behave: script.Behaviour{Chunks: n}})
		if len(a.Pieces) != n || a.Output != n {
			t.Errorf("chunks=%d: got %d pieces, %d tokens", n, len(a.Pieces), a.Output)
		}
	}
}

func TestReasoningFillsItsMeasure(t *testing.T) {
	t.Parallel()
	a := Compose(Prompt{User: "why?", Reason: 64})
	if a.Reasoned != 64 || len(a.Reasoning) != 64 || !strings.HasPrefix(strings.Join(a.Reasoning, ""), "The user wants: why?.") {
		t.Errorf("got %d tokens: %q", a.Reasoned, a.Reasoning)
	}
}

func TestLimitCutsArguments(t *testing.T) {
	t.Parallel()
	a := Compose(Prompt{User: `call weather with {"city":"a long name of a city"}`, Tools: weather(), Max: 15})
	if a.Finish != Length || a.Output != 15 || len(a.Calls) != 1 || json.Valid([]byte(a.Calls[0].Arguments)) {
		t.Errorf("got %+v, want arguments cut by the limit", a)
	}
}

func TestSameAnswerTwice(t *testing.T) {
	t.Parallel()
	p := Prompt{User: "call weather and call clock", Tools: weather(), Reason: 30}
	if a, b := Compose(p), Compose(p); marshal(a) != marshal(b) {
		t.Errorf("got %+v, then %+v", a, b)
	}
}

func FuzzCalls(f *testing.F) {
	f.Add(`call weather with {"city":"x"} then call clock`)
	f.Fuzz(func(t *testing.T, user string) {
		for _, c := range Compose(Prompt{User: user, Tools: weather()}).Calls {
			if !json.Valid([]byte(c.Arguments)) {
				t.Errorf("arguments of %s are not JSON: %q", c.Name, c.Arguments)
			}
		}
	})
}
