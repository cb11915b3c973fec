package gemini

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/media"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

// check says what is wrong with a request whose shape is right.
func (a *api) check(r *request, f family) *provider.Failure {
	looks := []func(*request, family) *provider.Failure{
		checkParts, checkTurns, checkCalls, a.checkSignatures, checkFunctions, checkConfig, checkThinking,
	}
	for _, look := range looks {
		if failure := look(r, f); failure != nil {
			return failure
		}
	}
	return nil
}

// kinds counts what a part is; it has to be one thing.
func (p partValue) kinds() int {
	n := 0
	for _, is := range []bool{p.Text != nil, p.Inline != nil, p.File != nil, p.Call != nil, p.Response != nil} {
		if is {
			n++
		}
	}
	return n
}

func checkParts(r *request, _ family) *provider.Failure {
	for i, c := range append(slices.Clip(r.Contents), r.System) {
		at := "contents[" + strconv.Itoa(i) + "]"
		if i == len(r.Contents) {
			at = "system_instruction"
			if len(c.Parts) == 0 {
				break
			}
		}
		if len(c.Parts) == 0 {
			return invalid("* GenerateContentRequest." + at + ".parts: contents.parts must not be empty.\n")
		}
		said := ""
		for k, p := range c.Parts {
			part := at + ".parts[" + strconv.Itoa(k) + "]"
			switch n := p.kinds(); {
			case n == 0:
				return invalid("* GenerateContentRequest." + part + ".data: required oneof field 'data' must have one initialized field\n")
			case n > 1:
				return invalid("Invalid value at '" + part + "' (oneof), oneof field 'data' is already set.")
			case i == len(r.Contents) && p.Text == nil:
				return invalid("* GenerateContentRequest." + part + ": system instructions take text only\n")
			case p.Text != nil:
				said += *p.Text + p.Signature // the last event of a stream, which a client's history keeps, has nothing else
			default:
				said += "x"
			}
			if failure := checkFile(p, part); failure != nil {
				return failure
			}
		}
		if said == "" {
			return invalid("Unable to submit request because Model input cannot be empty.")
		}
	}
	return nil
}

// checkFile follows https://ai.google.dev/gemini-api/docs/file-input-methods.
func checkFile(p partValue, at string) *provider.Failure {
	switch {
	case p.File != nil && !strings.HasPrefix(p.File.URI, "https://") && !strings.HasPrefix(p.File.URI, "gs://"):
		return invalid("Invalid or unsupported file uri: " + p.File.URI)
	case p.Inline == nil:
		return nil
	}
	data, err := base64.StdEncoding.DecodeString(standard(p.Inline.Data))
	if err != nil {
		return invalid("Invalid value at '" + at + ".inline_data.data' (TYPE_BYTES), Base64 decoding failed")
	}
	kind, _, _ := strings.Cut(p.Inline.MimeType, "/")
	got := media.Type(data)
	switch {
	case p.Inline.MimeType == "image/gif" || !slices.Contains([]string{"image", "audio", "video", "text", "application"}, kind):
		return invalid("Unsupported MIME type: " + p.Inline.MimeType)
	case kind == "image" && got == "":
		return invalid("Unable to process input image. Please retry or report in https://developers.generativeai.google/guide/troubleshooting")
	case p.Inline.MimeType == "application/pdf" && got != media.PDF:
		return invalid("The document has no pages.")
	}
	return nil
}

func checkTurns(r *request, f family) *provider.Failure {
	for _, c := range r.Contents {
		if c.Role != "" && c.Role != "user" && c.Role != "model" {
			return invalid("Please use a valid role: user, model.")
		}
		for _, p := range c.Parts {
			switch {
			case p.Call != nil && c.Role != "model":
				return invalid("Please ensure that function call turn contains at least one function_call part which can not be mixed with function_response parts.")
			case p.Response != nil && c.Role == "model":
				return invalid("Please ensure that function response turn comes immediately after a function call turn.")
			case c.responds() && p.Response == nil:
				return invalid("Please ensure that function response parts are not mixed with other parts.")
			}
		}
	}
	if r.Contents[len(r.Contents)-1].Role == "model" && !f.continues {
		return invalid("Requests ending with a model turn are not supported.")
	}
	return nil
}

// checkCalls wants each content with calls behind one of the user's, and as many
// responses right behind it, of the same names.
func checkCalls(r *request, f family) *provider.Failure {
	for i, c := range r.Contents {
		if c.responds() && (i == 0 || r.Contents[i-1].calls() == 0) {
			return invalid("Please ensure that function response turn comes immediately after a function call turn.")
		}
		if c.calls() == 0 {
			continue
		}
		if i == 0 || r.Contents[i-1].Role == "model" {
			return invalid("Please ensure that function call turn comes immediately after a user turn or after a function response turn.")
		}
		if i+1 == len(r.Contents) || !r.Contents[i+1].responds() || len(r.Contents[i+1].Parts) != c.calls() {
			return invalid("Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.")
		}
		if failure := checkPairs(c, r.Contents[i+1], f); failure != nil {
			return failure
		}
	}
	return nil
}

func checkPairs(calls, responses content, f family) *provider.Failure {
	open := map[string]int{}
	key := func(id, name string) string {
		if !f.third {
			id = ""
		}
		return name + " " + id
	}
	for _, p := range calls.Parts {
		if p.Call != nil {
			open[key(p.Call.ID, p.Call.Name)]++
		}
	}
	for _, p := range responses.Parts {
		if f.third && p.Response.ID == "" {
			return invalid("Function response for \"" + p.Response.Name + "\" is missing an id.")
		}
		k := key(p.Response.ID, p.Response.Name)
		if open[k]--; open[k] < 0 {
			return invalid("Function response \"" + p.Response.Name + "\" does not match any function call of the function call turn.")
		}
	}
	return nil
}

// standard spells base64 in the usual alphabet: the SDK for Python has that of URLs.
func standard(s string) string { return strings.NewReplacer("-", "+", "_", "/").Replace(s) }

// skip stands for a signature, as https://ai.google.dev/gemini-api/docs/thought-signatures has it.
const skip = "skip_thought_signature_validator"

// checkSignatures verifies that signatures are the mock's own, and that each step of the
// current turn of a newer model has one on its first call.
func (a *api) checkSignatures(r *request, f family) *provider.Failure {
	current := 0
	for i, c := range r.Contents {
		if c.Role != "model" && !c.responds() && (i == 0 || !r.Contents[i-1].responds()) {
			current = i
		}
	}
	for i, c := range r.Contents {
		first := true
		for k, p := range c.Parts {
			if p.Signature != "" && p.Signature != skip {
				if _, ok := a.env.Signer.Open(standard(p.Signature)); !ok {
					return invalid("Thought signature is not valid.")
				}
			}
			if p.Call == nil {
				continue
			}
			if f.third && first && i > current && p.Signature == "" {
				return invalid(fmt.Sprintf("Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, and missing thought_signature may lead to degraded model performance. Additional data, function call `default_api:%s` , position %d. Please refer to https://ai.google.dev/gemini-api/docs/thought-signatures for more details.", p.Call.Name, k+1))
			}
			first = false
		}
	}
	return nil
}

func checkFunctions(r *request, _ family) *provider.Failure {
	var names []string
	for i, f := range r.functions() {
		at := "* GenerateContentRequest.tools[0].function_declarations[" + strconv.Itoa(i) + "]"
		switch {
		case !validName(f.Name):
			return invalid(at + ".name: Invalid function name. Must start with a letter or an underscore. Must be alphanumeric (a-z, A-Z, 0-9), underscores (_), dots (.), colons (:), or dashes (-), with a maximum length of 128.\n")
		case slices.Contains(names, f.Name):
			return invalid("Duplicate function declaration found: " + f.Name)
		case f.Parameters != nil && f.JSONSchema != nil:
			return invalid(at + ": parameters and parameters_json_schema are mutually exclusive\n")
		}
		names = append(names, f.Name)
		for _, s := range []any{f.Parameters, f.JSONSchema} {
			if m, ok := s.(map[string]any); ok && !strings.EqualFold(fmt.Sprint(m["type"]), "object") {
				return invalid(at + ".parameters schema should be of type OBJECT.\n")
			}
		}
		if failure := checkSchema(f.JSONSchema, at+".parameters_json_schema"); failure != nil {
			return failure
		}
	}
	calling := r.ToolConfig.Calling
	switch {
	case len(calling.Allowed) > 0 && calling.Mode != "ANY" && calling.Mode != "VALIDATED":
		return invalid("Function calling config is set without mode ANY or VALIDATED, but allowed_function_names is set.")
	case calling.Mode == "ANY" && len(names) == 0:
		return invalid("Function calling mode is ANY but no function declarations are provided.")
	}
	for _, name := range calling.Allowed {
		if !slices.Contains(names, name) {
			return invalid("allowed_function_names contains \"" + name + "\", which is not declared.")
		}
	}
	return nil
}

func validName(s string) bool {
	for i, c := range s {
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || !strings.ContainsRune("0123456789.:-", c)) {
			return false
		}
	}
	return s != "" && len(s) <= 128
}

// schemaKeywords are those that the API documents for JSON Schema
// (https://ai.google.dev/api/generate-content#FIELDS.response_json_schema).
func schemaKeywords() []string {
	return []string{"$id", "$defs", "$ref", "$anchor", "type", "format", "title", "description", "enum", "items", "prefixItems", "minItems", "maxItems",
		"minimum", "maximum", "anyOf", "oneOf", "properties", "additionalProperties", "required", "propertyOrdering"}
}

// checkSchema refuses what a JSON Schema cannot say here. The real API is said to ignore
// most of it: to a test that is worse.
func checkSchema(v any, at string) *provider.Failure {
	switch v := v.(type) {
	case []any:
		for i, e := range v {
			if failure := checkSchema(e, at+"["+strconv.Itoa(i)+"]"); failure != nil {
				return failure
			}
		}
	case map[string]any:
		for k, e := range v {
			_, ref := v["$ref"]
			switch {
			case !slices.Contains(schemaKeywords(), k):
				return invalid(at + ": unsupported keyword \"" + k + "\"\n")
			case ref && k[0] != '$':
				return invalid(at + ": $ref beside \"" + k + "\"\n")
			}
			named, isObject := e.(map[string]any)
			if (k == "properties" || k == "$defs") && isObject {
				for name, s := range named {
					if failure := checkSchema(s, at+"."+k+"."+name); failure != nil {
						return failure
					}
				}
			} else if k == "items" || k == "anyOf" || k == "oneOf" || k == "prefixItems" || k == "additionalProperties" {
				if failure := checkSchema(e, at+"."+k); failure != nil {
					return failure
				}
			}
			for _, one := range enumOf(k, e) {
				if _, isBool := one.(bool); isBool || one == nil {
					return invalid(at + ".enum: want strings and numbers\n")
				}
			}
		}
	}
	return nil
}

// enumOf is the list of an enum.
func enumOf(key string, v any) []any {
	if list, ok := v.([]any); ok && key == "enum" {
		return list
	}
	return nil
}

func checkConfig(r *request, f family) *provider.Failure {
	c := r.Config
	isJSON := c.MimeType == "application/json"
	switch {
	case (c.Schema != nil || c.JSONSchema != nil) && !isJSON && c.MimeType != "text/x.enum":
		return invalid("* GenerateContentRequest.generation_config.response_schema: response_mime_type must be set to 'application/json' or 'text/x.enum'\n")
	case c.Schema != nil && c.JSONSchema != nil:
		return invalid("* GenerateContentRequest.generation_config: only one of response_schema and response_json_schema may be set\n")
	case isJSON && len(r.functions()) > 0 && !f.third:
		return invalid("Function calling with a response mime type: 'application/json' is unsupported")
	case (c.Presence != nil || c.Frequency != nil) && strings.HasPrefix(f.id, "gemini-"):
		return invalid("Penalty is not enabled for models/" + f.id)
	case c.Candidates > 1 && f.third:
		return invalid("Multiple candidates is not enabled for models/" + f.id)
	case c.TopLogprobs != nil && !c.Logprobs:
		return invalid("* GenerateContentRequest.generation_config.logprobs: logprobs requires response_logprobs to be true\n")
	}
	return checkSchema(c.JSONSchema, "* GenerateContentRequest.generation_config.response_json_schema")
}

func checkThinking(r *request, f family) *provider.Failure {
	t := r.Config.Thinking
	switch {
	case t == nil:
		return nil
	case t.Budget != nil && t.Level != "":
		return invalid("You can only set only one of thinking budget and thinking level.")
	case t.Level != "" && !slices.Contains([]string{"MINIMAL", "LOW", "MEDIUM", "HIGH"}, strings.ToUpper(t.Level)):
		return invalid("Invalid value at 'generation_config.thinking_config.thinking_level' (TYPE_ENUM), \"" + t.Level + "\"")
	case t.Level != "" && f.levels == nil:
		return invalid("Thinking level is not supported for this model.")
	case t.Level != "" && !slices.Contains(f.levels, strings.ToUpper(t.Level)):
		return invalid("Thinking level " + strings.ToUpper(t.Level) + " is not supported for this model. Please retry with other thinking level.")
	case t.Budget == nil || *t.Budget == -1 || f.levels != nil:
		return nil
	case *t.Budget == 0 && !f.silent:
		return invalid("Budget 0 is invalid. This model only works in thinking mode.")
	case *t.Budget != 0 && (*t.Budget < f.least || *t.Budget > f.most):
		return invalid("The thinking budget " + strconv.Itoa(*t.Budget) + " is invalid. Please choose a value between " + strconv.Itoa(f.least) + " and " + strconv.Itoa(f.most) + ".")
	}
	return nil
}

// reasoning returns how many tokens the model thinks.
func (r *request) reasoning(f family) int {
	const usual = 24
	t := r.Config.Thinking
	switch {
	case t != nil && t.Level != "":
		return map[string]int{"MINIMAL": 4, "LOW": 12, "MEDIUM": usual, "HIGH": 48}[strings.ToUpper(t.Level)]
	case t != nil && t.Budget != nil && *t.Budget >= 0:
		return min(*t.Budget, usual)
	case t != nil && t.Budget != nil, f.thinksUnasked:
		return usual
	default:
		return 0
	}
}
