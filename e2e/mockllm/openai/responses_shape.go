package openai

import (
	"math"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/check"
)

// minOutputTokens is the least that max_output_tokens may be.
const minOutputTokens = 16

func inputPart() check.Shape {
	return check.Tagged("type", "",
		check.Member{Tag: "input_text", Fields: []check.Field{check.Req("text", check.Text()), breakpoint("30m", "12h")}},
		check.Member{Tag: "input_image", Fields: []check.Field{
			check.Opt("detail", check.Enum("auto", "low", "high", "original")), check.Nil("image_url", check.Text()),
			check.Nil("file_id", check.Text()), breakpoint("30m", "12h"),
		}},
		check.Member{Tag: "input_file", Fields: []check.Field{
			check.Nil("file_data", check.Text()), check.Nil("file_id", check.Text()), check.Nil("file_url", check.Text()),
			check.Nil("filename", check.Text()), check.Nil("detail", check.Enum("auto", "low", "high")), breakpoint("30m", "12h"),
		}},
		check.Member{Tag: "output_text", Fields: []check.Field{
			check.Req("text", check.Text()), check.Opt("annotations", check.List(check.Any(), 0, math.MaxInt32)),
			check.Nil("logprobs", check.List(check.Any(), 0, math.MaxInt32)),
		}},
		check.Member{Tag: "refusal", Fields: []check.Field{check.Req("refusal", check.Text())}})
}

func inputItem() check.Shape {
	status := check.Nil("status", check.Enum("in_progress", "completed", "incomplete"))
	id := check.Nil("id", check.Text())
	summary := check.List(check.Object(check.Req("type", check.Enum("summary_text")), check.Req("text", check.Text())), 0, math.MaxInt32)
	output := stringOr(check.Choice{Type: check.TArray, Shape: check.List(inputPart(), 0, math.MaxInt32)})
	return check.Tagged("type", "message",
		check.Member{Tag: "message", Fields: []check.Field{
			check.Req("role", check.Enum("user", "assistant", "system", "developer")),
			check.Req("content", stringOr(check.Choice{Type: check.TArray, Shape: check.List(inputPart(), 0, math.MaxInt32)})),
			id, status, check.Nil("phase", check.Enum("commentary", "final_answer")),
		}},
		check.Member{Tag: "function_call", Fields: []check.Field{
			check.Req("call_id", check.String(1, maxName)), check.Req("name", check.Name(128)), check.Req("arguments", check.Text()), id, status,
		}},
		check.Member{Tag: "function_call_output", Fields: []check.Field{
			check.Req("call_id", check.String(1, maxName)), check.Req("output", output), id, status,
		}},
		check.Member{Tag: "reasoning", Fields: []check.Field{
			check.Req("summary", summary), id, status, check.Nil("encrypted_content", check.Text()),
			check.Nil("content", check.List(check.Any(), 0, math.MaxInt32)),
		}},
		check.Member{Tag: "item_reference", Fields: []check.Field{check.Req("id", check.Text())}})
}

func responsesTool() check.Shape {
	return check.Tagged("type", "",
		check.Member{Tag: "function", Fields: []check.Field{
			check.Req("name", check.Name(128)), check.Nil("description", check.Text()),
			check.Nil("parameters", check.Dict(check.Any())), check.Nil("strict", check.Bool()),
		}},
		check.Member{Tag: "custom", Fields: []check.Field{
			check.Req("name", check.Name(128)), check.Nil("description", check.Text()), check.Opt("format", check.Dict(check.Any())),
		}},
		check.Member{Tag: "web_search", Fields: []check.Field{
			check.Opt("search_context_size", check.Enum("low", "medium", "high")), check.Nil("user_location", check.Dict(check.Any())),
			check.Nil("filters", check.Dict(check.Any())),
		}})
}

func responsesShape() check.Shape {
	named := func(tag string) check.Member {
		return check.Member{Tag: tag, Fields: []check.Field{check.Req("name", check.Text())}}
	}
	format := check.Tagged("type", "", check.Member{Tag: "text"}, check.Member{Tag: "json_object"},
		check.Member{Tag: "json_schema", Fields: jsonSchemaFields()})
	fields := []check.Field{
		check.Req("model", check.Text()),
		check.Req("input", stringOr(listOf(inputItem()))),
		check.Nil("instructions", check.Text()),
		check.Nil("max_output_tokens", check.Int(minOutputTokens, math.MaxInt32)),
		check.Nil("max_tool_calls", check.Int(1, math.MaxInt32)),
		check.Nil("temperature", check.Number(0, 2)), check.Nil("top_p", check.Number(0, 1)),
		check.Nil("previous_response_id", check.Text()),
		check.Nil("include", check.List(check.Text(), 0, 16)),
		check.Nil("stream", check.Bool()),
		check.Nil("stream_options", check.Object(check.Opt("include_obfuscation", check.Bool()))),
		check.Nil("background", check.Bool()),
		check.Nil("truncation", check.Enum("auto", "disabled")),
		check.Opt("user", check.Text()),
		check.Nil("reasoning", check.Object(
			check.Nil("effort", efforts()), check.Nil("summary", check.Enum("auto", "concise", "detailed")),
			check.Nil("generate_summary", check.Enum("auto", "concise", "detailed")))),
		check.Opt("text", check.Object(check.Opt("format", format), check.Nil("verbosity", check.Enum("low", "medium", "high")))),
		check.Opt("tools", check.List(responsesTool(), 0, maxTools)),
		check.Opt("tool_choice", check.ByType(
			check.Choice{Type: check.TString, Shape: check.Enum("none", "auto", "required")},
			check.Choice{Type: check.TObject, Shape: check.Tagged("type", "", named("function"), named("custom"),
				check.Member{Tag: "allowed_tools", Fields: []check.Field{
					check.Req("mode", check.Enum("auto", "required")), check.Req("tools", check.List(check.Dict(check.Any()), 1, maxTools)),
				}})})),
	}
	return check.Object(append(fields, shared()...)...)
}
