package cache

import (
	"strings"
	"unicode/utf8"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/embed"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

var tasks = [...]string{embed.TaskDocument: "document", embed.TaskQuery: "query", embed.TaskClassification: "classification",
	embed.TaskClustering: "clustering", embed.TaskSimilarity: "similarity"}

// Input is the key of one input's embedding.
func (k *Keyer) Input(q *Question, r *embed.Request, i int) Key {
	if c := &k.c; k.begin(q, i) {
		c.object("request")
		c.integer("dimensions", r.Dimensions)
		c.extra(r.Dialect, r.Extra)
		if in := &r.Inputs[i]; in.Tokens != nil {
			c.value("input", in.Tokens)
		} else {
			c.Key("input")
			c.string(in.Text)
		}
		c.word("task", tasks[r.Task])
		c.Raw("}")
	}
	return k.end(q)
}

// An Origin is where a request has come in that is compared as its client has written it.
type Origin struct{ Dialect, Path string }

// Body is the key of a request that is one JSON object.
func (k *Keyer) Body(q *Question, o Origin, request rawjson.Value) Key {
	if c := &k.c; k.begin(q, 0) {
		c.object("request")
		c.Key("body")
		c.members(request, plainly)
		c.origin(o)
	}
	return k.end(q)
}

// plainly reports whether a member of a request's body changes nothing, or is said elsewhere.
func plainly(key []byte, v rawjson.Value) bool {
	return v.IsNull() || string(key) == "model" || string(key) == "user"
}

func (c *canon) origin(o Origin) {
	c.word("dialect", o.Dialect)
	c.word("path", o.Path)
	c.Raw("}")
}

// A Field is one of a form's parts. File says that it has a file's name, whatever that is.
type Field struct {
	Name  string
	Value []byte
	File  bool
}

// Form is the key of a request that is a form.
func (k *Keyer) Form(q *Question, o Origin, fields []Field) Key {
	if c := &k.c; k.begin(q, 0) {
		c.object("request")
		c.word("dialect", o.Dialect)
		c.array("form")
		for _, i := range ordered(len(fields), func(a, b uint32) int {
			if n := strings.Compare(fields[a].Name, fields[b].Name); n != 0 {
				return n
			}
			return int(a) - int(b) // those of one name in the order that they have
		}) {
			c.field(&fields[i])
		}
		c.Raw("]")
		c.word("path", o.Path)
		c.Raw("}")
	}
	return k.end(q)
}

func (c *canon) field(f *Field) {
	if f.Name == "model" || f.Name == "user" {
		return
	}
	c.pair(f.Name)
	switch {
	case f.File:
		c.Raw("{")
		c.digest("sha256", f.Value)
		c.Raw("}")
	case !utf8.Valid(f.Value):
		c.Raw("{")
		c.digest("text_sha256", f.Value)
		c.Raw("}")
	default:
		c.Dst = rawjson.AppendString(c.Dst, f.Value)
	}
	c.Raw("]")
}

// Refuses is why a request has nothing to do with the cache that is compared as its client
// has written it; empty if it has.
func (p *Policy) Refuses(store, temperature chat.Raw) string {
	return p.Asking(&chat.Request{Store: store, Temperature: temperature})
}
