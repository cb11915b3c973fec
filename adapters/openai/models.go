package openai

import (
	"strings"

	"github.com/postern-gateway/postern/adapters/chat"
)

// Efforts as bits.
const (
	none    = 1 << chat.EffortNone
	minimal = 1 << chat.EffortMinimal
	low     = 1 << chat.EffortLow
	medium  = 1 << chat.EffortMedium
	high    = 1 << chat.EffortHigh
	xhigh   = 1 << chat.EffortXHigh
	most    = 1 << chat.EffortMax
)

// A trait is something that differs between models.
type trait uint8

const (
	newLimit    trait = 1 << iota // max_completion_tokens instead of max_tokens
	reasons                       // takes reasoning_effort; sampling and stop only while it is none
	oneCall                       // makes one call at a time and refuses parallel_tool_calls
	breakpoints                   // takes prompt_cache_breakpoint
)

// A family is what models whose names begin alike have in common.
type family struct {
	prefix  string
	efforts uint16
	usual   chat.Effort // where a request says none
	traits  trait
	source  string // page that says so
}

// Pages that the rows rest on, all read on 2026-11-22. The reference says of the limit
// that max_tokens is deprecated and refused by the o series, of stop that o3 and
// o4-mini refuse it, and which efforts there are at all.
const (
	reference = "https://platform.openai.com/docs/api-reference/chat/create"
	efforts   = "https://community.openai.com/t/request-for-compatibility-matrix-reasoning-effort-sampling-parameters-across-gpt-5-series/1371738"
	defaults  = "https://www.zansara.dev/posts/2026-05-26-reasoning-effort-across-gpt-5.x/"
	oneByOne  = "https://github.com/run-llama/llama_index/issues/20865" // parallel_tool_calls of the o series; efforts as in the matrix
)

// families are in order: the first prefix that fits holds.
var families = [...]family{
	{"gpt-5-chat", 0, 0, newLimit, efforts},
	{"gpt-5-search", 0, 0, newLimit, efforts},
	{"gpt-5-codex", low | medium | high, chat.EffortMedium, newLimit | reasons, efforts},
	{"gpt-5-pro", high, chat.EffortHigh, newLimit | reasons, efforts},
	{"gpt-5.1-chat", medium, chat.EffortMedium, newLimit | reasons, efforts},
	{"gpt-5.1-codex-max", low | medium | high | xhigh, chat.EffortMedium, newLimit | reasons, efforts},
	{"gpt-5.1-codex", low | medium | high, chat.EffortMedium, newLimit | reasons, efforts},
	{"gpt-5.1", none | low | medium | high, chat.EffortNone, newLimit | reasons, efforts},
	{"gpt-5.2-chat", medium, chat.EffortMedium, newLimit | reasons, efforts},
	{"gpt-5.2-codex", low | medium | high | xhigh, chat.EffortMedium, newLimit | reasons, efforts},
	{"gpt-5.2-pro", medium | high | xhigh, chat.EffortMedium, newLimit | reasons, efforts},
	{"gpt-5.2", none | low | medium | high | xhigh, chat.EffortNone, newLimit | reasons, efforts},
	{"gpt-5.4", none | low | medium | high | xhigh, chat.EffortNone, newLimit | reasons, defaults},
	{"gpt-5.5", none | low | medium | high | xhigh, chat.EffortMedium, newLimit | reasons, defaults},
	{"gpt-5.6", none | low | medium | high | xhigh | most, chat.EffortMedium, newLimit | reasons | breakpoints, reference},
	{"gpt-5.", none | low | medium | high | xhigh, chat.EffortMedium, newLimit | reasons, reference},
	{"gpt-5", minimal | low | medium | high, chat.EffortMedium, newLimit | reasons, efforts},
	{"o1", low | medium | high, chat.EffortMedium, newLimit | reasons | oneCall, oneByOne},
	{"o3", low | medium | high, chat.EffortMedium, newLimit | reasons | oneCall, oneByOne},
	{"o4", low | medium | high, chat.EffortMedium, newLimit | reasons | oneCall, oneByOne},
	{"gpt-", 0, 0, newLimit, reference},
	{"chatgpt-", 0, 0, newLimit, reference},
}

// unknown stands for a model of somebody else behind an API of this format. It gets the
// older name of the limit, which all of them know, and any effort that a client names.
var unknown = family{efforts: minimal | low | medium | high | xhigh | most | none}

// find is what is known of a model. A fine-tuned one is like the one it was made from:
// ft:gpt-4o-mini:acme::id.
func find(model string) *family {
	model = strings.TrimPrefix(model, "ft:")
	for i := range families {
		if f := &families[i]; strings.HasPrefix(model, f.prefix) {
			return f
		}
	}
	return &unknown
}

func (f *family) is(t trait) bool { return f.traits&t != 0 }

// nearest is the effort that the model has closest to the one asked for, less rather
// than more of two; EffortUnset if it has none at all.
func (f *family) nearest(e chat.Effort) chat.Effort {
	for d := chat.Effort(0); d <= chat.EffortMax; d++ {
		if e >= d && f.efforts&(1<<(e-d)) != 0 {
			return e - d
		}
		if f.efforts&(1<<(e+d)) != 0 {
			return e + d
		}
	}
	return chat.EffortUnset
}
