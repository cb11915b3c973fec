package gateway_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/e2e/pairs"
	"github.com/postern-gateway/postern/plugin/cases"
)

// What limits make of streams: a request for 4,900 tokens has 4,096 of them reserved for
// now, a second one takes the rest, so that the first one's stream has to be ended when it
// has used up its own. Every client of every provider gets a whole answer then, whose
// tokens were used up, and the provider's rest does not reach it.
func TestStreamsThatOutrunTheirLimit(t *testing.T) {
	const limit = `"state":{"space":"s"},"limits":[{"key":[],"output_tokens":5000,"per":"1d"}]`
	bound := regexp.MustCompile(`("max_?[tT]okens":)100`)
	length := regexp.MustCompile(`"length"|max_tokens|MAX_TOKENS|max_output_tokens`)
	for _, d := range pairs.Dialects() {
		for _, p := range pairs.Providers() {
			if p.Lacks == d.Name {
				continue
			}
			t.Run(d.Name+" to "+p.Kind, func(t *testing.T) {
				t.Parallel()
				server := pairs.Mocks(func() time.Time { return time.Unix(0, epoch) })
				proxy := newProxy(t, `{"hold_headers":"always","providers":[`+p.Row("c", server.Key(p.Mock))+`],`+limit+`}`)
				plain := strings.Replace(d.Plain, `Say: \u00e9 and a quick fox.`, "[[mock:text="+strings.Repeat("word ", 4800)+"]]", 1)
				request, err := pairs.Object([]byte(bound.ReplaceAllString(plain, "${1}4900")))
				if err != nil {
					t.Fatal(err)
				}
				text, err := d.Ask(request, p.Model, true)
				if err != nil {
					t.Fatal(err)
				}
				send := func() *exchange {
					x := proxy.stream()
					x.request(cases.Message{First: "POST " + d.Path(p.Model, true), Headers: []cases.Header{{Name: "content-type", Value: "application/json"}}, Body: text})
					for len(proxy.calls) > 0 {
						token := pairs.Answer(server.Handler(p.Mock), calls(proxy.calls[0]))
						proxy.answer(&token)
					}
					return x
				}
				x, other := send(), send()
				if x.upstream == nil || other.upstream == nil {
					t.Fatalf("got %s and %s", x.response, other.response)
				}
				answer := pairs.Answer(server.Handler(p.Mock), x.upstream)
				proxy.details = "via_upstream"
				var cuts []int
				for at := 1000; at < len(answer.Body); at += 1000 {
					cuts = append(cuts, at)
				}
				x.respond(answer, cuts...)
				_, path, _ := strings.Cut(x.upstream.First, " ")
				if ending, err := d.Ending(x.response.Body); !d.Passed(&p, path) && (err != nil || ending != adaptertest.Complete) {
					t.Fatalf("the stream ends in %d (%v): %s", ending, err, tail(x.response.Body))
				}
				if !length.Match(tail(x.response.Body)) {
					t.Errorf("the stream does not say that its tokens are used up: %s", tail(x.response.Body))
				}
				if n := bytes.Count(x.response.Body, []byte("word")); n < 3500 || n >= 4700 && d.Name != "responses" { // which repeat it
					t.Errorf("the client got %d words", n)
				}
				proxy.tick(19 * time.Second)
				if x.torn {
					t.Error("the stream is torn down before its provider can have come to an end")
				}
				proxy.tick(time.Second)
				if !x.torn {
					t.Error("the stream is never torn down")
				}
				x.done()
				other.done()
				if want := `"error":"limit_reached"`; !bytes.Contains(x.record, []byte(want)) {
					t.Errorf("got the record %s, want %s in it", x.record, want)
				}
			})
		}
	}
}

func tail(p []byte) []byte { return p[max(0, len(p)-1500):] }
