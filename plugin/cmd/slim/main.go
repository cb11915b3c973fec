// Command slim makes the module that Go has linked smaller, without changing what it
// does, or says which packages weigh what in it.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/postern-gateway/postern/plugin/internal/slim"
)

func main() {
	out := flag.String("out", "", "`file` to write the smaller module to")
	root := flag.String("root", "", "what the names of functions and files need not begin with in traces")
	order := flag.String("order", "", "`file` with the names of functions that come first, one a line")
	names := flag.Bool("names", false, "leave the names of functions in")
	sizes := flag.Bool("sizes", false, "print what the packages weigh")
	flag.Parse()
	if err := run(flag.Arg(0), *out, *order, slim.Options{Root: *root, Names: *names}, *sizes); err != nil {
		fmt.Fprintln(os.Stderr, "slim:", err)
		os.Exit(1)
	}
}

func run(in, out, order string, o slim.Options, sizes bool) error {
	linked, err := os.ReadFile(in)
	if err != nil {
		return err
	}
	if sizes {
		return printSizes(linked)
	}
	if order != "" {
		list, err := os.ReadFile(order)
		if err != nil {
			return err
		}
		o.Order = slim.Order(string(list))
	}
	wasm, err := slim.Slim(linked, o)
	if err != nil {
		return fmt.Errorf("%s: %w", in, err)
	}
	return os.WriteFile(out, wasm, 0o644)
}

func printSizes(linked []byte) error {
	list, err := slim.Sizes(linked)
	if err != nil {
		return err
	}
	for _, s := range list {
		fmt.Printf("%9d bytes in %4d functions  %s\n", s.Bytes, s.Functions, s.Package)
	}
	return nil
}
