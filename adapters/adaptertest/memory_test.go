package adaptertest_test

import (
	"bytes"
	"reflect"
	"slices"
	"testing"

	"github.com/postern-gateway/postern/adapters/adaptertest"
)

// mostLive is what one live stream may keep in memory.
const mostLive = 64 << 10

// size is all memory that a value refers to, found by walking it.
func size(v any) int {
	w := walker{seen: map[uintptr]bool{}}
	w.walk(reflect.ValueOf(v))
	return w.bytes
}

type walker struct {
	bytes int
	seen  map[uintptr]bool
}

func (w *walker) first(p uintptr) bool {
	if p == 0 || w.seen[p] {
		return false
	}
	w.seen[p] = true
	return true
}

func (w *walker) walk(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if w.first(v.Pointer()) {
			w.bytes += int(v.Type().Elem().Size())
			w.walk(v.Elem())
		}
	case reflect.Interface:
		if !v.IsNil() {
			w.walk(v.Elem())
		}
	case reflect.String:
		w.bytes += v.Len()
	case reflect.Slice:
		if v.Cap() > 0 && w.first(v.Pointer()) {
			w.bytes += v.Cap() * int(v.Type().Elem().Size())
			for i := range v.Len() {
				w.walk(v.Index(i))
			}
		}
	case reflect.Array:
		for i := range v.Len() {
			w.walk(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			w.walk(v.Field(i))
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			w.walk(k)
			w.walk(v.MapIndex(k))
			w.bytes += int(k.Type().Size() + v.Type().Elem().Size())
		}
	}
}

func TestSizeCountsWhatIsKept(t *testing.T) {
	t.Parallel()
	type inner struct{ b []byte }
	v := &struct {
		a *inner
		m map[string][]byte
	}{&inner{make([]byte, 10, 1000)}, map[string][]byte{"k": make([]byte, 500)}}
	if got := size(v); got < 1500 || got > 1700 {
		t.Errorf("got %d bytes, want those of both slices and little else", got)
	}
}

// holds reports whether the dialect's clients get what the flood is of in one piece, so
// that it has to be kept until it is whole. Such are followed over as much as models write.
func (p *pair) holds(flood string) bool {
	switch p.dialect.Name {
	case "gemini", "ollama":
		return flood == "arguments of a call"
	case "responses": // whose last event has the whole answer again
		return true
	}
	return false
}

// TestLiveStreamsStaySmall follows streams of many events: what decoder, encoder and
// frame cutter keep is bounded all the way, and they end as streams do.
func TestLiveStreamsStaySmall(t *testing.T) {
	t.Parallel()
	everyPair(t, func(t *testing.T, p *pair) {
		events, look := 20_000, 2_000
		if *share >= 1 {
			events, look = 100_000, 5_000
		}
		for _, f := range p.floods(t) {
			events := events
			if p.holds(f.name) {
				events = 100
			}
			short := p.begin(t)
			short.Write([]byte(f.begin + f.event(0) + f.end))
			short.Close()
			whole, err := short.Take()
			if ending, bad := p.Grammar(whole); err != nil || bad != nil || ending != adaptertest.Complete {
				t.Errorf("%s: got (%v, %v)\n%s\nwant a whole stream", f.name, err, bad, whole)
				continue
			}
			tr := p.begin(t)
			tr.Write([]byte(f.begin))
			most := 0
			for i := range events {
				tr.Write([]byte(f.event(i)))
				if i%look == 0 || i == events-1 {
					if most = max(most, size(tr)); most > mostLive {
						t.Errorf("%s: after %d events: got %d bytes kept, want at most %d", f.name, i+1, most, mostLive)
						break
					}
				}
				if _, err := tr.Take(); err != nil {
					t.Fatalf("%s: %v", f.name, err)
				}
			}
			tr.Write([]byte(f.end))
			tr.Close()
			last, err := tr.Take()
			const tail = 16 // bytes of an event that is the last of its dialect
			if err != nil || !bytes.HasSuffix(last, whole[len(whole)-tail:]) || bytes.Contains(last, []byte(`"error":{`)) {
				t.Errorf("%s: got (%v) %s, want the stream's proper end", f.name, err, last)
			}
			t.Logf("%s: at most %d bytes", f.name, most)
		}
	})
}

// begin is a translation of a stream for a client that asks for all there is.
func (p *pair) begin(t *testing.T) *adaptertest.Translation {
	t.Helper()
	request := p.plain(t)
	if p.dialect.Name == "openai" {
		request = bytes.Replace(request, []byte(`"stream":true`), []byte(`"stream":true,"stream_options":{"include_usage":true}`), 1)
	}
	r, e := p.Read(request)
	if e != nil {
		t.Fatal(e.Message)
	}
	tr := p.NewTranslation()
	tr.Reset(r)
	return tr
}

// TestStreamsMakeNoGarbage has the usual events translated without an allocation.
func TestStreamsMakeNoGarbage(t *testing.T) { // AllocsPerRun is not for parallel tests
	for _, p := range allPairs(t) {
		for _, f := range p.floods(t) {
			if f.name != "text" && f.name != "arguments of a call" && f.name != "thinking" {
				continue
			}
			tr := p.begin(t)
			tr.Write([]byte(f.begin))
			event := []byte(f.event(0))
			got := testing.AllocsPerRun(500, func() {
				tr.Write(event)
				if _, err := tr.Take(); err != nil {
					t.Fatal(err)
				}
			})
			if got > 0 {
				t.Errorf("%s: %s: got %v allocations an event, want none", p.name(), f.name, got)
			}
		}
	}
}

// TestLargeEventIsForgotten sends one event of 512 KB in pieces: when it has passed,
// its memory is free again.
func TestLargeEventIsForgotten(t *testing.T) {
	t.Parallel()
	everyPair(t, func(t *testing.T, p *pair) {
		f := p.floods(t)[0]
		if p.holds(f.name) {
			return
		}
		event := p.large(128 << 10)
		tr := p.begin(t)
		tr.Write([]byte(f.begin))
		for piece := range slices.Chunk([]byte(event), 4<<10) {
			tr.Write(piece)
		}
		if got, err := tr.Take(); err != nil || len(got) < 512<<10 {
			t.Fatalf("got %d bytes (%v), want the large event", len(got), err)
		}
		tr.Write([]byte(f.event(0)))
		if _, err := tr.Take(); err != nil {
			t.Fatal(err)
		}
		if got := size(tr); got > mostLive {
			t.Errorf("got %d bytes kept, want at most %d", got, mostLive)
		}
	})
}
