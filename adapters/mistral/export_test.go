package mistral

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/openai"
)

// Translator is the provider as tests use it.
func Translator() adapters.Translator { return &adapter{Adapter: openai.New(profile("/v1"))} }
