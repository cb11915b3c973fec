package openai_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/sse"
)

var kinds = [...]string{
	chat.TextPart: "text", chat.ThinkingPart: "thinking", chat.RedactedPart: "redacted",
	chat.ToolCallPart: "call", chat.RefusalPart: "refusal",
}

// transcript is an event in one line.
func transcript(e *chat.Event) string {
	at := fmt.Sprint(e.Index)
	if e.Choice > 0 {
		at = fmt.Sprintf("%d/%d", e.Choice, e.Index)
	}
	switch e.Kind {
	case chat.Start:
		return fmt.Sprintf("start %s %s %d%s%s", e.ID, e.Model, e.Created, e.Tier, e.System)
	case chat.BlockStart:
		s := fmt.Sprintf("+%s %s", at, kinds[e.Block])
		for _, t := range []chat.Text{e.ID, e.Name, e.Text} {
			if len(t) > 0 {
				s += " " + string(t)
			}
		}
		return s
	case chat.TextDelta:
		return fmt.Sprintf("%s %s %s", at, kinds[e.Block], e.Text)
	case chat.SignatureDelta:
		return fmt.Sprintf("%s signature %s", at, e.Text)
	case chat.CitationDelta:
		return fmt.Sprintf("%s cites %s", at, e.Raw)
	case chat.LogprobsDelta:
		return fmt.Sprintf("logprobs %s", e.Raw)
	case chat.BlockStop:
		return "-" + at
	case chat.FinishEvent:
		s := fmt.Sprintf("finish %d", e.Finish)
		if e.Choice > 0 {
			s = fmt.Sprintf("finish %d of %d", e.Finish, e.Choice)
		}
		if e.Counted {
			s += fmt.Sprintf(" in %d (%d read, %d written) out %d (%d thought)", e.Usage.Input, e.Usage.CachedRead, e.Usage.CacheWrite, e.Usage.Output, e.Usage.Reasoning)
		}
		return s
	case chat.End:
		return "end"
	case chat.Failure:
		return fmt.Sprintf("failure %d %d %s: %s", e.Err.Status, e.Err.Kind, e.Err.Code, e.Err.Message)
	}
	return "?"
}

// decode runs the pieces of a stream through a decoder; its error ends the transcript.
func decode(d adapters.Decoder, pieces ...string) (got []string) {
	d.Reset()
	emit := func(e *chat.Event) { got = append(got, transcript(e)) }
	var frames sse.Decoder
	for _, p := range pieces {
		rest := []byte(p)
		for {
			ev, n, ok, err := frames.Next(rest)
			if err != nil {
				return append(got, err.Error())
			}
			if !ok {
				break
			}
			rest = rest[n:]
			if !ev.Message {
				continue
			}
			if err := d.Event(ev.Type, ev.Data, emit); err != nil {
				return append(got, "error: "+err.Error())
			}
		}
	}
	if err := d.Close(emit); err != nil {
		return append(got, "error: "+err.Error())
	}
	return got
}

// stream makes the chunks of a stream, each given as a choice or whole.
func stream(choices ...string) string {
	var s strings.Builder
	for _, c := range choices {
		switch {
		case !strings.HasPrefix(c, `{"index":`):
			fmt.Fprintf(&s, "data: %s\n\n", c)
		default:
			fmt.Fprintf(&s, "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":7,\"model\":\"m\",\"choices\":[%s]}\n\n", c)
		}
	}
	return s.String()
}

// delta is the one choice of a chunk.
func delta(members string) string {
	return `{"index":0,"delta":{` + members + `},"logprobs":null,"finish_reason":null}`
}

func callDelta(index int, id, name, arguments string) string {
	s := fmt.Sprintf(`{"index":%d`, index)
	if id != "" {
		s += fmt.Sprintf(`,"id":%q,"type":"function"`, id)
	}
	s += `,"function":{`
	if name != "" {
		s += fmt.Sprintf(`"name":%q,`, name)
	}
	return s + fmt.Sprintf(`"arguments":%q}}`, arguments)
}

func calls(list ...string) string { return delta(`"tool_calls":[` + strings.Join(list, ",") + `]`) }

func stopped(reason string) string {
	return `{"index":0,"delta":{},"logprobs":null,"finish_reason":"` + reason + `"}`
}

const (
	role  = `"role":"assistant","content":"","refusal":null`
	usage = `{"id":"c1","object":"chat.completion.chunk","created":7,"model":"m","choices":[],"usage":{"prompt_tokens":30,"completion_tokens":12,"total_tokens":42,"prompt_tokens_details":{"cached_tokens":20,"cache_write_tokens":5},"completion_tokens_details":{"reasoning_tokens":4}}}`
	start = "start c1 m 7"
	used  = " in 30 (20 read, 5 written) out 12 (4 thought)"
)

var streams = []struct {
	name, in string
	want     []string
}{
	{
		"text", stream(delta(role), delta(`"content":"Hel"`), delta(`"content":"lo\n"`), stopped("stop"), usage, "[DONE]"),
		[]string{start, "+0 text", "0 text Hel", `0 text lo\n`, "-0", "finish 1" + used, "end"},
	},
	{
		"text without usage", stream(delta(role), delta(`"content":"a"`), stopped("length"), "[DONE]"),
		[]string{start, "+0 text", "0 text a", "-0", "finish 2", "end"},
	},
	{
		"usage beside the last choice", stream(delta(`"content":"a"`), `{"id":"c1","choices":[`+stopped("stop")+`],"usage":{"prompt_tokens":1,"completion_tokens":2}}`, "[DONE]"),
		[]string{start, "+0 text", "0 text a", "-0", "finish 1 in 1 (0 read, 0 written) out 2 (0 thought)", "end"},
	},
	{
		"padding, comments and other lines", ": keep-alive\n\n" + stream(`{"id":"c1","created":7,"model":"m","choices":[`+delta(`"content":"a"`)+`],"obfuscation":"xyz","usage":null}`) + "id: 1\nretry: 5\n\n" + stream(stopped("stop"), "[DONE]"),
		[]string{start, "+0 text", "0 text a", "-0", "finish 1", "end"},
	},
	{
		"what Azure says first", stream(`{"id":"","model":"","choices":[],"prompt_filter_results":[{"prompt_index":0}]}`, delta(role), delta(`"content":"a"`), stopped("content_filter"), "[DONE]"),
		[]string{start, "+0 text", "0 text a", "-0", "finish 4", "end"},
	},
	{
		"tier and fingerprint", stream(`{"id":"c1","created":7,"model":"m","service_tier":"flex","system_fingerprint":"fp","choices":[`+delta(`"content":"a"`)+`]}`, stopped("stop"), "[DONE]"),
		[]string{start + "flexfp", "+0 text", "0 text a", "-0", "finish 1", "end"},
	},
	{
		"nothing said", stream(delta(role), stopped("stop"), "[DONE]"),
		[]string{start, "finish 1", "end"},
	},
	{
		"refusal", stream(delta(role), delta(`"refusal":"I "`), delta(`"refusal":"won't"`), stopped("stop"), "[DONE]"),
		[]string{start, "+0 refusal", "0 refusal I ", "0 refusal won't", "-0", "finish 5", "end"},
	},
	{
		"one call", stream(delta(`"role":"assistant","content":null`), calls(callDelta(0, "a", "w", "")), calls(callDelta(0, "", "", `{"q":`)), calls(callDelta(0, "", "", `1}`)), stopped("tool_calls"), usage, "[DONE]"),
		[]string{start, "+0 call a w", `0 call {\"q\":`, "0 call 1}", "-0", "finish 3" + used, "end"},
	},
	{
		"call that had to be made", stream(calls(callDelta(0, "a", "w", "{}")), stopped("stop"), "[DONE]"),
		[]string{start, "+0 call a w", "0 call {}", "-0", "finish 3", "end"},
	},
	{
		"calls one after the other", stream(delta(`"content":"ok"`), calls(callDelta(0, "a", "w", "")), calls(callDelta(0, "", "", `{}`)), calls(callDelta(1, "b", "w", "")), calls(callDelta(1, "", "", `{"x":"}`)), calls(callDelta(1, "", "", `{"}`)), stopped("tool_calls"), "[DONE]"),
		[]string{start, "+0 text", "0 text ok", "-0", "+1 call a w", "1 call {}", "-1", "+2 call b w", `2 call {\"x\":\"}`, `2 call {\"}`, "-2", "finish 3", "end"},
	},
	{
		"calls in one chunk", stream(calls(callDelta(0, "a", "w", "{}"), callDelta(1, "b", "v", "{}")), stopped("tool_calls"), "[DONE]"),
		[]string{start, "+0 call a w", "0 call {}", "-0", "+1 call b v", "1 call {}", "-1", "finish 3", "end"},
	},
	{
		"calls mixed", stream(calls(callDelta(0, "a", "w", `{"p"`)), calls(callDelta(1, "b", "v", `{"q"`)), calls(callDelta(2, "c", "u", "")), calls(callDelta(0, "", "", `:1}`)), calls(callDelta(2, "", "", `{}`)), calls(callDelta(1, "", "", `:[2]}`)), stopped("tool_calls"), "[DONE]"),
		[]string{start, "+0 call a w", `0 call {\"p\"`, "0 call :1}", "-0", "+1 call b v", `1 call {\"q\"`, "1 call :[2]}", "-1", "+2 call c u", "2 call {}", "-2", "finish 3", "end"},
	},
	{
		"calls announced before their arguments", stream(calls(callDelta(0, "a", "w", ""), callDelta(1, "b", "v", "")), calls(callDelta(1, "", "", `{"y":1}`)), calls(callDelta(0, "", "", `{"x":`)), calls(callDelta(0, "", "", `1}`)), stopped("tool_calls"), "[DONE]"),
		[]string{start, "+0 call a w", `0 call {\"x\":`, "0 call 1}", "-0", "+1 call b v", `1 call {\"y\":1}`, "-1", "finish 3", "end"},
	},
	{
		"calls without arguments", stream(calls(callDelta(0, "a", "w", "")), calls(callDelta(1, "b", "v", "")), stopped("tool_calls"), "[DONE]"),
		[]string{start, "+0 call a w", "-0", "+1 call b v", "-1", "finish 3", "end"},
	},
	{
		"text while a call is not complete", stream(calls(callDelta(0, "a", "w", `{`)), delta(`"content":"x"`), delta(`"content":"y"`), calls(callDelta(0, "", "", `}`)), delta(`"content":"z"`), stopped("tool_calls"), "[DONE]"),
		[]string{start, "+0 call a w", "0 call {", "0 call }", "-0", "+1 text", "1 text xy", "1 text z", "-1", "finish 3", "end"},
	},
	{
		"calls that share an index", stream(calls(callDelta(0, "a", "w", "{}")), calls(callDelta(0, "b", "v", "{}")), stopped("tool_calls"), "[DONE]"),
		[]string{start, "+0 call a w", "0 call {}", "-0", "+1 call b v", "1 call {}", "-1", "finish 3", "end"},
	},
	{
		"calls without an index", stream(delta(`"tool_calls":[{"id":"a","function":{"name":"w","arguments":"{"}}]`), delta(`"tool_calls":[{"function":{"arguments":"}"}}]`), delta(`"tool_calls":[{"id":"b","function":{"name":"v","arguments":"{}"}}]`), stopped("tool_calls"), "[DONE]"),
		[]string{start, "+0 call a w", "0 call {", "0 call }", "-0", "+1 call b v", "1 call {}", "-1", "finish 3", "end"},
	},
	{
		"call whose id is repeated", stream(calls(callDelta(0, "a", "w", "{")), calls(callDelta(0, "a", "", "}")), stopped("tool_calls"), "[DONE]"),
		[]string{start, "+0 call a w", "0 call {", "0 call }", "-0", "finish 3", "end"},
	},
	{
		"calls without ids", stream(calls(callDelta(0, "", "w", "{}")), calls(callDelta(1, "", "v", "{}")), stopped("tool_calls"), "[DONE]"),
		[]string{start, "+0 call call_7_0 w", "0 call {}", "-0", "+1 call call_7_1 v", "1 call {}", "-1", "finish 3", "end"},
	},
	{
		"name behind the id", stream(calls(callDelta(0, "a", "", "")), calls(callDelta(0, "", "w", "{}")), stopped("tool_calls"), "[DONE]"),
		[]string{start, "+0 call a w", "0 call {}", "-0", "finish 3", "end"},
	},
	{
		"blanks behind complete arguments", stream(calls(callDelta(0, "a", "w", "{}")), calls(callDelta(1, "b", "v", "{}")), calls(callDelta(0, "", "", " \n")), stopped("tool_calls"), "[DONE]"),
		[]string{start, "+0 call a w", "0 call {}", "-0", "+1 call b v", "1 call {}", "-1", "finish 3", "end"},
	},
	{
		"a call that goes on behind its end", stream(calls(callDelta(0, "a", "w", "{}")), calls(callDelta(1, "b", "v", "{}")), calls(callDelta(0, "", "", "{}")), stopped("tool_calls"), "[DONE]"),
		[]string{start, "+0 call a w", "0 call {}", "-0", "+1 call b v", "1 call {}", "error: the provider's stream goes on with a tool call that was complete"},
	},
	{
		"thinking as text", stream(delta(`"role":"assistant","reasoning_content":"h"`), delta(`"reasoning":"m"`), delta(`"content":"a"`), stopped("stop"), "[DONE]"),
		[]string{start, "+0 thinking", "0 thinking h", "0 thinking m", "-0", "+1 text", "1 text a", "-1", "finish 1", "end"},
	},
	{
		"thinking in detail", stream(
			delta(`"reasoning":"h","reasoning_details":[{"type":"reasoning.text","text":"h","index":0}]`),
			delta(`"reasoning":"m","reasoning_details":[{"type":"reasoning.text","text":"m","index":0}]`),
			delta(`"reasoning_details":[{"type":"reasoning.text","signature":"sig","index":0}]`),
			delta(`"reasoning_details":[{"type":"reasoning.encrypted","data":"xyz","index":1},{"type":"reasoning.summary","summary":"s","index":2}]`),
			delta(`"content":"a","reasoning_details":[]`), stopped("stop"), "[DONE]"),
		[]string{start, "+0 thinking", "0 thinking h", "0 thinking m", "0 signature sig", "-0", "+1 redacted xyz", "-1", "+2 thinking", "2 thinking s", "-2", "+3 text", "3 text a", "-3", "finish 1", "end"},
	},
	{
		"signature behind the text", stream(delta(`"content":"a"`), delta(`"reasoning_details":[{"type":"reasoning.text","signature":"sig"}]`), stopped("stop"), "[DONE]"),
		[]string{start, "+0 text", "0 text a", "-0", "+1 thinking", "1 signature sig", "-1", "finish 1", "end"},
	},
	{
		"log probabilities", stream(`{"index":0,"delta":{"content":"a"},"logprobs":{"content":[{"token":"a","logprob":-1}],"refusal":null},"finish_reason":null}`, stopped("stop"), "[DONE]"),
		[]string{start, "+0 text", "0 text a", `logprobs {"content":[{"token":"a","logprob":-1}],"refusal":null}`, "-0", "finish 1", "end"},
	},
	{
		"citations", stream(delta(`"content":"a"`), delta(`"annotations":[{"type":"url_citation","url_citation":{"url":"https:\/\/x.example","title":"X","start_index":0,"end_index":1}},{"type":"other"}]`), stopped("stop"), "[DONE]"),
		[]string{start, "+0 text", "0 text a", `0 cites {"type":"web_search_result_location","url":"https:\/\/x.example","title":"X","cited_text":"","encrypted_index":""}`, "-0", "finish 1", "end"},
	},
	{
		"two answers", stream(delta(role), `{"index":1,"delta":{"content":"x"}}`, delta(`"content":"a"`), `{"index":1,"delta":{"content":"y"}}`, `{"index":1,"delta":{},"finish_reason":"length"}`, stopped("stop"), usage, "[DONE]"),
		[]string{start, "+1/0 text", "1/0 text x", "+0 text", "0 text a", "1/0 text y", "-1/0", "-0", "finish 1" + used, "finish 2 of 1" + used, "end"},
	},
	{
		"error object", stream(delta(`"content":"a"`), `{"error":{"message":"overloaded","type":"server_error","code":"server_is_overloaded"}}`, delta(`"content":"b"`), stopped("stop"), "[DONE]"),
		[]string{start, "+0 text", "0 text a", "failure 503 6 server_is_overloaded: overloaded"},
	},
	{
		"error event", stream(delta(`"content":"a"`)) + "event: error\ndata: {\"message\":\"slow\",\"type\":\"rate_limit_error\"}\n\n",
		[]string{start, "+0 text", "0 text a", "failure 429 5 : slow"},
	},
	{
		"error as a string", stream(`{"error":"model crashed"}`),
		[]string{"failure 500 8 : model crashed"},
	},
	{
		"error that is a number", stream(`{"error":{"message":"bad","code":400}}`),
		[]string{"failure 400 0 400: bad"},
	},
	{
		"cut before its end", stream(delta(`"content":"a"`)),
		[]string{start, "+0 text", "0 text a", "error: the provider's stream ended before its last event"},
	},
	{
		"cut behind the finish reason", stream(delta(`"content":"a"`), stopped("stop"), usage),
		[]string{start, "+0 text", "0 text a", "-0", "error: the provider's stream ended before its last event"},
	},
	{
		"cut within an event", stream(delta(`"content":"a"`)) + "data: {\"id\":\"c1\",\"choi",
		[]string{start, "+0 text", "0 text a", "error: the provider's stream ended before its last event"},
	},
	{
		"done without a finish reason", stream(delta(`"content":"a"`), "[DONE]"),
		[]string{start, "+0 text", "0 text a", "error: the provider's stream said that it was done before an answer had its finish_reason"},
	},
	{"done without an answer", stream("[DONE]"), []string{"error: the provider's stream said that it was done before an answer had its finish_reason"}},
	{"nothing", "", []string{"error: the provider's stream ended before its last event"}},
	{"not JSON", "data: {\"choices\":[tru]}\n\n", []string{"error: choices[0]: want a value at byte 12"}},
	{"not an object", "data: [1]\n\n", []string{"error: the provider's stream: want chunks, got an event of another form"}},
	{"choices of another form", stream(`{"choices":{}}`), []string{"error: the provider's stream: want chunks, got an event of another form"}},
	{"choice out of bounds", stream(`{"index":128,"delta":{}}`), []string{start, "error: the provider's stream has more choices than can be asked for"}},
	{"half of a surrogate pair", stream(delta(`"content":"\ud83d"`), stopped("stop"), "[DONE]"), []string{start, "+0 text", `0 text \ud83d`, "-0", "finish 1", "end"}},
	{
		"members of other types", stream(`{"index":0,"delta":{"content":[1],"refusal":{},"tool_calls":{},"reasoning_details":7,"annotations":"x"},"logprobs":[],"finish_reason":1}`, `{"index":0,"delta":[],"finish_reason":"stop"}`, "[DONE]"),
		[]string{start, "finish 1", "end"},
	},
}

func TestDecoderAtEveryCut(t *testing.T) {
	t.Parallel()
	for _, tt := range streams {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := translator(t).NewDecoder()
			for cut := range len(tt.in) + 1 {
				if got := decode(d, tt.in[:cut], tt.in[cut:]); !slices.Equal(got, tt.want) {
					t.Fatalf("cut at byte %d:\ngot  %s\nwant %s", cut, strings.Join(got, "\n     "), strings.Join(tt.want, "\n     "))
				}
			}
			crlf := strings.ReplaceAll(tt.in, "\n", "\r\n")
			if got := decode(d, strings.Split(crlf, "")...); !slices.Equal(got, tt.want) {
				t.Errorf("byte by byte with CRLF:\ngot  %s\nwant %s", strings.Join(got, "\n     "), strings.Join(tt.want, "\n     "))
			}
		})
	}
}

// What waits is bounded, whatever comes.
func TestDecoderBoundsWhatWaits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		chunk func(i int) string
		want  string
	}{
		{"arguments", func(i int) string { return calls(callDelta(i%2, fmt.Sprint(i%2), "w", strings.Repeat("[", 1000))) }, "error: the provider's stream mixes tool calls beyond what is kept of them"},
		{"text", func(i int) string {
			if i == 0 {
				return calls(callDelta(0, "a", "w", "{"))
			}
			return delta(`"content":"` + strings.Repeat("x", 1000) + `"`)
		}, "error: the provider's stream mixes tool calls beyond what is kept of them"},
		{"blocks", func(i int) string {
			if i == 0 {
				return calls(callDelta(0, "a", "w", "{"))
			}
			return delta(fmt.Sprintf(`"%s":"x"`, []string{"content", "refusal"}[i%2]))
		}, "error: the provider's stream mixes tool calls beyond what is kept of them"},
		{"calls", func(i int) string { return calls(callDelta(i, fmt.Sprint(i), "w", "{}")) }, "error: the provider's stream has too many tool calls"},
		{"a long id", func(int) string { return calls(callDelta(0, strings.Repeat("i", 300), "w", "")) }, "error: the provider's stream mixes tool calls beyond what is kept of them"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var chunks []string
			for i := range 300 {
				chunks = append(chunks, tt.chunk(i))
			}
			got := decode(translator(t).NewDecoder(), stream(chunks...))
			if last := got[len(got)-1]; last != tt.want {
				t.Errorf("got %s at last, want %s", last, tt.want)
			}
		})
	}
}

// Even a stream that makes the decoder keep all that it ever keeps stays small.
func TestDecoderKeepsLittle(t *testing.T) {
	var in strings.Builder
	for i := range 100 {
		in.WriteString(stream(calls(callDelta(i, strings.Repeat("i", 100)+fmt.Sprint(i), "w", strings.Repeat("[", 120)))))
	}
	in.WriteString(stream(`{"index":5,"delta":{"content":"x"},"logprobs":{"content":[` + strings.Repeat("0,", 900) + `0]}}`))
	const n = 50
	to := translator(t)
	decoders := make([]adapters.Decoder, n)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range decoders {
		decoders[i] = to.NewDecoder()
		feed(decoders[i], []byte(in.String()), func(*chat.Event) {})
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	got := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) / n
	if got > 64<<10 {
		t.Errorf("got %d bytes kept of a stream, want at most 64 KB", got)
	}
	t.Logf("%d bytes are kept of a stream", got)
	runtime.KeepAlive(decoders)
}

func TestDecoderAllocatesNothingForText(t *testing.T) {
	d := translator(t).NewDecoder()
	emit := func(*chat.Event) {}
	chunk := []byte(strings.TrimSuffix(strings.TrimPrefix(stream(delta(`"content":" word"`)), "data: "), "\n\n"))
	d.Reset()
	if got := testing.AllocsPerRun(100, func() {
		if err := d.Event(nil, chunk, emit); err != nil {
			t.Fatal(err)
		}
	}); got != 0 {
		t.Errorf("got %v allocations for a chunk of text, want 0", got)
	}
}
