//go:build linux

package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/postern-gateway/postern/e2e/bench/load"
	"github.com/postern-gateway/postern/e2e/bench/proc"
)

// A cell is a gateway carrying a workload in one round: the sum of its slices.
type cell struct {
	requests  int
	errors    map[string]int
	cpu, wall time.Duration
	elapsed   time.Duration // as the generator counts it
	foreign   time.Duration // core time that others used meanwhile
	total     load.Histogram
	gap       load.Histogram
	rss       int64
}

func newCell() *cell {
	return &cell{errors: map[string]int{}, total: load.Histogram{}, gap: load.Histogram{}}
}

func (c *cell) add(o *cell) {
	c.requests += o.requests
	for k, n := range o.errors {
		c.errors[k] += n
	}
	c.cpu += o.cpu
	c.wall += o.wall
	c.elapsed += o.elapsed
	c.foreign += o.foreign
	c.total.Merge(o.total)
	c.gap.Merge(o.gap)
	c.rss = max(c.rss, o.rss)
}

// micros is the CPU time of the gateway for one request.
func (c *cell) micros() float64 {
	return float64(c.cpu) / 1e3 / float64(max(c.requests, 1))
}

func (c *cell) rate() float64 { return float64(c.requests) / c.elapsed.Seconds() }

// disturbance is how many cores other processes used meanwhile.
func (c *cell) disturbance() float64 { return c.foreign.Seconds() / c.wall.Seconds() }

// A lane is one gateway's part in a workload's turns.
type lane struct {
	envoy    *envoy
	workload workload // plain Envoy's is the one without translation
	target   string
	rounds   []*cell
}

// slice is how long a lane has its turn. Streams that take half a second need long
// ones, or most of the time they would be starting and ending.
func (w workload) slice(total time.Duration) time.Duration {
	if w.paced {
		return total
	}
	return min(500*time.Millisecond, total)
}

// turns lets the lanes carry load one after the other until each had so much of it,
// and adds a round to each.
func (r *rig) turns(lanes []*lane, slice, total time.Duration, job load.Job, round int) error {
	cells := make([]*cell, len(lanes))
	for i := range cells {
		cells[i] = newCell()
	}
	for pass := range int((total + slice - 1) / slice) {
		for i := range lanes {
			if (pass+round)%2 == 1 {
				i = len(lanes) - 1 - i
			}
			l := lanes[i]
			if _, err := r.mock.set(l.workload.settings()); err != nil {
				return err
			}
			job.Duration = slice
			c, err := r.quietSlice(l, job)
			if err != nil {
				return err
			}
			cells[i].add(c)
		}
	}
	for i, l := range lanes {
		l.rounds = append(l.rounds, cells[i])
	}
	return nil
}

// quietSlice repeats a slice that other processes disturbed and keeps the best.
func (r *rig) quietSlice(l *lane, job load.Job) (*cell, error) {
	var best *cell
	for range 3 {
		c, err := r.slice(l, job)
		if err != nil {
			return nil, err
		}
		if best == nil || c.foreign < best.foreign {
			best = c
		}
		if best.foreign.Seconds() <= r.quiet*best.wall.Seconds() {
			break
		}
	}
	return best, nil
}

// snapshot is what the processes have used until now.
type snapshot struct {
	gateway, ours, all time.Duration
	at                 time.Time
}

func (r *rig) snapshot(e *envoy) (snapshot, error) {
	s := snapshot{at: time.Now()}
	var err error
	if s.gateway, err = e.CPU(); err != nil {
		return s, err
	}
	for _, p := range []*proc.Process{r.mock.Process, r.load.Process, r.self} {
		t, err := p.CPU()
		if err != nil {
			return s, err
		}
		s.ours += t
	}
	busy, stolen, err := proc.Busy()
	s.all = busy - stolen
	return s, err
}

func (r *rig) slice(l *lane, job load.Job) (*cell, error) {
	before, err := r.snapshot(l.envoy)
	if err != nil {
		return nil, err
	}
	res, err := r.load.order(load.Order{Target: l.target, Run: &job})
	if err != nil {
		return nil, err
	}
	after, err := r.snapshot(l.envoy)
	if err != nil {
		return nil, err
	}
	c := newCell()
	c.requests, c.elapsed = res.Requests, res.Elapsed
	c.total, c.gap = res.Total, res.Gap
	for k, n := range res.Errors {
		c.errors[k] += n
	}
	c.cpu = after.gateway - before.gateway
	c.wall = after.at.Sub(before.at)
	c.foreign = max(0, after.all-before.all-c.cpu-(after.ours-before.ours))
	c.rss, err = l.envoy.RSS()
	return c, err
}

// measure is the whole benchmark.
func measure(r *rig) error {
	begin := time.Now()
	fmt.Printf("%d workloads, %d gateways, %d rounds of %v: about %v, on a busy machine up to %v\n",
		len(r.workloads), len(r.gateways), r.rounds, r.duration, r.estimate().Round(time.Minute/2), r.limit())
	var running []*envoy
	for _, g := range gateways() {
		if !slices.Contains(r.gateways, g.name) {
			continue
		}
		e, err := r.run(g, 1)
		if err != nil {
			return err
		}
		rss, err := e.RSS()
		if err != nil {
			return err
		}
		fmt.Printf("%-10s ready after %.1f s, resident %.0f MB\n", g.name, e.ready.Seconds(), float64(rss)/1e6)
		running = append(running, e)
	}
	doc := newDocument(r, running)
	groups, err := r.lanes(running, doc)
	if err != nil {
		return err
	}
	for round := range r.rounds {
		for i, lanes := range groups {
			w := r.workloads[i]
			if err := r.turns(lanes, w.slice(r.duration), r.duration, r.job(w), round); err != nil {
				return err
			}
			progress(begin, round, w, lanes, r.quiet)
		}
	}
	for i, lanes := range groups {
		doc.addRows(r.workloads[i], lanes)
	}
	if err := r.halfRate(groups, doc); err != nil {
		return err
	}
	doc.finish(r.micro, time.Since(begin))
	doc.print()
	return doc.write(r.out)
}

// job spreads the start of paced streams over their length, so that their events do
// not come in step.
func (r *rig) job(w workload) load.Job {
	j := load.Job{Conns: r.conns}
	if w.paced {
		j.Ramp = pace * time.Microsecond * streamEvents
	}
	return j
}

// lanes checks each gateway's answers to each workload and makes lanes of those that
// are right.
func (r *rig) lanes(running []*envoy, doc *document) ([][]*lane, error) {
	var groups [][]*lane
	for _, w := range r.workloads {
		var lanes []*lane
		for _, e := range running {
			own := w
			if e.gateway.name == plain {
				own = workloadNamed(w.base)
			}
			if e.listeners[own.listener()] == "" {
				continue
			}
			o, err := r.check(e, own)
			doc.checked(e, w, o, err)
			if err != nil {
				fmt.Printf("check %-4s %-10s left out: %v\n", w.name, e.gateway.name, err)
				continue
			}
			fmt.Printf("check %-4s %-10s %v\n", w.name, e.gateway.name, o)
			target, err := r.aim(e, own, own.body())
			if err != nil {
				return nil, err
			}
			l := &lane{envoy: e, workload: own, target: target}
			if err := r.warm(l); err != nil {
				return nil, err
			}
			lanes = append(lanes, l)
		}
		groups = append(groups, lanes)
	}
	return groups, nil
}

// warm lets V8 optimise what it will run.
func (r *rig) warm(l *lane) error {
	_, err := r.slice(l, load.Job{Conns: r.conns, Duration: time.Second})
	return err
}

// limit is when a run is given up.
func (r *rig) limit() time.Duration {
	return 5*time.Minute + (3 * r.estimate()).Round(time.Minute)
}

func (r *rig) estimate() time.Duration {
	if r.soak {
		return 2*time.Minute + time.Duration(r.requests)*1200*time.Microsecond
	}
	t := time.Duration(len(r.gateways)) * 4 * time.Second
	for _, w := range r.workloads {
		per := r.duration
		if w.paced {
			per += pace * time.Microsecond * streamEvents
		}
		lanes := 0
		for _, g := range gateways() {
			_, ok := g.filters(&builder{}, w.client, w.upstream)
			if w.given {
				ok = g.given != nil
			}
			if slices.Contains(r.gateways, g.name) && (ok || g.name == plain) {
				lanes++
			}
		}
		t += time.Duration(lanes) * (time.Second + per*time.Duration(r.rounds))
	}
	return t + time.Duration(r.rounds)*halfRateTime*3
}

func progress(begin time.Time, round int, w workload, lanes []*lane, quiet float64) {
	fmt.Printf("%4.0fs round %d %-4s", time.Since(begin).Seconds(), round+1, w.name)
	var base float64
	for _, l := range lanes {
		c := l.rounds[len(l.rounds)-1]
		if l.envoy.gateway.name == plain {
			base = c.micros()
		}
		fmt.Printf("  %s %.0f µs", l.envoy.gateway.name, c.micros())
		if base > 0 && l.envoy.gateway.name != plain {
			fmt.Printf(" (%.2f)", c.micros()/base)
		}
		if foreign := c.disturbance(); foreign > quiet {
			fmt.Printf(" [others: %.1f cores]", foreign)
		}
		if len(c.errors) > 0 {
			fmt.Printf(" %v", c.errors)
		}
	}
	fmt.Println()
}
