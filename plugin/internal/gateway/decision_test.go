package gateway_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/plugin/cases"
)

// A wish is a request for which a decision is to be made.
type wish struct {
	who, tenant, tier string
	tags              []string
	byKey             bool // or the proxy says who it is
	model, op         string
	stream            bool
	beta, team        string
	long, tools       bool
	text              string
	hour              int
}

// conditions are those of branches, as they are written and as they are meant.
var conditions = []struct {
	json  string
	holds func(w *wish) bool
}{
	{`"consumers":["anna"]`, func(w *wish) bool { return w.who == "anna" }},
	{`"consumers":["*t","z*"]`, func(w *wish) bool { return w.who == "bert" || w.who == "zoe" }},
	{`"tenants":["acme"]`, func(w *wish) bool { return w.tenant == "acme" }},
	{`"tiers":["gold","platin*"]`, func(w *wish) bool { return w.tier == "gold" }},
	{`"tags":["beta"]`, func(w *wish) bool { return slices.Contains(w.tags, "beta") }},
	{`"operations":["embeddings"]`, func(w *wish) bool { return w.op == "embeddings" }},
	{`"stream":true`, func(w *wish) bool { return w.stream }},
	{`"stream":false`, func(w *wish) bool { return !w.stream }},
	{`"headers":[{"name":"X-Beta"}]`, func(w *wish) bool { return w.beta != "" }},
	{`"headers":[{"name":"x-beta","values":["on*"]}]`, func(w *wish) bool { return strings.HasPrefix(w.beta, "on") }},
	{`"metadata":[{"name":"team","values":["red"]}]`, func(w *wish) bool { return w.team == "red" }},
	{`"min_tokens":2000`, func(w *wish) bool { return w.long }},
	{`"tools":true`, func(w *wish) bool { return w.tools }},
	{`"text":["*refund*"]`, func(w *wish) bool { return strings.Contains(w.text, "refund") }},
	{`"hours":["mon-sun 22:00-24:00 +00:00"]`, func(w *wish) bool { return w.hour >= 22 }},
}

// A branching is models whose branches have conditions by chance.
type branching struct {
	document string
	names    []string
	branches map[string][][]int // of each, which conditions
}

func newBranching(r *rand.Rand) *branching {
	b := &branching{branches: map[string][][]int{}}
	targets := func() string {
		var list []string
		for i := range 1 + r.IntN(3) {
			list = append(list, fmt.Sprintf(`{"provider":"%c","model":"m%d","weight":%d}`, 'a'+rune(i), r.IntN(2), 1+r.IntN(2)))
		}
		more := [...]string{"", `,"sticky":"conversation"`, `,"sticky":"consumer"`, `,"strategy":"round_robin"`, `,"strategy":"priority"`, `,"strategy":"cheapest"`, `,"strategy":"lowest_latency"`}[r.IntN(7)]
		if r.IntN(3) == 0 {
			more += `,"fallback":[{"provider":"c","model":"last"}],"retry":{"attempts":1}`
		}
		return `"targets":[` + strings.Join(list, ",") + `]` + more
	}
	var models []string
	for _, name := range []string{"m", "n", "n-*", "*"} {
		b.names = append(b.names, name)
		var when []string
		for i := range r.IntN(5) {
			one := func() int { // most often of those that are the same for many requests
				if r.IntN(4) > 0 {
					return r.IntN(10)
				}
				return r.IntN(len(conditions))
			}
			all := []int{one()}
			if c := one(); r.IntN(3) == 0 && key(c) != key(all[0]) {
				all = append(all, c)
			}
			text := fmt.Sprintf(`{"name":"b%d",`, i)
			for _, c := range all {
				text += conditions[c].json + ","
			}
			when, b.branches[name] = append(when, text+targets()+"}"), append(b.branches[name], all)
		}
		models = append(models, `{"name":"`+name+`","when":[`+strings.Join(when, ",")+`],`+targets()+`}`)
	}
	provider := func(name, keys string) string {
		return `{"name":"` + name + `","type":"openai","cluster":"` + name + `","keys":[` + keys + `]}`
	}
	b.document = `{"hold_headers":"always","client_headers":{"narrow":["metadata","session-id"]},"identity":{"trusted":{"header":"x-user","tier_header":"x-tier"}},"providers":[` +
		provider("a", `{"value":"key-a"},{"value":"key-a2"}`) + "," + provider("b", `{"value":"key-b"}`) + "," + provider("c", `{"value":"key-c"}`) + `],
		"models":[` + strings.Join(models, ",") + `],
		"consumers":[{"name":"anna","tenant":"acme","tier":"gold","keys":[{"sha256":"` + sum("anna") + `"}]},
			{"name":"bert","tags":["beta"],"keys":[{"sha256":"` + sum("bert") + `"}]},{"name":"cara","tenant":"acme","keys":[{"sha256":"` + sum("cara") + `"}]}]}`
	return b
}

// key is what a condition's own is called, which a branch has once.
func key(condition int) string {
	k, _, _ := strings.Cut(conditions[condition].json, ":")
	return k
}

// of is the branch that a wish is for, by what its conditions mean.
func (b *branching) of(w *wish) string {
	name := "*"
	switch {
	case w.model == "m", w.model == "n":
		name = w.model
	case strings.HasPrefix(w.model, "n-"):
		name = "n-*"
	}
next:
	for i, all := range b.branches[name] {
		for _, c := range all {
			if !conditions[c].holds(w) {
				continue next
			}
		}
		return fmt.Sprintf("b%d", i)
	}
	return ""
}

func newWish(r *rand.Rand, now int64) *wish {
	w := &wish{model: [...]string{"m", "n", "n-1", "x"}[r.IntN(4)], op: "chat", byKey: r.IntN(2) == 0, hour: time.Unix(0, now).UTC().Hour()}
	switch r.IntN(4) {
	case 0:
		w.who, w.tenant, w.tier = "anna", "acme", "gold"
	case 1:
		w.who, w.tags = "bert", []string{"beta"}
	case 2:
		w.who, w.tenant = "cara", "acme"
	default:
		w.who, w.byKey, w.tier = [...]string{"zoe", "yves"}[r.IntN(2)], false, [...]string{"", "gold"}[r.IntN(2)]
	}
	if r.IntN(4) == 0 {
		w.op = "embeddings"
	} else {
		w.stream, w.tools, w.long = r.IntN(3) == 0, r.IntN(4) == 0, r.IntN(4) == 0
	}
	w.beta, w.team = [...]string{"", "", "", "on", "off"}[r.IntN(5)], [...]string{"", "red", "blue"}[r.IntN(3)]
	w.text = [...]string{"Hello", "I want a refund", "Guten Tag"}[r.IntN(3)]
	return w
}

func (w *wish) message() cases.Message {
	path, body := "/v1/chat/completions", fmt.Sprintf(`{"model":%q,"stream":%v,"messages":[{"role":"system","content":%q},{"role":"user","content":%q}]`, w.model, w.stream, strings.Repeat("word ", map[bool]int{true: 4000}[w.long]), w.text)
	if w.tools {
		body += `,"tools":[{"type":"function","function":{"name":"f"}}]`
	}
	if w.op == "embeddings" {
		path, body = "/v1/embeddings", fmt.Sprintf(`{"model":%q,"input":%q`, w.model, w.text)
	}
	m := chatRequest(path, body+"}")
	add := func(name, value string) {
		if value != "" {
			m.Headers = append(m.Headers, cases.Header{Name: name, Value: value})
		}
	}
	if add("x-beta", w.beta); w.byKey {
		add("authorization", "Bearer "+w.who)
	} else {
		add("x-user", w.who)
		add("x-tier", w.tier)
	}
	if w.team != "" {
		add("x-postern-metadata", `{"team":"`+w.team+`"}`)
	}
	return m
}

// TestDecisionsThatAreRemembered sends the same requests to a worker that remembers what it has
// decided and to one that does not, while providers fail and come back and time goes by. Both
// send them to the same places, and by the branches that their conditions mean.
func TestDecisionsThatAreRemembered(t *testing.T) {
	t.Parallel()
	const configurations, requests = 60, 150
	seed := rand.Uint64()
	branches, followed, failed := map[string]int{}, 0, 0
	for i := range uint64(configurations) {
		r := rand.New(rand.NewPCG(seed, i))
		b := newBranching(r)
		remembers, forgets := newProxy(t, b.document), newProxy(t, b.document)
		cramped := i%2 == 0
		if cramped { // whoever comes finds another's decision
			remembers.worker.Cramped()
		}
		var last *wish
		for n := range requests {
			w := newWish(r, remembers.now)
			if last != nil && r.IntN(2) == 0 { // nearly the same again
				w.model, w.op, w.stream = last.model, last.op, last.stream
				w.tools, w.long = w.tools && w.op == "chat", w.long && w.op == "chat"
			}
			last = w
			answer := cases.Message{First: [...]string{"200", "200", "200", "500", "429", "401"}[r.IntN(6)], Body: []byte(`{"id":"1"}`)}
			answer.Headers = []cases.Header{{Name: "content-type", Value: "application/json"}}
			forgets.worker.Undecided()
			var got [2]string
			for k, p := range []*proxy{remembers, forgets} {
				x := p.stream()
				x.request(w.message())
				if x.upstream == nil {
					t.Fatalf("seed %d: configuration %d, request %d: got %s, want a request upstream\n%s", seed, i, n, x.response, b.document)
				}
				got[k] = x.upstream.String()
				for x.respond(answer); len(p.calls) > 0; followed++ {
					got[k] += p.calls[0].Cluster
					p.answer(&answer)
				}
				x.done()
				got[k] += x.response.String() + string(x.record)
				if want := b.of(w); !strings.Contains(string(x.record)+`"branch":""`, `"branch":"`+want+`"`) || want == "" && strings.Count(string(x.record), `"branch"`) > 0 {
					t.Fatalf("seed %d: configuration %d, request %d: got %s, want the branch %q for %+v\n%s", seed, i, n, x.record, want, w, b.document)
				}
				branches[b.of(w)]++
			}
			if got[0] != got[1] {
				t.Fatalf("seed %d: configuration %d, request %d: got\n%s\nwith what was decided before, and without\n%s\n%s", seed, i, n, got[0], got[1], b.document)
			}
			if answer.First != "200" {
				failed++
			}
			if r.IntN(8) == 0 {
				pause := [...]time.Duration{time.Second, 10 * time.Second, 5 * time.Hour}[r.IntN(3)]
				remembers.tick(pause)
				forgets.tick(pause)
			}
		}
		if n := remembers.worker.Decided(); !cramped && n < 10 || n == 0 || n > requests/2 {
			t.Errorf("seed %d: configuration %d: got %d decisions that are remembered, want fewer than there were requests, and some", seed, i, n)
		}
	}
	if len(branches) < 4 || followed == 0 || failed == 0 { // what never happens proves nothing
		t.Errorf("seed %d: got the branches %v, %d requests that followed, %d that failed", seed, branches, followed, failed)
	}
}

// Callers of one name in two tenants, and callers and models that another configuration knows
// otherwise, have nothing of each other's decisions.
func TestDecisionsAreNobodyElses(t *testing.T) {
	t.Parallel()
	p := newProxy(t, twoTenants)
	ask := func(key, want string) {
		t.Helper()
		x := p.stream()
		x.request(signalled("", "same", cases.Header{Name: "x-api-key", Value: key}))
		if got := x.upstream; got == nil || got.Get("authorization") != "Bearer "+want {
			t.Errorf("%s: got %v, want a request with the key %s", key, got, want)
		}
		x.done()
	}
	for range 3 {
		ask("anna", "key-a")
		ask("bert", "key-b")
	}
	p.worker = newWorker(t, strings.NewReplacer("key-a", "key-x", "key-b", "key-y").Replace(twoTenants), p.Host).worker
	ask("anna", "key-x")
	ask("bert", "key-y")
}
