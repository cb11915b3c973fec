// Package limit holds callers to what they may use: requests, tokens and money in
// windows of time, and requests under way.
//
// What a request may need is reserved before it goes out and settled when it is over, and as
// far as it has come in between, so that requests side by side cannot use together what each
// alone may, and what was used counts although a worker dies. The counts of all
// rules with one key are one record of the state that the proxy's workers share.
package limit

import (
	"slices"
	"strings"
	"time"

	"github.com/postern-gateway/postern/plugin/internal/glob"
)

// A Unit is what a rule counts.
type Unit uint8

// Units.
const (
	Requests Unit = iota
	Concurrent
	InputTokens
	OutputTokens
	Tokens
	USD // in nano-dollars
	NumUnits
)

// unitNames are the words of a configuration.
var unitNames = [NumUnits]string{"requests", "concurrent", "input_tokens", "output_tokens", "tokens", "usd"}

func (u Unit) String() string { return unitNames[u] }

// Units are a set of them.
type Units uint8

// Sets of units: Counted is what every request takes, Spent what is only known for sure when
// one is over. An answer that costs nothing spends nothing, but may be counted.
const (
	Counted Units = 1<<Requests | 1<<Concurrent
	Spent   Units = 1<<NumUnits - 1 - Counted
	All     Units = Counted | Spent
)

// Units are few: with a mask no shift can be too far, which the compiler would look for.
func (s Units) has(u Unit) bool { return s>>(u&7)&1 != 0 }

// Amounts are of each unit.
type Amounts [NumUnits]int64

// of keeps those of some units.
func (a Amounts) of(units Units) Amounts {
	for u := range NumUnits {
		if !units.has(u) {
			a[u] = 0
		}
	}
	return a
}

// units are those that there is something of, here or there.
func (a *Amounts) units(b *Amounts) Units {
	var s Units
	for u, n := range a {
		if n|b[u] != 0 {
			s |= 1 << (u & 7)
		}
	}
	return s
}

// A Window is how a rule forgets.
type Window uint8

// Windows.
const (
	Fixed   Window = iota // at once, when a period ends
	Sliding               // bit by bit: the last period counts by what of it is less than a period ago
	GCRA                  // steadily: a bucket of Burst that fills at Limit a period
	Open                  // when a request is over: only for Concurrent
)

// A Kind is what an attribute of a request is.
type Kind uint8

// Kinds of attributes.
const (
	Consumer Kind = iota
	Tenant
	Tier
	IP
	Model
	Provider
	Operation
	Header
	Metadata
	Claim
	NumKinds
)

var kindNames = [NumKinds]string{"consumer", "tenant", "tier", "ip", "model", "provider", "operation", "header", "metadata", "claim"}

func (k Kind) String() string { return kindNames[k] }

// named reports whether attributes of the kind have a name of their own.
func (k Kind) named() bool { return k >= Header }

// free reports whether whoever calls can choose the value, so that there can be as many as
// somebody likes.
func (k Kind) free(s Subject) bool {
	return k == IP || k == Header || k == Metadata || k == Model && s.Invented()
}

// An Attribute is a property of a request that limits can be kept by.
type Attribute struct {
	Kind Kind
	Name string // of a header, of a member of the metadata, of a claim
}

// ReadAttribute reads the word for an attribute, such as consumer or header:x-team.
func ReadAttribute(word string) (Attribute, bool) {
	kind, name, named := strings.Cut(word, ":")
	for k, x := range kindNames {
		if x == kind && Kind(k).named() == named && (name != "") == named {
			a := Attribute{Kind: Kind(k), Name: name}
			if a.Kind == Header {
				a.Name = strings.ToLower(name)
			}
			return a, true
		}
	}
	return Attribute{}, false
}

// A Subject is a request, as far as limits look at it.
type Subject interface {
	// Attribute is empty where the request has none. Of a model it is the configuration's name.
	Attribute(a Attribute) string

	// Asks is the model as the client calls it, and the same without a provider's name before it.
	Asks() (name, bare string)

	// Invented reports whether the model's name is the client's own choice, as where the
	// configuration has no models.
	Invented() bool
}

// A Match says which requests a rule is for: those that match each list which is not
// empty. Models are patterns.
type Match struct {
	Consumers, Tenants, Tiers, Models, Providers, Operations []string
}

func (m *Match) matches(s Subject) bool {
	return any(m.Consumers, s, Consumer) && any(m.Tenants, s, Tenant) && any(m.Tiers, s, Tier) &&
		m.asks(s) && any(m.Providers, s, Provider) && any(m.Operations, s, Operation)
}

// asks reports whether the model is one of those, however the client has spelled it.
func (m *Match) asks(s Subject) bool {
	if len(m.Models) == 0 {
		return true
	}
	name, bare := s.Asks()
	return glob.Any(m.Models, name) || bare != name && glob.Any(m.Models, bare)
}

func any(list []string, s Subject, k Kind) bool {
	return len(list) == 0 || glob.Any(list, s.Attribute(Attribute{Kind: k}))
}

// A Rule is one limit of one unit.
type Rule struct {
	Name   string // in errors, metrics and logs
	When   Match
	Unit   Unit
	Limit  int64
	Window Window
	Period Period
	Burst  int64         // of GCRA: how much at once
	Shadow bool          // it only says what it would refuse
	Wait   time.Duration // how long a request may be held until there is room
	Budget *Budget       // nil: it is a plain limit

	tag uint32 // of its entry
}

// A Budget is what a rule does beyond refusing.
type Budget struct {
	Soft      []int64 // percent of the limit at which somebody is told, the smallest first
	CarryOver int64   // how much of what the last period left is added to this one at most
	Model     string  // what is asked in the place of a dearer one when nothing is left; empty: nothing is
}

// A Group is the rules that count by the same key.
type Group struct {
	Key   []Attribute
	Rules []*Rule
}

// Limits are rules that hold together, by their keys.
type Limits []*Group

// Add adds a rule to those with its key. Its counts are found again as long as the rule has
// the same name, unit, window, period and requests; how much is left of another Limit is then
// known at once.
func (l *Limits) Add(key []Attribute, r *Rule) {
	r.tag = r.mark()
	for _, g := range *l {
		if slices.Equal(g.Key, key) {
			g.Rules = append(g.Rules, r)
			return
		}
	}
	*l = append(*l, &Group{Key: key, Rules: []*Rule{r}})
}

// Title is the rule's name in metrics and logs.
func (r *Rule) Title() string {
	if r.Name != "" {
		return r.Name
	}
	return r.Unit.String()
}

// mark is FNV-1a of what makes a rule another one.
func (r *Rule) mark() uint32 {
	const prime = 16777619
	h := uint32(2166136261)
	add := func(s string) {
		for i := range len(s) {
			h = (h ^ uint32(s[i])) * prime
		}
		h = (h ^ 0xff) * prime // which is in no text
	}
	add(r.Name)
	add(string([]byte{byte(r.Unit), byte(r.Window)}))
	add(string(appendInt64(nil, int64(r.Period.Length))))
	for _, list := range [...][]string{r.When.Consumers, r.When.Tenants, r.When.Tiers, r.When.Models, r.When.Providers, r.When.Operations} {
		add("")
		for _, x := range list {
			add(x)
		}
	}
	return h
}
