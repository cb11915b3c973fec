package route

import (
	"math"
	"time"

	"github.com/postern-gateway/postern/plugin/internal/state"
)

// A Verdict is what a request has shown of the place that it went to.
type Verdict uint8

// Verdicts.
const (
	Nothing Verdict = iota // the client's own fault, or its haste: it says nothing of the place
	Good
	Bad     // 5xx, no connection, no answer, an error in the stream
	Limited // the key has used up what it may for the model, for a while
	Refused // the key is not accepted, or has no money left
)

// How a place is judged.
const (
	streak     = 5                // failures one after another that eject it
	fewest     = 10               // answers in a window before their ratio says anything
	window     = 30 * time.Second // of the ratio
	firstRest  = 5 * time.Second  // it is ejected for so long, each time twice as long,
	longest    = 5 * time.Minute  // up to this
	slowStart  = 20 * time.Second // its share grows to the whole after it has come back
	leastShare = 0.1
	forgive    = 10 * time.Minute // of health that wipe out how often it was ejected
	smooth     = 0.2              // weight of the newest latency

	// keyLimited is how long a key rests for a model if its provider does not say,
	// keyRefused for all models; maxRest bounds what providers say.
	keyLimited = 5 * time.Second
	keyRefused = time.Minute
	maxRest    = 10 * time.Minute
)

// MaxKeys bounds the keys of a provider that can rest.
const MaxKeys = 16

// A Place is a provider's model, as far as a worker knows. Times are in nanoseconds since
// 1970; 0 is never.
type Place struct {
	id      state.ID
	keys    int
	wide    *Place  // of the provider as a whole, whose keys these are; it may be this one
	Flying  int     // requests of this worker that are under way
	Latency float64 // nanoseconds to the first byte of an answer, smoothed; 0: not known

	shared record
	fresh  record // what this worker has to add to it since the last exchange
	dirty  bool   // there is something to add
	used   bool   // since the last exchange
	ill    bool   // it or a key of it may rest
	probe  int64  // since when a request tries whether it is well again; 0: none does

	_ [0]func() // places are not compared, which would be code
}

// well reports whether it is to be seen at once that it does not rest.
func (p *Place) well() bool {
	p.used, p.wide.used = true, true
	return !p.ill && !p.wide.ill
}

// Rests is until when nothing should go there; 0 if it is well.
func (p *Place) Rests(now int64) int64 {
	p.used = true
	var until int64
	if e := p.shared.until; e > 0 {
		switch {
		case now < e:
			until = e
		case p.probe > 0 && now < p.probe+int64(firstRest): // one at a time finds out
			until = p.probe + int64(firstRest)
		}
	}
	return max(until, p.keysRest(now))
}

// keysRest is until when all keys rest; 0 if one does not.
func (p *Place) keysRest(now int64) int64 {
	if p.keys == 0 || p.keys > MaxKeys {
		return 0
	}
	first := int64(0)
	for k := range p.keys {
		until := p.KeyRests(k, now)
		if until == 0 {
			return 0
		}
		if first == 0 || until < first {
			first = until
		}
	}
	return first
}

// KeyRests is until when a key should not be used there; 0 if it can be.
//
//go:noinline
func (p *Place) KeyRests(key int, now int64) int64 {
	if key < 0 || key >= MaxKeys {
		return 0
	}
	p.wide.used = true
	until := max(p.shared.keys[key], p.wide.shared.keys[key])
	if until <= now {
		return 0
	}
	return until
}

// share is how much of its weight a place has: less for a while after it was ejected.
func (p *Place) share(now int64) float64 {
	since := p.shared.back
	if since == 0 || now >= since+int64(slowStart) {
		return 1
	}
	return max(leastShare, float64(now-since)/float64(slowStart))
}

// Leave notes that a request goes there.
func (p *Place) Leave(now int64) {
	p.Flying++
	p.used = true
	if p.shared.until > 0 && now >= p.shared.until {
		p.probe = now
	}
}

// Return notes that it is over.
func (p *Place) Return() { p.Flying = max(0, p.Flying-1) }

// Answered notes how long the first byte took.
func (p *Place) Answered(nanos int64) {
	if x := float64(max(nanos, 1)); p.Latency == 0 {
		p.Latency = x
	} else {
		p.Latency += smooth * (x - p.Latency)
	}
	p.dirty = true
}

// Judge notes what a request has shown. rest is how long a key is to rest as its provider
// says, 0 if it does not. It reports whether the place was ejected, or the key put to rest,
// just now.
func (p *Place) Judge(v Verdict, key int, rest time.Duration, now int64) bool {
	switch v {
	case Good:
		p.good(now)
	case Bad:
		return p.bad(now)
	case Limited:
		p.probe = 0
		if rest == 0 {
			rest = keyLimited
		}
		return p.restKey(key, now+int64(min(rest, maxRest)), now)
	case Refused:
		p.probe = 0
		return p.wide.restKey(key, now+int64(max(keyRefused, min(rest, maxRest))), now)
	}
	return false
}

// restKey has a key rest.
func (p *Place) restKey(key int, until, now int64) bool {
	if key < 0 || key >= MaxKeys {
		return false
	}
	rested := p.shared.keys[key] > now
	p.shared.keys[key] = max(p.shared.keys[key], until)
	p.fresh.keys[key] = max(p.fresh.keys[key], until)
	p.dirty, p.ill = true, true
	return !rested
}

func (p *Place) good(now int64) {
	p.shared.roll(now)
	p.shared.good++
	p.fresh.good++
	p.shared.streak = 0
	p.fresh.streak, p.fresh.reset = 0, true
	p.dirty = true
	if p.shared.until > 0 && (p.probe > 0 || now >= p.shared.until) {
		p.probe = 0
		p.shared.until, p.fresh.until, p.shared.back = 0, 0, now
		p.shared.counts = counts{from: now}
		p.fresh.back = now
	} else if p.shared.times > 0 && p.shared.until == 0 && now-p.shared.back > int64(forgive) {
		p.shared.times, p.fresh.times = 0, 0
		p.fresh.forgiven = true
	}
}

func (p *Place) bad(now int64) bool {
	p.shared.roll(now)
	p.shared.bad++
	p.fresh.bad++
	p.shared.streak++
	p.fresh.streak++
	p.dirty = true
	if p.shared.until > now {
		return false // those that were under way when it was ejected
	}
	all := p.shared.good + p.shared.bad + p.shared.before.good + p.shared.before.bad
	bad := p.shared.bad + p.shared.before.bad
	if p.probe == 0 && p.shared.streak < streak && (all < fewest || 2*bad < all) {
		return false
	}
	rest := min(firstRest<<min(p.shared.times, 10), longest)
	p.probe, p.ill = 0, true
	p.shared.times++
	p.shared.until, p.shared.back = now+int64(rest), 0
	p.fresh.until, p.fresh.times = p.shared.until, p.shared.times
	p.shared.streak = 0
	return true
}

// PickKey chooses one of a provider's keys, by weight among those that do not rest. A key
// that sticks is chosen by stick. If all rest, it is the one that does so no longer first.
func (p *Place) PickKey(keys int, weight func(int) int, stick, random uint64, now int64) int {
	if keys <= 1 {
		return 0
	}
	total, least, first := 0, 0, int64(0)
	for k := range keys {
		until := p.KeyRests(k, now)
		if until == 0 {
			total += weight(k)
		} else if first == 0 || until < first {
			least, first = k, until
		}
	}
	if total == 0 {
		return least
	}
	if stick != 0 {
		return p.stickyKey(keys, weight, stick, now)
	}
	at := int(random % uint64(total))
	for k := range keys {
		if p.KeyRests(k, now) > 0 {
			continue
		}
		if at -= weight(k); at < 0 {
			return k
		}
	}
	return least
}

// stickyKey chooses as a group's rendezvous does.
func (p *Place) stickyKey(keys int, weight func(int) int, stick uint64, now int64) int {
	best, score := 0, -1.0
	for k := range keys {
		if p.KeyRests(k, now) > 0 {
			continue
		}
		if x := float64(weight(k)) / -math.Log(unit(mix(stick^mix(uint64(k)+1)))); x > score {
			best, score = k, x
		}
	}
	return best
}
