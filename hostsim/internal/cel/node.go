package cel

import "errors"

// A node is a part of an expression.
type node interface {
	eval(*evaluation) (any, error)
	children() []node
}

// depth counts the nodes from the root to the farthest leaf. What a macro was written
// as counts, not what it becomes.
func depth(n node) int {
	most := 0
	for _, c := range n.children() {
		most = max(most, depth(c))
	}
	if s, ok := n.(*selection); ok && s.test {
		most++
	}
	return most + 1
}

type constant struct{ value any }

func (n *constant) eval(*evaluation) (any, error) { return n.value, nil }
func (n *constant) children() []node              { return nil }

type identifier struct{ name string }

func (n *identifier) children() []node { return nil }

func (n *identifier) eval(e *evaluation) (any, error) {
	v, ok := e.find(n.name)
	if !ok {
		return nil, errMissing
	}
	return v, nil
}

// A selection is a field of a map or a message, or the question whether it is there.
type selection struct {
	of           node
	field        string
	test, quoted bool
}

func (n *selection) children() []node { return []node{n.of} }

func (n *selection) eval(e *evaluation) (any, error) {
	of, err := n.of.eval(e)
	if err != nil {
		return nil, err
	}
	var v any
	var ok bool
	switch of := of.(type) {
	case Map:
		v, ok = of.Get(n.field)
		if n.test {
			return ok, nil
		}
	case Message:
		v, ok = of[n.field]
		if m, isMap := v.(Map); n.test && ok {
			return !isMap || m.Len() > 0, nil
		}
	default:
		return nil, errOverload
	}
	if !ok {
		return nil, errMissing
	}
	return v, nil
}

// A call applies a function or an operator to the values of its arguments.
type call struct {
	name  string
	apply func(*evaluation, []any) (any, error)
	args  []node
}

func (n *call) children() []node { return n.args }

func (n *call) eval(e *evaluation) (any, error) {
	values := make([]any, len(n.args))
	for i, a := range n.args {
		var err error
		if values[i], err = a.eval(e); err != nil {
			return nil, err
		}
	}
	return n.apply(e, values)
}

// A logic is && or ||: one operand that is equal to decided decides, even beside an error.
type logic struct {
	decided  bool
	operands []node
}

func (n *logic) children() []node { return n.operands }

func (n *logic) eval(e *evaluation) (any, error) {
	j := junction{decided: n.decided}
	for _, o := range n.operands {
		if j.add(o.eval(e)) {
			break
		}
	}
	return j.result()
}

// A junction joins truth values.
type junction struct {
	decided, over bool
	err           error
}

// add reports whether the result is known.
func (j *junction) add(v any, err error) bool {
	yes, ok := v.(bool)
	switch {
	case err == nil && !ok:
		err = errOverload
	case err == nil && yes == j.decided:
		j.over = true
	}
	if j.err == nil || errors.Is(err, errBudget) {
		j.err = err
	}
	return j.over || errors.Is(err, errBudget)
}

func (j *junction) result() (any, error) {
	if j.over {
		return j.decided, nil
	}
	return !j.decided, j.err
}

type conditional struct{ test, then, otherwise node }

func (n *conditional) children() []node { return []node{n.test, n.then, n.otherwise} }

func (n *conditional) eval(e *evaluation) (any, error) {
	v, err := n.test.eval(e)
	if err != nil {
		return nil, err
	}
	switch v {
	case true:
		return n.then.eval(e)
	case false:
		return n.otherwise.eval(e)
	}
	return nil, errOverload
}

type list struct{ items []node }

func (n *list) children() []node { return n.items }

func (n *list) eval(e *evaluation) (any, error) {
	out := make([]any, len(n.items))
	for i, item := range n.items {
		var err error
		if out[i], err = item.eval(e); err != nil {
			return nil, err
		}
	}
	return out, nil
}

type mapping struct{ keys, values []node }

func (n *mapping) children() []node { return append(append([]node{}, n.keys...), n.values...) }

func (n *mapping) eval(e *evaluation) (any, error) {
	m := &Entries{values: map[any]any{}}
	for i, k := range n.keys {
		key, err := k.eval(e)
		if err != nil {
			return nil, err
		}
		switch key.(type) {
		case bool, int64, uint64, string:
		default:
			return nil, errors.New("map key of a wrong type")
		}
		value, err := n.values[i].eval(e)
		if err != nil {
			return nil, err
		}
		if _, ok := m.Get(key); ok {
			return nil, errors.New("map key given twice")
		}
		m.keys, m.values[key] = append(m.keys, key), value
	}
	return m, nil
}
