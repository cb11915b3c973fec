// Package config reads the whole configuration, strictly, and compiles it to a
// Plan that never changes afterwards.
//
// One set of declarations reads the document, reports every error in it with its
// path, and describes it as a JSON Schema.
package config

import (
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/secret"
	"github.com/postern-gateway/postern/plugin/internal/access"
	"github.com/postern-gateway/postern/plugin/internal/catalog"
	"github.com/postern-gateway/postern/plugin/internal/identity"
	"github.com/postern-gateway/postern/plugin/internal/route"
)

// A Plan is a compiled configuration.
type Plan struct {
	Role      Role
	Match     []Match
	Providers []*Provider
	Models    *Models
	Tenants   []*Tenant
	Tiers     []*Tier
	Identity  *identity.Gate
	Access    *access.Rules
	Admin     *Admin // nil: off
	Client    ClientHeaders
	Signals   Signals
	CORS      CORS
	Bounds    Bounds
	Limits    Limits
	Cache     *Cache // nil: nothing is kept
	Catalog   *catalog.Catalog
	Spots     []route.Spot // whose health is kept
	Groups    int          // how many groups of targets there are
	Guards    []*Guard     // in the order in which they read
	Stored    [2]Stored    // by guard.Direction, what they do with files and batches
	Meanings  []*Meaning   // of all models
	Mirrors   []*Mirror    // of all groups
	// TrustedHops says how the client's address is found: 0 is the address that the proxy
	// tells, and otherwise it is so many places from the end of x-forwarded-for.
	TrustedHops int
	// PassesKeys says that some provider gets the client's own key.
	PassesKeys bool
	// HoldHeaders says what is known of the proxy.
	HoldHeaders HoldHeaders
	Digest      string // of the document, in hexadecimal; secrets cannot be told from it

	everyone *Space
	spaces   map[string]*Space // by tenant
	names    map[string]bool   // of all providers, whoever they belong to
}

// A Role is where the module is loaded.
type Role uint8

// Roles.
const (
	Gateway Role = iota
	Attempt
)

// HoldHeaders says whether the proxy goes on with a body whose headers the plugin
// holds: Envoy does with allow_on_headers_stop_iteration.
type HoldHeaders uint8

// What is known of the proxy.
const (
	HoldAuto   HoldHeaders = iota // found out at the first request
	HoldAlways                    // it does
	HoldNever                     // it does not: only paths that name a provider work
)

// A Match says which requests are the gateway's. Hosts are without port and in
// lower case; one may begin with "*.". No hosts means every host.
type Match struct {
	Hosts  []string
	Prefix string // begins with a slash and does not end in one; "" is every path
}

// A Provider is an upstream as configured.
type Provider struct {
	Name    string
	Tenant  string // that it belongs to; empty: it is at the top
	Type    adapters.Provider
	Cluster string // the proxy's name for it
	Host    string // what :authority becomes; "" leaves it to the proxy
	Keys    []Key
	Adapter adapters.Adapter
	Place   int // of the provider as a whole among the plan's Spots

	total int // of the keys' weights
}

// A KeySource is where the key for a provider comes from.
type KeySource uint8

// Key sources.
const (
	FromConfig  KeySource = iota // Value holds it
	Passthrough                  // the client's own key goes on
	Injected                     // the proxy adds it later
	Exchanged                    // Value holds what the gateway gets tokens for
)

// A Key is one of a provider's keys.
type Key struct {
	Source  KeySource
	Value   secret.String
	Weight  int
	Headers []adapters.Header // what the adapter makes of the value, ready to send
	Signs   bool              // every request has headers of its own instead, made by the adapter
}

// A Target is one place where a request can go.
type Target struct {
	Provider *Provider
	Model    string // what the provider calls it; "" is the name that the client used
	Weight   int
	Place    int    // among the plan's Spots
	Cluster  string // of a native group: where requests go that begin here; "" is the group's
}

// Admin is the gateway's own endpoint.
type Admin struct {
	Prefix string
	keys   keySet[struct{}]
}

// ClientHeaders is what a caller may say by header.
type ClientHeaders struct {
	Timeout, Metadata, SessionID bool
	CacheTTL, SkipCache          bool
	Cloudflare                   bool     // cf-aig-* as well
	Debug                        []string // patterns for consumers who may ask how their requests are routed
}

// CORS says which web pages may call. No origins means none.
type CORS struct {
	Any     bool
	Origins []string
}

// Bounds keep a request from taking more than its share.
type Bounds struct {
	Request     int           // bytes of a request's body, before and after decompression
	Answer      int           // bytes of an answer that has to be held whole
	Held        int           // bytes of all bodies that a worker holds at once
	RequestTime time.Duration // until a request's body is complete
	Size        Mode          // for requests that seem larger than their model takes
}
