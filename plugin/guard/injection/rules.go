package injection

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/postern-gateway/postern/plugin/internal/trie"
)

// Rules are a compiled file of rules: immutable but for what one check leaves for the next, and
// shared by all of them.
type Rules struct {
	version  string
	bias     float32  // what a text comes to that has nothing in it
	usage    *weights // of words and pairs
	begin    beginnings
	words    *trie.Trie
	concepts []string
	of       [][]part // the rules that each concept takes part in
	rules    []rule
	sets     [][]uint8 // concepts of a value of the trie
	spell    speller
	address  uint8                  // the concept of an e-mail address
	quoted   uint8                  // of an entry for leaving off obeying, between quotes
	quotable uint8                  // that entry's
	ciphers  [4]int                 // concepts that say how a text is turned
	lower    [256]byte              // of a byte of a word; 0 for others
	starts   [256]bool              // bytes that signs begin with
	class    [256]byte              // what a byte is for those who cut words
	apart    [256]bool              // ASCII that ends a word, whatever follows
	rarity   [256]int8              // of a letter; 0 for others
	idle     atomic.Pointer[cutter] // whose text is over
}

// A rule is a set of concepts near each other and what that says.
type rule struct {
	name    string // family/name
	family  string
	weights [2]float32 // for users' text and for text that nobody vouches for
	window  int32      // units from the first to the last
	ordered bool
	needs   []uint8
}

// A part is what a concept has in a rule.
type part struct {
	rule  uint16
	other uint8 // a concept that the rule needs too, if there is one
}

const (
	openEnd     = 1 << 15 // of a value: the entry is the beginning of words
	maxConcepts = 200
	wordUnits   = 2 // a word is as wide as two letters of a script without spaces
)

// errRules is a fault of the file that is compiled in, which a test finds.
func errRules(line int, problem string) error {
	return errors.New("rules line " + strconv.Itoa(line) + ": " + problem)
}

// compiler reads a file of rules.
type compiler struct {
	out      *Rules
	meanings map[string][]uint8
	names    map[string]uint8
	concept  string
	spelt    []string
}

// Compile reads a file of rules. Its sections are
//
//	version: a name
//	[concept]: words and phrases, apart by spaces, with _ for a space, and * at the end of
//	those that are only the beginning of words; those that begin with a sign are found in
//	the bare text, letters small, with ~ for the beginning of a line
//	[cipher]: words whose turned forms say that a text is turned
//	[rules]: family/name, two weights, a window in words, concepts; with > between them they
//	are ordered. The weights are for users' text and for text that nobody vouches for.
//
// A line that begins with # says why. weights is what package fit has
// found, and empty for those that the rules say.
func Compile(text, weights string) (*Rules, error) {
	c := &compiler{out: &Rules{}, meanings: map[string][]uint8{}, names: map[string]uint8{}}
	c.out.address, _ = c.id("address")
	c.out.quoted, _ = c.id("quoted")
	n := 0
	for line := range strings.Lines(text) {
		n++
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' && !strings.HasPrefix(line, "##") {
			continue
		}
		if err := c.line(line); err != "" {
			return nil, errRules(n, err)
		}
	}
	c.finish()
	return c.out, c.out.weigh(weights)
}

func (c *compiler) line(line string) string {
	if v, ok := strings.CutPrefix(line, "version:"); ok {
		c.out.version = strings.TrimSpace(v)
		return ""
	}
	if line[0] == '[' && line[len(line)-1] == ']' && !strings.Contains(line, " ") && line != "[inst]" {
		c.concept = line[1 : len(line)-1]
		return ""
	}
	switch c.concept {
	case "":
		return "want a section first"
	case "rules":
		return c.rule(line)
	case "cipher":
		for w := range strings.FieldsSeq(line) {
			c.turned(w)
			c.spelt = append(c.spelt, w)
		}
		return ""
	}
	id, err := c.id(c.concept)
	if err != "" {
		return err
	}
	for w := range strings.FieldsSeq(line) {
		c.add(w, id)
	}
	return ""
}

func (c *compiler) id(name string) (uint8, string) {
	if id, ok := c.names[name]; ok {
		return id, ""
	}
	if len(c.names) == maxConcepts {
		return 0, "too many concepts"
	}
	id := uint8(len(c.names))
	c.names[name] = id
	c.out.concepts = append(c.out.concepts, name)
	return id, ""
}

func (c *compiler) add(word string, id uint8) {
	if b := word[0]; b < 0x80 && (b < 'a' || b > 'z') && (b < '0' || b > '9') {
		word = strings.ReplaceAll(word, "~", "\n")
	} else {
		word = string(foldWord(strings.ReplaceAll(word, "_", " ")))
	}
	if !slices.Contains(c.meanings[word], id) {
		c.meanings[word] = append(c.meanings[word], id)
	}
}

// foldWord folds an entry as texts are.
func foldWord(word string) []byte {
	var out []byte
	before := letter
	for _, r := range word {
		if r == '-' {
			r = ' '
		}
		if r < 0x80 {
			out = append(out, byte(r))
			continue
		}
		f, kind := foldRune(r)
		if kind == dense && before == dense && out[len(out)-1] == ' ' {
			out = out[:len(out)-1] // as texts have it
		}
		if kind == letter || kind == dense {
			out = append(out, string(f)...)
			before = kind
		}
	}
	return out
}

// turned adds the forms of a word that say how a text is turned.
func (c *compiler) turned(word string) {
	for how, name := range [...]string{"rot13", "reversed", "atbash", "caesar"} {
		id, _ := c.id(name)
		c.out.ciphers[how] = int(id)
		form := []byte(word)
		if how == caesar {
			for i, b := range form {
				form[i] = 'a' + (b-'a'+3)%26
			}
		} else {
			form = turn(form, how)
		}
		c.add(string(form), id)
	}
}

func (c *compiler) rule(line string) string {
	f := strings.Fields(line)
	if len(f) < 5 {
		return "want family/name, two weights, a window and concepts"
	}
	var r rule
	var ok bool
	if r.family, _, ok = strings.Cut(f[0], "/"); !ok {
		return "want family/name"
	}
	for i := range r.weights {
		w, err := strconv.ParseFloat(f[1+i], 32)
		if err != nil {
			return "want a weight"
		}
		r.weights[i] = float32(w)
	}
	r.name = f[0]
	window, err := strconv.Atoi(f[3])
	if err != nil {
		return "want a window in words"
	}
	r.window = int32(window) * wordUnits
	for _, name := range f[4:] {
		if name == ">" {
			r.ordered = true
			continue
		}
		id, ok := c.names[name]
		if !ok {
			return "no concept is called " + name
		}
		r.needs = append(r.needs, id)
	}
	c.out.rules = append(c.out.rules, r)
	return ""
}

// finish lays out what was read.
func (c *compiler) finish() {
	o := c.out
	o.quotable = c.names["ignore"]
	o.of = make([][]part, len(o.concepts))
	for i, r := range o.rules {
		for k, id := range r.needs {
			if slices.Contains(r.needs[:k], id) {
				continue
			}
			x := part{rule: uint16(i), other: id}
			if n := slices.IndexFunc(r.needs, func(other uint8) bool { return other != id }); n >= 0 {
				x.other = r.needs[n]
			}
			o.of[id] = append(o.of[id], x)
		}
	}
	entries := make([]trie.Entry, 0, len(c.meanings))
	sets := map[string]uint16{}
	o.sets = append(o.sets, nil)
	for w, ids := range c.meanings {
		v, ok := sets[string(ids)]
		if !ok {
			v = uint16(len(o.sets))
			sets[string(ids)] = v
			o.sets = append(o.sets, ids)
		}
		e := trie.Entry{Text: w, Value: v}
		if t, open := strings.CutSuffix(w, "*"); open {
			if _, closed := c.meanings[t]; closed {
				continue // what is said of the whole word holds
			}
			e = trie.Entry{Text: t, Value: v | openEnd}
		}
		entries = append(entries, e)
		o.begin.add(e.Text, e.Value&openEnd != 0)
		if b := w[0]; b < 0x80 && (b < 'a' || b > 'z') && (b < '0' || b > '9') {
			o.starts[b] = true
		}
	}
	o.words = trie.New(entries)
	for _, w := range c.spelt {
		if v := o.value(w); v != 0 && len(w) > shortestMisspelt {
			o.spell.add(w, v)
		}
	}
	for b := range o.lower {
		o.rarity[b] = rarity(byte(b))
		switch {
		case b >= 'a' && b <= 'z' || b >= '0' && b <= '9':
			o.lower[b] = byte(b)
		case b >= 'A' && b <= 'Z':
			o.lower[b] = byte(b) + 'a' - 'A'
		}
		o.apart[b] = b < 0x80 && o.lower[b] == 0 && strings.IndexByte("'`@$!|", byte(b)) < 0
		switch {
		case o.lower[b] != 0 || b >= 0x80 || b == '@' || b == '$':
			o.class[b] = ofWords
		case o.starts[b] || strings.IndexByte("\"'.!?:;\n%\\&-", byte(b)) >= 0:
			o.class[b] = ofMarks
		}
	}
}

// value is what a whole word stands for, by itself or by an entry that it begins with.
func (r *Rules) value(word string) uint16 {
	state, open := int32(0), uint16(0)
	for i := range len(word) {
		if state = r.words.Step(state, word[i]); state == 0 {
			return open
		}
		if v := r.words.Value(state); v&openEnd != 0 || v != 0 && i == len(word)-1 {
			open = v &^ openEnd
		}
	}
	return open
}

// beginnings are what entries begin with: the hash of their only word or of their first, those
// of their first two together, and the first letters of those that are only the beginning of a
// word. Most words of a text have none of these, and need no look at the trie.
type beginnings struct{ firsts, pairs, open hashes }

// What a hash in firsts is of.
const (
	alone    = 1 << iota // an entry may begin with it, whatever follows
	ofPhrase             // or if the next word is the right one
)

// hashes are which of them there are: two bits for each sixteen bits of them.
type hashes [1 << 12]uint32

// lettersLooked is how many letters; an open entry of ASCII has as many at least.
const lettersLooked = 4

func lettersOf(word string) uint32 {
	return uint32(word[0]) | uint32(word[1])<<8 | uint32(word[2])<<16 | uint32(word[3])<<24
}

const spread = 0x9e3779b1

func (s *hashes) add(h, kind uint32) {
	h *= spread
	s[h>>20] |= kind << (h >> 15 & 30)
}

// of is which kinds of a hash there may be.
func (s *hashes) of(h uint32) uint32 {
	h *= spread
	return s[h>>20] >> (h >> 15 & 30) & (alone | ofPhrase)
}

func (s *beginnings) add(entry string, open bool) {
	first, rest, phrase := strings.Cut(entry, " ")
	if n := strings.IndexFunc(first, func(r rune) bool { return r >= 0x2e80 }); n > 0 {
		first, open = first[:n], false // letters of a script without spaces begin another word
	}
	second, _, more := strings.Cut(rest, " ")
	h := hash([]byte(first))
	switch {
	case phrase && (more || !open):
		s.firsts.add(h, ofPhrase)
		s.pairs.add(pair(h, hash([]byte(second))), alone)
	case phrase || !open || len(first) < lettersLooked:
		s.firsts.add(h, alone)
	default:
		s.open.add(lettersOf(first), alone)
	}
}
