package slim

import (
	"bytes"
	"context"
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// TestProgramSaysTheSame runs a program of Go's as it was linked and made smaller: all
// that it prints is the same, with the traces of its panics.
func TestProgramSaysTheSame(t *testing.T) {
	t.Parallel()
	for _, flags := range []string{"-w"} {
		t.Run(flags, func(t *testing.T) {
			t.Parallel()
			linked := build(t, "program", "-ldflags", flags)
			small, err := Slim(linked, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if again, err := Slim(linked, Options{}); err != nil || !bytes.Equal(small, again) {
				t.Errorf("made smaller again it is another module: %v", err)
			}
			t.Logf("%d bytes became %d", len(linked), len(small))
			if len(small) > len(linked)*85/100 {
				t.Errorf("got %d bytes, want 15 %% less than %d", len(small), len(linked))
			}
			for _, args := range [][]string{{"program"}, {"program", "at the end"}} {
				want, got := run(t, linked, args), run(t, small, args)
				if got != want {
					t.Errorf("%v: got\n%s\nwant\n%s", args, got, want)
				}
				if len(want) < 500 {
					t.Errorf("the program said little: %s", want)
				}
			}
		})
	}
}

// TestStackMovesWhileTheHostCallsBack has a module's stack grow and shrink below functions
// that wait for their host.
func TestStackMovesWhileTheHostCallsBack(t *testing.T) {
	t.Parallel()
	linked := build(t, "reactor", "-buildmode", "c-shared")
	small, err := Slim(linked, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want, got := react(t, linked), react(t, small)
	if !slices.Equal(got, want) || slices.Contains(want, 0) {
		t.Errorf("got\n%v, want\n%v", got, want)
	}
}

// react calls a module that calls back.
func react(t *testing.T, wasm []byte) (results []uint64) {
	t.Helper()
	ctx := context.Background()
	r := wazero.NewRuntime(ctx)
	defer r.Close(ctx)
	wasi_snapshot_preview1.MustInstantiate(ctx, r)
	call := func(m api.Module, name string, args ...uint64) uint64 {
		result, err := m.ExportedFunction(name).Call(ctx, args...)
		if err != nil {
			t.Fatalf("%s(%d): %v", name, args, err)
		}
		return result[0]
	}
	_, err := r.NewHostModuleBuilder("host").NewFunctionBuilder().
		WithFunc(func(_ context.Context, m api.Module, depth uint64) uint64 { return call(m, "inner", depth) }).Export("back").Instantiate(ctx)
	if err != nil {
		t.Fatal(err)
	}
	m, err := r.InstantiateWithConfig(ctx, wasm, wazero.NewModuleConfig().WithStartFunctions("_initialize").WithStderr(os.Stderr).
		WithSysNanotime().WithSysWalltime().WithRandSource(rand.Reader))
	if err != nil {
		t.Fatal(err)
	}
	for _, depth := range []uint64{0, 1, 10, 33, 200, 201, 3000, 5, 4002, 9001, 2, 40_000, 7, 1} {
		results = append(results, call(m, "outer", 5, depth))
	}
	return results
}

func build(t *testing.T, program string, flags ...string) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "program.wasm")
	cmd := exec.Command("go", slices.Concat([]string{"build"}, flags, []string{"-o", file, "./testdata/" + program})...)
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	linked, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return linked
}

func run(t *testing.T, wasm []byte, args []string) string {
	t.Helper()
	ctx := context.Background()
	r := wazero.NewRuntime(ctx)
	defer r.Close(ctx)
	wasi_snapshot_preview1.MustInstantiate(ctx, r)
	var out bytes.Buffer
	config := wazero.NewModuleConfig().WithStdout(&out).WithStderr(&out).WithArgs(args...).
		WithSysNanotime().WithSysWalltime().WithRandSource(rand.Reader)
	_, err := r.InstantiateWithConfig(ctx, wasm, config)
	if err != nil {
		out.WriteString(err.Error())
	}
	return out.String()
}
