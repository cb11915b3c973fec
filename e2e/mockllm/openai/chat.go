package openai

import (
	"crypto/sha256"
	"encoding/json"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/answer"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/tokens"
	"github.com/postern-gateway/postern/e2e/mockllm/journal"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

func (a *api) chat(x *provider.Exchange, body map[string]any) {
	if p := chatShape()(nil, a.v.known(body)); p != nil {
		x.Fail(*rewordTop(p))
		return
	}
	r := chatRequest{N: 1}
	if err := json.Unmarshal(x.Body, &r); err != nil {
		x.Fail(*bad("", "", "We could not parse the JSON body of your request. "+err.Error()))
		return
	}
	f, failure := a.model(r.Model, opChat)
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
	c := chatAnswer{x: x, r: &r, v: a.v, base: chunkBase{
		ID: x.ID("chatcmpl-", 29), Created: a.env.Now().Unix(), Model: r.Model, ServiceTier: "default", SystemFingerprint: "fp_mock",
	}}
	for i := range max(r.N, 1) {
		p.Index = i
		c.answers = append(c.answers, a.v.think(answer.Compose(p)))
	}
	c.usage = a.chatUsage(&r, c.answers)
	x.Used(c.usage.journal())
	if r.Stream {
		c.stream()
		return
	}
	c.whole()
}

// prompt turns the conversation into what the model sees.
func (r *chatRequest) prompt(f family) answer.Prompt {
	p := answer.Prompt{
		Model: r.Model, Max: max(r.MaxTokens, r.MaxCompletionTokens), Stop: r.Stop,
		Serial: r.Parallel != nil && !*r.Parallel, Reason: f.reasoning(r.Effort),
	}
	names := map[string]string{}
	for i, m := range r.Messages {
		switch m.Role {
		case "user":
			p.User, p.Round, p.Results = m.Content.text(), 0, nil
			p.Media = describe(m.Content, f)
		case "assistant":
			if len(m.ToolCalls) > 0 {
				p.Round, p.Results = p.Round+1, nil
			}
			for _, c := range m.ToolCalls {
				if c.Function != nil {
					names[c.ID] = c.Function.Name
				}
			}
			p.Continue = i == len(r.Messages)-1
		case "tool":
			p.Results = append(p.Results, answer.Result{Name: names[m.ToolCallID], Text: m.Content.text()})
		}
	}
	for _, t := range r.Tools {
		if t.Type == "function" {
			p.Tools = append(p.Tools, answer.Tool{Name: t.Function.Name, Schema: t.Function.Parameters})
		}
	}
	p.Choice, p.Name = r.ToolChoice.choice()
	if r.ResponseFormat != nil {
		p.JSON = r.ResponseFormat.Type == "json_object"
		p.Schema = provider.Numbers(r.ResponseFormat.JSONSchema.Schema)
	}
	return p
}

func (t toolChoice) choice() (answer.Choice, string) {
	switch t.Mode {
	case "none":
		return answer.None, ""
	case "required":
		return answer.Any, ""
	case "function":
		return answer.Named, t.Name
	default:
		return answer.Auto, ""
	}
}

func describe(c content, f family) []string {
	var out []string
	for _, p := range c.Parts {
		var what string
		switch p.Type {
		case "image_url":
			what, _ = image(p.ImageURL.URL, "", f) // checked before
		case "file":
			what, _ = file(p.File.Data, "")
		default:
			continue
		}
		out = append(out, what)
	}
	return out
}

// What a prompt costs beside its texts.
const (
	perMessage = 4
	perPrompt  = 3
	perImage   = 85
)

// The steps in which a prompt is cached.
const (
	cacheFrom = 1024
	cacheStep = 128
)

// chatUsage counts, and looks how much of the prompt was seen before.
func (a *api) chatUsage(r *chatRequest, answers []answer.Answer) usage {
	var prompt strings.Builder
	extra := perPrompt
	if len(r.Tools) > 0 {
		tools, _ := json.Marshal(r.Tools) // of values that were just decoded
		prompt.Write(tools)
	}
	for _, m := range r.Messages {
		extra += perMessage
		prompt.WriteString(m.Role + "\n" + m.Content.text() + "\n")
		for _, p := range m.Content.Parts {
			if p.Type == "image_url" || p.Type == "file" {
				extra += perImage
			}
		}
		for _, c := range m.ToolCalls {
			if c.Function != nil {
				prompt.WriteString(c.Function.Name + c.Function.Arguments + "\n")
			}
		}
	}
	return a.count(r.Model, prompt.String(), extra, answers)
}

func (a *api) count(model, prompt string, extra int, answers []answer.Answer) usage {
	list := tokens.Split(prompt)
	u := usage{PromptTokens: len(list) + extra, PromptDetails: &promptDetails{}, CompletionDetails: &completionDetails{}}
	u.PromptDetails.CachedTokens = a.cached(model, list)
	for _, ans := range answers {
		u.CompletionTokens += ans.Output
		u.CompletionDetails.ReasoningTokens += ans.Reasoned
	}
	u.TotalTokens = u.PromptTokens + u.CompletionTokens
	return u
}

// cached returns how many tokens of the prompt the cache knows, and lets it learn the rest.
func (a *api) cached(model string, list []string) int {
	h := sha256.New()
	h.Write([]byte(model))
	known := 0
	for i, t := range list {
		h.Write([]byte(t))
		if n := i + 1; n >= cacheFrom && n%cacheStep == 0 {
			key := string(h.Sum(nil))
			if a.env.Cache.Seen(key) {
				known = n
			}
			a.env.Cache.Add(key)
		}
	}
	return known
}

type usage struct {
	PromptTokens      int                `json:"prompt_tokens"`
	CompletionTokens  int                `json:"completion_tokens"`
	TotalTokens       int                `json:"total_tokens"`
	PromptDetails     *promptDetails     `json:"prompt_tokens_details,omitempty"`
	CompletionDetails *completionDetails `json:"completion_tokens_details,omitempty"`
}

type promptDetails struct {
	CachedTokens int `json:"cached_tokens"`
	AudioTokens  int `json:"audio_tokens"`
}

type completionDetails struct {
	ReasoningTokens int `json:"reasoning_tokens"`
	AudioTokens     int `json:"audio_tokens"`
	Accepted        int `json:"accepted_prediction_tokens"`
	Rejected        int `json:"rejected_prediction_tokens"`
}

func (u usage) journal() journal.Usage {
	j := journal.Usage{Input: u.PromptTokens, Output: u.CompletionTokens}
	if u.PromptDetails != nil {
		j.CacheRead = u.PromptDetails.CachedTokens
	}
	if u.CompletionDetails != nil {
		j.Reasoning = u.CompletionDetails.ReasoningTokens
	}
	return j
}
