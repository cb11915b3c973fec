package e2e

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/postern-gateway/postern/e2e/envoy"
	"github.com/postern-gateway/postern/e2e/mockllm"
)

// mockConfig is a gateway in front of the mock providers; more is further members.
func mockConfig(more string) string {
	return `{"providers":[
		{"name":"openai","type":"openai","cluster":"mock-openai","keys":[{"value":"` + mockKey("openai") + `"}]},
		{"name":"anthropic","type":"anthropic","cluster":"mock-anthropic","keys":[{"value":"` + mockKey("anthropic") + `"}]},
		{"name":"secure-openai","type":"openai","cluster":"secure-openai","host":"api.openai.com","keys":[{"value":"` + mockKey("openai") + `"}]},
		{"name":"secure-anthropic","type":"anthropic","cluster":"secure-anthropic","host":"api.anthropic.com","keys":[{"value":"` + mockKey("anthropic") + `"}]},
		{"name":"dead","type":"openai","cluster":"dead","keys":[{"value":"k"}]}]` + more + `}`
}

func mockKey(provider string) string { return mockllm.New(mockllm.Options{}).Key(provider) }

// providers adds the mocks, and listeners that differ in how the proxy is set up.
func (s *suite) providers(add func(string, envoy.Listener) error) ([]any, error) {
	s.mocks = mockllm.New(mockllm.Options{RefuseChunked: true})
	s.secure = mockllm.New(mockllm.Options{TLS: true})
	plain, err := s.mocks.Start()
	if err != nil {
		return nil, err
	}
	s.plain = plain
	secure, err := s.secure.Start()
	if err != nil {
		return nil, err
	}
	ca := filepath.Join(s.dir, "ca.pem")
	if err := os.WriteFile(ca, s.secure.CA(), 0o600); err != nil {
		return nil, err
	}
	const large = 64 << 20
	for name, l := range map[string]envoy.Listener{
		"main":      {Buffer: large, Filters: filters(mockConfig(""), false)},
		"http2":     {Buffer: large, Codec: "HTTP2", Filters: filters(mockConfig(""), false)},
		"no hold":   {Buffer: large, Filters: filters(mockConfig(""), true)},
		"impatient": {Buffer: large, Filters: filters(mockConfig(`,"bounds":{"request_time":"1s"}`), false)},
		"small":     {Buffer: 1 << 20, Filters: filters(mockConfig(""), false)},
	} {
		if err := add(name, l); err != nil {
			return nil, err
		}
	}
	var clusters []any
	for _, name := range []string{"openai", "anthropic"} {
		clusters = append(clusters, envoy.Cluster("mock-"+name, plain.Of(name).Addr))
		a := secure.Of(name)
		clusters = append(clusters, envoy.SecureCluster("secure-"+name, a.Addr, a.Host, ca))
	}
	return clusters, nil
}

func filters(config string, noHeadersStop bool) []any {
	return []any{envoy.Plugin{Module: modulePath(), Configuration: config, Environment: environment, NoHeadersStop: noHeadersStop}.Filter()}
}

// url is where a listener listens.
func (s *suite) url(listener string) string {
	a, ok := s.listeners[listener]
	if !ok {
		panic(fmt.Sprintf("no listener is called %q", listener))
	}
	return "http://" + a
}
