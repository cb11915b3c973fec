//go:build linux

package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/postern-gateway/postern/e2e/bench/load"
)

// halfRateTime is how long each gateway is held at the rate, per round.
const halfRateTime = 3 * time.Second

// halfRate measures latency where a proxy should be run, not at its limit: at half
// of the requests a second that Postern carries at most. Arrivals are on a clock and
// latency counts from the moment that a request was due.
func (r *rig) halfRate(groups [][]*lane, doc *document) error {
	i := slices.IndexFunc(r.workloads, func(w workload) bool { return w.name == "W1" })
	if i < 0 {
		return nil
	}
	var lanes []*lane
	var top float64
	for _, l := range groups[i] {
		switch l.envoy.gateway.name {
		case postern:
			top = median(each(l.rounds, (*cell).rate))
		case plain, envoyAI:
		default:
			continue
		}
		lanes = append(lanes, &lane{envoy: l.envoy, workload: l.workload, target: l.target})
	}
	if top == 0 {
		return nil
	}
	fmt.Printf("latency at %.0f requests a second, half of Postern's most\n", top/2)
	job := load.Job{Conns: 4 * r.conns, Rate: top / 2}
	for round := range r.rounds {
		if err := r.turns(lanes, halfRateTime/3, halfRateTime, job, round); err != nil {
			return err
		}
	}
	doc.addHalfRate(top/2, lanes)
	return nil
}
