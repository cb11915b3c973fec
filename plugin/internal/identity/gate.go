package identity

// A Gate is all ways of proving who calls, as the configuration has them.
type Gate struct {
	Order     []Method
	Keys      Keys
	Signed    *Signed // nil: no such keys
	Issuers   []*Issuer
	Mapping   *Certificates // nil: certificates prove nothing
	Trusted   *Trusted      // nil: nobody's word is taken
	Anonymous *Caller       // who presents nothing; nil: is refused

	TokensAsKeys bool // some issuer's tokens are where keys are

	// Headers are those that the methods read beside the ones that have keys, in lower
	// case. None of them goes on to a provider.
	Headers []string

	Consumers map[string][]*Caller // of the configuration, by name: each tenant may have one
}

// Len is how many consumers the configuration has.
func (g *Gate) Len() int {
	n := 0
	for _, list := range g.Consumers {
		n += len(list)
	}
	return n
}

// A Method is a way of proving who calls.
type Method uint8

// Methods.
const (
	ByWord        Method = iota // of a filter in front
	ByKey                       // an API key, or one that describes itself
	ByToken                     // a JSON Web Token
	ByCertificate               // of the client
)

// Open reports that nothing is configured, so that everybody may call.
func (g *Gate) Open() bool { return len(g.Order) == 0 && g.Anonymous == nil }

// settle joins who a credential names with who the configuration knows by that name.
// known: it has to be known. same: whoever makes the credentials may name those of the
// configuration; otherwise the name of one is somebody else's, and refused.
func (g *Gate) settle(c *Caller, known, same bool) (*Caller, *Problem) {
	from, alike := g.find(c)
	switch {
	case from == nil && known:
		return nil, &Problem{NotAllowed, "nobody by this name may call here"}
	case alike && (from == nil || !same):
		return nil, &Problem{NotAllowed, "the name that this says is that of another consumer"}
	case from == nil:
		return c, nil
	}
	c.Tenant, c.Rules = from.Tenant, from.Rules
	if c.Tier == "" {
		c.Tier = from.Tier
	}
	if len(c.Models) == 0 {
		c.Models = from.Models
	}
	if len(c.Tags) == 0 {
		c.Tags = from.Tags
	}
	return c, nil
}

// find is the consumer of the configuration that is meant: by its tenant, or the only one of
// its name where no tenant is said. alike is whether there is one that somebody could take
// for it: names are apart only in tenants that are.
func (g *Gate) find(c *Caller) (from *Caller, alike bool) {
	list := g.Consumers[c.Name]
	for _, x := range list {
		alike = alike || x.Tenant == c.Tenant || x.Tenant == "" || c.Tenant == ""
		if x.Tenant == c.Tenant || c.Tenant == "" && len(list) == 1 {
			return x, true
		}
	}
	return nil, alike
}
