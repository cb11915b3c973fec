package e2e

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/e2e/mockllm/grammar"
)

// clientKey is what a client of an open gateway sends; no provider may see it.
const clientKey = "client-key"

// post sends a JSON body and returns status and answer.
func post(t *testing.T, url, body string, headers ...string) (int, string) {
	t.Helper()
	status, answer, err := tryPost(context.Background(), url, strings.NewReader(body), headers...)
	if err != nil {
		t.Fatal(err)
	}
	return status, answer
}

func tryPost(ctx context.Context, url string, body io.Reader, headers ...string) (int, string, error) {
	r, err := http.NewRequestWithContext(ctx, "POST", url, body)
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("content-type", "application/json")
	r.Header.Set("authorization", "Bearer "+clientKey)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	client := http.Client{Transport: &http.Transport{DisableCompression: true}, Timeout: 60 * time.Second}
	defer client.CloseIdleConnections()
	resp, err := client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err
}

func ask(text string) string {
	b, _ := json.Marshal(text)
	return `{"model":"gpt-4o","messages":[{"role":"user","content":` + string(b) + `}]}`
}

func askStream(text string) string { return `{"stream":true,` + ask(text)[1:] }

func wantError(t *testing.T, status int, answer string, wantStatus int, wantCode string) {
	t.Helper()
	var e struct {
		Error struct{ Code, Message string }
	}
	if err := json.Unmarshal([]byte(answer), &e); err != nil {
		t.Fatalf("got status %d and %q, want a JSON error", status, answer)
	}
	if status != wantStatus || e.Error.Code != wantCode || e.Error.Message == "" {
		t.Errorf("got status %d and %s, want %d and code %s", status, answer, wantStatus, wantCode)
	}
}

func TestHostThatCannotHoldHeadersIsNamed(t *testing.T) {
	t.Parallel()
	s := start(t)
	status, answer := post(t, s.url("no hold")+"/v1/chat/completions", ask("Hi"))
	wantError(t, status, answer, 500, "host_misconfigured")
	if !strings.Contains(answer, "allow_on_headers_stop_iteration") {
		t.Errorf("got %s, want the name of the option", answer)
	}
	status, answer = post(t, s.url("no hold")+"/openai/v1/chat/completions", ask("Hi"))
	if status != 200 {
		t.Errorf("drop-in path: got %d %s, want 200", status, answer)
	}
}

func TestBodyThatNeverEnds(t *testing.T) {
	t.Parallel()
	s := start(t)
	c, err := net.Dial("tcp", s.listeners["impatient"])
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"model\"")
	c.SetReadDeadline(time.Now().Add(20 * time.Second))
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := io.ReadAll(resp.Body)
	wantError(t, resp.StatusCode, string(b), 408, "request_timeout")
}

func TestBadBytes(t *testing.T) {
	t.Parallel()
	s := start(t)
	url := s.url("main") + "/v1/chat/completions"
	for _, tt := range []struct {
		name, body string
		headers    []string
		status     int
		code       string
	}{
		{"invalid UTF-8", "{\"model\":\"gpt-4o\",\"messages\":[{\"role\":\"user\",\"content\":\"\xff\"}]}", nil, 400, "invalid_json"},
		{"NUL byte", "{\"model\":\"gpt-4o\",\"messages\":\x00[]}", nil, 400, "invalid_json"},
		{"10,000 arrays deep", `{"model":"gpt-4o","messages":` + strings.Repeat("[", 10000) + strings.Repeat("]", 10000) + "}", nil, 400, "invalid_json"},
		{"gzip that ends early", gzipped(ask("Hi"))[:20], []string{"content-encoding", "gzip"}, 400, "invalid_gzip"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, answer := post(t, url, tt.body, tt.headers...)
			wantError(t, status, answer, tt.status, tt.code)
			if status, answer = post(t, url, ask("Hi")); status != 200 {
				t.Errorf("the next request: got %d %s, want 200", status, answer)
			}
		})
	}
}

func gzipped(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

func TestGzipRequest(t *testing.T) {
	t.Parallel()
	s := start(t)
	status, answer := post(t, s.url("main")+"/v1/chat/completions", gzipped(ask("Hi")), "content-encoding", "gzip")
	if status != 200 {
		t.Errorf("got %d %s, want 200", status, answer)
	}
}

func TestLargeBody(t *testing.T) {
	t.Parallel()
	s := start(t)
	image := base64.StdEncoding.EncodeToString(append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, 22<<20)...))
	body := `{"model":"gpt-4o","messages":[{"role":"user","content":[{"type":"text","text":"What is this?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,` + image + `"}}]}]}`
	if status, answer := post(t, s.url("main")+"/v1/chat/completions", body); status != 200 {
		t.Errorf("30 MB where the limit allows it: got %d %.300s, want 200", status, answer)
	}
	status, answer := post(t, s.url("small")+"/v1/chat/completions", body)
	if status != 413 || !json.Valid([]byte(answer)) {
		t.Errorf("30 MB above the proxy's buffer: got %d %.300s, want 413 and a JSON error", status, answer)
	}
}

func TestChunkedRequestWithTrailers(t *testing.T) {
	t.Parallel()
	s := start(t)
	c, err := net.Dial("tcp", s.listeners["main"])
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	body := ask("Hi")
	fmt.Fprintf(c, "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\ntrailer: x-end\r\n\r\n%x\r\n%s\r\n0\r\nx-end: 1\r\n\r\n", len(body), body)
	c.SetReadDeadline(time.Now().Add(20 * time.Second))
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != 200 {
		t.Errorf("got %d %s, want 200", resp.StatusCode, b)
	}
}

func TestResponseTrailers(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, body := range []string{ask("[[mock:trailers]] Hi"), askStream("[[mock:trailers]] Hi")} {
		status, answer := post(t, s.url("main")+"/v1/chat/completions", body, "x-case", "trailers")
		if status != 200 || !strings.Contains(answer, "choices") {
			t.Errorf("got %d %q, want the whole answer", status, answer)
		}
	}
}

func TestDeadProvider(t *testing.T) {
	t.Parallel()
	s := start(t)
	body := strings.Replace(ask("Hi"), "gpt-4o", "dead/gpt-4o", 1)
	status, answer := post(t, s.url("main")+"/v1/chat/completions", body)
	wantError(t, status, answer, 503, "upstream_unavailable")
}

func TestStreamsThatTheProviderCuts(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, tt := range []struct{ name, directive, failure string }{
		{"split into single bytes", "split=1", ""},
		{"CRLF line ends", "crlf", ""},
		{"comments", "comments", ""},
		{"several data lines", "multiline", ""},
		{"error event", "error-event=after:3", "stream_error"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			id := "stream " + tt.name
			id = strings.ReplaceAll(id, " ", "-")
			status, answer := post(t, s.url("main")+"/v1/chat/completions", askStream("[[mock:"+tt.directive+"]] Tell me a story"), "x-case", id)
			if status != 200 {
				t.Fatalf("got %d %s, want 200", status, answer)
			}
			err := grammar.OpenAIChat([]byte(answer))
			if (err != nil) != (tt.failure != "") {
				t.Errorf("grammar: %v in %q", err, answer)
			}
			if strings.Contains(answer, `"choices":[]`) {
				t.Errorf("got the usage chunk, which the client did not ask for: %q", answer)
			}
			var record struct {
				Error        string `json:"error"`
				OutputTokens int    `json:"output_tokens"`
			}
			if err := json.Unmarshal([]byte(s.record(t, id)), &record); err != nil {
				t.Fatal(err)
			}
			if record.Error != tt.failure || record.OutputTokens == 0 {
				t.Errorf("record: got %+v, want error %q and output tokens", record, tt.failure)
			}
		})
	}
}

func TestClientThatHangsUpIsCounted(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx, cancel := context.WithCancel(context.Background())
	r, _ := http.NewRequestWithContext(ctx, "POST", s.url("main")+"/v1/chat/completions", strings.NewReader(askStream("[[mock:chunks=200;interval=10ms]] Go on")))
	r.Header.Set("content-type", "application/json")
	r.Header.Set("x-case", "hangs-up")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 4<<10)
	if _, err := io.ReadFull(resp.Body, buf); err != nil {
		t.Fatal(err)
	}
	cancel()
	resp.Body.Close()
	var record struct {
		Error     string `json:"error"`
		Estimated bool   `json:"estimated"`
		Output    int    `json:"output_tokens"`
		Input     int    `json:"input_tokens"`
	}
	if err := json.Unmarshal([]byte(s.record(t, "hangs-up")), &record); err != nil {
		t.Fatal(err)
	}
	if record.Error != "aborted" || !record.Estimated || record.Output == 0 || record.Input == 0 {
		t.Errorf("got %+v, want an estimate of an aborted stream", record)
	}
}

func TestSecureUpstream(t *testing.T) {
	t.Parallel()
	s := start(t)
	const said = "as nobody else says it" // SDKs ask the same mock at the same time
	body := strings.Replace(ask(said), "gpt-4o", "secure-openai/gpt-4o", 1)
	if status, answer := post(t, s.url("main")+"/v1/chat/completions", body); status != 200 {
		t.Fatalf("got %d %s, want 200", status, answer)
	}
	found := false
	for _, e := range s.secure.Journal().Entries() {
		if strings.Contains(e.Body, said) {
			found = true
			if e.SNI != "api.openai.com" || e.Host != "api.openai.com" || e.Proto != "HTTP/2.0" {
				t.Errorf("got SNI %q, host %q, %s; want api.openai.com twice and HTTP/2.0", e.SNI, e.Host, e.Proto)
			}
		}
	}
	if !found {
		t.Error("the secure mock got nothing")
	}
}

func TestHTTP2Client(t *testing.T) {
	t.Parallel()
	s := start(t)
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	client := http.Client{Transport: &http.Transport{Protocols: &protocols}, Timeout: 20 * time.Second}
	defer client.CloseIdleConnections()
	for _, body := range []string{ask("Hi"), askStream("Hi")} {
		resp, err := client.Post(s.url("http2")+"/v1/chat/completions", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != 200 || resp.ProtoMajor != 2 {
			t.Errorf("got %v %s %s, want 200 by HTTP/2", err, resp.Status, b)
		}
	}
}

func TestHeadersThatNobodyElseMaySee(t *testing.T) {
	t.Parallel()
	s := start(t)
	status, answer := post(t, s.url("main")+"/v1/chat/completions", ask("private headers"),
		"x-postern-debug", "1", "cf-aig-skip-cache", "true", "x-api-key", "client-other", "x-goog-api-key", "client-third", "cookie", "a=b")
	if status != 200 {
		t.Fatalf("got %d %s, want 200", status, answer)
	}
	found := false
	for _, e := range s.mocks.Journal().Entries() {
		if !strings.Contains(e.Body, "private headers") {
			continue
		}
		found = true
		for _, name := range []string{"x-postern-debug", "cf-aig-skip-cache", "x-api-key", "x-goog-api-key", "cookie", "x-postern-cluster"} {
			if got := e.Header.Get(name); got != "" {
				t.Errorf("the provider got %s: %s", name, got)
			}
		}
	}
	if !found {
		t.Error("the provider got nothing")
	}
}
