package redact_test

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/plugin/internal/redact"
)

const prose = `The committee met in the afternoon to talk about the new library, which is to be built beside the river. Some of its members had doubts about the ground, others about the cost; everybody agreed that the town needs a quiet place with light, books and a few good chairs. "Who will look after it?" asked the oldest of them, and nobody had an answer. After a while the architect showed drawings of a long, low house with a garden on its roof. `

// A kind of text, 64 KB of it: prose, code, and what is made to be slow or to be held.
type kindOfText struct{ name, text string }

func kindsOfText() []kindOfText {
	rep := func(s string) string { return strings.Repeat(s, 65536/len(s)) }
	return []kindOfText{
		{"prose", rep(prose)},
		{"German", rep("Über die Straße läuft ein schöner, großer Fuchs und fürchtet sich nicht, obwohl es schon spät ist. ")},
		{"Japanese", rep("吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。")},
		{"code", rep("\tif err != nil {\n\t\treturn fmt.Errorf(\"read %s: %w\", file_name, err)\n\t}\n\tfor i := 0; i < 10; i++ {\n\t\tx.do_it(i)\n\t}\n")},
		{"JSON", rep(`{"id":12345,"name":"lamp","price":12.99,"tags":["home","light"],"created_at":"2024-05-01T10:00:00Z"},`)},
		{"findings", rep("Mail jane.doe@example.com or call +1 415 555 0132, card 4111 1111 1111 1111. ")},
		{"digits", rep("1 2 3 4 5 6 7 8 9 0 ")},
		{"numbers", rep("123-456-7890 12 34 56 78 90 1234567890123456 ")},
		{"one token", rep("a1")},
		{"at signs", rep("a@")},
		{"at words", rep("a at b dot ")},
		{"letters", rep("a b c d e f g ")},
		{"colons", rep("a1:")},
		{"double colons", rep("::a1")},
		{"keys", rep("sk-sk_xoxb-")},
		{"armour", rep("-----BEGIN PRIVATE KEY-----\nMII")},
		{"tokens", rep("eyJhbGciOiJFUzI1NiJ9.")},
		{"URLs", rep("http://a:b")},
		{"full width", rep("１２３４ ")},
		{"secrets", rep("secret=a1 ")},
		{"born", rep("born 1 May 2 ")},
		{"zero width", rep("a\u200b1\u200b")},
		{"nothing to see", rep("\u200b")},
		{"dots", rep("1.")},
		{"dashes", rep("1-a-")},
		{"base64", rep("QWxhZGRpbjpvcGVuIHNlc2FtZQ/+")},
		{"hexadecimal", rep("9f86d081884c7d65")},
		{"one digit", rep("1")},
		{"spaces", rep(" ")},
		{"brackets", rep("a (at) b [dot] ")},
		{"URL without an end", "https://a:b1c@example.com/" + rep("path/")},
		{"token without an end", "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiI5NzI3MDU2ODYyIiwi" + rep("aGVsbG8gd29ybGQ")},
	}
}

// BenchmarkScan is the throughput over texts of different kinds.
func BenchmarkScan(b *testing.B) {
	for _, bb := range kindsOfText() {
		b.Run(bb.name, func(b *testing.B) {
			s := redact.Scanner{On: redact.All}
			p := []byte(bb.text)
			b.SetBytes(int64(len(p)))
			b.ReportAllocs()
			before, n := processorTime(), 0
			for b.Loop() {
				s.Reset()
				s.Feed(p, true)
				n++
			}
			b.ReportMetric(float64(n*len(p))/1e6/(processorTime()-before).Seconds(), "MB/cpu-s")
		})
	}
}

// BenchmarkTerms is what an operator's own words and patterns add: the redactor over prose
// without them, with 10,000 words, and with patterns.
func BenchmarkTerms(b *testing.B) {
	var words []string
	for i := range 10_000 { // as pronounceable as names of products
		w := ""
		for n := i; len(w) < 4 || n > 0; n /= 17 {
			w += string("bcdfghklmnprstvwz"[n%17]) + string("aeiouy"[(n/3)%6])
		}
		words = append(words, w+[]string{"", "ex", " Two", "-3"}[i%4])
	}
	for _, bb := range []struct {
		name     string
		words    []string
		patterns []string
	}{
		{"none", nil, nil},
		{"10,000 words", words, nil},
		{"a pattern", nil, []string{`\bEMP-\d{4,6}\b`}},
		{"ten patterns", nil, []string{`\bEMP-\d{4,6}\b`, `PRJ[A-Z]{3}`, `(?i)ticket #\d+`, `INV-\d{8}`, `[A-Z]{2}\d{6}`, `Zone \d+`, `K-\d+/\d+`, `(?:Alpha|Beta) team`, `Q[1-4]-\d{4}`, `X{3,}`}},
		{"a pattern that begins anywhere", nil, []string{`[a-z]+_secret`}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			r := rules(redact.Label)
			if bb.words != nil || bb.patterns != nil {
				r.Terms, r.Own = &redact.Terms{}, []redact.Rule{{}}
				r.Terms.Add("X", bb.words)
				for _, p := range bb.patterns {
					if err := r.Terms.AddPattern("X", p); err != nil {
						b.Fatal(err)
					}
				}
				r.Terms.Compile()
			}
			p := []byte(strings.Repeat(prose, 65536/len(prose)))
			x := redact.Redactor{}
			b.SetBytes(int64(len(p)))
			before, n := processorTime(), 0
			for b.Loop() {
				x.Reset()
				x.Of = &redact.Case{Rules: r}
				x.Feed(p, true)
				n++
			}
			b.ReportMetric(float64(n*len(p))/1e6/(processorTime()-before).Seconds(), "MB/cpu-s")
		})
	}
}
