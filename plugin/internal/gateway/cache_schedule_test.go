package gateway_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/plugin/cases"
	"github.com/postern-gateway/postern/plugin/internal/cache/cachetest"
	"github.com/postern-gateway/postern/plugin/internal/state/statetest"
)

// A play is a worker whose requests wait for a store and for each other, whose answers grow
// old, and whose clients, provider and store do as chance says.
type play struct {
	*proxy
	random *rand.Rand
	redis  cachetest.Redis
	alive  []*player
}

type player struct {
	*exchange
	question string
	over     bool // the provider's answer has been here
}

const playCache = `{"ttl":"20s","stale_while_revalidate":"20s","stale_if_error":"60s","coalesce":{"wait":"10s","waiting":3,"streams":true},"store":{"memory":{},"redis":{"cluster":"redis"}}}`

func newPlay(t *testing.T, seed uint64) *play {
	t.Helper()
	g := &play{proxy: newWorker(t, cached(playCache, `,"limits":[{"tokens":1000000,"per":"1m"}]`), &statetest.Host{}), random: rand.New(rand.NewPCG(seed, 0))}
	g.details = "via_upstream"
	g.tick(0)
	return g
}

// TestPlays lets chance decide for many plays, and checks that everybody gets an answer to
// what they have asked, and that nothing is left.
func TestPlays(t *testing.T) {
	t.Parallel()
	told := map[string]int{}
	for seed := range uint64(400) {
		g := newPlay(t, seed)
		for range 150 {
			g.step()
			g.check(seed)
		}
		for _, p := range g.alive {
			told[p.cache()]++
		}
		g.end(seed)
		for name, n := range g.counts {
			if outcome, ok := strings.CutPrefix(name, "postern.cache;outcome="); ok {
				told[outcome] += int(n)
			}
		}
	}
	for _, outcome := range []string{"hit", "miss", "stale", "coalesced", "refresh", "stored"} {
		if told[outcome] < 100 {
			t.Errorf("got %d of %s, too few to show anything", told[outcome], outcome)
		}
	}
}

// step does what chance says.
func (g *play) step() {
	switch n := g.random.IntN(10); {
	case n < 3 && len(g.alive) < 8:
		p := &player{exchange: g.stream(), question: fmt.Sprintf("question %d", g.random.IntN(3))}
		more := [...]string{"", `,"stream":true`}[g.random.IntN(2)]
		g.alive = append(g.alive, p)
		p.request(chatAsk(`{"model":"m","messages":[{"role":"user","content":"` + p.question + `"}]` + more + `}`))
	case n < 6 && len(g.alive) > 0:
		p := g.alive[g.random.IntN(len(g.alive))]
		switch {
		case p.answered || p.over:
			g.leave(p)
		case p.upstream != nil:
			p.over = true
			p.respond(g.provider(p.question, strings.Contains(string(p.upstream.Body), `"stream":true`)))
			g.check(0)
			g.leave(p)
		}
	case n < 7 && len(g.alive) > 0 && g.random.IntN(3) == 0: // somebody hangs up
		g.leave(g.alive[g.random.IntN(len(g.alive))])
	case n < 9 && len(g.calls) > 0:
		g.callout(g.random.IntN(4) > 0)
	case n == 9:
		g.tick(time.Duration(g.random.IntN(8000)) * time.Millisecond)
	}
}

func (g *play) leave(p *player) {
	for i, x := range g.alive {
		if x == p {
			g.alive = append(g.alive[:i], g.alive[i+1:]...)
		}
	}
	p.done()
}

// provider is its answer to a question: mostly a good one.
func (g *play) provider(question string, stream bool) cases.Message {
	switch n := g.random.IntN(8); {
	case n == 0:
		return cases.Message{First: "503", Headers: []cases.Header{{Name: "content-type", Value: "application/json"}}, Body: []byte(`{"error":{"message":"no"}}`)}
	case n == 1 && !stream:
		m := says("answer to " + question)
		m.Body = []byte(strings.Replace(string(m.Body), `"stop"`, `"length"`, 1))
		return m
	case stream:
		return events(`{"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":"answer to `+question+`"}}]}`,
			`{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`, "[DONE]")
	}
	return says("answer to " + question)
}

// callout has the oldest callout answered, if it is.
func (g *play) callout(answered bool) {
	c := g.calls[0]
	switch {
	case !answered:
		g.answer(nil)
	case c.Cluster == "redis":
		status, body := g.redis.Answer(c.Callout)
		g.answer(&cases.Message{First: fmt.Sprint(status), Body: body})
	default:
		_, question, _ := strings.Cut(string(c.Body), `"content":"`)
		m := g.provider(question[:len("question 0")], strings.Contains(string(c.Body), `"stream":true`))
		g.answer(&m)
	}
	g.rouse()
}

// check sees that answers are to what was asked.
func (g *play) check(seed uint64) {
	g.t.Helper()
	for _, p := range g.alive {
		if (p.answered || p.over) && p.response.First == "200" && !strings.Contains(string(p.response.Body), "answer to "+p.question) {
			g.t.Fatalf("play %d: %q got %s", seed, p.question, p.response.Body)
		}
	}
}

// end has everything come to an end.
func (g *play) end(seed uint64) {
	g.t.Helper()
	for range 20 {
		for len(g.calls) > 0 {
			g.callout(true)
		}
		for _, p := range g.alive {
			if !p.answered && p.upstream != nil && !p.over {
				p.over = true
				p.respond(g.provider(p.question, strings.Contains(string(p.upstream.Body), `"stream":true`)))
			}
		}
		g.check(seed)
		for _, p := range append([]*player(nil), g.alive...) {
			if p.answered || p.over {
				g.leave(p)
			}
		}
		g.tick(3 * time.Second)
	}
	for len(g.calls) > 0 { // what was purged is asked for again and again
		g.callout(true)
	}
	if len(g.alive) > 0 {
		g.t.Errorf("play %d: %d requests wait for ever", seed, len(g.alive))
	}
	if left := g.worker.Left(); left != "" {
		g.t.Errorf("play %d: there is left %s", seed, left)
	}
}
