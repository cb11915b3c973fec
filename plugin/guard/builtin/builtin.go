// Package builtin is the list of guards in the shipped module.
package builtin

import (
	"github.com/postern-gateway/postern/plugin/guard"
	"github.com/postern-gateway/postern/plugin/guard/injection"
	"github.com/postern-gateway/postern/plugin/guard/output"
	"github.com/postern-gateway/postern/plugin/guard/pii"
)

// Types are the guards that a configuration can name.
func Types() []guard.Type { return []guard.Type{pii.Type(), injection.Type(), output.Type()} }
