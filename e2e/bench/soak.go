//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/postern-gateway/postern/e2e/bench/load"
	"github.com/postern-gateway/postern/e2e/bench/mock"
)

// What memory and start-up may be, and how much of each thing is done to see it.
const (
	maxFirstWorkerMB   = 125
	maxFurtherWorkerMB = 8
	maxConfigureMillis = 300
	maxDrift           = 0.10 // of resident memory, between a tenth of the requests and all
	maxGrowth          = 0.03 // by small requests after the burst; none is allowed, this is what a measurement varies by

	soakPortion = 2000
	soakEvents  = 20 // of a stream: what may leak does so per stream and per event
	burstBody   = 30 << 20
	burstCount  = 20
	burstConns  = 4
)

// A soakDocument is what a soak has found, as it is written to the file.
type soakDocument struct {
	Started     time.Time `json:"started"`
	TookSeconds float64   `json:"took_seconds"`
	Machine     string    `json:"machine"`
	Bounds      []figure  `json:"bounds"`
	Memory      []sample  `json:"memory"`
	Workers     []workers `json:"workers"`
	Missed      int       `json:"missed"`
}

// A sample is the proxy's resident memory after so many requests.
type sample struct {
	After string  `json:"after"`
	Count int     `json:"requests"`
	RSSMB float64 `json:"rss_mb"`
}

// workers is what Postern adds to plain Envoy with so many workers.
type workers struct {
	Workers   int     `json:"workers"`
	PlainMB   float64 `json:"plain_mb"`
	PosternMB float64 `json:"postern_mb"`
}

func (d *soakDocument) bound(name string, value, most float64, unit string) {
	t := limit(value, most, unit)
	d.Bounds = append(d.Bounds, figure{name, value, unit, t})
	if !t.Met {
		d.Missed++
	}
	fmt.Printf("%s: %v\n", name, t)
}

// soak asks whether memory stays where it is. Its error names how many bounds are missed.
func soak(r *rig) error {
	d := &soakDocument{Started: time.Now().UTC().Truncate(time.Second), Machine: machine()}
	fmt.Printf("soak: %d requests, half of them streams; %d bodies of %d MB; %d small requests: about %v, on a busy machine up to %v\n",
		r.requests, burstCount, burstBody>>20, r.requests/2, r.estimate(), r.limit())
	parts := []func(*soakDocument) error{r.soakWorkers, r.soakConfigure, r.soakRequests}
	if r.configure {
		parts = parts[1:2]
	}
	for _, part := range parts {
		if err := part(d); err != nil {
			return err
		}
	}
	d.TookSeconds = time.Since(d.Started).Seconds()
	if err := d.write(r.out); err != nil {
		return err
	}
	if d.Missed > 0 {
		return fmt.Errorf("%d of %d bounds missed", d.Missed, len(d.Bounds))
	}
	return nil
}

func (d *soakDocument) write(file string) error {
	if file == "" {
		return nil
	}
	b, err := json.MarshalIndent(d, "", " ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, append(b, '\n'), 0o644)
}

func gatewayNamed(name string) gateway {
	for _, g := range gateways() {
		if g.name == name {
			return g
		}
	}
	return gateway{}
}

// soakWorkers compares resident memory with plain Envoy's, after the same few
// requests on each.
func (r *rig) soakWorkers(d *soakDocument) error {
	added := map[int]float64{}
	for _, n := range []int{1, 2, 4} {
		x := workers{Workers: n}
		for _, name := range []string{plain, postern} {
			rss, err := r.warmRSS(gatewayNamed(name), n)
			if err != nil {
				return err
			}
			if name == plain {
				x.PlainMB = rss
			} else {
				x.PosternMB = rss
			}
		}
		added[n] = x.PosternMB - x.PlainMB
		fmt.Printf("%d workers: plain %.0f MB, postern %.0f MB\n", n, x.PlainMB, x.PosternMB)
		d.Workers = append(d.Workers, x)
	}
	d.bound("resident over plain Envoy, one worker", added[1], maxFirstWorkerMB, "MB")
	d.bound("resident over plain Envoy, each further worker", (added[4]-added[1])/3, maxFurtherWorkerMB, "MB")
	return nil
}

func (r *rig) warmRSS(g gateway, workers int) (float64, error) {
	e, err := r.run(g, workers)
	if err != nil {
		return 0, err
	}
	w := workloadNamed("W1")
	if _, err := r.check(e, w); err != nil {
		return 0, errors.Join(fmt.Errorf("%s: %w", g.name, err), e.Stop())
	}
	target, err := r.aim(e, w, w.body())
	if err == nil {
		_, err = r.carry(target, load.Job{Conns: 16 * workers, Requests: 1000 * workers})
	}
	rss, err2 := e.RSS()
	return float64(rss) / 1e6, errors.Join(err, err2, e.Stop())
}

// carry runs a job in which every request has to succeed.
func (r *rig) carry(target string, job load.Job) (*load.Result, error) {
	job.Duration = 10 * time.Minute
	res, err := r.load.order(load.Order{Target: target, Run: &job})
	if err != nil {
		return nil, err
	}
	if len(res.Errors) > 0 || res.Requests != job.Requests {
		return nil, fmt.Errorf("%s: %d of %d requests succeeded, errors %v", target, res.Requests, job.Requests, res.Errors)
	}
	return res, nil
}

// soakRequests carries many requests, then a few huge ones, then many again.
func (r *rig) soakRequests(d *soakDocument) error {
	e, err := r.run(gatewayNamed(postern), 1)
	if err != nil {
		return err
	}
	small, err := r.soakTargets(e)
	if err != nil {
		return err
	}
	if _, err := r.mock.set(&mock.Settings{Events: soakEvents, EventBytes: eventBytes, AnswerBytes: answerBytes}); err != nil {
		return err
	}
	early, last, err := r.manyRequests(d, e, small, "requests", r.requests)
	if err != nil {
		return err
	}
	drift := last/early - 1
	d.bound(fmt.Sprintf("resident after %d requests, against after %d (either way)", r.requests, r.requests/10), max(drift, -drift), maxDrift, "of it")

	w := workloadNamed("W1")
	w.size = burstBody
	target, err := r.aim(e, w, w.body())
	if err != nil {
		return err
	}
	if _, err := r.carry(target, load.Job{Conns: burstConns, Requests: burstCount}); err != nil {
		return err
	}
	peak, err := d.sample(e, "burst", burstCount)
	if err != nil {
		return err
	}
	if _, last, err = r.manyRequests(d, e, small, "requests after the burst", r.requests/2); err != nil {
		return err
	}
	d.bound(fmt.Sprintf("growth by %d requests after a burst of %d MB bodies", r.requests/2, burstBody>>20), last/peak-1, maxGrowth, "of it")
	return nil
}

// soakTargets are the kinds of requests that the module carries: those of one
// dialect always, and the translated ones where it has them.
func (r *rig) soakTargets(e *envoy) ([]string, error) {
	var targets []string
	for _, pair := range [][2]string{{"W1", "W4"}, {"W3", "W5"}, {"W3r", "W5r"}} { // whole, stream
		for _, name := range pair {
			w := workloadNamed(name)
			_, err := r.check(e, w)
			if err != nil && w.translated() {
				fmt.Printf("without %s: %v\n", name, err)
				break
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			target, err := r.aim(e, w, w.body())
			if err != nil {
				return nil, err
			}
			targets = append(targets, target)
		}
	}
	return targets[:len(targets)&^1], nil // whole and stream in equal numbers
}

// manyRequests carries total requests over the targets in turn. It returns the
// resident memory after a tenth of them and after all.
func (r *rig) manyRequests(d *soakDocument, e *envoy, targets []string, what string, total int) (early, last float64, err error) {
	next := total / 10
	for done, i := 0, 0; done < total; i++ {
		n := min(soakPortion, total-done)
		if _, err := r.carry(targets[i%len(targets)], load.Job{Conns: r.conns, Requests: n}); err != nil {
			return 0, 0, err
		}
		if done += n; done < next && done < total {
			continue
		}
		next += total / 10
		if last, err = d.sample(e, what, done); err != nil {
			return 0, 0, err
		}
		if early == 0 {
			early = last
		}
	}
	return early, last, nil
}

func (d *soakDocument) sample(e *envoy, what string, count int) (float64, error) {
	rss, err := e.RSS()
	if err != nil {
		return 0, err
	}
	s := sample{what, count, float64(rss) / 1e6}
	d.Memory = append(d.Memory, s)
	fmt.Printf("%6d %-26s %.1f MB resident\n", count, what, s.RSSMB)
	return s.RSSMB, nil
}
