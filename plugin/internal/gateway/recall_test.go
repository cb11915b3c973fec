package gateway_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/postern-gateway/postern/plugin/cases"
	"github.com/postern-gateway/postern/plugin/internal/gateway"
)

// recallModels have one target, several, branches by what is asked, and targets that are chosen by it.
const recallModels = `"models":[
{"name":"m","targets":[{"provider":"openai","model":"gpt-4o-mini"}]},
{"name":"other","targets":[{"provider":"openai","model":"gpt-4o"}]},
{"name":"c","targets":[{"provider":"claude","model":"claude-sonnet-4-5"}]},
{"name":"group","strategy":"priority","targets":[{"provider":"openai","model":"gpt-4o"},{"provider":"openai","model":"gpt-4o-mini"}],"fallback":[{"provider":"openai","model":"gpt-4.1"}]},
{"name":"sticky","sticky":"conversation","targets":[{"provider":"openai","model":"gpt-4o"},{"provider":"claude","model":"claude-sonnet-4-5"}]},
{"name":"cheap","strategy":"cheapest","targets":[{"provider":"claude","model":"claude-sonnet-4-5"},{"provider":"openai","model":"gpt-4o-mini"}]},
{"name":"branches","when":[{"name":"hello","text":["*Hi*"],"targets":[{"provider":"openai","model":"gpt-4o"}],"cache":{"ttl":"10s"}}],"targets":[{"provider":"openai","model":"gpt-4o"}]}],
"tenants":[{"name":"acme"},{"name":"other","models":[{"name":"m","when":[{"name":"theirs","text":["*Hi*"],"targets":[{"provider":"openai","model":"gpt-4o-mini"}]}],"targets":[{"provider":"openai","model":"gpt-4o-mini"}]}]}]`

// recallLimit is that of one caller.
const recallLimit = `,"limits":[{"requests":4,"per":"1m"}]`

// recallCallers are two consumers of a tenant, one of another, one who may ask for one model only, and one
// whose tier has a limit.
var recallCallers = `,"consumers":[` + strings.Join([]string{
	`{"name":"a","tenant":"acme","privileged":["cache-key"],"keys":[{"sha256":"` + sum("client-a") + `"}]}`,
	`{"name":"b","tenant":"acme","keys":[{"sha256":"` + sum("client-b") + `"}]}`,
	`{"name":"a","tenant":"other","keys":[{"sha256":"` + sum("client-c") + `"}]}`,
	`{"name":"d","models":["other","m"],"keys":[{"sha256":"` + sum("client-d") + `"}]}`,
	`{"name":"e","tenant":"acme"` + recallLimit + `,"keys":[{"sha256":"` + sum("client-e") + `"}]}`,
}, ",") + `],"client_headers":{"narrow":["cache-ttl","skip-cache","metadata","session-id"],"debug":["*"]},"admin":{"keys":[{"sha256":"` + sum("admin-key") + `"}]}`

// recallConfigs are caches beside all that reads requests.
func recallConfigs() map[string]string {
	free := func(config string) string { return strings.Replace(config, recallLimit, "", 1) }
	with := func(cache, more string) string {
		return `{"hold_headers":"always","providers":[{"name":"openai","type":"openai","cluster":"openai","keys":[{"env":"OPENAI_API_KEY"}]},{"name":"claude","type":"anthropic","cluster":"claude","keys":[{"env":"ANTHROPIC_API_KEY"}]}],` +
			recallModels + `,"cache":` + cache + recallCallers + more + `}`
	}
	const usual = `{"ttl":"30s","key":["user","header:x-lang","metadata:team"],"models":[{"models":["other"],"ttl":"1m"}]}`
	return map[string]string{
		"usual":         free(with(usual, "")),
		"one's limits":  with(usual, ""),
		"by consumer":   free(with(`{"scope":"consumer","ttl":"30s"}`, "")),
		"shared":        free(with(`{"scope":"shared","ttl":"30s","namespace":"n"}`, "")),
		"stale":         free(with(`{"ttl":"10s","stale_while_revalidate":"20s","stale_if_error":"40s"}`, "")),
		"coalescing":    free(with(`{"ttl":"30s","coalesce":{"streams":true}}`, "")),
		"similar":       free(with(`{"ttl":"30s","similar":{}}`, "")),
		"uncounted":     free(with(`{"ttl":"30s","count_hits":false,"tools":true,"max_temperature":0.5}`, "")),
		"shadow":        with(`{"ttl":"30s","mode":"shadow"}`, ""),
		"guards":        free(with(usual, `,"guards":[{"type":"pii"}]`)),
		"access rules":  free(with(usual, `,"access":[{"name":"no-tools","effect":"deny","when":{"consumers":["b"],"tools":["*"]}},{"name":"few","effect":"cap","max_tokens":20,"when":{"consumers":["*"]}}]`)),
		"limits":        with(usual, `,"limits":[{"key":["consumer","model"],"requests":5,"per":"1m"},{"key":["provider"],"tokens":3000,"per":"1m"}]`),
		"by provider":   with(usual, `,"limits":[{"key":["provider"],"requests":12,"per":"1m"}]`),
		"two stores":    free(with(`{"ttl":"10s","stale_while_revalidate":"60s","store":{"memory":{},"redis":{"cluster":"redis"}}}`, "")),
		"clients' keys": strings.Replace(free(with(`{"scope":"shared","ttl":"30s"}`, "")), `"keys":[{"env":"OPENAI_API_KEY"}]`, `"keys":[{"passthrough":true}]`, 1),
	}
}

// recallAsks are requests in all dialects, good and bad.
func recallAsks() []cases.Message {
	var list []cases.Message
	for _, model := range []string{"m", "other", "c", "group", "sticky", "cheap", "branches", "openai/m", "nobody's"} {
		for _, more := range []string{"", `,"stream":true`, `,"user":"u"`} {
			list = append(list, chatAsk(chatBody(model, more)))
		}
	}
	for _, more := range []string{`,"stream":true,"stream_options":{"include_usage":true}`, `,"temperature":0.7`, `,"store":false`, `,"n":2`, `,"tools":[{"type":"function","function":{"name":"f"}}]`,
		`,"user":"v","stream":true`, `,"model":"other"`, `,"stream":"yes"`, `,"metadata":{"a":"b"}`} {
		list = append(list, chatAsk(chatBody("m", more)))
	}
	const says = `"messages":[{"role":"user","content":"Hi"}]`
	for _, model := range []string{"m", "c"} {
		for _, more := range []string{"", `,"stream":true`} {
			list = append(list,
				post("/v1/messages", `{"model":"`+model+`","max_tokens":50,`+says+more+`}`, "anthropic-version", "2023-06-01"),
				post("/v1/responses", `{"model":"`+model+`","input":"Hi"`+more+`}`),
				post("/v1/responses", `{"model":"`+model+`","input":"Hi","store":false,"instructions":"Be brief"`+more+`}`),
				post("/v1/completions", `{"model":"`+model+`","prompt":"Hi"`+more+`}`),
				post("/api/chat", `{"model":"`+model+`",`+says+strings.Replace(more, "true", "false", 1)+`}`),
				post("/api/generate", `{"model":"`+model+`","prompt":"Hi"`+more+`}`),
				post("/v2/chat", `{"model":"`+model+`",`+says+more+`}`))
		}
		const contents = `{"contents":[{"role":"user","parts":[{"text":"Hi"}]}]}`
		list = append(list,
			post("/v1beta/models/"+model+":generateContent", contents),
			post("/v1beta/models/"+model+":streamGenerateContent?alt=sse", contents),
			post("/v1beta/models/"+model+":streamGenerateContent", contents),
			post("/model/"+model+"/converse", `{"messages":[{"role":"user","content":[{"text":"Hi"}]}]}`),
			post("/model/"+model+"/converse-stream", `{"messages":[{"role":"user","content":[{"text":"Hi"}]}]}`))
	}
	return append(list, post("/openai/v1/chat/completions", chatBody("m", "")), chatAsk(`{"model":"m",`), chatAsk(`{"model":"m","messages":[]}`),
		chatAsk(`{"model":"m","messages":[{"role":"user","content":"`+strings.Repeat("long ", 3000)+`"}]}`))
}

// answerTo is what a provider says to a request, whose number is in it.
func answerTo(m *cases.Message, n int) cases.Message {
	text := fmt.Sprintf("answer %d", n)
	streams := strings.Contains(string(m.Body), `"stream":true`)
	switch {
	case strings.HasPrefix(m.First, "POST /v1/messages") && streams:
		return cases.Message{First: "200", Headers: []cases.Header{{Name: "content-type", Value: "text/event-stream"}}, Body: []byte(`event: message_start
data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[],"usage":{"input_tokens":9,"output_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"` + text + `"}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}}

event: message_stop
data: {"type":"message_stop"}

`)}
	case strings.HasPrefix(m.First, "POST /v1/messages"):
		return jsonAnswer("200", `{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[{"type":"text","text":"`+text+`"}],"stop_reason":"end_turn","usage":{"input_tokens":9,"output_tokens":2}}`)
	case strings.HasPrefix(m.First, "POST /v1/chat/completions") && streams:
		return events(`{"id":"c","model":"gpt-4o-mini","choices":[{"index":0,"delta":{"role":"assistant","content":"`+text+`"}}]}`,
			`{"id":"c","model":"gpt-4o-mini","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`, `{"id":"c","model":"gpt-4o-mini","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}`, "[DONE]")
	case strings.HasPrefix(m.First, "POST /v1/chat/completions"):
		return says(text)
	}
	return cases.Message{First: "503", Headers: []cases.Header{{Name: "content-type", Value: "application/json"}}, Body: []byte(`{"error":{"message":"no"}}`)}
}

// recallAsk is one of some requests, of somebody, with headers.
func recallAsk(random *rand.Rand, pool []cases.Message) cases.Message {
	keys := []string{"client-a", "client-b", "client-c", "client-d", "client-e", "nobody"}
	heads := [][]string{nil, nil, nil, nil, {"cache-control", "no-cache"}, {"cache-control", "no-store"}, {"cache-control", "max-age=5"}, {"x-lang", "en"}, {"x-lang", "de"}, {"x-lang", "fr"}, {"x-postern-metadata", `{"team":"t"}`},
		{"x-postern-cache-key", "k"}, {"x-postern-cache-key", "l"}, {"x-postern-cache-ttl", "5"}, {"x-postern-skip-cache", "true"}, {"x-postern-debug", "true"}, {"anthropic-beta", "b"}, {"anthropic-beta", "c"}}
	ask := pool[random.IntN(len(pool))]
	ask.Headers = append(slices.Clone(ask.Headers), cases.Header{Name: "x-request-id"},
		cases.Header{Name: "authorization", Value: "Bearer " + keys[random.IntN(1+random.IntN(len(keys)))]})
	if h := heads[random.IntN(len(heads))]; h != nil {
		ask.Headers = append(ask.Headers, cases.Header{Name: h[0], Value: h[1]})
	}
	return ask
}

// TestRecallChangesNothing has the same happen to a worker that remembers what it has read, and what has
// come of it, and to one that does not: all that clients, providers, logs, metrics, reports and the cache get is the
// same.
func TestRecallChangesNothing(t *testing.T) {
	t.Parallel()
	asks := recallAsks()
	const few = 6
	for name, config := range recallConfigs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			recalled, repeated, hits := 0, 0, 0
			for seed := range uint64(1 + (len(asks)+few-1)/few) {
				random := rand.New(rand.NewPCG(seed, 7))
				pair := [2]*proxy{newProxy(t, config), newProxy(t, config)}
				pair[1].worker.Forget()
				pool := asks
				if seed > 0 { // so that they come again and again
					pool = asks[(seed-1)*few : min(seed*few, uint64(len(asks)))]
				}
				var ask cases.Message
				for n, again := 0, 0; n < 150; n, again = n+1, again-1 {
					passes := time.Duration(random.IntN(10)/9) * 250 * time.Millisecond
					if again <= 0 { // another, and later
						ask, again = recallAsk(random, pool), random.IntN(7)
						passes = time.Duration(random.IntN(3)*random.IntN(3)*random.IntN(5)) * time.Second
					}
					if i := slices.IndexFunc(ask.Headers, func(h cases.Header) bool { return h.Name == "x-request-id" }); i >= 0 {
						ask.Headers[i].Value = fmt.Sprintf("%010d", random.Uint32())
					}
					purges, fails := random.IntN(80) == 0, random.IntN(20) == 0
					lasts := time.Duration(random.IntN(3)*random.IntN(40)) * time.Millisecond
					var got [2]string
					var repeats [2]bool
					for i, p := range pair {
						p.still, p.random, p.lent = true, uint64(n)<<20|uint64(1+n%7), slices.Grow(p.lent, 64<<10)
						p.tick(passes)
						if purges {
							x := p.exchange(post("/postern/cache/purge", `{"tenant":"acme"}`, "authorization", "Bearer admin-key"), says(""))
							got[i] += fmt.Sprintf("purged %s\n", x.response.Body)
						}
						var what string
						what, repeats[i] = p.play(ask, n, lasts, fails)
						got[i] += what
					}
					if got[0] != got[1] {
						t.Fatalf("seed %d, request %d, %s %s %v, repeats %v:\nremembering\n%s\nforgetting\n%s", seed, n, ask.First, ask.Body, ask.Headers, repeats[0], got[0], got[1])
					}
					if !strings.Contains(got[0], "x-postern-cache: hit") {
						continue
					}
					hits++
					switch {
					case repeats[0]:
						repeated++
					case pair[0].worker.Unread():
						recalled++
					}
					if repeats[1] || pair[1].worker.Unread() {
						t.Fatal("a worker that forgets has not read a request")
					}
				}
				for _, p := range pair {
					p.tick(gateway.GlanceEvery)
				}
				if !maps.Equal(pair[0].counts, pair[1].counts) {
					t.Errorf("seed %d: metrics: got %v, want %v", seed, pair[0].counts, pair[1].counts)
				}
				var reports [2]string
				for i, p := range pair {
					p.calls = nil
					x := p.exchange(cases.Message{First: "GET /postern/usage?by=consumer,tenant,tier,model,provider,operation,tag", Headers: []cases.Header{{Name: "authorization", Value: "Bearer admin-key"}}}, says(""))
					reports[i] = string(x.response.Body)
				}
				if reports[0] != reports[1] || !strings.Contains(reports[0], `"consumer":`) {
					t.Errorf("seed %d: usage: got %s, want %s", seed, reports[0], reports[1])
				}
				switch name {
				case "limits", "by provider", "stale", "two stores": // an entry that is recalled and not given is looked for again, which counts
				default:
					if !reflect.DeepEqual(pair[0].Host, pair[1].Host) {
						t.Errorf("seed %d: what the proxy keeps for the workers is not the same", seed)
					}
				}
			}
			switch name {
			case "guards", "access rules", "shadow":
				if recalled+repeated > 0 {
					t.Errorf("%d requests were not read", recalled+repeated)
				}
			default:
				if recalled < hits/10 || hits < 50 {
					t.Errorf("%d of %d hits were recalled, too few to show anything", recalled, hits)
				}
			}
			switch name {
			case "guards", "access rules", "shadow", "limits", "by provider", "one's limits", "two stores":
				if repeated > 0 {
					t.Errorf("%d requests were answered as others", repeated)
				}
			default:
				if repeated < hits/10 {
					t.Errorf("%d of %d hits were repeated, too few to show anything", repeated, hits)
				}
			}
		})
	}
}

// play has a request answered, and says all that came of it. All requests are in the same memory, one
// after the other, as in a proxy's buffers.
func (p *proxy) play(ask cases.Message, n int, lasts time.Duration, fails bool) (what string, repeats bool) {
	x := p.stream()
	h := requestHeaders(ask)
	p.lent = p.lent[:0]
	lend := func(b []byte) []byte {
		p.lent = append(p.lent, b...)
		return p.lent[len(p.lent)-len(b):]
	}
	for i := range h {
		v := lend([]byte(h[i].Value))
		h[i].Value = unsafe.String(unsafe.SliceData(v), len(v))
	}
	ask.Body = lend(ask.Body)
	x.send(h, ask, n%3*20)
	if !x.answered && x.upstream != nil {
		p.details = "via_upstream"
		answer := answerTo(x.upstream, n)
		if fails {
			answer = cases.Message{First: "503"}
		}
		x.respond(answer, 40)
	}
	p.now += int64(lasts)
	repeats = x.gw.(*gateway.Stream).Repeats()
	x.done()
	for len(p.calls) > 0 {
		c := calloutMessage(p.calls[0])
		answer := answerTo(&c, n)
		p.answer(&answer)
	}
	var b strings.Builder
	if x.upstream != nil {
		fmt.Fprintf(&b, "upstream %s %v\n%s\n", x.upstream.First, x.upstream.Headers, x.upstream.Body)
	}
	fmt.Fprintln(&b, x.response.First)
	for _, h := range x.response.Headers {
		fmt.Fprintf(&b, "%s: %s\n", h.Name, h.Value)
	}
	fmt.Fprintf(&b, "%s\n", x.response.Body)
	for _, k := range slices.Sorted(maps.Keys(x.told)) {
		fmt.Fprintf(&b, "%s=%s\n", k, x.told[k])
	}
	return b.String(), repeats
}
