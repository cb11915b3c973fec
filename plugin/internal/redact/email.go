package redact

// email is where an address ends whose local part begins at p and has its @ at or after
// from; 0 if it is none.
func email(v *view, p int) (start, end int) {
	for c := v.at(p); c == '.' || c == '-' || c == '+' || c == '%'; c = v.at(p) {
		p++
	}
	if v.before(p-1) == '@' || v.before(p-1) == '/' && v.before(p-2) != '/' && v.before(p-2) != ' ' {
		return 0, 0
	}
	i := v.run(p, 65, mailbox)
	if v.at(i) != '@' || i == p || i-p > 64 || v.before(i-1) == '.' {
		return 0, 0
	}
	e := domain(v, i+1)
	if e == 0 || string(v.t[p:i]) == "git" && v.at(e) == ':' {
		return 0, 0
	}
	if c := v.at(e); v.before(p-1) == '/' && v.before(p-3) == ':' && (c == '/' || c == ':') { // whose account at a host
		return 0, 0
	}
	return p, e
}

// domain is where a host name with at least one dot ends; 0 if it is none.
func domain(v *view, p int) int {
	end, label, labels := 0, p, 0
	letters := true
	for i := p; i < p+254; i++ {
		c := v.at(i)
		switch {
		case isLetter(c) || c >= 0x80 && c < 0xe0 || c >= 0xe4 && c < 0xf0: // also names in other scripts
			continue
		case isDigit(c):
			letters = false
			continue
		case c == '-' && i > label:
			letters = letters && i > label+1 && v.before(label)|0x20 == 'x' // xn--
			continue
		}
		if i > label {
			labels++
			if labels > 1 && letters && i-label >= 2 && i-label <= 24 && !isFile(v.t[label:i]) && v.before(i-1) != '-' {
				end = i
			} else if labels > 1 {
				end = 0
			}
		}
		if c != '.' || i == label {
			if i == label && labels > 0 { // a full stop
				return end
			}
			if isWord(c) || c == '@' {
				return 0
			}
			return end
		}
		if labels == 1 && !letters && i-label <= 3 { // package@1.2.3
			only := true
			for _, d := range v.t[label:i] {
				only = only && isDigit(d)
			}
			if only {
				return 0
			}
		}
		label, letters = i+1, true
	}
	return end
}

// isFile reports endings that are those of files rather than of hosts: logo@2x.png.
func isFile(ending []byte) bool {
	var b [5]byte
	if len(ending) > len(b) {
		return false
	}
	for i, c := range ending {
		b[i] = toLower(c)
	}
	return fileEndings[string(b[:len(ending)])]
}

// spelledEmail is where an address ends that is written so that programs overlook it: name
// at host dot com, name (at) host.com, name @ host . com. It begins at p, and its local
// part ends at i.
func spelledEmail(v *view, p, i int) int {
	if i-p > 64 || i == p || !isAlnum(v.at(p)) {
		return 0
	}
	e, sure := 0, false
	local := i
	for { // john dot smith
		if e, sure = atSign(v, i); e > 0 {
			break
		}
		j, _ := dotSign(v, i)
		if j == 0 {
			return 0
		}
		if i = v.run(j, 33, mailbox); i == j || i-p > 64 {
			return 0
		}
	}
	labels, dots := 1, 0
	j := v.run(e, 40, host)
	if j == e {
		return 0
	}
	begin := e
	for labels < 6 {
		k, spelled := dotSign(v, j)
		if k == 0 {
			break
		}
		m := v.run(k, 40, host)
		if m == k {
			break
		}
		if spelled {
			dots++
		}
		begin, j = k, m
		labels++
	}
	if ordinary(v.t[p:local]) {
		return 0
	}
	if labels < 2 || j-begin < 2 || isWord(v.at(j)) || dots == 0 && !sure || isFile(v.t[begin:j]) {
		return 0
	}
	if !sure && !topLevel(v.t[begin:j]) { // "look at this dot on the map"
		return 0
	}
	for _, c := range v.t[begin:j] {
		if !isLetter(c) {
			return 0
		}
	}
	return j
}

// ordinary are words before "at" that are none of an address: visit us at example dot com.
func ordinary(s []byte) bool {
	var b [10]byte
	if len(s) > len(b) {
		return false
	}
	for i, c := range s {
		b[i] = toLower(c)
	}
	return ordinaryWords[string(b[:len(s)])]
}

// topLevel are ends of addresses that are common enough to be spelled with a dot in words.
func topLevel(s []byte) bool {
	var b [6]byte
	if len(s) > len(b) {
		return false
	}
	for i, c := range s {
		b[i] = toLower(c)
	}
	return topLevels[string(b[:len(s)])]
}

// atSign is where a spelling of @ ends; sure if it can be nothing else.
func atSign(v *view, i int) (end int, sure bool) { return spelledSign(v, i, '@', atWords[:]) }

// dotSign is the same for a dot; spelled unless it is a plain one.
func dotSign(v *view, i int) (end int, spelled bool) {
	if v.at(i) == '.' && isAlnum(v.at(i+1)) {
		return i + 1, false
	}
	end, _ = spelledSign(v, i, '.', dotWords[:])
	return end, end > 0
}

var (
	atWords  = [...]string{"at", "arroba", "chez", "ät", "chiocciola", "arobase", "klammeraffe"}
	dotWords = [...]string{"dot", "punkt", "punto", "point", "ponto", "d0t"}
)

func spelledSign(v *view, i int, plain byte, words []string) (end int, sure bool) {
	space := v.at(i) == ' '
	if space {
		i++
	}
	closing := byte(0)
	switch v.at(i) {
	case '(':
		closing = ')'
	case '[':
		closing = ']'
	case '{':
		closing = '}'
	case '<':
		closing = '>'
	}
	if closing != 0 {
		i++
		if v.at(i) == ' ' {
			i++
		}
	}
	if v.at(i) == plain && (space || closing != 0) {
		i++
		sure = true
	} else if !space && closing == 0 {
		return 0, false
	} else {
		n := 0
		for _, w := range words {
			if toLower(v.at(i)) != w[0] {
				continue
			}
			j := 1
			for j < len(w) && toLower(v.at(i+j)) == w[j] {
				j++
			}
			if j == len(w) && !isWord(v.at(i+j)) {
				n = j
				break
			}
		}
		if n == 0 {
			return 0, false
		}
		i += n
	}
	if closing != 0 {
		if v.at(i) == ' ' {
			i++
		}
		if v.at(i) != closing {
			return 0, false
		}
		i, sure = i+1, true
		if v.at(i) == ' ' {
			i++
		}
		return i, sure
	}
	if v.at(i) != ' ' {
		if sure { // "name @host.com"
			return i, true
		}
		return 0, false
	}
	return i + 1, sure
}

// fileEndings are what names of files end with.
var fileEndings = setOf("png jpg jpeg gif svg webp css js ts json html pdf yaml yml java class txt xml service timer mount")

// ordinaryWords come before "at" in sentences.
var ordinaryWords = setOf("us me it is are was look looking looked visit find found online available hosted out site page docs website blog store live lives be up more here there him her them not or and app demo served running point pointing located work works working arrive published listed read")

// topLevels are common ends of host names.
var topLevels = setOf("com org net edu gov io de uk fr es it eu br co ai app dev jp cn in au ca ch at nl pl pt mx ru us info biz me tech museum mil int se no fi dk be cz kr sg nz ie cloud online name")
