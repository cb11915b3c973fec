package injection

// How Caesar's cipher by any number of letters is seen: by how often each letter is there.
const (
	// surprises are how rare letters are in English, in quarters of bits, each with 'A' added.
	surprises     = "OYVSMWXQPg]TWQPXiQQOV\\WgXk"
	foreign       = 19  // English comes to 17 in the mean, what is shifted to 21 and more
	doubtful      = -24 // rarity of a block that may be shifted, beside one that is above 0
	sampledBlock  = 32  // bytes that are judged together
	sampledEnd    = 192 // bytes of the text's begin, and of its end, that are looked at
	fewestStrange = 32  // letters that tell the shift
)

// rarity gives how much rarer a letter is than in the mean of a text that is no English;
// 0 for what is no letter.
func rarity(b byte) int8 {
	if l := b | 0x20 - 'a'; l < 26 {
		return int8(surprises[l]-'A') - foreign
	}
	return 0
}

// shifted tells by how many letters to move a text that seems shifted, so that it reads as
// English; 0 if it does not. It looks at both ends of the text alone.
func (r *Rules) shifted(text []byte) int {
	head, tail := text, text[len(text):]
	if len(text) > 2*sampledEnd {
		head, tail = text[:sampledEnd], text[len(text)-sampledEnd:]
	}
	if !r.strange(head) && !r.strange(tail) {
		return 0
	}
	var letters [26]int
	total := r.tell(head, &letters) + r.tell(tail, &letters)
	if total < fewestStrange {
		return 0
	}
	best, by := total*foreign, 0
	for k := 1; k < 26; k++ {
		sum := 0
		for l, n := range letters {
			sum += n * int(surprises[(l+k)%26]-'A')
		}
		if sum < best {
			best, by = sum, k
		}
	}
	return by
}

// strange reports whether a block of a text is no English.
func (r *Rules) strange(text []byte) bool {
	for len(text) > 0 {
		n := min(sampledBlock, len(text))
		if r.rare(text[:n]) > 0 {
			return true
		}
		text = text[n:]
	}
	return false
}

// rare adds up how rare the letters of a block are.
func (r *Rules) rare(block []byte) int {
	sum := 0
	for _, b := range block {
		sum += int(r.rarity[b])
	}
	return sum
}

// tell counts the letters of blocks that may be shifted and returns how many there are. It
// leaves out blocks half of which is something else, as with escapes.
func (r *Rules) tell(text []byte, letters *[26]int) int {
	total := 0
	for len(text) > 0 {
		block := text[:min(sampledBlock, len(text))]
		text = text[len(block):]
		if n := countLetters(block); n < len(block)/2 || r.rare(block) < doubtful {
			continue
		}
		for _, b := range block {
			if l := b | 0x20 - 'a'; l < 26 {
				letters[l]++
				total++
			}
		}
	}
	return total
}

func countLetters(text []byte) int {
	n := 0
	for _, b := range text {
		if b|0x20-'a' < 26 {
			n++
		}
	}
	return n
}
