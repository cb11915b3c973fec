// Command microbench times what the built module itself takes, in the simulator on
// wazero: below about 30 µs the CPU time of a proxy's process cannot resolve a
// difference. A figure is the operation less what the simulator needs for the same
// with a request that the module passes untouched.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/postern-gateway/postern/hostsim"
)

const configuration = `{"hold_headers":"always","providers":[
	{"name":"openai","type":"openai","cluster":"mock","keys":[{"value":"sk-mock"}]},
	{"name":"anthropic","type":"anthropic","cluster":"mock","keys":[{"value":"sk-mock"}]}]}`

func main() {
	module := flag.String("module", "build/postern.wasm", "the `file` of the module")
	out := flag.String("out", "build/microbench.json", "`file` for the results")
	rounds := flag.Int("rounds", 5, "rounds to take medians of")
	only := flag.Bool("pairs-only", false, "measure the pairs of dialects and providers alone")
	match := flag.String("match", "", "measure nothing but the operations whose names contain this `text`, and what they are compared with")
	order := flag.String("order", "", "instead: write to this `file` the names of the functions that requests call, of a module that has them")
	profile := flag.String("profile", "", "instead: write to this `file` a profile for Go's compiler, of a module that has names and was made without one")
	flag.Parse()
	var err error
	switch {
	case *order != "":
		err = writeOrder(*module, *order)
	case *profile != "":
		err = writeProfile(*module, *profile)
	default:
		err = run(*module, *out, *match, *rounds, *only)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "microbench:", err)
		os.Exit(1)
	}
}

// A result is a line of the report.
type result struct {
	Name  string  `json:"name"`
	Nanos float64 `json:"ns_op"`
}

func run(module, out, match string, rounds int, only bool) error {
	wasm, err := os.ReadFile(module)
	if err != nil {
		return err
	}
	compiled, err := hostsim.Compile(context.Background(), wasm)
	if err != nil {
		return err
	}
	defer compiled.Close(context.Background())
	usual := operations()
	if only {
		usual = nil
	}
	all, untouched, err := everyPair(compiled)
	if err != nil {
		return err
	}
	if match != "" {
		usual, all, untouched = matching(usual, match), nil, nil
	}
	samples := map[string][]float64{}
	measure := func(o operation, least time.Duration) error {
		ns, err := o.measure(compiled, least)
		if err != nil {
			return fmt.Errorf("%s: %w", o.name, err)
		}
		samples[o.name] = append(samples[o.name], ns)
		return nil
	}
	for range rounds {
		for _, o := range usual {
			if err := measure(o, 300*time.Millisecond); err != nil {
				return err
			}
		}
		ofPairs := slices.Clone(untouched)
		for _, p := range all {
			ofPairs = append(ofPairs, p.whole, p.stream)
		}
		for _, o := range ofPairs {
			if err := measure(o, 100*time.Millisecond); err != nil {
				return err
			}
		}
	}
	nanos := func(o operation) float64 {
		ns := median(samples[o.name])
		if o.less != "" {
			ns -= median(samples[o.less])
		}
		return ns / float64(o.per)
	}
	var results []result
	for _, o := range usual {
		ns := nanos(o)
		results = append(results, result{o.name, ns})
		fmt.Printf("%-46s %9.2f µs\n", o.name, ns/1000)
	}
	if !only && match == "" {
		callers, err := callersOf(compiled, rounds)
		if err != nil {
			return err
		}
		results = append(results, callers...)
	}
	more, over := printPairs(all, nanos)
	results = append(results, more...)
	fmt.Printf("%d figures of translations are more than %d × the passthrough's\n", over, maxRatio)
	b, err := json.MarshalIndent(results, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(out, append(b, '\n'), 0o644)
}

// matching are the operations whose names contain a text, and those that they are compared with.
func matching(all []operation, text string) []operation {
	wanted := map[string]bool{}
	for range len(all) {
		for _, o := range all {
			if strings.Contains(o.name, text) || wanted[o.name] {
				wanted[o.name], wanted[o.less] = true, true
			}
		}
	}
	return slices.DeleteFunc(all, func(o operation) bool { return !wanted[o.name] })
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// An operation is a request that is sent again and again.
type operation struct {
	name     string
	path     string
	body     string
	response hostsim.Response
	less     string // the operation whose time is not the module's
	per      int    // how many things of the name's kind a request has

	configuration string // empty: the usual one
}

const events = 100

func operations() []operation {
	chat := `{"model":"gpt-4o","messages":[{"role":"user","content":"` + strings.Repeat("The quick brown fox jumps. ", 36) + `"}],"temperature":0.7,"max_tokens":512}`
	large := `{"model":"gpt-4o","messages":[{"role":"user","content":"` + strings.Repeat("The quick brown fox jumps. ", 2400) + `"}],"max_tokens":512}`
	claude := strings.Replace(chat, "gpt-4o", "anthropic/claude-sonnet-4-5", 1)
	twoKB := strings.Replace(chat, strings.Repeat("The quick brown fox jumps. ", 36), prose, 1)
	personal := strings.Replace(twoKB, "committee", "jane.doe@example.com, card 4111 1111 1111 1111, tel. +1 415 555 0132, committee", 1)
	stream := func(body string) string { return `{"stream":true,"stream_options":{"include_usage":true},` + body[1:] }
	const foreign, path = "/another/application", "/v1/chat/completions"
	return []operation{
		{"a request that passes untouched, simulator included", foreign, chat, openAIAnswer(), "", 1, ""},
		{"the same with 64 KB", foreign, large, openAIAnswer(), "", 1, ""},
		{"the same with a stream", foreign, chat, openAIStream(), "", 1, ""},
		{"the same with a stream of Anthropic's", foreign, chat, anthropicStream(), "", 1, ""},
		{"chat, 1 KB", path, chat, openAIAnswer(), "a request that passes untouched, simulator included", 1, ""},
		{"chat, 64 KB prompt", path, large, openAIAnswer(), "the same with 64 KB", 1, ""},
		{"chat, 1 KB, OpenAI to Anthropic", path, claude, anthropicAnswer(), "a request that passes untouched, simulator included", 1, ""},
		{"a key and four limits out of 20, of a chat", path, chat, openAIAnswer(), "chat, 1 KB", 1, limited(fourKeys)},
		{"a key and four limits out of 20, one by the caller's address", path, chat, openAIAnswer(), "chat, 1 KB", 1, limited(andAddress)},
		{"a key and four limits out of 20 by one key, of a chat", path, chat, openAIAnswer(), "chat, 1 KB", 1, limited(oneKey)},
		{"the key alone", path, chat, openAIAnswer(), "chat, 1 KB", 1, limited(nil)},
		{"a key and four access rules out of 1,000, of a chat", path, chat, openAIAnswer(), "chat, 1 KB", 1, consumers(1000)},
		{"two targets, of a chat", path, chat, openAIAnswer(), "the key alone", 1, routes(0, nil, "")},
		{"more for 1,000 models, 10,000 consumers, 4 branches", path, chat, openAIAnswer(), "two targets, of a chat", 1, routes(10_000, headerBranches, "")},
		{"more for branches by images and texts", path, chat, openAIAnswer(), "two targets, of a chat", 1, routes(0, contentBranches, "")},
		{"more for a fallback that is not needed", path, chat, openAIAnswer(), "two targets, of a chat", 1, routes(0, nil, `,"fallback":[{"provider":"anthropic","model":"claude-sonnet-4-5"}],"first_token":"10s"`)},
		{"a hit of 2 KB in the cache", path, chat, answered(2<<10, "stop"), "a request that passes untouched, simulator included", 1, cached},
		{"a hit of 2 KB as a stream", path, stream(chat), answered(2<<10, "stop"), "the same with a stream", 1, cached},
		{"16 embeddings of 256 numbers that are there", "/v1/embeddings", inputs(16), vectors(16), "a request that passes untouched, simulator included", 1, cached},
		{"a chat whose answer has 5 KB", path, chat, answered(5<<10, "stop"), "a request that passes untouched, simulator included", 1, ""},
		{keyAlone, path, chat, answered(5<<10, "stop"), "a chat whose answer has 5 KB", 1, small},
		{keyAlone + ", of a chat that is new", path, chat, answered(5<<10, "stop"), "a chat whose answer has 5 KB", 1, small},
		{"a miss that is not kept, beyond the chat", path, chat, answered(490, "length"), "chat, 1 KB", 1, cached},
		{"a miss that is kept, of a chat that is new", path, chat, openAIAnswer(), "chat, 1 KB", 1, cached},
		{"the same with a 64 KB prompt", path, large, answered(490, "length"), "chat, 64 KB prompt", 1, cached},
		{"a question, which is a miss", path, asked("Could you please tell me how I can change the email address of my account?"), answered(490, "length"), "a request that passes untouched, simulator included", 1, cached},
		{"more for looking for a similar one", path, asked("Could you please tell me how I can change the email address of my account?"), answered(490, "length"), "a question, which is a miss", 1, resembling},
		{similarHit, path, asked("Could you please tell me how I can change the email address of my account?"), answered(2<<10, "stop"), "a request that passes untouched, simulator included", 1, resembling},
		{"chat, 2 KB both ways", path, twoKB, answered(2<<10, "stop"), "a request that passes untouched, simulator included", 1, ""},
		{"redaction both ways and the injection guard, of that", path, twoKB, answered(2<<10, "stop"), "chat, 2 KB both ways", 1, guarded(`{"type":"pii"},{"type":"injection"}`)},
		{"redaction both ways alone", path, twoKB, answered(2<<10, "stop"), "chat, 2 KB both ways", 1, guarded(`{"type":"pii"}`)},
		{"the same with three values, put back", path, personal, answeredBy("Mail EMAIL_ADDRESS_1 or <EMAIL_ADDRESS_1>, <PHONE_NUMBER_1>. "), "chat, 2 KB both ways", 1, guarded(`{"type":"pii"}`)},
		{"redaction of a 64 KB prompt", path, large, openAIAnswer(), "chat, 64 KB prompt", 1, guarded(`{"type":"pii"}`)},
		{"the same with 10,000 own words", path, large, openAIAnswer(), "chat, 64 KB prompt", 1, guarded(`{"type":"pii","terms":[{"entity":"PROJECT","words":[` + words(10_000) + `]}]}`)},
		{"a batch of 100 requests that passes", "/v1/messages/batches", batched(twoKB), openAIAnswer(), "", 1, ""},
		{"redaction and the injection guard, of 2 KB in a batch", "/v1/messages/batches", batched(twoKB), openAIAnswer(), "a batch of 100 requests that passes", 100, guarded(`{"type":"pii"},{"type":"injection"}`)},
		{"event of a stream with redaction, beyond one that passes", path, stream(chat), openAIStream(), "event of a stream that passes", events, guarded(`{"type":"pii"}`)},
		{"event of a stream that passes", path, stream(chat), openAIStream(), "the same with a stream", events, ""},
		{"event of a stream, OpenAI to Anthropic", path, stream(claude), anthropicStream(), "the same with a stream of Anthropic's", events, ""},
	}
}

// guarded is the usual configuration with guards.
func guarded(list string) string {
	return strings.TrimSuffix(configuration, "}") + `,"guards":[` + list + `]}`
}

// batched is a batch of a hundred requests.
func batched(request string) string {
	return `{"requests":[` + strings.TrimSuffix(strings.Repeat(`{"custom_id":"a","params":`+request+`},`, 100), ",") + `]}`
}

// words are as many that nobody has written, but as pronounceable as names of products.
func words(n int) string {
	var list []string
	for i := range n {
		w := ""
		for rest := i; len(w) < 4 || rest > 0; rest /= 17 {
			w += string("bcdfghklmnprstvwz"[rest%17]) + string("aeiouy"[rest/3%6])
		}
		list = append(list, `"`+w+[...]string{"", "ex", " Two", "-3"}[i%4]+`"`)
	}
	return strings.Join(list, ",")
}

// prose is 2 KB of it, without anything to find.
var prose = strings.Repeat("The committee met in the afternoon to talk about the new library, which is to be built beside the river. Some of its members had doubts about the ground, "+
	"others about the cost; everybody agreed that the town needs a quiet place with light, books and a few good chairs. Who will look after it, asked the oldest of "+
	"them, and nobody had an answer. After a while the architect showed drawings of a long, low house with a garden on its roof. ", 5)[:2048]

// cached is the usual configuration with a cache.
var cached = strings.TrimSuffix(configuration, "}") + `,"cache":{}}`

// resembling is the same with a cache that knows similar questions.
var resembling = strings.TrimSuffix(configuration, "}") + `,"cache":{"similar":{}}}`

// similarHit is answered with what another question has got, which comes first.
const similarHit = "a similar hit of 2 KB"

// keyAlone wants a new answer, and gets one that is too large: so its key is derived, and nothing looked
// for or kept.
const keyAlone = "a key derived and not used, beyond that chat"

// isNew ends names of operations that ask something else each time. Of those that are kept the module
// stores 16 in a row, in the time of the last: a figure has its share of that.
const isNew = "of a chat that is new"

// small is a cache that keeps next to nothing.
var small = strings.TrimSuffix(configuration, "}") + `,"cache":{"max_answer":"1KiB"}}`

func asked(question string) string {
	return `{"model":"gpt-4o","messages":[{"role":"user","content":"` + question + `"}],"temperature":0.7,"max_tokens":512}`
}

// inputs is a request for embeddings of so many texts.
func inputs(n int) string {
	var texts []string
	for i := range n {
		texts = append(texts, fmt.Sprintf("%q", fmt.Sprint("The quick brown fox jumps over dog ", i)))
	}
	return `{"model":"text-embedding-3-small","encoding_format":"base64","input":[` + strings.Join(texts, ",") + `]}`
}

// vectors is the answer.
func vectors(n int) hostsim.Response {
	var data []string
	for i := range n {
		data = append(data, fmt.Sprintf(`{"object":"embedding","index":%d,"embedding":"%s"}`, i, base64.StdEncoding.EncodeToString(make([]byte, 4*256))))
	}
	return answer(`{"object":"list","data":[` + strings.Join(data, ",") + `],"model":"text-embedding-3-small","usage":{"prompt_tokens":160,"total_tokens":160}}`)
}

var (
	// fourKeys are limits of requests, tokens and money by four keys. The counts of each are a record of
	// its own, of which the worker takes stocks: all requests are one caller's.
	fourKeys = []string{
		`{"key":["consumer"],"requests":1000000000,"per":"1m"}`,
		`{"key":["model"],"requests":1000000000,"per":"1m"}`,
		`{"key":["tenant"],"tokens":1000000000000,"per":"1d"}`,
		`{"key":["consumer","model"],"usd":1000000,"per":"month"}`,
	}
	// andAddress are as many of which one is by what the host has to be asked for.
	andAddress = []string{
		`{"key":["consumer"],"requests":1000000000,"per":"1m"}`,
		`{"key":["ip"],"requests":1000000000,"per":"1m"}`,
		`{"key":["tenant"],"tokens":1000000000000,"per":"1d"}`,
		`{"key":["consumer","model"],"usd":1000000,"per":"month"}`,
	}
	// oneKey are as many by one, whose counts are one record.
	oneKey = []string{
		`{"key":["consumer"],"requests":1000000000,"per":"1m"}`,
		`{"key":["consumer"],"requests":1000000000,"per":"1d"}`,
		`{"key":["consumer"],"tokens":1000000000000,"per":"1d"}`,
		`{"key":["consumer"],"usd":1000000,"per":"month"}`,
	}
)

// limited is a configuration with a consumer and limits that are for its requests, and 16 that are not.
func limited(limits []string) string {
	sum := sha256.Sum256([]byte("client"))
	if limits = slices.Clone(limits); limits != nil {
		for i := range 16 {
			limits = append(limits, fmt.Sprintf(`{"key":["consumer"],"requests":10,"per":"%dm","when":{"models":["other-%d-*"]}}`, i+1, i))
		}
	}
	return strings.TrimSuffix(configuration, "}") + fmt.Sprintf(`,"consumers":[{"name":"bench","tenant":"acme","keys":[{"sha256":"%x"}]}],"limits":[%s]}`, sum, strings.Join(limits, ","))
}

// consumers is a configuration with a consumer and so many access rules, of which four are
// about that one.
func consumers(rules int) string {
	list := []string{
		`{"name":"models","effect":"allow","when":{"consumers":["client"],"models":["gpt-4*","claude-*"]}}`,
		`{"name":"tools","effect":"deny","when":{"consumers":["client"],"tools":["web_search*"]}}`,
		`{"name":"networks","effect":"deny","when":{"consumers":["client"],"networks":["10.0.0.0/8","2001:db8::/32"]}}`,
		`{"name":"tokens","effect":"cap","max_tokens":4096}`,
	}
	for i := len(list); i < rules; i++ {
		list = append(list, fmt.Sprintf(`{"name":"rule-%d","effect":"deny","when":{"consumers":["consumer-%d"],"models":["secret-*"]}}`, i, i))
	}
	return strings.TrimSuffix(configuration, "}") + fmt.Sprintf(`,"consumers":[{"name":"client","keys":[{"sha256":"%x"}]}],"access":[%s]}`,
		sha256.Sum256([]byte("client")), strings.Join(list, ","))
}

// Conditions of branches that are for others.
var (
	headerBranches  = []string{`"consumers":["other-*"]`, `"tiers":["gold"]`, `"headers":[{"name":"x-beta"}]`, `"stream":true`}
	contentBranches = []string{`"images":true`, `"text":["*refund*","*invoice*"]`}
)

// routes is a configuration whose chats have two targets, of which one serves a conversation
// and which take it as it is. There are so many other consumers, and a tenth of other models.
func routes(others int, branches []string, more string) string {
	var models, callers []string
	for i := range others / 10 {
		models = append(models, fmt.Sprintf(`{"name":"model-%d","targets":[{"provider":"openai"}]}`, i))
	}
	var when []string
	for _, c := range branches {
		when = append(when, `{`+c+`,"targets":[{"provider":"second"}]}`)
	}
	models = append(models, `{"name":"gpt-4o","when":[`+strings.Join(when, ",")+`],"sticky":"conversation","targets":[{"provider":"openai"},{"provider":"second"}]`+more+`}`)
	for i := range others {
		callers = append(callers, fmt.Sprintf(`{"name":"caller-%d","keys":[{"sha256":"%x"}]}`, i, sha256.Sum256([]byte(fmt.Sprint(i)))))
	}
	callers = append(callers, fmt.Sprintf(`{"name":"client","tenant":"acme","tier":"free","keys":[{"sha256":"%x"}]}`, sha256.Sum256([]byte("client"))))
	return strings.Replace(strings.TrimSuffix(configuration, "}"), `[`, `[{"name":"second","type":"openai","cluster":"mock","keys":[{"value":"sk-mock"}]},`, 1) +
		`,"models":[` + strings.Join(models, ",") + `],"consumers":[` + strings.Join(callers, ",") + `]}`
}

func plugin(m *hostsim.Module, configuration string) hostsim.Plugin {
	return hostsim.Plugin{Module: m, Name: "postern", RootID: "postern", Configuration: configuration,
		VM: hostsim.VM{ID: "postern"}, AllowOnHeadersStopIteration: true}
}

// request is the one that is sent for the nth time.
func (o operation) request(n int) hostsim.Request {
	body := o.body
	if strings.HasSuffix(o.name, isNew) {
		body = strings.Replace(body, "The quick brown fox", fmt.Sprintf("The fox no. %07d", n), 1)
	}
	h := []string{"content-type", "application/json", "authorization", "Bearer client", "user-agent", "bench"}
	if strings.HasPrefix(o.name, keyAlone) {
		h = append(h, "cache-control", "no-cache")
	}
	return hostsim.Post(o.path, body, h...)
}

// start is a host with the operation's configuration, and its requests, one after the other.
func (o operation) start(m *hostsim.Module) (*hostsim.Host, func() hostsim.Request, error) {
	if o.configuration == "" {
		o.configuration = configuration
	}
	host, err := hostsim.New(hostsim.Config{
		Plugin:      plugin(m, o.configuration),
		Upstream:    func(hostsim.Request) hostsim.Response { return o.response },
		Clusters:    map[string]hostsim.Handler{"tokens": token},
		DiscardLogs: true,
	})
	if err != nil {
		return nil, nil, err
	}
	if o.name == similarHit {
		first := o
		first.body = asked("How do I change the e-mail address of my account?")
		if _, err := host.Do(first.request(0)); err != nil {
			host.Close()
			return nil, nil, err
		}
	}
	n := 0
	return host, func() hostsim.Request {
		n++
		return o.request(n)
	}, nil
}

func (o operation) measure(m *hostsim.Module, least time.Duration) (float64, error) {
	host, next, err := o.start(m)
	if err != nil {
		return 0, err
	}
	defer host.Close()
	for range warm {
		if r, err := host.Do(next()); err != nil || r.Status() != 200 {
			return 0, fmt.Errorf("status %d, %v: %s", r.Status(), err, r.Body)
		}
	}
	n, began := 0, cpuTime()
	for ; cpuTime()-began < least; n += 5 {
		for range 5 {
			if _, err := host.Do(next()); err != nil {
				return 0, err
			}
		}
	}
	return float64((cpuTime() - began).Nanoseconds()) / float64(n), nil
}

// warm is how many requests are not counted.
const warm = 30

// token is a server of Google's that knows everybody.
func token(hostsim.Request) hostsim.Response {
	return hostsim.Respond(200, `{"access_token":"t","expires_in":86400}`, "content-type", "application/json")
}

// cpuTime is what this process has used of the processors, which other processes on the
// machine disturb less than the clock.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func openAIAnswer() hostsim.Response { return answered(18*27, "stop") }

// answeredBy is an answer that says a text for 2 KB.
func answeredBy(text string) hostsim.Response {
	r := answered(27, "stop")
	body := strings.Replace(string(r.Body), "The quick brown fox jumps. ", strings.Repeat(text, 2048/len(text)), 1)
	return answer(body)
}

// answered is an answer of about so many bytes that ends for a reason.
func answered(bytes int, reason string) hostsim.Response {
	body := `{"id":"chatcmpl-1","object":"chat.completion","created":1760000000,"model":"mock","choices":[{"index":0,"message":{"role":"assistant","content":"` +
		strings.Repeat("The quick brown fox jumps. ", bytes/27) + `","refusal":null},"logprobs":null,"finish_reason":"` + reason + `"}],"usage":{"prompt_tokens":256,"completion_tokens":128,"total_tokens":384}}`
	return answer(body)
}

func anthropicAnswer() hostsim.Response {
	return answer(`{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[{"type":"text","text":"` +
		strings.Repeat("The quick brown fox jumps. ", 18) + `"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":256,"output_tokens":128}}`)
}

func answer(body string) hostsim.Response {
	return hostsim.Respond(200, body, "content-type", "application/json", "content-length", fmt.Sprint(len(body)))
}

func streamed(first []string, event string, last []string) hostsim.Response {
	r := hostsim.Respond(200, "", "content-type", "text/event-stream")
	r.Body = nil
	for _, s := range first {
		r.Chunks = append(r.Chunks, []byte(s))
	}
	for range events {
		r.Chunks = append(r.Chunks, []byte(event))
	}
	for _, s := range last {
		r.Chunks = append(r.Chunks, []byte(s))
	}
	return r
}

func openAIStream() hostsim.Response {
	const head = `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1760000000,"model":"mock","system_fingerprint":"fp","choices":[`
	return streamed(nil, head+`{"index":0,"delta":{"content":"the quick brown "},"logprobs":null,"finish_reason":null}],"usage":null}`+"\n\n",
		[]string{head + `],"usage":{"prompt_tokens":256,"completion_tokens":128,"total_tokens":384}}` + "\n\n", "data: [DONE]\n\n"})
}

func anthropicStream() hostsim.Response {
	event := func(name, data string) string { return "event: " + name + "\ndata: " + data + "\n\n" }
	return streamed([]string{
		event("message_start", `{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":256,"output_tokens":1}}}`),
		event("content_block_start", `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`),
	}, event("content_block_delta", `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"the quick brown "}}`), []string{
		event("content_block_stop", `{"type":"content_block_stop","index":0}`),
		event("message_delta", `{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":128}}`),
		event("message_stop", `{"type":"message_stop"}`),
	})
}
