package dialect

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/openaichat"
	"github.com/postern-gateway/postern/adapters/dialect/openairesponses"
	"github.com/postern-gateway/postern/adapters/dialect/reranking"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/sse"
)

// OpenAI is the dialect of https://platform.openai.com/docs/api-reference.
//
//go:noinline
func OpenAI() *Dialect {
	return &Dialect{
		Name:       openaichat.Name,
		Error:      openaichat.AppendError,
		IsError:    func(v rawjson.Value) bool { return v.Get("error").Kind() == rawjson.Object },
		ErrorEvent: openaichat.AppendErrorEvent,
		Models:     openAIModels,
		Check:      openAICheck,
		StreamType: sse.ContentType,
		Overloaded: 503,
		MaxTokens:  []string{"max_completion_tokens", "max_tokens"},
		Reader:     openaichat.Reader{},
		Writer:     openaichat.Writer{},
		Embeddings: openaichat.Embeddings{},
		Rank:       &reranking.Codec{},
	}
}

// openAIEndpoints are the paths of the API, and that of rerankers, which is Cohere's and
// Jina's and stands beside it at most servers that have both.
func openAIEndpoints(d *Dialect) []Endpoint { return endpointsAt(d, openAIPaths[:]) }

// A place is a path of an API, and what is there.
type place struct {
	method, path string
	op           adapters.Operation
	form         bool
	model        string // where the API has a usual one
}

//go:noinline
func endpointsAt(d *Dialect, places []place) []Endpoint {
	list := make([]Endpoint, 0, len(places))
	for i := range places {
		p := &places[i]
		list = append(list, Endpoint{Method: p.method, Path: p.path, Dialect: d, Op: p.op, Form: p.form, Model: p.model})
	}
	return list
}

var openAIPaths = [...]place{
	{"POST", "/v1/chat/completions", adapters.Chat, false, ""},
	{"POST", "/v1/embeddings", adapters.Embeddings, false, ""},
	{"GET", "/v1/models", adapters.Models, false, ""},
	{"POST", "/v1/rerank", adapters.Rerank, false, ""},
	{"POST", "/v2/rerank", adapters.Rerank, false, ""},
	{"POST", "/v1/moderations", adapters.Moderations, false, "omni-moderation-latest"},
	{"POST", "/v1/images/generations", adapters.Images, false, ""},
	{"POST", "/v1/images/edits", adapters.ImageEdits, true, ""},
	{"POST", "/v1/audio/speech", adapters.Speech, false, ""},
	{"POST", "/v1/audio/transcriptions", adapters.Transcriptions, true, ""},
	{"POST", "/v1/audio/translations", adapters.Translations, true, ""},
	{"GET POST", "/v1/files", adapters.Files, true, ""},
	{"GET DELETE", "/v1/files/{id}", adapters.Files, false, ""},
	{"GET", "/v1/files/{id}/content", adapters.Files, false, ""},
	{"GET POST", "/v1/batches", adapters.Batches, false, ""},
	{"GET", "/v1/batches/{id}", adapters.Batches, false, ""},
	{"POST", "/v1/batches/{id}/cancel", adapters.Batches, false, ""},
}

// OpenAIResponses is OpenAI's dialect for its Responses API.
func OpenAIResponses() *Dialect {
	d := OpenAI()
	d.MaxTokens = []string{"max_output_tokens"}
	d.Field, d.ErrorEvent = openairesponses.Field, openairesponses.AppendErrorEvent
	d.Reader, d.Writer = openairesponses.Reader{}, openairesponses.Writer{}
	return d
}

// OpenAICompletions is OpenAI's dialect for completions of a prompt.
func OpenAICompletions() *Dialect {
	d := OpenAI()
	d.MaxTokens = []string{"max_tokens"}
	d.Field = openaichat.CompletionField
	d.Reader, d.Writer = openaichat.CompletionReader{}, openaichat.CompletionWriter{}
	return d
}

func openAIModels(dst []byte, names []string) []byte {
	dst = append(dst, `{"object":"list","data":[`...)
	for i, n := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = rawjson.Add(dst, `{"id":`)
		dst = rawjson.AppendString(dst, n)
		dst = rawjson.Add(dst, `,"object":"model","created":0,"owned_by":"postern"}`)
	}
	return rawjson.Add(dst, `]}`)
}

func openAICheck(op adapters.Operation, request rawjson.Value) *chat.Error {
	switch op {
	case adapters.Chat:
		return need(request, "messages", "an array", rawjson.Array)
	case adapters.Embeddings:
		return need(request, "input", "a string or an array", rawjson.String, rawjson.Array)
	}
	return nil
}
