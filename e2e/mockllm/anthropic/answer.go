package anthropic

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/answer"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/ordered"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/tokens"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

type messageObject struct {
	ID           string       `json:"id"`
	Type         string       `json:"type"`
	Role         string       `json:"role"`
	Model        string       `json:"model"`
	Content      []any        `json:"content"`
	StopReason   *string      `json:"stop_reason"`
	StopSequence *string      `json:"stop_sequence"`
	StopDetails  *stopDetails `json:"stop_details,omitempty"`
	Usage        *usage       `json:"usage,omitempty"`
}

type stopDetails struct {
	Type        string  `json:"type"`
	Category    *string `json:"category"`
	Explanation *string `json:"explanation"`
}

type thinkingBlock struct {
	Type      string `json:"type"`
	Thinking  string `json:"thinking"`
	Signature string `json:"signature"`
}

type redactedBlock struct {
	Type string `json:"type"`
	Data string `json:"data"`
}

type textOut struct {
	Type      string `json:"type"`
	Text      string `json:"text"`
	Citations []any  `json:"citations,omitempty"`
}

type toolUse struct {
	Type  string          `json:"type"`
	ID    string          `json:"id"`
	Name  string          `json:"name"`
	Input json.RawMessage `json:"input"`
}

type searchResults struct {
	Type      string      `json:"type"`
	ToolUseID string      `json:"tool_use_id"`
	Content   []webResult `json:"content"`
}

type webResult struct {
	Type      string  `json:"type"`
	Title     string  `json:"title"`
	URL       string  `json:"url"`
	Encrypted string  `json:"encrypted_content"`
	PageAge   *string `json:"page_age"`
}

// An outBlock is one block of the answer, with the deltas in which it is streamed.
type outBlock struct {
	whole  any
	begun  any
	deltas []any
}

// A writer writes the answer to one request.
type writer struct {
	x      *provider.Exchange
	reply  messageObject
	blocks []outBlock
	ans    answer.Answer
	usage  usage
	s      *provider.Stream
}

func (a *api) answer(x *provider.Exchange, r *request, _ family, p answer.Prompt) {
	w := &writer{x: x, ans: answer.Compose(p), usage: a.count(r)}
	if r.MaxTokens == 0 { // only the cache was to be filled
		w.ans = answer.Answer{Finish: answer.Length}
	}
	w.usage.OutputTokens = w.ans.Output
	if w.ans.Reasoned > 0 {
		w.usage.Details = &outputDetails{w.ans.Reasoned}
	}
	w.reply = messageObject{ID: x.ID("msg_01", 22), Type: "message", Role: "assistant", Model: r.Model, Content: []any{}}
	w.think(a, r)
	w.search(a, r, p)
	w.say(r)
	w.call()
	x.Used(w.usage.journal())
	if r.Stream {
		w.stream()
		return
	}
	for _, b := range w.blocks {
		w.reply.Content = append(w.reply.Content, b.whole)
	}
	w.stop(&w.reply)
	if !x.B.NoUsage {
		w.reply.Usage = &w.usage
	}
	x.JSON(w.reply)
}

func (w *writer) think(a *api, r *request) {
	if len(w.ans.Reasoning) == 0 {
		return
	}
	thought := strings.Join(w.ans.Reasoning, "")
	mark := a.env.Signer.Sign(thought)
	if w.x.B.Redact {
		b := redactedBlock{"redacted_thinking", mark}
		w.blocks = append(w.blocks, outBlock{whole: b, begun: b})
		return
	}
	out := outBlock{begun: thinkingBlock{Type: "thinking"}}
	if r.Thinking.Display == "omitted" {
		thought = ""
	} else {
		for _, piece := range w.ans.Reasoning {
			out.deltas = append(out.deltas, ordered.Of("type", "thinking_delta", "thinking", piece))
		}
	}
	out.whole = thinkingBlock{"thinking", thought, mark}
	out.deltas = append(out.deltas, ordered.Of("type", "signature_delta", "signature", mark))
	w.blocks = append(w.blocks, out)
}

// search uses the server's own tool when the user asks to "search for" something and the request allows it.
func (w *writer) search(a *api, r *request, p answer.Prompt) {
	allowed := slices.ContainsFunc(r.Tools, func(t toolParam) bool { return strings.HasPrefix(t.Type, "web_search_") })
	_, query, asked := strings.Cut(p.User, "search for ")
	if !allowed || !asked || len(w.ans.Pieces) == 0 {
		return
	}
	id := w.x.ID("srvtoolu_01", 22)
	input, _ := json.Marshal(map[string]string{"query": query}) // of a string
	w.use("server_tool_use", id, "web_search", string(input))
	results := searchResults{"web_search_tool_result", id, []webResult{{
		Type: "web_search_result", Title: "About " + query, URL: "https://example.com/found", Encrypted: a.env.Signer.Sign(query),
	}}}
	w.blocks = append(w.blocks, outBlock{whole: results, begun: results})
	w.usage.ServerTools = &serverTools{WebSearches: 1}
}

func (w *writer) say(r *request) {
	if len(w.ans.Pieces) == 0 {
		return
	}
	out := outBlock{whole: textOut{Type: "text", Text: w.ans.Text}, begun: textOut{Type: "text"}}
	for _, piece := range w.ans.Pieces {
		out.deltas = append(out.deltas, ordered.Of("type", "text_delta", "text", piece))
	}
	w.blocks = append(w.blocks, out)
	if w.ans.Finish == answer.Stopped {
		w.cite(r)
	}
}

// citedRunes is how much of a document is quoted.
const citedRunes = 60

// cite quotes the beginning of each text document for which citations are enabled.
func (w *writer) cite(r *request) {
	at := -1
	for _, m := range r.Messages {
		for _, b := range m.Content {
			if b.Type == "document" {
				at++
			}
			if !b.cites() || b.Source.Type != "text" {
				continue
			}
			quoted := []rune(b.Source.Data)
			quoted = quoted[:min(len(quoted), citedRunes)]
			citation := ordered.Of("type", "char_location", "cited_text", string(quoted), "document_index", at, "document_title", b.Title,
				"start_char_index", 0, "end_char_index", len(quoted), "file_id", nil)
			text := " Document " + strconv.Itoa(at) + " says: " + string(quoted)
			out := outBlock{
				whole: textOut{"text", text, []any{citation}},
				begun: ordered.Of("type", "text", "text", "", "citations", []any{}),
			}
			for _, piece := range tokens.Split(text) {
				out.deltas = append(out.deltas, ordered.Of("type", "text_delta", "text", piece))
				w.usage.OutputTokens++
			}
			out.deltas = append(out.deltas, ordered.Of("type", "citations_delta", "citation", citation))
			w.blocks = append(w.blocks, out)
		}
	}
}

func (w *writer) call() {
	for _, c := range w.ans.Calls {
		w.use("tool_use", w.x.ID("toolu_01", 22), c.Name, c.Arguments)
	}
}

func (w *writer) use(kind, id, name, args string) {
	input := json.RawMessage(args)
	if !json.Valid(input) { // cut by the limit
		input = json.RawMessage("{}")
	}
	out := outBlock{whole: toolUse{kind, id, name, input}, begun: toolUse{kind, id, name, json.RawMessage("{}")}}
	for _, piece := range append([]string{""}, tokens.Split(args)...) {
		out.deltas = append(out.deltas, ordered.Of("type", "input_json_delta", "partial_json", piece))
	}
	w.blocks = append(w.blocks, out)
}

// stop names the reason.
func (w *writer) stop(m *messageObject) {
	reason := "end_turn"
	switch w.ans.Finish {
	case answer.StopSequence:
		reason = "stop_sequence"
		m.StopSequence = &w.ans.Sequence
	case answer.Length:
		reason = "max_tokens"
	case answer.ToolCalls:
		reason = "tool_use"
	case answer.Refused, answer.Filtered:
		reason = "refusal"
		m.StopDetails = &stopDetails{Type: "refusal"}
	}
	m.StopReason = &reason
}

// firstTokens is what message_start says of the output.
const firstTokens = 1

func (w *writer) stream() {
	w.s = w.x.Stream(func() (string, any) {
		return "error", errorBody{"error", errorObject{"overloaded_error", "Overloaded"}, w.x.RequestID()}
	})
	first := w.usage
	first.OutputTokens, first.Details, first.ServerTools = min(firstTokens, w.usage.OutputTokens), nil, nil
	if !w.x.B.NoUsage {
		w.reply.Usage = &first
	}
	w.s.Event("message_start", ordered.Of("type", "message_start", "message", w.reply))
	for i, b := range w.blocks {
		w.s.Event("content_block_start", ordered.Of("type", "content_block_start", "index", i, "content_block", b.begun))
		if i == 0 {
			w.s.Event("ping", map[string]string{"type": "ping"})
		}
		for _, d := range b.deltas {
			w.s.Content("content_block_delta", ordered.Of("type", "content_block_delta", "index", i, "delta", d))
		}
		w.s.Event("content_block_stop", ordered.Of("type", "content_block_stop", "index", i))
	}
	w.end()
}

func (w *writer) end() {
	var m messageObject
	w.stop(&m)
	delta := ordered.Of("stop_reason", m.StopReason, "stop_sequence", m.StopSequence)
	if m.StopDetails != nil {
		delta = delta.With("stop_details", m.StopDetails)
	}
	last := ordered.Of("type", "message_delta", "delta", delta)
	if !w.x.B.NoUsage {
		last = last.With("usage", w.lastUsage())
	}
	w.s.Event("message_delta", last)
	w.s.Event("message_stop", map[string]string{"type": "message_stop"})
	w.s.End()
}

// lastUsage is the usage of message_delta: cumulative, and of the input only where it is told to.
func (w *writer) lastUsage() ordered.Object {
	var u ordered.Object
	if w.x.B.DeltaUsage {
		u = ordered.Of("input_tokens", w.usage.InputTokens, "cache_creation_input_tokens", w.usage.CacheCreation,
			"cache_read_input_tokens", w.usage.CacheRead)
	}
	u = u.With("output_tokens", w.usage.OutputTokens)
	if w.usage.Details != nil {
		u = u.With("output_tokens_details", w.usage.Details)
	}
	if w.usage.ServerTools != nil {
		u = u.With("server_tool_use", w.usage.ServerTools)
	}
	return u
}
