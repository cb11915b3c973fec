package gemini

import (
	"strings"

	"github.com/postern-gateway/postern/adapters/chat"
)

// A trait is something that a model does or takes and others do not.
type trait uint16

const (
	silent     trait = 1 << iota // thinking can be turned off
	signs                        // wants the signatures of its calls back; knows calls by their ids
	samples                      // takes temperature, top_p and top_k
	continues                    // goes on with a final turn of its own
	several                      // candidateCount
	penalties                    // frequency and presence penalty
	toolFormat                   // structured output beside functions
	validates                    // function calling mode VALIDATED
)

// Levels of thinkingConfig.thinkingLevel, as bits of their efforts.
const (
	low       = 1 << chat.EffortLow
	medium    = 1 << chat.EffortMedium
	high      = 1 << chat.EffortHigh
	lowToHigh = low | medium | high
	allLevels = 1<<chat.EffortMinimal | lowToHigh
)

// A model is what models whose names begin alike have in common.
type model struct {
	prefix      string
	levels      uint16 // of thinking; 0 for a budget, or none
	least, most int64  // tokens of a thinking budget; 0 for none
	traits      trait
	source      string // page that says so
}

func (m *model) is(t trait) bool { return m.traits&t != 0 }

// thinks reports whether the model can be told how to think.
func (m *model) thinks() bool { return m.levels != 0 || m.most > 0 }

// What generations have in common. From 3.6 on models sample by themselves alone and do
// not continue a turn of theirs.
const (
	second  = samples | continues | several | validates
	third   = signs | toolFormat | validates
	earlier = third | samples | continues // of the third generation
)

// Pages that the rows rest on, all read on 2026-11-22. That penalties are refused is in
// the API's own answers alone (https://github.com/BerriAI/litellm/pull/32273), and so is
// which models continue a turn (https://github.com/LibreChat-AI/agents/pull/323).
const (
	thinking = "https://ai.google.dev/gemini-api/docs/generate-content/thinking"
	latest   = "https://ai.google.dev/gemini-api/docs/latest-model"
	images   = "https://ai.google.dev/gemini-api/docs/image-generation"
)

// models are in order: the first prefix that fits holds. The last stands for models that
// are not Gemini's, such as Gemma, and takes what an older model takes; the one before
// it for Gemini models that are not known yet.
var models = [...]model{
	{"gemini-2.5-flash-image", 0, 0, 0, second, images},
	{"gemini-2.5-flash-lite", 0, 512, 24576, second | silent, thinking},
	{"gemini-2.5-flash", 0, 1, 24576, second | silent, thinking},
	{"gemini-2.5-pro", 0, 128, 32768, second, thinking},
	{"gemini-3-pro", low | high, 0, 0, earlier, thinking},
	{"gemini-3-flash", allLevels, 0, 0, earlier, thinking},
	{"gemini-3.1-flash", allLevels, 0, 0, earlier, thinking},
	{"gemini-3.1-pro", lowToHigh, 0, 0, earlier, thinking},
	{"gemini-pro-latest", lowToHigh, 0, 0, earlier, latest},
	{"gemini-3.5-flash-lite", allLevels, 0, 0, third, latest},
	{"gemini-flash-lite-latest", allLevels, 0, 0, third, latest},
	{"gemini-3.5-flash", allLevels, 0, 0, earlier, thinking},
	{"gemini-3.6-flash", allLevels, 0, 0, third, latest},
	{"gemini-", lowToHigh, 0, 0, third, latest},
	{"", 0, 0, 0, second | penalties, thinking},
}

// find is what is known of a model, whose name may bring its collection.
func find(name string) *model {
	name = strings.TrimPrefix(name, "models/")
	i := 0
	for !strings.HasPrefix(name, models[i].prefix) {
		i++
	}
	return &models[i]
}

// nearest is the level that the model has closest to the one asked for, less rather
// than more of two.
func (m *model) nearest(e chat.Effort) chat.Effort {
	for d := chat.Effort(0); d <= chat.EffortMax; d++ {
		if e >= d && m.levels&(1<<(e-d)) != 0 {
			return e - d
		}
		if m.levels&(1<<(e+d)) != 0 {
			return e + d
		}
	}
	return chat.EffortUnset
}
