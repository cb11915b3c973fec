package ollama_test

import (
	"bytes"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/ndjson"
	"github.com/postern-gateway/postern/adapters/ollama"
	"github.com/postern-gateway/postern/adapters/secret"
	"github.com/postern-gateway/postern/adapters/strict"
)

// configured is the provider with options.
func configured(t *testing.T, options string) adapters.Adapter {
	t.Helper()
	var a adapters.Adapter
	var err error
	if e := strict.Decode([]byte(options), func(o *strict.Object) { a, err = ollama.Provider().Options(o) }); e != nil || err != nil {
		t.Fatal(e, err)
	}
	return a
}

func TestPathsAndCredential(t *testing.T) {
	t.Parallel()
	a := configured(t, `{"base_path":"/ollama/api"}`)
	for _, tt := range []struct {
		name string
		call adapters.Call
		want string
	}{
		{"chat", adapters.Call{Dialect: "ollama", Op: adapters.Chat}, "/ollama/api/chat"},
		{"generate", adapters.Call{Dialect: "ollama_generate", Op: adapters.Chat}, "/ollama/api/generate"},
		{"models", adapters.Call{Dialect: "ollama", Op: adapters.Models}, "/ollama/api/tags"},
		{"another dialect", adapters.Call{Dialect: "openai", Op: adapters.Chat}, ""},
	} {
		if got, ok := a.Native(tt.call); got != tt.want || ok != (tt.want != "") {
			t.Errorf("%s: got %q, %v, want %q", tt.name, got, ok, tt.want)
		}
	}
	if got := a.(adapters.Translator).ChatPath("m", true); got != "/ollama/api/chat" {
		t.Errorf("translated: got %q", got)
	}
	if got := a.Credential(secret.New("k"))[0]; got.Name != "authorization" || got.Value != "Bearer k" {
		t.Errorf("got %v, want a bearer key", got)
	}
	if got := a.(adapters.Framer).StreamType(); got != "application/x-ndjson" {
		t.Errorf("got streams of %q", got)
	}
}

func TestOptionsGoIntoRequests(t *testing.T) {
	t.Parallel()
	a := configured(t, `{"keep_alive":"10m","num_ctx":8192}`).(adapters.Translator)
	r := &chat.Request{Model: "m"}
	r.Begin(chat.User)
	r.Add(chat.Part{Text: chat.Text("Hi")})
	got, e := a.AppendRequest(nil, r)
	const want = `{"model":"m","stream":false,"messages":[{"role":"user","content":"Hi"}],"keep_alive":"10m","options":{"num_ctx":8192}}`
	if e != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, e, want)
	}
}

// watched passes a stream by a watch, line by line.
func watched(w adapters.Watch, stream string) {
	w.Reset()
	var d ndjson.Decoder
	for p := []byte(stream); ; {
		ev, n, ok, err := d.Next(p)
		if !ok || err != nil {
			return
		}
		p = p[n:]
		if ev.Message {
			w.Event(ev.Type, ev.Data)
		}
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
		least         int64 // delivered tokens
	}{
		{"chat", `{"model":"m","message":{"content":"Hello there"},"done":false}` + "\n" + `{"model":"m","message":{"content":""},"done":true,"done_reason":"stop","prompt_eval_count":26,"eval_count":7}` + "\n",
			chat.Usage{Input: 26, Output: 7}, true, true, false, 2},
		{"generate", `{"model":"m","response":"Hello there","done":false}` + "\n" + `{"model":"m","response":"","done":true,"context":[1,2],"prompt_eval_count":3,"eval_count":2}` + "\n",
			chat.Usage{Input: 3, Output: 2}, true, true, false, 2},
		{"thoughts and calls count", `{"model":"m","message":{"content":"","thinking":"Well well","tool_calls":[{"function":{"name":"f","arguments":{"a":"b"}}}]},"done":false}` + "\n",
			chat.Usage{}, false, false, false, 8},
		{"an error", `{"model":"m","message":{"content":"He"},"done":false}` + "\n" + `{"error":"boom"}` + "\n", chat.Usage{}, false, false, true, 1},
		{"a null error is none", `{"model":"m","error":null,"message":{"content":"He"},"done":true,"eval_count":1}` + "\n", chat.Usage{Output: 1}, true, true, false, 1},
	} {
		watched(w, tt.in)
		u, ok := w.Usage()
		if u != tt.usage || ok != tt.counted || w.Ended() != tt.ended || w.Failed() != tt.failed {
			t.Errorf("%s: got %+v, %v, ended %v, failed %v", tt.name, u, ok, w.Ended(), w.Failed())
		}
		if got := w.Delivered(); got < tt.least {
			t.Errorf("%s: got %d tokens delivered, want at least %d", tt.name, got, tt.least)
		}
	}
	w.Reset()
	for _, p := range bytes.SplitAfter([]byte(`{"model":"m","created_at":"x","message":{"role":"assistant","content":"Hi"},"done":true,"prompt_eval_count":26,"eval_count":7}`), []byte(":")) {
		w.Body(p)
	}
	if u, ok := w.Usage(); !ok || u.Input != 26 || u.Output != 7 || w.Failed() {
		t.Errorf("in one piece: got %+v, %v", u, ok)
	}
}
