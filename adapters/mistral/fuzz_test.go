package mistral_test

import (
	"os"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/mistral"
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

// Whatever a client sends, what goes to the provider is JSON of a shape that it knows,
// and every refusal says where.
func FuzzAppendRequest(f *testing.F) {
	seeds(f, func(c *adaptertest.Case) []byte { return c.Request })
	f.Fuzz(func(t *testing.T, in []byte) {
		var doc rawjson.Doc
		if doc.Parse(in) != nil {
			return
		}
		for _, s := range suites() {
			sent, _, e := s.Translate(in)
			switch {
			case e != nil && (e.Status < 400 || e.Message == ""):
				t.Fatalf("got %+v, want an error with a status and a message", e)
			case e == nil && doc.Parse(sent) != nil:
				t.Fatalf("got %s, want JSON", sent)
			}
			if e == nil {
				if err := known(sent); err != nil {
					t.Fatalf("got %v for %s\nsent %s", err, in, sent)
				}
			}
		}
	})
}

// known refuses what the mock finds unknown, for that is never right whatever the values.
func known(sent []byte) error {
	err := accept(sent)
	if err != nil && (strings.Contains(err.Error(), "extra_forbidden") || strings.Contains(err.Error(), "invalid_request_message_order")) {
		return err
	}
	return nil
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
			if _, err := s.Stream([]byte(requests[dir]), in); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// Whatever a provider answers, an error has a status and a message.
func FuzzReadError(f *testing.F) {
	seeds(f, func(c *adaptertest.Case) []byte {
		if c.Answer == nil {
			return nil
		}
		return c.Answer.Upstream
	})
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, status := range []int{0, 400, 422, 503, 999} {
			if e := mistral.Translator().ReadError(status, in); e.Status < 400 || e.Status > 599 || e.Message == "" || len(e.Message) > 4<<10 {
				t.Fatalf("got %+v, want a status and a message", e)
			}
		}
	})
}
