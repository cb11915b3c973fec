// Package identity says who sends a request.
package identity

import (
	"github.com/postern-gateway/postern/plugin/internal/glob"
	"github.com/postern-gateway/postern/plugin/internal/limit"
)

// A Caller is somebody who may call, however that was proved. Nil is anybody, where the
// configuration lets everybody call.
type Caller struct {
	Name, Tenant, Tier string
	Tags               []string
	Models             []string     // names and patterns; none means every model
	Rules              limit.Limits // its own
}

// May reports whether the caller may use a model by that name.
func (c *Caller) May(model string) bool {
	return c == nil || len(c.Models) == 0 || glob.Any(c.Models, model)
}
