package openai

import (
	"math"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/check"
)

// Bounds of the API reference.
const (
	maxMessages = 1 << 20
	maxTools    = 128
	maxName     = 64
	maxStops    = 4
)

func stringOr(other check.Choice) check.Shape {
	return check.ByType(check.Choice{Type: check.TString, Shape: check.Text()}, other)
}

func listOf(elem check.Shape) check.Choice {
	return check.Choice{Type: check.TArray, Shape: check.List(elem, 1, maxMessages)}
}

func breakpoint(ttl ...string) check.Field {
	return check.Opt("prompt_cache_breakpoint", check.Object(
		check.Req("mode", check.Enum("explicit")), check.Opt("ttl", check.Enum(ttl...))))
}

func textPart() check.Member {
	return check.Member{Tag: "text", Fields: []check.Field{check.Req("text", check.Text()), breakpoint("30m", "12h")}}
}

func userPart() check.Shape {
	return check.Tagged("type", "", textPart(),
		check.Member{Tag: "image_url", Fields: []check.Field{
			check.Req("image_url", check.Object(check.Req("url", check.Text()), check.Opt("detail", check.Enum("auto", "low", "high", "original")))),
			breakpoint("30m", "12h"),
		}},
		check.Member{Tag: "input_audio", Fields: []check.Field{
			check.Req("input_audio", check.Object(check.Req("data", check.Text()), check.Req("format", check.Enum("wav", "mp3")))),
			breakpoint("30m", "12h"),
		}},
		check.Member{Tag: "file", Fields: []check.Field{
			check.Req("file", check.Object(check.Opt("file_data", check.Text()), check.Opt("file_id", check.Text()), check.Opt("filename", check.Text()))),
			breakpoint("30m", "12h"),
		}})
}

func message() check.Shape {
	text := stringOr(listOf(check.Tagged("type", "", textPart())))
	assistant := stringOr(listOf(check.Tagged("type", "", textPart(),
		check.Member{Tag: "refusal", Fields: []check.Field{check.Req("refusal", check.Text())}})))
	name := check.Opt("name", check.Text())
	instruct := []check.Field{check.Req("content", text), name}
	call := check.Object(check.Req("arguments", check.Text()), check.Req("name", check.Text()))
	return check.Tagged("role", "",
		check.Member{Tag: "system", Fields: instruct},
		check.Member{Tag: "assistant", Fields: []check.Field{
			check.Nil("content", assistant), name, check.Nil("refusal", check.Text()),
			check.Opt("tool_calls", check.List(toolCall(), 1, maxTools)),
			check.Nil("function_call", call),
			check.Nil("audio", check.Object(check.Req("id", check.Text()))),
			check.Nil("annotations", check.List(check.Any(), 0, maxMessages)), // SDKs send back what they received
		}},
		check.Member{Tag: "user", Fields: []check.Field{check.Req("content", stringOr(listOf(userPart()))), name}},
		check.Member{Tag: "function", Fields: []check.Field{{Name: "content", Required: true, Null: true, Shape: check.Text()}, check.Req("name", check.Text())}},
		check.Member{Tag: "tool", Fields: []check.Field{check.Req("content", text), check.Req("tool_call_id", check.Text())}},
		check.Member{Tag: "developer", Fields: instruct})
}

func toolCall() check.Shape {
	return check.Tagged("type", "",
		check.Member{Tag: "function", Fields: []check.Field{check.Req("id", check.String(1, maxName)),
			check.Req("function", check.Object(check.Req("arguments", check.Text()), check.Req("name", check.Name(maxName))))}},
		check.Member{Tag: "custom", Fields: []check.Field{check.Req("id", check.String(1, maxName)),
			check.Req("custom", check.Object(check.Req("input", check.Text()), check.Req("name", check.Name(maxName))))}})
}

func functionFields() []check.Field {
	return []check.Field{
		check.Req("name", check.Name(maxName)), check.Opt("description", check.Text()),
		check.Opt("parameters", check.Dict(check.Any())), check.Nil("strict", check.Bool()),
	}
}

func chatTool() check.Shape {
	return check.Tagged("type", "",
		check.Member{Tag: "function", Fields: []check.Field{check.Req("function", check.Object(functionFields()...))}},
		check.Member{Tag: "custom", Fields: []check.Field{check.Req("custom", check.Object(
			check.Req("name", check.Name(maxName)), check.Opt("description", check.Text()), check.Opt("format", check.Dict(check.Any()))))}})
}

func chatToolChoice() check.Shape {
	named := check.Object(check.Req("name", check.Text()))
	return check.ByType(
		check.Choice{Type: check.TString, Shape: check.Enum("none", "auto", "required")},
		check.Choice{Type: check.TObject, Shape: check.Tagged("type", "",
			check.Member{Tag: "function", Fields: []check.Field{check.Req("function", named)}},
			check.Member{Tag: "custom", Fields: []check.Field{check.Req("custom", named)}},
			check.Member{Tag: "allowed_tools", Fields: []check.Field{check.Req("allowed_tools", check.Object(
				check.Req("mode", check.Enum("auto", "required")), check.Req("tools", check.List(check.Dict(check.Any()), 1, maxTools))))}})})
}

func jsonSchemaFields() []check.Field {
	return []check.Field{
		check.Req("name", check.Name(maxName)), check.Opt("description", check.Text()),
		check.Opt("schema", check.Dict(check.Any())), check.Nil("strict", check.Bool()),
	}
}

// sampling are the fields that chat completions and completions share.
func sampling() []check.Field {
	return []check.Field{
		check.Nil("temperature", check.Number(0, 2)), check.Nil("top_p", check.Number(0, 1)),
		check.Nil("frequency_penalty", check.Number(-2, 2)), check.Nil("presence_penalty", check.Number(-2, 2)),
		check.Nil("logit_bias", check.Dict(check.Int(-100, 100))),
		check.Nil("max_tokens", check.Int(1, math.MaxInt32)),
		check.Nil("n", check.Int(1, 128)),
		check.Nil("seed", check.Int(math.MinInt64, math.MaxInt64)),
		check.Nil("stop", stringOr(check.Choice{Type: check.TArray, Shape: check.List(check.Text(), 1, maxStops)})),
		check.Nil("stream", check.Bool()),
		check.Nil("stream_options", check.Object(check.Opt("include_usage", check.Bool()), check.Opt("include_obfuscation", check.Bool()))),
		check.Opt("user", check.Text()),
	}
}

func serviceTier() check.Field {
	return check.Nil("service_tier", check.Enum("auto", "default", "flex", "scale", "priority", "fast"))
}

// shared are the fields that chat completions and responses share.
func shared() []check.Field {
	return []check.Field{
		check.Nil("metadata", check.Dict(check.String(0, 512))),
		check.Nil("prompt_cache_key", check.Text()),
		check.Opt("prompt_cache_options", check.Dict(check.Any())),
		check.Nil("prompt_cache_retention", check.Enum("in_memory", "24h")),
		check.Nil("safety_identifier", check.String(0, 64)),
		serviceTier(),
		check.Nil("store", check.Bool()),
		check.Nil("moderation", check.Dict(check.Any())),
		check.Nil("parallel_tool_calls", check.Bool()),
		check.Nil("top_logprobs", check.Int(0, 20)),
	}
}

func efforts() check.Shape {
	return check.Enum("none", "minimal", "low", "medium", "high", "xhigh", "max")
}

func chatShape() check.Shape {
	format := check.Tagged("type", "",
		check.Member{Tag: "text"}, check.Member{Tag: "json_object"},
		check.Member{Tag: "json_schema", Fields: []check.Field{check.Req("json_schema", check.Object(jsonSchemaFields()...))}})
	fields := []check.Field{
		check.Req("model", check.Text()),
		check.Req("messages", check.List(message(), 1, maxMessages)),
		check.Nil("max_completion_tokens", check.Int(1, math.MaxInt32)),
		check.Nil("logprobs", check.Bool()),
		check.Opt("tools", check.List(chatTool(), 1, maxTools)),
		check.Opt("tool_choice", chatToolChoice()),
		check.Opt("response_format", format),
		check.Nil("reasoning_effort", efforts()),
		check.Nil("verbosity", check.Enum("low", "medium", "high")),
		check.Nil("modalities", check.List(check.Enum("text", "audio"), 1, 2)),
		check.Nil("audio", check.Dict(check.Any())),
		check.Nil("prediction", check.Object(check.Req("type", check.Enum("content")), check.Req("content", stringOr(listOf(check.Tagged("type", "", textPart())))))),
		check.Opt("web_search_options", check.Dict(check.Any())),
		check.Opt("functions", check.List(check.Object(functionFields()...), 1, maxTools)),
		check.Opt("function_call", check.Any()),
	}
	return check.Object(append(append(fields, sampling()...), shared()...)...)
}
