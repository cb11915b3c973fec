package gemini

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// maxField bounds what is copied of one member of an answer: the candidates of an event
// are its text, and an image is not looked at.
const maxField = 64 << 10

// Members of an answer, in the order of the skimmer's paths.
const (
	skimUsage = iota
	skimError
	skimBlocked
	skimCandidates
)

// watch reads answers of this API as they pass by: one object, an event each, or an array
// of what would be events.
type watch struct {
	skim      *rawjson.Skimmer
	doc       rawjson.Doc
	delivered chat.Delivered
	usage     chat.Usage
	counted   bool
	failed    bool
	ended     bool

	depth  int  // brackets open in a body
	inside bool // of an object at its top, or in the array that it is
	base   int  // how deep such an object is
	quoted bool
	slash  bool
}

var _ adapters.Watch = (*watch)(nil)

func newWatch() *watch {
	return &watch{
		skim: rawjson.NewSkimmer(maxField, "usageMetadata", "error", "promptFeedback.blockReason", "candidates"),
		doc:  rawjson.Doc{LoneSurrogates: true},
	}
}

func (w *watch) Reset() {
	w.delivered.Reset()
	w.doc.Reset()
	w.skim.Reset()
	*w = watch{skim: w.skim, doc: w.doc, delivered: w.delivered}
}

// Body finds the objects of a body, wherever it is cut.
func (w *watch) Body(p []byte) {
	from := 0
	for i, c := range p {
		if w.quoted {
			switch {
			case w.slash:
				w.slash = false
			case c == '\\':
				w.slash = true
			case c == '"':
				w.quoted = false
			}
			continue
		}
		switch c {
		case '"':
			w.quoted = true
		case '{', '[':
			if c == '{' && !w.inside && w.depth <= 1 {
				w.inside, w.base, from = true, w.depth, i
				w.skim.Reset()
			}
			w.depth++
		case '}', ']':
			if w.depth--; w.inside && w.depth == w.base {
				w.skim.Feed(p[from : i+1])
				w.inside = false
				w.read()
			}
		}
	}
	if w.inside {
		w.skim.Feed(p[from:])
	}
}

// Event reads one event, which is a whole answer with what is new.
func (w *watch) Event(_, data []byte) (asked bool) {
	w.skim.Reset()
	w.skim.Feed(data)
	w.read()
	return false
}

// read takes over what the object that was skimmed says. Usage is that of the whole
// answer so far each time.
func (w *watch) read() {
	s := w.skim
	w.failed = w.failed || len(s.Field(skimError)) > 1
	w.ended = w.ended || len(s.Field(skimBlocked)) > 0
	if u := s.Field(skimUsage); len(u) > 1 && w.doc.Parse(u) == nil {
		w.usage, w.counted = usage(w.doc.Root()), true
	}
	if c := s.Field(skimCandidates); len(c) > 1 && w.doc.Parse(c) == nil {
		for it := w.doc.Root().Cursor(); it.Next(); {
			v := it.Value
			w.candidate(v)
		}
	}
}

func (w *watch) candidate(v rawjson.Value) {
	w.ended = w.ended || v.Get("finishReason").Kind() == rawjson.String
	for it := v.Find("content", "parts").Cursor(); it.Next(); {
		p := it.Value
		w.delivered.AddString(p.Get("text").Raw())
		w.delivered.Add(chat.Text(p.Find("functionCall", "args").Raw()))
	}
}

func (w *watch) Usage() (chat.Usage, bool) { return w.usage, w.counted }

func (w *watch) Failed() bool { return w.failed }

func (w *watch) Ended() bool { return w.ended }

func (w *watch) Delivered() int64 { return w.delivered.Tokens() }
