package adaptertest

import (
	"io/fs"
	"slices"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/embed"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// An EmbedSuite is a pair of a dialect and a provider of embeddings.
type EmbedSuite struct {
	Dialect  *dialect.Dialect
	Provider adapters.Embedder

	// Accept says what the provider would have against a request; nil leaves it unasked.
	Accept func(path string, request []byte) error
}

// RunEmbeddings tests the pair with all cases of a folder. They have no streams.
func RunEmbeddings(t *testing.T, s EmbedSuite, fsys fs.FS, dir string) {
	t.Helper()
	runWhole(t, fsys, dir, s.Accept, s.ask)
}

// An asked is a request as its provider gets it, and how an answer to it is read.
type asked struct {
	path     string
	upstream []byte
	drops    []string
	answer   func(a *Answer) (int, []byte)
}

// runWhole tests what has no streams with all cases of a folder.
func runWhole(t *testing.T, fsys fs.FS, dir string, accept func(path string, request []byte) error, ask func(request rawjson.Value) (asked, *chat.Error)) {
	t.Helper()
	all, err := Load(fsys, dir)
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		t.Run(all[i].Name, func(t *testing.T) {
			t.Parallel()
			c := &all[i]
			var doc rawjson.Doc
			if err := doc.Parse(c.Request); err != nil {
				t.Fatal(err)
			}
			got, e := ask(doc.Root())
			switch {
			case e != nil:
				if got := refusal(e); got != c.Refused || e.Message == "" {
					t.Errorf("%s: got refused with %q (%s), want %q", c.About, got, e.Message, c.Refused)
				}
				return
			case c.Refused != "":
				t.Fatalf("%s: got %s, want it refused with %q", c.About, got.upstream, c.Refused)
			}
			if err := sameJSON(got.upstream, c.Upstream); err != nil {
				t.Errorf("%s: upstream request:\n%v", c.About, err)
			}
			if !slices.Equal(got.drops, c.Drops) {
				t.Errorf("%s: got drops %q, want %q", c.About, got.drops, c.Drops)
			}
			if accept != nil {
				if err := accept(got.path, got.upstream); err != nil {
					t.Errorf("%s: the provider refuses %s\n%v", c.About, got.upstream, err)
				}
			}
			if c.Answer != nil {
				status, body := got.answer(c.Answer)
				if err := sameJSON(body, c.Answer.Client); err != nil || status != c.Answer.Status {
					t.Errorf("%s: got status %d, want %d; response:\n%v", c.About, status, c.Answer.Status, err)
				}
			}
		})
	}
}

func (s *EmbedSuite) ask(request rawjson.Value) (a asked, e *chat.Error) {
	r := &embed.Request{}
	if e = s.Dialect.Embeddings.ReadEmbed(request, r); e == nil {
		a.upstream, e = s.Provider.AppendEmbed(nil, r)
	}
	a.path, a.drops = s.Provider.EmbedPath(r.Model), r.Drops()
	w := r.Wanted()
	a.answer = func(from *Answer) (int, []byte) {
		return answerWhole(s.Dialect, from, s.Provider.ReadError, func(answer rawjson.Value) ([]byte, error) {
			var out embed.Response
			if err := s.Provider.ReadEmbedding(answer, w, &out); err != nil {
				return nil, err
			}
			return s.Dialect.Embeddings.AppendEmbedding(nil, w, &out)
		})
	}
	return a, e
}

// answerWhole is what the client gets.
func answerWhole(d *dialect.Dialect, a *Answer, readError func(int, []byte) *chat.Error, turn func(rawjson.Value) ([]byte, error)) (int, []byte) {
	fail := func(e *chat.Error) (int, []byte) { return e.Status, d.Error(nil, e) }
	if a.UpstreamStatus >= 400 {
		return fail(readError(a.UpstreamStatus, a.Upstream))
	}
	var doc rawjson.Doc
	var body []byte
	err := doc.Parse(a.Upstream)
	if err == nil {
		body, err = turn(doc.Root())
	}
	if err != nil {
		return fail(unreadable(err))
	}
	return a.UpstreamStatus, body
}
