package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-gateway/postern/e2e/example"
)

// What limits/config/postern.yaml says.
const (
	requestsPerMinute = 20
	tokensPerDay      = 2000
)

func TestFleet(t *testing.T) {
	awayFromMidnight()
	f := start(t)
	for _, step := range []struct {
		name string
		run  func(*testing.T, *fleet)
	}{
		{"requests a minute, by both Envoys at once", requests},
		{"who is refused before is not counted", uncounted},
		{"headers that a client sends itself", impostor},
		{"a list does not go around the limit", lists},
		{"tokens a day, and what was under way", tokens},
		{"streams, and clients that hang up", streams},
		{"money of a tenant", money},
		{"without the service", outage},
	} {
		if !t.Run(step.name, func(t *testing.T) { step.run(t, f) }) {
			for _, e := range f.envoys {
				t.Logf("the Envoy's log ends in\n%s", e.LogTail())
			}
			return
		}
	}
	for _, e := range f.entries() {
		if len(e.Violations) > 0 {
			t.Errorf("request %d: got %v, want nothing of the proxy's at the provider", e.Seq, e.Violations)
		}
	}
	for i, e := range f.envoys {
		if strings.Contains(e.Log(), "Invalid hits_addend") {
			t.Errorf("Envoy %d: got an amount that is no number, want one after every request", i)
		}
	}
}

// awayFromMidnight waits if the day, which is a window here, is about to end.
func awayFromMidnight() {
	now := time.Now().UTC()
	if left := now.Truncate(24 * time.Hour).Add(24 * time.Hour).Sub(now); left < 2*time.Minute {
		time.Sleep(left)
	}
}

// passed is how many of the counted requests have passed: in each minute the first ones.
func passed(minutes []int) int {
	sum := 0
	for _, n := range minutes {
		sum += min(n, requestsPerMinute)
	}
	return sum
}

func requests(t *testing.T, f *fleet) {
	const all = 3 * requestsPerMinute // so that in two minutes they are too many, too
	var wait sync.WaitGroup
	answers := make([]answer, all)
	const clients = 6
	for c := range clients {
		wait.Go(func() {
			for i := c; i < all; i += clients {
				answers[i] = f.chat(t, i/clients, web, "Hi")
			}
		})
	}
	wait.Wait()
	good := 0
	for _, a := range answers {
		switch a.status {
		case 200:
			good++
		case 429:
			wantRefusal(t, a)
		default:
			t.Errorf("got %d: %s, want 200 or 429", a.status, a.body)
		}
	}
	minutes := f.counters(t, "requests_tier_free_consumer_web")
	if sum := f.counter(t, "requests_tier_free_consumer_web"); sum != all {
		t.Errorf("got %d requests counted, want %d", sum, all)
	}
	if want := passed(minutes); good != want || f.asked() != want {
		t.Errorf("got %d answers and %d requests at the provider, want %d of each: in the minutes there were %v requests", good, f.asked(), want, minutes)
	}
}

// wantRefusal checks that a client can read why it is refused, and until when.
func wantRefusal(t *testing.T, a answer) {
	t.Helper()
	var e struct {
		Error struct{ Code, Message string }
	}
	if err := json.Unmarshal([]byte(a.body), &e); err != nil || a.status != 429 || e.Error.Code != "rate_limit_exceeded" {
		t.Errorf("got %d: %s, want 429 with rate_limit_exceeded", a.status, a.body)
	}
	for _, name := range []string{"retry-after", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"} {
		if a.header.Get(name) == "" {
			t.Errorf("got %v, want %s", a.header, name)
		}
	}
}

func uncounted(t *testing.T, f *fleet) {
	before := f.counter(t, "requests")
	for i, key := range []string{"", "pk-unknown"} {
		if a := f.chat(t, i, key, "Hi"); a.status != 401 {
			t.Errorf("got %d: %s, want 401", a.status, a.body)
		}
	}
	if a := f.send(t, 0, agents, "/elsewhere", "{}", "x-postern-consumer", "web", "x-postern-cluster", "openai"); a.status != 404 {
		t.Errorf("got %d: %s, want 404", a.status, a.body)
	}
	if after := f.counter(t, "requests"); after != before {
		t.Errorf("got %d requests counted, want %d", after, before)
	}
}

func impostor(t *testing.T, f *fleet) {
	const own, others = "requests_tier_free_consumer_mobile", "requests_tier_pro_consumer_agents"
	before, asked := f.counter(t, own), f.asked()
	forged := [][]string{
		{"x-postern-consumer", "agents", "x-postern-tier", "pro"},
		{"X-POSTERN-Consumer", "agents", "x-postern-Tier", "pro"},
		{"x-postern-consumer", "agents", "x-postern-consumer", "agents", "x-postern-tier", "", "x-postern-tier", "pro"},
		{"x-postern-consumer", "agents, mobile", "x-postern-tokens", "0", "x-postern-tenant", "other"},
	}
	for i, h := range forged {
		if a := f.chat(t, i, mobile, "Hi", h...); a.status != 200 {
			t.Errorf("%v: got %d: %s, want 200", h, a.status, a.body)
		}
	}
	if n := f.counter(t, own) - before; n != len(forged) {
		t.Errorf("got %d requests counted for who has sent them, want %d", n, len(forged))
	}
	example.Until(t, "the tokens are counted for who has used them", func() bool {
		return f.counter(t, "tokens_tier_free_consumer_mobile") == f.charged(asked)
	})
	if n := f.counter(t, others) + f.counter(t, "tokens_tier_pro"); n != 0 {
		t.Errorf("got %d counted for another, want nothing", n)
	}
	for _, e := range f.entries() {
		for name := range e.Header {
			if strings.HasPrefix(strings.ToLower(name), "x-postern-") {
				t.Errorf("got the header %s at the provider, want none", name)
			}
		}
	}
}

// lists sends lists of requests until one is refused: its second request must not be sent
// in the place of the first.
func lists(t *testing.T, f *fleet) {
	one := `{"provider":"openai","endpoint":"chat/completions","query":` + chat("Hi") + `}`
	for i := range 3 * requestsPerMinute {
		before := f.asked()
		a := f.send(t, i, web, "/universal", "["+one+","+one+"]")
		if a.status == 200 {
			continue
		}
		wantRefusal(t, a)
		if n := f.asked() - before; n != 0 {
			t.Errorf("got %d requests at the provider, want none", n)
		}
		return
	}
	t.Error("got no refusal")
}

func tokens(t *testing.T, f *fleet) {
	const name = "tokens_tier_free_consumer_mobile"
	text := strings.Repeat("a long question ", 60)
	base, first := f.counter(t, name), f.asked()
	counted := func() int {
		example.Until(t, "all tokens are counted, and no more", func() bool { return f.counter(t, name)-base == f.charged(first) })
		return base + f.charged(first)
	}
	if a := f.chat(t, 0, mobile, text); a.status != 200 {
		t.Fatalf("got %d: %s, want 200", a.status, a.body)
	}
	each := counted() - base
	for i := 1; counted()+each <= tokensPerDay; i++ {
		if a := f.chat(t, i, mobile, text); a.status != 200 {
			t.Fatalf("got %d: %s after %d tokens, want 200", a.status, a.body, counted())
		}
	}
	// Some are left, though not enough for one: all that come now pass.
	const underWay = 4
	var wait sync.WaitGroup
	for i := range underWay {
		wait.Go(func() {
			if a := f.chat(t, i, mobile, "[[mock:latency=3s]]"+text); a.status != 200 {
				t.Errorf("got %d: %s, want 200", a.status, a.body)
			}
		})
	}
	wait.Wait()
	if n := counted(); n <= tokensPerDay || n > tokensPerDay+underWay*(each+each/2) {
		t.Errorf("got %d tokens, want more than %d by at most %d answers of about %d", n, tokensPerDay, underWay, each)
	}
	asked := f.asked()
	for i := range 4 {
		a := f.chat(t, i, mobile, "Hi")
		wantRefusal(t, a)
	}
	if f.asked() != asked || counted() <= tokensPerDay {
		t.Errorf("got %d requests at the provider, want %d", f.asked(), asked)
	}
}

func streams(t *testing.T, f *fleet) {
	const name = "tokens_tier_pro_consumer_agents"
	first := f.asked()
	body := `{"stream":true,` + chat("[[mock:chunks=20]]Hi")[1:]
	if a := f.send(t, 0, agents, "/v1/chat/completions", body); a.status != 200 || !strings.Contains(a.body, "[DONE]") {
		t.Fatalf("got %d: %s, want a stream", a.status, a.body)
	}
	example.Until(t, "a stream's tokens are counted", func() bool { return f.counter(t, name) == f.charged(first) })
	before := f.counter(t, name)

	ctx, hangUp := context.WithCancel(t.Context())
	body = `{"stream":true,` + chat("[[mock:chunks=1000;interval=20ms]]Hi")[1:]
	r, err := http.NewRequestWithContext(ctx, "POST", f.urls[1]+"/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("content-type", "application/json")
	r.Header.Set("authorization", "Bearer "+agents)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := resp.Body.Read(make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	hangUp()
	resp.Body.Close()
	example.Until(t, "what a client got before it hung up is counted", func() bool { return f.counter(t, name) > before })

	if a := f.chat(t, 0, agents, "[[mock:status=500]]Hi"); a.status != 500 {
		t.Errorf("got %d: %s, want the provider's 500", a.status, a.body)
	}
}

func money(t *testing.T, f *fleet) {
	const name = "cost_tenant_acme"
	before := f.counter(t, name)
	a := f.chat(t, 1, agents, strings.Repeat("a long question ", 60))
	dollars, err := strconv.ParseFloat(a.header.Get("x-postern-cost"), 64)
	if a.status != 200 || err != nil || dollars <= 0 {
		t.Fatalf("got %d, %v: %s, want 200 and a cost", a.status, a.header, a.body)
	}
	want := before + int(math.Ceil(math.Round(dollars*1e9)/1e3))
	example.Until(t, fmt.Sprintf("the tenant has spent %d micro-dollars", want), func() bool { return f.counter(t, name) == want })
}

// outage shows what becomes of requests while the service is away, or its Redis, and that
// nothing is forgotten meanwhile.
func outage(t *testing.T, f *fleet) {
	asked := f.asked()
	refused := func() {
		for i := range f.envoys {
			if a := f.chat(t, i, agents, "Hi"); a.status != 503 || !strings.Contains(a.body, `"code":"refused_by_proxy"`) {
				t.Errorf("got %d: %s, want 503 with refused_by_proxy", a.status, a.body)
			}
		}
		if n := f.asked(); n != asked {
			t.Errorf("got %d requests at the provider, want none", n-asked)
		}
	}
	example.Stop(f.service)
	refused()
	f.startService(t)
	for i := range f.envoys {
		example.Until(t, "requests pass again", func() bool { return f.chat(t, i, agents, "Hi").status == 200 })
		wantRefusal(t, f.chat(t, i, mobile, "Hi"))
	}
	asked = f.asked()
	example.Stop(f.redis)
	refused()
}
