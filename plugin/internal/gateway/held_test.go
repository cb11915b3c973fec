package gateway_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/plugin/cases"
	"github.com/postern-gateway/postern/plugin/internal/gateway"
)

const (
	mostHeld = 256 << 10
	piece    = 1000 // bytes that a slow client has sent
)

const heldConfig = `{"hold_headers":"always","bounds":{"request":"64KiB","held":"256KiB"},` +
	`"providers":[{"name":"claude","type":"anthropic","cluster":"c","keys":[{"value":"k"}]},{"name":"openai","type":"openai","cluster":"o","keys":[{"value":"k"}]}],` +
	`"models":[{"name":"claude","targets":[{"provider":"claude"}]},{"name":"gpt-4o","targets":[{"provider":"openai"}]}]`

func held(t *testing.T, rest string) *proxy { return newProxy(t, heldConfig+rest+"}") }

// slow begins a request whose body comes slowly; nil if it is refused.
func (p *proxy) slow() *exchange {
	x := p.stream()
	h := requestHeaders(cases.Message{First: "POST /v1/chat/completions", Headers: []cases.Header{{Name: "content-type", Value: "application/json"}}})
	step := x.gw.RequestHeaders(h, false)
	if step.Reply == nil {
		step = x.gw.RequestProgress(piece)
	}
	x.waits = !x.replied(step)
	return x
}

func (p *proxy) wantHeld(n int) {
	p.t.Helper()
	if got := p.worker.Held(); got != n {
		p.t.Errorf("%d bytes count as held, want %d", got, n)
	}
}

func wantFull(t *testing.T, x *exchange) {
	t.Helper()
	x.wantStatus("503", "overloaded")
	if x.response.Get("retry-after") != "1" {
		t.Errorf("got %s, want one that says when to try again", x.response)
	}
}

// Slow bodies are held open by the thousand: as many as there is room for, and no more, until
// some are over, in whatever way.
func TestSlowBodiesByTheThousand(t *testing.T) {
	t.Parallel()
	p := held(t, "")
	var open, refused []*exchange
	for range 5000 {
		if x := p.slow(); x.answered {
			refused = append(refused, x)
		} else {
			open = append(open, x)
		}
	}
	if len(open) != mostHeld/piece {
		t.Errorf("%d are open, want %d", len(open), mostHeld/piece)
	}
	for _, x := range refused {
		wantFull(t, x)
		x.done()
	}
	p.wantHeld(len(open) * piece)
	for _, x := range open[:10] { // these clients leave
		x.done()
	}
	p.wantHeld((len(open) - 10) * piece)
	if x := p.slow(); x.answered {
		t.Errorf("there is room again, and yet: %s", x.response)
	} else {
		open = append(open, x)
	}
	p.tick(61 * time.Second) // and these have taken too long
	for _, x := range open[10:] {
		x.done()
	}
	p.wantHeld(0)
}

// A body that grows beyond what is left is refused, and one that is complete is not held.
func TestBodiesThatGrow(t *testing.T) {
	t.Parallel()
	p := held(t, "")
	var open []*exchange
	for range 5 {
		x := p.slow()
		if step := x.gw.RequestProgress(50_000); x.replied(step) {
			t.Fatalf("got %s", x.response)
		}
		open = append(open, x)
	}
	last := p.slow()
	last.replied(last.gw.RequestProgress(20_000))
	wantFull(t, last)
	p.wantHeld(250_000)
	for i, x := range open {
		if step := x.gw.RequestBody([]byte(`{"model":"gpt-4o","messages":[]}`)); step.Reply != nil {
			t.Errorf("got %s", step.Reply.Body)
		}
		p.wantHeld(250_000 - 50_000*(i+1))
	}
}

// Answers that are translated whole are held as well.
func TestAnswersThatAreHeld(t *testing.T) {
	t.Parallel()
	p := held(t, "")
	ask := func() *exchange {
		x := p.stream()
		x.request(chatRequest("/v1/chat/completions", `{"model":"claude","messages":[{"role":"user","content":"Hi"}]}`))
		x.begin([]adapters.Header{{Name: ":status", Value: "200"}, {Name: "content-type", Value: "application/json"}}, false)
		x.chunk(make([]byte, 100_000), false)
		return x
	}
	first, second, third := ask(), ask(), ask()
	wantFull(t, third)
	third.done()
	p.wantHeld(200_000)
	first.done()
	second.chunk([]byte(`{}`), true)
	p.wantHeld(0)
	second.done()
}

// A list of requests is kept until it has its answer.
func TestListsThatAreKept(t *testing.T) {
	t.Parallel()
	p := held(t, "")
	request := `{"provider":"openai","endpoint":"chat/completions","query":{"model":"gpt-4o","messages":[{"role":"user","content":"` + strings.Repeat("x", 50_000) + `"}]}}`
	var open []*exchange
	for range 6 {
		x := p.stream()
		x.request(chatRequest("/universal", "["+request+"]"))
		open = append(open, x)
	}
	wantFull(t, open[5])
	p.wantHeld(5 * (len(request) + 2))
	for _, x := range open {
		x.done()
	}
	p.wantHeld(0)
}

// Requests that wait for a limit keep their bodies waiting.
func TestBodiesThatWaitForALimit(t *testing.T) {
	t.Parallel()
	p := held(t, `,"limits":[{"key":[],"requests":1,"per":"10s","burst":1,"wait":"30s"}]`)
	body := fmt.Sprintf(`{"model":"gpt-4o","messages":[{"role":"user","content":"%s"}]}`, strings.Repeat("x", 60_000))
	var open []*exchange
	for range 6 {
		x := p.stream()
		x.request(chatRequest("/v1/chat/completions", body))
		open = append(open, x)
	}
	if open[0].upstream == nil || open[1].answered || open[4].answered {
		t.Fatalf("got %v and %s, want one that goes and four that wait", open[0].upstream, open[1].response)
	}
	wantFull(t, open[5])
	p.wantHeld(4 * len(body))
	for range 25 {
		p.tick(gateway.TickEvery)
	}
	if open[1].upstream == nil {
		t.Error("there is room, and the second request does not go")
	}
	p.wantHeld(3 * len(body))
	for _, x := range open {
		x.done()
	}
	p.wantHeld(0)
}
