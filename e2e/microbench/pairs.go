package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/postern-gateway/postern/e2e/pairs"
	"github.com/postern-gateway/postern/hostsim"
	"github.com/postern-gateway/postern/plugin/cases"
)

// maxRatio is what a translation may cost of what the passthrough of the same body does.
const maxRatio = 2

// A pairOf is what is measured of a dialect and a provider: a chat of 1 KB whose answer
// says it again, whole and as a stream.
type pairOf struct {
	dialect, provider string
	like              string
	own               bool // the body passes
	whole, stream     operation
}

// Of each answer there is an operation that the module passes untouched.
const untouchedWhole, untouchedStream = "the simulator with the answer of ", "the simulator with the stream of "

// everyPair asks the mocks once for each answer.
func everyPair(m *hostsim.Module) ([]pairOf, []operation, error) {
	mocks := pairs.Mocks(nil)
	var rows []string
	for _, p := range pairs.Providers() {
		rows = append(rows, p.Row(p.Kind, mocks.Key(p.Mock)))
	}
	configuration := `{"hold_headers":"always","providers":[` + strings.Join(rows, ",") + `]}`
	var answer cases.Message
	path := ""
	handlers := map[string]hostsim.Handler{}
	for _, p := range pairs.Providers() {
		handlers[p.Kind] = func(r hostsim.Request) hostsim.Response {
			path = r.Headers.Get(":path")
			answer = pairs.Answer(mocks.Handler(p.Mock), request(r))
			return respond(answer)
		}
	}
	handlers["tokens"] = handlers["vertex"]
	host, err := hostsim.New(hostsim.Config{Plugin: plugin(m, configuration), DiscardLogs: true, Clusters: handlers, Start: time.Now(),
		Route: func(h hostsim.Headers) string { return h.Get("x-postern-cluster") }})
	if err != nil {
		return nil, nil, err
	}
	defer host.Close()
	var all []pairOf
	var untouched []operation
	for _, d := range pairs.Dialects() {
		for _, p := range pairs.Providers() {
			if p.Lacks == d.Name {
				continue
			}
			pair := pairOf{dialect: d.Name, provider: p.Kind, like: p.Like}
			for _, stream := range []bool{false, true} {
				o, err := ask(host, &d, &p, stream)
				if err != nil || answer.First != "200" {
					return nil, nil, fmt.Errorf("%s to %s: %w: %s", d.Name, p.Kind, err, answer.Body)
				}
				pair.own = d.Passed(&p, path)
				o.configuration, o.response = configuration, respond(answer)
				if stream {
					o.per, o.less = len(o.response.Chunks), untouchedStream+p.Kind
					pair.stream = *o
				} else {
					o.less = untouchedWhole + p.Kind
					pair.whole = *o
				}
				if d.Name == "openai" {
					untouched = append(untouched, operation{name: o.less, path: "/another/application", body: o.body, response: o.response, per: 1, configuration: configuration})
				}
			}
			all = append(all, pair)
		}
	}
	return all, untouched, nil
}

// ask sends the pair's request once.
func ask(host *hostsim.Host, d *pairs.Dialect, p *pairs.Provider, stream bool) (*operation, error) {
	v, err := pairs.Object([]byte(strings.Replace(d.Plain, `Say: \u00e9 and a quick fox.`, strings.Repeat("The quick brown fox jumps. ", 30), 1)))
	if err != nil {
		return nil, err
	}
	if stream && (d.Name == "openai" || d.Name == "completions") {
		v["stream_options"] = map[string]bool{"include_usage": true}
	}
	model := p.Kind + "/" + p.Model
	body, err := d.Ask(v, model, stream)
	if err != nil {
		return nil, err
	}
	kind := "chat, 1 KB, "
	if stream {
		kind = "event of a stream, "
	}
	o := &operation{name: kind + d.Name + " to " + p.Kind, path: d.Path(model, stream), body: string(body), per: 1}
	r, err := host.Do(o.request(0))
	if err == nil && r.Status() != 200 {
		err = fmt.Errorf("status %d: %s", r.Status(), r.Body)
	}
	return o, err
}

func request(r hostsim.Request) *cases.Message {
	m := &cases.Message{First: r.Headers.Get(":method") + " " + r.Headers.Get(":path"), Body: r.WholeBody()}
	for _, h := range r.Headers {
		switch {
		case h.Name == ":authority":
			m.Headers = append(m.Headers, cases.Header{Name: "host", Value: h.Value})
		case h.Name[0] != ':' && h.Name != "x-postern-cluster":
			m.Headers = append(m.Headers, cases.Header{Name: h.Name, Value: h.Value})
		}
	}
	return m
}

// respond is a mock's answer, a stream with an event a piece.
func respond(m cases.Message) hostsim.Response {
	h := hostsim.H(":status", m.First)
	for _, x := range m.Headers {
		h.Add(x.Name, x.Value)
	}
	if !m.Streams() {
		h.Set("content-length", fmt.Sprint(len(m.Body)))
		return hostsim.Response{Headers: h, Body: m.Body}
	}
	r := hostsim.Response{Headers: h}
	for rest := m.Body; len(rest) > 0; {
		n := len(rest)
		switch kind := m.Get("content-type"); {
		case strings.HasPrefix(kind, "text/event-stream"):
			n = after(rest, "\n\n", "\r\n\r\n")
		case strings.HasPrefix(kind, "application/x-ndjson"):
			n = after(rest, "\n")
		default: // AWS's messages begin with their length
			n = min(n, int(binary.BigEndian.Uint32(rest)))
		}
		r.Chunks = append(r.Chunks, rest[:n])
		rest = rest[n:]
	}
	return r
}

func after(b []byte, ends ...string) int {
	n := len(b)
	for _, end := range ends {
		if i := bytes.Index(b, []byte(end)); i >= 0 {
			n = min(n, i+len(end))
		}
	}
	return n
}

// printPairs writes the times of all pairs, and what they are of the passthrough of the
// same body: for a chat that of the client's request, which its own provider takes, and for
// an event that of a stream such as the provider's, which goes to its own clients. Where
// nobody takes such a stream it is that of the client's own. It returns how many exceed
// maxRatio.
func printPairs(all []pairOf, nanos func(operation) float64) (results []result, over int) {
	requests, streams := map[string]pairOf{}, map[string]pairOf{}
	for _, p := range all {
		if _, ok := requests[p.dialect]; p.own && !ok {
			requests[p.dialect] = p
		}
		if _, ok := streams[p.provider]; p.own && !ok {
			streams[p.provider] = p
		}
	}
	fmt.Printf("\n%-26s %22s %28s\n", "", "chat, 1 KB", "event of a stream")
	for _, p := range all {
		whole, stream := nanos(p.whole), nanos(p.stream)
		results = append(results, result{p.whole.name, whole}, result{p.stream.name, stream})
		if p.own {
			fmt.Printf("%-26s %9.1f µs    passes   %9.2f µs    passes\n", p.dialect+" to "+p.provider, whole/1000, stream/1000)
			continue
		}
		passes, ok := streams[p.provider]
		if !ok {
			passes, ok = streams[p.like]
		}
		if !ok {
			passes = requests[p.dialect]
		}
		w, s := whole/nanos(requests[p.dialect].whole), stream/nanos(passes.stream)
		for _, r := range []float64{w, s} {
			if r > maxRatio {
				over++
			}
		}
		fmt.Printf("%-26s %9.1f µs %7.2f ×   %9.2f µs %7.2f ×\n", p.dialect+" to "+p.provider, whole/1000, w, stream/1000, s)
	}
	return results, over
}
