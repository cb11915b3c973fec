package cohere

import "github.com/postern-gateway/postern/adapters"

// Translator is the provider as tests use it.
func Translator() adapters.Translator { return &adapter{base: "/v2", chat: "/v2/chat"} }
