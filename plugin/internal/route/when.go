package route

import (
	"strings"

	"github.com/postern-gateway/postern/plugin/internal/access"
	"github.com/postern-gateway/postern/plugin/internal/glob"
)

// A Wish says whether something has to be there.
type Wish uint8

// Wishes.
const (
	Whatever Wish = iota
	With
	Without
)

func (w Wish) grants(there bool) bool { return w == Whatever || (w == With) == there }

// When says which requests a branch is for: those that match every condition that it has.
// Names are patterns in which * stands for any characters.
type When struct {
	Consumers, Tenants, Tiers, Tags []string

	Operations access.Operations // 0: all
	Stream     Wish
	Hours      []access.Hours
	Headers    []Named
	Metadata   []Named

	MinTokens, MaxTokens int64 // of the request, estimated; 0: whatever
	Images, Tools        Wish
	Languages            []string       // of the last text of the user's, such as de; "other" is one that is not known
	Text                 []*TextPattern // for the same text
}

// A Named is a header or a member of the metadata, and the patterns of which its value has
// to match one.
type Named struct {
	Name   string
	Values []string
}

// A Request is what conditions are compared with. What costs something to find out is asked
// only where a condition needs it.
type Request interface {
	Consumer() (name, tenant, tier string, tags []string)
	Operation() access.Operations
	Streams() bool
	Header(name string) string
	Metadata(name string) string
	Tokens() int64
	Contents() (images, tools bool)
	Text() []byte     // the last of the user's
	Folded() []byte   // the same in small letters
	Language() string // of it
}

// Holds reports whether a request is one that the conditions are for.
func (w *When) Holds(r Request, now int64) bool {
	return w.Admits(r) && w.caller(r) && (w.Hours == nil || access.Open(w.Hours, now)) && w.said(r) && w.contents(r)
}

// Admits reports whether the conditions hold that are the same for all requests of a tenant
// and a tier for one operation, in one piece or as a stream.
func (w *When) Admits(r Request) bool {
	if w.Tenants != nil || w.Tiers != nil {
		if _, tenant, tier, _ := r.Consumer(); !one(w.Tenants, tenant) || !one(w.Tiers, tier) {
			return false
		}
	}
	return (w.Operations == 0 || w.Operations&r.Operation() != 0) && (w.Stream == Whatever || w.Stream.grants(r.Streams()))
}

// Varies reports whether there are conditions on the time, and on what a request says beside
// headers.
func (w *When) Varies() bool {
	return w.Hours != nil || w.Metadata != nil || w.MinTokens > 0 || w.MaxTokens > 0 ||
		w.Images != Whatever || w.Tools != Whatever || w.Text != nil || w.Languages != nil
}

func (w *When) caller(r Request) bool {
	if w.Consumers == nil && w.Tags == nil {
		return true
	}
	name, _, _, tags := r.Consumer()
	return one(w.Consumers, name) && (w.Tags == nil || some(w.Tags, tags))
}

// one reports whether a name is one of those that there are patterns for. Who has none is
// in no list.
func one(patterns []string, name string) bool {
	return patterns == nil || name != "" && glob.Any(patterns, name)
}

func some(patterns, names []string) bool {
	for _, n := range names {
		if glob.Any(patterns, n) {
			return true
		}
	}
	return false
}

func (w *When) said(r Request) bool {
	for i := range w.Headers {
		if h := &w.Headers[i]; !one(h.Values, r.Header(h.Name)) {
			return false
		}
	}
	for i := range w.Metadata {
		if m := &w.Metadata[i]; !one(m.Values, r.Metadata(m.Name)) {
			return false
		}
	}
	return true
}

func (w *When) contents(r Request) bool {
	if w.MinTokens > 0 || w.MaxTokens > 0 {
		if n := r.Tokens(); n < w.MinTokens || w.MaxTokens > 0 && n > w.MaxTokens {
			return false
		}
	}
	if w.Images != Whatever || w.Tools != Whatever {
		if images, tools := r.Contents(); !w.Images.grants(images) || !w.Tools.grants(tools) {
			return false
		}
	}
	if w.Text == nil && w.Languages == nil {
		return true
	}
	return (w.Text == nil || anyText(w.Text, r)) && (w.Languages == nil || contains(w.Languages, r.Language()))
}

func anyText(patterns []*TextPattern, r Request) bool {
	for _, p := range patterns {
		text := r.Text
		if p.wide {
			text = r.Folded
		}
		if p.Match(text()) {
			return true
		}
	}
	return false
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// ascii reports whether a text has no other characters.
func ascii(s string) bool {
	var all byte
	for i := range len(s) {
		all |= s[i]
	}
	return all < 0x80
}

// Fold makes a text comparable: in small letters.
func Fold(s string) string {
	if !ascii(s) {
		return strings.ToLower(s)
	}
	b := []byte(s)
	for i, c := range b {
		if c-'A' < 26 {
			b[i] = c + ('a' - 'A')
		}
	}
	return string(b)
}
