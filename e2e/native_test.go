package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-gateway/postern/e2e/envoy"
	"github.com/postern-gateway/postern/e2e/mockllm/grammar"
)

const (
	previousPriorities = "type.googleapis.com/envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig"
	upstreamCodec      = "type.googleapis.com/envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec"
	headerToMetadata   = "type.googleapis.com/envoy.extensions.filters.http.header_to_metadata.v3.Config"
	routerType         = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
)

// An endpoint of a chain is at an address and says what it is.
type endpoint struct{ address, provider, model string }

// chain is a cluster whose endpoints are tried one after another.
func chain(name string, endpoints ...endpoint) map[string]any {
	var levels []any
	for i, e := range endpoints {
		levels = append(levels, map[string]any{"priority": i, "lb_endpoints": []any{map[string]any{
			"endpoint": map[string]any{"address": envoy.Address(e.address)},
			"metadata": map[string]any{"filter_metadata": map[string]any{"postern": map[string]any{"provider": e.provider, "model": e.model}}},
		}}})
	}
	return map[string]any{
		"name": name, "type": "STATIC", "connect_timeout": "2s",
		"load_assignment":  map[string]any{"cluster_name": name, "endpoints": levels},
		"circuit_breakers": map[string]any{"thresholds": []any{map[string]any{"retry_budget": map[string]any{"budget_percent": map[string]any{"value": 100}, "min_retry_concurrency": 100}}}},
	}
}

// hashed is a cluster whose endpoints are chosen by a hash.
func hashed(name string, endpoints ...endpoint) map[string]any {
	c := chain(name, endpoints...)
	sameLevel(c)
	c["lb_policy"] = "RING_HASH"
	return c
}

// subset is one whose last endpoint is for chats, and whose others are for nothing.
func subset(name string, endpoints ...endpoint) map[string]any {
	c := chain(name, endpoints...)
	for i, m := range sameLevel(c) {
		m["envoy.lb"] = map[string]any{"operation": map[bool]string{true: "chat", false: "none"}[i == len(endpoints)-1]}
	}
	c["lb_subset_config"] = map[string]any{"fallback_policy": "NO_FALLBACK", "subset_selectors": []any{map[string]any{"keys": []any{"operation"}}}}
	return c
}

// sameLevel has a chain's endpoints be chosen among, and returns their metadata.
func sameLevel(c map[string]any) (metadata []map[string]any) {
	for _, level := range c["load_assignment"].(map[string]any)["endpoints"].([]any) {
		l := level.(map[string]any)
		delete(l, "priority")
		metadata = append(metadata, l["lb_endpoints"].([]any)[0].(map[string]any)["metadata"].(map[string]any)["filter_metadata"].(map[string]any))
	}
	return metadata
}

// nativeParts are what the suite has for tests of chains.
type nativeParts struct {
	paced, hung chan struct{} // between clients and providers
	sick        *flapping     // before one that is well
	direct      atomic.Int64  // requests at a provider that nobody may reach
}

// nativeListener is one whose router makes attempts of requests that it is handed.
func nativeListener(config string) envoy.Listener {
	gateway := envoy.Plugin{Module: modulePath(), Configuration: config, Environment: environment}.Filter()
	attempt := envoy.Plugin{Module: modulePath(), Configuration: `{"role":"attempt"}`, Environment: environment}.Filter()
	return envoy.Listener{Buffer: 16 << 20,
		Routes: []any{map[string]any{
			"match": map[string]any{"prefix": "/", "headers": []any{map[string]any{"name": "x-postern-cluster", "present_match": true}}},
			"route": map[string]any{"cluster_header": "x-postern-cluster", "timeout": "0s", "hash_policy": []any{map[string]any{"header": map[string]any{"header_name": "x-postern-hash"}}}, "retry_policy": map[string]any{
				"retry_priority": map[string]any{"name": "envoy.retry_priorities.previous_priorities", "typed_config": map[string]any{"@type": previousPriorities, "update_frequency": 1}}}},
			"request_headers_to_remove": []any{"x-postern-cluster"},
		}},
		Extra: map[string]any{"http_filters": []any{gateway, map[string]any{"name": "envoy.filters.http.header_to_metadata", "typed_config": map[string]any{
			"@type": headerToMetadata, "request_rules": []any{map[string]any{"header": "x-postern-operation",
				"on_header_present": map[string]any{"metadata_namespace": "envoy.lb", "key": "operation"}}},
		}}, map[string]any{"name": "envoy.filters.http.router", "typed_config": map[string]any{
			"@type": routerType, "suppress_envoy_headers": true,
			"upstream_http_filters": []any{attempt, map[string]any{"name": "envoy.filters.http.upstream_codec", "typed_config": map[string]any{"@type": upstreamCodec}}},
		}}}},
	}
}

// nativeFaults are those that only the native mechanism covers, besides those of faults.
func nativeFaults() []fault {
	return []fault{
		{"reset-before-content", "stream_error", "stream", begin(roleChunk, hangUp)},
		{"reset-of-whole", "unavailable", "whole", answerHalf},
	}
}

// answerHalf promises more than it sends.
func answerHalf(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("content-type", apiJSON)
	w.Header().Set("content-length", "1000")
	_, _ = w.Write([]byte(`{"id":"c",`))
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

// native adds a listener with a model and a cluster for each fault, as fallback has them.
func (s *suite) native(add func(string, envoy.Listener) error) ([]any, error) {
	server := &faultyServer{faults: map[string]func(http.ResponseWriter, *http.Request){}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go http.Serve(l, server)
	faulty, openai, claude := l.Addr().String(), s.plain.Of("openai").Addr, s.plain.Of("anthropic").Addr
	dead, err := envoy.DeadAddress()
	if err != nil {
		return nil, err
	}
	var models, providers []string
	var clusters []any
	model := func(name, rest string, endpoints ...endpoint) {
		first := endpoints[0]
		var more []string
		for _, e := range endpoints[1:] {
			more = append(more, `{"provider":"`+e.provider+`","model":"`+e.model+`"}`)
		}
		models = append(models, `{"name":"`+name+`","mechanism":"native","cluster":"native-`+name+`","targets":[{"provider":"`+first.provider+`","model":"`+first.model+`"}],
			"fallback":[`+strings.Join(more, ",")+`]`+rest+`}`)
		clusters = append(clusters, chain("native-"+name, endpoints...))
	}
	provider := func(name string) {
		providers = append(providers, `{"name":"`+name+`","type":"openai","cluster":"dead","host":"faulty.test","keys":[{"value":"k"}]}`)
	}
	const patience = `,"first_token":"2s","timeout":"2s"` // also for targets that are well, on a machine that is busy
	for _, f := range append(faults(), nativeFaults()...) {
		server.faults[f.name] = f.serve
		at := faulty
		if f.serve == nil {
			at = dead
		}
		for to, rest := range map[string]endpoint{"openai": {openai, "openai", "gpt-4o"}, "claude": {claude, "claude", "claude-sonnet-4-5"}} {
			for _, kind := range [...]string{"whole", "stream"} {
				name := f.name + "-" + to + "-" + kind
				provider(name)
				model(name, patience, endpoint{at, name, f.name}, rest)
			}
		}
	}
	provider("faulty")
	provider("dead")
	server.faults["flaky"] = flaky()
	server.faults["500-twice"] = server.faults["500"]
	s.paced, s.hung = make(chan struct{}), make(chan struct{})
	server.faults["paced"] = s.servePaced
	server.faults["hung"] = s.serveHung
	server.faults["large"] = server.faults["500"]
	server.faults["measure"] = measure
	server.faults["429-storm"] = server.faults["429"]
	for name, serve := range brokenLater() {
		server.faults[name] = serve
		model(name, patience+`,"idle":"1s"`, endpoint{faulty, "faulty", name}, endpoint{openai, "openai", "gpt-4o"})
	}
	well := endpoint{openai, "openai", "gpt-4o"}
	model("well", "", well)
	model("flaky", patience, endpoint{faulty, "faulty", "flaky"}, well, endpoint{claude, "claude", "claude-sonnet-4-5"})
	model("twice", patience, endpoint{faulty, "faulty", "500-twice"}, endpoint{faulty, "faulty", "error-200"}, endpoint{dead, "dead", "x"}, well)
	model("all-dead", patience, endpoint{dead, "dead", "x"}, endpoint{faulty, "faulty", "503"})
	model("storm", "", endpoint{faulty, "faulty", "429-storm"}, well)
	model("paced", "", endpoint{faulty, "faulty", "paced"}, well)
	model("vertex", "", endpoint{faulty, "faulty", "500-vertex"}, endpoint{s.plain.Of("vertex").Addr, "vertex", "gemini-2.5-flash"})
	server.faults["500-vertex"] = server.faults["500"]
	server.faults["lasting"] = begin(helloChunks, func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(2500 * time.Millisecond)
		_, _ = w.Write([]byte(endChunks))
	})
	model("lasting", patience, endpoint{faulty, "faulty", "lasting"}, well)
	clusters = append(clusters, hashed("native-hashed", well, endpoint{claude, "claude", "claude-sonnet-4-5"}), subset("native-subset", well, endpoint{claude, "claude", "claude-sonnet-4-5"}))
	for _, name := range []string{"hashed", "subset"} {
		models = append(models, `{"name":"`+name+`","mechanism":"native","cluster":"native-`+name+`","targets":[{"provider":"openai","model":"gpt-4o"},{"provider":"claude","model":"claude-sonnet-4-5"}],"sticky":"conversation"}`)
	}
	s.sick = &flapping{}
	server.faults["flapping"] = s.sick.ServeHTTP
	model("flapping", patience, endpoint{faulty, "faulty", "flapping"}, well)
	last := clusters[len(clusters)-1].(map[string]any)
	last["outlier_detection"] = map[string]any{"consecutive_5xx": 5, "interval": "0.2s", "base_ejection_time": "1s", "max_ejection_percent": 100}
	last["common_lb_config"] = map[string]any{"healthy_panic_threshold": map[string]any{"value": 0}}
	model("large", "", endpoint{faulty, "faulty", "large"}, endpoint{faulty, "faulty", "measure"})
	provider("leaver")
	model("hung", "", endpoint{faulty, "leaver", "hung"}, well)
	direct, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go http.Serve(direct, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { s.direct.Add(1) }))
	clusters = append(clusters, chain("native-direct", endpoint{direct.Addr().String(), "openai", "gpt-4o"}))
	models = append(models, `{"name":"strange","mechanism":"native","cluster":"native-strange","targets":[{"provider":"openai","model":"gpt-4o"}],"retry":{"attempts":1}}`)
	clusters = append(clusters, chain("native-strange", endpoint{openai, "nobody", "x"}, well))
	models = append(models, `{"name":"missing","mechanism":"native","cluster":"nowhere","targets":[{"provider":"openai","model":"gpt-4o"}]}`)
	vertex, _ := json.Marshal(mockKey("vertex"))
	config := `{"hold_headers":"always","providers":[` + strings.Join(providers, ",") + `,
		{"name":"vertex","type":"vertex","cluster":"mock-vertex","host":"aiplatform.test","options":{"project":"mock","location":"europe-west1","token_cluster":"mock-vertex"},"keys":[{"value":` + string(vertex) + `}]},
		{"name":"openai","type":"openai","cluster":"mock-openai","host":"api.openai.com","keys":[{"value":"` + mockKey("openai") + `"}]},
		{"name":"claude","type":"anthropic","cluster":"mock-anthropic","host":"api.anthropic.com","keys":[{"value":"` + mockKey("anthropic") + `"}]}],
		"models":[` + strings.Join(models, ",") + `],"state":{"space":"native"},"signals":{"headers":["operation"]},"limits":[{"key":["model"],"concurrent":1,"when":{"models":["*-*","twice","missing"]}}]}`
	listener := nativeListener(config)
	listener.Routes = append(listener.Routes, map[string]any{"match": map[string]any{"prefix": "/direct"}, "route": map[string]any{"cluster": "native-direct"}})
	return clusters, add("native", listener)
}

// brokenLater are faults after the first content, which the client has then got.
func brokenLater() map[string]func(http.ResponseWriter, *http.Request) {
	return map[string]func(http.ResponseWriter, *http.Request){
		"late-error": begin(helloChunks, answerLater(errorEvent)),
		"late-end":   begin(helloChunks, nothing),
		"late-still": begin(helloChunks, silence),
		"late-reset": begin(helloChunks, func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(50 * time.Millisecond)
			hangUp(w, r)
		}),
	}
}

var (
	helloChunk  = strings.Replace(roleChunk, `"role":"assistant","content":""`, `"content":"hello"`, 1)
	helloChunks = roleChunk + helloChunk
	endChunks   = strings.NewReplacer(`"role":"assistant","content":""`, "", "null", `"stop"`).Replace(roleChunk) + "data: [DONE]\n\n"
)

const pacedChunks = 5

// servePaced sends a part when the one before has come to the client.
func (s *suite) servePaced(w http.ResponseWriter, r *http.Request) {
	begin(roleChunk, func(w http.ResponseWriter, r *http.Request) {
		for range pacedChunks {
			_, _ = w.Write([]byte(helloChunk))
			w.(http.Flusher).Flush()
			select {
			case <-s.paced:
			case <-r.Context().Done():
				return
			}
		}
		_, _ = w.Write([]byte(endChunks))
	})(w, r)
}

// serveHung says when a request has come and when it has gone.
func (s *suite) serveHung(_ http.ResponseWriter, r *http.Request) {
	s.hung <- struct{}{}
	<-r.Context().Done()
	s.hung <- struct{}{}
}

// measure answers with how large the request is.
func measure(w http.ResponseWriter, r *http.Request) {
	answerWith(200, apiJSON, `{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"`+
		strconv.FormatInt(r.ContentLength, 10)+` bytes"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}`)(w, r)
}

func TestTheProxyTriesWhatFollows(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, f := range append(faults(), nativeFaults()...) {
		for _, stream := range []bool{false, true} {
			kind := map[bool]string{false: "whole", true: "stream"}[stream]
			if f.only != "" && f.only != kind {
				continue
			}
			for _, provider := range [...]string{"openai", "claude"} {
				name := f.name + "-" + provider + "-" + kind
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					status, header, body, record := s.sendTo(t, "native", name, stream)
					var err error
					if stream {
						err = grammar.OpenAIChat([]byte(body))
					} else if !json.Valid([]byte(body)) || !strings.Contains(body, `"chat.completion"`) {
						err = io.ErrUnexpectedEOF
					}
					if status != 200 || err != nil {
						t.Errorf("got %d, %v: %.300s, want a completion", status, err, body)
					}
					for name, want := range map[string]string{"x-postern-provider": provider, "x-postern-step": "1", "x-postern-fallback-reason": f.reason, "x-postern-retry": ""} {
						if got := header.Get(name); got != want {
							t.Errorf("%s: got %q, want %q", name, got, want)
						}
					}
					if strings.Count(record, `"output_tokens"`) != 1 || !strings.Contains(record, `"provider":"`+provider+`"`) || !strings.Contains(record, f.name+" "+f.reason+`"`) {
						t.Errorf("got the record %s, want %s billed once", record, provider)
					}
				})
			}
		}
	}
}

const chat = "/v1/chat/completions"

func TestChainsOfTheProxy(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, tt := range []struct {
		model  string
		status int
		part   string
		step   string
		reason string
	}{
		{"well", 200, `"chat.completion`, "", ""},
		{"twice", 200, `"chat.completion`, "3", "unavailable"},
		{"vertex", 200, `"chat.completion`, "1", "server_error"}, // whose token is fetched while the attempt waits
		{"lasting", 200, `"chat.completion`, "0", ""},            // longer than its content may take to begin
		{"storm", 200, `"chat.completion`, "1", "rate_limited"},
		{"all-dead", 503, `{"error":{"message":"busy"`, "1", "unavailable"},
		{"missing", 503, `could not be reached (cluster_not_found)`, "", ""},
		{"strange", 500, `is no target of the model 'strange'`, "", ""},
	} {
		for kind, stream := range map[string]bool{"whole": false, "stream": true} {
			t.Run(tt.model+" "+kind, func(t *testing.T) {
				for range 3 { // a target that rests is tried all the same, for the proxy picks it
					status, header, body, _, _ := s.post(t, "native", chat, chatFor(tt.model, stream))
					if status != tt.status || !strings.Contains(body, tt.part) || header.Get("x-postern-step") != tt.step || header.Get("x-postern-fallback-reason") != tt.reason {
						t.Errorf("got %d, step %q, reason %q: %.300s, want %d, step %q, reason %q and %s",
							status, header.Get("x-postern-step"), header.Get("x-postern-fallback-reason"), body, tt.status, tt.step, tt.reason, tt.part)
					}
				}
			})
		}
	}
}

// What fails after the first content is the client's to see: an event as it comes, an end as
// an end, and a reset as a reset, never with a finish reason.
func TestStreamsThatBreakLater(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, tt := range []struct {
		model  string
		body   string
		broken bool
		record string
	}{
		{"late-error", helloChunks + errorEvent, false, `"error":"stream_error"`},
		{"late-end", helloChunks, false, `"error":"stream_truncated"`},
		{"late-still", helloChunks, true, `"error":"idle"`},
		{"late-reset", helloChunks, true, `"error":"aborted"`},
	} {
		t.Run(tt.model, func(t *testing.T) {
			status, header, body, record, broken := s.post(t, "native", chat, chatFor(tt.model, true))
			if status != 200 || body != tt.body || (broken != nil) != tt.broken {
				t.Errorf("got %d %q, broken: %v, want 200 %q, broken: %v", status, body, broken, tt.body, tt.broken)
			}
			if got := header.Get("x-postern-provider"); got != "faulty" {
				t.Errorf("got the provider %s, want faulty", got)
			}
			if r := record(); !strings.Contains(r, tt.record) || strings.Count(r, `"output_tokens"`) != 1 {
				t.Errorf("got the record %s, want %s, and billed once", r, tt.record)
			}
		})
	}
}

// Each part of a stream is with the client before the provider sends the next.
func TestNativeStreamsAsTheyCome(t *testing.T) {
	t.Parallel()
	s := start(t)
	r, err := http.NewRequestWithContext(context.Background(), "POST", s.url("native")+chat, strings.NewReader(chatFor("paced", true)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("content-type", "application/json")
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	lines := bufio.NewScanner(a.Body)
	for i := 0; i < pacedChunks; {
		if !lines.Scan() {
			t.Fatalf("got the end after %d parts: %v, want %d", i, lines.Err(), pacedChunks)
		}
		if strings.Contains(lines.Text(), `"content":"hello"`) {
			i++
			s.paced <- struct{}{} // the provider waits for it
		}
	}
	if rest, err := io.ReadAll(a.Body); err != nil || !strings.HasSuffix(string(rest), "[DONE]\n\n") {
		t.Errorf("got %q, %v, want the end of a stream", rest, err)
	}
}

// Bodies that are larger than what a proxy keeps for retries are sent again all the same: it
// has got nothing but an id.
func TestLargeBodiesAreTriedAgain(t *testing.T) {
	t.Parallel()
	s := start(t)
	body := strings.Replace(chatFor("large", false), "Hi", strings.Repeat("x", 5<<20), 1)
	status, header, answer, _, _ := s.post(t, "native", chat, body)
	if want := strconv.Itoa(len(body) + len("measure") - len("large")); status != 200 || !strings.Contains(answer, `"content":"`+want+` bytes"`) || header.Get("x-postern-step") != "1" {
		t.Errorf("got %d, step %s: %.300s, want %s bytes at the second", status, header.Get("x-postern-step"), answer, want)
	}
}

// A client that leaves blames nobody, and takes its attempt with it.
func TestClientsThatLeaveNativeRequests(t *testing.T) {
	t.Parallel()
	s := start(t)
	for range 6 { // more than would have a target rest
		ctx, cancel := context.WithCancel(context.Background())
		r, err := http.NewRequestWithContext(ctx, "POST", s.url("native")+chat, strings.NewReader(chatFor("hung", true)))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("content-type", "application/json")
		r.Header.Set("x-case", t.Name())
		go func() {
			<-s.hung
			cancel()
		}()
		if _, err := http.DefaultClient.Do(r); err == nil {
			t.Error("got an answer, want none")
		}
		<-s.hung // the provider has seen it, too
	}
	if r := s.record(t, t.Name()); !strings.Contains(r, `"error":"aborted"`) {
		t.Errorf("got the record %s, want an aborted request", r)
	}
	stats, err := s.envoy.Ask("/stats?filter=postern.rests.*leaver")
	if err != nil || strings.Contains(stats, "leaver") {
		t.Errorf("got %s, %v, want nobody to rest", stats, err)
	}
	eventually(t, "nothing is under way", func() bool {
		stats, err := s.envoy.Ask("/stats?filter=cluster.native-hung.upstream_rq_active")
		return err == nil && strings.Contains(stats, "cluster.native-hung.upstream_rq_active: 0")
	})
}

// What no gateway has handed over goes to no provider.
func TestAttemptsRefuseWhatNobodyHandedOver(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, body := range []string{chatFor("well", false), `"` + strings.Repeat("8", 32) + `"`} {
		status, _, answer, _, _ := s.post(t, "native", "/direct", body)
		if status != 503 || !strings.Contains(answer, `"code":"not_handed_over"`) {
			t.Errorf("got %d: %s, want 503 not_handed_over", status, answer)
		}
	}
	if s.direct.Load() > 0 {
		t.Error("got a request at the provider")
	}
}

func TestNobodyNoticesAFlakyProviderOfTheProxys(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.manyAsk(t, "native")
}

// Where the proxy picks, it does so by what the gateway gives it: a hash, or what its subsets
// are made by.
func TestWhatSteersTheProxysPick(t *testing.T) {
	t.Parallel()
	s := start(t)
	ask := func(model, conversation string) string {
		body := strings.Replace(chatFor(model, false), `"max_tokens"`, `"prompt_cache_key":"`+conversation+`","max_tokens"`, 1)
		status, header, answer, _, _ := s.post(t, "native", chat, body)
		if status != 200 {
			t.Errorf("%s: got %d: %s, want an answer", model, status, answer)
		}
		return header.Get("x-postern-provider")
	}
	begins := map[string]int{}
	for i := range 20 {
		conversation := "conversation-" + strconv.Itoa(i)
		first := ask("hashed", conversation)
		for range 2 {
			if got := ask("hashed", conversation); got != first {
				t.Errorf("%s: got %s, want %s as before", conversation, got, first)
			}
		}
		begins[first]++
		if got := ask("subset", conversation); got != "claude" {
			t.Errorf("%s: got %s, want the endpoint that is for chats", conversation, got)
		}
	}
	if begins["openai"] == 0 || begins["claude"] == 0 {
		t.Errorf("got %v, want conversations at both", begins)
	}
}
