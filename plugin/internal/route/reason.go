package route

// A Reason is why a target has not answered as it should have.
type Reason uint8

// Reasons. The zero value is none: the answer is good, or the client's own fault.
const (
	NoReason      Reason = iota
	ServerError          // 5xx
	Overloaded           // 503 or 529 of the provider's, or a stream that says so
	Unavailable          // no connection, no healthy endpoint, no such cluster
	TimedOut             // 504, 408, no answer to a callout
	Silent               // the answer has not begun in time
	Stalled              // a stream has begun and says nothing more
	RateLimited          // 429
	Unauthorized         // 401, 402 or 403: the key, not the client
	BrokenStream         // an error, or the end, before an answer's first content
	Unreadable           // a web page, an answer that is cut off, an error with a good status
	Unsuited             // the target cannot take the request
	ContextLength        // the request is too long for the model
	ContentFilter        // the provider does not answer such a request
	Guarded              // a guard does not let the answer pass
	Resting              // nothing is sent there for now; it is no reason of a configuration
	Status               // an error of which a configuration names the status alone
	NumReasons
)

var reasonNames = [NumReasons]string{"none", "server_error", "overloaded", "unavailable", "timeout", "first_token", "idle", "rate_limited", "unauthorized",
	"stream_error", "unreadable", "unsuited", "context_length", "content_filter", "guard", "resting", "status"}

func (r Reason) String() string { return reasonNames[r] }

// ReasonNames are the words of a configuration.
func ReasonNames() []string { return reasonNames[1:Resting] }

// Reasons are a set of them.
type Reasons uint32

// Failures are all that is the target's fault and not what it has to say to the request.
const Failures Reasons = 1<<Resting - 1 - 1<<NoReason - 1<<ContextLength - 1<<ContentFilter - 1<<Guarded

// Has reports whether a reason is in the set.
func (s Reasons) Has(r Reason) bool { return s&(1<<r) != 0 }

// With is the set and one more.
func (s Reasons) With(r Reason) Reasons { return s | 1<<r }

// A Cause is for what something else is tried: reasons, and statuses of answers whatever
// else they say.
type Cause struct {
	Reasons  Reasons
	Statuses []Statuses
}

// Statuses are those from one to another.
type Statuses struct{ First, Last int }

// Has reports whether it is for a reason, or for an answer's status; 0 is none.
//
//go:noinline
func (c *Cause) Has(r Reason, status int) bool { return c.Reasons.Has(r) || c.Names(status) }

// Names reports whether it names a status.
func (c *Cause) Names(status int) bool {
	for _, s := range c.Statuses {
		if s.First <= status && status <= s.Last {
			return true
		}
	}
	return false
}

// Blames is what a reason says of the place.
func (r Reason) Blames() Verdict {
	switch r {
	case ServerError, Overloaded, Unavailable, TimedOut, Silent, Stalled, BrokenStream, Unreadable:
		return Bad
	case RateLimited:
		return Limited
	case Unauthorized:
		return Refused
	}
	return Nothing
}
