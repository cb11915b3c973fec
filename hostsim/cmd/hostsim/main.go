// Command hostsim runs proxy-wasm plugins without a proxy.
//
//	hostsim serve -c envoy.yaml    serve real HTTP traffic as an Envoy bootstrap says
//	hostsim check -c envoy.yaml    load the plugins with their configurations
//	hostsim replay DIR             run recorded exchanges and show the differences
//
// Exit status: 0 when all is well, 1 when a plugin or a recording says otherwise,
// 2 when the command line or the file is wrong.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

// Exit statuses.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

const usage = `usage: hostsim COMMAND [flags]

  serve -c FILE     serve real HTTP traffic as an Envoy bootstrap says
  check -c FILE     load the plugins with their configurations, and say what they reject
  replay DIR        run recorded exchanges through a plugin, and print the differences

hostsim COMMAND --help lists the flags of a command.
`

// A failure is an error with an exit status.
type failure struct {
	status int
	err    error
}

func (f failure) Error() string { return f.err.Error() }

func (f failure) Unwrap() error { return f.err }

func usageError(format string, args ...any) error {
	return failure{exitUsage, fmt.Errorf(format, args...)}
}

// run is the program: arguments in, exit status out.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	command := ""
	if len(args) > 0 {
		command, args = args[0], args[1:]
	}
	var err error
	switch command {
	case "serve":
		err = serveCommand(ctx, args, stdout, stderr)
	case "check":
		err = checkCommand(ctx, args, stdout, stderr)
	case "replay":
		err = replayCommand(ctx, args, stdout, stderr)
	case "help", "-h", "-help", "--help":
		fmt.Fprint(stdout, usage)
		return exitOK
	case "":
		fmt.Fprint(stderr, usage)
		return exitUsage
	default:
		err = usageError("unknown command %q: want serve, check or replay", command)
	}
	return report(err, stderr)
}

func report(err error, stderr io.Writer) int {
	var f failure
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return exitOK
	case errors.As(err, &f):
		fmt.Fprintln(stderr, "hostsim:", f.err)
		return f.status
	}
	fmt.Fprintln(stderr, "hostsim:", err)
	return exitFailed
}

// parse reads a command's flags. Asked for help it prints it to stdout.
func parse(fs *flag.FlagSet, args []string, about string, stdout, stderr io.Writer) error {
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	err := fs.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stdout, about)
		fs.SetOutput(stdout)
		fs.PrintDefaults()
		return err
	}
	if err != nil {
		return usageError("%s: %w (hostsim %s --help lists the flags)", fs.Name(), err, fs.Name())
	}
	return nil
}

// defaultCache is where compiled code is kept.
func defaultCache() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "hostsim")
}
