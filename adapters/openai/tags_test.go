package openai

import (
	"testing"

	"github.com/postern-gateway/postern/adapters/chat"
)

// spell is what the pieces of a text are, with marks where thinking begins and ends.
func spell(pieces ...string) string {
	var g tags
	out, last := "", chat.TextPart
	say := func(kind chat.PartKind, t chat.Text) error {
		if kind != last {
			out += "|"
		}
		last = kind
		out += string(t)
		return nil
	}
	for _, p := range pieces {
		_ = g.feed(chat.Text(p), say) // say has no errors
	}
	_ = g.end(say)
	return out
}

func TestTags(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, want string }{
		{"no thinking", `Hello <think>x</think>`, `Hello <think>x</think>`},
		{"thinking", `<think>a</think>b`, `|a|b`},
		{"blanks around", ` \n<think>\n a b \n</think>\n\n c\n`, `|a b \n|c\n`},
		{"nothing between the tags", `<think>\n\n</think>\n\nHi`, `Hi`},
		{"nothing behind", `<think>a</think>`, `|a`},
		{"no end", `<think>a</thin`, `|a</thin`},
		{"something like a tag", `<thinker>a`, `<thinker>a`},
		{"blanks alone", ` \n `, ` \n `},
		{"something like an end", `<think>a</think</think>b`, `|a</think|b`},
		{"an end in an end", `<think>a<</think>b`, `|a<|b`},
		{"another tag within", `<think>a<b>c</think>d`, `|a<b>c|d`},
		{"escapes", `\u003cthink\u003ea\"\u00e9\ud83d\ude00<\/think\u003e\u0062`, `|a\"\u00e9\ud83d\ude00|\u0062`},
		{"a pair at the beginning", `\ud83d\ude00x`, `\ud83d\ude00x`},
		{"characters of all planes", `<think>é日😀</think>é日😀`, `|é日😀|é日😀`},
		{"a half of a pair", `\ud83dx<think>`, `\ud83dx<think>`},
		{"a tag in the answer", `<think>a</think>b<think>c</think>`, `|a|b<think>c</think>`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cuts := []int{0}
			for i := 0; i < len(tt.in); {
				_, n := plainChar(chat.Text(tt.in[i:]))
				i += n
				cuts = append(cuts, i)
			}
			for _, a := range cuts {
				for _, b := range cuts {
					if a > b {
						continue
					}
					if got := spell(tt.in[:a], tt.in[a:b], tt.in[b:]); got != tt.want {
						t.Fatalf("cut at %d and %d: got %s, want %s", a, b, got, tt.want)
					}
				}
			}
		})
	}
}

// However a text is cut, it says the same, and nothing but tags and blanks is lost.
func FuzzTags(f *testing.F) {
	f.Add(`<think>a</think>b`, 3)
	f.Add(` <think> \u003c/think>\n`, 9)
	f.Fuzz(func(t *testing.T, in string, cut int) {
		i := 0
		for i < len(in) && i < cut {
			_, n := plainChar(chat.Text(in[i:]))
			i += n
		}
		if i > len(in) {
			t.Fatalf("got a character that ends at %d in %q", i, in)
		}
		if whole, got := spell(in), spell(in[:i], in[i:]); got != whole {
			t.Fatalf("cut at %d: got %q, want %q", i, got, whole)
		}
	})
}
