package state_test

import (
	"errors"
	"iter"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/postern-gateway/postern/plugin/internal/state"
	"github.com/postern-gateway/postern/plugin/internal/state/statetest"
)

// A model is what shared data should hold: plain lists of records, changed in the moment
// in which the host takes a store. Workers take turns at every host call, by chance.
type model struct {
	t       testing.TB
	random  *rand.Rand
	host    statetest.Host
	now     int64
	buckets map[string]modelBucket
	stores  int
	counts  state.Counts // of workers that are gone
}

// A modelBucket is never changed, only replaced.
type modelBucket struct {
	stored  int // the number of its last store
	records []modelRecord
}

type modelRecord struct {
	id      state.ID
	value   string
	expires int64
	stored  int
}

func (b modelBucket) live(now int64) []modelRecord {
	return slices.DeleteFunc(slices.Clone(b.records), func(r modelRecord) bool { return r.expires <= now })
}

func (b modelBucket) find(id state.ID, now int64) modelRecord {
	for _, r := range b.live(now) {
		if r.id == id {
			return r
		}
	}
	return modelRecord{}
}

// An intent is a store on its way: what was seen before, and what is wanted.
type intent struct {
	seen    modelBucket
	ways    int
	now     int64
	id      state.ID
	value   string
	expires int64
}

// commit does to the model what the store has done to the host.
func (m *model) commit(key string, in intent) {
	if now := m.buckets[key].stored; now != in.seen.stored {
		m.t.Errorf("%s: a store that had seen store %d was taken after store %d", key, in.seen.stored, now)
	}
	m.stores++
	records := slices.DeleteFunc(in.seen.live(in.now), func(r modelRecord) bool { return r.id == in.id })
	if in.value != "" && in.expires > in.now {
		records = append(records, modelRecord{in.id, in.value, in.expires, m.stores})
	}
	for len(records) > in.ways {
		first := slices.MinFunc(records, func(a, b modelRecord) int {
			switch {
			case (a.stored == m.stores) != (b.stored == m.stores): // the new record stays
				return map[bool]int{true: 1, false: -1}[a.stored == m.stores]
			case a.expires != b.expires:
				return int(a.expires - b.expires)
			}
			return a.stored - b.stored
		})
		records = slices.DeleteFunc(records, func(r modelRecord) bool { return r == first })
	}
	m.buckets[key] = modelBucket{m.stores, records}
}

// A worker does things at random with its tables, and is its tables' host.
type worker struct {
	*model
	yield  func(struct{}) bool
	tables []modelTable
	seen   []modelBucket // by the loads of the table's call under way
	intent intent
	taken  bool // the host has taken it
}

type modelTable struct {
	*state.Table
	ways int
}

var errCrash, errMemory = errors.New("the worker is gone"), errors.New("no memory")

func (w *worker) turn() {
	if !w.yield(struct{}{}) {
		panic(errCrash)
	}
}

func (w *worker) Load(key string) ([]byte, uint32, bool) {
	w.turn()
	w.seen = append(w.seen, w.buckets[key])
	return w.host.Load(key)
}

func (w *worker) Store(key string, value []byte, version uint32) error {
	w.turn()
	if w.random.IntN(100) == 0 {
		return errMemory
	}
	err := w.host.Store(key, value, version)
	if err == nil {
		w.commit(key, w.intent)
		w.taken = true
	}
	return err
}

// run is a worker's life; every value that it yields is a point where others go on.
func (m *model) run() iter.Seq[struct{}] {
	return func(yield func(struct{}) bool) {
		w := &worker{model: m, yield: yield}
		for _, ways := range []int{4, 3} { // two modules that differ in shape, in two spaces
			for _, space := range []string{"one", "two"} {
				shape := state.Shape{Buckets: 4, Ways: ways, Bytes: 20}
				w.tables = append(w.tables, modelTable{state.New(w, space, "t", shape), ways})
			}
		}
		defer func() {
			for _, t := range w.tables {
				m.counts = plus(m.counts, t.Counts())
			}
			if p := recover(); p != nil && p != errCrash {
				panic(p)
			}
		}()
		for {
			w.act()
		}
	}
}

func (w *worker) act() {
	t := w.tables[w.random.IntN(len(w.tables))]
	switch w.random.IntN(20) {
	case 0:
		w.each(t)
	case 1, 2, 3, 4, 5, 6:
		w.several(t)
	case 7:
		w.spoil()
	default:
		w.update(t)
	}
}

func (w *worker) id(t modelTable) state.ID { return t.ID("name", strconv.Itoa(w.random.IntN(24))) }

func (w *worker) expires() int64 { return w.now + w.random.Int64N(30) - 2 }

func (w *worker) edit(old string) string {
	switch w.random.IntN(8) {
	case 0:
		return ""
	case 1:
		return old + "x"
	}
	n, _ := strconv.Atoi(old)
	return strconv.Itoa(n + 1)
}

func (w *worker) update(t modelTable) {
	id, now := w.id(t), w.now
	w.seen = nil
	err := t.Update(id, now, func(old []byte) ([]byte, int64) {
		seen := w.seen[len(w.seen)-1]
		if want := seen.find(id, now).value; string(old) != want {
			w.t.Errorf("update: got %q, want %q", old, want)
		}
		value := w.edit(string(old))
		w.intent, w.taken = intent{seen, t.ways, now, id, value, w.expires()}, false
		return append(old[:0], value...), w.intent.expires
	})
	w.check(err)
}

func (w *worker) check(err error) {
	if in := w.intent; err == nil && !w.taken && in.seen.find(in.id, in.now).value != "" {
		w.t.Errorf("got no error, and nothing was stored")
	}
	if err != nil && err != state.ErrConflict && err != errMemory && err != state.ErrTooLarge {
		w.t.Errorf("got %v", err)
	}
}

// several loads some records, and only then stores them.
func (w *worker) several(t modelTable) {
	now := w.now
	var records [4]state.Record
	var intents [4]intent
	for i := range records {
		id := w.id(t)
		w.seen = nil
		t.Load(&records[i], id, now)
		want := w.seen[0].find(id, now)
		if got := records[i]; string(got.Value()) != want.value || got.Expires() != want.expires {
			w.t.Errorf("load: got %q until %d, want %q until %d", got.Value(), got.Expires(), want.value, want.expires)
		}
		intents[i] = intent{w.seen[0], t.ways, now, id, w.edit(want.value), w.expires()}
	}
	for i := range records {
		w.intent, w.taken = intents[i], false
		w.check(t.Store(&records[i], []byte(w.intent.value), w.intent.expires))
	}
}

func (w *worker) each(t modelTable) {
	var got, want []modelRecord
	now := w.now
	w.seen = nil
	t.Each(now, func(id state.ID, value []byte, expires int64) {
		got = append(got, modelRecord{id: id, value: string(value), expires: expires})
	})
	for _, b := range w.seen {
		live := b.live(now)
		slices.SortFunc(live, func(a, b modelRecord) int { return b.stored - a.stored })
		for _, r := range live {
			r.stored = 0
			want = append(want, r)
		}
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("each: got %v, want %v", got, want)
	}
}

// spoil is another plugin, or a module that is broken, that writes over a bucket.
func (w *worker) spoil() {
	key := "postern/1/" + []string{"one", "two"}[w.random.IntN(2)] + "/t/" + strconv.Itoa(w.random.IntN(4))
	value := []byte("\x01 is not a bucket")[:w.random.IntN(17)]
	if len(value) == 1 { // this one is, an empty one
		value = nil
	}
	w.turn()
	if err := w.host.Store(key, value, 0); err != nil {
		w.t.Error(err)
	}
	w.stores++
	w.buckets[key] = modelBucket{stored: w.stores}
}

// TestModel lets workers come, act and crash in random order and compares all that they
// see, and what is there in the end, with a model.
func TestModel(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	var total state.Counts
	for round := range uint64(100) {
		total = plus(total, schedule(t, seed, round))
		if t.Failed() {
			t.Fatalf("in round %d of seed %d", round, seed)
		}
	}
	if total.Evicted == 0 || total.Corrupt == 0 || total.Conflicts == 0 {
		t.Errorf("seed %d: got %+v, want all of it", seed, total)
	}
}

func plus(a, b state.Counts) state.Counts {
	return state.Counts{Evicted: a.Evicted + b.Evicted, Conflicts: a.Conflicts + b.Conflicts, Corrupt: a.Corrupt + b.Corrupt}
}

// schedule is one process from its start.
func schedule(t *testing.T, seed, round uint64) state.Counts {
	m := &model{t: t, random: rand.New(rand.NewPCG(seed, round)), now: 1000, buckets: map[string]modelBucket{}}
	if err := m.host.Store("postern/0/one/t/0", []byte("of an older module"), 0); err != nil {
		t.Fatal(err)
	}
	type life struct {
		next func() (struct{}, bool)
		stop func()
	}
	workers := make([]life, 4)
	for i := range workers {
		workers[i].next, workers[i].stop = iter.Pull(m.run())
	}
	for range 2000 {
		i := m.random.IntN(len(workers))
		if m.random.IntN(200) == 0 {
			workers[i].stop()
			workers[i].next, workers[i].stop = iter.Pull(m.run())
		}
		if m.random.IntN(4) == 0 {
			m.now += m.random.Int64N(4)
		}
		workers[i].next()
	}
	for _, w := range workers {
		w.stop()
	}
	if v, _, _ := m.host.Load("postern/0/one/t/0"); string(v) != "of an older module" {
		t.Errorf("another format's value: got %q", v)
	}
	names, size := m.host.Size()
	if most := 2*4*(1+4*(26+20)) + 18; names > 2*4+1 || size > most {
		t.Errorf("got %d names and %d bytes, want at most 9 and %d", names, size, most)
	}
	return m.counts
}
