package similar

import "strings"

// A set is one of a language's sets of words or phrases; a table says what others become. The
// languages' files have them under these names.
type (
	set   uint8
	table uint8
)

// Sets.
const (
	common    set = iota // words that give the language away
	polite               // phrases in front that say nothing, where a question or a request follows
	asking               // the same, where a word follows that asks
	closing              // phrases at the end that say nothing
	service              // the same where it is a request
	starters             // words that questions and requests begin with, beside those of frames
	asks                 // words and phrases that ask
	verbs                // auxiliaries that questions begin with
	weakWords            // that change nothing
	own                  // of whom something is, where a question how to do something is everybody's
	compares             // words that keep one and several apart
	literal              // words of questions about words
	turned               // words that phrases begin with which may stand in front or behind
	differing            // what is asked about two things, in whichever order
	joining              // words between these
	owners               // words that an owner begins with
	bounds               // words that an owner, and what is owned, cannot go beyond
	states               // verbs behind "how do I" of what one is, not of what one does
	abilities            // the same behind "how do you"
	some                 // words of things that are several or one, behind a request for them
	personal             // words of who asks and is asked
	seeking              // verbs of whom it makes a difference whose a thing is
	pronouns
	modals
	being
	doing
	acting // words before "do" as a verb of its own
	whole  // words whose s is no plural's
	degree // words that end in est, and are no superlatives
	parting
	still
	arising
	leads // first words of phrases, and single words
	setCount
)

// Tables.
const (
	frames  table = iota // how questions begin
	endings              // how they end; what it becomes stands in front
	phrases              // anywhere
	words                // single words anywhere
	bare                 // contractions
	singles              // irregular plurals
	noTable
)

// rules are those of a language. They are kept by hashes, so that the garbage collector has
// nothing to look at.
type rules struct {
	name     string
	known    map[uint64]uint64 // of words and phrases: bits of the sets and tables that they are in
	becomes  [noTable]map[uint64]uint32
	texts    []byte // of what others become, which becomes says the place and the length of
	elides   bool   // l'eau is two words
	owns     bool   // Anna's is two words
	anywhere bool   // words that ask need not be the first
	fits     func(n *normaliser, rest int, to string) bool
	finish   func(*normaliser)
}

func (s set) bit() uint64   { return 1 << s }
func (t table) bit() uint64 { return 1 << (setCount + set(t)) }

// text is what a table has for a phrase.
func (r *rules) text(t table, key uint64) string {
	at := r.becomes[t][key]
	return string(r.texts[at>>8:][:at&0xff])
}

// A phrase's key is made of its words' hashes, one after the other.
const noKey = 14695981039346656037

func keyWith(key, word uint64) uint64 { return (key ^ word) * 1099511628211 }

// A book is the rules of all languages.
type book struct {
	list  []*rules
	known map[uint64]uint32 // of words: see token
}

const mostLanguages = 30

func newBook() *book {
	b := &book{known: map[uint64]uint32{}, list: languages()}
	for i, r := range b.list {
		for key, in := range r.known {
			var bits uint32
			if in&common.bit() != 0 {
				bits |= 1 << i
			}
			if in&literal.bit() != 0 {
				bits |= literalWord
			}
			if bits > 0 {
				b.known[key] |= bits
			}
		}
	}
	c := compiler{r: &rules{known: map[uint64]uint64{}}}
	c.set(homonyms, func(key uint64) { b.known[key] |= homonym })
	return b
}

// A compiler reads a language's file.
type compiler struct {
	cutter cutter
	r      *rules
}

func setNames() []string {
	return strings.Fields("common polite asking closing service starters asks verbs weak own compares literal turned differing joining owners bounds states abilities some personal seeking pronouns modals being doing acting whole degree parting still arising leads")
}

func tableNames() []string { return strings.Fields("frames endings phrases words bare singles") }

// read reads a file: parts that each begin with a name in brackets. A set is of phrases with bars or
// line ends between them, or of words; a table has a line for each thing that others become.
func (c *compiler) read(r *rules, text string) *rules {
	c.r = r
	r.known = map[uint64]uint64{}
	for _, part := range strings.Split(text, "[")[1:] {
		name, body, _ := strings.Cut(part, "]\n")
		for i, n := range setNames() {
			if s := set(i); n == name {
				bits := s.bit()
				if s == asks {
					bits |= starters.bit()
				}
				c.set(body, func(key uint64) { r.known[key] |= bits })
			}
		}
		for i, n := range tableNames() {
			if n == name {
				c.table(table(i), body)
			}
		}
	}
	return r
}

// set reads phrases, or words if there is no bar, and gives their keys.
func (c *compiler) set(body string, f func(key uint64)) {
	list, bars := strings.Fields(body), strings.Contains(body, "|")
	if bars {
		list = strings.Split(strings.ReplaceAll(body, "\n", "|"), "|")
	}
	for _, p := range list {
		if key := c.key(p, bars && c.r.elides); key != noKey {
			f(key)
		}
	}
}

// key is that of a phrase. Its first word is noted as one that leads.
func (c *compiler) key(p string, elides bool) uint64 {
	if elides {
		p = strings.ReplaceAll(p, "'", "' ")
	}
	key := uint64(noKey)
	var held []byte
	for _, t := range c.cutter.cut([]byte(p)) {
		if t.kind == mark && len(held) > 0 { // an apostrophe that ends the word
			held = append(held, t.text...)
			continue
		}
		key = c.join(key, held)
		held = append(held[:0:0], t.text...)
	}
	return c.join(key, held)
}

func (c *compiler) join(key uint64, word []byte) uint64 {
	if len(word) == 0 {
		return key
	}
	first := key == noKey
	if key = keyWith(key, hash(word)); first {
		c.r.known[key] |= leads.bit()
	}
	return key
}

func (c *compiler) table(t table, body string) {
	r := c.r
	r.becomes[t] = map[uint64]uint32{}
	for _, line := range strings.Split(body, "\n") {
		to, from, _ := strings.Cut(line, ":")
		text := spaced(strings.TrimSpace(to))
		at := uint32(len(r.texts)<<8 | len(text))
		r.texts = append(r.texts, text...)
		c.set(from+"|", func(key uint64) {
			r.known[key] |= t.bit()
			r.becomes[t][key] = at
			if t == frames {
				r.known[key] |= starters.bit()
			}
		})
	}
}

// spaced has spaces between characters that are words.
func spaced(s string) string {
	var b []byte
	for _, r := range s {
		if isDense(r) && len(b) > 0 {
			b = append(b, ' ')
		}
		b = append(b, string(r)...)
	}
	return string(b)
}

// language finds out which one a text is in; nil if that is not clear.
func (b *book) language(list []token) *rules {
	var votes [mostLanguages]uint8
	han, kana, ascii := false, false, true
	for i := range list {
		t := &list[i]
		if t.is(dense) {
			if t.raw[0] == 0xe3 && t.raw[1] >= 0x81 && t.raw[1] < 0x84 {
				kana = true
			} else {
				han = true
			}
			continue
		}
		for _, x := range t.text {
			ascii = ascii && x < 0x80
		}
		if t.kind != word {
			continue
		}
		t.known = b.known[keyWith(noKey, hash(t.text))]
		known := t.known &^ (homonym | literalWord)
		if t.is(exact) {
			continue
		}
		vote := uint8(1)
		if known&(known-1) == 0 {
			vote = 2 // no other language has it
		}
		for i, bits := 0, known; bits != 0; i, bits = i+1, bits>>1 {
			if bits&1 != 0 && votes[i] < 250 {
				votes[i] += vote
			}
		}
	}
	switch {
	case kana:
		return b.named("ja")
	case han:
		return b.named("zh")
	}
	best, second := 0, -1
	for i := 1; i < len(b.list); i++ {
		switch {
		case votes[i] > votes[best]:
			best, second = i, best
		case second < 0 || votes[i] > votes[second]:
			second = i
		}
	}
	if votes[best] == 0 || votes[second] == votes[best] && (best != 0 || !ascii) {
		return nil
	}
	return b.list[best]
}

func (b *book) named(name string) *rules {
	for _, r := range b.list {
		if r.name[1:] == name {
			return r
		}
	}
	return nil
}
