package mistral

import (
	"slices"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/ordered"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

// A family is a model with its versions.
type family struct {
	id      string
	efforts []string // that it can be told; nil if it does not reason
	native  bool     // it reasons without being told
	size    int      // dimensions of an embedding; 0 for chat
}

// families follows https://docs.mistral.ai/getting-started/models.
func families() []family {
	onOrOff := []string{"none", "high"}
	return []family{
		{id: "mistral-small-latest", efforts: onOrOff}, {id: "mistral-small-2603", efforts: onOrOff},
		{id: "mistral-medium-latest", efforts: onOrOff}, {id: "mistral-medium-3-5", efforts: onOrOff},
		{id: "mistral-large-4", efforts: []string{"low", "medium", "high"}}, {id: "mistral-large-latest"}, {id: "mistral-large-2512"},
		{id: "magistral-medium-2509", efforts: onOrOff, native: true}, {id: "ministral-8b-latest"}, {id: "ministral-14b-latest"},
		{id: "codestral-latest"}, {id: "devstral-latest"}, {id: "mistral-small-2506"}, {id: "pixtral-12b-2409"},
		{id: "mistral-embed", size: 1024}, {id: "codestral-embed", size: 1536},
	}
}

// model finds a model. One that the server's options name is anything that is asked of it.
func (a *api) model(name string, embeds bool) (family, *provider.Failure) {
	for _, f := range families() {
		if rest, ok := strings.CutPrefix(name, f.id); ok && (rest == "" || rest[0] == '-') && (f.size > 0) == embeds {
			return f, nil
		}
	}
	if slices.Contains(a.env.Models, name) {
		return family{id: name, size: 1024}, nil
	}
	return family{}, bad("invalid_model", "1500", "Invalid model: "+name)
}

func (a *api) listModels(x *provider.Exchange) {
	list := []any{}
	for _, f := range families() {
		list = append(list, ordered.Of("id", f.id, "object", "model", "created", 1760000000, "owned_by", "mistralai",
			"capabilities", ordered.Of("completion_chat", f.size == 0), "type", "base"))
	}
	x.JSON(ordered.Of("object", "list", "data", list))
}
