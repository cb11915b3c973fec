package anthropic

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/answer"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/media"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

type request struct {
	Model        string        `json:"model"`
	MaxTokens    int           `json:"max_tokens"`
	Messages     []message     `json:"messages"`
	System       blocks        `json:"system"`
	Stream       bool          `json:"stream"`
	Stop         []string      `json:"stop_sequences"`
	Temperature  *float64      `json:"temperature"`
	TopP         *float64      `json:"top_p"`
	TopK         *int          `json:"top_k"`
	Thinking     thinkingParam `json:"thinking"`
	Tools        []toolParam   `json:"tools"`
	ToolChoice   *choiceParam  `json:"tool_choice"`
	CacheControl *cacheMark    `json:"cache_control"`
	OutputConfig outputConfig  `json:"output_config"`
	interleaved  bool          // thinking between tool calls
}

type message struct {
	Role    string `json:"role"`
	Content blocks `json:"content"`
}

type thinkingParam struct {
	Type    string `json:"type"`
	Budget  int    `json:"budget_tokens"`
	Display string `json:"display"`
}

type toolParam struct {
	Type         string     `json:"type"`
	Name         string     `json:"name"`
	Description  string     `json:"description"`
	InputSchema  any        `json:"input_schema"`
	Strict       bool       `json:"strict"`
	CacheControl *cacheMark `json:"cache_control"`
}

func (t toolParam) isClient() bool { return t.Type == "" || t.Type == "custom" }

type choiceParam struct {
	Type   string `json:"type"`
	Name   string `json:"name"`
	Serial bool   `json:"disable_parallel_tool_use"`
}

type cacheMark struct {
	TTL string `json:"ttl"`
}

type outputConfig struct {
	Effort string `json:"effort"`
	Format *struct {
		Schema any `json:"schema"`
	} `json:"format"`
}

// blocks are a string or a list of content blocks.
type blocks []block

type block struct {
	Type         string          `json:"type"`
	Text         string          `json:"text"`
	Source       source          `json:"source"`
	CacheControl *cacheMark      `json:"cache_control"`
	Citations    json.RawMessage `json:"citations"`
	Title        *string         `json:"title"`
	Thinking     string          `json:"thinking"`
	Signature    string          `json:"signature"`
	Data         string          `json:"data"`
	ID           string          `json:"id"`
	Name         string          `json:"name"`
	Input        json.RawMessage `json:"input"`
	ToolUseID    string          `json:"tool_use_id"`
	Content      blocks          `json:"content"`
	IsError      bool            `json:"is_error"`
}

type source struct {
	Type      string `json:"type"`
	MediaType string `json:"media_type"`
	Data      string `json:"data"`
	URL       string `json:"url"`
	FileID    string `json:"file_id"`
}

func (s *source) UnmarshalJSON(b []byte) error {
	type plain source
	if len(b) > 0 && b[0] == '"' { // a search result's source is a string
		return json.Unmarshal(b, &s.URL)
	}
	return json.Unmarshal(b, (*plain)(s))
}

func (bs *blocks) UnmarshalJSON(b []byte) error {
	var s string
	switch {
	case json.Unmarshal(b, &s) == nil:
		*bs = blocks{{Type: "text", Text: s}}
		return nil
	case len(b) > 0 && b[0] == '{': // the error of a server tool
		return nil
	}
	return json.Unmarshal(b, (*[]block)(bs))
}

func (bs blocks) text() string {
	var texts []string
	for _, b := range bs {
		if b.Type == "text" {
			texts = append(texts, b.Text)
		}
	}
	return strings.Join(texts, "\n")
}

func (bs blocks) has(kind string) bool {
	return slices.ContainsFunc(bs, func(b block) bool { return b.Type == kind })
}

// cites says whether a document asks for citations.
func (b block) cites() bool {
	var c struct {
		Enabled bool `json:"enabled"`
	}
	return b.Type == "document" && json.Unmarshal(b.Citations, &c) == nil && c.Enabled
}

// describe says what an image or document is.
func (b block) describe() string {
	switch b.Source.Type {
	case "url":
		return b.Type + " at " + b.Source.URL
	case "file":
		return b.Type + " " + b.Source.FileID
	case "base64":
		data, err := base64.StdEncoding.DecodeString(b.Source.Data)
		if err != nil {
			return b.Type // refused before
		}
		return media.Describe(data)
	default:
		return "a text document"
	}
}

// effortTokens are the tokens of thinking by effort.
func effortTokens(effort string) int {
	switch effort {
	case "low":
		return 32
	case "medium":
		return 64
	case "xhigh":
		return 160
	case "max":
		return 192
	default:
		return 96
	}
}

// reasoning returns how much the model thinks in this round of tool calls.
func (r *request) reasoning(round int) int {
	switch t := r.Thinking; {
	case t.Type == "enabled" && (round == 0 || r.interleaved):
		return min(t.Budget, effortTokens(r.OutputConfig.Effort))
	case t.Type == "adaptive", t.Type == "between_tools" && round > 0:
		return effortTokens(r.OutputConfig.Effort)
	default:
		return 0
	}
}

// prompt turns the conversation into what the model sees.
func (r *request) prompt() answer.Prompt {
	p := answer.Prompt{Model: r.Model, Max: r.MaxTokens, Stop: r.Stop}
	names := map[string]string{}
	for i, m := range r.Messages {
		if m.Role == "assistant" {
			if m.Content.has("tool_use") {
				p.Round, p.Results = p.Round+1, nil
			}
			for _, b := range m.Content {
				if b.Type == "tool_use" {
					names[b.ID] = b.Name
				}
			}
			p.Continue = i == len(r.Messages)-1
			continue
		}
		if text := m.Content.text(); m.Role == "user" && (text != "" || !m.Content.has("tool_result")) {
			p.User, p.Media = text, nil
			if !m.Content.has("tool_result") { // beside results a text only comments on them
				p.Round, p.Results = 0, nil
			}
		}
		for _, b := range m.Content {
			switch b.Type {
			case "tool_result":
				p.Results = append(p.Results, answer.Result{Name: names[b.ToolUseID], Text: b.Content.text(), Failed: b.IsError})
				for _, inner := range b.Content {
					if inner.Type == "image" || inner.Type == "document" {
						p.Media = append(p.Media, inner.describe())
					}
				}
			case "image", "document":
				p.Media = append(p.Media, b.describe())
			}
		}
	}
	for _, t := range r.Tools {
		if t.isClient() {
			p.Tools = append(p.Tools, answer.Tool{Name: t.Name, Schema: t.InputSchema})
		}
	}
	if c := r.ToolChoice; c != nil {
		p.Serial, p.Name = c.Serial, c.Name
		p.Choice = map[string]answer.Choice{"auto": answer.Auto, "any": answer.Any, "tool": answer.Named, "none": answer.None}[c.Type]
	}
	if f := r.OutputConfig.Format; f != nil {
		p.Schema = f.Schema
	}
	p.Reason = r.reasoning(p.Round)
	return p
}

// read decodes and checks a request to either endpoint.
func (a *api) read(x *provider.Exchange, isCount bool) (*request, family, *provider.Failure) {
	shape := messagesShape()
	if isCount {
		shape = countShape()
	}
	if failure := a.decode(x, shape); failure != nil {
		return nil, family{}, failure
	}
	var r request
	if err := provider.Unmarshal(x.Body, &r); err != nil {
		return nil, family{}, invalid("The request body is not valid JSON: " + err.Error())
	}
	f, failure := a.model(r.Model)
	if failure != nil {
		return nil, f, failure
	}
	if isCount {
		r.MaxTokens = f.maxOutput // any budget fits
	}
	r.interleaved = strings.Contains(strings.Join(x.R.Header.Values("Anthropic-Beta"), ","), "interleaved-thinking")
	return &r, f, a.check(&r, f)
}

func (a *api) countTokens(x *provider.Exchange) {
	r, _, failure := a.read(x, true)
	if failure != nil {
		x.Fail(*failure)
		return
	}
	if _, done := x.Behave(r.prompt().User); done {
		return
	}
	x.JSON(map[string]int{"input_tokens": total(r.segments())})
}

func (a *api) messages(x *provider.Exchange) {
	r, f, failure := a.read(x, false)
	if failure != nil {
		x.Fail(*failure)
		return
	}
	p := r.prompt()
	if x.BehaveOn(&p) {
		return
	}
	a.answer(x, r, f, p)
}
