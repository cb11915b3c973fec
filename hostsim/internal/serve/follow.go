package serve

import (
	"time"

	"github.com/postern-gateway/postern/hostsim"
	"github.com/postern-gateway/postern/hostsim/internal/bootstrap"
)

// follow is a route's internal redirects.
func (ex *exchange) follow(f *bootstrap.Follow) *hostsim.Redirects {
	if f == nil {
		return nil
	}
	return &hostsim.Redirects{Codes: f.Codes, Most: f.Most, CrossScheme: f.CrossScheme, Copy: f.Copy, Routed: func(h hostsim.Headers) bool {
		_, r := ex.listener.routes.find(h)
		return r != nil && h.Get("x-forwarded-proto") != "" // so is Envoy's route table
	}}
}

// redirected is told when the request begins again, while the worker is held: what has
// been so far is logged, and over.
func (ex *exchange) redirected(m hostsim.Summary) {
	ex.cluster.metrics.redirects.Add(1)
	ex.summary, ex.status = m, m.Status
	ex.log()
	ex.listener.metrics.requests.Add(1)
	ex.start, ex.timing, ex.tried, ex.retry, ex.cluster, ex.sent = time.Now(), timing{requestEnd: time.Now()}, nil, nil, nil, 0
	ex.mu.Lock()
	ex.flags = nil
	ex.mu.Unlock()
	ex.timers.limit.Store(int64(ex.listener.config.HCM.StreamIdle))
}

// log writes the access log's lines, and counts.
func (ex *exchange) log() {
	count(&ex.listener.metrics.byClass, ex.status)
	for _, log := range ex.listener.logs {
		if log.filter != nil && !log.filter(ex) {
			continue
		}
		log.file.add(func(b []byte) []byte { return log.format.Append(b, ex) })
	}
}
