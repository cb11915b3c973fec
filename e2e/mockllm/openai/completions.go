package openai

import (
	"encoding/json"
	"math"
	"net/http"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/answer"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/check"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

func completionShape() check.Shape {
	tokenList := check.List(check.Int(0, math.MaxInt32), 1, 2048)
	prompt := check.ByType(
		check.Choice{Type: check.TString, Shape: check.Text()},
		check.Choice{Type: check.TArray, Shape: check.List(check.ByType(
			check.Choice{Type: check.TString, Shape: check.Text()},
			check.Choice{Type: check.TInteger, Shape: check.Any()},
			check.Choice{Type: check.TArray, Shape: tokenList}), 1, 2048)})
	fields := []check.Field{
		check.Req("model", check.Text()), {Name: "prompt", Required: true, Null: true, Shape: prompt},
		check.Nil("best_of", check.Int(0, 20)), check.Nil("echo", check.Bool()),
		check.Nil("logprobs", check.Int(0, 5)), check.Nil("suffix", check.Text()),
	}
	return check.Object(append(fields, sampling()...)...)
}

type completionRequest struct {
	Model         string          `json:"model"`
	Prompt        json.RawMessage `json:"prompt"`
	Echo          bool            `json:"echo"`
	MaxTokens     *int            `json:"max_tokens"`
	N             int             `json:"n"`
	BestOf        int             `json:"best_of"`
	Stop          stringList      `json:"stop"`
	Stream        bool            `json:"stream"`
	Logprobs      *int            `json:"logprobs"`
	StreamOptions *struct {
		IncludeUsage bool `json:"include_usage"`
	} `json:"stream_options"`
}

// prompts returns the texts to complete; tokens are shown as their JSON.
func (r *completionRequest) prompts() []string {
	var one string
	var many []string
	var parts []json.RawMessage
	switch {
	case json.Unmarshal(r.Prompt, &one) == nil:
		return []string{one}
	case json.Unmarshal(r.Prompt, &many) == nil:
		return many
	case json.Unmarshal(r.Prompt, &parts) == nil && len(parts) > 0 && parts[0][0] == '[':
		for _, p := range parts {
			many = append(many, string(p))
		}
		return many
	}
	return []string{string(r.Prompt)}
}

type completionReply struct {
	chunkBase
	Choices []completionChoice `json:"choices"`
	Usage   *usage             `json:"usage,omitempty"`
}

type completionChoice struct {
	Text         string              `json:"text"`
	Index        int                 `json:"index"`
	Logprobs     *completionLogprobs `json:"logprobs"`
	FinishReason *string             `json:"finish_reason"`
}

type completionLogprobs struct {
	Tokens        []string             `json:"tokens"`
	TokenLogprobs []float64            `json:"token_logprobs"`
	TopLogprobs   []map[string]float64 `json:"top_logprobs"`
	TextOffset    []int                `json:"text_offset"`
}

func (a *api) completions(x *provider.Exchange, body map[string]any) {
	if p := completionShape()(nil, body); p != nil {
		x.Fail(*rewordTop(p))
		return
	}
	r := completionRequest{N: 1}
	if err := json.Unmarshal(x.Body, &r); err != nil {
		x.Fail(*bad("", "", "We could not parse the JSON body of your request. "+err.Error()))
		return
	}
	f, failure := a.model(r.Model, opCompletion)
	switch {
	case failure != nil:
	case r.StreamOptions != nil && !r.Stream:
		failure = bad("", "stream_options", "The 'stream_options' parameter is only allowed when 'stream' is enabled.")
	case r.BestOf > 0 && r.BestOf < r.N:
		failure = bad("", "best_of", "You requested that the server return more choices than it will generate (HINT: best_of must be greater than or equal to n).")
	case r.Stream && r.BestOf > max(r.N, 1):
		failure = bad("", "best_of", "Cannot stream when best_of is greater than n.")
	case r.MaxTokens != nil:
		failure = tooMany("max_tokens", *r.MaxTokens, f)
	}
	if failure != nil {
		x.Fail(*failure)
		return
	}
	a.complete(x, &r)
}

// defaultMaxTokens limits a completion that names no limit.
const defaultMaxTokens = 16

func (a *api) complete(x *provider.Exchange, r *completionRequest) {
	limit := defaultMaxTokens
	if r.MaxTokens != nil {
		limit = *r.MaxTokens
	}
	prompts := r.prompts()
	if x.BehaveOnLast(prompts) {
		return
	}
	var answers []answer.Answer
	for _, text := range prompts {
		for i := range max(r.N, 1) {
			answers = append(answers, answer.Compose(answer.Prompt{Model: r.Model, User: text, Max: limit, Stop: r.Stop, Index: i, Behave: x.B}))
		}
	}
	u := a.count(r.Model, strings.Join(prompts, "\n"), 0, answers)
	u.PromptDetails, u.CompletionDetails = nil, nil
	x.Used(u.journal())
	out := completionReply{chunkBase: chunkBase{ID: x.ID("cmpl-", 29), Object: "text_completion", Created: a.env.Now().Unix(), Model: r.Model}}
	if r.Stream {
		streamCompletion(x, r, out, answers, u)
		return
	}
	for i, ans := range answers {
		choice := completionChoice{Text: ans.Text, Index: i, FinishReason: finishCompletion(ans)}
		if r.Echo {
			choice.Text = prompts[i/max(r.N, 1)] + choice.Text
		}
		if r.Logprobs != nil {
			choice.Logprobs = completionProbs(ans.Pieces, *r.Logprobs, 0)
		}
		out.Choices = append(out.Choices, choice)
	}
	if !x.B.NoUsage {
		out.Usage = &u
	}
	x.JSON(out)
}

func streamCompletion(x *provider.Exchange, r *completionRequest, base completionReply, answers []answer.Answer, u usage) {
	s := x.Stream(func() (string, any) { return "", errorBody{object(usual(http.StatusInternalServerError))} })
	for i, ans := range answers {
		offset := 0
		for _, piece := range ans.Pieces {
			base.Choices = []completionChoice{{Text: piece, Index: i}}
			if r.Logprobs != nil {
				base.Choices[0].Logprobs = completionProbs([]string{piece}, *r.Logprobs, offset)
			}
			offset += len(piece)
			s.Content("", base)
		}
		base.Choices = []completionChoice{{Index: i, FinishReason: finishCompletion(ans)}}
		s.Event("", base)
	}
	if r.StreamOptions != nil && r.StreamOptions.IncludeUsage && !x.B.NoUsage {
		base.Choices, base.Usage = []completionChoice{}, &u
		s.Event("", base)
	}
	s.Raw("[DONE]")
	s.End()
}

func finishCompletion(a answer.Answer) *string {
	reason := "stop"
	switch a.Finish {
	case answer.Length:
		reason = "length"
	case answer.Filtered:
		reason = "content_filter"
	}
	return &reason
}

func completionProbs(pieces []string, top, offset int) *completionLogprobs {
	l := &completionLogprobs{Tokens: []string{}, TokenLogprobs: []float64{}, TopLogprobs: []map[string]float64{}, TextOffset: []int{}}
	for _, piece := range pieces {
		p := probable(piece, top)
		best := map[string]float64{}
		for _, t := range p.Top {
			best[t.Token] = t.Logprob
		}
		l.Tokens, l.TokenLogprobs = append(l.Tokens, piece), append(l.TokenLogprobs, p.Logprob)
		l.TopLogprobs, l.TextOffset = append(l.TopLogprobs, best), append(l.TextOffset, offset)
		offset += len(piece)
	}
	return l
}
