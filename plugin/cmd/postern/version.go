package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version tells what was built, from what the Go command has stamped.
func version(c *call) error {
	if err := c.parse(); err != nil {
		return err
	}
	name, commit := "(devel)", ""
	if b, ok := debug.ReadBuildInfo(); ok {
		if b.Main.Version != "" {
			name = b.Main.Version
		}
		for _, s := range b.Settings {
			if s.Key == "vcs.revision" {
				commit = " " + s.Value
			}
		}
	}
	_, err := fmt.Fprintf(c.out, "postern %s%s %s %s/%s\n", name, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
