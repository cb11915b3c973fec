package adaptertest_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/anthropic"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/gemini"
	"github.com/postern-gateway/postern/adapters/openai"
)

// geminiSuites are the pairs with clients of Google's API; a suite's folder of cases has
// its name.
func geminiSuites(tb testing.TB) map[string]adaptertest.Suite {
	tb.Helper()
	toOpenAI, toAnthropic, toGemini := provider(tb, openai.Provider()), provider(tb, anthropic.Provider()), provider(tb, gemini.Provider())
	return map[string]adaptertest.Suite{
		"gemini-to-openai":       {Dialect: dialect.Gemini(), Provider: toOpenAI, Grammar: adaptertest.GeminiGenerate},
		"gemini-to-anthropic":    {Dialect: dialect.Gemini(), Provider: toAnthropic, Grammar: adaptertest.GeminiGenerate},
		"gemini-to-gemini":       {Dialect: dialect.Gemini(), Provider: toGemini, Grammar: adaptertest.GeminiGenerate},
		"gemini-array-to-openai": {Dialect: dialect.GeminiArray(), Provider: toOpenAI, Grammar: adaptertest.GeminiArray, Array: true},
	}
}

func TestGeminiCases(t *testing.T) {
	t.Parallel()
	for dir, s := range geminiSuites(t) {
		t.Run(dir, func(t *testing.T) {
			t.Parallel()
			adaptertest.Run(t, s, os.DirFS("testdata"), dir)
		})
	}
}

// richGemini has nearly all that the dialect has, in either spelling.
var richGemini = []string{
	`{"model":"models/gpt-5","systemInstruction":{"parts":[{"text":"a"}]},"contents":[
	{"role":"user","parts":[{"text":"b"},{"inlineData":{"mimeType":"image/png","data":"AA_-"}},{"fileData":{"mimeType":"image/png","fileUri":"https://example.com/a.png"}},{"inline_data":{"mime_type":"application/pdf","data":"JVBERi0="}},{"inlineData":{"mimeType":"text/plain","data":"aGVsbG8="}}]},
	{"role":"model","parts":[{"text":"hm","thought":true,"thoughtSignature":"cG9zdGVybjp0aGlua2luZzpzaWc="},{"text":"","thought":true,"thoughtSignature":"cG9zdGVybjpyZWRhY3RlZDp4"},{"text":"c","thoughtSignature":"c2ln"},{"functionCall":{"name":"w","args":{"x":1}},"thoughtSignature":"c2ln"},{"functionCall":{"id":"q","name":"v"}}]},
	{"role":"function","parts":[{"functionResponse":{"name":"w","response":{"output":"d"},"parts":[{"inlineData":{"mimeType":"image/png","data":"AAAA"}}]}},{"functionResponse":{"id":"q","name":"v","response":{"error":{"a":1}}}}]},
	{"role":"model","parts":[{"text":"e"}]},{"role":"model","parts":[{"text":"f"}]},{"parts":{"text":"g"}}],
	"tools":[{"functionDeclarations":[{"name":"w","description":"d","parameters":{"type":"OBJECT","properties":{"x":{"type":"INTEGER","minimum":1,"nullable":true,"enum":[1]},"y":{"anyOf":[{"type":"STRING","maxLength":"5"}],"nullable":true}},"propertyOrdering":["y","x"],"required":["x"]}},{"name":"v","parametersJsonSchema":{"type":"object","properties":{}}}]}],
	"toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["w","v"]}},"safetySettings":[{"category":"HARM_CATEGORY_HARASSMENT","threshold":"BLOCK_NONE"}],"serviceTier":"standard","store":false,"labels":{"a":"b"},
	"generationConfig":{"maxOutputTokens":30000,"temperature":0.5,"topP":0.9,"topK":"5","candidateCount":1,"seed":1,"presencePenalty":0,"frequencyPenalty":0,"responseModalities":["TEXT"],"thinkingConfig":{"includeThoughts":true,"thinkingBudget":2000}}}`,
	`{"model":"gemini-3-flash","system_instruction":{"parts":{"text":"a"}},"contents":{"role":"user","parts":[{"text":"x"}]},"generation_config":{"max_output_tokens":"9","stop_sequences":["a"],"response_mime_type":"application/json","response_schema":{"type":"OBJECT","properties":{"a":{"type":"STRING"}},"required":["a"]},"thinking_config":{"thinking_level":"low"}},
	"tools":{"function_declarations":{"name":"w"}},"tool_config":{"function_calling_config":{"mode":"validated"}}}`,
}

func TestGeminiMutatedRequests(t *testing.T) {
	t.Parallel()
	for pair, s := range geminiSuites(t) {
		for _, request := range richGemini {
			t.Run(pair, func(t *testing.T) {
				t.Parallel()
				wantMutantsSound(t, &s, request)
			})
		}
	}
}

// FuzzGeminiRequest: whatever a client sends becomes a request in JSON or an error in
// its own form.
func FuzzGeminiRequest(f *testing.F) {
	for _, r := range richGemini {
		f.Add([]byte(r))
	}
	all := geminiSuites(f)
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, s := range all {
			out, _, e := s.Translate(in)
			if e != nil {
				refusedWell(t, &s, in, e)
			} else if _, err := adaptertest.Value(out); err != nil {
				t.Errorf("%s: got %s: %v", in, out, err)
			}
		}
	})
}

// FuzzGeminiStream: whatever bytes a provider streams, and wherever the network cuts them,
// the client gets one stream that keeps to its grammar and ends, in both of its forms.
func FuzzGeminiStream(f *testing.F) {
	all := geminiSuites(f)
	for dir := range all {
		cases, err := adaptertest.Load(os.DirFS("testdata"), dir)
		if err != nil {
			f.Fatal(err)
		}
		for i := range cases {
			if s := cases[i].Stream; s != nil {
				f.Add(s.Upstream, len(s.Upstream)/2)
			}
		}
	}
	request := []byte(`{"model":"m","contents":[{"parts":[{"text":"Hi"}]}]}`)
	f.Fuzz(func(t *testing.T, in []byte, cut int) {
		for dir, s := range all {
			out, err := s.Stream(request, in)
			if err == nil {
				err = endsWell(&s, out)
			}
			if err != nil {
				t.Fatalf("%s: %s: %v\ngot\n%s", dir, in, err, out)
			}
			if cut < 0 || cut > len(in) {
				continue
			}
			again, err := s.Stream(request, in[:cut], in[cut:])
			if err != nil || !bytes.Equal(again, out) {
				t.Fatalf("%s: %s: cut at byte %d: got (%v)\n%s\nwant\n%s", dir, in, cut, err, again, out)
			}
		}
	})
}
