package similar

import "bytes"

// A class says what it means that a word is in one of two texts only.
type class uint8

const (
	weak    class = iota // little
	content              // another question, mostly
	firm                 // another question
)

// A term is a word of a normalised text: a piece of the normaliser's bytes. It has no pointers,
// for lists of them are turned over again and again.
type term struct {
	at, size uint16
	token    uint16 // that it comes from
	kind     tokenKind
	form     tokenForm
	class    class
	known    uint64 // bits of the language's sets and tables that the word is in
	hash     uint64
}

func (t *term) is(f tokenForm) bool { return t.form&f != 0 }

// named reports whether a word has a capital within a sentence.
func (t *term) named() bool { return t.kind == word && t.form&(capital|first) == capital }

// A normaliser makes terms of a text. It is used again and again.
type normaliser struct {
	book     *book
	cutter   cutter
	rules    *rules
	text     []byte // of all terms
	list     []term
	framed   bool // the list begins with what stands for how it began
	owned    bool // whose a thing is makes no difference
	genitive bool // there is one
}

const mostPhrase = 9 // words

// normalise is the terms of a text, until the next one.
func (n *normaliser) normalise(text []byte) []term {
	tokens := n.cutter.cut(text)
	n.list, n.text, n.framed, n.owned, n.genitive = n.list[:0], n.text[:0], false, false, false
	n.rules = n.book.language(tokens)
	for i := range tokens {
		t := &tokens[i]
		n.list = append(n.list, term{token: uint16(i), kind: t.kind, form: t.form})
		n.spell(i, t)
	}
	if n.rules == nil {
		if !n.verbatim(tokens, 0) {
			n.finish("~?")
		}
		return n.list
	}
	n.expand()
	n.courtesies()
	if len(n.list) > 0 && n.verbatim(tokens, int(n.list[0].token)) {
		return n.list
	}
	n.closings()
	n.turn()
	n.lead()
	n.unmark()
	n.replace()
	if len(n.list) > 0 {
		n.rules.finish(n)
		n.between()
	}
	n.finish(n.rules.name)
	return n.list
}

// word is the text of a term.
//
//go:noinline
func (n *normaliser) word(i int) []byte {
	t := &n.list[i]
	return n.text[t.at : t.at+t.size]
}

// is reports whether a term is a word; none is where there is no term.
//
//go:noinline
func (n *normaliser) is(i int, w string) bool {
	return i >= 0 && i < len(n.list) && string(n.word(i)) == w
}

// in reports whether a term is one of some words.
//
//go:noinline
func (n *normaliser) in(i int, s set) bool {
	return i >= 0 && i < len(n.list) && n.list[i].known&s.bit() != 0
}

// key is that of terms as a phrase; noKey if there is something between them.
//
//go:noinline
func (n *normaliser) key(from, to int) uint64 {
	key := uint64(noKey)
	for i := from; i < to; i++ {
		if k := n.list[i].kind; k == mark || k == span {
			return noKey
		}
		key = keyWith(key, n.list[i].hash)
	}
	return key
}

// write gives a term another text.
//
//go:noinline
func (n *normaliser) write(i int, parts ...string) {
	t := &n.list[i]
	t.at = uint16(len(n.text))
	for _, p := range parts {
		n.text = append(n.text, p...)
	}
	t.size = uint16(len(n.text)) - t.at
	t.hash = hash(n.text[t.at:])
	if n.rules != nil {
		t.known = n.rules.known[keyWith(noKey, t.hash)]
	}
}

// make makes a term one that stands for something.
//
//go:noinline
func (n *normaliser) make(i int, w string) {
	n.list[i] = term{kind: made}
	n.write(i, w)
}

// insert has another term before one, a copy of the one before it but for its text.
//
//go:noinline
func (n *normaliser) insert(i int, w string) {
	n.list = append(n.list, term{})
	copy(n.list[i+1:], n.list[i:])
	if i > 0 {
		n.list[i] = n.list[i-1]
	} else {
		n.list[i] = term{kind: made}
	}
	n.write(i, w)
}

// drop takes terms out.
//
//go:noinline
func (n *normaliser) drop(from, to int) { n.list = append(n.list[:from], n.list[to:]...) }

// swap has the terms from b to c before those from a to b.
//
//go:noinline
func (n *normaliser) swap(a, b, c int) {
	reverse(n.list[a:b])
	reverse(n.list[b:c])
	reverse(n.list[a:c])
}

// around swaps what is before and behind one term.
//
//go:noinline
func (n *normaliser) around(a, middle, c int) {
	n.swap(a, middle+1, c)
	from := a + c - middle - 1
	n.swap(from, from+middle-a, c)
}

func reverse(list []term) {
	for i, k := 0, len(list)-1; i < k; i, k = i+1, k-1 {
		list[i], list[k] = list[k], list[i]
	}
}

// spell gives a term its token's text; homonyms keep their capitals.
func (n *normaliser) spell(i int, t *token) {
	before := ""
	if t.kind == word && (len(t.raw) == 1 && t.raw[0] != 'I' && t.raw[0] != 'A' || t.known&homonym != 0) {
		switch {
		case t.is(capitals):
			before = "^^"
		case t.is(capital) && !t.is(first):
			before = "^"
		}
	}
	n.write(i, before, string(t.text))
}

// verbatim takes all there is from a token on of a text that is about words: only the first
// one may be without its capital, and the last sentence without its end. It is false for other texts.
func (n *normaliser) verbatim(tokens []token, from int) bool {
	tokens = tokens[from:]
	literal := false
	for i := range tokens {
		t := &tokens[i]
		literal = literal || t.kind == word && t.known&literalWord != 0 && !(string(t.text) == "word" && t.is(capital) && !t.is(first))
	}
	if !literal {
		return false
	}
	for len(tokens) > 0 && tokens[len(tokens)-1].kind == mark {
		tokens = tokens[:len(tokens)-1]
	}
	n.list = n.list[:0]
	for i := range tokens {
		t := &tokens[i]
		text := t.raw
		if i == 0 && !t.is(capitals) {
			text = t.text
		}
		n.list = append(n.list, term{class: firm})
		n.write(i, string(text))
	}
	n.finishAs("~verbatim")
	return true
}

// finish gives terms their classes.
func (n *normaliser) finish(language string) {
	for i := range n.list {
		n.list[i].class = n.classOf(i)
	}
	n.finishAs(language)
}

func (n *normaliser) finishAs(what string) {
	n.insert(0, what)
	n.list[0].class = firm
}

func (n *normaliser) classOf(i int) class {
	t := &n.list[i]
	switch {
	case t.kind == sign || t.kind == span || t.kind == number || t.is(exact):
		return firm
	case n.rules != nil && (n.in(i, weakWords) || n.owned && n.in(i, own)):
		return weak
	case t.kind == made || t.named():
		return firm
	case t.kind == mark && !n.is(i, ","): // commas can make another sentence
		return weak
	}
	return content
}

// expand writes contractions and elisions out.
func (n *normaliser) expand() {
	for i := 0; i < len(n.list); i++ {
		t := &n.list[i]
		if t.kind == mark && n.is(i, "'") {
			n.drop(i, i+1)
			i--
			continue
		}
		if t.kind != word || t.is(exact) {
			continue
		}
		if t.known&bare.bit() != 0 {
			n.substitute(i, 1, n.rules.text(bare, n.key(i, i+1)))
			continue
		}
		at := bytes.IndexByte(n.word(i), '\'')
		if at <= 0 {
			continue
		}
		head, tail := string(n.word(i)[:at]), string(n.word(i)[at+1:])
		switch {
		case n.rules.elides:
			n.write(i, head, "'")
			n.insert(i+1, tail)
			n.list[i+1].form &^= capital
		case n.rules.owns && tail == "s":
			n.write(i, head)
			n.insert(i+1, genitive)
			n.genitive = true
		}
	}
}

// substitute puts words in the place of so many terms.
func (n *normaliser) substitute(i, size int, words string) {
	n.list[i].form &^= capital
	n.drop(i+1, i+size)
	for at := i; words != ""; at++ {
		end := 0
		for end < len(words) && words[end] != ' ' {
			end++
		}
		if at == i {
			n.write(i, words[:end])
		} else {
			n.insert(at, words[:end])
		}
		words = words[min(end+1, len(words)):]
	}
}

// longest is how many terms from a place on are the longest phrase that is in some sets or tables, by
// their bits, and its key; 0 if there is none.
func (n *normaliser) longest(from int, in uint64) (size int, key uint64) {
	if !n.in(from, leads) {
		return 0, noKey
	}
	next := uint64(noKey)
	for i := from; i < min(from+mostPhrase, len(n.list)); i++ {
		if k := n.list[i].kind; k == mark || k == span {
			break
		}
		if next = keyWith(next, n.list[i].hash); n.rules.known[next]&in != 0 {
			size, key = i+1-from, next
		}
	}
	return size, key
}

// courtesies takes out what is said in front for politeness alone.
func (n *normaliser) courtesies() {
	for {
		at := n.afterMarks(0)
		if size, _ := n.longest(at, asking.bit()); size > 0 && n.asks(n.afterMarks(at+size)) {
			n.list = n.list[n.afterMarks(at+size):]
			continue
		}
		size, _ := n.longest(at, polite.bit())
		end := n.afterMarks(at + size)
		if size == 0 || end == len(n.list) || !n.starts(end) && !(end > at+size && n.list[end].is(first)) {
			return
		}
		n.list = n.list[end:]
	}
}

// closings takes out what is said behind for politeness alone.
func (n *normaliser) closings() {
	for {
		end := n.trimmed()
		from := max(end-mostPhrase, 2)
		for from < end && !n.closes(from, end) {
			from++
		}
		if from >= end {
			return
		}
		n.list = n.list[:from]
	}
}

// trimmed is where the marks begin that the list ends with.
func (n *normaliser) trimmed() int {
	end := len(n.list)
	for end > 0 && n.list[end-1].kind == mark {
		end--
	}
	return end
}

// closes reports whether terms at the end say nothing. "To me" says something in a question.
func (n *normaliser) closes(from, to int) bool {
	in := n.rules.known[n.key(from, to)]
	if in&service.bit() != 0 {
		return n.in(0, starters) && !n.in(0, asks) && !n.in(0, verbs)
	}
	return in&closing.bit() != 0 && (n.list[from-1].kind == mark || !n.list[from].is(capital))
}

func (n *normaliser) afterMarks(at int) int {
	for at < len(n.list) && n.list[at].kind == mark {
		at++
	}
	return at
}

// starts reports whether a question or a request may begin at a place.
func (n *normaliser) starts(at int) bool {
	size, _ := n.longest(at, frames.bit()|polite.bit()|asking.bit())
	return size > 0 || n.in(at, starters)
}

// asks reports whether a word that asks is at a place, or behind it where that is not the first.
func (n *normaliser) asks(at int) bool {
	for ; at < len(n.list); at++ {
		if size, _ := n.longest(at, asks.bit()); size > 0 {
			return true
		}
		if !n.rules.anywhere {
			break
		}
	}
	return false
}

// turn moves a phrase in front that a comma ends, as "in Python,", behind the question.
func (n *normaliser) turn() {
	const most = 7
	if !n.in(0, turned) {
		return
	}
	for i := 1; i < min(most, len(n.list)-2); i++ {
		if n.list[i].kind == mark {
			if n.is(i, ",") && n.starts(i+1) {
				n.list = n.list[:n.trimmed()]
				n.swap(0, i+1, len(n.list))
				n.list = n.list[:len(n.list)-1]
			}
			return
		}
	}
}

// lead replaces the words that a question begins with, or ends with.
func (n *normaliser) lead() {
	end := n.trimmed()
	n.list = n.list[:end]
	if size, key := n.longest(0, frames.bit()); size > 0 && size < end {
		if to := n.rules.text(frames, key); n.rules.fits(n, size, to) {
			n.begin(0, size, to)
			return
		}
	}
	for from := max(end-mostPhrase, 1); from < end; from++ {
		if key := n.key(from, end); n.rules.known[key]&endings.bit() != 0 {
			n.list = n.list[:from]
			n.begin(0, 0, n.rules.text(endings, key))
			return
		}
	}
}

// begin has the list begin with a frame, in the place of so many terms.
func (n *normaliser) begin(from, to int, words string) {
	n.drop(from, to)
	n.insert(0, "")
	n.substitute(0, 1, words)
	n.framed = true
}

// frame reports whether the list begins with a frame.
func (n *normaliser) frame(w string) bool { return n.framed && n.is(0, w) }

// unmark takes marks out, but for commas.
func (n *normaliser) unmark() {
	out := n.list[:0]
	for i := range n.list {
		if n.list[i].kind != mark || n.is(i, ",") {
			out = append(out, n.list[i])
		}
	}
	n.list = out
}

// replace writes phrases and words in the one way that stands for all.
func (n *normaliser) replace() {
	for i := 0; i < len(n.list); i++ {
		if k := n.list[i].kind; k == made || k == span {
			continue
		}
		was := len(n.list)
		if size, key := n.longest(i, phrases.bit()); size > 0 {
			n.substitute(i, size, n.rules.text(phrases, key))
			i += len(n.list) - was + size - 1
		} else if n.list[i].known&words.bit() != 0 {
			n.substitute(i, 1, n.rules.text(words, n.key(i, i+1)))
			i += len(n.list) - was
		}
	}
}

// between has two things in one order that are asked about in none.
func (n *normaliser) between() {
	const from = 3
	if !n.is(0, "~is") || !n.in(1, differing) {
		return
	}
	and := 0
	for i := from; i < len(n.list); i++ {
		if n.in(i, joining) {
			if and > 0 {
				return
			}
			and = i
		}
	}
	if and > from && and < len(n.list)-1 && n.later(from, and, and+1) {
		n.around(from, and, len(n.list))
	}
}

// later reports whether what is from a on comes behind what is from b on in the alphabet, but
// for weak words.
func (n *normaliser) later(a, end, b int) bool {
	for a+1 < end && n.in(a, weakWords) {
		a++
	}
	for b+1 < len(n.list) && n.in(b, weakWords) {
		b++
	}
	return bytes.Compare(n.word(a), n.word(b)) > 0
}
