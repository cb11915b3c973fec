package adaptertest_test

import (
	"bytes"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/postern-gateway/postern/adapters/adaptertest"
)

// everySuite are the suites in order, and all their cases.
func everySuite(f *testing.F) (list []adaptertest.Suite, cases []adaptertest.Case) {
	f.Helper()
	all := suites(f)
	for _, pair := range slices.Sorted(maps.Keys(all)) {
		list = append(list, all[pair])
		c, err := adaptertest.Load(os.DirFS("testdata"), pair)
		if err != nil {
			f.Fatal(err)
		}
		cases = append(cases, c...)
	}
	return list, cases
}

// FuzzRequest: whatever a client sends becomes a request in JSON or an error in the
// client's dialect.
func FuzzRequest(f *testing.F) {
	list, cases := everySuite(f)
	for i := range cases {
		f.Add(cases[i].Request)
	}
	for _, requests := range richRequests {
		for _, r := range requests {
			f.Add([]byte(r))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		for i := range list {
			s := &list[i]
			out, _, e := s.Translate(in)
			if e != nil {
				refusedWell(t, s, in, e)
				continue
			}
			if _, err := adaptertest.Value(out); err != nil {
				t.Errorf("%s: got %s: %v", in, out, err)
			}
		}
	})
}

// FuzzAnswer: whatever a provider answers becomes JSON for the client, with a status
// that goes with it.
func FuzzAnswer(f *testing.F) {
	list, cases := everySuite(f)
	for i := range cases {
		if a := cases[i].Answer; a != nil {
			f.Add(a.UpstreamStatus, a.Upstream)
		}
	}
	f.Fuzz(func(t *testing.T, status int, in []byte) {
		for i := range list {
			s := &list[i]
			got, out := s.Answer(status, in)
			if _, err := adaptertest.Value(out); err != nil {
				t.Errorf("%d %s: got %s: %v", status, in, out, err)
			}
			if status >= 400 && (got < 400 || got > 599) {
				t.Errorf("%d %s: got status %d, want an error's", status, in, got)
			}
		}
	})
}

// FuzzStream: whatever bytes a provider streams, and wherever the network cuts them, the
// client gets one stream that keeps to its grammar and ends.
func FuzzStream(f *testing.F) {
	list, cases := everySuite(f)
	for i := range cases {
		if s := cases[i].Stream; s != nil {
			f.Add(s.Upstream, len(s.Upstream)/2)
		}
	}
	requests := map[string][]byte{
		"openai":    []byte(`{"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"Hi"}]}`),
		"anthropic": []byte(`{"model":"m","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"Hi"}]}`),
	}
	f.Fuzz(func(t *testing.T, in []byte, cut int) {
		for i := range list {
			s := &list[i]
			out, err := s.Stream(requests[s.Dialect.Name], in)
			if err == nil {
				err = endsWell(s, out)
			}
			if err != nil {
				t.Fatalf("%s: %v\ngot\n%s", in, err, out)
			}
			if cut < 0 || cut > len(in) {
				continue
			}
			again, err := s.Stream(requests[s.Dialect.Name], in[:cut], in[cut:])
			if err != nil || !bytes.Equal(again, out) {
				t.Fatalf("%s: cut at byte %d: got (%v)\n%s\nwant\n%s", in, cut, err, again, out)
			}
		}
	})
}
