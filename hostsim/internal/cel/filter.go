package cel

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/hostsim/internal/format"
)

// A Filter says yes or no about a stream.
type Filter func(format.Stream) bool

// ParseFilter reads the expression of an access log's filter. An attribute that is not
// served is an error at once. One that a stream does not have makes an evaluation an
// error, and so the answer no. As in Envoy a filter has no macros and no string(), and
// cannot add strings or lists.
func ParseFilter(text string) (Filter, error) {
	p, err := Compile(text)
	if err != nil {
		return nil, err
	}
	if err := check(p.root); err != nil {
		return nil, err
	}
	return func(s format.Stream) bool {
		e := &evaluation{left: maxIterations, noConcat: true, lookup: func(name string) (any, bool) {
			return attributes{s, name}, true
		}}
		v, err := p.root.eval(e)
		yes, ok := v.(bool)
		return err == nil && ok && yes
	}, nil
}

// check refuses what filters do not have.
func check(n node) error {
	switch n := n.(type) {
	case *comprehension:
		return fmt.Errorf("%s is not supported", n.macro)
	case *call:
		if n.name == "string" {
			return fmt.Errorf("string is not supported")
		}
		if n.name == "[]" && isLookup(n.args[0]) {
			return check(n.args[1])
		}
		if n.name == "in" && isLookup(n.args[1]) {
			return check(n.args[0])
		}
	case *selection:
		if isLookup(n.of) || scalar(pathOf(n)) != nil {
			return nil
		}
	}
	if path := pathOf(n); path != "" {
		return fmt.Errorf("attribute %s is not supported", path)
	}
	for _, c := range n.children() {
		if err := check(c); err != nil {
			return err
		}
	}
	return nil
}

// pathOf is the dotted name that a node is, or "".
func pathOf(n node) string {
	switch n := n.(type) {
	case *identifier:
		if !isType(n.name) {
			return n.name
		}
	case *selection:
		if of := pathOf(n.of); of != "" {
			return of + "." + n.field
		}
	}
	return ""
}

// isLookup reports whether a node is one of the attributes that have keys.
func isLookup(n node) bool {
	switch pathOf(n) {
	case "filter_state", "request.headers", "response.headers", "response.trailers":
		return true
	}
	return false
}

// attributes are those of a stream below a name. Their keys cannot be listed.
type attributes struct {
	s    format.Stream
	name string
}

func (a attributes) Keys() []any { return nil }
func (a attributes) Len() int    { return 0 }

func (a attributes) Get(key any) (any, bool) {
	field, ok := key.(string)
	if !ok {
		return nil, false
	}
	switch a.name {
	case "request.headers":
		return a.header(format.Request, field)
	case "response.headers":
		return a.header(format.Response, field)
	case "response.trailers":
		return a.header(format.Trailer, field)
	case "filter_state":
		state, ok := strings.CutPrefix(field, "wasm.")
		if !ok {
			return nil, false
		}
		v, set := a.s.FilterState(state)
		return v, set
	}
	if get := scalar(a.name + "." + field); get != nil {
		return get(a)
	}
	return attributes{a.s, a.name + "." + field}, true
}

func (a attributes) header(from format.Source, name string) (any, bool) {
	v, ok := a.s.Header(from, strings.ToLower(name))
	return v, ok
}

// scalar returns how an attribute is looked up, or nil if it is not served.
func scalar(name string) func(attributes) (any, bool) {
	header := func(name string) func(attributes) (any, bool) {
		return func(a attributes) (any, bool) { return a.header(format.Request, name) }
	}
	info := func(operator string) func(attributes) (any, bool) {
		return func(a attributes) (any, bool) { return information(a.s, operator) }
	}
	switch name {
	case "request.method":
		return header(":method")
	case "request.path":
		return header(":path")
	case "request.host":
		return header(":authority")
	case "request.url_path":
		return func(a attributes) (any, bool) {
			path, ok := a.s.Header(format.Request, ":path")
			path, _, _ = strings.Cut(path, "?")
			return path, ok
		}
	case "request.protocol":
		return info("PROTOCOL")
	case "response.code":
		return info("RESPONSE_CODE")
	case "response.code_details":
		return info("RESPONSE_CODE_DETAILS")
	case "xds.route_name":
		return info("ROUTE_NAME")
	}
	return nil
}

func information(s format.Stream, operator string) (any, bool) {
	v, ok := s.Info(operator)
	if !ok || !v.Number {
		return v.Text, ok
	}
	n, err := strconv.ParseInt(v.Text, 10, 64)
	return n, err == nil
}
