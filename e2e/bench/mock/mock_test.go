//go:build linux

package mock

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestMockAnswers(t *testing.T) {
	t.Parallel()
	orders, in := io.Pipe()
	reports, out := io.Pipe()
	served := make(chan error, 1)
	go func() { served <- Serve(orders, out) }()
	dec := json.NewDecoder(reports)
	var r Report
	if err := dec.Decode(&r); err != nil {
		t.Fatal(err)
	}
	if err := json.NewEncoder(in).Encode(Order{Settings: &Settings{Events: 3, EventBytes: 4, AnswerBytes: 7}}); err != nil {
		t.Fatal(err)
	}
	if err := dec.Decode(&r); err != nil {
		t.Fatal(err)
	}
	url := "http://" + r.Addr
	for _, tt := range []struct{ name, path, body, want, end string }{
		{"chat", "/v1/chat/completions", `{}`, Text(7), "}"},
		{"chat stream", "/v1/chat/completions", `{"stream":true}`, Text(4), "data: [DONE]\n\n"},
		{"chat stream, with a space", "/v1/chat/completions", `{"stream": true}`, Text(4), "data: [DONE]\n\n"},
		{"messages", "/v1/messages?beta=true", `{}`, Text(7), "}"},
		{"messages stream", "/v1/messages", `{"stream":true}`, Text(4), "data: {\"type\":\"message_stop\"}\n\n"},
	} {
		resp, err := http.Post(url+tt.path, "application/json", strings.NewReader(tt.body))
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		got, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || !strings.Contains(string(got), `"`+tt.want+`"`) || !strings.HasSuffix(string(got), tt.end) {
			t.Errorf("%s: got %.300q, %v; want text %q and end %q", tt.name, got, err, tt.want, tt.end)
		}
	}
	if resp, err := http.Get(url + "/other"); err != nil || resp.StatusCode != http.StatusNotFound {
		t.Errorf("other path: got %v, %v; want 404", resp, err)
	}
	if err := json.NewEncoder(in).Encode(Order{}); err != nil {
		t.Fatal(err)
	}
	if err := dec.Decode(&r); err != nil || r.OpenAI != 3 || r.Anthropic != 2 || r.Other != 1 {
		t.Errorf("got report %+v, %v; want 3 OpenAI, 2 Anthropic, 1 other", r, err)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-served; err != nil {
		t.Errorf("serve: %v", err)
	}
}

func TestMockReadsBodiesAtEveryCut(t *testing.T) {
	t.Parallel()
	const payload = `{"a":"b","stream":true,"c":1}`
	for cut := 1; cut < len(payload); cut++ {
		wire := fmt.Sprintf("%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\nrest", cut, payload[:cut], len(payload)-cut, payload[cut:])
		r := bufio.NewReader(strings.NewReader(wire))
		stream, err := body(r, chunked)
		rest, _ := io.ReadAll(r) // of a string: cannot fail
		if !stream || err != nil || string(rest) != "rest" {
			t.Errorf("cut at byte %d: got stream %v, %v, rest %q; want true, nil, rest", cut, stream, err, rest)
		}
	}
}

func TestMockFindsAcrossReads(t *testing.T) {
	t.Parallel()
	const payload = `{"stream": true}`
	for cut := range len(payload) {
		for more := cut; more <= len(payload); more++ {
			var f finder
			f.find([]byte(payload[:cut]))
			f.find([]byte(payload[cut:more]))
			f.find([]byte(payload[more:]))
			if !f.found {
				t.Errorf("cut at bytes %d and %d: not found", cut, more)
			}
		}
	}
	var f finder
	f.find([]byte(`{"stream":`))
	f.find([]byte(`false, "x":true}`))
	if f.found {
		t.Error("found where it is false")
	}
}

func TestMockFailsThreeOfTenStreams(t *testing.T) {
	t.Parallel()
	s := &server{}
	s.set(Settings{Events: 1, EventBytes: 4, AnswerBytes: 7})
	got := map[string]int{}
	for range 10 {
		var out strings.Builder
		err := s.serve(&out, bufio.NewReader(strings.NewReader("POST "+Flaky+"v1/chat/completions HTTP/1.1\r\nContent-Length: 15\r\n\r\n{\"stream\":true}")))
		switch answer := out.String(); {
		case err != nil:
			got["silence"]++ // until the other end hangs up
		case strings.HasPrefix(answer, "HTTP/1.1 500"):
			got["500"]++
		case strings.Contains(answer, "overloaded"):
			got["error"]++
		case strings.Contains(answer, "[DONE]"):
			got["answer"]++
		}
	}
	if want := "map[500:1 answer:7 error:1 silence:1]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}
