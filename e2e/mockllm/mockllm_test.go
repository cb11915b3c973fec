package mockllm_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/e2e/mockllm"
	"github.com/postern-gateway/postern/e2e/mockllm/grammar"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/mocktest"
	"github.com/postern-gateway/postern/e2e/mockllm/journal"
	"github.com/postern-gateway/postern/e2e/mockllm/script"
)

// An endpoint is one that streams, with a request whose user text can be set.
type endpoint struct {
	name, provider, path, body string
	check                      func([]byte) error
}

func endpoints() []endpoint {
	return []endpoint{
		{"chat", "openai", "/v1/chat/completions", `{"model":"gpt-4o","stream":STREAM,"messages":[{"role":"user","content":"TEXT"}]}`, grammar.OpenAIChat},
		{"responses", "openai", "/v1/responses", `{"model":"gpt-4o","stream":STREAM,"input":"TEXT"}`, grammar.OpenAIResponses},
		{"messages", "anthropic", "/v1/messages", `{"model":"claude-sonnet-4-5","max_tokens":500,"stream":STREAM,"messages":[{"role":"user","content":"TEXT"}]}`, grammar.Anthropic},
	}
}

func (e endpoint) with(text string, stream bool) string {
	return strings.NewReplacer("TEXT", text, "STREAM", strconv.FormatBool(stream)).Replace(e.body)
}

func each(t *testing.T, f func(t *testing.T, c *mocktest.Client, e endpoint)) {
	t.Helper()
	for _, e := range endpoints() {
		c := mocktest.Start(t, e.provider, mockllm.Options{})
		t.Run(e.name, func(t *testing.T) { f(t, c, e) })
	}
}

func TestMannersKeepTheMeaning(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *mocktest.Client, e endpoint) {
		for _, manner := range []string{"split=1", "split=7", "crlf", "cr", "comments", "multiline", "no-space", "trailers",
			"crlf;comments;multiline;split=3", "chunks=40;interval=1ms", "slow-headers=1ms", "unknown-event", "latency=1ms"} {
			r := c.Do("POST", e.path, e.with("hello [[mock:"+manner+"]]", true))
			if err := e.check([]byte(r.Body)); err != nil || r.Err != nil {
				t.Errorf("%s: %v, %v\n%s", manner, err, r.Err, r.Body)
			}
			if manner == "trailers" && r.Trailer.Get("X-Mock-Trailer") != "done" {
				t.Errorf("trailers: got %v", r.Trailer)
			}
			if last := c.Last(); last.Ended != journal.Done || last.Behaviour != manner {
				t.Errorf("%s: the journal says %s of %q", manner, last.Ended, last.Behaviour)
			}
		}
	})
}

func TestMannersShow(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *mocktest.Client, e endpoint) {
		for manner, want := range map[string]string{"crlf": "\r\n\r\n", "cr": "\r\r", "comments": ": keep-alive\n", "multiline": "\ndata:  ", "no-space": "data:{"} {
			if got := c.Do("POST", e.path, e.with("hello [[mock:"+manner+"]]", true)).Body; !strings.Contains(got, want) {
				t.Errorf("%s: no %q in %q", manner, want, got)
			}
		}
		if got := c.Do("POST", e.path, e.with("hello [[mock:unknown-event]]", true)).Body; strings.Contains(got, "mock_unknown") == (e.name == "chat") {
			t.Errorf("unknown-event: got %s", got)
		}
	})
}

func TestStreamsThatEndEarly(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *mocktest.Client, e endpoint) {
		for _, n := range []int{0, 1, 4} {
			after := "=after:" + strconv.Itoa(n)
			r := c.Do("POST", e.path, e.with("hello [[mock:eof"+after+"]]", true))
			events, _ := grammar.Events([]byte(r.Body)) // ErrTruncated follows from the check
			if err := e.check([]byte(r.Body)); !errors.Is(err, grammar.ErrTruncated) || r.Err != nil || len(events) != n {
				t.Errorf("eof%s: got %d events, %v, %v", after, len(events), err, r.Err)
			}
			if last := c.Last(); last.Ended != journal.Cut || last.Events != n {
				t.Errorf("eof%s: the journal says %s after %d events", after, last.Ended, last.Events)
			}
			r = c.Do("POST", e.path, e.with("hello [[mock:error-event"+after+"]]", true))
			if err := e.check([]byte(r.Body)); !errors.Is(err, grammar.ErrFailed) || r.Err != nil {
				t.Errorf("error-event%s: got %v, %v\n%s", after, err, r.Err, r.Body)
			}
		}
		r := c.Do("POST", e.path, e.with("hello [[mock:disconnect=after:3]]", true))
		if err := e.check([]byte(r.Body)); r.Err == nil || err != nil && !errors.Is(err, grammar.ErrTruncated) {
			t.Errorf("disconnect: got %v after %q, want a broken connection", r.Err, r.Body)
		}
		if last := c.Last(); last.Ended != journal.Reset || last.Events != 3 {
			t.Errorf("disconnect: the journal says %s after %d events", last.Ended, last.Events)
		}
		r = c.Do("POST", e.path, e.with("hello [[mock:truncate-json]]", true))
		if err := e.check([]byte(r.Body)); err == nil || errors.Is(err, grammar.ErrTruncated) || r.Err != nil {
			t.Errorf("truncate-json: got %v, %v, want a bad event", err, r.Err)
		}
	})
}

func TestWholeAnswersThatBreak(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *mocktest.Client, e endpoint) {
		good := c.Do("POST", e.path, e.with("hello", false))
		for _, fault := range []string{"truncate-json", "eof=after:0"} {
			r := c.Do("POST", e.path, e.with("hello [[mock:"+fault+"]]", false))
			if r.Status != 200 || r.Err != nil || len(r.Body) == 0 || len(r.Body) > len(good.Body)*2/3 {
				t.Errorf("%s: got %d, %v, %d of about %d bytes", fault, r.Status, r.Err, len(r.Body), len(good.Body))
			}
		}
		r := c.Do("POST", e.path, e.with("hello [[mock:disconnect=after:1]]", false))
		if r.Err == nil {
			t.Errorf("disconnect: got a whole body %q", r.Body)
		}
	})
}

func TestFailures(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *mocktest.Client, e endpoint) {
		for _, stream := range []bool{false, true} {
			for _, tt := range []struct {
				fault       string
				status      int
				contentType string
				body        string
			}{
				{"status=429;retry-after=3", 429, "application/json", `"error":{`},
				{"status=500;message=boom", 500, "application/json", `"message":"boom"`},
				{"status=529", 529, "application/json", `"error":{`},
				{"html=502", 502, "text/html", "<h1>502 Bad Gateway</h1>"},
				{"empty=500", 500, "", ""},
				{"200-error", 200, "application/json", `"error":{`},
			} {
				r := c.Do("POST", e.path, e.with("hello [[mock:"+tt.fault+"]]", stream))
				if r.Status != tt.status || r.Header.Get("Content-Type") != tt.contentType || !strings.Contains(r.Body, tt.body) || tt.body == "" && r.Body != "" {
					t.Errorf("%s: got %d %s %q", tt.fault, r.Status, r.Header.Get("Content-Type"), r.Body)
				}
				if want := map[bool]string{true: "3"}[tt.status == 429]; r.Header.Get("Retry-After") != want {
					t.Errorf("%s: retry-after is %q, want %q", tt.fault, r.Header.Get("Retry-After"), want)
				}
			}
		}
	})
}

func TestBlackholeAnswersNobody(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *mocktest.Client, e endpoint) {
		ctx, cancel := context.WithCancel(t.Context())
		answered := make(chan error, 1)
		go func() {
			resp, err := c.HTTP.Do(c.Request(ctx, "POST", e.path, e.with("hello [[mock:blackhole]]", true)))
			if err == nil {
				err = errors.Join(errors.New("got an answer"), resp.Body.Close())
			}
			answered <- err
		}()
		if _, err := c.Server.Journal().Wait(t.Context(), func(e journal.Entry) bool { return e.Behaviour == "blackhole" }); err != nil {
			t.Fatal(err)
		}
		cancel()
		if err := <-answered; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want that the client gave up", err)
		}
		if last := c.Last(); last.Ended != journal.ClientGone || last.Status != 0 {
			t.Errorf("the journal says %s, status %d", last.Ended, last.Status)
		}
	})
}

func TestClientThatHangsUp(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *mocktest.Client, e endpoint) {
		ctx, cancel := context.WithCancel(t.Context())
		resp, err := c.HTTP.Do(c.Request(ctx, "POST", e.path, e.with("hello [[mock:chunks=100000;interval=10ms]]", true)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(resp.Body, make([]byte, 50)); err != nil {
			t.Fatal(err)
		}
		cancel()
		_ = resp.Body.Close() // it was cancelled
		if last := c.Last(); last.Ended != journal.ClientGone || last.Events == 0 {
			t.Errorf("the journal says %s after %d events", last.Ended, last.Events)
		}
	})
}

func TestGzip(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *mocktest.Client, e endpoint) {
		c.HTTP.Transport.(*http.Transport).DisableCompression = false // asks for gzip, and undoes it
		r := c.Do("POST", e.path, e.with("hello [[mock:split=5]]", true))
		if err := e.check([]byte(r.Body)); err != nil || r.Header.Get("Content-Length") != "" {
			t.Errorf("got %v", err)
		}
		if v := c.Last().Violations; len(v) != 1 || v[0].Rule != journal.AcceptEncoding || v[0].Detail != "gzip" {
			t.Errorf("the journal says %+v", v)
		}
		for asked, zipped := range map[string]bool{"identity": false, "gzip;q=0": false, "br, gzip": true, "deflate": false} {
			r := c.Do("POST", e.path, e.with("hello", false), "Accept-Encoding", asked)
			if got := r.Header.Get("Content-Encoding") == "gzip"; got != zipped {
				t.Errorf("accept-encoding %q: got gzip %v, want %v", asked, got, zipped)
			}
		}
		if r := c.Do("POST", e.path, e.with("hello [[mock:gzip]]", false), "Accept-Encoding", "identity"); r.Header.Get("Content-Encoding") != "gzip" {
			t.Errorf("a forced gzip: got %q", r.Header.Get("Content-Encoding"))
		}
	})
}

func TestScriptComesBeforeTheDefault(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "openai", mockllm.Options{Behaviour: script.Behaviour{Status: 500}})
	e := endpoints()[0]
	if err := c.Server.Script("openai", script.Behaviour{Status: 429}, script.Behaviour{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{429, 200, 500} {
		if got := c.Do("POST", e.path, e.with("hello", false)).Status; got != want {
			t.Errorf("got %d, want %d", got, want)
		}
	}
	if err := c.Server.Script("nobody"); err == nil {
		t.Error("a script for an unknown provider is taken")
	}
	if got := c.Do("POST", "/mock/script", "status=503\n\nhtml=502\n"); got.Status != 204 {
		t.Fatalf("script over HTTP: got %d %s", got.Status, got.Body)
	}
	for _, want := range []int{503, 200, 502, 500} {
		if got := c.Do("POST", e.path, e.with("hello", false)).Status; got != want {
			t.Errorf("got %d, want %d", got, want)
		}
	}
	if got := c.Do("POST", "/mock/script", "crlf\nstatuss=503"); got.Status != 400 || !strings.Contains(got.Body, "line 2: unknown mock directive") {
		t.Errorf("a bad script: got %d %s", got.Status, got.Body)
	}
}

func TestJournalOverHTTP(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "openai", mockllm.Options{})
	e := endpoints()[0]
	if got := c.Do("GET", "/mock/health", ""); got.Status != 200 || !strings.Contains(got.Body, `"provider":"openai"`) {
		t.Errorf("health: got %d %s", got.Status, got.Body)
	}
	c.Do("POST", e.path, e.with("hello", false), "X-Test", "yes")
	c.Do("POST", e.path, e.with("hello", false), "Authorization", "Bearer client-9", "X-Postern-A", "1")
	c.Last()
	var seen struct{ Entries []journal.Entry }
	c.Do("GET", "/mock/journal", "").Into(t, &seen)
	if len(seen.Entries) != 2 {
		t.Fatalf("got %d entries, want 2", len(seen.Entries))
	}
	first, second := seen.Entries[0], seen.Entries[1]
	if first.Header.Get("X-Test") != "yes" || first.Body != e.with("hello", false) || first.Status != 200 || first.Usage.Output != 7 ||
		first.Proto != "HTTP/1.1" || first.TLS || first.Ended != journal.Done || len(first.Violations) != 0 {
		t.Errorf("the good request: got %+v", first)
	}
	if v := second.Violations; second.Status != 400 || len(v) != 1 || v[0] != (journal.Violation{Rule: journal.InternalHeader, Detail: "x-postern-a"}) {
		t.Errorf("the bad request: got %d %+v", second.Status, second.Violations)
	}
	c.Do("GET", "/mock/journal?since="+strconv.Itoa(first.Seq), "").Into(t, &seen)
	if len(seen.Entries) != 1 {
		t.Errorf("since the first: got %d entries, want 1", len(seen.Entries))
	}
	if got := c.Do("GET", "/mock/journal?since=x", ""); got.Status != 400 {
		t.Errorf("since x: got %d, want 400", got.Status)
	}
	c.Do("DELETE", "/mock/journal", "")
	if got := c.Server.Journal().Entries(); len(got) != 0 {
		t.Errorf("after DELETE: got %d entries", len(got))
	}
}

func TestLeaksAreRecorded(t *testing.T) {
	t.Parallel()
	for name, headers := range map[string][]string{
		"in the provider's header": {"Authorization", "Bearer client-1"},
		"in Google's header":       {"X-Goog-Api-Key", "client-1"},
		"in Azure's header":        {"Api-Key", "AIza"},
		"without a scheme":         {"Authorization", "client-1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := mocktest.Start(t, "openai", mockllm.Options{})
			e := endpoints()[0]
			if got := c.Do("POST", e.path, e.with("hello", false), headers...); got.Status != 401 {
				t.Errorf("got %d, want 401", got.Status)
			}
			want := journal.Violation{Rule: journal.LeakedKey, Detail: "header " + strings.ToLower(headers[0])}
			if v := c.Last().Violations; len(v) != 1 || v[0] != want {
				t.Errorf("got %+v, want %+v", v, want)
			}
		})
	}
}

func TestAllowedHeaders(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "openai", mockllm.Options{AllowHeaders: []string{"x-envoy-attempt-count"}})
	e := endpoints()[0]
	if got := c.Do("POST", e.path, e.with("hello", false), "X-Envoy-Attempt-Count", "1"); got.Status != 200 {
		t.Errorf("got %d %s", got.Status, got.Body)
	}
}

func TestChunkedBodies(t *testing.T) {
	t.Parallel()
	e := endpoints()[0]
	for _, refuse := range []bool{false, true} {
		c := mocktest.Start(t, "openai", mockllm.Options{RefuseChunked: refuse})
		r := c.Request(t.Context(), "POST", e.path, e.with("hello", false))
		r.ContentLength = -1
		resp, err := c.HTTP.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Fatal(err)
		}
		want := map[bool]int{false: 200, true: 411}[refuse]
		last := c.Last()
		if resp.StatusCode != want || !last.Chunked || (len(last.Violations) > 0) != refuse {
			t.Errorf("refused %v: got %d, %+v", refuse, resp.StatusCode, last.Violations)
		}
	}
}

func TestIDsAndAnswersRepeat(t *testing.T) {
	t.Parallel()
	now := func() time.Time { return time.Unix(1_800_000_000, 0) }
	each(t, func(t *testing.T, _ *mocktest.Client, e endpoint) {
		var bodies []string
		for range 2 {
			c := mocktest.Start(t, e.provider, mockllm.Options{Now: now, Secret: []byte("s")})
			for _, stream := range []bool{true, false} {
				bodies = append(bodies, c.Do("POST", e.path, e.with("hello", stream)).Body)
			}
		}
		if bodies[0] != bodies[2] || bodies[1] != bodies[3] {
			t.Errorf("two servers answer differently: %q", bodies)
		}
	})
}

func TestUnknownProvidersInOptions(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]mockllm.Options{
		`options.Listen: unknown provider "x"`: {Listen: map[string]string{"x": ""}},
		`options.Keys: unknown provider "x"`:   {Keys: map[string]string{"x": ""}},
		`options.Models: unknown provider "x"`: {Models: map[string][]string{"x": nil}},
	} {
		if _, err := mockllm.New(o).Start(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestAddressInUse(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "openai", mockllm.Options{})
	second := mockllm.New(mockllm.Options{Listen: map[string]string{"anthropic": c.Address.Addr}})
	if _, err := second.Start(); err == nil || !strings.Contains(err.Error(), "provider anthropic: ") {
		t.Errorf("got %v, want an error that names the provider", err)
	}
}

func TestOwnKeys(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "openai", mockllm.Options{Keys: map[string]string{"openai": "sk-own"}})
	if got := c.Do("GET", "/v1/models", ""); got.Status != 200 || c.Server.Key("openai") != "sk-own" || c.Server.Key("nobody") != "" {
		t.Errorf("got %d with key %q", got.Status, c.Server.Key("openai"))
	}
	if got := c.Do("GET", "/v1/models", "", "Authorization", "Bearer sk-mock-openai"); got.Status != 401 {
		t.Errorf("the usual key: got %d, want 401", got.Status)
	}
}
