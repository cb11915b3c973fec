package e2e

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/hostsim"
)

var zipfRequests = flag.Int("zipf", 100_000, "how many requests TestHitRatioInHostsim makes, of a tenth as many questions")

// The whole module in the simulator, with questions by Zipf's law: the share of hits is near to that
// of the best there can be, which has the answers that are asked for most, as many as have room; and
// the cache never takes more of the proxy's memory than it may.
func TestHitRatioInHostsim(t *testing.T) {
	t.Parallel()
	const alpha, percent = 1.0, 5
	r := rand.New(rand.NewPCG(1, 2))
	sizes, footprint := make([]int, *zipfRequests/10), 0
	chance, sum := make([]float64, len(sizes)), 0.0
	for i := range sizes {
		sizes[i] = int(min(32<<10, 2048*math.Exp(0.8*r.NormFloat64()))) + 1
		footprint += sizes[i]
		sum += math.Pow(float64(i+1), -alpha)
		chance[i] = sum
	}
	most, ideal, taken := footprint*percent/100>>10<<10, 0.0, 0
	for i := 0; i < len(sizes) && taken+sizes[i] <= most; i++ {
		ideal, taken = chance[i]/sum, taken+sizes[i]
	}
	host := startCaching(t, most, sizes)
	hits, counted, largest := 0, 0, 0
	for i := range *zipfRequests {
		name := sort.SearchFloat64s(chance, r.Float64()*sum)
		a, err := host.Do(hostsim.Post(chat, ask("question "+strconv.Itoa(name)), "content-type", apiJSON))
		if err != nil || a.Status() != 200 {
			t.Fatalf("got %d, %v: %.300s", a.Status(), err, a.Body)
		}
		if i >= *zipfRequests/2 {
			counted++
			if a.Headers.Get("x-postern-cache") == "hit" {
				hits++
			}
		}
		if i%1000 == 999 {
			// As time does in a proxy: without ticks no collection of garbage comes to its end.
			if err := host.Advance(100 * time.Millisecond); err != nil {
				t.Fatal(err)
			}
		}
		if i%(*zipfRequests/100) == 0 {
			_, size := host.SharedDataSize("postern", "")
			largest = max(largest, size)
		}
	}
	ratio := float64(hits) / float64(counted)
	t.Logf("%d requests, %d questions, %d bytes: %.3f are hits, ideal is %.3f; %d bytes at most", *zipfRequests, len(sizes), most, ratio, ideal, largest)
	if ratio < ideal-0.03 {
		t.Errorf("%.3f of requests are hits, want %.3f less 0.03", ratio, ideal)
	}
	const others = 64 << 10 // of what is not the cache's
	if largest > most+others {
		t.Errorf("the proxy has %d bytes, want at most %d", largest, most)
	}
}

// startCaching is a simulator whose provider answers question N with so many bytes.
func startCaching(t *testing.T, most int, sizes []int) *hostsim.Host {
	t.Helper()
	module := compiled(t)
	text := strings.Repeat("The quick brown fox jumps over the lazy dog. ", 1000)
	answer := func(r hostsim.Request) hostsim.Response {
		_, after, _ := strings.Cut(string(r.Body), "question ")
		digits, _, _ := strings.Cut(after, `"`)
		name, err := strconv.Atoi(digits)
		if err != nil {
			return hostsim.Respond(500, err.Error())
		}
		return hostsim.Respond(200, `{"id":"c","object":"chat.completion","model":"gpt-4o","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"`+
			text[:sizes[name]]+`"}}],"usage":{"prompt_tokens":7,"completion_tokens":100,"total_tokens":107}}`, "content-type", apiJSON)
	}
	host, err := hostsim.New(hostsim.Config{DiscardLogs: true, Upstream: answer, Plugin: hostsim.Plugin{
		Module: module, Name: "postern", RootID: "postern", VM: hostsim.VM{ID: "postern"}, AllowOnHeadersStopIteration: true,
		Configuration: fmt.Sprintf(`{"hold_headers":"always","providers":[{"name":"openai","type":"openai","cluster":"openai","keys":[{"value":"sk"}]}],
			"cache":{"store":{"memory":{"max_bytes":"%dKiB"}}}}`, most>>10)}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { host.Close() })
	return host
}
