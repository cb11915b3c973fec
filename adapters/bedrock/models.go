package bedrock

import (
	"strings"

	"github.com/postern-gateway/postern/adapters/anthropic"
)

// A trait is something that a family of models takes and others do not.
type trait uint16

const (
	claude      trait = 1 << iota // asked as package anthropic asks it
	caches                        // cachePoint in system and messages
	cachesTools                   // and among tools
	cachesHour                    // with a ttl
	forces                        // toolChoice of one tool
	schemas                       // outputConfig.textFormat
	status                        // toolResult.status
	novaEffort                    // additionalModelRequestFields.reasoningConfig
	plainEffort                   // additionalModelRequestFields.reasoning_effort
	novaTopK                      // additionalModelRequestFields.inferenceConfig.topK
)

// A model is what models whose ids have the same part in common.
type model struct {
	part   string
	traits trait
	source string // page that says so
}

func (m *model) is(t trait) bool { return m.traits&t != 0 }

// Pages that the rows rest on, all read on 2026-11-26.
const (
	converse   = "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html"
	structured = "https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html"
	nova2      = "https://docs.aws.amazon.com/nova/latest/nova2-userguide/using-converse-api.html"
	gptOSS     = "https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-openai.html"
)

// models are in order: the first whose part is in the id holds. The last is of models
// that nothing is known of, such as those behind a profile of one's own.
var models = [...]model{
	{"anthropic.claude", claude | caches | cachesTools | cachesHour | forces | status, converse},
	{"amazon.nova-2", caches | forces | status | novaEffort | novaTopK, nova2},
	{"amazon.nova", caches | forces | status | novaTopK, converse},
	{"openai.gpt-oss", schemas | plainEffort, gptOSS},
	{"qwen.", schemas, structured},
	{"deepseek.v3", schemas, structured},
	{"google.gemma", schemas, structured},
	{"nvidia.nemotron", schemas, structured},
	{"minimax.", schemas, structured},
	{"moonshot", schemas, structured},
	{"", 0, converse},
}

func find(id string) *model {
	i := 0
	for !strings.Contains(id, models[i].part) {
		i++
	}
	return &models[i]
}

// claudeName is what Anthropic calls a Claude model: of
// "eu.anthropic.claude-opus-4-5-20251101-v1:0" it is "claude-opus-4-5-20251101". It is
// empty for those that are older than what Anthropic's own API still has.
func claudeName(id string) string {
	_, name, _ := strings.Cut(id, "anthropic.")
	name, _, _ = strings.Cut(name, "-v")
	for _, old := range [...]string{"claude-3", "claude-sonnet-4-20", "claude-opus-4-20", "claude-opus-4-1", "claude-instant", "claude"} {
		if name == old || old != "claude" && strings.HasPrefix(name, old) {
			return ""
		}
	}
	return name
}

// Prefills is what Claude models do, where Anthropic says so.
func (a *adapter) Prefills(id string) bool {
	return find(id).is(claude) && (&anthropic.Translation{}).Prefills(claudeName(id))
}

// thinks reports whether a Claude model can think at all: all since 3.7 can.
func thinks(id string) bool {
	return !strings.Contains(id, "claude-3-") && !strings.Contains(id, "claude-v") && !strings.Contains(id, "claude-instant") || strings.Contains(id, "claude-3-7")
}
