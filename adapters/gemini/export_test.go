package gemini

import "github.com/postern-gateway/postern/adapters"

// Translator is the provider as tests use it.
func Translator() adapters.Translator { return &adapter{base: "/v1beta"} }

// Embedder is the same for embeddings.
func Embedder() adapters.Embedder { return &adapter{base: "/v1beta"} }
