package serve_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

func TestAnswerFromTimer(t *testing.T) {
	t.Parallel()
	r := start(t, file{clusters: []object{cluster("up", hello(t))}, script: `
on configure
set_tick_period_milliseconds 5
return 1
on request_headers
set stream $ctx
return 3
on tick
set_effective_context $stream
send_local_response 202 late "from a timer" -1
`})
	resp, body := r.do("POST", r.url+"/", strings.NewReader("x"))
	equal(t, "answer", resp.Status+" "+body, "202 Accepted from a timer")
}

func TestCallout(t *testing.T) {
	t.Parallel()
	helper := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %s %s", r.Method, r.Host, r.URL.Path, body)
	})
	r := start(t, file{clusters: []object{cluster("up", hello(t)), cluster("helper", helper)}, script: `
on request_headers
set stream $ctx
http_call helper 5000 "question" :method=POST :path=/ask :authority=oracle
return 3
on http_call_response
get_buffer_bytes 4 0 100 > answer
set_effective_context $stream
add_header_map_value 0 x-answer $answer
continue_stream 0
on log
get_header_map_value 0 x-answer
`})
	_, body := r.do("GET", r.url+"/", nil)
	equal(t, "body", body, "hello")
	r.log.await(`get_header_map_value 0 x-answer -> 0 "POST oracle /ask question"`)
}

// TestGrpc: a plugin asks a real server, which answers in messages.
func TestGrpc(t *testing.T) {
	t.Parallel()
	helper := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("content-type", "application/grpc")
		w.Header().Set("Trailer", "grpc-status, grpc-message")
		text := fmt.Sprintf("%s %s %s %q", r.URL.Path, r.Header.Get("content-type"), r.Header.Get("x-md"), body)
		w.Write(append([]byte{0, 0, 0, 0, byte(len(text))}, text...))
		w.Header().Set("grpc-status", "0")
	})
	h2 := object{"http2_protocol_options": object{}}
	r := start(t, file{clusters: []object{cluster("up", hello(t)), cluster("helper", helper, h2)}, script: `
on request_headers
set stream $ctx
grpc_call helper pkg.Svc Do 5000 "ask" x-md=1
return 3
on grpc_receive
get_buffer_bytes 5 0 200 > answer
set_effective_context $stream
add_header_map_value 0 x-answer $answer
continue_stream 0
on log
get_header_map_value 0 x-answer
`})
	equal(t, "body", r.get(r.url), "hello")
	r.log.await("get_header_map_value 0 x-answer -> 0 " + strconv.Quote(`/pkg.Svc/Do application/grpc 1 "\x00\x00\x00\x00\x03ask"`))
}

func TestGrpcFails(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	r := start(t, file{clusters: []object{cluster("up", hello(t)), cluster("helper", l.Addr(), object{"http2_protocol_options": object{}})}, script: `
on request_headers
set stream $ctx
grpc_call helper pkg.Svc Do 5000 "ask"
return 3
on grpc_close
log 2 "closed"
set_effective_context $stream
continue_stream 0
`})
	equal(t, "body", r.get(r.url), "hello")
	contains(t, "log", r.log.String(), "grpc_close ctx=")
}
