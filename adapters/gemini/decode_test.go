package gemini_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/gemini"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/sse"
)

// show spells an event on one line.
func show(e *chat.Event) string {
	kinds := [...]string{"start", "block", "text", "signature", "citation", "logprobs", "stop", "finish", "end", "ping", "failure"}
	s := kinds[e.Kind]
	if e.Choice > 0 {
		s += "#" + string(rune('0'+e.Choice))
	}
	switch e.Kind {
	case chat.BlockStart, chat.TextDelta, chat.BlockStop:
		s += " " + string(rune('0'+e.Index)) + ":" + parts[e.Block]
	case chat.FinishEvent:
		s += " " + reasons[e.Finish]
	}
	for _, t := range []struct {
		name string
		text []byte
	}{{"id", e.ID}, {"name", e.Name}, {"model", e.Model}, {"text", e.Text}, {"raw", e.Raw}} {
		if len(t.text) > 0 {
			s += " " + t.name + "=" + string(t.text)
		}
	}
	if e.Counted {
		s += " " + spell(e.Usage)
	}
	if e.Err != nil {
		s += " error=" + e.Err.Code + " " + e.Err.Message
	}
	return s
}

// decode reads a stream that comes in pieces.
func decode(d adapters.Decoder, emit func(*chat.Event), pieces ...string) error {
	var frames sse.Decoder
	for _, piece := range pieces {
		p := []byte(piece)
		for {
			ev, n, ok, err := frames.Next(p)
			if err != nil {
				return err
			}
			if !ok {
				break
			}
			p = p[n:]
			if ev.Message {
				if err := d.Event(ev.Type, ev.Data, emit); err != nil {
					return err
				}
			}
		}
	}
	return d.Close(emit)
}

// chunks are events as the API writes them, with CRLF.
func chunks(list ...string) string {
	var b strings.Builder
	for _, c := range list {
		b.WriteString("data: " + c + "\r\n\r\n")
	}
	return b.String()
}

// chunk is an event of candidate 0 with these parts.
func chunk(parts, more string) string {
	return `{"candidates": [{"content": {"parts": [` + parts + `],"role": "model"},"index": 0` + more + `}],"usageMetadata": {"promptTokenCount": 8,"candidatesTokenCount": 2,"thoughtsTokenCount": 5},"modelVersion": "gemini-x","responseId": "abc"}`
}

const (
	begun = "start id=abc model=gemini-x usage=8/0/7/5"
	stop  = `,"finishReason": "STOP"`
)

var streams = []struct {
	name, in string
	want     []string
	err      string
}{
	{"text", chunks(chunk(`{"text":"Hé\"llo"}`, ""), chunk(`{"text":" wörld\n"}`, stop)),
		[]string{begun, "block 0:text", `text 0:text text=Hé\"llo`, `text 0:text text= wörld\n`, "stop 0:text", "finish stop usage=8/0/7/5", "end"}, ""},
	{"a reason with every event, the last of which is empty but signed", chunks(chunk(`{"text":"a"}`, stop), chunk(`{"text":"b"}`, stop), chunk(`{"text":"","thoughtSignature":"c2ln"}`, stop)),
		[]string{begun, "block 0:text", "text 0:text text=a", "text 0:text text=b", "stop 0:text", "finish stop usage=8/0/7/5", "end"}, ""},
	{"thoughts, text and parallel calls", chunks(chunk(`{"text":"hm","thought":true}`, ""), chunk(`{"text":"so","thought":true},{"text":"I see"}`, ""),
		chunk(`{"functionCall":{"name":"f","args":{"a":"x\"y"}},"thoughtSignature":"c2ln"}`, ""), chunk(`{"functionCall":{"name":"f"}}`, stop)),
		[]string{begun, "block 0:thinking", "text 0:thinking text=hm", "text 0:thinking text=so", "stop 0:thinking", "block 1:text", "text 1:text text=I see", "stop 1:text",
			"block 2:redacted text=gemini-call-0:c2ln", "stop 2:redacted",
			"block 3:call id=call_e71fa2190541574b_0 name=f", `text 3:call text={\"a\":\"x\\\"y\"}`, "stop 3:call",
			"block 4:call id=call_e71fa2190541574b_1 name=f", `text 4:call text={}`, "stop 4:call", "finish tools usage=8/0/7/5", "end"}, ""},
	{"two candidates by turns", chunks(chunk(`{"text":"a"}`, ""), strings.Replace(chunk(`{"text":"b"}`, stop), `"index": 0`, `"index": 1`, 1), chunk(`{"text":"c"}`, stop)),
		[]string{begun, "block 0:text", "text 0:text text=a", "block#1 0:text", "text#1 0:text text=b", "text 0:text text=c", "stop 0:text", "finish stop usage=8/0/7/5", "stop#1 0:text", "finish#1 stop usage=8/0/7/5", "end"}, ""},
	{"usage behind the reason", chunks(`{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}],"responseId":"abc"}`, `{"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":1}}`),
		[]string{"start id=abc", "block 0:text", "text 0:text text=a", "stop 0:text", "finish stop usage=3/0/1/0", "end"}, ""},
	{"tokens used up in thought", chunks(chunk(``, `,"finishReason":"MAX_TOKENS"`)), []string{begun, "finish length usage=8/0/7/5", "end"}, ""},
	{"filter amidst the text", chunks(chunk(`{"text":"a"}`, ""), `{"candidates":[{"finishReason":"SAFETY","index":0}]}`),
		[]string{begun, "block 0:text", "text 0:text text=a", "stop 0:text", "finish filter usage=8/0/7/5", "end"}, ""},
	{"prompt that is blocked", chunks(`{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":4},"modelVersion":"m","responseId":"i"}`),
		[]string{"start id=i model=m usage=4/0/0/0", "finish filter usage=4/0/0/0", "end"}, ""},
	{"log probabilities", chunks(chunk(`{"text":"a"}`, `,"logprobsResult":{"chosenCandidates":[{"token":"a","logProbability":-1}]},"finishReason":"STOP"`)),
		[]string{begun, "block 0:text", "text 0:text text=a", `logprobs raw={"content":[{"token":"a","logprob":-1,"bytes":null,"top_logprobs":[]}],"refusal":null}`, "stop 0:text", "finish stop usage=8/0/7/5", "end"}, ""},
	{"half a surrogate pair", chunks(chunk(`{"text":"\ud83d"}`, stop)), []string{begun, "block 0:text", `text 0:text text=\ud83d`, "stop 0:text", "finish stop usage=8/0/7/5", "end"}, ""},
	{"error amidst", chunks(chunk(`{"text":"a"}`, ""), `{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}`, chunk(`{"text":"b"}`, stop)),
		[]string{begun, "block 0:text", "text 0:text text=a", "failure error=unavailable The model is overloaded."}, ""},
	{"error first, in a list", chunks(`[{"error":{"code":429,"message":"slow down","status":"RESOURCE_EXHAUSTED"}}]`), []string{"failure error=resource_exhausted slow down"}, ""},
	{"call that is malformed", chunks(chunk(``, `,"finishReason":"MALFORMED_FUNCTION_CALL"`)), []string{begun}, "MALFORMED_FUNCTION_CALL"},
	{"nothing", "", nil, "ended before"},
	{"end without a reason", chunks(chunk(`{"text":"a"}`, "")), []string{begun, "block 0:text", "text 0:text text=a"}, "ended before"},
	{"one of two candidates without a reason", chunks(strings.Replace(chunk(`{"text":"b"}`, stop), `"index": 0`, `"index": 1`, 1)), []string{begun, "block#1 0:text", "text#1 0:text text=b"}, "ended before"},
	{"candidate that cannot be", chunks(strings.Replace(chunk(``, stop), `"index": 0`, `"index": 8`, 1)), []string{begun}, "more candidates"},
	{"negative candidate", chunks(strings.Replace(chunk(``, stop), `"index": 0`, `"index": -1`, 1)), []string{begun}, "more candidates"},
	{"event of another form", chunks(`"hello"`), nil, "want objects"},
	{"JSON that is cut", chunks(`{"candidates":[`), nil, "unexpected end"},
}

func TestStreams(t *testing.T) {
	t.Parallel()
	for _, tt := range streams {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := gemini.Translator().NewDecoder()
			for cut := range len(tt.in) + 1 {
				d.Reset()
				var got []string
				err := decode(d, func(e *chat.Event) { got = append(got, show(e)) }, tt.in[:cut], tt.in[cut:])
				if g, w := strings.Join(got, "\n"), strings.Join(tt.want, "\n"); g != w {
					t.Fatalf("cut at byte %d: got\n%s\nwant\n%s", cut, g, w)
				}
				if (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("cut at byte %d: got error %v, want %q", cut, err, tt.err)
				}
			}
		})
	}
}

// A stream that ends early has no end, wherever that is: the client must not take it for
// a whole answer.
func TestCutStreamHasNoEnd(t *testing.T) {
	t.Parallel()
	whole := streams[0].in
	d := gemini.Translator().NewDecoder()
	for cut := range len(whole) - len("\r\n\r\n") {
		d.Reset()
		ended := false
		err := decode(d, func(e *chat.Event) { ended = ended || e.Kind == chat.FinishEvent || e.Kind == chat.End }, whole[:cut])
		if err == nil || ended {
			t.Errorf("ends after byte %d: got error %v, ended %v, want an error and no end", cut, err, ended)
		}
	}
}

func TestNothingFollowsAFailure(t *testing.T) {
	t.Parallel()
	d := gemini.Translator().NewDecoder()
	if err := d.Event(nil, []byte(`{`), func(*chat.Event) {}); err == nil {
		t.Fatal("got no error, want one for JSON that is cut")
	}
	fail := func(e *chat.Event) { t.Errorf("got %s behind a failure, want nothing", show(e)) }
	if err := d.Event(nil, []byte(chunk(`{"text":"a"}`, stop)), fail); err != nil {
		t.Error(err)
	}
	if err := d.Close(fail); err != nil {
		t.Error(err)
	}
}

func TestStreamOfManyEventsAllocatesNothing(t *testing.T) {
	d := gemini.Translator().NewDecoder()
	emit := func(*chat.Event) {}
	data := []byte(chunk(`{"text":" a few words"}`, ""))
	if err := d.Event(nil, data, emit); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(1000, func() { _ = d.Event(nil, data, emit) }); n > 0 {
		t.Errorf("got %.0f allocations an event, want none", n)
	}
}

// Memory of a stream is that of its largest usual event, whatever came before.
func TestLargeEventLeavesNoMemory(t *testing.T) {
	d := gemini.Translator().NewDecoder()
	large := []byte(chunk(`{"functionCall":{"name":"f","args":{"a":[`+strings.Repeat(`1,`, 1<<18)+`1]}}}`, ""))
	if err := d.Event(nil, large, func(*chat.Event) {}); err != nil {
		t.Fatal(err)
	}
	large = nil
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	if m.HeapAlloc > 8<<20 {
		t.Errorf("got %d bytes in use, want what the event took given back", m.HeapAlloc)
	}
	runtime.KeepAlive(d)
}

func FuzzDecoder(f *testing.F) {
	for _, s := range streams {
		f.Add(s.in, 7)
	}
	f.Fuzz(func(t *testing.T, in string, cut int) {
		d := gemini.Translator().NewDecoder()
		run := func(pieces ...string) (string, bool) {
			d.Reset()
			var got []string
			err := decode(d, func(e *chat.Event) { got = append(got, show(e)) }, pieces...)
			return strings.Join(got, "\n"), err != nil
		}
		whole, failed := run(in)
		cut = max(0, min(cut, len(in)))
		if pieces, again := run(in[:cut], in[cut:]); pieces != whole || again != failed {
			t.Errorf("cut at byte %d: got\n%s\nwant\n%s", cut, pieces, whole)
		}
		if failed && strings.HasSuffix(whole, "\nend") {
			t.Errorf("got an end beside an error:\n%s", whole)
		}
	})
}

func FuzzReadResponse(f *testing.F) {
	f.Add([]byte(candidate(`{"functionCall":{"name":"f","args":{"a": 1}},"thoughtSignature":"c2ln"}`, "STOP")))
	f.Add([]byte(`{"candidates":[{"logprobsResult":{"chosenCandidates":[{"token":"a","logProbability":-0.5}]}}]}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		if e := gemini.Translator().ReadError(400, in); e.Status < 400 || e.Status > 599 || e.Message == "" || e.RetryAfter < 0 {
			t.Errorf("got %+v, want an error with a status and a message", e)
		}
		doc := rawjson.Doc{LoneSurrogates: true}
		if doc.Parse(in) != nil {
			return
		}
		var out chat.Response
		if gemini.Translator().ReadResponse(doc.Root(), &out) != nil {
			return
		}
		var check rawjson.Doc
		check.LoneSurrogates = true
		for _, c := range out.Choices {
			if c.Logprobs != nil && check.Parse(c.Logprobs) != nil {
				t.Errorf("got log probabilities %s, want JSON", c.Logprobs)
			}
			if c.Finish == chat.FinishNone {
				t.Error("got a whole answer without a reason, want one")
			}
			for _, p := range c.Parts {
				if p.Kind == chat.ToolCallPart && (check.Parse(p.Input) != nil || len(p.ID) == 0) {
					t.Errorf("got a call with input %s and id %q, want JSON and an id", p.Input, p.ID)
				}
			}
		}
	})
}
