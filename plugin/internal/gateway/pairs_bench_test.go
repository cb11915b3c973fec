package gateway_test

import (
	"bytes"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/e2e/pairs"
	"github.com/postern-gateway/postern/plugin/cases"
)

// BenchmarkPairs is a chat of a kilobyte of every pair, with an answer that says it again,
// in one piece and as a stream. What the built module takes for it e2e/microbench says.
func BenchmarkPairs(b *testing.B) {
	server := pairs.Mocks(func() time.Time { return time.Unix(0, epoch) })
	for _, d := range pairs.Dialects() {
		for _, p := range pairs.Providers() {
			if p.Lacks == d.Name {
				continue
			}
			for _, stream := range []bool{false, true} {
				name := d.Name + "-" + p.Kind + "/" + map[bool]string{false: "whole", true: "stream"}[stream]
				b.Run(name, func(b *testing.B) {
					benchPair(b, &d, &p, server.Key(p.Mock), func(m *cases.Message) cases.Message { return pairs.Answer(server.Handler(p.Mock), m) }, stream)
				})
			}
		}
	}
}

func benchPair(b *testing.B, d *pairs.Dialect, p *pairs.Provider, key string, mock func(*cases.Message) cases.Message, stream bool) {
	v, err := pairs.Object([]byte(strings.Replace(d.Plain, `Say: \u00e9 and a quick fox.`, strings.Repeat("The quick brown fox jumps. ", 30), 1)))
	if err != nil {
		b.Fatal(err)
	}
	body, err := d.Ask(v, p.Model, stream)
	if err != nil {
		b.Fatal(err)
	}
	proxy := newProxy(b, `{"hold_headers":"always","providers":[`+p.Row("c", key)+`]}`)
	x := proxy.stream()
	x.request(cases.Message{First: "POST " + d.Path(p.Model, stream), Headers: []cases.Header{{Name: "content-type", Value: "application/json"}}, Body: body})
	for len(proxy.calls) > 0 { // for a token
		token := mock(calls(proxy.calls[0]))
		proxy.answer(&token)
	}
	if x.upstream == nil {
		b.Fatal(x.response)
	}
	answer := mock(x.upstream)
	x.done()
	head := []adapters.Header{{Name: ":status", Value: "200"}, {Name: "content-type", Value: answer.Get("content-type")}}
	if !stream {
		head = append(head, adapters.Header{Name: "content-length", Value: strconv.Itoa(len(answer.Body))})
	}
	pieces := [][]byte{answer.Body}
	if stream {
		pieces = bytes.SplitAfter(answer.Body, []byte("\n"))
	}
	headers := append([]adapters.Header{}, benchHeaders...)
	headers[1].Value = d.Path(p.Model, stream)
	h := make([]adapters.Header, 0, 32)
	b.ReportAllocs()
	for b.Loop() {
		s := proxy.worker.NewStream(1)
		h = append(h[:0], headers...)
		s.RequestHeaders(h, false)
		if step := s.RequestBody(body); step.Reply != nil {
			b.Fatalf("got %s", step.Reply.Body)
		}
		s.ResponseHeaders(head, false)
		for i, piece := range pieces {
			s.ResponseBody(piece, i == len(pieces)-1)
		}
		s.Done()
		s.Release()
	}
}
