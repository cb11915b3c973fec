package gateway_test

import (
	"os"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/plugin/cases"
	"github.com/postern-gateway/postern/plugin/internal/gateway"
)

// TestCases runs every case natively, the answers cut at every byte.
func TestCases(t *testing.T) {
	all, err := cases.Load(os.DirFS("../../cases"), "testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			runCase(t, c, -1)
			longest := 0
			for _, e := range c.Exchanges {
				if e.UpstreamResponse != nil {
					longest = max(longest, len(e.UpstreamResponse.Body))
				}
			}
			step := 1
			if len(c.Callouts()) > 0 { // which make signatures
				step = 37
			}
			for cut := 1; cut < longest && !t.Failed(); cut += step {
				runCase(t, c, cut)
			}
		})
	}
}

func runCase(t *testing.T, c cases.Case, cut int) {
	t.Helper()
	p := newProxy(t, string(c.Config))
	for i, e := range c.Exchanges {
		x := p.stream()
		x.request(e.Request, len(e.Request.Body)/2)
		checkCallouts(t, p, e)
		checkUpstream(t, e, x)
		if !x.answered && e.UpstreamResponse != nil {
			p.details = "via_upstream"
			if cut > 0 {
				x.respond(*e.UpstreamResponse, cut)
			} else {
				x.respond(*e.UpstreamResponse)
			}
		}
		x.done()
		for _, d := range e.Response.Compare(x.response) {
			t.Errorf("exchange %d, cut at %d: response: %s", i+1, cut, d)
		}
		if e.Record != nil {
			for _, d := range cases.CompareRecord(x.record, e.Record) {
				t.Errorf("exchange %d, cut at %d: %s", i+1, cut, d)
			}
		}
	}
}

// checkCallouts answers an exchange's callouts. What could not be sent the gateway is
// told at a tick.
func checkCallouts(t *testing.T, p *proxy, e cases.Exchange) {
	t.Helper()
	for i, want := range e.Callouts {
		if len(p.calls) == 0 {
			t.Fatalf("callout %d is not made", i+1)
		}
		for _, d := range want.Request.Compare(calloutMessage(p.calls[0])) {
			t.Errorf("callout %d: %s", i+1, d)
		}
		if want.Response == nil {
			want.Response = &cases.Message{First: "503"}
		}
		p.answer(want.Response)
	}
	if len(p.calls) > 0 {
		t.Fatalf("got %d callouts more than are wanted", len(p.calls))
	}
	p.tick(gateway.TickEvery)
}

func calloutMessage(c gateway.Callout) cases.Message {
	h := append([]cases.Header{{Name: "host", Value: c.Host}}, headers(c.Headers)...)
	return cases.Message{First: c.Method + " " + c.Path, Headers: h, Body: c.Body}
}

func checkUpstream(t *testing.T, e cases.Exchange, x *exchange) {
	t.Helper()
	switch {
	case e.UpstreamRequest == nil && x.upstream != nil:
		t.Errorf("a provider got %s, want nothing", x.upstream)
	case e.UpstreamRequest != nil && x.upstream == nil:
		t.Errorf("the provider got nothing, want %s; the client got %s", e.UpstreamRequest, x.response)
	case x.upstream != nil:
		for _, d := range e.UpstreamRequest.Compare(*x.upstream) {
			t.Errorf("upstream request: %s", d)
		}
		for _, h := range x.upstream.Headers {
			if strings.HasPrefix(h.Name, "x-postern-") || strings.HasPrefix(h.Name, "cf-aig-") {
				t.Errorf("header %s reached the provider", h.Name)
			}
		}
	}
}
