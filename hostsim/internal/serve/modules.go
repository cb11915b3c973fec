package serve

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/postern-gateway/postern/hostsim"
	"github.com/postern-gateway/postern/hostsim/internal/bootstrap"
)

// Modules compiles code once, however many plugins use it.
type Modules struct {
	CacheDir string    // empty: compile every time
	Progress io.Writer // told of a compilation that takes long

	byDigest map[[sha256.Size]byte]*hostsim.Module
}

// patience is how long a compilation may take before it is mentioned.
const patience = time.Second

// Plugin makes a plugin of its part of the file.
func (m *Modules) Plugin(ctx context.Context, p bootstrap.Plugin) (hostsim.Plugin, error) {
	code, name := p.Code, "inline code"
	if p.File != "" {
		name = p.File
		var err error
		if code, err = os.ReadFile(p.File); err != nil {
			return hostsim.Plugin{}, fmt.Errorf("%s: %w", codePath(p), err)
		}
	}
	module, err := m.compile(ctx, name, code)
	if err != nil {
		return hostsim.Plugin{}, fmt.Errorf("%s: %s: %w", codePath(p), name, err)
	}
	return hostsim.Plugin{
		Module: module, Name: p.Name, RootID: p.RootID, Configuration: p.Configuration,
		VM:                          hostsim.VM{ID: p.VMID, Configuration: p.VMConfiguration, Env: p.Env},
		FailurePolicy:               policy(p.FailurePolicy),
		ReloadBackoff:               p.ReloadBackoff,
		AllowOnHeadersStopIteration: p.HeadersStop,
	}, nil
}

// codePath is where the file names the code; a plugin may be the whole file.
func codePath(p bootstrap.Plugin) string {
	return strings.TrimPrefix(p.Path+".vm_config.code", ".")
}

func policy(name string) hostsim.FailurePolicy {
	switch name {
	case "FAIL_OPEN":
		return hostsim.FailOpen
	case "FAIL_RELOAD":
		return hostsim.FailReload
	}
	return hostsim.FailClosed
}

func (m *Modules) compile(ctx context.Context, name string, code []byte) (*hostsim.Module, error) {
	digest := sha256.Sum256(code)
	if one := m.byDigest[digest]; one != nil {
		return one, nil
	}
	var opts []hostsim.CompileOption
	if m.CacheDir != "" {
		dir := filepath.Join(m.CacheDir, hex.EncodeToString(digest[:16]))
		prune(m.CacheDir, filepath.Base(dir))
		opts = append(opts, hostsim.WithCache(dir))
	}
	begin := time.Now()
	told := time.AfterFunc(patience, func() {
		fmt.Fprintf(m.Progress, "compiling %s (%.1f MB), once for each version of it\n", name, float64(len(code))/1e6)
	})
	one, err := hostsim.Compile(ctx, code, opts...)
	if !told.Stop() {
		fmt.Fprintf(m.Progress, "compiled in %.1f s\n", time.Since(begin).Seconds())
	}
	if err != nil {
		return nil, err
	}
	if m.byDigest == nil {
		m.byDigest = map[[sha256.Size]byte]*hostsim.Module{}
	}
	m.byDigest[digest] = one
	return one, nil
}

// maxKept is how many versions of modules the cache keeps: one is some 15 MB.
const maxKept = 20

// prune marks a module as used now and removes those that were not used for longest.
// A cache that cannot be tidied is no reason not to start.
func prune(cache, used string) {
	now := time.Now()
	_ = os.Chtimes(filepath.Join(cache, used), now, now) //nolint:errcheck // it is new
	entries, err := os.ReadDir(cache)
	if err != nil {
		return
	}
	type kept struct {
		name string
		at   time.Time
	}
	var all []kept
	for _, e := range entries {
		if info, err := e.Info(); err == nil && e.IsDir() && len(e.Name()) == 32 && e.Name() != used {
			all = append(all, kept{e.Name(), info.ModTime()})
		}
	}
	slices.SortFunc(all, func(a, b kept) int { return b.at.Compare(a.at) })
	for i := maxKept - 1; i < len(all); i++ {
		_ = os.RemoveAll(filepath.Join(cache, all[i].name)) //nolint:errcheck // see above
	}
}

// Close frees the compiled code.
func (m *Modules) Close(ctx context.Context) error {
	for _, one := range m.byDigest {
		if err := one.Close(ctx); err != nil {
			return err
		}
	}
	return nil
}
