package similar

import "encoding/binary"

// A Sketch is a text as it is compared: a mark for each of its words, in order. It has 4
// bytes a word, and nobody can read in it who does not know the text.
type Sketch []byte

const (
	markSize = 4
	mostText = 2 << 10 // bytes of a text that can be like another
	mostWord = 96      // of a sketch
)

// A Sketcher makes sketches. It is used again and again, and belongs to one worker.
type Sketcher struct {
	normaliser normaliser
	bytes      []byte
}

// NewSketcher reads the tables, which takes some time and memory.
func NewSketcher() *Sketcher {
	return &Sketcher{normaliser: normaliser{book: newBook()}}
}

// Sketch is that of a text, until the next one; nil if the text is too long, or has nothing in it.
func (s *Sketcher) Sketch(text []byte) Sketch {
	if len(text) > mostText {
		return nil
	}
	terms := s.normaliser.normalise(text)
	if len(terms) > mostWord || s.normaliser.cutter.broken {
		return nil
	}
	s.bytes = s.bytes[:0]
	said := 0
	for i := range terms {
		t := &terms[i]
		if t.class != weak {
			said++
		}
		s.bytes = binary.LittleEndian.AppendUint32(s.bytes, uint32(t.hash^t.hash>>32)&^3|uint32(t.class))
	}
	if said < 2 { // the language is one
		return nil
	}
	return s.bytes
}

func (s Sketch) len() int          { return len(s) / markSize }
func (s Sketch) mark(i int) uint32 { return binary.LittleEndian.Uint32(s[i*markSize:]) }

// hash is FNV-1a, https://datatracker.ietf.org/doc/html/draft-eastlake-fnv.
func hash(s []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, b := range s {
		h = (h ^ uint64(b)) * 1099511628211
	}
	return h
}

// What a word costs that is in one of two texts only, in hundredths; a content word costs as
// much as its share of the text, and that at least.
const (
	leastContent = 12
	weakShare    = 10 // of the weight of another word, in hundredths
)

// Score says how much two texts are the same question, from 0 to 100. From 90 on only words
// without weight differ.
func Score(a, b Sketch) int {
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	weight := a.weight() + b.weight()
	a, b = apart(a, b)
	n, m := a.len(), b.len()
	// The costs of turning a text into another, row by row, in tenths of a word that counts.
	row := make([]cost, m+1)
	for j := 1; j <= m; j++ {
		row[j] = row[j-1].drop(b.mark(j - 1))
	}
	for i := range n {
		x := a.mark(i)
		diagonal := row[0]
		row[0] = row[0].drop(x)
		for j := 1; j <= m; j++ {
			y := b.mark(j - 1)
			best := row[j].drop(x)
			if c := row[j-1].drop(y); c.less(best) {
				best = c
			}
			if x>>2 == y>>2 && diagonal.less(best) {
				best = diagonal
			}
			diagonal, row[j] = row[j], best
		}
	}
	c := row[m]
	if c.firm > 0 {
		return 0
	}
	score := 100 - int(c.content)*max(leastContent, 2*100*100/weight) - int(c.weak)*2*100*weakShare/weight
	return max(0, score)
}

// A cost is what has to be left out of two texts: so many words of each class.
type cost struct{ firm, content, weak uint8 }

func (c cost) drop(mark uint32) cost {
	switch class(mark & 3) {
	case weak:
		c.weak++
	case content:
		c.content++
	default:
		c.firm++
	}
	return c
}

func (c cost) less(d cost) bool {
	if c.firm != d.firm {
		return c.firm < d.firm
	}
	if c.content != d.content {
		return c.content < d.content
	}
	return c.weak < d.weak
}

// apart leaves out what two sketches begin and end with alike.
func apart(a, b Sketch) (Sketch, Sketch) {
	for len(a) > 0 && len(b) > 0 && a.mark(0)>>2 == b.mark(0)>>2 {
		a, b = a[markSize:], b[markSize:]
	}
	for len(a) > 0 && len(b) > 0 && a.mark(a.len()-1)>>2 == b.mark(b.len()-1)>>2 {
		a, b = a[:len(a)-markSize], b[:len(b)-markSize]
	}
	return a, b
}

// weight is how much a text says, in hundredths of a word.
func (s Sketch) weight() (sum int) {
	for i := range s.len() {
		if class(s.mark(i)&3) == weak {
			sum += weakShare
		} else {
			sum += 100
		}
	}
	return sum
}
