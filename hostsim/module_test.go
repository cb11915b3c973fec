package hostsim_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/hostsim"
)

// A wasmFunc is a function of n 32-bit arguments and maybe a 32-bit result, in a
// module built by hand: imported ones have a module name, exported ones a body.
type wasmFunc struct {
	module, name string
	params       int
	result       bool
}

// buildModule makes a module with the imports and exports of a test; every
// exported function returns 0.
func buildModule(memory string, funcs ...wasmFunc) []byte {
	section := func(id byte, n int, body []byte) []byte {
		body = append([]byte{byte(n)}, body...)
		return append([]byte{id, byte(len(body))}, body...)
	}
	str := func(s string) []byte { return append([]byte{byte(len(s))}, s...) }
	var types, imports, functions, exports, code []byte
	imported, defined := 0, 0
	for i, f := range funcs {
		types = append(types, 0x60, byte(f.params))
		types = append(types, bytes.Repeat([]byte{0x7f}, f.params)...)
		body := []byte{0, 0x0b}
		if f.result {
			types = append(types, 1, 0x7f)
			body = []byte{0, 0x41, 0, 0x0b}
		} else {
			types = append(types, 0)
		}
		if f.module != "" {
			imports = append(append(append(imports, str(f.module)...), str(f.name)...), 0, byte(i))
			imported++
			continue
		}
		functions = append(functions, byte(i))
		exports = append(append(exports, str(f.name)...), 0, byte(imported+defined))
		code = append(append(code, byte(len(body))), body...)
		defined++
	}
	exports = append(append(exports, str(memory)...), 2, 0)
	m := []byte{0, 'a', 's', 'm', 1, 0, 0, 0}
	m = append(m, section(1, len(funcs), types)...)
	m = append(m, section(2, imported, imports)...)
	m = append(m, section(3, defined, functions)...)
	m = append(m, section(5, 1, []byte{0, 1})...)
	m = append(m, section(7, defined+1, exports)...)
	return append(m, section(10, defined, code)...)
}

func TestCompileRefuses(t *testing.T) {
	t.Parallel()
	abi := wasmFunc{name: "proxy_abi_version_0_2_0"}
	malloc := wasmFunc{name: "malloc", params: 1, result: true}
	tests := []struct {
		name   string
		memory string
		funcs  []wasmFunc
		want   string
	}{
		{"no ABI version", "memory", []wasmFunc{malloc}, "neither proxy_abi_version_0_2_0 nor proxy_abi_version_0_2_1"},
		{"no allocator", "memory", []wasmFunc{abi}, "neither malloc nor proxy_on_memory_allocate"},
		{"no memory", "heap", []wasmFunc{abi, malloc}, "no memory named memory"},
		{"unknown imports, all of them", "memory", []wasmFunc{
			{module: "env", name: "proxy_teleport", params: 1, result: true},
			{module: "wasi_snapshot_preview1", name: "fd_teleport", result: true}, abi, malloc},
			"env.proxy_teleport is unknown; wasi_snapshot_preview1.fd_teleport is unknown"},
		{"import with another signature", "memory", []wasmFunc{{module: "env", name: "proxy_done", params: 1, result: true}, abi, malloc},
			"env.proxy_done has another signature: want ()(i32), got (i32)(i32)"},
		{"import of the next ABI", "memory", []wasmFunc{{module: "env", name: "proxy_get_log_level", params: 1, result: true}, abi, malloc},
			"ABI 0.2.0 has: env.proxy_get_log_level is unknown"},
		{"callback of ABI 0.1.0", "memory", []wasmFunc{abi, malloc, {name: "proxy_on_request_headers", params: 2, result: true}},
			"proxy_on_request_headers: want 3 i32 in and 1 out, got (i32,i32)(i32)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := hostsim.Compile(context.Background(), buildModule(tt.memory, tt.funcs...), hostsim.WithInterpreter())
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error: got %v, want %q", err, tt.want)
			}
		})
	}
}

// A module without any callback is a plugin that does nothing.
func TestModuleWithoutCallbacks(t *testing.T) {
	t.Parallel()
	wasm := buildModule("memory", wasmFunc{name: "proxy_abi_version_0_2_0"}, wasmFunc{name: "malloc", params: 1, result: true})
	for name, option := range map[string]hostsim.CompileOption{
		"interpreter": hostsim.WithInterpreter(), "cache on disk": hostsim.WithCache(t.TempDir()),
	} {
		m, err := hostsim.Compile(t.Context(), wasm, option)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		h := hostsim.Start(t, hostsim.Config{Plugin: hostsim.Plugin{Module: m}, Upstream: func(hostsim.Request) hostsim.Response {
			return hostsim.Respond(200, "hello")
		}})
		if got := outcome(do(t, h, hostsim.Post("/", "x"))); got != `200 "hello"` {
			t.Errorf("%s: got %s, want 200", name, got)
		}
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
		if err := m.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
}
