package dialect_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/anthropic"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/gemini"
	"github.com/postern-gateway/postern/adapters/mistral"
	"github.com/postern-gateway/postern/adapters/openai"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/e2e/mockllm/grammar"
)

// responses checks a stream of the Responses API.
func responses(stream []byte) (adaptertest.Ending, error) {
	switch err := grammar.OpenAIResponses(stream); {
	case err == nil:
		return adaptertest.Complete, nil
	case errors.Is(err, grammar.ErrFailed):
		return adaptertest.Failed, nil
	case errors.Is(err, grammar.ErrTruncated):
		return adaptertest.Cut, nil
	default:
		return adaptertest.Cut, err
	}
}

// responsesSuites are pairs with providers that differ in what they make of a
// conversation. OpenAI is one of its chat completions: services that resemble it mostly
// have no Responses API.
func responsesSuites(tb testing.TB) map[string]adaptertest.Suite {
	tb.Helper()
	all := map[string]adaptertest.Suite{}
	for name, p := range map[string]adapters.Provider{"openai": openai.Provider(), "anthropic": anthropic.Provider(), "gemini": gemini.Provider(), "mistral": mistral.Provider()} {
		all["responses-to-"+name] = adaptertest.Suite{Dialect: dialect.OpenAIResponses(), Provider: provider(tb, p), Grammar: responses}
	}
	return all
}

func TestResponsesClients(t *testing.T) {
	t.Parallel()
	runSuites(t, responsesSuites(t))
}

func TestCompletionsClients(t *testing.T) {
	t.Parallel()
	runSuites(t, completionsSuites(t))
}

func completionsSuites(tb testing.TB) map[string]adaptertest.Suite {
	tb.Helper()
	return map[string]adaptertest.Suite{
		"completions-to-openai":    {Dialect: dialect.OpenAICompletions(), Provider: provider(tb, openai.Provider()), Grammar: adaptertest.OpenAICompletions},
		"completions-to-anthropic": {Dialect: dialect.OpenAICompletions(), Provider: provider(tb, anthropic.Provider()), Grammar: adaptertest.OpenAICompletions},
	}
}

// excused are the faults that are the provider's own.
func excused(err error) bool {
	return err == nil || strings.Contains(err.Error(), "no JSON object") || strings.Contains(err.Error(), "usage") || strings.Contains(err.Error(), "tokens")
}

// streamsOf are the streams of a folder of cases, whatever their clients are.
func streamsOf(tb testing.TB, path, dir string) (all [][]byte) {
	tb.Helper()
	list, err := adaptertest.Load(os.DirFS(path), dir)
	if err != nil {
		tb.Fatal(err)
	}
	for _, c := range list {
		if c.Stream != nil {
			all = append(all, []byte(c.Stream.Upstream))
		}
	}
	return all
}

// greeting asks for anything, in the dialect of a pair.
func greeting(dir string) []byte {
	if strings.HasPrefix(dir, "completions") {
		return []byte(`{"model":"m","prompt":"Hi","stream":true}`)
	}
	return []byte(`{"model":"m","input":"Hi","stream":true}`)
}

// Streams that other dialects' cases have are translated for these as well: to their
// ends, and cut at every event.
func TestStreamsOfOtherDialects(t *testing.T) {
	t.Parallel()
	suites := responsesSuites(t)
	for dir, s := range completionsSuites(t) {
		suites[dir] = s
	}
	for dir, s := range suites {
		t.Run(dir, func(t *testing.T) {
			t.Parallel()
			_, name, _ := strings.Cut(dir, "-to-")
			path, from := "../adaptertest/testdata", "openai-to-"+name
			if name == "gemini" || name == "mistral" {
				path, from = "../"+name+"/testdata", "openai"
			}
			for _, in := range streamsOf(t, path, from) {
				for end := 0; end <= len(in); end++ {
					if end < len(in) && (end == 0 || in[end-1] != '\n') {
						continue
					}
					got, err := s.Stream(greeting(dir), in[:end])
					if err != nil {
						t.Fatal(err)
					}
					if ending, err := s.Grammar(got); !excused(err) || err == nil && ending == adaptertest.Cut {
						t.Errorf("got (%v, ending %d)\n%s\nof\n%s", err, ending, got, in[:end])
					}
				}
			}
		})
	}
}

// A stream keeps its answer once, and fails beyond the bound instead of saying less in
// its last event than it has said before.
func TestResponsesKeepTheAnswer(t *testing.T) {
	t.Parallel()
	s := responsesSuites(t)["responses-to-openai"]
	chunk := func(text, finish string) string {
		return `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"` + text + `"},"finish_reason":` + finish + `}]}` + "\n\n"
	}
	end := chunk("", `"stop"`) + `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}` + "\n\ndata: [DONE]\n\n"
	piece := strings.Repeat("0123456789", 100)
	for _, tt := range []struct {
		pieces int
		want   adaptertest.Ending
	}{{50, adaptertest.Complete}, {1000, adaptertest.Complete}, {1100, adaptertest.Failed}} {
		got, err := s.Stream(greeting(""), []byte(strings.Repeat(chunk(piece, "null"), tt.pieces)+end))
		if err != nil {
			t.Fatal(err)
		}
		if ending, err := s.Grammar(got); err != nil || ending != tt.want {
			t.Errorf("%d pieces: got ending %d (%v), want %d", tt.pieces, ending, err, tt.want)
		}
		if tt.want == adaptertest.Failed && !strings.Contains(string(got), `"answer_too_large"`) {
			t.Errorf("%d pieces: want the reason in the error", tt.pieces)
		}
	}
}

// Whatever a client sends, it is read or refused with a status, and what a provider gets
// of it is JSON.
func FuzzResponsesRequest(f *testing.F) {
	suites := responsesSuites(f)
	for dir, s := range completionsSuites(f) {
		suites[dir] = s
	}
	for dir := range suites {
		list, err := adaptertest.Load(os.DirFS("testdata"), dir)
		if err != nil {
			f.Fatal(err)
		}
		for _, c := range list {
			f.Add([]byte(c.Request))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, s := range suites {
			readOrRefused(t, s, in)
		}
	})
}

func readOrRefused(t *testing.T, s adaptertest.Suite, in []byte) {
	t.Helper()
	sent, drops, e := s.Translate(in)
	if e != nil {
		if e.Status != 400 || e.Message == "" {
			t.Fatalf("%s: got %+v, want a 400 with a message", in, e)
		}
		return
	}
	if _, err := adaptertest.Value(sent); err != nil {
		t.Fatalf("%s: got %v in %s", in, err, sent)
	}
	for _, d := range drops {
		if d == "" {
			t.Fatalf("%s: got a drop without a name", in)
		}
	}
	got, err := s.Stream(in, []byte("data: {}\n\n")) // what it repeats of the request
	if err != nil {
		t.Fatal(err)
	}
	if ending, err := s.Grammar(got); !excused(err) || err == nil && ending == adaptertest.Cut {
		t.Fatalf("%s: got (%v, ending %d)\n%s", in, err, ending, got)
	}
}

// Every value of the cases' requests is replaced by others, and left out.
func TestMutatedResponsesRequests(t *testing.T) {
	t.Parallel()
	suites := responsesSuites(t)
	for dir, s := range completionsSuites(t) {
		suites[dir] = s
	}
	for dir, s := range suites {
		t.Run(dir, func(t *testing.T) {
			t.Parallel()
			list, err := adaptertest.Load(os.DirFS("testdata"), dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range list {
				mutants(t, c.Request, func(in []byte) { readOrRefused(t, s, in) })
			}
		})
	}
}

// mutants tries all documents that have one value of b replaced, and b without each of
// its members and elements.
func mutants(t *testing.T, b []byte, try func([]byte)) {
	t.Helper()
	var doc rawjson.Doc
	if err := doc.Parse(b); err != nil {
		t.Fatal(err)
	}
	var patch rawjson.Patch
	made := func() {
		try(patch.Apply(nil, &doc))
		patch.Reset()
	}
	var walk func(v rawjson.Value)
	walk = func(v rawjson.Value) {
		start, end := v.Span()
		for _, o := range []string{`null`, `true`, `1`, `0`, `-1`, `1.5`, `"x"`, `""`, `[]`, `{}`, `[null]`, `[{}]`, `["x"]`, `{"type":"text"}`, `{"type":"x","":{}}`} {
			try(slices.Concat(b[:start], []byte(o), b[end:]))
		}
		for k, m := range v.Fields() {
			patch.DeleteField(v, k.Str())
			made()
			walk(m)
		}
		for i, e := range v.Elems() {
			patch.DeleteElem(v, i)
			made()
			walk(e)
		}
	}
	walk(doc.Root())
}

// Whatever a provider sends, a client gets events that keep the rules.
func FuzzResponsesStream(f *testing.F) {
	suites := responsesSuites(f)
	for dir, s := range completionsSuites(f) {
		suites[dir] = s
	}
	for dir := range suites {
		for _, in := range streamsOf(f, "testdata", dir) {
			f.Add(in)
		}
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		for dir, s := range suites {
			got, err := s.Stream(greeting(dir), in)
			if err != nil {
				t.Fatal(dir, err)
			}
			if ending, err := s.Grammar(got); !excused(err) || err == nil && ending == adaptertest.Cut {
				t.Fatalf("%s: got (%v, ending %d)\n%s", dir, err, ending, got)
			}
		}
	})
}
