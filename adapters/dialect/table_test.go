package dialect

import (
	"testing"

	"github.com/postern-gateway/postern/adapters"
)

func TestFind(t *testing.T) {
	t.Parallel()
	d := OpenAI()
	table := newTable(d, d,
		Endpoint{Method: "POST", Path: "/v1/chat", Dialect: d, Op: adapters.Chat},
		Endpoint{Method: "POST", Path: "/v1beta/models/{model}:generate", Dialect: d, Op: adapters.Chat},
		Endpoint{Method: "POST", Path: "/v1beta/models/{model}:stream", Dialect: d, Op: adapters.Chat, Stream: true},
	)
	for _, tt := range []struct {
		name, path, model string
		found, stream     bool
	}{
		{"exact path", "/v1/chat", "", true, false},
		{"longer path", "/v1/chat/x", "", false, false},
		{"model", "/v1beta/models/gemini-pro:generate", "gemini-pro", true, false},
		{"model that streams", "/v1beta/models/gemini-pro:stream", "gemini-pro", true, true},
		{"model with slashes and colons", "/v1beta/models/acme/m:1:generate", "acme/m:1", true, false},
		{"model that is escaped", "/v1beta/models/acme%2Fm%3A1:generate", "acme/m:1", true, false},
		{"no model", "/v1beta/models/:generate", "", false, false},
		{"escape cut short", "/v1beta/models/a%2:generate", "", false, false},
		{"escape that is none", "/v1beta/models/a%zz:generate", "", false, false},
		{"unknown verb", "/v1beta/models/gemini-pro:shout", "", false, false},
	} {
		e, ok := table.Find(tt.path, "", NoHint)
		if ok != tt.found || e.Model != tt.model || e.Stream != tt.stream {
			t.Errorf("%s: got %v, model %q, stream %v; want %v, %q, %v", tt.name, ok, e.Model, e.Stream, tt.found, tt.model, tt.stream)
		}
	}
}

func TestFindOperations(t *testing.T) {
	t.Parallel()
	table := NewTable()
	for _, tt := range []struct {
		name, path, rest, methods string
		op                        adapters.Operation // None: there is no such path
		form                      bool
	}{
		{"forms", "/v1/audio/transcriptions", "", "POST", adapters.Transcriptions, true},
		{"files", "/v1/files", "", "GET POST", adapters.Files, true},
		{"a file", "/v1/files/file-a_B.1", "/file-a_B.1", "GET DELETE", adapters.Files, false},
		{"its content", "/v1/files/f/content", "/f/content", "GET", adapters.Files, false},
		{"a batch that ends", "/v1/batches/b/cancel", "/b/cancel", "POST", adapters.Batches, false},
		{"batches of messages", "/v1/messages/batches", "", "GET POST", adapters.Batches, false},
		{"results of one", "/v1/messages/batches/msgbatch_1/results", "/msgbatch_1/results", "GET", adapters.Batches, false},
		{"messages", "/v1/messages", "", "POST", adapters.Chat, false},
		{"something else of a batch", "/v1/messages/batches/b/other", "", "", adapters.None, false},
		{"something else of a file", "/v1/files/f/other", "", "", adapters.None, false},
		{"no id", "/v1/files/", "", "", adapters.None, false},
		{"no id before the content", "/v1/files//content", "", "", adapters.None, false},
		{"the folder above", "/v1/files/..", "", "", adapters.None, false},
		{"a path as an id", "/v1/files/../models", "", "", adapters.None, false},
		{"an id that is escaped", "/v1/files/%2e%2e", "", "", adapters.None, false},
		{"rerankers", "/v2/rerank", "", "POST", adapters.Rerank, false},
	} {
		e, ok := table.Find(tt.path, "", NoHint)
		if ok != (tt.op != adapters.None) || e.Op != tt.op || e.Rest != tt.rest || e.Form != tt.form || e.Method != tt.methods {
			t.Errorf("%s: got %v %+v", tt.name, ok, e)
		}
	}
}

func TestFindByHeadersAndPaths(t *testing.T) {
	t.Parallel()
	table := NewTable()
	for _, tt := range []struct {
		name, path, query string
		hint              Hint
		dialect           string
		op                adapters.Operation
		streamType        string // empty if it is no stream
	}{
		{"version 1", "/v1/models/m:generateContent", "", NoHint, "gemini", adapters.Chat, ""},
		{"beta", "/v1beta/models/m:generateContent", "key=x", NoHint, "gemini", adapters.Chat, ""},
		{"events", "/v1/models/m:streamGenerateContent", "a=b&alt=sse", NoHint, "gemini", adapters.Chat, "text/event-stream"},
		{"an array", "/v1/models/m:streamGenerateContent", "", NoHint, "gemini", adapters.Chat, "application/json"},
		{"another alt", "/v1/models/m:streamGenerateContent", "alt=sse2", NoHint, "gemini", adapters.Chat, "application/json"},
		{"tokens", "/v1/models/m:countTokens", "", NoHint, "gemini", adapters.CountTokens, ""},
		{"embeddings", "/v1beta/models/m:batchEmbedContents", "", NoHint, "gemini", adapters.BatchEmbeddings, ""},
		{"its list", "/v1beta/models", "", NoHint, "gemini", adapters.Models, ""},
		{"its list by its header", "/v1/models", "", GoogleKey, "gemini", adapters.Models, ""},
		{"Anthropic's list", "/v1/models", "", AnthropicVersion, "anthropic", adapters.Models, ""},
		{"OpenAI's list", "/v1/models", "", NoHint, "openai", adapters.Models, ""},
		{"Mistral's SDK", "/v1/chat/completions", "", MistralAgent, "mistral", adapters.Chat, ""},
		{"its list", "/v1/models", "", MistralAgent, "mistral", adapters.Models, ""},
		{"its embeddings", "/v1/embeddings", "", MistralAgent, "openai", adapters.Embeddings, ""},
		{"Cohere's SDK", "/v2/chat", "", NoHint, "cohere", adapters.Chat, ""},
		{"AWS's SDK", "/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse", "", NoHint, "bedrock", adapters.Chat, ""},
		{"its streams", "/model/arn%3Aaws%3Abedrock%2Fm/converse-stream", "", NoHint, "bedrock", adapters.Chat, "application/vnd.amazon.eventstream"},
	} {
		e, ok := table.Find(tt.path, tt.query, tt.hint)
		if !ok || e.Dialect.Name != tt.dialect || e.Op != tt.op || e.Stream != (tt.streamType != "") || e.Stream && e.Dialect.StreamType != tt.streamType {
			t.Errorf("%s: got %v, %+v", tt.name, ok, e)
		}
	}
}
