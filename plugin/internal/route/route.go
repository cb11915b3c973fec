// Package route decides where a request goes: which branch of a model it is for, which of
// the branch's targets serves it, and which of a provider's keys. It knows how places fare
// and which keys rest; it sends nothing and waits for nothing.
//
// What it decides for a conversation or a consumer depends on names and weights alone, by
// rendezvous hashing: another worker decides the same, and another weight moves only the
// difference.
package route

import "math"

// A Strategy is how a target of a group is chosen.
type Strategy uint8

// Strategies.
const (
	Weighted      Strategy = iota // by chance, as the weights are
	RoundRobin                    // one after another, as often as the weights say
	LeastInFlight                 // where the fewest requests of this worker are under way, for its weight
	LowestLatency                 // the faster one of two that chance chooses
	Cheapest                      // the one that costs least of those that the request fits
	Priority                      // the first that is well
	NumStrategies
)

// Strategies are the words of a configuration.
var strategyNames = [NumStrategies]string{"weighted", "round_robin", "least_in_flight", "lowest_latency", "cheapest", "priority"}

func (s Strategy) String() string { return strategyNames[s] }

// StrategyNames are all words.
func StrategyNames() []string { return strategyNames[:] }

// A Sticky says what is served by the same target again and again.
type Sticky uint8

// What sticks.
const (
	Free Sticky = iota
	ByConsumer
	ByConversation
)

// MaxTargets bounds a group, whose targets are the bits of a Set.
const MaxTargets = 64

// A Set is some of a group's targets, by their places in it.
type Set uint64

// Has reports whether a target is in the set.
func (s Set) Has(i int) bool { return s&(1<<i) != 0 }

// With is the set and one more.
func (s Set) With(i int) Set { return s | 1<<i }

// A Target is what a group knows of one place to go.
type Target struct {
	Hash   uint64 // of its names: see Hash
	Weight int    // 0: only when all others have failed
	Place  int    // in the Board
}

// A Group is targets and how one of them is chosen.
type Group struct {
	Strategy Strategy
	Targets  []Target
	Number   int // of the group in the Board
}

// A Fit says what a request would cost at a target, in any unit; false if it does not fit
// there. It is asked by Cheapest alone.
type Fit func(target int) (cost int64, fits bool)

// A Choice is what a target is chosen by.
type Choice struct {
	Key    uint64 // that sticks; 0: none does
	Random uint64
	Not    Set // those that are not wanted: tried already, or forbidden
	Fit    Fit
	Now    int64 // nanoseconds since 1970
}

// Pick chooses a target; -1 if all are in Not. One that is not well is chosen only if no
// other is left, the one that is to be well first.
func (b *Board) Pick(g *Group, c *Choice) int {
	var well Set
	least, wait := -1, int64(math.MaxInt64)
	spare, last := true, -1
	for i := range g.Targets {
		if c.Not.Has(i) {
			continue
		}
		last = i
		if p := &b.places[g.Targets[i].Place]; !p.well() {
			if until := p.Rests(c.Now); until > 0 {
				if until < wait {
					least, wait = i, until
				}
				continue
			}
		}
		well = well.With(i)
		spare = spare && g.Targets[i].Weight == 0
	}
	switch {
	case well == 0 && least < 0:
		return last
	case well == 0:
		return least
	case well&(well-1) == 0 || spare:
		return well.first()
	}
	if c.Key != 0 && g.Strategy != Priority {
		return g.rendezvous(well, c.Key)
	}
	return b.among(g, well, c)
}

func (s Set) first() int {
	i := 0
	for ; s&1 == 0; s >>= 1 {
		i++
	}
	return i
}

// among chooses one of those that are well, which are several, for a request that sticks to
// none.
func (b *Board) among(g *Group, well Set, c *Choice) int {
	switch g.Strategy {
	case RoundRobin:
		return b.turn(g, well, c.Now)
	case LeastInFlight:
		return b.best(g, well, c.Random, func(i int) float64 {
			return float64(b.places[g.Targets[i].Place].Flying+1) / b.weight(g, i, c.Now)
		})
	case LowestLatency:
		return b.faster(g, well, c)
	case Cheapest:
		return b.cheapest(g, well, c)
	case Priority:
		for i := range g.Targets {
			if well.Has(i) && g.Targets[i].Weight > 0 {
				return i
			}
		}
	}
	return b.chance(g, well, c.Random, c.Now)
}

// weight is a target's, less while its place comes back.
//
//go:noinline
func (b *Board) weight(g *Group, i int, now int64) float64 {
	return max(float64(g.Targets[i].Weight)*b.places[g.Targets[i].Place].share(now), 1e-9)
}

// chance chooses by weight.
func (b *Board) chance(g *Group, of Set, random uint64, now int64) int {
	var total float64
	for i := range g.Targets {
		if of.Has(i) {
			total += b.weight(g, i, now)
		}
	}
	at, last := unit(random)*total, -1
	for i := range g.Targets {
		if !of.Has(i) {
			continue
		}
		last = i
		if at -= b.weight(g, i, now); at < 0 {
			return i
		}
	}
	return last
}

// rendezvous chooses by a key: the target with the highest score, which is drawn from the
// key and the target's name alone, and so that each wins as often as its weight says. A
// weight that grows takes keys from others and gives none away.
//
// https://www.snia.org/sites/default/files/SDC15_presentations/dist_sys/Jason_Resch_New_Consistent_Hashings_Rev.pdf
func (g *Group) rendezvous(of Set, key uint64) int {
	best, weight, draw := -1, 0, uint64(0)
	for i := range g.Targets {
		t := &g.Targets[i]
		if !of.Has(i) || t.Weight == 0 {
			continue
		}
		if n := mix(key ^ t.Hash); best < 0 || t.Weight == weight && n > draw || t.Weight != weight && score(t.Weight, n) > score(weight, draw) {
			best, weight, draw = i, t.Weight, n
		}
	}
	return best
}

// score is what a target of a weight has with a number that was drawn for it. The greater
// number has the higher score where weights are the same, which most often they are.
//
//go:noinline
func score(weight int, n uint64) float64 { return float64(weight) / -math.Log(unit(n)) }

// best is the target with the least of something; of several, one by chance.
func (b *Board) best(g *Group, of Set, random uint64, measure func(int) float64) int {
	best, least, ties := -1, 0.0, uint64(0)
	for i := range g.Targets {
		if !of.Has(i) || g.Targets[i].Weight == 0 {
			continue
		}
		x := measure(i)
		switch {
		case best < 0 || x < least:
			best, least, ties = i, x, 1
		case x == least:
			if ties++; mix(random+ties)%ties == 0 {
				best = i
			}
		}
	}
	return best
}

// turn is smooth weighted round robin: each target gains its weight, the richest is chosen
// and pays for all.
func (b *Board) turn(g *Group, of Set, now int64) int {
	credit := b.credit(g)
	best, total := -1, 0.0
	for i := range g.Targets {
		if !of.Has(i) {
			continue
		}
		w := b.weight(g, i, now)
		total += w
		if credit[i] += w; best < 0 || credit[i] > credit[best] {
			best = i
		}
	}
	credit[best] -= total
	return best
}

// faster takes two by chance and of them the one that has been answering sooner, so that
// not all go to one at once. One of which nothing is known is tried first.
func (b *Board) faster(g *Group, of Set, c *Choice) int {
	first := b.chance(g, of, c.Random, c.Now)
	if of &^= 1 << first; of == 0 {
		return first
	}
	second := b.chance(g, of, mix(c.Random), c.Now)
	x, y := &b.places[g.Targets[first].Place], &b.places[g.Targets[second].Place]
	if y.Latency*float64(y.Flying+1) < x.Latency*float64(x.Flying+1) {
		return second
	}
	return first
}

// cheapest takes the least that the request fits. Those without a price come last.
func (b *Board) cheapest(g *Group, of Set, c *Choice) int {
	if c.Fit == nil {
		return b.chance(g, of, c.Random, c.Now)
	}
	best := b.best(g, of, c.Random, func(i int) float64 {
		cost, fits := c.Fit(i)
		if !fits {
			return math.Inf(1)
		}
		return float64(cost)
	})
	return best
}

// Sampled reports whether a key is among so many percent of all. A higher percentage only
// adds keys.
func Sampled(key uint64, percent float64) bool { return unit(mix(key^sampleSeed))*100 < percent }

// sampleSeed has samples be others than those that a target has by its name.
const sampleSeed = 0x706f737465726e

// unit spreads a number over the interval between 0 and 1, both left out.
func unit(n uint64) float64 { return (float64(n>>11) + 0.5) / (1 << 53) }

// mix makes a number of which each bit depends on all of another's: the end of MurmurHash3
// (https://github.com/aappleby/smhasher/wiki/MurmurHash3).
func mix(n uint64) uint64 {
	n ^= n >> 33
	n *= 0xff51afd7ed558ccd
	n ^= n >> 33
	n *= 0xc4ceb9fe1a85ec53
	return n ^ n>>33
}

// Hash is FNV-1a of texts (RFC 9923), mixed; it tells "ab","c" from "a","bc".
//
//go:noinline
func Hash(parts ...string) uint64 {
	h := uint64(14695981039346656037)
	for _, p := range parts {
		for i := range len(p) {
			h = (h ^ uint64(p[i])) * 1099511628211
		}
		h = (h ^ 0xff) * 1099511628211
	}
	return mix(h)
}
