package similar

import (
	_ "embed" // for the rules
)

var (
	//go:embed languages/en.txt
	english string
	//go:embed languages/de.txt
	german string
	//go:embed languages/fr.txt
	french string
	//go:embed languages/es.txt
	spanish string
	//go:embed languages/it.txt
	italian string
	//go:embed languages/pt.txt
	portuguese string
	//go:embed languages/nl.txt
	dutch string
	//go:embed languages/zh.txt
	chinese string
	//go:embed languages/ja.txt
	japanese string
	//go:embed languages/homonyms.txt
	homonyms string
)

// languages are all that there are rules for. English comes first.
func languages() []*rules {
	var c compiler
	fits := func(*normaliser, int, string) bool { return true }
	plain := func(*normaliser) {}
	return []*rules{
		c.read(&rules{name: "~en", owns: true, fits: fitsEnglish, finish: finishEnglish}, english),
		c.read(&rules{name: "~de", fits: fits, finish: finishGerman}, german),
		c.read(&rules{name: "~fr", elides: true, fits: fits, finish: finishFrench}, french),
		c.read(&rules{name: "~es", fits: fits, finish: plain}, spanish),
		c.read(&rules{name: "~it", elides: true, fits: fits, finish: plain}, italian),
		c.read(&rules{name: "~pt", fits: fits, finish: plain}, portuguese),
		c.read(&rules{name: "~nl", fits: fits, finish: plain}, dutch),
		c.read(&rules{name: "~zh", anywhere: true, fits: fits, finish: finishChinese}, chinese),
		c.read(&rules{name: "~ja", fits: fits, finish: plain}, japanese),
	}
}

// finishGerman has the verb of "how do I" at the end, as behind "how can I".
func finishGerman(n *normaliser) {
	last := len(n.list) - 1
	if last < 2 {
		return
	}
	switch {
	case n.is(0, "was") && (n.is(last, "ist") || n.is(last, "sind")): // was ein Virus ist
		n.list = n.list[:last]
		n.begin(0, 1, "~is")
	case n.is(0, "wie") && n.in(1, arising): // (erkläre) wie es funktioniert
		n.swap(1, 2, last+1)
	case n.frame("~how"):
		n.stem(last)
	case n.is(0, "wie") && (n.is(2, "ich") || n.is(2, "man")) && last > 2 && !n.in(1, still):
		n.stem(1)
		n.drop(2, 3)
		n.swap(1, 2, last)
		if last--; n.in(last-1, parting) {
			n.write(last, string(n.word(last-1)), string(n.word(last)))
			n.drop(last-1, last)
		}
		n.begin(0, 1, "~how")
	}
}

// stem has a German verb without its person.
func (n *normaliser) stem(i int) {
	s := n.word(i)
	k := len(s)
	if k < 5 {
		return
	}
	switch {
	case s[k-2] == 'e' && (s[k-1] == 'n' || s[k-1] == 't'):
		n.write(i, string(s[:k-2]))
	case s[k-1] == 'n' || s[k-1] == 'e' || s[k-1] == 't':
		n.write(i, string(s[:k-1]))
	}
}

// finishFrench has "le ciel est-il bleu" as "le ciel est bleu".
func finishFrench(n *normaliser) {
	for i := 2; i+1 < len(n.list); i++ {
		if (n.is(i, "est") || n.is(i, "sont")) && n.list[i-1].kind != made && !n.in(i-1, asks) && n.in(i+1, pronouns) {
			n.drop(i+1, i+2)
		}
	}
}

// finishChinese has why in front, and takes numbers of several characters back to those.
func finishChinese(n *normaliser) {
	for i := 1; i+2 < len(n.list); i++ {
		if n.is(i, "为") && n.is(i+1, "什") && n.is(i+2, "么") {
			n.swap(0, i, i+3)
			break
		}
	}
	for i := range n.list {
		if t := &n.list[i]; t.kind == word && t.is(dense) && t.size == 1 && (n.in(i-1, joining) || n.in(i+1, joining)) {
			n.write(i, string(n.cutter.list[t.token].raw))
		}
	}
}
