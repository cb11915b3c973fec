//go:build !linux

// Command bench measures on Linux only: it reads /proc and pins processes to cores.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "bench: needs Linux")
	os.Exit(2)
}
