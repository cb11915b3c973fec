package gateway_test

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/plugin/cases"
)

// twoTenants have models and providers of the same names and of their own; cara belongs to
// none. Each client's key is the text before the hash's name here.
var twoTenants = `{"hold_headers":"always",
"providers":[{"name":"openai","type":"openai","cluster":"top","keys":[{"value":"key-top"}]},{"name":"common","type":"openai","cluster":"common","keys":[{"value":"key-common"}]}],
"models":[{"name":"top-model","targets":[{"provider":"openai"}]}],
"tenants":[
 {"name":"a",
  "providers":[{"name":"openai","type":"openai","cluster":"a","keys":[{"value":"key-a"}]},{"name":"private-a","type":"anthropic","cluster":"a2","keys":[{"value":"key-a2"}]}],
  "models":[{"name":"same","targets":[{"provider":"openai","model":"of-a"}]},{"name":"only-a","targets":[{"provider":"openai"}]},{"name":"claude","targets":[{"provider":"private-a"}]},{"name":"lent","targets":[{"provider":"common"}]}],
  "consumers":[{"name":"anna","keys":[{"sha256":"` + sum("anna") + `"}]}]},
 {"name":"b",
  "providers":[{"name":"openai","type":"openai","cluster":"b","keys":[{"value":"key-b"}]},{"name":"private-b","type":"openai","cluster":"b2","keys":[{"value":"key-b2"}]}],
  "models":[{"name":"same","targets":[{"provider":"openai","model":"of-b"}]},{"name":"secret-b-*","targets":[{"provider":"private-b"}]},{"name":"secret-b","targets":[{"provider":"private-b"}]}],
  "consumers":[{"name":"anna","keys":[{"sha256":"` + sum("bert") + `"}]}]},
 {"name":"guest","consumers":[{"name":"gina","keys":[{"sha256":"` + sum("gina") + `"}]}]},
 {"name":"open","providers":[{"name":"mine","type":"openai","cluster":"mine","keys":[{"value":"key-open"}]}],"consumers":[{"name":"olga","keys":[{"sha256":"` + sum("olga") + `"}]}]}
],
"consumers":[{"name":"cara","keys":[{"sha256":"` + sum("cara") + `"}]}]}`

// TestTenantsAreApart tries to get from one tenant to another in every way that a request
// can name something. What is another's is answered as what is not there at all.
func TestTenantsAreApart(t *testing.T) {
	t.Parallel()
	const chat = `{"model":"MODEL","messages":[{"role":"user","content":"Hi"}]}`
	for _, tt := range []struct {
		about, who, first, body string
		want                    string // status, and "key" of who is asked
		nobody                  string // for what the same request is answered alike, the name that is nobody's
	}{
		{"its own model of a name that both have", "anna", "POST /v1/chat/completions", "same", "200 key-a", ""},
		{"the other's model of the same name", "bert", "POST /v1/chat/completions", "same", "200 key-b", ""},
		{"a model of the other", "anna", "POST /v1/chat/completions", "secret-b", "404", "absent-x"},
		{"a model by a pattern of the other", "anna", "POST /v1/chat/completions", "secret-b-1", "404", "absent-x-1"},
		{"a model of the other by provider and model", "anna", "POST /v1/chat/completions", "private-b/secret-b", "404", "private-x/absent-x"},
		{"any model at the provider of the other", "anna", "POST /v1/chat/completions", "private-b/gpt-4o", "404", "private-x/gpt-4o"},
		{"a provider of a name that both have is one's own", "bert", "POST /v1/chat/completions", "openai/same", "200 key-b", ""},
		{"the other's provider in the path", "anna", "POST /private-b/v1/chat/completions", "secret-b", "404", ""},
		{"the other's provider in the path, without a version", "anna", "POST /private-b/chat/completions", "secret-b", "404", ""},
		{"the other's provider in the path, in capitals", "anna", "POST /PRIVATE-B/v1/chat/completions", "secret-b", "foreign", ""},
		{"the other's provider in the path, escaped", "anna", "POST /private%2Db/v1/chat/completions", "secret-b", "foreign", ""},
		{"one's own provider in the path", "bert", "POST /private-b/v1/chat/completions", "secret-b", "200 key-b2", ""},
		{"the compat path", "anna", "POST /compat/chat/completions", "private-b/secret-b", "404", "private-x/absent-x"},
		{"the compat path to what both have", "anna", "POST /compat/chat/completions", "openai/same", "200 key-a", ""},
		{"Anthropic's API", "anna", "POST /v1/messages", "secret-b", "404", "absent-x"},
		{"Gemini's API, with the model in the path", "anna", "POST /v1beta/models/secret-b:generateContent", `{"contents":[{"role":"user","parts":[{"text":"Hi"}]}]}`, "404", ""},
		{"Ollama's API", "anna", "POST /api/chat", "secret-b", "404", "absent-x"},
		{"Bedrock's API", "anna", "POST /model/secret-b/converse", `{"messages":[{"role":"user","content":[{"text":"Hi"}]}]}`, "404", ""},
		{"embeddings", "anna", "POST /v1/embeddings", `{"model":"secret-b","input":"x"}`, "404", ""},
		{"a list of requests with the other's provider", "anna", "POST /universal", `[{"provider":"private-b","endpoint":"chat/completions","query":{"model":"secret-b","messages":[]}}]`, "400", ""},
		{"a list of requests by the compat name", "anna", "POST /universal", `[{"provider":"compat","endpoint":"chat/completions","query":{"model":"private-b/secret-b","messages":[]}}]`, "404", ""},
		{"a list of requests with a name that both have", "bert", "POST /universal", `[{"provider":"openai","endpoint":"chat/completions","query":{"model":"same","messages":[]}}]`, "200 key-b", ""},
		{"files at the other's provider", "anna", "GET /private-b/v1/files", "", "404", ""},
		{"files go to one's own provider", "bert", "GET /v1/files", "", "200 key-b", ""},
		{"batches go to one's own provider", "anna", "GET /v1/batches", "", "200 key-a", ""},
		{"files of a tenant without providers", "gina", "GET /v1/files", "", "400", ""},
		{"files of a tenant at a shared provider", "gina", "GET /openai/v1/files", "", "403", ""},
		{"files of who belongs to no tenant", "cara", "GET /v1/files", "", "200 key-top", ""},

		{"what is at the top, for a tenant with its own", "anna", "POST /v1/chat/completions", "top-model", "404", "absent-x"},
		{"a provider at the top, for a tenant with its own", "anna", "POST /common/v1/chat/completions", "x", "404", ""},
		{"a provider at the top, by provider and model", "anna", "POST /v1/chat/completions", "common/lent", "404", "absent/lent"},
		{"a provider at the top that one's own model leads to", "anna", "POST /v1/chat/completions", "lent", "200 key-common", ""},
		{"what is at the top, for a tenant without its own", "gina", "POST /v1/chat/completions", "top-model", "200 key-top", ""},
		{"a tenant's model, for who belongs to none", "cara", "POST /v1/chat/completions", "secret-b", "404", "absent-x"},
		{"a tenant's provider, for who belongs to none", "cara", "POST /private-b/v1/chat/completions", "secret-b", "404", ""},
		{"every model, at the only provider of a tenant", "olga", "POST /v1/chat/completions", "whatever", "200 key-open", ""},
		{"every model of it, but no other provider", "olga", "POST /v1/chat/completions", "openai/top-model", "200 key-open", ""},

		{"the list of models", "anna", "GET /v1/models", "", "200 same,only-a,claude,lent", ""},
		{"the list of the other", "bert", "GET /v1/models", "", "200 same,secret-b", ""},
		{"the list of models of a tenant without its own", "gina", "GET /v1/models", "", "200 top-model", ""},
		{"the list of who belongs to none", "cara", "GET /v1/models", "", "200 top-model", ""},
		{"the list at the other's provider", "anna", "GET /private-b/v1/models", "", "404", ""},
		{"nobody", "mallory", "POST /v1/chat/completions", "same", "401", ""},
	} {
		t.Run(tt.about, func(t *testing.T) {
			t.Parallel()
			send := func(name string) string {
				body := name
				if body != "" && !strings.ContainsAny(body[:1], "{[") {
					body = strings.Replace(chat, "MODEL", body, 1)
					if strings.Contains(tt.first, "messages") {
						body = strings.Replace(body, "{", `{"max_tokens":9,`, 1)
					}
				}
				x := newProxy(t, twoTenants).stream()
				m := cases.Message{First: tt.first, Headers: []cases.Header{{Name: "authorization", Value: "Bearer " + tt.who}}, Body: []byte(body)}
				if body != "" {
					m.Headers = append(m.Headers, cases.Header{Name: "content-type", Value: "application/json"})
				}
				x.request(m)
				got := outcome(x)
				x.done()
				if name == "" {
					return got
				}
				return strings.ReplaceAll(got, name, "NAME")
			}
			got := send(tt.body)
			short, _, _ := strings.Cut(got, "\n")
			if short != tt.want {
				t.Fatalf("got %s, want %s", got, tt.want)
			}
			if strings.Contains(got, "did you mean") {
				t.Errorf("got a hint at what is another's: %s", got)
			}
			if tt.nobody != "" {
				if other := send(tt.nobody); other != got {
					t.Errorf("got %s, and for what is nobody's %s: want no difference", got, other)
				}
			}
		})
	}
}

// outcome is the status and who is asked or which models are listed; for errors, the body
// in a second line.
func outcome(x *exchange) string {
	switch {
	case x.gw.Foreign():
		return "foreign"
	case x.upstream != nil:
		key := x.upstream.Get("authorization")
		return "200 " + strings.TrimPrefix(key+x.upstream.Get("x-api-key"), "Bearer ")
	case x.response.First == "200":
		var names []string
		for _, part := range strings.Split(string(x.response.Body), `"id":"`)[1:] {
			name, _, _ := strings.Cut(part, `"`)
			names = append(names, name)
		}
		return "200 " + strings.Join(names, ",")
	}
	return x.response.First + "\n" + string(x.response.Body)
}

// TestCallersOfNoTenant are not let in where there are tenants.
func TestCallersOfNoTenant(t *testing.T) {
	t.Parallel()
	x := newProxy(t, `{"hold_headers":"always","providers":[{"name":"a","type":"openai","cluster":"a","keys":[{"value":"k"}]}],
		"consumers":[{"name":"web","tenant":"a-word","tier":"a-word","keys":[{"sha256":"`+sum("web")+`"}]}]}`).stream()
	x.request(keyed("web", `{"model":"m","messages":[]}`))
	if got := outcome(x); got != "200 k" {
		t.Errorf("where a tenant is only a word: got %s, want it to pass", got)
	}
}

// TestLimitsOfTenantsAreApart counts consumers apart who have the same name in two tenants.
func TestLimitsOfTenantsAreApart(t *testing.T) {
	t.Parallel()
	p := newProxy(t, strings.Replace(twoTenants, `"providers"`, `"limits":[{"key":["consumer"],"requests":1,"per":"1h"}],"providers"`, 1))
	for _, tt := range []struct{ who, want string }{{"anna", "200"}, {"bert", "200"}, {"anna", "429"}, {"bert", "429"}} {
		x := p.stream()
		x.request(keyed(tt.who, `{"model":"same","messages":[{"role":"user","content":"Hi"}]}`))
		if got, _, _ := strings.Cut(outcome(x), " "); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: got %s, want %s", tt.who, got, tt.want)
		}
		x.done()
	}
}

// TestShadowIsCounted says by a metric what a rule in shadow would have done.
func TestShadowIsCounted(t *testing.T) {
	t.Parallel()
	p := newProxy(t, ruled(`"access":[{"name":"soon","mode":"shadow","effect":"deny","when":{"models":["mini"]}},{"name":"now","effect":"deny","when":{"models":["gpt-4o"]}}]`))
	for _, model := range []string{"mini", "gpt-4o", "o3"} {
		x := p.stream()
		x.request(keyed("web", `{"model":"`+model+`","messages":[]}`))
		x.done()
	}
	for name, want := range map[string]uint64{"postern.access;rule=soon;outcome=shadow": 1, "postern.access;rule=now;outcome=denied": 1, "postern.access;rule=soon;outcome=denied": 0} {
		if got := p.counts[name]; got != want {
			t.Errorf("%s: got %d, want %d", name, got, want)
		}
	}
}
