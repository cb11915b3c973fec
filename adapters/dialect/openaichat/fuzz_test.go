package openaichat_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/openaichat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// FuzzReadRequest: whatever a client sends, it is read or refused with a message, and
// the same memory gives the same result again.
func FuzzReadRequest(f *testing.F) {
	for _, s := range []string{
		with(`"tools":[` + tool + `],"tool_choice":{"type":"function","function":{"name":"w"}},"stop":["a"],"n":2,"stream":true,"stream_options":{"include_usage":true}`),
		user(`[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"data:image\/png;base64,AAAA"}},{"type":"file","file":{"file_data":"data:a/b;base64,AA"}},{"type":"input_audio","input_audio":{"data":"AA","format":"wav"}}]`),
		talk(`{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"w","arguments":"{}"}}],"reasoning_details":[{"type":"reasoning.text","text":"h","index":0},{"type":"reasoning.text","text":"m","signature":"s","index":0}]},{"role":"tool","tool_call_id":"a","content":"x"}`),
		talk(`{"role":"assistant","function_call":{"name":"f","arguments":"{}"}},{"role":"function","name":"f","content":"r"}`),
		with(`"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{}}},"reasoning":{"effort":"low"},"thinking":{"type":"enabled","budget_tokens":9},"metadata":{"a":"b"},"x":1`),
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		checkRead(t, in)
	})
}

func checkRead(t *testing.T, in []byte) {
	t.Helper()
	var doc rawjson.Doc
	if doc.Parse(in) != nil {
		return
	}
	before := string(in)
	var r chat.Request
	e := openaichat.Reader{}.ReadRequest(doc.Root(), &r)
	if e != nil && (e.Status != 400 || e.Message == "") {
		t.Fatalf("%s: got %+v, want 400 and a message", in, e)
	}
	first := parts(&r)
	r.Reset()
	again := openaichat.Reader{}.ReadRequest(doc.Root(), &r)
	if (e == nil) != (again == nil) || !slices.Equal(parts(&r), first) {
		t.Fatalf("%s: got %q, %v and then %q, %v, want the same", in, first, e, parts(&r), again)
	}
	if e == nil && (r.Model == "" || len(r.Messages) == 0) {
		t.Fatalf("%s: got a request without model or messages", in)
	}
	if string(in) != before {
		t.Fatalf("got the request changed to %s, want %s", in, before)
	}
}

// Requests that are as deep, as long or as odd as JSON allows come to an end.
func TestReadRequestTakesOddDocuments(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in string }{
		{"deep schema", with(`"tools":[{"type":"function","function":{"name":"w","parameters":` + strings.Repeat(`{"a":`, 400) + `1` + strings.Repeat(`}`, 400) + `}}]`)},
		{"deep content", user(strings.Repeat(`[`, 400) + strings.Repeat(`]`, 400))},
		{"escaped keys", `{"\u006dodel":"m","mess\u0061ges":[{"r\u006fle":"us\u0065r","\u0063ontent":[{"typ\u0065":"t\u0065xt","text":"a"}]}]}`},
		{"zero bytes", user(`"a\u0000b"`)},
		{"huge numbers", with(`"temperature":1e9999,"seed":123456789012345678901234567890`)},
		{"long image", user(`[{"type":"image_url","image_url":{"url":"data:image/png;base64,` + strings.Repeat("A", 3<<20) + `"}}]`)},
		{"everything null", `{"model":null,"messages":[{"role":null,"content":null}],"tools":null}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkRead(t, []byte(tt.in))
		})
	}
}

func BenchmarkReadRequest(b *testing.B) {
	long := strings.Repeat(`The quick brown fox jumps over the lazy dog.\n`, 1400)
	var turns strings.Builder
	for range 20 {
		turns.WriteString(`{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"w","arguments":"{\"path\":\"/src/a.go\"}"}}]},{"role":"tool","tool_call_id":"c1","content":"` + strings.Repeat("func f() {\\n", 40) + `"},`)
	}
	agent := talk(turns.String() + `{"role":"user","content":"go on"}`)
	tools := strings.TrimSuffix(strings.Repeat(`{"type":"function","function":{"name":"w","description":"It does things.","parameters":{"type":"object","properties":{"path":{"type":"string"}},"required":["path"]}}},`, 30), ",")
	for _, bb := range []struct{ name, in string }{
		{"plain", with(`"temperature":0.7,"stream":true`)},
		{"agent loop", strings.TrimSuffix(agent, "}") + `,"tools":[` + tools + `]}`},
		{"prompt of 64 KB", user(`"` + long + `"`)},
	} {
		b.Run(bb.name, func(b *testing.B) {
			var doc rawjson.Doc
			if err := doc.Parse([]byte(bb.in)); err != nil {
				b.Fatal(err)
			}
			var r chat.Request
			b.SetBytes(int64(len(bb.in)))
			b.ReportAllocs()
			for b.Loop() {
				r.Reset()
				if e := (openaichat.Reader{}).ReadRequest(doc.Root(), &r); e != nil {
					b.Fatal(e.Message)
				}
			}
		})
	}
}

func BenchmarkEncoder(b *testing.B) {
	e := openaichat.Writer{}.NewEncoder()
	e.Reset(&chat.Request{Model: "m", IncludeUsage: true})
	block, delta := open(chat.TextPart), said(chat.TextPart, " word")
	dst := e.Append(e.Append(nil, &start), &block)
	b.ReportAllocs()
	for b.Loop() {
		dst = e.Append(dst[:0], &delta)
	}
}

func BenchmarkAppendResponse(b *testing.B) {
	r := chat.Response{ID: txt("c"), Model: txt("m"), Counted: true, Choices: []chat.Choice{{Parts: []chat.Part{text(strings.Repeat("word ", 800))}, Finish: chat.FinishStop}}}
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst = openaichat.Writer{}.AppendResponse(dst[:0], &r)
	}
}
