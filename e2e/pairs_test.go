package e2e

import (
	"bytes"
	"flag"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/eventstream"
	"github.com/postern-gateway/postern/e2e/envoy"
	"github.com/postern-gateway/postern/e2e/mockllm"
	"github.com/postern-gateway/postern/e2e/pairs"
	"github.com/postern-gateway/postern/hostsim"
	"github.com/postern-gateway/postern/plugin/cases"
)

var cutSeed = flag.Uint64("cuts", 0, "seed of the places where answers are cut; 0 takes the time")

// A cutter cuts answers in pieces, by the run's seed and a name.
type cutter struct {
	seed uint64
	once sync.Once
}

var cuts cutter

func (c *cutter) pieces(name string, body []byte) [][]byte {
	c.once.Do(func() {
		if c.seed = *cutSeed; c.seed == 0 {
			c.seed = uint64(time.Now().UnixNano())
		}
	})
	h := fnv.New64a()
	h.Write([]byte(name))
	random := rand.New(rand.NewPCG(c.seed, h.Sum64()))
	var out [][]byte
	mean := 1 + random.IntN(len(body)/2+1)
	for len(body) > 0 {
		n := min(1+random.IntN(2*mean), len(body))
		if len(out) == 60 { // the rest at once
			n = len(body)
		}
		out = append(out, body[:n])
		body = body[n:]
	}
	return out
}

// pairsConfig is a gateway in front of all providers.
func pairsConfig(mocks *mockllm.Server) string {
	var rows []string
	for _, p := range pairs.Providers() {
		rows = append(rows, p.Row("pair-"+p.Kind, mocks.Key(p.Mock)))
	}
	return `{"hold_headers":"always","providers":[` + strings.Join(rows, ",") + `]}`
}

// A question is what a pair is asked.
type question struct {
	name, body string
}

func questions(d *pairs.Dialect) []question {
	all := []question{{"a text", d.Plain}}
	if d.Tool != "" {
		all = append(all, question{"a call", d.Tool})
	}
	return all
}

// message is a request of the pair.
func message(t testing.TB, d *pairs.Dialect, p *pairs.Provider, body string, stream bool) cases.Message {
	t.Helper()
	v, err := pairs.Object([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	if stream && (d.Name == "openai" || d.Name == "completions") { // or the gateway, which asks, takes it out again
		v["stream_options"] = map[string]bool{"include_usage": true}
	}
	model := p.Kind + "/" + p.Model
	out, err := d.Ask(v, model, stream)
	if err != nil {
		t.Fatal(err)
	}
	m := cases.Message{First: "POST " + d.Path(model, stream), Body: out, Headers: []cases.Header{{Name: "content-type", Value: "application/json"}}}
	if d.Name == "anthropic" {
		m.Headers = append(m.Headers, cases.Header{Name: "anthropic-version", Value: "2023-06-01"})
	}
	return m
}

// An answer is what a provider has sent, and to which path.
type answer struct {
	cases.Message
	path string
}

// judge says what is wrong with the client's answer of a pair.
func judge(d *pairs.Dialect, p *pairs.Provider, got cases.Message, upstream answer, stream bool) error {
	switch {
	case upstream.First != "200" || got.First != "200":
		return fmt.Errorf("got %s, and upstream %s %s", got, upstream.First, upstream.Body)
	case d.Passed(p, upstream.path):
		if !bytes.Equal(got.Body, upstream.Body) {
			return fmt.Errorf("got %s, want it as it was: %s", got.Body, upstream.Body)
		}
		return nil
	case !stream:
		if err := d.Whole(got.Body); err != nil {
			return fmt.Errorf("%w: %s", err, got.Body)
		}
		return nil
	}
	ending, err := d.Ending(got.Body)
	if err != nil || ending != adaptertest.Complete {
		return fmt.Errorf("the stream ends in %d (%w): %s", ending, err, got.Body)
	}
	return nil
}

// TestPairsInHostsim asks every pair for a text and a call, whole and as a stream, on the
// built module in the simulator, the answers cut at seeded places.
func TestPairsInHostsim(t *testing.T) {
	began := time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)
	module := compiled(t)
	mocks := pairs.Mocks(func() time.Time { return began }) // as tokens are valid from a time on
	var upstream answer
	name := ""
	handlers := map[string]hostsim.Handler{"tokens": func(r hostsim.Request) hostsim.Response {
		return toHostsim(pairs.Answer(mocks.Handler("vertex"), fromHostsim(r)))
	}}
	for _, p := range pairs.Providers() {
		handlers["pair-"+p.Kind] = func(r hostsim.Request) hostsim.Response {
			upstream = answer{pairs.Answer(mocks.Handler(p.Mock), fromHostsim(r)), r.Headers.Get(":path")}
			out := toHostsim(upstream.Message)
			out.Body, out.Chunks = nil, cuts.pieces(name, upstream.Body)
			return out
		}
	}
	host := hostsim.Start(t, hostsim.Config{
		Start: began,
		Plugin: hostsim.Plugin{Module: module, Name: "postern", RootID: "postern", Configuration: pairsConfig(mocks),
			VM: hostsim.VM{ID: "postern", Env: environment}, AllowOnHeadersStopIteration: true},
		Clusters: handlers, Route: func(h hostsim.Headers) string { return h.Get("x-postern-cluster") },
	})
	for _, d := range pairs.Dialects() {
		for _, p := range pairs.Providers() {
			if p.Lacks == d.Name {
				continue
			}
			for _, q := range questions(&d) {
				for _, stream := range []bool{false, true} {
					name = fmt.Sprintf("%s to %s, %s, stream %v", d.Name, p.Kind, q.name, stream)
					upstream = answer{}
					got, err := host.Do(requestForHostsim(message(t, &d, &p, q.body, stream)))
					if err == nil {
						err = judge(&d, &p, fromResponse(got), upstream, stream)
					}
					if err != nil {
						t.Errorf("%s: -cuts %d: %v", name, cuts.seed, err)
					}
				}
			}
		}
	}
}

// pairsUpstream is a provider's mock whose answers come in seeded pieces. Requests of one
// name all get the answer that the first of them has got.
type pairsUpstream struct {
	mock http.Handler

	mu      sync.Mutex
	answers map[string]answer
}

func (u *pairsUpstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the gateway has given up: what it says to the client is checked
	}
	id := r.Header.Get("x-case")
	r.Header.Del("x-case")
	a := answer{pairs.Answer(u.mock, fromHTTP(r.Method+" "+r.URL.RequestURI(), r.Host, r.Header, body)), r.URL.Path}
	if name, _, again := strings.Cut(id, "#"); again && a.First == "200" {
		a = u.first(name, a)
	}
	for _, h := range a.Headers {
		if h.Name != "content-length" {
			w.Header().Set(h.Name, h.Value)
		}
	}
	status, _ := strconv.Atoi(a.First)
	w.WriteHeader(status)
	for _, piece := range cuts.pieces(id, a.Body) {
		w.Write(piece)
		w.(http.Flusher).Flush()
		time.Sleep(200 * time.Microsecond) // so that the network does not join the pieces again
	}
}

func (u *pairsUpstream) first(name string, a answer) answer {
	u.mu.Lock()
	defer u.mu.Unlock()
	if first, ok := u.answers[name]; ok {
		return first
	}
	u.answers[name] = a
	return a
}

// everyPair adds the listener with all providers.
func (s *suite) everyPair(add func(string, envoy.Listener) error) ([]any, error) {
	mocks := pairs.Mocks(nil)
	if err := add("pairs", envoy.Listener{Buffer: 64 << 20, Filters: filters(pairsConfig(mocks), false)}); err != nil {
		return nil, err
	}
	s.pairs = map[string]*pairsUpstream{}
	var clusters []any
	for _, p := range pairs.Providers() {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		u := &pairsUpstream{mock: mocks.Handler(p.Mock), answers: map[string]answer{}}
		s.pairs[p.Kind] = u
		go http.Serve(l, u)
		clusters = append(clusters, envoy.Cluster("pair-"+p.Kind, l.Addr().String()))
		if p.Kind == "vertex" {
			clusters = append(clusters, envoy.Cluster("tokens", l.Addr().String()))
		}
	}
	return clusters, nil
}

// made are ids and times that the gateway makes where a provider gives none.
var made = regexp.MustCompile(`"(id|item_id|responseId)":"[^"]*"|"(created|created_at|completed_at)":("[^"]*"|\d+)|"[a-z_]*duration":\d+|"latencyMs":\d+`)

// TestPairsInEnvoy asks every pair for the same stream 16 times in the real Envoy, its
// bytes in seeded pieces: the client's answer is the same each time, and whole.
func TestPairsInEnvoy(t *testing.T) {
	s := start(t)
	for _, d := range pairs.Dialects() {
		for _, p := range pairs.Providers() {
			if p.Lacks == d.Name {
				continue
			}
			t.Run(d.Name+" to "+p.Kind, func(t *testing.T) {
				t.Parallel()
				for _, q := range questions(&d) {
					s.sixteen(t, &d, &p, q)
				}
			})
		}
	}
}

// sixteen asks a question that many times at once.
func (s *suite) sixteen(t *testing.T, d *pairs.Dialect, p *pairs.Provider, q question) {
	t.Helper()
	name := d.Name + "-to-" + p.Kind + "," + strings.ReplaceAll(q.name, " ", "-")
	m := message(t, d, p, q.body, true)
	var answers [16][]byte
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			id := name + "#" + strconv.Itoa(i)
			got, err := send(s.listeners["pairs"], id, m)
			if err == nil {
				err = judge(d, p, got, s.pairs[p.Kind].first(name, answer{Message: cases.Message{First: "none"}}), true)
			}
			if err != nil {
				t.Errorf("%s: -cuts %d: %v", id, cuts.seed, err)
			}
			if d.As.StreamType == eventstream.ContentType { // whose checksums are of what is made, too
				got.Body = adaptertest.Lines(got.Body)
			}
			answers[i] = made.ReplaceAll(got.Body, []byte(`"made":0`))
		})
	}
	all.Wait()
	for i, got := range answers {
		if !bytes.Equal(got, answers[0]) {
			t.Fatalf("%s: -cuts %d: the answer to request %d is\n%s\nand that to the first\n%s", name, cuts.seed, i, got, answers[0])
		}
	}
}
