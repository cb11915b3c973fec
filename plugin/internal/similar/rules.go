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
	leads // first words of all phrases
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

// rules are those of a language.
type rules struct {
	name       string
	sets       [setCount]map[string]bool
	tables     [noTable]map[string]string
	vocabulary map[string]uint64 // single words, and bits of the sets and tables that they are in
	elides     bool              // l'eau is two words
	owns       bool              // Anna's is two words
	anywhere   bool              // words that ask need not be the first
	fits       func(n *normaliser, rest int, phrase, to string) bool
	finish     func(*normaliser)
}

func (t table) bit() uint64 { return 1 << (setCount + set(t)) }

func (r *rules) has(t table, phrase []byte) bool {
	_, ok := r.tables[t][string(phrase)]
	return ok
}

// A book is the rules of all languages.
type book struct {
	list  []*rules
	known map[string]uint32 // see token
}

const mostLanguages = 30

func newBook() *book {
	b := &book{known: map[string]uint32{}}
	for i, r := range languages() {
		for w, in := range r.vocabulary {
			if in&(1<<common) != 0 {
				b.known[w] |= 1 << i
			}
			if in&(1<<literal) != 0 {
				b.known[w] |= literalWord
			}
		}
		b.list = append(b.list, r)
	}
	var c compiler
	for w := range c.set(homonyms) {
		b.known[w] |= homonym
	}
	return b
}

// A compiler reads a language's file, and writes its phrases as they will be looked for.
type compiler struct {
	cutter cutter
	elides bool
}

func setNames() []string {
	return strings.Fields("common polite asking closing service starters asks verbs weak own compares literal turned differing joining owners bounds states abilities some personal seeking pronouns modals being doing acting whole degree parting still arising leads")
}

func tableNames() []string { return strings.Fields("frames endings phrases words bare singles") }

// read reads a file: parts that each begin with a name in brackets. A set is of phrases with bars or
// line ends between them, or of words; a table has a line for each thing that others become.
func (c *compiler) read(r *rules, text string) *rules {
	c.elides = r.elides
	for _, part := range strings.Split(text, "[")[1:] {
		name, body, _ := strings.Cut(part, "]\n")
		for i, n := range setNames() {
			if n == name {
				r.sets[i] = c.set(body)
			}
		}
		for i, n := range tableNames() {
			if n == name {
				r.tables[i] = c.table(body)
			}
		}
	}
	r.vocabulary = map[string]uint64{}
	for s, m := range r.sets {
		for p := range m {
			r.know(p, 1<<s)
			if s := set(s); s == polite || s == asking || s == asks {
				r.vocabulary[lead(p)] |= 1 << leads
			}
			if set(s) == asks {
				r.know(p, 1<<starters)
			}
		}
	}
	for i, m := range r.tables {
		t := table(i)
		for p := range m {
			r.know(p, t.bit())
			if t == phrases || t == frames {
				r.vocabulary[lead(p)] |= 1 << leads
			}
			if t == frames {
				r.know(p, 1<<starters)
			}
		}
	}
	for s := range r.sets { // of these only single words are asked for
		switch set(s) {
		case polite, asking, asks, closing, service:
		default:
			r.sets[s] = nil
		}
	}
	return r
}

// know notes what is known of a single word.
func (r *rules) know(p string, bits uint64) {
	if lead(p) == p {
		r.vocabulary[p] |= bits
	}
}

func lead(phrase string) string {
	first, _, _ := strings.Cut(phrase, " ")
	return first
}

// set reads phrases, or words if there is no bar.
func (c *compiler) set(body string) map[string]bool {
	m := map[string]bool{}
	list, elides := strings.Fields(body), c.elides
	if c.elides = elides && strings.Contains(body, "|"); strings.Contains(body, "|") {
		list = strings.Split(strings.ReplaceAll(body, "\n", "|"), "|")
	}
	for _, p := range list {
		if p = c.phrase(p); p != "" {
			m[p] = true
		}
	}
	c.elides = elides
	return m
}

func (c *compiler) table(body string) map[string]string {
	m := map[string]string{}
	for _, line := range strings.Split(body, "\n") {
		to, from, _ := strings.Cut(line, ":")
		to = strings.TrimSpace(to)
		for _, r := range to {
			if isDense(r) {
				to = c.phrase(to)
				break
			}
		}
		for p := range c.set(from + "|") {
			m[p] = to
		}
	}
	return m
}

func (c *compiler) phrase(p string) string {
	var b []byte
	for _, t := range c.cutter.cut([]byte(p)) {
		if len(b) > 0 && t.kind != mark {
			b = append(b, ' ')
		}
		b = append(b, t.text...)
	}
	if c.elides {
		return strings.TrimSpace(strings.ReplaceAll(strings.ReplaceAll(string(b), "'", "' "), "  ", " "))
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
		t.known = b.known[string(t.text)]
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
