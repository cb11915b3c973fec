//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/postern-gateway/postern/e2e/bench/load"
	"github.com/postern-gateway/postern/e2e/bench/mock"
)

const (
	// firstToken is the deadline that silence is given up at.
	firstToken = time.Second
	// mostNoticed is the share of requests whose failure clients may notice.
	mostNoticed = 0.001
)

// mechanisms are who tries what follows on a failure.
var mechanisms = [...]string{"plugin", "native", "redirect"}

// failing is a gateway with three providers, the first of which fails three of ten
// streams: a 5xx, silence and an error before the content, in turns.
func (b *builder) failing(mechanism string) gateway {
	model := func(name string, providers ...string) string {
		var targets []string
		for _, p := range providers {
			t := `{"provider":"` + p + `","model":"gpt-4o"`
			if mechanism == "redirect" {
				t += `,"cluster":"attempts"`
			}
			targets = append(targets, t+"}")
		}
		m := fmt.Sprintf(`{"name":%q,"mechanism":%q,"targets":[%s],"fallback":[%s],"first_token":"%v"`, name, mechanism, targets[0], strings.Join(targets[1:], ","), firstToken)
		if mechanism == "native" {
			m += `,"cluster":"` + providers[0] + `"`
		}
		return m + "}"
	}
	config := fmt.Sprintf(`{
"providers":[
 {"name":"first","type":"compatible","cluster":"mock","keys":[{"value":"sk-mock"}],"options":{"base_path":"%sv1"}},
 {"name":"second","type":"openai","cluster":"mock","keys":[{"value":"sk-mock"}]},
 {"name":"third","type":"openai","cluster":"mock","keys":[{"value":"sk-mock"}]}],
"models":[%s,%s]}`, mock.Flaky, model("gpt-4o", "second", "third"), model("flaky!", "first", "second", "third"))
	g := gateway{name: postern, text: "the module, before providers that fail", filters: func(b *builder, client, upstream wire) ([]any, bool) {
		return []any{b.wasm(postern, b.module, config)}, client == openAI && upstream == openAI
	}}
	of := func(provider string) object { return object{"provider": provider} }
	switch mechanism {
	case "native":
		g.clusters = []any{b.attempting("second", of("second"), of("third")), b.attempting("first", of("first"), of("second"), of("third"))}
		g.policy = object{"retry_policy": object{"retry_priority": object{"name": "envoy.retry_priorities.previous_priorities",
			"typed_config": object{"@type": types + "extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig", "update_frequency": 1}},
			"retry_back_off": object{"base_interval": "0.001s"}}}
	case "redirect":
		g.clusters = []any{b.attempting("attempts", object{})}
		g.policy = object{"internal_redirect_policy": object{"max_internal_redirects": 2, "redirect_response_codes": []int{307}}}
	}
	return g
}

// failures measures what clients notice of a first provider that fails three of ten
// requests, at half of the requests a second that the gateway carries at most.
func failures(r *rig) error {
	if _, err := r.mock.set(&mock.Settings{Events: 20, EventBytes: 16, AnswerBytes: 512}); err != nil {
		return err
	}
	fmt.Printf("streams of 20 events at half of the most; the first of three providers fails three of ten, silence is given up after %v\n", firstToken)
	var missed []error
	for _, m := range mechanisms {
		if err := r.failuresOf(m); err != nil {
			missed = append(missed, fmt.Errorf("%s: %w", m, err))
		}
	}
	return errors.Join(missed...)
}

func (r *rig) failuresOf(mechanism string) error {
	e, err := r.run(r.build.failing(mechanism), 1)
	if err != nil {
		return err
	}
	defer e.Stop() // close stops it again, and says what is wrong
	w := workloadNamed("W4")
	lanes := [...]*lane{{envoy: e}, {envoy: e}}
	for i, body := range [...][]byte{w.body(), append(bytes.Replace(w.body(), []byte(`"gpt-4o"`), []byte(`"flaky!"`), 1), '\n')} {
		if lanes[i].target, err = r.aim(e, w, body); err != nil {
			return err
		}
	}
	top, err := r.top(lanes[0])
	if err != nil {
		return err
	}
	half := load.Job{Conns: 16 * r.conns, Duration: 2 * r.duration, Rate: top / 2, Ends: "[DONE]"}
	fmt.Printf("\n%s, %.0f requests a second\n", mechanism, half.Rate)
	cells := [...]*cell{newCell(), newCell()}
	for range r.rounds {
		for i, l := range lanes {
			c, err := r.quietSlice(l, half)
			if err != nil {
				return err
			}
			cells[i].add(c)
		}
	}
	for i, c := range cells {
		printFailures([...]string{"all well", "one fails"}[i], c)
	}
	return judgeFailures(cells[0], cells[1])
}

// top is how many requests a second the gateway carries at least, whatever else the machine does.
func (r *rig) top(l *lane) (float64, error) {
	least := 0.0
	for i := range r.rounds {
		c, err := r.quietSlice(l, load.Job{Conns: r.conns, Duration: r.duration, Ends: "[DONE]"})
		if err != nil {
			return 0, err
		}
		if i < 2 || c.rate() < least { // the first warms it up
			least = c.rate()
		}
	}
	return least, nil
}

func printFailures(name string, c *cell) {
	fmt.Printf("%-10s %6d answered, p50 %v, p99 %v, failed %v, others used %.1f cores\n", name, c.requests, c.total.Percentile(50).Round(10*time.Microsecond), c.total.Percentile(99).Round(10*time.Microsecond), c.errors, c.disturbance())
}

// judgeFailures compares what a provider's failures add with what they may.
func judgeFailures(well, failed *cell) error {
	lost := 0
	for _, n := range failed.errors {
		lost += n
	}
	share := float64(lost) / float64(max(1, lost+failed.requests))
	added := failed.total.Percentile(99) - well.total.Percentile(99)
	most := firstToken + well.total.Percentile(50)
	fmt.Printf("noticed by clients: %.3f %%, want below %.1f %%; added at the 99th percentile: %v, want at most %v\n", 100*share, 100*mostNoticed, added.Round(time.Millisecond), most.Round(time.Millisecond))
	if share >= mostNoticed || added > most {
		return errors.New("a bound is missed")
	}
	return nil
}
