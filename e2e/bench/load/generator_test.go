//go:build linux

package load

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func generate(t *testing.T, h http.HandlerFunc, body string, job Job) *Result {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	addr := netip.MustParseAddrPort(strings.TrimPrefix(srv.URL, "http://"))
	g, err := New(addr, fmt.Appendf(nil, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", len(body), body))
	if err != nil {
		t.Fatal(err)
	}
	res, err := g.Run(job)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
	return res
}

func TestGeneratorSendsAsManyAsAsked(t *testing.T) {
	t.Parallel()
	var seen, bytes atomic.Int64
	res := generate(t, func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			t.Error(err)
		}
		bytes.Add(n)
		seen.Add(1)
		fmt.Fprint(w, "hello")
	}, strings.Repeat("x", 3<<20), Job{Conns: 3, Requests: 10, Duration: time.Minute}) // more than a socket takes at once
	if res.Requests != 10 || seen.Load() != 10 || bytes.Load() != 30<<20 || res.Bytes != 50 {
		t.Errorf("got %d answered, %d and %d bytes seen, %d bytes back; want 10, 10, %d, 50", res.Requests, seen.Load(), bytes.Load(), res.Bytes, 30<<20)
	}
	if len(res.Errors) > 0 || res.Total.Count() != 10 || res.First.Count() != 10 {
		t.Errorf("got errors %v, %d and %d latencies; want none, 10, 10", res.Errors, res.Total.Count(), res.First.Count())
	}
}

func TestGeneratorCountsWhatFails(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	res := generate(t, func(w http.ResponseWriter, _ *http.Request) {
		switch n.Add(1) {
		case 2:
			w.WriteHeader(http.StatusTeapot)
		case 4:
			panic(http.ErrAbortHandler)
		}
	}, "", Job{Conns: 1, Requests: 6, Duration: time.Minute})
	if res.Requests != 4 || res.Errors["status 418"] != 1 || res.Errors["read"] != 1 {
		t.Errorf("got %d answered, errors %v; want 4, one status 418, one read", res.Requests, res.Errors)
	}
}

func TestGeneratorKeepsTheRate(t *testing.T) {
	t.Parallel()
	res := generate(t, func(http.ResponseWriter, *http.Request) {}, "", Job{Conns: 8, Rate: 1000, Duration: 200 * time.Millisecond})
	if res.Requests != 200 || res.Elapsed < 199*time.Millisecond {
		t.Errorf("got %d requests in %v, want 200 in 199 ms or more", res.Requests, res.Elapsed)
	}
}

func TestGeneratorSeesGapsInStreams(t *testing.T) {
	t.Parallel()
	second := make(chan struct{}, 1)
	res := generate(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "a")
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		time.AfterFunc(300*time.Millisecond, func() { second <- struct{}{} })
		<-second
		fmt.Fprint(w, "b")
	}, "", Job{Conns: 1, Requests: 1, Duration: time.Minute})
	if got := res.Gap.Percentile(100); res.Requests != 1 || got < 100*time.Millisecond { // a client that comes late to the first part sees less
		t.Errorf("got %d answers, longest gap %v; want 1, 100 ms or more", res.Requests, got)
	}
}

func TestGeneratorKnowsHowAnswersEnd(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	res := generate(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, strings.Repeat("x", 500), [...]string{"[DONE]", "error", "[DONE]" + strings.Repeat(" ", 100)}[n.Add(1)-1])
	}, "", Job{Conns: 1, Requests: 3, Duration: time.Minute, Ends: "[DONE]"})
	if res.Requests != 1 || res.Errors["another end"] != 2 {
		t.Errorf("got %d answered, errors %v; want 1, and two with another end", res.Requests, res.Errors)
	}
}
