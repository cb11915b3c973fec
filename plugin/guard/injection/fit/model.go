package main

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/plugin/guard/injection"
)

// options are what a fit is told.
type options struct {
	words, rules float64
	rounds       int
	light        float64
	shift        float64
}

// usual was found by fits without some of the samples, which were then measured.
var usual = options{words: 1e-5, rules: 0.1, rounds: 30, light: 0.2, shift: -1.1}

// A model is what is fitted.
type model struct {
	r       *injection.Rules
	samples []*sample // those whose words count
	before  injection.Weights
	bias    float64
	rules   []float64 // what both weights have more than before
	squares []float64 // of the gradients of those
	totals  []float64 // of those after each round
	sumBias float64
	words   map[uint32]*word
}

// A word is a word or pair that a weight is found for.
type word struct {
	n       float64 // what the samples with it count together
	weight  float64 // in units of 1/32
	squares float64 // of gradients
	total   float64 // of the weights after each round
}

const wordUnits = 32

func newModel(r *injection.Rules, samples []*sample) *model {
	m := &model{r: r, samples: samples, before: r.Weights(), words: map[uint32]*word{}}
	for _, s := range samples {
		seen := map[uint32]bool{}
		for _, b := range s.bags {
			for _, h := range b.Words {
				if m.words[h] == nil {
					m.words[h] = &word{}
				}
				if !seen[h] {
					seen[h] = true
					m.words[h].n += s.n
				}
			}
		}
	}
	return m
}

// begin forgets all weights.
func (m *model) begin() {
	n := len(m.before.Rules)
	m.bias, m.sumBias = -2, 0
	m.rules, m.squares, m.totals = make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range m.squares {
		m.squares[i] = 1
	}
	for _, w := range m.words {
		w.weight, w.total, w.squares = 0, 0, 0.01
	}
}

// prune leaves what the table has room for: in each bucket the words that say most, by their
// weight and a little by how many samples they are in. What one sample alone has, a fit makes
// heavy, and it says the least of other texts.
func (m *model) prune() {
	type entry struct {
		h     uint32
		value float64
	}
	var all []entry
	for h, w := range m.words {
		all = append(all, entry{h, math.Abs(w.weight) * math.Sqrt(math.Sqrt(w.n))})
	}
	slices.SortFunc(all, func(a, b entry) int { return cmp.Or(cmp.Compare(b.value, a.value), cmp.Compare(a.h, b.h)) })
	full := map[int]string{}
	for _, e := range all {
		bucket, tag := injection.Slot(e.h)
		if tags := full[bucket]; len(tags) == injection.SlotsOfBucket || strings.IndexByte(tags, tag) >= 0 {
			delete(m.words, e.h)
			continue
		}
		full[bucket] += string([]byte{tag})
	}
}

// of is what a bag comes to.
func (m *model) of(b *injection.Bag) float64 {
	sum := m.bias + float64(b.More)
	for _, i := range b.Rules {
		sum += m.before.Rules[i][b.Mode] + m.rules[i]
	}
	for _, i := range b.Cited {
		sum += injection.QuotedShare * (m.before.Rules[i][b.Mode] + m.rules[i])
	}
	words := 0.0
	for _, h := range b.Words {
		if x := m.words[h]; x != nil {
			words += x.weight
		}
	}
	return sum + words*float64(injection.Share(b.Count))
}

// best is the bag that comes to most.
func (m *model) best(s *sample) (best *injection.Bag, sum float64) {
	sum = math.Inf(-1)
	for i := range s.bags {
		if x := m.of(&s.bags[i]); x > sum {
			best, sum = &s.bags[i], x
		}
	}
	return best, sum
}

// fit goes through samples in changing order, with steps that become smaller the more a
// weight has moved (J. Duchi et al., https://jmlr.org/papers/v12/duchi11a.html). What counts
// is the mean of the weights after each round but the first few, so that it matters less
// which samples came last.
func (m *model) fit(samples []*sample, o options) {
	m.begin()
	random := rand.New(rand.NewPCG(1, 2))
	first := o.rounds / 4
	for round := range o.rounds {
		random.Shuffle(len(samples), func(i, j int) { samples[i], samples[j] = samples[j], samples[i] })
		for _, s := range samples {
			m.learn(s, o)
		}
		if round >= first {
			m.sum(1 / float64(o.rounds-first))
		}
	}
	m.bias, m.rules = m.sumBias, m.totals
	for _, w := range m.words {
		w.weight = w.total
	}
}

// sum adds a share of the weights to what counts.
func (m *model) sum(share float64) {
	m.sumBias += share * m.bias
	for i, x := range m.rules {
		m.totals[i] += share * x
	}
	for _, w := range m.words {
		w.total += share * w.weight
	}
}

func (m *model) learn(s *sample, o options) {
	const rate, slow = 0.3, 0.02
	b, sum := m.best(s)
	wrong := s.n * (1/(1+math.Exp(-sum)) - s.y)
	m.bias -= slow * wrong
	for _, i := range b.Rules {
		d := wrong + o.rules*m.rules[i]
		m.squares[i] += d * d
		m.rules[i] -= rate * d / math.Sqrt(m.squares[i])
	}
	share := float64(injection.Share(b.Count)) * wordUnits
	for _, h := range b.Words {
		x := m.words[h]
		if x == nil {
			continue
		}
		d := wrong*share + o.words*x.weight
		x.squares += d * d
		x.weight -= rate * wordUnits * d / math.Sqrt(x.squares)
	}
}

// weights rounds what was found; rules keep their sign.
func (m *model) weights(o options) injection.Weights {
	w := injection.Weights{Bias: m.bias + o.shift, Rules: make([][2]float64, len(m.rules)), Words: map[uint32]int8{}}
	for i, more := range m.rules {
		for mode, before := range m.before.Rules[i] {
			x := before + more
			if m.r.Family(i) == "benign" {
				x = min(x, 0)
			} else {
				x = max(x, 0)
			}
			w.Rules[i][mode] = x
		}
	}
	for h, x := range m.words {
		if r := max(-127, min(127, math.Round(x.weight))); r != 0 {
			w.Words[h] = int8(r)
		}
	}
	return w
}
