package serve

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"

	"github.com/postern-gateway/postern/hostsim"
)

// grpcStatuses that a client gives itself.
// https://github.com/grpc/grpc/blob/master/doc/statuscodes.md
const (
	grpcUnknown     = 2
	grpcUnavailable = 14
)

// A grpcCall carries a plugin's gRPC call or stream to a cluster, over HTTP/2.
type grpcCall struct {
	stream *hostsim.GrpcStream
	body   pipe
	mu     sync.Mutex
	sent   int // messages in body
}

// grpc answers the plugins' own gRPC calls to a cluster.
func (c *cluster) grpc(s *Server) hostsim.GrpcHandler {
	return func(g *hostsim.GrpcStream) {
		ctx, cancel := context.WithCancel(s.base)
		defer cancel()
		call := &grpcCall{stream: g}
		call.body.init()
		g.OnCancel(func() {
			cancel()
			call.body.abort()
		})
		g.OnMessage(func([]byte, bool) { call.pump() })
		call.pump()
		status, message := call.run(ctx, c)
		if ctx.Err() == nil {
			_ = g.Close(status, message) //nolint:errcheck // traps are logged where they happen
		}
	}
}

// pump sends what the plugin has said since the last time.
func (call *grpcCall) pump() {
	call.mu.Lock()
	defer call.mu.Unlock()
	messages, closed := call.stream.Sent()
	for _, m := range messages[call.sent:] {
		frame := binary.BigEndian.AppendUint32(make([]byte, 1, 5+len(m)), uint32(len(m)))
		call.body.write(append(frame, m...), false)
	}
	call.sent = len(messages)
	if closed {
		call.body.write(nil, true)
	}
}

// run sends the request and gives the plugin what comes back; it returns the status.
func (call *grpcCall) run(ctx context.Context, c *cluster) (status uint32, message string) {
	g := call.stream
	to := c.pick(nil, nil)
	if to == nil {
		return grpcUnavailable, "no healthy upstream"
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+to.addr+"/"+g.Service+"/"+g.Method, &call.body)
	if err != nil {
		return grpcUnknown, "malformed method"
	}
	if to.tls != nil {
		r.URL.Scheme = "https"
	}
	r.Host = c.config.Name // what Envoy's own client calls the authority
	fill(r.Header, g.Metadata)
	r.Header["Content-Type"], r.Header["Te"] = []string{"application/grpc"}, []string{"trailers"}
	m := &to.owner.metrics
	m.requests.Add(1)
	m.begin()
	defer m.end()
	resp, err := to.transport(r.Host, true).RoundTrip(r)
	if err != nil {
		m.failures.Add(1)
		reason, _ := resetReason(err)
		return grpcUnavailable, resetText(reason)
	}
	defer resp.Body.Close()
	m.answered(resp.StatusCode)
	return call.receive(resp)
}

func (call *grpcCall) receive(resp *http.Response) (uint32, string) {
	g := call.stream
	if resp.StatusCode != http.StatusOK {
		return grpcUnavailable, "HTTP status " + strconv.Itoa(resp.StatusCode)
	}
	_ = g.InitialMetadata(appendHeaders(statusLine(resp), resp.Header)) //nolint:errcheck // traps are logged where they happen
	for {
		message, err := readMessage(resp.Body)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return grpcUnavailable, "connection termination"
		}
		_ = g.Reply(message) //nolint:errcheck // see above
	}
	trailers := resp.Trailer
	if trailers.Get("Grpc-Status") == "" {
		trailers = resp.Header // an answer without messages has everything in its headers
	} else {
		_ = g.TrailingMetadata(appendHeaders(nil, trailers)) //nolint:errcheck // see above
	}
	status, err := strconv.ParseUint(trailers.Get("Grpc-Status"), 10, 32)
	if err != nil {
		return grpcUnknown, "no status"
	}
	return uint32(status), trailers.Get("Grpc-Message")
}

// readMessage reads a message with its prefix; io.EOF is an end between messages.
func readMessage(r io.Reader) ([]byte, error) {
	var prefix [5]byte
	if _, err := io.ReadFull(r, prefix[:]); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(prefix[1:])
	if prefix[0] != 0 || size > maxCallout {
		return nil, errTooLarge
	}
	p := make([]byte, size)
	if _, err := io.ReadFull(r, p); err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	return p, nil
}

func resetText(reason string) string {
	return "upstream connect error or disconnect/reset before headers. reset reason: " + reason
}
