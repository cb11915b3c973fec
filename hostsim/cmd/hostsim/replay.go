package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/postern-gateway/postern/hostsim"
	"github.com/postern-gateway/postern/hostsim/internal/bootstrap"
	"github.com/postern-gateway/postern/hostsim/internal/replay"
	"github.com/postern-gateway/postern/hostsim/internal/serve"
)

const aboutReplay = `usage: hostsim replay [flags] DIR

Runs the recorded exchanges DIR/*.txtar through a plugin and prints where what
comes out differs from what was recorded. The plugin is DIR/plugin.yaml, in the form
of "config" in Envoy's Wasm filter, or with -c the plugins of a bootstrap's first
listener. Time stands still unless a plugin waits. The form of a recording:
https://pkg.go.dev/github.com/postern-gateway/postern/hostsim/internal/replay
Exit status 1: something differs; 2: something cannot be read.

`

func replayCommand(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	fs := flag.NewFlagSet("replay", flag.ContinueOnError)
	file := fs.String("c", "", "take the plugins from this Envoy bootstrap `file`")
	module := fs.String("module", "", "run this `file` in place of the code that plugin.yaml names")
	cache := fs.String("cache", defaultCache(), "keep compiled modules in this `directory`; empty compiles every time")
	write := fs.Bool("write", false, "write what comes out into the recordings")
	if err := parse(fs, args, aboutReplay, stdout, stderr); err != nil {
		return err
	}
	if fs.NArg() != 1 {
		return usageError("replay: want one directory behind the flags, got %d arguments", fs.NArg())
	}
	dir := fs.Arg(0)
	plugins, err := replayPlugins(dir, *file, *module)
	if err != nil {
		return failure{exitUsage, err}
	}
	modules := &serve.Modules{CacheDir: *cache, Progress: stderr}
	defer modules.Close(ctx) //nolint:errcheck // frees memory of a process that ends
	cfg := hostsim.Config{}
	for _, p := range plugins {
		one, err := modules.Plugin(ctx, p)
		if err != nil {
			return failure{exitUsage, err}
		}
		cfg.Plugins = append(cfg.Plugins, one)
	}
	return replayAll(dir, cfg, *write, stdout)
}

func replayPlugins(dir, file, module string) ([]bootstrap.Plugin, error) {
	if file != "" {
		b, err := bootstrap.Read(file)
		if err != nil {
			return nil, refusal(file, err)
		}
		return b.Listeners[0].HCM.Plugins, nil
	}
	name := filepath.Join(dir, "plugin.yaml")
	if _, err := os.Stat(name); err != nil {
		return nil, fmt.Errorf("replay: %w; it says which plugin to run, and -c takes those of a bootstrap", err)
	}
	p, err := bootstrap.ReadPlugin(name, module)
	if err != nil {
		return nil, refusal(name, err)
	}
	if module == "" && !filepath.IsAbs(p.File) {
		p.File = filepath.Join(dir, p.File)
	}
	return []bootstrap.Plugin{p}, nil
}

func replayAll(dir string, cfg hostsim.Config, write bool, stdout io.Writer) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil || len(files) == 0 {
		return usageError("replay: no recordings %s", filepath.Join(dir, "*.txtar"))
	}
	failed := 0
	for _, name := range files {
		differences, err := replayOne(name, cfg, write)
		if err != nil {
			return err
		}
		for _, d := range differences {
			fmt.Fprintf(stdout, "%s: %s\n", name, d)
		}
		if len(differences) > 0 {
			failed++
		}
	}
	fmt.Fprintf(stdout, "%d recordings, %d with differences\n", len(files), failed)
	if failed > 0 {
		return failure{exitFailed, fmt.Errorf("replay: %d of %d recordings differ", failed, len(files))}
	}
	return nil
}

func replayOne(name string, cfg hostsim.Config, write bool) ([]string, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, failure{exitUsage, err}
	}
	c, err := replay.Parse(data)
	if err != nil {
		return nil, failure{exitUsage, fmt.Errorf("%s: %w", name, err)}
	}
	out, err := c.Run(cfg)
	if err != nil {
		return []string{err.Error()}, nil
	}
	if write {
		return nil, os.WriteFile(name, c.Record(out), 0o644)
	}
	return c.Differences(out), nil
}
