package chat

import "errors"

// A Finish is why a model stopped.
type Finish uint8

// Reasons. None is an answer that has not ended.
const (
	FinishNone     Finish = iota
	FinishStop            // it had said all
	FinishLength          // its tokens were used up
	FinishTools           // it wants its tools called
	FinishFilter          // a content filter stopped it
	FinishRefusal         // it declined
	FinishPause           // a long turn was paused, to be continued
	FinishSequence        // it came to a stop sequence
)

// Finishes are several of them, each a bit.
type Finishes uint8

// Has reports whether f is one of them.
func (s Finishes) Has(f Finish) bool { return s>>(f&7)&1 != 0 }

// A Response is one answer in one piece. Like a Request it is used again.
type Response struct {
	ID      Text
	Model   Text
	Created int64 // seconds since 1970; 0: not said
	Choices []Choice
	Usage   Usage
	Counted bool // Usage is the provider's
	Tier    Text // service tier that was used: default, flex, priority, batch
	System  Text // fingerprint of the provider's set-up

	// Elapsed is how long the answer took, in nanoseconds, for dialects that say so; 0:
	// not known.
	Elapsed int64

	Echo, Texts []byte // as in the Request

	// Unwanted are those at which whoever reads a whole answer into this may stop: it then has no choice
	// but one that has ended so.
	Unwanted Finishes
}

// A Choice is one of the answers; more than one comes only where n asked for them.
type Choice struct {
	Parts    []Part // text, thinking, tool calls, refusals, server parts, in order
	Finish   Finish
	Sequence Text // the stop sequence that was met
	Logprobs Raw  // in OpenAI's form
	Details  Raw  // about a refusal, as the provider spells it; nil if it says nothing
}

// keepParts is how many parts of a choice keep their memory for the next response.
const keepParts = 64

// Reset empties the response and keeps its memory.
func (r *Response) Reset() {
	for i := range r.Choices {
		c := &r.Choices[i]
		if cap(c.Parts) > keepParts {
			c.Parts = nil
		}
		clear(c.Parts)
		*c = Choice{Parts: c.Parts[:0]}
	}
	*r = Response{Choices: r.Choices[:0]}
}

// Choose begins another choice, in memory that an earlier response has left.
//
//go:noinline
func (r *Response) Choose() *Choice {
	n := len(r.Choices)
	if n < cap(r.Choices) {
		r.Choices = r.Choices[:n+1]
	} else {
		r.Choices = append(r.Choices, Choice{})
	}
	return &r.Choices[n]
}

var errNameless = errors.New("the answer has a tool call without an id or without a name")

// Callable is an error for a call that nobody can make, or whose result could not be told.
//
//go:noinline
func (r *Response) Callable() error {
	for i := range r.Choices {
		parts := r.Choices[i].Parts
		for k := range parts {
			if p := &parts[k]; p.Kind == ToolCallPart && (len(p.ID) == 0 || len(p.Name) == 0) {
				return errNameless
			}
		}
	}
	return nil
}

// An EventKind is what happens in a stream.
type EventKind uint8

// Events. A stream is a Start; then blocks, each opened by a BlockStart, filled by
// deltas and closed by a BlockStop, in the order of their indexes; then a Finish; then
// an End. Blocks do not overlap within a choice: a provider that interleaves them has
// them put in order by its decoder. Usage may come with any event, counts from the
// start of the stream, and comes with the FinishEvent at the latest; if it changes
// after that, with the End. A Failure can come at any point and is the last.
const (
	Start          EventKind = iota // ID, Model, Created, Usage of the input if known
	BlockStart                      // Block, Index; ID and Name of a tool call; Text of redacted thinking; Raw of a server part
	TextDelta                       // Block, Text: of text, thinking, refusals, or a tool call's arguments
	SignatureDelta                  // Text: of thinking
	CitationDelta                   // Raw: one citation of the block's text, in Anthropic's form
	LogprobsDelta                   // Raw, in OpenAI's form
	BlockStop
	FinishEvent // Finish, Sequence, Raw: Details of a Choice
	End
	Ping
	Failure // Err
)

// An Event is one step of a streamed answer. Its slices are void after the call that
// hands it over.
type Event struct {
	Kind     EventKind
	Choice   int // which of n answers
	Index    int // of the block within the answer
	Block    PartKind
	Text     Text
	ID, Name Text
	Model    Text
	Tier     Text
	System   Text
	Created  int64
	Finish   Finish
	Sequence Text
	Usage    Usage
	Counted  bool // Usage is set
	Raw      Raw
	Err      *Error
	Elapsed  int64 // of an End, as in a Response
}
