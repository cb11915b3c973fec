package gateway

import (
	"bytes"
	"strconv"

	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/plugin/internal/config"
	"github.com/postern-gateway/postern/plugin/internal/meaning"
	"github.com/postern-gateway/postern/plugin/internal/route"
)

// An about is what a request is about, for models whose branches have examples.
type about struct {
	of      *config.Meaning // nil: nothing depends on it
	classes uint64          // it may be about these, as bits
	state   aboutState
	found   meaning.Found
	why     string // nothing was found

	question uint64 // its number among the worker's; 0: none was asked
	text     string // that is asked about
	body     []byte // what the guards have left of the request, if it is not what the proxy has
	since    int64  // when it was asked
	took     int64  // until it was known, in nanoseconds
	cost     int64  // nano-dollars
	told     bool   // the proxy is to give the body once more
	allotted bool   // what the request may need is reserved already
}

type aboutState uint8

const (
	aboutAsks  aboutState = iota // it has to be asked, once the guards have read the request
	aboutWaits                   // it is being asked
	aboutKnown
)

// asks reports whether somebody is to be asked.
func (a *about) asks() bool { return a.of != nil && a.state == aboutAsks }

// String says it in a line.
func (a *about) String() string {
	switch {
	case a.state != aboutKnown:
		return "not asked yet"
	case a.found.Class < 0:
		return a.why
	}
	name := a.of.Groups[a.found.Class].Name
	if a.of.Way == config.ByModel {
		return name
	}
	return name + " " + strconv.FormatFloat(float64(a.found.Score), 'f', 2, 32)
}

// know notes what was found, or why nothing was.
func (a *about) know(f meaning.Found, why string) {
	a.state, a.found, a.why = aboutKnown, f, why
	if why == "" && (f.Class < 0 || f.Score < a.of.Threshold || f.Margin < a.of.Margin) {
		a.found.Class, a.why = meaning.None, "none"
	}
}

// byMeaning is the group for a request that may be about some classes, or the other one.
func (s *Stream) byMeaning(other *config.Group, classes uint64) *config.Group {
	a, m := &s.about, s.choice.Meaning
	if a.of != m {
		*a = about{of: m}
	}
	a.classes = classes
	if m.Way == config.ByWords {
		a.know(m.Classes.Find(string(s.w.asker.Text()), a.may, &s.w.scratch), "")
	}
	if a.state != aboutKnown || a.found.Class < 0 || !a.may(a.found.Class) {
		return other
	}
	return m.Groups[a.found.Class]
}

// may reports whether a class is one of those that the request may be about.
func (a *about) may(class int) bool { return a.classes&(1<<class) != 0 }

// askAbout asks what a request is about, which the guards have read, and holds it until that is
// known. Who is refused by a limit costs nothing. If nobody can be asked it goes on at once.
func (s *Stream) askAbout(request rawjson.Value, body []byte) *Step {
	request, body, e := s.allot(request, body)
	if e != nil {
		return s.reject(e)
	}
	a := &s.about
	a.allotted = true
	if !a.asks() { // a budget has had another model asked
		return s.toTarget(request, body)
	}
	a.text = meaning.Cut(string(route.LastText(request)), meaning.Most)
	if s.rewritten || s.in.encoding == "gzip" {
		a.body = bytes.Clone(body)
	}
	if why := s.w.consult(s); why != "" {
		a.know(meaning.Found{Class: meaning.None}, why)
		return s.placed(body)
	}
	if e := s.retain(s.received + len(a.body)); e != nil {
		return s.reject(e)
	}
	a.state, a.since = aboutWaits, s.w.port.Now()
	s.w.asking.add(s)
	return s.hold()
}

// informedAbout wakes a request that has waited.
func (s *Stream) informedAbout(f meaning.Found, why string) *Step {
	a := &s.about
	s.leave()
	a.know(f, why)
	a.took, a.told = s.w.port.Now()-a.since, true
	step := s.hold()
	step.Again = true
	return step
}

// goOnAbout goes on with a request of which it is known what it is about. p is its body as the
// proxy has it.
func (s *Stream) goOnAbout(p []byte) *Step {
	a := &s.about
	body := p
	if a.body != nil {
		body = a.body
	}
	a.told, a.body = false, nil
	s.retain(0)
	return s.placed(body)
}

// placed sends a request on of which it is known what it is about, and for which all is reserved.
func (s *Stream) placed(body []byte) *Step {
	request, e := s.w.parse(body)
	if e == nil {
		e = s.decide(request)
	}
	if e == nil {
		request, body, e = s.lowered(request, body)
	}
	if e != nil {
		return s.reject(e)
	}
	if step := s.fromCache(request, nil, body); step != nil {
		return step
	}
	return s.onward(request, body)
}

// outcome says in a word what was found; empty is that it was not yet asked.
func (a *about) outcome() string {
	if a.state == aboutKnown && a.found.Class >= 0 {
		return "found"
	}
	return a.why
}

// append appends what the access log says of it.
func (a *about) append(b []byte) []byte {
	if a.of == nil {
		return b
	}
	b = appendText(b, `,"meaning":`, a.outcome())
	if a.of.Way != config.ByModel {
		b = appendPositive(b, `,"meaning_percent":`, int64(a.found.Score*100))
	}
	b = appendPositive(b, `,"meaning_ms":`, millis(a.took))
	return appendPositive(b, `,"meaning_cost_nano_usd":`, a.cost)
}
