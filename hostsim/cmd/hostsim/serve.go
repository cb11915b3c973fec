package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/postern-gateway/postern/hostsim"
	"github.com/postern-gateway/postern/hostsim/internal/bootstrap"
	"github.com/postern-gateway/postern/hostsim/internal/serve"
)

const aboutServe = `usage: hostsim serve -c FILE [flags]

Serves HTTP/1.1 and HTTP/2 as an Envoy bootstrap in YAML or JSON says. What the
file says and hostsim does not do is refused with its path. SIGINT and SIGTERM
stop accepting, let requests finish, and exit with 0.

`

// common are the flags of serve and check.
type common struct {
	file, cache, level string
}

func (c *common) add(fs *flag.FlagSet) {
	fs.StringVar(&c.file, "c", "", "the Envoy bootstrap `file`")
	fs.StringVar(&c.file, "config-path", "", "the same `file` as -c")
	fs.StringVar(&c.cache, "cache", defaultCache(), "keep compiled modules in this `directory`; empty compiles every time")
	fs.StringVar(&c.level, "l", "info", "least `level` of plugins' logs: trace, debug, info, warn, error or critical")
	fs.StringVar(&c.level, "log-level", "info", "the same `level` as -l")
}

// read reads the file.
func (c *common) read(fs *flag.FlagSet) (*bootstrap.Bootstrap, hostsim.Level, error) {
	if fs.NArg() > 0 {
		return nil, 0, usageError("%s: unexpected argument %q", fs.Name(), fs.Arg(0))
	}
	if c.file == "" {
		return nil, 0, usageError("%s: give the Envoy bootstrap with -c FILE", fs.Name())
	}
	level, err := parseLevel(c.level)
	if err != nil {
		return nil, 0, usageError("%s: -l: %w", fs.Name(), err)
	}
	b, err := bootstrap.Read(c.file)
	if err != nil {
		return nil, 0, failure{exitUsage, refusal(c.file, err)}
	}
	return b, level, nil
}

// refusal has one line for each problem, as compilers print them.
func refusal(file string, err error) error {
	var problems bootstrap.Problems
	if !errors.As(err, &problems) {
		return err
	}
	lines := []string{fmt.Sprintf("%s is not served, for %d reasons:", file, len(problems))}
	if len(problems) == 1 {
		lines[0] = file + " is not served:"
	}
	for _, p := range problems {
		path := p.Path
		if path == "" {
			path = "the whole file"
		}
		lines = append(lines, fmt.Sprintf("%s:%d: %s: %s", file, p.Line, path, p.Text))
	}
	return errors.New(strings.Join(lines, "\n"))
}

func parseLevel(s string) (hostsim.Level, error) {
	for l := hostsim.LevelTrace; l <= hostsim.LevelCritical; l++ {
		if l.String() == s {
			return l, nil
		}
	}
	if s == "warning" { // Envoy's own word
		return hostsim.LevelWarn, nil
	}
	return 0, fmt.Errorf("want trace, debug, info, warn, error or critical, got %q", s)
}

func serveCommand(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	fs := flag.NewFlagSet("serve", flag.ContinueOnError)
	var c common
	c.add(fs)
	workers := fs.Int("concurrency", runtime.GOMAXPROCS(0), "`workers`, each with its own VM of every plugin")
	drain := fs.Duration("drain", 10*time.Second, "`time` that requests may take to finish when told to stop")
	addressFile := fs.String("admin-address-path", "", "write the admin interface's address to this `file`")
	if err := parse(fs, args, aboutServe, stdout, stderr); err != nil {
		return err
	}
	if *workers < 1 || *workers > 1024 {
		return usageError("serve: --concurrency: want 1 to 1024, got %d", *workers)
	}
	file, level, err := c.read(fs)
	if err != nil {
		return err
	}
	if n := len(file.Ignored); n > 0 {
		fmt.Fprintf(stderr, "%s: %d fields have no effect here; hostsim check lists them\n", c.file, n)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400) // the heap is small beside the plugins' own memory
	}
	log := &lineWriter{w: stderr}
	modules := &serve.Modules{CacheDir: c.cache, Progress: log}
	defer modules.Close(context.WithoutCancel(ctx)) //nolint:errcheck // frees memory of a process that ends
	s, err := serve.New(ctx, file, serve.Options{Modules: modules, Workers: *workers, LogLevel: level, Log: log, Stdout: stdout, Stderr: stderr})
	if err != nil {
		return fmt.Errorf("%s: %w", c.file, err)
	}
	for _, l := range file.Listeners {
		fmt.Fprintf(log, "listener %s: serving on %s\n", l.Name, s.Addr(l.Name))
	}
	if a := s.Admin(); a != nil {
		fmt.Fprintf(log, "admin: http://%s\n", a)
		if *addressFile != "" {
			if err := os.WriteFile(*addressFile, []byte(a.String()), 0o644); err != nil {
				return errors.Join(err, s.Close())
			}
		}
	}
	return s.Run(ctx, *drain)
}

// A lineWriter lets many goroutines write lines.
type lineWriter struct {
	mu sync.Mutex
	w  io.Writer
}

// Write writes one line, or several.
func (l *lineWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}
