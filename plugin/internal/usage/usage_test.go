package usage_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/plugin/internal/state"
	"github.com/postern-gateway/postern/plugin/internal/state/statetest"
	"github.com/postern-gateway/postern/plugin/internal/usage"
)

const (
	second = int64(1_000_000_000)
	day    = 86400 * second
	// now is 2026-11-27, 03:00 in UTC.
	now = 20784*day + 3*3600*second
)

func labels(consumer, model string) usage.Labels {
	return usage.Labels{usage.Consumer: consumer, usage.Model: model}
}

func sums(requests, cost int64) *usage.Sums {
	return &usage.Sums{usage.Requests: requests, usage.InputTokens: 10 * requests, usage.Cost: cost}
}

// show is a report in short: each row's period, labels and requests.
func show(l *usage.Ledger, q usage.Query, now int64) string {
	if q.To == 0 {
		q.To = math.MaxInt64
	}
	r := l.Report(&q, now)
	var b strings.Builder
	for _, x := range r.Rows {
		b.WriteString(strconv.FormatInt(x.Since, 10))
		for _, d := range q.By {
			b.WriteString(" " + x.Labels[d])
		}
		b.WriteString("=" + strconv.FormatInt(x.Sums[usage.Requests], 10) + "; ")
	}
	return b.String() + "all=" + strconv.FormatInt(r.Total[usage.Requests], 10)
}

func TestReport(t *testing.T) {
	t.Parallel()
	l := usage.New(&statetest.Host{}, "s", "")
	for _, x := range []struct {
		consumer, model string
		requests, at    int64
	}{
		{"jane", "gpt", 1, now}, {"jane", "claude", 2, now}, {"jane", "gpt", 4, now}, {"joe", "gpt", 8, now},
		{"jane", "gpt", 16, now + day}, {"jane", "gpt", 32, now + 5*day}, {"", "gpt", 64, now},
	} {
		l.Add(labels(x.consumer, x.model), sums(x.requests, 0), x.at)
	}
	if got := show(l, usage.Query{}, now); got != "all=0" {
		t.Errorf("before it was written: got %q, want nothing", got)
	}
	l.Flush(now, usage.All)
	by := func(d ...usage.Dimension) []usage.Dimension { return d }
	for _, tt := range []struct {
		about string
		query usage.Query
		want  string
	}{
		{"nothing told apart", usage.Query{}, "0=127; all=127"},
		{"by consumer", usage.Query{By: by(usage.Consumer)}, "0 =64; 0 jane=55; 0 joe=8; all=127"},
		{"by model and consumer", usage.Query{By: by(usage.Model, usage.Consumer)}, "0 claude jane=2; 0 gpt =64; 0 gpt jane=53; 0 gpt joe=8; all=127"},
		{"by what nobody has", usage.Query{By: by(usage.Tenant)}, "0 =127; all=127"},
		{"by day", usage.Query{Period: usage.Day}, "20784=79; 20785=16; 20789=32; all=127"},
		{"by month and model", usage.Query{Period: usage.Month, By: by(usage.Model)}, "20758 claude=2; 20758 gpt=93; 20788 gpt=32; all=127"},
		{"from a day", usage.Query{From: 20785}, "0=48; all=48"},
		{"up to a day, which counts", usage.Query{To: 20785}, "0=95; all=95"},
		{"one day", usage.Query{From: 20785, To: 20785, Period: usage.Day}, "20785=16; all=16"},
		{"of one consumer", usage.Query{By: by(usage.Model), Where: []usage.Condition{{Dimension: usage.Consumer, Value: "jane"}}}, "0 claude=2; 0 gpt=53; all=55"},
		{"of nobody", usage.Query{Where: []usage.Condition{{Dimension: usage.Tenant, Value: "x"}}}, "all=0"},
		{"of those without a name", usage.Query{Where: []usage.Condition{{Dimension: usage.Consumer, Value: ""}}}, "0=64; all=64"},
	} {
		if got := show(l, tt.query, now); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.about, got, tt.want)
		}
	}
}

// Whatever the workers add, when they write, and how often they get in each other's way:
// the sums are exact in the end.
func TestSumsOfWorkersAreExact(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	h := &busy{r: r}
	workers := make([]*usage.Ledger, 4)
	for i := range workers {
		workers[i] = usage.New(h, "s", "")
	}
	at := now
	want := map[string]int64{}
	var total int64
	for range 3000 {
		w := workers[r.IntN(len(workers))]
		name := "c" + strconv.Itoa(r.IntN(40))
		n := int64(r.IntN(5))
		w.Add(labels(name, "m"+strconv.Itoa(r.IntN(3))), sums(n, n), at)
		want[name] += n
		total += n
		if r.IntN(3) == 0 {
			w.Flush(at, 1+r.IntN(8))
		}
		at += int64(r.IntN(3600)) * second
	}
	for _, w := range workers {
		w.Flush(at, usage.All)
		if n := w.Lost(); n != 0 {
			t.Errorf("seed %d: got %d lost, want none", seed, n)
		}
	}
	if h.conflicts == 0 {
		t.Errorf("seed %d: the workers were never in each other's way", seed)
	}
	got := workers[0].Report(&usage.Query{By: []usage.Dimension{usage.Consumer}, To: math.MaxInt64}, at)
	if got.Total[usage.Requests] != total || got.Total[usage.Cost] != total || got.Total[usage.InputTokens] != 10*total {
		t.Errorf("seed %d: got %v in all, want %d requests", seed, got.Total, total)
	}
	for _, x := range got.Rows {
		if n := want[x.Labels[usage.Consumer]]; x.Sums[usage.Requests] != n {
			t.Errorf("seed %d: %s: got %d, want %d", seed, x.Labels[usage.Consumer], x.Sums[usage.Requests], n)
		}
	}
}

// busy is a host in which somebody else stores between a load and a store.
type busy struct {
	statetest.Host
	r         *rand.Rand
	conflicts int
}

func (h *busy) Store(key string, value []byte, version uint32) error {
	if v, _, ok := h.Load(key); ok && h.r.IntN(4) == 0 { // as it is, which is enough to be in the way
		if err := h.Host.Store(key, v, 0); err != nil {
			return err
		}
	}
	err := h.Host.Store(key, value, version)
	if err != nil {
		h.conflicts++
	}
	return err
}

// refusing is a host that stores nothing as long as it is told so.
type refusing struct {
	statetest.Host
	refuse bool
}

func (h *refusing) Store(key string, value []byte, version uint32) error {
	if h.refuse {
		return errors.New("no memory")
	}
	return h.Host.Store(key, value, version)
}

func TestWhatIsNotWrittenIsKept(t *testing.T) {
	t.Parallel()
	h := &refusing{refuse: true}
	l := usage.New(h, "s", "")
	for i := range usage.All + 10 {
		l.Add(labels("c"+strconv.Itoa(i), ""), sums(1, 0), now)
	}
	l.Flush(now, usage.All)
	h.refuse = false
	l.Flush(now, 100)
	if got := show(l, usage.Query{}, now); got != "0=100; all=100" {
		t.Errorf("after 100 lines: got %q", got)
	}
	l.Flush(now, usage.All)
	if got := show(l, usage.Query{}, now); got != "0=512; all=512" {
		t.Errorf("got %q, want as many as a worker keeps", got)
	}
	if got := l.Lost(); got != 10 {
		t.Errorf("got %d lost, want 10", got)
	}
	if got := l.Lost(); got != 0 {
		t.Errorf("asked again: got %d lost, want 0", got)
	}
}

// A worker that has much writes by itself, so that nothing is lost.
func TestManyLines(t *testing.T) {
	t.Parallel()
	l := usage.New(&statetest.Host{}, "s", "")
	for i := range 5000 {
		l.Add(labels("c"+strconv.Itoa(i), ""), sums(1, 0), now)
	}
	l.Flush(now, usage.All)
	if got := show(l, usage.Query{}, now); got != "0=5000; all=5000" || l.Lost() != 0 {
		t.Errorf("got %q, want 5000", got)
	}
}

// A caller's requests count for each of its tags, and in all once.
func TestTags(t *testing.T) {
	t.Parallel()
	l := usage.New(&statetest.Host{}, "s", "")
	for n, tags := range [][]string{nil, {"blue"}, {"red", "blue"}, {strings.Repeat("x", 60), "too-long", "r"}} {
		l.Add(usage.Labels{usage.Consumer: "c" + strconv.Itoa(n), usage.Tag: usage.Tags(tags)}, sums(1<<n, 0), now)
	}
	l.Flush(now, usage.All)
	by := []usage.Dimension{usage.Tag}
	for _, tt := range []struct {
		about string
		query usage.Query
		want  string
	}{
		{"by tag", usage.Query{By: by}, "0 =1; 0 blue=6; 0 r=8; 0 red=4; 0 " + strings.Repeat("x", 60) + "=8; all=15"},
		{"of a tag", usage.Query{Where: []usage.Condition{{Dimension: usage.Tag, Value: "blue"}}}, "0=6; all=6"},
		{"of the second tag, by consumer", usage.Query{By: []usage.Dimension{usage.Consumer}, Where: []usage.Condition{{Dimension: usage.Tag, Value: "red"}}}, "0 c2=4; all=4"},
		{"of none", usage.Query{Where: []usage.Condition{{Dimension: usage.Tag, Value: ""}}}, "0=1; all=1"},
		{"of half a tag", usage.Query{Where: []usage.Condition{{Dimension: usage.Tag, Value: "blu"}}}, "all=0"},
	} {
		if got := show(l, tt.query, now); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.about, got, tt.want)
		}
	}
}

// What was added can be taken back, before it was written or after, and no sum falls below
// nothing.
func TestWhatIsTakenBack(t *testing.T) {
	t.Parallel()
	l := usage.New(&statetest.Host{}, "s", "")
	l.Add(labels("a", ""), sums(3, 0), now)
	l.Add(labels("b", ""), sums(3, 0), now)
	l.Add(labels("a", ""), sums(-1, 0), now)
	l.Flush(now, usage.All)
	l.Add(labels("b", ""), sums(-1, 0), now+2*day)
	l.Add(labels("b", ""), sums(-2, 0), now)
	l.Add(labels("c", ""), sums(-5, 0), now)
	l.Flush(now, usage.All)
	if got, want := show(l, usage.Query{By: []usage.Dimension{usage.Consumer}}, now), "0 a=2; 0 b=1; all=3"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestMonthsAreKeptForAYear(t *testing.T) {
	t.Parallel()
	l := usage.New(&statetest.Host{}, "s", "")
	l.Add(labels("c", ""), sums(1, 0), now)
	l.Flush(now, usage.All)
	for _, tt := range []struct {
		days int64
		want string
	}{{366, "0=1; all=1"}, {370, "0=1; all=1"}, {371, "all=0"}} { // 26 days after the month's first
		if got := show(l, usage.Query{}, now+tt.days*day); got != tt.want {
			t.Errorf("after %d days: got %q, want %q", tt.days, got, tt.want)
		}
	}
}

// However many callers there are and whatever they are called, the host has no more bytes
// than are bounded, and what had to go is counted.
func TestBounds(t *testing.T) {
	t.Parallel()
	h := &statetest.Host{}
	l := usage.New(h, "s", "")
	long := strings.Repeat("é", 40)
	for i := range 20_000 {
		l.Add(usage.Labels{strconv.Itoa(i), long, long, long, long, long, long}, sums(math.MaxInt64/20, 0), now)
	}
	l.Flush(now, usage.All)
	names, size := h.Size()
	if names != 1024 || size > 1024*(1+16*(26+500)) {
		t.Errorf("got %d names and %d bytes", names, size)
	}
	r := l.Report(&usage.Query{By: []usage.Dimension{usage.Tenant}, To: math.MaxInt64}, now)
	if len(r.Rows) != 1 || r.Rows[0].Labels[usage.Tenant] != strings.Repeat("é", 32) {
		t.Errorf("got %d rows, want one of a label that was cut to 64 bytes", len(r.Rows))
	}
	if r.Total[usage.Requests] != math.MaxInt64 {
		t.Errorf("got %d, want the largest number", r.Total[usage.Requests])
	}
	r = l.Report(&usage.Query{By: []usage.Dimension{usage.Consumer}, To: math.MaxInt64}, now)
	if !r.TooLong || len(r.Rows) != usage.MostRows {
		t.Errorf("got %d rows and %v, want a report that is too long", len(r.Rows), r.TooLong)
	}
	kept := 0
	usage.NewTable(h, "s", "").Each(now, func(state.ID, []byte, int64) { kept++ })
	if lost := int(l.Lost()); lost == 0 || kept+lost != 20_000 {
		t.Errorf("got %d kept and %d lost, want 20,000 together", kept, lost)
	}
}

func TestNamesOfCallersAreBounded(t *testing.T) {
	t.Parallel()
	l := usage.New(&statetest.Host{}, "s", "")
	for i := range 300 {
		name := "m" + strconv.Itoa(i)
		want := name
		if i >= 200 {
			want = usage.Other
		}
		if got := l.Name(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if got := l.Name("m7"); got != "m7" {
		t.Errorf("known before: got %q, want m7", got)
	}
}

// FuzzRecord: whatever the host has under a name, no report panics, and what is valid is
// read and written the same.
func FuzzRecord(f *testing.F) {
	h := &statetest.Host{}
	l := usage.New(h, "s", "")
	l.Add(usage.Labels{"jane", "acme", "", "gpt"}, sums(3, 7), now)
	l.Add(usage.Labels{"jane", "acme", "", "gpt"}, sums(3, 7), now+day)
	l.Flush(now, usage.All)
	usage.NewTable(h, "s", "").Each(now, func(_ state.ID, value []byte, _ int64) { f.Add(value) })
	f.Fuzz(func(t *testing.T, value []byte) {
		h := &statetest.Host{}
		table := usage.NewTable(h, "s", "")
		id := table.ID("x")
		if err := table.Update(id, now, func([]byte) ([]byte, int64) { return value, math.MaxInt64 }); err != nil {
			return // too long, or empty
		}
		l := usage.New(h, "s", "")
		r := l.Report(&usage.Query{By: []usage.Dimension{usage.Consumer, usage.Model}, To: math.MaxInt64}, now)
		for _, n := range r.Total {
			if n < 0 {
				t.Errorf("got a negative sum: %v", r.Total)
			}
		}
		if usage.Valid(table, id, value) {
			t.Error("valid under an id that is not its own")
		}
	})
}

func BenchmarkAdd(b *testing.B) {
	l := usage.New(&statetest.Host{}, "s", "")
	two := [2]usage.Labels{labels("jane", "gpt-4o"), labels("joe", "gpt-4o")}
	s := sums(1, 1)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		l.Add(two[i&1], s, now)
	}
}

// A line is written into a table that is three quarters full.
func BenchmarkFlushOfOneLine(b *testing.B) {
	l := usage.New(&statetest.Host{}, "s", "")
	for d := range int64(10) {
		for i := range 12_000 {
			l.Add(labels("consumer-"+strconv.Itoa(i), "gpt-4o"), sums(1000, 1e9), now-d*day)
		}
	}
	l.Flush(now, usage.All)
	b.ReportAllocs()
	for b.Loop() {
		l.Add(labels("consumer-7", "gpt-4o"), sums(1, 1), now)
		l.Flush(now, usage.All)
	}
}

// A report of the same.
func BenchmarkReport(b *testing.B) {
	l := usage.New(&statetest.Host{}, "s", "")
	for d := range int64(10) {
		for i := range 12_000 {
			l.Add(labels("consumer-"+strconv.Itoa(i), "gpt-4o"), sums(1000, 1e9), now-d*day)
		}
	}
	l.Flush(now, usage.All)
	q := usage.Query{By: []usage.Dimension{usage.Model}, To: math.MaxInt64}
	for b.Loop() {
		l.Report(&q, now)
	}
}
