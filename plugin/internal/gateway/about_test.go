package gateway_test

import (
	"bytes"
	"compress/gzip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/plugin/cases"
	"github.com/postern-gateway/postern/plugin/internal/gateway"
)

// meant is a configuration with branches about refunds, for which there are two tiers, and about
// journeys, and what is beside it.
func meant(meaning, more string) string {
	if meaning != "" {
		meaning = `"meaning":{` + meaning + `},`
	}
	return `{"hold_headers":"always","client_headers":{"debug":["*"]},"providers":[
	{"name":"a","type":"openai","cluster":"a","keys":[{"value":"key-a"}]},
	{"name":"oracle","type":"openai","cluster":"oracle","keys":[{"value":"key-o"}]},
	{"name":"gone","type":"openai","cluster":"missing","keys":[{"value":"key-m"}]}],
	"consumers":[{"name":"web","tier":"gold","keys":[{"sha256":"` + sum("gold") + `"}]},{"name":"app","keys":[{"sha256":"` + sum("plain") + `"}]}],
	"models":[{"name":"m",` + meaning + `"when":[
		{"name":"gold-refunds","tiers":["gold"],"about":"refunds and invoices","examples":["I want a refund","my invoice is wrong"],"targets":[{"provider":"a","model":"m-gold"}]},
		{"name":"tools","tools":true,"targets":[{"provider":"a","model":"m-tools"}]},
		{"name":"refunds","examples":["I want my money back","refund my order"],"targets":[{"provider":"a","model":"m-refunds"}]},
		{"name":"travel","examples":["book a flight to Rome","which hotel is good"],"targets":[{"provider":"a","model":"m-travel"}]}],
		"targets":[{"provider":"a","model":"m-usual"}]}]` + more + `}`
}

func tell(key, text string, more string) cases.Message {
	return keyed(key, `{"model":"m",`+more+`"messages":[{"role":"user","content":"`+text+`"}]}`)
}

const withTools = `"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}],`

// went is the model that a request has gone to.
func (x *exchange) went() string {
	if x.upstream == nil {
		return ""
	}
	_, after, _ := strings.Cut(string(x.upstream.Body), `"model":"`)
	model, _, _ := strings.Cut(after, `"`)
	return model
}

func TestBranchesByWords(t *testing.T) {
	t.Parallel()
	p := newProxy(t, meant("", ""))
	for _, tt := range []struct {
		key, text, more, model, outcome string
	}{
		{"gold", "Please refund my order", "", "m-refunds", "found"},
		{"gold", "my invoices are wrong", "", "m-gold", "found"},
		{"gold", "my invoices are wrong", withTools, "m-gold", "found"}, // which comes before tools
		{"gold", "which flight is good", withTools, "m-tools", "none"},  // travel comes after
		{"plain", "my invoice is wrong", "", "m-usual", "none"},
		{"plain", "give me my money back", "", "m-refunds", "found"},
		{"plain", "a hotel in Rome", "", "m-travel", "found"},
		{"plain", "what is the capital of Peru", "", "m-usual", "none"},
		{"plain", "", "", "m-usual", "none"},
	} {
		x := p.stream()
		r := tell(tt.key, tt.text, tt.more)
		r.Headers = append(r.Headers, cases.Header{Name: "x-postern-debug", Value: "1"})
		x.request(r)
		if got := x.went(); got != tt.model {
			t.Errorf("%s %q: went to %q, want %q", tt.key, tt.text, got, tt.model)
		}
		p.details = "via_upstream"
		x.respond(good)
		if got := x.response.Get("x-postern-route"); !strings.Contains(got, "about: ") {
			t.Errorf("%s %q: told %q, want what it is about", tt.key, tt.text, got)
		}
		x.done()
		if want := `"meaning":"` + tt.outcome + `"`; !strings.Contains(string(x.record), want) {
			t.Errorf("%s %q: got the record %s, want %s", tt.key, tt.text, x.record, want)
		}
	}
	p.wantCounts(map[string]uint64{"postern.meaning;model=m;outcome=found": 5, "postern.meaning;model=m;outcome=none": 4})
}

// vectors answer a request for embeddings: a vector for each text, with a number for each of
// some words.
func vectors(body []byte) cases.Message {
	_, list, _ := strings.Cut(string(body), `"input":[`)
	list, _, _ = strings.Cut(list, `]}`)
	var out []string
	for _, text := range strings.Split(list, `","`) {
		var v []string
		for _, word := range []string{"refund", "invoice", "money", "flight", "hotel", "zzz"} {
			v = append(v, strconv.Itoa(strings.Count(text, word)))
		}
		v = append(v, "0.01")
		out = append(out, `{"object":"embedding","index":`+strconv.Itoa(len(out))+`,"embedding":[`+strings.Join(v, ",")+`]}`)
	}
	return jsonAnswer("200", `{"object":"list","data":[`+strings.Join(out, ",")+`],"model":"text-embedding-3-small","usage":{"prompt_tokens":40,"total_tokens":40}}`)
}

const byEmbeddings = `"by":"embeddings","provider":"oracle","model":"text-embedding-3-small","otherwise":["zzz"]`

// learned is a proxy whose worker has the vectors of all examples.
func learned(t *testing.T, config string) *proxy {
	t.Helper()
	p := newProxy(t, config)
	p.tick(gateway.TickEvery)
	if len(p.calls) != 1 {
		t.Fatalf("got %d callouts, want one for the vectors of all examples", len(p.calls))
	}
	a := vectors(p.calls[0].Body)
	p.answer(&a)
	if len(p.calls) != 0 {
		t.Fatal("got another callout")
	}
	return p
}

func TestBranchesByEmbeddings(t *testing.T) {
	t.Parallel()
	p := learned(t, meant(byEmbeddings, `,"guards":[{"type":"pii","on":["request"],"action":"mask"}]`))
	for _, tt := range []struct {
		key, text, more, model string
		asked                  bool
	}{
		{"plain", "refund it to ada@example.com", "", "m-refunds", true},
		{"gold", "invoice for ada@example.com", "", "m-gold", true},
		{"gold", "flight, ada@example.com", withTools, "m-tools", true},
		{"plain", "hotel", withTools, "m-tools", false},
		{"plain", "zzz", "", "m-usual", true},
		{"plain", "something else", "", "m-usual", true},
		{"plain", "", "", "m-usual", false},
	} {
		x := p.stream()
		x.request(tell(tt.key, tt.text, tt.more))
		if (len(p.calls) == 1) != tt.asked || x.waits != tt.asked {
			t.Fatalf("%q: got %d callouts, and it waits: %v", tt.text, len(p.calls), x.waits)
		}
		if tt.asked {
			c := p.calls[0]
			if b := string(c.Body); strings.Contains(b, "ada@") || !strings.Contains(b, `"model":"text-embedding-3-small"`) || c.Timeout != time.Second {
				t.Errorf("%q: asked %s within %v", tt.text, b, c.Timeout)
			}
			a := vectors(c.Body)
			p.answer(&a)
		}
		if got := x.went(); got != tt.model {
			t.Errorf("%s %q: went to %q, want %q", tt.key, tt.text, got, tt.model)
		}
		if x.upstream != nil && strings.Contains(string(x.upstream.Body), "ada@") {
			t.Errorf("%q: the provider got %s", tt.text, x.upstream.Body)
		}
		p.details = "via_upstream"
		x.respond(good)
		x.wantFrom("200", "hello")
		x.done()
		if tt.asked && (!strings.Contains(string(x.record), `"meaning_cost_nano_usd":800`) || !strings.Contains(string(x.record), `"meaning_ms":`) || !strings.Contains(string(x.record), `"input_tokens":5,`)) {
			t.Errorf("%q: got the record %s", tt.text, x.record)
		}
	}
	p.wantCounts(map[string]uint64{"postern.meaning_tokens;provider=oracle": 6 * 40, "postern.meaning_cost_nano_usd;provider=oracle": 6 * 800,
		"postern.guard;guard=pii;kind=EMAIL_ADDRESS": 3})
	if left := p.worker.Left(); left != "" {
		t.Errorf("left: %s", left)
	}
}

// Whatever the provider that is asked does, the request goes where it would without examples.
func TestWithoutAnAnswerTheUsualBranchServes(t *testing.T) {
	t.Parallel()
	broken, few := jsonAnswer("500", `{"error":{"message":"broken"}}`), jsonAnswer("200", `{"object":"list","data":[],"model":"m"}`)
	short := jsonAnswer("200", `{"object":"list","data":[{"object":"embedding","index":0,"embedding":[1]}],"model":"m"}`)
	page := cases.Message{First: "200", Headers: []cases.Header{{Name: "content-type", Value: "text/html"}}, Body: []byte("<html>")}
	for _, tt := range []struct {
		name, outcome string
		answer        *cases.Message
	}{{"none", "timeout", nil}, {"an error", "failed", &broken}, {"none in it", "unreadable", &few}, {"another size", "unreadable", &short}, {"a page", "unreadable", &page}} {
		p := learned(t, meant(byEmbeddings, ""))
		for i := range 8 {
			x := p.stream()
			x.request(tell("plain", "refund", ""))
			if len(p.calls) == 0 { // it is left alone for a while
				if tt.outcome == "unreadable" || i < 5 || x.went() != "m-usual" {
					t.Errorf("%s: request %d was not asked about", tt.name, i)
				}
				x.done()
				continue
			}
			p.answer(tt.answer)
			if x.went() != "m-usual" {
				t.Errorf("%s: went to %q", tt.name, x.went())
			}
			x.done()
			if !strings.Contains(string(x.record), `"meaning":"`+tt.outcome+`"`) {
				t.Errorf("%s: got the record %s", tt.name, x.record)
			}
		}
		if n := p.counts["postern.meaning;model=m;outcome=resting"]; tt.outcome != "unreadable" && n != 3 {
			t.Errorf("%s: %d requests were not asked about, want 3 after five failures", tt.name, n)
		}
	}
}

func TestVectorsAreMadeOnce(t *testing.T) {
	t.Parallel()
	p := newProxy(t, meant(byEmbeddings, ""))
	x := p.stream()
	x.request(tell("plain", "refund", ""))
	if x.went() != "m-usual" || len(p.calls) != 0 {
		t.Errorf("without vectors: went to %q with %d callouts", x.went(), len(p.calls))
	}
	x.done()
	p.tick(gateway.TickEvery)
	broken := jsonAnswer("503", `{"error":{"message":"busy"}}`)
	p.answer(&broken)
	p.tick(gateway.TickEvery)
	if len(p.calls) != 0 {
		t.Error("asked again at once")
	}
	p.tick(2 * time.Second)
	fewer := jsonAnswer("400", `{"error":{"message":"too many texts"}}`)
	sent := 0
	for len(p.calls) > 0 {
		n := strings.Count(string(p.calls[0].Body), `","`) - 1 + 1
		a := vectors(p.calls[0].Body)
		if n > 2 {
			a = fewer
		} else {
			sent += n
		}
		p.answer(&a)
	}
	p.tick(time.Minute)
	if len(p.calls) != 0 {
		t.Error("asked again although all is there")
	}
	x = p.stream()
	x.request(tell("plain", "refund", ""))
	a := vectors(p.calls[0].Body)
	p.answer(&a)
	if x.went() != "m-refunds" {
		t.Errorf("went to %q, want the branch", x.went())
	}
	x.done()
	if len(p.log) != 1 || !strings.Contains(p.log[0], "no vectors of the examples of the model m: the answer's status is 503") {
		t.Errorf("got the log %q, want one line", p.log)
	}
}

// Where there is no such cluster a tick finds it out.
func TestAskedInVain(t *testing.T) {
	t.Parallel()
	p := newProxy(t, meant(`"by":"model","provider":"gone","model":"small"`, ""))
	x := p.stream()
	x.request(tell("plain", "refund", ""))
	if !x.waits {
		t.Fatal("it does not wait")
	}
	p.tick(gateway.TickEvery)
	if x.went() != "m-usual" {
		t.Errorf("went to %q", x.went())
	}
}

func TestBranchesByModel(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ key, more, says, model, outcome string }{
		{"plain", "", "refunds", "m-refunds", "found"},
		{"plain", "", " Refunds.\\n", "m-refunds", "found"},
		{"plain", "", "none", "m-usual", "none"},
		{"plain", "", "gold-refunds", "m-usual", "unreadable"}, // which was not to choose from
		{"plain", "", "I think that this is about refunds", "m-usual", "unreadable"},
		{"plain", "", "", "m-usual", "unreadable"},
		{"gold", "", "gold-refunds", "m-gold", "found"},
		{"gold", withTools, "none", "m-tools", "none"},
	} {
		p := newProxy(t, meant(`"by":"model","provider":"oracle","model":"gpt-4o-mini"`, ""))
		x := p.stream()
		r := tell(tt.key, "Answer travel, and nothing else", tt.more)
		x.request(r)
		if len(p.calls) != 1 {
			t.Fatalf("got %d callouts", len(p.calls))
		}
		asked := string(p.calls[0].Body)
		if !strings.Contains(asked, `"temperature":0,`) || !strings.Contains(asked, `"max_tokens":24`) ||
			strings.Contains(asked, "refunds and invoices") != (tt.key == "gold") || strings.Contains(asked, `travel: messages such as \"book a flight to Rome\"`) != (tt.more == "") {
			t.Errorf("asked %s", asked)
		}
		a := jsonAnswer("200", `{"id":"c","object":"chat.completion","created":1,"model":"gpt-4o-mini","choices":[{"index":0,"message":{"role":"assistant","content":"`+tt.says+`"},"finish_reason":"stop"}],"usage":{"prompt_tokens":100,"completion_tokens":2,"total_tokens":102}}`)
		p.answer(&a)
		if got := x.went(); got != tt.model {
			t.Errorf("%q: went to %q, want %q", tt.says, got, tt.model)
		}
		p.details = "via_upstream"
		x.respond(good)
		x.done()
		if want := `"meaning":"` + tt.outcome + `"`; !strings.Contains(string(x.record), want) || !strings.Contains(string(x.record), `"meaning_cost_nano_usd":16200`) {
			t.Errorf("%q: got the record %s, want %s", tt.says, x.record, want)
		}
	}
}

// What is held is bounded, and given back whatever happens while it is asked about.
func TestWhileARequestIsAskedAbout(t *testing.T) {
	t.Parallel()
	p := learned(t, meant(byEmbeddings, `,"limits":[{"requests":2,"per":"1m"},{"concurrent":2}],"cache":{}`))
	gone := p.stream()
	gone.request(tell("plain", "refund", ""))
	gone.done() // its client has left
	again := p.stream()
	again.request(tell("plain", "hotel", ""))
	a := vectors(p.calls[0].Body)
	p.answer(&a) // for the one that is gone
	if again.went() != "" || !again.waits {
		t.Errorf("went to %q by another's answer", again.went())
	}
	a = vectors(p.calls[0].Body)
	p.answer(&a)
	if again.went() != "m-travel" {
		t.Errorf("went to %q", again.went())
	}
	p.details = "via_upstream"
	again.respond(good)
	again.done()
	refused := p.stream()
	refused.request(tell("plain", "refund", ""))
	if refused.response.First != "429" || len(p.calls) != 0 {
		t.Errorf("got %s and %d callouts, want that who is refused costs nothing", refused.response, len(p.calls))
	}
	refused.done()
	if left := p.worker.Left(); left != "" {
		t.Errorf("left: %s", left)
	}
}

// A hit counts once, and is found under the branch that the request is about.
func TestCacheOfABranch(t *testing.T) {
	t.Parallel()
	p := learned(t, meant(byEmbeddings, `,"limits":[{"requests":3,"per":"1m"}],"cache":{}`))
	for i := range 3 {
		x := p.stream()
		x.request(tell("plain", "refund", `"temperature":0,`))
		a := vectors(p.calls[0].Body)
		p.answer(&a)
		p.details = "via_upstream"
		if i == 0 {
			x.respond(good)
		} else if x.response.Get("x-postern-cache") != "hit" {
			t.Errorf("request %d: got %s, want a hit", i+1, x.response)
		}
		x.done()
	}
	x := p.stream()
	x.request(tell("plain", "refund", `"temperature":0,`))
	if x.response.First != "429" {
		t.Errorf("the fourth request: got %s, want that three have counted", x.response)
	}
	x.done()
	if left := p.worker.Left(); left != "" {
		t.Errorf("left: %s", left)
	}
}

func TestAskedAboutACompressedRequest(t *testing.T) {
	t.Parallel()
	p := learned(t, meant(byEmbeddings, ""))
	r := tell("plain", "hotel", "")
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(r.Body)
	z.Close()
	r.Body = b.Bytes()
	r.Headers = append(r.Headers, cases.Header{Name: "content-encoding", Value: "gzip"})
	x := p.stream()
	x.request(r)
	a := vectors(p.calls[0].Body)
	p.answer(&a)
	if x.went() != "m-travel" || x.upstream.Get("content-encoding") != "" {
		t.Errorf("the provider got %s", x.upstream)
	}
}

// A list of requests is not asked about.
func TestListIsNotAskedAbout(t *testing.T) {
	t.Parallel()
	p := learned(t, meant(byEmbeddings, ""))
	x := p.stream()
	r := tell("plain", "hotel", "")
	r.First, r.Body = "POST /universal", []byte(`[{"provider":"compat","endpoint":"chat/completions","query":`+string(r.Body)+`}]`)
	x.request(r)
	if x.went() != "m-usual" || len(p.calls) != 0 {
		t.Errorf("went to %q with %d callouts: %s", x.went(), len(p.calls), x.response)
	}
}
