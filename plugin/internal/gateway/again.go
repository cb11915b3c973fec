package gateway

import (
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/plugin/internal/route"
)

// An again is what a handed request needs to be begun again by an internal redirect of the
// proxy, which carries it to the target that follows.
type again struct {
	scheme   string
	location string // an address that nobody else knows
	path     string // the client's
	now      bool   // the proxy has been told to
}

// againPath begins paths of redirects; the id of the request follows.
const againPath = "/postern/again/"

// newAgain is for the stream in hand.
func (w *Worker) newAgain(id string) *again {
	of := func(what string) string {
		v, _ := w.port.Property("request\x00" + what)
		return string(v)
	}
	scheme := of("scheme")
	return &again{scheme: scheme, location: scheme + "://" + of("host") + againPath + id, path: of("path")}
}

// between reports whether the proxy ends a request only to begin it again.
func (h *handed) between() bool { return h != nil && h.again != nil && h.again.now }

// instead begins what follows on an attempt that no redirect has followed on: there was no
// answer, the proxy does not redirect, or the gateway itself has refused the target. Nil: nothing follows.
func (s *Stream) instead() *Step {
	x := s.handed
	if x == nil || x.again == nil || x.passed {
		return nil
	}
	if x.now != nil { // the proxy has given it up and not yet said so
		x.now.lost()
	}
	why := x.why
	if s.phase == answered {
		why = s.unsuited()
	}
	switch {
	case s.spare(why):
	case x.again.now: // a moment ago there was
		s.takeBack()
		s.regain()
		return s.reject(begunInVain("its deadline has passed"))
	default:
		return nil
	}
	s.phase = released
	s.takeBack()
	s.regain()
	return s.another(why)
}

// regain makes a request the gateway's own, of which it has taken back the attempts.
func (s *Stream) regain() {
	if s.handed != nil && s.handed.again != nil {
		s.handed = nil
	}
}

// redirect has the proxy begin the request again. Its router finds no route without
// x-forwarded-proto, which providers do not get and which it copies from here.
func (x *again) redirect(step *Step) {
	x.now = true
	step.set(":status", "307")
	step.set("location", x.location)
	step.set("x-forwarded-proto", x.scheme)
}

// originalURL is in requests that the proxy has begun again.
const originalURL = "x-envoy-original-url"

// takeUp goes on with the stream of a request that the proxy has begun again, in the place of
// this one; nil if the path is that of none.
func (s *Stream) takeUp(h []adapters.Header) *Step {
	id, ok := strings.CutPrefix(s.in.path, againPath)
	if !ok {
		return nil
	}
	x := s.w.handover.open[id]
	if !x.between() {
		if headerValue(h, originalURL) == "" { // it is somebody else's path
			return nil
		}
		s.began, s.aside = s.w.port.Now(), true // another VM had it, and has counted it
		return s.reject(begunInVain("who was to ask the next is not there any more"))
	}
	if x.s.w != s.w && !x.s.away { // the configuration has been replaced amid the request, which ends with the one it began with
		x.s.away = true
		x.s.w.away++
		s.w.handover.join(x.s.w)
	}
	x.s.owner, x.home = s.owner, s.owner
	return x.s.takenUp(x)
}

func (s *Stream) takenUp(x *handed) *Step {
	s.leave()
	why := x.why
	x.again.now, x.why = false, route.NoReason
	s.aimNext(why)
	step := s.next()
	step.Of = s
	for _, name := range x.left {
		step.set(name, "")
	}
	x.left = x.left[:0]
	step.set(":path", x.again.path)
	return s.handOn(step)
}

func begunInVain(why string) *chat.Error {
	return &chat.Error{Status: 503, Kind: chat.Overloaded, Code: "upstream_unavailable", Message: "no provider has answered the request, and " + why}
}

// settleBetween ends requests that the proxy has not begun again, which it does at once.
func (w *Worker) settleBetween() {
	for s := w.between.first; s != nil; s = w.between.first {
		s.handed.again.now = false
		w.count(s.Done().Samples...)
		s.Release()
	}
}
