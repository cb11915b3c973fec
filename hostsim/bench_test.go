//go:build unix

package hostsim_test

import (
	"syscall"
	"testing"

	"github.com/postern-gateway/postern/hostsim"
)

// BenchmarkHeaderOnly is a request without a body through a Go plugin that does nothing.
func BenchmarkHeaderOnly(b *testing.B) {
	h := hostsim.Start(b, hostsim.Config{Plugin: empty(b), DiscardLogs: true})
	req := hostsim.Get("/", "user-agent", "bench", "accept", "*/*").Headers
	resp := hostsim.H(":status", "200", "content-type", "text/plain")
	b.ReportAllocs()
	defer reportCPU(b)()
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
	defer reportCPU(b)()
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

// reportCPU adds processor time to a benchmark: on a busy machine the clock's time is
// mostly that of others.
func reportCPU(b *testing.B) (done func()) {
	used := func() int64 {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return u.Utime.Nano() + u.Stime.Nano()
	}
	before := used()
	return func() { b.ReportMetric(float64(used()-before)/float64(b.N), "cpu-ns/op") }
}

func empty(b *testing.B) hostsim.Plugin {
	b.Helper()
	m, err := emptyModule()
	if err != nil {
		b.Fatal(err)
	}
	return hostsim.Plugin{Module: m, Name: "empty"}
}
