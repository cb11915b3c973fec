package mistral

import (
	"strings"

	"github.com/postern-gateway/postern/adapters/chat"
)

// Efforts of reasoning_effort, as bits.
const (
	none    = 1 << chat.EffortNone
	high    = 1 << chat.EffortHigh
	graded  = 1<<chat.EffortLow | 1<<chat.EffortMedium | high
	onOrOff = none | high
)

// A family is what models whose names begin alike have in common.
type family struct {
	prefix  string
	efforts uint16
	silent  bool   // it thinks without being told, and refuses to be told how much
	source  string // page that says so
}

// Pages that the rows rest on, all read on 2026-11-26.
const (
	reasoning  = "https://docs.mistral.ai/capabilities/reasoning/"
	adjustable = "https://docs.mistral.ai/inference/conversations/reasoning"
	native     = "https://docs.mistral.ai/capabilities/reasoning/native"
	measured   = "https://github.com/anomalyco/models.dev/pull/1986" // and that others refuse any effort
)

// families are in order: the first prefix that fits holds. Magistral's latest names are
// those of newer models, and its dated ones take no effort.
var families = [...]family{
	{"mistral-small-latest", onOrOff, false, reasoning},
	{"mistral-small-4", onOrOff, false, measured},
	{"mistral-small-2603", onOrOff, false, adjustable},
	{"mistral-medium-latest", onOrOff, false, measured},
	{"mistral-medium-3-5", onOrOff, false, reasoning},
	{"mistral-medium-3.5", onOrOff, false, measured},
	{"mistral-medium-2604", onOrOff, false, measured},
	{"mistral-large-4", graded, false, adjustable},
	{"magistral-small-latest", onOrOff, false, measured},
	{"magistral-", high, true, native},
	{"", 0, false, measured},
}

// find is what is known of a model.
func find(name string) *family {
	i := 0
	for !strings.HasPrefix(name, families[i].prefix) {
		i++
	}
	return &families[i]
}

// thinks reports whether the model reasons at all, so that it knows its thoughts again.
func (f *family) thinks() bool { return f.efforts != 0 }

// nearest is the effort that the model has closest to the one asked for: no thinking
// only for none, and any other effort is one of thinking.
func (f *family) nearest(e chat.Effort) chat.Effort {
	if e == chat.EffortNone {
		if f.efforts&none != 0 {
			return e
		}
		return chat.EffortUnset
	}
	for d := chat.Effort(0); d <= chat.EffortMax; d++ {
		if e > chat.EffortNone+d && f.efforts&(1<<(e-d)) != 0 {
			return e - d
		}
		if f.efforts&(1<<(e+d)) != 0 {
			return e + d
		}
	}
	return chat.EffortUnset
}
