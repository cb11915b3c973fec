package differential

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/postern-gateway/postern/hostsim"
	"github.com/postern-gateway/postern/hostsim/differential/internal/frames"
)

// A peerStream is a stream on a connection.
type peerStream struct {
	conn *frames.Conn
	id   uint32
}

// A realRun is a scenario that runs in Envoy.
type realRun struct {
	w        *real
	s        *scenario
	clients  map[int]*realClient
	attempts map[int][]peerStream
	callouts []calloutStream
	halves   map[peerStream]*half // of upstreams
}

type realClient struct {
	conn *frames.Conn
	id   uint32
	half half
}

type calloutStream struct {
	key      peerStream
	half     *half
	answered bool
}

func (w *real) begin(s *scenario) *realRun {
	r := &realRun{w: w, s: s, clients: map[int]*realClient{}, attempts: map[int][]peerStream{}, halves: map[peerStream]*half{}}
	w.mu.Lock()
	w.current = r
	w.mu.Unlock()
	return r
}

// arrived notes a request: whose it is, is in its path, unless a plugin has changed it.
func (r *realRun) arrived(key peerStream, e frames.Event) {
	stream := 1
	for _, f := range e.Fields {
		if f.Name == ":path" {
			if n, err := strconv.Atoi(strings.TrimPrefix(f.Value, "/")); err == nil {
				stream = n
			}
		}
	}
	r.attempts[stream] = append(r.attempts[stream], key)
	h := &half{}
	h.take(e)
	r.halves[key] = h
}

// do plays a step and waits until Envoy has dealt with it.
func (r *realRun) do(st step) error {
	switch st.who {
	case "sleep":
		d, err := time.ParseDuration(st.words[0])
		if err != nil {
			return err
		}
		time.Sleep(d)
		return r.w.settle(nil)
	case "await":
		return r.await(st.words[0])
	case "grpc":
		return r.grpc(st)
	case "callout":
		return r.answer(st)
	}
	list, err := st.frames()
	if err != nil {
		return err
	}
	conn, id, err := r.stream(st, list[0])
	if err != nil || conn == nil { // no request has come upstream: nothing can be answered
		return err
	}
	for _, f := range list {
		if err := send(conn, id, f); err != nil && !closed(err) {
			return err
		}
	}
	return r.w.settle(conn)
}

func closed(err error) bool {
	return errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)
}

// stream is the connection and the stream that a step is about.
func (r *realRun) stream(st step, first frame) (*frames.Conn, uint32, error) {
	if st.who == "upstream" {
		r.w.mu.Lock()
		defer r.w.mu.Unlock()
		n := len(r.attempts[st.stream])
		if n == 0 {
			return nil, 0, nil
		}
		key := r.attempts[st.stream][n-1]
		return key.conn, key.id, nil
	}
	c := r.clients[st.stream]
	if c == nil {
		if first.kind != "headers" {
			return nil, 0, fmt.Errorf("step %q: want headers first", st.text)
		}
		c = &realClient{}
		var err error
		c.conn, err = frames.Dial(r.w.at.listeners[r.s.name], func(e frames.Event) {
			r.w.mu.Lock()
			defer r.w.mu.Unlock()
			if e.Kind != frames.Closed {
				c.half.take(e)
			}
		})
		if err != nil {
			return nil, 0, err
		}
		c.id = c.conn.NewStream()
		r.w.mu.Lock()
		r.clients[st.stream] = c
		r.w.mu.Unlock()
	}
	return c.conn, c.id, nil
}

func send(c *frames.Conn, id uint32, f frame) error {
	switch f.kind {
	case "headers", "trailers":
		return c.Headers(id, wire(f.fields), f.end)
	case "data":
		return c.Data(id, f.data, f.end)
	case "reset":
		const cancel = 8
		return c.Reset(id, cancel)
	}
	return c.Close()
}

func wire(h hostsim.Headers) []frames.Field {
	var out []frames.Field
	for _, f := range h {
		out = append(out, frames.Field{Name: f.Name, Value: f.Value})
	}
	return out
}

// answer answers the oldest callout that has no answer.
func (r *realRun) answer(st step) error {
	var key peerStream
	r.w.mu.Lock()
	for i := range r.callouts {
		if c := &r.callouts[i]; !c.answered && c.half.over {
			c.answered, key = true, c.key
			break
		}
	}
	r.w.mu.Unlock()
	if key.conn == nil {
		return nil // none is open
	}
	var err error
	f, c := st.answer(), key.conn
	if f.kind == "reset" {
		if f.status != "" {
			err = c.Headers(key.id, []frames.Field{{Name: ":status", Value: f.status}}, false)
			if err == nil {
				err = r.w.settle(c)
			}
		}
		if err == nil {
			err = send(c, key.id, frame{kind: "reset"})
		}
	} else {
		err = c.Headers(key.id, wire(f.fields), len(f.data) == 0 && f.trailers == nil)
		if err == nil && len(f.data) > 0 {
			err = c.Data(key.id, f.data, f.trailers == nil)
		}
		if err == nil && f.trailers != nil {
			err = c.Headers(key.id, wire(f.trailers), true)
		}
	}
	if err != nil {
		return err
	}
	return r.w.settle(c)
}

// await waits until the scenario has logged a text.
func (r *realRun) await(text string) error {
	deadline := time.Now().Add(10 * time.Second)
	for time.Now().Before(deadline) {
		for group, lines := range r.seen(false) {
			for _, l := range lines {
				if strings.HasPrefix(group, "log ") && strings.Contains(l, text) {
					return r.w.settle(nil)
				}
			}
		}
		time.Sleep(2 * time.Millisecond)
	}
	return fmt.Errorf("await %q: it was not logged", text)
}

// end is the clients going away, one after another.
func (r *realRun) end() error {
	for _, n := range slices.Sorted(maps.Keys(r.clients)) {
		r.clients[n].conn.Close()
		if err := r.w.settle(nil); err != nil {
			return err
		}
	}
	return nil
}

// seen is the transcript so far.
func (r *realRun) seen(last bool) transcript {
	t := transcript{}
	r.w.mu.Lock()
	for n, c := range r.clients {
		t["client "+strconv.Itoa(n)] = c.half.seen()
	}
	for n, attempts := range r.attempts {
		for i, a := range attempts {
			t[fmt.Sprintf("upstream %d attempt %d", n, i+1)] = r.halves[a].seen()
		}
	}
	for i, c := range r.callouts {
		t["callout "+strconv.Itoa(i+1)] = c.half.seen()
	}
	r.w.mu.Unlock()
	if err := r.w.log.read(); err != nil {
		t["log"] = []string{err.Error()}
	}
	main := strconv.Itoa(r.w.envoy.PID())
	for who, lines := range byWorker(r.w.log.lines[r.s.name], func(thread string) bool { return thread == main }) {
		if last || who != "main thread" {
			t["log "+who] = normalLog(lines)
		}
	}
	t.prune()
	return t
}
