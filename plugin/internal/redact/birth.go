package redact

// birth is where a date ends that x or, if it is nil, the name of a month at p begins, and
// of which the words before it say that somebody was born then.
func birth(v *view, p int, x *number) int {
	if v.joins(p) {
		return 0
	}
	if x == nil {
		if e := monthFirst(v, p); e > 0 && v.about(p, aboutBirth) > 0 {
			return e
		}
		return 0
	}
	if x.plus || x.paren {
		return 0
	}
	e := numericDate(v, x)
	if e == 0 {
		e = dayFirst(v, x)
	}
	if e > 0 && v.about(p, aboutBirth) == 0 {
		return 0
	}
	return e
}

func numericDate(v *view, x *number) int {
	d := x.digits[:x.n]
	if x.groups >= 3 && x.sep[1] == x.sep[2] && x.sep[1] != ')' {
		a, b, c := value(d[:x.count[0]]), value(d[x.count[0]:x.count[1]]), value(d[x.count[1]:x.count[2]])
		ok := false
		switch {
		case x.size(0) == 4 && x.size(1) <= 2 && x.size(2) <= 2:
			ok = birthYear(a) && day(b, c)
		case x.size(0) <= 2 && x.size(1) <= 2 && (x.size(2) == 4 && birthYear(c) || x.size(2) == 2):
			ok = day(a, b) || day(b, a)
		}
		if ok && !isWord(v.at(x.end[2])) {
			return x.end[2]
		}
	}
	if x.size(0) == 8 && closes(v, x.end[0]) && v.within(x.start, 3, aboutBirth) && (birthYear(value(d[:4])) && day(value(d[4:6]), value(d[6:8])) || birthYear(value(d[4:8])) && (day(value(d[:2]), value(d[2:4])) || day(value(d[2:4]), value(d[:2])))) {
		return x.end[0]
	}
	return 0
}

// dayFirst is 8 March 1981, and 1981年3月8日.
func dayFirst(v *view, x *number) int {
	i := x.end[0]
	if x.size(0) == 4 {
		if v.at(i) < 0x80 {
			return 0
		}
		for _, signs := range [...][3]string{{"年", "月", "日"}, {"년", "월", "일"}} {
			if e := withSigns(v, i, signs); e > 0 {
				return e
			}
		}
		return 0
	}
	if x.size(0) > 2 || value(x.digits[:x.count[0]]) > 31 || x.n == 0 {
		return 0
	}
	i = ordinal(v, i)
	i = filler(v, i)
	j, ok := month(v, i)
	if !ok {
		return 0
	}
	return year(v, filler(v, comma(v, j)))
}

func monthFirst(v *view, p int) int {
	i, ok := month(v, p)
	if !ok {
		return 0
	}
	i = filler(v, i)
	from := i
	i = v.run(i, 2, digit)
	if i == from {
		return 0
	}
	return year(v, filler(v, comma(v, ordinal(v, i))))
}

func withSigns(v *view, i int, signs [3]string) int {
	for n, s := range signs {
		if n > 0 {
			if v.at(i) == ' ' {
				i++
			}
			from := i
			if i = v.run(i, 2, digit); i == from {
				return 0
			}
		}
		if !v.is(i, s) {
			return 0
		}
		i += len(s)
	}
	return i
}

// ordinal goes over what makes 8 the 8th.
func ordinal(v *view, i int) int {
	switch a, b := v.at(i)|0x20, v.at(i+1)|0x20; {
	case a == 's' && b == 't', a == 'n' && b == 'd', a == 'r' && b == 'd', a == 't' && b == 'h', a == 'e' && b == 'r':
		return i + 2
	}
	if v.is(i, "º") {
		return i + len("º")
	}
	if v.at(i) == '.' {
		return i + 1
	}
	return i
}

func comma(v *view, i int) int {
	if c := v.at(i); c == ',' || c == '.' {
		return i + 1
	}
	return i
}

// filler goes over a separator, and "of" or "de".
func filler(v *view, i int) int {
	if c := v.at(i); c != ' ' && c != '-' && c != '/' {
		return i
	}
	i++
	for _, w := range [...]string{"of ", "de ", "del "} {
		if v.is(i, w) {
			return i + len(w)
		}
	}
	return i
}

func year(v *view, i int) int {
	e := v.run(i, 5, digit)
	n := 0
	for _, c := range v.t[min(i, len(v.t)):min(e, len(v.t))] {
		n = n*10 + int(c-'0')
	}
	if e-i == 4 && birthYear(n) && !isWord(v.at(e)) {
		return e
	}
	return 0
}

// month is where the name of a month ends.
func month(v *view, i int) (end int, ok bool) {
	var b [12]byte
	end = v.run(i, len(b), letter|wide)
	if end-i < 3 || end > len(v.t) {
		return 0, false
	}
	for j := range end - i {
		b[j] = toLower(v.t[i+j])
	}
	return end, isMonth(b[:end-i])
}

func isMonth(s []byte) bool {
	return months[string(s)]
}

// monthBegins are what the first three bytes of months come to, in either case.
var monthBegins = func() (t [256]bool) {
	for m := range months {
		t[threeOf([]byte(m))] = true
	}
	return t
}()

func threeOf(s []byte) byte { return (s[0]|0x20)*3 ^ (s[1]|0x20)*5 ^ (s[2]|0x20)*7 }

// months are names of months in a few languages, and their short forms.
var months = setOf("january jan february feb march mar april apr may june jun july jul august aug september sep sept october oct november nov december dec januar jänner februar märz mai juni juli oktober okt dezember dez janvier février mars avril juin juillet août septembre octobre novembre décembre enero febrero marzo abril mayo junio julio agosto septiembre setiembre octubre noviembre diciembre gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre janeiro fevereiro março maio junho julho setembro outubro novembro dezembro januari februari maart mei augustus stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia")
