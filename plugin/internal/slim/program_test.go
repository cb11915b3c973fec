package slim_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/postern-gateway/postern/plugin/internal/slim"
)

// TestProgramSaysTheSame runs a program of Go's as it was linked and made smaller: all
// that it prints is the same, with the traces of its panics.
func TestProgramSaysTheSame(t *testing.T) {
	t.Parallel()
	for _, flags := range []string{"-w"} {
		t.Run(flags, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "program.wasm")
			cmd := exec.Command("go", "build", "-ldflags", flags, "-o", file, "./testdata/program")
			cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			linked, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			small, err := slim.Slim(linked)
			if err != nil {
				t.Fatal(err)
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
