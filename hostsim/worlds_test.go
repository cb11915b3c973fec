package hostsim_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/hostsim"
)

func TestRecordedAnswersInTurn(t *testing.T) {
	t.Parallel()
	h := hostsim.Recorded(hostsim.Respond(200, "one"), hostsim.Respond(429, "two"))
	for i, want := range []int{200, 429} {
		if got := h(hostsim.Get("/")); got.Status() != want {
			t.Errorf("request %d: got %d, want %d", i+1, got.Status(), want)
		}
	}
	if got := h(hostsim.Get("/")); got.Reset == "" {
		t.Errorf("one request too many: got %d, want a reset", got.Status())
	}
}

func TestEndpoint(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/slow":
			<-r.Context().Done()
		case "/cut":
			w.Header().Set("content-length", "10")
			_, _ = io.WriteString(w, "abc")
		default:
			body, _ := io.ReadAll(r.Body)
			w.Header().Set("trailer", "x-sum")
			w.Header().Add("x-many", "1")
			w.Header().Add("x-many", "2")
			w.WriteHeader(201)
			_, _ = io.WriteString(w, r.Method+" "+r.URL.RequestURI()+" "+r.Host+" "+r.Header.Get("x-a")+" "+string(body))
			w.Header().Set("x-sum", "3")
		}
	}))
	t.Cleanup(server.Close)
	h := hostsim.Endpoint(nil, server.URL)
	got := h(hostsim.Post("/a?b=c", "hello", "x-a", "v"))
	body := ""
	for _, c := range got.Chunks {
		body += string(c)
	}
	if got.Status() != 201 || body != "POST /a?b=c example.com v hello" || got.Trailers.Get("x-sum") != "3" || len(got.Headers.Values("x-many")) != 2 {
		t.Errorf("got %d %q %v %v", got.Status(), body, got.Headers, got.Trailers)
	}
	if got := h(hostsim.Get("/cut")); !strings.HasPrefix(got.Reset, "connection termination") {
		t.Errorf("an answer that is cut: got %q, want a reset", got.Reset)
	}
	slow := hostsim.Get("/slow")
	slow.Timeout = 20 * time.Millisecond
	if got := h(slow); got.Reset == "" {
		t.Errorf("an answer that is late: got %d, want a reset", got.Status())
	}
	server.Close()
	if got := h(hostsim.Get("/")); !strings.HasPrefix(got.Reset, "connection failure") {
		t.Errorf("a server that is gone: got %q, want a reset", got.Reset)
	}
}
