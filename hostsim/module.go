package hostsim

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sort"
	"strings"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// A Module is compiled plugin code. Compile it once per test binary; every VM of
// every Host is a cheap instance of it. It may be used by many goroutines.
type Module struct {
	runtime wazero.Runtime
	code    wazero.CompiledModule
	cache   wazero.CompilationCache
	digest  [sha256.Size]byte
	abi     string
}

// A CompileOption changes how Compile works.
type CompileOption func(*compileOptions)

type compileOptions struct {
	cacheDir    string
	interpreter bool
}

// WithCache keeps machine code in dir, so that the next process compiles nothing.
func WithCache(dir string) CompileOption {
	return func(o *compileOptions) { o.cacheDir = dir }
}

// WithInterpreter compiles nothing: slow to run, but ready at once, on any machine.
func WithInterpreter() CompileOption {
	return func(o *compileOptions) { o.interpreter = true }
}

// maxMemoryPages is the limit of the reference host: 1 GiB.
const maxMemoryPages = 1 << 30 / (64 << 10)

// Compile compiles a module and checks what a host checks before it loads one:
// the ABI version, that every import is known, the allocator, and the signature
// of every callback.
func Compile(ctx context.Context, wasm []byte, opts ...CompileOption) (*Module, error) {
	var o compileOptions
	for _, opt := range opts {
		opt(&o)
	}
	cfg := wazero.NewRuntimeConfig()
	if o.interpreter {
		cfg = wazero.NewRuntimeConfigInterpreter()
	}
	m := &Module{digest: sha256.Sum256(wasm)}
	if o.cacheDir != "" {
		cache, err := openCache(o.cacheDir)
		if err != nil {
			return nil, fmt.Errorf("open compilation cache: %w", err)
		}
		m.cache = cache
		cfg = cfg.WithCompilationCache(cache)
	}
	m.runtime = wazero.NewRuntimeWithConfig(ctx, cfg.WithMemoryLimitPages(maxMemoryPages))
	if err := m.load(ctx, wasm); err != nil {
		return nil, errors.Join(err, m.Close(ctx))
	}
	return m, nil
}

func (m *Module) load(ctx context.Context, wasm []byte) error {
	code, err := m.runtime.CompileModule(ctx, wasm)
	if err != nil {
		return fmt.Errorf("compile module: %w", err)
	}
	m.code = code
	exported := code.ExportedFunctions()
	for _, v := range []string{"0_2_1", "0_2_0"} {
		if _, ok := exported["proxy_abi_version_"+v]; ok {
			m.abi = strings.ReplaceAll(v, "_", ".")
		}
	}
	if m.abi == "" {
		return errors.New("module exports neither proxy_abi_version_0_2_0 nor proxy_abi_version_0_2_1")
	}
	if err := checkExports(exported, code.ExportedMemories()); err != nil {
		return err
	}
	if err := m.checkImports(); err != nil {
		return err
	}
	return m.instantiateHost(ctx)
}

// cacheLock is because wazero works out its own version, in a variable, the first
// time that a cache is opened, and does not expect to be asked twice at once.
var cacheLock sync.Mutex

func openCache(dir string) (wazero.CompilationCache, error) {
	cacheLock.Lock()
	defer cacheLock.Unlock()
	return wazero.NewCompilationCacheWithDir(dir)
}

// ABI returns the version that the module was built for: "0.2.0" or "0.2.1".
func (m *Module) ABI() string { return m.abi }

// Close frees the machine code. Hosts that still use the module must be closed before.
func (m *Module) Close(ctx context.Context) error {
	err := m.runtime.Close(ctx)
	if m.cache != nil {
		err = errors.Join(err, m.cache.Close(ctx))
	}
	return err
}

// checkImports names every import that no host offers, all at once.
func (m *Module) checkImports() error {
	known := map[string]map[string]hostFunc{}
	for _, mod := range hostModules(m.abi) {
		byName := map[string]hostFunc{}
		for _, f := range mod.funcs {
			byName[f.name] = f
		}
		known[mod.name] = byName
	}
	var bad []string
	for _, def := range m.code.ImportedFunctions() {
		module, name, _ := def.Import()
		f, ok := known[module][name]
		switch {
		case !ok:
			bad = append(bad, fmt.Sprintf("%s.%s is unknown", module, name))
		case !sameTypes(f.params, def.ParamTypes()) || !sameTypes(f.results, def.ResultTypes()):
			bad = append(bad, fmt.Sprintf("%s.%s has another signature: want %s, got %s",
				module, name, signature(f.params, f.results), signature(def.ParamTypes(), def.ResultTypes())))
		}
	}
	for _, def := range m.code.ImportedMemories() {
		module, name, _ := def.Import()
		bad = append(bad, fmt.Sprintf("memory %s.%s: want the module's own memory", module, name))
	}
	if len(bad) == 0 {
		return nil
	}
	sort.Strings(bad)
	return fmt.Errorf("module imports what no host of ABI %s has: %s", m.abi, strings.Join(bad, "; "))
}

// instantiateHost makes the host functions known to the module's runtime. They
// find their VM in the context of the call, so one set serves all VMs.
func (m *Module) instantiateHost(ctx context.Context) error {
	for _, mod := range hostModules(m.abi) {
		b := m.runtime.NewHostModuleBuilder(mod.name)
		for _, f := range mod.funcs {
			b.NewFunctionBuilder().WithGoModuleFunction(f.bind(), f.params, f.results).Export(f.name)
		}
		if _, err := b.Instantiate(ctx); err != nil {
			return fmt.Errorf("host module %s: %w", mod.name, err)
		}
	}
	return nil
}

func sameTypes(a, b []api.ValueType) bool { return string(a) == string(b) }

func signature(params, results []api.ValueType) string {
	names := func(ts []api.ValueType) string {
		s := make([]string, len(ts))
		for i, t := range ts {
			s[i] = api.ValueTypeName(t)
		}
		return "(" + strings.Join(s, ",") + ")"
	}
	return names(params) + names(results)
}
