package identity

// Trusted is a filter in front whose word counts. A header is only as good as the proxy
// that takes it away from those who call: the plugin cannot tell who has set it.
type Trusted struct {
	Header     string // that names the consumer; empty: Property does
	Property   string // of the stream, parts of its path separated by zero bytes
	Tenant     string // headers
	Tier       string
	Configured bool // consumers have to be in the configuration
}

// ReadWord makes a caller of what a filter says.
func (g *Gate) ReadWord(name, tenant, tier string) (Known, *Problem) {
	for _, s := range [...]string{name, tenant, tier} {
		if s != "" && !IsName(s) {
			return Known{}, &Problem{NotAllowed, "what the filter in front says is not a name of printable ASCII characters"}
		}
	}
	c, p := g.settle(&Caller{Name: name, Tenant: tenant, Tier: tier}, g.Trusted.Configured, true)
	return Known{Caller: c}, p
}
