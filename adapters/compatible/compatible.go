// Package compatible speaks to services whose API is OpenAI's, but for the deviations
// that one line of data names for each.
//
// A service is a type of its own: type: groq. The type compatible is any other server of
// the format, by its path; with the option service it is one of the table behind another
// host, such as a proxy of one's own. What a service lacks is refused or left out and
// reported before it gets there, so that it does not fail there with an error of its own
// or pass over it in silence. Which of its models can do what is not known here.
package compatible

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/openai"
	"github.com/postern-gateway/postern/adapters/rank"
	"github.com/postern-gateway/postern/adapters/strict"
)

// Providers are the services of the table, after the one that is any.
func Providers() []adapters.Provider {
	list := make([]adapters.Provider, 0, len(services)+1)
	list = append(list, adapters.Provider{
		Name:     anyName,
		Doc:      "Any server of OpenAI's format.",
		Semantic: "openai",
		Options:  anyService,
	})
	for i := range services {
		s := &services[i]
		p := adapters.Provider{Name: s.name, Doc: s.doc, Semantic: s.semantic, Host: s.host, Like: anyName, Options: s.options}
		if p.Semantic == "" {
			p.Semantic = s.name
		}
		list = append(list, p)
	}
	return list
}

// Page is the documentation that a service's row rests on, empty for others.
func Page(name string) string {
	for i := range services {
		if services[i].name == name {
			return services[i].page
		}
	}
	return ""
}

// PagesRead is the day on which the pages were read.
const PagesRead = "2026-11-26"

// anyName is the type of any server of the format.
const anyName = "compatible"

// A service is one row.
type service struct {
	name, doc string
	semantic  string // gen_ai.provider.name where OpenTelemetry has one; empty: the name
	host      string // empty: it runs where its user wants it
	page      string // documentation that the row rests on, read on PagesRead
	profile   openai.Profile
}

const pathDoc = "Path before /chat/completions."

func (s *service) options(o *strict.Object) (adapters.Adapter, error) {
	return s.adapter(o.Str("base_path", pathDoc, s.profile.Base)), nil
}

// adapter is that of the service behind another path.
func (s *service) adapter(base string) adapters.Adapter {
	p := s.profile
	if p.Base != base {
		p.Base, p.Apart = base, ""
	}
	if s.name == "voyage" {
		p.Ranks = &rank.Form{Path: base + "/rerank", Model: "model", Top: "top_k", End: `,"truncation":false}`, List: []string{"data"}}
	}
	return openai.New(p)
}

// anyService reads the options of the type compatible.
func anyService(o *strict.Object) (adapters.Adapter, error) {
	names := make([]string, 0, len(services))
	for i := range services {
		names = append(names, services[i].name)
	}
	name := o.Enum("service", "Whose deviations from the format hold; empty is none.", "", names...)
	plain := service{profile: openai.Profile{Base: "/v1", Ops: openai.AllOps}}
	s := &plain
	for i := range services {
		if services[i].name == name {
			s = &services[i]
		}
	}
	base := o.Str("base_path", pathDoc+" Empty is the service's own.", "")
	if base == "" {
		base = s.profile.Base
	}
	return s.adapter(base), nil
}
