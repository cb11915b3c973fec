package dialect_test

import (
	"errors"
	"os"
	"testing"

	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/anthropic"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/openai"
)

func bedrockSuites(tb testing.TB) map[string]adaptertest.Suite {
	tb.Helper()
	return map[string]adaptertest.Suite{
		"bedrock-to-openai":    {Dialect: dialect.Bedrock(), Provider: provider(tb, openai.Provider()), Grammar: adaptertest.BedrockConverse},
		"bedrock-to-anthropic": {Dialect: dialect.Bedrock(), Provider: provider(tb, anthropic.Provider()), Grammar: adaptertest.BedrockConverse},
	}
}

// runSuites runs each suite on the folder of cases that has its name.
func runSuites(t *testing.T, suites map[string]adaptertest.Suite) {
	t.Helper()
	for dir, s := range suites {
		t.Run(dir, func(t *testing.T) {
			t.Parallel()
			adaptertest.Run(t, s, os.DirFS("testdata"), dir)
		})
	}
}

func TestBedrockClients(t *testing.T) {
	t.Parallel()
	runSuites(t, bedrockSuites(t))
}

func TestBedrockErrorsHaveTheirNames(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		e    chat.Error
		want string
	}{
		{chat.Error{Status: 400, Kind: chat.InvalidRequest}, "ValidationException"},
		{chat.Error{Status: 401, Kind: chat.Unauthenticated}, "UnrecognizedClientException"},
		{chat.Error{Status: 429, Kind: chat.RateLimited}, "ThrottlingException"},
		{chat.Error{Status: 503, Kind: chat.Internal}, "ServiceUnavailableException"},
		{chat.Error{Status: 502, Kind: chat.Internal}, "InternalServerException"},
		{chat.Error{Status: 504, Kind: chat.Timeout}, "ModelTimeoutException"},
	} {
		if h := dialect.Bedrock().ErrorHeader(&tt.e); h.Name != "x-amzn-errortype" || h.Value != tt.want {
			t.Errorf("%+v: got %s: %s, want %s", tt.e, h.Name, h.Value, tt.want)
		}
	}
}

// fuzzRequests holds readers to this: whatever a client sends, it is read or refused with
// a status, and what a provider gets of it is JSON.
func fuzzRequests(f *testing.F, suites map[string]adaptertest.Suite) {
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
			sent, _, e := s.Translate(in)
			if e != nil {
				if e.Status < 400 || e.Message == "" {
					t.Fatalf("got %+v, want an error with a status and a message", e)
				}
				continue
			}
			if _, err := adaptertest.Value(sent); err != nil {
				t.Fatalf("got %v in %s", err, sent)
			}
		}
	})
}

// fuzzStreams holds writers to this: whatever a provider sends, a client gets a stream
// that keeps the rules.
func fuzzStreams(f *testing.F, suites map[string]adaptertest.Suite, request []byte) {
	for dir := range suites {
		list, err := adaptertest.Load(os.DirFS("testdata"), dir)
		if err != nil {
			f.Fatal(err)
		}
		for _, c := range list {
			if c.Stream != nil {
				f.Add([]byte(c.Stream.Upstream))
			}
		}
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		for dir, s := range suites {
			got, err := s.Stream(request, in)
			if err != nil {
				t.Fatal(dir, err)
			}
			if ending, err := s.Grammar(got); err != nil && !errors.Is(err, adaptertest.ErrArguments) || err == nil && ending == adaptertest.Cut {
				t.Fatalf("%s: got (%v, ending %d)\n%s", dir, err, ending, got)
			}
		}
	})
}

func FuzzBedrockRequest(f *testing.F) { fuzzRequests(f, bedrockSuites(f)) }

func FuzzBedrockStream(f *testing.F) {
	fuzzStreams(f, bedrockSuites(f), []byte(`{"messages":[{"role":"user","content":[{"text":"Hi"}]}]}`))
}
