package openai

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/media"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/schema"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

// A sample is what a request says about sampling, for the rules of each model.
type sample struct {
	temperature, topP, frequency, presence *json.Number
	effort                                 string
	logprobs, stop                         bool
}

// check knows what reasoning models refuse; effortParam is the name of the effort's field.
func (s sample) check(f family, effortParam string) *provider.Failure {
	if !f.reasons() {
		if s.effort != "" && effortParam == "reasoning_effort" {
			return bad("", "", "Unrecognized request argument supplied: reasoning_effort")
		}
		if s.effort != "" {
			return bad("unsupported_parameter", effortParam, "Unsupported parameter: '"+effortParam+"' is not supported with this model.")
		}
		return nil
	}
	if s.effort != "" && !slices.Contains(f.efforts, s.effort) {
		return bad("unsupported_value", effortParam, "Unsupported value: '"+s.effort+"' is not supported with the '"+f.id+"' model. Supported values are: "+values(slices.Sorted(slices.Values(f.efforts)))+".")
	}
	if f.effort(s.effort) == "none" {
		return nil
	}
	for _, p := range []struct {
		name string
		v    *json.Number
	}{{"temperature", s.temperature}, {"top_p", s.topP}} {
		if p.v != nil && !isOne(*p.v) {
			return bad("unsupported_value", p.name, "Unsupported value: '"+p.name+"' does not support "+p.v.String()+" with this model. Only the default (1) value is supported.")
		}
	}
	for _, p := range []struct {
		name string
		on   bool
	}{{"frequency_penalty", notZero(s.frequency)}, {"presence_penalty", notZero(s.presence)}, {"logprobs", s.logprobs}, {"stop", s.stop}} {
		if p.on {
			return bad("unsupported_parameter", p.name, "Unsupported parameter: '"+p.name+"' is not supported with this model.")
		}
	}
	return nil
}

func isOne(n json.Number) bool {
	f, err := n.Float64()
	return err == nil && f == 1
}

func notZero(n *json.Number) bool {
	if n == nil {
		return false
	}
	f, err := n.Float64()
	return err != nil || f != 0
}

// effort returns the effort that applies when asked is requested.
func (f family) effort(asked string) string {
	if asked == "" && f.reasons() {
		return f.efforts[0]
	}
	return asked
}

// reasoning returns the tokens that an effort costs.
func (f family) reasoning(asked string) int {
	if !f.reasons() {
		return 0
	}
	switch f.effort(asked) {
	case "low":
		return 64
	case "medium":
		return 128
	case "high":
		return 192
	case "xhigh":
		return 256
	default:
		return 0
	}
}

func checkFunction(fn function, path string) *provider.Failure {
	if p, ok := fn.Parameters.(map[string]any); ok && p["type"] != "object" {
		return bad("invalid_function_parameters", path, "Invalid schema for function '"+fn.Name+"': schema must be a JSON Schema of 'type: \"object\"', got 'type: \""+typeName(p)+"\"'.")
	}
	if !fn.Strict {
		return nil
	}
	if fault, ok := schema.Strict(fn.Parameters, true); !ok {
		return bad("invalid_function_parameters", path, "Invalid schema for function '"+fn.Name+"': "+explain(fault))
	}
	return nil
}

func checkFormatSchema(name string, s any, isStrict bool, param string) *provider.Failure {
	if p, ok := s.(map[string]any); ok && p["type"] != "object" && p["$ref"] == nil {
		return bad("", param, "Invalid schema for response_format '"+name+"': schema must be a JSON Schema of 'type: \"object\"', got 'type: \""+typeName(p)+"\"'.")
	}
	if s == nil {
		return bad("missing_required_parameter", param+".json_schema.schema", "Missing required parameter: '"+param+".json_schema.schema'.")
	}
	if !isStrict {
		return nil
	}
	if fault, ok := schema.Strict(s, true); !ok {
		return bad("", param, "Invalid schema for response_format '"+name+"': "+explain(fault))
	}
	return nil
}

func typeName(s map[string]any) string {
	if t, ok := s["type"].(string); ok {
		return t
	}
	return "None"
}

func explain(f schema.Fault) string {
	if f.Open {
		return "In context=" + f.InContext() + ", 'additionalProperties' is required to be supplied and to be false."
	}
	return "In context=" + f.InContext() + ", 'required' is required to be supplied and to be an array including every key in properties. Missing '" + f.Missing + "'."
}

// checkMedia looks into the images and files of one message.
func checkMedia(c content, path string, f family) *provider.Failure {
	for i, p := range c.Parts {
		at := path + ".content[" + strconv.Itoa(i) + "]"
		switch p.Type {
		case "image_url":
			if _, failure := image(p.ImageURL.URL, at+".image_url.url", f); failure != nil {
				return failure
			}
		case "file":
			if _, failure := file(p.File.Data, at+".file.file_data"); failure != nil {
				return failure
			}
		case "input_audio":
			return bad("unsupported_value", at+".type", "Invalid value: 'input_audio' is not supported with this model.")
		}
	}
	return nil
}

// image describes an image by its URL, which is fetched from nowhere.
func image(url, path string, f family) (string, *provider.Failure) {
	if !f.images {
		return "", bad("", path, "Invalid content type. image_url is only supported by certain models.")
	}
	if strings.HasPrefix(url, "https://") || strings.HasPrefix(url, "http://") {
		return "an image at " + url, nil
	}
	data, failure := decodeData(url, path, "invalid_image_url")
	if failure != nil {
		return "", failure
	}
	switch media.Type(data) {
	case media.PNG, media.JPEG, media.GIF, media.WebP:
		return media.Describe(data), nil
	default:
		return "", bad("invalid_image_format", path, "You uploaded an unsupported image. Please make sure your image has of one the following formats: ['png', 'jpeg', 'gif', 'webp'].")
	}
}

// file describes a file given as a data URL. Without data it was uploaded before, which the mock knows nothing of.
func file(data, path string) (string, *provider.Failure) {
	if data == "" {
		return "an uploaded file", nil
	}
	b, failure := decodeData(data, path, "invalid_value")
	if failure != nil {
		return "", failure
	}
	if media.Type(b) != media.PDF {
		return "", bad("unsupported_file", path, "Invalid file data. Expected a base64-encoded data URL with a supported MIME type (e.g. 'data:application/pdf;base64,...').")
	}
	return media.Describe(b), nil
}

func decodeData(url, path, code string) ([]byte, *provider.Failure) {
	head, data, ok := strings.Cut(url, ";base64,")
	if !ok || !strings.HasPrefix(head, "data:") {
		return nil, bad(code, path, "Invalid URL. Expected a valid URL or a base64-encoded data URL, but got a value that is neither.")
	}
	b, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		return nil, bad("invalid_base64", path, "Invalid base64 data.")
	}
	return b, nil
}
