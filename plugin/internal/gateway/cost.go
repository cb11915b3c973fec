package gateway

import (
	"strconv"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/plugin/internal/catalog"
	"github.com/postern-gateway/postern/plugin/internal/config"
)

// known is what the catalogue has of the target's model; nil is nothing.
func (s *Stream) known() *catalog.Model {
	p := s.target.Provider
	if p == nil || s.target.Model == "" {
		return nil
	}
	if f := &s.found; f.provider != p || f.name != s.target.Model {
		*f = found{p, s.target.Model, s.w.plan.Catalog.Find(p.Name, p.Type.Name, s.target.Model)}
	}
	return s.found.model
}

// found is what the catalogue has said of a target, which is asked for again and again.
type found struct {
	provider *config.Provider
	name     string
	model    *catalog.Model // nil is nothing
}

// costHeader is what an answer has cost, in US dollars.
const costHeader = "x-postern-cost"

// setUsage tells the client in headers what its request has used and cost, where
// headers wait for that.
func (s *Stream) setUsage(step *Step, u chat.Usage) {
	buf := s.w.buffer[:0]
	step.set(usageHeader, string(appendUsage(buf, u)))
	if nanos, ok := s.known().Cost(u, s.asks.format); ok {
		step.set(costHeader, string(appendDollars(buf, nanos)))
	}
}

// An asking is what a request asks for that no provider counts in its answer.
type asking struct {
	images, characters int64
	format             catalog.Format
}

// asksFor reads from a request how many images it wants and of which format, or how much
// text is to be spoken.
func asksFor(op adapters.Operation, request rawjson.Value) (a asking) {
	switch op {
	case adapters.Images:
		if n, ok := request.Get("n").Int64(); !ok {
			a.images = 1
		} else {
			a.images = max(0, n)
		}
		a.format = catalog.Format{Quality: word(request.Get("quality")), Size: word(request.Get("size"))}
	case adapters.Speech:
		a.characters = int64(chat.Spelled(request.Get("input")).Characters())
	}
	return a
}

// word is a text that is one of few; empty if it is none, or too long for one.
func word(v rawjson.Value) string {
	const longest = 32
	if v.Kind() != rawjson.String || len(v.Raw()) > longest {
		return ""
	}
	return v.Str()
}

// made adds what was asked for to the usage of an answer that has it.
func (s *Stream) made(u chat.Usage) chat.Usage {
	if s.status >= 200 && s.status < 300 {
		u.Images, u.Characters = s.asks.images, s.asks.characters
	}
	return u
}

// appendDollars writes nano-dollars as dollars, without zeros that say nothing.
func appendDollars(dst []byte, nanos int64) []byte {
	const inDollar = 1_000_000_000
	dst = strconv.AppendInt(dst, nanos/inDollar, 10)
	rest := nanos % inDollar
	if rest == 0 {
		return dst
	}
	dst = append(dst, '.')
	for unit := int64(inDollar / 10); rest > 0; unit /= 10 {
		dst = append(dst, byte('0'+rest/unit))
		rest %= unit
	}
	return dst
}

// fits compares what a request seems to need with what its model takes. By an estimate
// nobody is refused unless the configuration says so.
func (s *Stream) fits(input, output int64) *chat.Error {
	mode := s.w.plan.Bounds.Size
	m := s.known()
	if m == nil || mode == config.Off {
		return nil
	}
	var e *chat.Error
	switch {
	case m.Context > 0 && input+output > m.Context:
		e = tooManyTokens(s.model, m.Context, input, output)
	case m.Output > 0 && output > m.Output:
		e = tooMuchOutput(s.model, m.Output, output)
	default:
		return nil
	}
	s.oversized = true
	if mode == config.Shadow {
		return nil
	}
	return e
}

// fitsRead is fits of a request that was read from so many bytes. Only one that may be
// too large has its tokens counted, which takes a pass over all of its text.
func (s *Stream) fitsRead(r *chat.Request, bytes int) *chat.Error {
	m := s.known()
	if m == nil {
		return nil
	}
	input := r.AtMost(bytes)
	if input+r.MaxTokens > m.Context {
		input = r.Tokens()
	}
	return s.fits(input, r.MaxTokens)
}

// reads finds a part of the request in a form that the model cannot read.
func (s *Stream) reads(r *chat.Request) *chat.Error {
	m := s.known()
	if m == nil || m.Input == 0 {
		return nil
	}
	for i := range r.Messages {
		for j := range r.Messages[i].Parts {
			p := &r.Messages[i].Parts[j]
			if e := s.readsPart(m, p); e != nil {
				return e
			}
			for k := range p.Result {
				if e := s.readsPart(m, &p.Result[k]); e != nil {
					return e
				}
			}
		}
	}
	return nil
}

func (s *Stream) readsPart(m *catalog.Model, p *chat.Part) *chat.Error {
	for _, form := range [...]struct {
		kind chat.PartKind
		need catalog.Modality
		name string
	}{
		{chat.ImagePart, catalog.Image, "images"},
		{chat.AudioPart, catalog.Audio, "audio"},
		{chat.VideoPart, catalog.Video, "video"},
	} {
		if p.Kind == form.kind && m.Input&form.need == 0 {
			return cannotRead(s.model, form.name, p.At.Path())
		}
	}
	return nil
}
