// Package cases is the one format of the gateway's test cases: what a client sends,
// what the provider must get, what it answers, and what the client must get. The
// same files run natively, on the built module in the simulator, and in Envoy.
//
// A case is a txtar archive (https://pkg.go.dev/golang.org/x/tools/txtar). Its
// comment says in a sentence what it shows. Its files are
//
//	config              the configuration, in JSON
//	request             the client's request
//	upstream request    what a provider must get; absent if none may get anything
//	upstream response   what it answers
//	callout request     what the gateway must ask by itself while it answers; again for
//	                    each further one, in their order
//	callout response    what it gets; absent if the connection breaks
//	response            what the client must get
//	record              members of the access log's record, in JSON
//
// with a number behind their names ("request 2") for a second exchange and so on.
// A message is a first line (METHOD PATH, or STATUS), headers, a blank line and a
// body. Of an expected message only the headers that it names are compared; a value
// of "-" says that the header must not be there, and "signed REGION KEY" in
// authorization that it is a signature of AWS's by that key. In bodies a final newline
// does not count. A body that begins with "~" is compared by containing what follows.
// A body of the type application/vnd.amazon.eventstream has a message a line: its type
// and its payload.
//
// Callouts go to the cluster that CallsTo names after the case.
package cases

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/postern-gateway/postern/adapters/eventstream"
)

// A Case is one file.
type Case struct {
	Name      string // of the file, without its ending
	About     string
	Config    []byte
	Exchanges []Exchange
}

// An Exchange is one request and its answer. Upstream messages are nil where no
// provider takes part; Record is nil where the record does not matter.
type Exchange struct {
	Request          Message
	UpstreamRequest  *Message
	UpstreamResponse *Message
	Callouts         []Callout
	Response         Message
	Record           []byte
}

// A Callout is a request of the gateway's own. Response is nil if its connection breaks,
// of which proxies make a 503.
type Callout struct {
	Request  Message
	Response *Message
}

// A Message is a request or a response. First is its first line.
type Message struct {
	First   string
	Headers []Header
	Body    []byte
}

// A Header is one line of a message's head.
type Header struct{ Name, Value string }

// CallsTo is the cluster to which a case's callouts go, so that whoever answers them
// knows which case they belong to.
func CallsTo(name string) string { return "calls-of-" + name }

// Callouts are those of all exchanges, in order.
func (c *Case) Callouts() []Callout {
	var all []Callout
	for _, e := range c.Exchanges {
		all = append(all, e.Callouts...)
	}
	return all
}

// Load reads all cases of a folder, by name.
func Load(fsys fs.FS, dir string) ([]Case, error) {
	files, err := fs.Glob(fsys, path.Join(dir, "*.txtar"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: no cases", dir)
	}
	var all []Case
	for _, f := range files {
		b, err := fs.ReadFile(fsys, f)
		if err != nil {
			return nil, err
		}
		c, err := Parse(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f, err)
		}
		c.Name = strings.TrimSuffix(path.Base(f), ".txtar")
		all = append(all, c)
	}
	return all, nil
}

// Parse reads one case.
func Parse(b []byte) (Case, error) {
	a := txtar.Parse(b)
	c := Case{About: strings.TrimSpace(string(a.Comment))}
	for _, f := range a.Files {
		name, n := splitNumber(f.Name)
		if name == "config" {
			c.Config = f.Data
			continue
		}
		if n < 1 || n > len(c.Exchanges)+1 {
			return c, fmt.Errorf("%s: exchanges have to be numbered in order", f.Name)
		}
		if n > len(c.Exchanges) {
			c.Exchanges = append(c.Exchanges, Exchange{})
		}
		if err := c.Exchanges[n-1].set(name, f.Data); err != nil {
			return c, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	switch {
	case c.About == "":
		return c, fmt.Errorf("a case needs a sentence that says what it shows")
	case c.Config == nil || len(c.Exchanges) == 0:
		return c, fmt.Errorf("a case needs config, request and response")
	}
	return c, nil
}

func splitNumber(name string) (string, int) {
	if i := strings.LastIndexByte(name, ' '); i > 0 {
		if n, err := strconv.Atoi(name[i+1:]); err == nil {
			return name[:i], n
		}
	}
	return name, 1
}

func (e *Exchange) set(name string, data []byte) error {
	if name == "record" {
		e.Record = data
		return nil
	}
	m, err := parseMessage(data)
	if err != nil {
		return err
	}
	switch name {
	case "request":
		e.Request = m
	case "upstream request":
		e.UpstreamRequest = &m
	case "upstream response":
		e.UpstreamResponse = &m
	case "callout request":
		e.Callouts = append(e.Callouts, Callout{Request: m})
	case "callout response":
		if len(e.Callouts) == 0 {
			return fmt.Errorf("want a callout request before it")
		}
		e.Callouts[len(e.Callouts)-1].Response = &m
	case "response":
		e.Response = m
	default:
		return fmt.Errorf("unknown file")
	}
	return nil
}

func parseMessage(b []byte) (Message, error) {
	head, body, _ := bytes.Cut(b, []byte("\n\n"))
	lines := strings.Split(strings.TrimRight(string(head), "\n"), "\n")
	m := Message{First: lines[0], Body: bytes.TrimSuffix(body, []byte("\n"))}
	for _, l := range lines[1:] {
		name, value, ok := strings.Cut(l, ":")
		if !ok {
			return m, fmt.Errorf("header %q: want name: value", l)
		}
		m.Headers = append(m.Headers, Header{strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)})
	}
	// An event stream ends in a blank line, and lines end in a line feed, which the
	// archive's format would hide.
	if m.Streams() && len(m.Body) > 0 && m.Get("content-type") != eventstream.ContentType {
		m.Body = append(bytes.TrimRight(m.Body, "\n"), '\n')
		if strings.HasPrefix(m.Get("content-type"), eventStream) {
			m.Body = append(m.Body, '\n')
		}
	}
	if m.Get("content-type") == eventstream.ContentType && !bytes.HasPrefix(m.Body, []byte("~")) {
		m.Body = frames(m.Body)
	}
	return m, nil
}

// frames makes an event stream of lines.
func frames(text []byte) []byte {
	var out []byte
	for line := range bytes.Lines(text) {
		if kind, data, _ := bytes.Cut(bytes.TrimRight(line, "\n"), []byte(" ")); len(kind) > 0 {
			out = eventstream.Append(out, string(kind), data)
		}
	}
	return out
}

const (
	eventStream = "text/event-stream"
	lineStream  = "application/x-ndjson"
)

// Streams reports whether the body is a stream: of events, of lines, or of AWS's messages.
func (m *Message) Streams() bool {
	kind := m.Get("content-type")
	return strings.HasPrefix(kind, eventStream) || strings.HasPrefix(kind, lineStream) || kind == eventstream.ContentType
}

// Get is the value of the message's first header of that name.
func (m *Message) Get(name string) string {
	for _, h := range m.Headers {
		if h.Name == name {
			return h.Value
		}
	}
	return ""
}
