package gateway_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/plugin/cases"
)

const guarded = `{"hold_headers":"always","client_headers":{"aliases":"cloudflare"},"providers":[
{"name":"openai","type":"openai","cluster":"openai","keys":[{"env":"OPENAI_API_KEY"}]},
{"name":"claude","type":"anthropic","cluster":"anthropic","keys":[{"env":"ANTHROPIC_API_KEY"}]},
{"name":"gemini","type":"gemini","cluster":"gemini","keys":[{"value":"AIza-mock"}]},
{"name":"local","type":"ollama","cluster":"ollama","keys":[{"injected":true}]},
{"name":"mistral","type":"mistral","cluster":"mistral","keys":[{"value":"k"}]},
{"name":"cohere","type":"cohere","cluster":"cohere","keys":[{"value":"k"}]}],
"models":[{"name":"gpt*","targets":[{"provider":"openai"}]},{"name":"claude*","targets":[{"provider":"claude"}]},{"name":"gemini*","targets":[{"provider":"gemini"}]},{"name":"llama*","targets":[{"provider":"local"}]},{"name":"command*","targets":[{"provider":"cohere"}]}],
"guards":[{"type":"pii"GUARD}]}`

func withGuard(options string) string { return strings.ReplaceAll(guarded, "GUARD", options) }

func posted(path, body string) cases.Message {
	return cases.Message{First: "POST " + path, Headers: []cases.Header{{Name: "content-type", Value: "application/json"}}, Body: []byte(body)}
}

func answered(contentType, body string) cases.Message {
	return cases.Message{First: "200", Headers: []cases.Header{{Name: "content-type", Value: contentType}}, Body: []byte(body)}
}

func sseOf(events ...string) string {
	var b strings.Builder
	for _, e := range events {
		if kind := regexp.MustCompile(`^\{"type":"([a-z_.]+)"`).FindStringSubmatch(e); kind != nil {
			b.WriteString("event: " + kind[1] + "\n")
		}
		b.WriteString("data: " + e + "\n\n")
	}
	return b.String()
}

// A guardCase is a request with an address in it, and an answer with its placeholder and
// with another address.
type guardCase struct {
	name       string
	path, body string
	upstream   []string // what the provider gets has
	never      []string // and has not
	kind       string   // of the answer
	answer     string
	read       string   // what a client reads of the answer: the first group of each match, joined
	want       string   // and what that is
	also       []string // what else the client gets
}

const (
	in  = "a.b@example.com" // in requests
	out = "x.y@example.org" // in answers
)

func guardCases() []guardCase {
	const hidden = "<EMAIL_ADDRESS_1>"
	openAI := `{"model":"MODEL","messages":[{"role":"user","content":"I am ` + in + `"}]STREAM}`
	claude := `{"model":"MODEL","max_tokens":9,"messages":[{"role":"user","content":[{"type":"text","text":"I am ` + in + `"}]}]STREAM}`
	chunk := func(s string) string {
		return `{"id":"c","object":"chat.completion.chunk","model":"gpt","choices":[{"index":0,"delta":{"content":"` + s + `"},"finish_reason":null}]}`
	}
	delta := func(s string) string {
		return `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"` + s + `"}}`
	}
	messageStart := `{"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"claude","content":[],"usage":{"input_tokens":5,"output_tokens":1}}}`
	blockStart := `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`
	blockStop := `{"type":"content_block_stop","index":0}`
	messageEnd := []string{`{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":12}}`, `{"type":"message_stop"}`}
	claudeStream := sseOf(append([]string{messageStart, blockStart, delta("You are <EMA"), delta("IL_ADDRESS_1>, not x.y@exa"), delta("mple.org"), blockStop}, messageEnd...)...)
	toolStream := sseOf(append([]string{messageStart, `{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"mail","input":{}}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"to\":\"<EMAIL"}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"_ADDRESS_1>\",\"n\":4111111111111111}"}}`, blockStop}, messageEnd...)...)
	openAIStream := sseOf(chunk("You are <EMA"), chunk("IL_ADDRESS_1>, not x.y@exa"), chunk("mple.org"), `{"id":"c","object":"chat.completion.chunk","model":"gpt","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`, "[DONE]")
	want := "You are " + in + ", not <EMAIL_ADDRESS>"
	claudeWhole := `{"id":"m","type":"message","role":"assistant","model":"claude","content":[{"type":"thinking","thinking":"` + hidden + `","signature":"s.t@example.net"},{"type":"text","text":"You are ` + hidden + `, not ` + out + `"},{"type":"tool_use","id":"t","name":"mail","input":{"to":"` + hidden + `"}}],"stop_reason":"tool_use","usage":{"input_tokens":5,"output_tokens":9}}`
	set := func(s, model, stream string) string {
		return strings.NewReplacer("MODEL", model, "STREAM", stream).Replace(s)
	}
	const stream = `,"stream":true`
	return []guardCase{
		{"openai", "/v1/chat/completions", set(openAI, "gpt-4o", ""), []string{hidden}, []string{in}, "application/json",
			`{"id":"c","object":"chat.completion","model":"gpt","choices":[{"index":0,"message":{"role":"assistant","content":"You are ` + hidden + `, not ` + out + `","tool_calls":[{"id":"t","type":"function","function":{"name":"mail","arguments":"{\"to\":\"` + hidden + `\"}"}}]},"logprobs":{"content":[]},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}`,
			`"content":"(.*?)"`, want, []string{`"arguments":"{\"to\":\"` + in + `\"}"`, `"logprobs":null`}},
		{"openai, stream", "/v1/chat/completions", set(openAI, "gpt-4o", stream), []string{hidden}, []string{in}, "text/event-stream", openAIStream, `"content":"(.*?)"`, want, []string{"[DONE]"}},
		{"openai to anthropic", "/v1/chat/completions", set(openAI, "claude-x", ""), []string{hidden}, []string{in}, "application/json", claudeWhole, `"content":"(.*?)"`, want, []string{`{\"to\":\"` + in + `\"}`}},
		{"openai to anthropic, stream", "/v1/chat/completions", set(openAI, "claude-x", stream), []string{hidden}, []string{in}, "text/event-stream", claudeStream, `"content":"(.*?)"`, want, []string{"[DONE]"}},
		{"openai to anthropic, tool in a stream", "/v1/chat/completions", set(openAI, "claude-x", stream), []string{hidden}, []string{in}, "text/event-stream", toolStream, `"arguments":"((?:[^"\\]|\\.)*)"`, `{\"to\":\"` + in + `\",\"n\":\"<CREDIT_CARD>\"}`, nil},
		{"anthropic", "/v1/messages", set(claude, "claude-x", ""), []string{hidden}, []string{in}, "application/json", claudeWhole, `"text":"(.*?)"`, want, []string{`"input":{"to":"` + in + `"}`, `"thinking":"` + in + `"`, `"signature":"s.t@example.net"`}},
		{"anthropic, stream", "/v1/messages", set(claude, "claude-x", stream), []string{hidden}, []string{in}, "text/event-stream", claudeStream, `"text":"(.*?)"`, want, []string{"message_stop"}},
		{"anthropic, tool in a stream", "/v1/messages", set(claude, "claude-x", stream), []string{hidden}, []string{in}, "text/event-stream", toolStream, `"partial_json":"((?:[^"\\]|\\.)*)"`, `{\"to\":\"` + in + `\",\"n\":\"<CREDIT_CARD>\"}`, nil},
		{"anthropic to openai, stream", "/v1/messages", set(claude, "gpt-4o", stream), []string{hidden}, []string{in}, "text/event-stream", openAIStream, `"text":"(.*?)"`, want, []string{"message_stop"}},
		{"responses, stream", "/v1/responses", `{"model":"gpt-4o","instructions":"Serve ` + in + `","input":[{"role":"user","content":[{"type":"input_text","text":"And 4111 1111 1111 1111"}]}],"stream":true}`, []string{hidden, "<CREDIT_CARD_1>"}, []string{in}, "text/event-stream",
			sseOf(`{"type":"response.created","response":{"id":"r","model":"gpt","instructions":"Serve `+hidden+`"}}`,
				`{"type":"response.output_text.delta","item_id":"i","output_index":0,"content_index":0,"delta":"You are <EMA"}`,
				`{"type":"response.output_text.delta","item_id":"i","output_index":0,"content_index":0,"delta":"IL_ADDRESS_1>, not x.y@example.org"}`,
				`{"type":"response.output_text.done","item_id":"i","output_index":0,"content_index":0,"text":"You are `+hidden+`, not x.y@example.org"}`,
				`{"type":"response.completed","response":{"id":"r","model":"gpt","output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"You are `+hidden+`, not x.y@example.org"}]}],"usage":{"input_tokens":5,"output_tokens":6}}}`),
			`"delta":"(.*?)"`, want, []string{`"text":"` + want + `"}` + "\n", `"instructions":"Serve ` + in + `"`, `"text":"` + want + `"}]`}},
		{"gemini, stream", "/v1beta/models/gemini-x:streamGenerateContent?alt=sse", `{"systemInstruction":{"parts":[{"text":"Serve ` + in + `"}]},"contents":[{"role":"user","parts":[{"text":"Hi"},{"inlineData":{"mimeType":"text/plain","data":"` + in + `"}}]}]}`, []string{`"text":"Serve ` + hidden + `"`, `"data":"` + in + `"`}, nil, "text/event-stream",
			sseOf(`{"candidates":[{"content":{"parts":[{"text":"You are <EMA"}],"role":"model"},"index":0}]}`, `{"candidates":[{"content":{"parts":[{"text":"IL_ADDRESS_1>, not x.y@exa"}],"role":"model"},"index":0}]}`,
				`{"candidates":[{"content":{"parts":[{"text":"mple.org"}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":3,"totalTokenCount":8}}`),
			`"text":"(.*?)"`, want, []string{"STOP"}},
		{"ollama, stream", "/api/chat", `{"model":"llama3","messages":[{"role":"user","content":"I am ` + in + `","images":["aaaa"]}]}`, []string{hidden}, []string{in}, "application/x-ndjson",
			`{"model":"llama3","message":{"role":"assistant","content":"You are <EMA"},"done":false}` + "\n" + `{"model":"llama3","message":{"role":"assistant","content":"IL_ADDRESS_1>, not x.y@exa"},"done":false}` + "\n" +
				`{"model":"llama3","message":{"role":"assistant","content":"mple.org"},"done":false}` + "\n" + `{"model":"llama3","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":5,"eval_count":3}` + "\n",
			`"content":"(.*?)"`, want, []string{`"done":true`}},
		{"tools", "/v1/chat/completions", `{"model":"gpt-4o","messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"a.b@example.com","type":"function","function":{"name":"f","arguments":"{\"card\":4111111111111111,\"to\":\"` + in + `\"}"}}]},{"role":"tool","tool_call_id":"a.b@example.com","content":"Sent to ` + in + `"}],"tools":[{"type":"function","function":{"name":"f","description":"Mails ` + in + `","parameters":{"type":"object","properties":{"x":{"type":"string","enum":["` + in + `"],"description":"like ` + in + `"}}}}}]}`,
			[]string{`"arguments":"{\"card\":\"<CREDIT_CARD_1>\",\"to\":\"` + hidden + `\"}"`, `"content":"Sent to ` + hidden + `"`, `"description":"Mails ` + hidden + `"`, `"enum":["` + in + `"],"description":"like ` + hidden + `"`, `"tool_call_id":"a.b@example.com"`}, nil, "application/json",
			`{"choices":[{"message":{"content":"ok"}}]}`, `"content":"(.*?)"`, "ok", nil},
		{"embeddings", "/v1/embeddings", `{"model":"gpt-e","input":["` + in + `","x"]}`, []string{`"input":["` + hidden + `","x"]`}, []string{in}, "application/json", `{"data":[{"embedding":[0.1234567891]}],"model":"` + out + `"}`, `"embedding":\[(.*?)\]`, "0.1234567891", []string{`"model":"` + out}},
	}
}

// TestGuards redacts and restores in every dialect, whole and in streams, however the
// network cuts them.
func TestGuards(t *testing.T) {
	for _, tt := range guardCases() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, cut := range []int{0, 1, 7, 50, 333} {
				p := newProxy(t, withGuard(""))
				x := p.stream()
				m := posted(tt.path, tt.body)
				x.request(m, len(m.Body)/2)
				if x.upstream == nil {
					t.Fatalf("the provider got nothing; the client got %s", x.response)
				}
				has(t, "upstream", string(x.upstream.Body), tt.upstream, tt.never)
				p.details = "via_upstream"
				if a := answered(tt.kind, tt.answer); cut > 0 {
					x.respond(a, every(cut, len(a.Body))...)
				} else {
					x.respond(a)
				}
				x.done()
				got := ""
				for _, m := range regexp.MustCompile(tt.read).FindAllStringSubmatch(string(x.response.Body), -1) {
					got += m[1]
				}
				if got != tt.want {
					t.Fatalf("cut every %d: the client reads %q, want %q, of %s", cut, got, tt.want, x.response.Body)
				}
				has(t, "response", string(x.response.Body), tt.also, nil)
				if tt.want == strings.Replace(tt.want, "EMAIL", "", 1) {
					continue
				}
				has(t, "response", string(x.response.Body), nil, []string{out})
			}
		})
	}
}

// TestGuardsSay what they have found to the client, in metrics and in the record.
func TestGuardsSay(t *testing.T) {
	t.Parallel()
	p := newProxy(t, withGuard(`,"name":"privacy"`))
	x := p.stream()
	x.request(posted("/v1/chat/completions", `{"model":"gpt-4o","messages":[{"role":"user","content":"I am `+in+`, card 4111 1111 1111 1111"}]}`))
	p.details = "via_upstream"
	x.respond(answered("application/json", `{"choices":[{"message":{"content":"Not `+out+`"}}]}`))
	x.done()
	if got, want := x.response.Get("x-postern-redacted"), "EMAIL_ADDRESS=2, CREDIT_CARD=1"; got != want {
		t.Errorf("x-postern-redacted: got %q, want %q", got, want)
	}
	if got, want := x.response.Get("cf-aig-dlp"), `{"findings":[{"entry":"EMAIL_ADDRESS","count":2},{"entry":"CREDIT_CARD","count":1}],"action":"FLAG"}`; got != want {
		t.Errorf("cf-aig-dlp: got %q, want %q", got, want)
	}
	has(t, "record", string(x.record), []string{`"found":{"EMAIL_ADDRESS":2,"CREDIT_CARD":1}`}, []string{in, out})
	if got := p.counts["postern.guard;guard=privacy;kind=EMAIL_ADDRESS"]; got != 2 {
		t.Errorf("metric: got %d, want 2", got)
	}
}

// TestGuardsReadForms but not the files in them, and the texts that answer them.
func TestGuardsReadForms(t *testing.T) {
	t.Parallel()
	const form = "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\ngpt-4o-transcribe\r\n--b\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\nIt is " + in + " who speaks\r\n" +
		"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\nContent-Type: audio/wav\r\n\r\n" + out + "\r\n--b--\r\n"
	for _, tt := range []struct {
		name, options, kind, answer, status string
		want, never                         []string
	}{
		{"an answer in JSON", "", "application/json", `{"text":"I am <EMAIL_ADDRESS_1>, not ` + out + `"}`, "200", []string{`"text":"I am ` + in + `, not <EMAIL_ADDRESS>"`}, []string{out}},
		{"an answer that is a text", "", "text/plain", "I am <EMAIL_ADDRESS_1>, not " + out, "200", []string{"I am " + in + ", not <EMAIL_ADDRESS>"}, []string{out}},
		{"what is refused", `,"action":"block"`, "", "", "400", []string{"pii_blocked"}, []string{in}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newProxy(t, withGuard(tt.options))
			x := p.stream()
			x.request(cases.Message{First: "POST /v1/audio/transcriptions", Headers: []cases.Header{{Name: "content-type", Value: "multipart/form-data; boundary=b"}}, Body: []byte(form)})
			if !x.answered {
				p.details = "via_upstream"
				has(t, "upstream", string(x.upstream.Body), []string{"It is <EMAIL_ADDRESS_1> who", out, "\r\n--b--"}, []string{in})
				x.respond(answered(tt.kind, tt.answer), 3, 9)
			}
			x.done()
			if x.response.First != tt.status {
				t.Errorf("got status %s, want %s", x.response.First, tt.status)
			}
			has(t, "response", string(x.response.Body), tt.want, tt.never)
		})
	}
}

// TestGuardsSayWhatTheyHold of a stream: how much at most, and how long.
func TestGuardsSayWhatTheyHold(t *testing.T) {
	t.Parallel()
	p := newProxy(t, withGuard(`,"name":"privacy"`))
	x := p.stream()
	x.request(posted("/v1/chat/completions", `{"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"Hi"}]}`))
	p.details = "via_upstream"
	x.begin([]adapters.Header{{Name: ":status", Value: "200"}, {Name: "content-type", Value: "text/event-stream"}}, false)
	for _, text := range []string{"Write ", "to jane.", "doe@exam", "ple.com, ", "please.", ""} {
		end := `null`
		if text == "" {
			end = `"stop"`
		}
		x.chunk([]byte(sseOf(`{"id":"c","object":"chat.completion.chunk","model":"gpt","choices":[{"index":0,"delta":{"content":"`+text+`"},"finish_reason":`+end+`}]}`)), false)
		p.now += 100e6
	}
	x.chunk(nil, true)
	x.done()
	if got := p.counts["postern.guard_held_bytes;guard=privacy"]; got < uint64(len("jane.doe@exam")) || got > uint64(len("to jane.doe@example.com, ")) {
		t.Errorf("got %d bytes held, want about the address", got)
	}
	if got := p.counts["postern.guard_held_ms;guard=privacy"]; got < 200 || got > 300 {
		t.Errorf("got %d ms held, want the 200 that the address takes to come", got)
	}
	has(t, "response", string(x.response.Body), []string{"<EMAIL_ADDRESS>"}, []string{"jane", "example.com"})
}

// TestGuardsRefuse a request, an answer, and the rest of a stream; but not in shadow.
func TestGuardsRefuse(t *testing.T) {
	t.Parallel()
	const clean = `{"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}]STREAM}`
	chunk := `{"id":"c","object":"chat.completion.chunk","model":"gpt","choices":[{"index":0,"delta":{"content":"TEXT"},"finish_reason":null}]}`
	stream := sseOf(strings.Replace(chunk, "TEXT", "I know ", 1), strings.Replace(chunk, "TEXT", out+" and", 1), strings.Replace(chunk, "TEXT", " more. ", 1), "[DONE]")
	for _, tt := range []struct {
		name, options, body, kind, answer string
		status                            string
		want, never                       []string
	}{
		{"request", `,"action":"block"`, strings.Replace(clean, "Hi", in, 1), "", "", "400", []string{`"code":"pii_blocked"`, "EMAIL_ADDRESS"}, []string{in}},
		{"answer", `,"action":"block"`, clean, "application/json", `{"choices":[{"message":{"content":"` + out + `"}}]}`, "400", []string{`"code":"pii_blocked"`}, []string{out}},
		{"stream", `,"action":"block"`, strings.Replace(clean, "STREAM", `,"stream":true`, 1), "text/event-stream", stream, "200", []string{`"content":"I "`, "pii_blocked"}, []string{out, "more", "DONE"}},
		{"shadow", `,"action":"block","mode":"shadow"`, strings.Replace(clean, "Hi", in, 1), "application/json", `{"choices":[{"message":{"content":"` + out + `"}}]}`, "200", []string{out}, nil},
		{"only requests", `,"on":["request"]`, strings.Replace(clean, "Hi", in, 1), "application/json", `{"choices":[{"message":{"content":"` + out + ` <EMAIL_ADDRESS_1>"}}]}`, "200", []string{out + " " + in}, nil},
		{"another action for one", `,"action":"report","actions":[{"entities":["EMAIL_ADDRESS"],"action":"mask","keep":3}]`, clean, "application/json", `{"choices":[{"message":{"content":"` + out + ` 4111111111111111"}}]}`, "200", []string{"*.*@*******.org 4111111111111111"}, nil},
		{"an answer that cannot be read", "", clean, "application/json", `{"choices":`, "502", []string{"upstream_unreadable"}, nil},
		{"an event that cannot be read", "", strings.Replace(clean, "STREAM", `,"stream":true`, 1), "text/event-stream", "data: {\"a\n\n", "200", []string{"upstream_unreadable"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newProxy(t, withGuard(tt.options))
			x := p.stream()
			x.request(posted("/v1/chat/completions", strings.Replace(tt.body, "STREAM", "", 1)))
			p.details = "via_upstream"
			if !x.answered {
				a := answered(tt.kind, tt.answer)
				x.respond(a, every(5, len(a.Body))...)
			}
			x.done()
			if x.response.First != tt.status {
				t.Errorf("got status %s, want %s", x.response.First, tt.status)
			}
			has(t, "response", string(x.response.Body), tt.want, tt.never)
		})
	}
}

func every(n, size int) (cuts []int) {
	for i := n; i < size; i += n {
		cuts = append(cuts, i)
	}
	return cuts
}

func has(t *testing.T, what, got string, want, never []string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(got, w) {
			t.Errorf("%s: got %s, want %q in it", what, got, w)
		}
	}
	for _, w := range never {
		if strings.Contains(got, w) {
			t.Errorf("%s: got %s, want no %q in it", what, got, w)
		}
	}
}
