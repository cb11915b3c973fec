package pairs

import (
	"strings"

	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/dialect"
)

// A Road is one that requests of a dialect take: to another provider, and home again by
// that provider's own dialect. Its conversations are in the folder of the dialect's name.
type Road struct {
	Dialect, Via string
	Out, Home    adaptertest.Suite
	Form         adaptertest.Form
}

// Takes reports whether the model may be the other provider's: its name tells no other.
func (r *Road) Takes(model string) bool {
	other := map[string]string{"openai": "claude", "anthropic": "gpt"}[r.Via]
	return !strings.HasPrefix(model, other)
}

// Roads are all of them. Dialects that have come later go to both of the providers whose
// dialects can say the most.
func Roads() ([]Road, error) {
	as := map[string]*dialect.Dialect{"openai": dialect.OpenAI(), "anthropic": dialect.Anthropic()}
	var all []Road
	for _, d := range []struct {
		name string
		as   *dialect.Dialect
		form adaptertest.Form
		via  []string
	}{
		{"openai", as["openai"], adaptertest.OpenAIForm, []string{"anthropic"}},
		{"anthropic", as["anthropic"], adaptertest.AnthropicForm, []string{"openai"}},
		{"gemini", dialect.Gemini(), adaptertest.GeminiForm, []string{"openai"}},
		{"mistral", dialect.Mistral(), adaptertest.OpenAIForm, []string{"openai", "anthropic"}},
		{"cohere", dialect.Cohere(), adaptertest.CohereForm, []string{"openai", "anthropic"}},
		{"ollama", dialect.Ollama(), adaptertest.OllamaForm, []string{"openai", "anthropic"}},
		{"bedrock", dialect.Bedrock(), adaptertest.BedrockForm, []string{"openai", "anthropic"}},
	} {
		own, err := find(d.name).Translator()
		if err != nil {
			return nil, err
		}
		for _, via := range d.via {
			far, err := find(via).Translator()
			if err != nil {
				return nil, err
			}
			all = append(all, Road{d.name, via, adaptertest.Suite{Dialect: d.as, Provider: far}, adaptertest.Suite{Dialect: as[via], Provider: own}, d.form})
		}
	}
	return all, nil
}

// find is the provider of a kind, with the options that its mock takes.
func find(kind string) *Provider {
	for _, p := range Providers() {
		if p.Kind == kind {
			return &p
		}
	}
	return &Provider{Kind: kind}
}
