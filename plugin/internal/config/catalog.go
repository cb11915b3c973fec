package config

import (
	"math"

	"github.com/postern-gateway/postern/adapters/strict"
	"github.com/postern-gateway/postern/plugin/internal/catalog"
)

// A Mode says what becomes of what a policy finds.
type Mode uint8

// Modes.
const (
	Shadow  Mode = iota // it is counted and recorded, and goes on
	Enforce             // it is refused
	Off
)

// modes are the words for them.
var modes = [...]string{Shadow: "shadow", Enforce: "enforce", Off: "off"}

func mode(o *strict.Object, key, doc string, def Mode) Mode {
	word := o.Enum(key, doc, modes[def], modes[:]...)
	for m, w := range modes {
		if w == word {
			return Mode(m)
		}
	}
	return def
}

// catalog reads what a configuration knows of models better than the built-in catalogue.
func (r *reader) catalog(o *strict.Object) {
	var own []catalog.Model
	o.Objects("catalog", "What models take and cost, before the built-in catalogue; the first match wins. A row stands for all that is known of its model.", func(_ int, o *strict.Object) {
		own = append(own, r.catalogModel(o))
	})
	r.out.Catalog = catalog.New(own)
}

func (r *reader) catalogModel(o *strict.Object) catalog.Model {
	const most = 1 << 30
	m := catalog.Model{
		Name:     o.Str("model", "What the provider calls it, with * for any characters.", ""),
		Provider: o.Str("provider", "Name of a provider; empty is every one.", ""),
		Context:  int64(o.Int("context", "Tokens of input and output together; 0 is not known.", 0, 0, most)),
		Output:   int64(o.Int("max_output", "Most tokens of an answer; 0 is not known.", 0, 0, most)),
	}
	o.Require("model")
	if !r.out.names[m.Provider] && m.Provider != "" {
		o.Fail("provider", "no provider is called "+strict.Quote(m.Provider)+strict.Near(m.Provider, r.scope.names()))
	}
	for _, word := range o.Enums("input", "What it reads; none is not known.", nil, "text", "image", "audio", "video", "document") {
		m.Input |= map[string]catalog.Modality{"text": catalog.Text, "image": catalog.Image, "audio": catalog.Audio, "video": catalog.Video, "document": catalog.Document}[word]
	}
	o.Objects("prices", "What it costs, by the size of the input, the smallest first; none is unpriced.", func(i int, o *strict.Object) {
		m.Prices = append(m.Prices, price(o))
		if i > 0 && (m.Prices[i-1].UpTo == 0 || m.Prices[i].UpTo != 0 && m.Prices[i].UpTo <= m.Prices[i-1].UpTo) {
			o.Fail("up_to", "want prices in the order of their input, the last without up_to")
		}
	})
	o.Objects("images", "What each image costs that it makes, where its provider counts no tokens for them; the first that fits holds.", func(_ int, o *strict.Object) {
		m.Images = append(m.Images, catalog.ImagePrice{
			Format: catalog.Format{
				Quality: o.Str("quality", "As requests say it; empty is any.", ""),
				Size:    o.Str("size", "As requests say it, such as 1024x1024; empty is any.", ""),
			},
			Each: usd(o, "each", "US dollars for each image."),
		})
	})
	return m
}

func price(o *strict.Object) catalog.Price {
	return catalog.Price{
		UpTo:       int64(o.Int("up_to", "Tokens of input up to which it holds; 0 is without end.", 0, 0, 1<<30)),
		Input:      usd(o, "input", "US dollars for a million tokens of input."),
		CachedRead: usd(o, "cached_input", "The same for input that the provider had in its cache; 0 is as other input."),
		CacheWrite: usd(o, "cache_write", "The same for input that it has put there; 0 is as other input."),
		Image:      usd(o, "image_input", "The same for input that is images, where makers of images tell it apart; 0 is as other input."),
		Output:     usd(o, "output", "US dollars for a million tokens of output."),
		Reasoning:  usd(o, "reasoning", "The same for output that is reasoning; 0 is as other output."),
		Character:  usd(o, "characters", "US dollars for a million characters of text that is spoken."),
		Request:    usd(o, "request", "US dollars for each request."),
		Second:     usd(o, "second", "US dollars for each second of audio, where that is what the provider counts."),
		Search:     usd(o, "search", "US dollars for each search of a reranker."),
	}
}

// usd reads an amount of dollars, in millionths.
//
//go:noinline
func usd(o *strict.Object, key, doc string) int64 {
	const most = 1_000_000
	return int64(math.Round(o.Float(key, doc, 0, 0, most) * 1e6))
}
