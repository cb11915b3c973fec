//go:build linux

package main

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"github.com/postern-gateway/postern/adapters/builtin"
	"github.com/postern-gateway/postern/e2e/pairs"
)

const (
	manyModels    = 1000
	manyConsumers = 10_000
	manyTenants   = 100
	manyTiers     = 10
	manyRules     = 1000
)

// soakConfigure measures the configuration callback of a worker with many models,
// consumers and providers: what its thread has spent until the proxy serves, without what it spends
// with the smallest configuration. The thread runs nothing else meanwhile, and CPU
// time is not stretched by what else the machine does. Of three starts each the least
// disturbed counts.
func (r *rig) soakConfigure(d *soakDocument) error {
	small, err := r.startCPU(posternConfig)
	if err != nil {
		return err
	}
	config, providers := largeConfig()
	large, err := r.startCPU(config)
	if err != nil {
		return err
	}
	d.bound(fmt.Sprintf("configuration callback, %d models, %d consumers, %d tenants, %d access rules, %d providers", manyModels, manyConsumers, manyTenants, manyRules, providers),
		float64((large-small).Microseconds())/1e3, maxConfigureMillis, "ms")
	return nil
}

// startCPU is what a worker spends until it serves with the given configuration.
func (r *rig) startCPU(config string) (time.Duration, error) {
	g := gatewayNamed(postern)
	g.filters = func(b *builder, client, upstream wire) ([]any, bool) {
		return []any{b.wasm(postern, b.module, config)}, client == openAI && upstream == openAI // one plugin, configured once
	}
	var best time.Duration
	for range 3 {
		e, err := r.run(g, 1)
		if err != nil {
			return 0, err
		}
		t, err := e.settledCPU("wrk:worker_0")
		if err != nil {
			return 0, err
		}
		if err := e.Stop(); err != nil {
			return 0, err
		}
		if best == 0 || t < best {
			best = t
		}
	}
	return best, nil
}

// settledCPU waits until the thread rests: the proxy says that it is ready when its
// workers have been told to start.
func (e *envoy) settledCPU(thread string) (time.Duration, error) {
	last, err := e.ThreadCPU(thread)
	for range 100 {
		time.Sleep(100 * time.Millisecond)
		now, err := e.ThreadCPU(thread)
		if err != nil {
			return 0, err
		}
		if now-last < time.Millisecond {
			return now, nil
		}
		last = now
	}
	return last, err
}

// largeConfig has a key and a few models for each of many consumers, tenants, tiers and
// access rules, and one of each provider that there is.
func largeConfig() (config string, providers int) {
	var b strings.Builder
	b.WriteString(`{"providers":[`)
	rows := eachProvider()
	b.WriteString(strings.Join(rows, ","))
	b.WriteString(`],"models":[`)
	for i := range manyModels {
		fmt.Fprintf(&b, `{"name":"model-%d","targets":[{"provider":"openai","model":"upstream-%d"}]},`, i, i)
	}
	b.WriteString(`{"name":"*","targets":[{"provider":"openai"}]}],"consumers":[`)
	for i := range manyConsumers {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"name":"consumer-%d","tenant":"tenant-%d","tier":"tier-%d","keys":[{"sha256":"%x"}],"models":["model-%d","model-%d"]}`,
			i, i%manyTenants, i%manyTiers, sha256.Sum256(fmt.Append(nil, i)), i%manyModels, (i+1)%manyModels)
	}
	b.WriteString(`],"tenants":[`)
	for i := range manyTenants {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"name":"tenant-%d","shared":"yes","models":[{"name":"own","targets":[{"provider":"openai"}]}]}`, i)
	}
	b.WriteString(`],"tiers":[`)
	for i := range manyTiers {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"name":"tier-%d","models":["model-*"]}`, i)
	}
	b.WriteString(`],"access":[`)
	for i := range manyRules {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"name":"rule-%d","effect":"deny","when":{"consumers":["consumer-%d"],"models":["secret-*"],"networks":["10.0.0.0/8"],"hours":["mon-fri 08:00-18:00 +01:00"]}}`, i, i)
	}
	b.WriteString("]}")
	return b.String(), len(rows)
}

// eachProvider has a row for each: those with a mock have its key and options, which
// Vertex AI's have to be parsed, and the others need none.
func eachProvider() []string {
	var rows []string
	mocks := pairs.Mocks(nil)
	known := map[string]bool{}
	for _, p := range pairs.Providers() {
		known[p.Kind] = true
		p.Options = strings.Replace(p.Options, `"tokens"`, `"mock"`, 1) // the cluster that there is
		rows = append(rows, p.Row("mock", mocks.Key(p.Mock)))
	}
	for _, p := range builtin.Providers() {
		if _, err := pairs.Adapter(p.Name, "{}"); err == nil && !known[p.Name] {
			row := pairs.Provider{Kind: p.Name}
			rows = append(rows, row.Row("mock", "k"))
		}
	}
	return rows
}
