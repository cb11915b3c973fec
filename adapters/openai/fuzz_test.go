package openai_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/openaichat"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/sse"
)

// FuzzAppendRequest: a request that was read becomes JSON or an error with a path, and
// what became of it is read again and stays as it is.
func FuzzAppendRequest(f *testing.F) {
	for _, tt := range trips {
		f.Add([]byte(tt.in))
	}
	to := translator(f)
	f.Fuzz(func(t *testing.T, in []byte) {
		var doc, again rawjson.Doc
		if doc.Parse(in) != nil {
			return
		}
		var r chat.Request
		if (openaichat.Reader{}).ReadRequest(doc.Root(), &r) != nil {
			return
		}
		once, e := to.AppendRequest(nil, &r)
		if e != nil {
			if e.Status != 400 || e.Message == "" {
				t.Fatalf("%s: got %+v, want 400 and a message", in, e)
			}
			return
		}
		if err := again.Parse(once); err != nil {
			t.Fatalf("%s: got %s, want JSON: %v", in, once, err)
		}
		r.Reset()
		if e := (openaichat.Reader{}).ReadRequest(again.Root(), &r); e != nil {
			t.Fatalf("%s: got %s, which is refused: %s %s", in, once, e.Param, e.Message)
		}
		twice, e := to.AppendRequest(nil, &r)
		if e != nil || string(twice) != string(once) {
			t.Fatalf("%s:\ngot  %s, %v\nwant %s", in, twice, e, once)
		}
	})
}

// FuzzReadResponse: an answer that was read is JSON again when it is written.
func FuzzReadResponse(f *testing.F) {
	f.Add([]byte(answer(`{"message":{"content":"a","reasoning_details":[{"type":"reasoning.text","text":"hm","signature":"s"}],"annotations":[{"url_citation":{"url":"u"}}],"tool_calls":[{"id":"a","function":{"name":"w","arguments":"{}"}}]},"logprobs":{},"finish_reason":"stop"}`)))
	f.Add([]byte(`{"choices":[{}],"usage":{"prompt_tokens":1e3}}`))
	to := translator(f)
	f.Fuzz(func(t *testing.T, in []byte) {
		doc := rawjson.Doc{LoneSurrogates: true}
		if doc.Parse(in) != nil {
			return
		}
		var out chat.Response
		if to.ReadResponse(doc.Root(), &out) != nil {
			return
		}
		again := rawjson.Doc{LoneSurrogates: true}
		if got := (openaichat.Writer{}).AppendResponse(nil, &out); again.Parse(got) != nil {
			t.Fatalf("%s: got %s, want JSON", in, got)
		}
	})
}

// FuzzReadError: whatever comes, there is an error to tell.
func FuzzReadError(f *testing.F) {
	f.Add(429, []byte(`{"error":{"message":"sk-abc sk-","code":"x","param":"y"}}`))
	f.Add(500, []byte(`[{"error":"x"}]`))
	to := translator(f)
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		e := to.ReadError(status, body)
		if e.Status < 400 || e.Status > 599 || e.Message == "" || strings.Contains(e.Message, " sk-") {
			t.Fatalf("%d %q: got %+v, want an error status and a message without a key", status, body, e)
		}
	})
}

// grammar follows the events of a stream and says where they leave the order that
// chat.EventKind lays down.
type grammar struct {
	lanes           map[int]*struct{ next, open int }
	begun, finished bool
	over            bool
	problem         string
}

func (g *grammar) take(e *chat.Event) {
	bad := func(what string) {
		if g.problem == "" {
			g.problem = what + ": " + transcript(e)
		}
	}
	if g.over {
		bad("event behind the last")
	}
	if e.Kind == chat.Failure {
		g.over = true
		return
	}
	if (e.Kind == chat.Start) == g.begun {
		bad("no start, or another")
	}
	g.begun = true
	if g.lanes == nil {
		g.lanes = map[int]*struct{ next, open int }{}
	}
	l := g.lanes[e.Choice]
	if l == nil {
		l = &struct{ next, open int }{0, -1}
		g.lanes[e.Choice] = l
	}
	switch e.Kind {
	case chat.BlockStart:
		if l.open >= 0 || e.Index != l.next || g.finished {
			bad("block out of order")
		}
		l.open = e.Index
		l.next++
	case chat.TextDelta, chat.SignatureDelta, chat.CitationDelta:
		if l.open != e.Index {
			bad("delta of a block that is not open")
		}
	case chat.BlockStop:
		if l.open != e.Index {
			bad("end of a block that is not open")
		}
		l.open = -1
	case chat.FinishEvent:
		if l.open >= 0 {
			bad("finish within a block")
		}
		g.finished = true
	case chat.End:
		g.over = true
		if !g.finished {
			bad("end without a finish")
		}
	}
}

// FuzzDecoder: the events of a stream are in order, do not depend on the cut, are
// encoded as JSON, and a stream that was cut has no end.
func FuzzDecoder(f *testing.F) {
	for _, tt := range streams {
		f.Add([]byte(tt.in), uint16(len(tt.in)/2))
	}
	to := translator(f)
	f.Fuzz(func(t *testing.T, in []byte, at uint16) {
		cut := int(at) % (len(in) + 1)
		d := to.NewDecoder()
		whole := decode(d, string(in))
		if got := decode(d, string(in[:cut]), string(in[cut:])); !slices.Equal(got, whole) {
			t.Fatalf("%q cut at %d:\ngot  %q\nwant %q", in, cut, got, whole)
		}
		var g grammar
		e := openaichat.Writer{}.NewEncoder()
		e.Reset(&chat.Request{Model: "m", IncludeUsage: true})
		var out []byte
		feed(d, in, func(ev *chat.Event) {
			g.take(ev)
			out = e.Append(out, ev)
		})
		if g.problem != "" {
			t.Fatalf("%q: %s\n%s", in, g.problem, strings.Join(whole, "\n"))
		}
		checkChunks(t, in, out)
	})
}

func feed(d adapters.Decoder, in []byte, emit func(*chat.Event)) {
	d.Reset()
	var frames sse.Decoder
	for {
		ev, n, ok, err := frames.Next(in)
		if err != nil || !ok {
			break
		}
		in = in[n:]
		if ev.Message && d.Event(ev.Type, ev.Data, emit) != nil {
			return
		}
	}
	_ = d.Close(emit) // a stream that was cut is what the caller looks for in the events
}

// checkChunks: what was encoded is JSON and ends at [DONE] or at an error.
func checkChunks(t *testing.T, in, out []byte) {
	t.Helper()
	over := false
	for chunk := range strings.SplitSeq(strings.TrimSuffix(string(out), "\n\n"), "\n\n") {
		data, ok := strings.CutPrefix(chunk, "data: ")
		if len(out) == 0 {
			return
		}
		doc := rawjson.Doc{LoneSurrogates: true}
		if err := doc.Parse([]byte(data)); !ok || over || err != nil && data != "[DONE]" {
			t.Fatalf("%q: got %q, want chunks and then an end", in, out)
		}
		over = data == "[DONE]" || doc.Root().Get("error").Exists()
	}
}

func BenchmarkAppendRequest(b *testing.B) {
	long := strings.Repeat(`The quick brown fox jumps over the lazy dog.\n`, 1400)
	for _, bb := range []struct{ name, in string }{
		{"agent loop", agent(30, 20)},
		{"prompt of 64 KB", messages(`{"role":"user","content":"` + long + `"}`)},
	} {
		b.Run(bb.name, func(b *testing.B) {
			to := translator(b)
			var doc rawjson.Doc
			if err := doc.Parse([]byte(bb.in)); err != nil {
				b.Fatal(err)
			}
			r := readAnthropic(b, bb.in)
			var dst []byte
			b.SetBytes(int64(len(bb.in)))
			b.ReportAllocs()
			for b.Loop() {
				var e *chat.Error
				if dst, e = to.AppendRequest(dst[:0], r); e != nil {
					b.Fatal(e)
				}
			}
		})
	}
}

// agent is a request as a coding assistant sends it.
func agent(tools, turns int) string {
	var s strings.Builder
	s.WriteString(`{"model":"gpt-4o","max_tokens":4096,"stream":true,"system":[{"type":"text","text":"` + strings.Repeat(`You write code. `, 300) + `","cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":"go"}`)
	for i := range turns {
		fmt.Fprintf(&s, `,{"role":"assistant","content":[{"type":"text","text":"let me look"},{"type":"tool_use","id":"t%d","name":"read","input":{"path":"/src/%d.go"}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t%d","content":%q}]}`, i, i, i, strings.Repeat("func f() {\n", 40))
	}
	s.WriteString(`],"tools":[`)
	for i := range tools {
		if i > 0 {
			s.WriteByte(',')
		}
		fmt.Fprintf(&s, `{"name":"tool%d","description":%q,"input_schema":{"type":"object","properties":{"path":{"type":"string","description":"the path"}},"required":["path"]}}`, i, strings.Repeat("It does things. ", 20))
	}
	return s.String() + `]}`
}

func BenchmarkDecoder(b *testing.B) {
	for _, bb := range []struct{ name, choice string }{
		{"text", delta(`"content":" word"`)},
		{"arguments", calls(callDelta(0, "", "", `"word":`))},
		{"thinking", delta(`"reasoning_content":" word"`)},
	} {
		b.Run(bb.name, func(b *testing.B) {
			d := translator(b).NewDecoder()
			emit := func(*chat.Event) {}
			chunk := func(s string) []byte {
				return []byte(strings.TrimSuffix(strings.TrimPrefix(stream(s), "data: "), "\n\n"))
			}
			if err := d.Event(nil, chunk(calls(callDelta(0, "a", "w", "{"))), emit); err != nil {
				b.Fatal(err)
			}
			if bb.name != "arguments" {
				d.Reset()
			}
			data := chunk(bb.choice)
			b.ReportAllocs()
			for b.Loop() {
				if err := d.Event(nil, data, emit); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// FuzzLearn: a watch counts the same whether it sees an answer's bytes or is told what was read of it.
func FuzzLearn(f *testing.F) {
	for _, usage := range []string{`{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}`, `{"input_tokens":9,"prompt_tokens":0,"num_cached_tokens":3,"output_tokens":4}`, `null`, `[]`,
		`{"prompt_tokens":9,"completion_tokens":2,"total_tokens":16,"completion_tokens_details":{"reasoning_tokens":5},"prompt_tokens_details":{"cached_tokens":1}}`, `{"prompt_tokens":1e3,"prompt_cache_hit_tokens":9,"seconds":2.5}`} {
		for _, more := range []string{``, `,"error":{"code":1}`, `,"error":"no"`, `,"error":null`, `,"usage":{"prompt_tokens":1}`} {
			f.Add([]byte(`{"choices":[{"message":{"content":"a"},"finish_reason":"stop"}],"usage":` + usage + more + `}`))
		}
	}
	f.Add([]byte(`{"choices":[{"message":{"content":"a"},"finish_reason":"length"}],"us\u0061ge":{"prompt_tokens":7}}`))
	to := translator(f)
	a := to.(adapters.Adapter)
	f.Fuzz(func(t *testing.T, in []byte) {
		doc := rawjson.Doc{LoneSurrogates: true}
		const kept = 16 << 10 // of a member
		if len(in) > kept || doc.Parse(in) != nil {
			return
		}
		for _, unwanted := range []chat.Finishes{0, 1 << chat.FinishLength} {
			r := chat.Response{Unwanted: unwanted}
			if to.ReadResponse(doc.Root(), &r) != nil {
				return
			}
			seen, told := a.Watch(adapters.Chat), a.Watch(adapters.Chat)
			seen.Body(in)
			told.(adapters.Learner).Learn(doc.Root(), &r)
			u, known := seen.Usage()
			if v, ok := told.Usage(); v != u || ok != known || told.Failed() != seen.Failed() {
				t.Errorf("%s: got %+v, %v, failed %v, want %+v, %v, %v", in, v, ok, told.Failed(), u, known, seen.Failed())
			}
		}
	})
}
