package bedrock

import (
	"net/url"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

// A family is what models have in common that the mock judges requests by.
type family struct {
	id        string // part of the id
	claude    bool
	budget    bool // thinks by a budget
	adaptive  bool // thinks as it sees fit
	prefill   bool // goes on with a final turn of its own
	both      bool // temperature together with topP
	caches    bool
	toolCache bool
	forces    bool // toolChoice tool
	schemas   bool
	status    bool
	nova      bool
}

func families() []family {
	claude := family{claude: true, caches: true, toolCache: true, forces: true, status: true, prefill: true, both: true}
	with := func(f family, id string, change func(*family)) family {
		f.id = id
		change(&f)
		return f
	}
	return []family{
		with(claude, "anthropic.claude-3-5", func(*family) {}),
		with(claude, "anthropic.claude-sonnet-4-5", func(f *family) { f.budget, f.schemas, f.both = true, true, false }),
		with(claude, "anthropic.claude-opus-4-6", func(f *family) { f.budget, f.adaptive, f.schemas, f.both, f.prefill = true, true, true, false, false }),
		{id: "amazon.nova-2-lite", caches: true, forces: true, status: true, nova: true, both: true},
		{id: "amazon.nova-pro", caches: true, forces: true, status: true, nova: true, both: true},
		{id: "openai.gpt-oss-120b", schemas: true, both: true},
		{id: "qwen.qwen3-32b", schemas: true, both: true},
		{id: "meta.llama3-3-70b-instruct", both: true},
	}
}

// model finds a model by its id as the path has it. One that the server's options name
// takes what Llama takes.
func (a *api) model(escaped string) (family, *provider.Failure) {
	id, err := url.PathUnescape(escaped)
	if err != nil || id == "" {
		return family{}, invalid("The provided model identifier is invalid.")
	}
	for _, f := range families() {
		if strings.Contains(id, f.id) {
			return f, nil
		}
	}
	if slices.Contains(a.env.Models, id) {
		return family{id: id, both: true}, nil
	}
	return family{}, invalid("The provided model identifier is invalid.")
}
