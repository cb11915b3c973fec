package ollama

import "github.com/postern-gateway/postern/adapters"

// Translator is the provider as tests use it.
func Translator() adapters.Translator { return &adapter{base: "/api"} }

// Adapter is one with options.
func Adapter(keepAlive string, context int) adapters.Translator {
	return &adapter{base: "/api", keepAlive: keepAlive, context: context}
}
