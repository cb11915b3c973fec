package serve

import (
	"context"
	"errors"
	"log"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/postern-gateway/postern/hostsim"
	"github.com/postern-gateway/postern/hostsim/internal/bootstrap"
)

// A listener serves one port.
type listener struct {
	server  *Server
	config  bootstrap.Listener
	routes  *table
	plugins []int
	logs    []accessLog
	socket  net.Listener
	http    *http.Server
	metrics listenerMetrics
}

type accessLog struct {
	file   *logFile
	format *bootstrap.Format
	filter bootstrap.Condition
}

// A connection is what its streams have in common.
type connection struct {
	id         uint64
	local      string
	properties map[string]any
}

type connectionKey struct{}

func (l *listener) start() error {
	socket, err := net.Listen("tcp", l.config.Address.String())
	if err != nil {
		return err
	}
	l.socket = socket
	m := &l.config.HCM
	protocols := new(http.Protocols)
	protocols.SetHTTP1(m.Codec != "HTTP2")
	protocols.SetHTTP2(m.Codec != "HTTP1")
	protocols.SetUnencryptedHTTP2(m.Codec != "HTTP1")
	l.http = &http.Server{
		Handler:           http.HandlerFunc(l.serve),
		Protocols:         protocols,
		HTTP2:             http2Config(m.HTTP2),
		MaxHeaderBytes:    m.MaxHeaderBytes,
		ReadHeaderTimeout: m.HeadersTimeout,
		IdleTimeout:       m.IdleTimeout,
		ErrorLog:          log.New(discard{}, "", 0), // clients' mistakes are not the operator's
		ConnContext:       l.connected,
		ConnState:         l.changed,
	}
	if l.config.TLS != nil {
		l.http.TLSConfig = l.config.TLS.Config
	}
	return nil
}

// http2Config takes over what Go's library lets be set.
func http2Config(h bootstrap.HTTP2) *http.HTTP2Config {
	return &http.HTTP2Config{MaxConcurrentStreams: h.MaxStreams, MaxReceiveBufferPerStream: h.StreamWindow,
		MaxReceiveBufferPerConnection: h.ConnWindow, SendPingTimeout: h.PingInterval, PingTimeout: h.PingTimeout}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// run serves until the listener is closed.
func (l *listener) run() error {
	var err error
	if l.config.TLS != nil {
		err = l.http.ServeTLS(l.socket, "", "")
	} else {
		err = l.http.Serve(l.socket)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func (l *listener) connected(ctx context.Context, c net.Conn) context.Context {
	id := l.server.connections.Add(1)
	return context.WithValue(ctx, connectionKey{}, &connection{
		id: id, local: c.LocalAddr().String(), properties: l.properties(id, c),
	})
}

// properties are the attributes of a connection.
func (l *listener) properties(id uint64, c net.Conn) map[string]any {
	side := func(a net.Addr) map[string]any {
		p := map[string]any{"address": a.String()}
		if tcp, ok := a.(*net.TCPAddr); ok {
			p["port"] = int64(tcp.Port)
		}
		return p
	}
	return map[string]any{
		"source":             side(c.RemoteAddr()),
		"destination":        side(c.LocalAddr()),
		"connection":         map[string]any{"id": id},
		"connection_id":      id,
		"cluster_name":       l.server.cluster,
		"listener_name":      l.config.Name,
		"node":               map[string]any{"id": l.server.node, "cluster": l.server.cluster},
		"listener_direction": int64(0),
	}
}

func (l *listener) changed(_ net.Conn, s http.ConnState) {
	switch s {
	case http.StateNew:
		l.metrics.connections.Add(1)
		l.metrics.activeConnections.Add(1)
	case http.StateClosed, http.StateHijacked:
		l.metrics.activeConnections.Add(-1)
	}
}

// serve carries one request.
func (l *listener) serve(w http.ResponseWriter, r *http.Request) {
	s := l.server
	if l.config.HCM.RejectUnderscore == "REJECT_REQUEST" && hasUnderscore(r.Header) {
		w.WriteHeader(http.StatusBadRequest) // as a codec would: nobody behind it sees the request
		return
	}
	s.running.Add(1)
	defer s.running.Done()
	l.metrics.requests.Add(1)
	l.metrics.active.Add(1)
	ex := &exchange{server: s, listener: l, w: w, r: r, control: http.NewResponseController(w), start: time.Now()}
	ex.conn, _ = r.Context().Value(connectionKey{}).(*connection)
	ex.change.L = &ex.mu
	if r.ProtoMajor == 1 {
		_ = ex.control.EnableFullDuplex() //nolint:errcheck // net/http's own writer can
	}
	worker := s.load.take()
	ex.stream = s.host.NewStream(hostsim.StreamOptions{
		Worker: worker, Client: toClient{ex}, Upstream: toUpstream{ex}, Properties: ex.conn.properties,
		Plugins: l.plugins, BufferLimit: l.config.BufferLimit, Route: ex.routeRequest, Replies: ex.rewriteReply, Slow: ex.slow, Redirected: ex.redirected, Done: ex.done,
	})
	ex.startTimers()
	ex.serve()
	s.load.give(worker)
	l.metrics.active.Add(-1)
	ex.log()
	if ex.aborted {
		panic(http.ErrAbortHandler) // net/http's way to cut a response: it closes the connection or resets the stream
	}
}

func hasUnderscore(h http.Header) bool {
	for name := range h {
		if strings.Contains(name, "_") {
			return true
		}
	}
	return false
}

// A load knows how many streams each worker has.
type load []atomic.Int32

// take picks a worker with the fewest streams.
func (l load) take() int {
	best := 0
	for i := range l {
		if l[i].Load() < l[best].Load() {
			best = i
		}
	}
	l[best].Add(1)
	return best
}

func (l load) give(worker int) { l[worker].Add(-1) }
