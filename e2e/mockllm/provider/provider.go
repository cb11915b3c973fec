// Package provider is what all mock providers share: reading a request and
// judging its headers, faults, answers and streams, ids, signatures, the journal.
//
// A provider is a value in mockllm's explicit list. It owns its paths, its checks
// and its wire forms; this package decides nothing about those.
package provider

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"sync"
	"time"

	"github.com/postern-gateway/postern/e2e/mockllm/journal"
	"github.com/postern-gateway/postern/e2e/mockllm/script"
)

// A Provider describes one upstream API.
type Provider struct {
	Name        string   // "openai"
	Hosts       []string // the names on its certificate, and of its clients' SNI
	Key         string   // the key it accepts when the options name none
	Credentials []string // the header fields in which it wants a credential, in canonical form
	MaxBody     int64    // bytes; a longer body is refused with 413
	Called      []string // paths that a gateway calls by itself; Envoy adds headers to such requests that nothing removes

	// Signed says of a credential that it is no key but a signature, which Serve checks;
	// nil for providers that know none.
	Signed func(credential string) bool

	New func(*Env) API
}

// An API answers the requests to one provider.
type API interface {
	// Serve answers one request whose headers have passed.
	Serve(x *Exchange)
	// Usual is what the API says with a failure status, when nothing better is known.
	Usual(status int) Failure
	// ErrorBody is the JSON of a failure.
	ErrorBody(x *Exchange, f Failure) any
	// Headers adds what the API puts on every answer.
	Headers(x *Exchange, h http.Header)
}

// A Bearer is what an API also is that takes credentials which it has given out itself.
type Bearer interface {
	// Accepts says whether a credential is one of them, and holds.
	Accepts(token string) bool
}

// A Failure is an error as a provider documents it.
type Failure struct {
	Status  int
	Type    string
	Code    string // where the provider has codes
	Param   string // where the provider names the parameter
	Message string
	Retry   string // value of retry-after; empty means none
}

// An Env is what one provider of one server keeps between requests.
type Env struct {
	Provider      Provider
	Key           string
	Models        []string // known to this server, beside the provider's own
	RefuseChunked bool
	AllowHeaders  []string // internal headers that may pass after all, in lower case
	Now           func() time.Time
	Journal       *journal.Journal
	Default       script.Behaviour
	Cache         *PrefixCache
	Signer        Signer

	mu    sync.Mutex
	queue []script.Behaviour
}

// Push adds behaviours for the next requests that ask for an answer.
func (e *Env) Push(b ...script.Behaviour) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.queue = append(e.queue, b...)
}

func (e *Env) pop() (script.Behaviour, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.queue) == 0 {
		return script.Behaviour{}, false
	}
	b := e.queue[0]
	e.queue = e.queue[1:]
	return b, true
}

// A Signer marks texts as the mock's own, as providers sign reasoning.
type Signer struct{ Secret []byte }

// Sign returns an opaque mark that Open accepts, carrying the text.
func (s Signer) Sign(text string) string {
	return base64.StdEncoding.EncodeToString(append(s.sum(text), text...))
}

// Open returns the text of a mark; ok is false for a mark that was not made by Sign.
func (s Signer) Open(mark string) (text string, ok bool) {
	b, err := base64.StdEncoding.DecodeString(mark)
	if err != nil || len(b) < sha256.Size {
		return "", false
	}
	text = string(b[sha256.Size:])
	return text, hmac.Equal(b[:sha256.Size], s.sum(text))
}

func (s Signer) sum(text string) []byte {
	h := hmac.New(sha256.New, s.Secret)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// maxPrefixes bounds a PrefixCache; when it is full, everything is forgotten.
const maxPrefixes = 1 << 16

// A PrefixCache remembers beginnings of prompts, as prompt caches do.
type PrefixCache struct {
	mu   sync.Mutex
	seen map[string]bool
}

// Seen says whether the key was added before.
func (c *PrefixCache) Seen(key string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen[key]
}

// Add remembers a key.
func (c *PrefixCache) Add(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen == nil || len(c.seen) >= maxPrefixes {
		c.seen = map[string]bool{}
	}
	c.seen[key] = true
}
