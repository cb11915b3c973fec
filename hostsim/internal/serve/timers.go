package serve

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/postern-gateway/postern/hostsim"
)

// timers bound how long an exchange may take.
type timers struct {
	idle    *time.Timer  // since anything happened
	request *time.Timer  // until the request is whole
	limit   atomic.Int64 // of idle, as the route says
}

// startTimers is called before anything happens in the stream.
func (ex *exchange) startTimers() {
	m := &ex.listener.config.HCM
	ex.timers.limit.Store(int64(m.StreamIdle))
	ex.timers.idle = time.AfterFunc(time.Hour, func() {
		status := http.StatusGatewayTimeout
		if !ex.isWhole() {
			status = http.StatusRequestTimeout
		}
		ex.expire("SI", hostsim.Reply{Status: status, Body: "stream timeout", Details: "stream_idle_timeout"})
	})
	ex.touch()
	if m.RequestTimeout > 0 {
		ex.timers.request = time.AfterFunc(m.RequestTimeout, func() {
			ex.expire("", hostsim.Reply{Status: http.StatusRequestTimeout, Body: "request timeout", Details: "request_overall_timeout"})
		})
	}
}

// touch says that something has happened.
func (ex *exchange) touch() {
	if d := time.Duration(ex.timers.limit.Load()); d > 0 {
		ex.timers.idle.Reset(d)
	} else {
		ex.timers.idle.Stop()
	}
}

// endRequest stops the bound on it.
func (t *timers) endRequest() {
	if t.request != nil {
		t.request.Stop()
	}
}

func (ex *exchange) stopTimers() {
	ex.timers.idle.Stop()
	ex.timers.endRequest()
}

// expire answers a stream that took too long, or cuts it.
func (ex *exchange) expire(flag string, reply hostsim.Reply) {
	if flag != "" {
		ex.setFlag(flag)
	}
	ex.step(func() error { return ex.stream.Reply(reply) })
}
