package adaptertest

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// Suites are a provider's pairs, by the folder of their cases below testdata.
type Suites map[string]Suite

// Cases are those of all folders.
func (s Suites) Cases(tb testing.TB) []Case {
	tb.Helper()
	var all []Case
	for _, dir := range slices.Sorted(maps.Keys(s)) {
		list, err := Load(os.DirFS("testdata"), dir)
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, list...)
	}
	return all
}

// Run tests all pairs with the cases of their folders.
func (s Suites) Run(t *testing.T) {
	for dir, pair := range s {
		t.Run(dir, func(t *testing.T) {
			t.Parallel()
			Run(t, pair, os.DirFS("testdata"), dir)
		})
	}
}

// FuzzRequests: whatever a client sends, what goes to the provider is JSON, and every
// refusal says why.
func (s Suites) FuzzRequests(f *testing.F) {
	for _, c := range s.Cases(f) {
		f.Add([]byte(c.Request))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var doc rawjson.Doc
		if doc.Parse(in) != nil {
			return
		}
		for dir, pair := range s {
			sent, _, e := pair.Translate(in)
			switch {
			case e != nil && (e.Status < 400 || e.Message == ""):
				t.Fatalf("%s: got %+v, want an error with a status and a message", dir, e)
			case e == nil && doc.Parse(sent) != nil:
				t.Fatalf("%s: got %s, want JSON", dir, sent)
			}
		}
	})
}

// streamed are requests for a stream, by dialect.
var streamed = map[string][]byte{
	"openai":    []byte(`{"model":"m","messages":[{"role":"user","content":"Hi"}],"stream":true,"stream_options":{"include_usage":true}}`),
	"anthropic": []byte(`{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Hi"}],"stream":true}`),
}

// FuzzStreams: whatever a server sends, a client gets a stream that keeps the rules and
// ends well or in an error, wherever it was cut.
func (s Suites) FuzzStreams(f *testing.F) {
	for _, c := range s.Cases(f) {
		if c.Stream != nil {
			f.Add([]byte(c.Stream.Upstream), uint16(9))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte, at uint16) {
		cut := int(at) % (len(in) + 1)
		for dir, pair := range s {
			request := streamed[pair.Dialect.Name]
			whole, err := pair.Stream(request, in)
			if err != nil {
				t.Fatalf("%s: %v", dir, err)
			}
			if got, err := pair.Stream(request, in[:cut], in[cut:]); err != nil || !bytes.Equal(got, whole) {
				t.Fatalf("%s: cut at %d: got (%v)\n%s\nwant\n%s", dir, cut, err, got, whole)
			}
			if ending, err := pair.Grammar(whole); !errors.Is(err, ErrArguments) && (err != nil || ending == Cut) {
				t.Fatalf("%s: got (%v, ending %d)\n%s", dir, err, ending, whole)
			}
		}
	})
}

// FuzzAnswers: whatever a provider answers, the client gets an answer or an error of its
// dialect.
func (s Suites) FuzzAnswers(f *testing.F) {
	for _, c := range s.Cases(f) {
		if c.Answer != nil {
			f.Add([]byte(c.Answer.Upstream))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		for dir, pair := range s {
			for _, status := range []int{200, 400, 503} {
				got, body := pair.Answer(status, in)
				if err := new(rawjson.Doc).Parse(body); err != nil && len(in) < 1<<16 || got < 200 || got > 599 {
					t.Fatalf("%s: got %d %s (%v), want JSON", dir, got, body, err)
				}
			}
		}
	})
}

// FuzzWatch: a watch sees the same wherever an answer is cut, and never fails on one.
func (s Suites) FuzzWatch(f *testing.F, a adapters.Adapter) {
	for _, c := range s.Cases(f) {
		if c.Answer != nil {
			f.Add([]byte(c.Answer.Upstream), uint16(9))
		}
	}
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
