package openai

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/answer"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/ordered"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/tokens"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

type responseObject struct {
	ID                string          `json:"id"`
	Object            string          `json:"object"`
	CreatedAt         int64           `json:"created_at"`
	Status            string          `json:"status"`
	Background        bool            `json:"background"`
	Error             *errorCode      `json:"error"`
	IncompleteDetails *incomplete     `json:"incomplete_details"`
	Instructions      any             `json:"instructions"`
	MaxOutputTokens   any             `json:"max_output_tokens"`
	Model             string          `json:"model"`
	Output            []any           `json:"output"`
	Parallel          any             `json:"parallel_tool_calls"`
	Previous          any             `json:"previous_response_id"`
	Reasoning         any             `json:"reasoning"`
	ServiceTier       string          `json:"service_tier"`
	Store             any             `json:"store"`
	Temperature       any             `json:"temperature"`
	Text              any             `json:"text"`
	ToolChoice        any             `json:"tool_choice"`
	Tools             any             `json:"tools"`
	TopLogprobs       any             `json:"top_logprobs"`
	TopP              any             `json:"top_p"`
	Truncation        any             `json:"truncation"`
	Usage             *responsesUsage `json:"usage"`
	User              any             `json:"user"`
	Metadata          any             `json:"metadata"`
}

type errorCode struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

type incomplete struct {
	Reason string `json:"reason"`
}

type responsesUsage struct {
	InputTokens  int `json:"input_tokens"`
	InputDetails struct {
		CachedTokens     int `json:"cached_tokens"`
		CacheWriteTokens int `json:"cache_write_tokens"`
	} `json:"input_tokens_details"`
	OutputTokens  int `json:"output_tokens"`
	OutputDetails struct {
		ReasoningTokens int `json:"reasoning_tokens"`
	} `json:"output_tokens_details"`
	TotalTokens int `json:"total_tokens"`
}

type reasoningItem struct {
	ID        string        `json:"id"`
	Type      string        `json:"type"`
	Summary   []summaryText `json:"summary"`
	Encrypted string        `json:"encrypted_content,omitempty"`
}

type summaryText struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

type messageItem struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Status  string `json:"status"`
	Role    string `json:"role"`
	Content []any  `json:"content"`
}

type outputText struct {
	Type        string `json:"type"`
	Text        string `json:"text"`
	Annotations []any  `json:"annotations"`
	Logprobs    []any  `json:"logprobs"`
}

type outputRefusal struct {
	Type    string `json:"type"`
	Refusal string `json:"refusal"`
}

type callItem struct {
	ID        string `json:"id"`
	Type      string `json:"type"`
	Status    string `json:"status"`
	CallID    string `json:"call_id"`
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
}

// A responseWriter writes the answer to one responses request.
type responseWriter struct {
	x      *provider.Exchange
	r      *responsesRequest
	answer answer.Answer
	reply  responseObject
	output []any
	s      *provider.Stream
	next   int // number of the next event
}

func newResponseWriter(a *api, x *provider.Exchange, r *responsesRequest, body map[string]any, ans answer.Answer, items []item) *responseWriter {
	or := func(key string, otherwise any) any {
		if v, ok := body[key]; ok && v != nil {
			return v
		}
		return otherwise
	}
	w := &responseWriter{x: x, r: r, answer: ans}
	w.reply = responseObject{
		ID: x.ID("resp_", 48), Object: "response", CreatedAt: a.env.Now().Unix(), Status: "in_progress", Model: r.Model,
		Instructions: or("instructions", nil), MaxOutputTokens: or("max_output_tokens", nil), Output: []any{},
		Parallel: or("parallel_tool_calls", true), Previous: or("previous_response_id", nil),
		Reasoning: or("reasoning", map[string]any{"effort": nil, "summary": nil}), ServiceTier: "default", Store: or("store", true),
		Temperature: or("temperature", 1.0), Text: or("text", map[string]any{"format": map[string]string{"type": "text"}}),
		ToolChoice: or("tool_choice", "auto"), Tools: or("tools", []any{}), TopLogprobs: or("top_logprobs", 0), TopP: or("top_p", 1.0),
		Truncation: or("truncation", "disabled"), User: or("user", nil), Metadata: or("metadata", map[string]any{}),
	}
	w.build(a)
	w.count(a, items)
	return w
}

// build makes the output items as they are when complete.
func (w *responseWriter) build(a *api) {
	status := "completed"
	if w.answer.Finish == answer.Length || w.answer.Finish == answer.Filtered {
		status = "incomplete"
	}
	if len(w.answer.Reasoning) > 0 {
		r := reasoningItem{ID: w.x.ID("rs_", 48), Type: "reasoning", Summary: []summaryText{}}
		thought := strings.Join(w.answer.Reasoning, "")
		if w.r.Reasoning.Summary != "" {
			r.Summary = append(r.Summary, summaryText{"summary_text", thought})
		}
		if slices.Contains(w.r.Include, "reasoning.encrypted_content") {
			r.Encrypted = a.env.Signer.Sign(thought)
		}
		w.output = append(w.output, r)
	}
	message := messageItem{ID: w.x.ID("msg_", 48), Type: "message", Status: status, Role: "assistant"}
	switch {
	case w.answer.Refusal != "":
		message.Content = []any{outputRefusal{"refusal", w.answer.Refusal}}
		w.output = append(w.output, message)
	case len(w.answer.Pieces) > 0 || len(w.answer.Calls) == 0 && w.answer.Finish != answer.Length:
		message.Content = []any{textOf(w.answer.Text)}
		w.output = append(w.output, message)
	}
	for _, c := range w.answer.Calls {
		w.output = append(w.output, callItem{w.x.ID("fc_", 48), "function_call", status, w.x.ID("call_", 24), c.Name, c.Arguments})
	}
}

func textOf(s string) outputText {
	return outputText{Type: "output_text", Text: s, Annotations: []any{}, Logprobs: []any{}}
}

func (w *responseWriter) count(a *api, items []item) {
	var prompt strings.Builder
	extra := perPrompt
	prompt.WriteString(w.r.Instructions + "\n")
	if len(w.r.Tools) > 0 {
		tools, _ := json.Marshal(w.r.Tools) // of values that were just decoded
		prompt.Write(tools)
	}
	for _, it := range items {
		extra += perMessage
		prompt.WriteString(it.Role + it.Name + it.Arguments + "\n" + it.Content.text() + it.Output.text() + "\n")
		for _, p := range it.Content {
			if p.Type == "input_image" || p.Type == "input_file" {
				extra += perImage
			}
		}
	}
	u := a.count(w.r.Model, prompt.String(), extra, []answer.Answer{w.answer})
	w.x.Used(u.journal())
	if w.x.B.NoUsage {
		return
	}
	out := &responsesUsage{InputTokens: u.PromptTokens, OutputTokens: u.CompletionTokens, TotalTokens: u.TotalTokens}
	out.InputDetails.CachedTokens = u.PromptDetails.CachedTokens
	out.OutputDetails.ReasoningTokens = u.CompletionDetails.ReasoningTokens
	w.reply.Usage = out
}

// final is the response when all is said.
func (w *responseWriter) final() responseObject {
	out := w.reply
	out.Output, out.Status = w.output, "completed"
	if w.output == nil {
		out.Output = []any{}
	}
	switch w.answer.Finish {
	case answer.Length:
		out.Status, out.IncompleteDetails = "incomplete", &incomplete{"max_output_tokens"}
	case answer.Filtered:
		out.Status, out.IncompleteDetails = "incomplete", &incomplete{"content_filter"}
	}
	return out
}

// asItems is the output as a later request would send it.
func (w *responseWriter) asItems() []item {
	b, err := json.Marshal(w.output)
	var items []item
	if err != nil || json.Unmarshal(b, &items) != nil {
		return nil
	}
	return items
}

// event writes one event; rest are its keys and values after type and number.
func (w *responseWriter) event(name string, rest ...any) {
	w.s.Event(name, w.number(name).With(rest...))
}

// delta writes an event that carries a part of the answer.
func (w *responseWriter) delta(name string, place ordered.Object, piece string, rest ...any) {
	fields := append(w.number(name), place...).With("delta", piece).With(rest...)
	if o := w.r.StreamOptions; o == nil || o.IncludeObfuscation == nil || *o.IncludeObfuscation {
		fields = fields.With("obfuscation", strings.Repeat("x", max(1, obfuscationSize-len(piece))))
	}
	w.s.Content(name, fields)
}

func (w *responseWriter) number(name string) ordered.Object {
	o := ordered.Of("type", name, "sequence_number", w.next)
	w.next++
	return o
}

func (w *responseWriter) stream() {
	w.s = w.x.Stream(func() (string, any) {
		w.next-- // the error takes the number of the event that does not come
		f := usual(http.StatusInternalServerError)
		return "error", w.number("error").With("code", f.Code, "message", f.Message, "param", nil)
	})
	begun := w.reply
	begun.Usage = nil
	w.event("response.created", "response", begun)
	w.event("response.in_progress", "response", begun)
	for i, out := range w.output {
		switch out := out.(type) {
		case reasoningItem:
			w.streamReasoning(i, out)
		case messageItem:
			w.streamMessage(i, out)
		case callItem:
			w.streamCall(i, out)
		}
	}
	final := w.final()
	w.event("response."+final.Status, "response", final)
	w.s.End()
}

func (w *responseWriter) streamReasoning(at int, done reasoningItem) {
	w.event("response.output_item.added", "output_index", at, "item", reasoningItem{done.ID, done.Type, []summaryText{}, ""})
	if len(done.Summary) > 0 {
		place := ordered.Of("item_id", done.ID, "output_index", at, "summary_index", 0)
		put := func(name, key string, v any) { w.s.Event(name, append(w.number(name), place...).With(key, v)) }
		put("response.reasoning_summary_part.added", "part", summaryText{"summary_text", ""})
		for _, piece := range w.answer.Reasoning {
			w.delta("response.reasoning_summary_text.delta", place, piece)
		}
		put("response.reasoning_summary_text.done", "text", done.Summary[0].Text)
		put("response.reasoning_summary_part.done", "part", done.Summary[0])
	}
	w.event("response.output_item.done", "output_index", at, "item", done)
}

func (w *responseWriter) streamMessage(at int, done messageItem) {
	begun := done
	begun.Status, begun.Content = "in_progress", []any{}
	w.event("response.output_item.added", "output_index", at, "item", begun)
	place := ordered.Of("item_id", done.ID, "output_index", at, "content_index", 0)
	put := func(name string, rest ...any) { w.s.Event(name, append(w.number(name), place...).With(rest...)) }
	part := done.Content[0]
	if refusal, ok := part.(outputRefusal); ok {
		put("response.content_part.added", "part", outputRefusal{"refusal", ""})
		for _, piece := range tokens.Split(refusal.Refusal) {
			w.delta("response.refusal.delta", place, piece)
		}
		put("response.refusal.done", "refusal", refusal.Refusal)
	} else {
		put("response.content_part.added", "part", textOf(""))
		for _, piece := range w.answer.Pieces {
			w.delta("response.output_text.delta", place, piece, "logprobs", []any{})
		}
		put("response.output_text.done", "text", w.answer.Text, "logprobs", []any{})
	}
	put("response.content_part.done", "part", part)
	w.event("response.output_item.done", "output_index", at, "item", done)
}

func (w *responseWriter) streamCall(at int, done callItem) {
	begun := done
	begun.Status, begun.Arguments = "in_progress", ""
	w.event("response.output_item.added", "output_index", at, "item", begun)
	place := ordered.Of("item_id", done.ID, "output_index", at)
	for _, piece := range tokens.Split(done.Arguments) {
		w.delta("response.function_call_arguments.delta", place, piece)
	}
	w.event("response.function_call_arguments.done", "item_id", done.ID, "output_index", at, "name", done.Name, "arguments", done.Arguments)
	w.event("response.output_item.done", "output_index", at, "item", done)
}
