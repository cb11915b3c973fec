package gateway_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/plugin/cases"
	"github.com/postern-gateway/postern/plugin/internal/gateway"
)

const benchConfig = `{"providers":[{"name":"openai","type":"openai","cluster":"mock","keys":[{"value":"sk-mock"}]}]}`

var benchHeaders = []adapters.Header{
	{Name: ":authority", Value: "127.0.0.1:10160"}, {Name: ":path", Value: "/v1/chat/completions"}, {Name: ":method", Value: "POST"},
	{Name: ":scheme", Value: "http"}, {Name: "content-type", Value: "application/json"}, {Name: "authorization", Value: "Bearer client-key"},
	{Name: "user-agent", Value: "bench"}, {Name: "accept", Value: "*/*"}, {Name: "x-request-id", Value: "9b821fde-06dc-45cd-a"},
	{Name: "content-length", Value: "1024"}, {Name: "x-forwarded-proto", Value: "http"},
}

// BenchmarkChat is a chat request of a kilobyte and its answer in one piece; limited, by a
// consumer that four limits out of 20 are for; and kept by a cache.
func BenchmarkChat(b *testing.B) {
	b.Run("open", func(b *testing.B) { benchmarkChat(b, benchConfig) })
	b.Run("limited", func(b *testing.B) { benchmarkChat(b, benchLimited()) })
	b.Run("routed", func(b *testing.B) { benchmarkChat(b, benchRouted()) })
	b.Run("kept", func(b *testing.B) { // looked for, read and stored each time, and never given again
		benchmarkChat(b, strings.TrimSuffix(benchConfig, "}")+`,"cache":{"mode":"shadow"}}`)
	})
	b.Run("redacted", func(b *testing.B) {
		benchmarkChat(b, strings.TrimSuffix(benchConfig, "}")+`,"hold_headers":"always","guards":[{"type":"pii"}]}`)
	})
}

func benchLimited() string {
	limits := `{"key":["consumer"],"requests":1000000000,"per":"1m"},{"key":["ip"],"requests":1000000000,"per":"1m"},` +
		`{"key":["tenant"],"tokens":1000000000000,"per":"1d"},{"key":["consumer","model"],"usd":1000000,"per":"month"}`
	for i := range 16 {
		limits += fmt.Sprintf(`,{"key":["consumer"],"requests":10,"per":"%dm","when":{"models":["other-%d-*"]}}`, i+1, i)
	}
	return strings.TrimSuffix(benchConfig, "}") + fmt.Sprintf(`,"consumers":[{"name":"bench","tenant":"acme","keys":[{"sha256":"%x"}]}],"limits":[%s]}`, sha256.Sum256([]byte("client-key")), limits)
}

// benchRouted has a thousand models, ten thousand consumers, and branches that others are for.
func benchRouted() string {
	var models, callers []string
	for i := range 1000 {
		models = append(models, fmt.Sprintf(`{"name":"model-%d","targets":[{"provider":"openai"}]}`, i))
	}
	models = append(models, `{"name":"gpt-4o","when":[{"consumers":["other-*"],"targets":[{"provider":"openai","model":"a"}]},{"headers":[{"name":"x-beta"}],"targets":[{"provider":"openai","model":"a"}]},`+
		`{"images":true,"targets":[{"provider":"openai","model":"a"}]},{"text":["*refund*"],"targets":[{"provider":"openai","model":"a"}]}],"sticky":"conversation",`+
		`"targets":[{"provider":"openai"},{"provider":"openai","model":"b"},{"provider":"openai","model":"c"}]}`)
	for i := range 10_000 {
		callers = append(callers, fmt.Sprintf(`{"name":"caller-%d","keys":[{"sha256":"%x"}]}`, i, sha256.Sum256([]byte(fmt.Sprint(i)))))
	}
	callers = append(callers, fmt.Sprintf(`{"name":"bench","keys":[{"sha256":"%x"}]}`, sha256.Sum256([]byte("client-key"))))
	return strings.TrimSuffix(benchConfig, "}") + `,"models":[` + strings.Join(models, ",") + `],"consumers":[` + strings.Join(callers, ",") + `]}`
}

func benchmarkChat(b *testing.B, config string) {
	body := []byte(`{"model":"gpt-4o","messages":[{"role":"system","content":"You are a helpful assistant."},{"role":"user","content":"` +
		strings.Repeat("The quick brown fox jumps. ", 32) + `"}],"temperature":0.7,"max_tokens":512}`)
	answer := []byte(`{"id":"chatcmpl-1","object":"chat.completion","created":1760000000,"model":"mock","choices":[{"index":0,"message":{"role":"assistant","content":"` +
		strings.Repeat("The quick brown fox jumps. ", 18) + `","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":256,"completion_tokens":128,"total_tokens":384,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}}`)
	response := []adapters.Header{{Name: ":status", Value: "200"}, {Name: "content-type", Value: "application/json"}, {Name: "content-length", Value: "900"}}
	p := newProxy(b, config)
	h := make([]adapters.Header, 0, 32)
	b.ReportAllocs()
	for b.Loop() {
		s := p.worker.NewStream(1)
		h = append(h[:0], benchHeaders...)
		s.RequestHeaders(h, false)
		if step := s.RequestBody(body); step.Action != gateway.Continue || step.Reply != nil {
			b.Fatalf("got %+v", step)
		}
		s.ResponseHeaders(response, false)
		s.ResponseBody(answer, true)
		s.Done()
		s.Release()
	}
}

// BenchmarkStreamEvent is one event of a stream that passes, and one that a guard reads.
func BenchmarkStreamEvent(b *testing.B) {
	b.Run("open", func(b *testing.B) { benchmarkStreamEvent(b, benchConfig) })
	b.Run("redacted", func(b *testing.B) {
		benchmarkStreamEvent(b, strings.TrimSuffix(benchConfig, "}")+`,"hold_headers":"always","guards":[{"type":"pii"}]}`)
	})
}

func benchmarkStreamEvent(b *testing.B, config string) {
	p := newProxy(b, config)
	s := p.worker.NewStream(1)
	s.RequestHeaders(append([]adapters.Header{}, benchHeaders...), false)
	s.RequestBody([]byte(`{"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}],"stream":true}`))
	s.ResponseHeaders([]adapters.Header{{Name: ":status", Value: "200"}, {Name: "content-type", Value: "text/event-stream"}}, false)
	event := []byte(`data: {"id":"chatcmpl-mock0001","object":"chat.completion.chunk","created":1760000000,"model":"mock-model","system_fingerprint":"fp_mock","choices":[{"index":0,"delta":{"content":"the quick brown "},"logprobs":null,"finish_reason":null}],"usage":null}` + "\n\n")
	b.ReportAllocs()
	b.SetBytes(int64(len(event)))
	for b.Loop() {
		if step := s.ResponseBody(event, false); step.Reply != nil {
			b.Fatal("the stream is refused")
		}
	}
}

const benchBoth = `{"hold_headers":"always","providers":[{"name":"openai","type":"openai","cluster":"mock","keys":[{"value":"sk-mock"}]},
	{"name":"anthropic","type":"anthropic","cluster":"mock","keys":[{"value":"sk-mock"}]}]}`

// BenchmarkTranslatedChat is BenchmarkChat for a client of OpenAI's dialect and
// Anthropic's API.
func BenchmarkTranslatedChat(b *testing.B) {
	body := []byte(`{"model":"anthropic/claude-sonnet-4-5","messages":[{"role":"system","content":"You are a helpful assistant."},{"role":"user","content":"` +
		strings.Repeat("The quick brown fox jumps. ", 32) + `"}],"temperature":0.7,"max_tokens":512}`)
	answer := []byte(`{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[{"type":"text","text":"` +
		strings.Repeat("The quick brown fox jumps. ", 18) + `"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":256,"cache_read_input_tokens":0,"cache_creation_input_tokens":0,"output_tokens":128}}`)
	response := []adapters.Header{{Name: ":status", Value: "200"}, {Name: "content-type", Value: "application/json"}, {Name: "content-length", Value: "900"}}
	p := newProxy(b, benchBoth)
	h := make([]adapters.Header, 0, 32)
	b.ReportAllocs()
	for b.Loop() {
		s := p.worker.NewStream(1)
		h = append(h[:0], benchHeaders...)
		s.RequestHeaders(h, false)
		if step := s.RequestBody(body); step.Reply != nil {
			b.Fatalf("got %s", step.Reply.Body)
		}
		s.ResponseHeaders(response, false)
		s.ResponseBody(answer, true)
		s.Done()
		s.Release()
	}
}

// BenchmarkTranslatedEvent is one event of a stream that is translated.
func BenchmarkTranslatedEvent(b *testing.B) {
	p := newProxy(b, benchBoth)
	s := p.worker.NewStream(1)
	s.RequestHeaders(append([]adapters.Header{}, benchHeaders...), false)
	s.RequestBody([]byte(`{"model":"anthropic/claude-sonnet-4-5","messages":[{"role":"user","content":"Hi"}],"stream":true}`))
	s.ResponseHeaders([]adapters.Header{{Name: ":status", Value: "200"}, {Name: "content-type", Value: "text/event-stream"}}, false)
	s.ResponseBody([]byte("event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude\",\"content\":[],\"usage\":{\"input_tokens\":5,\"output_tokens\":1}}}\n\n"+
		"event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n"), false)
	event := []byte("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"the quick brown \"}}\n\n")
	b.ReportAllocs()
	for b.Loop() {
		if step := s.ResponseBody(event, false); len(step.Body) == 0 {
			b.Fatal("the event has gone")
		}
	}
}

// BenchmarkCaller is the headers' event alone, with nobody to find out and by each kind of
// credential that is looked up.
func BenchmarkCaller(b *testing.B) {
	encode := base64.RawURLEncoding.EncodeToString
	private := idp{}.private("k1")
	public := encode(private.Public().(ed25519.PublicKey))
	sum := sha256.Sum256([]byte("pk-web"))
	open := `{"hold_headers":"always","providers":[{"name":"openai","type":"openai","cluster":"openai","keys":[{"env":"OPENAI_API_KEY"}]}]`
	closed := open + `,"consumers":[{"name":"web","keys":[{"sha256":"` + hex.EncodeToString(sum[:]) + `"}]}],"identity":{"signed_keys":{"public_keys":["` + public + `"]},
		"jwt":[{"issuer":"https://id.example.com","audiences":["ai"],"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k1","x":"` + public + `"}],"claims":{"tags":"t"}}]}}`
	text := encode([]byte(`{"alg":"EdDSA","kid":"k1"}`)) + "." + encode([]byte(`{"iss":"https://id.example.com","aud":"ai","sub":"ada","exp":4102444800,"x":"`+strings.Repeat("x", 500)+`"}`))
	token := text + "." + encode(ed25519.Sign(private, []byte(text))) // of 850 bytes, as those of OpenID providers
	for _, c := range []struct{ name, configuration, credential string }{
		{"open, key", open + "}", "pk-web"},
		{"key", closed, "pk-web"},
		{"open, token", open + "}", token},
		{"known token", closed, token},
	} {
		b.Run(c.name, func(b *testing.B) {
			p := newProxy(b, c.configuration)
			m := chatRequest("/v1/chat/completions", askBody)
			m.Headers = append(m.Headers, cases.Header{Name: "authorization", Value: "Bearer " + c.credential})
			h := requestHeaders(m)
			for b.Loop() {
				s := p.worker.NewStream(nil)
				if s.RequestHeaders(h, false).Reply != nil {
					b.Fatal("refused")
				}
				s.Release()
			}
		})
	}
}

// BenchmarkFile is a file of a thousand requests that guards read, and one of their results.
func BenchmarkFile(b *testing.B) {
	const text = "The committee met on Tuesday to discuss the new library, its opening hours and the roof. Nobody asked for a reading room of their own, but all agreed that the old one is cold in winter and that its chairs have to go. "
	var asked, told []string
	for i := range 1000 {
		asked = append(asked, batch(fmt.Sprint(i), strings.Repeat(text, 4)+"Write to ann@example.com."))
		told = append(told, result(fmt.Sprint(i), strings.Repeat(text, 4)+"Write to ann@example.com."))
	}
	for name, guards := range map[string]string{"pii": `{"type":"pii"}`, "injection": `{"type":"injection"}`, "both": `{"type":"pii"},{"type":"injection"}`} {
		document := strings.Replace(guarded, `{"type":"pii"GUARD}`, guards, 1)
		b.Run("upload/"+name, func(b *testing.B) {
			p, m := newProxy(b, document), upload(purpose("batch"), named("a.jsonl", lines(asked...)))
			b.SetBytes(int64(len(m.Body)))
			for range b.N {
				x := p.stream()
				x.request(m)
				x.done()
			}
		})
	}
	b.Run("content/pii", func(b *testing.B) {
		p, m := newProxy(b, withGuard("")), answered("application/jsonl", lines(told...))
		p.details = "via_upstream"
		b.SetBytes(int64(len(m.Body)))
		for range b.N {
			x := p.stream()
			x.request(cases.Message{First: "GET /v1/files/f/content"})
			x.respond(m, every(16<<10, len(m.Body))...)
			x.done()
		}
	})
}

// A tick bills as many streams as it does at most, each of which has used more since the one
// before, by four limits.
func BenchmarkBillingAsItGoes(b *testing.B) {
	p := newProxy(b, kept(strings.Replace(strings.ReplaceAll(twoInTurn, "100000", "1000000000000"), `"limits":[`, `"limits":[{"key":["model"],"tokens":1000000000,"per":"1h"},{"key":["provider"],"usd":1000000,"per":"30d"},`, 1)))
	var open []*exchange
	for range 64 {
		x := p.ask("/v1/chat/completions", askedStream, func() {})
		x.begin(streamHead, false)
		open = append(open, x)
	}
	piece := []byte(moreOfStream)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		for _, x := range open {
			x.chunk(piece, false)
		}
		b.StartTimer()
		p.tick(gateway.TickEvery)
	}
}
