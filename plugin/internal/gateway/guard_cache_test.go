package gateway_test

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/plugin/cases"
	"github.com/postern-gateway/postern/plugin/internal/state/statetest"
)

// behindGuards is a cache behind guards, with two consumers of a tenant and one of another.
func behindGuards(guards, cache string) string {
	consumer := func(name, tenant string) string {
		return `{"name":"` + name + `","tenant":"` + tenant + `","privileged":["cache-key"],"keys":[{"sha256":"` + sum("client-"+name) + `"}]}`
	}
	return cached(cache, `,"consumers":[`+consumer("ann", "acme")+","+consumer("bob", "acme")+","+consumer("eve", "other")+`],"guards":[`+guards+`]`)
}

// A person has values of the same kinds as the others.
type person struct{ name, mail, card string }

var persons = []person{
	{"ann", "ann@example.com", "4111 1111 1111 1111"},
	{"bob", "bob@example.org", "5500 0000 0000 0004"},
	{"eve", "eve@example.net", "4012 8888 8888 1881"},
}

// A guardedForm is a form in which clients ask and get answers.
type guardedForm struct {
	name   string
	ask    func(who person) cases.Message
	answer cases.Message // of the provider, with MAIL and CARD for placeholders
}

func guardedForms() []guardedForm {
	as := func(who person, m cases.Message) cases.Message {
		m.Headers = append(m.Headers, cases.Header{Name: "authorization", Value: "Bearer client-" + who.name})
		return m
	}
	question := func(model, more string, who person) string {
		return `{"model":"` + model + `","max_tokens":50,"messages":[{"role":"user","content":"Write to ` + who.mail + ` of ` + who.card + `."}]` + more + `}`
	}
	chunk := func(s string) string {
		return `{"id":"c","object":"chat.completion.chunk","model":"g","choices":[{"index":0,"delta":{"content":"` + s + `"},"finish_reason":null}]}`
	}
	stream := events(chunk("To <EMAIL_ADD"), chunk("RESS_1>: <CREDIT"), chunk("_CARD_1>, x@late"), chunk("r.example"), `{"id":"c","object":"chat.completion.chunk","model":"g","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`, "[DONE]")
	const said = "To <EMAIL_ADDRESS_1>: <CREDIT_CARD_1>, x@later.example"
	claude := jsonAnswer("200", `{"id":"m","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[{"type":"text","text":"`+said+`"}],"stop_reason":"end_turn","usage":{"input_tokens":9,"output_tokens":2}}`)
	delta := func(s string) string {
		return `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"` + s + `"}}`
	}
	claudeStream := answered("text/event-stream", sseOf(`{"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"claude","content":[],"usage":{"input_tokens":9,"output_tokens":1}}}`,
		`{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`, delta("To <EMAIL_ADD"), delta("RESS_1>: <CREDIT_CARD_1>, x@later.exam"), delta("ple"), `{"type":"content_block_stop","index":0}`,
		`{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}}`, `{"type":"message_stop"}`))
	form := func(name, path, model, more string, answer cases.Message) guardedForm {
		return guardedForm{name, func(who person) cases.Message { return as(who, post(path, question(model, more, who))) }, answer}
	}
	const streamed = `,"stream":true`
	return []guardedForm{
		form("openai", "/v1/chat/completions", "m", "", says(said)),
		form("openai stream", "/v1/chat/completions", "m", streamed, stream),
		form("anthropic at openai", "/v1/messages", "m", "", says(said)),
		form("anthropic stream at openai", "/v1/messages", "m", streamed, stream),
		form("anthropic", "/v1/messages", "c", "", claude),
		form("anthropic stream", "/v1/messages", "c", streamed, claudeStream),
		form("openai at anthropic", "/v1/chat/completions", "c", "", claude),
		form("openai stream at anthropic", "/v1/chat/completions", "c", streamed, claudeStream),
	}
}

// read is what a client reads in an answer of any form.
func read(body []byte) string {
	s := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(string(body))
	var text strings.Builder
	for _, key := range []string{`"content":"`, `"text":"`} {
		for rest := s; ; {
			var ok bool
			if _, rest, ok = strings.Cut(rest, key); !ok {
				break
			}
			value, _, _ := strings.Cut(rest, `"`)
			text.WriteString(value)
		}
	}
	return text.String()
}

// TestCacheBehindGuards has three persons ask the same about values of their own, in every
// form: those of a tenant share the answer, each gets the own values back, and never
// another's; what is kept has nobody's.
func TestCacheBehindGuards(t *testing.T) {
	t.Parallel()
	forms := guardedForms()
	for _, from := range forms {
		for _, to := range forms {
			if modelOf(from) != modelOf(to) {
				continue
			}
			t.Run(from.name+" to "+to.name, func(t *testing.T) {
				t.Parallel()
				h := &statetest.Host{}
				p := newWorker(t, behindGuards(`{"type":"pii"}`, `{}`), h)
				for i, who := range persons {
					f := to
					if i == 0 {
						f = from
					}
					x := p.exchange(f.ask(who), f.answer)
					wantHit := who.name == "bob"
					if hit := x.response.Get("x-postern-cache") == "hit"; hit != wantHit || hit != (x.upstream == nil) {
						t.Errorf("%s: got %q and the provider was asked: %v; record %s", who.name, x.response.Get("x-postern-cache"), x.upstream != nil, x.record)
					}
					if want, got := "To "+who.mail+": "+who.card+", <EMAIL_ADDRESS>", read(x.response.Body); got != want {
						t.Errorf("%s: reads %q, want %q, of %s", who.name, got, want, x.response.Body)
					}
					if got := x.response.Get("x-postern-redacted"); !strings.Contains(got, "EMAIL_ADDRESS=") {
						t.Errorf("%s: got %q, want what was found", who.name, got)
					}
				}
				for _, secret := range []string{persons[0].mail, persons[1].mail, persons[2].mail, persons[0].card, "x@later"} {
					if h.Has(secret) {
						t.Errorf("what is kept has %s", secret)
					}
				}
			})
		}
	}
}

func modelOf(f guardedForm) string {
	_, rest, _ := strings.Cut(string(f.ask(persons[0]).Body), `"model":"`)
	model, _, _ := strings.Cut(rest, `"`)
	return model
}

// TestCrossingOverByGuards has somebody try to get another's values out of what is kept.
func TestCrossingOverByGuards(t *testing.T) {
	t.Parallel()
	ask := func(who, content string, head ...string) cases.Message {
		return chatAsk(`{"model":"m","messages":[{"role":"user","content":"`+content+`"}]}`, append([]string{"authorization", "Bearer client-" + who}, head...)...)
	}
	for _, tt := range []struct {
		name, guard, cache string
		first              cases.Message // of ann, whose address is ann@example.com
		says               string        // the provider
		second             cases.Message // of bob
		want               string        // what bob reads
		hit                bool
	}{
		{"a placeholder that the client has written", `{"type":"pii"}`, `{}`, ask("ann", "Write to ann@example.com"), "To <EMAIL_ADDRESS_1>", ask("bob", "Write to <EMAIL_ADDRESS_1>"), "To <EMAIL_ADDRESS_1>", true},
		{"two values in another order", `{"type":"pii"}`, `{}`, ask("ann", "ann@example.com, then ann@work.example.com"), "<EMAIL_ADDRESS_2> and <EMAIL_ADDRESS_1>", ask("bob", "bob@b.example.com, then bob@a.example.com"), "bob@a.example.com and bob@b.example.com", true},
		{"one value twice is not two values", `{"type":"pii"}`, `{}`, ask("ann", "ann@example.com, then ann@work.example.com"), "<EMAIL_ADDRESS_2>", ask("bob", "bob@example.com, then bob@example.com"), "new", false},
		{"another kind of value", `{"type":"pii"}`, `{}`, ask("ann", "Use ann@example.com"), "<EMAIL_ADDRESS_1>", ask("bob", "Use 5500 0000 0000 0004"), "new", false},
		{"a number that the other has not", `{"type":"pii"}`, `{}`, ask("ann", "Use ann@example.com"), "<EMAIL_ADDRESS_1> <EMAIL_ADDRESS_2>", ask("bob", "Use bob@example.com"), "bob@example.com <EMAIL_ADDRESS_2>", true},
		{"a key of the caller's own", `{"type":"pii"}`, `{}`, ask("ann", "Use ann@example.com", "x-postern-cache-key", "k"), "<EMAIL_ADDRESS_1>", ask("bob", "Hi", "x-postern-cache-key", "k"), "<EMAIL_ADDRESS_1>", true},
		{"another tenant", `{"type":"pii"}`, `{}`, ask("ann", "Use ann@example.com"), "<EMAIL_ADDRESS_1>", ask("eve", "Use eve@example.com"), "new", false},
		{"another tenant that shares", `{"type":"pii"}`, `{"scope":"shared"}`, ask("ann", "Use ann@example.com"), "<EMAIL_ADDRESS_1>", ask("eve", "Use eve@example.com"), "eve@example.com", true},
		{"nothing is put back", `{"type":"pii","restore":false}`, `{}`, ask("ann", "Use ann@example.com"), "<EMAIL_ADDRESS_1>", ask("bob", "Use bob@example.com"), "<EMAIL_ADDRESS_1>", true},
		{"labels", `{"type":"pii","action":"label"}`, `{}`, ask("ann", "Use ann@example.com"), "Not x@y.example", ask("bob", "Use bob@example.com"), "Not <EMAIL_ADDRESS>", true},
		{"labels on the way in alone", `{"type":"pii","action":"label","on":["request"]}`, `{}`, ask("ann", "Use ann@example.com"), "Not x@y.example", ask("bob", "Use bob@example.com"), "Not x@y.example", true},
		{"what is only reported stays, and tells them apart", `{"type":"pii","action":"report"}`, `{}`, ask("ann", "Use ann@example.com"), "ok", ask("bob", "Use bob@example.com"), "new", false},
		{"what only the first has said", `{"type":"pii","entities":["EMAIL_ADDRESS"],"action":"mask"}`, `{}`, ask("ann", "Hi"), "ann@example.com", ask("bob", "Hi"), "***@*******.***", true},
		{"a value that the model has guessed", `{"type":"pii"}`, `{}`, ask("ann", "Use ann@example.com"), "ann@example.com", ask("bob", "Use bob@example.com"), "<EMAIL_ADDRESS>", true},
		{"a value that the model has guessed of who asks second", `{"type":"pii"}`, `{}`, ask("ann", "Use ann@example.com"), "bob@example.com", ask("bob", "Use bob@example.com"), "<EMAIL_ADDRESS>", true},
		{"a value in shadow", `{"type":"pii","mode":"shadow"}`, `{}`, ask("ann", "Use ann@example.com"), "ok", ask("bob", "Use bob@example.com"), "new", false},
		{"denied words that are taken out", `{"type":"output","action":"strip","deny":["Northfield"]}`, `{}`, ask("ann", "Hi"), "Of Northfield, no", ask("bob", "Hi"), "Of [removed], no", true},
		{"denied words that end the answer", `{"type":"output","deny":["Northfield"]}`, `{}`, ask("ann", "Hi"), "Of Northfield", ask("bob", "Hi"), "new", false},
		{"denied words that are only said", `{"type":"output","action":"flag","deny":["Northfield"]}`, `{}`, ask("ann", "Hi"), "Of Northfield", ask("bob", "Hi"), "Of Northfield", true},
		{"an image of a host that is not listed", `{"type":"output"}`, `{}`, ask("ann", "Hi"), "See ![c](https://evil.example/c?d=1).", ask("bob", "Hi"), "See ![c](#removed).", true},
		{"denied words that are there once a value is back", `{"type":"pii"},{"type":"output","deny":["bob@example.com"]}`, `{}`, ask("ann", "Use ann@example.com"), "<EMAIL_ADDRESS_1>", ask("bob", "Use bob@example.com"), "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newProxy(t, behindGuards(tt.guard, tt.cache))
			p.exchange(tt.first, says(tt.says))
			x := p.exchange(tt.second, says("new"))
			if hit := x.upstream == nil; hit != tt.hit {
				t.Errorf("hit: got %v, want %v; record %s", hit, tt.hit, x.record)
			}
			if got := read(x.response.Body); got != tt.want {
				t.Errorf("reads %q, want %q, of %s", got, tt.want, x.response.Body)
			}
			if strings.Contains(string(x.response.Body), "ann@") {
				t.Errorf("got another's value: %s", x.response.Body)
			}
			if tt.want == "" && !strings.Contains(string(x.response.Body), "denied_words") {
				t.Errorf("got %s, want a refusal", x.response.Body)
			}
		})
	}
}

// TestOtherGuards checks that what was kept under other guards is not given again.
func TestOtherGuards(t *testing.T) {
	t.Parallel()
	guards := []string{"", `{"type":"pii","restore":false}`, `{"type":"pii","restore":true}`, `{"type":"output"}`, `{"type":"pii","restore":true},{"type":"output"}`}
	h := &statetest.Host{}
	for i, g := range guards {
		p := newWorker(t, behindGuards(g, `{}`), h)
		if x := p.exchange(chatAsk(chatBody("m", ""), "authorization", "Bearer client-ann"), says("Hello")); x.response.Get("x-postern-cache") != "miss" {
			t.Errorf("guards %d: got %s, want a miss", i, x.response)
		}
	}
	p := newWorker(t, behindGuards(`{ "restore": true, "type": "p\u0069i" }`, `{}`), h)
	if x := p.exchange(chatAsk(chatBody("m", ""), "authorization", "Bearer client-bob"), says("Hello")); x.response.Get("x-postern-cache") != "hit" {
		t.Errorf("the same in other words: got %s, want a hit", x.response)
	}
}
