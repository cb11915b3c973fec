package gateway_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/e2e/mockllm/grammar"
	"github.com/postern-gateway/postern/plugin/cases"
	"github.com/postern-gateway/postern/plugin/internal/gateway"
)

// answer is what a client gets of a stream whose bytes are cut at one place.
func answer(t *testing.T, request cases.Message, stream []byte, cut int) (body, record []byte) {
	p := newProxy(t, benchBoth)
	x := p.stream()
	x.request(request)
	if x.answered {
		t.Fatalf("the request was answered with %s", x.response)
	}
	p.details = "via_upstream"
	m := cases.Message{First: "200", Headers: []cases.Header{{Name: "content-type", Value: "text/event-stream"}}, Body: stream}
	x.respond(m, cut)
	x.done()
	return x.response.Body, x.record
}

// FuzzStream: whatever a provider sends, what the client gets and what is recorded do not
// depend on where the network cut it, and nothing panics.
func FuzzStream(f *testing.F) {
	f.Add([]byte("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n"), 20)
	f.Add([]byte("event: message_start\r\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"usage\":{\"input_tokens\":5}}}\r\n\r\n"+
		"event: content_block_start\r\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\"}}\r\n\r\n"+
		"event: content_block_delta\r\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{}\"}}\r\n\r\n"), 77)
	f.Add([]byte("data: {\"error\":{\"message\":\"x\"}}\n\n: comment\n\ndata\n\n"), 3)
	requests := []cases.Message{
		chatRequest("/v1/chat/completions", `{"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"Hi"}]}`),
		chatRequest("/v1/messages", `{"model":"claude-sonnet-4-5","stream":true,"max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}`),
		chatRequest("/v1/chat/completions", `{"model":"anthropic/claude-sonnet-4-5","stream":true,"messages":[{"role":"user","content":"Hi"}]}`),
		chatRequest("/v1/messages", `{"model":"openai/gpt-4o","stream":true,"max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}`),
	}
	f.Fuzz(func(t *testing.T, stream []byte, cut int) {
		if len(stream) < 2 {
			return
		}
		cut = 1 + int(uint(cut)%uint(len(stream)-1))
		for i, r := range requests {
			body, record := answer(t, r, stream, -1)
			gotBody, gotRecord := answer(t, r, stream, cut)
			if !bytes.Equal(body, gotBody) {
				t.Errorf("request %d, cut at %d: got %q, want %q", i, cut, gotBody, body)
			}
			if !bytes.Equal(withoutTimes(record), withoutTimes(gotRecord)) {
				t.Errorf("request %d, cut at %d: record %s, want %s", i, cut, gotRecord, record)
			}
		}
	})
}

// FuzzForm: whatever a form is, the client gets an error in JSON, or the provider gets the
// form with the model's name for it, and nothing panics.
func FuzzForm(f *testing.F) {
	f.Add([]byte("--B\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nopenai/whisper-1\r\n--B--\r\n"), "B")
	f.Add([]byte("--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n\x00\r\n--B\r\nContent-Disposition: form-data; name=model\r\n\r\nm\r\n--B--"), `"B"; x=y`)
	f.Fuzz(func(t *testing.T, body []byte, boundary string) {
		p := newProxy(t, benchBoth)
		x := p.stream()
		x.request(cases.Message{First: "POST /v1/audio/transcriptions", Headers: []cases.Header{{Name: "content-type", Value: "multipart/form-data; boundary=" + boundary}}, Body: body})
		switch {
		case x.answered && !json.Valid(x.response.Body):
			t.Errorf("the client gets %q, want JSON", x.response.Body)
		case !x.answered && !bytes.Equal(x.upstream.Body, body) && !bytes.Equal(x.upstream.Body, bytes.Replace(body, []byte("openai/"), nil, 1)):
			t.Errorf("the provider gets %q of %q", x.upstream.Body, body)
		}
		x.done()
	})
}

func chatRequest(path, body string) cases.Message {
	return cases.Message{First: "POST " + path, Headers: []cases.Header{{Name: "content-type", Value: "application/json"}}, Body: []byte(body)}
}

// withoutTimes cuts the durations off a record: they count clock readings here.
func withoutTimes(record []byte) []byte {
	before, after, _ := bytes.Cut(record, []byte(`,"time_to_first_byte_ms"`))
	_, after, _ = bytes.Cut(after, []byte(`"error"`))
	return append(append([]byte{}, before...), after...)
}

// FuzzRequest: whatever a client sends, it gets an error in JSON or the provider gets
// valid JSON, and nothing panics.
func FuzzRequest(f *testing.F) {
	f.Add([]byte(`{"model":"anthropic/claude-sonnet-4-5","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]}],"tools":[{"type":"function","function":{"name":"f","parameters":{}}}]}`))
	f.Add([]byte(`{"model":"openai/gpt-4o","max_tokens":5,"system":[{"type":"text","text":"s"}],"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"r"}]}]}`))
	f.Add([]byte(`{"model":"gpt-4o","messages":[],"stream":true,"stream_options":{}}`))
	f.Add([]byte(`[{"provider":"openai","endpoint":"chat/completions","headers":{"authorization":"Bearer k"},"config":{"requestTimeout":1},"query":{"model":"gpt-4o","messages":[]}},{"provider":"anthropic","endpoint":"v1/messages","query":{}}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, path := range []string{"/v1/chat/completions", "/v1/messages", "/v1/responses", "/v1/embeddings", "/v1/rerank", "/v1/moderations", "/api/embed", "/universal"} {
			p := newProxy(t, benchBoth)
			x := p.stream()
			x.request(chatRequest(path, string(body)))
			switch {
			case x.answered && !json.Valid(x.response.Body):
				t.Errorf("%s: the client gets %q, want JSON", path, x.response.Body)
			case !x.answered && !json.Valid(x.upstream.Body):
				t.Errorf("%s: the provider gets %q, want JSON", path, x.upstream.Body)
			}
			x.done()
		}
	})
}

// FuzzSequel: whatever comes of a stream and of what is to go on with it, nothing panics,
// what the client gets is events, and nothing stays under way.
func FuzzSequel(f *testing.F) {
	whole, half := events(role, saying("It was "), saying("dark."), stopped, "[DONE]").Body, events(role, saying("It was "), saying("dark ")).Body
	f.Add(half, whole, 350)
	f.Add(half, half, 350)
	f.Add(events(role, saying("It was "), failure).Body, claudeStream("night.").Body, 350)
	f.Add(half, events(role, saying(" \\n night"), failure).Body, 350)
	f.Add(half, []byte("data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}}]}\n\n"), 350)
	f.Fuzz(func(t *testing.T, first, second []byte, cut int) {
		p := newProxy(t, sequelConfig)
		p.details = "via_upstream"
		x := p.stream()
		x.request(askFor("chain", true))
		m := events()
		m.Body = first
		if len(first) == 0 {
			return
		}
		x.respond(m, len(events(role).Body), cut)
		for range 10 {
			if len(p.calls) == 0 {
				break
			}
			x.waits = true
			m.Body = second
			p.answer(&m)
		}
		if len(p.calls) > 0 {
			t.Error("more and more is asked")
		}
		if x.response.First == "200" {
			if _, err := grammar.Events(x.response.Body); err != nil && bytes.Contains(x.record, []byte(`"continued"`)) {
				t.Errorf("the client gets %q: %v", x.response.Body, err)
			}
		}
		x.done()
		if left := p.worker.Left(); left != "" {
			t.Errorf("there are %s left", left)
		}
	})
}

// FuzzWhiteSpace: the ends of a text as it is spelled in JSON are those of the text.
func FuzzWhiteSpace(f *testing.F) {
	for _, s := range []string{"", " a ", "a\\n", "a\\\\n", "\n\t a \\ \r\n", "\\"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		const white = " \n\t\r"
		spelled := rawjson.AppendEscaped(nil, text)
		text = rawjson.AppendUnescaped(nil, spelled)
		if got := rawjson.AppendUnescaped(nil, gateway.Trimmed(spelled)); !bytes.Equal(got, bytes.TrimRight(text, white)) {
			t.Errorf("%q ends as %q", text, got)
		}
		if got := rawjson.AppendUnescaped(nil, gateway.Begun(spelled)); !bytes.Equal(got, bytes.TrimLeft(text, white)) {
			t.Errorf("%q begins as %q", text, got)
		}
	})
}
