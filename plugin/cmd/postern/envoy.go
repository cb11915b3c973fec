package main

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/postern-gateway/postern/plugin/internal/bootstrap"
)

// envoy writes a bootstrap for a configuration.
func envoy(c *call) error {
	o := bootstrap.Options{
		Listen:    netip.MustParseAddrPort("127.0.0.1:8080"),
		Admin:     netip.MustParseAddrPort("127.0.0.1:9901"),
		Upstreams: map[string]string{},
	}
	c.flags.TextVar(&o.Listen, "listen", o.Listen, "`address` for clients")
	c.flags.TextVar(&o.Admin, "admin", o.Admin, "`address` of Envoy's own endpoint; whoever reaches it can stop Envoy")
	c.flags.StringVar(&o.Module, "module", "/etc/postern/postern.wasm", "`file` of the module, where Envoy runs")
	c.flags.StringVar(&o.CA, "ca", "/etc/ssl/certs/ca-certificates.crt", "`file` of the certificates that providers' are checked against, where Envoy runs")
	c.flags.Func("upstream", "`NAME=URL` of a provider that is not at its public host, such as local=http://127.0.0.1:8000; may be repeated", func(v string) error {
		name, u, ok := strings.Cut(v, "=")
		if !ok || name == "" || u == "" {
			return fmt.Errorf("want NAME=URL")
		}
		if _, taken := o.Upstreams[name]; taken {
			return fmt.Errorf("%s has one already", name)
		}
		o.Upstreams[name] = u
		return nil
	})
	out := c.flags.String("out", "", "write to this `file` instead of standard output")
	if err := c.parse(); err != nil {
		return err
	}
	x, err := c.load(c.files[0], false)
	if err != nil {
		return err
	}
	b, err := bootstrap.Write(x.document, x.plan, x.environment, o)
	if err != nil {
		return err
	}
	if x.inlineKeys() {
		fmt.Fprintln(c.err, "postern envoy: note: the bootstrap has providers' keys in it, as the configuration has")
	}
	return c.print(*out, b)
}
