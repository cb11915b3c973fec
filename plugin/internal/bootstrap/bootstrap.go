// Package bootstrap writes an Envoy bootstrap that serves a configuration of the
// gateway: the listener with the filter, one route that goes where the filter says,
// and a cluster for each provider.
//
// The result is complete and meant for production; what of it depends on the place
// it runs in is in Options. It is for operators to read, so it has comments.
package bootstrap

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/plugin/internal/config"
)

// Options are what a bootstrap needs beside the configuration.
type Options struct {
	Listen    netip.AddrPort
	Admin     netip.AddrPort
	Module    string            // the file of the module
	CA        string            // the file of the certificates that providers' are checked against
	Upstreams map[string]string // URL by provider, in place of its own host
}

// Write writes the bootstrap. document is the configuration as JSON and plan what
// was read from it; environment lists the variables that the plan needs.
func Write(document []byte, plan *config.Plan, environment []string, o Options) ([]byte, error) {
	if plan.Role == config.Attempt {
		return nil, errAttempt
	}
	clusters, err := clusters(plan, o.Upstreams)
	if err != nil {
		return nil, err
	}
	all := make([]member, len(clusters))
	for i, c := range clusters {
		all[i] = member{cluster: c, CA: o.CA}
	}
	chains, err := chains(plan, o)
	if err != nil {
		return nil, err
	}
	redirects, err := redirects(plan, environment, o)
	if err != nil {
		return nil, err
	}
	pretty, err := layout(document)
	if err != nil {
		return nil, err
	}
	t, err := template.New("envoy.yaml").Funcs(template.FuncMap{
		"json":   quote,
		"join":   join,
		"indent": indent,
	}).Parse(source)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = t.Execute(&out, map[string]any{
		"Listen":        address{o.Listen.Addr().String(), o.Listen.Port()},
		"Admin":         address{o.Admin.Addr().String(), o.Admin.Port()},
		"Module":        o.Module,
		"CA":            o.CA,
		"Buffer":        max(plan.Bounds.Request, plan.Bounds.Answer) + spareBuffer,
		"Environment":   environment,
		"Configuration": string(pretty),
		"ClusterHeader": clusterHeader,
		"Headers":       headers(plan),
		"Clusters":      all,
		"Chains":        chains,
		"Redirects":     redirects,
		"Labels":        labels(),
		"Buckets":       buckets(),
	})
	return out.Bytes(), err
}

var errAttempt = errors.New("role: attempt is for clusters of a gateway's, whose configuration writes both")

// clusterHeader is how the filter tells the route where to.
const clusterHeader = "x-postern-cluster"

// headers are those by which the filter tells the proxy something. No client may say it,
// and no provider needs it.
func headers(plan *config.Plan) []string {
	all := []string{clusterHeader}
	for _, s := range plan.Signals.Headers {
		all = append(all, s.Name)
	}
	return all
}

// spareBuffer is what the proxy buffers beyond the largest body, for what arrives at
// once: it is Postern who has to find that a body is too large.
const spareBuffer = 1 << 20

//go:embed envoy.yaml.tmpl
var source string

type address struct {
	Host string
	Port uint16
}

// quote writes a string as JSON, which is YAML too.
func quote(s string) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(s)
	return strings.TrimSuffix(b.String(), "\n"), err
}

func join(list []string) (string, error) {
	quoted := make([]string, len(list))
	for i, s := range list {
		var err error
		if quoted[i], err = quote(s); err != nil {
			return "", err
		}
	}
	return strings.Join(quoted, ", "), nil
}

// indent makes a text the content of a block in YAML. The characters that YAML takes
// for line ends, or not at all, are inside JSON strings and can be escaped there.
func indent(n int, s string) string {
	s = strings.NewReplacer("\u0085", `\u0085`, "\u2028", `\u2028`, "\u2029", `\u2029`, "\ufeff", `\ufeff`, "\x7f", `\u007f`).Replace(s)
	margin := strings.Repeat(" ", n)
	return margin + strings.ReplaceAll(s, "\n", "\n"+margin)
}

// A label is a part of a metric's name that becomes a label of the metric, with the
// name that OpenTelemetry gives it.
type label struct{ Key, Tag string }

func labels() []label {
	return []label{
		{"operation", "gen_ai.operation.name"},
		{"provider", "gen_ai.provider.name"},
		{"model", "gen_ai.request.model"},
		{"type", "gen_ai.token.type"},
		{"status", "http.response.status_code"},
		{"outcome", "outcome"},
		{"rule", "rule"},
		{"guard", "guard"},
		{"kind", "kind"},
		{"cluster", "cluster"},
		{"reason", "reason"},
		{"what", "what"},
	}
}

// A histogram is a group of histograms with the same buckets.
type histogram struct{ Suffix, Bounds string }

// buckets are those of https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/,
// durations in milliseconds.
func buckets() []histogram {
	power := func(first, factor, n int) string {
		bounds := make([]string, n)
		for i := range bounds {
			bounds[i] = strconv.Itoa(first)
			first *= factor
		}
		return strings.Join(bounds, ", ")
	}
	duration := power(10, 2, 14)
	return []histogram{
		{"gen_ai.client.token.usage", power(1, 4, 14)},
		{"gen_ai.client.operation.duration_ms", duration},
		{"gen_ai.client.operation.time_to_first_chunk_ms", duration},
		{"postern.cache_store_us", power(100, 2, 12)},
		{"postern.guard_held_bytes", power(4, 2, 12)},
		{"postern.guard_held_ms", power(1, 2, 14)},
	}
}

// clusters are those of the plan's providers, of their callouts, and of the servers of
// tokens' issuers, each once.
func clusters(plan *config.Plan, upstreams map[string]string) ([]cluster, error) {
	providers := slices.Collect(plan.EachProvider)
	for name := range upstreams {
		if !slices.ContainsFunc(providers, func(p *config.Provider) bool { return p.Label() == name }) {
			return nil, fmt.Errorf("upstream %s: the configuration has no such provider", name)
		}
	}
	var all []cluster
	var errs []error
	add := func(who string, c cluster) {
		switch at := slices.IndexFunc(all, func(x cluster) bool { return x.Name == c.Name }); {
		case at < 0:
			all = append(all, c)
		case all[at] != c:
			errs = append(errs, fmt.Errorf("%s: another's cluster %s leads to %s:%d", who, c.Name, all[at].Address, all[at].Port))
		}
	}
	for i, p := range providers {
		where := fmt.Sprintf("providers[%d] (%s)", i, p.Name)
		if p.Tenant != "" {
			where = "provider " + p.Label()
		}
		c, err := newCluster(p, upstreams[p.Label()])
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", where, err))
			continue
		}
		add(where, c)
		if x, ok := p.Adapter.(adapters.Caller); ok {
			if name, host := x.Calls(); name != "" {
				add(where, cluster{Name: name, Address: host, Port: 443, Host: host, TLS: true})
			}
		}
	}
	for i, issuer := range plan.Identity.Issuers {
		if r := issuer.Remote; r != nil {
			c, err := publicCluster(r.Cluster, r.Host)
			if err != nil {
				errs = append(errs, fmt.Errorf("identity.jwt[%d]: %w", i, err))
				continue
			}
			add(fmt.Sprintf("identity.jwt[%d]", i), c)
		}
	}
	return all, errors.Join(errs...)
}
