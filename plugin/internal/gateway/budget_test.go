package gateway_test

import (
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/plugin/cases"
	"github.com/postern-gateway/postern/plugin/internal/gateway"
	"github.com/postern-gateway/postern/plugin/internal/state/statetest"
)

// budgeted has a model that costs nothing, which shows what is left of a budget.
func budgeted(rest string) string {
	return `{"hold_headers":"always","state":{"space":"s"},"providers":[{"name":"openai","type":"openai","cluster":"o","keys":[{"value":"k"}]},{"name":"claude","type":"anthropic","cluster":"c","keys":[{"value":"k"}]},
		{"name":"google","type":"gemini","cluster":"g","keys":[{"value":"k"}]}],"catalog":[{"model":"free","prices":[{"input":0,"output":0}]},{"model":"dollar","prices":[{"input":0,"output":1000000}]}],` + rest + `}`
}

// spend has a request answered whose answer has a usage.
func (p *proxy) spend(path, model, answer string) *exchange {
	x := p.stream()
	x.request(chatRequest(path, `{"model":"`+model+`","max_tokens":1,"messages":[{"role":"user","content":"Hi"}],"contents":[{"role":"user","parts":[{"text":"Hi"}]}],"generationConfig":{"maxOutputTokens":1}}`))
	if x.upstream != nil {
		p.details = "via_upstream"
		x.respond(cases.Message{First: "200", Headers: []cases.Header{{Name: "content-type", Value: "application/json"}}, Body: []byte(answer)})
	}
	x.done()
	return x
}

// dollars are spent at one for each token of the answer.
func (p *proxy) dollars(tokens string) *exchange {
	return p.spend("/v1/chat/completions", "dollar", `{"choices":[],"usage":{"prompt_tokens":0,"completion_tokens":`+tokens+`}}`)
}

// left is what a budget has, as a request that costs nothing is told.
func (p *proxy) left() string {
	return p.spend("/v1/chat/completions", "free", `{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}`).response.Get("x-postern-budget")
}

// TestBudgetsByPricePages takes usages as providers' pages describe them and what those would
// cost by the pages' prices, worked out by hand.
func TestBudgetsByPricePages(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		about, path, model, answer, left string
	}{
		{"https://openai.com/api/pricing: 4,000 tokens at 2.50 a million, 6,000 that were cached at 1.25, 500 at 10.00",
			"/v1/chat/completions", "gpt-4o", `{"choices":[],"usage":{"prompt_tokens":10000,"completion_tokens":500,"prompt_tokens_details":{"cached_tokens":6000}}}`, "0.9775"},
		{"https://openai.com/api/pricing: reasoning is output: 1,000 at 1.25, 3,000 at 10.00",
			"/v1/chat/completions", "gpt-5", `{"choices":[],"usage":{"prompt_tokens":1000,"completion_tokens":3000,"completion_tokens_details":{"reasoning_tokens":2500}}}`, "0.96875"},
		{"https://claude.com/pricing: 1,000 at 3.00, 2,000 written to the cache at 3.75, 10,000 read from it at 0.30, 1,000 at 15.00",
			"/v1/messages", "claude-sonnet-4-5", `{"content":[],"usage":{"input_tokens":1000,"cache_creation_input_tokens":2000,"cache_read_input_tokens":10000,"output_tokens":1000}}`, "0.9715"},
		{"https://ai.google.dev/gemini-api/docs/pricing: up to 200,000 tokens: 100,000 at 1.25, 1,000 at 10.00",
			"/v1beta/models/gemini-2.5-pro:generateContent", "gemini-2.5-pro", `{"candidates":[],"usageMetadata":{"promptTokenCount":100000,"candidatesTokenCount":1000,"totalTokenCount":101000}}`, "0.865"},
		{"https://ai.google.dev/gemini-api/docs/pricing: above 200,000 tokens all of them cost more: 200,001 at 2.50, 1,000 at 15.00",
			"/v1beta/models/gemini-2.5-pro:generateContent", "gemini-2.5-pro", `{"candidates":[],"usageMetadata":{"promptTokenCount":200001,"candidatesTokenCount":1000,"totalTokenCount":201001}}`, "0.4849975"},
	} {
		t.Run(tt.about, func(t *testing.T) {
			t.Parallel()
			p := newProxy(t, budgeted(`"budgets":[{"name":"b","usd":1,"per":"30d"}]`))
			if x := p.spend(tt.path, tt.model, tt.answer); x.upstream == nil {
				t.Fatalf("got %s", x.response)
			}
			if got, _, _ := strings.Cut(p.left(), ","); got != "remaining="+tt.left {
				t.Errorf("got %s, want %s", got, tt.left)
			}
		})
	}
}

// A month's budget begins anew with the month, in UTC, with a part of what the last one left.
func TestBudgetsAtTheBorderOfAMonth(t *testing.T) {
	t.Parallel()
	p := newProxy(t, budgeted(`"budgets":[{"name":"b","usd":10,"per":"month","carry_over":4}]`))
	at := func(text string) {
		t.Helper()
		when, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		p.now = when.UnixNano()
	}
	want := func(about, left string) {
		t.Helper()
		if got := p.left(); !strings.HasPrefix(got, left) {
			t.Errorf("%s: got %s, want %s", about, got, left)
		}
	}
	at("2028-01-31T23:59:50Z")
	want("nothing is carried into the first month", "remaining=10, limit=10, reset=10")
	p.dollars("9")
	want("in its last seconds", "remaining=1, limit=10")
	at("2028-02-01T00:00:00Z")
	want("the one that was left is added", "remaining=11, limit=11, reset=2505600") // 29 days
	p.dollars("2")
	at("2028-03-01T00:00:00Z")
	want("of the eight that were left four are added", "remaining=14, limit=14")
	at("2028-05-01T00:00:00Z")
	want("a month in which nobody asked leaves nothing known", "remaining=10, limit=10")
	for range 10 {
		p.dollars("1")
	}
	if x := p.dollars("1"); x.response.First != "429" || !strings.Contains(string(x.response.Body), "insufficient_quota") {
		t.Errorf("got %s, want a refusal", x.response)
	}
	at("2028-06-01T00:00:00Z")
	want("what was used up leaves nothing", "remaining=10, limit=10")
}

const alerting = `"alerts":{"cluster":"ops","host":"ops.test","path":"/hook"},"budgets":[{"name":"month","usd":10,"per":"month","soft":[50,90]}]`

// A budget's thresholds are told once, whichever worker settles the request that crosses
// them, and again until somebody has heard.
func TestAlertsAreToldOnce(t *testing.T) {
	t.Parallel()
	host := &statetest.Host{}
	first, second := newWorker(t, budgeted(alerting), host), newWorker(t, budgeted(alerting), host)
	first.dollars("4")
	second.dollars("2")
	first.dollars("2")
	first.tick(gateway.TickEvery)
	second.tick(gateway.TickEvery)
	if len(first.calls) != 0 || len(second.calls) != 1 {
		t.Fatalf("got %d and %d alerts, want one of the worker that has come to half of it", len(first.calls), len(second.calls))
	}
	got := calloutMessage(second.calls[0])
	for _, part := range []string{`"event":"budget_threshold"`, `"budget":"month"`, `"percent":50`, `"unit":"usd"`, `"consumer":"everybody"`} {
		if !strings.Contains(string(got.Body), part) {
			t.Errorf("got %s, want %s", got.Body, part)
		}
	}
	if got.First != "POST /hook" || got.Get("host") != "ops.test" || second.calls[0].Cluster != "ops" {
		t.Errorf("got %s", got)
	}
	second.answer(&cases.Message{First: "503"})
	for range 3 {
		second.tick(gateway.TickEvery)
	}
	if len(second.calls) != 0 {
		t.Fatal("it is told again at once")
	}
	second.tick(gateway.TickEvery)
	if len(second.calls) != 1 {
		t.Fatal("it is not told again after two seconds")
	}
	second.answer(nil)
	second.tick(4 * time.Second)
	second.answer(&cases.Message{First: "204"})
	second.dollars("1")
	second.tick(time.Minute)
	if len(second.calls) != 1 || !strings.Contains(string(second.calls[0].Body), `"percent":90`) {
		t.Errorf("got %d callouts, want one for the next threshold", len(second.calls))
	}
	if second.counts["postern.budget_thresholds;budget=month;percent=50"]+first.counts["postern.budget_thresholds;budget=month;percent=50"] != 1 {
		t.Errorf("got the metrics %v", second.counts)
	}
}

// Nobody who hears an alert is no reason to go on for ever.
func TestAlertsThatNobodyHears(t *testing.T) {
	t.Parallel()
	p := newProxy(t, budgeted(alerting))
	p.dollars("6")
	n := 0
	for range 1000 {
		if p.tick(gateway.TickEvery); len(p.calls) > 0 {
			n++
			p.answer(&cases.Message{First: "500"})
		}
	}
	if n != 6 || !strings.Contains(strings.Join(p.log, "\n"), "could not be delivered") {
		t.Errorf("got %d attempts, and the log %v", n, p.log)
	}
}
