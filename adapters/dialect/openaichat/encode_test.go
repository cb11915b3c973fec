package openaichat_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/openaichat"
)

// encode writes events one after the other.
func encode(r *chat.Request, events ...chat.Event) string {
	e := openaichat.Writer{}.NewEncoder()
	e.Reset(&chat.Request{Model: "other", IncludeUsage: !r.IncludeUsage}) // whatever it was used for before
	for _, ev := range events {
		e.Append(nil, &ev)
	}
	e.Reset(r)
	var out []byte
	for _, ev := range events {
		out = e.Append(out, &ev)
	}
	return string(out)
}

// chunks is a stream as it should be, each chunk given by its choice.
func chunks(choices ...string) string {
	var s strings.Builder
	for _, c := range choices {
		if strings.HasPrefix(c, `{"index"`) {
			c = `{"id":"chatcmpl-c1","object":"chat.completion.chunk","created":7,"model":"m","choices":[` + c + `]}`
		}
		s.WriteString("data: " + c + "\n\n")
	}
	return s.String()
}

// piece is the choice of a chunk.
func piece(delta string) string {
	return `{"index":0,"delta":{` + delta + `},"logprobs":null,"finish_reason":null}`
}

func finish(reason string) string {
	return `{"index":0,"delta":{},"logprobs":null,"finish_reason":"` + reason + `"}`
}

var (
	start = chat.Event{Kind: chat.Start, ID: txt("c1"), Model: txt("m"), Created: 7}
	end   = chat.Event{Kind: chat.End}
	stop  = chat.Event{Kind: chat.BlockStop}
	used  = chat.Usage{Input: 30, Output: 12, CachedRead: 20, CacheWrite: 5, Reasoning: 4}
)

const (
	roleChunk  = `{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}`
	usageChunk = `{"prompt_tokens":30,"completion_tokens":12,"total_tokens":42,"prompt_tokens_details":{"cached_tokens":20,"cache_write_tokens":5,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":4,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}`
)

func open(kind chat.PartKind) chat.Event { return chat.Event{Kind: chat.BlockStart, Block: kind} }

func said(kind chat.PartKind, s string) chat.Event {
	return chat.Event{Kind: chat.TextDelta, Block: kind, Text: txt(s)}
}

func callStart(id, name string) chat.Event {
	return chat.Event{Kind: chat.BlockStart, Block: chat.ToolCallPart, ID: txt(id), Name: txt(name)}
}

func ended(f chat.Finish) chat.Event { return chat.Event{Kind: chat.FinishEvent, Finish: f} }

func TestEncoder(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		events []chat.Event
		want   string
	}{
		{
			"text", []chat.Event{start, open(chat.TextPart), said(chat.TextPart, "Hel"), {Kind: chat.Ping}, said(chat.TextPart, `lo\n`), stop, ended(chat.FinishStop), end},
			chunks(roleChunk, piece(`"content":"Hel"`), piece(`"content":"lo\n"`), finish("stop"), "[DONE]"),
		},
		{"nothing said", []chat.Event{start, ended(chat.FinishLength), end}, chunks(roleChunk, finish("length"), "[DONE]")},
		{
			"refusal", []chat.Event{start, open(chat.RefusalPart), said(chat.RefusalPart, "no"), stop, ended(chat.FinishRefusal), end},
			chunks(roleChunk, piece(`"refusal":"no"`), finish("stop"), "[DONE]"),
		},
		{
			"refusal without words", []chat.Event{start, open(chat.TextPart), said(chat.TextPart, "I"), stop, ended(chat.FinishRefusal), end},
			chunks(roleChunk, piece(`"content":"I"`), finish("content_filter"), "[DONE]"),
		},
		{
			"calls", []chat.Event{start, callStart("a", "w"), said(chat.ToolCallPart, `{\"q\":`), said(chat.ToolCallPart, "1}"), stop, callStart("b", "v"), stop, ended(chat.FinishTools), end},
			chunks(roleChunk,
				piece(`"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"w","arguments":""}}]`),
				piece(`"tool_calls":[{"index":0,"function":{"arguments":"{\"q\":"}}]`), piece(`"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]`),
				piece(`"tool_calls":[{"index":1,"id":"b","type":"function","function":{"name":"v","arguments":""}}]`), piece(`"tool_calls":[{"index":1,"function":{"arguments":"{}"}}]`),
				finish("tool_calls"), "[DONE]"),
		},
		{
			"thinking", []chat.Event{start, open(chat.ThinkingPart), said(chat.ThinkingPart, "h"), {Kind: chat.SignatureDelta, Text: txt("s")}, stop, {Kind: chat.BlockStart, Block: chat.RedactedPart, Text: txt("x")}, stop, open(chat.ThinkingPart), said(chat.ThinkingPart, "m"), stop, open(chat.TextPart), said(chat.TextPart, "a"), stop, ended(chat.FinishStop), end},
			chunks(roleChunk,
				piece(`"reasoning_content":"h","reasoning_details":[{"type":"reasoning.text","text":"h","index":0}]`),
				piece(`"reasoning_details":[{"type":"reasoning.text","signature":"s","index":0}]`),
				piece(`"reasoning_details":[{"type":"reasoning.encrypted","data":"x","index":1}]`),
				piece(`"reasoning_content":"m","reasoning_details":[{"type":"reasoning.text","text":"m","index":2}]`),
				piece(`"content":"a"`), finish("stop"), "[DONE]"),
		},
		{
			"what the provider's own tools did", []chat.Event{start, {Kind: chat.BlockStart, Block: chat.ServerPart, Raw: chat.Raw(`{}`)}, said(chat.ServerPart, "q"), stop, open(chat.TextPart), said(chat.TextPart, "a"), stop, ended(chat.FinishPause), end},
			chunks(roleChunk, piece(`"content":"a"`), finish("length"), "[DONE]"),
		},
		{
			"citations", []chat.Event{start, open(chat.TextPart), said(chat.TextPart, `é\n`), stop, open(chat.TextPart), {Kind: chat.CitationDelta, Raw: chat.Raw(`{"url":"u","title":"t"}`)}, {Kind: chat.CitationDelta, Raw: chat.Raw(`{"type":"char_location"}`)}, said(chat.TextPart, "cited"), {Kind: chat.CitationDelta, Raw: chat.Raw(`{"url":"v"}`)}, stop, open(chat.TextPart), {Kind: chat.CitationDelta, Raw: chat.Raw(`{"type":"char_location"}`)}, stop, ended(chat.FinishStop), end},
			chunks(roleChunk, piece(`"content":"é\n"`), piece(`"content":"cited"`),
				piece(`"annotations":[{"type":"url_citation","url_citation":{"start_index":2,"end_index":7,"url":"u","title":"t"}},{"type":"url_citation","url_citation":{"start_index":2,"end_index":7,"url":"v","title":""}}]`),
				finish("stop"), "[DONE]"),
		},
		{
			"log probabilities", []chat.Event{start, open(chat.TextPart), said(chat.TextPart, "a"), {Kind: chat.LogprobsDelta, Raw: chat.Raw(`{"content":[]}`)}, stop, ended(chat.FinishStop), end},
			chunks(roleChunk, piece(`"content":"a"`), `{"index":0,"delta":{},"logprobs":{"content":[]},"finish_reason":null}`, finish("stop"), "[DONE]"),
		},
		{
			"two answers", []chat.Event{start, open(chat.TextPart), said(chat.TextPart, "a"), {Kind: chat.BlockStart, Choice: 1}, {Kind: chat.TextDelta, Choice: 1, Text: txt("b")}, {Kind: chat.BlockStop, Choice: 1}, stop, ended(chat.FinishStop), {Kind: chat.FinishEvent, Choice: 1, Finish: chat.FinishLength}, end},
			chunks(roleChunk, piece(`"content":"a"`), strings.Replace(roleChunk, `"index":0`, `"index":1`, 1), strings.Replace(piece(`"content":"b"`), `"index":0`, `"index":1`, 1), finish("stop"), strings.Replace(finish("length"), `"index":0`, `"index":1`, 1), "[DONE]"),
		},
		{
			"failure", []chat.Event{start, open(chat.TextPart), said(chat.TextPart, "a"), {Kind: chat.Failure, Err: &chat.Error{Status: 529, Kind: chat.Overloaded, Message: "busy"}}, stop, ended(chat.FinishStop), end},
			chunks(roleChunk, piece(`"content":"a"`), `{"error":{"message":"busy","type":"server_error","param":null,"code":null}}`),
		},
		{"failure at the start", []chat.Event{{Kind: chat.Failure, Err: &chat.Error{Status: 500, Kind: chat.Internal, Message: "x"}}}, chunks(`{"error":{"message":"x","type":"server_error","param":null,"code":null}}`)},
		{"events behind the end", []chat.Event{start, ended(chat.FinishStop), said(chat.TextPart, "x"), end, said(chat.TextPart, "y"), end}, chunks(roleChunk, finish("stop"), "[DONE]")},
		{"choice out of bounds", []chat.Event{start, {Kind: chat.TextDelta, Choice: 128, Text: txt("x")}, {Kind: chat.TextDelta, Choice: -1, Text: txt("x")}, ended(chat.FinishStop), end}, chunks(roleChunk, finish("stop"), "[DONE]")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := encode(&chat.Request{Model: "asked"}, tt.events...); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestEncoderWithUsage(t *testing.T) {
	t.Parallel()
	asked := &chat.Request{Model: "asked", IncludeUsage: true}
	withUsage := func(s, last string) string {
		s = strings.ReplaceAll(s, "}]}\n\n", "}],\"usage\":null}\n\n")
		return strings.TrimSuffix(s, "data: [DONE]\n\n") + last + "data: [DONE]\n\n"
	}
	plain := chunks(roleChunk, piece(`"content":"a"`), finish("stop"), "[DONE]")
	text := []chat.Event{start, open(chat.TextPart), said(chat.TextPart, "a"), stop}
	last := chunks(`{"id":"chatcmpl-c1","object":"chat.completion.chunk","created":7,"model":"m","choices":[],"usage":` + usageChunk + `}`)
	for _, tt := range []struct {
		name   string
		events []chat.Event
		want   string
	}{
		{"at the finish", append(text[:4:4], chat.Event{Kind: chat.FinishEvent, Finish: chat.FinishStop, Usage: used, Counted: true}, end), withUsage(plain, last)},
		{"at the end", append(text[:4:4], ended(chat.FinishStop), chat.Event{Kind: chat.End, Usage: used, Counted: true}), withUsage(plain, last)},
		{
			"in two parts", append([]chat.Event{{Kind: chat.Start, ID: start.ID, Model: start.Model, Created: 7, Usage: chat.Usage{Input: 30, CachedRead: 20, CacheWrite: 5, Output: 1}, Counted: true}},
				append(text[1:4:4], chat.Event{Kind: chat.FinishEvent, Finish: chat.FinishStop, Usage: chat.Usage{Output: 12, Reasoning: 4}, Counted: true}, end)...),
			withUsage(plain, last),
		},
		{"never", append(text[:4:4], ended(chat.FinishStop), end), withUsage(plain, "")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := encode(asked, tt.events...); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
	if got := encode(&chat.Request{}, append(text, chat.Event{Kind: chat.FinishEvent, Finish: chat.FinishStop, Usage: used, Counted: true}, end)...); got != plain {
		t.Errorf("not asked for:\ngot\n%s\nwant\n%s", got, plain)
	}
}

// What all chunks have in common comes from the start, or from the request without one.
func TestEncoderHead(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		start chat.Event
		want  string
	}{
		{"all", chat.Event{Kind: chat.Start, ID: txt("chatcmpl-9"), Model: txt("m"), Created: 7, Tier: txt("flex"), System: txt("fp")}, `data: {"id":"chatcmpl-9","object":"chat.completion.chunk","created":7,"model":"m","service_tier":"flex","system_fingerprint":"fp","choices":[`},
		{"no model", chat.Event{Kind: chat.Start, ID: txt("x")}, `data: {"id":"chatcmpl-x","object":"chat.completion.chunk","created":0,"model":"a\"b","choices":[`},
		{"no start", open(chat.TextPart), `data: {"id":"chatcmpl-","object":"chat.completion.chunk","created":0,"model":"a\"b","choices":[`},
	} {
		got := encode(&chat.Request{Model: `a"b`}, tt.start, said(chat.TextPart, "a"), ended(chat.FinishStop), end)
		for chunk := range strings.SplitSeq(strings.TrimSuffix(got, "data: [DONE]\n\n"), "\n\n") {
			if chunk != "" && !strings.HasPrefix(chunk, tt.want) {
				t.Errorf("%s:\ngot  %s\nwant %s...", tt.name, chunk, tt.want)
			}
		}
	}
}

// Citations are kept until their block ends, but not more of them than a bound.
func TestEncoderBoundsCitations(t *testing.T) {
	t.Parallel()
	events := []chat.Event{start, open(chat.TextPart), said(chat.TextPart, "a")}
	for range 1000 {
		events = append(events, chat.Event{Kind: chat.CitationDelta, Raw: chat.Raw(`{"url":"https://x.example/` + strings.Repeat("p", 100) + `"}`)})
	}
	got := encode(&chat.Request{}, append(events, stop, ended(chat.FinishStop), end)...)
	if n := strings.Count(got, "url_citation\":{"); n < 50 || n > 100 {
		t.Errorf("got %d citations of 1000, want as many as 8 KB hold", n)
	}
}

func TestEncoderDoesNotAllocate(t *testing.T) {
	e := openaichat.Writer{}.NewEncoder()
	e.Reset(&chat.Request{Model: "m"})
	block, delta := open(chat.TextPart), said(chat.TextPart, " word")
	dst := e.Append(e.Append(nil, &start), &block)
	if got := testing.AllocsPerRun(100, func() { dst = e.Append(dst[:0], &delta) }); got != 0 {
		t.Errorf("got %v allocations for a delta, want 0", got)
	}
	if !bytes.Contains(dst, []byte(`"content":" word"`)) {
		t.Errorf("got %s, want the word", dst)
	}
}
