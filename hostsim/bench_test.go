package hostsim_test

import (
	"testing"

	"github.com/postern-gateway/postern/hostsim"
)

// BenchmarkHeaderOnly is a request without a body through a Go plugin that does nothing.
func BenchmarkHeaderOnly(b *testing.B) {
	h := hostsim.Start(b, hostsim.Config{Plugin: empty(b), DiscardLogs: true})
	req := hostsim.Get("/", "user-agent", "bench", "accept", "*/*").Headers
	resp := hostsim.H(":status", "200", "content-type", "text/plain")
	b.ReportAllocs()
	for b.Loop() {
		s := h.NewStream(hostsim.StreamOptions{})
		if err := s.RequestHeaders(req, true); err != nil {
			b.Fatal(err)
		}
		if err := s.ResponseHeaders(resp, true); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkStart is a process with one plugin: instantiate, start, configure.
func BenchmarkStart(b *testing.B) {
	p := empty(b)
	b.ReportAllocs()
	for b.Loop() {
		h, err := hostsim.New(hostsim.Config{Plugin: p, DiscardLogs: true})
		if err != nil {
			b.Fatal(err)
		}
		if err := h.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func empty(b *testing.B) hostsim.Plugin {
	b.Helper()
	m, err := emptyModule()
	if err != nil {
		b.Fatal(err)
	}
	return hostsim.Plugin{Module: m, Name: "empty"}
}
