package main

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/e2e/mockllm/azure"
	"github.com/postern-gateway/postern/e2e/mockllm/bedrock"
	"github.com/postern-gateway/postern/e2e/mockllm/cloudflare"
	"github.com/postern-gateway/postern/e2e/mockllm/compatible"
)

// A setup is how a provider is tried.
type setup struct {
	mock, host, key string // key: empty is the mock's own
	options         string // empty: none
	model           string

	// Models that see, think and make embeddings, where model does not. The mock need not
	// know embeddings: there have to be cases of them then.
	sees, thinks, embeds string

	ranks string // a reranker that has to be asked in another form than the clients'

	// cases are folders below adapters whose cases show what the table says, each named
	// after the dialect of its clients.
	cases []string
}

// Folders of cases that several providers share.
const (
	likeOpenAI    = "adaptertest/testdata/anthropic-to-openai"
	likeAnthropic = "adaptertest/testdata/openai-to-anthropic"
)

// setups are those of the providers with an adapter of their own.
func setups() map[string]setup {
	return map[string]setup{
		"openai":    {mock: "openai", model: "gpt-4o", thinks: "gpt-5", embeds: "text-embedding-3-small", cases: []string{likeOpenAI}},
		"anthropic": {mock: "anthropic", model: "claude-sonnet-4-5", cases: []string{likeAnthropic}},
		"gemini":    {mock: "gemini", model: "gemini-2.5-flash", embeds: "gemini-embedding-001", cases: []string{"gemini/testdata/openai", "gemini/testdata/anthropic"}},
		"azure":     {mock: "azure", host: azure.Host, model: "gpt-4o", thinks: "gpt-5", embeds: "text-embedding-3-small", cases: []string{"azure/testdata/anthropic", likeOpenAI}},
		"mistral":   {mock: "mistral", model: "mistral-large-latest", thinks: "mistral-medium-latest", embeds: "mistral-embed", cases: []string{"mistral/testdata/openai", "mistral/testdata/anthropic"}},
		"cohere":    {mock: "cohere", model: "command-a-03-2025", sees: "command-a-vision-07-2025", thinks: "command-a-reasoning-08-2025", embeds: "embed-v4.0", ranks: "rerank-v3.5", cases: []string{"cohere/testdata/openai", "cohere/testdata/anthropic"}},
		"ollama":    {mock: "ollama", host: "ollama.com", model: "llama3.2", sees: "gemma3", thinks: "qwen3", embeds: "nomic-embed-text", cases: []string{"ollama/testdata/openai", "ollama/testdata/anthropic"}},
		"bedrock":   {mock: "bedrock", key: bedrock.AccessKey, model: "anthropic.claude-sonnet-4-5-20250929-v1:0", embeds: "cohere.embed-english-v3", ranks: "cohere.rerank-v3-5:0", options: `{"region":"us-east-1"}`, cases: []string{"bedrock/testdata/openai", "bedrock/testdata/anthropic"}},
		"vertex": {mock: "vertex", model: "gemini-2.5-flash", embeds: "text-embedding-005", options: `{"project":"p","token_cluster":"tokens"}`,
			cases: []string{"gemini/testdata/openai", "gemini/testdata/anthropic", likeAnthropic}},
		"huggingface": {mock: "huggingface", model: "meta-llama/Llama-3.3-70B-Instruct", thinks: "openai/gpt-oss-120b", cases: []string{"huggingface/testdata/openai", "huggingface/testdata/anthropic", likeOpenAI}},
		"cloudflare": {mock: "cloudflare", model: "@cf/meta/llama-3.3-70b-instruct-fp8-fast", thinks: "@cf/openai/gpt-oss-120b", embeds: "@cf/baai/bge-large-en-v1.5", ranks: "@cf/baai/bge-reranker-base",
			options: `{"account":"` + cloudflare.Account + `"}`, cases: []string{"cloudflare/testdata/openai", "cloudflare/testdata/anthropic", likeOpenAI}},
		"llama":      {mock: "compatible", model: "Llama-4-Maverick-17B-128E-Instruct-FP8", cases: []string{"llama/testdata/openai", "llama/testdata/anthropic", likeOpenAI}},
		"custom":     {mock: "ollama", host: "ollama.com", model: "llama3.2", thinks: "qwen3", options: ownFormat, cases: []string{"custom/testdata/agent/openai", "custom/testdata/agent/anthropic"}},
		"compatible": {mock: "compatible", host: compatible.Host("vllm"), model: "m", embeds: "text-embedding-3-small", options: `{"service":"vllm"}`, cases: []string{likeOpenAI}},
	}
}

// ownFormat describes Ollama's own API as a server that nobody knows.
const ownFormat = `{"path":"/api/chat",
	"request":{"model":"{{model}}","messages":"{{messages}}","tools":"{{tools}}","stream":"{{stream|false}}","format":"{{response_format.json_schema.schema}}","think":"{{reasoning_effort}}","options":{"num_predict":"{{max_tokens}}"}},
	"messages":{"user":{"role":"user","content":"{{content}}"}},
	"response":{"text":"message.content","reasoning":"message.thinking","tool_calls":"message.tool_calls[*].function","tool_call_name":"name","tool_call_arguments":"arguments",
		"finish":"done_reason","input_tokens":"prompt_eval_count","output_tokens":"eval_count"},
	"stream":{"framing":"ndjson"}}`

// setupOf is how to try a provider; false if nobody has said it.
func setupOf(p adapters.Provider) (setup, bool) {
	if p.Like == "" {
		s, ok := setups()[p.Name]
		if s.host == "" {
			s.host = p.Host
		}
		return s, ok
	}
	s := setup{mock: p.Like, host: compatible.Host(p.Name), model: "m", embeds: "text-embedding-3-small", cases: []string{likeOpenAI}}
	return s, s.host != ""
}

// or is the first that is not empty.
func or(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}
