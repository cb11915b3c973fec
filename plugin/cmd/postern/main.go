// Command postern helps to operate the gateway: it checks configurations, mints
// client keys and writes Envoy bootstraps. The gateway itself is the module that
// package plugin builds; this command runs where operators do.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

//go:generate go run . schema --out ../../postern.schema.json
//go:generate go run . schema --markdown --out ../../../docs/reference.md
//go:generate go run . envoy ../../../examples/envoy/postern.yaml --listen 127.0.0.1:8080 --module /etc/postern/postern.wasm --out ../../../examples/envoy/envoy.yaml
//go:generate go run . envoy ../../../examples/fallback-plugin/postern.yaml --listen 127.0.0.1:8080 --module /etc/postern/postern.wasm --out ../../../examples/fallback-plugin/envoy.yaml
//go:generate go run . envoy ../../../examples/fallback-native/postern.yaml --listen 127.0.0.1:8080 --module /etc/postern/postern.wasm --out ../../../examples/fallback-native/envoy.yaml
//go:generate go run . envoy ../../../examples/fallback-redirect/postern.yaml --listen 127.0.0.1:8080 --module /etc/postern/postern.wasm --out ../../../examples/fallback-redirect/envoy.yaml

func main() {
	os.Exit(run(os.Args[1:], stdio{os.Stdin, os.Stdout, os.Stderr}))
}

// Exit statuses.
const (
	ok     = 0
	failed = 1 // what was asked for did not work, or the configuration is wrong
	misuse = 2 // nobody knows what was asked for
)

// stdio is what a command reads and writes.
type stdio struct {
	in       io.Reader
	out, err io.Writer
}

// A command is one of the program's verbs.
type command struct {
	name, args, doc string
	run             func(c *call) error
}

func commands() []command {
	return []command{
		{"check", "FILE", "say everything that is wrong with a configuration (JSON or YAML; - is standard input)", check},
		{"key", "", "mint a client key and print what the configuration gets to know of it", key},
		{"keypair", "FILE", "make a pair of keys to sign client keys with; FILE is for the private one", keypair},
		{"signed-key", "FILE", "make a client key that says itself whose it is, signed with the private key in FILE", signedKey},
		{"envoy", "FILE", "write an Envoy bootstrap that serves a configuration", envoy},
		{"route", "FILE", "say where the request in a file (JSON) would go by a configuration, and what would follow", route},
		{"schema", "", "print the JSON Schema of the configuration", schema},
		{"version", "", "print the version", version},
	}
}

// errMisuse is for mistakes in how a command was called, which have been explained.
var errMisuse = errors.New("wrong use")

// run carries out a command line and returns its exit status.
func run(args []string, io stdio) int {
	if len(args) == 0 {
		usage(io.err)
		return misuse
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		usage(io.out)
		return ok
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return c.call(args[1:], io)
		}
	}
	fmt.Fprintf(io.err, "postern: unknown command %q; postern --help lists them\n", args[0])
	return misuse
}

func (c command) call(args []string, io stdio) int {
	x := &call{command: c, stdio: io, args: args, flags: flag.NewFlagSet("postern "+c.name, flag.ContinueOnError)}
	x.flags.SetOutput(io.err)
	x.flags.Usage = func() {} // asked for, it is a result; after a mistake the mistake is enough
	switch err := c.run(x); {
	case err == nil:
		return ok
	case errors.Is(err, flag.ErrHelp):
		x.usage(io.out)
		return ok
	case errors.Is(err, errMisuse):
		return misuse
	default:
		fmt.Fprintf(io.err, "postern %s: %v\n", c.name, err)
		return failed
	}
}

func usage(w io.Writer) {
	fmt.Fprint(w, "postern helps to operate the Postern gateway.\n\nusage: postern COMMAND [FLAG…] [FILE]\n\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-15s %s\n", join(c.name, c.args), c.doc)
	}
	fmt.Fprint(w, "\npostern COMMAND --help tells the flags of one.\n")
}

func join(a, b string) string {
	if b == "" {
		return a
	}
	return a + " " + b
}

// A call is one command line of a command.
type call struct {
	command
	stdio
	args  []string
	flags *flag.FlagSet
	files []string
}

// parse reads flags and files, in any order, and makes sure that there are as many
// files as the command takes.
func (c *call) parse() error {
	rest := c.args
	for {
		if err := c.flags.Parse(rest); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return err
			}
			return errMisuse // the flag set has said why
		}
		if rest = c.flags.Args(); len(rest) == 0 {
			break
		}
		c.files = append(c.files, rest[0])
		rest = rest[1:]
	}
	switch want := len(c.command.args) > 0; {
	case want && len(c.files) == 1, !want && len(c.files) == 0:
		return nil
	case want:
		fmt.Fprintf(c.err, "postern %s: want one file, got %d\n", c.name, len(c.files))
	default:
		fmt.Fprintf(c.err, "postern %s: want no file, got %q\n", c.name, c.files[0])
	}
	return errMisuse
}

func (c *call) usage(w io.Writer) {
	fmt.Fprintf(w, "usage: postern %s\n\n%s\n", join(c.name+" [FLAG…]", c.command.args), c.doc)
	c.flags.SetOutput(w)
	c.flags.PrintDefaults()
}

// print writes a result to file, or to standard output if file is empty.
func (c *call) print(file string, b []byte) error {
	if file != "" {
		return os.WriteFile(file, b, 0o644)
	}
	_, err := c.out.Write(b)
	return err
}
