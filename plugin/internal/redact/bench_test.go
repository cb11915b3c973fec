package redact_test

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/plugin/internal/redact"
)

const prose = `The committee met in the afternoon to talk about the new library, which is to be built beside the river. Some of its members had doubts about the ground, others about the cost; everybody agreed that the town needs a quiet place with light, books and a few good chairs. "Who will look after it?" asked the oldest of them, and nobody had an answer. After a while the architect showed drawings of a long, low house with a garden on its roof. `

// BenchmarkScan is the throughput over texts of different kinds: prose, and what is made
// to be slow.
func BenchmarkScan(b *testing.B) {
	rep := func(s string) string { return strings.Repeat(s, 65536/len(s)) }
	for _, bb := range []struct{ name, text string }{
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
	} {
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
