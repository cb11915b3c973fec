package gateway

import (
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/plugin/internal/config"
	"github.com/postern-gateway/postern/plugin/internal/glob"
	"github.com/postern-gateway/postern/plugin/internal/route"
)

// A decision is what all requests of a tenant and a tier for a model and an operation have in
// common, in one piece or as streams: the model of the configuration, and its branch for those
// about which there is nothing special. What is special, who is well and who is chosen are
// found out for each.
type decision struct {
	tenant, tier string
	model        string // as the client calls it
	op           adapters.Operation
	stream       bool

	choice *config.Model
	usual  config.Usual
}

// mostDecisions is how many a worker remembers. Each has its place, which another with the same
// hash takes.
const mostDecisions = 1024

// decision is the one for the request; nil if no model of the configuration has the name that
// it gives.
func (s *Stream) decision() *decision {
	if !s.space.Configured() {
		return nil
	}
	tenant := ""
	if s.caller != nil {
		tenant = s.caller.Tenant
	}
	h := route.Hash(tenant, s.tierName, s.model) + uint64(s.endpoint.Op)
	if s.stream {
		h = ^h
	}
	place := &s.w.decisions[h%uint64(len(s.w.decisions))]
	if d := *place; d != nil && d.op == s.endpoint.Op && d.stream == s.stream && d.model == s.model && d.tenant == tenant && d.tier == s.tierName {
		return d
	}
	m := s.space.Find(s.model, nil)
	if m == nil {
		return nil
	}
	s.w.asker = asker{s: s}
	d := &decision{tenant, s.tierName, strings.Clone(s.model), s.endpoint.Op, s.stream, m, m.Usual(&s.w.asker)}
	if len(d.model) <= longLikeness {
		*place = d
	}
	return d
}

// special reports whether there is something about the request that may lead it elsewhere than
// is usual.
func (s *Stream) special(u *config.Usual) bool {
	if u.Group == nil || u.Headers && s.headed() {
		return true
	}
	c := s.caller
	return c != nil && (u.Tags && len(c.Tags) > 0 || len(u.Names) > 0 && glob.Any(u.Names, c.Name))
}

// headed reports whether the request has a header that the configuration names.
func (s *Stream) headed() bool {
	for _, v := range s.in.counted {
		if v != "" {
			return true
		}
	}
	return false
}
