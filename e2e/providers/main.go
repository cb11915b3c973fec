// Command providers writes the tables of what each provider does into the documents.
//
// Nothing in them is claimed: each cell is what came of a small request that was
// translated for the provider, sent to its strict mock, and whose answer was read, in one
// piece and as a stream. A provider that nobody has told it how to try is "not tried".
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/postern-gateway/postern/adapters/builtin"
)

//go:generate go run . --root ../..

func main() {
	root := flag.String("root", ".", "`folder` of the repository")
	flag.Parse()
	if err := run(*root); err != nil {
		fmt.Fprintln(os.Stderr, "providers:", err)
		os.Exit(1)
	}
}

// run writes all documents again that have a table.
func run(root string) error {
	rows, err := tryAll(builtin.Providers())
	if err != nil {
		return err
	}
	for _, d := range documents() {
		file := filepath.Join(root, d.file)
		b, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		text, err := d.rewrite(string(b), rows)
		if err != nil {
			return fmt.Errorf("%s: %w", d.file, err)
		}
		if text == string(b) {
			continue
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
