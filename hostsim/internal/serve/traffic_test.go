package serve_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

func TestRequestAndResponse(t *testing.T) {
	t.Parallel()
	up := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Add("x-many", "1")
		w.Header().Add("x-many", "2")
		w.WriteHeader(201)
		fmt.Fprintf(w, "%s %s %s %q added=%s hop=%q length=%d", r.Method, r.RequestURI, r.Host, body,
			r.Header.Get("x-added"), r.Header.Get("x-hop"), r.ContentLength)
	})
	r := start(t, file{clusters: []object{cluster("up", up)}, script: `
on request_headers
add_header_map_value 0 x-added yes
on response_headers
add_header_map_value 2 x-seen yes
`})
	resp, body := r.do("POST", r.url+"/a%2Fb?c=d", strings.NewReader("text"), "Connection", "x-hop", "X-Hop", "1")
	host := strings.TrimPrefix(r.url, "http://")
	equal(t, "body", body, fmt.Sprintf("POST /a%%2Fb?c=d %s %q added=yes hop=\"\" length=4", host, "text"))
	equal(t, "status", resp.Status, "201 Created")
	equal(t, "x-seen", resp.Header.Get("x-seen"), "yes")
	equal(t, "x-many", strings.Join(resp.Header["X-Many"], ","), "1,2")
	equal(t, "server", resp.Header.Get("server"), "envoy")
	if resp.Header.Get("date") == "" || resp.Header.Get("x-envoy-upstream-service-time") == "" {
		t.Errorf("headers: got %v, want date and x-envoy-upstream-service-time", resp.Header)
	}
}

func TestBodyReplaced(t *testing.T) {
	t.Parallel()
	up := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %d", body, r.ContentLength)
	})
	r := start(t, file{clusters: []object{cluster("up", up)}, script: `
on request_headers
remove_header_map_value 0 content-length
return 1
on request_body open
return 1
on request_body end
set_buffer_bytes 0 0 100 "in place of it"
on response_headers
remove_header_map_value 2 content-length
return 1
on response_body open
return 1
on response_body end
set_buffer_bytes 1 0 0 "before "
`})
	resp, body := r.do("POST", r.url+"/", strings.NewReader("text"))
	equal(t, "body", body, "before in place of it -1")
	equal(t, "transfer encoding", strings.Join(resp.TransferEncoding, ","), "chunked") // short as it is
}

// TestStreaming has each side wait for what the other has sent so far: any chunk that
// is held back on the way stops the test.
func TestStreaming(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		client  func(testing.TB) *http.Client
		cluster object
	}{
		"HTTP/1.1 to HTTP/1.1": {client, nil},
		"HTTP/2 to HTTP/1.1":   {clientHTTP2, nil},
		"HTTP/2 to HTTP/2":     {clientHTTP2, object{"http2_protocol_options": object{}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			up := upstream(t, func(w http.ResponseWriter, r *http.Request) {
				c := http.NewResponseController(w)
				if r.ProtoMajor == 1 {
					c.EnableFullDuplex()
				}
				w.WriteHeader(200)
				c.Flush()
				lines := bufio.NewReader(r.Body)
				for {
					line, err := lines.ReadString('\n')
					if err != nil {
						return
					}
					io.WriteString(w, "echo "+line)
					c.Flush()
				}
			})
			r := start(t, file{clusters: []object{cluster("up", up, tt.cluster)}, script: "on log\nlog 2 \"stream is over\""})
			in, out := io.Pipe()
			req, err := http.NewRequest("POST", r.url+"/", in)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := tt.client(t).Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			lines := bufio.NewReader(resp.Body)
			for i := range 3 {
				fmt.Fprintf(out, "line %d\n", i)
				got, err := lines.ReadString('\n')
				if err != nil {
					t.Fatal(err)
				}
				equal(t, "line", got, fmt.Sprintf("echo line %d\n", i))
			}
			out.Close()
			if rest, err := io.ReadAll(lines); err != nil || len(rest) > 0 {
				t.Errorf("end of the response: got %q and %v, want nothing", rest, err)
			}
			r.log.await("stream is over")
		})
	}
}

func TestTrailers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		client  func(testing.TB) *http.Client
		cluster object
	}{
		"HTTP/1.1": {client, nil},
		"HTTP/2":   {clientHTTP2, object{"http2_protocol_options": object{}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			up := upstream(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				w.Header().Set("Trailer", "x-sum")
				fmt.Fprintf(w, "%s %s", body, r.Trailer.Get("x-end"))
				w.Header().Set("x-sum", "42")
			})
			r := start(t, file{clusters: []object{cluster("up", up, tt.cluster)}, script: `
on request_headers
return 1
on request_body
return 1
on request_trailers
replace_header_map_value 1 x-end "changed"
on response_trailers
add_header_map_value 3 x-more "seen"
`})
			req, err := http.NewRequest("POST", r.url+"/", io.MultiReader(strings.NewReader("text")))
			if err != nil {
				t.Fatal(err)
			}
			req.Trailer = http.Header{"X-End": {"original"}}
			resp, body := send(t, tt.client(t), req)
			equal(t, "body", body, "text changed")
			equal(t, "trailer x-sum", resp.Trailer.Get("x-sum"), "42")
			equal(t, "trailer x-more", resp.Trailer.Get("x-more"), "seen")
		})
	}
}

func TestClientDisconnects(t *testing.T) {
	t.Parallel()
	for name, newClient := range map[string]func(testing.TB) *http.Client{"HTTP/1.1": client, "HTTP/2": clientHTTP2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gone := make(chan struct{})
			up := upstream(t, func(w http.ResponseWriter, r *http.Request) {
				io.WriteString(w, "first")
				http.NewResponseController(w).Flush()
				<-r.Context().Done()
				close(gone)
			})
			r := start(t, file{clusters: []object{cluster("up", up)}, script: "on done\nlog 2 \"stream is done\"",
				log: "%RESPONSE_CODE% %RESPONSE_CODE_DETAILS% %RESPONSE_FLAGS% %BYTES_SENT%"})
			ctx, cancel := context.WithCancel(context.Background())
			req, err := http.NewRequestWithContext(ctx, "GET", r.url+"/", nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := newClient(t).Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if _, err := io.ReadFull(resp.Body, make([]byte, 5)); err != nil {
				t.Fatal(err)
			}
			cancel()
			<-gone
			r.log.await("stream is done")
			equal(t, "access log", r.out.lines(1)[0], "200 downstream_remote_disconnect DC 5")
		})
	}
}

// TestClientDisconnectsWhileItSends: the plugin must hear of it before the request is whole.
func TestClientDisconnectsWhileItSends(t *testing.T) {
	t.Parallel()
	r := start(t, file{clusters: []object{cluster("up", hello(t))}, script: `
on request_headers
log 2 "headers are here"
return 1
on done
log 2 "stream is done"
`})
	c, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf")
	r.log.await("headers are here")
	c.Close()
	r.log.await("stream is done")
}

// TestEarlyAnswer: a plugin answers although the client has not sent its body.
func TestEarlyAnswer(t *testing.T) {
	t.Parallel()
	r := start(t, file{clusters: []object{cluster("up", hello(t))}, script: `
on request_headers
send_local_response 403 no "not you" -1 x-why=because
`})
	c, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf")
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	equal(t, "status", resp.Status, "403 Forbidden")
	equal(t, "body", string(body), "not you")
	equal(t, "x-why", resp.Header.Get("x-why"), "because")
	equal(t, "connection", strconv.FormatBool(resp.Close), "true")
}

// TestEarlyAnswerKeepsClients: the connection cannot be used again, and clients know.
func TestEarlyAnswerKeepsClients(t *testing.T) {
	t.Parallel()
	r := start(t, file{clusters: []object{cluster("up", hello(t))}, script: `
on request_headers
send_local_response 403 no "not you" -1
`})
	for i := range 50 {
		body := io.Reader(strings.NewReader(strings.Repeat("x", i*1000)))
		if i%2 == 1 {
			body = io.MultiReader(body) // of unknown length
		}
		resp, text := r.do("POST", r.url, body)
		equal(t, "answer", resp.Status+" "+text, "403 Forbidden not you")
	}
}

// TestHeldBodyGoesOn: a plugin holds a request without a limit on its body; the
// client waits, and everything arrives once the plugin lets go.
func TestHeldBodyGoesOn(t *testing.T) {
	t.Parallel()
	const size = 8 << 20
	up := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, n, err)
	})
	r := start(t, file{clusters: []object{cluster("up", up)}, listener: object{"per_connection_buffer_limit_bytes": 64 << 10}, script: `
on configure
set_tick_period_milliseconds 50
return 1
on request_headers
set stream $ctx
return 4
on tick
set_effective_context $stream
continue_stream 0
`})
	_, answer := r.do("POST", r.url, strings.NewReader(strings.Repeat("x", size)))
	equal(t, "bytes upstream", answer, strconv.Itoa(size)+" <nil>")
}

func TestUpstreamBreaksOff(t *testing.T) {
	t.Parallel()
	up := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/later" {
			io.WriteString(w, "first")
			http.NewResponseController(w).Flush()
		}
		panic(http.ErrAbortHandler)
	})
	r := start(t, file{clusters: []object{cluster("up", up)}, script: "on done\nlog 2 \"stream is done\"",
		log: "%RESPONSE_CODE% %RESPONSE_CODE_DETAILS% %RESPONSE_FLAGS%"})
	resp, body := r.do("GET", r.url+"/at-once", nil)
	equal(t, "before headers", resp.Status+" "+body, "503 Service Unavailable upstream connect error or disconnect/reset before headers. reset reason: connection termination")
	resp, err := client(t).Get(r.url + "/later")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, err := io.ReadAll(resp.Body); err == nil {
		t.Errorf("after headers: got a whole response %q, want one cut off", b)
	}
	logged := r.out.lines(2)
	equal(t, "first line", logged[0], "503 upstream_reset_before_response_started{connection_termination} UC")
	contains(t, "second line", logged[1], "UC")
}

func TestBodyTooLarge(t *testing.T) {
	t.Parallel()
	r := start(t, file{clusters: []object{cluster("up", hello(t))}, listener: object{"per_connection_buffer_limit_bytes": 1000},
		script: "on request_headers\nreturn 1\non request_body\nreturn 1\n"})
	resp, body := r.do("POST", r.url+"/", strings.NewReader(strings.Repeat("x", 5000)))
	equal(t, "answer", resp.Status+" "+body, "413 Request Entity Too Large Payload Too Large")
}

// TestManyAtOnce has all workers and connections busy; the race detector watches.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	up := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Write(append(body, '!'))
	})
	r := start(t, file{clusters: []object{cluster("up", up)}, workers: 3, script: "on request_headers\nreturn 1\non request_body open\nreturn 1\n"})
	c := client(t)
	failed := make(chan error, 8)
	for i := range 8 {
		go func() {
			for j := range 20 {
				want := fmt.Sprintf("%d/%d %s", i, j, strings.Repeat("z", 3000*j))
				resp, err := c.Post(r.url, "text/plain", strings.NewReader(want))
				if err != nil {
					failed <- err
					return
				}
				got, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if err != nil || string(got) != want+"!" {
					failed <- fmt.Errorf("request %d/%d: got %d bytes and %v, want %d", i, j, len(got), err, len(want)+1)
					return
				}
			}
			failed <- nil
		}()
	}
	for range 8 {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
}
