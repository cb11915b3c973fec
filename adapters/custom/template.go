package custom

import (
	"slices"
	"strings"

	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/strict"
)

// A scope is a kind of template, and so what its names are of.
type scope uint8

const (
	inRequest scope = iota // a request of OpenAI's
	inMessage              // one of its messages
	inCall                 // a call in one
	inTool                 // one of its tools
)

// finds are the names whose values are found at them.
var finds = [...]string{
	inRequest: "model stream max_tokens temperature top_p top_k min_p frequency_penalty presence_penalty seed stop user tool_choice parallel_tool_calls " +
		"response_format reasoning_effort logit_bias metadata verbosity prompt_cache_key safety_identifier service_tier store",
	inMessage: "role name tool_call_id",
	inCall:    "id function",
	inTool:    "function",
}

// makes are the names whose values are made.
var makes = [...]string{
	inRequest: "messages tools history last system prompt",
	inMessage: "content tool_calls",
	inCall:    "arguments",
	inTool:    "",
}

// A node is a compiled template, or a part of one.
type node struct {
	kind  nodeKind
	key   []byte // with quotes and colon, of an object's member
	text  []byte // JSON: of a literal, or the default of a value
	made  string // name of a value that is made
	path  path   // of one that is found, from head on if it is in a request
	head  string // the request's member
	scope scope  // what it is found in
	kids  []*node
}

type nodeKind uint8

const (
	literal nodeKind = iota
	value
	pieces // of a string
	object
	array
)

// A compiler compiles templates and reports what is wrong with them.
type compiler struct {
	o     *strict.Object
	scope scope
	extra []string
	names []string // in the template, with what follows them
}

// template compiles the JSON value at key; nil if there is none.
//
//go:noinline
func (c *compiler) template(key, doc string, s scope) *node {
	v := c.o.Raw(key, doc)
	if !v.Exists() {
		return nil
	}
	c.scope = s
	return c.compile(v)
}

func (c *compiler) compile(v rawjson.Value) *node {
	n := &node{kind: object}
	switch v.Kind() {
	case rawjson.String:
		n = c.str(v.Str(), v)
		if len(n.kids) == 1 {
			return n.kids[0] // which is a value by itself, or a text that needs no names
		}
	case rawjson.Object:
		for m := v.Members(); m.Next(); {
			n.add(c.compile(m.Value)).key = clone(m.Key.Raw(), ":")
		}
	case rawjson.Array:
		n.kind = array
		for e := v.Items(); e.Next(); {
			n.add(c.compile(e.Value))
		}
	default:
		n.kind, n.text = literal, clone(v.Raw(), "")
	}
	return n
}

// add appends a member, an element or a piece, and returns it.
//
//go:noinline
func (n *node) add(kid *node) *node {
	n.kids = append(n.kids, kid)
	return kid
}

// clone is a copy of p, for the document of a configuration is not kept, and more.
//
//go:noinline
func clone(p []byte, more string) []byte { return append(append([]byte(nil), p...), more...) }

//go:noinline
func (c *compiler) fail(at rawjson.Value, problem string) { c.o.FailAt(at, problem) }

// str cuts a string into its names and what is between them. There is at least one piece.
func (c *compiler) str(s string, at rawjson.Value) *node {
	n := &node{kind: pieces}
	for {
		before, after, more := strings.Cut(s, "{{")
		if before != "" || !more {
			n.add(&node{text: quote(nil, before)})
		}
		if !more {
			return n
		}
		end := nameLen(after)
		if end < 0 {
			c.fail(at, "want }} behind {{")
			return n
		}
		n.add(c.name(after[:end], at))
		if s = after[end+2:]; s == "" {
			return n
		}
	}
}

// nameLen is how long what is between braces is: up to the first }} behind which a default,
// which may have braces too, is whole; -1 if there is none.
func nameLen(s string) int {
	first := strings.Index(s, "}}")
	bar := strings.IndexByte(s[:max(first, 0)], '|')
	for i := first; bar >= 0 && i+1 < len(s) && i-first < mostDefault; i++ {
		if s[i] != '}' || s[i+1] != '}' {
			continue
		}
		if _, err := read([]byte(s[bar+1:i]), false); err == nil {
			return i
		}
	}
	return first
}

const mostDefault = 1 << 10 // bytes behind the first }} in which the end is sought

// name compiles what is between braces: a name, perhaps a path from there on, and perhaps
// a bar and what stands there where the request does not say it.
func (c *compiler) name(s string, at rawjson.Value) *node {
	w, def, ok := strings.Cut(s, "|")
	w = trim(w)
	head := w[:nameEnd(w)]
	n := &node{kind: value, scope: c.scope}
	list := strings.Fields(makes[c.scope])
	if slices.Contains(list, w) {
		n.made = w
	} else {
		finds := append(strings.Fields(finds[c.scope]), c.extra...)
		var good bool
		if n.path, good = parsePath(w); !good || !slices.Contains(finds, head) {
			c.fail(at, "there is no name "+strict.Quote(w)+" here"+strict.Near(head, append(list, finds...)))
		} else if n.head = head; c.scope == inRequest {
			n.path[0] = n.path[0][1:]
		}
	}
	if ok {
		n.text = []byte(trim(def))
		if _, err := read(n.text, false); err != nil {
			c.fail(at, "want JSON behind the bar of a name")
		}
	}
	c.names = append(c.names, w)
	return n
}

// uses reports whether a template has a name, with or without a path.
//
//go:noinline
func (c *compiler) uses(name string) bool {
	for _, n := range c.names {
		if n[:nameEnd(n)] == name {
			return true
		}
	}
	return false
}
