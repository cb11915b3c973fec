package config

import (
	"strings"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/strict"
	"github.com/postern-gateway/postern/plugin/internal/meaning"
)

// A Way is how it is found out what a request is about.
type Way uint8

// Ways.
const (
	ByWords      Way = iota // by the words of the examples: nobody is asked
	ByEmbeddings            // by the vectors that a provider makes
	ByModel                 // by a model that is asked
)

// A Meaning says how branches of a model are chosen by what a request is about. A class is a
// branch with examples, or one that says what it is about.
type Meaning struct {
	Way               Way
	Threshold, Margin float32
	Classes           *meaning.Classes // of ByWords
	Groups            []*Group         // by class
	Ask               Target           // of the others
	Timeout           time.Duration
	Model             string    // whose branches they are
	Examples          []Example // of ByEmbeddings
	bytes             int       // of them
}

// An Example is a text of a class, or of none.
type Example struct {
	Text  string
	Class int // -1: none
}

// Bounds of examples.
const (
	maxClasses      = 64
	maxExamples     = 200      // of a class
	maxExample      = 2 << 10  // bytes of one
	maxVectors      = 500      // examples of a model whose vectors are kept
	maxModelExample = 64 << 10 // of a model's
	maxAllExamples  = 256 << 10
)

// meaning reads how it is found out what a model's requests are about; nil if it is not said.
func (r *reader) meaning(o *strict.Object) (m *Meaning, otherwise []string) {
	o.Object("meaning", "How it is found out which branch a request is about, of those with examples: of the branches that hold otherwise and come before one without examples, the likeliest. It is by words unless said.", func(o *strict.Object) {
		m = &Meaning{}
		by := o.Enum("by", "words by those of the examples, for which nobody is asked; embeddings by the nearest example among vectors, which a provider makes; model by asking a small model with the branches' names and what they are about.", "words", "words", "embeddings", "model")
		usual, wait := 0.6, time.Second
		switch by {
		case "embeddings":
			m.Way, usual = ByEmbeddings, 0.5
		case "model":
			m.Way, wait = ByModel, 2*time.Second
		}
		m.Threshold = float32(o.Float("threshold", "How likely it has to be, or how near. 0.6 unless said, and 0.5 by embeddings, for which each model has a scale of its own.", usual, 0, 1))
		m.Margin = float32(o.Float("margin", "By how much it has to be likelier, or nearer, than the next branch.", 0, 0, 1))
		otherwise = r.examples(o, "otherwise", "Texts that no branch is for.")
		m.Timeout = o.Duration("timeout", "How long an answer is waited for before the request goes where no examples say anything. 1s unless said, and 2s by model.", wait, 10*time.Millisecond, 30*time.Second)
		m.Ask = Target{Model: o.Str("model", "What the provider calls the model that is asked.", "")}
		name := o.Str("provider", "Name of the provider that is asked.", "")
		switch {
		case m.Way != ByWords:
			o.Require("provider", "model")
			r.asks(m, name, o)
		case o.Has("provider") || o.Has("model") || o.Has("timeout"):
			o.Fail("", "by words nobody is asked: want by: embeddings or by: model with a provider, a model or a timeout")
		}
		if m.Way == ByModel && (o.Has("threshold") || o.Has("margin") || o.Has("otherwise")) {
			o.Fail("", "a model says yes or no: want no threshold, margin or otherwise")
		}
	})
	return m, otherwise
}

// asks finds who is asked.
func (r *reader) asks(m *Meaning, name string, o *strict.Object) {
	p := r.scope.find(name)
	if p == nil {
		if name != "" {
			o.Fail("provider", "no provider is called "+strict.Quote(name)+strict.Near(name, r.scope.names()))
		}
		return
	}
	path := ""
	if e, ok := p.Adapter.(adapters.Embedder); ok && m.Way == ByEmbeddings {
		path = e.EmbedPath(m.Ask.Model)
	}
	if t, ok := p.Adapter.(adapters.Translator); ok && m.Way == ByModel {
		path = t.ChatPath(m.Ask.Model, false)
	}
	if path == "" && p.Adapter != nil {
		o.Fail("provider", "this provider has none that could be asked")
	}
	r.ownKeys(p, o)
	m.Ask.Provider, m.Ask.Place = p, r.spot(p, m.Ask.Model)
}

// ownKeys refuses a provider that gets its clients' keys for requests that are no client's.
func (r *reader) ownKeys(p *Provider, o *strict.Object) {
	for i := range p.Keys {
		if p.Keys[i].Source == Passthrough {
			o.Fail("provider", "this provider gets its clients' own keys, so that the gateway cannot ask it by itself")
			return
		}
	}
}

// examples reads texts.
func (r *reader) examples(o *strict.Object, key, doc string) []string {
	list := o.Strings(key, doc)
	if len(list) > maxExamples {
		o.Fail(key, "want at most 200 texts")
	}
	for i, s := range list {
		if len(s) > maxExample || strings.TrimSpace(s) == "" {
			o.FailItem(key, i, "want a text of at most 2 KiB")
		}
		r.exampleBytes += len(s)
	}
	return list
}

// class reads what a branch is about.
func (r *reader) class(g *Group, o *strict.Object) {
	g.Examples = r.examples(o, "examples", "Requests that it is for, as users write them. Which of the branches with examples a request is about the model's meaning finds out.")
	g.About = o.Str("about", "What it is for, in a sentence: a model that is asked is told so.", "")
	if len(g.About) > maxExample {
		o.Fail("about", "want a text of at most 2 KiB")
	}
}

// means joins what a model's branches are about.
func (r *reader) means(model *Model, m *Meaning, otherwise []string, o *strict.Object) {
	said := m != nil
	if !said {
		m = &Meaning{Threshold: 0.6}
	}
	var texts [][]string
	for _, g := range model.Groups[:len(model.Groups)-1] {
		switch {
		case len(g.Examples) == 0 && g.About == "":
			continue
		case m.Way == ByModel:
			m.named(g, o)
		case len(g.Examples) == 0:
			o.Fail("when", "a branch says what it is about: want examples too, or meaning by: model")
		}
		m.Groups, texts = append(m.Groups, g), append(texts, g.Examples)
		g.Class = len(m.Groups)
		m.add(g.Examples, g.Class-1)
	}
	m.add(otherwise, -1)
	if problem := m.problem(r.exampleBytes); problem != "" {
		if said || len(m.Groups) > 0 {
			o.Fail("meaning", problem)
		}
		return
	}
	m.Model = model.Name
	if m.Way == ByWords {
		m.Classes = meaning.Learn(texts, otherwise)
	}
	if m.Way != ByEmbeddings {
		m.Examples = nil
	}
	model.Meaning = m
	r.out.Meanings = append(r.out.Meanings, m)
}

// named refuses a branch whose name a model cannot say.
func (m *Meaning) named(g *Group, o *strict.Object) {
	taken := g.Name == "" || strings.EqualFold(g.Name, NoBranch)
	for _, other := range m.Groups {
		taken = taken || strings.EqualFold(other.Name, g.Name)
	}
	if taken {
		o.Fail("when", "a branch that a model is asked about needs a name of its own, and another one than "+NoBranch)
	}
}

func (m *Meaning) add(texts []string, class int) {
	for _, s := range texts {
		m.Examples = append(m.Examples, Example{s, class})
		m.bytes += len(s)
	}
}

// problem is why it cannot be; empty if it can. all are bytes of all examples so far.
func (m *Meaning) problem(all int) string {
	switch {
	case len(m.Groups) == 0:
		return "no branch has examples, so that there is nothing to find out"
	case len(m.Groups) > maxClasses:
		return "want at most 64 branches with examples"
	case m.Way == ByEmbeddings && len(m.Examples) > maxVectors:
		return "want at most 500 examples of a model whose requests are compared by embeddings"
	case m.bytes > maxModelExample || all > maxAllExamples:
		return "want at most 64 KiB of examples for a model, and 256 KiB altogether"
	}
	return ""
}

// NoBranch is what a model says that is asked about a request that no branch is for.
const NoBranch = "none"
