package catalog

import (
	"math"
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
	for _, m := range media {
		id := m.Provider + "/" + m.Name
		if seen[id] || !kinds[m.Provider] {
			t.Errorf("%s is there twice, or of no type of provider", id)
		}
		seen[id] = true
		if _, err := time.Parse(time.DateOnly, m.Read); err != nil || !strings.HasPrefix(m.Source, "https://") || m.Input == 0 || len(m.Prices)+len(m.Images) == 0 {
			t.Errorf("%s: got %+v, want a page, its day, what it reads and prices", id, m)
		}
		for i, image := range m.Images {
			if _, ok := m.images(1, image.Format); !ok || image.Each <= 0 {
				t.Errorf("%s: got image %d for %d, want a price", id, i, image.Each)
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
		{Name: "tts-1", Context: 4},
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
		{"own row before one of media", "openai", "openai", "tts-1", 4},
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
		{"images that are read cost otherwise", &Model{Prices: []Price{{Input: 5_000_000, Image: 8_000_000, CachedRead: 1_250_000}}}, chat.Usage{Input: 100, CachedRead: 10, ImageInput: 50}, 40*5000 + 10*1250 + 50*8000},
		{"or as other input", full, chat.Usage{Input: 10, ImageInput: 5}, 30_000},
		{"characters", &Model{Prices: []Price{{Character: 15_000_000}}}, chat.Usage{Characters: 11}, 165_000},
		{"searches", &Model{Prices: []Price{{Search: 2000}}}, chat.Usage{Searches: 3}, 6_000_000},
		{"nothing", full, chat.Usage{}, 0},
		{"parts that are more than their whole", full, chat.Usage{Input: 1, CachedRead: 2, Output: 1, Reasoning: 2}, 2*300 + 2*15000},
	} {
		if got, ok := tt.m.Cost(tt.u, Format{}); !ok || got != tt.want {
			t.Errorf("%s: got %d, %v, want %d", tt.about, got, ok, tt.want)
		}
	}
	for about, m := range map[string]*Model{"unknown": nil, "unpriced": {Context: 1}} {
		if got, ok := m.Cost(chat.Usage{Input: 1}, Format{}); ok || got != 0 {
			t.Errorf("%s model: got %d, %v, want no price", about, got, ok)
		}
	}
}

// The worked examples are those of the providers' pages: the price of one image, times
// how many there are; of a million characters, times how many the text has.
func TestMediaCost(t *testing.T) {
	t.Parallel()
	c := New([]Model{
		{Provider: "own", Name: "flux", Images: []ImagePrice{{Format{Size: "512x512"}, 1000}, {Format{}, 2500}}},
		{Provider: "own", Name: "flat", Prices: []Price{{Request: 40_000}}},
	})
	for _, tt := range []struct {
		about, kind, model string
		u                  chat.Usage
		f                  Format
		dollars            float64 // below 0: unpriced
	}{
		{"one image by quality and size", "openai", "gpt-image-1-mini", chat.Usage{Images: 1}, Format{"medium", "1024x1024"}, 0.011},
		{"three of another", "openai", "gpt-image-1-mini", chat.Usage{Images: 3}, Format{"high", "1536x1024"}, 0.156},
		{"of a version", "openai", "gpt-image-1.5-2025-12-16", chat.Usage{Images: 1}, Format{"high", "1024x1536"}, 0.2},
		{"a quality that the model chooses", "openai", "gpt-image-1", chat.Usage{Images: 1}, Format{"auto", "1024x1024"}, -1},
		{"a format that was not said", "openai", "gpt-image-1", chat.Usage{Images: 1}, Format{}, -1},
		{"tokens, if the provider counts them", "openai", "gpt-image-1-mini", chat.Usage{Images: 1, Input: 50, Output: 272}, Format{"low", "1024x1024"}, 0.0001 + 0.002176},
		{"but not if they are an estimate", "openai", "gpt-image-1-mini", chat.Usage{Images: 1, Input: 50, Estimated: true}, Format{"low", "1024x1024"}, 0.005},
		{"an image that is read", "openai", "gpt-image-2", chat.Usage{Input: 1000, ImageInput: 900, Output: 100}, Format{}, 0.0005 + 0.0072 + 0.003},
		{"tokens that nobody told", "openai", "gpt-image-2", chat.Usage{Images: 1}, Format{"high", "1024x1024"}, -1},
		{"DALL-E's usual format", "openai", "dall-e-3", chat.Usage{Images: 1}, Format{}, 0.04},
		{"its larger one", "openai", "dall-e-3", chat.Usage{Images: 1}, Format{"standard", "1792x1024"}, 0.08},
		{"its best", "azure", "dall-e-3", chat.Usage{Images: 1}, Format{"hd", "1024x1792"}, 0.12},
		{"ten small ones", "openai", "dall-e-2", chat.Usage{Images: 10}, Format{"", "256x256"}, 0.16},
		{"a configured format", "own", "flux", chat.Usage{Images: 2}, Format{"high", "512x512"}, 0.002},
		{"and any other", "own", "flux", chat.Usage{Images: 2}, Format{"", "64x64"}, 0.005},
		{"a configured fee", "own", "flat", chat.Usage{Images: 2}, Format{}, 0.04},
		{"a million characters", "openai", "tts-1", chat.Usage{Characters: 1_000_000}, Format{}, 15},
		{"a sentence", "openai", "tts-1-hd", chat.Usage{Characters: 44}, Format{}, 0.00132},
		{"speech that is counted in tokens and did not say them", "openai", "gpt-4o-mini-tts", chat.Usage{Characters: 44}, Format{}, -1},
		{"and that did", "openai", "gpt-4o-mini-tts", chat.Usage{Characters: 44, Input: 10, Output: 100}, Format{}, 0.000006 + 0.0012},
		{"a minute of speech", "openai", "whisper-1", chat.Usage{Seconds: 60}, Format{}, 0.006},
		{"a long request, all of which costs more", "openai", "gpt-6.2-sol", chat.Usage{Input: 300_000, CachedRead: 100_000, Output: 1000}, Format{}, 0.8 + 0.02 + 0.015},
		{"a search", "bedrock", "amazon.rerank-v1:0", chat.Usage{Searches: 1}, Format{}, 0.001},
	} {
		nanos, ok := c.Find(tt.kind, tt.kind, tt.model).Cost(tt.u, tt.f)
		if want := int64(math.Round(tt.dollars * 1e9)); ok != (tt.dollars >= 0) || ok && nanos != want {
			t.Errorf("%s: got %d, %v, want %d nano-dollars", tt.about, nanos, ok, want)
		}
	}
}

// What a budget reserves is what the request tells: the tokens of its answer come on top.
func TestEstimate(t *testing.T) {
	t.Parallel()
	c := New(nil)
	for _, tt := range []struct {
		about, model string
		u            chat.Usage
		f            Format
		fixed, each  int64 // fixed below 0: unpriced
	}{
		{"a conversation", "gpt-4o", chat.Usage{Input: 1000}, Format{}, 2_500_000, 10_000_000},
		{"images of a format with a price", "gpt-image-1", chat.Usage{Input: 10, Images: 2}, Format{"low", "1024x1024"}, 22_000_000, 40_000_000},
		{"images that only their answer prices", "gpt-image-1", chat.Usage{Input: 10, Images: 2}, Format{"auto", ""}, 50_000, 40_000_000},
		{"images that have no other price", "dall-e-3", chat.Usage{Input: 10, Images: 1}, Format{}, 40_000_000, 0},
		{"a text that is spoken", "tts-1", chat.Usage{Input: 10, Characters: 40}, Format{}, 600_000, 0},
		{"speech that its answer would price, but does not", "gpt-4o-mini-tts", chat.Usage{Input: 10, Characters: 40}, Format{}, -1, 0},
		{"a model that is not known", "x", chat.Usage{Input: 10}, Format{}, -1, 0},
	} {
		m := c.Find("openai", "openai", tt.model)
		fixed, each, ok := m.Estimate(tt.u, tt.f)
		if u := tt.u; u.Images+u.Characters == 0 {
			if f, e, k := m.EstimateText(u.Input); f != fixed || e != each || k != ok {
				t.Errorf("%s, %+v: of text %d, %d, %v, otherwise %d, %d, %v", tt.model, tt.u, f, e, k, fixed, each, ok)
			}
		}
		if ok != (tt.fixed >= 0) || ok && (fixed != tt.fixed || each != tt.each) {
			t.Errorf("%s: got %d and %d, %v, want %d and %d", tt.about, fixed, each, ok, tt.fixed, tt.each)
		}
	}
}
