package cloudflare

import "github.com/postern-gateway/postern/adapters"

// Translators are the provider as tests use it: in OpenAI's form, and in its own.
func Translators() (openAI, run adapters.Translator) {
	const base = "/client/v4/accounts/023e105f4ecef8ad9ca31a8372d0c353/ai" // the account that the mock knows
	return newAdapter(base, false), newAdapter(base, true)
}
