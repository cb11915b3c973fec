package adaptertest

import (
	"bytes"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/eventstream"
	"github.com/postern-gateway/postern/adapters/ndjson"
)

// Run tests the pair with all cases of a folder.
func Run(t *testing.T, s Suite, fsys fs.FS, dir string) {
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

func (s *Suite) run(t *testing.T, c *Case) {
	upstream, drops, e := s.Translate(c.Request)
	switch {
	case e != nil && c.Refused == "":
		t.Fatalf("%s: got refused with %s (%s), want a request", c.About, refusal(e), e.Message)
	case e != nil:
		if got := refusal(e); got != c.Refused {
			t.Errorf("%s: got refused with %q (%s), want %q", c.About, got, e.Message, c.Refused)
		}
		s.checkError(t, e)
		return
	case c.Refused != "":
		t.Fatalf("%s: got %s, want it refused with %q", c.About, upstream, c.Refused)
	}
	if err := sameJSON(upstream, c.Upstream); err != nil {
		t.Errorf("%s: upstream request:\n%v", c.About, err)
	}
	if !slices.Equal(drops, c.Drops) {
		t.Errorf("%s: got drops %q, want %q", c.About, drops, c.Drops)
	}
	if s.Accept != nil {
		if err := s.Accept(upstream); err != nil {
			t.Errorf("%s: the provider refuses %s\n%v", c.About, upstream, err)
		}
	}
	if c.Answer != nil {
		s.runAnswer(t, c)
	}
	if c.Stream != nil {
		s.runStream(t, c)
	}
}

// checkError wants an error that can be told in the client's dialect.
func (s *Suite) checkError(t *testing.T, e *chat.Error) {
	t.Helper()
	if e.Message == "" {
		t.Errorf("got an error without a message, want one that says what is wrong")
	}
	if _, err := Value(s.Dialect.Error(nil, e)); err != nil {
		t.Errorf("error object: %v", err)
	}
}

func (s *Suite) runAnswer(t *testing.T, c *Case) {
	r, e := s.Read(c.Request)
	if e != nil {
		t.Fatal(e.Message)
	}
	status, body := s.answer(r, c.Answer.UpstreamStatus, c.Answer.Upstream)
	if status != c.Answer.Status {
		t.Errorf("%s: got status %d, want %d", c.About, status, c.Answer.Status)
	}
	if err := sameJSON(body, c.Answer.Client); err != nil {
		t.Errorf("%s: response:\n%v", c.About, err)
	}
}

func (s *Suite) runStream(t *testing.T, c *Case) {
	r, e := s.Read(c.Request)
	if e != nil {
		t.Fatal(e.Message)
	}
	translation := s.NewTranslation()
	in, end := c.Stream.Upstream, len(bytes.TrimRight(c.Stream.Upstream, "\n"))
	if s.Frame != nil {
		in = s.Frame(in)
		end = len(in)
	}
	want, err := translation.run(r, in)
	if err != nil {
		t.Errorf("%s: events: %v", c.About, err)
	}
	if err := sameStream(s.cutter(), want, s.clientStream(c)); err != nil {
		t.Fatalf("%s: stream: %v", c.About, err)
	}
	ending, err := s.Grammar(want)
	if err != nil || ending == Cut {
		t.Fatalf("%s: got a stream that breaks the grammar (%v), want one that ends well:\n%s", c.About, err, want)
	}
	same := func(how string, at int, pieces ...[]byte) {
		got, err := translation.run(r, pieces...)
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%s: %s at byte %d: got (%v)\n%s\nwant\n%s", c.About, how, at, err, got, want)
		}
	}
	for cut := range len(in) + 1 {
		same("cut in two", cut, in[:cut], in[cut:])
	}
	same("byte by byte", 0, slices.Collect(slices.Chunk(in, 1))...)
	switch f, ok := s.Provider.(adapters.Framer); {
	case ok && f.StreamType() == ndjson.ContentType:
		same("other line ends", 0, bytes.ReplaceAll(in, []byte("\n"), []byte("\r\n")))
		same("blank lines", 0, bytes.ReplaceAll(in, []byte("\n"), []byte("\n \n\n")))
	case !ok:
		for _, end := range []string{"\r\n", "\r"} {
			other := bytes.ReplaceAll(in, []byte("\n"), []byte(end))
			same("other line ends", 0, other)
			same("other line ends, byte by byte", 0, slices.Collect(slices.Chunk(other, 1))...)
		}
		same("comments and other fields", 0, []byte(noisy(string(in))))
	}
	if ending == Complete {
		s.runTruncated(t, c, translation, r, in[:end], want)
	}
}

// clientStream is the stream of a case without the blank line that ends every stream of
// a case, where the dialect's has none.
func (s *Suite) clientStream(c *Case) []byte {
	if s.Dialect.StreamType == ndjson.ContentType {
		return append(bytes.TrimRight(c.Stream.Client, "\n"), '\n')
	}
	if s.Dialect.StreamType == eventstream.ContentType {
		return Messages(c.Stream.Client)
	}
	return c.Stream.Client
}

// noisy puts what clients must pass over between the events of a stream.
func noisy(stream string) string {
	return "\ufeff: connected\n\nretry: 10\n\n" + strings.ReplaceAll(stream, "\n\n", "\nid: 7\nunknown: x\n\n: keep-alive\n\n\n")
}

// runTruncated ends the provider's stream early at every byte. The client gets what
// came before, and an error.
func (s *Suite) runTruncated(t *testing.T, c *Case, translation *Translation, r *chat.Request, in, whole []byte) {
	var last []byte
	for end := range in {
		got, err := translation.run(r, in[:end])
		if bytes.Equal(got, last) && err == nil {
			continue
		}
		last = got
		ending, bad := s.Grammar(got)
		if err != nil || bad != nil || ending != Failed {
			t.Fatalf("%s: ended after %d bytes: got (%v, %v, ending %d)\n%s\nwant an error as the last event", c.About, end, err, bad, ending, got)
		}
		list, err := s.cutter()(got)
		if err != nil {
			t.Fatal(err)
		}
		said := len(got)
		for i := len(list) - 1; i >= 0 && (i == len(list)-1 || list[i].name == "error"); i-- {
			said -= list[i].size // some dialects say in two events that a stream has failed
		}
		if !bytes.HasPrefix(whole, got[:said]) {
			t.Fatalf("%s: ended after %d bytes: got\n%s\nwant the beginning of\n%s", c.About, end, got, whole)
		}
	}
}
