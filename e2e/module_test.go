package e2e

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
)

// maxModule is what the module may weigh: V8 takes about 0.4 s and 18 MB for each megabyte.
const maxModule = 7_250_000

// TestModuleImports fails for an import that a stock Envoy does not offer: the module
// would not load there.
func TestModuleImports(t *testing.T) {
	t.Parallel()
	offered := map[string]bool{}
	list, err := os.ReadFile("testdata/envoy-1.40-imports.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(list)) {
		if !strings.HasPrefix(line, "#") {
			offered[strings.TrimSpace(line)] = true
		}
	}
	wasm := builtModule(t)
	if len(wasm) > maxModule {
		t.Errorf("the module has %d bytes, want at most %d", len(wasm), maxModule)
	}
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer r.Close(ctx)
	m, err := r.CompileModule(ctx, wasm)
	if err != nil {
		t.Fatal(err)
	}
	imports := m.ImportedFunctions()
	if len(imports) == 0 {
		t.Fatal("the module imports nothing")
	}
	for _, f := range imports {
		module, name, _ := f.Import()
		if !offered[module+" "+name] {
			t.Errorf("Envoy 1.40 does not offer %s %s", module, name)
		}
	}
}
