package gateway_test

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/plugin/internal/config"
)

var (
	schedules    = flag.Int("schedules", 300, "how many random schedules of workers are tried")
	scheduleSeed = flag.Uint64("schedule", 1, "the first of them; 0 is chosen by chance, and printed")
)

// TestSchedules has several workers with one state serve requests in an order that chance
// makes: whole answers, streams and lists, streams that others go on with, attempts and redirects of a proxy, clients that leave at every point, providers that
// fail and others that are asked in their place, requests that wait, workers that die and others that take their place. Whatever a
// worker asks the shared data for, another may come in between. What was used is counted
// here once more, from what the mock has said.
func TestSchedules(t *testing.T) {
	t.Parallel()
	first := *scheduleSeed
	if first == 0 {
		first = rand.Uint64N(1 << 40)
	}
	t.Logf("schedules from -schedule %d", first)
	var plans []*config.Plan
	for i := range allowances {
		plans = append(plans, readPlan(t, allowances[i].document()))
	}
	var seen tallies
	for i := range *schedules {
		seed := first + uint64(i)
		n := int(seed % uint64(len(plans)))
		c := newCrowd(t, seed, plans[n], &allowances[n])
		c.run()
		seen.add(&c.tallies)
		if t.Failed() {
			t.Fatalf("with -schedules 1 -schedule %d", seed)
		}
	}
	if *schedules >= 300 { // what never happens proves nothing
		seen.all(t)
	}
}

// An allowance is what a schedule's limits allow.
type allowance struct {
	tokens, output, input  int64
	outputWindow, inWindow string
	requests, concurrent   int64
	burst                  int64 // of requests that may wait
	usd                    int64 // in nano-dollars
	retries                bool  // what fails is asked again, and of others
	mechanism              string
	goesOn                 bool // streams that break off or stall are gone on with
}

var allowances = []allowance{
	{tokens: 30_000, output: 12_000, input: 900, outputWindow: "fixed", inWindow: "fixed", requests: 30, concurrent: 8, usd: 200_000_000},
	{tokens: 9_000, output: 9_000, input: 900, outputWindow: "fixed", inWindow: "gcra", requests: 30, concurrent: 3, burst: 3, usd: 200_000_000},
	{tokens: 30_000, output: 6_000, input: 300, outputWindow: "sliding", inWindow: "fixed", requests: 5, concurrent: 8, usd: 50_000_000},
	{tokens: 60_000, output: 9_000, input: 3_000, outputWindow: "gcra", inWindow: "sliding", requests: 30, concurrent: 8, burst: 3, usd: 300_000_000},
	{tokens: 60_000, output: 60_000, input: 3_000, outputWindow: "fixed", inWindow: "gcra", requests: 60, concurrent: 20, usd: 60_000_000},
	{tokens: 30_000, output: 12_000, input: 900, outputWindow: "sliding", inWindow: "gcra", requests: 30, concurrent: 4, usd: 200_000_000, retries: true},
	{tokens: 60_000, output: 9_000, input: 3_000, outputWindow: "fixed", inWindow: "fixed", requests: 30, concurrent: 8, burst: 3, usd: 60_000_000, retries: true},
	{tokens: 30_000, output: 12_000, input: 900, outputWindow: "fixed", inWindow: "fixed", requests: 30, concurrent: 4, burst: 3, usd: 200_000_000, mechanism: "native"},
	{tokens: 60_000, output: 9_000, input: 3_000, outputWindow: "gcra", inWindow: "sliding", requests: 30, concurrent: 8, usd: 60_000_000, mechanism: "native"},
	{tokens: 30_000, output: 12_000, input: 900, outputWindow: "fixed", inWindow: "fixed", requests: 30, concurrent: 4, burst: 3, usd: 200_000_000, mechanism: "redirect"},
	{tokens: 60_000, output: 40_000, input: 6_000, outputWindow: "gcra", inWindow: "sliding", requests: 60, concurrent: 20, usd: 300_000_000, mechanism: "redirect", goesOn: true},
	{tokens: 60_000, output: 6_000, input: 6_000, outputWindow: "fixed", inWindow: "fixed", requests: 60, concurrent: 8, usd: 200_000_000, goesOn: true},
	{tokens: 20_000, output: 60_000, input: 1_200, outputWindow: "fixed", inWindow: "fixed", requests: 60, concurrent: 20, usd: 300_000_000, goesOn: true},
	{tokens: 200_000, output: 60_000, input: 6_000, outputWindow: "sliding", inWindow: "gcra", requests: 60, concurrent: 20, burst: 3, usd: 600_000_000, retries: true, goesOn: true},
}

const (
	inMinute = int64(time.Minute)
	inputPer = inMinute
	outPer   = 10 * inMinute
	anHour   = 60 * inMinute
	waitPer  = int64(10 * time.Second)
	waits    = 5 // requests in waitPer, beyond the burst
)

func (a *allowance) document() string {
	row := func(kind, keys string) string {
		return `{"name":"` + kind + `","type":"openai","cluster":"` + kind + `","keys":[{"value":"key-` + kind + `"}]}`
	}
	limits := []string{
		fmt.Sprintf(`{"name":"all","key":[],"tokens":%d,"per":"1h"}`, a.tokens),
		fmt.Sprintf(`{"name":"out","key":["consumer"],"output_tokens":%d,"per":"10m","window":%q}`, a.output, a.outputWindow),
		fmt.Sprintf(`{"name":"in","key":["consumer","model"],"input_tokens":%d,"per":"1m","window":%q}`, a.input, a.inWindow),
		fmt.Sprintf(`{"name":"often","key":["consumer"],"requests":%d,"per":"1m"}`, a.requests),
		fmt.Sprintf(`{"name":"few","key":[],"concurrent":%d}`, a.concurrent),
	}
	if a.burst > 0 {
		limits = append(limits, fmt.Sprintf(`{"name":"slow","key":["header:x-team"],"requests":%d,"per":"10s","burst":%d,"wait":"20s"}`, waits, a.burst))
	}
	model := `"targets":[{"provider":"a","weight":3},{"provider":"b"}]`
	switch {
	case a.retries:
		model += `,"retry":{"attempts":2,"backoff":"300ms"},"fallback":[{"provider":"b"}]`
	case a.mechanism == "native":
		model = `"mechanism":"native","cluster":"both","targets":[{"provider":"a"}],"fallback":[{"provider":"b"}],"retry":{"attempts":2}`
	case a.mechanism == "redirect":
		model = `"mechanism":"redirect","targets":[{"provider":"a","weight":3,"cluster":"to-a"},{"provider":"b","cluster":"to-b"}],"retry":{"attempts":1},"fallback":[{"provider":"b","cluster":"to-b"}]`
	}
	if a.goesOn {
		model += `,"continue":{"attempts":2},"idle":"5s"`
		if !strings.Contains(model, "fallback") {
			model += `,"fallback":[{"provider":"b"},{"provider":"a"}]`
		}
	}
	consumers := ""
	for _, name := range []string{"web", "app"} {
		sum := sha256.Sum256([]byte("client-" + name))
		consumers += `,{"name":"` + name + `","keys":[{"sha256":"` + hex.EncodeToString(sum[:]) + `"}]}`
	}
	return `{"hold_headers":"always","state":{"space":"s"},"admin":{"keys":[{"sha256":"` + sum("admin-key") + `"}]},"bounds":{"request":"1MiB","held":"2MiB"},"providers":[` + row("a", "") + `,` + row("b", "") + `],` +
		`"models":[{"name":"gpt-4o",` + model + `}],"consumers":[` + consumers[1:] + `],"limits":[` + strings.Join(limits, ",") + `],` +
		fmt.Sprintf(`"budgets":[{"name":"money","key":["consumer"],"usd":%g,"per":"1h","soft":[50,90]}]}`, float64(a.usd)/1e9)
}

// Prices of gpt-4o, in nano-dollars for a token.
const inputPrice, outputPrice = 2_500, 10_000

// An account is one rule's count by one key, as it should be.
type account struct {
	window        string
	limit, period int64
	burst         int64
	used, excess  map[int64]int64 // by period
	level, over   float64         // of a bucket
	at            int64
}

// add counts what was used, and finds that it is more than the limit allows. Of the excess it
// was known that nobody could hold it back.
func (a *account) add(now, used, excess int64) error {
	if a.used == nil {
		a.used, a.excess = map[int64]int64{}, map[int64]int64{}
	}
	n := now / a.period
	a.used[n] += used
	a.excess[n] += excess
	leak := float64(now-a.at) * float64(a.limit) / float64(a.period)
	a.level, a.over, a.at = max(0, a.level-leak)+float64(used), max(0, a.over-leak)+float64(excess), now
	return a.check(now)
}

// check finds that more counts than the limit allows.
func (a *account) check(now int64) error {
	n, into := now/a.period, now%a.period
	count, most := float64(a.used[n]), float64(a.limit+a.excess[n])
	switch a.window {
	case "gcra":
		count, most = a.level, float64(a.burst)+a.over+1
	case "sliding":
		left := float64(a.period-into) / float64(a.period)
		count += float64(a.used[n-1]) * left
		most += float64(a.excess[n-1]) + 1
	}
	if count > most {
		return fmt.Errorf("%.0f have been used, %.0f are allowed", count, most)
	}
	return nil
}

// takeBack counts that of what was used since then some was not, as far as the window still has
// it. What it has not any more may be used once more, and nobody asks whether there is room.
func (a *account) takeBack(now, then, n int64) {
	if now/a.period == then/a.period {
		a.used[now/a.period] -= n
	} else {
		a.excess[now/a.period] += n
	}
	leak := func(since int64) float64 { return float64(now-since) * float64(a.limit) / float64(a.period) }
	leaked := min(float64(n), leak(then))
	a.level, a.over, a.at = max(0, a.level-leak(a.at)-(float64(n)-leaked)), max(0, a.over-leak(a.at))+leaked, now
}

// tallies are how often things happen.
type tallies struct {
	whole, streams, hungUp, late, cut, waited, refused, crashed, fallbacks, retries, recovered, failed, between, kept int
	attempts, redirects, abandoned, locals, sequels, goneOn                                                           int
}

func (a *tallies) add(b *tallies) {
	a.whole += b.whole
	a.streams += b.streams
	a.hungUp += b.hungUp
	a.late += b.late
	a.cut += b.cut
	a.waited += b.waited
	a.refused += b.refused
	a.crashed += b.crashed
	a.fallbacks += b.fallbacks
	a.retries += b.retries
	a.recovered += b.recovered
	a.failed += b.failed
	a.between += b.between
	a.kept += b.kept
	a.attempts += b.attempts
	a.redirects += b.redirects
	a.abandoned += b.abandoned
	a.locals += b.locals
	a.sequels += b.sequels
	a.goneOn += b.goneOn
}

func (a *tallies) all(t *testing.T) {
	t.Logf("%+v", *a)
	for i, n := range []int{a.whole, a.streams, a.hungUp, a.late, a.cut, a.waited, a.refused, a.crashed, a.fallbacks, a.retries, a.recovered, a.failed, a.between, a.kept, a.attempts, a.redirects, a.abandoned, a.locals, a.sequels, a.goneOn} {
		if n == 0 {
			t.Errorf("the %d. of these has never happened: %+v", i+1, *a)
		}
	}
}
