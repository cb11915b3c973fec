package similar

import (
	"bytes"
)

// A class says what it means that a word is in one of two texts only.
type class uint8

const (
	weak    class = iota // little
	content              // another question, mostly
	firm                 // another question
)

// A term is a word of a normalised text.
type term struct {
	text  string
	token *token // nil: it stands for a phrase
	class class
	name  bool // with a capital within a sentence
}

// A normaliser makes terms of a text. It is used again and again.
type normaliser struct {
	book   *book
	cutter cutter
	rules  *rules
	list   []term
	spare  []term
	phrase []byte
	ends   []int  // of its words
	frame  string // that the text begins with
	owned  bool   // whose a thing is makes no difference
}

const mostPhrase = 9 // words

// normalise is the terms of a text, until the next one.
func (n *normaliser) normalise(text []byte) []term {
	tokens := n.cutter.cut(text)
	n.list, n.frame, n.owned = n.list[:0], "", false
	n.rules = n.book.language(tokens)
	for i := range tokens {
		t := &tokens[i]
		n.list = append(n.list, term{text: n.spelled(t), token: t, class: content})
	}
	if n.rules == nil {
		if n.verbatim(tokens) {
			return n.list
		}
		n.finish("?")
		return n.list
	}
	n.expand()
	n.courtesies()
	if n.verbatim(tokens[n.passed(tokens):]) {
		return n.list
	}
	n.closings()
	n.turn()
	n.lead()
	n.unmark()
	n.replace()
	if f := n.rules.language.finish; f != nil {
		f(n)
	}
	n.between()
	n.finish(n.rules.name)
	return n.list
}

// spelled is a token as it is compared: homonyms keep their capitals.
func (n *normaliser) spelled(t *token) string {
	if t.kind == word && (len(t.raw) == 1 && t.raw[0] != 'I' && t.raw[0] != 'A' || n.book.homonym[string(t.text)]) {
		switch {
		case t.is(capitals):
			return "^^" + string(t.text)
		case t.is(capital) && !t.is(first):
			return "^" + string(t.text)
		}
	}
	return string(t.text)
}

// literal reports whether the text is about words, or has signs in it that may be code.
func (n *normaliser) literal(tokens []token) bool {
	for i := range tokens {
		t := &tokens[i]
		if t.kind == word && n.book.literal[string(t.text)] && !(string(t.text) == "word" && t.is(capital) && !t.is(first)) {
			return true
		}
	}
	return false
}

// passed is how many tokens in front of the first term are gone.
func (n *normaliser) passed(tokens []token) int {
	for i := range tokens {
		if len(n.list) > 0 && n.list[0].token == &tokens[i] {
			return i
		}
	}
	return 0
}

// verbatim takes all there is of a text that is about words: only the first word may be
// without its capital, and the last sentence without its end. It is false for other texts.
func (n *normaliser) verbatim(tokens []token) bool {
	if !n.literal(tokens) {
		return false
	}
	n.list = n.list[:0]
	for len(tokens) > 0 && tokens[len(tokens)-1].kind == mark {
		tokens = tokens[:len(tokens)-1]
	}
	for i := range tokens {
		t := &tokens[i]
		text := t.raw
		if i == 0 && !t.is(capitals) {
			text = t.text
		}
		n.list = append(n.list, term{text: string(text), token: t, class: firm})
	}
	n.put("~verbatim")
	return true
}

// put adds a term that stands for something in front.
func (n *normaliser) put(text string) {
	n.list = append(n.list, term{})
	copy(n.list[1:], n.list)
	n.list[0] = term{text: text, class: firm}
}

// finish gives terms their classes.
func (n *normaliser) finish(language string) {
	for i := range n.list {
		t := &n.list[i]
		t.class = n.classOf(t)
	}
	n.put("~" + language)
}

func (n *normaliser) classOf(t *term) class {
	switch {
	case t.token != nil && (t.token.kind == sign || t.token.kind == span || t.token.kind == number || t.token.is(exact)):
		return firm
	case n.rules != nil && (n.rules.weak[t.text] || n.owned && n.rules.own[t.text]):
		return weak
	case t.token == nil || t.name:
		return firm
	case t.token.kind == mark && t.text != ",": // commas can make another sentence
		return weak
	}
	return content
}

// expand writes contractions and elisions out.
func (n *normaliser) expand() {
	out := n.spare[:0]
	for i := range n.list {
		t := n.list[i]
		if t.token.kind == mark && string(t.token.raw) == "'" {
			continue
		}
		if t.token.kind != word || t.token.is(exact) {
			out = append(out, t)
			continue
		}
		if bare, ok := n.rules.bare[t.text]; ok {
			out = appendWords(out, t, bare)
			continue
		}
		at := bytes.IndexByte([]byte(t.text), '\'')
		if at < 0 {
			out = append(out, t)
			continue
		}
		head, tail := t.text[:at], t.text[at+1:]
		switch n.rules.name {
		case "en":
			out = appendEnglish(out, t, head, tail)
		case "fr", "it":
			one := t
			one.text = head + "'"
			t.text = tail
			out = append(out, one, t)
		default:
			out = append(out, t)
		}
	}
	n.spare, n.list = n.list, out
}

// join writes terms as a phrase, and where each of them ends; false if there is something
// between them.
func (n *normaliser) join(list []term) bool {
	n.phrase, n.ends = n.phrase[:0], n.ends[:0]
	for i := range list {
		t := list[i].token
		if t != nil && (t.kind == mark || t.kind == span) {
			return false
		}
		if i > 0 {
			n.phrase = append(n.phrase, ' ')
		}
		n.phrase = append(n.phrase, list[i].text...)
		n.ends = append(n.ends, len(n.phrase))
	}
	return len(list) > 0
}

// longest is how many terms from a place on are the longest phrase that is in a set; 0 if
// there is none. The phrase is in n.phrase.
func (n *normaliser) longest(from int, in func(phrase []byte) bool) int {
	if from >= len(n.list) || !n.rules.leads[n.list[from].text] {
		return 0
	}
	n.join(n.list[from:min(from+mostPhrase, len(n.list))])
	for size := len(n.ends); size > 0; size-- {
		n.phrase = n.phrase[:n.ends[size-1]]
		if in(n.phrase) {
			return size
		}
	}
	return 0
}

// courtesies takes out what is said in front for politeness alone.
func (n *normaliser) courtesies() {
	r := n.rules
	for {
		at := n.afterMarks(0)
		if size := n.longest(at, func(p []byte) bool { return r.asking[string(p)] }); size > 0 && n.asks(n.afterMarks(at+size)) {
			n.list = n.list[n.afterMarks(at+size):]
			continue
		}
		if size := n.longest(at, func(p []byte) bool { return r.polite[string(p)] }); size > 0 {
			end := n.afterMarks(at + size)
			if end < len(n.list) && (n.starts(end) || end > at+size && n.list[end].token.is(first)) {
				n.list = n.list[end:]
				continue
			}
		}
		return
	}
}

// closings takes out what is said behind for politeness alone.
func (n *normaliser) closings() {
	for {
		end := len(n.list)
		for end > 0 && n.list[end-1].token.kind == mark {
			end--
		}
		size := 0
		for s := min(mostPhrase, end-2); s > 0 && size == 0; s-- {
			if n.closes(end-s, end) {
				size = s
			}
		}
		if size == 0 {
			return
		}
		n.list = n.list[:end-size]
	}
}

// closes reports whether terms at the end say nothing. "To me" says something in a question.
func (n *normaliser) closes(from, to int) bool {
	r := n.rules
	if !n.join(n.list[from:to]) {
		return false
	}
	if r.service[string(n.phrase)] {
		return r.starters[n.list[0].text] && !r.asks[n.list[0].text] && !r.verbs[n.list[0].text]
	}
	return r.closing[string(n.phrase)] && (n.list[from-1].token.kind == mark || !n.list[from].token.is(capital))
}

func (n *normaliser) afterMarks(at int) int {
	for at < len(n.list) && n.list[at].token.kind == mark {
		at++
	}
	return at
}

// starts reports whether a question or a request may begin at a place.
func (n *normaliser) starts(at int) bool {
	r := n.rules
	if at >= len(n.list) {
		return false
	}
	return r.starters[n.list[at].text] ||
		n.longest(at, func(p []byte) bool {
			_, frame := r.frames[string(p)]
			return frame || r.polite[string(p)] || r.asking[string(p)]
		}) > 0
}

// asks reports whether a word that asks is at a place, or behind it where that is not the first.
func (n *normaliser) asks(at int) bool {
	for ; at < len(n.list); at++ {
		if n.longest(at, func(p []byte) bool { return n.rules.asks[string(p)] }) > 0 {
			return true
		}
		if n.rules.name != "zh" {
			break
		}
	}
	return false
}

// turn moves a phrase in front that a comma ends, as "in Python,", behind the question.
func (n *normaliser) turn() {
	const most = 7
	switch {
	case n.rules.name != "en" && n.rules.name != "de" && n.rules.name != "fr" && n.rules.name != "es":
		return
	case len(n.list) < 4:
		return
	}
	switch n.list[0].text {
	case "in", "on", "with", "using", "for", "as", "at", "dans", "en", "avec", "sur", "pour", "con", "para", "unter", "mit", "auf":
	default:
		return
	}
	for i := 1; i < min(most, len(n.list)-2); i++ {
		if t := n.list[i].token; t.kind == mark {
			if string(t.raw) != "," || !n.starts(i+1) {
				return
			}
			out := append(n.spare[:0], n.list[i+1:]...)
			for len(out) > 0 && out[len(out)-1].token.kind == mark {
				out = out[:len(out)-1]
			}
			out = append(out, n.list[:i]...)
			n.spare, n.list = n.list, out
			return
		}
	}
}

// lead replaces the words that a question begins with, or ends with.
func (n *normaliser) lead() {
	r := n.rules
	end := len(n.list)
	for end > 0 && n.list[end-1].token.kind == mark {
		end--
	}
	n.list = n.list[:end]
	var to string
	if size := n.longest(0, func(p []byte) bool { _, ok := r.frames[string(p)]; return ok }); size > 0 && size < end {
		phrase := string(n.phrase)
		if to = r.frames[phrase]; n.fits(phrase, to, size) {
			n.list = n.list[size:]
			n.putAll(to)
			return
		}
	}
	for size := min(mostPhrase, end-1); size > 0; size-- {
		if n.join(n.list[end-size : end]) {
			if to, ok := r.endings[string(n.phrase)]; ok {
				n.list = n.list[:end-size]
				n.putAll(to)
				return
			}
		}
	}
}

// putAll puts words in front, the first of which is the frame.
func (n *normaliser) putAll(to string) {
	for end := len(to); end > 0; {
		at := end
		for at > 0 && to[at-1] != ' ' {
			at--
		}
		n.put(to[at:end])
		end = max(at-1, 0)
	}
	if len(n.list) > 0 {
		n.frame = n.list[0].text
	}
}

// fits reports whether a frame may stand before what follows it.
func (n *normaliser) fits(phrase, to string, size int) bool {
	if n.rules.name != "en" {
		return true
	}
	return fitsEnglish(n.list[size:], phrase, to)
}

// unmark takes marks out, but for commas, which can make another sentence.
func (n *normaliser) unmark() {
	out := n.list[:0]
	for _, t := range n.list {
		if t.token == nil || t.token.kind != mark || t.text == "," {
			if t.token != nil {
				t.name = t.token.is(capital) && !t.token.is(first)
			}
			out = append(out, t)
		}
	}
	n.list = out
}

// replace writes phrases and words in the one way that stands for all.
func (n *normaliser) replace() {
	r := n.rules
	out := n.spare[:0]
	for i := 0; i < len(n.list); {
		t := n.list[i]
		if t.token == nil || t.token.kind == span {
			out = append(out, t)
			i++
			continue
		}
		if r.leads[t.text] {
			if size := n.longest(i, func(p []byte) bool { _, ok := r.phrases[string(p)]; return ok }); size > 0 {
				out = appendWords(out, t, r.phrases[string(n.phrase)])
				i += size
				continue
			}
		}
		if to, ok := r.words[t.text]; ok {
			out = appendWords(out, t, to)
		} else {
			out = append(out, t)
		}
		i++
	}
	n.spare, n.list = n.list, out
}

// appendWords adds words in the place of a term.
func appendWords(out []term, t term, words string) []term {
	for words != "" {
		end := 0
		for end < len(words) && words[end] != ' ' {
			end++
		}
		one := t
		one.text, one.name = words[:end], false
		out = append(out, one)
		words = words[min(end+1, len(words)):]
	}
	return out
}

// between has two things in one order that are asked about in none.
func (n *normaliser) between() {
	list := n.list
	if len(list) < 5 || list[0].text != "~is" || !(list[1].text == "difference" && list[2].text == "between" || list[1].text == "unterschied" || list[1].text == "différence" || list[1].text == "diferencia") {
		return
	}
	const from = 3
	and := 0
	for i := from; i < len(list); i++ {
		switch list[i].text {
		case "and", "und", "et", "y", "e":
			if and > 0 {
				return
			}
			and = i
		}
	}
	if and == from || and == 0 || and == len(list)-1 || !n.later(list[from:and], list[and+1:]) {
		return
	}
	out := append(n.spare[:0], list[:from]...)
	out = append(out, list[and+1:]...)
	out = append(out, list[and])
	out = append(out, list[from:and]...)
	n.spare, n.list = list, out
}

// later reports whether terms come behind others in the alphabet, but for weak ones.
func (n *normaliser) later(a, b []term) bool {
	for len(a) > 1 && n.rules.weak[a[0].text] {
		a = a[1:]
	}
	for len(b) > 1 && n.rules.weak[b[0].text] {
		b = b[1:]
	}
	return a[0].text > b[0].text
}
