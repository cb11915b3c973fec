package route

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/plugin/internal/glob"
	"github.com/postern-gateway/postern/plugin/internal/state/statetest"
)

// epoch is when tests begin, in nanoseconds since 1970.
const epoch = 1_700_000_000_000_000_000

// board makes a board and a group on it, a target for each weight.
func board(t testing.TB, strategy Strategy, weights ...int) (*Board, *Group) {
	t.Helper()
	spots := []Spot{{Provider: "p", Keys: 1}}
	g := &Group{Strategy: strategy}
	for i, w := range weights {
		name := "m" + strconv.Itoa(i)
		spots = append(spots, Spot{Provider: "p", Model: name, Keys: 1})
		g.Targets = append(g.Targets, Target{Hash: Hash("p", name), Weight: w, Place: i + 1})
	}
	return NewBoard(&statetest.Host{}, "test", "", spots, 1), g
}

// numbers are what chance gives: another each time, the same each run.
func numbers(n int) func(func(uint64) bool) {
	return func(yield func(uint64) bool) {
		for i := range n {
			if !yield(mix(uint64(i) + 1)) {
				return
			}
		}
	}
}

// chiSquared compares how often targets were chosen with their weights.
func chiSquared(counts []int, weights []int) (x float64) {
	n, total := 0, 0
	for i := range counts {
		n += counts[i]
		total += weights[i]
	}
	for i, c := range counts {
		want := float64(n) * float64(weights[i]) / float64(total)
		x += (float64(c) - want) * (float64(c) - want) / want
	}
	return x
}

// mostChi is exceeded once in a thousand times by chance with 4 targets.
const mostChi = 16.27

func TestSharesAreAsTheWeights(t *testing.T) {
	t.Parallel()
	weights := []int{1, 2, 30, 67}
	for _, tt := range []struct {
		name     string
		strategy Strategy
		choice   func(uint64) Choice
	}{
		{"by chance", Weighted, func(n uint64) Choice { return Choice{Random: n} }},
		{"in turn", RoundRobin, func(n uint64) Choice { return Choice{Random: n} }},
		{"by consumer", Weighted, func(n uint64) Choice { return Choice{Key: n} }},
		{"by consumers with names", Weighted, func(n uint64) Choice { return Choice{Key: Hash("consumer", "acme", strconv.Itoa(int(n%1e9)))} }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b, g := board(t, tt.strategy, weights...)
			counts := make([]int, len(weights))
			for n := range numbers(100_000) {
				c := tt.choice(n)
				c.Now = epoch
				counts[b.Pick(g, &c)]++
			}
			if x := chiSquared(counts, weights); x > mostChi {
				t.Errorf("got %v with the weights %v: chi-squared %.1f, want at most %.1f", counts, weights, x, mostChi)
			}
		})
	}
}

// A canary that grows from 10 to 20 percent takes those 10 percent, and moves nobody else.
func TestAnotherPercentageMovesTheDifference(t *testing.T) {
	t.Parallel()
	b, g := board(t, Weighted, 90, 10)
	_, more := board(t, Weighted, 80, 20)
	moved, back, n := 0, 0, 100_000
	for key := range numbers(n) {
		before, after := b.Pick(g, &Choice{Key: key, Now: epoch}), b.Pick(more, &Choice{Key: key, Now: epoch})
		if before != after {
			moved++
			if after == 0 {
				back++
			}
		}
	}
	if share := float64(moved) / float64(n); math.Abs(share-0.1) > 0.004 || back > 0 {
		t.Errorf("moved %.4f of all, %d of them back, want 0.1 and none", share, back)
	}
}

// When a target rests only its own keys move, and they come back to it.
func TestTargetThatRestsMovesItsOwnKeysOnly(t *testing.T) {
	t.Parallel()
	b, g := board(t, Weighted, 1, 1, 1)
	before := map[uint64]int{}
	for key := range numbers(3000) {
		before[key] = b.Pick(g, &Choice{Key: key, Now: epoch})
	}
	for range streak {
		b.Place(2).Judge(Bad, 0, 0, epoch)
	}
	for key, was := range before {
		if now := b.Pick(g, &Choice{Key: key, Now: epoch}); (now == was) == (was == 1) {
			t.Fatalf("a key of target %d went to %d", was, now)
		}
	}
}

func TestStrategies(t *testing.T) {
	t.Parallel()
	all := func(b *Board, g *Group, c Choice) []int {
		counts := make([]int, len(g.Targets))
		for n := range numbers(1000) {
			c.Random, c.Now = n, epoch
			counts[b.Pick(g, &c)]++
		}
		return counts
	}
	b, g := board(t, LeastInFlight, 1, 1, 1)
	b.Place(1).Leave(epoch)
	b.Place(2).Leave(epoch)
	if got := all(b, g, Choice{}); got[2] != 1000 {
		t.Errorf("least in flight: got %v, want all at the third", got)
	}
	b.Place(1).Return()
	if got := all(b, g, Choice{}); got[1] != 0 || got[0] < 400 || got[2] < 400 {
		t.Errorf("least in flight: got %v, want the first and the third by chance", got)
	}
	b, g = board(t, LowestLatency, 1, 1, 1)
	for i, ms := range []int64{50, 500, 5000} {
		b.Place(i + 1).Answered(ms * 1e6)
	}
	if got := all(b, g, Choice{}); got[0] < 600 || got[1] < 250 || got[2] > 0 {
		t.Errorf("lowest latency: got %v, want two of three for the fastest, and none for the slowest", got)
	}
	b, g = board(t, Cheapest, 1, 1, 1)
	costs := []int64{3, 1, 2}
	if got := all(b, g, Choice{Fit: func(i int) (int64, bool) { return costs[i], i != 1 }}); got[2] != 1000 {
		t.Errorf("cheapest: got %v, want all at the third: the second is too small", got)
	}
	b, g = board(t, Priority, 1, 1, 1)
	if got := all(b, g, Choice{Not: Set(0).With(0)}); got[1] != 1000 {
		t.Errorf("priority: got %v, want all at the second: the first was tried", got)
	}
	b, g = board(t, Weighted, 1, 0)
	if got := all(b, g, Choice{}); got[0] != 1000 {
		t.Errorf("weight 0: got %v, want none there", got)
	}
	if got := b.Pick(g, &Choice{Not: Set(0).With(0), Now: epoch}); got != 1 {
		t.Errorf("weight 0: got %d when the other has failed, want it", got)
	}
	if got := b.Pick(g, &Choice{Not: Set(3), Now: epoch}); got != -1 {
		t.Errorf("got %d when all have failed, want none", got)
	}
}

func TestEjectionProbeAndSlowStart(t *testing.T) {
	t.Parallel()
	b, g := board(t, Weighted, 1, 1)
	p, now := b.Place(1), int64(epoch)
	for i := range streak {
		if out := p.Judge(Bad, 0, 0, now); out != (i == streak-1) {
			t.Fatalf("failure %d: got ejected %v", i+1, out)
		}
	}
	if p.Rests(now) != now+int64(firstRest) {
		t.Fatalf("got a rest until %d, want %v from now", p.Rests(now), firstRest)
	}
	now += int64(firstRest)
	if p.Rests(now) != 0 {
		t.Fatal("got a rest that does not end")
	}
	p.Leave(now)
	if p.Rests(now) == 0 {
		t.Fatal("got two requests that try whether it is well, want one")
	}
	p.Return()
	if !p.Judge(Bad, 0, 0, now) || p.Rests(now) != now+2*int64(firstRest) {
		t.Fatalf("got a rest of %v after a failed try, want twice as long", time.Duration(p.Rests(now)-now))
	}
	now += 2 * int64(firstRest)
	p.Leave(now)
	p.Judge(Good, 0, 0, now)
	p.Return()
	if p.Rests(now) != 0 {
		t.Fatal("got a rest after it was found well")
	}
	few := 0
	for n := range numbers(10_000) {
		if b.Pick(g, &Choice{Random: n, Now: now}) == 0 {
			few++
		}
	}
	if few < 700 || few > 1100 {
		t.Errorf("got %d of 10000 at once, want about a tenth of its share", few)
	}
	if p.share(now+int64(slowStart)) != 1 {
		t.Error("got less than the whole share after the slow start")
	}
}

// Half of many failing is enough, the client's own faults are not.
func TestRatioAndClientsOwnFaults(t *testing.T) {
	t.Parallel()
	b, _ := board(t, Weighted, 1)
	p := b.Place(1)
	for range 100 {
		p.Judge(Nothing, 0, 0, epoch)
	}
	if p.Rests(epoch) != 0 {
		t.Error("got a rest for the faults of clients")
	}
	ejected := 0
	for range 6 {
		p.Judge(Good, 0, 0, epoch)
		if p.Judge(Bad, 0, 0, epoch) {
			ejected++
		}
	}
	if ejected != 1 {
		t.Errorf("ejected %d times with every second request failing, want once", ejected)
	}
}

func TestKeysRest(t *testing.T) {
	t.Parallel()
	b := NewBoard(&statetest.Host{}, "test", "", []Spot{{Provider: "p", Keys: 2}, {Provider: "p", Model: "a", Keys: 2}, {Provider: "p", Model: "b", Keys: 2}}, 0)
	one := func(int) int { return 1 }
	a, other := b.Place(1), b.Place(2)
	a.Judge(Limited, 0, 30*time.Second, epoch)
	for n := range numbers(100) {
		if k := a.PickKey(2, one, 0, n, epoch); k != 1 {
			t.Fatalf("got key %d, want the one that does not rest", k)
		}
	}
	if other.KeyRests(0, epoch) != 0 || a.Rests(epoch) != 0 {
		t.Error("a key that rests for one model rests for another, or the place does")
	}
	other.Judge(Refused, 1, 0, epoch)
	if a.KeyRests(1, epoch) == 0 {
		t.Error("a key that is void does not rest for the other model")
	}
	if got := a.Rests(epoch); got != epoch+int64(30*time.Second) {
		t.Errorf("all keys rest: got %d, want until the first is back", got)
	}
	if k := a.PickKey(2, one, 0, 0, epoch); k != 0 {
		t.Errorf("all keys rest: got key %d, want the one that is back first", k)
	}
	if a.Rests(epoch+int64(time.Hour)) != 0 {
		t.Error("got keys that rest for ever")
	}
}

func TestWorkersLearnFromEachOther(t *testing.T) {
	t.Parallel()
	host := &statetest.Host{}
	spots := []Spot{{Provider: "p", Keys: 1}, {Provider: "p", Model: "m", Keys: 1}}
	a, b := NewBoard(host, "s", "", spots, 0), NewBoard(host, "s", "", spots, 0)
	for range 3 {
		a.Place(1).Judge(Bad, 0, 0, epoch)
	}
	a.Place(1).Answered(100)
	a.Exchange(epoch)
	b.Place(1).Rests(epoch)
	b.Exchange(epoch)
	if b.Place(1).Latency != 100 {
		t.Errorf("got a latency of %v, want 100", b.Place(1).Latency)
	}
	b.Place(1).Judge(Bad, 0, 0, epoch)
	if !b.Place(1).Judge(Bad, 0, 0, epoch) {
		t.Error("three failures of one worker and two of another did not eject")
	}
	b.Exchange(epoch)
	a.Place(1).Rests(epoch)
	a.Exchange(epoch)
	if a.Place(1).Rests(epoch) == 0 {
		t.Error("a worker does not know what another has ejected")
	}
	late := epoch + int64(firstRest)
	b.Place(1).Leave(late)
	b.Place(1).Judge(Good, 0, 0, late)
	b.Exchange(late)
	a.Place(1).Rests(late)
	a.Exchange(late)
	if a.Place(1).Rests(late) != 0 || a.Place(1).share(late) != leastShare {
		t.Error("a worker does not know what another has found well")
	}
}

func FuzzRecord(f *testing.F) {
	r := record{counts: counts{1, 2, 3}, until: 5, times: 2, latency: 7, keys: [MaxKeys]int64{0, 9}}
	f.Add(r.append(nil))
	f.Add([]byte{recordFormat})
	f.Fuzz(func(t *testing.T, b []byte) {
		var r, again record
		if !r.decode(b) {
			return
		}
		if !again.decode(r.append(nil)) || again != r {
			t.Errorf("got %v after writing and reading %v", again, r)
		}
	})
}

func BenchmarkPick(b *testing.B) {
	for s := range NumStrategies {
		b.Run(s.String(), func(b *testing.B) {
			board, g := board(b, s, 1, 2, 3, 4)
			c := Choice{Now: epoch}
			for b.Loop() {
				c.Random++
				board.Pick(g, &c)
			}
		})
	}
}

func TestLanguages(t *testing.T) {
	t.Parallel()
	for want, texts := range map[string][]string{
		"en":    {"what is the capital of france?", "please write a function that sorts a list"},
		"de":    {"was ist die hauptstadt von frankreich?", "bitte schreibe mir eine funktion"},
		"fr":    {"quelle est la capitale de la france ?"},
		"es":    {"¿cuál es la capital de francia?"},
		"it":    {"qual è la capitale della francia?"},
		"pt":    {"qual é a capital da frança?"},
		"nl":    {"wat is de hoofdstad van frankrijk?"},
		"ja":    {"フランスの首都はどこですか"},
		"zh":    {"法国的首都是哪里？"},
		"ko":    {"프랑스의 수도는 어디입니까"},
		"ru":    {"какая столица франции?"},
		"other": {"", "12345", "qwertz"},
	} {
		if !slices.Contains(Languages(), want) {
			t.Errorf("%s is not in the list", want)
		}
		for _, text := range texts {
			if got := Language(text); got != want {
				t.Errorf("%q: got %s, want %s", text, got, want)
			}
		}
	}
}

func parsed(t testing.TB, text string) rawjson.Value {
	t.Helper()
	doc := &rawjson.Doc{}
	if err := doc.Parse([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return doc.Root()
}

// What a conversation begins with is the same in each of its requests, and in no other's.
func TestPrefixOfConversations(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("instructions ", 200)
	seen := map[uint64]string{}
	for _, tt := range []struct{ first, later string }{
		{`{"messages":[{"role":"system","content":"a"},{"role":"user","content":"b"}]}`, `{"messages":[{"role":"system","content":"a"},{"role":"user","content":"b"},{"role":"assistant","content":"c"},{"role":"user","content":"d"}]}`},
		{`{"messages":[{"role":"system","content":"a"},{"role":"user","content":"x"}]}`, `{"temperature":1,"messages":[{"role":"system","content":"a"},{"role":"user","content":"x"},{"role":"assistant","content":"c"}]}`},
		{`{"system":"` + long + `","messages":[{"role":"user","content":"b"}]}`, `{"messages":[{"role":"user","content":"b"},{"role":"user","content":"c"}],"system":"` + long + `"}`},
		{`{"system":"` + long + `","messages":[{"role":"user","content":"c"}]}`, `{"system":"` + long + `","messages":[{"role":"user","content":"c"},{"role":"user","content":"c"}]}`},
		{`{"contents":[{"role":"user","parts":[{"text":"b"}]}]}`, `{"contents":[{"role":"user","parts":[{"text":"b"}]},{"role":"model","parts":[{"text":"b"}]}]}`},
		{`{"input":"b"}`, `{"input":"b","stream":true}`},
	} {
		h, again := Prefix(parsed(t, tt.first)), Prefix(parsed(t, tt.later))
		if h != again || h == 0 {
			t.Errorf("%s: got %x and then %x, want one that is not 0", tt.first, h, again)
		}
		if other, taken := seen[h]; taken {
			t.Errorf("%s has what %s has", tt.first, other)
		}
		seen[h] = tt.first
	}
	if h := Prefix(parsed(t, `{"model":"m"}`)); h != 0 {
		t.Errorf("got %x for nothing, want 0", h)
	}
}

func TestLastTexts(t *testing.T) {
	t.Parallel()
	for request, want := range map[string]string{
		`{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}`:                                                       "a",
		`{"messages":[{"role":"user","content":"a"},{"role":"user","content":[{"type":"text","text":"b"},{"type":"image_url"},{"text":"c"}]}]}`: "b\nc",
		`{"contents":[{"parts":[{"text":"a"}]},{"role":"model","parts":[{"text":"b"}]}]}`:                                                       "a",
		`{"input":"a"}`:       "a",
		`{"input":["a","b"]}`: "b",
		`{"input":[{"role":"user","content":[{"type":"input_text","text":"a"}]}]}`: "a",
		`{"prompt":"a"}`:                  "a",
		`{"query":"a","documents":["b"]}`: "a",
		`{"messages":[]}`:                 "",
		`{"messages":7}`:                  "",
		`{}`:                              "",
	} {
		if got := string(LastText(parsed(t, request))); got != want {
			t.Errorf("%s: got %q, want %q", request, got, want)
		}
	}
	if got := Fold("ÄbC Straße"); got != "äbc straße" || Fold("AbZ[") != "abz[" {
		t.Errorf("got %q and %q, want them in small letters", got, Fold("AbZ["))
	}
}

func TestTextPatterns(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		pattern, text string
		want          bool
	}{
		{"*refund*", "I want a REFUND now", true},
		{"*refund*", "refun d", false},
		{"*refund*", "rerefund", true},
		{"*refund*", "", false},
		{"*aab*", "aaaab", true},
		{"*a*a*", "a", false},
		{"*a*b*a*", "xaxbxax", true},
		{"ab*ba", "aba", false},
		{"ab*ba", "abba", true},
		{"hi", "HI", true},
		{"hi", "hi!", false},
		{"*", "", true},
		{"", "", true},
		{"", "x", false},
		{"*ÄRGER*", "so ein ärger", true},
		{"*" + strings.Repeat("x", 300) + "y*", strings.Repeat("x", 700) + "y", true},
	} {
		if got := NewTextPattern(tt.pattern).Match([]byte(tt.text)); got != tt.want {
			t.Errorf("%q and %q: got %v, want %v", tt.pattern, tt.text, got, tt.want)
		}
	}
}

// A text pattern says what a pattern for names says of the same in small letters.
func FuzzTextPattern(f *testing.F) {
	f.Add("*a*b", "xAxxB")
	f.Add("ä*", "Ä")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if got, want := NewTextPattern(pattern).Match([]byte(Fold(text))), glob.Match(Fold(pattern), Fold(text)); got != want {
			t.Errorf("%q and %q: got %v, want %v", pattern, text, got, want)
		}
		if ascii(text+pattern) && NewTextPattern(pattern).Match([]byte(text)) != NewTextPattern(pattern).Match([]byte(Fold(text))) {
			t.Errorf("%q and %q: case matters", pattern, text)
		}
	})
}

// What is seen at once to be well does not rest, whatever two workers learn and tell each
// other; and what has come back is seen at once again.
func TestWhatIsWellDoesNotRest(t *testing.T) {
	t.Parallel()
	host, spots := &statetest.Host{}, []Spot{{Provider: "p", Keys: 2}, {Provider: "p", Model: "a", Keys: 2}, {Provider: "p", Model: "b", Keys: 1}, {Provider: "q"}, {Provider: "q", Model: "a", Wide: 3}}
	workers := [...]*Board{NewBoard(host, "test", "", spots, 0), NewBoard(host, "test", "", spots, 0)}
	now, well, resting := int64(epoch), 0, 0
	for n := range numbers(100_000) {
		b := workers[n%2]
		p := b.Place([]int{1, 2, 4}[n>>8%3])
		switch n >> 16 % 16 {
		case 0, 1, 2:
			p.Judge(Bad, 0, 0, now)
		case 3:
			p.Judge(Limited, int(n>>24%2), time.Second, now)
		case 4:
			p.Judge(Refused, int(n>>24%2), 0, now)
		case 5:
			p.Leave(now)
			p.Judge(Good, 0, 0, now)
			p.Return()
		case 6, 7:
			b.Exchange(now)
		case 8:
			now += int64(n >> 24 % 20 * uint64(time.Second))
			if n>>32%8 == 0 { // nobody knows anything any more
				now += 2 * int64(keep)
				workers[0].Exchange(now)
				workers[1].Exchange(now)
			}
		}
		seen, until := p.well(), p.Rests(now)
		if seen && until > 0 {
			t.Fatalf("a place is well, and rests for %v", time.Duration(until-now))
		}
		if seen {
			well++
		} else if until > 0 {
			resting++
		}
	}
	if well < 5000 || resting < 5000 {
		t.Errorf("of 100000 times %d were well and %d resting, want many of both", well, resting)
	}
}
