package gateway

import (
	"strconv"
	"time"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/embed"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/plugin/internal/access"
	"github.com/postern-gateway/postern/plugin/internal/cache"
	"github.com/postern-gateway/postern/plugin/internal/config"
	"github.com/postern-gateway/postern/plugin/internal/identity"
	"github.com/postern-gateway/postern/plugin/internal/limit"
	"github.com/postern-gateway/postern/plugin/internal/meaning"
	"github.com/postern-gateway/postern/plugin/internal/meter"
	"github.com/postern-gateway/postern/plugin/internal/revoked"
	"github.com/postern-gateway/postern/plugin/internal/route"
	"github.com/postern-gateway/postern/plugin/internal/usage"
)

// Build says what was built, for the admin endpoint.
type Build struct{ Version, Commit, Go string }

// A Worker is the gateway in one of the proxy's threads. It owns what its streams
// share; one thing happens at a time, so nothing is locked.
type Worker struct {
	plan  *config.Plan
	port  Port
	build Build
	table *dialect.Table

	series    *meter.Set
	doc       rawjson.Doc // of the request in hand
	guarded   rawjson.Doc // of the answer, or the event of one, that guards read now
	patch     rawjson.Patch
	request   chat.Request  // that is being translated
	response  chat.Response // the same
	inputs    embed.Request // the same, for embeddings
	vectors   embed.Response
	buffer    [256]byte      // for short texts
	question  access.Request // that access rules are compared with
	tools     []string       // that it names
	spare     []*Stream      // done with, ready for use again
	held      held           // those whose body is awaited
	bytes     int            // of bodies that are held
	queued    held           // those that wait for a limit
	eager     held           // those whose answer has to begin soon
	pausing   held           // those that wait before they are tried again
	flowing   held           // those whose stream must not stall
	between   held           // those that the proxy begins again
	away      int            // streams that have been taken up in another worker's place
	cut       held           // those whose answer the gateway has ended
	kept      cache.Store    // nil: nothing is
	wakes     []Wake         // of those who have waited for it
	told      cache.Counts   // what metrics know of it
	stored    int64          // entries of which they do not
	late      lates          // that are not stored yet
	entry     cache.Entry    // that is being stored
	finder    finder         // empty: nobody gets an answer to another question
	keyer     cache.Keyer
	asked     cache.Question // whose key was looked for last
	recalled  []recollection // empty: nothing is kept
	repeats   *repeats       // nil: nothing is repeated
	book      *limit.Book    // nil: there are no limits
	gathered  memory         // of limits that were found
	decisions []*decision    // that were made last
	ledger    *usage.Ledger  // nil: nobody can ask for it
	revoked   *revoked.List
	under     []*Stream // that have something reserved, or that a provider has
	turn      int       // whose turn it is to be billed
	alerts    []*alert  // not yet delivered
	tokens    []*token
	keySets   []*keySet
	known     identity.Cache
	sums      *identity.Sums
	callouts  callouts
	board     *route.Board // how providers fare
	asker     asker        // of the request in hand
	oracles   []*oracle    // who are asked what requests are about
	mirrors   []mirroring  // of the plan's
	questions uint64       // that were asked
	scratch   meaning.Scratch
	asking    held // those who wait for an answer about that
	outbox    Outbox
	sent      Outbox // the one before, whose memory is used again
	looked    int64  // when it has last looked for what is due
	handover  *Handover

	refreshing []cache.Key           // that the worker has asked for by itself
	flights    map[cache.Key]*flight // requests that others may wait for
	landed     []*flight             // that are over, which those who wait do not know yet
	aboard     held                  // those who wait

	// holds says that the host goes on with a body whose headers are held: because
	// the configuration says so, or because a held request has seen its body.
	holds bool
	// proven is set by the latter alone.
	proven bool
}

const (
	// GlanceEvery is how often a worker is to tick: deadlines of answers that clients wait
	// for are kept to it.
	GlanceEvery = 100 * time.Millisecond
	// TickEvery is how often it looks for all else that is due.
	TickEvery = 500 * time.Millisecond
)

// unprovenLimit is how long a held request may go without a byte of its body before
// the host is blamed for it.
const unprovenLimit = 2 * time.Second

// NewWorker starts a worker with a plan.
func NewWorker(plan *config.Plan, port Port, build Build) *Worker {
	w := &Worker{
		plan:   plan,
		port:   port,
		build:  build,
		table:  dialect.NewTable(),
		series: meter.NewSet(),
		holds:  plan.HoldHeaders == config.HoldAlways,

		decisions: make([]*decision, mostDecisions),
	}
	w.Share(NewHandover())
	w.sums = identity.NewSums(port.Random(), port.Random())
	w.newTokens()
	w.board = route.NewBoard(port, plan.Limits.Space, plan.Limits.Seed, plan.Spots, plan.Groups)
	w.newKeySets()
	w.newOracles()
	w.newMirrors()
	if c := plan.Cache; c != nil {
		w.kept, w.recalled = w.newStore(c), make([]recollection, mostRecalled)
		w.repeats = newRepeats(plan, w.kept, w.series)
		if c.Similar != nil {
			w.finder = w.newFinder(c.Similar)
		}
		w.late = newLates(w.kept, c.Similar != nil)
	}
	if plan.Limits.Any {
		w.limits()
	}
	if plan.Admin != nil {
		w.ledger = usage.New(port, plan.Limits.Space, plan.Limits.Seed)
	}
	w.revoked = revoked.New(port, plan.Limits.Space, port.Now())
	return w
}

// limits makes the book that limits are kept in, once there are any.
func (w *Worker) limits() {
	if w.book == nil {
		w.book = limit.NewBook(w.port, w.plan.Limits.Space, w.plan.Limits.Seed)
	}
}

// Share has the worker leave its requests where attempts find them that are not its own.
//
//go:noinline
func (w *Worker) Share(h *Handover) {
	w.handover = h
	h.join(w)
}

// End is the worker's last event: its plugin is taken away, and all its streams are over. Of what is in
// its outbox then only the samples matter.
func (w *Worker) End() {
	w.tellRepeats()
	w.settleBetween()
	w.storeLate()
	w.writeDown(w.port.Now(), usage.All)
	w.countHeld()
	w.handover.leave(w)
}

// Notes are lines for the log at start: what works but may surprise.
func (w *Worker) Notes() []string {
	var notes []string
	if w.plan.Identity.Open() {
		notes = append(notes, "no consumers are configured: everybody who reaches this proxy may call")
	}
	return append(notes, "configuration "+w.plan.Digest[:12]+" with "+strconv.Itoa(len(w.plan.Providers))+" providers, "+
		strconv.Itoa(len(w.plan.Models.Names()))+" models, "+strconv.Itoa(w.plan.Identity.Len())+" consumers, "+
		strconv.Itoa(len(w.plan.Tenants))+" tenants and "+strconv.Itoa(w.plan.Access.Len())+" access rules")
}

// NewStream begins a request. owner carries its steps out; a Wake names it.
//
//go:noinline
func (w *Worker) NewStream(owner any) *Stream {
	var s *Stream
	if n := len(w.spare); n > 0 {
		s, w.spare = w.spare[n-1], w.spare[:n-1]
	} else {
		s = &Stream{}
	}
	s.w, s.owner = w, owner
	return s
}

// Needed reports whether streams of the worker's have been taken up where another has its
// place: whoever has them sees to this worker too until they are over.
func (w *Worker) Needed() bool { return w.away > 0 }

// Release takes a stream back that is over; the caller forgets it.
func (s *Stream) Release() {
	if s.handed.between() { // it goes on
		return
	}
	s.leave()
	if s.late { // it is still needed
		return
	}
	w := s.w
	if s.away {
		s.away = false
		w.away--
	}
	const maxSpare = 256
	if len(w.spare) < maxSpare {
		s.end()
		w.spare = append(w.spare, s)
	}
}

// prove notes that a held request has seen its body.
func (w *Worker) prove() {
	w.proven = true
	w.holds = w.plan.HoldHeaders != config.HoldNever
}

// A Wake is a step for a stream that had no event of its own. Owner is what the stream
// was begun with.
type Wake struct {
	Owner any
	Step  *Step
}

// Tick ends what does not come, bodies and answers of callouts, and does what is due.
func (w *Worker) Tick() []Wake {
	now := w.port.Now()
	w.tellRepeats()
	w.settleBetween()
	w.storeLate()
	wakes := w.lost(now)
	wakes = append(wakes, w.giveUpSilent(now)...)
	wakes = append(wakes, w.endIdle(now)...)
	wakes = append(wakes, w.resumePausing(now)...)
	wakes = append(wakes, w.giveUpWaiting(now)...)
	if now-w.looked < int64(TickEvery-GlanceEvery/2) {
		w.billUnder(now, billAtOnce, false)
		w.writeDown(now, glanceAtOnce)
		return wakes
	}
	w.looked = now
	w.repeats.forget()
	w.renewTokens(now)
	w.renewKeys(now)
	w.learnExamples(now)
	w.renewLeases(now)
	w.billUnder(now, billAtOnce, true)
	w.sendAlerts(now)
	w.writeDown(now, flushAtOnce)
	w.revoked.Look(now)
	if w.kept != nil {
		w.kept.Tick()
	}
	wakes = append(wakes, w.retryWaiting(now)...)
	wakes = append(wakes, w.endCut(now)...)
	w.board.Exchange(now)
	w.countHeld()
	w.repeats.join()
	for s := w.held.first; s != nil; {
		next, waited := s.after, time.Duration(now-s.began)
		switch {
		case !w.proven && s.received == 0 && waited >= unprovenLimit:
			e := unprovenHost()
			step := s.reject(e)
			step.Log = e.Message
			wakes = append(wakes, Wake{s.owner, step})
		case waited >= w.plan.Bounds.RequestTime:
			wakes = append(wakes, Wake{s.owner, s.reject(bodyTimeout(w.plan.Bounds.RequestTime))})
		}
		s = next
	}
	return wakes
}
