package anthropic

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

// A sampling is what a model takes of temperature, top_p and top_k.
type sampling int

const (
	samplingOne     sampling = iota // temperature or top_p, not both
	samplingDefault                 // nothing but the defaults
	samplingAll
)

// A family is a model with its dated versions.
type family struct {
	id        string
	name      string
	context   int
	maxOutput int
	budget    bool // takes thinking.type "enabled" with a budget
	adaptive  bool // takes thinking.type "adaptive"
	prefill   bool // continues a final assistant message
	sampling  sampling
	efforts   []string
	between   bool // takes thinking.type "between_tools"
	system    bool // takes system messages in mid-conversation
}

// families follows https://platform.claude.com/docs/en/about-claude/models/overview
// and the SDK's list of models; what the documentation does not say of the newest
// ones is taken to be as in claude-opus-4-8.
func families() []family {
	all := []string{"low", "medium", "high", "xhigh", "max"}
	list := []family{
		{id: "claude-haiku-4-5", name: "Claude Haiku 4.5", context: 200_000, maxOutput: 64_000, budget: true, prefill: true},
		{id: "claude-sonnet-4-5", name: "Claude Sonnet 4.5", context: 200_000, maxOutput: 64_000, budget: true, prefill: true},
		{id: "claude-opus-4-5", name: "Claude Opus 4.5", context: 200_000, maxOutput: 64_000, budget: true, prefill: true, efforts: all[:3]},
		{id: "claude-sonnet-4-6", name: "Claude Sonnet 4.6", context: 1_000_000, maxOutput: 64_000, budget: true, adaptive: true, efforts: append(slices.Clip(all[:3]), "max")},
		{id: "claude-opus-4-6", name: "Claude Opus 4.6", context: 1_000_000, maxOutput: 128_000, budget: true, adaptive: true, efforts: append(slices.Clip(all[:3]), "max")},
		{id: "claude-opus-4-7", name: "Claude Opus 4.7", context: 1_000_000, maxOutput: 128_000, adaptive: true, sampling: samplingDefault, efforts: all},
	}
	for _, m := range []struct{ id, name string }{
		{"claude-opus-4-8", "Claude Opus 4.8"}, {"claude-sonnet-5", "Claude Sonnet 5"}, {"claude-opus-5", "Claude Opus 5"},
		{"claude-haiku-5-5", "Claude Haiku 5.5"}, {"claude-sonnet-5-5", "Claude Sonnet 5.5"}, {"claude-opus-5-5", "Claude Opus 5.5"},
	} {
		list = append(list, family{id: m.id, name: m.name, context: 1_000_000, maxOutput: 128_000, adaptive: true,
			sampling: samplingDefault, efforts: all, between: m.id != "claude-opus-4-8", system: true})
	}
	return list
}

// model finds the family of a model. One that the server's options name is anything that is asked of it.
func (a *api) model(name string) (family, *provider.Failure) {
	if slices.Contains(a.env.Models, name) {
		return family{id: name, name: name, context: 1_000_000, maxOutput: 128_000, budget: true, adaptive: true, prefill: true,
			sampling: samplingAll, efforts: []string{"low", "medium", "high", "xhigh", "max"}, between: true, system: true}, nil
	}
	for _, f := range families() {
		if rest, ok := strings.CutPrefix(name, f.id); ok && (rest == "" || strings.HasPrefix(rest, "-20")) {
			return f, nil
		}
	}
	return family{}, &provider.Failure{Status: http.StatusNotFound, Type: "not_found_error", Message: "model: " + name}
}

type modelObject struct {
	Type           string `json:"type"`
	ID             string `json:"id"`
	DisplayName    string `json:"display_name"`
	CreatedAt      string `json:"created_at"`
	Lifecycle      string `json:"lifecycle"`
	MaxInputTokens int    `json:"max_input_tokens"`
	MaxTokens      int    `json:"max_tokens"`
}

func object(f family) modelObject {
	return modelObject{"model", f.id, f.name, "2026-01-01T00:00:00Z", "active", f.context, f.maxOutput}
}

type modelList struct {
	Data    []modelObject `json:"data"`
	FirstID *string       `json:"first_id"`
	LastID  *string       `json:"last_id"`
	HasMore bool          `json:"has_more"`
}

// Bounds of the list of models.
const (
	defaultPage = 20
	maxPage     = 1000
)

func (a *api) listModels(x *provider.Exchange) {
	var all []modelObject
	for _, f := range families() {
		all = append(all, object(f))
	}
	for _, id := range a.env.Models {
		f, _ := a.model(id) // known: it is in that list
		all = append(all, object(f))
	}
	query := x.R.URL.Query()
	limit := defaultPage
	if v := query.Get("limit"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > maxPage {
			x.Fail(*invalid("limit: Input should be a valid integer from 1 to 1000"))
			return
		}
		limit = n
	}
	at := func(id string) int { return slices.IndexFunc(all, func(m modelObject) bool { return m.ID == id }) }
	from, to := 0, len(all)
	if id := query.Get("after_id"); id != "" {
		from = at(id) + 1
	}
	if id := query.Get("before_id"); id != "" && at(id) >= 0 {
		to = at(id)
		from = max(0, to-limit)
	}
	page := modelList{Data: all[from:min(to, from+limit)], HasMore: from+limit < to}
	if n := len(page.Data); n > 0 {
		page.FirstID, page.LastID = &page.Data[0].ID, &page.Data[n-1].ID
	}
	x.JSON(page)
}

func (a *api) getModel(x *provider.Exchange, id string) {
	f, failure := a.model(id)
	if failure != nil {
		x.Fail(*failure)
		return
	}
	m := object(f)
	m.ID = id
	x.JSON(m)
}
