package ollamachat

import "github.com/postern-gateway/postern/adapters/dialect/fields"

// spelled are what providers name as OpenAI or Anthropic do, and how it is spelled here.
var spelled = [...][2]string{
	{"messages[].content[].thinking", "messages[].thinking"},
	{"messages[].reasoning_details", "messages[].thinking"},
	{"max_tokens", "options.num_predict"},
	{"max_completion_tokens", "options.num_predict"},
	{"temperature", "options.temperature"},
	{"top_p", "options.top_p"},
	{"top_k", "options.top_k"},
	{"min_p", "options.min_p"},
	{"seed", "options.seed"},
	{"frequency_penalty", "options.frequency_penalty"},
	{"presence_penalty", "options.presence_penalty"},
	{"stop", "options.stop"},
	{"stop_sequences", "options.stop"},
	{"reasoning_effort", "think"},
	{"thinking", "think"},
	{"response_format.json_schema.schema", "format"},
	{"response_format", "format"},
	{"output_config.format.schema", "format"},
	{"output_config.format", "format"},
}

// Field is a path as this API's clients spell it.
func Field(path string) string {
	path, _ = fields.Spell(path, spelled[:])
	return path
}
