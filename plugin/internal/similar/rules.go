package similar

import "strings"

// A language is what is known of one, as people write it down: words apart by spaces,
// phrases by |, and what one becomes in front of a colon, a line each.
type language struct {
	name     string
	common   string // words that give it away
	polite   string // phrases in front that say nothing, where a question or a request follows
	asking   string // the same, where a word follows that asks
	closing  string // phrases at the end that say nothing
	service  string // the same where it is a request
	verbs    string // auxiliaries that questions begin with
	starters string // words that questions and requests begin with, beside those of frames
	asks     string // words that ask
	frames   string // how questions begin: what they become, and which ways there are to say so
	endings  string // the same for their ends; what it becomes stands in front
	phrases  string // the same anywhere
	words    string // the same for single words anywhere
	weak     string // words that change nothing
	own      string // words of whom something is, where a question how to do something is everybody's
	compares string // words that keep one and several apart
	literal  string // words of questions about words
	bare     string // contractions without their apostrophe
	finish   func(*normaliser)
}

// A phrase's words, one space between them, and what they become.
type rules struct {
	*language
	polite, asking, closing, service, verbs map[string]bool
	starters, asks                          map[string]bool
	weak, compares, own                     map[string]bool
	frames, endings, phrases                map[string]string
	words, bare                             map[string]string
	leads                                   map[string]bool // words that phrases begin with
}

// A book is the rules of all languages.
type book struct {
	list    []*rules
	common  map[string]uint32 // bits of languages
	literal map[string]bool
	homonym map[string]bool // words that with a capital are another
}

const mostLanguages = 32

func newBook() *book {
	b := &book{common: map[string]uint32{}, literal: map[string]bool{}, homonym: set(homonyms, " ")}
	for i, l := range languages() {
		c := compiler{elides: l.name == "fr" || l.name == "it"}
		r := &rules{
			language: l, polite: c.phrases(l.polite), asking: c.phrases(l.asking), closing: c.phrases(l.closing), service: c.phrases(l.service), verbs: set(l.verbs, " "),
			starters: c.phrases(strings.ReplaceAll(l.starters, " ", "|")), asks: c.phrases(strings.ReplaceAll(l.asks, " ", "|")),
			weak: set(l.weak, " "), compares: set(l.compares, " "), own: set(l.own, " "),
			frames: c.table(l.frames), endings: c.table(l.endings), phrases: c.table(l.phrases), words: c.table(l.words), bare: c.table(l.bare),
			leads: map[string]bool{},
		}
		for _, m := range [...]map[string]bool{r.polite, r.asking, r.asks} {
			for p := range m {
				r.lead(p)
			}
		}
		for _, m := range [...]map[string]string{r.phrases, r.frames} {
			for p := range m {
				r.lead(p)
			}
		}
		for p := range r.frames {
			if !strings.Contains(p, " ") {
				r.starters[p] = true
			}
		}
		for w := range r.asks {
			r.starters[w] = true
		}
		for _, w := range strings.Fields(l.common) {
			b.common[w] |= 1 << i
		}
		for _, w := range strings.Fields(l.literal) {
			b.literal[w] = true
		}
		b.list = append(b.list, r)
	}
	return b
}

func (r *rules) lead(phrase string) {
	first, _, _ := strings.Cut(phrase, " ")
	r.leads[first] = true
}

func set(words, by string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Split(words, by) {
		if w = strings.TrimSpace(w); w != "" {
			m[w] = true
		}
	}
	return m
}

// A compiler writes phrases as they will be looked for.
type compiler struct {
	cutter cutter
	elides bool // l'eau is two words
}

func (c *compiler) phrase(p string) string {
	var b []byte
	for _, t := range c.cutter.cut([]byte(p)) {
		if len(b) > 0 {
			b = append(b, ' ')
		}
		if t.kind == mark {
			b = append(b[:len(b)-1], t.text...)
			continue
		}
		b = append(b, t.text...)
	}
	if c.elides {
		return strings.TrimSpace(strings.ReplaceAll(strings.ReplaceAll(string(b), "'", "' "), "  ", " "))
	}
	return string(b)
}

// replacement is what a phrase becomes: words, each for itself.
func (c *compiler) replacement(p string) string {
	for _, r := range p {
		if isDense(r) {
			return c.phrase(p)
		}
	}
	return strings.TrimSpace(p)
}

func (c *compiler) phrases(list string) map[string]bool {
	m := map[string]bool{}
	for _, p := range strings.Split(list, "|") {
		if p = c.phrase(p); p != "" {
			m[p] = true
		}
	}
	return m
}

func (c *compiler) table(lines string) map[string]string {
	m := map[string]string{}
	for _, line := range strings.Split(lines, "\n") {
		to, from, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		to = c.replacement(to)
		for p := range c.phrases(from) {
			m[p] = to
		}
	}
	return m
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
		if t.kind != word || t.is(exact) {
			continue
		}
		known := b.common[string(t.text)]
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
	for i := range b.list {
		switch {
		case i == 0:
		case votes[i] > votes[best]:
			best, second = i, best
		case second < 0 || votes[i] > votes[second]:
			second = i
		}
	}
	if votes[best] == 0 || second >= 0 && votes[second] == votes[best] && (best != 0 || !ascii) {
		return nil
	}
	return b.list[best]
}

func (b *book) named(name string) *rules {
	for _, r := range b.list {
		if r.name == name {
			return r
		}
	}
	return nil
}

// homonyms are words that with a capital within a sentence, or all in capitals, are
// another: names of firms, places and languages, and abbreviations.
const homonyms = `sie ihr ihre ihnen ihren essen weiß arm reich morgen apple amazon alphabet access ace act aids aim amber apache ariel art arm asp aspire atom august bash bath bill bolt brave buffalo
cardinal cat champion chad champagne chase chef chelsea chili china cobra cod cologne concord congo cork cotton cricket cube cuba dart dash deep
delta depot discord docker dove dutch echo edge ford express flash flask fig focus forth frank gap general georgia go god golf grace guinea gulp
hamburg hill homer hope hudson hungary instant it jack jaguar japan java job jordan julia king lark latin lent lily lima lincoln lisp lotus
march mark mars may mercury meta mini moose mustang nice nike node notion numbers nature oak office opera oracle orange pages pat pearl
pin pixel poise polish puma puppet ram reading rom rose rust ruby salt sap sat scheme scratch season shell sign signal slack smart snap spark
spring square stripe sue swift swiss target teams tide time titan trump turkey twitch us vaporware visa vue wales wall who will windows word x zoom`
