package hostsim_test

import (
	"runtime"
	"sync"
	"testing"

	"github.com/postern-gateway/postern/hostsim"
)

// ended is a client that says when its response is over.
type ended struct {
	mu   sync.Mutex
	body []byte
	done chan struct{}
}

func (e *ended) Headers(_ *hostsim.Headers, end bool) { e.end(end) }

func (e *ended) Data(p []byte, end bool) {
	e.mu.Lock()
	e.body = append(e.body, p...)
	e.mu.Unlock()
	e.end(end)
}

func (e *ended) Trailers(*hostsim.Headers) { e.end(true) }
func (e *ended) Reset(string)              { e.end(true) }

func (e *ended) end(end bool) {
	if end {
		close(e.done)
	}
}

// On the machine's clock many streams run at once on several workers, and
// callouts and ticks come by themselves.
func TestRealTime(t *testing.T) {
	t.Parallel()
	h := start(t, "on configure\nquiet\nset_tick_period_milliseconds 1\ndefine_metric 0 ticks > m\non tick\nincrement_metric $m 1\n"+
		"on request_headers\nhttp_call svc 5000 \"\" "+ask+"\non http_call_response\nget_status",
		func(c *hostsim.Config) {
			c.RealTime, c.Workers = true, 2
			c.Clusters = map[string]hostsim.Handler{"svc": func(hostsim.Request) hostsim.Response { return hostsim.Respond(200, "") }}
		})
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			client := &ended{done: make(chan struct{})}
			s := h.NewStream(hostsim.StreamOptions{Worker: -1, Client: client})
			if err := s.RequestHeaders(hostsim.Get("/").Headers, true); err != nil {
				t.Error(err)
			}
			<-client.done
			client.mu.Lock()
			defer client.mu.Unlock()
			if string(client.body) != "hello" {
				t.Errorf("body: got %q, want hello", client.body)
			}
		})
	}
	wg.Wait()
	for {
		if m, _ := h.Metric(hostsim.Counter, "ticks"); m.Value > 0 {
			return // a tick that never comes is the test binary's timeout
		}
		runtime.Gosched()
	}
}
