package anthropic_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/anthropic"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/sse"
)

// show spells an event on one line.
func show(e *chat.Event) string {
	var b strings.Builder
	kinds := [...]string{"start", "block", "text", "signature", "citation", "logprobs", "stop", "finish", "end", "ping", "failure"}
	fmt.Fprintf(&b, "%s", kinds[e.Kind])
	switch e.Kind {
	case chat.BlockStart, chat.TextDelta, chat.SignatureDelta, chat.CitationDelta, chat.BlockStop:
		parts := [...]string{"text", "image", "document", "audio", "video", "thinking", "redacted", "call", "result", "refusal", "server"}
		fmt.Fprintf(&b, " %d:%s", e.Index, parts[e.Block])
	case chat.FinishEvent:
		reasons := [...]string{"none", "stop", "length", "tools", "filter", "refusal", "pause", "sequence"}
		fmt.Fprintf(&b, " %s", reasons[e.Finish])
	}
	for _, t := range []struct {
		name string
		text []byte
	}{{"id", e.ID}, {"name", e.Name}, {"model", e.Model}, {"tier", e.Tier}, {"text", e.Text}, {"sequence", e.Sequence}, {"raw", e.Raw}} {
		if len(t.text) > 0 {
			fmt.Fprintf(&b, " %s=%s", t.name, t.text)
		}
	}
	if e.Counted {
		u := e.Usage
		fmt.Fprintf(&b, " usage=%d/%d/%d/%d/%d", u.Input, u.CachedRead, u.CacheWrite, u.Output, u.Reasoning)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, " error=%d/%d %s", e.Err.Status, e.Err.Kind, e.Err.Message)
	}
	return b.String()
}

// decode reads a stream that comes in pieces.
func decode(d adapters.Decoder, pieces ...string) (events []string, err error) {
	emit := func(e *chat.Event) { events = append(events, show(e)) }
	var frames sse.Decoder
	for _, piece := range pieces {
		p := []byte(piece)
		for {
			ev, n, ok, err := frames.Next(p)
			if err != nil {
				return events, err
			}
			if !ok {
				break
			}
			p = p[n:]
			if ev.Message {
				if err := d.Event(ev.Type, ev.Data, emit); err != nil {
					return events, err
				}
			}
		}
	}
	return events, d.Close(emit)
}

const (
	start = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-x\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":10,\"cache_creation_input_tokens\":3,\"cache_read_input_tokens\":5,\"output_tokens\":1,\"service_tier\":\"standard\"}}}\n\n"
	stop  = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
)

// event is an event of the API with a type and data.
func event(data string) string {
	kind := strings.SplitN(data, `"`, 5)[3]
	return "event: " + kind + "\ndata: " + data + "\n\n"
}

func delta(index int, delta string) string {
	return event(fmt.Sprintf(`{"type":"content_block_delta","index":%d,"delta":%s}`, index, delta))
}

func block(index int, block string, deltas ...string) string {
	s := event(fmt.Sprintf(`{"type":"content_block_start","index":%d,"content_block":%s}`, index, block))
	for _, d := range deltas {
		s += delta(index, d)
	}
	return s + event(fmt.Sprintf(`{"type":"content_block_stop","index":%d}`, index))
}

func ending(reason string) string {
	return event(`{"type":"message_delta","delta":{"stop_reason":"`+reason+`","stop_sequence":null},"usage":{"output_tokens":7}}`) + stop
}

const begun = "start id=msg_1 model=claude-x tier=default usage=18/5/3/1/0"

var streams = []struct {
	name, in string
	want     []string
	err      string
}{
	{"text with pings and a character cut in two", start + event(`{"type":"ping"}`) + block(0, `{"type":"text","text":""}`, `{"type":"text_delta","text":"Héllo"}`, `{"type":"text_delta","text":" \"wörld\"\n"}`) + ending("end_turn"), []string{
		begun, "block 0:text", "text 0:text text=Héllo", `text 0:text text= \"wörld\"\n`, "stop 0:text", "finish stop usage=18/5/3/7/0", "end",
	}, ""},
	{"thinking, redacted thinking and parallel calls", start +
		block(0, `{"type":"thinking","thinking":"","signature":""}`, `{"type":"thinking_delta","thinking":"hm"}`, `{"type":"signature_delta","signature":"c2ln"}`) +
		block(1, `{"type":"redacted_thinking","data":"ZGF0YQ=="}`) +
		block(2, `{"type":"tool_use","id":"toolu_1","name":"get","input":{}}`, `{"type":"input_json_delta","partial_json":""}`, `{"type":"input_json_delta","partial_json":"{\"a\":"}`, `{"type":"input_json_delta","partial_json":"1}"}`) +
		block(3, `{"type":"tool_use","id":"toolu_2","name":"get","input":{}}`) + ending("tool_use"), []string{
		begun, "block 0:thinking", "text 0:thinking text=hm", "signature 0:thinking text=c2ln", "stop 0:thinking",
		"block 1:redacted text=ZGF0YQ==", "stop 1:redacted",
		"block 2:call id=toolu_1 name=get", `text 2:call text={\"a\":`, "text 2:call text=1}", "stop 2:call",
		"block 3:call id=toolu_2 name=get", "stop 3:call", "finish tools usage=18/5/3/7/0", "end",
	}, ""},
	{"search that the provider runs", start +
		block(0, `{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{}}`, `{"type":"input_json_delta","partial_json":"{}"}`) +
		block(1, `{"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[]}`) +
		block(2, `{"type":"text","text":"","citations":[]}`, `{"type":"text_delta","text":"so"}`, `{"type":"citations_delta","citation":{"type":"char_location"}}`) + ending("pause_turn"), []string{
		begun, `block 0:server raw={"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{}}`, "text 0:server text={}", "stop 0:server",
		`block 1:server raw={"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[]}`, "stop 1:server",
		"block 2:text", "text 2:text text=so", `citation 2:text raw={"type":"char_location"}`, "stop 2:text", "finish pause usage=18/5/3/7/0", "end",
	}, ""},
	{"answer as the input of the gateway's tool", start + block(0, `{"type":"tool_use","id":"toolu_1","name":"postern_json_answer","input":{}}`, `{"type":"input_json_delta","partial_json":"{\"a\":1}"}`) + ending("tool_use"), []string{
		begun, "block 0:text", `text 0:text text={\"a\":1}`, "stop 0:text", "finish stop usage=18/5/3/7/0", "end",
	}, ""},
	{"answer as the input of the gateway's tool beside a call", start + block(0, `{"type":"tool_use","id":"t","name":"postern_json_answer","input":{}}`) + block(1, `{"type":"tool_use","id":"u","name":"f","input":{}}`) + ending("tool_use"), []string{
		begun, "block 0:text", "text 0:text text={}", "stop 0:text", "block 1:call id=u name=f", "stop 1:call", "finish tools usage=18/5/3/7/0", "end",
	}, ""},
	{"stop sequence, usage of the input again, reasoning tokens", start + event(`{"type":"message_delta","delta":{"stop_reason":"stop_sequence","stop_sequence":"END"},"usage":{"input_tokens":20,"cache_read_input_tokens":0,"output_tokens":9,"output_tokens_details":{"thinking_tokens":4}}}`) + stop, []string{
		begun, "finish sequence sequence=END usage=23/0/3/9/4", "end",
	}, ""},
	{"refusal with details", start + event(`{"type":"message_delta","delta":{"stop_reason":"refusal","stop_sequence":null,"stop_details":{"type":"refusal","category":"cyber"}},"usage":{"output_tokens":0}}`) + stop, []string{
		begun, `finish refusal raw={"type":"refusal","category":"cyber"} usage=18/5/3/0/0`, "end",
	}, ""},
	{"limit of the context", start + ending("model_context_window_exceeded"), []string{begun, "finish length usage=18/5/3/7/0", "end"}, ""},
	{"reason that is new", start + ending("some_new_reason"), []string{begun, "finish stop usage=18/5/3/7/0", "end"}, ""},
	{"unknown events and deltas", start + event(`{"type":"brand_new","x":1}`) + block(0, `{"type":"text","text":"a"}`, `{"type":"new_delta","x":1}`) + ending("end_turn"), []string{
		begun, "block 0:text", "text 0:text text=a", "stop 0:text", "finish stop usage=18/5/3/7/0", "end",
	}, ""},
	{"message_delta without a reason before the one with it", start + event(`{"type":"message_delta","delta":{},"usage":{"output_tokens":2}}`) + ending("max_tokens"), []string{begun, "finish length usage=18/5/3/7/0", "end"}, ""},
	{"error amidst", start + block(0, `{"type":"text","text":""}`) + event(`{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`) + ending("end_turn"), []string{
		begun, "block 0:text", "stop 0:text", "failure error=503/6 Overloaded",
	}, ""},
	{"error first", event(`{"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}`), []string{"failure error=429/5 slow down"}, ""},
	{"error that says nothing", event(`{"type":"error"}`), []string{"failure error=500/8 the Anthropic stream failed"}, ""},
	{"nothing", "", nil, "ended before its last event"},
	{"end within a block", start + event(`{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`), []string{begun, "block 0:text"}, "ended before its last event"},
	{"end before message_stop", start + event(`{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{}}`), []string{begun, "finish stop usage=18/5/3/1/0"}, "ended before its last event"},
	{"delta without a block", start + delta(0, `{"type":"text_delta","text":"a"}`), []string{begun}, "out of order"},
	{"block within a block", start + event(`{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`) + event(`{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}`), []string{begun, "block 0:text"}, "out of order"},
	{"block before the start", block(0, `{"type":"text","text":""}`), nil, "out of order"},
	{"start twice", start + start, []string{begun}, "out of order"},
	{"stop without a reason", start + stop, []string{begun}, "out of order"},
	{"JSON that is cut", start + "event: content_block_start\ndata: {\"type\":\"content_bl\n\n", []string{begun}, "unexpected end"},
	{"bytes that are not UTF-8", start + "event: content_block_start\ndata: {\"type\":\"\xff\"}\n\n", []string{begun}, "UTF-8"},
	{"half a surrogate pair", start + block(0, `{"type":"text","text":""}`, `{"type":"text_delta","text":"\ud83d"}`) + ending("end_turn"), []string{
		begun, "block 0:text", `text 0:text text=\ud83d`, "stop 0:text", "finish stop usage=18/5/3/7/0", "end",
	}, ""},
	{"numbers beyond all bounds", start + event(`{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":1e999,"input_tokens":-5}}`) + stop, []string{begun, "finish stop usage=18/5/3/1/0", "end"}, ""},
}

func TestStreams(t *testing.T) {
	t.Parallel()
	for _, tt := range streams {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := anthropic.Translator().NewDecoder()
			for cut := range len(tt.in) + 1 {
				d.Reset()
				got, err := decode(d, tt.in[:cut], tt.in[cut:])
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

// A stream cut anywhere has no end: the client must not take it for a whole answer.
func TestCutStreamHasNoEnd(t *testing.T) {
	t.Parallel()
	whole := streams[0].in
	d := anthropic.Translator().NewDecoder()
	for cut := range len(whole) - 1 {
		d.Reset()
		got, err := decode(d, whole[:cut])
		if err == nil || len(got) > 0 && got[len(got)-1] == "end" {
			t.Errorf("ends after byte %d: got error %v and events %q, want an error and no end", cut, err, got)
		}
	}
}

func TestStreamOfManyEventsAllocatesNothing(t *testing.T) {
	d := anthropic.Translator().NewDecoder()
	data := []byte(`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"some words"}}`)
	open := []byte(`{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`)
	begin := []byte(`{"type":"message_start","message":{"id":"m","usage":{"input_tokens":1}}}`)
	emit := func(*chat.Event) {}
	for _, e := range [][]byte{begin, open} {
		if err := d.Event(nil, e, emit); err != nil {
			t.Fatal(err)
		}
	}
	n := testing.AllocsPerRun(1000, func() {
		if err := d.Event(nil, data, emit); err != nil {
			t.Fatal(err)
		}
	})
	if n > 0 {
		t.Errorf("got %v allocations an event, want 0", n)
	}
}

func FuzzDecoder(f *testing.F) {
	for _, s := range streams {
		f.Add([]byte(s.in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var open, ended, failed bool
		emit := func(e *chat.Event) {
			if ended || failed {
				t.Fatalf("got %s after the end", show(e))
			}
			switch e.Kind {
			case chat.BlockStart:
				if open {
					t.Fatal("got a block within a block")
				}
				open = true
			case chat.TextDelta, chat.SignatureDelta, chat.CitationDelta:
				if !open {
					t.Fatal("got a delta without a block")
				}
			case chat.BlockStop:
				open = false
			case chat.End:
				ended = true
			case chat.Failure:
				failed = true
			}
		}
		d := anthropic.Translator().NewDecoder()
		var frames sse.Decoder
		for {
			ev, n, ok, err := frames.Next(in)
			if err != nil || !ok {
				break
			}
			in = in[n:]
			if !ev.Message {
				continue
			}
			if d.Event(ev.Type, ev.Data, emit) != nil {
				return
			}
		}
		if err := d.Close(emit); (err == nil) != (ended || failed) {
			t.Fatalf("got error %v at the close, want one exactly if there was no end", err)
		}
	})
}

// A long stream, and one with large events, must not cost more memory than a short one.
func TestMemoryOfAStreamIsBounded(t *testing.T) {
	const n = 64
	decoders := make([]adapters.Decoder, n)
	large := `{"type":"content_block_start","index":0,"content_block":{"type":"web_search_tool_result","content":[` + strings.Repeat(`{"a":1},`, 40_000) + `{}]}}`
	before := heap()
	for i := range decoders {
		decoders[i] = anthropic.Translator().NewDecoder()
		if _, err := decode(decoders[i], start, event(large), strings.Repeat(delta(0, `{"type":"input_json_delta","partial_json":"x"}`), 50)); err == nil {
			t.Fatal("got no error, want that of a stream without an end")
		}
	}
	if got := (heap() - before) / n; got > 64<<10 {
		t.Errorf("got %d bytes a stream, want at most 64 KB", got)
	}
	runtime.KeepAlive(decoders)
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
