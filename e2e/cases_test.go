package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-gateway/postern/e2e/envoy"
	"github.com/postern-gateway/postern/hostsim"
	"github.com/postern-gateway/postern/plugin/cases"
)

func loadCases(t *testing.T) []cases.Case {
	t.Helper()
	all, err := cases.Load(os.DirFS("../plugin/cases"), "testdata")
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestCasesInHostsim runs every case on the built module in the simulator.
func TestCasesInHostsim(t *testing.T) {
	module := compiled(t)
	for _, c := range loadCases(t) {
		t.Run(c.Name, func(t *testing.T) {
			var upstream []*cases.Message
			answer := 0
			calls := &calls{want: c.Callouts()}
			handler := func(r hostsim.Request) hostsim.Response {
				if _, ours := r.Headers.Lookup("x-postern-cluster"); !ours {
					return hostsim.Respond(200, "another application")
				}
				upstream = append(upstream, fromHostsim(r))
				e := c.Exchanges[answer]
				if e.UpstreamResponse == nil {
					return hostsim.Respond(599, "this case has no upstream response")
				}
				return toHostsim(*e.UpstreamResponse)
			}
			host := hostsim.Start(t, hostsim.Config{
				Plugin: hostsim.Plugin{Module: module, Name: "postern", RootID: "postern", Configuration: string(c.Config),
					VM: hostsim.VM{ID: "postern", Env: environment}, AllowOnHeadersStopIteration: true},
				Upstream: handler, Clusters: map[string]hostsim.Handler{cases.CallsTo(c.Name): calls.answer},
			})
			for i, e := range c.Exchanges {
				answer, upstream = i, nil
				stream := host.NewStream(hostsim.StreamOptions{})
				got, err := stream.Do(requestForHostsim(e.Request))
				if err != nil {
					t.Fatalf("exchange %d: %v", i+1, err)
				}
				checkUpstream(t, e, upstream)
				check(t, i, e, fromResponse(got))
				if e.Record != nil {
					record, _ := stream.FilterState("postern")
					for _, d := range cases.CompareRecord(record, e.Record) {
						t.Errorf("exchange %d: %s", i+1, d)
					}
				}
			}
			calls.check(t)
		})
	}
}

// TestCasesInEnvoy runs every case in Envoy, the answers cut in four.
func TestCasesInEnvoy(t *testing.T) {
	s := start(t)
	for _, c := range loadCases(t) {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			for i, e := range c.Exchanges {
				id := c.Name + "/" + strconv.Itoa(i+1)
				got, err := send(s.listeners["case "+c.Name], id, e.Request)
				if err != nil {
					t.Fatalf("exchange %d: %v", i+1, err)
				}
				checkUpstream(t, e, s.upstream.seen(id))
				check(t, i, e, got)
				if e.Record != nil {
					for _, d := range cases.CompareRecord([]byte(s.record(t, id)), e.Record) {
						t.Errorf("exchange %d: %s", i+1, d)
					}
				}
			}
			s.calls[c.Name].check(t)
		})
	}
}

func check(t *testing.T, i int, e cases.Exchange, got cases.Message) {
	t.Helper()
	for _, d := range e.Response.Compare(got) {
		t.Errorf("exchange %d: response: %s", i+1, d)
	}
}

func checkUpstream(t *testing.T, e cases.Exchange, got []*cases.Message) {
	t.Helper()
	switch {
	case e.UpstreamRequest == nil && len(got) > 0:
		t.Errorf("a provider got %s, want nothing", got[0])
	case e.UpstreamRequest != nil && len(got) != 1:
		t.Errorf("the provider got %d requests, want one", len(got))
	case e.UpstreamRequest != nil:
		for _, d := range e.UpstreamRequest.Compare(*got[0]) {
			t.Errorf("upstream request: %s", d)
		}
	}
}

// cases adds a listener for every case, and the cluster names that they use.
func (s *suite) cases(add func(string, envoy.Listener) error) ([]any, error) {
	all, err := cases.Load(os.DirFS("../plugin/cases"), "testdata")
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		p := envoy.Plugin{Module: modulePath(), Configuration: string(c.Config), Environment: environment}
		if err := add("case "+c.Name, envoy.Listener{Filters: []any{p.Filter()}, Buffer: 64 << 20}); err != nil {
			return nil, err
		}
	}
	s.upstream, err = newCaseUpstream(all)
	if err != nil {
		return nil, err
	}
	var clusters []any
	s.calls = map[string]*calls{}
	for _, c := range all {
		s.calls[c.Name] = &calls{want: c.Callouts()}
		if len(s.calls[c.Name].want) == 0 {
			continue
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		go http.Serve(l, s.calls[c.Name])
		clusters = append(clusters, envoy.Cluster(cases.CallsTo(c.Name), l.Addr().String()))
	}
	for _, name := range []string{"openai", "anthropic", "gemini", "vertex", "ollama", "cohere"} {
		clusters = append(clusters, envoy.Cluster(name, s.upstream.address))
	}
	nobody, err := envoy.DeadAddress()
	if err != nil {
		return nil, err
	}
	return append(clusters, envoy.Cluster("dead", nobody)), nil
}

// caseUpstream answers as the cases say; a request names its exchange in x-case.
type caseUpstream struct {
	address string
	mu      sync.Mutex
	answers map[string]*cases.Message
	got     map[string][]*cases.Message
}

func newCaseUpstream(all []cases.Case) (*caseUpstream, error) {
	u := &caseUpstream{answers: map[string]*cases.Message{}, got: map[string][]*cases.Message{}}
	for _, c := range all {
		for i, e := range c.Exchanges {
			u.answers[c.Name+"/"+strconv.Itoa(i+1)] = e.UpstreamResponse
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	u.address = l.Addr().String()
	go http.Serve(l, u)
	return u, nil
}

func (u *caseUpstream) seen(id string) []*cases.Message {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.got[id]
}

func (u *caseUpstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the gateway has given up: what it says to the client is checked
	}
	id := r.Header.Get("x-case")
	u.mu.Lock()
	u.got[id] = append(u.got[id], fromHTTP(r.Method+" "+r.URL.RequestURI(), r.Host, r.Header, body))
	answer := u.answers[id]
	u.mu.Unlock()
	if answer == nil {
		w.WriteHeader(599)
		return
	}
	for _, h := range answer.Headers {
		w.Header().Set(h.Name, h.Value)
	}
	stream := answer.Streams()
	if !stream {
		w.Header().Set("content-length", strconv.Itoa(len(answer.Body)))
	}
	status, _ := strconv.Atoi(answer.First)
	w.WriteHeader(status)
	const pieces = 4
	for i := range pieces {
		w.Write(answer.Body[i*len(answer.Body)/pieces : (i+1)*len(answer.Body)/pieces])
		if stream {
			w.(http.Flusher).Flush()
			time.Sleep(2 * time.Millisecond) // so that the network does not join the pieces again
		}
	}
}

// send plays the client of a case.
func send(address, id string, m cases.Message) (cases.Message, error) {
	method, path, _ := strings.Cut(m.First, " ")
	r, err := http.NewRequest(method, "http://"+address+path, bytes.NewReader(m.Body))
	if err != nil {
		return cases.Message{}, err
	}
	r.Header.Set("x-case", id)
	for _, h := range m.Headers {
		if h.Name == "host" {
			r.Host = h.Value
		} else {
			r.Header.Add(h.Name, h.Value)
		}
	}
	client := http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableCompression: true}}
	defer client.CloseIdleConnections()
	resp, err := client.Do(r)
	if err != nil {
		return cases.Message{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return cases.Message{}, fmt.Errorf("read the answer: %w", err)
	}
	got := fromHTTP(strconv.Itoa(resp.StatusCode), "", resp.Header, body)
	return *got, nil
}

func fromHTTP(first, host string, header http.Header, body []byte) *cases.Message {
	m := &cases.Message{First: first, Body: body}
	if host != "" {
		m.Headers = append(m.Headers, cases.Header{Name: "host", Value: host})
	}
	for name, values := range header {
		for _, v := range values {
			m.Headers = append(m.Headers, cases.Header{Name: strings.ToLower(name), Value: v})
		}
	}
	return m
}

func requestForHostsim(m cases.Message) hostsim.Request {
	method, path, _ := strings.Cut(m.First, " ")
	host := m.Get("host")
	if host == "" {
		host = "gateway.test"
	}
	h := hostsim.H(":authority", host, ":path", path, ":method", method, ":scheme", "http")
	for _, x := range m.Headers {
		if x.Name != "host" {
			h.Add(x.Name, x.Value)
		}
	}
	if len(m.Body) > 0 {
		h.Add("content-length", strconv.Itoa(len(m.Body)))
	}
	return hostsim.Request{Headers: h, Body: m.Body}
}

func fromHostsim(r hostsim.Request) *cases.Message {
	m := fromHeaders(r.Headers, "x-postern-cluster")
	m.First = r.Headers.Get(":method") + " " + r.Headers.Get(":path")
	m.Body = r.WholeBody()
	return m
}

func toHostsim(m cases.Message) hostsim.Response {
	h := hostsim.H(":status", m.First)
	for _, x := range m.Headers {
		h.Add(x.Name, x.Value)
	}
	r := hostsim.Response{Headers: h, Body: m.Body}
	if m.Streams() {
		half := len(m.Body) / 2
		r.Body, r.Chunks = nil, [][]byte{m.Body[:half], m.Body[half:]}
	} else {
		r.Headers.Set("content-length", strconv.Itoa(len(m.Body)))
	}
	return r
}

func fromResponse(r hostsim.Response) cases.Message {
	m := fromHeaders(r.Headers)
	m.First = strconv.Itoa(r.Status())
	m.Body = r.Body
	return *m
}

func fromHeaders(h hostsim.Headers, except ...string) *cases.Message {
	m := &cases.Message{}
next:
	for _, x := range h {
		for _, e := range except {
			if x.Name == e {
				continue next
			}
		}
		if x.Name == ":authority" {
			m.Headers = append(m.Headers, cases.Header{Name: "host", Value: x.Value})
		} else if x.Name[0] != ':' {
			m.Headers = append(m.Headers, cases.Header{Name: x.Name, Value: x.Value})
		}
	}
	return m
}

// eventually waits for something that happens in another process.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("after 10 s it is still not so that %s", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
