package cache

import (
	"math/bits"
	"time"
)

// A breaker keeps requests from waiting for somebody who does not answer. It is open at
// first: nobody is asked before a probe, which no request waits for, has been answered.
type breaker struct {
	closed  bool
	probing bool
	recent  uint16 // outcomes, the last one lowest; 1 is a failure
	next    int64  // no probe before
	wait    time.Duration
}

const (
	// mostFailures of the last 16 questions may fail.
	mostFailures = 4
	leastWait    = time.Second
	mostWait     = 30 * time.Second
)

// note takes an outcome, and reports whether it opens the breaker.
func (b *breaker) note(failed bool, now int64) (opens bool) {
	b.recent <<= 1
	if failed {
		b.recent |= 1
	}
	if !b.closed || bits.OnesCount16(b.recent) <= mostFailures {
		return false
	}
	b.closed, b.wait, b.next = false, leastWait, now+int64(leastWait)
	return true
}

// due reports whether a probe is, which then is under way.
func (b *breaker) due(now int64) bool {
	if b.closed || b.probing || now < b.next {
		return false
	}
	b.probing = true
	return true
}

// probed takes the outcome of a probe.
func (b *breaker) probed(failed bool, now int64) {
	b.probing = false
	if !failed {
		*b = breaker{closed: true}
		return
	}
	b.wait = min(max(2*b.wait, leastWait), mostWait)
	b.next = now + int64(b.wait)
}
