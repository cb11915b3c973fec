package gemini

import (
	"math"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/check"
)

func list(elem check.Shape) check.Shape { return check.List(elem, 0, math.MaxInt32) }

func texts() check.Shape { return list(check.Text()) }

func float() check.Shape { return check.Number(-math.MaxFloat32, math.MaxFloat32) }

func whole() check.Shape { return check.Int(math.MinInt32, math.MaxInt32) }

func free() check.Shape { return check.Dict(check.Any()) }

// part is one piece of a content; which of its kinds it is the rules check.
func part() check.Shape {
	blob := check.Object(check.Req("mimeType", check.String(1, 200)), check.Req("data", check.Text()))
	return check.Object(
		check.Opt("text", check.Text()), check.Opt("thought", check.Bool()), check.Opt("thoughtSignature", check.Text()),
		check.Opt("inlineData", blob),
		check.Opt("fileData", check.Object(check.Opt("mimeType", check.Text()), check.Req("fileUri", check.String(1, math.MaxInt)))),
		check.Opt("functionCall", check.Object(check.Opt("id", check.Text()), check.Req("name", check.Text()), check.Opt("args", free()))),
		check.Opt("functionResponse", check.Object(check.Opt("id", check.Text()), check.Req("name", check.Text()), check.Req("response", free()),
			check.Opt("parts", list(check.Object(check.Opt("inlineData", blob)))))),
		check.Opt("videoMetadata", free()), check.Opt("mediaResolution", free()), check.Opt("partMetadata", free()))
}

func contentShape() check.Shape {
	return check.Object(check.Opt("role", check.Text()), check.Opt("parts", list(part())))
}

func generateFields() []check.Field {
	declaration := check.Object(check.Req("name", check.Text()), check.Opt("description", check.Text()), check.Opt("behavior", check.Text()),
		check.Opt("parameters", openAPI), check.Opt("parametersJsonSchema", free()), check.Opt("response", openAPI), check.Opt("responseJsonSchema", free()))
	return []check.Field{
		check.Req("contents", check.List(contentShape(), 1, math.MaxInt32)),
		check.Opt("model", check.Text()), check.Opt("systemInstruction", contentShape()), check.Opt("cachedContent", check.Text()),
		check.Opt("tools", list(check.Object(check.Opt("functionDeclarations", list(declaration)), check.Opt("googleSearch", free()),
			check.Opt("codeExecution", free()), check.Opt("urlContext", free())))),
		check.Opt("toolConfig", check.Object(check.Opt("functionCallingConfig", check.Object(
			check.Opt("mode", check.Enum("AUTO", "ANY", "NONE", "VALIDATED")), check.Opt("allowedFunctionNames", texts()))))),
		check.Opt("safetySettings", list(check.Object(check.Req("category", check.Text()), check.Req("threshold", check.Text())))),
		check.Opt("generationConfig", generationConfig()),
		check.Opt("serviceTier", check.Enum("unspecified", "standard", "flex", "priority")),
		check.Opt("labels", check.Dict(check.Text())), check.Opt("store", check.Bool()),
	}
}

func generationConfig() check.Shape {
	return check.Object(
		check.Opt("temperature", check.Number(0, 2)), check.Opt("topP", check.Number(0, 1)), check.Opt("topK", whole()),
		check.Opt("maxOutputTokens", check.Int(1, math.MaxInt32)), check.Opt("candidateCount", check.Int(1, 8)), check.Opt("seed", whole()),
		check.Opt("stopSequences", check.List(check.String(1, math.MaxInt), 0, 5)),
		check.Opt("presencePenalty", float()), check.Opt("frequencyPenalty", float()),
		check.Opt("responseLogprobs", check.Bool()), check.Opt("logprobs", check.Int(0, 20)),
		check.Opt("responseMimeType", check.Enum("text/plain", "application/json", "text/x.enum")),
		check.Opt("responseSchema", openAPI), check.Opt("responseJsonSchema", free()), check.Opt("_responseJsonSchema", free()),
		check.Opt("responseModalities", texts()), check.Opt("mediaResolution", check.Text()), check.Opt("speechConfig", free()),
		check.Opt("thinkingConfig", check.Object(check.Opt("includeThoughts", check.Bool()), check.Opt("thinkingBudget", whole()),
			check.Opt("thinkingLevel", check.Text()))))
}

// openAPI is the API's own Schema, which knows nothing of JSON Schema's further keywords
// (https://ai.google.dev/api/caching#Schema).
func openAPI(p check.Path, v any) *check.Problem {
	return check.Object(
		check.Opt("type", check.Text()), check.Opt("format", check.Text()), check.Opt("title", check.Text()), check.Opt("description", check.Text()),
		check.Opt("nullable", check.Bool()), check.Opt("enum", texts()), check.Opt("properties", check.Dict(openAPI)), check.Opt("required", texts()),
		check.Opt("items", openAPI), check.Opt("anyOf", list(openAPI)), check.Opt("minItems", check.Any()), check.Opt("maxItems", check.Any()),
		check.Opt("minProperties", check.Any()), check.Opt("maxProperties", check.Any()), check.Opt("minLength", check.Any()), check.Opt("maxLength", check.Any()),
		check.Opt("minimum", float()), check.Opt("maximum", float()), check.Opt("pattern", check.Text()), check.Opt("example", check.Any()),
		check.Opt("default", check.Any()), check.Opt("propertyOrdering", texts()))(p, v)
}

func countShape() check.Shape {
	return check.Object(check.Opt("generateContentRequest", check.Object(generateFields()...)),
		check.Opt("contents", check.List(contentShape(), 1, math.MaxInt32)))
}

func embedFields() []check.Field {
	return []check.Field{
		check.Opt("model", check.Text()), check.Req("content", contentShape()), check.Opt("title", check.Text()),
		check.Opt("outputDimensionality", check.Int(1, 3072)),
		check.Opt("taskType", check.Enum("RETRIEVAL_QUERY", "RETRIEVAL_DOCUMENT", "SEMANTIC_SIMILARITY", "CLASSIFICATION", "CLUSTERING",
			"QUESTION_ANSWERING", "FACT_VERIFICATION", "CODE_RETRIEVAL_QUERY")),
	}
}
