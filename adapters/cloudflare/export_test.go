package cloudflare

import "github.com/postern-gateway/postern/adapters"

// Translators are the provider as tests use it: in OpenAI's form, and in its own.
func Translators() (openAI, run adapters.Translator) {
	const base = "/client/v4/accounts/acc/ai"
	return newAdapter(base, false), newAdapter(base, true)
}
