package gateway

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/sse"
	"github.com/postern-gateway/postern/plugin/internal/config"
	"github.com/postern-gateway/postern/plugin/internal/identity"
)

// A phase is how far a request has come.
type phase uint8

const (
	fresh      phase = iota
	foreign          // not the gateway's: nothing is looked at
	proving          // who calls is not known yet, and nothing of it goes on
	recognised       // its headers are held, and were looked at when they came before
	awaiting         // its headers are held until its body is here
	released         // on its way to a provider
	answered         // by the gateway itself
)

// A Stream is one request and its answer. Its methods are the events, in the order
// in which a proxy has them; each returns the stream's one Step.
type Stream struct {
	w     *Worker
	owner any
	step  Step

	list          *held   // of those who wait for the same
	before, after *Stream // in it
	under         int     // its place in the worker's list of those under way, from 1
	billed        billed

	phase    phase
	endpoint dialect.Endpoint
	prefixed bool // its path has more before the endpoint's
	in       clientHeaders
	caller   *identity.Caller
	claim    *identity.Token // that waits to be checked
	claimed  *keySet         // with these keys
	standing
	within     string           // the path's first part, while it is only the name of a provider
	dropIn     *config.Provider // named by the path
	choice     *config.Model    // whose targets chance chooses from
	target     config.Target
	found      found       // of the target, in the catalogue
	attempts   *attempts   // nil but for a list of requests
	token      *token      // that its request needs
	tokenGot   int64       // when the one was got that it went with
	label      string      // of the model, in metrics
	invented   bool        // which the client has made up
	model      string      // as the client calls it
	meant      string      // the same without a provider's name before it
	most       int64       // tokens that the answer may have; 0: as many as it likes
	reduced    string      // what the client has asked more tokens by
	rule       string      // that refuses the request
	shadow     string      // name of a rule that would refuse or change the request
	received   int         // bytes of the request's body
	bytes      int         // that are held for it
	head       *head       // as it has come before; nil: another than those that are kept
	repeated   *repeatable // that it repeats; nil: none
	remembered *repeatable // that it becomes; nil: none
	connected  bool        // the proxy was asked about its connection
	chance     uint64      // that was drawn for its look into the cache; 0: none yet

	late     bool   // its client has gone, its callout has not
	away     bool   // it was taken up in another worker's place
	timedOut bool   // its provider has not answered in time, but may have begun to
	complete bool   // and all of it has been here
	prompt   int    // bytes of text in it, roughly
	stream   bool   // the client asked for a stream
	asks     asking // for what no answer counts

	rewritten bool // the body is not the client's any more

	watch     adapters.Watch
	watches   map[watchKey]*watching // made once, used for one answer after another
	watching  *watching              // of which watch is
	oversized bool                   // it seems to be larger than its model takes
	dropped   string                 // what the provider does not get of the request
	events    sse.Decoder
	frames    adapters.Frames // of the answer in hand: events, or what cuts another framing
	answer    answer

	routing     routing
	about       about
	unjudged    bool    // nothing is learned of its provider's health
	handed      *handed // to the proxy, which makes attempts at it; nil: it is not
	weighing    weighing
	translation translation
	sequel      sequel
	codecs      codecs
	guarding    guarding
	content     content
	budget      budgeting
	cache       caching

	began, firstByte, finished int64  // nanoseconds
	status                     int    // of the answer; 0 if none came
	scratch                    []byte // of the record
	entry                      []byte // of the answer as it will be kept
	took                       [2]int // where in it how long the request took begins and ends
	failure                    string
	ownRefusal                 bool                        // by the gateway
	aside                      bool                        // it is an operator's or a browser's, and nobody's usage
	csv                        bool                        // of the admin endpoint: a table is asked for
	administer                 func(*Stream, []byte) *Step // what the admin endpoint does with the body
	usage                      chat.Usage
	cost                       int64 // nano-dollars, if priced
	priced                     bool
}

type watchKey struct {
	adapter adapters.Adapter
	op      adapters.Operation
}

// A watching is a watch and what can read the same answers, for which nobody has to look each time.
type watching struct {
	watch      adapters.Watch
	learner    adapters.Learner    // the watch; nil: it is none
	translator adapters.Translator // nil: there is none
}

// An answer is what is known of the response while it passes.
type answer struct {
	streaming  bool
	hide       bool // events that are there only because the gateway asked
	cut        bool // the gateway has ended the stream before the provider did
	whole      bool // held until complete
	translated bool
	guarded    bool   // held so that guards can read it
	judged     bool   // an error that may have to be put into the client's dialect
	retryAfter bool   // the provider's headers say when to try again
	json       bool   // and that it is JSON, as those of the client's answer will
	replaced   []byte // goes out in the place of the body
	ended      bool
}

// end forgets everything about the request but keeps memory for the next one.
func (s *Stream) end() {
	s.step.reset()
	s.events.Reset()
	s.step.Body = kept(s.step.Body)
	s.budget.lease.Reset()
	s.budget.place.reset()
	clear(s.in.own)
	clear(s.in.api)
	clear(s.in.words)
	clear(s.rules)
	if s.headed() {
		clear(s.in.counted)
	}
	tr := translation{emit: s.translation.emit, delivered: s.translation.delivered, open: s.translation.open[:0],
		echo: kept(s.translation.echo), texts: kept(s.translation.texts)}
	*s = Stream{standing: standing{rules: s.rules[:0]}, step: s.step, in: clientHeaders{own: s.in.own[:0], api: s.in.api[:0], counted: s.in.counted[:0], words: s.in.words[:0]}, scratch: s.scratch, entry: kept(s.entry), events: s.events, watches: s.watches, codecs: s.codecs, budget: budgeting{lease: s.budget.lease, place: s.budget.place}, translation: tr}
}

// kept is memory for the next request, unless it is much.
func kept(p []byte) []byte {
	const most = 64 << 10
	if cap(p) > most {
		return nil
	}
	return p[:0]
}

// Worker is the one that the stream belongs to.
func (s *Stream) Worker() *Worker { return s.w }

// next empties the step for another event.
//
//go:noinline
func (s *Stream) next() *Step {
	s.step.reset()
	return &s.step
}

// Passes reports that nothing of the answer matters: the request is foreign, or the gateway has answered
// for good and the proxy has it pass by its own answer.
func (s *Stream) Passes() bool {
	return s.phase == foreign || s.phase == answered && s.handed == nil
}

// reject answers with an error in the client's dialect.
func (s *Stream) reject(e *chat.Error) *Step {
	if s.phase == recognised {
		s.readHead()
	}
	d := s.endpoint.Dialect
	if d == nil {
		d = s.w.table.Default()
	}
	s.failure = e.Code
	step := s.reply(e.Status, e.Code, "application/json", d.Error(nil, e))
	s.ownRefusal = e.Status < 500
	if d.ErrorHeader != nil {
		step.Reply.Headers = append(step.Reply.Headers, d.ErrorHeader(e))
	}
	if e.RetryAfter > 0 {
		step.Reply.Headers = withHeader(step.Reply.Headers, "retry-after", itoa(int(e.RetryAfter)))
	}
	if e.RetryAfter > worthRetrying {
		step.Reply.Headers = withHeader(step.Reply.Headers, "x-should-retry", "false")
	}
	return step
}

// worthRetrying is up to how many seconds a client does well to try again by itself. The
// SDKs of OpenAI and Anthropic otherwise do so within seconds, whatever retry-after says.
const worthRetrying = 60

// reply answers in the upstream's place.
func (s *Stream) reply(status int, details, contentType string, body []byte) *Step {
	s.leave()
	s.retain(0)
	s.phase, s.status, s.ownRefusal = answered, status, false
	step := s.next()
	r := &step.reply
	r.Status, r.Details, r.Body = status, "postern_"+details, body
	if contentType != "" {
		r.Headers = withHeader(r.Headers, "content-type", contentType)
	}
	if origin := s.w.allowOrigin(s.in.origin); origin != "" {
		r.Headers = withHeader(r.Headers, "access-control-allow-origin", origin)
	}
	if s.endpoint.Dialect != nil {
		r.Headers = s.standings(r.Headers)
	}
	step.Reply = r
	return step
}
