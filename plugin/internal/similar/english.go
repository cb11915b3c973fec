package similar

const genitive = "'s"

// fitsEnglish reports whether a frame may stand before what follows it.
func fitsEnglish(n *normaliser, rest int, to string) bool {
	digits := n.list[rest].kind == number
	few := digits || n.in(rest, some)
	one := rest == 1
	switch to {
	case "~how": // as for anybody, not as for who is asked
		if n.in(rest, states) {
			return n.is(1, "to")
		}
		if !n.is(rest-1, "you") {
			return true
		}
		for i := rest; i < len(n.list); i++ {
			if n.in(i, personal) {
				return false
			}
		}
		return !n.in(rest, abilities) && len(n.list)-rest > 1
	case "~give":
		if n.is(rest, "to") || n.is(rest, "you") {
			return false
		}
		return few || !n.is(0, "tell") && (!n.is(0, "i") || n.is(1, "need") || n.is(rest-1, "for"))
	case "~write":
		return few
	case "~list":
		return !n.is(rest, "the") || one
	case "~is":
		switch {
		case n.is(1, "much"): // how much is
			return digits
		case one: // explain, define
			return !n.in(rest, asks) && !n.is(rest, "in") && !n.is(rest, "briefly")
		}
		return !n.is(rest, "your") || n.is(0, "what")
	}
	return true
}

// finishEnglish puts into one form what English has several for.
func finishEnglish(n *normaliser) {
	n.contract()
	n.recast()
	n.auxiliaries()
	n.genitives()
	n.owned = n.frame("~how") && !n.any(seeking)
	if !n.frame("~give") && !n.frame("~write") && !n.frame("~list") && !n.frame("recommend") && !n.comparing() {
		n.singular()
	}
}

// any reports whether one of some words is in the list.
func (n *normaliser) any(s set) bool {
	for i := range n.list {
		if n.in(i, s) {
			return true
		}
	}
	return false
}

// contract has "what a noun is" as "what is a noun", and twenty-five as 25.
func (n *normaliser) contract() {
	if last := len(n.list) - 1; last > 1 && n.is(0, "what") && n.in(last, being) && !n.in(1, being) && !n.in(1, doing) {
		n.begin(0, 1, "~is")
		n.list = n.list[:last]
	}
	for i := 0; i+1 < len(n.list); i++ {
		a, b := n.word(i), n.word(i+1)
		if len(a) == 2 && a[1] == '0' && a[0] > '1' && a[0] <= '9' && len(b) == 1 && b[0] > '0' && b[0] <= '9' {
			n.write(i, string(a[:1]), string(b))
			n.drop(i+1, i+2)
		}
	}
}

// howMany reports whether the text asks for a number.
func (n *normaliser) howMany() bool { return n.is(0, "how") && (n.is(1, "many") || n.is(1, "much")) }

// recast has questions that can be asked in two orders in one.
func (n *normaliser) recast() {
	last := len(n.list) - 1
	if last < 2 {
		return
	}
	if n.in(0, asks) && n.in(1, pronouns) && n.in(2, modals) { // (tell me) where I can buy it
		n.swap(1, 2, 3)
	}
	do := 0
	for i := 1; i < last && do == 0; i++ {
		if n.in(i, doing) {
			do = i
		}
	}
	switch {
	case do > 2 && n.howMany() && n.is(last, "have"): // how many legs does a cat have: are in a cat
		n.write(do, "in")
		n.list = n.list[:last]
	case do > 1 && n.is(0, "what") && n.is(last, "have"): // what parts does a car have: are the parts of a car
		n.write(do, "of")
		n.list = n.list[:last]
		n.begin(0, 1, "~is")
	case do > 0 && (n.howMany() && do == 2 || n.is(0, "what") && do == 1) && n.is(last, "cost"):
		n.list = n.list[:last]
		n.begin(0, do+1, "~price")
	case n.frame("~is") && n.list[1].kind == number: // what is 1 km in miles: convert 1 km to miles
		for i := 2; i < last; i++ {
			if n.is(i, "in") {
				n.write(i, "to")
				n.make(0, "convert")
				break
			}
		}
	case n.is(0, "convert"):
		n.make(0, "convert")
	case n.is(0, "what"): // what river is the longest: what is the longest river
		for i := 2; i < last-1; i++ {
			if n.is(i, "is") && n.is(i+1, "the") && n.superlative(i+2) {
				n.around(1, i, i+3)
				n.drop(3, 4)
				n.begin(0, 1, "~is")
				break
			}
		}
	}
	for i := 1; i+1 < len(n.list); i++ { // in Go, using Go, on a platform
		if n.list[i+1].named() && (n.is(i, "using") || n.is(i, "on") && n.frame("~how")) {
			n.write(i, "in")
		}
	}
}

// auxiliaries keeps those that ask for a yes or no, and has the first one of another question
// in one place, for "how is it cut" is not "how does it cut".
func (n *normaliser) auxiliaries() {
	asking, done := n.in(0, asks), false
	for i := range n.list {
		switch {
		case n.in(i, being):
			if i == 0 {
				n.make(i, "~is-it")
				continue
			}
			if n.is(i+1, "there") {
				n.write(i+1, "is")
			}
			if asking && !done && !n.howMany() {
				n.make(i, "~be")
				n.swap(1, i, i+1)
			}
			done = true
		case n.in(i, doing):
			switch {
			case i == 0:
				n.make(i, "~does-it")
			case !asking || done || i == len(n.list)-1 || n.in(i-1, acting):
				n.write(i, "do!")
			}
			done = true
		}
	}
}

// genitives has the owner behind what is owned.
func (n *normaliser) genitives() {
	for at := 1; n.genitive && at < len(n.list)-1; at++ {
		if !n.is(at, genitive) {
			continue
		}
		from, to := at-1, at+1
		for from > 0 && (n.in(from-1, owners) || n.list[from].named() && n.list[from-1].named()) {
			from--
		}
		for to < len(n.list) && !n.in(to, bounds) && !n.in(to, owners) {
			to++
		}
		// The tallest man's brother is not the man's tallest brother.
		if to == at+1 || from > 0 && !n.in(from, owners) && n.list[from-1].kind != made && !n.in(from-1, bounds) && !n.in(from-1, asks) {
			continue
		}
		n.write(at, "of")
		n.around(from, at, to)
	}
}

// comparing reports whether one and several are not the same in the text.
func (n *normaliser) comparing() bool {
	for i := range n.list {
		if n.in(i, compares) || n.superlative(i) {
			return true
		}
	}
	return false
}

// superlative reports whether a word is one: it may be another that ends as they do.
func (n *normaliser) superlative(i int) bool {
	w := n.word(i)
	return n.is(i, "best") || n.is(i, "worst") || n.is(i, "most") || n.is(i, "least") || len(w) > 4 && string(w[len(w)-3:]) == "est" && !n.in(i, degree)
}

// singular has nouns without the s of several, and verbs without that of the third person.
func (n *normaliser) singular() {
	for i := range n.list {
		t := &n.list[i]
		if t.kind != word || t.named() || t.is(exact) || n.in(i, whole) || n.word(i)[0] == '^' {
			continue
		}
		if t.known&singles.bit() != 0 {
			n.write(i, n.rules.text(singles, n.key(i, i+1)))
			continue
		}
		cut, more := plural(n.word(i))
		if cut > 0 {
			n.write(i, string(n.word(i)[:int(t.size)-cut]), more)
		}
	}
}

// plural says how many bytes at a word's end are those of a plural, and what is there instead.
func plural(s []byte) (cut int, instead string) {
	k := len(s)
	if k < 4 || s[k-1] != 's' {
		return 0, ""
	}
	switch s[k-2] {
	case 's', 'u', 'i', 'a', '\'':
		return 0, ""
	case 'c': // economics are not economic
		if k > 5 && s[k-3] == 'i' {
			return 0, ""
		}
	case 'e':
		if k == 4 {
			break
		}
		switch s[k-3] {
		case 'i':
			return 3, "y"
		case 'x', 'h', 'o':
			return 2, ""
		case 's', 'z':
			if s[k-4] == s[k-3] {
				return 2, ""
			}
		}
	}
	return 1, ""
}
