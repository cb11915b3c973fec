package compatible_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/compatible"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/strict"
)

// adapter is that of a type with the options given.
func adapter(tb testing.TB, name, options string) adapters.Adapter {
	tb.Helper()
	list := compatible.Providers()
	i := slices.IndexFunc(list, func(p adapters.Provider) bool { return p.Name == name })
	if i < 0 {
		tb.Fatalf("no type is called %q", name)
	}
	var a adapters.Adapter
	var err error
	if e := strict.Decode([]byte(options), func(o *strict.Object) { a, err = list[i].Options(o) }); e != nil || err != nil {
		tb.Fatal(e, err)
	}
	return a
}

// amend is what a service gets of a body, and what was dropped or is wrong.
func amend(tb testing.TB, a adapters.Adapter, op adapters.Operation, body string) (string, string) {
	tb.Helper()
	var doc rawjson.Doc
	if err := doc.Parse([]byte(body)); err != nil {
		tb.Fatalf("%v: %s", err, body)
	}
	var patch rawjson.Patch
	drops, e := a.(adapters.Amender).Amend(adapters.Call{Dialect: "openai", Op: op, Model: "m"}, doc.Root(), &patch)
	if e != nil {
		return "", e.Code + " " + e.Param
	}
	out := patch.Apply(nil, &doc)
	if err := new(rawjson.Doc).Parse(out); err != nil {
		tb.Errorf("got %s, which is no JSON: %v", out, err)
	}
	return string(out), strings.Join(drops, " ")
}

// deviations has a case for each row of the table: a body of OpenAI's, behind its model,
// and what the service gets of it. A body with input asks for embeddings.
var deviations = []struct{ service, path, in, want, drops string }{
	{"cerebras", "/v1/chat/completions", `"max_tokens":9,"frequency_penalty":0.5,"parallel_tool_calls":false`, `"max_completion_tokens":9`, "frequency_penalty parallel_tool_calls"},
	{"chutes", "/v1/chat/completions", `"reasoning_effort":"low","seed":1`, `"seed":1`, "reasoning_effort"},
	{"databricks", "/serving-endpoints/chat/completions", `"max_completion_tokens":9`, `"max_tokens":9`, ""},
	{"deepinfra", "/v1/openai/chat/completions", `"reasoning_effort":"minimal"`, `"reasoning_effort":"none"`, "reasoning_effort"},
	{"deepseek", "/chat/completions", `"max_completion_tokens":9,"user":"u","seed":1,"reasoning_effort":"none"`, `"max_tokens":9,"user_id":"u","thinking":{"type":"disabled"}`, "seed"},
	{"deepseek", "/chat/completions", `"response_format":{"type":"json_schema","json_schema":{"name":"x"}}`, "", "unsupported_value response_format"},
	{"digitalocean", "/v1/chat/completions", `"reasoning_effort":"xhigh"`, `"reasoning_effort":"high"`, "reasoning_effort"},
	{"doubao", "/api/v3/chat/completions", `"store":true,"reasoning_effort":"none"`, `"thinking":{"type":"disabled"}`, "store"},
	{"fireworks", "/inference/v1/chat/completions", `"reasoning_effort":"xhigh","top_k":4`, `"reasoning_effort":"high","top_k":4`, "reasoning_effort"},
	{"friendli", "/serverless/v1/chat/completions", `"reasoning_effort":"low"`, ``, "reasoning_effort"},
	{"github", "/inference/chat/completions", `"seed":1`, `"seed":1`, ""},
	{"groq", "/openai/v1/chat/completions", `"logprobs":false,"n":1,"presence_penalty":0.5`, ``, "presence_penalty"},
	{"groq", "/openai/v1/chat/completions", `"n":2`, "", "unsupported_value n"},
	{"hpc-ai", "/inference/v1/chat/completions", `"reasoning_effort":"max"`, `"reasoning_effort":"high"`, "reasoning_effort"},
	{"hunyuan", "/v1/chat/completions", `"messages":[{"role":"developer","content":"a"}]`, `"messages":[{"role":"system","content":"a"}]`, ""},
	{"inception", "/v1/chat/completions", `"reasoning_effort":"none"`, `"reasoning_effort":"low"`, "reasoning_effort"},
	{"jina", "/v1/embeddings", `"input":"a","dimensions":8,"task":"text-matching"`, `"input":"a","dimensions":8,"task":"text-matching"`, ""},
	{"llamacpp", "/v1/chat/completions", `"cache_prompt":true,"grammar":"root ::= \"a\"","min_p":0.1`, `"cache_prompt":true,"grammar":"root ::= \"a\"","min_p":0.1`, ""},
	{"lmstudio", "/v1/chat/completions", `"max_completion_tokens":9,"user":"u","reasoning_effort":"low"`, `"max_tokens":9`, "user reasoning_effort"},
	{"localai", "/v1/chat/completions", `"top_k":4`, `"top_k":4`, ""},
	{"minimax", "/v1/chat/completions", `"max_tokens":9,"presence_penalty":1,"reasoning_effort":"none"`, `"max_completion_tokens":9,"thinking":{"type":"disabled"}`, "presence_penalty"},
	{"moonshot", "/v1/chat/completions", `"seed":1,"reasoning_effort":"none","tools":[{"type":"function","function":{"name":"f","strict":true}}]`, `"tools":[{"type":"function","function":{"name":"f"}}],"thinking":{"type":"disabled"}`, "seed tools[].function.strict"},
	{"nebius", "/v1/chat/completions", `"reasoning_effort":"max"`, `"reasoning_effort":"high"`, "reasoning_effort"},
	{"novita", "/openai/v1/chat/completions", `"reasoning_effort":"none"`, `"enable_thinking":false`, ""},
	{"nvidia", "/v1/chat/completions", `"min_p":0.1`, `"min_p":0.1`, ""},
	{"openrouter", "/api/v1/chat/completions", `"stream":true,"stream_options":{"include_usage":true},"reasoning_effort":"low"`, `"stream":true,"reasoning":{"effort":"low"}`, ""},
	{"perplexity", "/chat/completions", `"seed":1,"max_completion_tokens":9,"search_mode":"web"`, `"search_mode":"web","max_tokens":9`, "seed"},
	{"qwen", "/compatible-mode/v1/chat/completions", `"frequency_penalty":1,"reasoning_effort":"low"`, `"enable_thinking":true,"thinking_budget":2048`, "frequency_penalty"},
	{"sambanova", "/v1/chat/completions", `"presence_penalty":1,"reasoning_effort":"max"`, `"reasoning_effort":"high"`, "presence_penalty reasoning_effort"},
	{"scaleway", "/v1/chat/completions", `"reasoning_effort":"minimal"`, `"reasoning_effort":"none"`, "reasoning_effort"},
	{"sglang", "/v1/chat/completions", `"min_p":0.1,"logit_bias":{"1":1}`, `"min_p":0.1,"logit_bias":{"1":1}`, ""},
	{"siliconflow", "/v1/chat/completions", `"max_completion_tokens":9,"reasoning_effort":"low"`, `"max_tokens":9,"enable_thinking":true,"thinking_budget":2048`, ""},
	{"stepfun", "/v1/chat/completions", `"messages":[{"role":"developer","content":"a"}],"reasoning_effort":"none"`, `"messages":[{"role":"system","content":"a"}],"reasoning_effort":"low"`, "reasoning_effort"},
	{"tgi", "/v1/chat/completions", `"max_completion_tokens":9,"user":"u","n":1`, `"max_tokens":9`, "user"},
	{"tgi", "/v1/chat/completions", `"logit_bias":{"1":1}`, "", "unsupported_value logit_bias"},
	{"together", "/v1/chat/completions", `"user":"u","max_completion_tokens":9,"store":false`, `"max_tokens":9`, "user"},
	{"tokenhub", "/v1/chat/completions", `"reasoning_effort":"none"`, `"thinking":{"type":"disabled"}`, ""},
	{"upstage", "/v1/solar/chat/completions", `"reasoning_effort":"xhigh"`, `"reasoning_effort":"high"`, "reasoning_effort"},
	{"venice", "/api/v1/chat/completions", `"max_tokens":9`, `"max_completion_tokens":9`, ""},
	{"vllm", "/v1/chat/completions", `"user":"u","parallel_tool_calls":true,"top_k":4`, `"top_k":4`, "user"},
	{"voyage", "/v1/embeddings", `"input":"a","dimensions":8,"encoding_format":"float"`, `"input":"a","output_dimension":8`, ""},
	{"voyage", "/v1/embeddings", `"input":"a","encoding_format":"base64"`, `"input":"a","encoding_format":"base64"`, ""},
	{"wandb", "/v1/chat/completions", `"reasoning_effort":"low"`, ``, "reasoning_effort"},
	{"xai", "/v1/chat/completions", `"presence_penalty":1,"max_tokens":9,"reasoning_effort":"minimal"`, `"reasoning_effort":"none","max_completion_tokens":9`, "presence_penalty reasoning_effort"},
	{"xinference", "/v1/chat/completions", `"logit_bias":{}`, ``, ""},
	{"xinference", "/v1/chat/completions", `"logit_bias":{"1":1}`, "", "unsupported_value logit_bias"},
	{"zai", "/api/paas/v4/chat/completions", `"stream_options":{"include_usage":true},"user":"u","reasoning_effort":"none"`, `"user_id":"u","thinking":{"type":"disabled"}`, ""},
	{"zhipu", "/api/paas/v4/chat/completions", `"max_completion_tokens":9,"presence_penalty":1`, `"max_tokens":9`, "presence_penalty"},
}

func TestDeviations(t *testing.T) {
	t.Parallel()
	for _, tt := range deviations {
		t.Run(tt.service+" "+tt.in, func(t *testing.T) {
			t.Parallel()
			op := adapters.Chat
			if strings.HasPrefix(tt.in, `"input"`) {
				op = adapters.Embeddings
			}
			a := adapter(t, tt.service, `{}`)
			if path, ok := a.Native(adapters.Call{Dialect: "openai", Op: op, Model: "m"}); path != tt.path || !ok {
				t.Errorf("got path %q, want %q", path, tt.path)
			}
			got, drops := amend(t, a, op, `{"model":"m",`+tt.in+`}`)
			want := strings.TrimSuffix(`{"model":"m",`+tt.want, ",") + "}"
			if tt.want == "" && strings.HasPrefix(tt.drops, "unsupported_value") {
				want = ""
			}
			if got != want || drops != tt.drops {
				t.Errorf("got %s and %q, want %s and %q", got, drops, want, tt.drops)
			}
		})
	}
}

// A row rests on a page, says where it is served, and has a case.
func TestRows(t *testing.T) {
	t.Parallel()
	const fewest = 30
	if n := len(compatible.Services()); n < fewest {
		t.Errorf("got %d services, want at least %d", n, fewest)
	}
	last := ""
	for _, s := range compatible.Services() {
		if s.Name <= last {
			t.Errorf("%s comes after %s, want the order of the alphabet", s.Name, last)
		}
		last = s.Name
		if !strings.HasPrefix(s.Page, "https://") || s.Doc == "" {
			t.Errorf("%s: got page %q and doc %q, want both", s.Name, s.Page, s.Doc)
		}
		found := false
		for _, tt := range deviations {
			found = found || tt.service == s.Name
		}
		if !found {
			t.Errorf("%s has no case", s.Name)
		}
	}
}

func TestPaths(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, kind, options string
		op                  adapters.Operation
		want                string
	}{
		{"any server", "compatible", `{}`, adapters.Chat, "/v1/chat/completions"},
		{"any server has responses", "compatible", `{}`, adapters.Responses, "/v1/responses"},
		{"any server behind another path", "compatible", `{"base_path":"/llm"}`, adapters.Embeddings, "/llm/embeddings"},
		{"a service by its name", "compatible", `{"service":"groq"}`, adapters.Chat, "/openai/v1/chat/completions"},
		{"a service behind another path", "compatible", `{"service":"groq","base_path":"/x"}`, adapters.Chat, "/x/chat/completions"},
		{"a service as a type behind another path", "vllm", `{"base_path":"/x/v1"}`, adapters.Models, "/x/v1/models"},
		{"a service whose paths differ", "perplexity", `{}`, adapters.Embeddings, "/v1/embeddings"},
		{"what a service has not", "deepseek", `{}`, adapters.Embeddings, ""},
		{"no chat for embeddings alone", "voyage", `{}`, adapters.Chat, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, _ := adapter(t, tt.kind, tt.options).Native(adapters.Call{Dialect: "openai", Op: tt.op})
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestOnlyServicesWithChatTranslateIt(t *testing.T) {
	t.Parallel()
	if got := adapter(t, "voyage", `{}`).(adapters.Translator).ChatPath("m", false); got != "" {
		t.Errorf("voyage translates chat, which it does not have, to %s", got)
	}
	if got := adapter(t, "groq", `{}`).(adapters.Translator).ChatPath("m", false); got == "" {
		t.Error("groq does not translate chat")
	}
}

func TestUnknownServiceIsRefused(t *testing.T) {
	t.Parallel()
	var err error
	e := strict.Decode([]byte(`{"service":"grok"}`), func(o *strict.Object) { _, err = compatible.Providers()[0].Options(o) })
	if e == nil && err == nil {
		t.Error("got no error, want the name refused")
	}
}
