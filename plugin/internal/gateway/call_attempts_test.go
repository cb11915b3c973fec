package gateway_test

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/plugin/cases"
	"github.com/postern-gateway/postern/plugin/internal/gateway"
)

// handedOver reports whether the proxy has got an id and is to make attempts.
func (x *call) handedOver() bool { return len(x.upstream.Body) == 34 && x.upstream.Body[0] == '"' }

// try is the next that a proxy does with a request that was handed over, until an answer has
// passed.
func (x *call) try(n int) {
	switch a := x.attempt; {
	case a == nil && n < 4: // it knows nobody to ask
		x.local("no_healthy_upstream")
	case a == nil:
		x.attemptAt([]string{"a", "b"}[n%2])
	case a.answered: // by the gateway, in the provider's place
		x.pass(0)
	case x.opened: // a stream has begun with nothing yet
		x.firstEvent(n)
	case n < 6:
		x.drop("upstream_reset_before_response_started")
	case n < 11:
		x.member.crowd.failed++
		a.respond(failedAnswer)
		x.judged(0)
	case x.streams:
		x.opened = a.begin([]adapters.Header{{Name: ":status", Value: "200"}, {Name: "content-type", Value: "text/event-stream"}}, false)
	default:
		words := x.member.crowd.random.IntN(x.most + 1)
		a.respond(x.answer(words), 20)
		x.judged(words)
	}
}

// attemptAt makes an attempt at an endpoint of a provider's, which is of matter only where the
// proxy chooses it.
func (x *call) attemptAt(provider string) {
	m := x.member
	m.picked = provider
	a := &exchange{p: m.proxy, told: map[string]string{}}
	a.gw = m.attempts.NewAttempt(a)
	x.attempt = a
	x.tries++
	m.crowd.attempts++
	a.send(x.head, cases.Message{Body: x.upstream.Body})
	x.head = a.head
	if a.upstream != nil {
		x.most = x.wanted
		x.bound(a.upstream.Body)
	}
	if before := x.given; before != nil { // the proxy says it only now
		before.done()
		x.given = nil
	}
}

// mayRetry reports whether the proxy was told to make more attempts.
func (x *call) mayRetry() bool {
	most, _ := strconv.Atoi(headerOf(x.head, "x-envoy-max-retries"))
	return x.tries <= most
}

func headerOf(h []adapters.Header, name string) string {
	for _, x := range h {
		if x.Name == name {
			return x.Value
		}
	}
	return ""
}

// drop ends an attempt that has no answer, or not enough of one.
func (x *call) drop(details string) {
	x.opened = false
	if x.mayRetry() {
		x.retry()
		return
	}
	x.attempt.done()
	x.attempt = nil
	x.local(details)
}

// retry has another attempt follow, which may begin before the proxy has said what became of
// the one before.
func (x *call) retry() {
	c := x.member.crowd
	c.retries++
	x.again = true
	x.given, x.attempt = x.attempt, nil
	if c.random.IntN(2) == 0 {
		x.given.done()
		x.given = nil
	}
}

// judged goes on with what an attempt has made of its answer, of which so many words are known.
func (x *call) judged(words int) {
	a := x.attempt
	x.opened = false
	switch {
	case a.response.Get("x-postern-retry") != "" && x.mayRetry():
		x.retry()
	case a.response.First == "307" && x.member.crowd.random.IntN(6) > 0:
		x.beginAgain()
	default:
		x.pass(words)
	}
}

// pass gives the gateway the answer of an attempt, which is whole.
func (x *call) pass(words int) {
	a := x.attempt
	good := a.response.First == "200"
	if x.said = good && !x.streams; x.said {
		x.member.crowd.whole++
	}
	x.idle = !good
	x.respond(a.response, 20)
	x.idle = false
	if good || !x.answered && !x.waits {
		x.finish(words, x.said || !good)
	}
}

// local is the proxy's own answer.
func (x *call) local(details string) {
	m := x.member
	m.crowd.locals++
	m.details = details
	x.idle = true
	x.respond(cases.Message{First: "503", Headers: []cases.Header{{Name: "content-type", Value: "text/plain"}}, Body: []byte("upstream connect error")})
	x.idle = false
	m.details = "via_upstream"
	if !x.answered && !x.waits {
		x.finish(0, true)
	}
}

// beginAgain is a redirect: the request ends, and begins again. A client may leave in between.
func (x *call) beginAgain() { x.beginAgainFor(10) }

// beginAgainFor has all clients but one of so many wait; 1: all do.
func (x *call) beginAgainFor(n int) {
	m := x.member
	m.crowd.redirects++
	where := x.attempt.response.Get("location")
	x.exchange.done()
	x.attempt.done()
	x.attempt = nil
	if x.record != nil {
		m.t.Errorf("got the record %s of a request that goes on", x.record)
	}
	path, ok := strings.CutPrefix(where, "https://gateway.test")
	if !ok {
		m.t.Errorf("got a redirect to %q", where)
	}
	if n > 1 && m.crowd.random.IntN(n) == 0 {
		m.crowd.abandoned++
		x.ended, x.shut = true, true
		m.tick()
		x.charge(gateway.Used{}) // what it has tried has failed, and counts for nothing
		return
	}
	y := m.stream()
	y.gw = m.worker.NewStream(y)
	head := edited(x.head, []adapters.Header{{Name: ":path", Value: path}, {Name: "x-envoy-original-url", Value: "https://gateway.test/"}})
	body := x.upstream.Body
	y.send(head, cases.Message{Body: body})
	x.exchange, x.again = y, true
	x.tries = 0
	if !x.answered && (x.upstream == nil || !bytes.Equal(x.upstream.Body, body)) {
		m.t.Errorf("got %s after a redirect, want the id", x.upstream)
	}
}

// firstEvent is the first of a stream's, which tells whether it is one.
func (x *call) firstEvent(n int) {
	a, c := x.attempt, x.member.crowd
	switch {
	case n < 5:
		x.drop("upstream_reset_before_response_started")
	case n < 8: // it ends, with no content
		a.chunk(nil, true)
		x.judged(0)
	case n < 10:
		a.chunk([]byte(`data: {"error":{"message":"overloaded","type":"server_error"}}`+"\n\n"), false)
		x.judged(0)
	default:
		x.opened = false
		c.streams++
		event := x.event(min(x.most, 1+c.random.IntN(mostWords)))
		a.chunk(event, false)
		h := []adapters.Header{{Name: ":status", Value: a.response.First}}
		for _, s := range a.response.Headers {
			h = append(h, adapters.Header(s))
		}
		if got := string(a.response.Body); got != string(event) {
			x.member.t.Errorf("an attempt lets %q pass, want %q", got, event)
		}
		x.begun = x.exchange.begin(h, false)
		x.chunk(event, false)
	}
}
