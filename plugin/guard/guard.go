// Package guard says what a guard is to the gateway: something that reads the texts of a
// request and of its answer, changes them or refuses them.
//
// A Type is a value in an explicit list (package builtin); it turns its options into a
// Policy, which is immutable and serves all streams. A Policy makes a Guard for one
// request and its answer, which remembers what it has seen. A Guard opens a Check for one
// text. A Check sees a stream, not a string, so the same code guards whole requests and
// answers that arrive in pieces: its result must not depend on where they are cut. The
// gateway decides what a verdict means in each phase, and what a shadow mode ignores.
package guard

import "github.com/postern-gateway/postern/adapters/strict"

// A Direction is which way a text goes.
type Direction uint8

// Directions.
const (
	Request  Direction = iota // from the client to the provider
	Response                  // back
)

// A Role is who wrote a text.
type Role uint8

// Roles.
const (
	User      Role = iota
	System         // or developer
	Assistant      // answers, and what a client repeats of earlier ones
	Tool           // what a tool has returned
)

// A Kind of text is what it is in a message.
type Kind uint8

// Kinds of text.
const (
	Text       Kind = iota // of a message
	Reasoning              // thinking and its summaries
	Arguments              // of a tool call: the text is itself JSON, or the beginning of it
	Refusal                // in an answer
	Document               // given along with a message, or searched
	Definition             // descriptions and schemas of tools
	Variable               // of a prompt
)

// A Part says what the text is that a Check reads.
type Part struct {
	Role Role
	Kind Kind
	Path string // where it is in the client's request: messages[2].content; may be empty
	// Repeat: the guard has read the text before, in pieces, as it came.
	Repeat bool
}

// Untrusted reports whether neither the caller nor the model wrote the text: results of
// tools and documents.
func (p Part) Untrusted() bool { return p.Role == Tool || p.Kind == Document }

// An Edit replaces the bytes [Start, End) of a text, counted from its beginning over all
// pieces, by With.
type Edit struct {
	Start, End int
	With       []byte
}

// An Action is what a verdict asks for.
type Action uint8

// Actions, the severest last.
const (
	Pass  Action = iota
	Flag         // let it pass, but say so in log, metrics and headers
	Block        // refuse the request, or end the answer
)

// A Verdict is what a check thinks of the text so far.
type Verdict struct {
	Action  Action
	Code    string  // of the error and in metrics: "pii_blocked"; names no value
	Message string  // for the client, without anything of the text
	Score   float64 // 0 to 1, where a guard has one
}

// A Result is what a check says after a piece of text. Its slices are the check's and are
// void after its next call.
type Result struct {
	Decided int     // bytes of the text so far, from its beginning, that nothing can change any more
	Edits   []Edit  // in order and apart, all of them between the Decided of before and this one
	Verdict Verdict // of the whole text so far
}

// A Callout is a question to another service; external guards will ask by it.
type Callout struct {
	Cluster, Path string
	Body          []byte
}

// A Check reads one text as it arrives.
type Check interface {
	// Feed takes the next bytes, valid UTF-8 with no JSON escapes; last means that
	// nothing follows, so that everything is decided. The bytes are only read, and only now.
	Feed(text []byte, last bool) Result

	// Ask is a question that has to be answered before more can be decided; nil: none.
	Ask() *Callout
}

// A Count is how often something was found.
type Count struct {
	Name string // an entity or a rule: EMAIL_ADDRESS
	N    int
}

// A Guard is a policy at work on one request and its answer.
type Guard interface {
	// Open begins a text; nil if the guard does not look at such texts. It is asked about
	// both directions, whatever it is for, since what it did to a request may concern
	// the answer.
	Open(d Direction, p Part) Check

	// Counts is what was found so far, in a fixed order, without any value.
	Counts() []Count

	// Next begins another request of the same caller, where one file has many: what the
	// guard remembers of the one before is forgotten, but for the counts.
	Next()
}

// A Policy is a guard's configuration, compiled. It is immutable.
type Policy interface {
	// New begins a request of a caller.
	New(c Caller) Guard
}

// A Caller is who sends a request; names that are not known are empty. The tenant keeps
// apart what different tenants' values become.
type Caller struct{ Consumer, Tenant, Tier string }

// A Setting is what every guard is told beside its own options.
type Setting struct {
	On          [2]bool                  // which directions it is for, by Direction
	Environment func(name string) string // of the VM; nil while a configuration is only checked
}

// A Type is one sort of guard. The gateway reads type, name, on, mode and failure; the
// options beside them are the guard's own.
type Type struct {
	Name    string                                   // as written in a configuration's type: "pii"
	Doc     string                                   // one line, for tables and the JSON Schema
	On      []string                                 // directions where a configuration says nothing: request, response
	Options func(o *strict.Object, s Setting) Policy // reads the guard's own options; what is wrong is told to o
}
