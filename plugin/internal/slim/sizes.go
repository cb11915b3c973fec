package slim

import (
	"cmp"
	"errors"
	"slices"
	"strings"
)

// A Size is what the functions of one package weigh, closures and methods included.
type Size struct {
	Package   string // as the linker spells it, without the host
	Functions int
	Bytes     int
}

// Sizes weighs the code of a module that has names, the heaviest package first.
func Sizes(wasm []byte) ([]Size, error) {
	m, err := parse(wasm)
	if err != nil {
		return nil, err
	}
	if len(m.names) == 0 {
		return nil, errors.New("the module has no names: link it without -s")
	}
	packages := map[string]Size{}
	for i, body := range m.bodies {
		name := strings.TrimPrefix(m.names[m.imported+i], "github.com_")
		name, _, _ = strings.Cut(name, ".")
		s := packages[name]
		packages[name] = Size{name, s.Functions + 1, s.Bytes + len(body)}
	}
	var list []Size
	for _, s := range packages {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b Size) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), strings.Compare(a.Package, b.Package))
	})
	return list, nil
}
