package differential

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/postern-gateway/postern/e2e/envoy"
	"github.com/postern-gateway/postern/hostsim"
	"github.com/postern-gateway/postern/hostsim/differential/internal/frames"
)

// pingLimit is how long Envoy may take to deal with what was sent.
const pingLimit = 20 * time.Second

// real is a process in Envoy, with the test as its clients and upstreams.
type real struct {
	envoy   *envoy.Process
	process *process
	at      addresses
	sockets string // folder of the listeners
	servers []net.Listener
	barrier []*frames.Conn // one to each worker, without plugins
	log     *logReader

	mu        sync.Mutex
	upstreams []*frames.Conn
	current   *realRun
}

func newReal(p *process, binary, dir string, modules func(string) (string, error)) (*real, error) {
	w := &real{process: p, at: addresses{listeners: map[string]string{}, accessLog: filepath.Join(dir, "access.log")}}
	var err error
	if w.sockets, err = os.MkdirTemp("", "hostsim"); err != nil { // the test's own folders have names too long for a socket
		return nil, err
	}
	if w.at.up, err = w.serve(w.upstream); err != nil {
		return w, err
	}
	if w.at.svc, err = w.serve(w.service); err != nil {
		return w, err
	}
	for i, name := range append([]string{""}, names(p.scenarios)...) {
		w.at.listeners[name] = filepath.Join(w.sockets, strconv.Itoa(i))
	}
	config, err := bootstrap(p, w.at, modules)
	if err != nil {
		return w, err
	}
	w.envoy, err = envoy.Start(envoy.Options{Binary: binary, Dir: dir, Bootstrap: config, Concurrency: p.workers,
		Arguments: []string{"--log-format", logFormat}})
	if err != nil {
		return w, err
	}
	w.log = &logReader{file: filepath.Join(dir, "envoy.log"), owners: owners(p), lines: map[string][]logLine{}}
	for range p.workers {
		if err := w.warm(); err != nil {
			return w, err
		}
	}
	return w, nil
}

// warm connects to the next worker, and has it connect to the callouts' server: what a
// plugin sends and cancels in one callback is on the wire if there is a connection, and
// is not if there is none.
func (w *real) warm() error {
	answered := make(chan struct{}, 1)
	c, err := frames.Dial(w.at.listeners[""], func(e frames.Event) {
		if e.Kind == frames.Headers {
			answered <- struct{}{}
		}
	})
	if err != nil {
		return err
	}
	w.barrier = append(w.barrier, c)
	if err := c.Headers(c.NewStream(), wire(requestLine(1, nil)), true); err != nil {
		return err
	}
	select {
	case <-answered:
		return c.Ping(pingLimit)
	case <-time.After(pingLimit):
		return fmt.Errorf("connect to the callouts' server: no answer within %v", pingLimit)
	}
}

func names(scenarios []*scenario) []string {
	var all []string
	for _, s := range scenarios {
		all = append(all, s.name)
	}
	return all
}

// owners are the scenarios of root ids.
func owners(p *process) map[string]string {
	out := map[string]string{}
	for _, s := range p.scenarios {
		for _, one := range s.plugins {
			out[one.rootID] = s.name
		}
	}
	return out
}

func (w *real) close() {
	for _, c := range w.barrier {
		c.Close()
	}
	if w.envoy != nil {
		w.envoy.Stop()
	}
	for _, l := range w.servers {
		l.Close()
	}
	os.RemoveAll(w.sockets)
}

// serve listens for Envoy's connections to one cluster.
func (w *real) serve(events func(*frames.Conn, frames.Event)) (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	w.servers = append(w.servers, l)
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go w.accept(nc, events)
		}
	}()
	return l.Addr().String(), nil
}

func (w *real) accept(nc net.Conn, events func(*frames.Conn, frames.Event)) {
	var c *frames.Conn
	ready := make(chan struct{})
	c, err := frames.Accept(nc, func(e frames.Event) {
		<-ready
		events(c, e)
	})
	if err != nil {
		nc.Close()
		close(ready)
		return
	}
	w.mu.Lock()
	w.upstreams = append(w.upstreams, c)
	w.mu.Unlock()
	close(ready)
}

// upstream notes what comes for the cluster of proxied requests.
func (w *real) upstream(c *frames.Conn, e frames.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if e.Kind == frames.Closed {
		w.forget(c)
		return
	}
	if w.current == nil {
		return
	}
	key := peerStream{c, e.Stream}
	if e.Kind == frames.Headers {
		w.current.arrived(key, e)
	}
	if h := w.current.halves[key]; h != nil && e.Kind != frames.Headers {
		h.take(e)
	}
}

// service notes callouts.
func (w *real) service(c *frames.Conn, e frames.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if e.Kind == frames.Closed {
		w.forget(c)
		return
	}
	r := w.current
	if r == nil {
		if e.Kind == frames.Headers {
			c.Headers(e.Stream, []frames.Field{{Name: ":status", Value: "200"}}, true) //nolint:errcheck // warm misses its answer
		}
		return
	}
	key := peerStream{c, e.Stream}
	if e.Kind == frames.Headers {
		h := &half{}
		r.callouts = append(r.callouts, calloutStream{key: key, half: h})
		r.halves[key] = h
	}
	if h := r.halves[key]; h != nil {
		h.take(e)
	}
}

func (w *real) forget(c *frames.Conn) {
	for i, one := range w.upstreams {
		if one == c {
			w.upstreams = append(w.upstreams[:i], w.upstreams[i+1:]...)
			return
		}
	}
}

// take notes one frame.
func (h *half) take(e frames.Event) {
	var fields hostsim.Headers
	for _, f := range e.Fields {
		fields = append(fields, hostsim.Header{Name: f.Name, Value: f.Value})
	}
	switch e.Kind {
	case frames.Headers:
		h.headers("headers", fields, e.End)
	case frames.Data:
		h.data(e.Data, e.End)
	case frames.Trailers:
		h.headers("trailers", fields, true)
	default:
		h.reset()
	}
}

// settle waits until Envoy has dealt with what was sent to it, by whomever.
func (w *real) settle(acted *frames.Conn) error {
	for range 2 {
		w.mu.Lock()
		conns := append([]*frames.Conn{}, w.upstreams...)
		w.mu.Unlock()
		conns = append(conns, w.barrier...)
		if acted != nil {
			conns = append([]*frames.Conn{acted}, conns...)
		}
		for _, c := range conns {
			if err := c.Ping(pingLimit); err != nil && !errors.Is(err, net.ErrClosed) {
				var op *net.OpError
				if !errors.As(err, &op) {
					return err
				}
			}
		}
	}
	return nil
}

// crash is the end of Envoy's log if it has died.
func (w *real) crash() string {
	if syscall.Kill(w.envoy.PID(), 0) == nil {
		return ""
	}
	return "\nEnvoy is no more; its log ends in\n" + w.envoy.LogTail()
}

// crashed says whether Envoy has logged a signal that it did not survive.
func (w *real) crashed() bool {
	return strings.Contains(w.envoy.Log(), "\x1fcritical\x1fCaught ")
}

// accessLog is a scenario's lines so far.
func (w *real) accessLog(name string) []string {
	b, err := os.ReadFile(w.at.accessLog)
	if err != nil {
		return []string{err.Error()}
	}
	var lines []string
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), name+" "); ok {
			lines = append(lines, rest)
		}
	}
	slices.Sort(lines)
	return lines
}
