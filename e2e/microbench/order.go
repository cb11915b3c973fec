package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/postern-gateway/postern/hostsim"
)

// A follower notes which of the module's functions are called.
type follower struct {
	calls []string // in the order of their first calls
	seen  map[string]bool
}

// NewFunctionListener listens to what has a name.
func (f *follower) NewFunctionListener(d api.FunctionDefinition) experimental.FunctionListener {
	name := d.Name()
	if name == "" || d.GoFunction() != nil {
		return nil
	}
	return experimental.FunctionListenerFunc(func(context.Context, api.Module, api.FunctionDefinition, []uint64, experimental.StackIterator) {
		if !f.seen[name] {
			f.seen[name] = true
			f.calls = append(f.calls, name)
		}
	})
}

// begin forgets what was called.
func (f *follower) begin() { f.calls, f.seen = nil, map[string]bool{} }

// prefix is what names of the repository's functions begin with.
const prefix = "github.com_postern_gateway_postern_"

// firsts are the operations whose functions come before those of others.
var firsts = []string{"a hit of 2 KB in the cache", "chat, 1 KB", "event of a stream that passes"}

// writeOrder writes the functions that requests call.
func writeOrder(module, file string) error {
	names, err := called(module)
	if err != nil {
		return err
	}
	return writeNames(file, names)
}

// called are the functions that the operations call in at least half of their requests, in the order in
// which one of them does, one operation after the other. The module has the names of its functions.
func called(module string) ([]string, error) {
	wasm, err := os.ReadFile(module)
	if err != nil {
		return nil, err
	}
	f := &follower{}
	f.begin()
	ctx := experimental.WithFunctionListenerFactory(context.Background(), f)
	compiled, err := hostsim.Compile(ctx, wasm, hostsim.WithInterpreter())
	if err != nil {
		return nil, err
	}
	defer compiled.Close(ctx)
	list := operations()
	slices.SortStableFunc(list, func(a, b operation) int { return rank(a.name) - rank(b.name) })
	listed := map[string]bool{}
	var names []string
	for _, o := range list {
		of, err := o.functions(compiled, f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", o.name, err)
		}
		for _, name := range of {
			if !listed[name] {
				listed[name] = true
				names = append(names, strings.TrimPrefix(name, prefix))
			}
		}
	}
	return names, nil
}

func rank(name string) int {
	if i := slices.Index(firsts, name); i >= 0 {
		return i
	}
	return len(firsts)
}

// functions are those that requests of the operation call.
func (o operation) functions(m *hostsim.Module, f *follower) ([]string, error) {
	const before, times = 5, 10
	host, next, err := o.start(m)
	if err != nil {
		return nil, err
	}
	defer host.Close()
	called := map[string]int{}
	var last []string
	for n := range before + times {
		f.begin()
		if r, err := host.Do(next()); err != nil || r.Status() != 200 {
			return nil, fmt.Errorf("status %d, %v: %s", r.Status(), err, r.Body)
		}
		if n < before {
			continue
		}
		for _, name := range f.calls {
			called[name]++
			if called[name] == times/2 {
				last = append(last, name)
			}
		}
	}
	usual := func(name string) bool { return called[name] >= times/2 }
	return append(slices.DeleteFunc(f.calls, func(name string) bool { return !usual(name) }), last...), nil
}

func writeNames(file string, names []string) error {
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(out)
	fmt.Fprintln(w, "# Functions that requests call, in the order in which they come in the module: make layout")
	for _, name := range names {
		fmt.Fprintln(w, name)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return out.Close()
}
