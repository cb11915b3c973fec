package gateway_test

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters"
)

// BenchmarkHit is a chat request of a kilobyte whose answer of 2 KB is there, whole and as a
// stream.
func BenchmarkHit(b *testing.B) {
	for _, bench := range []struct{ name, more string }{{"whole", ""}, {"stream", `,"stream":true`}} {
		b.Run(bench.name, func(b *testing.B) {
			p := newProxy(b, strings.TrimSuffix(benchConfig, "}")+`,"cache":{}}`)
			body := `{"model":"gpt-4o","messages":[{"role":"system","content":"You are a helpful assistant."},{"role":"user","content":"` +
				strings.Repeat("The quick brown fox jumps. ", 32) + `"}],"temperature":0.7,"max_tokens":512` + bench.more + `}`
			x := p.stream()
			x.request(post("/v1/chat/completions", strings.Replace(body, bench.more+"}", "}", 1)))
			x.respond(says(strings.Repeat("The quick brown fox jumps. ", 76)))
			x.done()
			h := make([]adapters.Header, 0, 32)
			b.ReportAllocs()
			for b.Loop() {
				s := p.worker.NewStream(1)
				h = append(h[:0], benchHeaders...)
				s.RequestHeaders(h, false)
				if step := s.RequestBody([]byte(body)); step.Reply == nil {
					b.Fatal("a miss")
				}
				s.Done()
				s.Release()
				p.worker.Outbox()
			}
		})
	}
}
