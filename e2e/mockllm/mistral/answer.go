package mistral

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/answer"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/ordered"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/tokens"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/vector"
	"github.com/postern-gateway/postern/e2e/mockllm/journal"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

func (a *api) chat(x *provider.Exchange, body map[string]any) {
	if p := chatShape()(nil, body); p != nil {
		x.Fail(*reword(p))
		return
	}
	var r chatRequest
	if err := json.Unmarshal(x.Body, &r); err != nil {
		x.Fail(*args(err.Error()))
		return
	}
	f, failure := a.model(r.Model, false)
	if failure == nil {
		failure = r.check(f)
	}
	if failure != nil {
		x.Fail(*failure)
		return
	}
	p := r.prompt(f)
	if x.BehaveOn(&p) {
		return
	}
	c := chatAnswer{x: x, r: &r, id: x.ID("", 32), created: a.env.Now().Unix()}
	for i := range max(r.N, 1) {
		p.Index = i
		c.answers = append(c.answers, answer.Compose(p))
	}
	c.count(a)
	if r.Stream {
		c.stream()
		return
	}
	c.whole()
}

// prompt turns the conversation into what the model sees.
func (r *chatRequest) prompt(f family) answer.Prompt {
	p := answer.Prompt{Model: r.Model, Max: r.MaxTokens, Stop: r.Stop, Serial: r.Parallel != nil && !*r.Parallel, Name: r.ToolChoice.Name}
	if f.native || r.Effort != nil && *r.Effort != "none" {
		p.Reason = 12
	}
	names := map[string]string{}
	for i, m := range r.Messages {
		switch m.Role {
		case "user":
			p.User, p.Round, p.Results, p.Media = m.Content.text(), 0, nil, nil
			for _, c := range m.Content {
				if what, _ := c.describe(); what != "" { // it was checked before
					p.Media = append(p.Media, what)
				}
			}
		case "assistant":
			if len(m.ToolCalls) > 0 {
				p.Round, p.Results = p.Round+1, nil
			}
			for _, c := range m.ToolCalls {
				names[*c.ID] = c.Function.Name
			}
			p.Continue = i == len(r.Messages)-1
		case "tool":
			p.Results = append(p.Results, answer.Result{Name: names[*m.ToolCallID], Text: m.Content.text()})
		}
	}
	for _, t := range r.Tools {
		p.Tools = append(p.Tools, answer.Tool{Name: t.Function.Name, Schema: provider.Numbers(t.Function.Parameters)})
	}
	p.Choice = map[string]answer.Choice{"none": answer.None, "any": answer.Any, "required": answer.Any, "function": answer.Named}[r.ToolChoice.Mode]
	p.JSON = r.ResponseFormat.Type == "json_object"
	if s := r.ResponseFormat.JSONSchema; s != nil {
		p.Schema = provider.Numbers(s.Schema)
	}
	return p
}

// A chatAnswer writes the answers to one chat request, whole or as a stream.
type chatAnswer struct {
	x       *provider.Exchange
	r       *chatRequest
	id      string
	created int64
	answers []answer.Answer
	usage   ordered.Object
}

// cacheFrom is how many tokens a prompt has at least that is cached, as a whole.
const cacheFrom = 64

func (c *chatAnswer) count(a *api) {
	var prompt strings.Builder
	for _, m := range c.r.Messages {
		prompt.WriteString(m.Role + "\n" + m.Content.text() + "\n")
	}
	j := journal.Usage{Input: tokens.Count(prompt.String()) + 4*len(c.r.Messages)}
	if key := c.r.Model + prompt.String(); j.Input >= cacheFrom {
		if a.env.Cache.Seen(key) {
			j.CacheRead = cacheFrom
		}
		a.env.Cache.Add(key)
	}
	for _, answer := range c.answers {
		j.Output += answer.Output
	}
	c.x.Used(j)
	c.usage = ordered.Of("prompt_tokens", j.Input, "total_tokens", j.Input+j.Output, "completion_tokens", j.Output)
	if j.CacheRead > 0 {
		c.usage = c.usage.With("num_cached_tokens", j.CacheRead)
	}
}

func finish(a answer.Answer) string {
	switch a.Finish {
	case answer.Length:
		return "length"
	case answer.ToolCalls:
		return "tool_calls"
	default:
		return "stop"
	}
}

func text(s string) any { return ordered.Of("type", "text", "text", s) }

func thinking(s string) any {
	return ordered.Of("type", "thinking", "thinking", []any{text(s)})
}

// said is a text: a refusal is one here.
func said(a answer.Answer) string { return a.Text + a.Refusal }

// calls are calls as the API writes them: without a type.
func (c *chatAnswer) calls(a answer.Answer) []any {
	var out []any
	for i, call := range a.Calls {
		out = append(out, ordered.Of("id", c.x.ID("", 9), "function", ordered.Of("name", call.Name, "arguments", call.Arguments), "index", i))
	}
	return out
}

func (c *chatAnswer) whole() {
	choices := []any{}
	for i, a := range c.answers {
		var content any = said(a)
		if len(a.Reasoning) > 0 {
			content = []any{thinking(strings.Join(a.Reasoning, "")), text(said(a))}
		}
		var calls any
		if list := c.calls(a); list != nil {
			calls = list
		}
		choices = append(choices, ordered.Of("index", i, "message", ordered.Of("role", "assistant", "tool_calls", calls, "content", content), "finish_reason", finish(a)))
	}
	out := ordered.Of("id", c.id, "object", "chat.completion", "created", c.created, "model", c.r.Model, "choices", choices)
	if !c.x.B.NoUsage {
		out = out.With("usage", c.usage)
	}
	c.x.JSON(out)
}

func (c *chatAnswer) stream() {
	s := c.x.Stream(func() (string, any) {
		return "", object((&api{}).Usual(http.StatusInternalServerError))
	})
	send := func(index int, content bool, delta ordered.Object, reason any, usage bool) {
		chunk := ordered.Of("id", c.id, "object", "chat.completion.chunk", "created", c.created, "model", c.r.Model,
			"choices", []any{ordered.Of("index", index, "delta", delta, "finish_reason", reason)})
		if usage && !c.x.B.NoUsage {
			chunk = chunk.With("usage", c.usage)
		}
		chunk = chunk.With("p", "abcdefg")
		if content {
			s.Content("", chunk)
		} else {
			s.Event("", chunk)
		}
	}
	for i, a := range c.answers {
		send(i, false, ordered.Of("role", "assistant", "content", ""), nil, false)
		for _, piece := range a.Reasoning {
			send(i, true, ordered.Of("content", []any{thinking(piece)}), nil, false)
		}
		pieces := tokens.Split(said(a))
		for k, piece := range pieces {
			var content any = piece
			if k == 0 && len(a.Reasoning) > 0 {
				content = []any{ordered.Of("type", "thinking", "thinking", []any{}, "closed", true), text(piece)}
			}
			send(i, true, ordered.Of("content", content), nil, false)
		}
		last := i == len(c.answers)-1
		if list := c.calls(a); list != nil {
			send(i, true, ordered.Of("content", "", "tool_calls", list), finish(a), last)
		} else {
			send(i, false, ordered.Of("content", ""), finish(a), last)
		}
	}
	s.Raw("[DONE]")
	s.End()
}

func (a *api) embeddings(x *provider.Exchange, body map[string]any) {
	if p := embeddingShape()(nil, body); p != nil {
		x.Fail(*reword(p))
		return
	}
	var r struct {
		Model string `json:"model"`
		Input texts  `json:"input"`
		Size  int    `json:"output_dimension"`
	}
	err := json.Unmarshal(x.Body, &r)
	f, failure := a.model(r.Model, true)
	switch {
	case err != nil:
		failure = args(err.Error())
	case failure == nil && len(r.Input) == 0:
		failure = args("Input must not be empty")
	case failure == nil && r.Size > f.size:
		failure = args("output_dimension is too large for this model")
	}
	if failure != nil {
		x.Fail(*failure)
		return
	}
	if x.BehaveOnLast(r.Input) {
		return
	}
	size := f.size
	if r.Size > 0 {
		size = r.Size
	}
	data, count := []any{}, 0
	for i, t := range r.Input {
		count += tokens.Count(t)
		data = append(data, ordered.Of("object", "embedding", "embedding", vector.Of(t, f.size, size), "index", i))
	}
	x.Used(journal.Usage{Input: count})
	x.JSON(ordered.Of("id", x.ID("", 32), "object", "list", "data", data, "model", r.Model,
		"usage", ordered.Of("prompt_tokens", count, "total_tokens", count, "completion_tokens", 0)))
}
