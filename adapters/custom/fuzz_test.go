package custom_test

import (
	"os"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/custom"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/strict"
)

// cases are all cases of a folder; none if there is no such folder.
func cases(dir string) []adaptertest.Case {
	list, _ := adaptertest.Load(os.DirFS("testdata"), dir)
	return list
}

// Whatever is said to be a path, following it ends, and finds parts of the document.
func FuzzPath(f *testing.F) {
	for _, s := range []string{"a.b[0]", "l[*].v|n", "[type!=x].l[-1]", "$", "l[k=t].v", "[@event=say]"} {
		f.Add(s, document)
	}
	f.Fuzz(func(t *testing.T, s, in string) {
		var doc rawjson.Doc
		if doc.Parse([]byte(in)) != nil {
			return
		}
		found, ok := custom.Follow(s, "say", doc.Root())
		for _, v := range found {
			if !ok || !strings.Contains(in, v) {
				t.Errorf("%q: got %s, %v", s, v, ok)
			}
		}
	})
}

// Whatever a template is, it is refused, or makes JSON of every request or an error.
func FuzzTemplate(f *testing.F) {
	for _, options := range documented(f) {
		f.Add(options)
	}
	requests := [][]byte{}
	all := suites(f)
	for dir := range all {
		for _, c := range cases(dir) {
			requests = append(requests, c.Request)
		}
	}
	clients := []adaptertest.Suite{all["plain/openai"], all["plain/anthropic"]}
	f.Fuzz(func(t *testing.T, options string) {
		var a adapters.Adapter
		if strict.Decode([]byte(options), func(o *strict.Object) { a, _ = custom.Provider().Options(o) }) != nil {
			return
		}
		for _, in := range requests {
			for _, s := range clients {
				s.Provider = a.(adapters.Translator)
				sent, _, e := s.Translate(in)
				var out rawjson.Doc
				switch {
				case e != nil && (e.Status < 400 || e.Message == ""):
					t.Fatalf("got %+v, want an error with a status and a message", e)
				case e == nil && out.Parse(sent) != nil:
					t.Fatalf("got %s", sent)
				}
			}
		}
	})
}

// Whatever a client sends, what goes to the provider is JSON.
func FuzzAppendRequest(f *testing.F) {
	all := suites(f)
	for dir := range all {
		for _, c := range cases(dir) {
			f.Add([]byte(c.Request))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		for dir, s := range all {
			sent, _, e := s.Translate(in)
			var out rawjson.Doc
			if e == nil {
				if err := out.Parse(sent); err != nil {
					t.Fatalf("%s: got %v in %s", dir, err, sent)
				}
			}
		}
	})
}

// Whatever a server sends, a client gets an answer or a stream that keeps the rules and
// ends well or in an error, wherever it was cut.
func FuzzAnswers(f *testing.F) {
	all := suites(f)
	for dir := range all {
		for _, c := range cases(dir) {
			if c.Stream != nil {
				f.Add([]byte(c.Stream.Upstream), uint16(9))
			}
			if c.Answer != nil {
				f.Add([]byte(c.Answer.Upstream), uint16(9))
			}
		}
	}
	request := []byte(`{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Hi"}],"stream":true}`)
	f.Fuzz(func(t *testing.T, in []byte, at uint16) {
		cut := int(at) % (len(in) + 1)
		for dir, s := range all {
			whole, err := s.Stream(request, in)
			if err != nil {
				t.Fatal(dir, err)
			}
			if got, err := s.Stream(request, in[:cut], in[cut:]); err != nil || string(got) != string(whole) {
				t.Fatalf("%s: cut at %d: got (%v)\n%s\nwant\n%s", dir, cut, err, got, whole)
			}
			if ending, err := s.Grammar(whole); err != nil || ending == adaptertest.Cut {
				t.Fatalf("%s: got (%v, ending %d)\n%s", dir, err, ending, whole)
			}
			var doc rawjson.Doc
			_, body := s.Answer(200, in)
			if err := doc.Parse(body); err != nil {
				doc.LoneSurrogates = true
				if doc.Parse(body) != nil {
					t.Fatalf("%s: got %v in %s", dir, err, body)
				}
			}
			if e := s.Provider.ReadError(500, in); e.Message == "" || e.Kind == chat.InvalidRequest && e.Status >= 500 {
				t.Fatalf("%s: got %+v", dir, e)
			}
		}
	})
}
