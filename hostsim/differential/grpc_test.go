package differential

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/postern-gateway/postern/hostsim"
	"github.com/postern-gateway/postern/hostsim/differential/internal/frames"
)

// A grpcStep is what the server of the oldest open gRPC call does: "grpc metadata
// NAME=VALUE…", "grpc message TEXT", or "grpc end STATUS [MESSAGE]".
type grpcStep struct {
	kind    string
	fields  hostsim.Headers
	message string
	status  uint32
}

func (st step) grpc() (grpcStep, error) {
	words := append(slices.Clone(st.words), "", "")
	g := grpcStep{kind: words[0], message: words[1]}
	switch g.kind {
	case "metadata":
		g.fields = pairs(st.words[1:])
	case "message":
	case "end":
		n, err := strconv.ParseUint(words[1], 10, 32)
		if err != nil {
			return g, fmt.Errorf("step %q: want a status", st.text)
		}
		g.status, g.message = uint32(n), words[2]
	default:
		return g, fmt.Errorf("step %q: want metadata, message or end", st.text)
	}
	return g, nil
}

// prefixed is a message as gRPC sends it, without compression.
func prefixed(message []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))), message...)
}

// answerGrpc plays a step to the simulator.
func (r *simulation) answerGrpc(st step) error {
	g, err := st.grpc()
	open := slices.DeleteFunc(r.w.host.GrpcStreams(), func(s *hostsim.GrpcStream) bool { return !slices.Contains(r.grpc, s) })
	if err != nil || len(open) == 0 {
		return err
	}
	s := open[0]
	switch {
	case g.kind == "metadata":
		fields := slices.Concat(hostsim.H(":status", "200", "content-type", "application/grpc"), g.fields)
		if _, closed := s.Sent(); closed {
			fields.Add("x-envoy-upstream-service-time", "0") // as Envoy's router does once the request is whole
		}
		return onlyMisuse(s.InitialMetadata(fields))
	case s.Unary && g.kind == "message":
		r.grpcReply = []byte(g.message) // a call has its answer when its status is there
		return nil
	case s.Unary && g.status == 0:
		return onlyMisuse(s.Reply(r.grpcReply))
	case g.kind == "message":
		return onlyMisuse(s.Reply([]byte(g.message)))
	}
	end := hostsim.H("grpc-status", strconv.Itoa(int(g.status)))
	if g.message != "" {
		end.Add("grpc-message", g.message)
	}
	return errors.Join(onlyMisuse(s.TrailingMetadata(end)), onlyMisuse(s.Close(g.status, g.message)))
}

// watchGrpc notes what a plugin sends in a gRPC call.
func (r *simulation) watchGrpc(g *hostsim.GrpcStream) {
	r.pending() // callouts from before it come first
	r.grpc = append(r.grpc, g)
	h := &half{}
	r.shown = append(r.shown, h)
	fields := hostsim.H(":method", "POST", ":path", "/"+g.Service+"/"+g.Method, ":authority", g.Cluster, ":scheme", "http", "te", "trailers")
	if g.Unary {
		fields.Add("grpc-timeout", strconv.Itoa(int(g.Timeout/time.Millisecond))+"m")
	}
	h.headers("headers", append(fields, slices.Concat(hostsim.H("content-type", "application/grpc"), g.Metadata)...), false)
	sent, closed := g.Sent()
	for _, m := range sent {
		h.data(prefixed(m), false)
	}
	h.end(closed)
	g.OnMessage(func(p []byte, end bool) {
		if p != nil {
			h.data(prefixed(p), end)
		}
		h.end(end)
	})
	g.OnCancel(h.reset)
}

// grpc plays a step to Envoy.
func (r *realRun) grpc(st step) error {
	g, err := st.grpc()
	key, ok := r.openGrpc(g.kind == "end")
	if err != nil || !ok {
		return err
	}
	switch g.kind {
	case "metadata":
		fields := []frames.Field{{Name: ":status", Value: "200"}, {Name: "content-type", Value: "application/grpc"}}
		err = key.conn.Headers(key.id, append(fields, wire(g.fields)...), false)
	case "message":
		err = key.conn.Data(key.id, prefixed([]byte(g.message)), false)
	default:
		end := []frames.Field{{Name: "grpc-status", Value: strconv.Itoa(int(g.status))}}
		if g.message != "" {
			end = append(end, frames.Field{Name: "grpc-message", Value: g.message})
		}
		err = key.conn.Headers(key.id, end, true)
	}
	if err != nil {
		return err
	}
	return r.w.settle(key.conn)
}

// openGrpc is the oldest call that has not been ended.
func (r *realRun) openGrpc(end bool) (peerStream, bool) {
	r.w.mu.Lock()
	defer r.w.mu.Unlock()
	for i := range r.callouts {
		if c := &r.callouts[i]; !c.answered {
			c.answered = end
			return c.key, true
		}
	}
	return peerStream{}, false
}
