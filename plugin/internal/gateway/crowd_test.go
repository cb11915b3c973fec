package gateway_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/plugin/cases"
	"github.com/postern-gateway/postern/plugin/internal/config"
	"github.com/postern-gateway/postern/plugin/internal/gateway"
	"github.com/postern-gateway/postern/plugin/internal/limit"
	"github.com/postern-gateway/postern/plugin/internal/state"
	"github.com/postern-gateway/postern/plugin/internal/state/statetest"
	"github.com/postern-gateway/postern/plugin/internal/usage"
)

// A crowd is the workers of one schedule.
type crowd struct {
	t        testing.TB
	random   *rand.Rand
	now      int64
	host     *statetest.Host
	plan     *config.Plan
	allowed  *allowance
	members  []*member
	accounts map[string]*account
	used     gateway.Used // by all
	calls    int
	starting bool // a worker is
	ending   bool
	eager    bool // workers take of limits for requests to come, even if few come
	lossy    bool // and one of them has died of it
	tallies

	depth   int                 // of what goes on
	doubted map[*account]string // what is to be looked at when nothing does
}

// A member is one of the workers, and the proxy's thread that it is in.
type member struct {
	*proxy
	crowd *crowd
	busy  bool // an event is under way
	live  []*call

	lastLook int64 // when its worker has last done what is due
	attempts *gateway.Attempts
	picked   string // the provider whose endpoint the proxy has picked
}

// A call is one client's request.
type call struct {
	*exchange
	member   *member
	id       string
	consumer string
	size     int // of the body
	list     bool
	streams  bool
	queued   bool // it has waited
	sent     bool
	begun    bool         // its answer
	idle     bool         // one request of a list has failed, the next is not out
	ended    bool         // as far as its limits go
	shut     bool         // its stream is another's now
	counted  gateway.Used // of it, by limits
	since    int64        // when that was begun
	excess   bool         // it is counted that nobody could hold it back
	late     bool         // its client has gone, its callout has not
	most     int          // tokens of the answer
	words    int          // tokens of what was sent
	text     chat.Delivered
	calledAt int64
	said     bool // with how many tokens that was
	callout  uint32
	again    bool // something else is asked, or the same again, in the place of what has failed

	parts    int   // of the answer, with which others have gone on
	past     int   // tokens of those
	base     int64 // and of their text
	sequel   bool  // another is asked to go on
	met      bool  // and has said something
	closed   bool  // the first provider has come to its end
	outlived bool  // its client has the end, which its provider has not come to

	wanted  int       // tokens of the answer, as the client asks
	attempt *exchange // the proxy's, under way
	given   *exchange // the one before, of which it has not said that it is over
	opened  bool      // its answer has begun, with nothing yet
	called  bool      // by a callout, because nothing else could follow
	tries   int       // attempts, since the proxy has begun the request
}

func newCrowd(t testing.TB, seed uint64, plan *config.Plan, allowed *allowance) *crowd {
	c := &crowd{t: t, random: rand.New(rand.NewPCG(seed, 1)), now: epoch, host: &statetest.Host{}, plan: plan, allowed: allowed, accounts: map[string]*account{}, doubted: map[*account]string{}}
	c.now -= c.now % anHour
	c.eager = seed/uint64(len(allowances))%2 == 1
	c.now += c.random.Int64N(anHour)
	for range 2 + c.random.IntN(3) {
		c.members = append(c.members, c.newMember())
	}
	return c
}

func (c *crowd) newMember() *member {
	m := &member{crowd: c, proxy: &proxy{t: c.t, details: "via_upstream", source: "127.0.0.1:40000", counts: map[string]uint64{}, Host: c.host}}
	c.starting = true
	m.worker = gateway.NewWorker(c.plan, m, gateway.Build{})
	if c.eager {
		m.worker.Stock(limit.Stocking{After: uint8(c.random.IntN(2)), Size: 1 + c.random.Int64N(4), Share: 1 + c.random.Int64N(2)})
	}
	shared := gateway.NewHandover()
	m.worker.Share(shared)
	m.attempts = gateway.NewAttempts(shared, m)
	c.starting = false
	return m
}

func (m *member) Now() int64     { return m.crowd.now }
func (m *member) Random() uint64 { return m.crowd.random.Uint64() }

// Property is what the proxy says of the request, or the attempt, in hand.
func (m *member) Property(path string) ([]byte, bool) {
	if v, ok := map[string]string{
		"request\x00scheme": "https", "request\x00host": "gateway.test", "request\x00path": "/v1/chat/completions",
		"xds\x00upstream_host_metadata\x00filter_metadata\x00postern\x00provider": m.picked,
		"xds\x00upstream_host_metadata\x00filter_metadata\x00postern\x00model":    "",
	}[path]; ok {
		return []byte(v), v != ""
	}
	return m.proxy.Property(path)
}

func (m *member) Load(key string) ([]byte, uint32, bool) {
	m.crowd.between(m)
	return m.Host.Load(key)
}

func (m *member) Store(key string, value []byte, version uint32) error {
	m.crowd.between(m)
	if strings.Contains(key, "/limits") {
		m.note()
	}
	return m.Host.Store(key, value, version)
}

// note takes down what limits count of requests that go on, when they do.
func (m *member) note() {
	for _, x := range m.live {
		if s, ok := x.gw.(*gateway.Stream); ok && !x.shut {
			x.over(s)
			x.charge(s.Spent())
		}
	}
}

var _ state.Host = (*member)(nil)

// between lets another worker do something while one asks its host.
func (c *crowd) between(*member) {
	if c.starting || c.ending || c.random.IntN(6) > 0 {
		return
	}
	if m := c.members[c.random.IntN(len(c.members))]; !m.busy {
		c.tallies.between++
		c.act(m)
	}
}

func (c *crowd) run() {
	for range 40 + c.random.IntN(60) {
		switch n := c.random.IntN(40); {
		case n == 0:
			c.crash()
		case n < 4:
			c.pass(time.Duration(c.random.Int64N(int64(10 * time.Second))))
		case n == 4:
			c.pass(time.Duration(c.random.Int64N(int64(5 * time.Minute))))
		default:
			c.act(c.members[c.random.IntN(len(c.members))])
		}
		if c.t.Failed() {
			return
		}
	}
	c.settle()
}

// act lets one worker do something.
func (c *crowd) act(m *member) {
	defer c.begin(m)()
	switch n := c.random.IntN(20); {
	case n < 6 || len(m.live) == 0:
		m.begin()
	case n == 6:
		m.tick()
	case n < 9 && len(m.calls) > 0:
		m.answerCallout(c.random.IntN(4))
	default:
		m.live[c.random.IntN(len(m.live))].move()
	}
	m.sweep()
}

// begin begins something that a worker does. When all is over that goes on, it is looked at what seemed to be
// too much: others may have had room already that was given back, and is taken back here at the end.
func (c *crowd) begin(m *member) (end func()) {
	c.depth++
	m.busy = true
	return func() {
		m.busy = false
		if c.depth--; c.depth > 0 {
			return
		}
		for a, what := range c.doubted {
			if err := a.check(c.now); err != nil && !c.lossy {
				c.t.Errorf("%s: %v", what, err)
			}
		}
		clear(c.doubted)
	}
}

// pass lets time go by, in which workers look what is due as they do.
func (c *crowd) pass(d time.Duration) {
	for d > 0 {
		step := min(d, 20*time.Second)
		c.now += int64(step)
		d -= step
		for _, m := range c.members {
			end := c.begin(m)
			m.tick()
			m.sweep()
			end()
		}
	}
}

// crash drops a worker with all that it does, and starts another.
func (c *crowd) crash() {
	c.crashed++
	i := c.random.IntN(len(c.members))
	if c.eager { // what it has not settled nobody knows of, unless it has just done so
		if c.random.IntN(2) == 0 {
			c.members[i].busy = true
			c.members[i].worker.Settle()
		} else {
			c.lossy = true
		}
	}
	for _, x := range c.members[i].live { // what was counted of it stays
		x.ended = true
		if x.counted != (gateway.Used{}) {
			c.kept++
		}
	}
	c.members[i] = c.newMember()
}

func (m *member) tick() {
	for len(m.calls) > 0 { // those of which the proxy says that they take too long
		if x := m.callOf(0); x == nil || m.crowd.now-x.calledAt < 4*inMinute {
			break
		}
		m.answerCallout(0)
	}
	var sent []*call
	if m.crowd.now-m.lastLook >= int64(gateway.TickEvery-gateway.GlanceEvery/2) { // as the worker does
		m.lastLook = m.crowd.now
		for _, x := range m.live {
			if _, ok := x.soFar(); ok {
				sent = append(sent, x)
			}
		}
	}
	m.wake(m.worker.Tick())
	m.flush()
	for _, x := range sent {
		if used, ok := x.soFar(); ok && used != x.counted {
			m.crowd.t.Errorf("after a tick %+v is counted of %+v", x.counted, used)
		}
	}
}

// soFar is what a request has used; false if its provider does not have it.
func (x *call) soFar() (gateway.Used, bool) {
	s, ok := x.gw.(*gateway.Stream)
	if !ok || x.shut {
		return gateway.Used{}, false
	}
	return s.SoFar()
}

func (c *crowd) slow() {
	if c.allowed.burst > 0 {
		c.count("slow", "", 1, 0)
	}
}

func (c *crowd) count(rule, key string, used, excess int64) {
	if a := c.account(rule, key); a.add(c.now, used, excess) != nil {
		c.doubted[a] = fmt.Sprintf("the limit %s of %q", rule, key)
	}
}

func (c *crowd) account(rule, key string) *account {
	a, ok := c.accounts[rule+" "+key]
	if ok {
		return a
	}
	switch l := c.allowed; rule {
	case "all":
		a = &account{window: "fixed", limit: l.tokens, period: anHour}
	case "out":
		a = &account{window: l.outputWindow, limit: l.output, burst: l.output, period: outPer}
	case "in":
		a = &account{window: l.inWindow, limit: l.input, burst: l.input, period: inputPer}
	case "often":
		a = &account{window: "fixed", limit: l.requests, period: inMinute}
	case "slow":
		a = &account{window: "gcra", limit: waits, burst: l.burst, period: waitPer}
	case "money":
		a = &account{window: "fixed", limit: l.usd, period: anHour}
	}
	c.accounts[rule+" "+key] = a
	return a
}

// few counts what is under way at once.
func (c *crowd) few() {
	n := int64(0)
	for _, m := range c.members {
		for _, x := range m.live {
			if x.sent && !x.ended && !x.idle || x.late {
				n++
			}
		}
	}
	if n > c.allowed.concurrent {
		c.t.Errorf("%d requests are under way, %d may be", n, c.allowed.concurrent)
	}
}

// settle ends what is under way, and looks at what is left: nothing may be.
func (c *crowd) settle() {
	c.ending = true
	for range 200 {
		c.pass(time.Second)
		under := 0
		for _, m := range c.members {
			end := c.begin(m)
			for len(m.calls) > 0 {
				m.answerCallout(c.random.IntN(4))
				m.sweep()
			}
			for _, x := range slices.Clone(m.live) {
				x.move()
			}
			m.sweep()
			under += len(m.live)
			end()
		}
		if under == 0 {
			break
		}
	}
	c.pass(2 * time.Second)
	for i, m := range c.members {
		if len(m.live) > 0 {
			c.t.Errorf("%d streams of worker %d never end", len(m.live), i+1)
		}
		if left := m.worker.Left(); left != "" {
			c.t.Errorf("worker %d has %s left", i+1, left)
		}
	}
	r := usage.New(c.host, "s", "").Report(&usage.Query{To: math.MaxInt64}, c.now)
	if kept := (gateway.Used{Input: r.Total[usage.InputTokens], Output: r.Total[usage.OutputTokens], Cost: r.Total[usage.Cost]}); c.crashed == 0 && kept != c.used { // those who die have lines that they have not written
		c.t.Errorf("of %+v that were used %+v is written down", c.used, kept)
	}
	if c.crashed > 0 { // what dead workers have reserved lapses
		c.pass(4 * time.Minute)
	}
	for _, consumer := range []string{"web", "app"} {
		c.probe(consumer)
	}
}

// probe compares what one more request is told to be left with what should be.
func (c *crowd) probe(consumer string) {
	const output = 16
	m := c.newMember()
	m.busy = true
	x := &call{member: m, exchange: m.stream(), consumer: consumer, wanted: output}
	message := chatRequest("/v1/messages", fmt.Sprintf(`{"model":"gpt-4o","max_tokens":%d,"messages":[{"role":"user","content":"Hi"}]}`, output))
	message.Headers = append(message.Headers, cases.Header{Name: "authorization", Value: "Bearer client-" + consumer}, cases.Header{Name: "x-team", Value: "probe-" + consumer})
	x.request(message)
	input, at := int64(len(message.Body))/3, c.now
	for x.upstream != nil && x.handedOver() && !x.answered && x.response.First == "" { // the proxy tries, until nothing follows
		if x.attempt == nil {
			x.attemptAt("a")
		}
		x.attempt.respond(failedAnswer)
		switch a := x.attempt; {
		case a.response.First == "307":
			x.beginAgainFor(1)
		case a.response.Get("x-postern-retry") != "" && x.mayRetry():
			x.retry()
		default:
			x.respond(a.response)
		}
	}
	if x.upstream != nil {
		if !x.handedOver() {
			x.respond(failedAnswer)
		}
		for x.waits { // others are asked
			if len(m.calls) == 0 {
				m.crowd.now += int64(time.Second)
				m.tick()
				continue
			}
			m.answer(&failedAnswer)
		}
	} else {
		input = 0
	}
	for _, is := range []struct {
		rule, key, header string
		reserved          int64
	}{
		{"all", "", "anthropic-ratelimit-tokens-remaining", input + output},
		{"out", consumer, "anthropic-ratelimit-output-tokens-remaining", output},
		{"in", consumer, "anthropic-ratelimit-input-tokens-remaining", input},
		{"money", consumer, "x-postern-budget", input*inputPrice + output*outputPrice},
	} {
		a := c.account(is.rule, is.key)
		if a.window != "fixed" {
			continue
		}
		if x.upstream == nil {
			is.reserved = 0
		}
		want := max(0, a.limit-a.used[at/a.period]-is.reserved)
		got := x.response.Get(is.header)
		if is.rule == "money" {
			got, _, _ = strings.Cut(strings.TrimPrefix(got, "remaining="), ",")
			dollars, err := strconv.ParseFloat(got, 64)
			if err != nil {
				c.t.Errorf("budget: %v", err)
			}
			got = strconv.FormatInt(int64(dollars*1e9+0.5), 10)
		}
		if n, err := strconv.ParseInt(got, 10, 64); err != nil || n < want || n > want && !c.lossy {
			c.t.Errorf("of the limit %s of %q %s are left, want %d", is.rule, is.key, got, want)
		}
	}
	x.exchange.done()
	m.worker.Settle()
}
