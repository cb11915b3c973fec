//go:build linux

// Command bench measures what Postern costs in a real Envoy, beside Envoy without
// it and beside Envoy's own AI filters: CPU time a request, requests a second,
// latency, resident memory.
//
// The gateway under test has one core to itself; the upstream and the load
// generator, each a process of its own, share another. All gateways run at once and
// take turns in slices of half a second, in reversed order every other time, so that
// whatever slows the machine slows them alike; ratios are taken within a round, and
// reported as the median over the rounds. Compare within one run, never across.
// With --hostsim it measures instead what the host simulator carries as a program,
// beside Envoy with the same file and modules.
//
// README.md beside this file says what is measured and how to read it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/postern-gateway/postern/e2e/bench/load"
	"github.com/postern-gateway/postern/e2e/bench/mock"
)

// options are what the command line says.
type options struct {
	envoy, module string
	hostsim       string
	out, micro    string
	workloads     []workload
	gateways      []string
	rounds        int
	duration      time.Duration
	conns         int
	gatewayCore   int
	loadCore      int
	quiet         float64
	soak          bool
	configure     bool
	failures      bool
	requests      int
}

func main() {
	if len(os.Args) == 2 { // the parts of the benchmark that are processes of their own
		switch os.Args[1] {
		case "serve-load":
			exit(load.Serve(os.Stdin, os.Stdout))
		case "serve-mock":
			exit(mock.Serve(os.Stdin, os.Stdout))
		}
	}
	o, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		err = run(o)
	}
	exit(err)
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func parse(args []string) (*options, error) {
	o := &options{}
	var names, gateways string
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.StringVar(&o.envoy, "envoy", os.Getenv("ENVOY"), "Envoy `binary`; default $ENVOY")
	f.StringVar(&o.module, "module", "", "Postern's `module`; empty leaves Postern out")
	f.StringVar(&o.out, "out", "", "write the results to this `file`, as JSON")
	f.StringVar(&o.micro, "microbench", "build/microbench.json", "results of the module's benchmarks in wazero, shown with the others if the `file` exists")
	f.StringVar(&names, "workloads", "", "comma-separated `names`; default all: "+strings.Join(workloadNames(), ","))
	f.StringVar(&gateways, "gateways", "", "comma-separated `names`; default all: "+strings.Join(gatewayNames(), ","))
	f.IntVar(&o.rounds, "rounds", 5, "rounds to take medians of")
	f.DurationVar(&o.duration, "dur", 3*time.Second, "load on a gateway per workload and round")
	f.IntVar(&o.conns, "conns", 32, "connections of the load generator")
	f.IntVar(&o.gatewayCore, "gateway-core", 1, "core of the gateway")
	f.IntVar(&o.loadCore, "load-core", 0, "core of the load generator and the upstream")
	f.Float64Var(&o.quiet, "quiet", 0.15, "repeat a slice, at most twice, while other processes use more than this many cores")
	f.BoolVar(&o.soak, "soak", false, "instead: does memory stay where it is? Exit status 1 where a bound is missed")
	f.StringVar(&o.hostsim, "hostsim", "", "instead: how does this hostsim `binary` compare with Envoy, each with the same file and modules? Exit status 1 where it carries too little")
	f.BoolVar(&o.configure, "configure", false, "with -soak: only what the configuration callback takes")
	f.BoolVar(&o.failures, "failures", false, "instead: what do clients notice of a provider that fails three of ten requests? Exit status 1 where a bound is missed")
	f.IntVar(&o.requests, "requests", 200_000, "with -soak: how many requests; the burst is followed by half of it")
	f.Usage = func() {
		fmt.Fprintf(f.Output(), "usage: bench [flags]\n\nMeasures gateways in a real Envoy, side by side.\n\n")
		f.PrintDefaults()
		fmt.Fprintf(f.Output(), "\nworkloads:\n%s\ngateways:\n%s", describeWorkloads(), describeGateways())
	}
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if o.hostsim != "" {
		gateways = empty + "," + postern
	}
	var err error
	if o.workloads, err = pickWorkloads(names); err != nil {
		return nil, err
	}
	if o.gateways, err = pickGateways(gateways, o.module != ""); err != nil {
		return nil, err
	}
	return o, o.validate()
}

func (o *options) validate() error {
	switch {
	case o.envoy == "":
		return errors.New("--envoy: want the path of an Envoy binary")
	case o.rounds < 1 || o.duration < time.Second || o.conns < 1 || o.requests < 1000:
		return errors.New("--rounds and --conns: want 1 or more, --dur 1s or more, --requests 1000 or more")
	case runtime.NumCPU() < 2:
		return errors.New("want two cores or more: one for the gateway, one for the load")
	case o.gatewayCore == o.loadCore || max(o.gatewayCore, o.loadCore) >= runtime.NumCPU():
		return fmt.Errorf("--gateway-core and --load-core: want two of the cores 0 to %d", runtime.NumCPU()-1)
	case (o.soak || o.failures || o.hostsim != "") && o.module == "":
		return errors.New("--soak, --failures and --hostsim need --module")
	}
	return nil
}

// run builds the rig, measures and takes the rig down again, also on Ctrl-C.
func run(o *options) (err error) {
	r, err := newRig(o)
	if err != nil {
		return err
	}
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	done := make(chan error, 1)
	go func() {
		switch {
		case o.soak:
			done <- soak(r)
		case o.failures:
			done <- failures(r)
		case o.hostsim != "":
			done <- compareHosts(r)
		default:
			done <- measure(r)
		}
	}()
	select {
	case err = <-done:
	case s := <-interrupted:
		err = fmt.Errorf("stopped by %v", s)
	case <-time.After(r.limit()):
		err = fmt.Errorf("stopped after %v: the machine is too busy to measure", r.limit())
	}
	return errors.Join(err, r.close())
}

func pick(list string, known []string, what string) ([]string, error) {
	if list == "" {
		return known, nil
	}
	names := strings.Split(list, ",")
	for _, n := range names {
		if !slices.Contains(known, n) {
			return nil, fmt.Errorf("no %s %q; there are %s", what, n, strings.Join(known, ", "))
		}
	}
	return names, nil
}
