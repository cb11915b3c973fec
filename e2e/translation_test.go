package e2e

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/anthropic"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/openai"
	"github.com/postern-gateway/postern/adapters/secret"
	"github.com/postern-gateway/postern/adapters/strict"
	"github.com/postern-gateway/postern/e2e/mockllm"
	"github.com/postern-gateway/postern/e2e/mockllm/grammar"
	"github.com/postern-gateway/postern/e2e/mockllm/provider"
	"github.com/postern-gateway/postern/e2e/pairs"
)

// The mocks know these models as ones of which everything may be asked.
var otherModels = map[string][]string{
	"openai":    {"other-model", "llama-3.3-70b", "gpt-5.6"},
	"anthropic": {"other-model"},
	"gemini":    {"gemma-4-31b-it"},
	"mistral":   {"voxtral-small-latest"},
	"ollama":    {"gemma3"},
	"bedrock":   {"amazon.nova-2-omni-v1:0"},
}

// A strictMock says what a provider would have against a request.
type strictMock struct {
	handler http.Handler
	adapter adapters.Adapter
	host    string // empty: any
	key     string
	signer  provider.Signer
}

// hosts are those that mocks are asked under, where it matters.
var hosts = map[string]string{"bedrock": "bedrock-runtime.us-east-1.amazonaws.com"}

func strictMocks(t *testing.T) map[string]*strictMock {
	t.Helper()
	own := []byte("translation")
	s := mockllm.New(mockllm.Options{Models: otherModels, Secret: own})
	all := map[string]*strictMock{}
	for _, p := range pairs.Providers() {
		a, err := pairs.Adapter(p.Kind, cmp.Or(p.Options, "{}"))
		if err != nil {
			t.Fatal(err)
		}
		all[p.Kind] = &strictMock{s.Handler(p.Mock), a, hosts[p.Kind], s.Key(p.Mock), provider.Signer{Secret: own}}
	}
	return all
}

// accept is ask where the path does not have the model.
func (m *strictMock) accept(request []byte) error { return m.ask("", request) }

// ask sends a request, with the mock's own signatures on the thoughts in it.
func (m *strictMock) ask(model string, request []byte) error {
	v, err := adaptertest.Value(request)
	if err != nil {
		return err
	}
	m.sign(v)
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	headers := append(m.adapter.Credential(secret.New(m.key)), adapters.Header{Name: "anthropic-version", Value: "2023-06-01"})
	w := adaptertest.Ask(m.handler, m.host, m.adapter.(adapters.Translator).ChatPath(model, false), body, headers...)
	if w.Code != http.StatusOK {
		return fmt.Errorf("status %d: %s", w.Code, strings.TrimSpace(w.Body.String()))
	}
	return nil
}

func (m *strictMock) sign(v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			m.sign(e)
		}
	case map[string]any:
		if text, ok := v["reasoningText"].(map[string]any); ok && text["signature"] != nil {
			text["signature"] = m.signer.Sign(text["text"].(string))
		} else if v["redactedContent"] != nil {
			v["redactedContent"] = m.signer.Sign("redacted")
		}
		switch v["type"] {
		case "thinking":
			if text, ok := v["thinking"].(string); ok {
				v["signature"] = m.signer.Sign(text)
			}
		case "redacted_thinking":
			v["data"] = m.signer.Sign("redacted")
		}
		for _, e := range v {
			m.sign(e)
		}
	}
}

// ending is a grammar as the suites take it.
func ending(check func([]byte) error) func([]byte) (adaptertest.Ending, error) {
	return func(stream []byte) (adaptertest.Ending, error) {
		switch err := check(stream); {
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
}

// translations are the pairs, each judged by the client's grammar and the provider's mock.
func translations(t *testing.T, mocks map[string]*strictMock) map[string]adaptertest.Suite {
	t.Helper()
	translator := func(p adapters.Provider) adapters.Translator {
		var a adapters.Adapter
		var err error
		if e := strict.Decode([]byte(`{}`), func(o *strict.Object) { a, err = p.Options(o) }); e != nil || err != nil {
			t.Fatal(e, err)
		}
		return a.(adapters.Translator)
	}
	return map[string]adaptertest.Suite{
		"openai-to-anthropic": {Dialect: dialect.OpenAI(), Provider: translator(anthropic.Provider()), Grammar: ending(grammar.OpenAIChat), Accept: mocks["anthropic"].accept},
		"anthropic-to-openai": {Dialect: dialect.Anthropic(), Provider: translator(openai.Provider()), Grammar: ending(grammar.Anthropic), Accept: mocks["openai"].accept},
		"gemini-to-openai":    {Dialect: dialect.Gemini(), Provider: translator(openai.Provider()), Grammar: adaptertest.GeminiGenerate, Accept: mocks["openai"].accept},
		"gemini-to-anthropic": {Dialect: dialect.Gemini(), Provider: translator(anthropic.Provider()), Grammar: adaptertest.GeminiGenerate, Accept: mocks["anthropic"].accept},
	}
}

// TestTranslationCasesOnMocks runs the adapters' own cases with other judges: the
// grammars that the streams of real clients are checked by, and the strict mocks.
func TestTranslationCasesOnMocks(t *testing.T) {
	t.Parallel()
	for dir, s := range translations(t, strictMocks(t)) {
		t.Run(dir, func(t *testing.T) {
			t.Parallel()
			adaptertest.Run(t, s, os.DirFS("../adapters/adaptertest/testdata"), dir)
		})
	}
}

// TestConversationsOnMocks has every translated conversation accepted on both ways.
func TestConversationsOnMocks(t *testing.T) {
	t.Parallel()
	mocks := strictMocks(t)
	roads, err := pairs.Roads()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range roads {
		list, err := adaptertest.LoadConversations(os.DirFS("../adapters/adaptertest/testdata/conversations"), d.Dialect)
		if err != nil {
			t.Fatal(err)
		}
		for i := range list {
			c := &list[i]
			if !d.Takes(c.Via) {
				continue
			}
			t.Run(d.Dialect+"/"+d.Via+"/"+c.Name, func(t *testing.T) {
				t.Parallel()
				trip, e := adaptertest.Travel(d.Out, d.Home, c)
				if e != nil {
					if c.Refused == "" {
						t.Fatalf("got refused: %s", e.Message)
					}
					return
				}
				if err := mocks[d.Via].ask(c.Via, trip.There); (err != nil) != (c.ThereRefused != "") {
					t.Errorf("there: got %v, want accepted unless %q: %s", err, c.ThereRefused, trip.There)
				}
				if err := mocks[d.Dialect].ask(trip.Model, trip.Back); (err != nil) != (c.BackRefused != "") {
					t.Errorf("back: got %v, want accepted unless %q: %s", err, c.BackRefused, trip.Back)
				}
			})
		}
	}
}
