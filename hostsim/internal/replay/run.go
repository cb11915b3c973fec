package replay

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/tools/txtar"

	"github.com/postern-gateway/postern/hostsim"
)

// Outcome is what came of a case.
type Outcome struct {
	Upstream hostsim.Request // what went upstream; without headers, nothing did
	Response hostsim.Response
	State    func(name string) ([]byte, bool)
	Log      []string
}

// Run runs a case in a process of its own, so that cases do not depend on each
// other. Its error is a plugin that does not start, or traps.
func (c *Case) Run(cfg hostsim.Config) (Outcome, error) {
	var out Outcome
	cfg.Upstream = func(hostsim.Request) hostsim.Response { return c.Upstream }
	cfg.Clusters, cfg.Route = nil, nil
	world := &callouts{left: map[string][]hostsim.Response{}}
	for cluster, list := range c.Callouts {
		world.left[cluster] = slices.Clone(list)
	}
	cfg.Clusters = map[string]hostsim.Handler{}
	for cluster := range c.Callouts {
		cfg.Clusters[cluster] = world.answer
	}
	if len(cfg.Clusters) == 0 {
		cfg.Clusters = nil
	}
	h, err := hostsim.New(cfg)
	if err != nil {
		return out, err
	}
	s := h.NewStream(hostsim.StreamOptions{})
	resp, doErr := s.Do(c.Request)
	out.Response = resp
	out.Upstream, _ = s.Upstream()
	out.State = s.FilterState
	out.Log = h.Messages(hostsim.LevelInfo)
	if err := h.Close(); err != nil {
		return out, err
	}
	if doErr != nil && resp.Reset == "" {
		return out, doErr
	}
	return out, nil
}

// callouts answers with what was recorded, in order.
type callouts struct {
	mu   sync.Mutex
	left map[string][]hostsim.Response
}

func (c *callouts) answer(r hostsim.Request) hostsim.Response {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := c.left[r.Cluster]
	if len(list) == 0 {
		return hostsim.Respond(503, "replay: no answer was recorded for another callout to "+r.Cluster)
	}
	c.left[r.Cluster] = list[1:]
	return list[0]
}

// Differences compares the outcome with what was recorded, a line for each.
func (c *Case) Differences(o Outcome) []string {
	var d []string
	if w := c.WantRequest; w != nil {
		if o.Upstream.Headers == nil {
			d = append(d, "upstream-request: want one, got none")
		} else {
			method, path, _ := strings.Cut(w.line, " ")
			want := append(hostsim.H(":method", method, ":path", path), w.headers...)
			d = append(d, compareHeaders("upstream-request", want, requestHeaders(o.Upstream.Headers))...)
			d = append(d, compareBody("upstream-request body", w, o.Upstream.WholeBody())...)
			d = append(d, compareHeaders("upstream-request trailers", w.trailers, o.Upstream.Trailers)...)
		}
	}
	if w := c.WantResponse; w != nil {
		r := w.response()
		if r.Reset != o.Response.Reset {
			d = append(d, fmt.Sprintf("response: want reset %q, got reset %q", r.Reset, o.Response.Reset))
		}
		d = append(d, compareHeaders("response", r.Headers, o.Response.Headers)...)
		d = append(d, compareBody("response body", w, o.Response.Body)...)
		d = append(d, compareHeaders("response trailers", w.trailers, o.Response.Trailers)...)
	}
	for _, name := range sortedKeys(c.WantState) {
		got, ok := o.State(name)
		if want := c.WantState[name]; !ok || string(got) != want {
			d = append(d, fmt.Sprintf("filter-state %s: want %q, got %q", name, want, got))
		}
	}
	if c.WantLog != nil && !slices.Equal(c.WantLog, o.Log) {
		d = append(d, firstDifference("log", strings.Join(c.WantLog, "\n"), strings.Join(o.Log, "\n")))
	}
	return d
}

// requestHeaders leaves out what a recording does not have to say.
func requestHeaders(h hostsim.Headers) hostsim.Headers {
	out := hostsim.H(":method", h.Get(":method"), ":path", h.Get(":path"))
	for _, f := range h {
		switch f.Name {
		case ":method", ":path", ":scheme":
		case ":authority":
			out = append(out, hostsim.Header{Name: "host", Value: f.Value})
		default:
			out = append(out, f)
		}
	}
	return out
}

// compareHeaders compares field by field; the order of different names is no difference.
func compareHeaders(where string, want, got hostsim.Headers) []string {
	var d []string
	names := map[string]bool{}
	for _, f := range slices.Concat(want, got) {
		name := f.Name
		if name == ":authority" {
			name = "host"
		}
		names[name] = true
	}
	for _, name := range sortedKeys(names) {
		w, g := want.Values(name), got.Values(name)
		if len(w) == 1 && w[0] == "*" && len(g) > 0 {
			continue
		}
		if !slices.Equal(w, g) {
			d = append(d, fmt.Sprintf("%s: %s: want %s, got %s", where, name, list(w), list(g)))
		}
	}
	return d
}

func list(values []string) string {
	if len(values) == 0 {
		return "none"
	}
	return fmt.Sprintf("%q", strings.Join(values, ", "))
}

func compareBody(where string, want *message, got []byte) []string {
	whole := []byte(nil)
	for _, c := range want.chunks {
		whole = append(whole, c...)
	}
	if string(whole) == string(got) {
		return nil
	}
	return []string{firstDifference(where, string(whole), string(got))}
}

// firstDifference shows both sides from shortly before the place where they part.
func firstDifference(where, want, got string) string {
	at := 0
	for at < len(want) && at < len(got) && want[at] == got[at] {
		at++
	}
	from := max(0, at-20)
	clip := func(s string) string {
		s = s[min(from, len(s)):]
		if len(s) > 120 {
			return s[:120] + "…"
		}
		return s
	}
	return fmt.Sprintf("%s: differs at byte %d: want %q, got %q", where, at, clip(want), clip(got))
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// Record writes the case with what came out in place of what was wanted.
func (c *Case) Record(o Outcome) []byte {
	a := &txtar.Archive{Comment: c.archive.Comment}
	for _, f := range c.archive.Files {
		name, _ := cutPart(f.Name)
		if name != "upstream-request" && name != "response" && f.Name != "log" && !strings.HasPrefix(f.Name, "filter-state ") {
			a.Files = append(a.Files, f)
		}
	}
	if h := o.Upstream.Headers; h != nil {
		head := h.Get(":method") + " " + h.Get(":path") + "\n"
		a.Files = appendMessage(a.Files, "upstream-request", head, requestHeaders(h)[2:], o.Upstream.WholeBody(), o.Upstream.Trailers)
	}
	r := o.Response
	head, headers := r.Headers.Get(":status")+"\n", r.Headers.Clone()
	headers.Del(":status")
	if len(r.Headers) == 0 {
		head = "reset " + r.Reset + "\n"
	}
	a.Files = appendMessage(a.Files, "response", head, headers, r.Body, r.Trailers)
	if r.Reset != "" && len(r.Headers) > 0 {
		a.Files = append(a.Files, txtar.File{Name: "response reset", Data: []byte(r.Reset + "\n")})
	}
	for _, name := range sortedKeys(c.WantState) {
		v, _ := o.State(name)
		a.Files = append(a.Files, txtar.File{Name: "filter-state " + name, Data: append(v, '\n')})
	}
	if c.WantLog != nil {
		a.Files = append(a.Files, txtar.File{Name: "log", Data: []byte(strings.Join(o.Log, "\n") + "\n")})
	}
	return txtar.Format(a)
}

func appendMessage(files []txtar.File, name, head string, h hostsim.Headers, body []byte, trailers hostsim.Headers) []txtar.File {
	files = append(files, txtar.File{Name: name, Data: []byte(head + fields(h))})
	switch {
	case len(body) == 0:
	case isText(body):
		files = append(files, txtar.File{Name: name + " body", Data: append(slices.Clone(body), '\n')})
	default:
		files = append(files, txtar.File{Name: name + " body base64", Data: []byte(base64.StdEncoding.EncodeToString(body) + "\n")})
	}
	if len(trailers) > 0 {
		files = append(files, txtar.File{Name: name + " trailers", Data: []byte(fields(trailers))})
	}
	return files
}

// isText says whether a body survives being written into an archive.
func isText(body []byte) bool {
	return utf8.Valid(body) && !strings.Contains(string(body), "\r") && !strings.Contains("\n"+string(body), "\n-- ")
}

func fields(h hostsim.Headers) string {
	var b strings.Builder
	for _, f := range h {
		b.WriteString(f.Name + ": " + f.Value + "\n")
	}
	return b.String()
}
