package custom

import (
	"strings"

	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/strict"
)

// A node is a compiled template, or a part of one.
type node struct {
	kind nodeKind
	key  []byte // with quotes and colon, of an object's member
	text []byte // JSON of a literal; of a piece of text its characters, as JSON spells them
	name name
	kids []node // members, elements, pieces
}

type nodeKind uint8

const (
	literal nodeKind = iota
	value            // a name; text is its default
	text             // pieces of a string
	object
	array
)

// uses are names as bits.
type uses uint64

func (u uses) has(n name) bool { return u&(1<<n) != 0 }

// A compiler compiles templates and reports what is wrong with them.
type compiler struct {
	o     *strict.Object // for errors
	scope scope
	used  uses
}

// template compiles the JSON value at key; nil if there is none.
func template(o *strict.Object, key, doc string, s scope) (*node, uses) {
	v := o.Raw(key, doc)
	if !v.Exists() {
		return nil, 0
	}
	c := compiler{o: o, scope: s}
	n := c.compile(v)
	return &n, c.used
}

// builtIn compiles a template of this package's own.
func builtIn(s scope, source string) (*node, uses) {
	var doc rawjson.Doc
	_ = doc.Parse([]byte(source)) // tests compile each
	c := compiler{scope: s}
	n := c.compile(doc.Root())
	return &n, c.used
}

// compile compiles one value. What holds no name stays as it is written.
func (c *compiler) compile(v rawjson.Value) node {
	var n node
	switch v.Kind() {
	case rawjson.String:
		return c.str(v)
	case rawjson.Object:
		n.kind = object
		for k, e := range v.Fields() {
			kid := c.compile(e)
			kid.key = append(append(kid.key, k.Raw()...), ':')
			n.kids = append(n.kids, kid)
		}
	case rawjson.Array:
		n.kind = array
		for _, e := range v.Elems() {
			n.kids = append(n.kids, c.compile(e))
		}
	}
	for i := range n.kids {
		if n.kids[i].kind != literal {
			return n
		}
	}
	return node{text: append([]byte(nil), v.Raw()...)}
}

// str compiles a string: one name alone is its value, anything else a text.
func (c *compiler) str(v rawjson.Value) node {
	n := c.pieces(v.Str(), v)
	switch {
	case len(n.kids) == 0:
		return node{text: append([]byte(nil), v.Raw()...)}
	case len(n.kids) == 1:
		return n.kids[0]
	}
	for i := range n.kids {
		k := &n.kids[i]
		if k.kind != value {
			continue
		}
		if names[k.name].form == whole {
			c.fail(v, "{{"+names[k.name].word+"}} is no text, so nothing can stand beside it")
		}
		k.text = unquoted(k.text)
	}
	return n
}

// pieces cuts a string into its names and what is between them; a string without names
// has none.
func (c *compiler) pieces(s string, at rawjson.Value) node {
	n := node{kind: text}
	for {
		before, after, ok := strings.Cut(s, "{{")
		if !ok {
			break
		}
		inside, rest, ok := strings.Cut(after, "}}")
		if !ok {
			c.fail(at, "want }} after "+strict.Quote("{{"+after))
			return node{}
		}
		n.add(before)
		n.kids = append(n.kids, c.name(inside, at))
		s = rest
	}
	if len(n.kids) > 0 {
		n.add(s)
	}
	return n
}

func (n *node) add(s string) {
	if s != "" {
		n.kids = append(n.kids, node{text: rawjson.AppendEscaped(nil, s)})
	}
}

// name compiles what is between braces: a name, and perhaps a bar and what stands there
// where the request does not say it.
func (c *compiler) name(s string, at rawjson.Value) node {
	w, def, ok := strings.Cut(s, "|")
	w, def = strings.TrimSpace(w), strings.TrimSpace(def)
	n := node{kind: value}
	var there []string
	if n.name, there = find(c.scope, w); n.name == noName {
		c.fail(at, "there is no {{"+cut(w)+"}} here"+strict.Near(w, there)+"; want one of "+strings.Join(there, ", "))
	}
	c.used |= 1 << n.name
	if ok {
		var doc rawjson.Doc
		if err := doc.Parse([]byte(def)); err != nil {
			c.fail(at, "want JSON after the | of {{"+cut(s)+"}}")
			return n
		}
		n.text = []byte(def)
	}
	return n
}

// cut is s cut short, for errors.
func cut(s string) string {
	const most = 40
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "..."
	}
	return s
}

// unquoted is a default as it stands within a string.
func unquoted(def []byte) []byte {
	if len(def) >= 2 && def[0] == '"' {
		return def[1 : len(def)-1]
	}
	return def
}

func (c *compiler) fail(at rawjson.Value, problem string) {
	if c.o != nil {
		c.o.FailAt(at, problem)
	}
}

// turn compiles the string at key, of which a prompt is made.
func turn(o *strict.Object, key, doc, def string) *node {
	s := o.Str(key, doc, def)
	c := compiler{o: o, scope: inTurn}
	n := c.pieces(s, o.Value(key))
	if len(n.kids) == 0 {
		n.add(s)
	}
	for i := range n.kids {
		n.kids[i].text = unquoted(n.kids[i].text)
	}
	return &n
}
