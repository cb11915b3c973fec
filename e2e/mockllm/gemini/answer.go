package gemini

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/answer"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/check"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/ordered"
	"github.com/postern-gateway/postern/e2e/mockllm/journal"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

func (a *api) generate(x *provider.Exchange, name string) {
	f, failure := a.model(name)
	if failure == nil && f.embeds > 0 && f.most == 0 {
		failure = &provider.Failure{Status: 404, Type: "NOT_FOUND", Message: "models/" + name + " is not found for API version v1beta, or is not supported for generateContent."}
	}
	if failure == nil {
		failure = a.decode(x, check.Object(generateFields()...))
	}
	var r *request
	if failure == nil {
		r, failure = a.read(x, x.Body, f)
	}
	if failure != nil {
		x.Fail(*failure)
		return
	}
	p := r.prompt(name, r.reasoning(f))
	if x.BehaveOn(&p) {
		return
	}
	w := &writer{a: a, x: x, r: r, f: f, model: name, id: x.ID("", 22), input: r.count()}
	for i := range max(1, r.Config.Candidates) {
		p.Index = i
		w.answers = append(w.answers, answer.Compose(p))
	}
	w.write()
}

// A writer writes the answer to one request.
type writer struct {
	a         *api
	x         *provider.Exchange
	r         *request
	f         family
	model, id string
	input     int
	answers   []answer.Answer
}

// write answers in one piece, as events, or as a list of what would be events.
func (w *writer) write() {
	u := journal.Usage{Input: w.input}
	for _, a := range w.answers {
		u.Output, u.Reasoning = u.Output+a.Output, u.Reasoning+a.Reasoned
	}
	w.x.Used(u)
	if !strings.HasSuffix(w.x.R.URL.Path, ":streamGenerateContent") {
		w.x.JSON(w.whole(u))
		return
	}
	chunks := w.chunks(u)
	if w.x.R.URL.Query().Get("alt") != "sse" {
		w.x.JSON(chunks)
		return
	}
	w.x.B.CRLF = !w.x.B.CR // as the real API ends its lines
	s := w.x.Stream(func() (string, any) {
		return "", errorObject(w.a.Usual(503))
	})
	for _, c := range chunks {
		s.Content("", c)
	}
	s.End()
}

// response is a GenerateContentResponse.
func (w *writer) response(candidates []any, u journal.Usage) ordered.Object {
	var out ordered.Object
	if candidates != nil {
		out = ordered.Of("candidates", candidates)
	}
	if !w.x.B.NoUsage {
		usage := ordered.Of("promptTokenCount", u.Input)
		if n := u.Output - u.Reasoning; n > 0 {
			usage = usage.With("candidatesTokenCount", n)
		}
		usage = usage.With("totalTokenCount", u.Input+u.Output, "promptTokensDetails", []any{ordered.Of("modality", "TEXT", "tokenCount", u.Input)})
		if u.Reasoning > 0 {
			usage = usage.With("thoughtsTokenCount", u.Reasoning)
		}
		out = out.With("usageMetadata", usage)
	}
	return out.With("modelVersion", w.model, "responseId", w.id)
}

// blocked is the answer to a prompt that a filter stops.
func (w *writer) blocked() ordered.Object {
	return ordered.Of("promptFeedback", ordered.Of("blockReason", "PROHIBITED_CONTENT")).With(flat(w.response(nil, journal.Usage{Input: w.input}))...)
}

func flat(o ordered.Object) []any {
	var out []any
	for _, m := range o {
		out = append(out, m.Key, m.Value)
	}
	return out
}

func (w *writer) refused() bool {
	return slices.ContainsFunc(w.answers, func(a answer.Answer) bool { return a.Finish == answer.Refused })
}

// candidate is one answer, or what an event adds to it.
func candidate(index int, parts []any, reason string) ordered.Object {
	content := ordered.Of("role", "model")
	if len(parts) > 0 {
		content = ordered.Of("parts", parts, "role", "model")
	}
	out := ordered.Of("content", content)
	if reason != "" {
		out = out.With("finishReason", reason)
	}
	return out.With("index", index)
}

func finishReason(f answer.Finish) string {
	switch f {
	case answer.Length:
		return "MAX_TOKENS"
	case answer.Filtered:
		return "SAFETY"
	default:
		return "STOP"
	}
}

func (w *writer) shows() bool {
	return w.r.Config.Thinking != nil && w.r.Config.Thinking.Include
}

// calls are the parts of an answer's calls. Newer models sign the first, and name them.
func (w *writer) calls(a answer.Answer) []any {
	var parts []any
	for i, c := range a.Calls {
		args := json.RawMessage(c.Arguments)
		if !json.Valid(args) { // cut by the limit: the real API leaves such a call out
			continue
		}
		call := ordered.Of("name", c.Name)
		if string(args) != "{}" {
			call = call.With("args", args)
		}
		if w.f.third {
			call = call.With("id", w.x.ID("", 8))
		}
		part := ordered.Of("functionCall", call)
		if i == 0 && (w.f.third || a.Reasoned > 0) {
			part = part.With("thoughtSignature", w.a.env.Signer.Sign("call of "+c.Name))
		}
		parts = append(parts, part)
	}
	return parts
}

func (w *writer) whole(u journal.Usage) any {
	if w.refused() {
		return w.blocked()
	}
	var list []any
	for i, a := range w.answers {
		var parts []any
		if w.shows() && len(a.Reasoning) > 0 {
			parts = append(parts, ordered.Of("text", strings.Join(a.Reasoning, ""), "thought", true))
		}
		if a.Text != "" {
			text := ordered.Of("text", a.Text)
			if w.f.third {
				text = text.With("thoughtSignature", w.a.env.Signer.Sign("text"))
			}
			parts = append(parts, text)
		}
		c := candidate(i, append(parts, w.calls(a)...), finishReason(a.Finish))
		if w.r.Config.Logprobs {
			c = c.With("logprobsResult", w.logprobs(a.Pieces))
		}
		list = append(list, c)
	}
	return w.response(list, u)
}

// logprobs gives every token the same probability.
func (w *writer) logprobs(pieces []string) any {
	const probability = -0.25
	var chosen, top []any
	for i, p := range pieces {
		token := ordered.Of("token", p, "tokenId", i, "logProbability", probability)
		chosen, top = append(chosen, token), append(top, ordered.Of("candidates", []any{token}))
	}
	out := ordered.Of("chosenCandidates", chosen)
	if w.r.Config.TopLogprobs != nil {
		out = out.With("topCandidates", top)
	}
	return out
}

// chunks are the answer as it is streamed: the reason comes with the last of a
// candidate, which of newer models is an empty text with a signature.
func (w *writer) chunks(u journal.Usage) []any {
	if w.refused() {
		return []any{w.blocked()}
	}
	var out []any
	seen := journal.Usage{Input: u.Input}
	for i, a := range w.answers {
		seen.Output, seen.Reasoning = seen.Output+a.Reasoned, seen.Reasoning+a.Reasoned
		add := func(parts []any, reason string, logprobs any) {
			c := candidate(i, parts, reason)
			if logprobs != nil {
				c = c.With("logprobsResult", logprobs)
			}
			out = append(out, w.response([]any{c}, seen))
		}
		if w.shows() && len(a.Reasoning) > 0 {
			add([]any{ordered.Of("text", strings.Join(a.Reasoning, ""), "thought", true)}, "", nil)
		}
		for _, piece := range a.Pieces {
			seen.Output++
			var logprobs any
			if w.r.Config.Logprobs {
				logprobs = w.logprobs([]string{piece})
			}
			add([]any{ordered.Of("text", piece)}, "", logprobs)
		}
		for _, call := range w.calls(a) {
			add([]any{call}, "", nil)
		}
		seen.Output += a.Output - a.Reasoned - len(a.Pieces)
		var last []any
		if w.f.third && len(a.Pieces) > 0 {
			last = []any{ordered.Of("text", "", "thoughtSignature", w.a.env.Signer.Sign("text"))}
		}
		add(last, finishReason(a.Finish), nil)
	}
	return out
}
