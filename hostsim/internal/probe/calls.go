//go:build wasip1

package main

import (
	"os"
	"strconv"
	"strings"
	"time"
)

// do runs one line. ok is true for "return".
func (c *context) do(l *call, args []uint32) (result uint32, ok bool) {
	a := arguments{c: c, args: args, words: l.words[1:]}
	verb := l.words[0].text
	switch verb {
	case "return":
		return a.num(), true
	case "set":
		name, value := a.str(), ""
		for len(a.words) > 0 {
			value += a.str()
		}
		state.vars[name] = value
		return 0, false
	case "quiet":
		state.quiet = true
		return 0, false
	case "panic":
		panic(a.str())
	case "exit":
		procExit(a.num())
		return 0, false
	}
	shown := verb
	for _, w := range a.words {
		shown += " " + a.show(w)
	}
	var r reply
	if verb == "raw" {
		r = a.raw()
	} else if f := verbs(verb); f != nil {
		r = f(&a)
	} else {
		r = reply{text: "unknown verb"}
	}
	if l.result != "" {
		state.vars[l.result] = r.first
	}
	trace("  " + shown + " -> " + r.String())
	return 0, false
}

// A reply is what a call came to.
type reply struct {
	status uint32
	isCall bool
	text   string // the results, if any
	first  string // for "> NAME"
}

func (r reply) String() string {
	if !r.isCall {
		return r.text
	}
	s := strconv.FormatUint(uint64(r.status), 10)
	if r.text != "" {
		s += " " + r.text
	}
	return s
}

func status(st uint32) reply { return reply{status: st, isCall: true} }

func (r reply) value(s string) reply {
	r.text, r.first = s, s
	return r
}

// bytes shows bytes that came back; nothing if the call failed.
func (r reply) bytes(b []byte) reply {
	r.first = string(b)
	if r.status == 0 {
		r.text = strconv.QuoteToASCII(string(b))
	}
	return r
}

// arguments hands out the words of a line one by one.
type arguments struct {
	c     *context
	args  []uint32
	words []word
}

func (a *arguments) next() word {
	if len(a.words) == 0 {
		return word{}
	}
	w := a.words[0]
	a.words = a.words[1:]
	return word{a.expand(w), w.quoted}
}

func (a *arguments) expand(w word) string {
	if w.quoted || len(w.text) < 2 || w.text[0] != '$' {
		return w.text
	}
	name := w.text[1:]
	switch name {
	case "ctx":
		return strconv.Itoa(int(a.c.id))
	case "root":
		return strconv.Itoa(int(a.c.root))
	}
	if n, err := strconv.Atoi(name); err == nil && n >= 1 && n <= len(a.args) {
		return strconv.FormatUint(uint64(a.args[n-1]), 10)
	}
	return state.vars[name]
}

func (a *arguments) show(w word) string {
	s := a.expand(w)
	if len(s) > 64 {
		return strconv.QuoteToASCII(s[:61]) + "…" + strconv.Itoa(len(s))
	}
	if q := strconv.QuoteToASCII(s); w.quoted || q != `"`+s+`"` {
		return q
	}
	return s
}

func (a *arguments) str() string { return a.next().text }

func (a *arguments) num() uint32 { return uint32(a.num64()) }

func (a *arguments) num64() int64 {
	s := a.str()
	if n, err := strconv.ParseInt(s, 0, 64); err == nil {
		return n
	}
	n, _ := strconv.ParseUint(s, 0, 64) //nolint:errcheck // a word that is no number is 0
	return int64(n)
}

// pairs serialises the words name=value up to the end or a bare "/".
func (a *arguments) pairs() string {
	var kv [][2]string
	for len(a.words) > 0 {
		w := a.next()
		if w.text == "/" {
			break
		}
		k, v, _ := strings.Cut(w.text, "=")
		if strings.HasPrefix(w.text, "=") { // a name of nothing
			k, v = "", w.text[1:]
		}
		kv = append(kv, [2]string{k, v})
	}
	if len(kv) == 0 {
		return ""
	}
	var b []byte
	le := func(n int) { b = append(b, byte(n), byte(n>>8), byte(n>>16), byte(n>>24)) }
	le(len(kv))
	for _, p := range kv {
		le(len(p[0]))
		le(len(p[1]))
	}
	for _, p := range kv {
		b = append(append(append(append(b, p[0]...), 0), p[1]...), 0)
	}
	return string(b)
}

// showPairs writes pairs as name=value.
func showPairs(b []byte) string {
	if len(b) < 4 {
		return "[]"
	}
	le := func(i int) int { return int(b[i]) | int(b[i+1])<<8 | int(b[i+2])<<16 | int(b[i+3])<<24 }
	n := le(0)
	at := 4 + 8*n
	var parts []string
	for i := range n {
		k, v := le(4+8*i), le(8+8*i)
		parts = append(parts, strconv.QuoteToASCII(string(b[at:at+k])+"="+string(b[at+k+1:at+k+1+v])))
		at += k + v + 2
	}
	return "[" + strings.Join(parts, " ") + "]"
}

// verbsBeyond are verbs that are not host functions.
func verbsBeyond(verb string) func(*arguments) reply {
	switch verb {
	case "print":
		return func(a *arguments) reply {
			f := os.Stdout
			if a.num() == 2 {
				f = os.Stderr
			}
			_, err := f.WriteString(a.str())
			if err != nil {
				return reply{text: err.Error()}
			}
			return reply{text: "written"}
		}
	case "env":
		return func(a *arguments) reply { return reply{}.value(strconv.Quote(os.Getenv(a.str()))) }
	case "clock":
		return func(*arguments) reply { return reply{}.value(strconv.FormatInt(time.Now().UnixNano(), 10)) }
	case "random":
		return func(a *arguments) reply { return reply{}.value(random(int(a.num()))) }
	case "grow":
		return func(a *arguments) reply {
			state.kept = append(state.kept, make([]byte, a.num()))
			return reply{text: "kept"}
		}
	}
	return nil
}
