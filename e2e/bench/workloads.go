//go:build linux

package main

import (
	"fmt"
	"strings"

	"github.com/postern-gateway/postern/e2e/bench/mock"
)

// A wire is the format of a request or of its answer.
type wire string

const (
	openAI    wire = "openai"
	anthropic wire = "anthropic"
)

func (w wire) path() string {
	if w == anthropic {
		return "/v1/messages"
	}
	return "/v1/chat/completions"
}

// model is what a client asks for to reach an upstream that speaks w.
func (w wire) model() string {
	if w == anthropic {
		return "claude-mock"
	}
	return "gpt-4o"
}

// A workload is one kind of request.
type workload struct {
	name     string
	text     string
	client   wire
	upstream wire
	size     int    // of the request's body; 0 is a GET
	stream   bool   // answered with 100 events
	paced    bool   // 5 ms between two of them
	base     string // the workload without translation, which plain Envoy carries for comparison
	given    bool   // the proxy answers by itself
}

const (
	answerBytes  = 512
	givenBytes   = 2048
	streamEvents = 100
	eventBytes   = 16
	pace         = 5000 // µs
)

// workloads are in the order of the table.
func workloads() []workload {
	const k = 1024
	return []workload{
		{"W1", "chat, 1 KB", openAI, openAI, k, false, false, "W1", false},
		{"W2", "chat, 64 KB prompt", openAI, openAI, 64 * k, false, false, "W2", false},
		{"W3", "chat, 1 KB, OpenAI to Anthropic", openAI, anthropic, k, false, false, "W1", false},
		{"W4", "stream of 100 events, burst", openAI, openAI, k, true, false, "W4", false},
		{"W5", "stream, burst, OpenAI to Anthropic", openAI, anthropic, k, true, false, "W4", false},
		{"W6", "stream of 100 events, 5 ms apart", openAI, openAI, k, true, true, "W6", false},
		{"W7", "stream, 5 ms, OpenAI to Anthropic", openAI, anthropic, k, true, true, "W6", false},
		{"W1a", "messages, 1 KB", anthropic, anthropic, k, false, false, "W1a", false},
		{"W6a", "messages stream, 5 ms apart", anthropic, anthropic, k, true, true, "W6a", false},
		{"W3r", "messages, 1 KB, Anthropic to OpenAI", anthropic, openAI, k, false, false, "W1", false},
		{"W5r", "messages stream, burst, Anthropic to OpenAI", anthropic, openAI, k, true, false, "W4", false},
		{"W7r", "messages stream, 5 ms, Anthropic to OpenAI", anthropic, openAI, k, true, true, "W6", false},
		{"C1", "chat, 1 KB, answered with 2 KB by the proxy itself", openAI, openAI, k, false, false, "C1", true},
	}
}

func workloadNames() []string {
	var names []string
	for _, w := range workloads() {
		names = append(names, w.name)
	}
	return names
}

func workloadNamed(name string) workload {
	for _, w := range workloads() {
		if w.name == name {
			return w
		}
	}
	return workload{}
}

func pickWorkloads(list string) ([]workload, error) {
	names, err := pick(list, workloadNames(), "workload")
	if err != nil {
		return nil, err
	}
	var out []workload
	for _, n := range names {
		out = append(out, workloadNamed(n))
	}
	return out, nil
}

func describeWorkloads() string {
	var b strings.Builder
	for _, w := range workloads() {
		fmt.Fprintf(&b, "  %-4s %s\n", w.name, w.text)
	}
	return b.String()
}

// listener is the one that carries the workload.
func (w workload) listener() string {
	if w.given {
		return givenListener
	}
	return listenerName(w.client, w.upstream)
}

// answerBytes is how long the text of an answer in one piece is.
func (w workload) answerBytes() int {
	if w.given {
		return givenBytes
	}
	return answerBytes
}

func (w workload) translated() bool { return w.client != w.upstream }

func (w workload) settings() *mock.Settings {
	s := &mock.Settings{Events: streamEvents, EventBytes: eventBytes, AnswerBytes: w.answerBytes()}
	if w.paced {
		s.IntervalMicros = pace
	}
	return s
}

// body is what the client sends: prose of the length that makes the whole w.size
// bytes. A stream's body is a little larger, by the fields that ask for it.
func (w workload) body() []byte {
	if w.size == 0 {
		return nil
	}
	const system = "You are a helpful assistant."
	var head, tail, more string
	if w.client == openAI {
		head = `{"model":"` + w.upstream.model() + `","messages":[{"role":"system","content":"` + system + `"},{"role":"user","content":"`
		tail = `"}],"temperature":0.7,"max_tokens":512`
		more = `,"stream":true,"stream_options":{"include_usage":true}`
	} else {
		head = `{"model":"` + w.upstream.model() + `","system":"` + system + `","messages":[{"role":"user","content":"`
		tail = `"}],"temperature":0.7,"max_tokens":512`
		more = `,"stream":true`
	}
	if w.stream {
		tail += more
	}
	return []byte(head + mock.Text(w.size-len(head)-len(tail)-1) + tail + "}")
}

// request is the whole request as it goes over the connection.
func (w workload) request(body []byte) []byte {
	method := "POST "
	if w.size == 0 {
		method = "GET "
	}
	head := method + w.client.path() + " HTTP/1.1\r\nHost: bench.local\r\n"
	if w.size > 0 {
		head += "Content-Type: application/json\r\n"
	}
	if w.client == anthropic {
		head += "anthropic-version: 2023-06-01\r\nx-api-key: sk-client\r\n"
	} else {
		head += "Authorization: Bearer sk-client\r\n"
	}
	if w.size == 0 {
		return []byte(head + "\r\n")
	}
	return fmt.Appendf(nil, "%sContent-Length: %d\r\n\r\n%s", head, len(body), body)
}
