package cache_test

import (
	"reflect"
	"testing"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/embed"
	"github.com/postern-gateway/postern/plugin/internal/cache"
)

// full is an answer that has everything that answers can have.
func full() *chat.Response {
	return &chat.Response{
		Model: chat.Text("gpt-4o"), Tier: chat.Text("default"), System: chat.Text("fp_1"), Counted: true,
		Usage: chat.Usage{Input: 1000, Output: 200, CachedRead: 30, CacheWrite: 4, ImageInput: 5, Reasoning: 60},
		Choices: []chat.Choice{
			{Finish: chat.FinishSequence, Sequence: chat.Text("END"), Parts: []chat.Part{
				{Kind: chat.ThinkingPart, Text: chat.Text("Well"), Signature: chat.Text("c2ln")},
				{Kind: chat.RedactedPart, Text: chat.Text("ZGF0YQ==")},
				{Kind: chat.TextPart, Text: chat.Text(`Caf\u00e9 \"x\"`), Citations: chat.Raw(`[{"url":"https://x.test"},{"url":"https://y.test"}]`)},
			}},
			{Finish: chat.FinishTools, Parts: []chat.Part{
				{Kind: chat.ToolCallPart, ID: chat.Text("call_1"), Name: chat.Text("f"), Arguments: chat.Text(`{\"a\":1}`)},
			}},
		},
	}
}

func TestAnswerThereAndBack(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]*chat.Response{"full": full(), "empty": {}, "with probabilities": {Choices: []chat.Choice{{Logprobs: chat.Raw(`{"content":[]}`), Finish: chat.FinishStop}}}} {
		b := cache.AppendAnswer(nil, cache.Answer{Response: r, Cost: 1234567})
		var got chat.Response
		if cost, ok := cache.ReadAnswer(b, &got); !ok || cost != 1234567 {
			t.Errorf("%s: got %v, cost %d", name, ok, cost)
		}
		if !reflect.DeepEqual(&got, r) {
			t.Errorf("%s: got\n%+v, want\n%+v", name, &got, r)
		}
		for cut := range b {
			if _, ok := cache.ReadAnswer(b[:cut], &chat.Response{}); ok {
				t.Errorf("%s: %d of %d bytes are an answer", name, cut, len(b))
			}
		}
	}
}

// TestStreamThereAndBack checks that an answer that is given as a stream, and put together
// again, is the same.
func TestStreamThereAndBack(t *testing.T) {
	t.Parallel()
	want := full()
	c := cache.Collector{Most: 1 << 20}
	var got chat.Response
	cache.Replay(want, func(e *chat.Event) {
		if c.Response(&got) {
			t.Error("a stream is an answer before its end")
		}
		c.Event(e)
	})
	if !c.Response(&got) {
		t.Fatal("the stream is not an answer")
	}
	if !reflect.DeepEqual(&got, want) {
		t.Errorf("got\n%+v, want\n%+v", &got, want)
	}
}

func TestUnfitStreams(t *testing.T) {
	t.Parallel()
	text := chat.Event{Kind: chat.TextDelta, Text: chat.Text("some words")}
	block := chat.Event{Kind: chat.BlockStart, Block: chat.TextPart}
	end := chat.Event{Kind: chat.End}
	for name, events := range map[string][]chat.Event{
		"one that fails":            {{Kind: chat.Start}, block, text, {Kind: chat.Failure}, end},
		"one without an end":        {{Kind: chat.Start}, block, text},
		"one with probabilities":    {{Kind: chat.Start}, block, text, {Kind: chat.LogprobsDelta}, end},
		"one that is too long":      {{Kind: chat.Start}, block, text, text, text, text, text, end},
		"one that goes on":          {{Kind: chat.Start}, block, text, end, text},
		"one with too many answers": {{Kind: chat.Start}, {Kind: chat.BlockStart, Choice: 1000}, end},
		"one without blocks":        {{Kind: chat.Start}, text, end},
	} {
		c := cache.Collector{Most: 45}
		for i := range events {
			c.Event(&events[i])
		}
		if c.Response(&chat.Response{}) {
			t.Errorf("%s is an answer", name)
		}
	}
}

func TestPolicy(t *testing.T) {
	t.Parallel()
	said := func(f chat.Finish, parts ...chat.Part) *chat.Response {
		return &chat.Response{Choices: []chat.Choice{{Finish: f, Parts: parts}}}
	}
	text, call := chat.Part{Text: chat.Text("x")}, chat.Part{Kind: chat.ToolCallPart, ID: chat.Text("1"), Name: chat.Text("f")}
	for _, tt := range []struct {
		name            string
		answer          *chat.Response
		want, withTools string
	}{
		{"all said", said(chat.FinishStop, text), "", ""},
		{"a stop sequence", said(chat.FinishSequence, text), "", ""},
		{"thoughts and text", said(chat.FinishStop, chat.Part{Kind: chat.ThinkingPart, Text: chat.Text("t")}, text), "", ""},
		{"tokens used up", said(chat.FinishLength, text), "truncated", "truncated"},
		{"a filter", said(chat.FinishFilter, text), "filtered", "filtered"},
		{"a refusal", said(chat.FinishRefusal, text), "refused", "refused"},
		{"a refusal as a part", said(chat.FinishStop, chat.Part{Kind: chat.RefusalPart, Text: chat.Text("no")}), "refused", "refused"},
		{"a pause", said(chat.FinishPause, text), "unfinished", "unfinished"},
		{"no end", said(chat.FinishNone, text), "unfinished", "unfinished"},
		{"a call", said(chat.FinishTools, call), "tools", ""},
		{"a call that ends otherwise", said(chat.FinishStop, text, call), "tools", ""},
		{"a provider's tool", said(chat.FinishStop, text, chat.Part{Kind: chat.ServerPart}), "server_tools", "server_tools"},
		{"an image", said(chat.FinishStop, chat.Part{Kind: chat.ImagePart}), "media", "media"},
		{"nothing", said(chat.FinishStop), "empty", "empty"},
		{"an empty text", said(chat.FinishStop, chat.Part{}), "empty", "empty"},
		{"no answer at all", &chat.Response{}, "empty", "empty"},
		{"one of two truncated", &chat.Response{Choices: []chat.Choice{{Finish: chat.FinishStop, Parts: []chat.Part{text}}, {Finish: chat.FinishLength, Parts: []chat.Part{text}}}}, "truncated", "truncated"},
	} {
		if got := (&cache.Policy{}).Answering(tt.answer); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
		if got := (&cache.Policy{Tools: true}).Answering(tt.answer); got != tt.withTools {
			t.Errorf("%s with tools: got %q, want %q", tt.name, got, tt.withTools)
		}
	}
}

// TestUnwantedAnswersAreNotKept holds what need not be read of an answer against what is kept.
func TestUnwantedAnswersAreNotKept(t *testing.T) {
	t.Parallel()
	for _, tools := range []bool{false, true} {
		p := cache.Policy{Tools: tools}
		n := 0
		for f := chat.FinishNone; f <= chat.FinishSequence; f++ {
			if !p.Unwanted().Has(f) {
				continue
			}
			n++
			for _, parts := range [][]chat.Part{nil, {{Text: chat.Text("x")}}, {{Kind: chat.RefusalPart, Text: chat.Text("no")}}} {
				want := p.Answering(&chat.Response{Choices: []chat.Choice{{Finish: f}}})
				if got := p.Answering(&chat.Response{Choices: []chat.Choice{{Finish: f, Parts: parts}}}); got == "" || got != want {
					t.Errorf("tools %v, finish %d: got %q, want %q, which is what is said of the ending alone", tools, f, got, want)
				}
			}
		}
		if n == 0 {
			t.Errorf("tools %v: got no unwanted endings, want some", tools)
		}
	}
}

func FuzzReadAnswer(f *testing.F) {
	f.Add(cache.AppendAnswer(nil, cache.Answer{Response: full()}))
	f.Fuzz(func(t *testing.T, p []byte) {
		var r chat.Response
		cost, ok := cache.ReadAnswer(p, &r)
		if !ok {
			return
		}
		var again chat.Response
		if _, ok := cache.ReadAnswer(cache.AppendAnswer(nil, cache.Answer{Response: &r, Cost: cost}), &again); !ok || !reflect.DeepEqual(r, again) {
			t.Errorf("got %+v, then %+v", r, again)
		}
		cache.Replay(&r, func(*chat.Event) {})
	})
}

func TestPlainAndVector(t *testing.T) {
	t.Parallel()
	plain := cache.Plain{Cost: 12, Tokens: 3, Kind: "text/plain; charset=utf-8", Body: []byte("Hi.\n")}
	p := cache.AppendPlain([]byte("x"), &plain)[1:]
	if got, ok := cache.ReadPlain(p); !ok || got.Cost != 12 || got.Tokens != 3 || got.Kind != plain.Kind || string(got.Body) != "Hi.\n" {
		t.Errorf("got %+v, %v, want %+v", got, ok, plain)
	}
	for _, v := range []cache.Vector{
		{Cost: 7, Tokens: 1, Model: chat.Text("e"), Vector: embed.Vector{Numbers: chat.Raw("[1,-0.5]")}},
		{Vector: embed.Vector{Base64: chat.Text("AACAPw==")}},
	} {
		b := cache.AppendVector(nil, &v)
		var got cache.Vector
		if !cache.ReadVector(b, &got) || got.Cost != v.Cost || got.Tokens != v.Tokens || string(got.Model) != string(v.Model) || string(got.Numbers) != string(v.Numbers) || string(got.Base64) != string(v.Base64) {
			t.Errorf("got %+v, want %+v", got, v)
		}
		for cut := range b {
			if cache.ReadVector(b[:cut], &cache.Vector{}) {
				t.Errorf("%d of %d bytes are taken for a vector", cut, len(b))
			}
		}
		if _, ok := cache.ReadPlain(b); ok {
			t.Error("a vector is taken for something else")
		}
	}
	for cut := range p {
		if _, ok := cache.ReadPlain(p[:cut]); ok {
			t.Errorf("%d of %d bytes are taken for an answer", cut, len(p))
		}
	}
	if cache.ReadVector(p, &cache.Vector{}) {
		t.Error("an answer is taken for a vector")
	}
	if _, ok := cache.ReadAnswer(p, &chat.Response{}); ok {
		t.Error("an answer as the client gets it is taken for a neutral one")
	}
}

// Whatever is read is read again from what is written of it.
func FuzzReadOthers(f *testing.F) {
	f.Add(cache.AppendPlain(nil, &cache.Plain{Cost: 1, Kind: "a", Body: []byte("b")}))
	f.Add(cache.AppendVector(nil, &cache.Vector{Tokens: 1, Vector: embed.Vector{Numbers: chat.Raw("[1]")}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if a, ok := cache.ReadPlain(b); ok {
			if again, ok := cache.ReadPlain(cache.AppendPlain(nil, &a)); !ok || string(again.Body) != string(a.Body) || again.Kind != a.Kind {
				t.Errorf("got %+v, want %+v", again, a)
			}
		}
		var v, again cache.Vector
		if cache.ReadVector(b, &v) && (!cache.ReadVector(cache.AppendVector(nil, &v), &again) || string(again.Numbers) != string(v.Numbers) || string(again.Base64) != string(v.Base64)) {
			t.Errorf("got %+v, want %+v", again, v)
		}
	})
}
