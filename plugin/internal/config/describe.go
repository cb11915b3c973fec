//go:build !wasip1

package config

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/strict"
	"github.com/postern-gateway/postern/plugin/guard"
)

// SchemaID is the name of the JSON Schema.
const SchemaID = "https://github.com/postern-gateway/postern/blob/main/plugin/postern.schema.json"

// Describe is the JSON Schema of the documents that Read takes, from the same
// declarations.
func Describe(providers []adapters.Provider, guards []guard.Type) []byte {
	r := &reader{parts: Parts{Providers: providers, Guards: guards}}
	return strict.Describe(SchemaID, "Configuration of Postern", r.plan)
}

// Len is how many models there are, patterns included.
func (m *Models) Len() int { return len(m.list) }
