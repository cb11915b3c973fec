package cache_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/anthropicmessages"
	"github.com/postern-gateway/postern/adapters/dialect/ollamachat"
	"github.com/postern-gateway/postern/adapters/dialect/openaichat"
	"github.com/postern-gateway/postern/adapters/embed"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/plugin/internal/cache"
)

var update = flag.Bool("update", false, "write the vectors' canonical forms and sums again")

// A vector is a request and what becomes of it, for other implementations to compare with.
type vector struct {
	Name      string         `json:"name"`
	Dialect   string         `json:"dialect"`
	Question  cache.Question `json:"question"`
	Path      string         `json:"path,omitempty"`  // of a request that is compared as it is written
	Input     int            `json:"input,omitempty"` // of embeddings
	Request   string         `json:"request,omitempty"`
	Form      []field        `json:"form,omitempty"` // in the place of the request
	Canonical string         `json:"canonical"`
	SHA256    string         `json:"sha256"`
}

type field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	File  bool   `json:"file,omitempty"`
}

// derive is the canonical form of the vector's request, and its key.
func (v *vector) derive(t testing.TB) (string, cache.Key) {
	t.Helper()
	var k cache.Keyer
	var doc rawjson.Doc
	if v.Form == nil {
		if err := doc.Parse([]byte(v.Request)); err != nil {
			t.Fatalf("%s: %v", v.Request, err)
		}
	}
	var key cache.Key
	switch o := (cache.Origin{Dialect: v.Dialect, Path: v.Path}); {
	case v.Form != nil:
		var fields []cache.Field
		for _, f := range v.Form {
			fields = append(fields, cache.Field{Name: f.Name, Value: []byte(f.Value), File: f.File})
		}
		key = k.Form(&v.Question, o, fields)
	case v.Path != "":
		key = k.Body(&v.Question, o, doc.Root())
	case v.Question.Operation == "embeddings":
		var r embed.Request
		if e := codec(t, v.Dialect).ReadEmbed(doc.Root(), &r); e != nil {
			t.Fatalf("%s: %s", v.Request, e.Message)
		}
		key = k.Input(&v.Question, &r, v.Input)
	default:
		return derive(t, v.Dialect, v.Request, v.Question)
	}
	return string(k.Bytes()), key
}

func codec(t testing.TB, dialect string) adapters.EmbedCodec {
	t.Helper()
	switch dialect {
	case "openai":
		return openaichat.Embeddings{}
	case "ollama":
		return &ollamachat.Embeddings{}
	}
	t.Fatalf("no dialect is called %q", dialect)
	return nil
}

func reader(t testing.TB, dialect string) adapters.Reader {
	t.Helper()
	switch dialect {
	case "openai":
		return openaichat.Reader{}
	case "openai-completions":
		return openaichat.CompletionReader{}
	case "anthropic":
		return anthropicmessages.Reader{}
	}
	t.Fatalf("no dialect is called %q", dialect)
	return nil
}

// derive is the canonical form of a request, and its key.
func derive(t testing.TB, dialect, request string, q cache.Question) (string, cache.Key) {
	t.Helper()
	var doc rawjson.Doc
	if err := doc.Parse([]byte(request)); err != nil {
		t.Fatalf("%s: %v", request, err)
	}
	var r chat.Request
	if e := reader(t, dialect).ReadRequest(doc.Root(), &r); e != nil {
		t.Fatalf("%s: %s", request, e.Message)
	}
	var k cache.Keyer
	key := k.Chat(&q, &r)
	return string(k.Bytes()), key
}

func TestVectors(t *testing.T) {
	t.Parallel()
	const file = "testdata/vectors.json"
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(raw, &vectors); err != nil {
		t.Fatal(err)
	}
	for i := range vectors {
		v := &vectors[i]
		canonical, key := v.derive(t)
		if sum := sha256.Sum256([]byte(canonical)); key != sum {
			t.Errorf("%s: the key is not the SHA-256 of the canonical form", v.Name)
		}
		if !json.Valid([]byte(canonical)) {
			t.Errorf("%s: %s is not JSON", v.Name, canonical)
		}
		if *update {
			v.Canonical, v.SHA256 = canonical, hex.EncodeToString(key[:])
			continue
		}
		if canonical != v.Canonical {
			t.Errorf("%s: got\n%s\nwant\n%s", v.Name, canonical, v.Canonical)
		}
		if got := hex.EncodeToString(key[:]); got != v.SHA256 {
			t.Errorf("%s: got key %s, want %s", v.Name, got, v.SHA256)
		}
	}
	if *update {
		var b strings.Builder
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(vectors); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// body is a request of OpenAI's dialect with more members.
func body(more string) string {
	return `{"model":"m","messages":[{"role":"user","content":"Hi"}],"max_tokens":100` + more + `}`
}

func TestEqualRequests(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, dialect, a, like, b string }{
		{"white space and order", "openai", body(""), "openai", "{ \"max_tokens\" : 100,\n\"messages\":[ {\"content\":\"Hi\",\"role\":\"user\"}],\"model\":\"m\"}"},
		{"spelling of numbers", "openai", body(`,"temperature":1,"top_p":0.5,"seed":100`), "openai", body(`,"temperature":1.0,"top_p":5e-1,"seed":1e2`)},
		{"spelling of a number with an exponent", "openai", body(`,"temperature":0.7`), "openai", body(`,"temperature":0.70E0`)},
		{"spelling of texts", "openai", `{"model":"m","messages":[{"role":"user","content":"\u0048i \u00e9 \ud83d\ude00 \/ \" \\ \n\u000a"}]}`, "openai", `{"model":"m","messages":[{"role":"user","content":"Hi é 😀 / \" \\ \n\n"}]}`},
		{"a text and a list of one", "openai", body(""), "openai", `{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"Hi"}]}],"max_tokens":100}`},
		{"what is not said and what is null", "openai", body(""), "openai", body(`,"temperature":null,"stop":null,"tools":null`)},
		{"what is usual", "openai", body(""), "openai", body(`,"n":1,"frequency_penalty":0,"presence_penalty":-0.0,"logit_bias":{},"response_format":{"type":"text"},"modalities":["text"]`)},
		{"how it is delivered", "openai", body(""), "openai", body(`,"stream":true,"stream_options":{"include_usage":true}`)},
		{"who asks and what for", "openai", body(""), "openai", body(`,"user":"u1","metadata":{"a":"b"},"service_tier":"auto","prompt_cache_key":"k","safety_identifier":"s"`)},
		{"new name of the bound", "openai", body(""), "openai", `{"model":"m","messages":[{"role":"user","content":"Hi"}],"max_completion_tokens":100}`},
		{"developers and system", "openai", `{"model":"m","messages":[{"role":"developer","content":"Be brief"},{"role":"user","content":"Hi"}]}`, "openai", `{"model":"m","messages":[{"role":"system","content":"Be brief"},{"role":"user","content":"Hi"}]}`},
		{"another dialect", "openai", `{"model":"m","messages":[{"role":"system","content":"Be brief"},{"role":"user","content":"Hi"}],"max_tokens":100,"stop":["a","b"],"temperature":0}`,
			"anthropic", `{"model":"m","system":"Be brief","messages":[{"role":"user","content":[{"type":"text","text":"Hi","cache_control":{"type":"ephemeral"}}]}],"max_tokens":100,"stop_sequences":["a","b"],"temperature":0.0,"metadata":{"user_id":"u"}}`},
		{"a tool of another dialect", "openai", body(`,"tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object","properties":{"b":{"type":"string"},"a":{"minimum":1}}}}}],"tool_choice":"auto"`),
			"anthropic", `{"model":"m","messages":[{"role":"user","content":"Hi"}],"max_tokens":100,"tools":[{"name":"f","description":"d","input_schema":{"properties":{"a":{"minimum":1.0},"b":{"type":"string"}},"type":"object"}}]}`},
		{"an image of another dialect", "openai", `{"model":"m","max_tokens":1,"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,aGFsbG8=","detail":"auto"}}]}]}`,
			"anthropic", `{"model":"m","max_tokens":1,"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"aGFsbG8="}}]}]}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, _ := derive(t, tt.dialect, tt.a, cache.Question{})
			b, _ := derive(t, tt.like, tt.b, cache.Question{})
			if a != b {
				t.Errorf("got\n%s\nand\n%s", a, b)
			}
		})
	}
}

func TestDifferentRequests(t *testing.T) {
	t.Parallel()
	user := func(content string) string {
		return `{"model":"m","messages":[{"role":"user","content":` + content + `}],"max_tokens":100}`
	}
	requests := []string{
		body(""), user(`"Hi "`), user(`"hi"`), user(`"Hi\n"`), user(`"H\u0069\u0301"`),
		user(`[{"type":"text","text":"Hi"},{"type":"text","text":""}]`), user(`[{"type":"text","text":"H"},{"type":"text","text":"i"}]`),
		`{"model":"m","messages":[{"role":"user","content":"Hi","name":"Bob"}],"max_tokens":100}`,
		`{"model":"m","messages":[{"role":"assistant","content":"Hi"}],"max_tokens":100}`,
		`{"model":"m","messages":[{"role":"system","content":"Hi"}],"max_tokens":100}`,
		`{"model":"m","messages":[{"role":"user","content":"Hi"},{"role":"user","content":"Hi"}],"max_tokens":100}`,
		`{"model":"m","messages":[{"role":"user","content":"Hi"}]}`, `{"model":"m","messages":[{"role":"user","content":"Hi"}],"max_tokens":101}`,
		body(`,"temperature":0`), body(`,"temperature":1`), body(`,"temperature":10`), body(`,"top_p":1`), body(`,"top_k":1`), body(`,"min_p":0.1`), body(`,"seed":0`), body(`,"seed":1`),
		body(`,"seed":9007199254740993`), body(`,"seed":9007199254740992`), body(`,"frequency_penalty":1`), body(`,"presence_penalty":1`), body(`,"logit_bias":{"1":2}`), body(`,"logit_bias":{"1":-2}`),
		body(`,"n":2`), body(`,"stop":"a"`), body(`,"stop":["a","b"]`), body(`,"stop":["b","a"]`), body(`,"stop":"ab"`),
		body(`,"logprobs":true`), body(`,"logprobs":true,"top_logprobs":2`),
		body(`,"response_format":{"type":"json_object"}`), body(`,"response_format":{"type":"json_schema","json_schema":{"name":"s","schema":{"type":"object"}}}`),
		body(`,"response_format":{"type":"json_schema","json_schema":{"name":"s","strict":true,"schema":{"type":"object"}}}`),
		body(`,"reasoning_effort":"low"`), body(`,"reasoning_effort":"high"`), body(`,"verbosity":"low"`), body(`,"made_up":1`), body(`,"made_up":2`), body(`,"made_up2":1`),
		body(`,"prediction":{"type":"content","content":"x"}`), body(`,"web_search_options":{}`),
		body(`,"tools":[{"type":"function","function":{"name":"f"}}]`), body(`,"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"none"`),
		body(`,"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"required"`),
		body(`,"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":{"type":"function","function":{"name":"f"}}`),
		body(`,"tools":[{"type":"function","function":{"name":"f"}}],"parallel_tool_calls":false`),
		body(`,"tools":[{"type":"function","function":{"name":"f","strict":true}}]`), body(`,"tools":[{"type":"function","function":{"name":"f","description":"d"}}]`),
		body(`,"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"a":{}}}}}]`),
		body(`,"tools":[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"g"}}]`),
		body(`,"tools":[{"type":"function","function":{"name":"g"}},{"type":"function","function":{"name":"f"}}]`),
		user(`[{"type":"image_url","image_url":{"url":"data:image/png;base64,aGFsbG8="}}]`), user(`[{"type":"image_url","image_url":{"url":"data:image/png;base64,aGFsbGE="}}]`),
		user(`[{"type":"image_url","image_url":{"url":"data:image/jpeg;base64,aGFsbG8="}}]`), user(`[{"type":"image_url","image_url":{"url":"https://x.test/a.png"}}]`),
		user(`[{"type":"image_url","image_url":{"url":"https://x.test/a.png","detail":"low"}}]`),
		`{"model":"m","max_tokens":100,"messages":[{"role":"user","content":"Hi"},{"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]},{"role":"tool","tool_call_id":"c1","content":"2"}]}`,
		`{"model":"m","max_tokens":100,"messages":[{"role":"user","content":"Hi"},{"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]},{"role":"tool","tool_call_id":"c1","content":"3"}]}`,
		`{"model":"m","max_tokens":100,"messages":[{"role":"user","content":"Hi"},{"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":2}"}}]},{"role":"tool","tool_call_id":"c1","content":"2"}]}`,
	}
	seen := map[cache.Key]string{}
	for _, r := range requests {
		_, key := derive(t, "openai", r, cache.Question{})
		if other, ok := seen[key]; ok {
			t.Errorf("%s and %s have one key", r, other)
		}
		seen[key] = r
	}
	target := func(model, provider, kind string) []cache.Target {
		return []cache.Target{{Model: model, Provider: provider, Type: kind}}
	}
	for _, q := range []cache.Question{
		{Scope: []string{"shared"}}, {Scope: []string{"open"}}, {Scope: []string{"tenant", "a"}}, {Scope: []string{"tenant", "b"}},
		{Scope: []string{"consumer", "a", "b"}}, {Scope: []string{"consumer", "a,b"}}, {Scope: []string{"consumer", "", "a"}}, {Scope: []string{"consumer", "a", ""}},
		{Namespace: "a"}, {Operation: "chat"}, {Operation: "completions"}, {Group: "a"}, {Group: "b"}, {Custom: "a"}, {Custom: "b"}, {Custom: "a", Scope: []string{"open"}},
		{Targets: target("a", "p", "t")}, {Targets: target("b", "p", "t")}, {Targets: target("a", "q", "t")}, {Targets: target("a", "p", "u")},
		{Targets: append(target("a", "p", "t"), target("b", "p", "t")...)}, {Targets: append(target("b", "p", "t"), target("a", "p", "t")...)},
		{Parts: []cache.Part{{Name: "user", Value: "a"}}}, {Parts: []cache.Part{{Name: "user", Value: "b"}}}, {Parts: []cache.Part{{Name: "header:x", Value: "a"}}},
		{Parts: []cache.Part{{Name: "user", Value: "a"}, {Name: "header:x", Value: "a"}}},
	} {
		text, key := derive(t, "openai", body(""), q)
		if other, ok := seen[key]; ok {
			t.Errorf("%s and %s have one key", text, other)
		}
		seen[key] = text
	}
}

// TestOtherOperations has requests that are compared as they are written, and inputs of
// embeddings. Those of one group are equal, and equal to no other.
func TestOtherOperations(t *testing.T) {
	t.Parallel()
	rank := func(body string) vector { return vector{Dialect: "openai", Path: "/v1/rerank", Request: body} }
	input := func(dialect, body string, i int) vector {
		return vector{Dialect: dialect, Request: body, Input: i, Question: cache.Question{Operation: "embeddings"}}
	}
	form := func(fields ...field) vector { return vector{Dialect: "openai", Path: "/v1/audio", Form: fields} }
	file := field{"file", "RIFF\x00\xff", true}
	groups := [][]vector{
		{rank(`{"query":"q","documents":["a"]}`), rank(`{ "documents":["\u0061"], "query":"q","model":"x","user":"y","top_n":null}`)},
		{rank(`{"query":"q","documents":["a","b"]}`)}, {rank(`{"query":"q","documents":["b","a"]}`)}, {rank(`{"query":"q","documents":["a"],"top_n":1}`), rank(`{"query":"q","documents":["a"],"top_n":1.0}`)},
		{{Dialect: "cohere", Path: "/v1/rerank", Request: `{"query":"q","documents":["a"]}`}}, {{Dialect: "openai", Path: "/v2/rerank", Request: `{"query":"q","documents":["a"]}`}},
		{rank(`{"query":"q","documents":["a"],"options":{"user":"u"}}`)}, {rank(`{"query":"q","documents":["a"],"options":{"model":null}}`)},
		{input("openai", `{"input":["x","a"]}`, 1), input("openai", `{"input":"a","encoding_format":"base64","user":"u"}`, 0), input("ollama", `{"model":"m","input":["a"]}`, 0)},
		{input("openai", `{"input":"b"}`, 0)}, {input("openai", `{"input":"a","dimensions":2}`, 0)}, {input("openai", `{"input":"a","input_type":"query"}`, 0), input("openai", `{"input":"a","input_type":"search_query"}`, 0)},
		{input("openai", `{"input":"a","input_type":"document"}`, 0)}, {input("openai", `{"input":[1,2]}`, 0), input("openai", `{"input":[[3],[1.0,2]]}`, 1)}, {input("openai", `{"input":"[1,2]"}`, 0)},
		{input("openai", `{"input":[12]}`, 0)}, {input("openai", `{"input":"a","truncate":true}`, 0)}, {input("ollama", `{"model":"m","input":"a","truncate":true}`, 0)},
		{form(file), form(field{"model", "m", false}, file, field{"user", "u", false})}, {form(field{"file", "RIFF", true})}, {form(field{"file", "RIFF\x00\xff", false})}, {form(field{"sound", "RIFF\x00\xff", true})},
		{form(file, field{"language", "en", false}), form(field{"language", "en", false}, file)}, {form(file, field{"language", "de", false})}, {form(file, file)},
		{form(file, field{"x[]", "a", false}, field{"x[]", "b", false})}, {form(file, field{"x[]", "b", false}, field{"x[]", "a", false})}, {form(file, field{"language", `en",["x","y`, false})},
	}
	seen := map[cache.Key]int{}
	for i, g := range groups {
		text, first := g[0].derive(t)
		if other, ok := seen[first]; ok {
			t.Errorf("%s is equal to group %d", text, other)
		}
		seen[first] = i
		for k := range g {
			if again, key := g[k].derive(t); key != first {
				t.Errorf("got\n%s\nand\n%s", text, again)
			}
		}
	}
}

// FuzzBody has any object compared as it is written: in one form, which is JSON.
func FuzzBody(f *testing.F) {
	f.Add(`{"b":[1,2.0,{"\u0061":"\ud83d\ude00\/"}],"a":null,"model":"m"}`)
	f.Fuzz(func(t *testing.T, request string) {
		var doc rawjson.Doc
		if doc.Parse([]byte(request)) != nil || doc.Root().Kind() != rawjson.Object {
			return
		}
		var k cache.Keyer
		first := k.Body(&cache.Question{}, cache.Origin{}, doc.Root())
		text := string(k.Bytes())
		var again rawjson.Doc
		if err := again.Parse([]byte(text)); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if k.Body(&cache.Question{}, cache.Origin{}, again.Root().Get("request").Get("body")) != first {
			t.Errorf("%s: the canonical form has another canonical form", request)
		}
	})
}

// TestCustomKey checks that a key of the caller's own stands for what is asked, and for
// nothing else.
func TestCustomKey(t *testing.T) {
	t.Parallel()
	q := cache.Question{Custom: "k", Scope: []string{"tenant", "a"}}
	_, a := derive(t, "openai", body(""), q)
	if _, b := derive(t, "openai", body(`,"temperature":0`), q); a != b {
		t.Error("another request with the same custom key has another key")
	}
	q.Scope[1] = "b"
	if _, b := derive(t, "openai", body(""), q); a == b {
		t.Error("a custom key leads out of its scope")
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, want string }{
		{"0", "0"}, {"-0", "0"}, {"0.0", "0"}, {"0e5", "0"}, {"1", "1"}, {"1.0", "1"}, {"1e0", "1"}, {"1E+0", "1"}, {"10", "1e1"}, {"1e1", "1e1"}, {"0.1e2", "1e1"}, {"100e-1", "1e1"},
		{"-1.50", "-15e-1"}, {"0.001", "1e-3"}, {"12345678901234567890.5", "123456789012345678905e-1"}, {"1e400", "1e400"}, {"1e99999999999", "1e99999999999"},
	} {
		got, _ := derive(t, "openai", body(`,"made_up":`+tt.in), cache.Question{})
		if want := `["openai",["made_up",` + tt.want + `]]`; !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want %s in it", tt.in, got, want)
		}
	}
}

// TestIntegersAreNumbers writes those that are known as integers as any number.
func TestIntegersAreNumbers(t *testing.T) {
	t.Parallel()
	for _, n := range []string{"1", "9", "10", "100", "120", "1000000", "1048576", "9007199254740990"} {
		number, _ := derive(t, "openai", body(`,"made_up":`+n), cache.Question{})
		_, want, _ := strings.Cut(number, `["made_up",`)
		want, _, _ = strings.Cut(want, "]")
		if got, _ := derive(t, "openai", body(`,"reasoning":{"max_tokens":`+n+`}`), cache.Question{}); !strings.Contains(got, `"budget":`+want+`}`) {
			t.Errorf("%s: got %s, want %s in it", n, got, want)
		}
	}
}

func FuzzCanonical(f *testing.F) {
	f.Add(body(`,"temperature":1.50,"x":{"b":[1,2.0,{"\u0061":"\ud83d\ude00\/"}],"a":null}`))
	f.Fuzz(func(t *testing.T, request string) {
		var doc rawjson.Doc
		var r chat.Request
		if doc.Parse([]byte(request)) != nil || (openaichat.Reader{}).ReadRequest(doc.Root(), &r) != nil {
			return
		}
		var k cache.Keyer
		first := k.Chat(&cache.Question{}, &r)
		text := string(k.Bytes())
		var again rawjson.Doc
		if err := again.Parse([]byte(text)); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if k.Chat(&cache.Question{}, &r) != first {
			t.Errorf("%s: another key the second time", request)
		}
	})
}

func BenchmarkKey(b *testing.B) {
	for name, size := range map[string]int{"1KB": 1 << 10, "64KB": 64 << 10} {
		b.Run(name, func(b *testing.B) {
			request := `{"model":"m","messages":[{"role":"user","content":"` + strings.Repeat(`Some words, \"quoted\" at times.\n`, size/32) + `"}]}`
			var doc rawjson.Doc
			var r chat.Request
			if err := doc.Parse([]byte(request)); err != nil {
				b.Fatal(err)
			}
			if e := (openaichat.Reader{}).ReadRequest(doc.Root(), &r); e != nil {
				b.Fatal(e.Message)
			}
			q := cache.Question{Scope: []string{"tenant", "a"}, Targets: []cache.Target{{Model: "m", Provider: "p", Type: "openai"}}}
			var k cache.Keyer
			b.SetBytes(int64(len(request)))
			b.ReportAllocs()
			for b.Loop() {
				k.Chat(&q, &r)
			}
		})
	}
}
