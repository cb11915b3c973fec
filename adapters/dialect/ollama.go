package dialect

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/ollamachat"
	"github.com/postern-gateway/postern/adapters/ndjson"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// Ollama is the dialect of https://github.com/ollama/ollama/blob/main/docs/api.md.
//
//go:noinline
func Ollama() *Dialect {
	return &Dialect{
		Name:           ollamachat.Name,
		Error:          ollamachat.AppendError,
		ErrorEvent:     ollamachat.AppendErrorEvent,
		Models:         ollamaModels,
		Check:          ollamaCheck,
		StreamType:     ndjson.ContentType,
		Timed:          true,
		StreamsUnasked: true,
		Overloaded:     503,
		MaxTokens:      []string{"options.num_predict"},
		Field:          ollamachat.Field,
		Reader:         ollamachat.Reader{},
		Writer:         ollamachat.Writer{},
		Embeddings:     &ollamachat.Embeddings{},
	}
}

// OllamaEmbeddings is the dialect of its older endpoint for embeddings.
func OllamaEmbeddings() *Dialect {
	d := Ollama()
	d.Name, d.Embeddings = ollamachat.EmbedName, &ollamachat.Embeddings{Old: true}
	d.Check = func(adapters.Operation, rawjson.Value) *chat.Error { return nil }
	return d
}

// OllamaGenerate is Ollama's dialect for prompts that are no conversation.
func OllamaGenerate() *Dialect {
	d := Ollama()
	d.Name = ollamachat.GenerateName
	d.Check = func(adapters.Operation, rawjson.Value) *chat.Error { return nil }
	d.Reader, d.Writer = ollamachat.GenerateReader{}, ollamachat.GenerateWriter{}
	return d
}

// ollamaModels lists models as if they were on the server: of their files nothing is
// known.
func ollamaModels(dst []byte, names []string) []byte {
	dst = rawjson.Add(dst, `{"models":[`)
	for i, n := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = rawjson.Add(dst, `{"name":`)
		dst = rawjson.AppendString(dst, n)
		dst = rawjson.Add(dst, `,"model":`)
		dst = rawjson.AppendString(dst, n)
		dst = rawjson.Add(dst, `,"modified_at":"1970-01-01T00:00:00Z","size":0,"digest":"","details":{"parent_model":"","format":"","family":"","families":[],"parameter_size":"","quantization_level":""}}`)
	}
	return rawjson.Add(dst, `]}`)
}

func ollamaCheck(op adapters.Operation, request rawjson.Value) *chat.Error {
	if op != adapters.Chat {
		return nil
	}
	return need(request, "messages", "an array", rawjson.Array)
}
