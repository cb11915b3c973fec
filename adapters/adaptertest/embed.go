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
	all, err := Load(fsys, dir)
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		t.Run(all[i].Name, func(t *testing.T) {
			t.Parallel()
			s.run(t, &all[i])
		})
	}
}

func (s *EmbedSuite) run(t *testing.T, c *Case) {
	var doc rawjson.Doc
	if err := doc.Parse(c.Request); err != nil {
		t.Fatal(err)
	}
	r := &embed.Request{}
	var upstream []byte
	e := s.Dialect.Embeddings.ReadEmbed(doc.Root(), r)
	if e == nil {
		upstream, e = s.Provider.AppendEmbed(nil, r)
	}
	switch {
	case e != nil:
		if got := refusal(e); got != c.Refused || e.Message == "" {
			t.Errorf("%s: got refused with %q (%s), want %q", c.About, got, e.Message, c.Refused)
		}
		return
	case c.Refused != "":
		t.Fatalf("%s: got %s, want it refused with %q", c.About, upstream, c.Refused)
	}
	if err := sameJSON(upstream, c.Upstream); err != nil {
		t.Errorf("%s: upstream request:\n%v", c.About, err)
	}
	if !slices.Equal(r.Drops(), c.Drops) {
		t.Errorf("%s: got drops %q, want %q", c.About, r.Drops(), c.Drops)
	}
	if s.Accept != nil {
		if err := s.Accept(s.Provider.EmbedPath(r.Model), upstream); err != nil {
			t.Errorf("%s: the provider refuses %s\n%v", c.About, upstream, err)
		}
	}
	if c.Answer != nil {
		status, body := s.answer(c.Answer, r.Wanted())
		if err := sameJSON(body, c.Answer.Client); err != nil || status != c.Answer.Status {
			t.Errorf("%s: got status %d, want %d; response:\n%v", c.About, status, c.Answer.Status, err)
		}
	}
}

// answer is what the client gets.
func (s *EmbedSuite) answer(a *Answer, w embed.Wanted) (int, []byte) {
	fail := func(e *chat.Error) (int, []byte) { return e.Status, s.Dialect.Error(nil, e) }
	if a.UpstreamStatus >= 400 {
		return fail(s.Provider.ReadError(a.UpstreamStatus, a.Upstream))
	}
	var doc rawjson.Doc
	var out embed.Response
	err := doc.Parse(a.Upstream)
	if err == nil {
		err = s.Provider.ReadEmbedding(doc.Root(), w, &out)
	}
	var body []byte
	if err == nil {
		body, err = s.Dialect.Embeddings.AppendEmbedding(nil, w, &out)
	}
	if err != nil {
		return fail(unreadable(err))
	}
	return a.UpstreamStatus, body
}
