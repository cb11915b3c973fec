package custom

import (
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// A path says where something is in a document: one way or several, of which the first
// holds that leads to something. The grammar is
//
//	path   = way *("|" way)
//	way    = ["$"] *step
//	step   = "." name / "[" index "]" / "[*]" / "[" filter "]"
//	index  = whole number, from the end if it is negative
//	filter = ("@event" / name *("." name)) ("=" / "!=") word
//
// with no dot before the first name, and blanks around a way. A filter keeps those elements
// of an array in which it holds, or an object if it does. "@event" is the type of a
// server-sent event.
type path [][]step

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
	ifSame  // a filter with =
	ifOther // with !=
)

const (
	mostSteps = 32 // of a way
	eventName = "@event"
	wantPath  = "want a path such as choices[0].text, items[*].text, items[type=text].text or a.b|c"
)

// parsePath compiles a path; an empty one is none.
func parsePath(s string) (p path, ok bool) {
	if s == "" {
		return nil, true
	}
	for _, way := range split(s, '|') {
		steps, ok := parseWay(trim(way))
		if !ok {
			return nil, false
		}
		p = append(p, steps)
	}
	return p, true
}

// split is what is between separators.
func split(s string, by byte) (list []string) {
	for {
		i := strings.IndexByte(s, by)
		if i < 0 {
			return append(list, s)
		}
		list = append(list, s[:i])
		s = s[i+1:]
	}
}

// trim takes blanks off.
//
//go:noinline
func trim(s string) string { return strings.TrimSpace(s) }

func parseWay(s string) (way []step, ok bool) {
	switch {
	case s == "":
		return nil, false
	case s[0] == '$':
		s = s[1:]
	case s[0] != '[':
		s = "." + s
	}
	for s != "" {
		var st step
		n := 1
		switch s[0] {
		case '.':
			n += nameEnd(s[1:])
			st.names = []string{s[1:n]}
			ok = n > 1
		case '[':
			if n = strings.IndexByte(s, ']') + 1; n > 0 {
				st, ok = parseBracket(s[1 : n-1])
			}
		default:
			ok = false
		}
		if !ok || n == 0 || len(way) == mostSteps {
			return nil, false
		}
		way, s = append(way, st), s[n:]
	}
	return way, true
}

// nameEnd is where the name ends that s begins with.
//
//go:noinline
func nameEnd(s string) int {
	for i := range len(s) {
		if strings.IndexByte(".[]=!\"'$|{} ", s[i]) >= 0 {
			return i
		}
	}
	return len(s)
}

// parseBracket reads what is between brackets.
func parseBracket(s string) (st step, ok bool) {
	if s == "*" {
		return step{kind: toAll}, true
	}
	n := strings.IndexByte(s, '=')
	if n < 1 {
		i, err := strconv.Atoi(s)
		return step{kind: toIndex, index: i}, err == nil
	}
	st.kind, st.word = ifSame, s[n+1:]
	if s = s[:n]; s[n-1] == '!' {
		st.kind, s = ifOther, s[:n-1]
	}
	st.names = split(s, '.')
	for _, name := range st.names {
		if name == "" || nameEnd(name) < len(name) {
			return st, false
		}
	}
	return st, true
}

// A place is where paths are followed.
type place struct {
	event []byte          // type of a server-sent event
	found []rawjson.Value // scratch
}

// all are the values that a path leads to from v, but for null; void at the next call.
func (a *place) all(v rawjson.Value, p path) []rawjson.Value {
	for _, way := range p {
		if a.found = a.follow(a.found[:0], v, way); len(a.found) > 0 {
			return a.found
		}
	}
	return nil
}

// first is the first of all, absent if there is none.
//
//go:noinline
func (a *place) first(v rawjson.Value, p path) rawjson.Value {
	if list := a.all(v, p); len(list) > 0 {
		return list[0]
	}
	return rawjson.Value{}
}

func (a *place) follow(dst []rawjson.Value, v rawjson.Value, way []step) []rawjson.Value {
	for i := range way {
		st := &way[i]
		switch {
		case st.kind == toName:
			v = v.Get(st.names[0])
		case st.kind == toIndex:
			n := st.index
			if n < 0 {
				n += v.Len()
			}
			v = v.At(n)
		case v.Kind() == rawjson.Array:
			for e := v.Items(); e.Next(); {
				if a.holds(st, e.Value) {
					dst = a.follow(dst, e.Value, way[i+1:])
				}
			}
			return dst
		case st.kind == toAll || !a.holds(st, v):
			return dst
		}
	}
	if v.Kind() <= rawjson.Null {
		return dst
	}
	return append(dst, v)
}

// holds reports whether a filter does. What is absent counts as null.
func (a *place) holds(st *step, v rawjson.Value) bool {
	if st.kind == toAll {
		return true
	}
	v = v.Find(st.names...)
	got := v.Raw()
	switch {
	case st.names[0] == eventName:
		got = a.event
	case v.Kind() == rawjson.String:
		got = v.Bytes()
	case got == nil:
		got = []byte("null")
	}
	return (string(got) == st.word) == (st.kind == ifSame)
}

// is reports whether a path leads to something that counts: not to false, 0, an empty
// string or an empty array.
func (a *place) is(v rawjson.Value, p path) bool {
	if p == nil {
		return false
	}
	v = a.first(v, p)
	switch string(v.Raw()) {
	case "", "false", "0", `""`, "[]":
		return false
	}
	return true
}

// word is a string, number or boolean as a text; empty for anything else.
//
//go:noinline
func word(v rawjson.Value) string {
	switch v.Kind() {
	case rawjson.String:
		return v.Str()
	case rawjson.Number, rawjson.Bool:
		return string(v.Raw())
	}
	return ""
}

// spelled is a word as it is spelled in JSON; empty for anything else.
//
//go:noinline
func spelled(v rawjson.Value) chat.Text {
	switch v.Kind() {
	case rawjson.Number, rawjson.Bool:
		return v.Raw()
	}
	return chat.Spelled(v)
}

// read parses a document, which may have halves of characters in it if lone.
//
//go:noinline
func read(p []byte, lone bool) (rawjson.Value, error) {
	doc := rawjson.Doc{LoneSurrogates: lone}
	err := doc.Parse(p)
	return doc.Root(), err
}

// quote appends a string.
//
//go:noinline
func quote(dst []byte, s string) []byte { return rawjson.AppendString(dst, s) }
