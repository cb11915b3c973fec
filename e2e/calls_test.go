package e2e

import (
	"io"
	"net/http"
	"strconv"
	"sync"
	"testing"

	"github.com/postern-gateway/postern/hostsim"
	"github.com/postern-gateway/postern/plugin/cases"
)

// calls answers the callouts of one case, in their order.
type calls struct {
	want []cases.Callout
	mu   sync.Mutex
	got  []*cases.Message
}

// next notes a callout and finds its answer; nil breaks the connection.
func (c *calls) next(m *cases.Message) *cases.Message {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(c.got)
	c.got = append(c.got, m)
	if n >= len(c.want) {
		return nil
	}
	return c.want[n].Response
}

func (c *calls) answer(r hostsim.Request) hostsim.Response {
	m := c.next(fromHostsim(r))
	if m == nil {
		return hostsim.Response{Reset: "connection termination"}
	}
	return toHostsim(*m)
}

func (c *calls) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	m := c.next(fromHTTP(r.Method+" "+r.URL.RequestURI(), r.Host, r.Header, body))
	if m == nil {
		panic(http.ErrAbortHandler)
	}
	for _, h := range m.Headers {
		w.Header().Set(h.Name, h.Value)
	}
	status, _ := strconv.Atoi(m.First)
	w.WriteHeader(status)
	w.Write(m.Body)
}

// check compares the callouts with those that the case wants.
func (c *calls) check(t *testing.T) {
	t.Helper()
	eventually(t, "there are as many callouts as are wanted", func() bool { // some nobody waits for
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.got) >= len(c.want)
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.got) != len(c.want) {
		t.Errorf("got %d callouts, want %d", len(c.got), len(c.want))
		return
	}
	for i, got := range c.got {
		for _, d := range c.want[i].Request.Compare(*got) {
			t.Errorf("callout %d: %s", i+1, d)
		}
	}
}
