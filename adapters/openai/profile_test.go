package openai_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/openai"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/secret"
)

// amend is a body after it has passed to a service, and what was dropped or is wrong.
func amend(tb testing.TB, p openai.Profile, op adapters.Operation, body string) (string, string) {
	tb.Helper()
	var doc rawjson.Doc
	if err := doc.Parse([]byte(body)); err != nil {
		tb.Fatal(err)
	}
	var patch rawjson.Patch
	drops, e := openai.New(p).Amend(adapters.Call{Dialect: "openai", Op: op, Model: doc.Root().Get("model").Str()}, doc.Root(), &patch)
	if e != nil {
		return "", e.Code + " " + e.Param
	}
	out := patch.Apply(nil, &doc)
	if err := new(rawjson.Doc).Parse(out); err != nil {
		tb.Errorf("got %s, which is no JSON: %v", out, err)
	}
	return string(out), strings.Join(drops, " ")
}

func TestAmend(t *testing.T) {
	t.Parallel()
	const chatBody = `{"model":"m","messages":[]`
	tests := []struct {
		name     string
		profile  openai.Profile
		in, want string
		drops    string
	}{
		{"a service that takes all", openai.Profile{}, `,"seed":1,"n":2,"x":{}}`, `,"seed":1,"n":2,"x":{}}`, ""},
		{"a wish is left out and reported", openai.Profile{Lacks: "seed user"}, `,"seed":1,"top_p":0.5,"user":"u"}`, `,"top_p":0.5}`, "seed user"},
		{"a wish that says nothing is left out", openai.Profile{Lacks: "seed frequency_penalty"}, `,"seed":null,"frequency_penalty":0}`, `}`, ""},
		{"more answers than one are refused", openai.Profile{Lacks: "n"}, `,"n":2}`, "", "unsupported_value n"},
		{"one answer is not", openai.Profile{Lacks: "n"}, `,"n":1}`, `}`, ""},
		{"tools are refused", openai.Profile{Lacks: "tools tool_choice"}, `,"tools":[{}]}`, "", "unsupported_value tools"},
		{"no tools are not", openai.Profile{Lacks: "tools tool_choice"}, `,"tools":[],"tool_choice":"auto"}`, `}`, ""},
		{"another name", openai.Profile{Renames: "seed=random_seed max_completion_tokens=max_tokens"}, `,"seed":1,"max_completion_tokens":9}`, `,"random_seed":1,"max_tokens":9}`, ""},
		{"another name that is there", openai.Profile{Renames: "max_completion_tokens=max_tokens"}, `,"max_completion_tokens":9,"max_tokens":8}`, `,"max_tokens":8}`, ""},
		{"all members that are taken", openai.Profile{Takes: "top_p", Also: "top_k"}, `,"top_p":1,"top_k":2,"store":true,"stream":true}`, `,"top_p":1,"top_k":2,"stream":true}`, "store"},
		{"usage that comes anyway", openai.Profile{Usage: openai.UsageAlways}, `,"stream_options":{"include_usage":true}}`, `}`, ""},
		{"usage that never comes", openai.Profile{Usage: openai.UsageNever}, `,"stream_options":{"include_usage":true}}`, `}`, "stream_options"},
		{"a schema where there is only JSON", openai.Profile{Lacks: "json_schema"}, `,"response_format":{"type":"json_schema","json_schema":{}}}`, "", "unsupported_value response_format"},
		{"JSON where there is no schema", openai.Profile{Lacks: "json_schema"}, `,"response_format":{"type":"json_object"}}`, `,"response_format":{"type":"json_object"}}`, ""},
		{"the nearest effort", openai.Profile{Efforts: "none low high"}, `,"reasoning_effort":"medium"}`, `,"reasoning_effort":"low"}`, "reasoning_effort"},
		{"an effort that is known", openai.Profile{Efforts: "none low high"}, `,"reasoning_effort":"high"}`, `,"reasoning_effort":"high"}`, ""},
		{"no effort at all", openai.Profile{Effort: openai.NoEffort}, `,"reasoning_effort":"high"}`, `}`, "reasoning_effort"},
		{"an effort as a type", openai.Profile{Effort: openai.ThinkingType}, `,"reasoning_effort":"none"}`, `,"thinking":{"type":"disabled"}}`, ""},
		{"an effort as a type loses how much", openai.Profile{Effort: openai.ThinkingType}, `,"reasoning_effort":"high"}`, `,"thinking":{"type":"enabled"}}`, "reasoning_effort"},
		{"an effort beside a type", openai.Profile{Effort: openai.ThinkingType}, `,"reasoning_effort":"none","thinking":{"type":"auto"}}`, `,"thinking":{"type":"auto"}}`, ""},
		{"an effort as a budget", openai.Profile{Effort: openai.ThinkingBudget}, `,"reasoning_effort":"low"}`, `,"enable_thinking":true,"thinking_budget":2048}`, ""},
		{"an effort beside a budget", openai.Profile{Effort: openai.ThinkingBudget}, `,"reasoning_effort":"low","thinking_budget":9}`, `,"thinking_budget":9,"enable_thinking":true}`, ""},
		{"an effort that is only switched on", openai.Profile{Effort: openai.EnableThinking}, `,"reasoning_effort":"low"}`, `,"enable_thinking":true}`, "reasoning_effort"},
		{"an effort where there is a switch to turn it off", openai.Profile{Effort: openai.EffortOrOff, Efforts: "low high"}, `,"reasoning_effort":"none"}`, `,"thinking":{"type":"disabled"}}`, ""},
		{"an effort where it is not turned off", openai.Profile{Effort: openai.EffortOrOff, Efforts: "low high"}, `,"reasoning_effort":"minimal"}`, `,"reasoning_effort":"low"}`, "reasoning_effort"},
		{"no effort that is known", openai.Profile{Lacks: "reasoning_effort"}, `,"reasoning_effort":"low"}`, `}`, "reasoning_effort"},
		{"an effort in an object", openai.Profile{Effort: openai.ReasoningObject}, `,"reasoning_effort":"low"}`, `,"reasoning":{"effort":"low"}}`, ""},
		{"a schema as Hugging Face's clients send it", openai.Profile{OpenAI: true}, `,"response_format":{"type":"json_object","value":{"type":"object"}}}`, `,"response_format":{"type":"json_schema","json_schema":{"name":"response","schema":{"type":"object"}}}}`, ""},
		{"one where a server may take it", openai.Profile{}, `,"response_format":{"type":"json_object","value":{}}}`, `,"response_format":{"type":"json_object","value":{}}}`, ""},
		{"tools that are not strict", openai.Profile{Lacks: "tools[].function.strict"}, `,"tools":[{"function":{"name":"f","strict":true}}]}`, `,"tools":[{"function":{"name":"f"}}]}`, "tools[].function.strict"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, drops := amend(t, tt.profile, adapters.Chat, chatBody+tt.in)
			want := tt.want
			if want != "" {
				want = chatBody + want
			}
			if got != want || drops != tt.drops {
				t.Errorf("got %s and %q, want %s and %q", got, drops, want, tt.drops)
			}
		})
	}
}

func TestAmendOfMessages(t *testing.T) {
	t.Parallel()
	got, drops := amend(t, openai.Profile{Lacks: "developer messages[].name"}, adapters.Chat,
		`{"model":"m","messages":[{"role":"developer","content":"a"},{"role":"user","name":"x","content":"b"}]}`)
	const want = `{"model":"m","messages":[{"role":"system","content":"a"},{"role":"user","content":"b"}]}`
	if got != want || drops != "messages[].name" {
		t.Errorf("got %s and %q, want %s", got, drops, want)
	}
}

func TestAmendOfEmbeddings(t *testing.T) {
	t.Parallel()
	p := openai.Profile{Lacks: "user embeddings.encoding_format", Renames: "embeddings.dimensions=embeddings.output_dimension", Takes: "seed"}
	got, drops := amend(t, p, adapters.Embeddings, `{"model":"m","input":"a","user":"u","dimensions":8,"encoding_format":"float"}`)
	const want = `{"model":"m","input":"a","user":"u","output_dimension":8}`
	if got != want || drops != "" {
		t.Errorf("got %s and %q, want %s", got, drops, want)
	}
	if _, e := amend(t, p, adapters.Embeddings, `{"model":"m","input":"a","encoding_format":"base64"}`); e != "unsupported_value encoding_format" {
		t.Errorf("got %q, want base64 refused", e)
	}
}

// What a client of another dialect asks for has the same deviations.
func TestRequestsOfOtherDialectsHaveTheDeviations(t *testing.T) {
	t.Parallel()
	const head = `{"model":"gpt-oss-120b","messages":[{"role":"user","content":"Hi"}]`
	tests := []struct {
		name     string
		profile  openai.Profile
		in, want string
		drops    string
	}{
		{"a model of this name is not OpenAI's", openai.Profile{}, `"max_tokens":9`, `,"max_tokens":9}`, ""},
		{"another name of the limit", openai.Profile{Renames: "max_tokens=max_completion_tokens"}, `"max_tokens":9`, `,"max_completion_tokens":9}`, ""},
		{"the user", openai.Profile{}, `"max_tokens":9,"metadata":{"user_id":"u"}`, `,"max_tokens":9,"user":"u"}`, ""},
		{"no user", openai.Profile{Lacks: "user"}, `"max_tokens":9,"metadata":{"user_id":"u"}`, `,"max_tokens":9}`, "metadata.user_id"},
		{"top_k where it is known", openai.Profile{Also: "top_k"}, `"max_tokens":9,"top_k":3`, `,"max_tokens":9,"top_k":3}`, ""},
		{"stop sequences", openai.Profile{Stops: 1}, `"max_tokens":9,"stop_sequences":["a","b"]`, "", "unsupported_value stop_sequences"},
		{"a stream that reports its usage by itself", openai.Profile{Usage: openai.UsageAlways}, `"max_tokens":9,"stream":true`, `,"max_tokens":9,"stream":true}`, ""},
		{"a budget", openai.Profile{Effort: openai.ThinkingBudget}, `"max_tokens":9999,"thinking":{"type":"enabled","budget_tokens":3000}`, `,"enable_thinking":true,"thinking_budget":3000,"max_tokens":9999}`, ""},
		{"thinking that is switched off", openai.Profile{Effort: openai.ThinkingType}, `"max_tokens":9,"thinking":{"type":"disabled"}`, `,"thinking":{"type":"disabled"},"max_tokens":9}`, ""},
		{"what a service needs beside", openai.Profile{Adds: `"reasoning_split":true`}, `"max_tokens":9`, `,"max_tokens":9,"reasoning_split":true}`, ""},
		{"tools where there are none", openai.Profile{Lacks: "tools"}, `"max_tokens":9,"tools":[{"name":"f","input_schema":{"type":"object"}}]`, "", "unsupported_value tools"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var doc rawjson.Doc
			if err := doc.Parse([]byte(`{"model":"x","messages":[{"role":"user","content":"Hi"}],` + tt.in + `}`)); err != nil {
				t.Fatal(err)
			}
			var r chat.Request
			if e := dialect.Anthropic().Reader.ReadRequest(doc.Root(), &r); e != nil {
				t.Fatal(e.Message)
			}
			r.Model = "gpt-oss-120b"
			out, e := openai.New(tt.profile).AppendRequest(nil, &r)
			got, drops := string(out), strings.Join(r.Drops(), " ")
			if e != nil {
				got, drops = "", e.Code+" "+e.Param
			}
			want := tt.want
			if want != "" {
				want = head + want
			}
			if got != want || drops != tt.drops {
				t.Errorf("got %s and %q, want %s and %q", got, drops, want, tt.drops)
			}
		})
	}
}

func TestThoughtsGoBackWhereTheyAreWanted(t *testing.T) {
	t.Parallel()
	r := &chat.Request{Dialect: "anthropic", Model: "m"}
	r.Begin(chat.Assistant)
	r.Add(chat.Part{Kind: chat.ThinkingPart, Text: chat.Text("hm")})
	r.Add(chat.Part{Text: chat.Text("Yes")})
	r.Begin(chat.User)
	r.Add(chat.Part{Text: chat.Text("Why?")})
	out, e := openai.New(openai.Profile{Thoughts: "reasoning_content"}).AppendRequest(nil, r)
	const want = `{"model":"m","messages":[{"role":"assistant","content":"Yes","reasoning_content":"hm"},{"role":"user","content":"Why?"}]}`
	if e != nil || string(out) != want || len(r.Drops()) > 0 {
		t.Errorf("got %s, %v and %q, want %s", out, e, r.Drops(), want)
	}
}

func TestPathsOfProfiles(t *testing.T) {
	t.Parallel()
	a := openai.New(openai.Profile{Base: "/api", Ops: openai.Chat | openai.Embeddings, Header: "api-key"})
	var got []string
	for op := adapters.Chat; op <= adapters.Models; op++ {
		if path, ok := a.Native(adapters.Call{Dialect: "openai", Op: op}); ok {
			got = append(got, path)
		}
	}
	if want := []string{"/api/chat/completions", "/api/embeddings"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if h := a.Credential(secret.New("k")); len(h) != 1 || h[0].Name != "api-key" || h[0].Value != "k" {
		t.Errorf("got %v, want the key as it is", h)
	}
}

// Whatever a body holds, what is sent of it is one JSON object without what is lacking.
func FuzzAmend(f *testing.F) {
	f.Add([]byte(`{"model":"m","messages":[{"role":"developer","name":"a","content":"b"}],"seed":1,"n":2,"max_completion_tokens":3}`))
	f.Add([]byte(`{"reasoning_effort":"high","stream_options":{},"tools":[{"function":{"strict":true}}],"max_tokens":1,"max_completion_tokens":2}`))
	f.Add([]byte(`{"seed":null,"user":"u","thinking":1,"response_format":{"type":"json_schema"},"input":[],"encoding_format":"float"}`))
	profiles := []openai.Profile{
		{Lacks: "developer seed n user messages[].name tools[].function.strict json_schema embeddings.float", Renames: "max_completion_tokens=max_tokens", Effort: openai.ThinkingBudget, Usage: openai.UsageNever},
		{Takes: "max_tokens thinking reasoning_effort", Renames: "max_completion_tokens=max_tokens user=user_id", Effort: openai.EffortOrOff, Efforts: "low high", Usage: openai.UsageAlways},
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var doc rawjson.Doc
		if doc.Parse(body) != nil || doc.Root().Kind() != rawjson.Object {
			return
		}
		for i, p := range profiles {
			for _, op := range []adapters.Operation{adapters.Chat, adapters.Embeddings, adapters.Completions} {
				var patch rawjson.Patch
				if _, e := openai.New(p).Amend(adapters.Call{Dialect: "openai", Op: op}, doc.Root(), &patch); e != nil {
					continue
				}
				var out rawjson.Doc
				if err := out.Parse(patch.Apply(nil, &doc)); err != nil {
					t.Fatalf("profile %d: got %s of %s: %v", i, patch.Apply(nil, &doc), body, err)
				}
				if op == adapters.Chat && (i == 0 && out.Root().Get("seed").Exists() || out.Root().Get("max_completion_tokens").Exists()) {
					t.Errorf("profile %d: got %s, want it without what is lacking", i, out.Source())
				}
			}
		}
	})
}
