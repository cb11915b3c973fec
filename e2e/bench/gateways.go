//go:build linux

package main

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
)

// A gateway is one way to carry the requests.
type gateway struct {
	name string
	text string
	// filters returns the HTTP filters before the router, and ok false where the
	// gateway cannot carry such requests.
	filters func(b *builder, client, upstream wire) (f []any, ok bool)
	// given is the same for requests that the proxy answers by itself; nil if it does not.
	given func(b *builder) []any
	// clusters are those that it has besides the upstream's own, and policy is what its route has for
	// requests that fail there.
	clusters []any
	policy   object
}

const (
	plain    = "envoy"
	envoyAI  = "envoy-ai"
	empty    = "go-empty"
	buffer   = "go-buffer"
	postern  = "postern"
	redacts  = "postern-pii"
	limits   = "postern-limits"
	aiFilter = "envoy.filters.http.ai_protocol_manager"
)

// gateways are in the order of the table.
func gateways() []gateway {
	return []gateway{
		{name: plain, text: "Envoy without a filter: the floor", filters: func(_ *builder, client, upstream wire) ([]any, bool) {
			return nil, client == upstream
		}, given: func(*builder) []any { return []any{holding()} }},
		{name: empty, text: "a Go plugin whose callbacks are empty: what any Go plugin costs", filters: func(b *builder, client, upstream wire) ([]any, bool) {
			return []any{b.wasm(empty, b.path(empty+".wasm"), "{}")}, client == upstream && client == openAI
		}},
		{name: buffer, text: "a Go plugin that holds the request and reads both bodies, and does nothing with them", filters: func(b *builder, client, upstream wire) ([]any, bool) {
			return []any{b.wasm(buffer, b.path(buffer+".wasm"), "{}")}, client == upstream && client == openAI
		}, given: func(b *builder) []any { return []any{b.wasm(buffer, b.path(buffer+".wasm"), "{}")} }},
		{name: envoyAI, text: "Envoy's own AI filters in C++: parse, request info, token usage; where dialects differ its transcoder", filters: func(_ *builder, client, upstream wire) ([]any, bool) {
			return []any{aiFilters(client, upstream)}, true
		}},
		{name: postern, text: "the module", filters: func(b *builder, _, _ wire) ([]any, bool) {
			return []any{b.wasm(postern, b.module, posternConfig)}, true
		}, given: func(b *builder) []any {
			return []any{b.wasm(postern, b.module, strings.TrimSuffix(posternConfig, "}")+`,"cache":{"ttl":"1h"}}`)}
		}},
		{name: redacts, text: "the module with the guard that redacts, both ways; there is nothing to find", filters: func(b *builder, _, _ wire) ([]any, bool) {
			return []any{b.wasm(redacts, b.module, strings.TrimSuffix(posternConfig, "}")+`,"guards":[{"type":"pii"}]}`)}, true
		}},
		{name: limits, text: "the module with a key and 20 limits, of which four are for the requests", filters: func(b *builder, _, _ wire) ([]any, bool) {
			return []any{b.wasm(limits, b.module, limited())}, true
		}},
	}
}

// posternConfig is the smallest configuration with two providers.
const posternConfig = `{
"providers":[
 {"name":"openai","type":"openai","cluster":"mock","keys":[{"value":"sk-mock"}]},
 {"name":"anthropic","type":"anthropic","cluster":"mock","keys":[{"value":"sk-mock"}]}],
"models":[
 {"name":"gpt-4o","targets":[{"provider":"openai"}]},
 {"name":"claude-mock","targets":[{"provider":"anthropic"}]}]}`

// limited is posternConfig with the load's client as a consumer, and 20 limits.
func limited() string {
	list := []string{
		`{"key":["consumer"],"requests":1000000000,"per":"1m"}`,
		`{"key":["ip"],"requests":1000000000,"per":"1m"}`,
		`{"key":["tenant"],"tokens":1000000000000,"per":"1d"}`,
		`{"key":["consumer","model"],"output_tokens":1000000000000,"per":"month"}`,
	}
	for i := range 16 {
		list = append(list, fmt.Sprintf(`{"key":["consumer"],"requests":10,"per":"%dm","when":{"models":["other-%d-*"]}}`, i+1, i))
	}
	return strings.TrimSuffix(posternConfig, "}") + fmt.Sprintf(`,"consumers":[{"name":"load","tenant":"acme","keys":[{"sha256":"%x"}]}],"limits":[%s]}`,
		sha256.Sum256([]byte("sk-client")), strings.Join(list, ","))
}

func gatewayNames() []string {
	var names []string
	for _, g := range gateways() {
		names = append(names, g.name)
	}
	return names
}

// pickGateways always includes plain Envoy, which all others are compared with.
func pickGateways(list string, withPostern bool) ([]string, error) {
	names, err := pick(list, gatewayNames(), "gateway")
	if err != nil {
		return nil, err
	}
	if list != "" && slices.ContainsFunc(names, isOurs) && !withPostern {
		return nil, fmt.Errorf("gateways that begin with %s need --module", postern)
	}
	return slices.DeleteFunc(gatewayNames(), func(n string) bool {
		return n != plain && !slices.Contains(names, n) || isOurs(n) && !withPostern
	}), nil
}

func isOurs(name string) bool { return strings.HasPrefix(name, postern) }

func describeGateways() string {
	var b strings.Builder
	for _, g := range gateways() {
		fmt.Fprintf(&b, "  %-10s %s\n", g.name, g.text)
	}
	return b.String()
}
