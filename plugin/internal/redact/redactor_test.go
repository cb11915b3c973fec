package redact_test

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/plugin/internal/redact"
)

func rules(a redact.Action) *redact.Rules {
	r := &redact.Rules{On: redact.All, Key: []byte("k")}
	for e := range r.Of {
		r.Of[e] = redact.Rule{Action: a, Keep: 4}
	}
	return r
}

// redacted feeds a text in pieces of n bytes, all at once if n is 0.
func redacted(t testing.TB, r *redact.Redactor, text string, n int) string {
	t.Helper()
	list := [][]byte{[]byte(text)}
	if n > 0 {
		list = pieces([]byte(text), n)
	}
	var out []byte
	at := 0
	for i, p := range list {
		d, edits := r.Feed(p, i == len(list)-1)
		for _, e := range edits {
			if e.Start < at || e.End > d {
				t.Fatalf("%q: edit %+v between %d and %d", text, e, at, d)
			}
			out = append(append(out, text[at:e.Start]...), e.With...)
			at = e.End
		}
		if d < at {
			t.Fatalf("%q: decided %d, edited to %d", text, d, at)
		}
		out = append(out, text[at:d]...)
		at = d
	}
	if at != len(text) {
		t.Fatalf("%q: %d of %d bytes decided", text, at, len(text))
	}
	return string(out)
}

func TestActions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		action redact.Action
		json   bool
		in     string
		want   string
	}{
		{"label", redact.Label, false, "Mail a@b.com or c@d.org.", "Mail <EMAIL_ADDRESS> or <EMAIL_ADDRESS>."},
		{"mask", redact.Mask, false, "Card 4111 1111 1111 1111.", "Card **** **** **** 1111."},
		{"mask of what is short keeps nothing", redact.Mask, false, "Mail a@b.de now.", "Mail *@*.** now."},
		{"hash", redact.Hash, false, "a@b.com, c@d.org and a@b.com", "<EMAIL_ADDRESS:ba59b305a82207f5>, <EMAIL_ADDRESS:deee69a59b4c7cc0> and <EMAIL_ADDRESS:ba59b305a82207f5>"},
		{"token", redact.Token, false, "a@b.com, c@d.org and a@b.com, card 4111111111111111", "<EMAIL_ADDRESS_1>, <EMAIL_ADDRESS_2> and <EMAIL_ADDRESS_1>, card <CREDIT_CARD_1>"},
		{"report", redact.Report, false, "Mail a@b.com.", "Mail a@b.com."},
		{"a number in JSON becomes a string", redact.Token, true, `{"card":4111111111111111,"mail":"a@b.com"}`, `{"card":"<CREDIT_CARD_1>","mail":"<EMAIL_ADDRESS_1>"}`},
		{"what is after an escape in JSON", redact.Label, true, `{"a":"\n4111111111111111\ta@b.com\u003cc@d.org\u003e"}`, `{"a":"\n<CREDIT_CARD>\t<EMAIL_ADDRESS>\u003c<EMAIL_ADDRESS>\u003e"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for n := range len(tt.in) {
				r := redact.Redactor{Of: &redact.Case{Rules: rules(tt.action)}, JSON: tt.json}
				if got := redacted(t, &r, tt.in, n); got != tt.want {
					t.Fatalf("in pieces of %d: got %q, want %q", n, got, tt.want)
				}
			}
		})
	}
}

// TestRestore puts back what a model says of placeholders, however it spells them.
func TestRestore(t *testing.T) {
	t.Parallel()
	const first, second, card = `a"b@example.com`, "c@d.org", "4111 1111 1111 1111"
	for _, tt := range []struct {
		name string
		json bool
		in   string
		want string
	}{
		{"as it is", false, "Write to <EMAIL_ADDRESS_1>.", "Write to " + first + "."},
		{"two", false, "<EMAIL_ADDRESS_1><EMAIL_ADDRESS_2>", first + second},
		{"in another case", false, "<email_address_2>, Email_Address_2", second + ", " + second},
		{"quoted", false, "\"<EMAIL_ADDRESS_2>\" `EMAIL_ADDRESS_2` '<EMAIL_ADDRESS_2>'", "\"" + second + "\" `" + second + "` '" + second + "'"},
		{"bare", false, "EMAIL_ADDRESS_2's", second + "'s"},
		{"escaped for HTML", false, "&lt;EMAIL_ADDRESS_2&gt;", second},
		{"escaped for Markdown", false, `\<EMAIL\_ADDRESS\_2\>`, second},
		{"with blanks", false, "<Email Address 2> < EMAIL_ADDRESS_2 >", second + " " + second},
		{"in a link", false, "[<EMAIL_ADDRESS_2>](mailto:<EMAIL_ADDRESS_2>)", "[" + second + "](mailto:" + second + ")"},
		{"another number", false, "<EMAIL_ADDRESS_3>, <EMAIL_ADDRESS_21>", "<EMAIL_ADDRESS_3>, <EMAIL_ADDRESS_21>"},
		{"part of a word", false, "MY_EMAIL_ADDRESS_2, EMAIL_ADDRESS_2x", "MY_EMAIL_ADDRESS_2, EMAIL_ADDRESS_2x"},
		{"another name", false, "<EMAIL_ADDRES_1> <CREDIT_CARD_1>", "<EMAIL_ADDRES_1> " + card},
		{"in arguments", true, `{"to":"<EMAIL_ADDRESS_1>"}`, `{"to":"a\"b@example.com"}`},
		{"escaped in arguments", true, `{"to":"\u003cEMAIL_ADDRESS_2\u003e"}`, `{"to":"` + second + `"}`},
		{"as a value of arguments", true, `{"to":EMAIL_ADDRESS_2}`, `{"to":"` + second + `"}`},
		{"an end that looks like one", false, "Look: <EMAIL_ADD", "Look: <EMAIL_ADD"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := redact.Case{Rules: rules(redact.Token)}
			c.Vault.Put(nil, "EMAIL_ADDRESS", []byte(first))
			c.Vault.Put(nil, "EMAIL_ADDRESS", []byte(second))
			c.Vault.Put(nil, "CREDIT_CARD", []byte(card))
			for n := range len(tt.in) {
				r := redact.Redactor{Of: &c, Answer: true, Restore: true, JSON: tt.json}
				if got := redacted(t, &r, tt.in, n); got != tt.want {
					t.Fatalf("in pieces of %d: got %q, want %q", n, got, tt.want)
				}
			}
		})
	}
}

// TestRoundTrip redacts every text of the set by placeholders, and restores it.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, l := range load(t, "testdata/pii.jsonl") {
		c := redact.Case{Rules: rules(redact.Token)}
		there := redact.Redactor{Of: &c}
		hidden := redacted(t, &there, l.Text, 0)
		if again := (redact.Redactor{Of: &redact.Case{Rules: rules(redact.Token)}}); redacted(t, &again, l.Text, 5) != hidden {
			t.Errorf("%s: another result in pieces", l.ID)
		}
		back := redact.Redactor{Of: &c, Answer: true, Restore: true}
		if got := redacted(t, &back, hidden, 3); got != l.Text {
			t.Errorf("%s: got %q back from %q, want %q", l.ID, got, hidden, l.Text)
		}
	}
}

// TestAnswerKeepsWhatTheClientSaid but not what it did not.
func TestAnswerKeepsWhatTheClientSaid(t *testing.T) {
	t.Parallel()
	c := redact.Case{Rules: rules(redact.Token)}
	request := redact.Redactor{Of: &c}
	redacted(t, &request, "I am a@b.com", 0)
	answer := redact.Redactor{Of: &c, Answer: true, Restore: true, Returns: true}
	const in, want = "You are a@b.com, not c@d.org", "You are a@b.com, not <EMAIL_ADDRESS>"
	if got := redacted(t, &answer, in, 1); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if n := c.Counts[redact.Email]; n != 2 {
		t.Errorf("got %d counted, want 2", n)
	}
}

// TestLongValues go on beyond what is looked at together.
func TestLongValues(t *testing.T) {
	t.Parallel()
	key := "-----BEGIN PRIVATE KEY-----\n" + strings.Repeat("0123456789abcdefghijABCDEFGHIJKLmnopqrstuvwxyz/+0123456789abcdef\n", 400) + "-----END PRIVATE KEY-----"
	c := redact.Case{Rules: rules(redact.Token)}
	for _, n := range []int{0, 1000} {
		r := redact.Redactor{Of: &c}
		if got, want := redacted(t, &r, "Key: "+key+" Thanks", n), "Key: <PRIVATE_KEY_1> Thanks"; got != want {
			t.Errorf("in pieces of %d: got %.80q, want %q", n, got, want)
		}
	}
	back := redact.Redactor{Of: &c, Answer: true, Restore: true}
	if got := redacted(t, &back, "<PRIVATE_KEY_1>", 0); got != key {
		t.Errorf("got %d bytes back, want %d", len(got), len(key))
	}
}

// TestTerms finds an operator's own, whole words alone, in pieces too.
func TestTerms(t *testing.T) {
	t.Parallel()
	var terms redact.Terms
	if i := terms.Add("PROJECT", []string{"Blue Heron", "Blue Heron Two", "Zürich", "計画", "QX"}); i >= 0 {
		t.Fatalf("word %d is refused", i)
	}
	for _, p := range []string{`\bEMP-\d{4,6}\b`, `\b[A-Z]{2}\.?[0-9]{3}X?\b`, `ab\d?c`, `(?i)key:\S+`, `(?:foo|f)(?:bar)*`} {
		if err := terms.AddPattern("STAFF", p); err != nil {
			t.Fatalf("%s: %v", p, err)
		}
	}
	terms.Compile()
	r := rules(redact.Label)
	r.Terms, r.Own = &terms, []redact.Rule{{Action: redact.Token}, {Action: redact.Label}}
	for _, tt := range []struct{ name, in, want string }{
		{"words", "BLUE HERON, blue herons, a Blue Heron Two", "<PROJECT_1>, blue herons, a <PROJECT_2>"},
		{"a short word", "QX, QXY and aQX", "<PROJECT_1>, QXY and aQX"},
		{"in other scripts", "In Zürich: 新計画です", "In <PROJECT_1>: 新<PROJECT_2>です"},
		{"patterns", "EMP-12345, EMP-123, EMP-1234567, AB123, AB.123X, xAB123", "<STAFF>, EMP-123, EMP-1234567, <STAFF>, <STAFF>, xAB123"},
		{"patterns without an end", "Key:" + strings.Repeat("é", 3000) + " foobarbarba (key:) k", "<STAFF> <STAFF>ba (<STAFF> k"},
		{"the longest", "ab1c abc ab12c", "<STAFF> <STAFF> ab12c"},
		{"beside what is found anyway", "Blue Heron a@b.com", "<PROJECT_1> <EMAIL_ADDRESS>"},
		{"within what is found anyway", "QX@b.com", "<PROJECT_1><EMAIL_ADDRESS>"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for n := range min(len(tt.in), 60) {
				r := redact.Redactor{Of: &redact.Case{Rules: r}}
				if got := redacted(t, &r, tt.in, n); got != tt.want {
					t.Fatalf("in pieces of %d: got %q, want %q", n, got, tt.want)
				}
			}
		})
	}
	for _, p := range []string{"", "a?", "a*", `\b`, "^$", "(a|b*)", "a||b", "(?:)", "[", "[]", "[z-a]", "[[:no:]]", "a{2,1}", "a{1001}", "(a{100}){100}", "a**", "*a", "{2}", "(a", "a)", "(?=a)", "(?<!a)b", "(?P<>a)", "(?i", `\q`, `\pL`, `\1`, `\x{110000}`, "a{0}", "\xff"} {
		if err := new(redact.Terms).AddPattern("BAD", p); err == nil {
			t.Errorf("the pattern %q is taken", p)
		}
	}
}

// FuzzRedactor changes and restores a text in pieces as it does the whole.
func FuzzRedactor(f *testing.F) {
	for _, l := range load(f, "testdata/pii.jsonl") {
		f.Add(l.Text, uint8(3))
	}
	f.Add(`{"a":"<EMAIL_ADDRESS_1> \u003cemail_address_1\u003e Blue Heron EMP-123456"}`, uint8(1))
	f.Fuzz(func(t *testing.T, text string, n uint8) {
		var terms redact.Terms
		terms.Add("PROJECT", []string{"Blue Heron", "me"})
		if err := terms.AddPattern("STAFF", `EMP-\d{4,6}`); err != nil {
			t.Fatal(err)
		}
		terms.Compile()
		r := rules(redact.Label)
		r.Terms, r.Own = &terms, []redact.Rule{{}, {}}
		for _, json := range []bool{false, true} {
			run := func(n int) string {
				c := redact.Case{Rules: r}
				c.Vault.Put(nil, "EMAIL_ADDRESS", []byte("a@b.com"))
				return redacted(t, &redact.Redactor{Of: &c, Answer: true, Restore: true, JSON: json}, text, n)
			}
			if want, got := run(0), run(int(n)); got != want {
				t.Errorf("%q in pieces of %d: got %q, want %q", text, n, got, want)
			}
		}
	})
}
