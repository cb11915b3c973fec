package serve

import (
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/postern-gateway/postern/hostsim"
	"github.com/postern-gateway/postern/hostsim/internal/format"
)

// timing is when the parts of an exchange went by.
type timing struct {
	requestEnd, headersOut time.Time
}

func (t *timing) requestSent(*exchange) { t.requestEnd = time.Now() }
func (t *timing) firstByte(*exchange)   { t.headersOut = time.Now() }

var _ format.Stream = (*exchange)(nil)

// Header returns a header for a format.
func (ex *exchange) Header(from format.Source, name string) (string, bool) {
	switch from {
	case format.Request:
		return joined(ex.summary.Request, name)
	case format.Response:
		return joined(ex.summary.Response, name)
	}
	return joined(ex.summary.Trailers, name)
}

// FilterState returns what a plugin stored.
func (ex *exchange) FilterState(name string) ([]byte, bool) {
	return ex.summary.FilterState(name)
}

// answered is the exchange as the router sees it when an answer comes in, which is
// not while the worker is held.
type answered struct {
	*exchange
	attempt *attempt
	status  int
}

// Header knows the request as it went upstream.
func (v answered) Header(from format.Source, name string) (string, bool) {
	if from != format.Request {
		return "", false
	}
	return joined(v.attempt.headers, name)
}

// FilterState takes the worker for a moment.
func (v answered) FilterState(name string) ([]byte, bool) { return v.stream.FilterState(name) }

// Info knows the status that came.
func (v answered) Info(name string) (format.Value, bool) {
	if name == "RESPONSE_CODE" {
		return format.Int(int64(v.status)), true
	}
	return v.exchange.Info(name)
}

// Start is when the request came.
func (ex *exchange) Start() time.Time { return ex.start }

// Info returns the value of an operator without arguments.
func (ex *exchange) Info(name string) (format.Value, bool) {
	switch name {
	case "PROTOCOL":
		return format.String(protocol(ex.r.ProtoMajor, ex.r.ProtoMinor)), true
	case "RESPONSE_CODE":
		return format.Int(int64(ex.status)), true
	case "RESPONSE_CODE_DETAILS":
		return text(ex.summary.Details)
	case "RESPONSE_FLAGS", "RESPONSE_FLAGS_LONG":
		return text(ex.flagList())
	case "BYTES_RECEIVED":
		return format.Int(int64(ex.summary.RequestBytes)), true
	case "BYTES_SENT":
		return format.Int(int64(ex.sent)), true
	case "LOCAL_REPLY_BODY":
		return text(ex.localBody)
	case "STREAM_ID":
		return text(joinedOr(ex.summary.Request, "x-request-id"))
	case "CONNECTION_ID":
		return format.Int(int64(ex.conn.id)), true
	case "GRPC_STATUS_NUMBER":
		v := joinedOr(ex.summary.Trailers, "grpc-status")
		if v == "" {
			v = joinedOr(ex.summary.Response, "grpc-status")
		}
		return format.Value{Text: v, Number: true}, v != ""
	case "ROUTE_NAME":
		if ex.route != nil {
			return text(ex.route.Name)
		}
		return format.Value{}, false
	}
	if v, ok := ex.durations(name); ok {
		return format.Int(v.Milliseconds()), v >= 0
	}
	if strings.HasPrefix(name, "UPSTREAM_") {
		return ex.upstreamInfo(name)
	}
	return ex.addressInfo(name)
}

// flagList is why the response is not the upstream's own.
func (ex *exchange) flagList() string {
	ex.mu.Lock()
	defer ex.mu.Unlock()
	flags := ex.flags
	switch ex.summary.Details {
	case "response_timeout":
		flags = append(flags, "UT")
	case "no_healthy_upstream":
		flags = append(flags, "UH")
	}
	return strings.Join(flags, ",")
}

// durations are below 0 when they have no end.
func (ex *exchange) durations(name string) (time.Duration, bool) {
	until := func(t time.Time) time.Duration {
		if t.IsZero() {
			return -1
		}
		return t.Sub(ex.start)
	}
	switch name {
	case "DURATION":
		return time.Since(ex.start), true
	case "REQUEST_DURATION", "REQUEST_TX_DURATION":
		return until(ex.timing.requestEnd), true
	case "RESPONSE_DURATION":
		return until(ex.timing.headersOut), true
	case "RESPONSE_TX_DURATION":
		if ex.timing.headersOut.IsZero() {
			return -1, true
		}
		return time.Since(ex.timing.headersOut), true
	}
	return 0, false
}

func (ex *exchange) upstreamInfo(name string) (format.Value, bool) {
	if name == "UPSTREAM_REQUEST_ATTEMPT_COUNT" {
		return format.Int(int64(ex.summary.Attempts)), true
	}
	if ex.cluster == nil || len(ex.tried) == 0 {
		return format.Value{}, false
	}
	last := ex.tried[len(ex.tried)-1]
	switch name {
	case "UPSTREAM_HOST", "UPSTREAM_REMOTE_ADDRESS":
		return text(last.addr)
	case "UPSTREAM_CLUSTER", "UPSTREAM_CLUSTER_RAW":
		return text(last.owner.config.Name)
	case "UPSTREAM_PROTOCOL":
		if last.owner.config.HTTP2 {
			return text("HTTP/2")
		}
		return text("HTTP/1.1")
	}
	return format.Value{}, false
}

func (ex *exchange) addressInfo(name string) (format.Value, bool) {
	addr := ex.conn.local
	if strings.Contains(name, "REMOTE") {
		addr = ex.r.RemoteAddr
	}
	host, port, err := net.SplitHostPort(addr)
	switch {
	case err != nil:
		return format.Value{}, false
	case strings.HasSuffix(name, "_WITHOUT_PORT"):
		return text(host)
	case strings.HasSuffix(name, "_PORT"):
		return format.Value{Text: port, Number: true}, true
	case strings.HasSuffix(name, "_ADDRESS"):
		return text(addr)
	}
	if name == "REQUESTED_SERVER_NAME" && ex.r.TLS != nil {
		return text(ex.r.TLS.ServerName)
	}
	return format.Value{}, false
}

func text(s string) (format.Value, bool) { return format.String(s), s != "" }

func joinedOr(h hostsim.Headers, name string) string {
	v, _ := joined(h, name)
	return v
}

func protocol(major, minor int) string {
	if major == 2 {
		return "HTTP/2"
	}
	return "HTTP/" + strconv.Itoa(major) + "." + strconv.Itoa(minor)
}
