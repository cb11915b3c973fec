package gemini

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/answer"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/media"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/tokens"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

type request struct {
	Contents []content `json:"contents"`
	System   content   `json:"systemInstruction"`
	Tools    []struct {
		Functions []function `json:"functionDeclarations"`
	} `json:"tools"`
	ToolConfig struct {
		Calling struct {
			Mode    string   `json:"mode"`
			Allowed []string `json:"allowedFunctionNames"`
		} `json:"functionCallingConfig"`
	} `json:"toolConfig"`
	Config config `json:"generationConfig"`
}

type config struct {
	Max         int             `json:"maxOutputTokens"`
	Candidates  int             `json:"candidateCount"`
	Stop        []string        `json:"stopSequences"`
	Presence    *float64        `json:"presencePenalty"`
	Frequency   *float64        `json:"frequencyPenalty"`
	Logprobs    bool            `json:"responseLogprobs"`
	TopLogprobs *int            `json:"logprobs"`
	MimeType    string          `json:"responseMimeType"`
	Schema      any             `json:"responseSchema"`
	JSONSchema  any             `json:"responseJsonSchema"`
	Thinking    *thinkingConfig `json:"thinkingConfig"`
}

type thinkingConfig struct {
	Include bool   `json:"includeThoughts"`
	Budget  *int   `json:"thinkingBudget"`
	Level   string `json:"thinkingLevel"`
}

type function struct {
	Name       string `json:"name"`
	Parameters any    `json:"parameters"`
	JSONSchema any    `json:"parametersJsonSchema"`
}

type content struct {
	Role  string      `json:"role"`
	Parts []partValue `json:"parts"`
}

type partValue struct {
	Text      *string `json:"text"`
	Thought   bool    `json:"thought"`
	Signature string  `json:"thoughtSignature"`
	Inline    *struct {
		MimeType string `json:"mimeType"`
		Data     string `json:"data"`
	} `json:"inlineData"`
	File *struct {
		MimeType string `json:"mimeType"`
		URI      string `json:"fileUri"`
	} `json:"fileData"`
	Call *struct {
		ID   string          `json:"id"`
		Name string          `json:"name"`
		Args json.RawMessage `json:"args"`
	} `json:"functionCall"`
	Response *struct {
		ID       string         `json:"id"`
		Name     string         `json:"name"`
		Response map[string]any `json:"response"`
	} `json:"functionResponse"`
}

// text joins the texts of a content.
func (c content) text() string {
	var out []string
	for _, p := range c.Parts {
		if p.Text != nil && !p.Thought {
			out = append(out, *p.Text)
		}
	}
	return strings.Join(out, "\n")
}

func (c content) calls() int {
	return len(slices.DeleteFunc(slices.Clone(c.Parts), func(p partValue) bool { return p.Call == nil }))
}

func (c content) responds() bool {
	return slices.ContainsFunc(c.Parts, func(p partValue) bool { return p.Response != nil })
}

func (r *request) functions() []function {
	var out []function
	for _, t := range r.Tools {
		out = append(out, t.Functions...)
	}
	return out
}

// describe says what a file is.
func (p partValue) describe() string {
	if p.File != nil {
		return "a file at " + p.File.URI
	}
	data, err := base64.StdEncoding.DecodeString(standard(p.Inline.Data))
	if err != nil {
		return p.Inline.MimeType // refused before
	}
	if media.Type(data) == "" {
		return p.Inline.MimeType
	}
	return media.Describe(data)
}

// output is what a response says, as the API documents its keys.
func output(response map[string]any) (text string, failed bool) {
	for key, fails := range map[string]bool{"error": true, "output": false} {
		if v, ok := response[key]; ok {
			if s, isText := v.(string); isText {
				return s, fails
			}
			b, err := json.Marshal(v)
			return string(b), fails || err != nil
		}
	}
	b, err := json.Marshal(response)
	return string(b), err != nil
}

// prompt turns the conversation into what the model sees.
func (r *request) prompt(model string, reason int) answer.Prompt {
	p := answer.Prompt{Model: model, Max: r.Config.Max, Stop: r.Config.Stop, Reason: reason}
	responded := false // the content before was of responses
	for i, c := range r.Contents {
		if c.Role == "model" {
			if c.calls() > 0 {
				p.Round, p.Results = p.Round+1, nil
			}
			p.Continue = i == len(r.Contents)-1
			responded = false
			continue
		}
		if !c.responds() {
			p.User, p.Media = c.text(), nil
			if !responded { // behind responses a text only comments on them
				p.Round, p.Results = 0, nil
			}
		}
		for _, part := range c.Parts {
			switch {
			case part.Response != nil:
				text, failed := output(part.Response.Response)
				p.Results = append(p.Results, answer.Result{Name: part.Response.Name, Text: text, Failed: failed})
			case part.Inline != nil, part.File != nil:
				p.Media = append(p.Media, part.describe())
			}
		}
		responded = c.responds()
	}
	r.choose(&p)
	return p
}

// choose fills in the functions, which of them may be called, and the form of the answer.
func (r *request) choose(p *answer.Prompt) {
	calling := r.ToolConfig.Calling
	for _, f := range r.functions() {
		if len(calling.Allowed) > 0 && !slices.Contains(calling.Allowed, f.Name) {
			continue
		}
		schema := f.JSONSchema
		if schema == nil {
			schema = lower(f.Parameters)
		}
		p.Tools = append(p.Tools, answer.Tool{Name: f.Name, Schema: schema})
	}
	switch {
	case calling.Mode == "ANY" && len(calling.Allowed) == 1:
		p.Choice, p.Name = answer.Named, calling.Allowed[0]
	case calling.Mode == "ANY":
		p.Choice = answer.Any
	case calling.Mode == "NONE":
		p.Choice = answer.None
	}
	if r.Config.MimeType == "application/json" {
		p.JSON = true
		if p.Schema = r.Config.JSONSchema; p.Schema == nil {
			p.Schema = lower(r.Config.Schema)
		}
	}
}

// lower turns the types of the API's own Schema, STRING, into those of JSON Schema.
func lower(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			if s, ok := e.(string); ok && k == "type" {
				e = strings.ToLower(s)
			}
			out[k] = lower(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = lower(e)
		}
		return out
	default:
		return v
	}
}

// What a prompt costs beside its texts.
const (
	perContent = 2
	perMedia   = 258
)

// count is the number of tokens of the prompt.
func (r *request) count() int {
	n := 0
	for _, c := range append(slices.Clip(r.Contents), r.System) {
		if len(c.Parts) > 0 {
			n += perContent
		}
		for _, p := range c.Parts {
			b, err := json.Marshal(p)
			switch {
			case p.Inline != nil, p.File != nil:
				n += perMedia
			case p.Text != nil:
				n += tokens.Count(*p.Text)
			case err == nil:
				n += tokens.Count(string(b))
			}
		}
	}
	if b, err := json.Marshal(r.functions()); err == nil && len(r.Tools) > 0 {
		n += tokens.Count(string(b))
	}
	return n
}

// read decodes and checks a request for an answer.
func (a *api) read(x *provider.Exchange, body []byte, f family) (*request, *provider.Failure) {
	var r request
	if err := provider.Unmarshal(body, &r); err != nil {
		return nil, invalid("Invalid JSON payload received. " + err.Error())
	}
	return &r, a.check(&r, f)
}
