package main

import (
	"bytes"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/secret"
	"github.com/postern-gateway/postern/adapters/sse"
	"github.com/postern-gateway/postern/adapters/strict"
	"github.com/postern-gateway/postern/e2e/mockllm"
)

// A row is what was found out of one provider.
type row struct {
	provider adapters.Provider
	cells    map[string]string // by feature, with "streaming" and "embeddings"
	passes   string            // whose bodies pass unchanged, and for what
	takes    map[string]bool   // by path of a client's API: such requests pass
}

// Columns beside those of features.
const (
	streaming  = "streaming"
	embeddings = "embeddings"
)

// columns are all, in the order of the tables.
func columns() []string {
	var list []string
	for _, f := range features() {
		list = append(list, f.name)
	}
	list = slices.Insert(list, 1, streaming)
	return append(list, embeddings)
}

// tryAll finds out what the providers do. The first that does not do what it says is an
// error.
func tryAll(providers []adapters.Provider) ([]row, error) {
	server := mockllm.New(mockllm.Options{})
	rows := make([]row, 0, len(providers))
	for _, p := range providers {
		r, err := tryOne(server, p)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.Name, err)
		}
		rows = append(rows, r)
	}
	return rows, nil
}

func tryOne(server *mockllm.Server, p adapters.Provider) (row, error) {
	r := row{provider: p, cells: map[string]string{}}
	s, ok := setupOf(p)
	if !ok {
		for _, c := range columns() {
			r.cells[c] = notTried
		}
		r.passes = notTried
		return r, nil
	}
	u := &upstream{server: server, setup: s}
	var err error
	if e := strict.Decode([]byte(or(s.options, "{}")), func(o *strict.Object) { u.adapter, err = p.Options(o) }); e != nil || err != nil {
		return r, fmt.Errorf("options: %w, %w", e, err)
	}
	for _, f := range features() {
		for _, stream := range []bool{false, true} {
			outcome, err := f.try(u, stream)
			if err != nil {
				return r, fmt.Errorf("%s, stream %v: %w", f.name, stream, err)
			}
			switch {
			case f.name == "chat" && stream:
				r.cells[streaming] = outcome
			case stream && outcome != r.cells[f.name]:
				return r, fmt.Errorf("%s is %s as a whole and %s as a stream", f.name, r.cells[f.name], outcome)
			default:
				r.cells[f.name] = outcome
			}
		}
	}
	if r.cells[embeddings], err = u.embeddings(); err != nil {
		return r, fmt.Errorf("embeddings: %w", err)
	}
	r.passes, r.takes = u.passing()
	ranks, err := u.ranking()
	if err != nil {
		return r, fmt.Errorf("ranking: %w", err)
	}
	if ranks {
		r.takes["/v1/rerank"], r.takes["/v2/rerank"] = true, true
	}
	return r, nil
}

// An upstream is a provider and its mock.
type upstream struct {
	server  *mockllm.Server
	setup   setup
	adapter adapters.Adapter
	token   string // of keys that are exchanged
}

// send sends a request as the gateway would.
func (u *upstream) send(method, path string, body []byte) (int, []byte, error) {
	headers, err := u.credential(method, path, body)
	if err != nil {
		return 0, nil, err
	}
	headers = append(headers, u.adapter.Defaults()...)
	status, answer := u.post(method, u.setup.host, path, append(headers, adapters.Header{Name: "content-type", Value: "application/json"}), body)
	return status, answer, nil
}

func (u *upstream) post(method, host, path string, headers []adapters.Header, body []byte) (int, []byte) {
	r := httptest.NewRequest(method, path, bytes.NewReader(body))
	r.Host = host
	for _, h := range headers {
		r.Header.Set(h.Name, h.Value)
	}
	w := httptest.NewRecorder()
	u.server.Handler(u.setup.mock).ServeHTTP(w, r)
	return w.Code, w.Body.Bytes()
}

func (u *upstream) credential(method, path string, body []byte) ([]adapters.Header, error) {
	key, now := secret.New(or(u.setup.key, u.server.Key(u.setup.mock))), time.Now().Unix()
	if x, ok := u.adapter.(adapters.Exchanger); ok {
		if u.token == "" {
			c, err := x.Exchange(key, now)
			if err != nil {
				return nil, err
			}
			token, err := x.ReadToken(u.post(c.Method, c.Host, c.Path, c.Headers, c.Body))
			if err != nil {
				return nil, err
			}
			u.token = token.Value.Reveal()
		}
		key = secret.New(u.token)
	}
	if s, ok := u.adapter.(adapters.Signer); ok {
		if l, ok := u.adapter.(adapters.Located); ok && u.setup.host == "" {
			u.setup.host = l.Host()
		}
		return s.Sign(key, &adapters.Outgoing{Method: method, Host: u.setup.host, Path: path, Body: body}, now)
	}
	return u.adapter.Credential(key), nil
}

func framesOf(a adapters.Adapter) adapters.Frames {
	if f, ok := a.(adapters.Framer); ok {
		return f.NewFrames()
	}
	return &sse.Decoder{}
}

// passing says whose requests pass with their own bodies, and which. Models of two makers
// are tried, since a provider may have models of both.
func (u *upstream) passing() (text string, takes map[string]bool) {
	var order []string
	ops := map[string][]string{}
	takes = map[string]bool{}
	for _, e := range dialect.NewTable().Endpoints() {
		name := e.Dialect.Name
		if strings.HasPrefix(name, "ollama") || strings.HasPrefix(name, "gemini") { // forms of one API
			name, _, _ = strings.Cut(name, "_")
		}
		for _, model := range []string{u.setup.model, "claude-sonnet-4-5"} {
			if _, ok := u.adapter.Native(adapters.Call{Dialect: e.Dialect.Name, Op: e.Op, Model: model}); !ok {
				continue
			}
			takes[e.Path] = true
			if ops[name] == nil {
				order = append(order, name)
			}
			if op := operation(e.Op); !slices.Contains(ops[name], op) {
				ops[name] = append(ops[name], op)
			}
		}
	}
	if order == nil {
		return none, takes
	}
	slices.SortFunc(order, func(a, b string) int { return slices.Index(dialects, a) - slices.Index(dialects, b) })
	var parts []string
	for _, name := range order {
		slices.Sort(ops[name])
		parts = append(parts, title(name)+": "+strings.Join(ops[name], ", "))
	}
	return strings.Join(parts, "; "), takes
}

// dialects are in the order in which documents name them.
var dialects = []string{"openai", "anthropic", "gemini", "ollama"}

func title(dialect string) string {
	if dialect == "openai" {
		return "OpenAI"
	}
	return strings.ToUpper(dialect[:1]) + dialect[1:]
}

// operation is its name for people.
func operation(op adapters.Operation) string {
	if op == adapters.Completions {
		return "completions"
	}
	return strings.ReplaceAll(op.String(), "_", " ")
}
