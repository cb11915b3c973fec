package similar

func english() *language {
	return &language{
		name: "en",
		common: `the a an is are am was were be do does did how what why who whom whose when where which i you my your me he she it we they his her their
 and or of to in on for with from by at about into can could should would will shall must may might if not no than then there this that these those
 write give tell explain list name suggest recommend make create plan convert translate summarize summarise describe define please help between difference
 what's who's where's how's it's i'm i'd don't doesn't didn't isn't aren't can't won't whats hi hello thanks me long many much often some any`,
		polite: `hi|hello|hey|hey there|hi there|hello there|good morning|good afternoon|good evening|dear assistant|please|pls|plz|kindly|just|so|ok|okay|well|um|thanks|thank you
|thanks for your help|thank you for your help|excuse me|sorry|can you|could you|would you|will you|can you please|could you please|would you please|please can you|please could you
|could you possibly|can you help me|could you help me|help me|please help me|can you help me to|help me to|i would like you to|i want you to|i need you to|i need you to please|would you mind|i need help|i have a question|quick question`,
		asking: `i was wondering|i am wondering|i wonder|i was curious|i am curious|do you know|do you happen to know|any idea|any ideas|can you tell me|could you tell me|would you tell me|tell me|tell us
|explain|explain to me|explain to us|explaining|explaining to me|i want to know|i would like to know|i need to know|i wanted to know|i would love to know|let me know|show me|i want to understand|i would like to understand|help me understand|please let me know|teach me`,
		closing:  `please|pls|plz|thanks|thank you|thx|many thanks|thanks a lot|thank you very much|thanks in advance|thank you in advance|if you can|cheers|thank you so much|exactly`,
		service:  `for me|to me|for me please|to me please`,
		verbs:    `is are am was were do does did can could should would will may must has have had`,
		starters: `is are am was were do does did can could should would will may must has have had explain describe compare translate convert calculate solve plan find list name give show tell write suggest recommend define design fix help correct think imagine come add remove change classify outline rank state analyze analyse rewrite sort build implement`,
		asks:     `what who whom whose why how when where which if whether`,
		frames: `~how: how i can|how i could|how i should|how we can|how one can|how people can|how do i|how can i|how could i|how would i|how should i|how might i|how do we|how can we|how could we|how should we|how does one|how can one|how do you|how can you|how would you|how could you|how should you|how to
~how: what is the way to|what is the best way to|what is a good way to|what is the right way to|what is the proper way to|what is one way to|what are the steps to|what steps should i take to|what do i need to do to|what do i have to do to|what should i do to|what can i do to|what must i do to
~how: is there a way to|best way to|the best way to|steps to|how do i go about|what is the correct way to|what would be the best way to
how: in what way|in which way
why: how come|for what reason
when: in what year|in which year|what year|which year|on what date|on which date|what date
when is: what is the date of
~is best time to: when is the best time to|what is the best time to|when is a good time to
~is: what is|what are|define|explain|tell me about|tell me something about|tell me more about|give me a definition of|what exactly is|what exactly are|give me an explanation of|please define
~is: name the|tell me the|give me the|state the|describe the|which are the|which is the|let me know the|give the|explain to me|describe to me
~is population of: how many people live in|what is the population of|how big is the population of
~is height of: how tall is|how high is|what is the height of
~is age of: how old is|what is the age of
~is depth of: how deep is|what is the depth of
~is difference between: difference between|the difference between|what differences are there between|what are the differences between|explain the differences between|what is the difference between|differences between
~is example of: give me an example of|give an example of|what is an example of|show me an example of|an example of|example of|provide an example of
~is meaning of: give me the meaning of|what is the meaning of|meaning of
what: which
~is your: tell me your|what is your|what are your|let me know your
~is: how much is
~is cause of: what causes|what is the cause of|what are the causes of
~was cause of: what caused|what were the causes of|what was the cause of
~price: what is the price of|how much is the price of|what is the cost of
~give: give me|i need|i am looking for|i would like|i would love|i want|show me|provide|provide me with|share|share with me|get me|send me|tell me|i am in need of
~list: list|list me|give me a list of|make a list of|list of|a list of|show me a list of|provide a list of|create a list of|generate a list of|write a list of|make me a list of|give a list of
~write: write|compose|draft|create|generate|make|write me|compose me|draft me|create me|generate me|make me
~summarise: summarize|summarise|give me a summary of|give a summary of|write a summary of|provide a summary of|what is the summary of|summary of|a summary of|sum up
recommend: suggest|suggest me|suggest to me|recommend|recommend me|recommend to me
~may: can i|am i able to|is it possible to|is it possible for me to|would i be able to
~okay to: is it ok to|is it okay to|is it alright to|is it all right to|is it fine to
~takes: how long does it take to|how long to|how long would it take to|how much time does it take to|how long will it take to
~howlong: how long do i need to|how long should i|how long do i|how long must i|how long should you
wrote: who wrote|who is the author of|who was the author of
painted: who painted|who is the painter of
directed: who directed|who is the director of|who was the director of
invented: who invented|who was the inventor of|who is the inventor of
founded: who founded|who is the founder of|who was the founder of
discovered: who discovered|who was the discoverer of
~should: should i|is it a good idea to|is it a good idea for me to`,
		endings: "",
		phrases: `ww1: world war i|world war one|first world war|1st world war|wwi|world war 1
ww2: world war ii|world war two|second world war|2nd world war|wwii|world war 2
remove: get rid of
about: with regard to|in regard to|with respect to
like: such as|similar to
to: in order to
because: due to the fact that
human: human being
humans: human beings
email: e mail
perday: per day|each day|every day
few!: a few
little!: a little
number!: a number of
ok: all right
essay about: essay on
article about: article on
book about: book on
books about: books on
poem about: poem on
report about: report on
post about: post on
paper about: paper on
speech about: speech on
paragraph about: paragraph on
presentation about: presentation on
using: by means of|with the help of|with the use of
usa: united states|united states of america|u.s|u.s.a
uk: united kingdom|u.k
%: per cent`,
		words: `1: one
2: two
3: three
4: four
5: five
6: six
7: seven
8: eight
9: nine
10: ten
11: eleven
12: twelve
13: thirteen
14: fourteen
15: fifteen
16: sixteen
17: seventeen
18: eighteen
19: nineteen
20: twenty
30: thirty
40: forty
50: fifty
60: sixty
70: seventy
80: eighty
90: ninety
1st: first
2nd: second
3rd: third
4th: fourth
5th: fifth
6th: sixth
7th: seventh
8th: eighth
9th: ninth
10th: tenth
%: percent
buy: purchase
fix: repair
film: movie
films: movies
car: automobile
cars: automobiles
mother: mom|mum|mommy|mummy
father: dad|daddy
child: kid
children: kids
start: begin|commence
fast: quickly|rapidly|quick
using: utilizing|utilising
use: utilize|utilise
calculate: compute
advantage: pro|benefit
advantages: pros|benefits
disadvantage: con|drawback|downside
disadvantages: cons|drawbacks|downsides
refrigerator: fridge
refrigerators: fridges
airplane: plane|aeroplane
airplanes: planes|aeroplanes
about: regarding|concerning
ill: sick
need: require
until: till
which: that
inexpensive: cheap
bike: bicycle
bikes: bicycles
phone: telephone|cellphone
phones: telephones
tv: television
math: maths|mathematics
gasoline: petrol
january: jan
february: feb
august: aug
september: sept
october: oct
november: nov
december: dec
color: colour
colors: colours
favorite: favourite
center: centre
meter: metre
meters: metres
liter: litre
liters: litres
kilometer: kilometre
kilometers: kilometres
centimeter: centimetre
centimeters: centimetres
behavior: behaviour
neighbor: neighbour
organize: organise
analyze: analyse
recognize: recognise
gray: grey
tire: tyre
aluminum: aluminium
traveling: travelling
traveler: traveller
theater: theatre
defense: defence
jewelry: jewellery
pajamas: pyjamas
everybody: everyone
nobody: no-one
somebody: someone
anybody: anyone
difference: diff
information: info
application: app
applications: apps
okay: ok
doctor: physician
doctors: physicians
wifi: wi-fi
vs: versus
receive: recieve
separate: seperate
definitely: definately
definition: definiton|defintion
accommodate: accomodate
occurred: occured
believe: beleive
friend: freind
because: becuase|cuz
tomorrow: tommorow|tommorrow
beginning: begining
necessary: neccessary|necesary
government: goverment
environment: enviroment
restaurant: restaraunt|restaurent
business: buisness|bussiness
language: langauge
weird: wierd
achieve: acheive
address: adress
calendar: calender
difference: diffrence|differance
their: thier
the: teh
what: waht
how: hwo
your: yuor
recipe: recepie|recipie
password: pasword|passwrod
which: wich
people: poeple
country: coutnry
between: bewteen|betwen`,
		weak: `a an the is are am of do does`,
		own:  `my`,
		bare: `what is: whats
who is: whos
how is: hows
where is: wheres
do not: dont
does not: doesnt
did not: didnt
is not: isnt
are not: arent
can not: cant|cannot
will not: wont
i am: im
could not: couldnt
should not: shouldnt
would not: wouldnt`,
		compares: `all some every each any both most least more less best worst better worse only several few many much last next none`,
		literal: `translate translates translation translated spell spells spelled spelt spelling say says saying said pronounce pronounced pronunciation mean means word phrase sentence
 rhyme rhymes synonym synonyms antonym antonyms comma apostrophe grammar proofread paraphrase rewrite rephrase reword correct letters tense plural conjugate
 punctuation capitalize capitalise uppercase lowercase class variable identifier keyword regex quote quotes typo acronym abbreviation idiom`,
		finish: finishEnglish,
	}
}

// appendEnglish writes a contraction out.
func appendEnglish(out []term, t term, head, tail string) []term {
	second := t
	second.text = "'" + tail
	switch tail {
	case "s":
		switch head {
		case "what", "who", "where", "when", "how", "why", "that", "it", "there", "here", "he", "she":
			second.text = "is"
		case "let":
			second.text = "us"
		default:
			second.text = genitive
		}
	case "t":
		second.text = "not"
		switch head {
		case "can":
		case "won":
			head = "will"
		case "shan":
			head = "shall"
		default:
			if len(head) > 2 && head[len(head)-1] == 'n' {
				head = head[:len(head)-1]
				break
			}
			return append(out, t)
		}
	case "re":
		second.text = "are"
	case "ve":
		second.text = "have"
	case "ll":
		second.text = "will"
	case "d":
		second.text = "would"
	case "m":
		second.text = "am"
	default:
		return append(out, t)
	}
	t.text = head
	return append(out, t, second)
}

const genitive = "'s"

// fitsEnglish reports whether a frame may stand before what follows it.
func fitsEnglish(rest []term, phrase, to string) bool {
	if len(rest) == 0 {
		return false
	}
	next := rest[0].text
	article := next == "a" || next == "an" || next == "some" || next == "one" || next == "two" || next == "three" || rest[0].token.kind == number
	switch to {
	case "~how": // as for anybody, not as for who is asked
		switch next {
		case "feel", "look", "sound", "seem", "appear", "think":
			return phrase == "how to"
		}
		if phrase[len(phrase)-3:] != "you" {
			return true
		}
		for i := range rest {
			if t := rest[i].text; t == "your" || t == "yourself" || t == "me" || t == "my" || t == "you" {
				return false
			}
		}
		switch next {
		case "know", "work", "like", "live", "see":
			return false
		}
		return len(rest) > 1
	case "~give":
		if next == "to" || next == "you" {
			return false
		}
		return phrase != "tell me" && phrase[0] != 'i' || article || phrase == "i need" || phrase == "i am looking for"
	case "~write":
		return article
	case "~list":
		return next != "the" || phrase == "list"
	case "~is":
		if phrase == "how much is" {
			return rest[0].token.kind == number
		}
		if phrase == "explain" || phrase == "define" {
			return next != "how" && next != "why" && next != "what" && next != "in" && next != "briefly"
		}
		return next != "your" || phrase == "what is" || phrase == "what are"
	}
	return true
}

// finishEnglish puts into one form what English has several for.
func finishEnglish(n *normaliser) {
	n.contract()
	n.recast()
	n.auxiliaries()
	n.genitives()
	n.owned = n.frame == "~how" && !n.seeks()
	if n.frame != "~give" && n.frame != "~write" && n.frame != "~list" && n.frame != "recommend" && !n.comparing() {
		n.singular()
	}
}

// contract has "what a noun is" as "what is a noun", twenty-five as 25 and cannot as two words.
func (n *normaliser) contract() {
	list := n.list
	if last := len(list) - 1; last > 1 && list[0].text == "what" && (list[last].text == "is" || list[last].text == "are") &&
		list[1].text != "is" && list[1].text != "are" && list[1].text != "do" && list[1].text != "does" {
		list[0] = term{text: "~is", class: firm}
		n.list = list[:last]
		n.frame = "~is"
	}
	for i := 0; i+1 < len(n.list); i++ {
		a, b := n.list[i].text, n.list[i+1].text
		if len(a) == 2 && a[1] == '0' && a[0] > '1' && a[0] <= '9' && len(b) == 1 && b[0] > '0' && b[0] <= '9' {
			n.list[i].text = a[:1] + b
			n.list = append(n.list[:i+1], n.list[i+2:]...)
		}
	}
}

// recast has questions that can be asked in two orders in one.
func (n *normaliser) recast() {
	list := n.list
	last := len(list) - 1
	if last < 2 {
		return
	}
	if n.rules.asks[list[0].text] && pronoun(list[1].text) && modal(list[2].text) { // (tell me) where I can buy it
		list[1], list[2] = list[2], list[1]
	}
	do := 0
	for i := 1; i < last && do == 0; i++ {
		if list[i].text == "do" || list[i].text == "does" {
			do = i
		}
	}
	many := list[0].text == "how" && (list[1].text == "many" || list[1].text == "much")
	switch {
	case do > 2 && many && list[last].text == "have": // how many legs does a cat have: are in a cat
		list[do].text = "in"
		n.list = list[:last]
	case do > 1 && list[0].text == "what" && list[last].text == "have": // what parts does a car have: are the parts of a car
		n.frame, list[0] = "~is", term{text: "~is"}
		list[do].text = "of"
		n.list = list[:last]
	case do > 0 && (many && do == 2 || list[0].text == "what" && do == 1) && list[last].text == "cost":
		n.list = list[do:last]
		n.list[0] = term{text: "~price"}
		n.frame = "~price"
	case n.frame == "~is" && list[1].token != nil && list[1].token.kind == number: // what is 1 km in miles: convert 1 km to miles
		for i := 2; i < last; i++ {
			if list[i].text == "in" {
				list[i].text = "to"
				list[0].text = "convert"
				return
			}
		}
	case list[0].text == "what": // what river is the longest: what is the longest river
		for i := 2; i < last-1; i++ {
			if list[i].text == "is" && list[i+1].text == "the" && superlative(list[i+2].text) {
				out := append(n.spare[:0], term{text: "~is"}, list[i+1], list[i+2])
				out = append(out, list[1:i]...)
				out = append(out, list[i+3:]...)
				n.spare, n.list, n.frame = list, out, "~is"
				return
			}
		}
	}
	if n.frame == "convert" || list[0].text == "convert" {
		list[0] = term{text: "convert"}
	}
	for i := 1; i+1 < len(n.list); i++ { // in Go, using Go, on a platform
		if t := &n.list[i]; (t.text == "using" || t.text == "on" && n.frame == "~how") && n.list[i+1].name {
			t.text = "in"
		}
	}
}

func pronoun(s string) bool {
	switch s {
	case "i", "we", "you", "they", "he", "she", "it", "one":
		return true
	}
	return false
}

func modal(s string) bool {
	switch s {
	case "can", "could", "should", "would", "must", "will", "may", "might":
		return true
	}
	return false
}

// auxiliaries keeps those that ask for a yes or no, and has the first one of another question
// in one place, for "how is it cut" is not "how does it cut".
func (n *normaliser) auxiliaries() {
	list := n.list
	asks := n.rules.asks[list[0].text]
	done := false
	for i := 0; i < len(list); i++ {
		t := &list[i]
		switch t.text {
		case "is", "are", "am":
			switch {
			case i == 0:
				*t = term{text: "~is-it"}
				continue
			case i+1 < len(list) && list[i+1].text == "there":
				list[i+1].text = "is"
			}
			many := list[0].text == "how" && (list[1].text == "many" || list[1].text == "much")
			if asks && !done && !many {
				copy(list[2:i+1], list[1:i])
				list[1] = term{text: "~be"}
			}
			done = true
		case "do", "does":
			switch {
			case i == 0:
				*t = term{text: "~does-it"}
			case !asks || done || i == len(list)-1 || list[i-1].text == "should" || list[i-1].text == "can" || list[i-1].text == "i" || list[i-1].text == "you" || list[i-1].text == "to":
				t.text = "do!"
			}
			done = true
		}
	}
}

// seeks reports whether it makes a difference whose the thing is that is asked for.
func (n *normaliser) seeks() bool {
	for i := range n.list {
		switch n.list[i].text {
		case "find", "get", "buy", "choose", "pick", "meet", "see", "know", "recognize", "name", "keep", "give", "make":
			return true
		}
	}
	return false
}

// genitives has the owner behind what is owned.
func (n *normaliser) genitives() {
	for at := 1; at < len(n.list)-1; at++ {
		if n.list[at].text != genitive {
			continue
		}
		from := at - 1
		for from > 0 && (owns(n.list[from-1].text) || n.list[from].name && n.list[from-1].name) {
			from--
		}
		to := at + 1
		for to < len(n.list) && !parts(&n.list[to]) && !owns(n.list[to].text) {
			to++
		}
		if to == at+1 || from > 0 && !owns(n.list[from].text) && !n.bounds(from-1) {
			continue
		}
		owner := append(n.spare[:0], n.list[from:at]...)
		n.spare = owner
		of := n.list[at]
		of.text = "of"
		k := from + copy(n.list[from:], n.list[at+1:to])
		n.list[k] = of
		copy(n.list[k+1:], owner)
	}
}

// bounds reports whether the owner begins behind a word: the tallest man's brother is not the
// man's tallest brother.
func (n *normaliser) bounds(at int) bool {
	t := &n.list[at]
	return t.token == nil || parts(t) || n.rules.asks[t.text]
}

func owns(s string) bool {
	switch s {
	case "my", "your", "his", "her", "our", "their", "the", "a", "an", "this":
		return true
	}
	return false
}

// parts reports whether a word cannot be in what somebody owns.
func parts(t *term) bool {
	switch t.text {
	case "in", "on", "at", "for", "to", "from", "with", "by", "and", "or", "is", "are", "was", "of", "do", "does", "if", "when", "than", "about", "that", "which", "into", "so", "but", "not":
		return true
	}
	return false
}

// comparing reports whether one and several are not the same in the text.
func (n *normaliser) comparing() bool {
	for i := range n.list {
		if t := n.list[i].text; n.rules.compares[t] || superlative(t) {
			return true
		}
	}
	return false
}

// superlative reports whether a word is one: it may be another that ends as they do.
func superlative(s string) bool {
	switch s {
	case "best", "worst", "most", "least":
		return true
	case "invest", "interest", "forest", "request", "harvest", "protest", "digest":
		return false
	}
	return len(s) > 4 && s[len(s)-3:] == "est"
}

// singular has nouns without the s of several, and verbs without that of the third person.
func (n *normaliser) singular() {
	for i := range n.list {
		t := &n.list[i]
		if t.token != nil && t.token.kind == word && !t.name && !t.token.is(exact) && t.text[0] != '^' {
			t.text = one(t.text)
		}
	}
}

// one is a noun without its s.
func one(s string) string {
	switch s {
	case "children":
		return "child"
	case "men":
		return "man"
	case "women":
		return "woman"
	case "feet":
		return "foot"
	case "teeth":
		return "tooth"
	case "mice":
		return "mouse"
	case "leaves":
		return "leaf"
	case "knives":
		return "knife"
	case "wolves":
		return "wolf"
	case "odds", "premises", "damages", "contents", "savings", "earnings", "jeans", "pants", "shorts", "scales", "spectacles", "means", "manners", "spirits", "minutes",
		"clothes", "forces", "greens", "letters", "authorities", "belongings", "ashes", "waters", "drugs", "troops", "fireworks", "papers",
		"news", "goods", "glasses", "customs", "arms", "physics", "series", "species", "always", "perhaps", "sometimes", "yes", "its", "has", "does", "this", "us":
		return s
	}
	k := len(s)
	if k < 4 || s[k-1] != 's' || s[k-1] >= 0x80 {
		return s
	}
	switch s[k-2] {
	case 's', 'u', 'i', 'a', '\'':
		return s
	}
	if k > 5 && s[k-3:] == "ics" { // economics are not economic
		return s
	}
	if k > 4 && s[k-3:] == "ies" {
		return s[:k-3] + "y"
	}
	if k > 4 && s[k-2] == 'e' {
		switch s[k-3] {
		case 'x', 'h', 'o':
			return s[:k-2]
		case 's', 'z':
			if s[k-4] == 's' || s[k-4] == 'z' {
				return s[:k-2]
			}
		}
	}
	return s[:k-1]
}
