//go:build linux

package main

import "fmt"

// A target is a bound that the project has set itself, and whether it is met.
type target struct {
	Value     float64 `json:"value"`
	Max       float64 `json:"max"`
	Of        string  `json:"of"`
	Met       bool    `json:"met"`
	Undecided string  `json:"undecided,omitempty"` // why the value says nothing; Met is false then
}

const (
	maxModuleMB       = 7.5
	maxAddedP99       = 1000 // µs
	maxPassedEvent    = 5    // µs
	maxConvertedEvent = 20   // µs
	maxReverse        = 1.15 // × the same translation the other way round
	maxHit            = 1.3  // × a Go plugin that holds the request in front of an answer of Envoy's own
)

// maxOfEnvoyAI bounds Postern's CPU time a request, × that of Envoy's own AI filters.
func maxOfEnvoyAI(workload string) float64 {
	switch workload {
	case "W1":
		return 1.15
	case "W2":
		return 1.5
	case "W3":
		return 1.25
	case "W5":
		return 0.6
	case "W6":
		return 0.85
	case "W7":
		return 1.1
	}
	return 0 // no bound
}

func limit(value, most float64, of string) *target {
	return &target{Value: value, Max: most, Of: of, Met: value <= most}
}

// unless takes the verdict back where other processes used so many cores that a
// latency says more about them than about the gateway.
func (t *target) unless(foreign, quiet float64) *target {
	if foreign > quiet {
		t.Met, t.Undecided = false, fmt.Sprintf("other processes used %.1f cores", foreign)
	}
	return t
}

// judge compares Postern's rows with what they should be.
func (d *document) judge() {
	for _, x := range d.Rows {
		if x.Gateway != postern {
			continue
		}
		if most := maxOfEnvoyAI(x.Workload); most > 0 && x.RatioEnvoyAI > 0 {
			x.Target = limit(x.RatioEnvoyAI, most, "× envoy-ai")
		}
		if f := d.find("C1", buffer); x.Workload == "C1" && f != nil {
			x.Target = limit(ratio(x, f), maxHit, "× go-buffer")
		}
		forward := map[string]string{"W3r": "W3", "W5r": "W5", "W7r": "W7"}[x.Workload]
		if f := d.find(forward, postern); f != nil {
			x.Target = limit(x.RatioPlain/f.RatioPlain, maxReverse, "× postern "+forward)
		}
	}
}

// derive computes what an event of a stream costs over plain Envoy: the difference
// on a stream, without that on a request that is answered whole, by its events.
func (d *document) derive() {
	perEvent := func(name, stream, whole string, most float64) {
		s, w := d.find(stream, postern), d.find(whole, postern)
		ps, pw := d.find(stream, plain), d.find(whole, plain)
		if s == nil || w == nil || ps == nil || pw == nil {
			return
		}
		v := ((s.CPU - ps.CPU) - (w.CPU - pw.CPU)) / streamEvents
		d.Derived = append(d.Derived, figure{name, v, "µs CPU", limit(v, most, "µs CPU")})
	}
	perEvent("event passed, over plain Envoy (W6)", "W6", "W1", maxPassedEvent)
	perEvent("event translated, over plain Envoy (W7)", "W7", "W3", maxConvertedEvent)
	for _, w := range []string{"W6", "W7"} {
		x, p := d.find(w, postern), d.find(w, plain)
		if x != nil && p != nil {
			v := x.GapP99 - p.GapP99
			d.Derived = append(d.Derived, figure{"p99 between events, added to plain Envoy's (" + w + ")", v, "µs",
				limit(v, maxAddedP99, "µs").unless(max(x.Foreign, p.Foreign), d.quiet)})
		}
	}
}
