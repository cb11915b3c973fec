//go:build linux

package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// leastOfEnvoy is the part of Envoy's requests a second that hostsim has to carry:
// as counted, and by the processor time that each needs, because a workload that the
// load generator bounds, or the pace of its streams, says nothing when counted.
const leastOfEnvoy = 0.5

// A duel is one workload on Envoy and on hostsim, with the same file and module.
type duel struct {
	gateway  string
	workload workload
	lanes    []*lane // Envoy's, then hostsim's
}

func duels() []*duel {
	headers := workload{name: "H1", text: "GET without a body", client: openAI, upstream: openAI}
	return []*duel{
		{gateway: empty, workload: headers},
		{gateway: postern, workload: workloadNamed("W1")},
		{gateway: postern, workload: workloadNamed("W4")},
		{gateway: postern, workload: workloadNamed("W6")},
	}
}

// compareHosts is the benchmark of hostsim as a program. The two take turns as
// gateways do, and a ratio is taken within each round.
func compareHosts(r *rig) error {
	list := duels()
	if err := r.startDuels(list); err != nil {
		return err
	}
	for round := range r.rounds {
		for _, d := range list {
			if err := r.turns(d.lanes, d.workload.slice(r.duration), r.duration, r.job(d.workload), round); err != nil {
				return err
			}
			fmt.Printf("round %d %-3s %v\n", round+1, d.workload.name, d)
		}
	}
	return printDuels(list)
}

// startDuels starts both hosts for each gateway, checks their answers, and warms them.
func (r *rig) startDuels(list []*duel) error {
	hosts := map[string][]*envoy{}
	for _, d := range list {
		if hosts[d.gateway] == nil {
			for _, command := range [][]string{{r.envoy, "--use-dynamic-base-id"}, {r.hostsim, "serve"}} {
				e, err := r.runAs(command, gatewayNamed(d.gateway), 1)
				if err != nil {
					return err
				}
				fmt.Printf("%s with %s ready after %v\n", hostNames[len(hosts[d.gateway])], d.gateway, e.ready.Round(time.Millisecond))
				hosts[d.gateway] = append(hosts[d.gateway], e)
			}
		}
		for i, e := range hosts[d.gateway] {
			if _, err := r.check(e, d.workload); err != nil {
				return fmt.Errorf("%s with %s carries %s wrongly: %w", hostNames[i], d.gateway, d.workload.name, err)
			}
			target, err := r.aim(e, d.workload, d.workload.body())
			if err != nil {
				return err
			}
			l := &lane{envoy: e, workload: d.workload, target: target}
			if err := r.warm(l); err != nil {
				return err
			}
			d.lanes = append(d.lanes, l)
		}
	}
	return nil
}

var hostNames = [2]string{"Envoy", "hostsim"}

// ratios are hostsim's figures over Envoy's, round by round.
func (d *duel) ratios(f func(*cell) float64) []float64 {
	var v []float64
	for i, c := range d.lanes[1].rounds {
		v = append(v, f(c)/f(d.lanes[0].rounds[i]))
	}
	return v
}

// String is the last round.
func (d *duel) String() string {
	var b strings.Builder
	for i, l := range d.lanes {
		c := l.rounds[len(l.rounds)-1]
		fmt.Fprintf(&b, " %s %.0f a second, %.0f µs", hostNames[i], c.rate(), c.micros())
		if len(c.errors) > 0 {
			fmt.Fprintf(&b, " %v", c.errors)
		}
	}
	rates := d.ratios((*cell).rate)
	return fmt.Sprintf("%s, ratio %.2f", b.String(), rates[len(rates)-1])
}

// printDuels writes the table. Its error names the rows in which hostsim carries too little.
func printDuels(list []*duel) error {
	fmt.Printf("\nOne worker on a core of its own, %s. Ratios are hostsim's over Envoy's, lowest, median and highest of %d rounds;\nby CPU is how many requests Envoy's processor time for one is worth in hostsim.\n\n",
		machine(), len(list[0].lanes[0].rounds))
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "workload\tmodule\tEnvoy req/s\thostsim req/s\tratio\t\t\tby CPU\t")
	var missed []string
	for _, d := range list {
		rates, byCPU := d.ratios((*cell).rate), 1/median(d.ratios((*cell).micros))
		verdict := "met"
		if min(median(rates), byCPU) < leastOfEnvoy {
			verdict = "MISSED"
			missed = append(missed, d.workload.name)
		}
		fmt.Fprintf(w, "%s %s\t%s\t%.0f\t%.0f\t%.2f\t%.2f\t%.2f\t%.2f\tat least %.2f: %s\n", d.workload.name, d.workload.text, d.gateway,
			median(each(d.lanes[0].rounds, (*cell).rate)), median(each(d.lanes[1].rounds, (*cell).rate)),
			slices.Min(rates), median(rates), slices.Max(rates), byCPU, leastOfEnvoy, verdict)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if len(missed) > 0 {
		return fmt.Errorf("hostsim carries too little of %s", strings.Join(missed, ", "))
	}
	return nil
}
