// Command plugin is the WebAssembly module: it joins the parts.
package main

import (
	"runtime"
	"syscall"

	"github.com/postern-gateway/postern/adapters/builtin"
	guards "github.com/postern-gateway/postern/plugin/guard/builtin"
	"github.com/postern-gateway/postern/plugin/internal/config"
	"github.com/postern-gateway/postern/plugin/internal/gateway"
	"github.com/postern-gateway/postern/plugin/shell"
)

// Set by the linker.
var version, commit = "dev", "unknown"

// A module that is a library is initialised and never run: main stays empty.
func init() {
	shell.Serve(
		config.Parts{Providers: builtin.Providers(), Guards: guards.Types(), Environment: getenv},
		gateway.Build{Version: version, Commit: commit, Go: runtime.Version()},
	)
}

func main() {}

func getenv(name string) string {
	v, _ := syscall.Getenv(name)
	return v
}
