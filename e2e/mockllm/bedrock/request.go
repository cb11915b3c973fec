package bedrock

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/answer"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/media"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/tokens"
)

type request struct {
	Messages  []message `json:"messages"`
	System    []block   `json:"system"`
	Inference struct {
		Max         int         `json:"maxTokens"`
		Temperature json.Number `json:"temperature"`
		TopP        json.Number `json:"topP"`
		Stop        []string    `json:"stopSequences"`
	} `json:"inferenceConfig"`
	Tools *struct {
		Tools []struct {
			Spec  *toolSpec       `json:"toolSpec"`
			Cache json.RawMessage `json:"cachePoint"`
		} `json:"tools"`
		Choice struct {
			Any  *struct{} `json:"any"`
			Tool *struct {
				Name string `json:"name"`
			} `json:"tool"`
		} `json:"toolChoice"`
	} `json:"toolConfig"`
	Fields struct {
		Thinking *struct {
			Type   string `json:"type"`
			Budget int    `json:"budget_tokens"`
		} `json:"thinking"`
		TopK      json.Number `json:"top_k"`
		Effort    string      `json:"reasoning_effort"`
		Reasoning *struct {
			Type   string `json:"type"`
			Effort string `json:"maxReasoningEffort"`
		} `json:"reasoningConfig"`
	} `json:"additionalModelRequestFields"`
	Paths  []string `json:"additionalModelResponseFieldPaths"`
	Output struct {
		Effort string `json:"effort"`
		Format *struct {
			Structure struct {
				JSONSchema struct {
					Schema string `json:"schema"`
				} `json:"jsonSchema"`
			} `json:"structure"`
		} `json:"textFormat"`
	} `json:"outputConfig"`
	Tier *struct {
		Type string `json:"type"`
	} `json:"serviceTier"`
}

type toolSpec struct {
	Name   string `json:"name"`
	Schema struct {
		JSON map[string]any `json:"json"`
	} `json:"inputSchema"`
	Strict bool `json:"strict"`
}

type message struct {
	Role    string  `json:"role"`
	Content []block `json:"content"`
}

type source struct {
	Bytes string `json:"bytes"`
	Text  string `json:"text"`
}

type fileBlock struct {
	Format string `json:"format"`
	Name   string `json:"name"`
	Source source `json:"source"`
}

type block struct {
	Text     *string    `json:"text"`
	Image    *fileBlock `json:"image"`
	Document *fileBlock `json:"document"`
	Video    *fileBlock `json:"video"`
	Audio    *fileBlock `json:"audio"`
	ToolUse  *struct {
		ID    string          `json:"toolUseId"`
		Name  string          `json:"name"`
		Input json.RawMessage `json:"input"`
	} `json:"toolUse"`
	ToolResult *struct {
		ID      string  `json:"toolUseId"`
		Content []block `json:"content"`
		Status  string  `json:"status"`
	} `json:"toolResult"`
	JSON      json.RawMessage `json:"json"`
	Cache     json.RawMessage `json:"cachePoint"`
	Reasoning *struct {
		Text *struct {
			Text      string `json:"text"`
			Signature string `json:"signature"`
		} `json:"reasoningText"`
		Redacted string `json:"redactedContent"`
	} `json:"reasoningContent"`
}

func (b block) file() *fileBlock {
	for _, f := range []*fileBlock{b.Image, b.Document, b.Video, b.Audio} {
		if f != nil {
			return f
		}
	}
	return nil
}

// describe says what a file is.
func (f *fileBlock) describe() string {
	data, err := base64.StdEncoding.DecodeString(f.Source.Bytes)
	if err != nil || media.Type(data) == "" {
		return f.Format
	}
	return media.Describe(data)
}

// said is what a block's texts say.
func said(list []block) string {
	var out []string
	for _, b := range list {
		switch {
		case b.Text != nil:
			out = append(out, *b.Text)
		case b.JSON != nil:
			out = append(out, string(b.JSON))
		}
	}
	return strings.Join(out, "\n")
}

// prompt turns the conversation into what the model sees.
func (r *request) prompt(id string, f family) answer.Prompt {
	p := answer.Prompt{Model: id, Max: r.Inference.Max, Stop: r.Inference.Stop, Reason: r.reasoning(f)}
	names := map[string]string{}
	for i, m := range r.Messages {
		calls, results := 0, 0
		var files []string
		for _, b := range m.Content {
			switch {
			case b.ToolUse != nil:
				names[b.ToolUse.ID] = b.ToolUse.Name
				calls++
			case b.ToolResult != nil:
				if results++; results == 1 {
					p.Results = nil
				}
				p.Results = append(p.Results, answer.Result{Name: names[b.ToolResult.ID], Text: said(b.ToolResult.Content), Failed: b.ToolResult.Status == "error"})
			case b.file() != nil:
				files = append(files, b.file().describe())
			}
		}
		switch {
		case m.Role == "assistant":
			if calls > 0 {
				p.Round++
			}
			p.Continue = i == len(r.Messages)-1
		case results == 0:
			p.User, p.Media, p.Round, p.Results = said(m.Content), files, 0, nil
		}
	}
	r.choose(&p)
	return p
}

// reasoning is how many tokens the model thinks.
func (r *request) reasoning(f family) int {
	const little = 12
	t := r.Fields.Thinking
	if f.claude && t != nil && t.Type != "disabled" || f.nova && r.Fields.Reasoning != nil || r.Fields.Effort != "" {
		return little
	}
	return 0
}

func (r *request) choose(p *answer.Prompt) {
	if r.Tools != nil {
		for _, t := range r.Tools.Tools {
			if t.Spec != nil {
				p.Tools = append(p.Tools, answer.Tool{Name: t.Spec.Name, Schema: t.Spec.Schema.JSON})
			}
		}
		switch c := r.Tools.Choice; {
		case c.Tool != nil:
			p.Choice, p.Name = answer.Named, c.Tool.Name
		case c.Any != nil:
			p.Choice = answer.Any
		}
	}
	if f := r.Output.Format; f != nil {
		p.JSON = json.Unmarshal([]byte(f.Structure.JSONSchema.Schema), &p.Schema) == nil
	}
}

// What a prompt costs beside its texts.
const (
	perMessage = 3
	perMedia   = 200
)

// count is the number of tokens of the prompt, and of those before its last cache point.
func (r *request) count() (all, cached int) {
	add := func(list []block) {
		for _, b := range list {
			switch {
			case b.Cache != nil:
				cached = all
				continue
			case b.file() != nil:
				all += perMedia
				continue
			}
			if raw, err := json.Marshal(b); err == nil {
				all += tokens.Count(said([]block{b}))
				if b.ToolUse != nil || b.ToolResult != nil || b.Reasoning != nil {
					all += tokens.Count(string(raw))
				}
			}
		}
	}
	if r.Tools != nil {
		for _, t := range r.Tools.Tools {
			if t.Cache != nil {
				cached = all
				continue
			}
			if raw, err := json.Marshal(t.Spec); err == nil {
				all += tokens.Count(string(raw))
			}
		}
	}
	add(r.System)
	for _, m := range r.Messages {
		all += perMessage
		add(m.Content)
	}
	return all, cached
}
