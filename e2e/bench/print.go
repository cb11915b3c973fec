//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"text/tabwriter"
)

func (t *target) String() string {
	if t == nil {
		return ""
	}
	verdict := "met"
	switch {
	case t.Undecided != "":
		verdict = "undecided, " + t.Undecided
	case !t.Met:
		verdict = "MISSED"
	}
	return fmt.Sprintf("%s, at most %s %s: %s", short(t.Value), short(t.Max), t.Of, verdict)
}

// short writes four digits, and all that are before the point.
func short(v float64) string {
	if v >= 1000 || v <= -1000 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.4g", v)
}

func times(v float64) string {
	if v == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", v)
}

// print writes the tables that people read.
func (d *document) print() {
	fmt.Printf("\nEnvoy %s, one worker, %s; medians of %d rounds. CPU is the proxy's, user and system, a request;\n", d.Envoy, d.Machine, d.Rounds)
	fmt.Print("× are ratios of it within a round: to plain Envoy (where dialects differ, without the translation) and to envoy-ai.\n\n")
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "workload\tgateway\tCPU µs\t(min–max)\t× envoy\t× envoy-ai\treq/s\tp50 ms\tp99 ms\tRSS MB\ttarget\t")
	last := ""
	for _, x := range d.Rows {
		name := ""
		if x.Workload != last {
			name = x.Workload + " " + workloadNamed(x.Workload).text
		}
		last = x.Workload
		note := x.Target.String()
		if len(x.Errors) > 0 {
			note += fmt.Sprintf(" errors %v", x.Errors)
		}
		fmt.Fprintf(w, "%s\t%s\t%.0f\t(%.0f–%.0f)\t%s\t%s\t%.0f\t%.2f\t%.2f\t%.0f\t%s\t\n", name, x.Gateway, x.CPU, x.CPULow, x.CPUHigh,
			times(x.RatioPlain), times(x.RatioEnvoyAI), x.Rate, x.P50/1e3, x.P99/1e3, x.RSS, note)
	}
	for _, x := range d.HalfRate {
		fmt.Fprintf(w, "W1 at %.0f a second\t%s\t%.0f\t\t\t\t%.0f\t%.2f\t%.2f\t\t%s\t\n", x.Rate, x.Gateway, x.CPU, x.Rate, x.P50/1e3, x.P99/1e3, x.Target)
	}
	if err := w.Flush(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
	}
	fmt.Println()
	for _, f := range d.Derived {
		fmt.Printf("%s: %.2f %s (%v)\n", f.Name, f.Value, f.Unit, f.Target)
	}
	for _, c := range d.Checks {
		if !c.OK {
			fmt.Printf("%s on %s is not in the table: %s\n", c.Workload, c.Gateway, c.Note)
		}
	}
	d.printMicro()
}

// printMicro shows the benchmarks of the module in wazero: an array of objects with
// name and ns_op, beside which anything may stand.
func (d *document) printMicro() {
	if d.Micro == nil {
		fmt.Println("no benchmarks of the module in wazero: their file is not there")
		return
	}
	var list []struct {
		Name string  `json:"name"`
		Ns   float64 `json:"ns_op"`
	}
	if err := json.NewDecoder(bytes.NewReader(d.Micro)).Decode(&list); err != nil {
		fmt.Println("benchmarks of the module in wazero: see the JSON")
		return
	}
	fmt.Println("\nthe module in wazero, ns an operation:")
	for _, x := range list {
		fmt.Printf("  %-40s %10.0f\n", x.Name, x.Ns)
	}
}
