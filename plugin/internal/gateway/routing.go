package gateway

import (
	"math"
	"strings"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/plugin/internal/access"
	"github.com/postern-gateway/postern/plugin/internal/config"
	"github.com/postern-gateway/postern/plugin/internal/glob"
	"github.com/postern-gateway/postern/plugin/internal/route"
)

// A routing is where a request can go, where it has been and where it is.
type routing struct {
	group   *config.Group  // nil: there is only one place to go
	told    bool           // the client is told where its answer is from
	stick   uint64         // what sticks; 0: nothing does
	at      int            // of the target in the group; -1: it is a fallback
	tried   route.Set      // of the group's targets: those that have failed, or may not be used
	retried int            // further tries at the group's own
	next    int            // the first fallback that was not tried
	why     route.Reason   // why the target before this one did not do
	kept    []byte         // the request's body in the client's dialect; nil: nothing can follow
	trail   string         // targets that have failed, and why
	explain string         // for who may debug
	mirror  *config.Mirror // that has got a copy; nil: none has

	input, output int64 // tokens that it may take, where the cheapest target is wanted

	place *route.Place // where the request is on its way to
	key   int          // that it has with it
	left  int64        // since when; 0: it is not on its way
	rest  int64        // how long its provider wants to be left alone, in nanoseconds
	until int64        // it waits before it is tried again
	heard int64        // when something of the answer has come; 0: nobody looks
}

// step is the target's place in the order in which they are tried: 0 is one of the group's,
// 1 the first fallback.
func (r *routing) step() int {
	if r.at >= 0 {
		return 0
	}
	return r.next
}

// branch finds the group for a request and one of its targets.
func (s *Stream) branch(d *decision, request rawjson.Value) {
	w, g := s.w, d.usual.Group
	s.choice, s.label = d.choice, d.choice.Name
	if s.special(&d.usual) {
		w.asker = asker{s: s, request: request}
		var classes uint64
		if g, classes = d.choice.Branch(&w.asker, s.began); classes != 0 {
			g = s.byMeaning(g, classes)
		}
	}
	r := &s.routing
	r.group, r.told = g, d.choice.Told
	if g.Sticky != route.Free {
		r.stick = s.sticks(g.Sticky, request)
	}
	if s.in.debug && s.caller != nil && glob.Any(w.plan.Client.Debug, s.caller.Name) {
		r.explain = s.explain(g)
	}
	if g.Pick.Strategy == route.Cheapest {
		r.input, r.output = s.inputTokens(request), s.asked(request)
	}
	at := 0
	if (len(g.Targets) > 1 || len(g.Fallback) > 0) && (!g.Native || g.Picks) {
		at = s.pick(0)
	}
	s.aimAtOwn(at)
	if !g.Native && len(g.Fallback) > 0 && w.board.Place(s.target.Place).Rests(s.began) > 0 {
		s.passOver()
	}
}

// passOver begins with a fallback that is well, where none of the group's targets is.
func (s *Stream) passOver() {
	r := &s.routing
	for i := r.group.Next(0, route.Unavailable, 0); i >= 0; i = r.group.Next(i+1, route.Unavailable, 0) {
		if s.w.board.Place(r.group.Fallback[i].Place).Rests(s.began) == 0 {
			s.gaveUp(route.Resting)
			r.at, r.next, r.why = -1, i+1, route.Resting
			s.aimAt(&r.group.Fallback[i].Target)
			return
		}
	}
}

// pick chooses one of the group's targets; -1 if none is left.
func (s *Stream) pick(not route.Set) int {
	r := &s.routing
	c := route.Choice{Key: r.stick, Not: r.tried | not, Now: s.began}
	if r.stick == 0 {
		c.Random = s.w.port.Random()
	}
	if r.group.Pick.Strategy == route.Cheapest {
		c.Fit = s.fit
	}
	return s.w.board.Pick(&r.group.Pick, &c)
}

func (s *Stream) aimAtOwn(i int) {
	s.routing.at = i
	s.aimAt(&s.routing.group.Targets[i])
}

// repick chooses among the targets that access rules let the caller have; false if there is
// none.
func (s *Stream) repick(q *access.Request) bool {
	r := &s.routing
	for i := range r.group.Targets {
		aim(q, &r.group.Targets[i])
		if access.Judge(s.rules, q, access.Strict).Refused {
			r.tried = r.tried.With(i)
		}
	}
	i := s.pick(0)
	if i < 0 {
		return false
	}
	s.aimAtOwn(i)
	return true
}

// sticks is what of a request sticks to a target; 0 is nothing.
func (s *Stream) sticks(by route.Sticky, request rawjson.Value) uint64 {
	switch by {
	case route.ByConsumer:
		if s.caller != nil {
			return route.Hash("consumer", s.caller.Tenant, s.caller.Name)
		}
		if a := s.address(); a != "" {
			return route.Hash("address", a)
		}
	case route.ByConversation:
		who := ""
		if s.caller != nil {
			who = s.caller.Name
		}
		if s.in.session != "" {
			return route.Hash("session", who, s.in.session)
		}
		if k := request.Get("prompt_cache_key"); k.Kind() == rawjson.String {
			return route.Hash("key", who, k.Str())
		}
		return route.Prefix(request)
	}
	return 0
}

// fit is what a request costs at a target of the group, in nano-dollars.
func (s *Stream) fit(i int) (cost int64, fits bool) {
	t := &s.routing.group.Targets[i]
	name := t.Model
	if name == "" {
		name = s.meant
	}
	m := s.w.plan.Catalog.Find(t.Provider.Name, t.Provider.Type.Name, name)
	input, output := s.routing.input, s.routing.output
	if output == 0 {
		output = usualAnswer
	}
	if m != nil && m.Context > 0 && input+output > m.Context {
		return 0, false
	}
	fixed, each, ok := s.estimate(m, input)
	if !ok {
		return math.MaxInt64, true
	}
	return fixed + each*output/1000, true
}

// usualAnswer is how many tokens an answer has when costs are compared and the request does
// not say.
const usualAnswer = 500

// explain says what there is to choose from.
func (s *Stream) explain(g *config.Group) string {
	var b strings.Builder
	if s.about.of != nil {
		b.WriteString("about: " + s.about.String() + "; ")
	}
	if g.Name != "" {
		b.WriteString("branch " + g.Name + "; ")
	}
	if g.Native && !g.Picks {
		b.WriteString("the proxy's choice of ")
	} else {
		b.WriteString(g.Pick.Strategy.String() + " of ")
	}
	one := func(t *config.Target) {
		b.WriteString(t.Provider.Name + "/" + t.Model)
		if until := s.w.board.Place(t.Place).Rests(s.began); until > 0 {
			b.WriteString(" (rests " + itoa(int(seconds(until-s.began))) + "s)")
		}
	}
	for i := range g.Targets {
		if i > 0 {
			b.WriteString(", ")
		}
		one(&g.Targets[i])
		b.WriteString(" weight " + itoa(g.Targets[i].Weight))
	}
	for i := range g.Fallback {
		b.WriteString("; then ")
		one(&g.Fallback[i].Target)
	}
	return b.String()
}

// An asker shows a request to the conditions of branches. What it has found out once it does
// not look for again.
type asker struct {
	s             *Stream
	request       rawjson.Value
	knows         asked
	tokens        int64
	images, tools bool
	text, folded  []byte
	language      string
}

// asked are what was found out.
type asked uint8

const (
	knowsTokens asked = 1 << iota
	knowsContents
	knowsText
	knowsFolded
)

// finds reports whether something is to be found out, which it then is.
func (a *asker) finds(what asked) bool {
	fresh := a.knows&what == 0
	a.knows |= what
	return fresh
}

var _ route.Request = (*asker)(nil)

// Consumer is who calls.
func (a *asker) Consumer() (name, tenant, tier string, tags []string) {
	if c := a.s.caller; c != nil {
		return c.Name, c.Tenant, a.s.tierName, c.Tags
	}
	return "", "", a.s.tierName, nil
}

// Operation is the set of the one that is asked for.
func (a *asker) Operation() access.Operations { return access.Of(a.s.endpoint.Op) }

// Streams reports whether a stream is asked for.
func (a *asker) Streams() bool { return a.s.stream }

// Header is the value of a header that some condition names.
func (a *asker) Header(name string) string { return a.s.header(name) }

// Metadata is a member of the client's metadata.
func (a *asker) Metadata(name string) string { return member(a.s.in.metadata, name) }

// Tokens estimates the request.
func (a *asker) Tokens() int64 {
	if a.finds(knowsTokens) && a.request.Exists() {
		a.tokens = a.s.inputTokens(a.request)
	}
	return a.tokens
}

// Contents looks for images and tools.
func (a *asker) Contents() (images, tools bool) {
	if a.finds(knowsContents) {
		in, _, names := access.Scan(a.s.endpoint.Op, a.request, access.Contents|access.Tools, a.s.w.tools[:0])
		a.s.w.tools = names
		a.images, a.tools = in&access.Image != 0, len(names) > 0
	}
	return a.images, a.tools
}

// Text is the user's last.
func (a *asker) Text() []byte {
	if a.finds(knowsText) {
		a.text = route.LastText(a.request)
	}
	return a.text
}

// Folded is the same in small letters.
func (a *asker) Folded() []byte {
	if a.finds(knowsFolded) {
		a.folded = []byte(route.Fold(string(a.Text())))
	}
	return a.folded
}

// Language is the one that it seems to be in.
func (a *asker) Language() string {
	if a.language == "" {
		text := a.Folded()
		a.language = route.Language(string(text[:min(len(text), route.Sample)]))
	}
	return a.language
}

// takeOff notes that a request leaves for its target.
func (s *Stream) takeOff() {
	r := &s.routing
	if r.left != 0 || s.unjudged {
		return
	}
	if !s.aside {
		s.w.enter(s)
	}
	now := s.w.port.Now()
	r.place, r.left = s.w.board.Place(s.target.Place), now
	r.place.Leave(now)
}

// land notes what has become of it there.
func (s *Stream) land(v route.Verdict, rest int64) {
	r := &s.routing
	if r.left == 0 {
		return
	}
	r.left = 0
	r.place.Return()
	if p := s.target.Provider; r.place.Judge(v, r.key, time.Duration(rest), s.w.port.Now()) {
		s.w.outbox.Samples = append(s.w.outbox.Samples, s.w.series.Rested(p.Label(), v == route.Bad))
	}
}

// arrived notes that an answer has begun, and what its headers tell of the key.
func (s *Stream) arrived(head responseHead, h []adapters.Header) {
	r := &s.routing
	if r.left == 0 || s.handed.waits() { // an attempt has seen them
		return
	}
	if head.status < 400 {
		r.place.Answered(s.firstByte - r.left)
		if r.rest = used(h, s.firstByte); r.rest > 0 {
			r.place.Judge(route.Limited, r.key, time.Duration(r.rest), s.firstByte)
		}
		return
	}
	r.rest = rest(h, s.firstByte)
}

// verdict is what a request that is over has shown of its target.
func (s *Stream) verdict() route.Verdict {
	switch {
	case s.status == 0 || s.phase == answered || s.failure == "aborted":
		return route.Nothing
	case s.status >= 400:
		why, _ := s.reason(s.status)
		return why.Blames()
	case s.failure != "" && s.failure != "limit_reached":
		return route.Bad
	}
	return route.Good
}
