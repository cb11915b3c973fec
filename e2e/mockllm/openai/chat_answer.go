package openai

import (
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/answer"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/ordered"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/tokens"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

// A chatAnswer writes the answers to one chat request, whole or as a stream.
type chatAnswer struct {
	x       *provider.Exchange
	r       *chatRequest
	v       *Variant
	base    chunkBase
	answers []answer.Answer
	usage   usage
	s       *provider.Stream
}

type chunkBase struct {
	ID                string `json:"id"`
	Object            string `json:"object"`
	Created           int64  `json:"created"`
	Model             string `json:"model"`
	ServiceTier       string `json:"service_tier,omitempty"`
	SystemFingerprint string `json:"system_fingerprint,omitempty"`
}

type logprobs struct {
	Content []tokenLogprob `json:"content"`
	Refusal []tokenLogprob `json:"refusal"`
}

type tokenLogprob struct {
	Token   string       `json:"token"`
	Logprob float64      `json:"logprob"`
	Bytes   []int        `json:"bytes"`
	Top     []topLogprob `json:"top_logprobs"`
}

type topLogprob struct {
	Token   string  `json:"token"`
	Logprob float64 `json:"logprob"`
	Bytes   []int   `json:"bytes"`
}

// probable makes log probabilities that fall with the length of a token.
func probable(piece string, top int) tokenLogprob {
	t := tokenLogprob{Token: piece, Logprob: -float64(len(piece)) / 64, Bytes: ints(piece), Top: []topLogprob{}}
	for i := range top {
		other := piece
		if i > 0 {
			other += strconv.Itoa(i)
		}
		t.Top = append(t.Top, topLogprob{other, t.Logprob - float64(i), ints(other)})
	}
	return t
}

func ints(s string) []int {
	out := make([]int, len(s))
	for i := range len(s) {
		out[i] = int(s[i])
	}
	return out
}

func (c *chatAnswer) logprobs(pieces []string) *logprobs {
	if !c.r.Logprobs {
		return nil
	}
	top := 0
	if c.r.TopLogprobs != nil {
		top = *c.r.TopLogprobs
	}
	l := &logprobs{Content: []tokenLogprob{}}
	for _, p := range pieces {
		l.Content = append(l.Content, probable(p, top))
	}
	return l
}

// finish names the reason. A forced function call ends with "stop".
func (c *chatAnswer) finish(a answer.Answer) string {
	switch a.Finish {
	case answer.Length:
		return "length"
	case answer.Filtered:
		return "content_filter"
	case answer.ToolCalls:
		if c.r.ToolChoice.Mode == "function" {
			return "stop"
		}
		return "tool_calls"
	default:
		return "stop"
	}
}

type chatReply struct {
	chunkBase
	Choices []chatChoice `json:"choices"`
	Usage   *usage       `json:"usage,omitempty"`
}

type chatChoice struct {
	Index        int            `json:"index"`
	Message      *chatOutput    `json:"message,omitempty"`
	Logprobs     *logprobs      `json:"logprobs"`
	FinishReason string         `json:"finish_reason"`
	Filters      map[string]any `json:"content_filter_results,omitempty"`
}

type chatOutput struct {
	Role        string        `json:"role"`
	Content     *string       `json:"content"`
	Refusal     *string       `json:"refusal"`
	Annotations []string      `json:"annotations"`
	ToolCalls   []chatCallObj `json:"tool_calls,omitempty"`
}

func (c *chatAnswer) whole() {
	c.base.Object = "chat.completion"
	out := chatReply{chunkBase: c.base}
	for i, a := range c.answers {
		m := &chatOutput{Role: "assistant", Annotations: []string{}}
		switch {
		case a.Refusal != "":
			m.Refusal = &a.Refusal
		case len(a.Calls) == 0:
			m.Content = &a.Text
		}
		for _, call := range a.Calls {
			m.ToolCalls = append(m.ToolCalls, chatCallObj{ID: c.x.ID("call_", 24), Type: "function", Function: &functionCall{call.Name, call.Arguments}})
		}
		choice := chatChoice{Index: i, Message: m, Logprobs: c.logprobs(a.Pieces), FinishReason: c.finish(a)}
		if c.v != nil && c.v.Filters != nil {
			filtered := a.Finish == answer.Filtered
			if choice.Filters = c.v.Filters(filtered); filtered {
				choice.Message = nil
			}
		}
		out.Choices = append(out.Choices, choice)
	}
	if !c.x.B.NoUsage {
		out.Usage = &c.usage
	}
	c.x.JSON(c.v.whole(c.x, out))
}

type chatChunk struct {
	chunkBase
	Choices     []chunkChoice `json:"choices"`
	Usage       *usage        `json:"usage,omitempty"`
	Obfuscation string        `json:"obfuscation,omitempty"`
}

// A chunkWithUsage shows "usage": null, as all chunks but the last do when usage was asked for.
type chunkWithUsage struct {
	chatChunk
	Usage *usage `json:"usage"`
}

type chunkChoice struct {
	Index        int            `json:"index"`
	Delta        ordered.Object `json:"delta"`
	Logprobs     *logprobs      `json:"logprobs"`
	FinishReason *string        `json:"finish_reason"`
}

type callDelta struct {
	Index    int        `json:"index"`
	ID       string     `json:"id,omitempty"`
	Type     string     `json:"type,omitempty"`
	Function *callPiece `json:"function"`
}

type callPiece struct {
	Name      string `json:"name,omitempty"`
	Arguments string `json:"arguments"`
}

func (c *chatAnswer) stream() {
	c.base.Object = "chat.completion.chunk"
	c.s = c.x.Stream(func() (string, any) { return "", c.v.failed(c.x) })
	if c.v != nil && c.v.Prelude != nil {
		c.s.Event("", c.v.Prelude)
	}
	for i, a := range c.answers {
		var empty any = ""
		if len(a.Calls) > 0 {
			empty = nil
		}
		c.send(chunkChoice{Index: i, Delta: ordered.Of("role", "assistant", "content", empty, "refusal", nil)}, "")
	}
	c.contents()
	for i, a := range c.answers {
		for k, call := range a.Calls {
			c.call(i, k, call)
		}
	}
	for i, a := range c.answers {
		reason := c.finish(a)
		c.send(chunkChoice{Index: i, FinishReason: &reason}, "")
	}
	if c.wantsUsage() && !c.x.B.NoUsage {
		c.put(chatChunk{chunkBase: c.base, Choices: []chunkChoice{}, Usage: &c.usage, Obfuscation: c.obfuscate("")}, "")
	}
	c.s.Raw("[DONE]")
	c.s.End()
}

// contents sends the texts of all choices by turns, as parallel choices come.
func (c *chatAnswer) contents() {
	for k, more := 0, true; more && !c.s.Stopped(); k++ {
		more = false
		for i, a := range c.answers {
			field, pieces := "content", a.Pieces
			if a.Refusal != "" {
				field, pieces = "refusal", tokens.Split(a.Refusal)
			}
			if k >= len(pieces) {
				continue
			}
			more = true
			choice := chunkChoice{Index: i, Delta: ordered.Of(field, pieces[k])}
			if field == "content" {
				choice.Logprobs = c.logprobs(pieces[k : k+1])
			}
			c.send(choice, pieces[k])
		}
	}
}

func (c *chatAnswer) call(choice, index int, call answer.Call) {
	send := func(d callDelta, piece string) {
		c.send(chunkChoice{Index: choice, Delta: ordered.Of("tool_calls", []callDelta{d})}, piece)
	}
	send(callDelta{Index: index, ID: c.x.ID("call_", 24), Type: "function", Function: &callPiece{Name: call.Name}}, "")
	for _, piece := range tokens.Split(call.Arguments) {
		send(callDelta{Index: index, Function: &callPiece{Arguments: piece}}, piece)
	}
}

func (c *chatAnswer) wantsUsage() bool {
	always := c.v != nil && c.v.Usage != nil && c.v.Usage(c.x)
	return always || c.r.StreamOptions != nil && c.r.StreamOptions.IncludeUsage
}

// send writes one chunk; piece is the part of the answer that it carries, if any.
func (c *chatAnswer) send(choice chunkChoice, piece string) {
	if c.s.Stopped() {
		return
	}
	chunk := chatChunk{chunkBase: c.base, Choices: []chunkChoice{choice}, Obfuscation: c.obfuscate(piece)}
	v := any(chunk)
	if c.wantsUsage() {
		v = chunkWithUsage{chatChunk: chunk}
	}
	c.put(v, piece)
}

func (c *chatAnswer) put(v any, piece string) {
	switch v = c.v.chunk(c.x, v); {
	case v == nil:
	case piece != "":
		c.s.Content("", v)
	default:
		c.s.Event("", v)
	}
}

// obfuscationSize is the length that a delta and its padding reach together.
const obfuscationSize = 14

// obfuscate pads a chunk so that its size does not tell the token.
func (c *chatAnswer) obfuscate(text string) string {
	if o := c.r.StreamOptions; o != nil && o.IncludeObfuscation != nil && !*o.IncludeObfuscation {
		return ""
	}
	return strings.Repeat("x", max(1, obfuscationSize-len(text)))
}
