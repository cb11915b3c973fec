package serve

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/postern-gateway/postern/hostsim/internal/bootstrap"
)

// A cluster sends requests to its endpoints.
type cluster struct {
	config  bootstrap.Cluster
	members []*cluster      // of an aggregate
	plugins []int           // upstream plugins
	levels  [][]endpoint    // by priority
	turns   []atomic.Uint32 // whose turn it is, by priority
	metrics clusterMetrics

	mu         sync.Mutex
	transports map[transportKey]*http.Transport
}

// An endpoint is where requests go.
type endpoint struct {
	bootstrap.Endpoint
	owner *cluster // itself a member of an aggregate
	addr  string
	level int
	tls   *bootstrap.ClientTLS
}

// transportKey is what connections may not be shared over.
type transportKey struct {
	tls   *bootstrap.ClientTLS
	sni   string
	http2 bool
}

func newCluster(c bootstrap.Cluster) *cluster {
	k := &cluster{config: c, transports: map[transportKey]*http.Transport{}}
	top := 0
	for _, e := range c.Endpoints {
		top = max(top, e.Priority)
	}
	k.levels, k.turns = make([][]endpoint, top+1), make([]atomic.Uint32, top+1)
	for _, e := range c.Endpoints {
		one := endpoint{Endpoint: e, owner: k, addr: e.Address.String(), level: e.Priority, tls: c.TLS}
		for _, m := range c.TLSMatches {
			if m.Applies(e) {
				one.tls = m.TLS
				break
			}
		}
		for range e.Weight {
			k.levels[e.Priority] = append(k.levels[e.Priority], one)
			if len(k.levels[e.Priority]) >= maxTurns {
				break
			}
		}
	}
	return k
}

// maxTurns bounds what a weight can do to the list of turns.
const maxTurns = 10000

// level is one priority of a cluster, its own or a member's.
type level struct {
	owner *cluster
	index int
}

// priorities lists all levels in order; an aggregate has those of its members.
func (c *cluster) priorities() []level {
	if len(c.members) == 0 {
		all := make([]level, 0, len(c.levels))
		for i := range c.levels {
			if len(c.levels[i]) > 0 {
				all = append(all, level{c, i})
			}
		}
		return all
	}
	var all []level
	for _, m := range c.members {
		all = append(all, m.priorities()...)
	}
	return all
}

// pick chooses an endpoint: of the first priority, or of one that was not tried
// when the policy says so.
func (c *cluster) pick(retry *bootstrap.Retry, tried []*endpoint) *endpoint {
	levels := c.priorities()
	if retry != nil && retry.OtherPriority && len(tried) > 0 {
		rest := slices.DeleteFunc(slices.Clone(levels), func(l level) bool {
			return slices.ContainsFunc(tried, func(e *endpoint) bool { return e.owner == l.owner && e.level == l.index })
		})
		if len(rest) > 0 {
			levels = rest
		}
	}
	if len(levels) == 0 {
		return nil
	}
	l := levels[0]
	list := l.owner.levels[l.index]
	for range len(list) {
		e := &list[int(l.owner.turns[l.index].Add(1)-1)%len(list)]
		if retry == nil || !retry.OtherHost || !slices.ContainsFunc(tried, func(t *endpoint) bool { return t.addr == e.addr }) {
			return e
		}
	}
	return &list[0]
}

// hostname is what auto_host_rewrite makes of the request's host.
func (e *endpoint) hostname() string {
	if e.Hostname == "" && e.owner.config.DNS {
		return e.Address.Host
	}
	return e.Hostname
}

// transport returns the connections for an endpoint and a request's host.
func (e *endpoint) transport(host string, clientHTTP2 bool) *http.Transport {
	c := e.owner
	key := transportKey{tls: e.tls, http2: c.config.HTTP2 || c.config.SameHTTP && clientHTTP2}
	if e.tls != nil {
		key.sni = e.tls.SNI
		if e.tls.HostSNI && e.Hostname != "" {
			key.sni = e.Hostname
		}
		if c.config.AutoSNI {
			key.sni, _, _ = strings.Cut(host, ":")
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.transports[key]
	if t == nil {
		t = c.newTransport(key)
		c.transports[key] = t
	}
	return t
}

func (c *cluster) newTransport(key transportKey) *http.Transport {
	dialer := &net.Dialer{Timeout: c.config.ConnectTimeout, KeepAlive: 30 * time.Second}
	t := &http.Transport{
		DisableCompression:  true,
		MaxIdleConnsPerHost: 1024,
		IdleConnTimeout:     c.config.IdleTimeout,
		TLSHandshakeTimeout: c.config.ConnectTimeout,
		Protocols:           new(http.Protocols),
		HTTP2:               http2Config(c.config.Settings),
		ReadBufferSize:      32 << 10,
		WriteBufferSize:     16 << 10,
	}
	network := "tcp"
	switch c.config.Family {
	case "V4_ONLY":
		network = "tcp4"
	case "V6_ONLY":
		network = "tcp6"
	}
	t.DialContext = func(ctx context.Context, _, addr string) (net.Conn, error) {
		c.metrics.connections.Add(1)
		return dialer.DialContext(ctx, network, addr)
	}
	switch {
	case key.http2:
		t.Protocols.SetHTTP2(true)
		t.Protocols.SetUnencryptedHTTP2(true)
	case c.config.AutoHTTP:
		t.Protocols.SetHTTP1(true)
		t.Protocols.SetHTTP2(true)
	default:
		t.Protocols.SetHTTP1(true)
	}
	if key.tls != nil {
		t.TLSClientConfig = c.clientTLS(key)
	}
	return t
}

// clientTLS verifies as Envoy does: the chain when there are roots, a name only
// when one is asked for.
func (c *cluster) clientTLS(key transportKey) *tls.Config {
	cfg := key.tls.Config.Clone()
	cfg.ServerName = key.sni
	cfg.NextProtos = key.tls.ALPN
	cfg.InsecureSkipVerify = true // VerifyConnection does it
	if key.tls.Unverified {
		return cfg
	}
	autoName := ""
	if c.config.AutoVerify || key.tls.VerifySNI {
		autoName = key.sni
	}
	cfg.VerifyConnection = func(s tls.ConnectionState) error {
		opts := x509.VerifyOptions{Roots: cfg.RootCAs, Intermediates: x509.NewCertPool(), DNSName: autoName}
		for _, cert := range s.PeerCertificates[1:] {
			opts.Intermediates.AddCert(cert)
		}
		leaf := s.PeerCertificates[0]
		if _, err := leaf.Verify(opts); err != nil {
			return &tls.CertificateVerificationError{UnverifiedCertificates: s.PeerCertificates, Err: err}
		}
		if err := verifyName(key.tls.Names, leaf); err != nil {
			return &tls.CertificateVerificationError{UnverifiedCertificates: s.PeerCertificates, Err: err}
		}
		return nil
	}
	return cfg
}

func verifyName(wanted []bootstrap.Matcher, leaf *x509.Certificate) error {
	if len(wanted) == 0 {
		return nil
	}
	names := slices.Clone(leaf.DNSNames)
	for _, ip := range leaf.IPAddresses {
		names = append(names, ip.String())
	}
	for _, u := range leaf.URIs {
		names = append(names, u.String())
	}
	for _, match := range wanted {
		if slices.ContainsFunc(names, match) {
			return nil
		}
	}
	return errors.New("verify SAN list failed")
}

// closeIdle ends the connections that carry nothing.
func (c *cluster) closeIdle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.transports {
		t.CloseIdleConnections()
	}
}

// resetReason is Envoy's word for what broke an attempt, and the flag of the log.
func resetReason(err error) (reason, flag string) {
	var op *net.OpError
	var verify *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &op) && op.Op == "dial":
		if op.Timeout() {
			return "connection timeout", "UF"
		}
		return "remote connection failure|delayed connect error: " + cause(op), "UF"
	case errors.As(err, &verify), errors.As(err, &record), strings.Contains(err.Error(), "tls: "):
		return "remote connection failure|TLS_error: " + tlsCause(err), "UF"
	case strings.Contains(err.Error(), "REFUSED_STREAM"):
		return "remote refused stream reset", "UR"
	case strings.Contains(err.Error(), "http2: "), strings.Contains(err.Error(), "stream error"):
		return "remote reset", "UR"
	case strings.Contains(err.Error(), "malformed"), strings.Contains(err.Error(), "bad Content-Length"):
		return "protocol error", "UPE"
	}
	return "connection termination", "UC"
}

// tlsCause says why TLS failed without the certificate's own words.
func tlsCause(err error) string {
	var verify *tls.CertificateVerificationError
	if errors.As(err, &verify) {
		return "certificate verify failed"
	}
	return "handshake failed"
}

// cause is the operating system's own word.
func cause(err *net.OpError) string {
	text := err.Err.Error()
	if i := strings.LastIndex(text, ": "); i >= 0 {
		text = text[i+2:]
	}
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// newClusters makes all clusters and joins aggregates to their members.
func newClusters(list []bootstrap.Cluster) (map[string]*cluster, error) {
	all := map[string]*cluster{}
	for _, c := range list {
		all[c.Name] = newCluster(c)
	}
	for _, c := range all {
		for _, name := range c.config.Aggregate {
			m := all[name]
			if m == nil || len(m.config.Aggregate) > 0 {
				return nil, fmt.Errorf("cluster %q: member %q is an aggregate or missing", c.config.Name, name)
			}
			c.members = append(c.members, m)
		}
	}
	return all, nil
}
