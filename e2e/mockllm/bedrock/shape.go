package bedrock

import (
	"encoding/base64"
	"math"
	"regexp"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/check"
)

// union accepts an object with exactly one of these members.
func union(members ...check.Field) check.Shape {
	object := check.Object(members...)
	return func(p check.Path, v any) *check.Problem {
		if problem := object(p, v); problem != nil {
			return problem
		}
		if n := len(v.(map[string]any)); n != 1 {
			return &check.Problem{Path: p, Kind: check.Tag, Limit: "exactly one member of a union", Got: v}
		}
		return nil
	}
}

// pattern accepts a string that matches as a whole.
func pattern(expression string, most int) check.Shape {
	re := regexp.MustCompile("^(?:" + expression + ")$")
	text := check.String(1, most)
	return func(p check.Path, v any) *check.Problem {
		if problem := text(p, v); problem != nil {
			return problem
		}
		if !re.MatchString(v.(string)) {
			return &check.Problem{Path: p, Kind: check.Pattern, Limit: "regular expression pattern: " + expression, Got: v}
		}
		return nil
	}
}

// blob accepts base64 of at least one byte.
func blob() check.Shape {
	text := check.Text()
	return func(p check.Path, v any) *check.Problem {
		if problem := text(p, v); problem != nil {
			return problem
		}
		if b, err := base64.StdEncoding.DecodeString(v.(string)); err != nil || len(b) == 0 {
			return &check.Problem{Path: p, Kind: check.Type, Got: v}
		}
		return nil
	}
}

func empty() check.Shape { return check.Object() }

func document() check.Shape {
	return func(p check.Path, v any) *check.Problem {
		if _, ok := v.(map[string]any); !ok {
			return &check.Problem{Path: p, Kind: check.Type, Got: v}
		}
		return nil
	}
}

const (
	toolID   = `[a-zA-Z0-9_.:-]+`
	toolName = `[a-zA-Z0-9_-]+`
	nameForm = `[a-zA-Z0-9()\[\]-]+(\s[a-zA-Z0-9()\[\]-]+)*`
)

func s3() check.Shape {
	return check.Object(check.Req("uri", pattern(`s3://[a-z0-9][.\-a-z0-9]{1,61}[a-z0-9](/.*)?`, 1024)), check.Opt("bucketOwner", pattern(`[0-9]{12}`, 12)))
}

func file(formats ...string) check.Shape {
	return check.Object(check.Req("format", check.Enum(formats...)), check.Req("source", union(check.Opt("bytes", blob()), check.Opt("s3Location", s3()))))
}

func image() check.Shape { return file("png", "jpeg", "gif", "webp") }

func video() check.Shape {
	return file("mkv", "mov", "mp4", "webm", "flv", "mpeg", "mpg", "wmv", "three_gp")
}

func doc() check.Shape {
	return check.Object(
		check.Opt("format", check.Enum("pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md")),
		check.Req("name", pattern(nameForm, 200)),
		check.Req("source", union(check.Opt("bytes", blob()), check.Opt("s3Location", s3()), check.Opt("text", check.Text()),
			check.Opt("content", check.List(union(check.Opt("text", check.Text())), 1, math.MaxInt)))),
		check.Opt("context", check.Text()),
		check.Opt("citations", check.Object(check.Req("enabled", check.Bool()))))
}

func cachePoint() check.Shape {
	return check.Object(check.Req("type", check.Enum("default")), check.Opt("ttl", check.Enum("5m", "1h")))
}

func contentBlock() check.Shape {
	return union(
		check.Opt("text", check.Text()),
		check.Opt("image", image()),
		check.Opt("document", doc()),
		check.Opt("video", video()),
		check.Opt("audio", file("mp3", "opus", "wav", "aac", "flac", "mp4", "ogg", "mkv", "mka", "x-aac", "m4a", "mpeg", "mpga", "pcm", "webm")),
		check.Opt("toolUse", check.Object(check.Req("toolUseId", pattern(toolID, 64)), check.Req("name", pattern(toolName, 64)), check.Req("input", document()))),
		check.Opt("toolResult", check.Object(
			check.Req("toolUseId", pattern(toolID, 64)),
			check.Req("content", check.List(union(check.Opt("json", document()), check.Opt("text", check.Text()), check.Opt("image", image()),
				check.Opt("document", doc()), check.Opt("video", video())), 0, math.MaxInt)),
			check.Opt("status", check.Enum("success", "error")))),
		check.Opt("cachePoint", cachePoint()),
		check.Opt("reasoningContent", union(
			check.Opt("reasoningText", check.Object(check.Req("text", check.Text()), check.Opt("signature", check.Text()))),
			check.Opt("redactedContent", blob()))))
}

func toolConfig() check.Shape {
	return check.Object(
		check.Req("tools", check.List(union(
			check.Opt("toolSpec", check.Object(check.Req("name", pattern(toolName, 64)), check.Opt("description", check.String(1, math.MaxInt)),
				check.Req("inputSchema", union(check.Opt("json", document()))), check.Opt("strict", check.Bool()))),
			check.Opt("cachePoint", cachePoint())), 1, math.MaxInt)),
		check.Opt("toolChoice", union(check.Opt("auto", empty()), check.Opt("any", empty()),
			check.Opt("tool", check.Object(check.Req("name", pattern(toolName, 64)))))))
}

func outputConfig() check.Shape {
	return check.Object(
		check.Opt("effort", check.Enum("low", "medium", "high", "xhigh", "max")),
		check.Opt("textFormat", check.Object(check.Req("type", check.Enum("json_schema")),
			check.Req("structure", union(check.Opt("jsonSchema", check.Object(
				check.Req("schema", check.Text()), check.Opt("name", check.Text()), check.Opt("description", check.Text()))))))))
}

// requestFields are those of Converse and ConverseStream but the model, which is in the path.
func requestFields() []check.Field {
	return []check.Field{
		check.Opt("messages", check.List(check.Object(check.Req("role", check.Enum("user", "assistant")), check.Req("content", check.List(contentBlock(), 0, math.MaxInt))), 0, math.MaxInt)),
		check.Opt("system", check.List(union(check.Opt("text", check.String(1, math.MaxInt)), check.Opt("cachePoint", cachePoint())), 0, math.MaxInt)),
		check.Opt("inferenceConfig", check.Object(check.Opt("maxTokens", check.Int(1, math.MaxInt32)), check.Opt("temperature", check.Number(0, 1)),
			check.Opt("topP", check.Number(0, 1)), check.Opt("stopSequences", check.List(check.String(1, math.MaxInt), 0, 2500)))),
		check.Opt("toolConfig", toolConfig()),
		check.Opt("additionalModelRequestFields", document()),
		check.Opt("additionalModelResponseFieldPaths", check.List(check.String(1, 256), 0, 10)),
		check.Opt("outputConfig", outputConfig()),
		check.Opt("guardrailConfig", check.Object(check.Req("guardrailIdentifier", check.String(1, 2048)), check.Req("guardrailVersion", pattern(`[1-9][0-9]{0,7}|DRAFT`, 8)),
			check.Opt("trace", check.Enum("enabled", "disabled", "enabled_full")))),
		check.Opt("serviceTier", check.Object(check.Req("type", check.Enum("priority", "default", "flex", "reserved")))),
		check.Opt("performanceConfig", check.Object(check.Req("latency", check.Enum("standard", "optimized")))),
		check.Opt("requestMetadata", check.Dict(pattern(`[a-zA-Z0-9\s:_@$#=/+,\-.]{0,256}`, 256))),
	}
}
