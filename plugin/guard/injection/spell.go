package injection

// A speller finds words of the rules whose inner letters are in another order, or of which
// one is missing or there twice: readers and models understand them all the same.
type speller struct {
	shapes map[uint32]uint16 // what the shape of a word stands for
	some   hashes            // which shapes there may be
	ends   [26 * 26]uint32   // for a first and last letter, a bit for each length of a word
}

const (
	shortestMisspelt = 5
	longestMisspelt  = 16
)

// add takes a word of at least six letters.
func (s *speller) add(word string, value uint16) {
	if s.shapes == nil {
		s.shapes = map[uint32]uint16{}
	}
	s.put([]byte(word), letters([]byte(word)), value)
	for i := 1; i < len(word)-1; i++ {
		less := []byte(word[:i] + word[i+1:])
		s.put(less, inOrder(less), value)
		more := []byte(word[:i+1] + word[i:])
		s.put(more, inOrder(more), value)
	}
}

func (s *speller) put(word []byte, shape uint32, value uint16) {
	s.shapes[shape] = value
	s.some.add(shape, alone)
	s.ends[int(word[0]-'a')*26+int(word[len(word)-1]-'a')] |= 1 << len(word)
}

// may reports whether a word of n small letters has the length and ends of one of those.
func (s *speller) may(first, last byte, n int) bool {
	return n <= longestMisspelt && s.ends[(int(first-'a')*26+int(last-'a'))%len(s.ends)]&(1<<n) != 0
}

// find gives what a word stands for that is nearly one of the rules; 0: nothing. It has
// small letters only.
func (s *speller) find(word []byte) uint16 {
	if n := len(word); n < shortestMisspelt || !s.may(word[0], word[n-1], n) {
		return 0
	}
	if v := s.of(letters(word)); v != 0 {
		return v
	}
	return s.of(inOrder(word))
}

func (s *speller) of(shape uint32) uint16 {
	if s.some.of(shape) == 0 {
		return 0
	}
	return s.shapes[shape]
}

// letters is the same for all orders of a word's inner letters.
func letters(word []byte) uint32 {
	n := len(word)
	sum := uint32(word[0])<<8 | uint32(word[n-1]) | uint32(n)<<16
	for _, b := range word {
		x := uint32(b) * 0x9e3779b1
		sum += x ^ x>>15
	}
	return sum &^ 1
}

// inOrder is not; the lowest bit keeps the two apart.
func inOrder(word []byte) uint32 {
	h := uint32(2166136261)
	for _, b := range word {
		h = (h ^ uint32(b)) * 16777619
	}
	return h | 1
}
