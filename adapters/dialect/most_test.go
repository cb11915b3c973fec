package dialect_test

import (
	"math"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

func TestAtMost(t *testing.T) {
	t.Parallel()
	const any = math.MaxInt64
	for _, tt := range []struct {
		about   string
		d       *dialect.Dialect
		op      adapters.Operation
		body    string
		most    int64
		want    string
		lowered string
	}{
		{"OpenAI: less", dialect.OpenAI(), adapters.Chat, `{"max_tokens":50}`, 50, `{"max_tokens":50}`, ""},
		{"OpenAI: more", dialect.OpenAI(), adapters.Chat, `{"max_tokens":500}`, 500, `{"max_tokens":100}`, "max_tokens"},
		{"OpenAI: more by the newer name", dialect.OpenAI(), adapters.Chat, `{"max_completion_tokens":1e3}`, 1000, `{"max_completion_tokens":100}`, "max_completion_tokens"},
		{"OpenAI: more by one of two names", dialect.OpenAI(), adapters.Chat, `{"max_tokens":500,"max_completion_tokens":50}`, 50, `{"max_tokens":100,"max_completion_tokens":50}`, "max_tokens"},
		{"OpenAI: not said", dialect.OpenAI(), adapters.Chat, `{"n":1}`, any, `{"n":1,"max_completion_tokens":100}`, ""},
		{"OpenAI: null", dialect.OpenAI(), adapters.Chat, `{"max_tokens":null}`, any, `{"max_tokens":100}`, ""},
		{"OpenAI: no number", dialect.OpenAI(), adapters.Chat, `{"max_tokens":"many"}`, any, `{"max_tokens":100}`, "max_tokens"},
		{"OpenAI: not whole", dialect.OpenAI(), adapters.Chat, `{"max_tokens":100.5}`, any, `{"max_tokens":100}`, "max_tokens"},
		{"OpenAI: more than fits", dialect.OpenAI(), adapters.Chat, `{"max_tokens":1e30}`, any, `{"max_tokens":100}`, "max_tokens"},
		{"completions: more", dialect.OpenAICompletions(), adapters.Completions, `{"max_tokens":500}`, 500, `{"max_tokens":100}`, "max_tokens"},
		{"completions: not said is little", dialect.OpenAICompletions(), adapters.Completions, `{}`, 16, `{}`, ""},
		{"responses: more", dialect.OpenAIResponses(), adapters.Responses, `{"max_output_tokens":500}`, 500, `{"max_output_tokens":100}`, "max_output_tokens"},
		{"responses: not said", dialect.OpenAIResponses(), adapters.Responses, `{}`, any, `{"max_output_tokens":100}`, ""},
		{"Anthropic: more", dialect.Anthropic(), adapters.Chat, `{"max_tokens":500}`, 500, `{"max_tokens":100}`, "max_tokens"},
		{"Gemini: more", dialect.Gemini(), adapters.Chat, `{"generationConfig":{"maxOutputTokens":500}}`, 500, `{"generationConfig":{"maxOutputTokens":100}}`, "generationConfig.maxOutputTokens"},
		{"Gemini: more in the other spelling", dialect.Gemini(), adapters.Chat, `{"generation_config":{"max_output_tokens":"500"}}`, 500, `{"generation_config":{"max_output_tokens":100}}`, "generation_config.max_output_tokens"},
		{"Gemini: not said", dialect.Gemini(), adapters.Chat, `{}`, any, `{"generationConfig":{"maxOutputTokens":100}}`, ""},
		{"Gemini: not said beside others", dialect.Gemini(), adapters.Chat, `{"generation_config":{"topP":1}}`, any, `{"generation_config":{"topP":1,"maxOutputTokens":100}}`, ""},
		{"Gemini as an array", dialect.GeminiArray(), adapters.Chat, `{}`, any, `{"generationConfig":{"maxOutputTokens":100}}`, ""},
		{"Ollama: without end", dialect.Ollama(), adapters.Chat, `{"options":{"num_predict":-1}}`, any, `{"options":{"num_predict":100}}`, "options.num_predict"},
		{"Ollama: not said", dialect.OllamaGenerate(), adapters.Chat, `{}`, any, `{"options":{"num_predict":100}}`, ""},
		{"Bedrock: more", dialect.Bedrock(), adapters.Chat, `{"inferenceConfig":{"maxTokens":500}}`, 500, `{"inferenceConfig":{"maxTokens":100}}`, "inferenceConfig.maxTokens"},
		{"Cohere: not said", dialect.Cohere(), adapters.Chat, `{}`, any, `{"max_tokens":100}`, ""},
		{"Mistral's SDK: more", dialect.Mistral(), adapters.Chat, `{"max_tokens":500}`, 500, `{"max_tokens":100}`, "max_tokens"},
	} {
		var doc rawjson.Doc
		var patch rawjson.Patch
		if err := doc.Parse([]byte(tt.body)); err != nil {
			t.Fatalf("%s: %v", tt.about, err)
		}
		if n, ok := tt.d.Most(tt.op, doc.Root()); !ok || n != tt.most {
			t.Errorf("%s: got %d (%v) asked for, want %d", tt.about, n, ok, tt.most)
		}
		lowered, e := tt.d.AtMost(tt.op, doc.Root(), 100, &patch)
		if got := string(patch.Apply(nil, &doc)); e != nil || got != tt.want || lowered != tt.lowered {
			t.Errorf("%s: got %s, lowered %q (%v), want %s, %q", tt.about, got, lowered, e, tt.want, tt.lowered)
		}
	}
}

func TestThinkingBeyondTheAnswer(t *testing.T) {
	t.Parallel()
	var doc rawjson.Doc
	var patch rawjson.Patch
	if err := doc.Parse([]byte(`{"max_tokens":9000,"thinking":{"type":"enabled","budget_tokens":4000}}`)); err != nil {
		t.Fatal(err)
	}
	if _, e := dialect.Anthropic().AtMost(adapters.Chat, doc.Root(), 4000, &patch); e == nil || e.Param != "thinking.budget_tokens" {
		t.Errorf("got %v, want an error about the budget", e)
	}
	if _, e := dialect.Anthropic().AtMost(adapters.Chat, doc.Root(), 4001, &patch); e != nil {
		t.Errorf("got %v, want none", e)
	}
}

func TestWhatHasNoTokens(t *testing.T) {
	t.Parallel()
	for _, op := range []adapters.Operation{adapters.Embeddings, adapters.CountTokens, adapters.Images, adapters.Rerank} {
		if n, ok := dialect.OpenAI().Most(op, rawjson.Value{}); ok {
			t.Errorf("%s: got %d, want none", op, n)
		}
	}
}
