// Package meaning tells what a text is about, of what there are examples for.
//
// Classes learns from examples which words, and which letters of words, texts of a class
// have more often than others: a naive Bayes classifier of complements. It asks nobody
// and says the same of the same text. Nearest compares vectors that somebody else has made.
//
// It knows no language and no synonyms: of a text that shares no words with any example it
// says that it is about nothing.
package meaning

import "math"

// None is no class.
const None = -1

// smoothing is what each class is taken to have seen of everything.
const smoothing = 0.05

// Classes are what a text can be about. They do not change once learned.
type Classes struct {
	index
	rarity []float32
	absent []float32 // of rows: the score of a class that has not seen it
	start  []uint32  // of rows, and one more: where in seen they begin
	seen   []seen
	bias   []float32 // of classes
	texts  float32
}

// A seen is that a class has seen a feature, and how much that is worth more than if it had not.
type seen struct {
	class int32
	score float32
}

// Learn makes classes of their examples. What is in otherwise belongs to none.
func Learn(examples [][]string, otherwise []string) *Classes {
	l := learner{c: &Classes{}}
	all := append(append([][]string(nil), examples...), append(append([]string(nil), usual[:]...), otherwise...))
	l.gather(all)
	l.weigh(len(all))
	l.finish(len(examples))
	return l.c
}

// A learner is Classes under way.
type learner struct {
	c      *Classes
	in     []float32 // of rows: how many texts have it
	docs   []document
	masses [][]mass // of rows: what classes have of it
	sums   []float32
}

type document struct {
	class int32
	rows  []entry
}

type entry struct {
	row uint32
	n   float32
}

type mass struct {
	class int32
	n     float32
}

// gather counts what there is in each text.
func (l *learner) gather(all [][]string) {
	for class, texts := range all {
		for _, text := range texts {
			d := document{class: int32(class)}
			at := map[uint32]int{}
			r := reader{count: func(feature uint32, weight float32) {
				row := l.row(feature)
				i, ok := at[row]
				if !ok {
					i = len(d.rows)
					at[row] = i
					d.rows = append(d.rows, entry{row: row})
					l.in[row]++
				}
				d.rows[i].n += weight
			}}
			r.read(text)
			l.docs = append(l.docs, d)
		}
	}
}

// row is the place of a feature, made if it is new.
func (l *learner) row(feature uint32) uint32 {
	row, fresh := l.c.index.add(feature)
	if fresh {
		l.in = append(l.in, 0)
	}
	return row
}

// weigh gives each class what its texts have, all texts being worth the same.
func (l *learner) weigh(classes int) {
	c := l.c
	c.texts = float32(len(l.docs))
	for _, n := range l.in {
		c.rarity = append(c.rarity, c.rare(n))
	}
	l.masses, l.sums = make([][]mass, len(c.keys)), make([]float32, classes)
	for _, d := range l.docs {
		length := float32(0)
		for _, e := range d.rows {
			x := e.n * c.rarity[e.row]
			length += x * x
		}
		length = root(length)
		for _, e := range d.rows {
			x := e.n * c.rarity[e.row] / length
			l.sums[d.class] += x
			of := l.masses[e.row]
			if k := len(of); k == 0 || of[k-1].class != d.class { // classes come one after another
				of = append(of, mass{class: d.class})
			}
			of[len(of)-1].n += x
			l.masses[e.row] = of
		}
	}
}

// rare is what a feature counts that so many texts have.
func (c *Classes) rare(texts float32) float32 { return log(1 + c.texts/(1+texts)) }

// finish makes scores: how much more often a class has a feature than the others together.
func (l *learner) finish(classes int) {
	c := l.c
	total, all := float32(0), smoothing*float32(len(c.keys))
	for _, s := range l.sums {
		total += s
	}
	for _, s := range l.sums[:classes] {
		c.bias = append(c.bias, log((total-s+all)/(s+all)))
	}
	for _, of := range l.masses {
		c.start = append(c.start, uint32(len(c.seen)))
		sum := float32(0)
		for _, m := range of {
			sum += m.n
		}
		absent := log(smoothing / (sum + smoothing))
		c.absent = append(c.absent, absent)
		for _, m := range of {
			if int(m.class) < classes {
				c.seen = append(c.seen, seen{m.class, log((m.n+smoothing)/(max(sum-m.n, 0)+smoothing)) - absent})
			}
		}
	}
	c.start = append(c.start, uint32(len(c.seen)))
}

// A Scratch is memory for one text after another.
type Scratch struct {
	counts  []float32 // by row
	touched []uint32
	unknown index
	strange []float32 // by row of unknown
	scores  []float32
	word    []rune
}

// A Found is the class that a text is likeliest about, None if it is about none.
type Found struct {
	Class  int
	Score  float32 // between 0 and 1
	Margin float32 // to the class that is the next
}

// Most is how many bytes of a text are read.
const Most = 4 << 10

// Find compares a text with the classes that are wanted.
func (c *Classes) Find(text string, wanted func(class int) bool, s *Scratch) Found {
	scores, length := c.score(Cut(text, Most), s)
	if length == 0 {
		return Found{Class: None}
	}
	best := best{class: None}
	for i, x := range scores {
		if wanted(i) {
			best.add(i, squash(x/length))
		}
	}
	return best.found()
}

// score adds up the scores of what a text has.
func (c *Classes) score(text string, s *Scratch) (scores []float32, length float32) {
	c.count(text, s)
	s.scores = append(s.scores[:0], c.bias...)
	scores = s.scores
	clear(scores)
	common, known := float32(0), float32(0)
	for _, row := range s.touched {
		x := s.counts[row] * c.rarity[row]
		s.counts[row] = 0
		length += x * x
		known += x
		common += x * c.absent[row]
		for _, m := range c.seen[c.start[row]:c.start[row+1]] {
			scores[m.class] += x * m.score
		}
	}
	never := c.rare(0)
	for _, n := range s.strange {
		length += n * n * never * never
	}
	for i := range scores {
		scores[i] += common + known*c.bias[i]
	}
	return scores, root(length)
}

// count finds what of a text is known, and how much is not.
func (c *Classes) count(text string, s *Scratch) {
	if len(s.counts) < len(c.keys) {
		s.counts = make([]float32, len(c.keys))
	}
	s.touched = s.touched[:0]
	s.unknown.reset()
	s.strange = s.strange[:0]
	r := reader{word: s.word, count: func(feature uint32, weight float32) {
		row, ok := c.find(feature)
		if !ok {
			row, fresh := s.unknown.add(feature)
			if fresh {
				s.strange = append(s.strange, 0)
			}
			s.strange[row] += weight
			return
		}
		if s.counts[row] == 0 {
			s.touched = append(s.touched, row)
		}
		s.counts[row] += weight
	}}
	r.read(text)
	s.word = r.word
}

// best keeps the two highest scores.
type best struct {
	class        int
	first, other float32
}

func (b *best) add(class int, score float32) {
	switch {
	case b.class == None || score > b.first:
		if b.class != None {
			b.other = b.first
		}
		b.class, b.first = class, score
	case score > b.other:
		b.other = score
	}
}

func (b *best) found() Found {
	return Found{b.class, max(0, b.first), max(0, b.first) - max(0, b.other)}
}

// squash brings a score between 0 and 1; what is against a class is 0.
func squash(x float32) float32 {
	if x <= 0 {
		return 0
	}
	return x / (1 + x)
}

func log(x float32) float32  { return float32(math.Log(float64(x))) }
func root(x float32) float32 { return float32(math.Sqrt(float64(x))) }

// Cut is the beginning of a text, in so many bytes at most and whole characters.
func Cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && text[most]&0xc0 == 0x80 {
		most--
	}
	return text[:most]
}
