package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"github.com/postern-gateway/postern/hostsim/internal/serve"
)

const aboutCheck = `usage: hostsim check -c FILE [flags]

Reads an Envoy bootstrap, loads its plugins and gives them their configurations,
without opening a port. Prints what is refused. Exit status 1: a plugin rejects its
configuration or cannot be loaded; 2: the file says what hostsim does not serve.

`

func checkCommand(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	fs := flag.NewFlagSet("check", flag.ContinueOnError)
	var c common
	c.add(fs)
	if err := parse(fs, args, aboutCheck, stdout, stderr); err != nil {
		return err
	}
	file, level, err := c.read(fs)
	if err != nil {
		return err
	}
	for _, p := range file.Ignored {
		fmt.Fprintf(stderr, "%s:%d: %s has no effect: %s\n", c.file, p.Line, p.Path, p.Text)
	}
	log := &lineWriter{w: stderr}
	modules := &serve.Modules{CacheDir: c.cache, Progress: log}
	defer modules.Close(ctx) //nolint:errcheck // frees memory of a process that ends
	n, err := serve.Check(ctx, file, serve.Options{Modules: modules, Workers: 1, LogLevel: level, Log: log})
	if err != nil {
		return fmt.Errorf("%s: %w", c.file, err)
	}
	fmt.Fprintf(stdout, "%s: %d listeners, %d clusters, %d plugins: ok\n", c.file, len(file.Listeners), len(file.Clusters), n)
	return nil
}
