package llama_test

import (
	"os"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/llama"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/strict"
)

func adapter(tb testing.TB, options string) adapters.Adapter {
	tb.Helper()
	var a adapters.Adapter
	var err error
	if e := strict.Decode([]byte(options), func(o *strict.Object) { a, err = llama.Provider().Options(o) }); e != nil || err != nil {
		tb.Fatal(e, err)
	}
	return a
}

func translator(tb testing.TB) adapters.Translator {
	return adapter(tb, `{"surface":"native"}`).(adapters.Translator)
}

func TestClients(t *testing.T) {
	t.Parallel()
	for dir, s := range map[string]adaptertest.Suite{
		"openai":    {Dialect: dialect.OpenAI(), Provider: translator(t), Grammar: adaptertest.OpenAIChat},
		"anthropic": {Dialect: dialect.Anthropic(), Provider: translator(t), Grammar: adaptertest.AnthropicMessages},
	} {
		t.Run(dir, func(t *testing.T) {
			t.Parallel()
			adaptertest.Run(t, s, os.DirFS("testdata"), dir)
		})
	}
}

func TestPaths(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, options, chat, native, models string
	}{
		{"as OpenAI", `{}`, "/compat/v1/chat/completions", "/compat/v1/chat/completions", "/compat/v1/models"},
		{"native", `{"surface":"native"}`, "/v1/chat/completions", "", "/v1/models"},
		{"native behind another path", `{"surface":"native","base_path":"/x"}`, "/x/chat/completions", "", "/x/models"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := adapter(t, tt.options)
			native, _ := a.Native(adapters.Call{Dialect: "openai", Op: adapters.Chat})
			models, _ := a.Native(adapters.Call{Dialect: "openai", Op: adapters.Models})
			if got := a.(adapters.Translator).ChatPath("m", true); got != tt.chat || native != tt.native || models != tt.models {
				t.Errorf("got %q, %q and %q, want %q, %q and %q", got, native, models, tt.chat, tt.native, tt.models)
			}
		})
	}
}

func TestErrorsTellTheirDetail(t *testing.T) {
	t.Parallel()
	got := translator(t).ReadError(401, []byte(`{"title":"Unauthorized","detail":"invalid or missing API key","status":401}`))
	if want := (chat.Error{Status: 401, Kind: chat.Unauthenticated, Message: "invalid or missing API key"}); *got != want {
		t.Errorf("got %+v, want %+v", *got, want)
	}
}

// Whatever comes, a stream ends in an order that is kept, and no reader panics.
func FuzzDecoder(f *testing.F) {
	f.Add([]byte(`{"id":"a","event":{"event_type":"start","delta":{"type":"text","text":"Hi"}}}`), []byte(`{"id":"a","event":{"event_type":"complete","delta":{"type":"text","text":""},"stop_reason":"stop"}}`), []byte(`{"id":"a","event":{"event_type":"metrics","metrics":[{"metric":"num_prompt_tokens","value":3}]}}`))
	f.Add([]byte(`{"event":{"delta":{"type":"tool_call","id":"1","function":{"name":"f","arguments":"{"}}}}`), []byte(`{"event":{"delta":{"type":"tool_call","function":{"arguments":"}"}},"stop_reason":"tool_calls"}}`), []byte(`{"error":{"message":"x"}}`))
	f.Fuzz(func(t *testing.T, a, b, c []byte) {
		d := translator(t).NewDecoder()
		finished, failed := 0, 0
		emit := func(e *chat.Event) {
			switch e.Kind {
			case chat.End:
				finished++
			case chat.Failure:
				failed++
			}
		}
		for _, data := range [][]byte{a, b, c} {
			if d.Event(nil, data, emit) != nil {
				return
			}
		}
		err := d.Close(emit)
		if finished+failed > 1 || (finished+failed == 1) != (err == nil) {
			t.Errorf("got %d ends and %d failures, closed with %v", finished, failed, err)
		}
		var doc rawjson.Doc
		if doc.Parse(a) == nil {
			var out chat.Response
			if translator(t).ReadResponse(doc.Root(), &out) == nil && len(out.Choices) != 1 {
				t.Errorf("got %d choices, want one", len(out.Choices))
			}
		}
	})
}
