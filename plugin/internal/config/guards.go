package config

import (
	"github.com/postern-gateway/postern/adapters/strict"
	"github.com/postern-gateway/postern/plugin/guard"
	"github.com/postern-gateway/postern/plugin/internal/cache"
)

// A Guard is a guard as configured.
type Guard struct {
	Name   string
	Policy guard.Policy
	Shadow bool    // it only counts
	Opens  bool    // what it fails at passes; otherwise it is refused
	Files  Files   // what becomes of files and batches
	On     [2]bool // by guard.Direction
}

// Files is what becomes of files and batches, whose answers come later and by another request.
type Files uint8

// What becomes of them.
const (
	RefuseFiles Files = iota // those that can be read are, all others are refused
	ReadFiles                // those that can be read are, all others pass
	PassFiles                // nobody reads them
)

// Stored is what guards do with files and batches in one direction.
type Stored struct {
	Reads    bool // some guard reads them
	Enforces bool // and does more than count
	Refuses  bool // and refuses those that cannot be read
}

// add takes a guard that reads them in this direction.
func (s *Stored) add(g *Guard) {
	s.Reads = true
	s.Enforces = s.Enforces || !g.Shadow
	s.Refuses = s.Refuses || !g.Shadow && g.Files == RefuseFiles
}

// guards reads what looks at texts.
func (r *reader) guards(o *strict.Object) {
	o.Objects("guards", "What reads the texts of requests and answers, in this order: to redact them, or to refuse them.", func(_ int, o *strict.Object) {
		g := &Guard{Name: o.Str("name", "Name in logs and metrics; empty: its type.", "")}
		on := o.Enums("on", "What it reads; the guard's type says what is usual.", nil, "request", "response")
		g.Shadow = o.Enum("mode", "enforce, or shadow, which changes and refuses nothing but counts and logs.", "enforce", "enforce", "shadow") == "shadow"
		g.Opens = o.Enum("failure", "What becomes of a text that the guard fails at: block refuses it, pass lets it through.", "block", "block", "pass") == "pass"
		switch o.Enum("files", "What becomes of files and batches. JSON lines, plain texts and lists of requests are read; block refuses all others, read lets those pass, and pass has nothing read.", "block", "block", "read", "pass") {
		case "read":
			g.Files = ReadFiles
		case "pass":
			g.Files = PassFiles
		}
		typ := o.Variant("type", "What it looks for.", "", r.guardVariants(g, on))
		if g.Name == "" {
			g.Name = typ
		}
		r.out.Guards = append(r.out.Guards, g)
		for d := range g.On {
			if g.On[d] && g.Files != PassFiles {
				r.out.Stored[d].add(g)
			}
		}
	})
	if c := r.out.Cache; c != nil && len(r.out.Guards) > 0 {
		c.Guards = cache.PolicyOf(o.Value("guards").Raw())
	}
	if len(r.out.Guards) > 0 && r.out.HoldHeaders == HoldNever {
		o.Fail("guards", "want a proxy that holds headers: hold_headers is never")
	}
}

func (r *reader) guardVariants(g *Guard, on []string) []strict.Variant {
	variants := make([]strict.Variant, len(r.parts.Guards))
	for i, t := range r.parts.Guards {
		variants[i] = strict.Variant{Name: t.Name, Doc: t.Doc, Read: func(o *strict.Object) {
			if len(on) == 0 {
				on = t.On
			}
			for _, d := range on {
				g.On[guard.Request] = g.On[guard.Request] || d == "request"
				g.On[guard.Response] = g.On[guard.Response] || d == "response"
			}
			g.Policy = t.Options(o, guard.Setting{On: g.On, Environment: r.parts.Environment})
		}}
	}
	return variants
}
