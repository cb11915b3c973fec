package main

import (
	"fmt"
	"go/ast"
	"go/types"
	"os"
	"regexp"
	"strings"

	"golang.org/x/tools/go/packages"
)

// mostInlined is how large a function may be that is inlined where requests call it, in nodes of its syntax. What is larger is
// worth its call, and there would be a copy of it for each.
const mostInlined = 110

// writeProfile writes a profile for Go's compiler (https://go.dev/doc/pgo), by which it inlines what
// requests call where they call it, though it is too large to be inlined everywhere. The module has the names of its functions, and
// was made without a profile: what is inlined in it is not seen to be called. Which place in a function a call is at
// is found in the sources, and that all of a function's calls of what requests call are requests' is assumed.
func writeProfile(module, file string) error {
	names, err := called(module)
	if err != nil {
		return err
	}
	s, err := readSources(names)
	if err != nil {
		return err
	}
	var p profile
	for _, f := range s.functions {
		if !strings.HasPrefix(f.name, "runtime.") && !strings.HasPrefix(f.name, "internal/") {
			s.calls(f, func(line int, callee *function) { p.add(f, line, callee) })
		}
	}
	fmt.Printf("%d functions have %d calls that may be inlined\n", len(s.functions), p.calls)
	return os.WriteFile(file, p.bytes(), 0o644)
}

// A function is one that requests call.
type function struct {
	name  string // as Go's linker has it
	pkg   *packages.Package
	decl  *ast.FuncDecl
	about *types.Func
	line  int // that it begins at
	nodes int // of its syntax
}

type sources struct {
	functions []*function
	of        map[*types.Func]*function
	methods   map[string][]*function // by their names without what they are methods of
}

func readSources(names []string) (*sources, error) {
	wanted := map[string]bool{}
	for _, n := range names {
		wanted[n] = true
	}
	config := &packages.Config{Mode: packages.LoadAllSyntax, Env: append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")}
	list, err := packages.Load(config, "github.com/postern-gateway/postern/plugin")
	if err != nil {
		return nil, err
	}
	if packages.PrintErrors(list) > 0 {
		return nil, fmt.Errorf("the module's sources cannot be read")
	}
	s := &sources{of: map[*types.Func]*function{}, methods: map[string][]*function{}}
	packages.Visit(list, nil, func(p *packages.Package) {
		for _, file := range p.Syntax {
			for _, d := range file.Decls {
				if f := readFunction(p, d); f != nil && wanted[moduleName(f.name)] {
					s.add(f)
				}
			}
		}
	})
	return s, nil
}

func readFunction(p *packages.Package, d ast.Decl) *function {
	decl, ok := d.(*ast.FuncDecl)
	if !ok || decl.Body == nil {
		return nil
	}
	about, ok := p.TypesInfo.Defs[decl.Name].(*types.Func)
	if !ok {
		return nil
	}
	f := &function{name: linkerName(about), pkg: p, decl: decl, about: about, line: p.Fset.Position(decl.Pos()).Line}
	ast.Inspect(decl.Body, func(n ast.Node) bool {
		if n != nil {
			f.nodes++
		}
		return true
	})
	return f
}

func (s *sources) add(f *function) {
	s.functions = append(s.functions, f)
	s.of[f.about] = f
	if f.decl.Recv != nil {
		s.methods[f.decl.Name.Name] = append(s.methods[f.decl.Name.Name], f)
	}
}

// linkerName is how Go's linker calls a function, without its type arguments.
func linkerName(f *types.Func) string {
	if f.Pkg() == nil {
		return ""
	}
	of := f.Pkg().Path() + "."
	r := f.Signature().Recv()
	if r == nil {
		return of + f.Name()
	}
	switch t := r.Type().(type) {
	case *types.Pointer:
		if n, ok := t.Elem().(*types.Named); ok {
			return of + "(*" + n.Obj().Name() + ")." + f.Name()
		}
	case *types.Named:
		return of + t.Obj().Name() + "." + f.Name()
	}
	return ""
}

var otherLetters = regexp.MustCompile(`[^A-Za-z0-9_.]`)

// moduleName is how the module calls it, and a list of names.
func moduleName(linker string) string {
	return strings.TrimPrefix(otherLetters.ReplaceAllString(linker, "_"), prefix)
}

// calls goes over a function's calls of others. line counts from where the function begins.
func (s *sources) calls(f *function, yield func(line int, callee *function)) {
	ast.Inspect(f.decl.Body, func(n ast.Node) bool {
		if _, ok := n.(*ast.FuncLit); ok { // a function of its own
			return false
		}
		if c, ok := n.(*ast.CallExpr); ok {
			for _, callee := range s.callees(f, c) {
				if callee.nodes <= mostInlined {
					yield(f.pkg.Fset.Position(c.Lparen).Line-f.line, callee)
				}
			}
		}
		return true
	})
}

// callees are the functions that a call can be of: of an interface's method several.
func (s *sources) callees(f *function, c *ast.CallExpr) []*function {
	called, ok := f.pkg.TypesInfo.Uses[identOf(c.Fun)].(*types.Func)
	if !ok {
		return nil
	}
	r := called.Signature().Recv()
	if r == nil || !types.IsInterface(r.Type()) {
		if callee := s.of[called.Origin()]; callee != nil {
			return []*function{callee}
		}
		return nil
	}
	var list []*function
	for _, m := range s.methods[called.Name()] {
		if types.Implements(m.about.Signature().Recv().Type(), r.Type().Underlying().(*types.Interface)) {
			list = append(list, m)
		}
	}
	return list
}

func identOf(e ast.Expr) *ast.Ident {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		return e
	case *ast.SelectorExpr:
		return e.Sel
	case *ast.IndexExpr: // with a type argument
		return identOf(e.X)
	}
	return nil
}
