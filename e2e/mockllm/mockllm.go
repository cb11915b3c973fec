// Package mockllm serves mocks of model providers' APIs for tests and for trying
// the gateway without keys.
//
// The mocks are strict: what a real API refuses they refuse with its documented
// error, and a client's key or a gateway's internal header that reaches them is
// refused and recorded as a violation. Answers are deterministic and made from the
// prompt (package answer), tokens are counted by documented rules (package tokens).
// Faults are asked for by directives: in Options, by Server.Script, or in the prompt,
// "[[mock:status=429;retry-after=3]]" (package script).
//
// Every provider also answers GET /mock/health, GET and DELETE /mock/journal, and
// POST /mock/script with one line of directives for each of the next requests.
package mockllm

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/postern-gateway/postern/e2e/mockllm/anthropic"
	"github.com/postern-gateway/postern/e2e/mockllm/azure"
	"github.com/postern-gateway/postern/e2e/mockllm/bedrock"
	"github.com/postern-gateway/postern/e2e/mockllm/cloudflare"
	"github.com/postern-gateway/postern/e2e/mockllm/cohere"
	"github.com/postern-gateway/postern/e2e/mockllm/compatible"
	"github.com/postern-gateway/postern/e2e/mockllm/gemini"
	"github.com/postern-gateway/postern/e2e/mockllm/huggingface"
	"github.com/postern-gateway/postern/e2e/mockllm/journal"
	"github.com/postern-gateway/postern/e2e/mockllm/mistral"
	"github.com/postern-gateway/postern/e2e/mockllm/ollama"
	"github.com/postern-gateway/postern/e2e/mockllm/openai"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
	"github.com/postern-gateway/postern/e2e/mockllm/script"
	"github.com/postern-gateway/postern/e2e/mockllm/vertex"
)

// Providers lists the mocks. A further one is one folder and one line.
func Providers() []provider.Provider {
	return []provider.Provider{
		openai.Provider(),
		anthropic.Provider(),
		gemini.Provider(),
		mistral.Provider(),
		vertex.Provider(),
		huggingface.Provider(),
		cloudflare.Provider(),
		azure.Provider(),
		compatible.Provider(),
		bedrock.Provider(),
		cohere.Provider(),
		ollama.Provider(),
	}
}

// Options of a server. The zero value serves every provider on free ports in plain text.
type Options struct {
	Listen        map[string]string   // address by provider; absent means 127.0.0.1:0
	Keys          map[string]string   // key by provider; absent means the provider's own mock key
	Models        map[string][]string // further models by provider, of which everything may be asked
	TLS           bool                // serve TLS, with HTTP/2 and HTTP/1.1 by ALPN; otherwise HTTP/1.1 and unencrypted HTTP/2
	Hosts         []string            // further names on the certificates, beside each provider's own and localhost
	RefuseChunked bool                // refuse bodies without content-length
	AllowHeaders  []string            // internal headers that may reach a provider after all
	Behaviour     script.Behaviour    // of every request, unless it says otherwise
	JournalSize   int                 // entries kept; 0 means 1000
	JournalBody   int                 // bytes of each body kept; 0 means 128 KiB
	Now           func() time.Time    // nil means time.Now
	Secret        []byte              // signs reasoning; nil means a random one
}

// Defaults of Options.
const (
	defaultListen      = "127.0.0.1:0"
	defaultJournalSize = 1000
	defaultJournalBody = 128 << 10
)

// A Server serves the mocks. Make it with New.
type Server struct {
	options   Options
	journal   *journal.Journal
	envs      map[string]*provider.Env
	handlers  map[string]http.Handler
	authority *authority
	running   []running
}

// New makes a server that does not listen yet.
func New(o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Secret == nil {
		o.Secret = []byte(rand.Text())
	}
	if o.JournalSize == 0 {
		o.JournalSize = defaultJournalSize
	}
	if o.JournalBody == 0 {
		o.JournalBody = defaultJournalBody
	}
	s := &Server{
		options: o, journal: journal.New(o.JournalSize, o.JournalBody),
		envs: map[string]*provider.Env{}, handlers: map[string]http.Handler{},
	}
	for _, p := range Providers() {
		env := &provider.Env{
			Provider: p, Key: p.Key, Models: o.Models[p.Name], RefuseChunked: o.RefuseChunked, AllowHeaders: o.AllowHeaders,
			Now: o.Now, Journal: s.journal, Default: o.Behaviour, Cache: &provider.PrefixCache{}, Signer: provider.Signer{Secret: o.Secret},
		}
		if key, ok := o.Keys[p.Name]; ok {
			env.Key = key
		}
		s.envs[p.Name] = env
		s.handlers[p.Name] = s.handler(env)
	}
	return s
}

// Handler returns one provider's API, for a listener of the caller's own. It is nil for an unknown provider.
func (s *Server) Handler(providerName string) http.Handler { return s.handlers[providerName] }

// Journal is what the mocks received.
func (s *Server) Journal() *journal.Journal { return s.journal }

// Key is the key that a provider accepts.
func (s *Server) Key(providerName string) string {
	if env := s.envs[providerName]; env != nil {
		return env.Key
	}
	return ""
}

// Script sets how a provider behaves in its next requests that ask for an answer, one behaviour each.
// A zero Behaviour is a good answer.
func (s *Server) Script(providerName string, b ...script.Behaviour) error {
	env := s.envs[providerName]
	if env == nil {
		return fmt.Errorf("unknown provider %q, want one of %s", providerName, strings.Join(names(), ", "))
	}
	env.Push(b...)
	return nil
}

// check finds names in the options that no provider has.
func (o Options) check() error {
	var errs []error
	known := names()
	for option, keys := range map[string][]string{
		"Listen": slices.Collect(maps.Keys(o.Listen)), "Keys": slices.Collect(maps.Keys(o.Keys)), "Models": slices.Collect(maps.Keys(o.Models)),
	} {
		for _, name := range keys {
			if !slices.Contains(known, name) {
				errs = append(errs, fmt.Errorf("options.%s: unknown provider %q, want one of %s", option, name, strings.Join(known, ", ")))
			}
		}
	}
	return errors.Join(errs...)
}

func names() []string {
	var out []string
	for _, p := range Providers() {
		out = append(out, p.Name)
	}
	return out
}

func (s *Server) handler(env *provider.Env) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", provider.Handler(env))
	mux.HandleFunc("GET /mock/health", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, map[string]string{"status": "ok", "provider": env.Provider.Name})
	})
	mux.HandleFunc("GET /mock/journal", s.serveJournal)
	mux.HandleFunc("DELETE /mock/journal", func(w http.ResponseWriter, _ *http.Request) {
		s.journal.Reset()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /mock/script", func(w http.ResponseWriter, r *http.Request) {
		list, err := readScript(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		env.Push(list...)
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}

// serveJournal answers with the entries after ?since=N, and the failed handshakes.
func (s *Server) serveJournal(w http.ResponseWriter, r *http.Request) {
	since := 0
	if v := r.URL.Query().Get("since"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil {
			http.Error(w, "since: want a number, got "+strconv.Quote(v), http.StatusBadRequest)
			return
		}
		since = n
	}
	reply(w, struct {
		Entries    []journal.Entry     `json:"entries"`
		Handshakes []journal.Handshake `json:"handshakes"`
	}{s.journal.Since(since), slices.Concat([]journal.Handshake{}, s.journal.Handshakes())})
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// maxScript is the longest script that is read.
const maxScript = 1 << 20

// readScript reads one behaviour a line; an empty line is a good answer.
func readScript(r io.Reader) ([]script.Behaviour, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxScript))
	if err != nil {
		return nil, err
	}
	var list []script.Behaviour
	var errs []error
	for i, line := range strings.Split(strings.TrimSuffix(string(b), "\n"), "\n") {
		behaviour, err := script.Parse(line)
		if err != nil {
			errs = append(errs, fmt.Errorf("line %d: %w", i+1, err))
		}
		list = append(list, behaviour)
	}
	return list, errors.Join(errs...)
}
