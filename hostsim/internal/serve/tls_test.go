package serve_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

func TestTLSUpstream(t *testing.T) {
	t.Parallel()
	var sni atomic.Value
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Proto) }))
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
		sni.Store(h.ServerName)
		return nil, nil
	}}
	s.StartTLS()
	t.Cleanup(s.Close)
	roots := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
	secure := func(sni string, context object, more object) object {
		tls := object{"@type": types + "extensions.transport_sockets.tls.v3.UpstreamTlsContext", "sni": sni, "common_tls_context": context}
		for k, v := range more {
			tls[k] = v
		}
		return object{"transport_socket": object{"name": "tls", "typed_config": tls}}
	}
	trusted := object{"validation_context": object{"trusted_ca": object{"inline_string": roots}}}
	h2 := object{"typed_extension_protocol_options": object{"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": object{
		"@type": types + "extensions.upstreams.http.v3.HttpProtocolOptions", "auto_config": object{}}}}
	for _, tt := range []struct {
		name    string
		cluster []object
		want    string
	}{
		{"trusted", []object{secure("example.com", trusted, nil)}, "HTTP/1.1"},
		{"trusted, with HTTP/2 by ALPN", []object{secure("example.com", trusted, nil), h2}, "HTTP/2.0"},
		{"name verified", []object{secure("example.com", trusted, object{"auto_sni_san_validation": true})}, "HTTP/1.1"},
		{"another name", []object{secure("other.example", trusted, object{"auto_sni_san_validation": true})}, "remote connection failure"},
		{"another name, which nobody asked to verify", []object{secure("other.example", trusted, nil)}, "HTTP/1.1"},
		{"not verified at all", []object{secure("example.com", object{}, nil)}, "HTTP/1.1"},
		{"alternative name", []object{secure("example.com", object{"validation_context": object{"trusted_ca": object{"inline_string": roots},
			"match_typed_subject_alt_names": list{object{"san_type": "DNS", "matcher": object{"suffix": "example.com"}}}}}, nil)}, "HTTP/1.1"},
		{"no such alternative name", []object{secure("example.com", object{"validation_context": object{"trusted_ca": object{"inline_string": roots},
			"match_typed_subject_alt_names": list{object{"san_type": "DNS", "matcher": object{"exact": "x"}}}}}, nil)}, "remote connection failure"},
		{"roots of the machine do not know it", []object{secure("example.com", object{"validation_context": object{"system_root_certs": object{}}}, nil)}, "remote connection failure"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := start(t, file{clusters: []object{cluster("up", s.Listener.Addr(), tt.cluster...)}})
			contains(t, "body", r.get(r.url), tt.want)
		})
	}
	if got := sni.Load(); got != "example.com" {
		t.Errorf("server name: got %v, want example.com", got)
	}
}

func TestTLSListener(t *testing.T) {
	t.Parallel()
	s := httptest.NewUnstartedServer(nil) // only for its certificate
	s.StartTLS()
	pair := s.TLS.Certificates[0]
	s.Close()
	key, err := privateKeyPEM(pair)
	if err != nil {
		t.Fatal(err)
	}
	chain := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]}))
	b := file{clusters: []object{cluster("up", hello(t))}, tls: object{"tls_certificates": list{object{
		"certificate_chain": object{"inline_string": chain}, "private_key": object{"inline_string": key}}}}}
	r := start(t, b)
	for _, h2 := range []bool{false, true} {
		tr := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: h2}
		t.Cleanup(tr.CloseIdleConnections)
		req, err := http.NewRequest("GET", strings.Replace(r.url, "http:", "https:", 1), nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, body := send(t, &http.Client{Transport: tr}, req)
		equal(t, "body", body, "hello")
		if (resp.ProtoMajor == 2) != h2 {
			t.Errorf("protocol: got %s, want HTTP/2: %v", resp.Proto, h2)
		}
	}
}

func privateKeyPEM(pair tls.Certificate) (string, error) {
	der, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), err
}
