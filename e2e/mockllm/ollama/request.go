package ollama

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"slices"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/answer"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/check"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/media"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/tokens"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

type request struct {
	Model    string    `json:"model"`
	Messages []message `json:"messages"`
	Prompt   string    `json:"prompt"`
	System   string    `json:"system"`
	Images   []string  `json:"images"`
	Tools    []struct {
		Function struct {
			Name       string `json:"name"`
			Parameters any    `json:"parameters"`
		} `json:"function"`
	} `json:"tools"`
	Format  any   `json:"format"`
	Think   any   `json:"think"`
	Stream  *bool `json:"stream"`
	Options struct {
		Max  int      `json:"num_predict"`
		Stop []string `json:"stop"`
	} `json:"options"`
	Logprobs bool `json:"logprobs"`
}

type message struct {
	Role     string   `json:"role"`
	Content  string   `json:"content"`
	Thinking string   `json:"thinking"`
	Images   []string `json:"images"`
	Calls    []struct {
		ID       string `json:"id"`
		Function struct {
			Name string `json:"name"`
		} `json:"function"`
	} `json:"tool_calls"`
	ToolName string `json:"tool_name"`
	CallID   string `json:"tool_call_id"`
}

func list(elem check.Shape) check.Shape { return check.List(elem, 0, math.MaxInt32) }

func number() check.Shape { return check.Number(-math.MaxFloat32, math.MaxFloat32) }

func whole() check.Shape { return check.Int(math.MinInt64, math.MaxInt64) }

// common are the members of both requests.
func common() []check.Field {
	free := check.Dict(check.Any())
	return []check.Field{
		check.Req("model", check.String(1, math.MaxInt)), check.Nil("stream", check.Bool()),
		check.Nil("format", check.ByType(check.Choice{Type: check.TObject, Shape: free}, check.Choice{Type: check.TString, Shape: check.Enum("", "json")})),
		check.Nil("keep_alive", check.Any()), check.Nil("options", options()),
		check.Nil("think", check.ByType(check.Choice{Type: check.TBool, Shape: check.Bool()}, check.Choice{Type: check.TString, Shape: check.Enum("low", "medium", "high", "max")})),
		check.Nil("logprobs", check.Bool()), check.Nil("top_logprobs", check.Int(0, 20)), check.Nil("truncate", check.Bool()), check.Nil("shift", check.Bool()),
	}
}

func options() check.Shape {
	var fields []check.Field
	for _, name := range []string{"num_keep", "seed", "num_predict", "top_k", "repeat_last_n", "num_ctx", "num_batch", "num_gpu", "main_gpu", "num_thread"} {
		fields = append(fields, check.Nil(name, whole()))
	}
	for _, name := range []string{"top_p", "min_p", "typical_p", "temperature", "repeat_penalty", "presence_penalty", "frequency_penalty"} {
		fields = append(fields, check.Nil(name, number()))
	}
	return check.Object(append(fields, check.Nil("stop", list(check.Text())), check.Nil("use_mmap", check.Bool()))...)
}

func chatShape() check.Shape {
	call := check.Object(check.Opt("id", check.Text()), check.Opt("type", check.Text()), check.Req("function", check.Object(
		check.Opt("index", whole()), check.Req("name", check.String(1, math.MaxInt)), check.Req("arguments", check.Dict(check.Any())))))
	m := check.Object(check.Req("role", check.Enum("system", "user", "assistant", "tool")), check.Nil("content", check.Text()), check.Nil("thinking", check.Text()),
		check.Nil("images", list(check.Text())), check.Nil("tool_calls", list(call)), check.Nil("tool_name", check.Text()), check.Nil("tool_call_id", check.Text()))
	tool := check.Object(check.Req("type", check.Enum("function")), check.Req("function", check.Object(check.Req("name", check.String(1, math.MaxInt)),
		check.Nil("description", check.Text()), check.Req("parameters", check.Dict(check.Any())))))
	return check.Object(append(common(), check.Req("messages", check.List(m, 1, math.MaxInt32)), check.Nil("tools", list(tool)))...)
}

func generateShape() check.Shape {
	return check.Object(append(common(), check.Req("prompt", check.Text()), check.Nil("system", check.Text()), check.Nil("images", list(check.Text())),
		check.Nil("suffix", check.Text()), check.Nil("template", check.Text()), check.Nil("raw", check.Bool()), check.Nil("context", list(whole())))...)
}

// read decodes and checks a request.
func (a *api) read(x *provider.Exchange, generate bool) (*request, model, *provider.Failure) {
	body, err := x.Decode()
	if err != nil {
		return nil, model{}, bad("unexpected EOF")
	}
	shape := chatShape()
	if generate {
		shape = generateShape()
	}
	if p := shape(nil, body); p != nil {
		return nil, model{}, reword(p)
	}
	var r request
	if err := provider.Unmarshal(x.Body, &r); err != nil {
		return nil, model{}, bad(err.Error())
	}
	if generate {
		if r.System != "" {
			r.Messages = append(r.Messages, message{Role: "system", Content: r.System})
		}
		r.Messages = append(r.Messages, message{Role: "user", Content: r.Prompt, Images: r.Images})
	}
	m, failure := a.find(r.Model)
	if failure == nil {
		failure = r.check(m)
	}
	return &r, m, failure
}

func (r *request) check(m model) *provider.Failure {
	if len(r.Tools) > 0 && !m.tools {
		return bad("registry.ollama.ai/library/" + m.name + " does not support tools")
	}
	if r.Think != nil && r.Think != false && !m.thinks {
		return bad("\"" + m.name + "\" does not support thinking")
	}
	open := map[string]string{} // calls that wait, by their ids; those that Ollama's own SDK sends have none
	for _, msg := range r.Messages {
		for _, c := range msg.Calls {
			if c.ID == "" {
				c.ID = "of " + c.Function.Name
			}
			open[c.ID] = c.Function.Name
		}
		if msg.Role == "tool" && msg.CallID == "" {
			msg.CallID = "of " + msg.ToolName
		}
		if msg.Role == "tool" {
			name, ok := open[msg.CallID]
			if !ok || msg.ToolName != "" && msg.ToolName != name {
				return bad("a result that answers no call")
			}
			delete(open, msg.CallID)
		}
		for _, image := range msg.Images {
			data, err := base64.StdEncoding.DecodeString(image)
			switch {
			case err != nil:
				return bad("illegal base64 data at input byte 0")
			case !m.vision:
				return bad("this model is missing data required for image input")
			case media.Type(data) == "":
				return bad("failed to process inputs: image: unknown format")
			}
		}
	}
	return nil
}

// prompt turns the conversation into what the model sees.
func (r *request) prompt(m model) answer.Prompt {
	p := answer.Prompt{Model: r.Model, Max: max(0, r.Options.Max), Stop: r.Options.Stop}
	if m.thinks && r.Think != false {
		p.Reason = 12
	}
	for i, msg := range r.Messages {
		switch msg.Role {
		case "user":
			p.User, p.Round, p.Results, p.Media = msg.Content, 0, nil, nil
		case "assistant":
			if len(msg.Calls) > 0 {
				p.Round, p.Results = p.Round+1, nil
			}
			p.Continue = i == len(r.Messages)-1
		case "tool":
			p.Results = append(p.Results, answer.Result{Name: msg.ToolName, Text: msg.Content})
		}
		for _, image := range msg.Images {
			if data, err := base64.StdEncoding.DecodeString(image); err == nil {
				p.Media = append(p.Media, media.Describe(data))
			}
		}
	}
	for _, t := range r.Tools {
		p.Tools = append(p.Tools, answer.Tool{Name: t.Function.Name, Schema: t.Function.Parameters})
	}
	if r.Format == "json" {
		p.JSON = true
	} else if schema, ok := r.Format.(map[string]any); ok {
		p.Schema = schema
	}
	return p
}

// What a prompt costs beside its texts.
const (
	perMessage = 4
	perImage   = 576
)

// count is the number of tokens of the prompt.
func (r *request) count() int {
	n := 0
	for _, m := range r.Messages {
		n += perMessage + perImage*len(m.Images) + tokens.Count(m.Content) + tokens.Count(m.Thinking)
		for _, c := range m.Calls {
			n += tokens.Count(c.Function.Name)
		}
	}
	if b, err := json.Marshal(r.Tools); err == nil && len(r.Tools) > 0 {
		n += tokens.Count(string(b))
	}
	return n
}

func (r *request) streams() bool { return r.Stream == nil || *r.Stream }

// complete are the calls whose arguments are whole: one that the limit has cut is never
// sent.
func complete(calls []answer.Call) []answer.Call {
	return slices.DeleteFunc(slices.Clone(calls), func(c answer.Call) bool { return !json.Valid([]byte(c.Arguments)) })
}
