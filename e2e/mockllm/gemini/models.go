package gemini

import (
	"net/http"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

// A family is what models whose names begin alike take.
type family struct {
	id            string
	levels        []string // of thinking; nil for a budget
	least, most   int      // of a thinking budget
	silent        bool     // a budget of 0 is taken
	third         bool     // signs its calls, knows their ids, has one candidate, and JSON beside functions
	continues     bool     // takes a final turn of the model's
	embeds        int      // dimensions of an embedding model
	thinksUnasked bool
}

// families follows https://ai.google.dev/gemini-api/docs/generate-content/thinking and
// https://ai.google.dev/gemini-api/docs/latest-model. The first prefix that fits holds.
func families() []family {
	all := []string{"MINIMAL", "LOW", "MEDIUM", "HIGH"}
	return []family{
		{id: "gemini-2.5-flash-lite", least: 512, most: 24576, silent: true, continues: true},
		{id: "gemini-2.5-flash", least: 1, most: 24576, silent: true, continues: true, thinksUnasked: true},
		{id: "gemini-2.5-pro", least: 128, most: 32768, continues: true, thinksUnasked: true},
		{id: "gemini-3-pro-preview", levels: []string{"LOW", "HIGH"}, third: true, continues: true, thinksUnasked: true},
		{id: "gemini-3-flash-preview", levels: all, third: true, continues: true, thinksUnasked: true},
		{id: "gemini-3.1-pro-preview", levels: all[1:], third: true, continues: true, thinksUnasked: true},
		{id: "gemini-3.5-flash-lite", levels: all, third: true, thinksUnasked: true},
		{id: "gemini-3.5-flash", levels: all, third: true, continues: true, thinksUnasked: true},
		{id: "gemini-3.6-flash", levels: all, third: true, thinksUnasked: true},
		{id: "gemini-3.7-flash", levels: all[1:], third: true, thinksUnasked: true},
		{id: "gemini-3.8-flash", levels: all[1:], third: true, thinksUnasked: true},
		{id: "gemini-embedding-001", embeds: 3072},
	}
}

// model finds a model. One that the server's options name thinks by a budget and takes
// what older models take.
func (a *api) model(name string) (family, *provider.Failure) {
	if slices.Contains(a.env.Models, name) {
		return family{id: name, least: 1, most: 32768, silent: true, continues: true, embeds: 768}, nil
	}
	for _, f := range families() {
		if rest, ok := strings.CutPrefix(name, f.id); ok && (rest == "" || strings.HasPrefix(rest, "-0")) {
			return f, nil
		}
	}
	return family{}, &provider.Failure{Status: http.StatusNotFound, Type: "NOT_FOUND",
		Message: "models/" + name + " is not found for API version v1beta, or is not supported for generateContent. Call ListModels to see the list of available models and their supported methods."}
}

type modelObject struct {
	Name    string   `json:"name"`
	Version string   `json:"version"`
	Display string   `json:"displayName"`
	Input   int      `json:"inputTokenLimit"`
	Output  int      `json:"outputTokenLimit"`
	Methods []string `json:"supportedGenerationMethods"`
}

func object(f family) modelObject {
	m := modelObject{"models/" + f.id, "001", f.id, 1_048_576, 65_536, []string{"generateContent", "countTokens"}}
	if f.embeds > 0 {
		m.Input, m.Output, m.Methods = 2048, 1, []string{"embedContent", "countTextTokens"}
	}
	return m
}

func (a *api) listModels(x *provider.Exchange) {
	var out struct {
		Models []modelObject `json:"models"`
	}
	for _, f := range families() {
		out.Models = append(out.Models, object(f))
	}
	for _, id := range a.env.Models {
		out.Models = append(out.Models, object(family{id: id}))
	}
	x.JSON(out)
}

func (a *api) getModel(x *provider.Exchange, name string) {
	f, failure := a.model(name)
	if failure != nil {
		x.Fail(*failure)
		return
	}
	x.JSON(object(f))
}
