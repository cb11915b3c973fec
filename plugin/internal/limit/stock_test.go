package limit

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// A crew is workers with one state, whose host calls are counted.
type crew struct {
	t     *testing.T
	host  *host
	calls int
	books []*Book
	rules Limits
	now   int64
	open  []*Lease // under way, the last one first to end
}

func newCrew(t *testing.T, rules ...*Rule) *crew {
	c := &crew{t: t, host: newHost(), rules: limits(rules...), now: start.UnixNano()}
	c.host.before = func() { c.calls++ }
	for range 2 {
		c.books = append(c.books, NewBook(c.host, "stock", ""))
	}
	return c
}

// ask has a worker take requests with 10 tokens of input and 20 of output each, and says how many of
// them it asks the host for.
func (c *crew) ask(worker, n int, consumer string) (asked int) {
	c.t.Helper()
	for range n {
		before := c.calls
		if out := c.admit(worker, consumer); out.Refused != nil {
			c.t.Fatalf("refused by %s", out.Refused.Unit)
		}
		if c.calls > before {
			asked++
		}
	}
	return asked
}

func (c *crew) admit(worker int, consumer string) Outcome {
	l := &Lease{}
	b := c.books[worker]
	b.Gather(l, subject{Consumer: consumer}, c.rules)
	out := b.Admit(l, &Ask{Input: 10, Output: 20, Least: 20}, All, nil, c.now)
	c.open = append(c.open, l)
	return out
}

// end settles all that a worker has under way, with 10 tokens of output each.
func (c *crew) end(worker int) {
	for _, l := range c.open {
		c.books[worker].Settle(l, &Amounts{InputTokens: 10, OutputTokens: 10, Tokens: 20}, c.now)
	}
	c.open = nil
}

// left is what a third worker sees.
func (c *crew) left() string {
	var l []int64
	for _, v := range NewBook(c.host, "stock", "").View(subject{Consumer: "web"}, c.rules, c.now) {
		l = append(l, v.Limit-v.Remaining)
	}
	return fmt.Sprint(l)
}

func (c *crew) want(what, got, want string) {
	c.t.Helper()
	if got != want {
		c.t.Errorf("%s: got %s, want %s", what, got, want)
	}
}

func TestStock(t *testing.T) {
	t.Parallel()
	const plenty = 1_000_000
	minute := per(time.Minute)
	for _, c := range []struct {
		sentence string
		rules    []*Rule
		run      func(c *crew)
	}{
		{"after eight requests, of each seventeen one asks the host", []*Rule{{Unit: Requests, Limit: plenty, Period: minute}}, func(c *crew) {
			c.want("asked", fmt.Sprint(c.ask(0, 8, "web"), c.ask(0, 17, "web"), c.ask(0, 17, "web"), c.ask(0, 2, "web")), "8 1 1 1")
			c.want("used", c.left(), "[59]") // with 15 that are to come
			c.books[0].Look(c.now)
			c.want("used after a look", c.left(), "[44]")
		}},
		{"tokens that were not used are there for the next one", []*Rule{{Unit: Tokens, Limit: plenty, Period: minute}}, func(c *crew) {
			c.ask(0, 9, "web")
			c.end(0)
			asked := 0
			for range 100 {
				asked += c.ask(0, 1, "web")
				c.end(0)
			}
			c.want("asked", fmt.Sprint(asked), "4") // one in 25: each takes 20 of 16 × 30
			c.books[0].Look(c.now)
			c.want("used", c.left(), fmt.Sprint([]int{109 * 20}))
		}},
		{"what is under way stays reserved when its stock is settled", []*Rule{{Unit: OutputTokens, Limit: plenty, Period: minute}, {Unit: Concurrent, Limit: plenty, Window: Open}}, func(c *crew) {
			c.ask(0, 12, "web")
			c.books[0].Look(c.now)
			c.want("used", c.left(), "[240 12]")
			c.end(0)
			c.want("used in the end", c.left(), "[120 0]")
		}},
		{"a look begins anew", []*Rule{{Unit: Requests, Limit: plenty, Period: minute}}, func(c *crew) {
			c.ask(0, 9, "web")
			c.books[0].Look(c.now)
			c.want("asked", fmt.Sprint(c.ask(0, 9, "web"), c.ask(0, 16, "web")), "9 0")
		}},
		{"nobody has anything of it after a tenth of a second", []*Rule{{Unit: Requests, Limit: plenty, Period: minute}}, func(c *crew) {
			c.ask(0, 9, "web")
			c.now += stockTime
			c.want("asked", fmt.Sprint(c.ask(0, 1, "web"), c.ask(0, 16, "web")), "1 0")
			c.want("used", c.left(), "[26]")
		}},
		{"a stock ends with its period", []*Rule{{Unit: Requests, Limit: plenty, Period: minute}, {Unit: Tokens, Limit: plenty, Window: Sliding, Period: minute}}, func(c *crew) {
			c.now = c.now/int64(time.Minute)*int64(time.Minute) + int64(time.Minute-time.Millisecond)
			c.ask(0, 10, "web")
			c.end(0)
			c.now += int64(time.Millisecond)
			c.books[0].Look(c.now)
			c.want("used", c.left(), "[0 200]")
			c.want("asked", fmt.Sprint(c.ask(0, 1, "web")), "1")
			c.want("used then", c.left(), "[1 230]")
		}},
		{"a bucket of tokens has one", []*Rule{{Unit: Tokens, Limit: plenty, Window: GCRA, Burst: plenty, Period: minute}}, func(c *crew) {
			c.want("asked", fmt.Sprint(c.ask(0, 20, "web")), "9")
			c.end(0)
			c.books[0].Look(c.now)
			c.want("used", c.left(), "[400]")
		}},
		{"one of requests has none: when it is full again is told", []*Rule{{Unit: Requests, Limit: plenty, Window: GCRA, Burst: plenty, Period: minute}}, func(c *crew) {
			c.want("asked", fmt.Sprint(c.ask(0, 20, "web")), "20")
		}},
		{"where less than 1,024 such requests have room there is none", []*Rule{{Unit: Requests, Limit: 1000, Period: minute}}, func(c *crew) {
			c.want("asked", fmt.Sprint(c.ask(0, 100, "web")), "100")
		}},
		{"nor for a budget", []*Rule{{Unit: Tokens, Limit: plenty, Period: minute, Budget: &Budget{}}}, func(c *crew) {
			c.want("asked", fmt.Sprint(c.ask(0, 100, "web")), "100")
		}},
		{"nor for one who asks rarely", []*Rule{{Unit: Requests, Limit: plenty, Period: minute}}, func(c *crew) {
			asked := 0
			for range 20 {
				asked += c.ask(0, 8, "web")
				c.books[0].Look(c.now)
			}
			c.want("asked", fmt.Sprint(asked), "160")
		}},
		{"consumers have their own", []*Rule{{Unit: Requests, Limit: plenty, Period: minute}}, func(c *crew) {
			c.ask(0, 9, "web")
			c.want("asked", fmt.Sprint(c.ask(0, 8, "app"), c.ask(0, 16, "web")), "8 0")
			c.want("used", c.left(), "[25]")
		}},
		{"another worker sees what one has taken, and a dead one's tokens lapse", []*Rule{{Unit: Tokens, Limit: plenty, Period: per(time.Hour)}, {Unit: Requests, Limit: plenty, Period: per(time.Hour)}}, func(c *crew) {
			c.ask(0, 9, "web")
			c.want("used", c.left(), "[750 25]")
			c.now += 3 * int64(time.Minute)
			c.ask(1, 1, "web")
			c.want("used three minutes later", c.left(), "[30 26]")
		}},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			t.Parallel()
			c.run(newCrew(t, c.rules...))
		})
	}
}

// What remains is told as if each request had asked the host.
func TestStockStands(t *testing.T) {
	t.Parallel()
	c := newCrew(t, &Rule{Unit: Requests, Limit: 100_000, Period: per(time.Minute)}, &Rule{Unit: Tokens, Limit: 1_000_000, Period: per(time.Hour)},
		&Rule{Unit: OutputTokens, Limit: 500_000, Window: GCRA, Burst: 500_000, Period: per(time.Hour)}, &Rule{Unit: InputTokens, Limit: 500_000, Window: Sliding, Period: per(time.Hour)})
	plain := newCrew(t, c.rules[0].Rules...)
	plain.books[0].Stocking.After = 255
	for i := range 60 {
		c.admit(0, "web")
		plain.admit(0, "web")
		if got, want := c.open[i].Standing, plain.open[i].Standing; got != want {
			t.Fatalf("request %d: %v, want %v", i, got, want)
		}
		c.now += int64(time.Millisecond)
		plain.now = c.now
	}
}

// Rules that are for some requests of a record and not for others do not share a stock.
func TestStockOfOtherRules(t *testing.T) {
	t.Parallel()
	all, some := &Rule{Unit: Requests, Limit: 1 << 40, Period: per(time.Minute)}, &Rule{Unit: Requests, Limit: 1 << 40, Period: per(time.Hour), When: Match{Models: []string{"gpt-*"}}}
	b, l, now := NewBook(newHost(), "stock", ""), limits(all, some), start.UnixNano()
	for i := range 60 {
		var lease Lease
		b.Gather(&lease, subject{Consumer: "web", Model: []string{"gpt-4o", "claude"}[i/10%2]}, l)
		b.Admit(&lease, &Ask{}, All, nil, now)
	}
	b.Look(now)
	var used []int64
	for _, v := range b.View(subject{Consumer: "web", Model: "gpt-4o"}, l, now) {
		used = append(used, v.Limit-v.Remaining)
	}
	if !slices.Equal(used, []int64{60, 30}) {
		t.Errorf("%d are counted, want 60 and 30", used)
	}
}

// What a record before has handed out comes back if the next one has no room.
func TestStockTakesBack(t *testing.T) {
	t.Parallel()
	var l Limits
	l.Add([]Attribute{{Kind: Consumer}}, &Rule{Unit: Requests, Limit: 1 << 40, Period: per(time.Minute)})
	l.Add([]Attribute{{Kind: Tenant}}, &Rule{Unit: Requests, Limit: 12, Period: per(time.Minute)})
	h, now := newHost(), start.UnixNano()
	b, other := NewBook(h, "stock", ""), NewBook(h, "stock", "")
	ask := func(b *Book) Outcome {
		var lease Lease
		b.Gather(&lease, subject{Consumer: "web", Tenant: "acme"}, l)
		return b.Admit(&lease, &Ask{}, All, nil, now)
	}
	for range 11 {
		ask(b)
	}
	first := true
	h.before = func() { // another worker has the last one, between the load and the store of the tenant's
		if h.values != nil && first {
			if first = false; ask(other).Refused != nil {
				t.Error("the other worker is refused")
			}
		}
	}
	loads := 0
	h.before = func(before func()) func() {
		return func() {
			if loads++; loads == 2 {
				before()
			}
		}
	}(h.before)
	if ask(b).Refused == nil {
		t.Error("there is no room, and it is not refused")
	}
	h.before = nil
	b.Look(now)
	other.Look(now)
	if v := b.View(subject{Consumer: "web", Tenant: "acme"}, l, now); v[0].Limit-v[0].Remaining != 12 || v[1].Remaining != 0 {
		t.Errorf("%+v", v)
	}
}
