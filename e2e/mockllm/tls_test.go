package mockllm_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/e2e/mockllm"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/mocktest"
	"github.com/postern-gateway/postern/e2e/mockllm/journal"
)

// dialTo sends every connection to the mock, whatever name it is for.
func dialTo(t *testing.T, c *mocktest.Client, sni string, protocols func(*http.Protocols)) *http.Transport {
	t.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(c.Server.CA()) {
		t.Fatal("the authority is no certificate")
	}
	transport := &http.Transport{
		DisableCompression: true,
		TLSClientConfig:    &tls.Config{RootCAs: roots, ServerName: sni, MinVersion: tls.VersionTLS12},
		Protocols:          new(http.Protocols),
	}
	protocols(transport.Protocols)
	dialer := &net.Dialer{}
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, network, c.Address.Addr)
	}
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

func http1(p *http.Protocols) { p.SetHTTP1(true) }
func http2(p *http.Protocols) { p.SetHTTP2(true) }

func TestTLS(t *testing.T) {
	t.Parallel()
	for _, e := range endpoints() {
		for name, protocols := range map[string]func(*http.Protocols){"HTTP/1.1": http1, "HTTP/2.0": http2} {
			t.Run(e.name+" over "+name, func(t *testing.T) {
				t.Parallel()
				c := mocktest.Start(t, e.provider, mockllm.Options{TLS: true})
				c.HTTP.Transport = dialTo(t, c, "", protocols)
				c.Address.URL = "https://" + c.Address.Host
				r := c.Do("POST", e.path, e.with("hello [[mock:trailers]]", true))
				if err := e.check([]byte(r.Body)); err != nil || r.Trailer.Get("X-Mock-Trailer") != "done" {
					t.Errorf("got %v, trailers %v\n%s", err, r.Trailer, r.Body)
				}
				last := c.Last()
				alpn := map[string]string{"HTTP/2.0": "h2"}[name] // Go offers nothing for HTTP/1.1 alone
				if !last.TLS || last.SNI != c.Address.Host || last.Proto != name || last.ALPN != alpn {
					t.Errorf("the journal says %v SNI %q, %s, ALPN %q", last.TLS, last.SNI, last.Proto, last.ALPN)
				}
				r = c.Do("POST", e.path, e.with("hello [[mock:disconnect=after:3]]", true))
				if r.Err == nil || c.Last().Ended != journal.Reset {
					t.Errorf("disconnect: got %v after %q", r.Err, r.Body)
				}
				r = c.Do("POST", e.path, e.with("hello [[mock:slow-headers=1ms;split=9]]", true))
				if err := e.check([]byte(r.Body)); err != nil || r.Err != nil {
					t.Errorf("slow headers: got %v, %v", err, r.Err)
				}
			})
		}
	}
}

func TestTLSRefusesOtherNames(t *testing.T) {
	t.Parallel()
	for name, sni := range map[string]string{"another provider's": "api.anthropic.com", "an unknown one": "example.com"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := mocktest.Start(t, "openai", mockllm.Options{TLS: true})
			c.HTTP.Transport = dialTo(t, c, sni, http1)
			_, err := c.HTTP.Do(c.Request(t.Context(), "GET", "/v1/models", ""))
			if err == nil {
				t.Fatal("the handshake was accepted")
			}
			if h := c.Server.Journal().Handshakes(); len(h) != 1 || h[0].SNI != sni || !strings.Contains(h[0].Error, "not served here") {
				t.Errorf("the journal says %+v", h)
			}
		})
	}
}

func TestTLSRefusesNoName(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "openai", mockllm.Options{TLS: true})
	conn, err := tls.Dial("tcp", c.Address.Addr, &tls.Config{InsecureSkipVerify: true}) // an IP address sends no name
	if err == nil {
		t.Fatal(errors.Join(errors.New("the handshake was accepted"), conn.Close()))
	}
	if h := c.Server.Journal().Handshakes(); len(h) != 1 || !strings.Contains(h[0].Error, "no server name") {
		t.Errorf("the journal says %+v", h)
	}
}

func TestTLSWantsTheHostOfTheName(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "openai", mockllm.Options{TLS: true, Hosts: []string{"eu.api.openai.com"}})
	c.HTTP.Transport = dialTo(t, c, "api.openai.com", http1)
	c.Address.URL = "https://gateway.example"
	if got := c.Do("GET", "/v1/models", ""); got.Status != http.StatusMisdirectedRequest {
		t.Errorf("another host: got %d, want 421", got.Status)
	}
	if v := c.Last().Violations; len(v) != 1 || v[0].Rule != journal.WrongAuthority {
		t.Errorf("the journal says %+v", v)
	}
	c.HTTP.Transport = dialTo(t, c, "", http1)
	c.Address.URL = "https://eu.api.openai.com"
	if got := c.Do("GET", "/v1/models", ""); got.Status != 200 {
		t.Errorf("a further host: got %d %s", got.Status, got.Body)
	}
}

func TestUnencryptedHTTP2(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c *mocktest.Client, e endpoint) {
		transport := &http.Transport{Protocols: new(http.Protocols), DisableCompression: true}
		transport.Protocols.SetUnencryptedHTTP2(true)
		t.Cleanup(transport.CloseIdleConnections)
		c.HTTP.Transport = transport
		r := c.Do("POST", e.path, e.with("hello", true))
		if err := e.check([]byte(r.Body)); err != nil || c.Last().Proto != "HTTP/2.0" {
			t.Errorf("got %v over %s", err, c.Last().Proto)
		}
		r = c.Do("POST", e.path, e.with("hello [[mock:disconnect=after:3]]", true))
		if r.Err == nil || errors.Is(r.Err, io.EOF) || c.Last().Ended != journal.Reset {
			t.Errorf("disconnect: got %v", r.Err)
		}
	})
}
