// Package access decides whether somebody may do what a request asks for.
//
// Rules are looked at all together, in no order: what any rule denies is refused; and
// whoever has rules that allow something may do only what one of them allows. A cap
// lowers how many tokens an answer may have. Rules in shadow change nothing: a Verdict
// says what they would have changed.
//
// Rules are sorted by whom they are about when they are compiled, so that a request is
// compared with those of its caller and not with those of ten thousand others.
package access

import (
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/plugin/internal/glob"
	"github.com/postern-gateway/postern/plugin/internal/identity"
	"github.com/postern-gateway/postern/plugin/internal/network"
)

// An Effect is what a rule does with requests that it is about.
type Effect uint8

// Effects.
const (
	Deny  Effect = iota // it refuses them
	Allow               // it allows them, and makes what its callers are not allowed forbidden
	Cap                 // it lets their answers have so many tokens at most
)

// A Rule is one rule.
type Rule struct {
	Name      string
	Shadow    bool // it only counts
	Effect    Effect
	MaxTokens int64  // of a Cap
	Message   string // for who is refused; empty is one that names the rule
	When      When

	parts Part // what it looks at
	early bool // headers alone may tell that it refuses
}

// When says which requests a rule is about: those that every list has something of. An
// empty list is about all. Names are patterns in which * stands for any characters.
type When struct {
	Consumers, Tenants, Tiers, Tags []string

	Models, Providers, Tools []string
	Operations               Operations
	Input, Output            Modality
	Hours                    []Hours
	Networks                 []network.Prefix
}

// Operations are a set of them.
type Operations uint32

// Of is the set of one.
func Of(op adapters.Operation) Operations { return 1 << op }

// A Modality is a set of the forms that content has.
type Modality uint8

// Forms of content.
const (
	Text Modality = 1 << iota
	Image
	Audio
	Video
	File // a document
)

// A Part is something that a request has and a rule may ask for.
type Part uint8

// Parts.
const (
	Model Part = 1 << iota
	Provider
	Contents // the forms of input and output
	Tools
	Address
	Time
	Operation
	Everything = Model | Provider | Contents | Tools | Address | Time | Operation
)

// A Request is what rules are compared with.
type Request struct {
	Caller *identity.Caller // nil: anybody
	Tenant string
	Tier   string

	Known     Part // what of the following is known; the rest cannot be seen, or not yet
	Operation adapters.Operation
	Asked     string // the model as the client calls it
	Meant     string // the same without a provider's name before it
	Served    string // the model as its provider calls it; empty: not known
	Provider  string
	Input     Modality
	Output    Modality
	Tools     []string // names, and types of those that are not functions
	Address   network.Address
	Now       int64 // nanoseconds since 1970

	folded bool                                            // the following is of these names
	plain  struct{ asked, meant, served, provider string } // as rules compare them that deny
}

// A Sight says for whom it counts what is not known of a request.
type Sight uint8

// Sights.
const (
	Strict  Sight = iota // against the caller: the request is about to go
	Lenient              // for the caller: there is more to come, or a list to be made
)

// A Verdict is what becomes of a request.
type Verdict struct {
	Refused   bool
	By        *Rule  // that denies it; nil if none allows it
	Param     string // what of the request the rule looks at, where that is a member of it
	MaxTokens int64  // of the answer; 0: as many as it likes
	Shadow    *Rule  // that would have changed this, if it were enforced; nil: none
}

// Rules are compiled, and never change.
type Rules struct {
	list       []Rule
	byConsumer map[string][]*Rule
	byTenant   map[string][]*Rule
	byTier     map[string][]*Rule
	rest       []*Rule
	address    bool
}

// New compiles rules.
func New(list []Rule) *Rules {
	r := &Rules{list: list, byConsumer: map[string][]*Rule{}, byTenant: map[string][]*Rule{}, byTier: map[string][]*Rule{}}
	for i := range r.list {
		x := &r.list[i]
		x.parts = x.When.parts()
		x.early = x.Effect != Cap && (x.parts == 0 || x.parts&(Address|Time|Operation|Provider) != 0)
		if x.Effect != Allow { // or another spelling that means the same would be the way around it
			lower(x.When.Models)
			lower(x.When.Providers)
			lower(x.When.Tools)
		}
		r.address = r.address || len(x.When.Networks) > 0
		switch w := &x.When; {
		case exact(w.Consumers):
			file(r.byConsumer, w.Consumers, x)
		case exact(w.Tenants):
			file(r.byTenant, w.Tenants, x)
		case exact(w.Tiers):
			file(r.byTier, w.Tiers, x)
		default:
			r.rest = append(r.rest, x)
		}
	}
	return r
}

//go:noinline
func lower(names []string) {
	for i := range names {
		names[i] = strings.ToLower(names[i])
	}
}

// exact reports that names can be looked up.
func exact(names []string) bool {
	for _, n := range names {
		if strings.Contains(n, "*") {
			return false
		}
	}
	return len(names) > 0
}

// file puts a rule where it is found by each of the names, once.
func file(m map[string][]*Rule, names []string, x *Rule) {
	for _, n := range names {
		if l := m[n]; len(l) == 0 || l[len(l)-1] != x {
			m[n] = append(l, x)
		}
	}
}

// Len is how many rules there are. There may be no Rules at all.
func (r *Rules) Len() int {
	if r == nil {
		return 0
	}
	return len(r.list)
}

// Addresses reports that some rule looks at the client's address.
func (r *Rules) Addresses() bool { return r != nil && r.address }

// About appends to dst the rules that are about a caller, and tells what of its requests
// they look at, and whether headers alone may tell that one refuses.
func (r *Rules) About(dst []*Rule, q *Request) (rules []*Rule, parts Part, early bool) {
	if r.Len() == 0 {
		return dst, 0, false
	}
	name := ""
	if q.Caller != nil {
		name = q.Caller.Name
	}
	rules = dst
	for i, list := range [...][]*Rule{found(r.byConsumer, name), found(r.byTenant, q.Tenant), found(r.byTier, q.Tier), r.rest} {
		for _, x := range list {
			if x.When.caller(q, name, drawer(i)) {
				rules = append(rules, x)
				parts |= x.parts
				early = early || x.early
			}
		}
	}
	return rules, parts, early
}

// found is a look-up that costs nothing where there is nothing.
func found(m map[string][]*Rule, name string) []*Rule {
	if len(m) == 0 || name == "" {
		return nil
	}
	return m[name]
}

// A drawer is what a rule was filed by, which need not be compared again.
type drawer uint8

const (
	consumers drawer = iota
	tenants
	tiers
)

// caller reports whether a rule is about who asks.
func (w *When) caller(q *Request, name string, by drawer) bool {
	if by != consumers && !named(w.Consumers, name) || by != tenants && !named(w.Tenants, q.Tenant) || by != tiers && !named(w.Tiers, q.Tier) {
		return false
	}
	if len(w.Tags) == 0 {
		return true
	}
	if q.Caller != nil {
		for _, t := range q.Caller.Tags {
			if named(w.Tags, t) {
				return true
			}
		}
	}
	return false
}

// named reports whether a name is among patterns. A caller without a name is in no list,
// not even in that of everybody.
func named(patterns []string, name string) bool {
	return len(patterns) == 0 || name != "" && matches(patterns, name)
}

//go:noinline
func matches(patterns []string, name string) bool {
	for _, p := range patterns {
		if glob.Match(p, name) {
			return true
		}
	}
	return false
}

// parts are what a rule looks at beside the caller.
func (w *When) parts() Part {
	var p Part
	for _, x := range [...]struct {
		there bool
		part  Part
	}{
		{len(w.Models) > 0, Model}, {len(w.Providers) > 0, Provider}, {w.Input|w.Output != 0, Contents},
		{len(w.Tools) > 0, Tools}, {len(w.Networks) > 0, Address}, {len(w.Hours) > 0, Time}, {w.Operations != 0, Operation},
	} {
		if x.there {
			p |= x.part
		}
	}
	return p
}

// Judge compares a request with the rules about its caller.
func Judge(rules []*Rule, q *Request, sight Sight) Verdict {
	var enforced, all tally
	q.folded = false
	for _, x := range rules {
		f := x.fit(q)
		about := f == yes || f == maybe && (sight == Strict) == (x.Effect != Allow)
		all.add(x, about)
		if !x.Shadow {
			enforced.add(x, about)
		}
	}
	v := Verdict{Refused: enforced.refuses(), By: enforced.deny, MaxTokens: enforced.most}
	if v.By != nil {
		v.Param = v.By.When.param()
	} else if v.Refused && q.Known&Model != 0 {
		v.Param = "model"
	}
	switch {
	case v.Refused:
	case all.refuses():
		if v.Shadow = all.deny; v.Shadow == nil {
			v.Shadow = all.policy
		}
	case all.most != enforced.most:
		v.Shadow = all.capped
	}
	return v
}

// A tally is what some rules come to.
type tally struct {
	deny, policy, capped *Rule // the first of each
	allowed              bool
	most                 int64
}

func (t *tally) add(x *Rule, about bool) {
	switch x.Effect {
	case Deny:
		if about && t.deny == nil {
			t.deny = x
		}
	case Allow:
		if t.policy == nil {
			t.policy = x
		}
		t.allowed = t.allowed || about
	case Cap:
		if about && (t.most == 0 || x.MaxTokens < t.most) {
			t.most, t.capped = x.MaxTokens, x
		}
	}
}

func (t *tally) refuses() bool { return t.deny != nil || t.policy != nil && !t.allowed }

// A fit is whether a rule is about a request.
type fit uint8

const (
	no fit = iota
	maybe
	yes
)

// fit compares everything but the caller. Of what a request has several, such as tools, a
// rule that denies is about the request if it is about one of them, and one that allows
// has to be about all.
func (x *Rule) fit(q *Request) fit {
	w := &x.When
	unseen := x.parts &^ q.Known
	switch {
	case w.Operations != 0 && unseen&Operation == 0 && w.Operations&Of(q.Operation) == 0,
		len(w.Models) > 0 && unseen&Model == 0 && !x.model(q),
		len(w.Providers) > 0 && unseen&Provider == 0 && !x.provider(q),
		len(w.Hours) > 0 && unseen&Time == 0 && !open(w.Hours, q.Now),
		len(w.Networks) > 0 && unseen&Address == 0 && !within(w.Networks, q.Address),
		unseen&Contents == 0 && !(x.forms(w.Input, q.Input) && x.forms(w.Output, q.Output)),
		len(w.Tools) > 0 && unseen&Tools == 0 && !x.tools(q.Tools):
		return no
	}
	if unseen != 0 {
		return maybe
	}
	return yes
}

// fold prepares the names for rules that deny.
func (q *Request) fold() {
	if !q.folded {
		q.folded = true
		n := &q.plain
		n.asked, n.meant, n.served, n.provider = plain(q.Asked), plain(q.Meant), plain(q.Served), plain(q.Provider)
	}
}

// plain is a name without what providers may overlook.
func plain(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// model compares the model. Who denies one denies it under each of its names; who allows
// one allows what clients call so.
func (x *Rule) model(q *Request) bool {
	p := x.When.Models
	if x.Effect == Allow {
		return matches(p, q.Asked) || q.Meant != q.Asked && matches(p, q.Meant)
	}
	q.fold()
	n := &q.plain
	return matches(p, n.asked) || n.meant != n.asked && matches(p, n.meant) || n.served != "" && n.served != n.meant && matches(p, n.served)
}

func (x *Rule) provider(q *Request) bool {
	if x.Effect == Allow {
		return matches(x.When.Providers, q.Provider)
	}
	q.fold()
	return matches(x.When.Providers, q.plain.provider)
}

func (x *Rule) forms(want, got Modality) bool {
	switch {
	case want == 0:
		return true
	case x.Effect == Allow:
		return got&^want == 0
	}
	return got&want != 0
}

func (x *Rule) tools(names []string) bool {
	all := x.Effect == Allow
	for _, n := range names {
		if !all {
			n = plain(n)
		}
		if matches(x.When.Tools, n) != all {
			return !all
		}
	}
	return all
}

func within(networks []network.Prefix, a network.Address) bool {
	for _, p := range networks {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// param is the member of a request that a rule looks at, for errors: the first one that
// can be changed.
func (w *When) param() string {
	switch {
	case len(w.Tools) > 0:
		return "tools"
	case w.Input != 0:
		return "messages"
	case w.Output != 0:
		return "modalities"
	case len(w.Models)+len(w.Providers) > 0:
		return "model"
	}
	return ""
}
