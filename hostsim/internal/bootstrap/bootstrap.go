// Package bootstrap reads the part of an Envoy bootstrap that hostsim serves.
//
// It is strict: a field that would change what happens and is not served here is
// refused with its path and line, all of them at once. A field that cannot matter
// here is accepted and named in Bootstrap.Ignored. The meaning of every field is
// Envoy's: https://www.envoyproxy.io/docs/envoy/latest/api-v3/api
package bootstrap

import (
	"fmt"
	"os"
)

// A Bootstrap is a whole file.
type Bootstrap struct {
	NodeID, NodeCluster string
	Admin               *Address // nil: none
	Listeners           []Listener
	Clusters            []Cluster
	Stats               Stats
	Ignored             []Problem // accepted without effect, with the reason
	JSON                []byte    // the file as it was read
}

// An Address is where to listen, or an endpoint's.
type Address struct {
	Host string
	Port int
}

// String is host:port.
func (a Address) String() string { return joinHostPort(a.Host, a.Port) }

// Read reads a file in YAML or JSON.
func Read(file string) (*Bootstrap, error) {
	doc, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	b, err := Parse(doc)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return b, nil
}

// Parse reads a document. Its error is of type Problems unless it is neither YAML nor JSON.
func Parse(doc []byte) (*Bootstrap, error) {
	n, err := parse(doc)
	if err != nil {
		return nil, err
	}
	r := &reader{}
	b := readBootstrap(r.root(n))
	b.JSON = n.json()
	b.Ignored = r.ignored
	if err := r.err(); err != nil {
		return nil, err
	}
	return b, nil
}

func readBootstrap(o *object) *Bootstrap {
	b := &Bootstrap{}
	if node, ok := o.child("node"); ok {
		b.NodeID, b.NodeCluster = node.str("id", ""), node.str("cluster", "")
		node.ignore("not shown to plugins here", "metadata", "locality")
		node.done()
	}
	if admin, ok := o.child("admin"); ok {
		if a, ok := readAddress(admin); ok {
			b.Admin = &a
		}
		admin.ignore("the admin interface keeps no log here", "access_log", "access_log_path")
		admin.done()
	}
	static, _ := o.child("static_resources")
	static.list("listeners", func(l *object) { b.Listeners = append(b.Listeners, readListener(l)) })
	static.list("clusters", func(c *object) { b.Clusters = append(b.Clusters, readCluster(c)) })
	static.done()
	stats, _ := o.child("stats_config")
	b.Stats = readStats(stats)
	o.ignore("there is no load to shed here", "overload_manager")
	o.ignore("stats are read from the admin interface", "stats_flush_interval", "stats_flush_on_admin")
	o.done()
	b.check(o)
	return b
}

// check looks at what refers to something else.
func (b *Bootstrap) check(o *object) {
	if len(b.Listeners) == 0 {
		o.failAt("static_resources", "want at least one listener")
	}
	known := map[string]bool{}
	for _, c := range b.Clusters {
		if known[c.Name] {
			c.source.fail("another cluster has the name %q too", c.Name)
		}
		known[c.Name] = true
	}
	for _, c := range b.Clusters {
		for _, name := range c.Aggregate {
			if !known[name] || name == c.Name {
				c.source.fail("aggregate: no cluster has the name %q", name)
			}
		}
	}
	for _, l := range b.Listeners {
		for _, host := range l.HCM.Routes.VirtualHosts {
			for _, r := range host.Routes {
				for _, w := range r.Clusters {
					if !known[w.Name] {
						r.source.fail("route: no cluster has the name %q", w.Name)
					}
				}
			}
		}
	}
}

// readAddress reads "address": {"socket_address": …} of an object.
func readAddress(o *object) (Address, bool) {
	outer, ok := o.child("address")
	if !ok {
		o.failAt("address", "missing")
		return Address{}, false
	}
	a, ok := outer.child("socket_address")
	outer.done()
	if !ok {
		outer.failAt("socket_address", "missing; other kinds of address are not supported")
		return Address{}, false
	}
	a.only("protocol", "TCP")
	got := Address{a.required("address"), a.integer("port_value", 0, 0, 65535)}
	if !a.has("port_value") {
		a.failAt("port_value", "missing")
	}
	a.ignore("addresses are resolved by the machine's resolver", "resolver_name")
	a.ignore("IPv6 sockets accept what the machine lets them", "ipv4_compat")
	a.done()
	return got, true
}
