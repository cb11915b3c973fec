//go:build linux

package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/e2e/bench/load"
)

func TestWorkloadBodiesAreAsLargeAsTheySay(t *testing.T) {
	t.Parallel()
	for _, w := range workloads() {
		var doc struct {
			Model  string
			Stream bool
		}
		body := w.body()
		if err := json.Unmarshal(body, &doc); err != nil {
			t.Errorf("%s: %v", w.name, err)
		}
		if len(body) != w.size || doc.Stream != w.stream || doc.Model != w.upstream.model() {
			t.Errorf("%s: got %d bytes, stream %v, model %s; want %d, %v, %s", w.name, len(body), doc.Stream, doc.Model, w.size, w.stream, w.upstream.model())
		}
		if base := workloadNamed(w.base); base.translated() || base.stream != w.stream || base.paced != w.paced || base.size != w.size {
			t.Errorf("%s: base %s is not the same without translation", w.name, w.base)
		}
	}
}

func TestFlags(t *testing.T) {
	t.Parallel()
	o, err := parse([]string{"--envoy", "e", "--workloads", "W1,W6", "--gateways", "envoy-ai"})
	if err != nil {
		t.Fatal(err)
	}
	if len(o.workloads) != 2 || strings.Join(o.gateways, " ") != "envoy envoy-ai" {
		t.Errorf("got workloads %v, gateways %v; want W1 and W6, envoy and envoy-ai", o.workloads, o.gateways)
	}
	for _, args := range []string{"--envoy e x", "--envoy e --workloads W9", "--envoy e --gateways nginx", "--envoy e --gateways postern",
		"--envoy e --dur 10ms", "--envoy e --load-core 1", "--envoy e --soak"} {
		if _, err := parse(strings.Fields(args)); err == nil {
			t.Errorf("%q: got no error", args)
		}
	}
}

func TestAnswersAreUnderstood(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		w      wire
		stream bool
		in     string
		want   outcome
	}{
		{"chat", openAI, false, `{"choices":[{"message":{"content":"hi"}}],"usage":{"prompt_tokens":3,"completion_tokens":4}}`, outcome{"hi", 3, 4, 0, true}},
		{"messages", anthropic, false, `{"content":[{"type":"text","text":"hi"}],"usage":{"input_tokens":3,"output_tokens":4}}`, outcome{"hi", 3, 4, 0, true}},
		{"chat stream", openAI, true, "data: {\"choices\":[{\"delta\":{\"content\":\"h\"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"i\"}}]}\n\n" +
			"data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\ndata: [DONE]\n\n", outcome{"hi", 3, 4, 4, true}},
		{"chat stream without end", openAI, true, "data: {\"choices\":[{\"delta\":{\"content\":\"h\"}}]}\n\n", outcome{"h", 0, 0, 1, false}},
		{"messages stream", anthropic, true, "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":3,\"output_tokens\":1}}}\n\n" +
			"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"text\":\"hi\"}}\n\n" +
			"event: message_delta\ndata: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":4}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n", outcome{"hi", 3, 4, 4, true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			read := readAnswer
			if tt.stream {
				read = readStream
			}
			if got, err := read(tt.w, []byte(tt.in)); got != tt.want || err != nil {
				t.Errorf("got %+v, %v; want %+v", got, err, tt.want)
			}
		})
	}
}

// lanesOf makes lanes whose rounds took so many microseconds a request.
func lanesOf(cpu map[string][]float64) []*lane {
	var out []*lane
	for _, g := range gateways() {
		if v := cpu[g.name]; v != nil {
			l := &lane{envoy: &envoy{gateway: g}}
			for _, us := range v {
				c := newCell()
				c.requests, c.cpu, c.wall, c.elapsed = 1000, time.Duration(us*1000)*time.Microsecond, time.Second, time.Second
				c.total = load.Histogram{10: 1}
				l.rounds = append(l.rounds, c)
			}
			out = append(out, l)
		}
	}
	return out
}

func TestRatiosAreTakenWithinRounds(t *testing.T) {
	t.Parallel()
	d := &document{}
	d.addRows(workloadNamed("W1"), lanesOf(map[string][]float64{plain: {100, 200, 300}, envoyAI: {200, 400, 600}, postern: {250, 440, 900}}))
	d.addRows(workloadNamed("W3"), lanesOf(map[string][]float64{plain: {100, 200, 300}, envoyAI: {200, 400, 600}, postern: {400, 800, 1200}}))
	d.addRows(workloadNamed("W3r"), lanesOf(map[string][]float64{plain: {100, 100, 100}, postern: {500, 500, 500}}))
	d.judge()
	x := d.find("W1", postern)
	if x.RatioPlain != 2.5 || x.RatioEnvoyAI != 1.25 || x.CPU != 440 || x.Target == nil || x.Target.Met {
		t.Errorf("W1: got %+v with target %v; want 2.5 × plain, 1.25 × envoy-ai, 440 µs, 1.15 missed", x, x.Target)
	}
	if x := d.find("W3", postern); x.RatioPlain != 4 || x.Target.Met {
		t.Errorf("W3: got %+v; want 4 × plain and 1.25 missed", x)
	}
	if x := d.find("W3r", postern); x.Target.Value != 1.25 || x.Target.Met {
		t.Errorf("W3r: got target %v; want 1.25 × W3, missed", x.Target)
	}
}

func TestLargeConfigurationIsJSON(t *testing.T) {
	t.Parallel()
	var doc struct{ Models, Consumers, Providers []any }
	config, providers := largeConfig()
	if err := json.Unmarshal([]byte(config), &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Models) != manyModels+1 || len(doc.Consumers) != manyConsumers || len(doc.Providers) != providers {
		t.Errorf("got %d models, %d consumers and %d providers", len(doc.Models), len(doc.Consumers), len(doc.Providers))
	}
}

func TestLatencyIsNotJudgedOnABusyMachine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name           string
		value, foreign float64
		met            bool
		want           string
	}{
		{"quiet and low", 900, 0.1, true, "900, at most 1000 µs: met"},
		{"quiet and high", 1200, 0.1, false, "1200, at most 1000 µs: MISSED"},
		{"busy", 900, 0.5, false, "900, at most 1000 µs: undecided, other processes used 0.5 cores"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := limit(tt.value, 1000, "µs").unless(tt.foreign, 0.15)
			if got.Met != tt.met || got.String() != tt.want {
				t.Errorf("got met %v, %q; want %v, %q", got.Met, got, tt.met, tt.want)
			}
		})
	}
}
