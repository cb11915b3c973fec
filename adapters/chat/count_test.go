package chat_test

import (
	"math"
	"slices"
	"strconv"
	"testing"

	"github.com/postern-gateway/postern/adapters/chat"
)

func text(s string) chat.Text {
	q := strconv.Quote(s)
	return chat.Text(q[1 : len(q)-1])
}

func TestTokensOfPrompts(t *testing.T) {
	t.Parallel()
	const empty = 3 + 4 // a prompt, and one message without words
	tests := []struct {
		name   string
		build  func(r *chat.Request)
		lo, hi int64
	}{
		{"no message", func(*chat.Request) {}, 3, 3},
		{"empty message", func(r *chat.Request) { r.Begin(chat.User) }, empty, empty},
		{"a word", func(r *chat.Request) {
			r.Begin(chat.User)
			r.Add(chat.Part{Text: text("Hello")})
		}, empty + 1, empty + 2},
		{"an image", func(r *chat.Request) {
			r.Begin(chat.User)
			r.Add(chat.Part{Kind: chat.ImagePart, Media: chat.Media{Data: text("AAAABBBBCCCC")}})
		}, empty + 765, empty + 765},
		{"an image with little detail", func(r *chat.Request) {
			r.Begin(chat.User)
			r.Add(chat.Part{Kind: chat.ImagePart, Detail: text("low"), Media: chat.Media{URL: text("https://example.com/a.png")}})
		}, empty + 85, empty + 85},
		{"a plain document counts, a binary one does not", func(r *chat.Request) {
			r.Begin(chat.User)
			r.Add(chat.Part{Kind: chat.DocumentPart, Media: chat.Media{Data: text("four words of text"), Plain: true}})
			r.Add(chat.Part{Kind: chat.DocumentPart, Media: chat.Media{Data: text("JVBERi0xLjcKJcTl8uXrp")}})
		}, empty + 4, empty + 5},
		{"arguments in either spelling", func(r *chat.Request) {
			r.Begin(chat.Assistant)
			r.Add(chat.Part{Kind: chat.ToolCallPart, Name: text("weather"), Arguments: text(`{"city":"Bern"}`)})
			r.Add(chat.Part{Kind: chat.ToolCallPart, Name: text("weather"), Input: chat.Raw(`{"city":"Bern"}`)})
		}, empty + 10, empty + 20},
		{"a result", func(r *chat.Request) {
			r.Begin(chat.User)
			r.Add(chat.Part{Kind: chat.ToolResultPart})
			r.AddResult(chat.Part{Text: text("It rains in Bern")})
		}, empty + 4, empty + 6},
		{"a tool", func(r *chat.Request) {
			r.Tools = append(r.Tools, chat.Tool{Name: text("weather"), Description: text("What it is like outside."), Parameters: chat.Raw(`{"type":"object","properties":{"city":{"type":"string"}}}`)})
		}, 3 + 20, 3 + 40},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var r chat.Request
			tt.build(&r)
			if got := r.Tokens(); got < tt.lo || got > tt.hi {
				t.Errorf("got %d tokens, want %d to %d", got, tt.lo, tt.hi)
			}
		})
	}
}

// TestTokensAreNearTheTrueCount counts conversations of one text, of which there are
// twenty, each of another kind.
func TestTokensAreNearTheTrueCount(t *testing.T) {
	t.Parallel()
	const texts, most = 20, 0.10
	all := samples(t)
	var off []float64
	for i := range texts {
		s := all[i*len(all)/texts]
		var r chat.Request
		r.Begin(chat.User)
		r.Add(chat.Part{Text: chat.Text(s.raw[1 : len(s.raw)-1])})
		want := float64(s.want + 3 + 4)
		off = append(off, math.Abs(float64(r.Tokens())/want-1))
	}
	slices.Sort(off)
	t.Logf("error of %d prompts: median %.1f %%, largest %.1f %%", texts, 100*off[texts/2], 100*off[texts-1])
	if median := off[texts/2]; median > most {
		t.Errorf("median error: got %.1f %%, want at most %.0f", 100*median, 100*most)
	}
}

func TestNoRequestHasMoreTokensThanAtMost(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "The quick brown fox.", "1234567890", "a b c d e f", "!?;:,.-_", "日本語のテキスト", "한국어", "ภาษาไทย", "😀😀😀👨‍👩‍👧", "\\u00e9\\n\\t", "éàü", "العربية"} {
		r := chat.Request{Messages: []chat.Message{{Parts: []chat.Part{{Text: chat.Text(text)}, {Kind: chat.ImagePart}}}}}
		body := `{"messages":[{"content":[{"type":"text","text":"` + text + `"},{"type":"image_url","image_url":{"url":"x"}}]}]}`
		if got, most := r.Tokens(), r.AtMost(len(body)); got > most {
			t.Errorf("%q: got %d tokens, want at most %d", text, got, most)
		}
	}
}
