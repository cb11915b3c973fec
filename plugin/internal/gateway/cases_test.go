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
		called := 0
		x := p.stream()
		x.request(e.Request, len(e.Request.Body)/2)
		checkCallouts(t, p, e.Callouts, &called)
		checkUpstream(t, e, x)
		if !x.answered && e.UpstreamResponse != nil {
			p.details = "via_upstream"
			if cut > 0 {
				x.respond(*e.UpstreamResponse, cut)
			} else {
				x.respond(*e.UpstreamResponse)
			}
		}
		checkCallouts(t, p, e.Callouts, &called)
		if called < len(e.Callouts) {
			t.Errorf("exchange %d: got %d callouts, want %d", i+1, called, len(e.Callouts))
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

// checkCallouts answers the callouts under way, which are those wanted from n on. What
// could not be sent the gateway is told at a tick.
func checkCallouts(t *testing.T, p *proxy, want []cases.Callout, n *int) {
	t.Helper()
	for ; len(p.calls) > 0; *n++ {
		if *n == len(want) {
			t.Fatalf("got a callout more than are wanted: %s", calloutMessage(p.calls[0]))
		}
		for _, d := range want[*n].Request.Compare(calloutMessage(p.calls[0])) {
			t.Errorf("callout %d: %s", *n+1, d)
		}
		answer := want[*n].Response
		if answer == nil {
			answer = &cases.Message{First: "503"}
		}
		p.answer(answer)
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
