package openai

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/answer"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

// keptResponses is how many responses previous_response_id can reach back to.
const keptResponses = 256

// A stored response is the conversation up to it.
type stored struct {
	id    string
	items []item
}

type responsesRequest struct {
	Model           string       `json:"model"`
	Input           input        `json:"input"`
	Instructions    string       `json:"instructions"`
	MaxOutputTokens int          `json:"max_output_tokens"`
	Temperature     *json.Number `json:"temperature"`
	TopP            *json.Number `json:"top_p"`
	Previous        string       `json:"previous_response_id"`
	Include         []string     `json:"include"`
	Stream          bool         `json:"stream"`
	Store           *bool        `json:"store"`
	Tools           []struct {
		Type string `json:"type"`
		function
	} `json:"tools"`
	ToolChoice toolChoice `json:"tool_choice"`
	Parallel   *bool      `json:"parallel_tool_calls"`
	Reasoning  struct {
		Effort  string `json:"effort"`
		Summary string `json:"summary"`
	} `json:"reasoning"`
	Text struct {
		Format struct {
			Type   string `json:"type"`
			Name   string `json:"name"`
			Schema any    `json:"schema"`
			Strict bool   `json:"strict"`
		} `json:"format"`
	} `json:"text"`
	StreamOptions *struct {
		IncludeObfuscation *bool `json:"include_obfuscation"`
	} `json:"stream_options"`
}

// An item is one element of a conversation, of any type.
type item struct {
	ID        string      `json:"id"`
	Type      string      `json:"type"`
	Role      string      `json:"role"`
	Content   itemContent `json:"content"`
	CallID    string      `json:"call_id"`
	Name      string      `json:"name"`
	Arguments string      `json:"arguments"`
	Output    itemContent `json:"output"`
	Encrypted string      `json:"encrypted_content"`
}

// An itemContent is a string or a list of parts.
type itemContent []itemPart

type itemPart struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	Refusal  string `json:"refusal"`
	ImageURL string `json:"image_url"`
	FileData string `json:"file_data"`
}

func (c *itemContent) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*c = itemContent{{Type: "input_text", Text: s}}
		return nil
	}
	return json.Unmarshal(b, (*[]itemPart)(c))
}

func (c itemContent) text() string {
	var texts []string
	for _, p := range c {
		if p.Text+p.Refusal != "" {
			texts = append(texts, p.Text+p.Refusal)
		}
	}
	return strings.Join(texts, "\n")
}

// An input is a user's text or a list of items.
type input []item

func (in *input) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*in = input{{Type: "message", Role: "user", Content: itemContent{{Type: "input_text", Text: s}}}}
		return nil
	}
	if err := json.Unmarshal(b, (*[]item)(in)); err != nil {
		return err
	}
	for i := range *in {
		if (*in)[i].Type == "" {
			(*in)[i].Type = "message"
		}
	}
	return nil
}

func (a *api) respond(x *provider.Exchange, body map[string]any) {
	if p := responsesShape()(nil, body); p != nil {
		x.Fail(*reword(p))
		return
	}
	var r responsesRequest
	if err := json.Unmarshal(x.Body, &r); err != nil {
		x.Fail(*bad("", "", "We could not parse the JSON body of your request. "+err.Error()))
		return
	}
	f, failure := a.model(r.Model, opChat)
	var items []item
	if failure == nil {
		items, failure = a.conversation(&r)
	}
	if failure == nil {
		failure = a.checkItems(items, f)
	}
	if failure == nil {
		failure = r.check(f)
	}
	if failure != nil {
		x.Fail(*failure)
		return
	}
	p := r.prompt(items, f)
	if x.BehaveOn(&p) {
		return
	}
	ans := answer.Compose(p)
	w := newResponseWriter(a, x, &r, body, ans, items)
	if r.Stream {
		w.stream()
	} else {
		x.JSON(w.final())
	}
	if r.Store == nil || *r.Store {
		a.keep(stored{w.reply.ID, append(slices.Clip(items), w.asItems()...)})
	}
}

func (a *api) keep(s stored) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.responses) >= keptResponses {
		a.responses = slices.Delete(a.responses, 0, 1)
	}
	a.responses = append(a.responses, s)
}

// conversation returns the earlier items and those of the request, references resolved.
func (a *api) conversation(r *responsesRequest) ([]item, *provider.Failure) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var items []item
	if r.Previous != "" {
		i := slices.IndexFunc(a.responses, func(s stored) bool { return s.id == r.Previous })
		if i < 0 {
			return nil, bad("previous_response_not_found", "previous_response_id", "Previous response with id '"+r.Previous+"' not found.")
		}
		items = slices.Clone(a.responses[i].items)
	}
	for _, it := range r.Input {
		if it.Type == "item_reference" {
			found, ok := a.findItem(it.ID)
			if !ok {
				return nil, &provider.Failure{Status: http.StatusNotFound, Type: invalidRequest, Param: "input",
					Message: "Item with id '" + it.ID + "' not found. Items are not persisted when `store` is set to false. Try again with `store` set to true, or remove this item from your input."}
			}
			it = found
		}
		items = append(items, it)
	}
	return items, nil
}

func (a *api) findItem(id string) (item, bool) {
	for _, s := range a.responses {
		for _, it := range s.items {
			if it.ID == id {
				return it, true
			}
		}
	}
	return item{}, false
}

// checkItems knows the rules of order, ids and signatures in a conversation.
func (a *api) checkItems(items []item, f family) *provider.Failure {
	prefixes := map[string]string{"message": "msg", "function_call": "fc", "reasoning": "rs"}
	asked, answered := map[string]bool{}, map[string]bool{}
	for i, it := range items {
		path := "input[" + strconv.Itoa(i) + "]"
		if want := prefixes[it.Type]; it.ID != "" && want != "" && !strings.HasPrefix(it.ID, want) {
			return bad("invalid_value", path+".id", "Invalid '"+path+".id': '"+it.ID+"'. Expected an ID that begins with '"+want+"'.")
		}
		switch it.Type {
		case "function_call":
			asked[it.CallID] = true
		case "function_call_output":
			if !asked[it.CallID] {
				return bad("", "input", "No tool call found for function call output with call_id "+it.CallID+".")
			}
			answered[it.CallID] = true
		case "reasoning":
			if _, ok := a.env.Signer.Open(it.Encrypted); it.Encrypted != "" && !ok {
				return bad("invalid_encrypted_content", "", "The encrypted content for item "+it.ID+" could not be verified.")
			}
			if i == len(items)-1 || items[i+1].Role == "user" {
				return bad("", "input", "Item '"+it.ID+"' of type 'reasoning' was provided without its required following item.")
			}
		}
		for k, p := range it.Content {
			if failure := checkPart(it, p, path+".content["+strconv.Itoa(k)+"]", f); failure != nil {
				return failure
			}
		}
	}
	for _, it := range items {
		if it.Type == "function_call" && !answered[it.CallID] {
			return bad("", "input", "No tool output found for function call "+it.CallID+".")
		}
	}
	return nil
}

func checkPart(it item, p itemPart, path string, f family) *provider.Failure {
	fromModel := p.Type == "output_text" || p.Type == "refusal"
	switch {
	case it.Role == "assistant" && !fromModel && p.Type != "input_text":
		return bad("invalid_value", path, "Invalid value: '"+p.Type+"'. Supported values are: 'output_text' and 'refusal'.")
	case it.Role != "assistant" && fromModel:
		return bad("invalid_value", path, "Invalid value: '"+p.Type+"'. Supported values are: 'input_text', 'input_image', and 'input_file'.")
	case p.Type == "input_image" && p.ImageURL != "":
		_, failure := image(p.ImageURL, path+".image_url", f)
		return failure
	case p.Type == "input_file" && p.FileData != "":
		_, failure := file(p.FileData, path+".file_data")
		return failure
	}
	return nil
}

func (r *responsesRequest) check(f family) *provider.Failure {
	var names []string
	for i, t := range r.Tools {
		if t.Type != "function" {
			continue
		}
		if failure := checkFunction(t.function, "tools["+strconv.Itoa(i)+"].parameters"); failure != nil {
			return failure
		}
		names = append(names, t.Name)
	}
	format := r.Text.Format
	switch {
	case r.ToolChoice.Mode == "function" && !slices.Contains(names, r.ToolChoice.Name):
		return bad("", "tool_choice", "Tool choice 'function' not found in 'tools' parameter.")
	case r.ToolChoice.Mode == "required" && len(r.Tools) == 0:
		return bad("", "tool_choice", "Tool choice 'required' must be specified with 'tools' parameter.")
	case format.Type == "json_schema":
		if failure := checkFormatSchema(format.Name, format.Schema, format.Strict, "text.format"); failure != nil {
			return failure
		}
	}
	if failure := tooMany("max_output_tokens", r.MaxOutputTokens, f); failure != nil {
		return failure
	}
	return sample{temperature: r.Temperature, topP: r.TopP, effort: r.Reasoning.Effort}.check(f, "reasoning.effort")
}

// prompt turns the items into what the model sees.
func (r *responsesRequest) prompt(items []item, f family) answer.Prompt {
	p := answer.Prompt{
		Model: r.Model, Max: r.MaxOutputTokens, Serial: r.Parallel != nil && !*r.Parallel,
		Reason: f.reasoning(r.Reasoning.Effort), JSON: r.Text.Format.Type == "json_object", Schema: provider.Numbers(r.Text.Format.Schema),
	}
	names := map[string]string{}
	for i, it := range items {
		switch {
		case it.Type == "message" && it.Role == "user":
			p.User, p.Round, p.Results, p.Media = it.Content.text(), 0, nil, describeParts(it.Content, f)
		case it.Type == "function_call":
			names[it.CallID] = it.Name
			if i == 0 || items[i-1].Type != "function_call" { // parallel calls stand side by side
				p.Round, p.Results = p.Round+1, nil
			}
		case it.Type == "function_call_output":
			p.Results = append(p.Results, answer.Result{Name: names[it.CallID], Text: it.Output.text()})
		}
	}
	for _, t := range r.Tools {
		if t.Type == "function" {
			p.Tools = append(p.Tools, answer.Tool{Name: t.Name, Schema: t.Parameters})
		}
	}
	p.Choice, p.Name = r.ToolChoice.choice()
	return p
}

func describeParts(c itemContent, f family) []string {
	var out []string
	for _, p := range c {
		var what string
		switch {
		case p.ImageURL != "":
			what, _ = image(p.ImageURL, "", f) // checked before
		case p.Type == "input_file":
			what, _ = file(p.FileData, "")
		default:
			continue
		}
		out = append(out, what)
	}
	return out
}
