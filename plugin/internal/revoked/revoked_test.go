package revoked_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/plugin/internal/revoked"
	"github.com/postern-gateway/postern/plugin/internal/state"
	"github.com/postern-gateway/postern/plugin/internal/state/statetest"
)

const (
	second = int64(1_000_000_000)
	now    = 1_800_000_000 * second
)

func id(n int) (id revoked.ID) {
	copy(id[:], fmt.Sprintf("key %d", n))
	return id
}

func add(t *testing.T, l *revoked.List, e revoked.Entry, now int64) {
	t.Helper()
	if err := l.Add(e, now); err != nil {
		t.Fatal(err)
	}
}

// What one worker revokes holds there at once, in others when they look, and in those that
// start later from their start.
func TestWorkers(t *testing.T) {
	t.Parallel()
	h := &statetest.Host{}
	a, b := revoked.New(h, "s", now), revoked.New(h, "s", now)
	stranger := revoked.New(h, "another", now)
	add(t, a, revoked.Entry{ID: id(1), Since: 7}, now)
	if !a.Has(id(1), now) || a.Has(id(2), now) || b.Has(id(1), now) {
		t.Error("before others look: want it with who has revoked it alone")
	}
	b.Look(now + 1)
	stranger.Look(now + 1)
	if !b.Has(id(1), now) || stranger.Has(id(1), now) {
		t.Error("after others have looked: want it with all of the same space")
	}
	if c := revoked.New(h, "s", now); !c.Has(id(1), now) {
		t.Error("a worker that starts later does not know it")
	}
	if found, err := b.Remove(id(1), now); !found || err != nil {
		t.Errorf("restored: got %v, %v", found, err)
	}
	if found, err := b.Remove(id(1), now); found || err != nil {
		t.Errorf("restored twice: got %v, %v, want that it is not there", found, err)
	}
	if b.Has(id(1), now) || !a.Has(id(1), now) {
		t.Error("before others look: want it restored with who has done it alone")
	}
	a.Look(now + 1)
	if a.Has(id(1), now) {
		t.Error("still revoked after it was restored")
	}
}

func TestForgotten(t *testing.T) {
	t.Parallel()
	l := revoked.New(&statetest.Host{}, "s", now)
	add(t, l, revoked.Entry{ID: id(1), Until: now/second + 10}, now)
	for _, tt := range []struct {
		after int64
		want  bool
	}{{0, true}, {10*second - 1, true}, {10 * second, false}} {
		if got := l.Has(id(1), now+tt.after); got != tt.want {
			t.Errorf("after %d ns: got %v, want %v", tt.after, got, tt.want)
		}
	}
	n := 0
	l.Each(now+10*second, func(revoked.Entry) { n++ })
	if n != 0 {
		t.Errorf("got %d entries, want none", n)
	}
}

func TestEntries(t *testing.T) {
	t.Parallel()
	l := revoked.New(&statetest.Host{}, "s", now)
	add(t, l, revoked.Entry{ID: id(1), Since: 7}, now)
	add(t, l, revoked.Entry{ID: id(1), Since: 8, Until: now/second + 1}, now) // changed
	var got []revoked.Entry
	l.Each(now, func(e revoked.Entry) { got = append(got, e) })
	if want := (revoked.Entry{ID: id(1), Since: 8, Until: now/second + 1}); len(got) != 1 || got[0] != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

// A time that is too far for nanoseconds is never.
func TestFarAway(t *testing.T) {
	t.Parallel()
	l := revoked.New(&statetest.Host{}, "s", now)
	add(t, l, revoked.Entry{ID: id(1), Until: 253402300799}, now)
	if !l.Has(id(1), now+int64(9)*365*86400*second) {
		t.Error("it holds, want it revoked")
	}
}

// A full list takes nothing more and forgets nothing.
func TestFull(t *testing.T) {
	t.Parallel()
	l := revoked.New(&statetest.Host{}, "s", now)
	for i := range revoked.Most {
		add(t, l, revoked.Entry{ID: id(i)}, now)
	}
	if err := l.Add(revoked.Entry{ID: id(-1)}, now); err != revoked.ErrFull {
		t.Errorf("one more: got %v, want ErrFull", err)
	}
	add(t, l, revoked.Entry{ID: id(5), Since: 9}, now) // which is there
	for i := range revoked.Most {
		if !l.Has(id(i), now) {
			t.Fatalf("%d is not revoked any more", i)
		}
	}
	if l.Has(id(-1), now) {
		t.Error("what was refused is revoked")
	}
}

// counting counts loads, and refuses stores on demand.
type counting struct {
	statetest.Host
	loads  int
	refuse string // stores of names with this
}

func (h *counting) Load(key string) ([]byte, uint32, bool) {
	h.loads++
	return h.Host.Load(key)
}

func (h *counting) Store(key string, value []byte, version uint32) error {
	if h.refuse != "" && strings.Contains(key, h.refuse) {
		return errors.New("no memory")
	}
	return h.Host.Store(key, value, version)
}

func TestCost(t *testing.T) {
	t.Parallel()
	h := &counting{}
	l := revoked.New(h, "s", now)
	h.loads = 0
	for i := range 1000 {
		l.Has(id(i), now)
	}
	if h.loads != 0 {
		t.Errorf("requests: got %d host calls, want none", h.loads)
	}
	l.Look(now + second)
	if h.loads != 1 {
		t.Errorf("a tick: got %d host calls, want 1", h.loads)
	}
}

// Where the worker that revokes dies before it says so, others find out within a minute.
func TestNobodySaysSo(t *testing.T) {
	t.Parallel()
	h := &counting{refuse: "revoked-generation"}
	a, b := revoked.New(h, "s", now), revoked.New(h, "s", now)
	if err := a.Add(revoked.Entry{ID: id(1)}, now); err == nil {
		t.Error("got no error, want the host's")
	}
	if !a.Has(id(1), now) {
		t.Error("it does not hold where it was revoked")
	}
	b.Look(now + 59*second)
	if b.Has(id(1), now) {
		t.Error("b knows by itself")
	}
	b.Look(now + 60*second)
	if !b.Has(id(1), now) {
		t.Error("after a minute b does not know")
	}
}

// A value that is no list lets nobody in.
func TestForeignValue(t *testing.T) {
	t.Parallel()
	h := &statetest.Host{}
	l := revoked.New(h, "s", now)
	add(t, l, revoked.Entry{ID: id(1)}, now)
	if err := h.Store("postern/"+state.Format+"/s/revoked/", []byte("of somebody else"), 0); err != nil {
		t.Fatal(err)
	}
	l.Read(now)
	if !l.Has(id(1), now) {
		t.Error("it holds again, want it revoked")
	}
}
