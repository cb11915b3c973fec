// Package mocktest starts mock servers for the mocks' own tests and talks to them.
package mocktest

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/e2e/mockllm"
	"github.com/postern-gateway/postern/e2e/mockllm/journal"
)

// A Client talks to one provider of a server.
type Client struct {
	t        testing.TB
	Server   *mockllm.Server
	Address  mockllm.Address
	HTTP     *http.Client
	provider string
}

// Start starts a server and returns a client of one of its providers.
func Start(t testing.TB, providerName string, o mockllm.Options) *Client {
	t.Helper()
	s := mockllm.New(o)
	addresses, err := s.Start()
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return &Client{t: t, Server: s, Address: addresses.Of(providerName), HTTP: &http.Client{Transport: transport}, provider: providerName}
}

// Request makes a request with a good credential; headers are name and value by turns, an empty value removes one.
func (c *Client) Request(ctx context.Context, method, path, body string, headers ...string) *http.Request {
	c.t.Helper()
	r, err := http.NewRequestWithContext(ctx, method, c.Address.URL+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.provider == "anthropic" {
		r.Header.Set("X-Api-Key", c.Server.Key(c.provider))
		r.Header.Set("Anthropic-Version", "2023-06-01")
	} else {
		r.Header.Set("Authorization", "Bearer "+c.Server.Key(c.provider))
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i+1] == "" {
			r.Header.Del(headers[i])
		} else {
			r.Header.Set(headers[i], headers[i+1])
		}
	}
	return r
}

// A Reply is a whole answer. Err is what ended its body early.
type Reply struct {
	Status  int
	Header  http.Header
	Trailer http.Header
	Body    string
	Err     error
}

// Do sends a request and reads its answer; a failure to get one is fatal.
func (c *Client) Do(method, path, body string, headers ...string) Reply {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute) // only a hanging mock needs it
	defer cancel()
	resp, err := c.HTTP.Do(c.Request(ctx, method, path, body, headers...))
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return Reply{resp.StatusCode, resp.Header, resp.Trailer, string(b), err}
}

// Last returns the newest entry of the journal once its request has ended.
func (c *Client) Last() journal.Entry {
	c.t.Helper()
	last, ok := c.Server.Journal().Last()
	if !ok {
		c.t.Fatal("the journal is empty")
	}
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute)
	defer cancel()
	e, err := c.Server.Journal().Wait(ctx, func(e journal.Entry) bool { return e.Seq >= last.Seq && e.Ended != "" })
	if err != nil {
		c.t.Fatalf("request %d does not end: %v", last.Seq, err)
	}
	return e
}

// Into decodes the body of a reply.
func (r Reply) Into(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.Body), v); err != nil {
		t.Fatalf("body is no such JSON: %v: %s", err, r.Body)
	}
}
