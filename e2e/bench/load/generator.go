//go:build linux

// Package load sends one HTTP/1.1 request again and again over a fixed number of
// kept-alive connections and measures the answers.
//
// It is one thread on one epoll instance, because it shares its core with the
// upstream: what it saves is what the gateway can be asked to do. In a closed
// loop each connection asks again when it was answered; at a fixed rate requests
// fall due on a clock, and latency counts from the moment a request was due, so
// that a stall is charged to every request that it delays.
package load

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// A Job is one run of a Generator.
type Job struct {
	Conns    int           // connections in use, each with one request at a time
	Duration time.Duration // no request starts later; those under way are awaited
	Requests int           // stop after so many, if not zero
	Rate     float64       // requests a second; 0 is a closed loop
	Ends     string        // how the body of an answer ends, at least; empty: however
	Ramp     time.Duration // the closed loop's connections start over this time
}

// A Result is what a Job saw.
type Result struct {
	Requests int            // answered with status 200
	Errors   map[string]int `json:",omitempty"`
	Elapsed  time.Duration  // until the last answer
	Bytes    int            // body bytes received
	First    Histogram      // to the first byte of the answer
	Total    Histogram      // to its last
	Gap      Histogram      // between two arrivals of body bytes of one answer
}

// stuckAfter ends a run in which nothing has happened for so long.
const stuckAfter = 30 * time.Second

// A Generator keeps the connections to one server between runs.
type Generator struct {
	addr    netip.AddrPort
	request []byte
	epoll   int
	timer   int
	conns   []*conn
	byFD    map[int32]*conn
	buf     []byte

	job     Job
	res     *Result
	start   time.Time
	sent    int // requests started in this run
	waiting int // requests under way
	idle    []*conn
	now     time.Time
	moved   time.Time // when a byte was last received
}

type conn struct {
	fd       int
	resp     response
	tail     []byte // the last bytes of the answer, if a Job wants to know how it ends
	unsent   []byte
	due      time.Time
	last     time.Time // when bytes came last, zero before the first
	busy     bool
	wantsOut bool
}

// New returns a Generator of the given request, complete with its headers.
func New(addr netip.AddrPort, request []byte) (*Generator, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	timer, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("timerfd: %w", err), unix.Close(epoll))
	}
	g := &Generator{addr: addr, request: request, epoll: epoll, timer: timer, byFD: map[int32]*conn{}, buf: make([]byte, 256<<10)}
	ev := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(timer)}
	if err := unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, timer, &ev); err != nil {
		return nil, errors.Join(fmt.Errorf("epoll: %w", err), g.Close())
	}
	return g, nil
}

// Close closes the connections.
func (g *Generator) Close() error {
	var errs []error
	for _, c := range slices.Clone(g.conns) {
		errs = append(errs, g.hangUp(c))
	}
	return errors.Join(append(errs, unix.Close(g.timer), unix.Close(g.epoll))...)
}

// Run carries out the job and returns when the last request was answered.
func (g *Generator) Run(job Job) (*Result, error) {
	g.job, g.sent, g.waiting, g.idle = job, 0, 0, g.idle[:0]
	g.res = &Result{Errors: map[string]int{}, First: Histogram{}, Total: Histogram{}, Gap: Histogram{}}
	for len(g.conns) > job.Conns {
		if err := g.hangUp(g.conns[len(g.conns)-1]); err != nil {
			return nil, err
		}
	}
	for len(g.conns) < job.Conns {
		if err := g.connect(); err != nil {
			return nil, err
		}
	}
	g.start = time.Now()
	g.now, g.moved = g.start, g.start
	g.idle = append(g.idle, g.conns...)
	for {
		g.startDue()
		if g.waiting == 0 && g.over() {
			break
		}
		if err := g.wait(); err != nil {
			return nil, err
		}
		if g.now.Sub(g.moved) > stuckAfter {
			return nil, fmt.Errorf("load: nothing received for %v, %d requests under way", stuckAfter, g.waiting)
		}
	}
	g.res.Elapsed = g.now.Sub(g.start)
	return g.res, nil
}

// nextDue says when the next request falls due.
func (g *Generator) nextDue() time.Time {
	switch {
	case g.job.Rate > 0:
		return g.start.Add(time.Duration(float64(g.sent) / g.job.Rate * 1e9))
	case g.job.Ramp > 0 && g.sent < g.job.Conns:
		return g.start.Add(g.job.Ramp * time.Duration(g.sent) / time.Duration(g.job.Conns))
	}
	return g.now
}

func (g *Generator) over() bool {
	return g.job.Requests > 0 && g.sent >= g.job.Requests || g.nextDue().Sub(g.start) >= g.job.Duration
}

// startDue sends the requests that are due, as long as a connection is free, and
// sets the timer for the one that is not yet due.
func (g *Generator) startDue() {
	for len(g.idle) > 0 && !g.over() {
		due := g.nextDue()
		if wait := due.Sub(g.now); wait > 0 {
			spec := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(wait))}
			if unix.TimerfdSettime(g.timer, 0, &spec, nil) != nil {
				g.res.Errors["timer"]++
			}
			return
		}
		c := g.idle[len(g.idle)-1]
		g.idle = g.idle[:len(g.idle)-1]
		g.sent++
		g.waiting++
		c.busy, c.due, c.last, c.unsent = true, due, time.Time{}, g.request
		c.resp.reset()
		c.tail = c.tail[:0]
		g.write(c)
	}
}

// wait takes what the kernel has to report.
func (g *Generator) wait() error {
	var events [128]unix.EpollEvent
	n, err := unix.EpollWait(g.epoll, events[:], 1000)
	if err != nil && !errors.Is(err, unix.EINTR) {
		return fmt.Errorf("epoll: %w", err)
	}
	g.now = time.Now()
	for _, ev := range events[:max(n, 0)] {
		if int(ev.Fd) == g.timer {
			if _, err := unix.Read(g.timer, g.buf[:8]); err != nil && !errors.Is(err, unix.EAGAIN) {
				return fmt.Errorf("timer: %w", err)
			}
			continue
		}
		c := g.byFD[ev.Fd]
		if c == nil {
			continue // closed by an earlier event of this batch
		}
		if ev.Events&unix.EPOLLOUT != 0 {
			g.write(c)
		}
		if ev.Events&(unix.EPOLLIN|unix.EPOLLHUP|unix.EPOLLERR) != 0 && g.byFD[ev.Fd] == c {
			g.read(c)
		}
	}
	return nil
}

func (g *Generator) write(c *conn) {
	for len(c.unsent) > 0 {
		n, err := unix.Write(c.fd, c.unsent)
		if errors.Is(err, unix.EAGAIN) {
			g.watch(c, true)
			return
		}
		if err != nil {
			g.fail(c, "write")
			return
		}
		c.unsent = c.unsent[n:]
		g.moved = g.now
	}
	g.watch(c, false)
}

func (g *Generator) read(c *conn) {
	n, err := unix.Read(c.fd, g.buf)
	if errors.Is(err, unix.EAGAIN) {
		return
	}
	if err != nil || n == 0 || !c.busy {
		g.fail(c, "read")
		return
	}
	g.moved = g.now
	if c.last.IsZero() {
		g.res.First.Add(g.now.Sub(c.due))
	} else {
		g.res.Gap.Add(g.now.Sub(c.last))
	}
	c.last = g.now
	if g.job.Ends != "" {
		c.keep(g.buf[:n])
	}
	done, err := c.resp.feed(g.buf[:n])
	switch {
	case err != nil:
		g.fail(c, err.Error())
	case done && c.resp.status != 200:
		g.res.Errors[fmt.Sprintf("status %d", c.resp.status)]++
		g.release(c)
	case done && !bytes.Contains(c.tail, []byte(g.job.Ends)):
		g.res.Errors["another end"]++
		g.release(c)
	case done:
		g.res.Requests++
		g.res.Bytes += c.resp.body
		g.res.Total.Add(g.now.Sub(c.due))
		g.release(c)
	}
}

// keep remembers the last bytes of an answer, chunks' sizes and all.
func (c *conn) keep(p []byte) {
	const most = 64
	c.tail = append(c.tail, p[max(0, len(p)-most):]...)
	c.tail = append(c.tail[:0], c.tail[max(0, len(c.tail)-most):]...)
}

func (g *Generator) release(c *conn) {
	c.busy = false
	g.waiting--
	g.idle = append(g.idle, c)
}

// fail counts what went wrong and puts a new connection in the place of c.
func (g *Generator) fail(c *conn, what string) {
	if c.busy {
		g.res.Errors[what]++
		g.waiting--
	}
	g.idle = slices.DeleteFunc(g.idle, func(o *conn) bool { return o == c })
	err := g.hangUp(c)
	if err == nil {
		err = g.connect()
	}
	if err != nil {
		g.res.Errors["connect"]++
		return // the run goes on with one connection less
	}
	g.idle = append(g.idle, g.conns[len(g.conns)-1])
}

func (g *Generator) connect() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	c := &conn{fd: fd}
	ev := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}
	for _, step := range []func() error{
		func() error {
			return unix.Connect(fd, &unix.SockaddrInet4{Port: int(g.addr.Port()), Addr: g.addr.Addr().As4()})
		},
		func() error { return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1) },
		func() error { return unix.SetNonblock(fd, true) },
		func() error { return unix.EpollCtl(g.epoll, unix.EPOLL_CTL_ADD, fd, &ev) },
	} {
		if err := step(); err != nil {
			return errors.Join(fmt.Errorf("connect to %s: %w", g.addr, err), unix.Close(fd))
		}
	}
	g.conns = append(g.conns, c)
	g.byFD[int32(fd)] = c
	return nil
}

func (g *Generator) hangUp(c *conn) error {
	delete(g.byFD, int32(c.fd))
	g.conns = slices.DeleteFunc(g.conns, func(o *conn) bool { return o == c })
	return unix.Close(c.fd)
}

func (g *Generator) watch(c *conn, out bool) {
	if c.wantsOut == out {
		return
	}
	c.wantsOut = out
	ev := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(c.fd)}
	if out {
		ev.Events |= unix.EPOLLOUT
	}
	if unix.EpollCtl(g.epoll, unix.EPOLL_CTL_MOD, c.fd, &ev) != nil {
		g.fail(c, "epoll")
	}
}
