// Package catalog knows models: how much they take, what they can read, what they cost.
//
// A row is only there if its page was read, and it names the page and the day. What is
// not known is not guessed: a model without a price is unpriced, and says so.
package catalog

import "strings"

// A Modality is a set of forms that a model reads or writes.
type Modality uint8

// Forms.
const (
	Text Modality = 1 << iota
	Image
	Audio
	Video
	Document
)

// A Capability is a set of things that a model can do.
type Capability uint8

// Capabilities.
const (
	Tools      Capability = 1 << iota // it calls functions
	Structured                        // its answers follow a JSON Schema
	Reasoning                         // it thinks before it answers
)

// A Model is a row. Zero is not known, but for Prices: none is unpriced.
type Model struct {
	Provider string // type of provider, as written in a configuration
	Name     string // as the provider calls it, without the date of a version
	Context  int64  // tokens of input and output together
	Output   int64  // most tokens of an answer
	Input    Modality
	Can      Capability
	Prices   []Price      // by the size of the input, the smallest first
	Images   []ImagePrice // what each image costs that it makes; the first that fits holds
	Source   string       // page that says so
	Read     string       // day on which it was read, as 2006-01-02
}

// A Price is what tokens cost, in micro-dollars for a million of them. CachedRead and
// CacheWrite are 0 where they cost as much as other input, Reasoning where it costs as
// much as other output, Image where images cost as much as other input.
type Price struct {
	UpTo                          int64 // tokens of input up to which it holds; 0 is without end
	Input, CachedRead, CacheWrite int64
	Image                         int64 // of input that is images
	Output, Reasoning             int64
	Character                     int64 // for a million characters of text that is spoken
	Request                       int64 // micro-dollars for each request
	Second, Search                int64 // and for each second of audio, each search of a reranker
}

// An ImagePrice is what each image of a format costs, in micro-dollars.
type ImagePrice struct {
	Format
	Each int64
}

// A Format is how a request wants its images, in the words of its API. In a price, what
// is empty holds for whatever a request says; in a request, it was not said.
type Format struct{ Quality, Size string }

func (f Format) holds(asked Format) bool {
	return (f.Quality == "" || f.Quality == asked.Quality) && (f.Size == "" || f.Size == asked.Size)
}

// A Catalog finds models: those of a configuration first, then the built-in ones.
type Catalog struct {
	own   []Model // with * for any characters in a name; an empty Provider is every one
	known map[key]*Model
}

type key struct{ provider, name string }

// New is a catalogue of the built-in rows behind a configuration's own. The Provider of
// an own row is a name that the configuration has given.
func New(own []Model) *Catalog {
	c := &Catalog{own: own, known: map[key]*Model{}}
	for i := range pages {
		p := &pages[i]
		for _, r := range p.rows {
			c.known[key{p.provider, r.name}] = &Model{Provider: p.provider, Name: r.name, Context: r.context, Output: r.output,
				Input: r.input, Can: r.can, Prices: r.prices, Source: p.source, Read: p.read}
		}
	}
	for i := range media {
		m := &media[i]
		c.known[key{m.Provider, m.Name}] = m
	}
	return c
}

// Find is what is known of a model: name is the configuration's name for the provider,
// kind its type. Nil is nothing.
func (c *Catalog) Find(name, kind, model string) *Model {
	for i := range c.own {
		m := &c.own[i]
		if (m.Provider == "" || m.Provider == name) && matches(m.Name, model) {
			return m
		}
	}
	for ; kind != ""; kind = hosts(kind) {
		if m := c.known[key{kind, model}]; m != nil {
			return m
		}
		if u := undated(model); u != model {
			if m := c.known[key{kind, u}]; m != nil {
				return m
			}
		}
	}
	return nil
}

// hosts is the type of provider whose models another one serves at the same prices.
func hosts(kind string) string {
	if kind == "azure" {
		return "openai" // https://azure.microsoft.com/en-us/pricing/details/azure-openai/ has OpenAI's prices for its global deployments
	}
	return ""
}

// undated takes the version's date off a name, as in gpt-4.1-2025-04-14 and
// claude-opus-4-1-20250805. Versions that cost otherwise than the name alone have rows of
// their own; makers who price each version have no rows without.
func undated(model string) string {
	for _, form := range [...]string{"-dddd-dd-dd", "-dddddddd", "@dddddddd"} {
		if n := len(model) - len(form); n > 0 && isOf(model[n:], form) {
			return model[:n]
		}
	}
	return model
}

// isOf reports whether a text is of a form, in which d is any digit.
func isOf(s, form string) bool {
	for i := range len(form) {
		digit := s[i]-'0' < 10
		if form[i] == 'd' && !digit || form[i] != 'd' && form[i] != s[i] {
			return false
		}
	}
	return true
}

// matches compares a name with a pattern that may have * for any characters.
func matches(pattern, s string) bool {
	head, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == s
	}
	tail := rest[strings.LastIndexByte(rest, '*')+1:]
	if !strings.HasPrefix(s, head) || len(s) < len(head)+len(tail) || !strings.HasSuffix(s, tail) {
		return false
	}
	s = s[len(head) : len(s)-len(tail)]
	for part := range strings.SplitSeq(rest[:len(rest)-len(tail)], "*") {
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}
	return true
}
