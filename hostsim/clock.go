package hostsim

import (
	"container/heap"
	"sync"
	"time"
)

// clock is the process's time: the test's own, or the machine's.
type clock struct {
	real  bool
	mu    sync.Mutex
	start time.Time
	at    time.Time // of the test's clock
	seq   uint64
	queue timerQueue
}

// A timer is something due at a time.
type timer struct {
	at    time.Time
	seq   uint64
	index int // in the queue; -1 when not in it
	fire  func()
	wall  *time.Timer // on the machine's clock
}

func (c *clock) now() time.Time {
	if c.real {
		return time.Now()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// after arranges for fire. On the machine's clock it runs in a goroutine of its own.
func (c *clock) after(d time.Duration, fire func()) *timer {
	t := &timer{fire: fire, index: -1}
	if c.real {
		t.wall = time.AfterFunc(d, fire)
		return t
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	t.at, t.seq = c.at.Add(max(d, 0)), c.seq
	c.seq++
	heap.Push(&c.queue, t)
	return t
}

func (c *clock) stop(t *timer) {
	if t == nil {
		return
	}
	if c.real {
		t.wall.Stop()
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.index >= 0 {
		heap.Remove(&c.queue, t.index)
	}
}

// next moves the test's clock to the next timer, at most to limit, and returns it.
func (c *clock) next(limit time.Time) *timer {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) == 0 || c.queue[0].at.After(limit) {
		return nil
	}
	t := heap.Pop(&c.queue).(*timer)
	if t.at.After(c.at) {
		c.at = t.at
	}
	return t
}

func (c *clock) set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at.After(c.at) {
		c.at = at
	}
}

type timerQueue []*timer

func (q timerQueue) Len() int { return len(q) }

func (q timerQueue) Less(i, j int) bool {
	if !q[i].at.Equal(q[j].at) {
		return q[i].at.Before(q[j].at)
	}
	return q[i].seq < q[j].seq
}

func (q timerQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}

func (q *timerQueue) Push(x any) {
	t := x.(*timer)
	t.index = len(*q)
	*q = append(*q, t)
}

func (q *timerQueue) Pop() any {
	t := (*q)[len(*q)-1]
	t.index = -1
	*q = (*q)[:len(*q)-1]
	return t
}

// Now is the host's time.
func (h *Host) Now() time.Time { return h.clock.now() }

// Advance moves the test's clock and runs what falls due on the way: ticks,
// delayed answers, timeouts. It returns the traps that this led to.
func (h *Host) Advance(d time.Duration) error {
	limit := h.clock.now().Add(d)
	for {
		t := h.clock.next(limit)
		if t == nil {
			break
		}
		t.fire()
		h.settle()
	}
	h.clock.set(limit)
	return h.takeTraps()
}

// A ticker calls proxy_on_tick of one root context.
type ticker struct {
	v      *vm
	root   *vmContext
	period time.Duration
	timer  *timer
}

// setTimer sets the tick period of a root context; 0 stops it.
func (v *vm) setTimer(root *vmContext, millis uint64) {
	t := v.timers[root.id]
	if t == nil {
		t = &ticker{v: v, root: root}
		v.timers[root.id] = t
	}
	t.stop()
	t.period = time.Duration(millis) * time.Millisecond
	t.arm()
}

func (t *ticker) stop() {
	t.v.host.clock.stop(t.timer)
	t.timer = nil
}

func (t *ticker) arm() {
	if t.period <= 0 || t.v.closed {
		return
	}
	w := t.v.worker
	var armed *timer
	armed = t.v.host.clock.after(t.period, func() {
		w.post(func() {
			if t.timer != armed || t.v.closed {
				return
			}
			t.root.onTick()
			if t.timer == armed { // the callback has not set another period
				t.arm()
			}
		})
	})
	t.timer = armed
}
