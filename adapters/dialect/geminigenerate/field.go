package geminigenerate

import (
	"strings"

	"github.com/postern-gateway/postern/adapters/dialect/fields"
)

// spelled are what providers name as OpenAI or Anthropic do, and how it is spelled here.
var spelled = [...][2]string{
	{"messages[].content[].thinking", "contents[].parts[].thought"},
	{"messages[].content[].citations", "contents[].parts[].citations"},
	{"messages[].reasoning_details", "contents[].parts[].thought"},
	{"messages", "contents"},
	{"max_tokens", "generationConfig.maxOutputTokens"},
	{"max_completion_tokens", "generationConfig.maxOutputTokens"},
	{"temperature", "generationConfig.temperature"},
	{"top_p", "generationConfig.topP"},
	{"top_k", "generationConfig.topK"},
	{"n", "generationConfig.candidateCount"},
	{"stop", "generationConfig.stopSequences"},
	{"stop_sequences", "generationConfig.stopSequences"},
	{"seed", "generationConfig.seed"},
	{"frequency_penalty", "generationConfig.frequencyPenalty"},
	{"presence_penalty", "generationConfig.presencePenalty"},
	{"logprobs", "generationConfig.responseLogprobs"},
	{"top_logprobs", "generationConfig.logprobs"},
	{"reasoning_effort", "generationConfig.thinkingConfig"},
	{"thinking.display", "generationConfig.thinkingConfig.includeThoughts"},
	{"thinking", "generationConfig.thinkingConfig"},
	{"reasoning.summary", "generationConfig.thinkingConfig.includeThoughts"},
	{"response_format.json_schema.schema", "generationConfig.responseSchema"},
	{"response_format.json_schema.strict", "generationConfig.responseSchema"},
	{"response_format.json_schema", "generationConfig.responseSchema"},
	{"response_format.strict", "generationConfig.responseSchema"},
	{"response_format", "generationConfig.responseMimeType"},
	{"output_config.format.schema", "generationConfig.responseSchema"},
	{"output_config.format.strict", "generationConfig.responseSchema"},
	{"output_config.format", "generationConfig.responseMimeType"},
	{"tool_choice", "toolConfig.functionCallingConfig"},
	{"service_tier", "serviceTier"},
}

// inTools are ends of paths of functions, likewise.
var inTools = [...][2]string{
	{".function.parameters", ".parameters"}, {".input_schema", ".parameters"},
	{".function.name", ".name"}, {".function.description", ".description"},
}

// Field is a path as this API's clients spell it.
func Field(path string) string {
	if as, ok := fields.Spell(path, spelled[:]); ok {
		return as
	}
	if !strings.HasPrefix(path, "tools") {
		return path
	}
	if strings.HasSuffix(path, ".strict") { // which the mode says for all
		return "toolConfig.functionCallingConfig.mode"
	}
	for i := range inTools {
		if before, after, ok := strings.Cut(path, inTools[i][0]); ok {
			return before + inTools[i][1] + after
		}
	}
	return path
}
