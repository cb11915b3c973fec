package config

import "github.com/postern-gateway/postern/plugin/internal/limit"

// A Space is what the callers of one tenant reach, or those who belong to none. Nothing
// else is there for them: no name, path or list leads out of it.
type Space struct {
	// Providers are those that can be named. What a tenant has itself comes first and
	// hides what has the same name at the top.
	Providers []*Provider

	// Open are those of them that take every model, as none are configured beside them.
	Open []*Provider

	// Limits are the tenant's own.
	Limits limit.Limits

	parts      []*part
	configured bool // models are
	tier       string
}

// part is what was configured together: the providers and models of a tenant, or those at
// the top.
type part struct {
	providers []*Provider
	models    *Models
}

func (p *part) empty() bool { return len(p.providers) == 0 && !p.models.Configured() }

func newSpace(t *Tenant, parts ...*part) *Space {
	s := &Space{parts: parts}
	if t != nil {
		s.tier = t.Tier
	}
	for _, p := range parts {
		s.configured = s.configured || p.models.Configured()
		for _, x := range p.providers {
			if _, hidden := s.Provider(x.Name); hidden {
				continue
			}
			s.Providers = append(s.Providers, x)
			if !p.models.Configured() {
				s.Open = append(s.Open, x)
			}
		}
	}
	return s
}

// Provider finds a provider by its name.
func (s *Space) Provider(name string) (*Provider, bool) {
	for _, p := range s.Providers {
		if p.Name == name {
			return p, true
		}
	}
	return nil, false
}

// Own reports whether a provider is the tenant's own, or the caller belongs to no tenant
// and so to the operator.
func (s *Space) Own(p *Provider) bool {
	for _, x := range s.parts[0].providers {
		if x == p {
			return true
		}
	}
	return false
}

// Configured reports whether any models are.
func (s *Space) Configured() bool { return s.configured }

// Takes reports whether a provider takes every model.
func (s *Space) Takes(p *Provider) bool {
	for _, x := range s.Open {
		if x == p {
			return true
		}
	}
	return false
}

// Find is the first model that the name matches, and that has a target at the provider,
// if one is given; nil if there is none.
//
//go:noinline
func (s *Space) Find(name string, at *Provider) *Model {
	for _, p := range s.parts {
		if m, ok := p.models.Find(name); ok && (at == nil || m.At(at) != nil) {
			return m
		}
	}
	return nil
}

// Names are those that a client can ask for as they are, in order, without patterns.
func (s *Space) Names() []string {
	names := s.parts[0].models.Names()
	for _, p := range s.parts[1:] {
		for _, n := range p.models.Names() {
			if _, hidden := s.parts[0].models.Find(n); !hidden {
				names = append(names, n)
			}
		}
	}
	return names
}

// Space is what those of a tenant reach; false if there are tenants and this is none of
// them. Where none are configured a tenant is only a word.
func (p *Plan) Space(tenant string) (*Space, bool) {
	if tenant == "" || len(p.spaces) == 0 {
		return p.everyone, true
	}
	s, ok := p.spaces[tenant]
	return s, ok
}

// Tier is what those of a tier may do, by its name or else by that of the space; false if
// there are tiers and this is none of them. It is nil for those of no tier.
func (p *Plan) Tier(name string, s *Space) (tier string, t *Tier, ok bool) {
	if name == "" {
		name = s.tier
	}
	t = p.tier(name)
	return name, t, name == "" || len(p.Tiers) == 0 || t != nil
}

func (p *Plan) tier(name string) *Tier {
	for _, t := range p.Tiers {
		if t.Name == name {
			return t
		}
	}
	return nil
}

// Names reports whether somebody has a provider of that name, so that paths can begin
// with it.
func (p *Plan) Names(provider string) bool { return p.names[provider] }

// EachProvider visits all providers, whoever they belong to: range over it.
func (p *Plan) EachProvider(yield func(*Provider) bool) {
	for _, x := range p.Providers {
		if !yield(x) {
			return
		}
	}
	for _, t := range p.Tenants {
		for _, x := range p.spaces[t.Name].parts[0].providers {
			if !yield(x) {
				return
			}
		}
	}
}

// Label names a provider where those of all tenants are.
func (p *Provider) Label() string {
	if p.Tenant == "" {
		return p.Name
	}
	return p.Tenant + "/" + p.Name
}
