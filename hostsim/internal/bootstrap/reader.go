package bootstrap

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Problem is something that the file must not say.
type Problem struct {
	Path string
	Line int
	Text string
}

// String is the problem on one line.
func (p Problem) String() string {
	return fmt.Sprintf("line %d: %s: %s", p.Line, p.Path, p.Text)
}

// Problems are everything that is wrong with a file, in its order.
type Problems []Problem

// Error has one line for each.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = one.String()
	}
	return strings.Join(lines, "\n")
}

// A reader collects what is wrong, and what has no effect here.
type reader struct {
	problems Problems
	ignored  []Problem
}

func (r *reader) problem(path string, line int, format string, args ...any) {
	r.problems = append(r.problems, Problem{path, line, fmt.Sprintf(format, args...)})
}

func (r *reader) err() error {
	if len(r.problems) == 0 {
		return nil
	}
	slices.SortStableFunc(r.problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return r.problems
}

// An object is read key by key; done refuses what nobody has read. Keys may be
// written in snake_case or, as protobuf's JSON form allows, in lowerCamelCase.
// The zero object stands for one that is missing: everything in it is too.
type object struct {
	r    *reader
	n    *node
	path string
	read []string
}

func (r *reader) root(n *node) *object {
	return r.object(n, "")
}

func (r *reader) object(n *node, path string) *object {
	o := &object{r: r, n: n, path: path}
	if n.kind == kindNull {
		o.n = &node{kind: kindObject, line: n.line}
		return o
	}
	if n.kind != kindObject {
		r.problem(path, n.line, "want an object, got %s", n.kind)
		o.n = &node{kind: kindObject, line: n.line}
		return o
	}
	for i, k := range n.keys {
		if slices.ContainsFunc(n.keys[:i], func(other string) bool { return snake(other) == snake(k) }) {
			r.problem(o.at(k), n.sub[i].line, "given twice")
		}
	}
	return o
}

func (o *object) at(key string) string {
	if o.path == "" {
		return key
	}
	return o.path + "." + key
}

// fail reports a problem of the object itself.
func (o *object) fail(format string, args ...any) { o.r.problem(o.path, o.n.line, format, args...) }

// failAt reports a problem of one of its keys.
func (o *object) failAt(key, format string, args ...any) {
	line := o.n.line
	if i := o.index(key); i >= 0 {
		line = o.n.sub[i].line
	}
	o.r.problem(o.at(key), line, format, args...)
}

func (o *object) index(key string) int {
	return slices.IndexFunc(o.n.keys, func(k string) bool { return k == key || snake(k) == key })
}

// value returns a key's value; nil when it is missing or null.
func (o *object) value(key string) *node {
	o.read = append(o.read, key)
	i := o.index(key)
	if i < 0 || o.n.sub[i].kind == kindNull {
		return nil
	}
	return o.n.sub[i]
}

func (o *object) has(key string) bool {
	i := o.index(key)
	return i >= 0 && o.n.sub[i].kind != kindNull
}

// done refuses every key that was not read.
func (o *object) done() {
	for i, k := range o.n.keys {
		if slices.Contains(o.read, k) || slices.Contains(o.read, snake(k)) {
			continue
		}
		hint := ""
		if near := nearest(snake(k), o.read); near != "" {
			hint = fmt.Sprintf(" (did you mean %q?)", near)
		}
		o.r.problem(o.at(k), o.n.sub[i].line, "not supported%s", hint)
	}
}

// ignore accepts keys that change nothing here, and says so.
func (o *object) ignore(why string, keys ...string) {
	for _, k := range keys {
		if n := o.value(k); n != nil {
			o.r.ignored = append(o.r.ignored, Problem{o.at(k), n.line, why})
		}
	}
}

// only accepts a key with the one value that is served anyway.
func (o *object) only(key, want string) {
	n := o.value(key)
	if n != nil && (n.kind == kindList || n.kind == kindObject || n.text != want) {
		o.failAt(key, "only %s is supported", want)
	}
}

func (o *object) str(key, unset string) string {
	n := o.value(key)
	if n == nil {
		return unset
	}
	if n.kind != kindString {
		o.failAt(key, "want a string, got %s", n.kind)
		return unset
	}
	return n.text
}

// required is str for keys that must be there.
func (o *object) required(key string) string {
	s := o.str(key, "")
	if s == "" {
		o.failAt(key, "missing")
	}
	return s
}

// word is a string out of a list.
func (o *object) word(key, unset string, known ...string) string {
	s := o.str(key, unset)
	if s != unset && !slices.Contains(known, s) {
		o.failAt(key, "want one of %s, got %q", strings.Join(known, ", "), s)
		return unset
	}
	return s
}

func (o *object) boolean(key string, unset bool) bool {
	n := o.value(key)
	if n == nil {
		return unset
	}
	if n.kind != kindBool {
		o.failAt(key, "want true or false, got %s", n.kind)
		return unset
	}
	return n.truth()
}

// integer also takes digits in quotes, as protobuf's JSON form does.
func (o *object) integer(key string, unset, least, most int) int {
	n := o.value(key)
	if n == nil {
		return unset
	}
	v, err := strconv.Atoi(n.text)
	switch {
	case n.kind != kindNumber && n.kind != kindString || err != nil:
		o.failAt(key, "want an integer, got %s", n.described())
		return unset
	case v < least || v > most:
		o.failAt(key, "want %d to %d, got %d", least, most, v)
		return unset
	}
	return v
}

func (o *object) number(n *node, key string) float64 {
	v, err := strconv.ParseFloat(n.text, 64)
	if n.kind != kindNumber || err != nil {
		o.failAt(key, "want numbers, got %s", n.described())
	}
	return v
}

// duration is seconds with an s behind them: "0.25s".
func (o *object) duration(key string, unset time.Duration) time.Duration {
	n := o.value(key)
	if n == nil {
		return unset
	}
	seconds, ok := strings.CutSuffix(n.text, "s")
	v, err := strconv.ParseFloat(seconds, 64)
	if n.kind != kindString || !ok || err != nil || v < 0 || v > 1e9 {
		o.failAt(key, `want seconds such as "0.25s", got %s`, n.described())
		return unset
	}
	return time.Duration(v * float64(time.Second))
}

func (n *node) described() string {
	if n.kind == kindString || n.kind == kindNumber {
		return strconv.Quote(n.text)
	}
	return n.kind.String()
}

// child is an object below the key; ok is false when it is missing.
func (o *object) child(key string) (*object, bool) {
	n := o.value(key)
	if n == nil {
		return o.r.object(&node{kind: kindObject, line: o.n.line}, o.at(key)), o.has(key)
	}
	return o.r.object(n, o.at(key)), true
}

// list calls f with every object of a list.
func (o *object) list(key string, f func(*object)) {
	for i, n := range o.items(key) {
		f(o.r.object(n, fmt.Sprintf("%s[%d]", o.at(key), i)))
	}
}

// strings is a list of strings.
func (o *object) strings(key string) []string {
	var out []string
	for i, n := range o.items(key) {
		if n.kind != kindString {
			o.r.problem(fmt.Sprintf("%s[%d]", o.at(key), i), n.line, "want a string, got %s", n.kind)
			continue
		}
		out = append(out, n.text)
	}
	return out
}

func (o *object) items(key string) []*node {
	n := o.value(key)
	if n == nil {
		return nil
	}
	if n.kind != kindList {
		o.failAt(key, "want a list, got %s", n.kind)
		return nil
	}
	return n.sub
}

// typed is an object below the key that carries its type. It is ok when the type
// is the one wanted; others are refused.
func (o *object) typed(key, want string) (*object, bool) {
	c, ok := o.child(key)
	if !ok {
		o.failAt(key, "missing")
		return c, false
	}
	if got := c.typeName(); got != want {
		c.failAt("@type", "only %s is supported here, got %q", want, got)
		return c, false
	}
	return c, true
}

// typeName reads @type without the host in front of it.
func (o *object) typeName() string {
	url := o.str("@type", "")
	return strings.TrimPrefix(url, "type.googleapis.com/")
}

// oneOf returns which of the keys is given; it has to be exactly one of them.
func (o *object) oneOf(keys ...string) string {
	var given []string
	for _, k := range keys {
		if o.has(k) {
			given = append(given, k)
		}
	}
	if len(given) != 1 {
		o.fail("want exactly one of %s, got %d", strings.Join(keys, ", "), len(given))
		return ""
	}
	return given[0]
}

func snake(key string) string {
	if !strings.ContainsFunc(key, func(r rune) bool { return r >= 'A' && r <= 'Z' }) {
		return key
	}
	var b strings.Builder
	for _, r := range key {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// nearest is the known word at most two edits away.
func nearest(word string, known []string) string {
	best, at := "", 3
	for _, k := range known {
		if d := distance(word, k); d < at {
			best, at = k, d
		}
	}
	return best
}

func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
