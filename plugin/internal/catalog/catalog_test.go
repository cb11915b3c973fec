package catalog

import (
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/adapters/builtin"
	"github.com/postern-gateway/postern/adapters/chat"
)

func TestRowsAreWhole(t *testing.T) {
	t.Parallel()
	kinds := map[string]bool{}
	for _, p := range builtin.Providers() {
		kinds[p.Name] = true
	}
	n := 0
	seen := map[string]bool{}
	for _, p := range pages {
		if !kinds[p.provider] {
			t.Errorf("got rows of %s, which is no type of provider", p.provider)
		}
		if !strings.HasPrefix(p.source, "https://") {
			t.Errorf("%s: got source %q, want a page", p.provider, p.source)
		}
		if _, err := time.Parse(time.DateOnly, p.read); err != nil {
			t.Errorf("%s: got day %q, want one as 2026-01-02", p.provider, p.read)
		}
		for _, r := range p.rows {
			n++
			id := p.provider + "/" + r.name
			if seen[id] {
				t.Errorf("%s is there twice", id)
			}
			seen[id] = true
			if r.context <= 0 || r.output > r.context || r.input&Text == 0 || len(r.prices) == 0 {
				t.Errorf("%s: got context %d, output %d, input %b, %d prices; want a whole row", id, r.context, r.output, r.input, len(r.prices))
			}
			for i, price := range r.prices {
				if last := i == len(r.prices)-1; price.Input <= 0 || price.Output < 0 || (price.UpTo == 0) != last || price.CachedRead > price.Input {
					t.Errorf("%s: got price %+v, want one that rises with the input and is without end at last", id, price)
				}
			}
		}
	}
	if n < 80 {
		t.Errorf("got %d rows, want at least 80", n)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	c := New([]Model{
		{Provider: "mine", Name: "llama-*", Context: 1},
		{Name: "gpt-4o", Context: 2},
		{Provider: "mine", Name: "*-q4-*-x", Context: 3},
	})
	for _, tt := range []struct {
		about, provider, kind, model string
		context                      int64 // 0: not found
	}{
		{"own row by pattern", "mine", "compatible", "llama-3", 1},
		{"own row of another provider", "theirs", "compatible", "llama-3", 0},
		{"own row before a built-in one", "openai", "openai", "gpt-4o", 2},
		{"stars in the middle", "mine", "compatible", "a-q4-b-x", 3},
		{"overlapping stars", "mine", "compatible", "a-q4-x", 0},
		{"built-in row", "p", "anthropic", "claude-haiku-4-5", 200_000},
		{"built-in row with a version", "p", "anthropic", "claude-haiku-4-5-20251001", 200_000},
		{"version with dashes", "p", "openai", "gpt-4.1-2025-04-14", 1_047_576},
		{"a version is no prefix", "p", "openai", "gpt-4.1-turbo", 0},
		{"OpenAI's models at Azure", "p", "azure", "gpt-4.1", 1_047_576},
		{"somebody else's name", "p", "compatible", "gpt-4.1", 0},
		{"nothing", "p", "openai", "", 0},
	} {
		m := c.Find(tt.provider, tt.kind, tt.model)
		if got := m; (got == nil) != (tt.context == 0) || got != nil && got.Context != tt.context {
			t.Errorf("%s: got %+v, want context %d", tt.about, got, tt.context)
		}
	}
}

// The worked examples are those of the providers' pages of prices: tokens times dollars
// for a million.
func TestCost(t *testing.T) {
	t.Parallel()
	tiers := &Model{Prices: []Price{
		{UpTo: 200_000, Input: 1_250_000, CachedRead: 125_000, Output: 10_000_000},
		{Input: 2_500_000, CachedRead: 250_000, Output: 15_000_000},
	}}
	full := &Model{Prices: []Price{{Input: 3_000_000, CachedRead: 300_000, CacheWrite: 3_750_000, Output: 15_000_000}}}
	search := &Model{Prices: []Price{{Input: 1_000_000, Output: 1_000_000, Reasoning: 3_000_000, Request: 5000}}}
	for _, tt := range []struct {
		about string
		m     *Model
		u     chat.Usage
		want  int64
	}{
		{"a million of each", full, chat.Usage{Input: 1_000_000, Output: 1_000_000}, 18_000_000_000},
		{"one token", full, chat.Usage{Input: 1}, 3000},
		{"cached input is part of the input", full, chat.Usage{Input: 1000, CachedRead: 600, CacheWrite: 300, Output: 10}, 100*3000 + 600*300 + 300*3750 + 10*15000},
		{"no price for cache writes", tiers, chat.Usage{Input: 10, CacheWrite: 10}, 12_500},
		{"at the edge of a tier", tiers, chat.Usage{Input: 200_000, Output: 1}, 200_000*1250 + 10_000},
		{"above it all tokens cost more", tiers, chat.Usage{Input: 200_001, CachedRead: 1, Output: 1}, 200_000*2500 + 250 + 15_000},
		{"reasoning that costs otherwise, and a fee", search, chat.Usage{Input: 1, Output: 3, Reasoning: 2}, 1000 + 1000 + 2*3000 + 5_000_000},
		{"less than a nano-dollar counts as one", &Model{Prices: []Price{{Input: 1}}}, chat.Usage{Input: 1}, 1},
		{"seconds of audio", &Model{Prices: []Price{{Second: 100}}}, chat.Usage{Seconds: 12}, 1_200_000},
		{"searches", &Model{Prices: []Price{{Search: 2000}}}, chat.Usage{Searches: 3}, 6_000_000},
		{"nothing", full, chat.Usage{}, 0},
		{"parts that are more than their whole", full, chat.Usage{Input: 1, CachedRead: 2, Output: 1, Reasoning: 2}, 2*300 + 2*15000},
	} {
		if got, ok := tt.m.Cost(tt.u); !ok || got != tt.want {
			t.Errorf("%s: got %d, %v, want %d", tt.about, got, ok, tt.want)
		}
	}
	for about, m := range map[string]*Model{"unknown": nil, "unpriced": {Context: 1}} {
		if got, ok := m.Cost(chat.Usage{Input: 1}); ok || got != 0 {
			t.Errorf("%s model: got %d, %v, want no price", about, got, ok)
		}
	}
}
