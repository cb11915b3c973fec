package cohere_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/cohere"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// cases are all cases of the package.
func cases(tb testing.TB) (all []adaptertest.Case) {
	tb.Helper()
	for _, dir := range []string{"openai", "anthropic"} {
		list, err := adaptertest.Load(os.DirFS("testdata"), dir)
		if err != nil {
			tb.Fatal(filepath.Join("testdata", dir), err)
		}
		all = append(all, list...)
	}
	return all
}

// Whatever a client sends, what goes to the provider is JSON, and every error names a
// status.
func FuzzAppendRequest(f *testing.F) {
	for _, c := range cases(f) {
		f.Add([]byte(c.Request))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var doc, out rawjson.Doc
		if doc.Parse(in) != nil {
			return
		}
		for _, d := range []*dialect.Dialect{dialect.OpenAI(), dialect.Anthropic()} {
			var r chat.Request
			if d.Reader.ReadRequest(doc.Root(), &r) != nil {
				continue
			}
			sent, e := cohere.Translator().AppendRequest(nil, &r)
			if e != nil {
				if e.Status < 400 || e.Message == "" {
					t.Fatalf("got %+v, want an error with a status and a message", e)
				}
				continue
			}
			if err := out.Parse(sent); err != nil {
				t.Fatalf("got %v in %s", err, sent)
			}
		}
	})
}

// Whatever a server sends, a client gets a stream that keeps the rules and ends well or
// in an error, wherever it was cut.
func FuzzStream(f *testing.F) {
	for _, c := range cases(f) {
		if c.Stream != nil {
			f.Add([]byte(c.Stream.Upstream), uint16(9))
		}
	}
	s := adaptertest.Suite{Dialect: dialect.OpenAI(), Provider: cohere.Translator(), Grammar: adaptertest.OpenAIChat}
	request := []byte(`{"model":"m","messages":[{"role":"user","content":"Hi"}],"stream":true}`)
	f.Fuzz(func(t *testing.T, in []byte, at uint16) {
		cut := int(at) % (len(in) + 1)
		whole, err := s.Stream(request, in)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := s.Stream(request, in[:cut], in[cut:]); err != nil || string(got) != string(whole) {
			t.Fatalf("cut at %d: got (%v)\n%s\nwant\n%s", cut, err, got, whole)
		}
		if ending, err := s.Grammar(whole); err != nil || ending == adaptertest.Cut {
			t.Fatalf("got (%v, ending %d)\n%s", err, ending, whole)
		}
	})
}

// A watch sees the same wherever an answer is cut, and never fails on one.
func FuzzWatch(f *testing.F) {
	for _, c := range cases(f) {
		if c.Answer != nil {
			f.Add([]byte(c.Answer.Upstream), uint16(9))
		}
	}
	a := cohere.Translator().(adapters.Adapter)
	f.Fuzz(func(t *testing.T, in []byte, at uint16) {
		cut := int(at) % (len(in) + 1)
		whole, pieces := a.Watch(adapters.Chat), a.Watch(adapters.Chat)
		whole.Body(in)
		pieces.Body(in[:cut])
		pieces.Body(in[cut:])
		u, ok := whole.Usage()
		if v, too := pieces.Usage(); u != v || ok != too || u.Input < 0 || u.Output < 0 {
			t.Errorf("got %v, %v in pieces, want %v, %v", v, too, u, ok)
		}
		whole.Reset()
		whole.Event(nil, in)
	})
}
