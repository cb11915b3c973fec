package gateway

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/plugin/internal/meter"
)

// An Action is what becomes of the data that an event announced.
type Action uint8

// Actions.
const (
	Continue Action = iota // it goes on, with the Step's edits
	Hold                   // it stays, with what came before and what comes after, until a Step continues
	Lend                   // all that there is goes on, and the direction is held as it was: a Step can put more there
)

// A Want is how much of a body the gateway has to see.
type Want uint8

// Wants. Whole and Each say whether a body is needed at once or as it comes.
const (
	Nothing Want = iota
	Each
	Whole
)

// A Step is what a host does next for a stream. It belongs to the stream and is
// valid until the stream's next event.
type Step struct {
	Action Action
	Want   Want   // of the body of the same direction, from now on
	Reset  bool   // nothing more comes: the stream is torn down
	Answer bool   // of a Wake: the step is for the answer, which is held, and not for the request
	Reply  *Reply // answer in the upstream's place; nothing but Set, on the headers in hand, applies then

	// Again asks for the body once more, which was complete before this step: what held
	// it did not look at it.
	Again bool

	// Of is the stream whose step this is, in the place of the one that had the event: the
	// proxy has begun its request again. Nil: the same.
	Of *Stream

	Set []adapters.Header // headers to set; one with an empty value is removed

	Replace bool // the body in hand becomes Body
	Body    []byte

	Properties []Property     // for the proxy's access log and its other filters
	Samples    []meter.Sample // for its metrics
	Log        string         // one warning, unless empty

	reply Reply // memory for one
}

// set adds a header. It is called rather than inlined at each of many places, since the
// module's size counts.
//
//go:noinline
func (s *Step) set(name, value string) {
	s.Set = append(s.Set, adapters.Header{Name: name, Value: value})
}

// tell adds a property.
//
//go:noinline
func (s *Step) tell(path string, value []byte) {
	s.Properties = append(s.Properties, Property{Path: path, Value: value})
}

// withHeader adds a header to a list, as set does.
//
//go:noinline
func withHeader(list []adapters.Header, name, value string) []adapters.Header {
	return append(list, adapters.Header{Name: name, Value: value})
}

// sample adds a value for a metric, unless it is none.
//
//go:noinline
func (s *Step) sample(x *meter.Series, v int64) {
	if v > 0 {
		s.Samples = append(s.Samples, meter.Sample{Series: x, Value: uint64(v)})
	}
}

// A Reply is a whole answer. Details is the gateway's word for why, for the access log.
type Reply struct {
	Status  int
	Details string
	Headers []adapters.Header
	Body    []byte
	Packed  []byte // Headers as the proxy takes them: who carries the reply out keeps them here for the next time
}

// A Property is a value of the stream that the proxy keeps.
type Property struct {
	Path  string
	Value []byte
}

// reset empties the step and keeps its memory.
//
//go:noinline
func (s *Step) reset() {
	*s = Step{
		Set:        s.Set[:0],
		Properties: s.Properties[:0],
		Samples:    s.Samples[:0],
		Body:       s.Body[:0],
		reply:      Reply{Headers: s.reply.Headers[:0]},
	}
}
