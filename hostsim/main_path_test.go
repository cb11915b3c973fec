package hostsim_test

import (
	"testing"

	"github.com/postern-gateway/postern/hostsim"
)

func TestMainPath(t *testing.T) {
	t.Parallel()
	h := start(t, `
on request_headers
get_header_map_value 0 :path
add_header_map_value 0 x-added "by probe"
return 1
on request_body end
get_buffer_bytes 0 0 100
set_buffer_bytes 0 0 100 "other body"
on response_headers
replace_header_map_value 2 x-seen yes
on response_body
get_buffer_bytes 1 0 100
`)
	s := h.NewStream(hostsim.StreamOptions{})
	resp, err := s.Do(hostsim.Post("/a", "body"))
	if err != nil {
		t.Fatal(err)
	}
	if resp.Status() != 200 || string(resp.Body) != "hello" || resp.Headers.Get("x-seen") != "yes" {
		t.Errorf("response: got %+v", resp)
	}
	up, complete := s.Upstream()
	if !complete || string(up.Body) != "other body" || up.Headers.Get("x-added") != "by probe" {
		t.Errorf("upstream request: got %+v", up)
	}
	wantLog(t, h, `
context_create ctx=2 1
request_headers ctx=2 4 0
  get_header_map_value 0 :path -> 0 "/a"
  add_header_map_value 0 x-added "by probe" -> 0
request_headers ctx=2 => 1
request_body ctx=2 4 1
  get_buffer_bytes 0 0 100 -> 0 "body"
  set_buffer_bytes 0 0 100 "other body" -> 0
request_body ctx=2 => 0
response_headers ctx=2 1 0
  replace_header_map_value 2 x-seen yes -> 0
response_headers ctx=2 => 0
response_body ctx=2 5 1
  get_buffer_bytes 1 0 100 -> 0 "hello"
response_body ctx=2 => 0
log ctx=2
done ctx=2
done ctx=2 => 1
delete ctx=2
`)
}
