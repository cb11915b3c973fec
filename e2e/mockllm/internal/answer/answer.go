// Package answer decides what a mock model says: always the same to the same
// prompt, and made from it, so that a test sees whether the prompt arrived.
//
// The last user text steers it. With tools, "call NAME with {JSON}" makes a tool
// call, several of them parallel calls, and "then" between them begins the next
// round, after the results; when no round is left, the answer quotes the results.
// A JSON schema is answered with an instance of it, anything else with an echo.
package answer

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/schema"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/tokens"
	"github.com/postern-gateway/postern/e2e/mockllm/script"
)

// A Choice says whether the model may or must call tools.
type Choice int

// The choices.
const (
	Auto  Choice = iota
	None         // no calls
	Any          // at least one call
	Named        // a call of Prompt.Name
)

// A Tool is a function that the model may call.
type Tool struct {
	Name   string
	Schema any // of its arguments; nil means none
}

// A Result is what a tool answered.
type Result struct {
	Name, Text string
	Failed     bool
}

// A Prompt is what the model sees, in the form that all providers share.
type Prompt struct {
	Model    string
	User     string // the last user text, without directives
	Round    int    // rounds of tool calls since that text
	Results  []Result
	Media    []string // descriptions of images and documents beside the text
	Tools    []Tool
	Choice   Choice
	Name     string // the tool of Named
	Serial   bool   // at most one call
	Schema   any    // answer with an instance of it
	JSON     bool   // answer with any JSON object
	Reason   int    // tokens of reasoning
	Max      int    // limit of output tokens; 0 means none
	Stop     []string
	Index    int // which of several choices this is
	Behave   script.Behaviour
	Continue bool // the answer continues a text that the client began
}

// A Finish is why the model stopped.
type Finish int

// The reasons.
const (
	Stopped Finish = iota
	StopSequence
	Length
	ToolCalls
	Refused
	Filtered
)

// A Call is one tool call. Its arguments are a JSON object, unless Length cut them.
type Call struct{ Name, Arguments string }

// An Answer is what the model says. Pieces is Text as it is streamed.
type Answer struct {
	Reasoning []string
	Text      string
	Pieces    []string
	Refusal   string
	Calls     []Call
	Finish    Finish
	Sequence  string // the stop sequence met
	Output    int    // tokens, those of reasoning included
	Reasoned  int    // tokens of reasoning
}

// callOverhead is charged for each tool call beside its name and arguments.
const callOverhead = 8

// Compose answers a prompt.
func Compose(p Prompt) Answer {
	var a Answer
	a.think(p)
	switch calls := p.calls(); {
	case p.Behave.Refuse:
		a.Refusal, a.Finish = "I'm sorry, but I can't help with that.", Refused
		a.Output += tokens.Count(a.Refusal)
		return a
	case len(calls) > 0:
		a.Finish = ToolCalls
		a.charge(p, calls)
		return a
	default:
		a.say(p, p.text())
	}
	if p.Behave.Filter {
		a.Finish = Filtered
	}
	return a
}

// think fills the reasoning, which says what it is about and then fills its measure.
func (a *Answer) think(p Prompt) {
	if p.Reason <= 0 {
		return
	}
	text := "The user wants: " + brief(p.User) + "."
	for i := 1; tokens.Count(text) < p.Reason; i++ {
		text += " Step " + strconv.Itoa(i) + " follows from what is known."
	}
	a.Reasoning = tokens.Split(text)[:p.Reason]
	if p.Max > 0 && len(a.Reasoning) > p.Max {
		a.Reasoning, a.Finish = a.Reasoning[:p.Max], Length
	}
	a.Reasoned = len(a.Reasoning)
	a.Output = a.Reasoned
}

// say cuts the text where a stop sequence or the limit ends it.
func (a *Answer) say(p Prompt, text string) {
	if a.Finish == Length {
		return
	}
	first := len(text)
	for _, s := range p.Stop {
		if i := strings.Index(text, s); s != "" && i >= 0 && i < first {
			first, a.Sequence, a.Finish = i, s, StopSequence
		}
	}
	a.Pieces = tokens.Split(text[:first])
	if n := p.Behave.Chunks; n > 0 && len(a.Pieces) > 0 {
		a.Pieces = stretch(a.Pieces, n)
	}
	if left := p.Max - a.Output; p.Max > 0 && len(a.Pieces) > left {
		a.Pieces, a.Sequence, a.Finish = a.Pieces[:left], "", Length
	}
	a.Text = strings.Join(a.Pieces, "")
	a.Output += len(a.Pieces)
}

// stretch repeats or cuts pieces to exactly n.
func stretch(pieces []string, n int) []string {
	out := make([]string, 0, n)
	for i := range n {
		piece := pieces[i%len(pieces)]
		if i > 0 && i%len(pieces) == 0 {
			piece = " " + piece
		}
		out = append(out, piece)
	}
	return out
}

// charge adds the calls as far as the limit allows.
func (a *Answer) charge(p Prompt, calls []Call) {
	if len(a.Reasoning) > 0 && p.Max > 0 && a.Output >= p.Max {
		a.Finish = Length
		return
	}
	for _, c := range calls {
		args := tokens.Split(c.Arguments)
		cost := callOverhead + tokens.Count(c.Name)
		left := p.Max - a.Output - cost
		if p.Max > 0 && left < len(args) {
			c.Arguments = strings.Join(args[:max(left, 0)], "")
			a.Calls, a.Output, a.Finish = append(a.Calls, c), p.Max, Length
			return
		}
		a.Calls = append(a.Calls, c)
		a.Output += cost + len(args)
	}
}

// text is what is said when no tool is called.
func (p Prompt) text() string {
	switch {
	case p.Behave.HasText:
		return p.Behave.Text
	case p.Schema != nil:
		return marshal(schema.Instance(p.Schema, brief(p.User)))
	case p.JSON:
		return marshal(map[string]string{"you_said": brief(p.User)})
	}
	var b strings.Builder
	switch {
	case len(p.Results) > 0:
		b.WriteString("The tools answered:")
		for _, r := range p.Results {
			b.WriteString(" " + r.Name)
			if r.Failed {
				b.WriteString(" failed with")
			} else {
				b.WriteString(" says")
			}
			b.WriteString(" \"" + r.Text + "\".")
		}
	case p.Continue:
		b.WriteString(" and so on, about \"" + brief(p.User) + "\".")
	default:
		b.WriteString("You said: \"" + brief(p.User) + "\".")
	}
	for _, m := range p.Media {
		b.WriteString(" I see " + m + ".")
	}
	if p.Index > 0 {
		b.WriteString(" (choice " + strconv.Itoa(p.Index+1) + ")")
	}
	return b.String()
}

// briefRunes is how much of the user's text an answer repeats.
const briefRunes = 200

func brief(s string) string {
	r := []rune(s)
	if len(r) <= briefRunes {
		return s
	}
	return string(r[:briefRunes]) + "… (" + strconv.Itoa(len(r)) + " characters)"
}

func marshal(v any) string {
	b, err := json.Marshal(v)
	if err != nil { // only for a bug in the mock; the test sees it
		return strconv.Quote(err.Error())
	}
	return string(b)
}

// calls returns the tool calls of this round.
func (p Prompt) calls() []Call {
	if len(p.Tools) == 0 || p.Choice == None || p.Behave.HasText {
		return nil
	}
	var calls []Call
	if rounds := p.asked(); p.Round < len(rounds) {
		calls = rounds[p.Round]
	}
	if p.Choice == Named {
		calls = slices.DeleteFunc(calls, func(c Call) bool { return c.Name != p.Name })
	}
	if len(calls) == 0 {
		switch p.Choice {
		case Any:
			calls = []Call{p.call(p.Tools[0].Name, "")}
		case Named:
			calls = []Call{p.call(p.Name, "")}
		}
	}
	if p.Serial && len(calls) > 1 {
		calls = calls[:1]
	}
	return calls
}

// asked reads the calls that the user's text asks for, by round.
func (p Prompt) asked() [][]Call {
	var rounds [][]Call
	next := true
	for text := p.User; ; {
		between, after, ok := strings.Cut(text, "call ")
		if !ok {
			return rounds
		}
		next = next || strings.Contains(between, " then ")
		var name, args string
		name, args, text = readCall(after)
		if !slices.ContainsFunc(p.Tools, func(t Tool) bool { return t.Name == name }) {
			continue
		}
		if next {
			rounds = append(rounds, nil)
		}
		next = false
		last := len(rounds) - 1
		rounds[last] = append(rounds[last], p.call(name, args))
	}
}

// readCall reads "NAME with {JSON}" or "NAME" and returns what follows.
func readCall(s string) (name, args, rest string) {
	end := strings.IndexFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-')
	})
	if end < 0 {
		return s, "", ""
	}
	name, rest = s[:end], s[end:]
	body, ok := strings.CutPrefix(rest, " with ")
	if !ok || !strings.HasPrefix(body, "{") {
		return name, "", rest
	}
	d := json.NewDecoder(strings.NewReader(body))
	var raw json.RawMessage
	if d.Decode(&raw) != nil {
		return name, "", rest
	}
	return name, string(raw), body[d.InputOffset():]
}

// call makes a call, with arguments valid for the tool's schema when none are given.
func (p Prompt) call(name, args string) Call {
	if args != "" {
		return Call{name, args}
	}
	i := slices.IndexFunc(p.Tools, func(t Tool) bool { return t.Name == name })
	if i < 0 || p.Tools[i].Schema == nil {
		return Call{name, "{}"}
	}
	return Call{name, marshal(schema.Instance(p.Tools[i].Schema, ""))}
}
