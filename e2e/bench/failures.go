//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
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

// failing is a gateway with three providers, the first of which fails three of ten
// streams: a 5xx, silence and an error before the content, in turns.
func failing() gateway {
	config := fmt.Sprintf(`{
"providers":[
 {"name":"first","type":"compatible","cluster":"mock","keys":[{"value":"sk-mock"}],"options":{"base_path":"%sv1"}},
 {"name":"second","type":"openai","cluster":"mock","keys":[{"value":"sk-mock"}]},
 {"name":"third","type":"openai","cluster":"mock","keys":[{"value":"sk-mock"}]}],
"models":[
 {"name":"gpt-4o","targets":[{"provider":"second"}],"fallback":[{"provider":"third"}],"first_token":"%[2]v"},
 {"name":"flaky!","targets":[{"provider":"first"}],"fallback":[{"provider":"second"},{"provider":"third"}],"first_token":"%[2]v"}]}`, mock.Flaky, firstToken)
	return gateway{postern, "the module, before providers that fail", func(b *builder, client, upstream wire) ([]any, bool) {
		return []any{b.wasm(postern, b.module, config)}, client == openAI && upstream == openAI
	}, nil}
}

// failures measures what clients notice of a first provider that fails three of ten
// requests, at half of the requests a second that the gateway carries at most.
func failures(r *rig) error {
	if _, err := r.mock.set(&mock.Settings{Events: 20, EventBytes: 16, AnswerBytes: 512}); err != nil {
		return err
	}
	e, err := r.run(failing(), 1)
	if err != nil {
		return err
	}
	w := workloadNamed("W4")
	well, err := r.aim(e, w, w.body())
	if err != nil {
		return err
	}
	flaky, err := r.aim(e, w, append(bytes.Replace(w.body(), []byte(`"gpt-4o"`), []byte(`"flaky!"`), 1), '\n'))
	if err != nil {
		return err
	}
	run := func(target string, job load.Job) (*load.Result, error) {
		job.Ends = "[DONE]"
		return r.load.order(load.Order{Target: target, Run: &job})
	}
	top, err := run(well, load.Job{Conns: r.conns, Duration: r.duration})
	if err != nil {
		return err
	}
	half := load.Job{Conns: 16 * r.conns, Duration: 10 * r.duration, Rate: float64(top.Requests) / top.Elapsed.Seconds() / 2}
	fmt.Printf("streams of 20 events, %.0f a second, half of the most; the first of three providers fails three of ten, silence is given up after %v\n", half.Rate, firstToken)
	var results [2]*load.Result
	for i, target := range [...]string{well, flaky} {
		if results[i], err = run(target, half); err != nil {
			return err
		}
		printFailures([...]string{"all well", "one fails"}[i], results[i])
	}
	return judgeFailures(results[0], results[1])
}

func printFailures(name string, x *load.Result) {
	fmt.Printf("%-10s %6d answered, p50 %v, p99 %v, failed %v\n", name, x.Requests, x.Total.Percentile(50).Round(10*time.Microsecond), x.Total.Percentile(99).Round(10*time.Microsecond), x.Errors)
}

// judgeFailures compares what a provider's failures add with what they may.
func judgeFailures(well, failed *load.Result) error {
	lost := 0
	for _, n := range failed.Errors {
		lost += n
	}
	share := float64(lost) / float64(max(1, lost+failed.Requests))
	added := failed.Total.Percentile(99) - well.Total.Percentile(99)
	most := firstToken + well.Total.Percentile(50)
	fmt.Printf("noticed by clients: %.3f %%, want below %.1f %%; added at the 99th percentile: %v, want at most %v\n", 100*share, 100*mostNoticed, added.Round(time.Millisecond), most.Round(time.Millisecond))
	if share >= mostNoticed || added > most {
		return errors.New("a bound is missed")
	}
	return nil
}
