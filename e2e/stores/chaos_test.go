package stores

import (
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	clients   = 8
	requests  = 200 // of each
	questions = 40
)

// chaos has clients ask while the store is taken away in all ways, and given back. How long
// requests took is for the record; one that waits for a store that hangs would fail, as its
// client gives up.
func (f *fleet) chaos(t *testing.T) {
	for _, incident := range []struct {
		name        string
		begin, over func()
	}{
		{"nothing happens", func() {}, func() {}},
		{"Redis is killed", func() { stop(f.redis) }, f.startRedis},
		{"Webdis hangs", func() { f.signal(syscall.SIGSTOP) }, func() { f.signal(syscall.SIGCONT) }},
		{"Webdis is killed", func() { stop(f.webdis) }, f.startWebdis},
	} {
		for store := range numStores {
			f.shares(store, "before "+incident.name)
		}
		f.load(t, incident.name, incident.begin)
		f.load(t, "  it is over", incident.over)
	}
	for store := range numStores {
		f.shares(store, "afterwards")
	}
	for i := range f.admins {
		t.Logf("Envoy %d: %s", i, f.counters(i))
	}
}

// load has clients ask, all stores of both Envoys, while something happens.
func (f *fleet) load(t *testing.T, name string, happens func()) {
	var all sync.WaitGroup
	var mu sync.Mutex
	var took []time.Duration
	hits := 0
	begun := make(chan struct{}, clients)
	for c := range clients {
		all.Go(func() {
			for n := range requests {
				if n == requests/4 {
					begun <- struct{}{}
				}
				a := f.ask(rand.IntN(2), (c+n)%numStores, fmt.Sprintf("%s %d", name, rand.IntN(questions)))
				if a.status != 200 || !strings.Contains(a.body, "answer ") {
					t.Errorf("%s: got %+v", name, a)
				}
				mu.Lock()
				took = append(took, a.took)
				if a.cache == "hit" {
					hits++
				}
				mu.Unlock()
			}
		})
	}
	for range clients {
		<-begun
	}
	happens()
	all.Wait()
	slices.Sort(took)
	t.Logf("%-18s %d requests, %4d hits; p50 %6.2f ms, p99 %6.2f ms, longest %6.2f ms", name+":", len(took), hits,
		ms(took[len(took)/2]), ms(took[len(took)*99/100]), ms(took[len(took)-1]))
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1e3 }

func (f *fleet) signal(s syscall.Signal) {
	if err := f.webdis.Process.Signal(s); err != nil {
		f.t.Error(err)
	}
}

// counters are what an Envoy has counted about the store.
func (f *fleet) counters(i int) string {
	f.t.Helper()
	r, err := f.client.Get("http://" + f.admins[i] + "/stats?filter=postern.cache_store%3B")
	if err != nil {
		f.t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return strings.ReplaceAll(strings.ReplaceAll(strings.TrimSpace(string(b)), "wasmcustom.postern.cache_store;", ""), "\n", ", ")
}
