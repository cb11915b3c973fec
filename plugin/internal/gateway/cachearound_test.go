package gateway_test

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/plugin/cases"
)

// TestCachesAround checks what caches in front of the proxy are told of answers.
func TestCachesAround(t *testing.T) {
	t.Parallel()
	with := func(head ...string) cases.Message {
		m := says("Hello")
		for i := 0; i < len(head); i += 2 {
			m.Headers = append(m.Headers, cases.Header{Name: head[i], Value: head[i+1]})
		}
		return m
	}
	failed := says("no")
	failed.First = "500"
	for _, tt := range []struct {
		name, config  string
		ask, answer   cases.Message
		control, vary string // of the answer
		again         string // cache-control of the answer to the same once more
	}{
		{"an answer", `{"key":["header:x-lang"]}`, chatAsk(chatBody("m", "")), says("Hello"), "private", "*", "private"},
		{"an answer that says more", `{"key":["header:x-lang"]}`, chatAsk(chatBody("m", "")), with("cache-control", "no-cache", "vary", "origin"), "private, no-cache", "*", "private"},
		{"an answer that says it is for all", `{"key":["header:x-lang"]}`, chatAsk(chatBody("m", "")), with("cache-control", "public, s-maxage=600"), "private", "*", "private"},
		{"an answer that is not to be kept", `{"key":["header:x-lang"]}`, chatAsk(chatBody("m", "")), with("cache-control", "No-Store", "vary", "*"), "No-Store", "*", "private"},
		{"an answer that is nobody's", `{"key":["header:x-lang"]}`, chatAsk(chatBody("m", "")), with("cache-control", "private, max-age=3"), "private, max-age=3", "*", "private"},
		{"an error", `{"key":["header:x-lang"]}`, chatAsk(chatBody("m", "")), failed, "private", "*", "private"},
		{"a request past the cache", `{"key":["header:x-lang"]}`, chatAsk(chatBody("m", ""), "cache-control", "no-store"), says("Hello"), "private", "*", "private"},
		{"speech, which is not kept", `{"key":["header:x-lang"]}`, post("/v1/audio/speech", `{"model":"m","input":"Hi","voice":"a"}`), typed("audio/mpeg", "ID3"), "", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newProxy(t, cached(tt.config, ""))
			x := p.exchange(tt.ask, tt.answer)
			if got := x.response.Get("cache-control"); got != tt.control {
				t.Errorf("cache-control: got %q, want %q", got, tt.control)
			}
			if got := x.response.Get("vary"); got != tt.vary {
				t.Errorf("vary: got %q, want %q", got, tt.vary)
			}
			if got := p.exchange(tt.ask, says("Hello")).response.Get("cache-control"); got != tt.again {
				t.Errorf("once more: cache-control: got %q, want %q", got, tt.again)
			}
		})
	}
	consumer := `,"consumers":[{"name":"a","keys":[{"sha256":"` + sum("client-a") + `"}]}]`
	p := newProxy(t, cached(`{}`, consumer))
	models := p.exchange(cases.Message{First: "GET /v1/models", Headers: []cases.Header{{Name: "authorization", Value: "Bearer client-a"}}}, says(""))
	if models.response.Get("cache-control") != "private" || models.response.Get("vary") != "*" {
		t.Errorf("models: got %s, want a list for this caller alone", models.response)
	}
}

// TestCacheBehind checks what filters behind this one are told, which may be caches.
func TestCacheBehind(t *testing.T) {
	t.Parallel()
	consumer := func(name string) string {
		return `{"name":"` + name + `","tenant":"` + name + `","keys":[{"sha256":"` + sum("client-"+name) + `"}]}`
	}
	p := newProxy(t, cached(`{}`, `,"signals":{"headers":["cache_id"],"properties":["cache_id"]},"consumers":[`+consumer("a")+","+consumer("b")+`]`))
	ask := func(who, body string, head ...string) cases.Message {
		return chatAsk(body, append([]string{"authorization", "Bearer client-" + who, "x-postern-cache-id", "forged"}, head...)...)
	}
	seen := map[string]string{}
	for _, tt := range []struct {
		name string
		ask  cases.Message
		told bool
	}{
		{"a", ask("a", chatBody("m", "")), true},
		{"b", ask("b", chatBody("m", "")), true},
		{"another question", ask("a", chatBody("m", `,"seed":1`)), true},
		{"past the cache", ask("a", chatBody("m", `,"seed":2`), "cache-control", "no-store"), false},
		{"never kept", ask("a", chatBody("m", `,"store":false`)), false},
		{"a list of inputs", post("/v1/embeddings", `{"model":"m","input":["a","b"]}`, "authorization", "Bearer client-a", "x-postern-cache-id", "forged"), false},
		{"one input", post("/v1/embeddings", `{"model":"m","input":["a"]}`, "authorization", "Bearer client-a"), true},
	} {
		x := p.stream()
		x.request(tt.ask)
		id := ""
		for _, h := range x.head {
			if h.Name == "x-postern-cache-id" {
				id = h.Value
			}
		}
		p.details = "via_upstream"
		x.respond(says("Hello"))
		x.done()
		if tt.told != (len(id) == 64) || tt.told && !strings.Contains(string(x.record), `"cache_key":"`+id+`"`) || id == "forged" {
			t.Errorf("%s: told %q; record %s", tt.name, id, x.record)
		}
		if other := seen[id]; id != "" && other != "" {
			t.Errorf("%s and %s have one id", tt.name, other)
		}
		seen[id] = tt.name
		if got := x.told["postern_cache_id"]; got != id {
			t.Errorf("%s: the property is %q, want %q", tt.name, got, id)
		}
	}
}
