package gateway_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/e2e/pairs"
	"github.com/postern-gateway/postern/plugin/cases"
)

// Clients of every dialect get one whole stream where a provider of every kind ends amid its
// text, and one of another kind goes on: with the ids of the first, the text of both, and
// the usage of both.
func TestEveryPairGoesOn(t *testing.T) {
	t.Parallel()
	all := pairs.Providers()
	for _, d := range pairs.Dialects() {
		if d.Name == "completions" { // whose prompt is no conversation to go on with
			continue
		}
		for i, first := range all {
			second := all[(i+1)%len(all)]
			if first.Lacks == d.Name || second.Lacks == d.Name {
				continue
			}
			t.Run(d.Name+" from "+first.Kind+" to "+second.Kind, func(t *testing.T) {
				t.Parallel()
				server := pairs.Mocks(func() time.Time { return time.Unix(0, epoch) })
				p := newProxy(t, `{"hold_headers":"always","providers":[`+first.Row("one", server.Key(first.Mock))+`,`+second.Row("two", server.Key(second.Mock))+`],
					"models":[{"name":"warm","targets":[{"provider":"`+second.Kind+`","model":"`+second.Model+`"}]},
					{"name":"m","targets":[{"provider":"`+first.Kind+`","model":"`+first.Model+`"}],"fallback":[{"provider":"`+second.Kind+`","model":"`+second.Model+`"}],"continue":{}}]}`)
				send := func(model, text string) *exchange {
					request, err := pairs.Object([]byte(strings.Replace(d.Plain, `Say: \u00e9 and a quick fox.`, text, 1)))
					if err != nil {
						t.Fatal(err)
					}
					body, err := d.Ask(request, model, true)
					if err != nil {
						t.Fatal(err)
					}
					x := p.stream()
					x.request(cases.Message{First: "POST " + d.Path(model, true), Headers: []cases.Header{{Name: "content-type", Value: "application/json"}}, Body: body})
					for len(p.calls) > 0 {
						token := pairs.Answer(server.Handler(mockOf(p.calls[0].Cluster, first, second)), calls(p.calls[0]))
						p.answer(&token)
					}
					if x.upstream == nil {
						t.Fatalf("got %s, want a request", x.response)
					}
					return x
				}
				send("warm", "Hi").done() // a token is there
				x := send("m", "[[mock:text="+strings.Repeat("word ", 200)+"]]")
				answer := pairs.Answer(server.Handler(first.Mock), x.upstream)
				answer.Body = answer.Body[:len(answer.Body)/2]
				p.details = "via_upstream"
				x.respond(answer, len(answer.Body)/3, len(answer.Body)/2)
				if len(p.calls) != 1 {
					t.Fatalf("got %d callouts after %s", len(p.calls), x.response)
				}
				asked := calls(p.calls[0])
				if !bytes.Contains(asked.Body, []byte("word word")) || bytes.Count(asked.Body, []byte("word")) < 220 {
					t.Errorf("got %s, want what has been said in it", asked)
				}
				next := pairs.Answer(server.Handler(second.Mock), asked)
				if next.First != "200" {
					t.Fatalf("the second says %s to %s", next, asked)
				}
				p.answer(&next)
				if ending, err := d.Ending(x.response.Body); err != nil || ending != adaptertest.Complete {
					t.Errorf("the stream ends in %d (%v): %s", ending, err, tail(x.response.Body))
				}
				x.done()
				if record := string(x.record); !strings.Contains(record, `"continued":1`) || strings.Contains(record, `"error"`) {
					t.Errorf("got the record %s, want one that goes on", record)
				}
			})
		}
	}
}

func mockOf(cluster string, first, second pairs.Provider) string {
	switch cluster {
	case "one":
		return first.Mock
	case "two":
		return second.Mock
	}
	return "vertex" // whose tokens
}
