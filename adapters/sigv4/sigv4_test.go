package sigv4_test

import (
	_ "embed"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/sigv4"
)

// testdata/botocore.json was made by botocore 1.44.8: requests and the headers that its
// SigV4Auth adds to them, where nothing but the host has to be signed beside its own.
//
//go:embed testdata/botocore.json
var botocore []byte

type sample struct {
	Name, Method, Host, Path, Body, Region, ID, Secret, Token, Time string
	Want                                                            map[string]string
}

func samples(t testing.TB) []sample {
	t.Helper()
	var list []sample
	if err := json.Unmarshal(botocore, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

func (s *sample) sign(t testing.TB) []adapters.Header {
	t.Helper()
	now, err := time.Parse("2006-01-02T15:04:05", s.Time)
	if err != nil {
		t.Fatal(err)
	}
	r := adapters.Outgoing{Method: s.Method, Host: s.Host, Path: s.Path, Body: []byte(s.Body)}
	return sigv4.Sign(sigv4.Key{ID: s.ID, Secret: s.Secret, Token: s.Token}, sigv4.Scope{Region: s.Region, Service: "bedrock"}, &r, now.Unix())
}

func TestSignaturesAreThoseOfBotocore(t *testing.T) {
	t.Parallel()
	for _, s := range samples(t) {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			got := s.sign(t)
			if len(got) != len(s.Want) {
				t.Errorf("got %d headers, want %d", len(got), len(s.Want))
			}
			for _, h := range got {
				if want := s.Want[h.Name]; h.Value != want {
					t.Errorf("%s: got %s\nwant %s", h.Name, h.Value, want)
				}
			}
		})
	}
}

func TestStampsAreThoseOfTheLibrary(t *testing.T) {
	t.Parallel()
	for seconds := int64(0); seconds < 1<<33; seconds += 123_457 {
		want := time.Unix(seconds, 0).UTC().Format("20060102T150405Z")
		if got := sigv4.AppendStamp(nil, seconds); string(got) != want {
			t.Fatalf("%d: got %s, want %s", seconds, got, want)
		}
	}
}

// Two requests that differ in anything have other signatures.
func FuzzSign(f *testing.F) {
	f.Add("POST", "h", "/model/a%3A0/converse?x=1&a", "{}")
	f.Fuzz(func(t *testing.T, method, host, path, body string) {
		if strings.ContainsAny(method+host+path, "\n") {
			return
		}
		sign := func(method, host, path, body string) string {
			r := adapters.Outgoing{Method: method, Host: host, Path: path, Body: []byte(body)}
			return sigv4.Sign(sigv4.Key{ID: "a", Secret: "b"}, sigv4.Scope{Region: "r", Service: "s"}, &r, 0)[0].Value
		}
		base := sign(method, host, path, body)
		for _, other := range []string{sign(method+"x", host, path, body), sign(method, host+"x", path, body), sign(method, host, "/x"+path, body), sign(method, host, path, body+"x")} {
			if other == base {
				t.Errorf("got the same signature for another request: %s", base)
			}
		}
	})
}

func BenchmarkSign(b *testing.B) {
	s := samples(b)[1]
	b.ReportAllocs()
	for b.Loop() {
		s.sign(b)
	}
}
