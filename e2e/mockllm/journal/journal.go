// Package journal keeps what a mock provider received, for assertions.
//
// It is bounded: the oldest entries give way, and only the start of a large
// body is kept, beside its size and digest.
package journal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"sync"
)

// Rules that a gateway must keep, as they stand in Violation.Rule.
const (
	LeakedKey      = "leaked-key"      // a client's credential, or a credential header that is not this provider's
	InternalHeader = "internal-header" // a header that belongs to the gateway or the proxy
	AcceptEncoding = "accept-encoding" // a compressed answer was asked for
	WrongAuthority = "wrong-authority" // host and SNI name different servers
	ChunkedBody    = "chunked-body"    // a body without length, where it is refused
)

// A Violation is one rule that a request broke.
type Violation struct {
	Rule   string `json:"rule"`
	Detail string `json:"detail"`
}

// Usage is what the provider charged, inclusive of everything.
type Usage struct {
	Input      int `json:"input"` // all input tokens, cached ones too
	CacheRead  int `json:"cache_read"`
	CacheWrite int `json:"cache_write"`
	Output     int `json:"output"`    // all output tokens, reasoning too
	Reasoning  int `json:"reasoning"` // a part of Output
}

// An Entry is one request and what became of it.
type Entry struct {
	Seq        int         `json:"seq"` // 1, 2, 3, … in order of arrival
	Provider   string      `json:"provider"`
	Method     string      `json:"method"`
	Path       string      `json:"path"`
	Query      string      `json:"query,omitempty"`
	Host       string      `json:"host"`
	Proto      string      `json:"proto"` // HTTP/1.1 or HTTP/2.0
	TLS        bool        `json:"tls"`
	SNI        string      `json:"sni,omitempty"`
	ALPN       string      `json:"alpn,omitempty"`
	Header     http.Header `json:"header"`
	Trailer    http.Header `json:"trailer,omitempty"`
	Chunked    bool        `json:"chunked"` // the body came without a length
	Body       string      `json:"body"`    // its start, if BodySize says more
	BodySize   int         `json:"body_size"`
	BodySHA256 string      `json:"body_sha256"`
	Violations []Violation `json:"violations,omitempty"`
	Behaviour  string      `json:"behaviour,omitempty"` // the directives that applied
	Status     int         `json:"status"`              // 0 until the answer has begun
	Error      string      `json:"error,omitempty"`     // the message of a refusal
	Events     int         `json:"events,omitempty"`    // stream events written
	Usage      *Usage      `json:"usage,omitempty"`
	Ended      string      `json:"ended"` // empty while under way; then done, reset, cut, client-gone
}

// How a request ended, as in Entry.Ended.
const (
	Done       = "done"
	Reset      = "reset"       // the mock reset the connection, as it was told to
	Cut        = "cut"         // the mock ended the answer early, as it was told to
	ClientGone = "client-gone" // nobody read the answer to its end
)

// A Handshake is a TLS handshake that failed.
type Handshake struct {
	SNI   string `json:"sni"`
	Error string `json:"error"`
}

// A Journal is safe for concurrent use. Make it with New.
type Journal struct {
	limit, bodyLimit int

	mu         sync.Mutex
	seq        int
	entries    []Entry
	handshakes []Handshake
	changed    chan struct{} // closed and replaced at each change
}

// New returns a journal of at most limit entries with bodies of at most bodyLimit bytes.
func New(limit, bodyLimit int) *Journal {
	return &Journal{limit: limit, bodyLimit: bodyLimit, changed: make(chan struct{})}
}

// Add records a request with its body and returns its number.
func (j *Journal) Add(e Entry, body []byte) int {
	digest := sha256.Sum256(body)
	e.BodySHA256, e.BodySize = hex.EncodeToString(digest[:]), len(body)
	e.Body = string(body[:min(len(body), j.bodyLimit)])
	j.mu.Lock()
	defer j.mu.Unlock()
	j.seq++
	e.Seq = j.seq
	if len(j.entries) >= j.limit {
		j.entries = slices.Delete(j.entries, 0, len(j.entries)-j.limit+1)
	}
	j.entries = append(j.entries, e)
	j.signal()
	return e.Seq
}

// Update changes the entry with the given number, if it is still kept.
func (j *Journal) Update(seq int, change func(*Entry)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range j.entries {
		if j.entries[i].Seq == seq {
			change(&j.entries[i])
			j.signal()
			return
		}
	}
}

// AddHandshake records a failed TLS handshake.
func (j *Journal) AddHandshake(h Handshake) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.handshakes) < j.limit {
		j.handshakes = append(j.handshakes, h)
	}
	j.signal()
}

func (j *Journal) signal() {
	close(j.changed)
	j.changed = make(chan struct{})
}

// Entries returns the entries kept, the oldest first.
func (j *Journal) Entries() []Entry { return j.Since(0) }

// Since returns the entries after the given number.
func (j *Journal) Since(seq int) []Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := []Entry{}
	for _, e := range j.entries {
		if e.Seq > seq {
			out = append(out, e.clone())
		}
	}
	return out
}

// clone keeps a caller's copy apart from later updates.
func (e Entry) clone() Entry {
	e.Violations = slices.Clone(e.Violations)
	if e.Usage != nil {
		u := *e.Usage
		e.Usage = &u
	}
	return e
}

// Last returns the newest entry; ok is false when there is none.
func (j *Journal) Last() (e Entry, ok bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.entries) == 0 {
		return Entry{}, false
	}
	return j.entries[len(j.entries)-1].clone(), true
}

// Violations returns the violations of all entries kept.
func (j *Journal) Violations() []Violation {
	var out []Violation
	for _, e := range j.Entries() {
		out = append(out, e.Violations...)
	}
	return out
}

// Handshakes returns the failed TLS handshakes.
func (j *Journal) Handshakes() []Handshake {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.handshakes)
}

// Reset forgets everything; numbers go on.
func (j *Journal) Reset() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries, j.handshakes = nil, nil
	j.signal()
}

// Wait returns the first entry for which match is true, waiting for it until ctx ends.
func (j *Journal) Wait(ctx context.Context, match func(Entry) bool) (Entry, error) {
	for {
		j.mu.Lock()
		for _, e := range j.entries {
			if match(e) {
				e = e.clone()
				j.mu.Unlock()
				return e, nil
			}
		}
		changed := j.changed
		j.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return Entry{}, context.Cause(ctx)
		}
	}
}
