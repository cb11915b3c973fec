//go:build !wasip1

package config

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/strict"
)

// SchemaID is the name of the JSON Schema.
const SchemaID = "https://github.com/postern-gateway/postern/blob/main/plugin/postern.schema.json"

// Describe is the JSON Schema of the documents that Read takes, from the same
// declarations.
func Describe(providers []adapters.Provider) []byte {
	r := &reader{parts: Parts{Providers: providers}}
	return strict.Describe(SchemaID, "Configuration of Postern", r.plan)
}

// Len is how many models there are, patterns included.
func (m *Models) Len() int { return len(m.list) }
