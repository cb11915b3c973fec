package gateway

import (
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/plugin/internal/config"
	"github.com/postern-gateway/postern/plugin/internal/limit"
)

// A likeness is what two requests have in common for which the same limits are.
type likeness struct {
	known, invented        bool // the caller, the model
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
	b.lease.Reset()
	if w.book == nil {
		return
	}
	x := likeness{invented: s.invented, op: s.endpoint.Op, provider: s.target.Provider, tier: s.tierName,
		model: s.model, meant: s.meant, label: s.label}
	if c := s.caller; c != nil {
		x.known, x.consumer, x.tenant, x.own = true, c.Name, c.Tenant, c.Rules
	}
	place := &w.gathered[x.hash()%uint32(len(w.gathered))]
	known := *place
	if known == nil || !known.as(&x) {
		known = s.remember(x)
		if *place = known; x.size() > longLikeness {
			*place = nil
		}
	}
	w.book.Take(&b.lease, known.found, s)
}

// remember finds the limits that are for the request, which is like this.
func (s *Stream) remember(x likeness) *remembered {
	var tiers limit.Limits
	if s.tier != nil {
		tiers = s.tier.Limits
	}
	for _, text := range [...]*string{&x.consumer, &x.tenant, &x.tier, &x.model, &x.meant, &x.label} {
		*text = strings.Clone(*text)
	}
	return &remembered{x, s.w.book.Find(s, s.w.plan.Limits.Rules, s.space.Limits, tiers, x.own)}
}

// as reports whether two requests are alike.
func (x *likeness) as(y *likeness) bool {
	return x.known == y.known && x.invented == y.invented && x.op == y.op && x.provider == y.provider &&
		len(x.own) == len(y.own) && (len(x.own) == 0 || &x.own[0] == &y.own[0]) &&
		x.consumer == y.consumer && x.tenant == y.tenant && x.tier == y.tier &&
		x.model == y.model && x.meant == y.meant && x.label == y.label
}

func (x *likeness) size() int {
	return len(x.consumer) + len(x.tenant) + len(x.tier) + len(x.model) + len(x.meant) + len(x.label)
}

// hash is FNV-1a of who asks for what.
func (x *likeness) hash() uint32 {
	h := uint32(2166136261)
	for _, s := range [...]string{x.consumer, x.model} {
		for i := range min(len(s), longLikeness) {
			h = (h ^ uint32(s[i])) * 16777619
		}
	}
	return h
}
