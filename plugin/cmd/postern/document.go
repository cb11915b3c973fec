package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/postern-gateway/postern/adapters/rawjson"
)

// read returns a file's content as JSON, which is what a proxy hands to the module.
// A file is YAML unless its name or its first byte says that it is JSON.
func (c *call) read(file string) ([]byte, error) {
	var b []byte
	var err error
	if file == "-" {
		b, err = io.ReadAll(c.in)
	} else {
		b, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, err
	}
	b = bytes.TrimPrefix(b, []byte("\ufeff"))
	if filepath.Ext(file) == ".json" || file == "-" && bytes.HasPrefix(bytes.TrimSpace(b), []byte("{")) {
		return b, nil
	}
	b, err = yamlToJSON(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return b, nil
}

// yamlToJSON writes one YAML document as JSON: keys stay in order, and duplicate keys
// stay, so that whoever reads the JSON reports them.
func yamlToJSON(b []byte) ([]byte, error) {
	d := yaml.NewDecoder(bytes.NewReader(b))
	var doc yaml.Node
	switch err := d.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, errors.New("the document is empty")
	case err != nil:
		return nil, err
	}
	if err := d.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		return nil, errors.New("want one YAML document, got several")
	}
	y := yamlWriter{}
	if err := y.value(&doc, 0); err != nil {
		return nil, err
	}
	return y.json.Bytes(), nil
}

// A yamlWriter writes YAML as JSON. It counts what it writes, since aliases can make
// a small document very large.
type yamlWriter struct {
	json  rawjson.Writer
	nodes int
}

const (
	maxNodes = 1 << 20
	maxBytes = 64 << 20
	maxDepth = 100
)

func (y *yamlWriter) value(n *yaml.Node, depth int) error {
	if y.nodes++; y.nodes > maxNodes || y.json.Len() > maxBytes || depth > maxDepth {
		return atLine(n, "the document is too large or too deep")
	}
	switch n.Kind {
	case yaml.DocumentNode:
		return y.value(n.Content[0], depth)
	case yaml.AliasNode:
		return y.value(n.Alias, depth+1)
	case yaml.SequenceNode:
		y.json.Array()
		for _, e := range n.Content {
			if err := y.value(e, depth+1); err != nil {
				return err
			}
		}
		y.json.EndArray()
		return nil
	case yaml.MappingNode:
		return y.mapping(n, depth)
	}
	return y.scalar(n)
}

func (y *yamlWriter) mapping(n *yaml.Node, depth int) error {
	y.json.Object()
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode || key.ShortTag() == "!!merge" {
			return atLine(key, "want a plain key; merge keys and compound keys cannot be written as JSON")
		}
		y.json.Key(key.Value)
		if err := y.value(n.Content[i+1], depth+1); err != nil {
			return err
		}
	}
	y.json.EndObject()
	return nil
}

func (y *yamlWriter) scalar(n *yaml.Node) error {
	switch tag := n.ShortTag(); tag {
	case "!!str", "!!timestamp": // JSON has no dates: they are text as written
		y.json.Str(n.Value)
	case "!!null":
		y.json.Null()
	case "!!bool":
		var b bool
		if err := n.Decode(&b); err != nil {
			return atLine(n, "want true or false")
		}
		y.json.Bool(b)
	case "!!int":
		var i int64
		if err := n.Decode(&i); err != nil {
			return atLine(n, "want an integer of 64 bits")
		}
		y.json.Raw(strconv.AppendInt(nil, i, 10))
	case "!!float":
		var f float64
		if err := n.Decode(&f); err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			return atLine(n, "want a number that JSON has")
		}
		y.json.Raw(rawjson.AppendFloat(nil, f))
	default:
		return atLine(n, "JSON has no type for "+tag)
	}
	return nil
}

func atLine(n *yaml.Node, problem string) error {
	return fmt.Errorf("line %d: %s", n.Line, problem)
}
