package bootstrap

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"
)

// A node is a value of a YAML or JSON document with the line it stands on.
type node struct {
	kind kind
	line int
	text string // of scalars
	keys []string
	sub  []*node // values of keys, or items
}

type kind uint8

const (
	kindNull kind = iota
	kindBool
	kindNumber
	kindString
	kindList
	kindObject
)

// String is the kind as errors name it.
func (k kind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "a list", "an object"}[k]
}

// maxDepth bounds how far documents may nest.
const maxDepth = 200

// parse reads a document: JSON if it is that, else YAML. JSON is not left to the
// YAML parser, which knows neither its tabs nor its surrogate pairs.
func parse(doc []byte) (*node, error) {
	if json.Valid(doc) {
		p := &jsonParser{doc: doc, dec: json.NewDecoder(bytes.NewReader(doc))}
		p.dec.UseNumber()
		return p.value(0)
	}
	dec := yaml.NewDecoder(bytes.NewReader(doc))
	var y yaml.Node
	if err := dec.Decode(&y); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.New("the file is empty")
		}
		return nil, err
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one document in the file")
	}
	return fromYAML(&y, 0)
}

func fromYAML(y *yaml.Node, depth int) (*node, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("line %d: nested deeper than %d", y.Line, maxDepth)
	}
	n := &node{line: y.Line, text: y.Value}
	switch y.Kind {
	case yaml.DocumentNode:
		return fromYAML(y.Content[0], depth)
	case yaml.AliasNode:
		return fromYAML(y.Alias, depth+1)
	case yaml.ScalarNode:
		n.kind = scalarKind(y)
		return n, nil
	case yaml.SequenceNode:
		n.kind = kindList
		for _, c := range y.Content {
			one, err := fromYAML(c, depth+1)
			if err != nil {
				return nil, err
			}
			n.sub = append(n.sub, one)
		}
		return n, nil
	}
	n.kind = kindObject
	for i := 0; i+1 < len(y.Content); i += 2 {
		key := y.Content[i]
		if key.Tag == "!!merge" {
			return nil, fmt.Errorf("line %d: merge keys (<<) are not known to the proxy either", key.Line)
		}
		one, err := fromYAML(y.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		n.keys = append(n.keys, key.Value)
		n.sub = append(n.sub, one)
	}
	return n, nil
}

func scalarKind(y *yaml.Node) kind {
	switch y.ShortTag() {
	case "!!null":
		return kindNull
	case "!!bool":
		return kindBool
	case "!!int", "!!float":
		return kindNumber
	}
	return kindString
}

// A jsonParser keeps count of lines.
type jsonParser struct {
	doc     []byte
	dec     *json.Decoder
	counted int64
	lines   int
}

func (p *jsonParser) line() int {
	at := p.dec.InputOffset()
	p.lines += bytes.Count(p.doc[p.counted:at], []byte("\n"))
	p.counted = at
	return p.lines + 1
}

func (p *jsonParser) value(depth int) (*node, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("line %d: nested deeper than %d", p.line(), maxDepth)
	}
	t, err := p.dec.Token()
	if err != nil {
		return nil, err
	}
	n := &node{line: p.line()}
	switch t := t.(type) {
	case nil:
		n.kind = kindNull
	case bool:
		n.kind, n.text = kindBool, fmt.Sprint(t)
	case json.Number:
		n.kind, n.text = kindNumber, t.String()
	case string:
		n.kind, n.text = kindString, t
	case json.Delim:
		n.kind = kindObject
		if t == '[' {
			n.kind = kindList
		}
		return n, p.members(n, depth)
	}
	return n, nil
}

func (p *jsonParser) members(n *node, depth int) error {
	for p.dec.More() {
		if n.kind == kindObject {
			key, err := p.dec.Token()
			if err != nil {
				return err
			}
			n.keys = append(n.keys, key.(string)) // a valid document has no other keys
		}
		one, err := p.value(depth + 1)
		if err != nil {
			return err
		}
		n.sub = append(n.sub, one)
	}
	_, err := p.dec.Token()
	return err
}

// json is the value as compact JSON, members in the document's order.
func (n *node) json() []byte {
	return n.appendJSON(nil)
}

func (n *node) appendJSON(b []byte) []byte {
	switch n.kind {
	case kindNull:
		return append(b, "null"...)
	case kindBool:
		if n.truth() {
			return append(b, "true"...)
		}
		return append(b, "false"...)
	case kindNumber:
		if json.Valid([]byte(n.text)) {
			return append(b, n.text...)
		}
		var v any // YAML writes some numbers as JSON does not
		if err := yaml.Unmarshal([]byte(n.text), &v); err == nil {
			if j, err := json.Marshal(v); err == nil {
				return append(b, j...)
			}
		}
		return appendJSONString(b, n.text)
	case kindString:
		return appendJSONString(b, n.text)
	}
	open, end := byte('['), byte(']')
	if n.kind == kindObject {
		open, end = '{', '}'
	}
	b = append(b, open)
	for i, sub := range n.sub {
		if i > 0 {
			b = append(b, ',')
		}
		if n.kind == kindObject {
			b = append(appendJSONString(b, n.keys[i]), ':')
		}
		b = sub.appendJSON(b)
	}
	return append(b, end)
}

func (n *node) truth() bool {
	switch n.text {
	case "true", "True", "TRUE":
		return true
	}
	return false
}

func appendJSONString(b []byte, s string) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return append(b, `""`...) // strings always encode
	}
	return append(b, bytes.TrimRight(buf.Bytes(), "\n")...)
}
