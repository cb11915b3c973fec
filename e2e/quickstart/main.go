// Command quickstart is what `make run` does: it serves the quickstart configuration
// against mock providers, in the host simulator or in a real Envoy, until it is
// interrupted. It runs at the root of the repository.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// options are how the quickstart was called.
type options struct {
	host   string // hostsim or envoy
	envoy  string // Envoy's binary
	module string
	config string
	listen string
	dir    string // for what it writes
}

func parse(args []string, errOut io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	f.SetOutput(errOut)
	f.StringVar(&o.host, "host", "hostsim", "what runs the module: hostsim or envoy")
	f.StringVar(&o.envoy, "envoy", "build/tools/envoy", "`file` of Envoy's binary, for --host envoy")
	f.StringVar(&o.module, "module", "build/postern.wasm", "`file` of the module")
	f.StringVar(&o.config, "config", "examples/quickstart/postern.yaml", "`file` of the configuration")
	f.StringVar(&o.listen, "listen", "127.0.0.1:8080", "`address` to serve on")
	f.StringVar(&o.dir, "dir", "build", "`folder` for the bootstrap and the logs")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	switch {
	case f.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	case o.host != "hostsim" && o.host != "envoy":
		return o, fmt.Errorf("--host: want hostsim or envoy, got %q", o.host)
	}
	return o, free(o.listen)
}

// free makes sure that nobody listens to an address: an Envoy would share the port
// with another one in silence.
func free(address string) error {
	l, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s is in use; end what listens there, or choose another address: "+
			"go run ./e2e/quickstart --listen 127.0.0.1:8081", address)
	}
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	return l.Close()
}
