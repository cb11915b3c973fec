package custom

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/strict"
)

// A path says where something is in an answer: one way or several, of which the first
// holds that leads to something. The grammar is
//
//	path   = way *("|" way)
//	way    = ["$"] *step
//	step   = "." name / "[" index "]" / "[*]" / "[" quoted "]" / "[" filter "]"
//	index  = whole number, from the end if it is negative
//	filter = ("@event" / name *("." name)) ("=" / "!=") word
//
// with no dot before the first name. A filter keeps those elements of an array in which
// it holds, or an object if it does. "@event" is the type of a server-sent event.
type path struct {
	ways [][]step
	said string // as it is configured; empty: there is none
}

// A step leads from a value to what is in it.
type step struct {
	kind  stepKind
	names []string // of toName the one, of a filter those that lead to what it compares
	index int
	word  string
}

type stepKind uint8

const (
	toName stepKind = iota
	toIndex
	toAll
	ifSame    // a filter with =
	ifOther   // with !=
	ifEvent   // @event=
	ifNoEvent // @event!=
)

const (
	mostSteps = 32 // of a way
	eventName = "@event"
)

func (p *path) none() bool { return p.said == "" }

// parsePath compiles a path; an empty one is none. The problem is empty if it can be.
func parsePath(s string) (p path, problem string) {
	p.said = s
	for rest := s; rest != ""; {
		way, after, problem := parseWay(rest)
		if problem != "" {
			return path{}, problem
		}
		p.ways = append(p.ways, way)
		if rest = after; rest != "" {
			if rest = strings.TrimLeft(rest[1:], " "); rest == "" {
				return path{}, "want a path after the last |"
			}
		}
	}
	return p, ""
}

// parseWay reads steps up to a |, which rest begins with, or the end.
func parseWay(s string) (way []step, rest, problem string) {
	s = strings.TrimLeft(s, " ")
	begun := strings.HasPrefix(s, "$")
	if begun {
		s = s[1:]
	}
	for first := !begun; ; first = false {
		blank := strings.TrimLeft(s, " ")
		switch {
		case blank == "" || blank[0] == '|':
			if first {
				return nil, "", "want a path such as choices[0].text"
			}
			return way, blank, ""
		case len(way) == mostSteps:
			return nil, "", "want at most " + strconv.Itoa(mostSteps) + " steps"
		case s[0] == '[':
			var st step
			if st, s, problem = parseBracket(s[1:]); problem != "" {
				return nil, "", problem
			}
			way = append(way, st)
			continue
		case s[0] == '.' && !first:
			s = s[1:]
		case !first:
			return nil, "", "want . or [ before " + strict.Quote(s)
		}
		n := nameEnd(s)
		if n == 0 {
			return nil, "", "want a name before " + strict.Quote(s)
		}
		way = append(way, step{kind: toName, names: []string{strings.Clone(s[:n])}})
		s = s[n:]
	}
}

// nameEnd is how long a name is that needs no quotes.
func nameEnd(s string) int {
	if n := strings.IndexAny(s, ".[]|=!\"'$ "); n >= 0 {
		return n
	}
	return len(s)
}

// parseBracket reads a step behind its bracket.
func parseBracket(s string) (st step, rest, problem string) {
	const want = `want a number, *, a "name" or a filter such as type=text in [ ]`
	if strings.HasPrefix(s, `"`) {
		n := quotedEnd(s)
		var doc rawjson.Doc
		if n == 0 || n == len(s) || s[n] != ']' || doc.Parse([]byte(s[:n])) != nil {
			return st, "", want
		}
		return step{kind: toName, names: []string{doc.Root().Str()}}, s[n+1:], ""
	}
	inside, rest, ok := strings.Cut(s, "]")
	if !ok {
		return st, "", "want ] at the end of [" + strict.Quote(s)
	}
	if inside == "*" {
		return step{kind: toAll}, rest, ""
	}
	if n, err := strconv.Atoi(inside); err == nil {
		return step{kind: toIndex, index: n}, rest, ""
	}
	left, word, ok := strings.Cut(inside, "=")
	if !ok {
		return st, "", want
	}
	left, other := strings.CutSuffix(left, "!")
	st = step{kind: ifSame, word: strings.Clone(word), names: strings.Split(strings.Clone(left), ".")}
	if other {
		st.kind = ifOther
	}
	if left == eventName {
		st.kind += ifEvent - ifSame
		return st, rest, ""
	}
	for _, name := range st.names {
		if name == "" || nameEnd(name) < len(name) {
			return st, "", want
		}
	}
	return st, rest, ""
}

// quotedEnd is where a quoted name ends; 0 if it does not.
func quotedEnd(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return 0
}

// A place is a document that paths are followed in.
type place struct {
	root  rawjson.Value
	event []byte          // type of a server-sent event
	found []rawjson.Value // scratch
}

// all are the values that a path leads to, but for null; void at the next call.
func (a *place) all(p *path) []rawjson.Value {
	for _, way := range p.ways {
		if a.found = a.follow(a.found[:0], a.root, way); len(a.found) > 0 {
			return a.found
		}
	}
	return nil
}

// first is the first of all, absent if there is none.
func (a *place) first(p *path) rawjson.Value {
	if list := a.all(p); len(list) > 0 {
		return list[0]
	}
	return rawjson.Value{}
}

// under is first, but from a value on that an earlier path has led to.
func (a *place) under(v rawjson.Value, p *path) rawjson.Value {
	inner := place{root: v, event: a.event}
	return inner.first(p)
}

func (a *place) follow(dst []rawjson.Value, v rawjson.Value, way []step) []rawjson.Value {
	for i := range way {
		st := &way[i]
		switch st.kind {
		case toName:
			v = v.Get(st.names[0])
		case toIndex:
			n := st.index
			if n < 0 {
				n += v.Len()
			}
			v = v.At(n)
		case ifEvent, ifNoEvent:
			if (string(a.event) == st.word) != (st.kind == ifEvent) {
				return dst
			}
		default:
			if v.Kind() == rawjson.Array {
				for _, e := range v.Elems() {
					if st.kind == toAll || st.holds(e) {
						dst = a.follow(dst, e, way[i+1:])
					}
				}
				return dst
			}
			if st.kind == toAll || !st.holds(v) {
				return dst
			}
		}
		if !v.Exists() {
			return dst
		}
	}
	if v.IsNull() {
		return dst
	}
	return append(dst, v)
}

// holds reports whether a filter does. What is absent counts as null.
func (st *step) holds(v rawjson.Value) bool {
	for _, name := range st.names {
		v = v.Get(name)
	}
	same := false
	switch v.Kind() {
	case rawjson.String:
		same = v.Is(st.word)
	case rawjson.Absent:
		same = st.word == "null"
	default:
		same = string(v.Raw()) == st.word
	}
	return same == (st.kind == ifSame)
}

// is reports whether a path leads to something that counts: not to false, 0, nothing
// between quotes, or an empty array or object.
func (a *place) is(p *path) bool {
	v := a.first(p)
	switch v.Kind() {
	case rawjson.Absent:
		return false
	case rawjson.Array, rawjson.Object:
		return v.Len() > 0
	}
	switch string(v.Raw()) {
	case "false", "0", `""`:
		return false
	}
	return true
}

// word is a string, number or boolean as a text; empty for anything else.
func word(v rawjson.Value) string {
	switch v.Kind() {
	case rawjson.String:
		return v.Str()
	case rawjson.Number, rawjson.Bool:
		return string(v.Raw())
	}
	return ""
}

// inner is a string as it is spelled, nil for anything else; of a number it is the digits,
// for ids are numbers in places.
//
//go:noinline
func inner(v rawjson.Value) chat.Text {
	raw := v.Raw()
	switch v.Kind() {
	case rawjson.String:
		return raw[1 : len(raw)-1 : len(raw)-1]
	case rawjson.Number:
		return raw
	}
	return nil
}

// number is a count; false for anything else.
func number(v rawjson.Value) (int64, bool) {
	n, ok := v.Int64()
	return max(n, 0), ok
}

// blank reports whether there is nothing but white space.
func blank(p []byte) bool { return len(bytes.TrimSpace(p)) == 0 }
