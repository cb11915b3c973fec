package anthropic

import "strings"

// A trait is something that a model does or takes and others do not.
type trait uint16

const (
	takesBudget   trait = 1 << iota // thinking.type "enabled" with budget_tokens
	takesAdaptive                   // thinking.type "adaptive"
	takesBetween                    // thinking.type "between_tools"
	takesDisabled                   // thinking.type "disabled"
	thinksUnasked                   // thinks where a request says nothing of it
	takesPrefill                    // goes on with a final assistant message
	takesForced                     // tool_choice "any" and "tool"
	takesSystem                     // system messages within the conversation
	takesSchema                     // output_config.format, and strict tools
	takesSampling                   // temperature, top_p and top_k other than the defaults
	takesBoth                       // temperature together with top_p
	takesImages
	takesDocuments
)

// Levels of output_config.effort, as bits in their order.
const (
	effortLow = 1 << iota
	effortMedium
	effortHigh
	effortXHigh
	effortMax

	threeEfforts = effortLow | effortMedium | effortHigh
	fourEfforts  = threeEfforts | effortMax
	allEfforts   = fourEfforts | effortXHigh
)

// A model is what is known of a model and of its dated versions.
type model struct {
	id      string
	output  int64 // tokens that one answer may have
	context int64 // tokens of question and answer
	efforts uint8
	traits  trait
	source  string // page of the documentation that says so
	checked string // when it was read
}

func (m *model) is(t trait) bool { return m.traits&t != 0 }

// What generations of models have in common. The second generation fixed sampling and
// refuses budgets; what its members differ in is in their rows.
const (
	media      = takesImages | takesDocuments
	classic    = media | takesBudget | takesDisabled | takesForced | takesSchema | takesSampling
	generation = media | takesAdaptive | takesSchema
)

const docs = "https://platform.claude.com/docs/en/models/"

// models follows the pages named in its rows, the effort page
// (https://platform.claude.com/docs/en/build-with-claude/effort) and the migration
// guides beside each overview.
var models = [...]model{
	{"claude-opus-5-5", 128_000, 1_000_000, allEfforts, generation | thinksUnasked | takesSystem, docs + "opus-5-5/whats-new-opus-5-5", "2026-11-22"},
	{"claude-sonnet-5-5", 128_000, 1_000_000, allEfforts, generation | thinksUnasked | takesBetween | takesSystem, docs + "sonnet-5-5/migration-guide", "2026-11-22"},
	{"claude-haiku-5-5", 128_000, 1_000_000, allEfforts, generation | thinksUnasked | takesDisabled | takesForced | takesSystem, docs + "haiku-5-5/overview", "2026-11-22"},
	{"claude-fable-5-1", 128_000, 1_000_000, allEfforts, generation | thinksUnasked | takesSystem, docs + "fable-5-1/whats-new-fable-5-1", "2026-11-22"},
	{"claude-mythos-5-1", 128_000, 1_000_000, allEfforts, generation | thinksUnasked | takesSystem, docs + "fable-5-1/whats-new-fable-5-1", "2026-11-22"},
	{"claude-fable-5", 128_000, 1_000_000, allEfforts, generation | thinksUnasked | takesForced | takesSystem, docs + "fable-5/overview", "2026-11-22"},
	{"claude-mythos-5", 128_000, 1_000_000, allEfforts, generation | thinksUnasked | takesForced | takesSystem, docs + "fable-5/overview", "2026-11-22"},
	{"claude-opus-5", 128_000, 1_000_000, allEfforts, generation | thinksUnasked | takesDisabled | takesForced | takesSystem, docs + "opus-5/overview", "2026-11-22"},
	{"claude-sonnet-5", 128_000, 1_000_000, allEfforts, generation | thinksUnasked | takesDisabled | takesForced | takesSystem, docs + "sonnet-5/migration-guide", "2026-11-22"},
	{"claude-opus-4-8", 128_000, 1_000_000, allEfforts, generation | takesDisabled | takesForced | takesSystem, docs + "opus-4-8/overview", "2026-11-22"},
	{"claude-opus-4-7", 128_000, 1_000_000, allEfforts, generation | takesDisabled | takesForced, "https://platform.claude.com/docs/en/about-claude/models/migration-guide", "2026-11-22"},
	{"claude-opus-4-6", 128_000, 1_000_000, fourEfforts, classic | takesAdaptive, docs + "opus-4-6/overview", "2026-11-22"},
	{"claude-sonnet-4-6", 128_000, 1_000_000, fourEfforts, classic | takesAdaptive, docs + "sonnet-4-6/overview", "2026-11-22"},
	{"claude-opus-4-5", 64_000, 200_000, threeEfforts, classic | takesPrefill, docs + "opus-4-5/overview", "2026-11-22"},
	{"claude-sonnet-4-5", 64_000, 200_000, 0, classic | takesPrefill, docs + "sonnet-4-5/overview", "2026-11-22"},
	{"claude-haiku-4-5", 64_000, 200_000, 0, classic | takesPrefill, docs + "haiku-4-5/overview", "2026-11-22"},
}

// newer stands for a model of Anthropic's that is not in the list: nothing is kept from
// it that some listed model takes, and its output is that of the smallest.
var newer = model{output: 64_000, context: 200_000, efforts: allEfforts,
	traits: generation | takesForced | takesPrefill | takesDisabled | takesSampling | takesBoth}

// foreign stands for another maker's model behind an API of this format. Such APIs
// follow its older forms: budgets, and tools for structured output.
var foreign = model{output: 8192, context: 64_000, traits: media | takesBudget | takesDisabled |
	takesPrefill | takesForced | takesSampling | takesBoth}

// find is what is known of a model: its row, that of the model of which it is a
// version ("claude-opus-4-5-20251101"), or one that stands for all that is unknown.
func find(name string) *model {
	for i := range models {
		m := &models[i]
		if rest, ok := strings.CutPrefix(name, m.id); ok && isVersion(rest) {
			return m
		}
	}
	if strings.HasPrefix(name, "claude-") {
		return &newer
	}
	return &foreign
}

// isVersion reports whether what follows a model's name is a date and no further number.
func isVersion(rest string) bool {
	return rest == "" || rest == "-latest" || rest[0] == '@' || strings.HasPrefix(rest, "-20")
}
