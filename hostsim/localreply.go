package hostsim

import (
	"fmt"
	"strconv"
	"strings"
)

// A localReply is an answer that does not come from the upstream.
type localReply struct {
	code       int
	body       string
	headers    Headers // added to the host's own
	grpcStatus int     // below 0: none
	details    string
}

// sendLocalReply answers in the upstream's place. Before any response the reply
// goes through all filters; once one is under way it goes past them; when headers
// are out it can only be a reset.
func (s *Stream) sendLocalReply(r localReply) {
	if s.destroyed {
		s.replyToNobody(r)
		return
	}
	if s.parent != nil {
		s.req.aborted, s.resp.aborted = true, true
		s.parent.sendLocalReply(r) // an attempt's reply is the downstream stream's, past the attempt's own filters
		return
	}
	if s.req.calling != callNone {
		s.req.aborted = true
	} else if s.resp.calling != callNone {
		s.resp.aborted = true
	}
	s.explain(r.details)
	switch {
	case s.resp.headers == nil && s.req.calling != callNone:
		if s.prepared == nil { // the first of several is the one that counts
			s.prepared = &r // no callback runs inside another
			s.props.status = int64(r.code)
		}
	case s.resp.headers == nil:
		s.replyThroughFilters(r)
	case !s.headersOut:
		s.replyPastFilters(r)
	default:
		s.resetFromFilter(r.details)
	}
}

// replyToNobody is a reply from the log or done callback of a stream that has ended
// without a response: the client is gone, and the filters still see the reply.
func (s *Stream) replyToNobody(r localReply) {
	if s.parent != nil || s.resp.headers != nil {
		return
	}
	s.explain(r.details)
	h, body := s.buildReply(r)
	s.startResponse(h, body == "")
	if body != "" && !s.logged {
		s.resp.in.data = append(s.resp.in.data[:0], body...)
		s.continueResponse(true)
	}
}

func (s *Stream) executePreparedReply() {
	if r := s.prepared; r != nil {
		s.prepared = nil
		s.replyThroughFilters(*r)
	}
}

func (s *Stream) replyThroughFilters(r localReply) {
	h, body := s.buildReply(r)
	s.abandon()
	s.startResponse(h, body == "")
	if body != "" && !s.destroyed {
		s.resp.in.data = append(s.resp.in.data[:0], body...)
		s.continueResponse(true)
	}
}

func (s *Stream) replyPastFilters(r localReply) {
	h, body := s.buildReply(r)
	s.resp.headers = h
	s.props.status = int64(r.code)
	s.headersOut, s.resp.observedEnd = true, true
	s.client.Headers(&h.list, body == "")
	if body != "" {
		s.props.responseSize += uint64(len(body))
		s.client.Data([]byte(body), true)
	}
	s.endStream(true)
}

// buildReply makes a reply's headers and body as Envoy does: a gRPC client gets
// its status in headers, others a plain text.
func (s *Stream) buildReply(r localReply) (*headerMap, string) {
	req := Headers(nil)
	if s.req.headers != nil {
		req = s.req.headers.list
	}
	r = s.rewriteReply(r)
	h := &headerMap{kind: kindResponse}
	h.add(":status", strconv.Itoa(r.code))
	for _, f := range r.headers {
		h.add(f.Name, f.Value)
	}
	h.put(":status", strconv.Itoa(r.code)) // the plugin's headers cannot change it
	if isGrpc(req.Get("content-type")) {
		h.put(":status", "200")
		h.put("content-type", "application/grpc")
		if h.list.Get("grpc-status") == "" {
			status := r.grpcStatus
			if status < 0 {
				status = grpcStatusOf(r.code)
			}
			h.put("grpc-status", strconv.Itoa(status))
		}
		if r.body != "" && req.Get(":method") != "HEAD" {
			h.put("grpc-message", percentEncode(r.body))
		}
		h.list.Del("content-length")
		return h, ""
	}
	if r.body == "" {
		h.list.Del("content-length")
		h.list.Del("content-type")
		return h, ""
	}
	h.put("content-length", strconv.Itoa(len(r.body)))
	if _, ok := h.list.Lookup("content-type"); !ok {
		h.add("content-type", "text/plain")
	}
	if req.Get(":method") == "HEAD" {
		return h, ""
	}
	return h, r.body
}

func isGrpc(contentType string) bool {
	rest, ok := strings.CutPrefix(contentType, "application/grpc")
	return ok && (rest == "" || rest[0] == '+')
}

// grpcStatusOf maps a status code as
// https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md says.
func grpcStatusOf(code int) int {
	switch code {
	case 400:
		return 13
	case 401:
		return 16
	case 403:
		return 7
	case 404:
		return 12
	case 429, 502, 503, 504:
		return 14
	}
	return 2
}

// percentEncode is the encoding of grpc-message.
func percentEncode(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= '~' || c == '%' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// missing is the first of some names that a map lacks; "" if it has them all.
func (m *headerMap) missing(names ...string) string {
	for _, name := range names {
		if _, ok := m.list.Lookup(name); !ok {
			return name
		}
	}
	return ""
}

// hasStatus says whether there is a status that is a number.
func (m *headerMap) hasStatus() bool {
	_, err := strconv.ParseUint(m.list.Get(":status"), 10, 64)
	return err == nil
}

// missingHeaderReply answers in place of headers that a plugin has taken a pseudo-header off.
func missingHeaderReply(code int, of, name string) localReply {
	why := "missing required header: " + name
	return localReply{code: code, body: why, grpcStatus: -1,
		details: "filter_removed_required_" + of + "_headers{" + noSpace(why) + "}"}
}

// localResponse is what a callout gets when Envoy answers in the cluster's place.
func localResponse(code int, body string) Response {
	return Response{Headers: H(":status", strconv.Itoa(code), "content-length", strconv.Itoa(len(body)),
		"content-type", "text/plain"), Body: []byte(body)}
}

// resetBeforeHeaders is what a client is told. What a transport said, behind a bar in
// the reason, is for the log.
func resetBeforeHeaders(reason string, attempts int) string {
	reason, _, _ = strings.Cut(reason, "|")
	retried := ""
	if attempts > 1 {
		retried = "retried and the latest "
	}
	return "upstream connect error or disconnect/reset before headers. " + retried + "reset reason: " + reason
}
