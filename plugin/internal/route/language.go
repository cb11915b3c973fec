package route

import (
	"strings"
	"unicode/utf8"
)

// A script is letters that are of one language, or nearly so, where they are most.
type script struct {
	language string
	from, to rune
}

// Japanese comes before Chinese, whose letters it has too.
var scripts = [...]script{
	{"ja", 0x3040, 0x30ff}, {"ko", 0xac00, 0xd7af}, {"zh", 0x4e00, 0x9fff}, {"ru", 0x0400, 0x04ff}, {"ar", 0x0600, 0x06ff},
	{"he", 0x0590, 0x05ff}, {"el", 0x0370, 0x03ff}, {"hi", 0x0900, 0x097f}, {"th", 0x0e00, 0x0e7f},
}

// words are short ones that are frequent in one language and rare in the others here.
var words = [...]struct{ language, list string }{
	{"en", " the and is are of what how you with this that for my please can write which why it "},
	{"de", " der die das und ist nicht ein eine ich sie mit auf wie den zu für von bitte warum was kann "},
	{"fr", " le la les des est une je vous dans pour que pas avec sur comment du et qui ce pourquoi "},
	{"es", " el los las una es en por con para cómo como qué que del mi se su y hola cuál "},
	{"it", " il che di è una per con non come sono della gli mi questo perché del e cosa puoi "},
	{"pt", " o os uma é não com para como você em do da que por meu isso qual são por favor "},
	{"nl", " de het een en is niet van ik je met voor wat hoe op dat zijn kun waarom deze "},
}

// Languages are those that Language can tell, and "other".
func Languages() []string {
	list := []string{"other"}
	for _, w := range words {
		list = append(list, w.language)
	}
	for _, s := range scripts {
		list = append(list, s.language)
	}
	return list
}

// Sample is how many bytes of a text tell its language.
const Sample = 2 << 10

// Language guesses the language of a text in small letters, by its letters and its short
// words; "other" if they say nothing.
func Language(text string) string {
	if len(text) > Sample {
		text = text[:Sample]
	}
	var found [len(scripts)]int
	foreign, letters := 0, 0
	for _, r := range text {
		if r < utf8.RuneSelf {
			if r >= 'a' && r <= 'z' {
				letters++
			}
			continue
		}
		for i := range scripts {
			if r >= scripts[i].from && r <= scripts[i].to {
				found[i]++
				foreign++
				break
			}
		}
	}
	if 3*foreign > letters { // a word in such letters is shorter
		if found[0] > 0 && 5*found[0] > found[2] { // Japanese with many Chinese letters
			return scripts[0].language
		}
		best := 0
		for i, n := range found {
			if n > found[best] {
				best = i
			}
		}
		if found[best] > 0 {
			return scripts[best].language
		}
	}
	return byWords(text)
}

// byWords counts the short words of each language.
func byWords(text string) string {
	var counts [len(words)]int
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r < 'a' && r != '\'' || r > 'z' && r < 0xc0 }) {
		if len(word) > 8 {
			continue
		}
		for i := range words {
			if listed(words[i].list, word) {
				counts[i]++
			}
		}
	}
	best, second := 0, 0
	for i, n := range counts {
		if n > counts[best] {
			best = i
		}
	}
	for i, n := range counts {
		if i != best {
			second = max(second, n)
		}
	}
	if counts[best] == 0 || counts[best] == second {
		return "other"
	}
	return words[best].language
}

// listed reports whether a word stands between spaces in a list.
func listed(list, word string) bool {
	for {
		at := strings.Index(list, word)
		if at < 0 {
			return false
		}
		if at > 0 && list[at-1] == ' ' && list[at+len(word)] == ' ' {
			return true
		}
		list = list[at+len(word):]
	}
}
