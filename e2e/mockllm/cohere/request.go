package cohere

import (
	"encoding/json"
	"math"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/answer"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/check"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/tokens"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

type request struct {
	Model    string    `json:"model"`
	Stream   bool      `json:"stream"`
	Messages []message `json:"messages"`
	Tools    []struct {
		Function struct {
			Name       string         `json:"name"`
			Parameters map[string]any `json:"parameters"`
		} `json:"function"`
	} `json:"tools"`
	Strict    bool   `json:"strict_tools"`
	Choice    string `json:"tool_choice"`
	Documents []any  `json:"documents"`
	Format    struct {
		Type   string         `json:"type"`
		Schema map[string]any `json:"json_schema"`
	} `json:"response_format"`
	Safety   string   `json:"safety_mode"`
	Max      int      `json:"max_tokens"`
	Stop     []string `json:"stop_sequences"`
	Logprobs bool     `json:"logprobs"`
	Thinking *struct {
		Type   string `json:"type"`
		Budget int    `json:"token_budget"`
	} `json:"thinking"`
}

type message struct {
	Role    string  `json:"role"`
	Content content `json:"content"`
	Plan    string  `json:"tool_plan"`
	Calls   []struct {
		ID       string `json:"id"`
		Function struct {
			Name      string `json:"name"`
			Arguments string `json:"arguments"`
		} `json:"function"`
	} `json:"tool_calls"`
	CallID string `json:"tool_call_id"`
}

// A content is a string or blocks.
type content []block

type block struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	ImageURL struct {
		URL string `json:"url"`
	} `json:"image_url"`
}

func (c *content) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) == nil {
		*c = content{{Type: "text", Text: text}}
		return nil
	}
	return json.Unmarshal(b, (*[]block)(c))
}

func (c content) text() string {
	var out []string
	for _, b := range c {
		if b.Type == "text" {
			out = append(out, b.Text)
		}
	}
	return strings.Join(out, "\n")
}

func list(elem check.Shape) check.Shape { return check.List(elem, 0, math.MaxInt32) }

// blocks is a string or a list of some kinds of blocks.
func blocks(members ...check.Member) check.Shape {
	return check.ByType(check.Choice{Type: check.TString, Shape: check.Text()}, check.Choice{Type: check.TArray, Shape: list(check.Tagged("type", "", members...))})
}

func messageShape() check.Shape {
	text := check.Member{Tag: "text", Fields: []check.Field{check.Req("text", check.Text())}}
	thinking := check.Member{Tag: "thinking", Fields: []check.Field{check.Req("thinking", check.Text())}}
	image := check.Member{Tag: "image_url", Fields: []check.Field{check.Req("image_url", check.Object(check.Req("url", check.String(1, math.MaxInt)), check.Opt("detail", check.Enum("auto", "low", "high"))))}}
	document := check.Member{Tag: "document", Fields: []check.Field{check.Req("document", check.Dict(check.Any()))}}
	call := check.Object(check.Req("id", check.String(1, math.MaxInt)), check.Req("type", check.Enum("function")),
		check.Req("function", check.Object(check.Req("name", check.String(1, math.MaxInt)), check.Req("arguments", check.Text()))))
	return check.Tagged("role", "",
		check.Member{Tag: "system", Fields: []check.Field{check.Req("content", blocks(text))}},
		check.Member{Tag: "user", Fields: []check.Field{check.Req("content", blocks(text, image))}},
		check.Member{Tag: "assistant", Fields: []check.Field{check.Opt("content", blocks(text, thinking)), check.Opt("tool_plan", check.Text()),
			check.Opt("tool_calls", list(call)), check.Opt("citations", list(check.Dict(check.Any())))}},
		check.Member{Tag: "tool", Fields: []check.Field{check.Req("tool_call_id", check.String(1, math.MaxInt)), check.Req("content", blocks(text, document))}})
}

func shape() check.Shape {
	tool := check.Object(check.Req("type", check.Enum("function")), check.Req("function", check.Object(check.Req("name", check.Name(64)),
		check.Opt("description", check.Text()), check.Req("parameters", check.Dict(check.Any())))))
	document := check.ByType(check.Choice{Type: check.TString, Shape: check.Text()},
		check.Choice{Type: check.TObject, Shape: check.Object(check.Opt("id", check.Text()), check.Req("data", check.Dict(check.Any())))})
	return check.Object(
		check.Req("model", check.String(1, math.MaxInt)), check.Req("messages", check.List(messageShape(), 1, math.MaxInt32)), check.Opt("stream", check.Bool()),
		check.Opt("tools", check.List(tool, 1, math.MaxInt32)), check.Opt("strict_tools", check.Bool()), check.Opt("tool_choice", check.Enum("REQUIRED", "NONE")),
		check.Opt("documents", list(document)), check.Opt("citation_options", check.Object(check.Opt("mode", check.Enum("ENABLED", "DISABLED", "FAST", "ACCURATE", "OFF")))),
		check.Opt("response_format", check.Object(check.Req("type", check.Enum("text", "json_object")), check.Opt("json_schema", check.Dict(check.Any())))),
		check.Opt("safety_mode", check.Enum("CONTEXTUAL", "STRICT", "OFF")), check.Opt("max_tokens", check.Int(1, math.MaxInt32)),
		check.Opt("stop_sequences", check.List(check.String(1, math.MaxInt), 0, 5)), check.Opt("temperature", check.Number(0, math.MaxFloat32)), check.Opt("seed", check.Int(0, math.MaxInt64)),
		check.Opt("frequency_penalty", check.Number(0, 1)), check.Opt("presence_penalty", check.Number(0, 1)), check.Opt("k", check.Int(0, 500)), check.Opt("p", check.Number(0.01, 0.99)),
		check.Opt("logprobs", check.Bool()), check.Opt("thinking", check.Object(check.Req("type", check.Enum("enabled", "disabled")), check.Opt("token_budget", check.Int(1, math.MaxInt32)))),
		check.Opt("priority", check.Int(0, 999)))
}

// read decodes and checks a request.
func (a *api) read(x *provider.Exchange) (*request, model, *provider.Failure) {
	body, err := x.Decode()
	if err != nil || !x.JSONContent() {
		return nil, model{}, bad("invalid json syntax: unexpected end of input")
	}
	if p := shape()(nil, body); p != nil {
		return nil, model{}, reword(p)
	}
	var r request
	if err := provider.Unmarshal(x.Body, &r); err != nil {
		return nil, model{}, bad(err.Error())
	}
	m, failure := a.find(r.Model)
	if failure == nil {
		failure = r.check(m)
	}
	return &r, m, failure
}

func (r *request) check(m model) *provider.Failure {
	form := r.Format.Type == "json_object"
	switch {
	case len(r.Tools) > 0 && !m.tools:
		return bad("tools are not supported with model " + m.name)
	case r.Choice != "" && !m.forced:
		return bad("tool_choice is not compatible with the model " + m.name)
	case r.Choice != "" && len(r.Tools) == 0:
		return bad("tool_choice cannot be specified without tools")
	case r.Strict && len(r.Tools) == 0:
		return bad("strict_tools cannot be specified without tools")
	case form && len(r.Tools)+len(r.Documents) > 0:
		return bad("response_format is not supported with tools or documents")
	case r.Safety != "" && len(r.Tools)+len(r.Documents) > 0:
		return bad("safety_mode is not supported with tools or documents")
	}
	for _, t := range r.Tools {
		if required, _ := t.Function.Parameters["required"].([]any); r.Strict && len(required) == 0 {
			return bad("invalid tool '" + t.Function.Name + "': strict tools need at least one required parameter")
		}
	}
	return r.checkMessages(m)
}

func (r *request) checkMessages(m model) *provider.Failure {
	open := map[string]bool{} // calls that wait
	for _, msg := range r.Messages {
		if msg.Role != "tool" && len(open) > 0 {
			return bad("invalid request: a call has no result in the messages right behind it")
		}
		for _, c := range msg.Calls {
			if !json.Valid([]byte(c.Function.Arguments)) {
				return bad("invalid request: tool call arguments are no JSON")
			}
			open[c.ID] = true
		}
		if msg.Role == "tool" {
			if !open[msg.CallID] {
				return bad("invalid request: tool_call_id '" + msg.CallID + "' answers no call")
			}
			delete(open, msg.CallID)
		}
		for _, b := range msg.Content {
			if b.Type == "image_url" && !m.sees {
				return bad("image input is not supported with model " + m.name)
			}
		}
	}
	if last := r.Messages[len(r.Messages)-1]; last.Role == "user" && last.Content.text() == "" && len(last.Content) <= 1 {
		return bad("invalid request: message must be at least 1 token long or tool results must be specified.")
	}
	return nil
}

// prompt turns the conversation into what the model sees.
func (r *request) prompt(m model) answer.Prompt {
	p := answer.Prompt{Model: r.Model, Max: r.Max, Stop: r.Stop}
	if m.thinks && (r.Thinking == nil || r.Thinking.Type == "enabled") {
		if p.Reason = 12; r.Thinking != nil && r.Thinking.Budget > 0 {
			p.Reason = min(p.Reason, r.Thinking.Budget)
		}
	}
	names := map[string]string{}
	for i, msg := range r.Messages {
		switch msg.Role {
		case "user":
			p.User, p.Round, p.Results, p.Media = msg.Content.text(), 0, nil, nil
		case "assistant":
			if len(msg.Calls) > 0 {
				p.Round, p.Results = p.Round+1, nil
			}
			for _, c := range msg.Calls {
				names[c.ID] = c.Function.Name
			}
			p.Continue = i == len(r.Messages)-1
		case "tool":
			p.Results = append(p.Results, answer.Result{Name: names[msg.CallID], Text: msg.Content.text()})
		}
		for _, b := range msg.Content {
			if b.Type == "image_url" {
				p.Media = append(p.Media, "an image")
			}
		}
	}
	for _, t := range r.Tools {
		p.Tools = append(p.Tools, answer.Tool{Name: t.Function.Name, Schema: t.Function.Parameters})
	}
	switch r.Choice {
	case "REQUIRED":
		p.Choice = answer.Any
	case "NONE":
		p.Choice = answer.None
	}
	p.JSON = r.Format.Type == "json_object"
	if r.Format.Schema != nil {
		p.Schema = r.Format.Schema
	}
	return p
}

// What a prompt costs beside its texts: what Cohere puts in front of it is in the
// tokens, but not in what is billed.
const (
	perMessage = 4
	preamble   = 66
)

// count is the number of tokens of the prompt that are billed.
func (r *request) count() int {
	n := 0
	for _, m := range r.Messages {
		n += perMessage + tokens.Count(m.Content.text()) + tokens.Count(m.Plan)
	}
	for _, v := range []any{r.Tools, r.Documents} {
		if b, err := json.Marshal(v); err == nil && string(b) != "null" {
			n += tokens.Count(string(b))
		}
	}
	return n
}
