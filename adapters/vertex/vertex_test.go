package vertex_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/vertex"
)

func newAdapter(t testing.TB, options string) adapters.Adapter {
	t.Helper()
	a, err := vertex.New(options)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// tiered writes the tier that the Gemini API has in its body, and this one as a default.
type tiered struct{ adapters.Translator }

func (m tiered) AppendRequest(dst []byte, r *chat.Request) ([]byte, *chat.Error) {
	out, e := m.Translator.AppendRequest(dst, r)
	if string(r.ServiceTier) == "standard_only" {
		out = append(out[:len(out)-1], `,"serviceTier":"standard"}`...)
	}
	return out, e
}

// The cases of the Gemini API hold here, too.
func TestCasesOfGemini(t *testing.T) {
	t.Parallel()
	a := tiered{newAdapter(t, `{"project":"p"}`).(adapters.Translator)}
	for dir, s := range map[string]adaptertest.Suite{
		"openai":    {Dialect: dialect.OpenAI(), Provider: a, Grammar: adaptertest.OpenAIChat},
		"anthropic": {Dialect: dialect.Anthropic(), Provider: a, Grammar: adaptertest.AnthropicMessages},
	} {
		t.Run(dir, func(t *testing.T) {
			t.Parallel()
			adaptertest.Run(t, s, os.DirFS("../gemini/testdata"), dir)
		})
	}
}

// modelled writes the model into Claude's requests again, in the place of the version, so
// that the cases of Anthropic's own API can be compared.
type modelled struct{ adapters.Translator }

func (m modelled) AppendRequest(dst []byte, r *chat.Request) ([]byte, *chat.Error) {
	out, e := m.Translator.AppendRequest(dst, r)
	model := rawjson.AppendString([]byte(`{"model":`), r.Model)
	return bytes.Replace(out, []byte(`{"anthropic_version":"vertex-2023-10-16"`), model, 1), e
}

func TestCasesOfAnthropic(t *testing.T) {
	t.Parallel()
	a := modelled{newAdapter(t, `{"project":"p","publisher":"anthropic"}`).(adapters.Translator)}
	for dir, s := range map[string]adaptertest.Suite{
		"openai-to-anthropic":    {Dialect: dialect.OpenAI(), Provider: a, Grammar: adaptertest.OpenAIChat},
		"anthropic-to-anthropic": {Dialect: dialect.Anthropic(), Provider: a, Grammar: adaptertest.AnthropicMessages},
	} {
		t.Run(dir, func(t *testing.T) {
			t.Parallel()
			adaptertest.Run(t, s, os.DirFS("../adaptertest/testdata"), dir)
		})
	}
}

func TestPaths(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ options, model, whole, stream string }{
		{`{"project":"p"}`, "gemini-2.5-pro", "/v1/projects/p/locations/global/publishers/google/models/gemini-2.5-pro:generateContent", "streamGenerateContent?alt=sse"},
		{`{"project":"p","location":"eu"}`, "claude-opus-4-5@20251101", "/v1/projects/p/locations/eu/publishers/anthropic/models/claude-opus-4-5@20251101:rawPredict", "streamRawPredict"},
		{`{"project":"p","location":"us-east5"}`, "anthropic/x", "/v1/projects/p/locations/us-east5/publishers/anthropic/models/x:rawPredict", "streamRawPredict"},
		{`{"project":"p"}`, "publishers/google/models/gemini-3-pro-preview", "/v1/projects/p/locations/global/publishers/google/models/gemini-3-pro-preview:generateContent", "streamGenerateContent?alt=sse"},
		{`{"project":"p","publisher":"anthropic"}`, "tuned", "/v1/projects/p/locations/global/publishers/anthropic/models/tuned:rawPredict", "streamRawPredict"},
		{`{"project":"example.com:p"}`, "google/a b?c/../d", "/v1/projects/example.com:p/locations/global/publishers/google/models/a%20b%3Fc%2F..%2Fd:generateContent", "streamGenerateContent?alt=sse"},
	} {
		a := newAdapter(t, tt.options).(adapters.Translator)
		if got := a.ChatPath(tt.model, false); got != tt.whole {
			t.Errorf("%s: got %s, want %s", tt.model, got, tt.whole)
		}
		got := a.ChatPath(tt.model, true)
		if want := tt.whole[:strings.LastIndexByte(tt.whole, ':')+1] + tt.stream; got != want {
			t.Errorf("%s as a stream: got %s, want %s", tt.model, got, want)
		}
		if strings.Count(got, "/") != 9 {
			t.Errorf("%s: got %s, which has another number of segments", tt.model, got)
		}
	}
}

func TestHosts(t *testing.T) {
	t.Parallel()
	for location, want := range map[string]string{"global": "aiplatform.googleapis.com", "eu": "aiplatform.eu.rep.googleapis.com", "us-east5": "us-east5-aiplatform.googleapis.com"} {
		if got := newAdapter(t, `{"project":"p","location":"`+location+`"}`).(adapters.Located).Host(); got != want {
			t.Errorf("%s: got %s, want %s", location, got, want)
		}
	}
}

func TestOptionsThatAreRefused(t *testing.T) {
	t.Parallel()
	for options, want := range map[string]string{
		`{}`:                                    "project",
		`{"project":"a/b"}`:                     "project",
		`{"project":"p","location":"x?y"}`:      "location",
		`{"project":"p","publisher":"mistral"}`: "publisher",
	} {
		if _, err := vertex.New(options); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error that names %s", options, err, want)
		}
	}
}

func TestAnotherPublisherIsRefusedByName(t *testing.T) {
	t.Parallel()
	a := newAdapter(t, `{"project":"p"}`).(adapters.Translator)
	_, e := a.AppendRequest(nil, &chat.Request{Model: "meta/llama-4"})
	if e == nil || e.Status != 400 || e.Param != "model" {
		t.Errorf("got %v, want a 400 for the model", e)
	}
}

func TestErrorsOfEitherForm(t *testing.T) {
	t.Parallel()
	a := newAdapter(t, `{"project":"p"}`).(adapters.Translator)
	for _, tt := range []struct {
		status  int
		body    string
		kind    chat.ErrorKind
		message string
	}{
		{429, `{"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}`, chat.RateLimited, "slow down"},
		{429, `[{"error":{"code":429,"message":"Resource exhausted.","status":"RESOURCE_EXHAUSTED"}}]`, chat.RateLimited, "Resource exhausted."},
		{403, `{"error":{"code":403,"message":"Permission denied","status":"PERMISSION_DENIED"}}`, chat.PermissionDenied, "Permission denied"},
		{500, `<html>`, chat.Internal, "500"},
	} {
		if e := a.ReadError(tt.status, []byte(tt.body)); e.Kind != tt.kind || !strings.Contains(e.Message, tt.message) {
			t.Errorf("%s: got %+v, want kind %v and %q", tt.body, e, tt.kind, tt.message)
		}
	}
}

func TestStreamWithoutAnEventIsCut(t *testing.T) {
	t.Parallel()
	d := newAdapter(t, `{"project":"p"}`).(adapters.Translator).NewDecoder()
	d.Reset()
	if err := d.Close(func(*chat.Event) {}); err == nil {
		t.Errorf("got no error")
	}
}
