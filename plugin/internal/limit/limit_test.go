package limit

import (
	"encoding/binary"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/postern-gateway/postern/plugin/internal/state"
)

// host is shared data as Envoy has it. before is called in front of each call, so that
// another worker can come between.
type host struct {
	values map[string]value
	last   uint32
	before func()
}

type value struct {
	bytes   []byte
	version uint32
}

func (h *host) Load(key string) ([]byte, uint32, bool) {
	h.pause()
	v, ok := h.values[key]
	return append([]byte(nil), v.bytes...), v.version, ok
}

func (h *host) Store(key string, p []byte, version uint32) error {
	h.pause()
	if v, ok := h.values[key]; ok && v.version != version && version != 0 {
		return state.ErrConflict
	}
	h.last++
	h.values[key] = value{append([]byte(nil), p...), h.last}
	return nil
}

func (h *host) pause() {
	if h.before != nil {
		h.before()
	}
}

func newHost() *host { return &host{values: map[string]value{}} }

// subject is a request by what it is.
type subject map[Kind]string

func (s subject) Attribute(a Attribute) string { return s[a.Kind] }
func (s subject) Asks() (name, bare string)    { return s[Model], s[Model] }
func (s subject) Invented() bool               { return false }

var start = time.Date(2026, 11, 27, 10, 0, 30, 0, time.UTC)

func limits(rules ...*Rule) Limits {
	var l Limits
	for _, r := range rules {
		l.Add([]Attribute{{Kind: Consumer}}, r)
	}
	return l
}

func per(d time.Duration) Period { return Period{Length: d} }

// A step of a table: after a time a request asks, and what was reserved may be settled.
type step struct {
	after  time.Duration
	ask    Ask
	want   int64         // output that is granted, -1 if it is refused
	wait   time.Duration // if it is refused
	settle *Amounts      // at once; nil: it stays under way
}

func TestAdmit(t *testing.T) {
	one := Ask{Output: 1, Least: 1}
	for _, c := range []struct {
		name  string
		rule  Rule
		steps []step
	}{
		{"a fixed window forgets all at once, at its end", Rule{Unit: Requests, Limit: 2, Period: per(time.Minute)}, []step{
			{ask: one, want: 1}, {ask: one, want: 1}, {ask: one, want: -1, wait: 30 * time.Second},
			{after: 29 * time.Second, ask: one, want: -1, wait: time.Second}, {after: time.Second, ask: one, want: 1}, {ask: one, want: 1}, {ask: one, want: -1, wait: time.Minute},
		}},
		{"a sliding window counts the last period by its part", Rule{Unit: Requests, Limit: 4, Window: Sliding, Period: per(time.Minute)}, []step{
			{ask: one, want: 1}, {ask: one, want: 1}, {ask: one, want: 1}, {ask: one, want: 1}, {ask: one, want: -1, wait: 30 * time.Second},
			{after: 30 * time.Second, ask: one, want: -1, wait: 15 * time.Second}, {after: 15 * time.Second, ask: one, want: 1}, {ask: one, want: -1, wait: 15 * time.Second},
		}},
		{"a bucket fills steadily", Rule{Unit: Requests, Limit: 60, Window: GCRA, Burst: 2, Period: per(time.Minute)}, []step{
			{ask: one, want: 1}, {ask: one, want: 1}, {ask: one, want: -1, wait: time.Second},
			{after: time.Second, ask: one, want: 1}, {ask: one, want: -1, wait: time.Second}, {after: time.Hour, ask: one, want: 1}, {ask: one, want: 1}, {ask: one, want: -1, wait: time.Second},
		}},
		{"requests under way", Rule{Unit: Concurrent, Limit: 1, Window: Open}, []step{
			{ask: one, want: 1, settle: &Amounts{}}, {ask: one, want: 1}, {ask: one, want: -1, wait: time.Second}, {after: 3 * time.Minute, ask: one, want: 1},
		}},
		{"tokens are reserved and settled by what was used", Rule{Unit: Tokens, Limit: 100, Period: per(time.Hour)}, []step{
			{ask: Ask{Input: 10, Output: 50, Least: 50}, want: 50, settle: &Amounts{Tokens: 30}},
			{ask: Ask{Input: 10, Output: 60, Least: 60}, want: 60},
			{ask: Ask{Input: 1, Output: 1, Least: 1}, want: -1, wait: time.Second},
		}},
		{"output is lowered to what is left", Rule{Unit: Tokens, Limit: 100, Period: per(time.Hour)}, []step{
			{ask: Ask{Input: 10, Output: 500, Least: 1}, want: 90, settle: &Amounts{Tokens: 95}},
			{ask: Ask{Input: 4, Output: 500, Least: 1}, want: 1, settle: &Amounts{Tokens: 5}},
			{ask: Ask{Output: 500, Least: 1}, want: -1, wait: 59*time.Minute + 30*time.Second},
		}},
		{"output tokens alone", Rule{Unit: OutputTokens, Limit: 100, Period: per(time.Hour)}, []step{
			{ask: Ask{Input: 1000, Output: 500, Least: 1}, want: 100},
		}},
		{"input tokens alone", Rule{Unit: InputTokens, Limit: 100, Period: per(time.Hour)}, []step{
			{ask: Ask{Input: 60, Output: 500, Least: 1}, want: 500, settle: &Amounts{InputTokens: 60}},
			{ask: Ask{Input: 60, Output: 500, Least: 1}, want: -1, wait: 59*time.Minute + 30*time.Second},
		}},
		{"tokens from a bucket", Rule{Unit: Tokens, Limit: 3600, Window: GCRA, Burst: 100, Period: per(time.Hour)}, []step{
			{ask: Ask{Input: 10, Output: 90, Least: 90}, want: 90, settle: &Amounts{Tokens: 20}},
			{ask: Ask{Input: 10, Output: 90, Least: 90}, want: -1, wait: 20 * time.Second}, {after: 20 * time.Second, ask: Ask{Input: 10, Output: 90, Least: 90}, want: 90},
		}},
		// $1 at $3 and $15 for a million tokens: 1,000 tokens of input are $0.003, which leaves
		// $0.997, for 66,466 tokens of output.
		{"money", Rule{Unit: USD, Limit: 1e9, Period: Month()}, []step{
			{ask: Ask{Fixed: 3e6, Output: 100_000, Least: 1, Picos: 15e6}, want: 66_466, settle: &Amounts{USD: 1e9}},
			{ask: Ask{Fixed: 1, Output: 1, Picos: 15e6}, want: -1, wait: 3*24*time.Hour + 14*time.Hour - 30*time.Second},
			{after: 3*24*time.Hour + 14*time.Hour, ask: Ask{Fixed: 1e9, Output: 1, Picos: 0}, want: 1},
		}},
		{"what the last period has left is carried over", Rule{Unit: Tokens, Limit: 100, Period: per(time.Hour), Budget: &Budget{CarryOver: 30}}, []step{
			{ask: Ask{Input: 101}, want: -1, wait: 59*time.Minute + 30*time.Second},
			{ask: Ask{Input: 60}, want: 0, settle: &Amounts{Tokens: 60}},
			{after: time.Hour, ask: Ask{Input: 131}, want: -1, wait: 59*time.Minute + 30*time.Second},
			{ask: Ask{Input: 130}, want: 0},
		}},
		{"a shadow says so and lets pass", Rule{Unit: Requests, Limit: 1, Period: per(time.Minute), Shadow: true}, []step{
			{ask: one, want: 1}, {ask: one, want: 1},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, l, now := NewBook(newHost(), "test", ""), limits(&c.rule), start
			for i, s := range c.steps {
				now = now.Add(s.after)
				var lease Lease
				b.Gather(&lease, subject{Consumer: "web"}, l)
				out := b.Admit(&lease, &s.ask, Units(1<<c.rule.Unit), nil, now.UnixNano())
				got := out.Output
				if out.Refused != nil {
					got = -1
				}
				if got != s.want || s.want < 0 && time.Duration(out.Wait) != s.wait {
					t.Fatalf("step %d: granted %d, wait %v; want %d, %v", i+1, got, time.Duration(out.Wait), s.want, s.wait)
				}
				if s.settle != nil {
					b.Settle(&lease, s.settle, now.UnixNano())
				}
			}
		})
	}
}

func TestPeriods(t *testing.T) {
	for _, c := range []struct {
		name       string
		p          Period
		in         string
		from, till string
	}{
		{"a minute", per(time.Minute), "2026-11-27T10:00:30Z", "2026-11-27T10:00:00Z", "2026-11-27T10:01:00Z"},
		{"a day", per(24 * time.Hour), "2026-11-27T10:00:30Z", "2026-11-27T00:00:00Z", "2026-11-28T00:00:00Z"},
		{"a week begins on Monday", per(7 * 24 * time.Hour), "2026-11-27T10:00:30Z", "2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z"},
		{"a month", Month(), "2026-11-27T10:00:30Z", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"},
		{"the last month of a year", Month(), "2026-12-31T23:59:59Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"},
		{"February of a leap year", Month(), "2028-02-29T12:00:00Z", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"},
		{"January", Month(), "2027-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "2027-02-01T00:00:00Z"},
	} {
		in, _ := time.Parse(time.RFC3339, c.in)
		n := c.p.number(in.UnixNano())
		from, till := time.Unix(0, c.p.begins(n)).UTC().Format(time.RFC3339), time.Unix(0, c.p.begins(n+1)).UTC().Format(time.RFC3339)
		if from != c.from || till != c.till {
			t.Errorf("%s: from %s to %s, want %s to %s", c.name, from, till, c.from, c.till)
		}
	}
	for day := time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() < 2110; day = day.AddDate(0, 0, 1) {
		y, m := yearMonth(day.Unix() / 86400)
		if int(y) != day.Year() || int(m) != int(day.Month()) {
			t.Fatalf("%s is in month %d of %d", day.Format(time.DateOnly), m, y)
		}
		if first := firstOf(y, m) * 86400; time.Unix(first, 0).UTC().Format("2006-01-02") != day.Format("2006-01")+"-01" {
			t.Fatalf("the month of %s begins at %d", day.Format(time.DateOnly), first)
		}
	}
}

var schedules = flag.Int("schedules", 1000, "how many orders of events to try")

// Workers ask and settle side by side, others between any two host calls of theirs; some
// die with what they have reserved. No rule is ever over its limit, and in the end nothing
// is reserved.
func TestSchedules(t *testing.T) {
	for seed := range *schedules {
		schedule(t, uint64(seed))
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func schedule(t *testing.T, seed uint64) {
	rnd := rand.New(rand.NewPCG(seed, 1))
	h, now := newHost(), start
	kinds := []Rule{
		{Unit: Tokens, Limit: 1000, Period: per(10 * time.Minute)},
		{Unit: USD, Limit: 5000, Period: Month(), Budget: &Budget{Soft: []int64{50}}},
		{Unit: Requests, Limit: 20, Period: per(time.Minute)},
		{Unit: Concurrent, Limit: 5, Window: Open},
		{Unit: OutputTokens, Limit: 700, Window: Sliding, Period: per(5 * time.Minute)},
	}
	rnd.Shuffle(len(kinds), func(i, j int) { kinds[i], kinds[j] = kinds[j], kinds[i] })
	var l Limits
	for i := range kinds[:1+rnd.IntN(len(kinds))] {
		key := []Attribute{{Kind: Consumer}}
		if rnd.IntN(2) == 0 {
			key = []Attribute{{Kind: Tenant}}
		}
		l.Add(key, &kinds[i])
	}
	type open struct {
		book  *Book // of the worker that has it
		lease *Lease
		got   int64
		ask   Ask
	}
	var under []open
	var used Amounts // in all, for rules whose window does not end in the test
	const maxDepth = 2
	books := make([]*Book, maxDepth+2) // one for each worker that is amidst something, and one to look
	for i := range books {
		books[i] = NewBook(h, "test", "")
	}
	crossed := 0
	var admit, settle func(b *Book)
	settle = func(b *Book) {
		i := slices.IndexFunc(under, func(o open) bool { return o.book == b })
		o := under[i]
		under = append(under[:i], under[i+1:]...)
		out := rnd.Int64N(o.got + 1)
		u := Amounts{InputTokens: o.ask.Input, OutputTokens: out, Tokens: o.ask.Input + out, USD: o.ask.Fixed + muldiv(o.ask.Picos, out, 1000)}
		b.Settle(o.lease, &u, now.UnixNano())
		crossed += len(o.lease.Crossed)
		used[USD] += u[USD]
	}
	admit = func(b *Book) {
		a := Ask{Input: rnd.Int64N(100), Output: 1 + rnd.Int64N(300), Fixed: rnd.Int64N(100), Picos: rnd.Int64N(3000)}
		if a.Least = a.Output; rnd.IntN(2) == 0 {
			a.Least = 1
		}
		var lease Lease
		b.Gather(&lease, subject{Consumer: "web", Tenant: "acme"}, l)
		out := b.Admit(&lease, &a, Counted, nil, now.UnixNano())
		if out.Refused == nil {
			if out = b.Admit(&lease, &a, Spent, nil, now.UnixNano()); out.Refused != nil {
				b.Settle(&lease, &Amounts{}, now.UnixNano())
				return
			}
			if rnd.IntN(20) > 0 { // otherwise the worker dies, or hangs
				under = append(under, open{b, &lease, out.Output, a})
			}
		}
	}
	act := func(b *Book) {
		if rnd.IntN(2) == 0 && slices.ContainsFunc(under, func(o open) bool { return o.book == b }) {
			settle(b)
		} else {
			admit(b)
		}
	}
	depth := 0
	h.before = func() {
		if depth < maxDepth && rnd.IntN(6) == 0 {
			depth++
			act(books[depth])
			depth--
		}
	}
	check := func() {
		before := h.before
		h.before = nil
		defer func() { h.before = before }()
		for _, g := range l {
			for _, r := range g.Rules {
				e := stored(books[maxDepth+1], g, r, now)
				if over := r.used(e, now.UnixNano()) + e.held() - r.most(e); over > 0 && r.Window != Sliding {
					t.Errorf("%s is over its limit by %d", r.Unit, over)
				}
			}
		}
	}
	for range 60 {
		act(books[0])
		if rnd.IntN(10) == 0 {
			now = now.Add(time.Duration(rnd.IntN(20)) * time.Second)
			all := under
			under = nil // none of them ends amidst this
			for _, o := range all {
				depth = slices.Index(books, o.book)
				o.book.Renew(o.lease, now.UnixNano())
			}
			depth = 0
			under = append(under, all...)
		}
		check()
	}
	h.before = nil
	for len(under) > 0 {
		settle(under[0].book)
	}
	now = now.Add(minutes * time.Minute)
	for _, g := range l {
		for _, r := range g.Rules {
			if n := stored(books[maxDepth+1], g, r, now).held(); n != 0 {
				t.Errorf("%d of %s are reserved for nobody", n, r.Unit)
			}
			if r.Unit == USD {
				if got := stored(books[maxDepth+1], g, r, now).count(); got != used[USD] {
					t.Errorf("%d nano-dollars are counted, %d were used", got, used[USD])
				}
				if want := used[USD] >= r.Limit/2; (crossed == 1) != want {
					t.Errorf("the threshold was crossed %d times at %d", crossed, used[USD])
				}
			}
		}
	}
}

// stored is the entry of a rule as it is now.
func stored(b *Book, g *Group, r *Rule, now time.Time) *entry {
	var l Lease
	b.Gather(&l, subject{Consumer: "web", Tenant: "acme"}, Limits{g})
	l.records[0].load(now.UnixNano())
	return l.records[0].entries[slices.Index(l.records[0].rules, r)]
}

// A host that always says that somebody was first gets a refusal, and an end.
func TestContended(t *testing.T) {
	h := newHost()
	b := NewBook(refusing{h}, "test", "")
	var l Lease
	b.Gather(&l, subject{Consumer: "web"}, limits(&Rule{Unit: Requests, Limit: 5, Period: per(time.Minute)}))
	if out := b.Admit(&l, &Ask{}, All, nil, start.UnixNano()); out.Refused == nil || out.Wait != second {
		t.Errorf("got %+v", out)
	}
}

type refusing struct{ *host }

func (refusing) Store(string, []byte, uint32) error { return state.ErrConflict }

func TestMoreRulesThanARecordHas(t *testing.T) {
	b := NewBook(newHost(), "test", "")
	var rules []*Rule
	for i := range 3*maxEntries - 1 {
		rules = append(rules, &Rule{Name: fmt.Sprint(i), Unit: Requests, Limit: int64(10 + i), Period: per(time.Hour)})
	}
	for i := range 11 {
		var l Lease
		b.Gather(&l, subject{Consumer: "web"}, limits(rules...))
		out := b.Admit(&l, &Ask{}, All, nil, start.UnixNano())
		if i < 10 && out.Refused != nil || i == 10 && out.Refused != rules[0] {
			t.Fatalf("request %d: %+v", i+1, out)
		}
	}
}

func TestRecordsOfOtherConfigurations(t *testing.T) {
	h, b := newHost(), (*Book)(nil)
	b = NewBook(h, "test", "")
	for i := range 3 * maxEntries { // as configurations come and go
		r := &Rule{Name: fmt.Sprint(i), Unit: Requests, Limit: 1, Period: per(time.Hour)}
		var l Lease
		b.Gather(&l, subject{Consumer: "web"}, limits(r))
		if out := b.Admit(&l, &Ask{}, All, nil, start.UnixNano()); out.Refused != nil {
			t.Fatalf("rule %d: %+v", i, out)
		}
		if out := b.Admit(&l, &Ask{}, All, nil, start.UnixNano()); out.Refused != r {
			t.Fatalf("rule %d is forgotten", i)
		}
	}
}

// Whatever is stored, it is turned to a minute once, and says after that what it said.
func FuzzRecord(f *testing.F) {
	f.Add(form(minuteOf(start.UnixNano()), counts{tag: 1, until: 9}, counts{tag: 2, until: 1 << 31, at: 5, count: 6, prev: 7, reserved: [minutes]int64{1, 2, 3}}))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, p []byte) {
		if !record(p).whole() {
			return
		}
		now := start.UnixNano()
		one := record(slices.Clone(p)).turn(minuteOf(now), now)
		if !one.whole() || one.minute() != minuteOf(now) || len(one) > len(p) {
			t.Fatalf("%v is turned to %v", p, one)
		}
		for at := headSize; at < len(one); at += entrySize {
			if one.entry(at).over(now) {
				t.Errorf("%v has what is over", one)
			}
		}
		if again := record(slices.Clone(one)).turn(minuteOf(now), now); !slices.Equal(again, one) {
			t.Errorf("%v is turned to %v", one, again)
		}
	})
}

// counts are an entry, as tests write one.
type counts struct {
	tag, until      uint32
	at, count, prev int64
	reserved        [minutes]int64
}

// form is the stored form of a record.
func form(minute uint32, entries ...counts) []byte {
	p := append(binary.LittleEndian.AppendUint32(nil, minute), byte(len(entries)))
	for _, e := range entries {
		p = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(p, e.tag), e.until)
		for _, n := range append([]int64{e.at, e.count, e.prev}, e.reserved[:]...) {
			p = appendInt64(p, n)
		}
	}
	return p
}

// What was looked at in one window, when it was nothing, and used in the next can be taken
// back there.
func TestNothingSpentBegins(t *testing.T) {
	t.Parallel()
	for _, first := range [][]int64{{0}, {60, 0}} {
		r, now := Rule{Unit: Tokens, Limit: 200, Period: per(time.Minute)}, start.UnixNano()
		l := limits(&r)
		book := NewBook(newHost(), "spend", "")
		admit := func(ask Ask) (*Lease, Outcome) {
			var lease Lease
			book.Gather(&lease, subject{Consumer: "web"}, l)
			return &lease, book.Admit(&lease, &ask, All, nil, now)
		}
		lease, _ := admit(Ask{Output: 100, Least: 100})
		for _, n := range first {
			book.Spend(lease, &Amounts{Tokens: n}, now)
		}
		now += int64(time.Minute)
		book.Spend(lease, &Amounts{Tokens: 60}, now)
		book.Settle(lease, &Amounts{Tokens: 40}, now)
		if _, out := admit(Ask{Output: 1000, Least: 1}); out.Output != 160 {
			t.Errorf("after %d: got %d left, want 160", first, out.Output)
		}
	}
}
