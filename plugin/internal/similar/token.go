package similar

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// A token is a word, a number, a sign, or a stretch of text that is taken as it is.
type token struct {
	raw  []byte // as it is written, but for its width and its accents' form
	text []byte // in small letters, unless capitals count
	kind tokenKind
	form tokenForm

	known uint32 // bits of the languages that have the word, and what else is known of it in all of them
}

// What is known of a word beside its languages.
const (
	homonym     = 1 << 31 // with a capital it is another
	literalWord = 1 << 30 // questions with it are about words
)

type tokenKind uint8

const (
	word   tokenKind = iota
	number           // begins with a digit
	sign             // has a meaning of its own, as in mathematics and code
	mark             // parts sentences and phrases
	span             // a quotation, code, or what follows a colon
	made             // what stands for a phrase; no text has one
)

// A tokenForm is what is known of a token beside its letters.
type tokenForm uint8

const (
	first    tokenForm = 1 << iota // of a sentence
	capital                        // its first letter is one
	capitals                       // all of them are
	glued                          // no space before it
	dense                          // a character of a script without spaces
	exact                          // capitals count
)

func (t *token) is(f tokenForm) bool { return t.form&f != 0 }

// A cutter cuts a text into tokens. It is used again and again.
type cutter struct {
	plain  []byte // the text with one width, one kind of quotation mark, and no white space but ' ' and '\n'
	lower  []byte
	list   []token
	at     int
	begins bool // of a sentence
	space  bool
	broken bool // there is something in it that is no text
}

// cut makes tokens of a text. They are valid until the next one.
func (c *cutter) cut(text []byte) []token {
	c.flatten(text)
	c.lower, c.list, c.at, c.begins, c.space = c.lower[:0], c.list[:0], 0, true, true
	for c.at < len(c.plain) {
		c.next()
	}
	return c.list
}

// flatten writes c.plain.
func (c *cutter) flatten(text []byte) {
	text = bytes.TrimSpace(text)
	c.plain, c.broken = c.plain[:0], false
	for len(text) > 0 {
		if b := text[0]; b < utf8.RuneSelf {
			if b == '\t' || b == '\r' {
				b = ' '
			}
			c.plain = append(c.plain, b)
			text = text[1:]
			continue
		}
		r, n := utf8.DecodeRune(text)
		c.broken = c.broken || r == utf8.RuneError
		text = text[n:]
		r, wide := flat(r)
		if base, ok := c.compose(r); ok {
			r = base
		}
		if r > 0 {
			c.plain = utf8.AppendRune(c.plain, r)
		}
		if wide {
			c.plain = append(c.plain, ' ') // as there is one behind it elsewhere
		}
	}
}

// flat is a character in its usual form; 0 if it shows nothing. wide says that it is a mark
// of East Asia.
func flat(r rune) (plain rune, wide bool) {
	switch {
	case r >= 0xff01 && r <= 0xff5e:
		r -= 0xff01 - '!'
		return r, !(r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z')
	case r == 0x3000 || r == 0xa0 || r >= 0x2000 && r <= 0x200a || r == 0x202f || r == 0x205f:
		return ' ', false
	case r >= 0x200b && r <= 0x200f || r == 0xfeff || r == 0xad || r >= 0x202a && r <= 0x202e || r >= 0x2060 && r <= 0x2064 || r == 0xfe0f:
		return 0, false
	case r == 0x2028 || r == 0x2029 || r == 0x85:
		return '\n', false
	case r >= 0x2010 && r <= 0x2015 || r == 0x2212:
		return '-', false
	}
	switch r {
	case '‘', '’', '‚', '‛', '′', 'ʼ', '´':
		return '\'', false
	case '“', '”', '„', '‟', '«', '»', '″':
		return '"', false
	case '「', '」', '『', '』', '《', '》':
		return '"', true
	case '。':
		return '.', true
	case '、':
		return ',', true
	case '¿', '¡':
		return ' ', false
	case '…':
		return '.', false
	case 'µ':
		return 'μ', false
	case '×':
		return '×', false
	}
	return r, false
}

// Letters with marks that may be written as two characters.
const (
	bases     = "aeiouyncAEIOUYNC"
	graves    = "àèìòùỳǹ·ÀÈÌÒÙỲǸ·"
	acutes    = "áéíóúýńćÁÉÍÓÚÝŃĆ"
	roofs     = "âêîôûŷ·ĉÂÊÎÔÛŶ·Ĉ"
	tildes    = "ãẽĩõũỹñ·ÃẼĨÕŨỸÑ·"
	umlauts   = "äëïöüÿ··ÄËÏÖÜŸ··"
	cedillas  = "·······ç·······Ç"
	noLetter  = '·'
	firstMark = 0x300
)

// compose joins a mark to the letter before it, if that has a form with it.
func (c *cutter) compose(r rune) (rune, bool) {
	var forms string
	switch r {
	case firstMark:
		forms = graves
	case 0x301:
		forms = acutes
	case 0x302:
		forms = roofs
	case 0x303:
		forms = tildes
	case 0x308:
		forms = umlauts
	case 0x327:
		forms = cedillas
	default:
		return 0, false
	}
	if len(c.plain) == 0 {
		return 0, false
	}
	i := bytes.IndexByte([]byte(bases), c.plain[len(c.plain)-1])
	if i < 0 {
		return 0, false
	}
	for _, f := range forms {
		if i == 0 {
			if f == noLetter {
				return 0, false
			}
			c.plain = c.plain[:len(c.plain)-1]
			return f, true
		}
		i--
	}
	return 0, false
}

// peek is the character at a place; a space behind the end.
func (c *cutter) peek(at int) rune {
	if at >= len(c.plain) {
		return ' '
	}
	if b := c.plain[at]; b < utf8.RuneSelf {
		return rune(b)
	}
	r, _ := utf8.DecodeRune(c.plain[at:])
	return r
}

func (c *cutter) before() rune {
	if c.at == 0 {
		return ' '
	}
	r, _ := utf8.DecodeLastRune(c.plain[:c.at])
	return r
}

func isLetter(r rune) bool {
	if r < utf8.RuneSelf {
		return r|0x20 >= 'a' && r|0x20 <= 'z' || r == '_'
	}
	return unicode.IsLetter(r) || r >= firstMark && r < 0x370
}
func isDigit(r rune) bool { return r >= '0' && r <= '9' }
func isWord(r rune) bool  { return isDigit(r) || isLetter(r) }
func isSpace(r rune) bool { return r == ' ' || r == '\n' }

// isDense reports whether a character is a word by itself: Chinese ones and kana.
func isDense(r rune) bool {
	return r >= 0x3040 && r < 0x3100 || r >= 0x3400 && r < 0xa000 || r >= 0xf900 && r < 0xfb00 || r >= 0x20000 && r < 0x32000
}

// next takes one token, or one space.
func (c *cutter) next() {
	r := c.peek(c.at)
	size := utf8.RuneLen(r)
	if size < 0 || r == utf8.RuneError {
		size = 1
	}
	after := c.peek(c.at + size)
	switch {
	case r == '\n':
		c.rest(c.at + 1)
	case r == ' ':
		c.at++
		c.space = true
	case isDense(r):
		c.add(word, size, dense)
	case isWord(r) || r == '.' && isWord(after) && !isWord(c.before()):
		c.word()
	case r == ':' && !(isDigit(c.before()) && isDigit(after)):
		c.colon(size)
	case r == '"' || r == '`':
		c.quote(byte(r), size)
	case r == '\'':
		if isWord(after) && !isWord(c.before()) {
			c.quote('\'', size)
		} else {
			c.add(mark, size, 0)
		}
	case r == '-':
		c.dash(after)
	case r == ',' || r == ';' || r == '?' || r == '!' || r == '.':
		c.stop(r, after)
	default:
		c.add(sign, size, 0)
	}
}

// stop takes a sign that ends a sentence or a phrase, if it does.
func (c *cutter) stop(r, after rune) {
	ends := isSpace(after) || bytes.ContainsRune([]byte(".?!,;)\"'"), after)
	if !ends {
		c.add(sign, 1, 0)
		return
	}
	c.add(mark, 1, 0)
	c.begins = c.begins || r != ',' && r != ';'
}

// dash takes one that is more than a link between words.
func (c *cutter) dash(after rune) {
	before := c.before()
	switch {
	case isLetter(before) && isLetter(after):
		c.at++ // noise-cancelling is noise cancelling
		c.space = true
	case !isWord(before) && !isSpace(after):
		c.add(sign, 1, 0)
	case after == '>' || after == '-' || before == '-':
		c.add(sign, 1, 0)
	case c.counts() || isDigit(c.peek(c.at+2)) || !isWord(c.peek(c.at+3)):
		c.add(sign, 1, 0)
	default:
		c.add(mark, 1, 0)
	}
}

// counts reports whether the last token is a number, a single letter or a sign.
func (c *cutter) counts() bool {
	if len(c.list) == 0 {
		return false
	}
	t := &c.list[len(c.list)-1]
	return t.kind == number || t.kind == sign || len(t.raw) == 1
}

// colon takes what follows one as it is, but for words that only lead to a question.
func (c *cutter) colon(size int) {
	if c.leads() {
		c.list = c.list[:0]
		c.at += size
		c.space, c.begins = true, true
		return
	}
	c.rest(c.at + size)
}

// leads reports whether the tokens so far say nothing but that a question comes.
func (c *cutter) leads() bool {
	var b [64]byte
	all := b[:0]
	for i := range c.list {
		if len(all)+len(c.list[i].text) > len(b)-1 {
			return false
		}
		all = append(append(all, c.list[i].text...), ' ')
	}
	switch string(all) {
	case "i have a question ", "i have a quick question ", "quick question ", "question ", "my question ", "my question is ",
		"ich habe eine frage ", "frage ", "meine frage ", "question rapide ", "j'ai une question ", "ma question ",
		"tengo una pregunta ", "pregunta ", "问 题 ", "ho una domanda ", "domanda ", "pergunta ":
		return true
	}
	return false
}

// rest takes everything from a place on as one token.
func (c *cutter) rest(from int) {
	p := bytes.TrimSpace(c.plain[from:])
	c.at = len(c.plain)
	if len(p) > 0 {
		c.list = append(c.list, token{raw: p, text: p, kind: span})
	}
}

// quote takes a quotation as it is.
func (c *cutter) quote(q byte, size int) {
	rest := c.plain[c.at+size:]
	end := bytes.IndexByte(rest, q)
	if q == '\'' { // apostrophes end nothing
		for end >= 0 && end+1 < len(rest) && isWord(c.peek(c.at+size+end+1)) {
			more := bytes.IndexByte(rest[end+1:], q)
			if more < 0 {
				end = -1
				break
			}
			end += 1 + more
		}
	}
	if end < 0 {
		c.add(sign, size, 0)
		return
	}
	p := rest[:end]
	c.list = append(c.list, token{raw: p, text: p, kind: span})
	c.at += size + end + 1
	c.begins, c.space = false, false
}

// word takes a word or a number.
func (c *cutter) word() {
	start := c.at
	digits := isDigit(c.peek(start)) || c.plain[start] == '.' && isDigit(c.peek(start+1))
	end := start
	for end < len(c.plain) {
		r := c.peek(end)
		size := utf8.RuneLen(r)
		after := c.peek(end + size)
		switch {
		case isDense(r):
		case isWord(r), r == '.' && isWord(after) && !isDense(after), r == '\'' && isLetter(after) && !digits && end > start,
			(r == ',' || r == ':') && isDigit(after) && end > start && isDigit(rune(c.plain[end-1])),
			r == '-' && isWord(after) && (isDigit(after) || digits) && end > start:
			end += size
			continue
		}
		break
	}
	if end == start {
		end++
	}
	kind := word
	if digits {
		kind = number
		if unit := unitAt(c.plain[start:end]); unit > 0 { // 5kg is 5 kg
			c.add(number, unit, 0)
			c.add(word, end-start-unit, exact)
			return
		}
	}
	c.add(kind, end-start, 0)
}

// unitAt is where a unit begins behind a number; 0 if there is none.
func unitAt(p []byte) int {
	n := 0
	for n < len(p) && (isDigit(rune(p[n])) || p[n] == '.' || p[n] == ',') {
		n++
	}
	if n == 0 || n == len(p) || len(p)-n > 3 {
		return 0
	}
	for _, b := range p[n:] {
		if b|0x20 < 'a' || b|0x20 > 'z' {
			return 0
		}
	}
	switch string(bytes.ToLower(p[n:])) {
	case "st", "nd", "rd", "th", "s", "d", "x", "e":
		return 0
	}
	return n
}

// add adds a token of so many bytes.
func (c *cutter) add(kind tokenKind, size int, form tokenForm) {
	raw := c.plain[c.at : c.at+size]
	if !c.space {
		form |= glued
	}
	c.at += size
	t := token{raw: raw, text: raw, kind: kind, form: form}
	if kind == word || kind == number {
		c.shape(&t)
	}
	c.space = false
	if kind != mark {
		c.begins = false
	}
	c.list = append(c.list, t)
}

// shape finds a word's form, and its text.
func (c *cutter) shape(t *token) {
	if c.begins {
		t.form |= first
	}
	small, big, inner := 0, 0, false
	start := len(c.lower)
	for i := 0; i < len(t.raw); {
		r, n := rune(t.raw[i]), 1
		l := r
		switch {
		case r >= utf8.RuneSelf:
			r, n = utf8.DecodeRune(t.raw[i:])
			l = unicode.ToLower(r)
		case r >= 'A' && r <= 'Z':
			l = r | 0x20
		}
		switch {
		case r == '\'':
			small = 0 // l'Italie
		case l != r:
			big++
			inner = inner || small > 0
			if i == 0 {
				t.form |= capital
			}
		case isLetter(r):
			small++
		}
		c.lower = utf8.AppendRune(c.lower, l)
		i += n
	}
	if big > 1 && small == 0 {
		t.form |= capitals
	}
	t.text = c.lower[start:len(c.lower):len(c.lower)]
	if t.is(exact) && len(t.raw) < 4 || c.follows(t) || inner && !t.is(capital) && !branded(t.raw) || bytes.IndexByte(t.raw, '_') >= 0 {
		t.form |= exact
		if lower := string(t.text); lower != "am" && lower != "pm" {
			t.text = t.raw
		}
	}
}

// branded reports whether a word has its capital behind an i or e, as products have, which
// many write without.
func branded(p []byte) bool {
	return len(p) > 3 && (p[0] == 'i' || p[0] == 'e') && p[1] >= 'A' && p[1] <= 'Z'
}

// follows reports whether capitals count in a word because of what is before it: a number
// or the dash of an option.
func (c *cutter) follows(t *token) bool {
	if len(c.list) == 0 || t.kind != word {
		return false
	}
	p := &c.list[len(c.list)-1]
	return p.kind == number && len(t.raw) < 4 && !t.is(first) || p.kind == sign && string(p.raw) == "-" && t.is(glued) && len(t.raw) < 3
}
