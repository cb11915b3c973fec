package cel

import "errors"

// presence is the macro has().
func presence(arg node) (node, error) {
	s, ok := arg.(*selection)
	if !ok || s.test {
		return nil, errors.New("has: want a field")
	}
	return &selection{of: s.of, field: s.field, test: true}, nil
}

// memberCall is a macro over a range, or a call of a function in front of whose name
// its first argument stands.
func (p *parser) memberCall(on node, name string, args []node) (node, error) {
	loop := &comprehension{macro: name, over: on}
	switch {
	case len(args) == 2 && (name == "all" || name == "exists" || name == "exists_one" || name == "filter"):
		loop.condition = args[1]
	case len(args) == 2 && name == "map":
		loop.result = args[1]
	case len(args) == 3 && name == "map":
		loop.condition, loop.result = args[1], args[2]
	default:
		return p.function(name, styleMember, append([]node{on}, args...)), nil
	}
	v, ok := args[0].(*identifier)
	if !ok || v.name == "__result__" {
		return nil, errors.New(name + ": want a name for the variable")
	}
	loop.variable = v.name
	return loop, nil
}

// function is a call of a function of functions.go.
func (p *parser) function(name string, s style, args []node) node {
	for _, f := range functions {
		if f.name == name && f.style&s != 0 && f.arguments == len(args) {
			return &call{name, f.apply, args}
		}
	}
	p.refuse("there is no function %s of %d arguments", name, len(args))
	return &constant{nil}
}

// A comprehension is the macro all, exists, exists_one, filter or map.
type comprehension struct {
	macro, variable   string
	over              node
	condition, result node // either may be missing
}

func (n *comprehension) children() []node {
	all := []node{n.over}
	for _, c := range []node{n.condition, n.result} {
		if c != nil {
			all = append(all, c)
		}
	}
	return all
}

func (n *comprehension) eval(e *evaluation) (any, error) {
	over, err := n.over.eval(e)
	if err != nil {
		return nil, err
	}
	items, ok := over.([]any)
	if m, isMap := over.(Map); isMap {
		items, ok = m.Keys(), true
	}
	if !ok {
		return nil, errOverload
	}
	if n.macro == "all" || n.macro == "exists" {
		return n.decide(e, items)
	}
	return n.collect(e, items)
}

// with evaluates a part with the variable set.
func (n *comprehension) with(e *evaluation, item any, part node) (any, error) {
	e.vars = &variable{n.variable, item, e.vars}
	defer func() { e.vars = e.vars.outer }()
	return part.eval(e)
}

// decide is all and exists: an error counts only if no item decides.
func (n *comprehension) decide(e *evaluation, items []any) (any, error) {
	j := junction{decided: n.macro == "exists"}
	for _, item := range items {
		if e.left--; e.left < 0 {
			return nil, errBudget
		}
		if j.add(n.with(e, item, n.condition)) {
			break
		}
	}
	return j.result()
}

// collect is exists_one, filter and map.
func (n *comprehension) collect(e *evaluation, items []any) (any, error) {
	out := []any{}
	for _, item := range items {
		if e.left--; e.left < 0 {
			return nil, errBudget
		}
		if n.condition != nil {
			v, err := n.with(e, item, n.condition)
			yes, ok := v.(bool)
			if err != nil {
				return nil, err
			}
			if !ok {
				return nil, errOverload
			}
			if !yes {
				continue
			}
		}
		if n.result != nil {
			var err error
			if item, err = n.with(e, item, n.result); err != nil {
				return nil, err
			}
		}
		out = append(out, item)
	}
	if n.macro == "exists_one" {
		return len(out) == 1, nil
	}
	return out, nil
}
