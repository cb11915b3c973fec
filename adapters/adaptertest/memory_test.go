package adaptertest_test

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters/adaptertest"
)

// mostLive is what one live stream may keep in memory.
const mostLive = 64 << 10

// size is all memory that a value refers to, found by walking it.
func size(v any) int {
	w := walker{seen: map[uintptr]bool{}}
	w.walk(reflect.ValueOf(v))
	return w.bytes
}

type walker struct {
	bytes int
	seen  map[uintptr]bool
}

func (w *walker) first(p uintptr) bool {
	if p == 0 || w.seen[p] {
		return false
	}
	w.seen[p] = true
	return true
}

func (w *walker) walk(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if w.first(v.Pointer()) {
			w.bytes += int(v.Type().Elem().Size())
			w.walk(v.Elem())
		}
	case reflect.Interface:
		if !v.IsNil() {
			w.walk(v.Elem())
		}
	case reflect.String:
		w.bytes += v.Len()
	case reflect.Slice:
		if v.Cap() > 0 && w.first(v.Pointer()) {
			w.bytes += v.Cap() * int(v.Type().Elem().Size())
			for i := range v.Len() {
				w.walk(v.Index(i))
			}
		}
	case reflect.Array:
		for i := range v.Len() {
			w.walk(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			w.walk(v.Field(i))
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			w.walk(k)
			w.walk(v.MapIndex(k))
			w.bytes += int(k.Type().Size() + v.Type().Elem().Size())
		}
	}
}

func TestSizeCountsWhatIsKept(t *testing.T) {
	t.Parallel()
	type inner struct{ b []byte }
	v := &struct {
		a *inner
		m map[string][]byte
	}{&inner{make([]byte, 10, 1000)}, map[string][]byte{"k": make([]byte, 500)}}
	if got := size(v); got < 1500 || got > 1700 {
		t.Errorf("got %d bytes, want those of both slices and little else", got)
	}
}

// A flood is a stream that goes on and on.
type flood struct {
	name, begin, end string
	event            func(i int) string
}

func openAIChunk(delta string) string {
	return `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{` + delta + `},"logprobs":null,"finish_reason":null}]}` + "\n\n"
}

func anthropicEvent(kind, rest string) string {
	return "event: " + kind + "\ndata: {\"type\":\"" + kind + "\"" + rest + "}\n\n"
}

func floods() map[string][]flood {
	long := strings.Repeat("0123456789", 20)
	openAIEnd := strings.Replace(openAIChunk(""), `"finish_reason":null`, `"finish_reason":"stop"`, 1) + "data: [DONE]\n\n"
	started := anthropicEvent("message_start", `,"message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}`)
	anthropicEnd := anthropicEvent("message_delta", `,"delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":9}`) + anthropicEvent("message_stop", "")
	block := func(content string) string {
		return anthropicEvent("content_block_start", `,"index":0,"content_block":`+content)
	}
	stop := anthropicEvent("content_block_stop", `,"index":0`)
	delta := func(d string) func(int) string {
		return func(int) string { return anthropicEvent("content_block_delta", `,"index":0,"delta":`+d) }
	}
	return map[string][]flood{
		"openai": {
			{"text", openAIChunk(`"role":"assistant","content":""`), openAIEnd, func(int) string { return openAIChunk(`"content":"word \u00e9"`) }},
			{"arguments of a call", openAIChunk(`"tool_calls":[{"index":0,"id":"c","type":"function","function":{"name":"f","arguments":"{\"x\":\""}}]`),
				openAIChunk(`"tool_calls":[{"index":0,"function":{"arguments":"\"}"}}]`) + openAIEnd,
				func(int) string {
					return openAIChunk(`"tool_calls":[{"index":0,"function":{"arguments":"` + long + `"}}]`)
				}},
			{"thinking", "", openAIEnd, func(int) string { return openAIChunk(`"reasoning_content":"hm "`) }},
			{"thinking and text by turns", "", openAIEnd, func(i int) string {
				return openAIChunk([]string{`"reasoning_content":"hm "`, `"content":"word "`}[i%2])
			}},
			{"citations", openAIChunk(`"content":"x"`), openAIEnd, func(i int) string {
				return openAIChunk(fmt.Sprintf(`"annotations":[{"type":"url_citation","url_citation":{"url":"https://example.com/%d","title":"A"}}]`, i))
			}},
			{"comments", openAIChunk(`"content":"x"`), openAIEnd, func(int) string { return ": keep-alive\n\n" }},
			{"empty pieces", openAIChunk(`"content":"x"`), openAIEnd, func(int) string { return openAIChunk(`"content":""`) }},
		},
		"anthropic": {
			{"text", started + block(`{"type":"text","text":""}`), stop + anthropicEnd, delta(`{"type":"text_delta","text":"word \u00e9"}`)},
			{"arguments of a call", started + block(`{"type":"tool_use","id":"t","name":"f","input":{}}`) + delta(`{"type":"input_json_delta","partial_json":"{\"x\":\""}`)(0),
				delta(`{"type":"input_json_delta","partial_json":"\"}"}`)(0) + stop + anthropicEnd, delta(`{"type":"input_json_delta","partial_json":"` + long + `"}`)},
			{"thinking", started + block(`{"type":"thinking","thinking":"","signature":""}`), delta(`{"type":"signature_delta","signature":"s"}`)(0) + stop + anthropicEnd, delta(`{"type":"thinking_delta","thinking":"hm "}`)},
			{"blocks", started, anthropicEnd, func(i int) string {
				at := fmt.Sprintf(`,"index":%d`, i)
				return anthropicEvent("content_block_start", at+`,"content_block":{"type":"text","text":""}`) + anthropicEvent("content_block_delta", at+`,"delta":{"type":"text_delta","text":"x"}`) + anthropicEvent("content_block_stop", at)
			}},
			{"calls", started, anthropicEnd, func(i int) string {
				at := fmt.Sprintf(`,"index":%d`, i)
				return anthropicEvent("content_block_start", at+fmt.Sprintf(`,"content_block":{"type":"tool_use","id":"toolu_%d","name":"f","input":{}}`, i)) + anthropicEvent("content_block_stop", at)
			}},
			{"citations", started + block(`{"type":"text","text":""}`), stop + anthropicEnd, func(i int) string {
				return delta(fmt.Sprintf(`{"type":"citations_delta","citation":{"type":"web_search_result_location","url":"https://example.com/%d","title":"A","encrypted_index":"","cited_text":""}}`, i))(0)
			}},
			{"pings", started, anthropicEnd, func(int) string { return anthropicEvent("ping", "") }},
			{"events that are new", started, anthropicEnd, func(int) string { return anthropicEvent("vibe_check", `,"x":[1,2,3]`) }},
		},
	}
}

// TestLiveStreamsStaySmall follows streams of 100,000 events: what decoder, encoder and
// frame cutter keep is bounded all the way, and they end as streams do.
func TestLiveStreamsStaySmall(t *testing.T) {
	t.Parallel()
	const events, look = 100_000, 5_000
	for pair, s := range suites(t) {
		_, provider, _ := strings.Cut(pair, "-to-")
		for _, f := range floods()[provider] {
			t.Run(pair+"/"+f.name, func(t *testing.T) {
				t.Parallel()
				tr := begin(t, s)
				tr.Write([]byte(f.begin))
				var last []byte
				for i := range events {
					tr.Write([]byte(f.event(i)))
					if i%look == 0 || i == events-1 {
						if got := size(tr); got > mostLive {
							t.Fatalf("after %d events: got %d bytes kept, want at most %d", i+1, got, mostLive)
						}
					}
					if _, err := tr.Take(); err != nil {
						t.Fatal(err)
					}
				}
				tr.Write([]byte(f.end))
				tr.Close()
				last, err := tr.Take()
				if err != nil || !bytes.Contains(last, []byte("[DONE]")) && !bytes.Contains(last, []byte("message_stop")) {
					t.Errorf("got (%v) %s, want the stream's proper end", err, last)
				}
			})
		}
	}
}

// begin is a translation of a stream for a client that asks for all there is.
func begin(t *testing.T, s adaptertest.Suite) *adaptertest.Translation {
	t.Helper()
	request := `{"model":"m","max_tokens":100,"stream":true,"messages":[{"role":"user","content":"Hi"}]}`
	if s.Dialect.Name == "openai" {
		request = `{"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"Hi"}]}`
	}
	r, e := s.Read([]byte(request))
	if e != nil {
		t.Fatal(e.Message)
	}
	tr := s.NewTranslation()
	tr.Reset(r)
	return tr
}

// TestStreamsMakeNoGarbage has the usual events translated without an allocation.
func TestStreamsMakeNoGarbage(t *testing.T) { // AllocsPerRun is not for parallel tests
	for pair, s := range suites(t) {
		_, provider, _ := strings.Cut(pair, "-to-")
		for _, f := range floods()[provider] {
			if f.name != "text" && f.name != "arguments of a call" && f.name != "thinking" {
				continue
			}
			t.Run(pair+"/"+f.name, func(t *testing.T) {
				tr := begin(t, s)
				tr.Write([]byte(f.begin))
				event := []byte(f.event(0))
				got := testing.AllocsPerRun(2000, func() {
					tr.Write(event)
					if _, err := tr.Take(); err != nil {
						t.Fatal(err)
					}
				})
				if got > 0 {
					t.Errorf("got %v allocations an event, want none", got)
				}
			})
		}
	}
}

// TestLargeEventIsForgotten sends one event of 512 KB in pieces: when it has passed,
// its memory is free again.
func TestLargeEventIsForgotten(t *testing.T) {
	t.Parallel()
	for pair, s := range suites(t) {
		_, provider, _ := strings.Cut(pair, "-to-")
		t.Run(pair, func(t *testing.T) {
			t.Parallel()
			f := floods()[provider][0]
			tr := begin(t, s)
			tr.Write([]byte(f.begin))
			event := strings.Replace(f.event(0), "word", strings.Repeat("word", 128<<10), 1)
			for piece := range slices.Chunk([]byte(event), 4<<10) {
				tr.Write(piece)
			}
			if got, err := tr.Take(); err != nil || len(got) < 512<<10 {
				t.Fatalf("got %d bytes (%v), want the large event", len(got), err)
			}
			tr.Write([]byte(f.event(0)))
			if _, err := tr.Take(); err != nil {
				t.Fatal(err)
			}
			if got := size(tr); got > mostLive {
				t.Errorf("got %d bytes kept, want at most %d", got, mostLive)
			}
		})
	}
}
