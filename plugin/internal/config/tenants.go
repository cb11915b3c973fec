package config

import (
	"slices"

	"github.com/postern-gateway/postern/adapters/strict"
	"github.com/postern-gateway/postern/plugin/internal/access"
	"github.com/postern-gateway/postern/plugin/internal/glob"
	"github.com/postern-gateway/postern/plugin/internal/identity"
	"github.com/postern-gateway/postern/plugin/internal/limit"
)

// A Tenant is somebody whose consumers are kept apart from everybody else's.
type Tenant struct {
	Name string
	Tier string // of those of its consumers that have none of their own
}

// A Tier is a bundle of what consumers of one kind of contract may do.
type Tier struct {
	Name   string
	Models []string // names and patterns; none means every model
	Limits limit.Limits
}

// May reports whether consumers of the tier may use a model by that name. A nil Tier
// forbids nothing.
func (t *Tier) May(model string) bool {
	return t == nil || len(t.Models) == 0 || glob.Any(t.Models, model)
}

// scope is where names of providers mean something: at the top, or within a tenant, where
// what is at the top can be named as well.
type scope struct {
	tenant    string
	providers []*Provider
	byName    map[string]*Provider
	outer     *scope
}

func newScope(tenant string, outer *scope) *scope {
	return &scope{tenant: tenant, outer: outer, byName: map[string]*Provider{}}
}

func (s *scope) add(p *Provider) {
	s.providers = append(s.providers, p)
	s.byName[p.Name] = p
}

func (s *scope) own(name string) *Provider { return s.byName[name] }

func (s *scope) find(name string) *Provider {
	if p := s.byName[name]; p != nil || s.outer == nil {
		return p
	}
	return s.outer.find(name)
}

func (s *scope) names() []string {
	var names []string
	for ; s != nil; s = s.outer {
		for _, p := range s.providers {
			names = append(names, p.Name)
		}
	}
	return names
}

// tenants reads who is kept apart.
func (r *reader) tenants(o *strict.Object) {
	for it := o.Value("tiers").Items(); it.Next(); { // which are read later, for they name what tenants have
		r.tierNames = append(r.tierNames, it.Value.Get("name").Str())
	}
	top := r.scope
	r.out.everyone = newSpace(nil, &part{top.providers, r.out.Models})
	r.out.spaces = map[string]*Space{}
	o.Objects("tenants", "Who is kept apart: consumers of a tenant reach its providers and models, and those of no other tenant.", func(_ int, o *strict.Object) {
		t := &Tenant{
			Name: o.Str("name", "Its name in logs, limits and access rules.", ""),
			Tier: o.Str("tier", "The tier of those of its consumers that have none of their own.", ""),
		}
		o.Require("name")
		if r.out.spaces[t.Name] != nil && t.Name != "" {
			o.Fail("name", "another tenant has this name")
		}
		r.knownTier(t.Tier, o)
		r.scope = newScope(t.Name, top)
		o.Objects("providers", "Its own providers, with keys of its own. A name may be one that another tenant has, too.", r.provider)
		own := &part{r.scope.providers, r.models(o, "Its own models. Their targets can be at the providers at the top, too. None means every model that its own providers have.")}
		parts := []*part{own}
		shared := o.Enum("shared", "Whether its consumers reach what is at the top as well: yes, no, or auto if it has no providers and models of its own.", "auto", "auto", "yes", "no")
		if shared == "yes" || shared == "auto" && own.empty() {
			parts = append(parts, &part{top.providers, r.out.Models})
		}
		r.out.spaces[t.Name] = newSpace(t, parts...)
		r.out.Tenants = append(r.out.Tenants, t)
		r.consumers(o)
		r.accessRules(o, access.When{Tenants: []string{t.Name}})
		r.out.spaces[t.Name].Limits = r.limits(o, limit.Attribute{Kind: limit.Tenant})
		r.scope = top
	})
}

// tiers reads the bundles.
func (r *reader) tiers(o *strict.Object) {
	o.Objects("tiers", "Bundles of what consumers may do. Where there are any, a consumer of another tier may do nothing.", func(i int, o *strict.Object) {
		t := &Tier{
			Name:   o.Str("name", "What consumers and tenants refer to.", ""),
			Models: o.Strings("models", "Names and patterns of the models that its consumers may use; none means all."),
		}
		o.Require("name")
		if r.out.tier(t.Name) != nil && t.Name != "" {
			o.Fail("name", "another tier has this name")
		}
		r.accessRules(o, access.When{Tiers: []string{t.Name}})
		t.Limits = r.limits(o, limit.Attribute{Kind: limit.Tenant}, limit.Attribute{Kind: limit.Consumer})
		r.out.Tiers = append(r.out.Tiers, t)
	})
}

// belongs gives a consumer its tenant and tier.
func (r *reader) belongs(x *identity.Caller, o *strict.Object) {
	if r.scope.outer != nil {
		x.Tenant = r.scope.tenant
		r.knownTier(x.Tier, o)
	} else {
		r.placed(x, o)
	}
	if s := r.out.spaces[x.Tenant]; s != nil && x.Tier == "" {
		x.Tier = s.tier
	}
	who := [2]string{x.Tenant, x.Name}
	if r.consumed[who] && x.Name != "" {
		o.Fail("name", "another consumer has this name")
	}
	r.consumed[who] = true
}

// placed reads the tenant of somebody at the top, and checks the tier.
func (r *reader) placed(x *identity.Caller, o *strict.Object) {
	x.Tenant = o.Str("tenant", "What it belongs to: the name of a tenant, where there are any.", "")
	if len(r.out.spaces) > 0 && x.Tenant != "" && r.out.spaces[x.Tenant] == nil {
		o.Fail("tenant", "no tenant is called "+strict.Quote(x.Tenant)+strict.Near(x.Tenant, r.tenantNames()))
	}
	r.knownTier(x.Tier, o)
}

func (r *reader) tenantNames() []string {
	var names []string
	for _, t := range r.out.Tenants {
		names = append(names, t.Name)
	}
	return names
}

// knownTier refuses the name of a tier that there is not, where there are tiers.
func (r *reader) knownTier(name string, o *strict.Object) {
	if name != "" && len(r.tierNames) > 0 && !slices.Contains(r.tierNames, name) {
		o.Fail("tier", "no tier is called "+strict.Quote(name)+strict.Near(name, r.tierNames))
	}
}

func (r *reader) clientAddress(o *strict.Object) {
	o.Object("client_address", "How the address of a client is found, for access rules and limits.", func(o *strict.Object) {
		r.out.TrustedHops = o.Int("trusted_hops", "How many proxies can be trusted to have added the address that called them to x-forwarded-for, this one included if it adds one. 0 takes the address that the proxy tells, which is right where the proxy itself is set up to find the client's.", 0, 0, 16)
	})
}
