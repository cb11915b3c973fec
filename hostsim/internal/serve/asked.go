package serve

import (
	"strconv"
	"strings"
	"time"

	"github.com/postern-gateway/postern/hostsim"
	"github.com/postern-gateway/postern/hostsim/internal/bootstrap"
)

// askedRetry is the retry policy that a request's headers make of its route's, and askedTimeout
// the same of its timeout, as Envoy's router reads and removes them:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter.
func askedRetry(p *bootstrap.Retry, timeout time.Duration, h *hostsim.Headers) *bootstrap.Retry {
	perTry, ok := takenNumber(h, "x-envoy-upstream-rq-per-try-timeout-ms")
	if _, asks := h.Lookup("x-envoy-retry-on"); p == nil && !asks && !ok {
		return nil
	}
	asked := bootstrap.Retry{Retries: 1, Base: 25 * time.Millisecond, Max: 250 * time.Millisecond}
	if p != nil {
		asked = *p
	}
	asked.On = append(asked.On[:len(asked.On):len(asked.On)], taken(h, "x-envoy-retry-on")...)
	for _, name := range taken(h, "x-envoy-retriable-header-names") {
		asked.Headers = append(asked.Headers[:len(asked.Headers):len(asked.Headers)], bootstrap.HeaderMatch{Name: name, Present: true})
	}
	for _, code := range taken(h, "x-envoy-retriable-status-codes") {
		if n, err := strconv.Atoi(code); err == nil {
			asked.Codes = append(asked.Codes[:len(asked.Codes):len(asked.Codes)], n)
		}
	}
	if n, ok := takenNumber(h, "x-envoy-max-retries"); ok {
		asked.Retries = n
	}
	if ok {
		asked.PerTry = time.Duration(perTry) * time.Millisecond
	}
	if timeout > 0 && asked.PerTry >= timeout {
		asked.PerTry = 0
	}
	return &asked
}

func askedTimeout(timeout time.Duration, h *hostsim.Headers) time.Duration {
	if n, ok := takenNumber(h, "x-envoy-upstream-rq-timeout-ms"); ok {
		return time.Duration(n) * time.Millisecond
	}
	return timeout
}

// taken are the values of a header that has a list, which is removed.
func taken(h *hostsim.Headers, name string) (values []string) {
	for v := range strings.SplitSeq(h.Get(name), ",") {
		if v = strings.TrimSpace(v); v != "" {
			values = append(values, v)
		}
	}
	h.Del(name)
	return values
}

func takenNumber(h *hostsim.Headers, name string) (n int, ok bool) {
	n, err := strconv.Atoi(h.Get(name))
	h.Del(name)
	return n, err == nil && n >= 0
}
