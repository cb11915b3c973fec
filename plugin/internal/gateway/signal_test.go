package gateway_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/plugin/cases"
)

const signalsConfig = `{"hold_headers":"always","providers":[
	{"name":"a","type":"openai","cluster":"a","keys":[{"value":"key-a"}]},
	{"name":"b","type":"openai","cluster":"b","keys":[{"value":"key-b"}]}],
	"consumers":[
	{"name":"web","tenant":"acme","tier":"free","keys":[{"sha256":"b027f317ddd82d431ba8849e67ebf8ad5ec9e287006f096f3938ee188730b198"}]},
	{"name":"w\u00e9b 1%","keys":[{"sha256":"534db62f011da983b8b6fda743e9ca5394bbd668f633d4ca4ba3741d1ea2ffab"}]}],
	"catalog":[{"model":"priced","prices":[{"input":1,"output":1.5}]}],
	"signals":{"headers":["consumer","tenant","tier","model","provider","operation"],
		"properties":["consumer","tier","model","provider","tokens","input_tokens","output_tokens","cost_micro_usd"]}}`

// told are the gateway's headers that the proxy gets, and the properties but the record.
func told(x *exchange) map[string]string {
	all := maps.Clone(x.told)
	delete(all, "postern")
	for _, h := range x.upstream.Headers {
		if strings.HasPrefix(h.Name, "x-postern-") {
			all[h.Name] += h.Value
		}
	}
	return all
}

func signalled(key, model string, headers ...cases.Header) cases.Message {
	m := chatRequest("/v1/chat/completions", `{"model":"`+model+`","messages":[{"role":"user","content":"Hi"}]}`)
	m.Headers = append(m.Headers, cases.Header{Name: "authorization", Value: "Bearer " + key})
	m.Headers = append(m.Headers, headers...)
	return m
}

func TestSignals(t *testing.T) {
	t.Parallel()
	forged := []cases.Header{{Name: "x-postern-consumer", Value: "all"}, {Name: "x-postern-tier", Value: "pro"},
		{Name: "x-postern-consumer", Value: "more"}, {Name: "x-postern-tokens", Value: "0"}}
	open := strings.Replace(signalsConfig, `"consumers"`, `"cors":{},"consumers"`, 1)
	open = open[:strings.Index(open, `"consumers"`)] + open[strings.Index(open, `"catalog"`):]
	none := signalsConfig[:strings.Index(signalsConfig, `,
	"signals"`)] + "}"
	for _, tt := range []struct {
		name, config string
		request      cases.Message
		want         map[string]string
	}{
		{"who is known, and what for", signalsConfig, signalled("client-web", "gpt-4o", forged...), map[string]string{
			"x-postern-consumer": "web", "x-postern-tenant": "acme", "x-postern-tier": "free", "x-postern-model": "gpt-4o", "x-postern-provider": "a", "x-postern-operation": "chat",
			"postern_consumer": "web", "postern_tier": "free", "postern_model": "gpt-4o", "postern_provider": "a"}},
		{"what is not known is not said, by nobody", signalsConfig, signalled("client-all", "gpt-4o", forged...), map[string]string{
			"x-postern-consumer": "w%C3%A9b%201%25", "x-postern-model": "gpt-4o", "x-postern-provider": "a", "x-postern-operation": "chat",
			"postern_consumer": "w%C3%A9b%201%25", "postern_model": "gpt-4o", "postern_provider": "a"}},
		{"everybody may call", open, signalled("client-web", "gpt-4o", forged...), map[string]string{
			"x-postern-model": "gpt-4o", "x-postern-provider": "a", "x-postern-operation": "chat", "postern_model": "gpt-4o", "postern_provider": "a"}},
		{"a model that would be a header", signalsConfig, signalled("client-web", `m\r\nx-postern-tier: pro`), map[string]string{
			"x-postern-consumer": "web", "x-postern-tenant": "acme", "x-postern-tier": "free", "x-postern-model": "m%0D%0Ax-postern-tier:%20pro", "x-postern-provider": "a", "x-postern-operation": "chat",
			"postern_consumer": "web", "postern_tier": "free", "postern_model": "m%0D%0Ax-postern-tier:%20pro", "postern_provider": "a"}},
		{"by path alone", signalsConfig, cases.Message{First: "GET /a/v1/models", Headers: append([]cases.Header{{Name: "authorization", Value: "Bearer client-web"}}, forged...)}, map[string]string{
			"x-postern-consumer": "web", "x-postern-tenant": "acme", "x-postern-tier": "free", "x-postern-model": "none", "x-postern-provider": "a", "x-postern-operation": "models",
			"postern_consumer": "web", "postern_tier": "free", "postern_model": "none", "postern_provider": "a"}},
		{"no signals", none, signalled("client-web", "gpt-4o", forged...), map[string]string{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := newProxy(t, tt.config).stream()
			x.request(tt.request)
			if x.upstream == nil {
				t.Fatalf("got %s, want a request upstream", x.response)
			}
			if got := told(x); !maps.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestLongNameIsToldShort(t *testing.T) {
	t.Parallel()
	x := newProxy(t, signalsConfig).stream()
	x.request(signalled("client-web", strings.Repeat("é", 100_000)))
	if n := len(x.told["postern_model"]); n < 256 || n > 256+2 {
		t.Errorf("got %d bytes, want about 256", n)
	}
}

func TestAmounts(t *testing.T) {
	t.Parallel()
	answer := func(status, usage string) *cases.Message {
		return &cases.Message{First: status, Headers: []cases.Header{{Name: "content-type", Value: "application/json"}}, Body: []byte(`{"choices":[],"usage":` + usage + `}`)}
	}
	for _, tt := range []struct {
		name   string
		model  string
		answer *cases.Message // nil: the client hangs up
		want   [4]string      // tokens, input, output, micro-dollars
	}{
		{"an answer", "priced", answer("200", `{"prompt_tokens":10,"completion_tokens":7,"total_tokens":17}`), [4]string{"17", "10", "7", "21"}},
		{"a part of a micro-dollar", "priced", answer("200", `{"prompt_tokens":0,"completion_tokens":1,"total_tokens":1}`), [4]string{"1", "0", "1", "2"}},
		{"a model without a price", "unpriced", answer("200", `{"prompt_tokens":10,"completion_tokens":7,"total_tokens":17}`), [4]string{"17", "10", "7", "0"}},
		{"more than Envoy takes", "unpriced", answer("200", `{"prompt_tokens":9000000000000000000,"completion_tokens":9000000000000000000,"total_tokens":1}`), [4]string{"1000000000", "1000000000", "1000000000", "0"}},
		{"less than nothing", "priced", answer("200", `{"prompt_tokens":-5,"completion_tokens":-5,"total_tokens":-10}`), [4]string{"0", "0", "0", "0"}},
		{"an error", "priced", answer("500", `null`), [4]string{"0", "0", "0", "0"}},
		{"no answer: its provider has read the question", "priced", nil, [4]string{"15", "15", "0", "15"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newProxy(t, signalsConfig)
			x := p.stream()
			x.request(signalled("client-web", tt.model))
			if p.details = "via_upstream"; tt.answer != nil {
				x.respond(*tt.answer)
			}
			x.done()
			got := [4]string{x.told["postern_tokens"], x.told["postern_input_tokens"], x.told["postern_output_tokens"], x.told["postern_cost_micro_usd"]}
			if got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestAmountsOfWhoIsRefusedAreNothing(t *testing.T) {
	t.Parallel()
	x := newProxy(t, signalsConfig).stream()
	x.request(signalled("client-unknown", "gpt-4o"))
	x.wantStatus("401", "invalid_api_key")
	x.done()
	if x.told["postern_tokens"] != "0" || x.told["postern_consumer"] != "" {
		t.Errorf("got %v, want no tokens of nobody", x.told)
	}
}

// TestListTellsWhoAnswered: what a list took is the answer's, so that it counts for the
// provider that gave it.
func TestListTellsWhoAnswered(t *testing.T) {
	t.Parallel()
	p := newProxy(t, signalsConfig)
	x := p.stream()
	m := list("a", "b")
	m.Headers = append(m.Headers, cases.Header{Name: "authorization", Value: "Bearer client-web"})
	x.request(m)
	if x.told["postern_provider"] != "a" {
		t.Fatalf("got %v, want the first provider", x.told)
	}
	p.details = "via_upstream"
	x.respond(cases.Message{First: "500", Headers: []cases.Header{{Name: "content-type", Value: "application/json"}}, Body: []byte(`{"error":{"message":"first"}}`)})
	for _, h := range calloutMessage(p.calls[0]).Headers {
		if strings.HasPrefix(h.Name, "x-postern-") {
			t.Errorf("got %s in a callout, want nothing that is the proxy's", h.Name)
		}
	}
	p.answer(&cases.Message{First: "200", Headers: []cases.Header{{Name: "content-type", Value: "application/json"}}, Body: []byte(`{"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":7,"total_tokens":17}}`)})
	x.done()
	if x.told["postern_provider"] != "b" || x.told["postern_tokens"] != "17" {
		t.Errorf("got %v, want 17 tokens of the second provider", x.told)
	}
}

// TestRefusalOfAnotherFilter: it is an error that the client can read, and a list does not
// go on behind its back.
func TestRefusalOfAnotherFilter(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		details, status, code string
		goesOn                bool
	}{
		{"request_rate_limited", "429", "rate_limit_exceeded", false},
		{"local_rate_limited", "429", "rate_limit_exceeded", false},
		{"rate_limiter_error", "503", "refused_by_proxy", false},
		{"rbac_access_denied_matched_policy[none]", "403", "refused_by_proxy", false},
		{"via_upstream", "429", "upstream_error", true},
		{"no_healthy_upstream", "503", "upstream_unavailable", true},
		{"cluster_not_found", "503", "upstream_unavailable", true},
		{"upstream_reset_before_response_started{connection_timeout}", "503", "upstream_unavailable", true},
		{"upstream_response_timeout", "504", "upstream_timeout", true},
	} {
		refusal := cases.Message{First: tt.status, Headers: []cases.Header{{Name: "retry-after", Value: "41"}, {Name: "x-ratelimit-remaining", Value: "0"}, {Name: "x-other", Value: "1"}}}
		t.Run(tt.details, func(t *testing.T) {
			p := newProxy(t, universalConfig)
			x := p.stream()
			x.request(chatRequest("/v1/chat/completions", `{"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}]}`))
			p.details = tt.details
			x.respond(refusal)
			x.wantStatus(tt.status, `"code":"`+tt.code+`"`)
			if x.response.Get("retry-after") != "41" || x.response.Get("x-ratelimit-remaining") != "0" || x.response.Get("x-other") != "" {
				t.Errorf("got %s, want what says when to come again", x.response)
			}
		})
		t.Run(tt.details+" of a list", func(t *testing.T) {
			p := newProxy(t, universalConfig)
			x := p.stream()
			x.request(list("a", "b"))
			p.details = tt.details
			x.respond(refusal)
			if goesOn := len(p.calls) > 0; goesOn != tt.goesOn {
				t.Errorf("got another request: %v, want %v", goesOn, tt.goesOn)
			}
			if !tt.goesOn {
				x.wantStatus(tt.status, `"code":"`+tt.code+`"`)
			}
		})
	}
}

// FuzzSignals: whatever a model is called, what the proxy is told can stand in a header.
func FuzzSignals(f *testing.F) {
	f.Add("gpt-4o")
	f.Add("m\r\nx-postern-tier: pro")
	f.Add("%41")
	p := newProxy(f, signalsConfig)
	f.Fuzz(func(t *testing.T, model string) {
		p.t = t
		x := p.stream()
		x.request(signalled("client-web", strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(model)))
		if x.upstream == nil {
			return
		}
		v := x.upstream.Get("x-postern-model")
		if v == "" || strings.ContainsFunc(v, func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Errorf("%q: got %q, want printable ASCII", model, v)
		}
		x.done()
	})
}
