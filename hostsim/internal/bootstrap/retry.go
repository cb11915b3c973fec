package bootstrap

import "time"

// A Retry is a retry policy.
type Retry struct {
	On            []string
	Retries       int
	PerTry        time.Duration
	Codes         []int
	Headers       []HeaderMatch
	Base, Max     time.Duration // of the back-off
	OtherHost     bool          // not one that was tried
	OtherPriority bool
}

// retryWords are the conditions of retry_on that are served.
func retryWords() []string {
	return []string{"5xx", "gateway-error", "reset", "reset-before-request", "connect-failure", "refused-stream",
		"retriable-4xx", "retriable-status-codes", "retriable-headers", "envoy-ratelimited",
		"cancelled", "deadline-exceeded", "internal", "resource-exhausted", "unavailable"}
}

func readRetry(o *object) *Retry {
	p := &Retry{On: splitList(o.str("retry_on", "")), Retries: o.integer("num_retries", 1, 0, 1000),
		PerTry: o.duration("per_try_timeout", 0)}
	for _, w := range p.On {
		if !contains(retryWords(), w) {
			o.failAt("retry_on", "%q is not supported", w)
		}
	}
	for _, n := range o.items("retriable_status_codes") {
		p.Codes = append(p.Codes, int(o.number(n, "retriable_status_codes")))
	}
	p.Headers = readHeaderMatches(o, "retriable_headers")
	p.Base = 25 * time.Millisecond
	if b, ok := o.child("retry_back_off"); ok {
		p.Base = b.duration("base_interval", p.Base)
		p.Max = b.duration("max_interval", 10*p.Base)
		b.done()
	} else {
		p.Max = 10 * p.Base
	}
	if r, ok := o.child("retry_priority"); ok {
		r.required("name")
		if c, ok := r.typed("typed_config", "envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig"); ok {
			c.ignore("priorities are worked out anew each time", "update_frequency")
			c.done()
			p.OtherPriority = true
		}
		r.done()
	}
	o.list("retry_host_predicate", func(h *object) {
		h.required("name")
		if c, ok := h.typed("typed_config", "envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"); ok {
			c.done()
			p.OtherHost = true
		}
		h.done()
	})
	o.ignore("other hosts are tried in turn", "host_selection_retry_max_attempts")
	o.done()
	return p
}
