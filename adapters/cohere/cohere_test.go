package cohere_test

import (
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/cohere"
	"github.com/postern-gateway/postern/adapters/secret"
	"github.com/postern-gateway/postern/adapters/sse"
	"github.com/postern-gateway/postern/adapters/strict"
)

// configured is the provider with options.
func configured(t *testing.T, options string) adapters.Adapter {
	t.Helper()
	var a adapters.Adapter
	var err error
	if e := strict.Decode([]byte(options), func(o *strict.Object) { a, err = cohere.Provider().Options(o) }); e != nil || err != nil {
		t.Fatal(e, err)
	}
	return a
}

func TestPathsAndCredential(t *testing.T) {
	t.Parallel()
	a := configured(t, `{"base_path":"/x"}`)
	if got, ok := a.Native(adapters.Call{Dialect: "cohere", Op: adapters.Chat}); got != "/x/chat" || !ok {
		t.Errorf("native: got %q, %v", got, ok)
	}
	if _, ok := a.Native(adapters.Call{Dialect: "openai", Op: adapters.Chat}); ok {
		t.Error("another dialect: got native, want translated")
	}
	if got := configured(t, `{}`).(adapters.Translator).ChatPath("m", true); got != "/v2/chat" {
		t.Errorf("translated: got %q", got)
	}
	if got := a.Credential(secret.New("k"))[0]; got.Name != "authorization" || got.Value != "Bearer k" {
		t.Errorf("got %v, want a bearer key", got)
	}
}

func TestSafetyModeGoesWithoutTools(t *testing.T) {
	t.Parallel()
	a := configured(t, `{"safety_mode":"STRICT"}`).(adapters.Translator)
	r := &chat.Request{Model: "m"}
	r.Begin(chat.User)
	r.Add(chat.Part{Text: chat.Text("Hi")})
	const head = `{"model":"m","stream":false,"messages":[{"role":"user","content":"Hi"}],`
	if got, e := a.AppendRequest(nil, r); e != nil || string(got) != head+`"safety_mode":"STRICT"}` {
		t.Errorf("got %s, %v", got, e)
	}
	r.Tools = []chat.Tool{{Name: chat.Text("f")}}
	if got, e := a.AppendRequest(nil, r); e != nil || string(got) != head+`"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}}}]}` {
		t.Errorf("with tools: got %s, %v", got, e)
	}
}

func TestWatch(t *testing.T) {
	t.Parallel()
	w := configured(t, `{}`).Watch(adapters.Chat)
	for _, tt := range []struct {
		name, in      string
		usage         chat.Usage
		counted       bool
		ended, failed bool
	}{
		{"a text", "event: content-delta\ndata: {\"type\":\"content-delta\",\"index\":0,\"delta\":{\"message\":{\"content\":{\"text\":\"Hello there\"}}}}\n\n" +
			"event: message-end\ndata: {\"type\":\"message-end\",\"delta\":{\"finish_reason\":\"COMPLETE\",\"usage\":{\"billed_units\":{\"input_tokens\":5,\"output_tokens\":2},\"tokens\":{\"input_tokens\":71.0,\"output_tokens\":2.0},\"cached_tokens\":64}}}\n\ndata: [DONE]\n\n",
			chat.Usage{Input: 71, Output: 2, CachedRead: 64}, true, true, false},
		{"only what is billed", "data: {\"type\":\"content-delta\",\"delta\":{\"message\":{\"content\":{\"text\":\"Hello there\"}}}}\n\n" +
			"data: {\"type\":\"message-end\",\"delta\":{\"finish_reason\":\"MAX_TOKENS\",\"usage\":{\"billed_units\":{\"input_tokens\":5,\"output_tokens\":2}}}}\n\n",
			chat.Usage{Input: 5, Output: 2}, true, true, false},
		{"a failure", "data: {\"type\":\"tool-plan-delta\",\"delta\":{\"message\":{\"tool_plan\":\"I will look.\"}}}\n\n" +
			"data: {\"type\":\"message-end\",\"delta\":{\"finish_reason\":\"ERROR\"}}\n\n", chat.Usage{}, false, false, true},
	} {
		w.Reset()
		var d sse.Decoder
		for p := []byte(tt.in); ; {
			ev, n, ok, err := d.Next(p)
			if !ok || err != nil {
				break
			}
			p = p[n:]
			w.Event(ev.Type, ev.Data)
		}
		u, ok := w.Usage()
		if u != tt.usage || ok != tt.counted || w.Ended() != tt.ended || w.Failed() != tt.failed || w.Delivered() < 2 {
			t.Errorf("%s: got %+v, %v, ended %v, failed %v, %d delivered", tt.name, u, ok, w.Ended(), w.Failed(), w.Delivered())
		}
	}
	w.Reset()
	w.Body([]byte(`{"id":"x","message":{"content":[]},"usage":{"tokens":{"input_tokens":7,"output_tokens":3}}}`))
	if u, ok := w.Usage(); !ok || u.Input != 7 || u.Output != 3 {
		t.Errorf("in one piece: got %+v, %v", u, ok)
	}
}

// What follows the last event, as [DONE] may, changes nothing.
func TestDone(t *testing.T) {
	t.Parallel()
	d := cohere.Translator().NewDecoder()
	d.Reset()
	var kinds []chat.EventKind
	emit := func(e *chat.Event) { kinds = append(kinds, e.Kind) }
	for _, data := range []string{`{"type":"message-start","id":"x"}`, `{"type":"message-end","delta":{"finish_reason":"COMPLETE"}}`, `[DONE]`} {
		if err := d.Event(nil, []byte(data), emit); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Close(emit); err != nil || len(kinds) != 3 || kinds[2] != chat.End {
		t.Errorf("got %v and events %v, want start, finish and end", err, kinds)
	}
}
