package bootstrap

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/plugin/internal/config"
)

// A cluster is one upstream of the proxy.
type cluster struct {
	Name    string
	Address string // host name or IP address to connect to
	Port    uint16
	Host    string // what requests ask for: :authority, and the name in TLS
	TLS     bool
	Static  bool // Address is an IP address
}

var errNoHost = errors.New("its type has no public host; give it a host, or say where it is with --upstream NAME=URL")

// newCluster finds out where a provider is: upstream, if that is given, else the
// host that its configuration or its type names.
func newCluster(p *config.Provider, upstream string) (cluster, error) {
	host := p.Host
	if l, ok := p.Adapter.(adapters.Located); ok && host == "" {
		host = l.Host()
	}
	if host == "" {
		host = p.Type.Host
	}
	if upstream == "" {
		if host == "" {
			return cluster{}, errNoHost
		}
		return publicCluster(p.Cluster, host)
	}
	u, err := url.Parse(upstream)
	if err != nil || u.Host == "" || u.Path != "" && u.Path != "/" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return cluster{}, fmt.Errorf("upstream %q: want http://HOST:PORT or https://HOST:PORT", upstream)
	}
	c := cluster{Name: p.Cluster, Address: u.Hostname(), Host: p.Host}
	switch u.Scheme {
	case "https":
		c.TLS, c.Port = true, 443
	case "http":
		c.Port = 80
	default:
		return cluster{}, fmt.Errorf("upstream %q: want http or https", upstream)
	}
	if c.Port, err = port(u, c.Port); err != nil {
		return cluster{}, fmt.Errorf("upstream %q: %w", upstream, err)
	}
	_, err = netip.ParseAddr(c.Address)
	c.Static = err == nil
	switch {
	case c.Host != "":
	case !c.Static:
		c.Host = u.Host
	case c.TLS: // an address proves nothing: the certificate has to be the public API's
		if c.Host = host; host == "" {
			return cluster{}, fmt.Errorf("upstream %q: an address has no name to check in TLS; give the provider a host", upstream)
		}
	default:
		c.Host = u.Host
	}
	return c, nil
}

// publicCluster is where a host is by its name.
func publicCluster(name, host string) (cluster, error) {
	u, err := url.Parse("https://" + host)
	if err != nil || u.Hostname() == "" || u.Host != host {
		return cluster{}, fmt.Errorf("host %q: want a name, and perhaps a port", host)
	}
	c := cluster{Name: name, Address: u.Hostname(), Port: 443, Host: host, TLS: true}
	if c.Port, err = port(u, c.Port); err != nil {
		return cluster{}, fmt.Errorf("host %q: %w", host, err)
	}
	_, err = netip.ParseAddr(c.Address)
	c.Static = err == nil
	return c, nil
}

// port is that of a URL, or the usual one.
func port(u *url.URL, usual uint16) (uint16, error) {
	if u.Port() == "" {
		return usual, nil
	}
	n, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil || n == 0 {
		return 0, errPort
	}
	return uint16(n), nil
}

var errPort = errors.New("want a port from 1 to 65535")

// ServerName is Host without a port.
func (c cluster) ServerName() string {
	return (&url.URL{Host: c.Host}).Hostname()
}
