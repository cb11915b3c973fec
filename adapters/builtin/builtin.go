// Package builtin is the list of providers in the shipped module. A provider is
// added by a line here.
package builtin

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/anthropic"
	"github.com/postern-gateway/postern/adapters/gemini"
	"github.com/postern-gateway/postern/adapters/openai"
)

// Providers are all providers, in the order of the documentation.
func Providers() []adapters.Provider {
	return []adapters.Provider{
		openai.Provider(),
		anthropic.Provider(),
		gemini.Provider(),
	}
}
