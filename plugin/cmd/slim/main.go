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
	sizes := flag.Bool("sizes", false, "print what the packages weigh")
	flag.Parse()
	if err := run(flag.Arg(0), *out, *root, *sizes); err != nil {
		fmt.Fprintln(os.Stderr, "slim:", err)
		os.Exit(1)
	}
}

func run(in, out, root string, sizes bool) error {
	linked, err := os.ReadFile(in)
	if err != nil {
		return err
	}
	if sizes {
		return printSizes(linked)
	}
	wasm, err := slim.Slim(linked, root)
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
