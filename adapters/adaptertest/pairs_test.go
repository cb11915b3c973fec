package adaptertest_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/eventstream"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/e2e/pairs"
)

// Every pair of a dialect and a provider has more mutants than a test has time for; some
// are picked by the seed. `make soak` tries all.
var (
	share = flag.Float64("share", 0.02, "share of the mutants of every pair that is tried; 1 is all")
	seed  = flag.Uint64("seed", 1, "picks the mutants that are tried")
)

// A form is what a provider sends: one has a row for each that it has. Of cases are the
// folders whose answers and streams it has, and wire says which floods are its.
type form struct {
	pairs.Provider
	name, wire string
	cases      []string
}

// wires are the forms of the providers, of which a new one is a line here.
var wires = map[string]form{
	"openai":      {wire: "openai", cases: []string{"adaptertest/testdata/anthropic-to-openai", "adaptertest/testdata/openai-to-openai"}},
	"anthropic":   {wire: "anthropic", cases: []string{"adaptertest/testdata/openai-to-anthropic", "adaptertest/testdata/anthropic-to-anthropic"}},
	"azure":       {wire: "openai", cases: []string{"adaptertest/testdata/anthropic-to-openai"}},
	"mistral":     {wire: "mistral openai", cases: []string{"mistral/testdata/openai"}},
	"huggingface": {wire: "openai", cases: []string{"huggingface/testdata/openai"}},
	"cloudflare":  {wire: "cloudflare openai", cases: []string{"cloudflare/testdata/openai", "cloudflare/testdata/openai-run"}},
	"gemini":      {wire: "gemini", cases: []string{"gemini/testdata/openai", "gemini/testdata/anthropic"}},
	"vertex":      {wire: "gemini", cases: []string{"gemini/testdata/openai"}},
	"cohere":      {wire: "cohere", cases: []string{"cohere/testdata/openai", "cohere/testdata/anthropic"}},
	"ollama":      {wire: "ollama", cases: []string{"ollama/testdata/openai"}},
	"custom":      {wire: "ollama", cases: []string{"ollama/testdata/openai"}}, // as its options of the pairs describe it
	"bedrock":     {wire: "bedrock", cases: []string{"bedrock/testdata/openai", "bedrock/testdata/anthropic"}},
}

// forms are those of all providers, and those that one without a mock has, or another
// model of the same provider.
func forms(tb testing.TB) []form {
	tb.Helper()
	var all []form
	for _, p := range pairs.Providers() {
		f, ok := wires[p.Kind]
		if !ok {
			tb.Fatalf("wires has no line for %s", p.Kind)
		}
		f.Provider, f.name = p, p.Kind
		all = append(all, f)
	}
	return append(all,
		form{pairs.Provider{Kind: "vertex", Model: "claude-sonnet-4-5", Options: `{"project":"p","publisher":"anthropic"}`}, "vertex's claude", "anthropic", []string{"adaptertest/testdata/openai-to-anthropic"}},
		form{pairs.Provider{Kind: "llama", Model: "Llama-4", Options: `{"surface":"native"}`}, "llama", "llama", []string{"llama/testdata/openai", "llama/testdata/anthropic"}})
}

// A pair is a dialect and a form.
type pair struct {
	adaptertest.Suite
	dialect pairs.Dialect
	form    form
}

func (p *pair) name() string { return p.dialect.Name + " to " + p.form.name }

func allPairs(tb testing.TB) []*pair {
	tb.Helper()
	var all []*pair
	for _, d := range pairs.Dialects() {
		for _, f := range forms(tb) {
			s, err := d.Suite(&f.Provider)
			if err != nil {
				tb.Fatal(err)
			}
			if f.wire == "bedrock" {
				s.Frame = eventStream
			}
			all = append(all, &pair{s, d, f})
		}
	}
	return all
}

// everyPair runs a test for each.
func everyPair(t *testing.T, test func(t *testing.T, p *pair)) {
	t.Helper()
	for _, p := range allPairs(t) {
		t.Run(p.name(), func(t *testing.T) {
			t.Parallel()
			test(t, p)
		})
	}
}

// plain is a request of the dialect that all providers take, for a stream.
func (p *pair) plain(tb testing.TB) []byte {
	tb.Helper()
	v, err := pairs.Object([]byte(p.dialect.Plain))
	if err != nil {
		tb.Fatal(err)
	}
	body, err := p.dialect.Ask(v, p.form.Model, true)
	if err != nil {
		tb.Fatal(err)
	}
	return body
}

// load are all cases of the form.
func (p *pair) load(t *testing.T) []adaptertest.Case {
	t.Helper()
	var all []adaptertest.Case
	for _, dir := range p.form.cases {
		some, err := adaptertest.Load(os.DirFS(".."), dir)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, some...)
	}
	return all
}

// picked calls try for the share of the mutants that the seed picks.
func picked(t *testing.T, share float64, try func([]byte)) func([]byte) {
	t.Helper()
	random := rand.New(rand.NewPCG(*seed, uint64(len(t.Name()))))
	return func(in []byte) {
		if share >= 1 || random.Float64() < share {
			try(in)
		}
	}
}

// requests are the shared conversations in the pair's dialect, and the dialect's own.
func (p *pair) requests(t *testing.T) map[string]map[string]any {
	t.Helper()
	fsys := os.DirFS("testdata/conversations")
	all, err := p.dialect.Conversations(fsys)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fs.Stat(fsys, p.dialect.Name); p.dialect.Source != "" || err != nil {
		return all
	}
	own, err := adaptertest.LoadConversations(fsys, p.dialect.Name)
	if err != nil {
		t.Fatal(err)
	}
	for i := range own {
		if all["own "+own[i].Name], err = pairs.Object(own[i].Request); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// TestEveryPairMutatedRequests replaces values of all conversations that a pair takes:
// what comes of it is a request in JSON or a 400 in the client's dialect, and the next
// request is translated as ever.
func TestEveryPairMutatedRequests(t *testing.T) {
	t.Parallel()
	everyPair(t, func(t *testing.T, p *pair) {
		requests := p.requests(t)
		plain := p.plain(t)
		want, _, e := p.Translate(plain)
		if e != nil {
			t.Fatalf("%s: %s", plain, e.Message)
		}
		tried, refused := 0, 0
		try := func(in []byte) {
			tried++
			out, drops, e := p.Translate(in)
			if e != nil {
				refused++
				refusedWell(t, &p.Suite, in, e)
			} else if _, err := adaptertest.Value(out); err != nil || slices.Contains(drops, "") {
				t.Errorf("%s: got %s, drops %q: %v", in, out, drops, err)
			}
			if tried%16 > 0 {
				return
			}
			if again, _, e := p.Translate(plain); e != nil || !bytes.Equal(again, want) {
				t.Errorf("after %s: got %s, want the next request translated to %s", in, again, want)
			}
		}
		some := picked(t, *share, try)
		for _, name := range slices.Sorted(maps.Keys(requests)) {
			if len(fmt.Sprint(requests[name])) > 20_000 { // such as that with 200 tools
				continue
			}
			body, err := p.dialect.Ask(requests[name], p.form.Model, true)
			if err != nil {
				t.Fatal(err)
			}
			if _, _, e := p.Translate(body); e == nil {
				mutants(t, body, some)
			}
		}
		if refused == 0 || refused == tried {
			t.Errorf("got %d of %d refused, want some", refused, tried)
		}
		t.Logf("%d mutants, %d of them refused", tried, refused)
	})
}

// named wants calls of a whole answer to have what clients need of them.
func (p *pair) named(answer []byte) error {
	doc := rawjson.Doc{LoneSurrogates: true}
	if err := doc.Parse(answer); err != nil {
		return err
	}
	var r chat.Response
	if err := p.Provider.ReadResponse(doc.Root(), &r); err != nil {
		return err
	}
	for _, c := range r.Choices {
		for _, part := range c.Parts {
			if part.Kind == chat.ToolCallPart && (len(part.ID) == 0 || len(part.Name) == 0) {
				return errors.New("it has a call without an id or a name")
			}
		}
	}
	return nil
}

// TestEveryPairMutatedAnswers replaces values of whole answers and of errors.
func TestEveryPairMutatedAnswers(t *testing.T) {
	t.Parallel()
	everyPair(t, func(t *testing.T, p *pair) {
		tried := 0
		for _, c := range p.load(t) {
			if c.Answer == nil {
				continue
			}
			check := func(in []byte) {
				tried++
				status, out := p.Answer(c.Answer.UpstreamStatus, in)
				_, err := adaptertest.Value(out)
				if err == nil && status == 200 {
					err = p.named(in)
				}
				if err != nil || status < 200 || status > 599 {
					t.Errorf("%d %s: got %d %s: %v", c.Answer.UpstreamStatus, in, status, out, err)
				}
			}
			check(c.Answer.Upstream)
			some := picked(t, *share, check)
			if _, err := adaptertest.Value(c.Answer.Upstream); err == nil {
				mutants(t, c.Answer.Upstream, some)
			}
			for end := range c.Answer.Upstream {
				some(c.Answer.Upstream[:end])
			}
		}
		t.Logf("%d mutants", tried)
	})
}

// TestEveryPairMutatedStreams replaces values of events: the client's stream keeps to its
// grammar and ends, and the stream after it, by the same decoder and encoder, is as ever.
func TestEveryPairMutatedStreams(t *testing.T) {
	t.Parallel()
	everyPair(t, func(t *testing.T, p *pair) {
		r, e := p.Read(p.plain(t))
		if e != nil {
			t.Fatal(e.Message)
		}
		tr := p.NewTranslation()
		run := func(text []byte) ([]byte, error) {
			if p.Frame != nil {
				text = p.Frame(text)
			}
			tr.Reset(r)
			tr.Write(text)
			tr.Close()
			out, err := tr.Take()
			return bytes.Clone(out), err
		}
		tried := 0
		shapes := map[string]bool{} // of events that were mutated in this pair
		for _, c := range p.load(t) {
			if c.Stream == nil {
				continue
			}
			want, err := run(c.Stream.Upstream)
			if err == nil {
				err = endsWell(&p.Suite, want)
			}
			if err != nil {
				t.Errorf("%s: %v\ngot\n%s", c.Name, err, want)
			}
			lines := bytes.SplitAfter(c.Stream.Upstream, []byte("\n"))
			for k, line := range lines {
				at := bytes.IndexByte(line, '{')
				if at < 0 || !newShape(bytes.TrimSpace(line[at:]), shapes) {
					continue
				}
				before, after := bytes.Join(lines[:k], nil), bytes.Join(lines[k+1:], nil)
				mutants(t, bytes.TrimSpace(line[at:]), picked(t, *share, func(event []byte) {
					tried++
					out, err := run(slices.Concat(before, line[:at], event, []byte("\n"), after))
					if err == nil {
						err = endsWell(&p.Suite, out)
					}
					if err != nil {
						t.Errorf("%s: %v\nevent %s\ngot\n%s", c.Name, err, event, out)
					}
					if again, err := run(c.Stream.Upstream); tried%16 == 0 && (err != nil || !bytes.Equal(again, want)) {
						t.Errorf("%s: after event %s the next stream is (%v)\n%s\nwant\n%s", c.Name, event, err, again, want)
					}
				}))
			}
		}
		t.Logf("%d mutants of %d forms of events", tried, len(shapes))
	})
}

// eventStream makes AWS's framing of lines, each of a type and a payload.
func eventStream(text []byte) []byte {
	var out []byte
	for line := range bytes.Lines(text) {
		if kind, data, _ := bytes.Cut(bytes.TrimRight(line, "\n"), []byte(" ")); len(kind) > 0 {
			out = eventstream.Append(out, string(kind), data)
		}
	}
	return out
}

// TestFoundByMutants has what mutants have found, for every dialect.
func TestFoundByMutants(t *testing.T) {
	t.Parallel()
	const chunk = `{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"Hi"},"logprobs":%l,"finish_reason":"stop"}],"usage":%u}`
	const answer = `{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi","tool_calls":%c},"logprobs":%l,"finish_reason":"stop"}],"usage":%u}`
	everyPair(t, func(t *testing.T, p *pair) {
		if p.form.name != "openai" {
			return
		}
		for _, tt := range []struct {
			logprobs, usage, calls string
			status                 int
		}{
			{`{"content":{"type":"text"}}`, `{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}`, `[]`, 200},
			{`null`, `{"prompt_tokens":-1,"completion_tokens":-9223372036854775808,"total_tokens":-1}`, `[]`, 200},
			{`null`, `null`, `[{"id":"c","type":"function","function":{"name":"","arguments":"{}"}}]`, 502},
			{`null`, `null`, `[-1]`, 502},
		} {
			fill := strings.NewReplacer("%l", tt.logprobs, "%u", tt.usage, "%c", tt.calls)
			status, out := p.Answer(200, []byte(fill.Replace(answer)))
			if _, err := adaptertest.Value(out); err != nil || status != tt.status || bytes.Contains(out, []byte(":-")) {
				t.Errorf("%v: got %d %s (%v), want %d", tt, status, out, err, tt.status)
			}
			out, err := p.Stream(p.plain(t), []byte("data: "+fill.Replace(chunk)+"\n\ndata: [DONE]\n\n"))
			if err == nil {
				err = endsWell(&p.Suite, out)
			}
			if err != nil || bytes.Contains(out, []byte(":-")) {
				t.Errorf("%v: got (%v)\n%s", tt, err, out)
			}
		}
	})
}
