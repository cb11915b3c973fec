// Command mockllm serves mock model providers on loopback addresses until it gets
// SIGINT or SIGTERM. It prints one JSON line for each provider: where it listens
// and the key it accepts.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/postern-gateway/postern/e2e/mockllm"
	"github.com/postern-gateway/postern/e2e/mockllm/script"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "mockllm:", err)
		os.Exit(1)
	}
}

// grace is how long requests under way may take after a signal.
const grace = 2 * time.Second

// run serves until ctx ends.
func run(ctx context.Context, args []string, out, errOut io.Writer) error {
	options, caFile, err := parse(args, errOut)
	if err != nil {
		return err
	}
	server := mockllm.New(options)
	addresses, err := server.Start()
	if err != nil {
		return err
	}
	if caFile != "" {
		if err := os.WriteFile(caFile, server.CA(), 0o644); err != nil {
			return errors.Join(err, server.Close())
		}
	}
	print := json.NewEncoder(out)
	for _, a := range addresses {
		line := struct {
			mockllm.Address
			Key string `json:"key"`
		}{a, server.Key(a.Provider)}
		if err := print.Encode(line); err != nil {
			return errors.Join(err, server.Close())
		}
	}
	<-ctx.Done()
	end, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	err = server.Shutdown(end)
	if errors.Is(err, context.DeadlineExceeded) { // a client that stays does not make the stop a failure
		return nil
	}
	return err
}

func parse(args []string, errOut io.Writer) (o mockllm.Options, caFile string, err error) {
	o = mockllm.Options{Listen: map[string]string{}, Keys: map[string]string{}, Models: map[string][]string{}}
	f := flag.NewFlagSet("mockllm", flag.ContinueOnError)
	f.SetOutput(errOut)
	for _, p := range mockllm.Providers() {
		f.Func(p.Name, "loopback `address` of the "+p.Name+" API (default 127.0.0.1:0, a free port)", func(v string) error {
			o.Listen[p.Name] = v
			return loopback(v)
		})
		f.Func(p.Name+"-key", "the `key` that it accepts (default "+p.Key+")", func(v string) error {
			o.Keys[p.Name] = v
			return nil
		})
		f.Func(p.Name+"-models", "further `models` that it knows, separated by commas", func(v string) error {
			o.Models[p.Name] = append(o.Models[p.Name], strings.Split(v, ",")...)
			return nil
		})
	}
	f.BoolVar(&o.TLS, "tls", false, "serve TLS with HTTP/2, under certificates of a new authority")
	f.StringVar(&caFile, "ca-out", "", "write the authority's certificate to this `file`")
	f.Func("hosts", "further `names` on the certificates, separated by commas", func(v string) error {
		o.Hosts = append(o.Hosts, strings.Split(v, ",")...)
		return nil
	})
	f.BoolVar(&o.RefuseChunked, "refuse-chunked", false, "refuse request bodies without content-length")
	f.Func("allow-headers", "internal header `names` that may reach a provider, separated by commas", func(v string) error {
		o.AllowHeaders = append(o.AllowHeaders, strings.Split(strings.ToLower(v), ",")...)
		return nil
	})
	f.Func("behaviour", "`directives` for every request, such as \"latency=50ms\"; known are "+strings.Join(script.Names(), ", "), func(v string) error {
		return o.Behaviour.Add(v)
	})
	if err = f.Parse(args); err != nil {
		return o, "", err
	}
	switch {
	case f.NArg() > 0:
		return o, "", fmt.Errorf("unexpected argument %q", f.Arg(0))
	case caFile != "" && !o.TLS:
		return o, "", errors.New("-ca-out needs -tls")
	}
	return o, caFile, nil
}

func loopback(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("want a loopback address, got %q", host)
	}
	return nil
}
