package adapters

import (
	"time"

	"github.com/postern-gateway/postern/adapters/secret"
)

// A Signer is what an Adapter also is whose requests are signed one by one. Its
// Credential is then nil for keys that sign.
type Signer interface {
	// Sign makes the headers with which the provider accepts a request. r is only read.
	// now is in seconds since 1970: a time.Time here would bring all that the library
	// knows of time zones into the module, for methods of interfaces are never left out.
	Sign(key secret.String, r *Outgoing, now int64) ([]Header, error)
}

// A Located is what an Adapter also is whose public host depends on its options.
type Located interface {
	// Host is what Provider.Host is for others; empty if there is none.
	Host() string
}

// An Outgoing is a request as the provider gets it.
type Outgoing struct {
	Method, Host, Path string // Path has the query
	Body               []byte
}

// An Exchanger is what an Adapter also is whose keys are exchanged for tokens that last
// for a while: the token then is what Credential gets.
type Exchanger interface {
	// Exchanges reports whether a key has to be exchanged, rather than being a token
	// already; an error if it is neither.
	Exchanges(key secret.String) (bool, error)

	// Exchange is the request that gets a token for a key that has to be exchanged. now
	// is in seconds since 1970: a time.Time among an interface's types would keep all
	// its methods in the module, which are 90 KB.
	Exchange(key secret.String, now int64) (*Callout, error)

	// ReadToken reads the answer to it. body may be anything.
	ReadToken(status int, body []byte) (Token, error)
}

// A Caller is what an Adapter also is for which the gateway makes callouts.
type Caller interface {
	// Calls is the proxy's name for where they go, empty if there are none, and the host
	// that is there, for who writes the proxy's clusters.
	Calls() (cluster, host string)
}

// A Callout is a request that the gateway makes by itself.
type Callout struct {
	Cluster            string // the proxy's name for where it goes
	Method, Host, Path string
	Headers            []Header
	Body               []byte
	Timeout            time.Duration
}

// A Token is what a key was exchanged for, and for how long it holds.
type Token struct {
	Value    secret.String
	Lifetime time.Duration
}
