package bedrock_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/chat"
)

func cases(tb testing.TB, dir string) []adaptertest.Case {
	tb.Helper()
	list, err := adaptertest.Load(os.DirFS("testdata"), dir)
	if err != nil {
		tb.Fatal(err)
	}
	return list
}

// Whatever a client sends, what goes to the provider is JSON, and every error names a
// status.
func FuzzAppendRequest(f *testing.F) {
	all := suites(f)
	for dir := range all {
		for _, c := range cases(f, dir) {
			f.Add(c.Request)
		}
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, s := range all {
			sent, _, e := s.Translate(in)
			if e != nil {
				if e.Status < 400 || e.Message == "" {
					t.Fatalf("got %+v, want an error with a status and a message", e)
				}
				continue
			}
			if _, err := adaptertest.Value(sent); err != nil {
				t.Fatalf("got %v in %s", err, sent)
			}
		}
	})
}

// Whatever a provider streams and wherever it is cut, the client's stream is in order,
// ends in one of the ways that its dialect has, and is the same.
func FuzzStream(f *testing.F) {
	all := suites(f)
	for _, c := range cases(f, "openai") {
		if c.Stream != nil {
			f.Add([]byte(c.Stream.Upstream), 20)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte, cut int) {
		in := adaptertest.Messages(text)
		cut = min(max(cut, 0), len(in))
		for dir, s := range all {
			request := []byte(`{"model":"m","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"Hi"}]}`)
			whole, err := s.Stream(request, in)
			if err != nil {
				t.Fatalf("%s: %v", dir, err)
			}
			if !bytes.Contains(whole, []byte("[DONE]")) && !bytes.Contains(whole, []byte("message_stop")) && !bytes.Contains(whole, []byte(`"error"`)) {
				t.Fatalf("%s: got a stream without an end: %s", dir, whole)
			}
			if parts, _ := s.Stream(request, in[:cut], in[cut:]); string(parts) != string(whole) {
				t.Fatalf("%s: cut at byte %d: got %s, want %s", dir, cut, parts, whole)
			}
		}
	})
}

// The usual events are translated without an allocation, and what is kept does not grow
// with the stream.
func TestStreamsMakeNoGarbage(t *testing.T) {
	a := adapter(t, `{}`)
	d, frames := a.(adapters.Translator).NewDecoder(), a.(adapters.Framer).NewFrames()
	feed := func(p []byte) {
		for len(p) > 0 {
			ev, n, _, err := frames.Next(p)
			if err == nil {
				err = d.Event(ev.Type, ev.Data, func(*chat.Event) {})
			}
			if err != nil {
				t.Fatal(err)
			}
			p = p[n:]
		}
	}
	feed(adaptertest.Messages([]byte(`messageStart {"role":"assistant"}`)))
	for _, delta := range []string{
		`contentBlockDelta {"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"Hm"}},"p":"abc"}`,
		`contentBlockDelta {"contentBlockIndex":1,"delta":{"text":"word"},"p":"abc"}`,
	} {
		in := adaptertest.Messages([]byte(delta))
		feed(in)
		if got := testing.AllocsPerRun(1000, func() { feed(in) }); got > 0 {
			t.Errorf("%s: got %v allocations an event, want none", delta, got)
		}
	}
}

func BenchmarkAppendRequest(b *testing.B) {
	s := suites(b)["openai"]
	for _, c := range cases(b, "openai") {
		if c.Name != "results-stand-in-front-of-what-the-user-says-and-an-id-that-is-not-taken-is-respelled" {
			continue
		}
		r, e := s.Read(c.Request)
		if e != nil {
			b.Fatal(e.Message)
		}
		var out []byte
		b.SetBytes(int64(len(c.Request)))
		b.ReportAllocs()
		for b.Loop() {
			out, _ = s.Provider.AppendRequest(out[:0], r)
		}
	}
}
