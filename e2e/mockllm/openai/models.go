package openai

import (
	"net/http"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

// An operation is what a model can be asked for.
type operation int

const (
	opChat operation = iota
	opCompletion
	opEmbedding
	opModeration
	opImage
	opSpeech
	opListen
)

// A family is a model with its dated versions.
type family struct {
	id        string
	op        operation
	maxOutput int
	images    bool
	efforts   []string // of a reasoning model; the first is its default
	free      bool     // of a variant, whose models have no rules but the format's
	size      int      // dimensions of an embedding
}

// families follows https://platform.openai.com/docs/models. A family that is not in
// the SDKs' lists any more stays while users may still name it.
func families() []family {
	classic := func(id string, maxOutput int, images bool) family {
		return family{id: id, maxOutput: maxOutput, images: images}
	}
	reasoning := func(id string, maxOutput int, efforts ...string) family {
		return family{id: id, maxOutput: maxOutput, images: id != "o3-mini", efforts: efforts}
	}
	return []family{
		classic("gpt-4o", 16384, true), classic("gpt-4o-mini", 16384, true), classic("chatgpt-4o", 16384, true),
		classic("gpt-4.1", 32768, true), classic("gpt-4.1-mini", 32768, true), classic("gpt-4.1-nano", 32768, true),
		classic("gpt-4-turbo", 4096, true), classic("gpt-4", 8192, false), classic("gpt-3.5-turbo", 4096, false),
		classic("gpt-5-chat", 16384, true),
		reasoning("o1", 100_000, "medium", "low", "high"), reasoning("o3", 100_000, "medium", "low", "high"),
		reasoning("o3-mini", 100_000, "medium", "low", "high"), reasoning("o4-mini", 100_000, "medium", "low", "high"),
		reasoning("gpt-5", 128_000, "medium", "minimal", "low", "high"),
		reasoning("gpt-5-mini", 128_000, "medium", "minimal", "low", "high"),
		reasoning("gpt-5-nano", 128_000, "medium", "minimal", "low", "high"),
		reasoning("gpt-5.1", 128_000, "none", "low", "medium", "high"),
		reasoning("gpt-5.2", 128_000, "none", "low", "medium", "high", "xhigh"),
		reasoning("gpt-5.4", 128_000, "none", "low", "medium", "high", "xhigh"),
		reasoning("gpt-5.4-mini", 128_000, "none", "low", "medium", "high", "xhigh"),
		reasoning("gpt-5.5", 128_000, "medium", "none", "low", "high", "xhigh"),
		{id: "gpt-3.5-turbo-instruct", op: opCompletion, maxOutput: 4096},
		{id: "davinci-002", op: opCompletion, maxOutput: 16384},
		{id: "omni-moderation", op: opModeration}, {id: "text-moderation", op: opModeration},
		{id: "gpt-image-1", op: opImage}, {id: "gpt-4o-mini-tts", op: opSpeech}, {id: "tts-1", op: opSpeech},
		{id: "whisper-1", op: opListen}, {id: "gpt-4o-transcribe", op: opListen}, {id: "gpt-4o-mini-transcribe", op: opListen},
		{id: "text-embedding-3-small", op: opEmbedding, size: 1536},
		{id: "text-embedding-3-large", op: opEmbedding, size: 3072},
		{id: "text-embedding-ada-002", op: opEmbedding, size: 1536},
	}
}

func (f family) reasons() bool { return len(f.efforts) > 0 }

// dated says whether rest is what may follow the id of a family: nothing, a date, latest.
func dated(rest string) bool {
	return rest == "" || strings.HasPrefix(rest, "-20") || rest == "-latest" || rest == "-preview"
}

// model finds the family of a model. One that the server's options name is anything that is asked of it.
func (a *api) model(name string, op operation) (family, *provider.Failure) {
	if a.v != nil && a.v.Models != nil {
		return a.v.model(name, op, a.env.Models)
	}
	named := slices.Contains(a.env.Models, name)
	if a.v != nil && a.v.Reasons && !named {
		for _, f := range families() {
			if rest, ok := strings.CutPrefix(name, f.id); ok && dated(rest) && f.op == op && len(f.efforts) > 0 {
				return f, nil
			}
		}
	}
	if a.v != nil || named {
		return family{id: name, op: op, maxOutput: 128_000, images: true, size: 1536}, nil
	}
	for _, f := range families() {
		rest, ok := strings.CutPrefix(name, f.id)
		if !ok || !dated(rest) {
			continue
		}
		if f.op != op {
			return f, wrongOperation(op)
		}
		return f, nil
	}
	return family{}, &provider.Failure{Status: http.StatusNotFound, Type: invalidRequest, Code: "model_not_found",
		Message: "The model `" + name + "` does not exist or you do not have access to it."}
}

func wrongOperation(op operation) *provider.Failure {
	f := provider.Failure{Status: http.StatusNotFound, Type: invalidRequest, Param: "model"}
	switch op {
	case opChat:
		f.Message = "This is not a chat model and thus not supported in the v1/chat/completions endpoint. Did you mean to use v1/completions?"
	case opCompletion:
		f.Message = "This is a chat model and not supported in the v1/completions endpoint. Did you mean to use v1/chat/completions?"
	default:
		f.Status, f.Param = http.StatusForbidden, ""
		f.Message = "You are not allowed to generate embeddings from this model"
	}
	return &f
}

type modelObject struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"`
	OwnedBy string `json:"owned_by"`
}

// modelsCreated is the creation time that every model shows.
const modelsCreated = 1715367049

func (a *api) listModels(x *provider.Exchange) {
	out := struct {
		Object string        `json:"object"`
		Data   []modelObject `json:"data"`
	}{Object: "list"}
	for _, f := range families() {
		out.Data = append(out.Data, modelObject{f.id, "model", modelsCreated, "system"})
	}
	for _, id := range a.env.Models {
		out.Data = append(out.Data, modelObject{id, "model", modelsCreated, "mock"})
	}
	x.JSON(out)
}

func (a *api) getModel(x *provider.Exchange, id string) {
	known := slices.Contains(a.env.Models, id)
	for _, f := range families() {
		rest, ok := strings.CutPrefix(id, f.id)
		known = known || ok && dated(rest)
	}
	if !known {
		x.Fail(provider.Failure{Status: http.StatusNotFound, Type: invalidRequest, Param: "model", Code: "model_not_found",
			Message: "The model '" + id + "' does not exist"})
		return
	}
	x.JSON(modelObject{id, "model", modelsCreated, "system"})
}
