package cloudflare_test

import (
	"os"
	"testing"

	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// seeds are what the cases have of one kind.
func seeds(f *testing.F, pick func(*adaptertest.Case) []byte) {
	for dir := range suites() {
		list, err := adaptertest.Load(os.DirFS("testdata"), dir)
		if err != nil {
			f.Fatal(err)
		}
		for i := range list {
			if b := pick(&list[i]); b != nil {
				f.Add(b)
			}
		}
	}
}

// Whatever a client sends, what goes to the provider is JSON, and every refusal says why.
func FuzzAppendRequest(f *testing.F) {
	seeds(f, func(c *adaptertest.Case) []byte { return c.Request })
	f.Fuzz(func(t *testing.T, in []byte) {
		var doc rawjson.Doc
		if doc.Parse(in) != nil {
			return
		}
		for dir, s := range suites() {
			sent, _, e := s.Translate(in)
			switch {
			case e != nil && (e.Status < 400 || e.Message == ""):
				t.Fatalf("%s: got %+v, want an error with a status and a message", dir, e)
			case e == nil && doc.Parse(sent) != nil:
				t.Fatalf("%s: got %s, want JSON", dir, sent)
			}
		}
	})
}

// Whatever a provider streams, its events come in the order that chat.EventKind lays down.
func FuzzStream(f *testing.F) {
	seeds(f, func(c *adaptertest.Case) []byte {
		if c.Stream == nil {
			return nil
		}
		return c.Stream.Upstream
	})
	requests := map[string]string{
		"openai":    `{"model":"m","messages":[{"role":"user","content":"x"}],"stream":true,"stream_options":{"include_usage":true}}`,
		"anthropic": `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"}],"stream":true}`,
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		for dir, s := range suites() {
			if _, err := s.Stream([]byte(requests[s.Dialect.Name]), in); err != nil {
				t.Fatalf("%s: %v", dir, err)
			}
		}
	})
}

// Whatever a provider answers, the client gets an answer or an error of its dialect.
func FuzzAnswer(f *testing.F) {
	seeds(f, func(c *adaptertest.Case) []byte {
		if c.Answer == nil {
			return nil
		}
		return c.Answer.Upstream
	})
	f.Fuzz(func(t *testing.T, in []byte) {
		for dir, s := range suites() {
			for _, status := range []int{200, 400, 503} {
				got, body := s.Answer(status, in)
				if err := new(rawjson.Doc).Parse(body); err != nil && len(in) < 1<<16 || got < 200 || got > 599 {
					t.Fatalf("%s: got %d %s (%v), want JSON", dir, got, body, err)
				}
			}
		}
	})
}
