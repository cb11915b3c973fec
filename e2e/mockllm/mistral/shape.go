package mistral

import (
	"math"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/check"
)

const many = 1 << 20

func stringOrList(elem check.Shape) check.Shape {
	return check.ByType(
		check.Choice{Type: check.TString, Shape: check.Text()},
		check.Choice{Type: check.TArray, Shape: check.List(elem, 0, many)})
}

func textChunk() check.Member {
	return check.Member{Tag: "text", Fields: []check.Field{check.Req("text", check.Text())}}
}

func thinkChunk() check.Member {
	return check.Member{Tag: "thinking", Fields: []check.Field{
		check.Req("thinking", check.List(check.Tagged("type", "", textChunk()), 0, many)),
		check.Nil("signature", check.Text()), check.Opt("closed", check.Bool()),
	}}
}

func userChunk() check.Shape {
	url := check.ByType(check.Choice{Type: check.TString, Shape: check.Text()}, check.Choice{Type: check.TObject, Shape: check.Object(
		check.Req("url", check.Text()), check.Nil("detail", check.Enum("low", "auto", "high")))})
	return check.Tagged("type", "", textChunk(),
		check.Member{Tag: "image_url", Fields: []check.Field{check.Req("image_url", url)}},
		check.Member{Tag: "document_url", Fields: []check.Field{check.Req("document_url", check.Text()), check.Nil("document_name", check.Text())}},
		check.Member{Tag: "file", Fields: []check.Field{check.Req("file_id", check.Text())}},
		check.Member{Tag: "input_audio", Fields: []check.Field{check.Req("input_audio", check.Text())}})
}

func message() check.Shape {
	text := check.Tagged("type", "", textChunk())
	function := check.Object(check.Req("name", check.Text()), check.Req("arguments", check.ByType(
		check.Choice{Type: check.TString, Shape: check.Text()}, check.Choice{Type: check.TObject, Shape: check.Dict(check.Any())})))
	call := check.Object(check.Opt("id", check.Text()), check.Opt("type", check.Enum("function")), check.Opt("index", check.Int(0, many)), check.Req("function", function))
	return check.Tagged("role", "",
		check.Member{Tag: "system", Fields: []check.Field{check.Req("content", stringOrList(check.Tagged("type", "", textChunk(), thinkChunk())))}},
		check.Member{Tag: "user", Fields: []check.Field{check.Req("content", stringOrList(userChunk()))}},
		check.Member{Tag: "assistant", Fields: []check.Field{
			check.Nil("content", stringOrList(check.Tagged("type", "", textChunk(), thinkChunk()))),
			check.Nil("tool_calls", check.List(call, 0, many)), check.Opt("prefix", check.Bool()),
		}},
		check.Member{Tag: "tool", Fields: []check.Field{check.Req("content", stringOrList(text)), check.Nil("tool_call_id", check.Text()), check.Nil("name", check.Text())}})
}

func toolShape() check.Shape {
	return check.Tagged("type", "function", check.Member{Tag: "function", Fields: []check.Field{check.Req("function", check.Object(
		check.Req("name", check.Text()), check.Opt("description", check.Text()), check.Req("parameters", check.Dict(check.Any())), check.Opt("strict", check.Bool())))}})
}

func chatShape() check.Shape {
	choice := check.ByType(
		check.Choice{Type: check.TString, Shape: check.Enum("auto", "none", "any", "required")},
		check.Choice{Type: check.TObject, Shape: check.Object(check.Opt("type", check.Enum("function")), check.Req("function", check.Object(check.Req("name", check.Text()))))})
	schema := check.Object(check.Req("name", check.Text()), check.Req("schema", check.Dict(check.Any())), check.Nil("description", check.Text()), check.Opt("strict", check.Bool()))
	return check.Object(
		check.Req("model", check.Text()),
		check.Req("messages", check.List(message(), 1, many)),
		check.Nil("temperature", check.Number(0, 1.5)), check.Nil("top_p", check.Number(0, 1)), check.Nil("top_k", check.Int(1, many)),
		check.Nil("max_tokens", check.Int(0, math.MaxInt32)), check.Nil("min_tokens", check.Int(0, math.MaxInt32)),
		check.Opt("stream", check.Bool()), check.Nil("stop", stringOrList(check.String(1, many))),
		check.Nil("random_seed", check.Int(0, math.MaxInt64)), check.Nil("metadata", check.Dict(check.Any())),
		check.Opt("response_format", check.Object(check.Opt("type", check.Enum("text", "json_object", "json_schema")), check.Nil("json_schema", schema))),
		check.Nil("tools", check.List(toolShape(), 0, many)), check.Opt("tool_choice", choice), check.Opt("parallel_tool_calls", check.Bool()),
		check.Nil("presence_penalty", check.Number(-2, 2)), check.Nil("frequency_penalty", check.Number(-2, 2)), check.Nil("repetition_penalty", check.Number(0, 2)),
		check.Nil("logprobs", check.Bool()), check.Nil("top_logprobs", check.Int(0, 20)),
		check.Nil("prompt_logprobs", check.Bool()), check.Nil("top_prompt_logprobs", check.Int(0, 20)),
		check.Nil("n", check.Int(1, 128)),
		check.Opt("prediction", check.Object(check.Opt("type", check.Enum("content")), check.Opt("content", check.Text()))),
		check.Nil("reasoning_effort", check.Enum("none", "minimal", "low", "medium", "high", "xhigh", "max")),
		check.Nil("prompt_mode", check.Enum("reasoning")), check.Nil("guardrails", check.List(check.Dict(check.Any()), 0, many)),
		check.Nil("prompt_cache_key", check.Text()), check.Nil("service_tier", check.Enum("auto", "standard_only")), check.Opt("safe_prompt", check.Bool()))
}

func embeddingShape() check.Shape {
	return check.Object(
		check.Req("model", check.Text()), check.Req("input", stringOrList(check.Text())),
		check.Nil("metadata", check.Dict(check.Any())), check.Nil("output_dimension", check.Int(1, many)),
		check.Opt("output_dtype", check.Enum("float", "int8", "uint8", "binary", "ubinary")), check.Opt("encoding_format", check.Enum("float", "base64")))
}
