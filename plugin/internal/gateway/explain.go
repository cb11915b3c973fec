package gateway

import (
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/plugin/internal/config"
	"github.com/postern-gateway/postern/plugin/internal/identity"
	"github.com/postern-gateway/postern/plugin/internal/route"
)

// Explain says where a request would go and what would follow, one thing a line, and sends
// nothing. h has :method and :path; caller is nil for anybody.
func (w *Worker) Explain(h []adapters.Header, body []byte, caller *identity.Caller) ([]string, *chat.Error) {
	s := w.NewStream(nil)
	s.in = w.read(h, s.in)
	s.began = w.port.Now()
	if !s.ours() || s.attempts != nil {
		return nil, invalid("path", "", "this path is not one of a request to a model: "+brief(s.in.path))
	}
	s.caller, s.phase = caller, awaiting
	if e := s.chooseMethod(); e != nil {
		return nil, e
	}
	if e := s.enter(); e != nil {
		return nil, e
	}
	request, e := w.parse(body)
	if e == nil {
		e = s.understand(request)
	}
	if e == nil {
		e = s.decide(request)
	}
	if e != nil {
		return nil, e
	}
	lines := []string{"operation: " + s.endpoint.Op.String() + " in the form of " + s.endpoint.Dialect.Name, "model: " + s.model + ", served as " + s.label}
	lines = s.explainAbout(lines)
	g := s.routing.group
	if g == nil {
		return append(lines, "goes to: "+placeName(&s.target)), nil
	}
	if g.Name != "" || g.When != nil {
		lines = append(lines, "branch: "+g.Name)
	}
	switch {
	case g.Native && !g.Picks:
		lines = append(lines, "strategy: the proxy's, in its cluster "+g.Cluster)
	case g.Native:
		lines = append(lines, "strategy: "+g.Pick.Strategy.String()+s.stays()+", and what follows the proxy's")
	default:
		lines = append(lines, "strategy: "+g.Pick.Strategy.String()+s.stays())
	}
	for i := range g.Targets {
		line := "target: " + placeName(&g.Targets[i]) + ", weight " + itoa(g.Targets[i].Weight)
		if s.routing.tried.Has(i) {
			line += ", not for this caller"
		}
		if s.routing.stick != 0 && i == s.routing.at && (!g.Native || g.Picks) {
			line += ", the one that this request goes to"
		}
		if c := g.Targets[i].Cluster; c != "" {
			line += ", in the cluster " + c
		}
		lines = append(lines, line)
	}
	if n := g.Retry.Attempts; n > 0 {
		lines = append(lines, "retries: "+itoa(n)+" on "+words(&g.Retry.On))
	}
	for i := range g.Fallback {
		f := &g.Fallback[i]
		line := "fallback: " + placeName(&f.Target)
		if !g.Native {
			line += " on " + words(&f.On)
		}
		lines = append(lines, line)
	}
	if n := g.Continue.Attempts; n > 0 {
		lines = append(lines, "goes on with streams that break off: "+itoa(n))
	}
	return lines, nil
}

// explainAbout says what the request is about, or who would be asked.
func (s *Stream) explainAbout(lines []string) []string {
	a := &s.about
	if a.of == nil {
		return lines
	}
	if a.of.Way == config.ByWords {
		return append(lines, "about: "+a.String()+", by words")
	}
	var names []string
	for i, g := range a.of.Groups {
		if a.may(i) {
			names = append(names, g.Name)
		}
	}
	return append(lines, "about: would be asked of "+placeName(&a.of.Ask)+": "+strings.Join(names, ", ")+" or none; what follows is for none")
}

// stays says what sticks to a target, and whether anything does.
func (s *Stream) stays() string {
	switch {
	case s.routing.group.Sticky == route.Free:
		return ""
	case s.routing.stick == 0:
		return ", by chance, as nothing tells whose request it is"
	case s.routing.group.Sticky == route.ByConsumer:
		return ", one for all of a consumer's requests"
	}
	return ", one for all of a conversation"
}

func placeName(t *config.Target) string {
	model := t.Model
	if model == "" {
		model = "the same model"
	}
	return t.Provider.Label() + ": " + model
}

func words(c *route.Cause) string {
	if c.Reasons == route.Failures && len(c.Statuses) == 0 {
		return "any failure"
	}
	var list []string
	for why := route.NoReason + 1; why < route.NumReasons; why++ {
		if c.Reasons.Has(why) {
			list = append(list, why.String())
		}
	}
	for _, x := range c.Statuses {
		if x.First == x.Last {
			list = append(list, itoa(x.First))
		} else {
			list = append(list, itoa(x.First/100)+"xx")
		}
	}
	return strings.Join(list, ", ")
}
