package gateway

import (
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/plugin/internal/config"
	"github.com/postern-gateway/postern/plugin/internal/identity"
	"github.com/postern-gateway/postern/plugin/internal/limit"
)

// A likeness is what two requests have in common for which the same limits are.
type likeness struct {
	caller                 *identity.Caller // nil: nobody knows; mostly the very same
	invented               bool             // the model
	op                     adapters.Operation
	provider               *config.Provider
	own                    limit.Limits // the caller's
	consumer, tenant, tier string
	model, meant, label    string
}

// A memory is of the limits that were found last. Each likeness has its place, which another
// with the same hash takes: callers ask for few models.
type memory [1024]*remembered

type remembered struct {
	likeness
	found limit.Found
}

// longLikeness is from how many bytes on the names of a request are not worth remembering.
const longLikeness = 512

// gather finds the limits that are for the request.
func (s *Stream) gather() {
	b, w := &s.budget, s.w
	if b.lease.Reset(); w.book == nil {
		return
	}
	place := s.place()
	known := *place
	if known == nil || !known.as(s) {
		known = s.remember(place)
	}
	w.book.Take(&b.lease, known.found, s)
}

// place is where the limits for requests like this are remembered, by FNV-1a of who asks for what.
//
//go:noinline
func (s *Stream) place() **remembered {
	h := uint32(2166136261)
	if c := s.caller; c != nil {
		h = mixed(h, c.Name)
	}
	return &s.w.gathered[mixed(h, s.model)%uint32(len(s.w.gathered))]
}

func mixed(h uint32, s string) uint32 {
	for i := range min(len(s), longLikeness) {
		h = (h ^ uint32(s[i])) * 16777619
	}
	return h
}

// remember finds the limits that are for the request.
//
//go:noinline
func (s *Stream) remember(place **remembered) *remembered {
	x := likeness{invented: s.invented, op: s.endpoint.Op, provider: s.target.Provider, tier: s.tierName,
		model: s.model, meant: s.meant, label: s.label}
	if c := s.caller; c != nil {
		x.caller, x.consumer, x.tenant, x.own = c, c.Name, c.Tenant, c.Rules
	}
	var tiers limit.Limits
	if s.tier != nil {
		tiers = s.tier.Limits
	}
	for _, text := range [...]*string{&x.consumer, &x.tenant, &x.tier, &x.model, &x.meant, &x.label} {
		*text = strings.Clone(*text)
	}
	known := &remembered{x, s.w.book.Find(s, s.w.plan.Limits.Rules, s.space.Limits, tiers, x.own)}
	if *place = known; x.size() > longLikeness {
		*place = nil
	}
	return known
}

// as reports whether a request is like it.
//
//go:noinline
func (x *likeness) as(s *Stream) bool {
	c := s.caller
	if x.caller != c && (x.caller == nil || c == nil || !x.by(c)) {
		return false
	}
	return x.invented == s.invented && x.op == s.endpoint.Op && x.provider == s.target.Provider && x.tier == s.tierName &&
		x.model == s.model && x.meant == s.meant && x.label == s.label
}

// by reports whether the caller is the same one.
func (x *likeness) by(c *identity.Caller) bool {
	return x.consumer == c.Name && x.tenant == c.Tenant && len(x.own) == len(c.Rules) && (len(x.own) == 0 || &x.own[0] == &c.Rules[0])
}

func (x *likeness) size() int {
	return len(x.consumer) + len(x.tenant) + len(x.tier) + len(x.model) + len(x.meant) + len(x.label)
}
