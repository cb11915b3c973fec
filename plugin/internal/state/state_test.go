package state_test

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/plugin/internal/state"
	"github.com/postern-gateway/postern/plugin/internal/state/statetest"
)

const (
	now     = int64(1_800_000_000_000_000_000)
	second  = int64(1_000_000_000)
	forever = math.MaxInt64
)

func load(t *state.Table, name string, now int64) string {
	var r state.Record
	t.Load(&r, t.ID(name), now)
	return string(r.Value())
}

func put(tb testing.TB, t *state.Table, name, value string, expires int64) {
	tb.Helper()
	if err := t.Update(t.ID(name), now, func([]byte) ([]byte, int64) { return []byte(value), expires }); err != nil {
		tb.Fatalf("%s: %v", name, err)
	}
}

// names are all live values of a table whose records hold their own names.
func names(t *state.Table, now int64) string {
	var all []string
	t.Each(now, func(id state.ID, value []byte, _ int64) {
		if id != t.ID(string(value)) {
			value = append(value, " under another id"...)
		}
		all = append(all, string(value))
	})
	slices.Sort(all)
	return strings.Join(all, " ")
}

// one is a table with one bucket, where all meet.
func one(h state.Host, ways int) *state.Table {
	return state.New(h, "s", "t", state.Shape{Buckets: 1, Ways: ways, Bytes: 100})
}

func TestRecordEnds(t *testing.T) {
	t.Parallel()
	a := one(&statetest.Host{}, 2)
	put(t, a, "x", "x", now+second)
	for _, tt := range []struct {
		now  int64
		want string
	}{{now, "x"}, {now + second - 1, "x"}, {now + second, ""}, {now + 2*second, ""}} {
		if got := load(a, "x", tt.now); got != tt.want {
			t.Errorf("after %d ns: got %q, want %q", tt.now-now, got, tt.want)
		}
		if got := names(a, tt.now); got != tt.want {
			t.Errorf("after %d ns: got %q among all, want %q", tt.now-now, got, tt.want)
		}
	}
}

func TestFullBucket(t *testing.T) {
	t.Parallel()
	type record struct {
		name    string
		expires int64
	}
	for _, tt := range []struct {
		about   string
		records []record
		want    string
		evicted uint64
	}{
		{"room for all", []record{{"a", 3}, {"b", 2}, {"c", 1}}, "a b c", 0},
		{"the one that ends first goes", []record{{"a", 3}, {"b", 2}, {"c", 4}, {"d", 5}}, "a c d", 1},
		{"not the new one, though it ends before all", []record{{"a", 3}, {"b", 2}, {"c", 4}, {"d", 1}}, "a c d", 1},
		{"of two that end together the older goes", []record{{"a", 2}, {"b", 2}, {"c", 2}, {"d", 2}}, "b c d", 1},
		{"a store keeps a record's place", []record{{"a", 3}, {"b", 2}, {"c", 4}, {"b", 2}}, "a b c", 0},
		{"one that is over leaves its place", []record{{"a", 3}, {"b", 2}, {"c", 4}, {"a", 0}, {"d", 2}}, "b c d", 0},
	} {
		a := one(&statetest.Host{}, 3)
		for _, r := range tt.records {
			put(t, a, r.name, r.name, now+r.expires)
		}
		if got := names(a, now); got != tt.want || a.Counts().Evicted != tt.evicted {
			t.Errorf("%s: got %q and %d evicted, want %q and %d", tt.about, got, a.Counts().Evicted, tt.want, tt.evicted)
		}
	}
}

// What is over makes room without being evicted, when something else is stored.
func TestOverMakesRoom(t *testing.T) {
	t.Parallel()
	h := &statetest.Host{}
	a := one(h, 2)
	put(t, a, "a", "a", now+1)
	put(t, a, "b", "b", now+1)
	if err := a.Update(a.ID("c"), now+1, func([]byte) ([]byte, int64) { return []byte("c"), now + 2 }); err != nil {
		t.Fatal(err)
	}
	if got := names(a, now); got != "c" || a.Counts().Evicted != 0 {
		t.Errorf("got %q and %d evicted, want c and 0", got, a.Counts().Evicted)
	}
	if _, size := h.Size(); size != 1+26+1 {
		t.Errorf("got %d bytes, want 28", size)
	}
}

func TestEmptyFrees(t *testing.T) {
	t.Parallel()
	h := &statetest.Host{}
	a := one(h, 2)
	put(t, a, "a", "", forever)
	if n, _ := h.Size(); n != 0 {
		t.Error("removing what is not there: got a bucket, want none")
	}
	put(t, a, "a", "a", forever)
	put(t, a, "b", "b", forever)
	put(t, a, "a", "", forever)
	if got := names(a, now); got != "b" {
		t.Errorf("got %q, want b", got)
	}
}

func TestTooLarge(t *testing.T) {
	t.Parallel()
	a := one(&statetest.Host{}, 2)
	put(t, a, "a", strings.Repeat("a", 100), forever)
	var r state.Record
	a.Load(&r, a.ID("a"), now)
	if err := a.Store(&r, make([]byte, 101), forever); err != state.ErrTooLarge {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
	if got := load(a, "a", now); len(got) != 100 {
		t.Errorf("got %q, want what was there", got)
	}
}

// Two workers make a bucket, change a record, change two records of a bucket: one is first.
func TestConflict(t *testing.T) {
	t.Parallel()
	h := &statetest.Host{}
	a, b := one(h, 4), one(h, 4)
	for _, tt := range []struct{ about, first, second string }{
		{"a bucket is made", "x", "x"}, {"a record is changed", "x", "x"}, {"records of one bucket", "x", "y"},
	} {
		var r, s state.Record
		a.Load(&r, a.ID(tt.first), now)
		b.Load(&s, b.ID(tt.second), now)
		if err := b.Store(&s, []byte("b"), forever); err != nil {
			t.Errorf("%s: the first: got %v, want none", tt.about, err)
		}
		if err := a.Store(&r, []byte("a"), forever); err != state.ErrConflict {
			t.Errorf("%s: the second: got %v, want ErrConflict", tt.about, err)
		}
		if got := load(a, tt.second, now); got != "b" {
			t.Errorf("%s: got %q, want b", tt.about, got)
		}
	}
	if got := a.Counts().Conflicts; got != 3 {
		t.Errorf("got %d conflicts, want 3", got)
	}
}

// A refusing host answers every store alike.
type refusing struct {
	state.Host
	err    error
	stores int
}

func (h *refusing) Store(string, []byte, uint32) error {
	h.stores++
	return h.err
}

func TestUpdateGivesUp(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err    error
		stores int
	}{{state.ErrConflict, 16}, {errors.New("no memory"), 1}} {
		h := &refusing{Host: &statetest.Host{}, err: tt.err}
		err := one(h, 2).Update(state.ID{}, now, func([]byte) ([]byte, int64) { return []byte("x"), forever })
		if err != tt.err || h.stores != tt.stores {
			t.Errorf("got %v after %d stores, want %v after %d", err, h.stores, tt.err, tt.stores)
		}
	}
}

// A value that is not a bucket is taken for an empty one, and a store puts one there.
func TestForeignValues(t *testing.T) {
	t.Parallel()
	whole := &statetest.Host{}
	put(t, one(whole, 2), "a", "a", forever)
	good, _, _ := whole.Load("postern/1/s/t/")
	for name, value := range map[string]string{
		"nothing":           "",
		"another format":    "\x02" + string(good[1:]),
		"cut":               string(good[:len(good)-1]),
		"cut in its head":   string(good[:20]),
		"too long":          string(good) + "\x00",
		"an empty record":   string(good[:25]) + "\x00\x00",
		"somebody else's":   `{"json":"of another plugin"}`,
		"a length too high": string(good[:25]) + "\xff\xff" + string(good[27:]),
	} {
		h := &statetest.Host{}
		if err := h.Store("postern/1/s/t/", []byte(value), 0); err != nil {
			t.Fatal(err)
		}
		a := one(h, 2)
		if got := load(a, "a", now); got != "" || a.Counts().Corrupt != 1 {
			t.Errorf("%s: got %q and %d counted, want nothing and 1", name, got, a.Counts().Corrupt)
		}
		put(t, a, "b", "b", forever)
		if got := names(a, now); got != "b" {
			t.Errorf("%s: got %q, want b", name, got)
		}
	}
}

// Modules of several shapes, spaces and formats are in one host for the time of an update.
func TestSideBySide(t *testing.T) {
	t.Parallel()
	h := &statetest.Host{}
	wide := state.New(h, "s", "t", state.Shape{Buckets: 1, Ways: 4, Bytes: 100})
	narrow := state.New(h, "s", "t", state.Shape{Buckets: 1, Ways: 2, Bytes: 1})
	other := state.New(h, "another", "t", state.Shape{Buckets: 1, Ways: 4, Bytes: 100})
	if err := h.Store("postern/0/s/t/", []byte("of an older module"), 0); err != nil {
		t.Fatal(err)
	}
	for i, n := range []string{"aa", "bb", "cc", "dd"} {
		put(t, wide, n, n, now+second+int64(i))
	}
	if got := names(narrow, now); got != "aa bb cc dd" {
		t.Errorf("a narrower shape sees %q, want all", got)
	}
	put(t, narrow, "e", "e", now+second)
	if got := names(wide, now); got != "dd e" {
		t.Errorf("after a store of the narrower shape: got %q, want dd e", got)
	}
	if got := names(other, now); got != "" {
		t.Errorf("another space: got %q, want nothing", got)
	}
	if v, _, _ := h.Load("postern/0/s/t/"); string(v) != "of an older module" {
		t.Errorf("another format's value: got %q", v)
	}
}

// strict is a host where a version is the stored one, and 0 where nothing is stored.
type strict struct{ statetest.Host }

func (h *strict) Store(key string, value []byte, version uint32) error {
	if _, have, _ := h.Load(key); have != version {
		return state.ErrConflict
	}
	return h.Host.Store(key, value, version)
}

func TestHostThatMakesValuesByVersionZero(t *testing.T) {
	t.Parallel()
	a := state.New(&strict{}, "s", "t", state.Shape{Buckets: 64, Ways: 2, Bytes: 10})
	for i := range 100 {
		n := strconv.Itoa(i)
		put(t, a, n, n, forever)
		if got := load(a, n, now); got != n {
			t.Errorf("got %q, want %q", got, n)
		}
	}
	if got := a.Counts().Conflicts; got != 1 {
		t.Errorf("got %d conflicts, want 1: the first", got)
	}
}

// However many names there are, the host has the same few, and no more bytes than said.
func TestBounds(t *testing.T) {
	t.Parallel()
	h := &statetest.Host{}
	shape := state.Shape{Buckets: 60, Ways: 8, Bytes: 40} // 60 stands for 64
	a := state.New(h, "s", "t", shape)
	for i := range 100_000 {
		n := strconv.Itoa(i)
		put(t, a, n, n, now+1+int64(i))
	}
	buckets, size := h.Size()
	if most := 64 * (1 + 8*(26+40)); buckets != 64 || size > most {
		t.Errorf("got %d names and %d bytes, want 64 and at most %d", buckets, size, most)
	}
	if got := len(strings.Fields(names(a, 0))); got != 64*8 {
		t.Errorf("got %d records, want %d", got, 64*8)
	}
	if got := a.Counts().Evicted; got != 100_000-64*8 {
		t.Errorf("got %d evicted, want %d", got, 100_000-64*8)
	}
}

func TestLoadAndStoreMakeNoGarbage(t *testing.T) {
	a := state.New(&still{}, "s", "t", state.Shape{Buckets: 64, Ways: 8, Bytes: 100})
	value := make([]byte, 100)
	var records [4]state.Record
	names := [...]string{"alice", "bob", "carol", "dave"}
	if got := testing.AllocsPerRun(100, func() {
		for i := range records {
			a.Load(&records[i], a.ID("consumer", names[i]), now)
		}
		for i := range records {
			if err := a.Store(&records[i], value, forever); err != nil {
				t.Fatal(err)
			}
		}
	}); got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}

// still has one bucket under every name and keeps nothing.
type still struct{ bucket []byte }

func (h *still) Load(string) ([]byte, uint32, bool) { return h.bucket, 7, true }

func (h *still) Store(_ string, value []byte, _ uint32) error {
	h.bucket = append(h.bucket[:0], value...)
	return nil
}

// A record of 100 bytes in a full bucket, loaded and stored.
func BenchmarkLoadStore(b *testing.B) {
	for _, ways := range []int{4, 8, 16} {
		b.Run(strconv.Itoa(ways), func(b *testing.B) {
			a := one(&still{}, ways)
			value := bytes.Repeat([]byte("v"), 100)
			for i := range ways {
				put(b, a, strconv.Itoa(i), string(value), forever)
			}
			id := a.ID("3")
			b.ReportAllocs()
			var r state.Record
			for b.Loop() {
				a.Load(&r, id, now)
				if err := a.Store(&r, value, forever); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkID(b *testing.B) {
	a := one(nil, 8)
	for b.Loop() {
		a.ID("consumer", "acme/jane", "gpt-4o-mini")
	}
}
