// Package replay runs recorded exchanges through plugins and says where what comes
// out differs from what was recorded.
//
// A case is a text archive (https://pkg.go.dev/golang.org/x/tools/txtar). Its
// sections are, in any order:
//
//	request                 what the client sends: "POST /path", then headers
//	upstream-request        what has to go upstream; left out, it does not matter
//	upstream-response       what the upstream answers: "200", then headers
//	response                what the client has to get
//	callout CLUSTER         the answer to the next callout to that cluster
//	filter-state NAME       what the plugins have to leave for the access log
//	log                     the lines that they have to log, from level info up
//
// Each of the first five may be followed by sections with the same name and " body"
// or " trailers" behind it. Several bodies are the chunks in which it comes; they are
// compared whole. The line end before the next section does not belong to a body.
// " body base64" is one that is not text. A status line may say "reset REASON" in
// place of a status; behind a body, a section NAME + " reset" has the reason.
// A header value of * matches any.
package replay

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/postern-gateway/postern/hostsim"
)

// A Case is a recorded exchange.
type Case struct {
	Request  hostsim.Request
	Upstream hostsim.Response
	Callouts map[string][]hostsim.Response // by cluster, in order

	WantRequest  *message
	WantResponse *message
	WantState    map[string]string
	WantLog      []string // nil: does not matter

	archive *txtar.Archive
}

// A message is one side of the exchange as it was written down.
type message struct {
	line     string
	headers  hostsim.Headers
	chunks   [][]byte
	trailers hostsim.Headers
	reset    string
	body     bool // whether there was a section for it
}

// Parse reads a case.
func Parse(data []byte) (*Case, error) {
	c := &Case{Callouts: map[string][]hostsim.Response{}, WantState: map[string]string{}, archive: txtar.Parse(data)}
	p := &sections{byName: map[string][]*message{}}
	for _, f := range c.archive.Files {
		if err := p.add(c, f); err != nil {
			return nil, fmt.Errorf("section %q: %w", f.Name, err)
		}
	}
	return c, c.assemble(p)
}

// sections collects messages by name, in the order of their heads.
type sections struct {
	byName map[string][]*message
	names  []string
}

func (p *sections) add(c *Case, f txtar.File) error {
	if name, ok := strings.CutPrefix(f.Name, "filter-state "); ok {
		c.WantState[name] = string(trimLine(f.Data))
		return nil
	}
	if f.Name == "log" {
		c.WantLog = []string{}
		for line := range strings.Lines(string(f.Data)) {
			c.WantLog = append(c.WantLog, strings.TrimSuffix(line, "\n"))
		}
		return nil
	}
	name, part := cutPart(f.Name)
	if !isMessage(name) {
		return errors.New("unknown: want request, upstream-request, upstream-response, response, callout CLUSTER, filter-state NAME or log")
	}
	if part == "" {
		if len(p.byName[name]) > 0 && !strings.HasPrefix(name, "callout ") {
			return errors.New("given twice")
		}
		m, err := parseHead(f.Data)
		p.byName[name] = append(p.byName[name], m)
		p.names = append(p.names, name)
		return err
	}
	list := p.byName[name]
	if len(list) == 0 {
		return fmt.Errorf("stands before section %q", name)
	}
	return list[len(list)-1].addPart(part, f.Data)
}

func isMessage(name string) bool {
	switch name {
	case "request", "upstream-request", "upstream-response", "response":
		return true
	}
	return strings.HasPrefix(name, "callout ") && len(name) > len("callout ")
}

func cutPart(name string) (base, part string) {
	for _, part := range []string{"body base64", "body", "trailers", "reset"} {
		if base, ok := strings.CutSuffix(name, " "+part); ok {
			return base, part
		}
	}
	return name, ""
}

func (m *message) addPart(part string, data []byte) error {
	switch part {
	case "body", "body base64":
		chunk := trimLine(data)
		if part == "body base64" {
			raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(chunk)), ""))
			if err != nil {
				return fmt.Errorf("want base64: %w", err)
			}
			chunk = raw
		}
		m.chunks, m.body = append(m.chunks, chunk), true
	case "trailers":
		h, err := parseHeaders(data)
		m.trailers = h
		return err
	case "reset":
		m.reset = string(trimLine(data))
	}
	return nil
}

func trimLine(data []byte) []byte { return bytes.TrimSuffix(data, []byte("\n")) }

func parseHead(data []byte) (*message, error) {
	line, rest, _ := strings.Cut(string(data), "\n")
	m := &message{line: strings.TrimSpace(line)}
	if m.line == "" {
		return m, errors.New("want a first line")
	}
	h, err := parseHeaders([]byte(rest))
	m.headers = h
	return m, err
}

func parseHeaders(data []byte) (hostsim.Headers, error) {
	var h hostsim.Headers
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			continue
		}
		name, value, ok := strings.Cut(line[1:], ":") // a pseudo-header begins with a colon
		if !ok {
			return nil, fmt.Errorf("want NAME: VALUE, got %q", line)
		}
		h = append(h, hostsim.H(line[:1]+name, strings.TrimSpace(value))...)
	}
	return h, nil
}

func (c *Case) assemble(p *sections) error {
	first := func(name string) *message {
		if list := p.byName[name]; len(list) > 0 {
			return list[0]
		}
		return nil
	}
	req := first("request")
	if req == nil {
		return errors.New("want a section request")
	}
	var err error
	if c.Request, err = req.request(); err != nil {
		return fmt.Errorf("section \"request\": %w", err)
	}
	if m := first("upstream-response"); m != nil {
		c.Upstream = m.response()
	} else {
		c.Upstream = hostsim.Respond(200, "")
	}
	for name, list := range p.byName {
		cluster, ok := strings.CutPrefix(name, "callout ")
		for _, m := range list {
			if ok {
				c.Callouts[cluster] = append(c.Callouts[cluster], m.response())
			}
		}
	}
	c.WantRequest, c.WantResponse = first("upstream-request"), first("response")
	return nil
}

// request makes a request of "POST /path" and headers.
func (m *message) request() (hostsim.Request, error) {
	method, path, ok := strings.Cut(m.line, " ")
	if !ok {
		return hostsim.Request{}, fmt.Errorf("want METHOD PATH, got %q", m.line)
	}
	h := hostsim.H(":authority", "example.com", ":path", path, ":method", method, ":scheme", "http")
	for _, f := range m.headers {
		switch f.Name {
		case "host", ":authority":
			h[0].Value = f.Value
		case ":scheme":
			h[3].Value = f.Value
		default:
			h = append(h, f)
		}
	}
	return hostsim.Request{Headers: h, Chunks: m.chunks, Trailers: m.trailers}, nil
}

// response makes a response of "200" or "reset REASON" and headers.
func (m *message) response() hostsim.Response {
	r := hostsim.Response{Chunks: m.chunks, Trailers: m.trailers, Reset: m.reset}
	if reason, ok := strings.CutPrefix(m.line, "reset "); ok {
		r.Reset = reason
		return r
	}
	r.Headers = append(hostsim.H(":status", m.line), m.headers...)
	return r
}
