package anthropic

import (
	"math"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/check"
)

// Bounds of the API reference.
const (
	maxMessages = 100_000
	maxUserID   = 512
	minBudget   = 1024
)

func many(elem check.Shape) check.Choice {
	return check.Choice{Type: check.TArray, Shape: check.List(elem, 0, math.MaxInt32)}
}

func stringOr(other check.Choice) check.Shape {
	return check.ByType(check.Choice{Type: check.TString, Shape: check.Text()}, other)
}

func cacheControl() check.Field {
	return check.Nil("cache_control", check.Tagged("type", "", check.Member{Tag: "ephemeral", Fields: []check.Field{check.Opt("ttl", check.Enum("5m", "1h"))}}))
}

func textBlock() check.Member {
	return check.Member{Tag: "text", Fields: []check.Field{
		check.Req("text", check.Text()), cacheControl(), check.Nil("citations", check.List(check.Dict(check.Any()), 0, math.MaxInt32)),
	}}
}

func imageBlock() check.Member {
	return check.Member{Tag: "image", Fields: []check.Field{
		check.Req("source", check.Tagged("type", "",
			check.Member{Tag: "base64", Fields: []check.Field{
				check.Req("media_type", check.Enum("image/jpeg", "image/png", "image/gif", "image/webp")), check.Req("data", check.Text()),
			}},
			check.Member{Tag: "url", Fields: []check.Field{check.Req("url", check.Text())}},
			check.Member{Tag: "file", Fields: []check.Field{check.Req("file_id", check.Text())}})),
		cacheControl(), check.Nil("transformations", check.Dict(check.Any())),
	}}
}

func documentBlock() check.Member {
	return check.Member{Tag: "document", Fields: []check.Field{
		check.Req("source", check.Tagged("type", "",
			check.Member{Tag: "base64", Fields: []check.Field{check.Req("media_type", check.Enum("application/pdf")), check.Req("data", check.Text())}},
			check.Member{Tag: "text", Fields: []check.Field{check.Req("media_type", check.Enum("text/plain")), check.Req("data", check.Text())}},
			check.Member{Tag: "content", Fields: []check.Field{check.Req("content", stringOr(many(check.Tagged("type", "", textBlock(), imageBlock()))))}},
			check.Member{Tag: "url", Fields: []check.Field{check.Req("url", check.Text())}},
			check.Member{Tag: "file", Fields: []check.Field{check.Req("file_id", check.Text())}})),
		cacheControl(), check.Nil("citations", check.Object(check.Opt("enabled", check.Bool()))),
		check.Nil("context", check.Text()), check.Nil("title", check.Text()),
	}}
}

func searchResult() check.Member {
	return check.Member{Tag: "search_result", Fields: []check.Field{
		check.Req("content", check.List(check.Tagged("type", "", textBlock()), 1, math.MaxInt32)),
		check.Req("source", check.Text()), check.Req("title", check.Text()), cacheControl(),
		check.Opt("citations", check.Object(check.Opt("enabled", check.Bool()))),
	}}
}

func contentBlock() check.Shape {
	id := check.Name(math.MaxInt)
	caller := check.Nil("caller", check.Dict(check.Any()))
	toolset := check.Nil("toolset_name", check.Text())
	return check.Tagged("type", "", textBlock(), imageBlock(), documentBlock(), searchResult(),
		check.Member{Tag: "thinking", Fields: []check.Field{check.Req("signature", check.Text()), check.Req("thinking", check.Text())}},
		check.Member{Tag: "redacted_thinking", Fields: []check.Field{check.Req("data", check.Text())}},
		check.Member{Tag: "tool_use", Fields: []check.Field{
			check.Req("id", id), check.Req("input", check.Dict(check.Any())), check.Req("name", check.Name(200)), cacheControl(), caller, toolset,
		}},
		check.Member{Tag: "tool_result", Fields: []check.Field{
			check.Req("tool_use_id", id), cacheControl(), check.Opt("is_error", check.Bool()), toolset,
			check.Opt("content", stringOr(many(check.Tagged("type", "", textBlock(), imageBlock(), documentBlock(), searchResult())))),
		}},
		check.Member{Tag: "server_tool_use", Fields: []check.Field{
			check.Req("id", id), check.Req("input", check.Dict(check.Any())), check.Req("name", check.Text()), cacheControl(), caller,
		}},
		check.Member{Tag: "web_search_tool_result", Fields: []check.Field{
			check.Req("tool_use_id", id), check.Req("content", check.Any()), cacheControl(), caller,
		}})
}

func tool() check.Shape {
	server := func(tag, name string, more ...check.Field) check.Member {
		return check.Member{Tag: tag, Fields: append([]check.Field{
			check.Req("name", check.Enum(name)), cacheControl(), check.Opt("strict", check.Bool()),
			check.Opt("defer_loading", check.Bool()), check.Opt("allowed_callers", check.List(check.Text(), 0, math.MaxInt32)),
		}, more...)}
	}
	domains := []check.Field{
		check.Nil("allowed_domains", check.List(check.Text(), 0, math.MaxInt32)), check.Nil("blocked_domains", check.List(check.Text(), 0, math.MaxInt32)),
		check.Nil("max_uses", check.Int(1, math.MaxInt32)), check.Nil("user_location", check.Dict(check.Any())),
	}
	return check.Tagged("type", "custom",
		check.Member{Tag: "custom", Fields: []check.Field{
			check.Req("name", check.Name(128)), check.Opt("description", check.Text()),
			check.Req("input_schema", inputSchema()), cacheControl(), check.Opt("strict", check.Bool()),
			check.Opt("defer_loading", check.Bool()), check.Nil("eager_input_streaming", check.Bool()),
			check.Opt("input_examples", check.List(check.Dict(check.Any()), 0, math.MaxInt32)),
			check.Opt("allowed_callers", check.List(check.Text(), 0, math.MaxInt32)),
		}},
		server("web_search_20250305", "web_search", domains...),
		server("web_search_20260209", "web_search", domains...),
		server("web_search_20260318", "web_search", domains...),
		server("bash_20250124", "bash"),
		server("text_editor_20250728", "str_replace_based_edit_tool", check.Nil("max_characters", check.Int(1, math.MaxInt32))))
}

// inputSchema is a JSON Schema of an object, otherwise free.
func inputSchema() check.Shape {
	kind := check.Req("type", check.Enum("object"))
	return func(p check.Path, v any) *check.Problem {
		if problem := check.Dict(check.Any())(p, v); problem != nil {
			return problem
		}
		m := v.(map[string]any)
		only := map[string]any{}
		if t, ok := m["type"]; ok {
			only["type"] = t
		}
		return check.Object(kind)(p, only)
	}
}

func thinking() check.Shape {
	display := check.Nil("display", check.Enum("summarized", "omitted"))
	return check.Tagged("type", "",
		check.Member{Tag: "enabled", Fields: []check.Field{check.Req("budget_tokens", check.Int(minBudget, math.MaxInt32)), display}},
		check.Member{Tag: "disabled"}, check.Member{Tag: "between_tools"},
		check.Member{Tag: "adaptive", Fields: []check.Field{display}})
}

// common are the fields of messages and of counting their tokens.
func common() []check.Field {
	blocks := many(contentBlock())
	parallel := check.Opt("disable_parallel_tool_use", check.Bool())
	return []check.Field{
		check.Req("model", check.String(1, 256)),
		check.Req("messages", check.List(check.Object(
			check.Req("role", check.Enum("user", "assistant", "system")), check.Req("content", stringOr(blocks))), 0, maxMessages)),
		check.Opt("system", stringOr(many(check.Tagged("type", "", textBlock())))),
		check.Opt("thinking", thinking()),
		check.Opt("tools", check.List(tool(), 0, math.MaxInt32)),
		check.Opt("tool_choice", check.Tagged("type", "",
			check.Member{Tag: "auto", Fields: []check.Field{parallel}}, check.Member{Tag: "any", Fields: []check.Field{parallel}},
			check.Member{Tag: "tool", Fields: []check.Field{check.Req("name", check.Text()), parallel}}, check.Member{Tag: "none"})),
		cacheControl(),
		check.Opt("output_config", check.Object(
			check.Nil("effort", check.Enum("low", "medium", "high", "xhigh", "max")),
			check.Nil("format", check.Tagged("type", "", check.Member{Tag: "json_schema", Fields: []check.Field{check.Req("schema", check.Dict(check.Any()))}})))),
		check.Nil("speed", check.Enum("standard", "fast")),
	}
}

func countShape() check.Shape { return check.Object(common()...) }

func messagesShape() check.Shape {
	return check.Object(append(common(),
		check.Req("max_tokens", check.Int(0, math.MaxInt32)),
		check.Opt("metadata", check.Object(check.Nil("user_id", check.String(0, maxUserID)))),
		check.Opt("service_tier", check.Enum("auto", "standard_only")),
		check.Opt("stop_sequences", check.List(check.Text(), 0, math.MaxInt32)),
		check.Opt("stream", check.Bool()),
		check.Nil("temperature", check.Number(math.Inf(-1), math.Inf(1))), // its range has a wording of its own
		check.Nil("top_p", check.Number(math.Inf(-1), math.Inf(1))),
		check.Nil("top_k", check.Int(0, math.MaxInt32)),
		check.Nil("container", check.Any()), check.Nil("diagnostics", check.Dict(check.Any())), check.Nil("inference_geo", check.Text()),
	)...)
}
