package huggingface

import "github.com/postern-gateway/postern/adapters"

// Translator is the provider as tests use it.
func Translator() adapters.Translator { return newAdapter("/v1", true) }
