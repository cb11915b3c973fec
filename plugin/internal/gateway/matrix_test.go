package gateway_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/e2e/mockllm"
	"github.com/postern-gateway/postern/e2e/pairs"
	"github.com/postern-gateway/postern/plugin/cases"
	"github.com/postern-gateway/postern/plugin/internal/gateway"
)

var update = flag.Bool("update", false, "write testdata/matrix.txt again")

// conversations are the shared ones, in the words of the two dialects that have them.
const conversations = "../../../adapters/adaptertest/testdata/conversations"

// TestMatrix drives every dialect against every provider over the shared conversations:
// what a provider gets its strict mock has to take, and what a client gets has to be
// valid in its dialect. Refusals and drops are those of testdata/matrix.txt.
func TestMatrix(t *testing.T) {
	report := map[string][]string{}
	lines := make(chan [2]string)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for l := range lines {
			report[l[0]] = append(report[l[0]], l[1])
		}
	}()
	t.Run("pairs", func(t *testing.T) {
		for _, d := range pairs.Dialects() {
			all, err := d.Conversations(os.DirFS(conversations))
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range pairs.Providers() {
				if p.Lacks == d.Name {
					continue
				}
				pair := d.Name + " to " + p.Kind
				t.Run(pair, func(t *testing.T) {
					t.Parallel()
					server := pairs.Mocks(func() time.Time { return time.Unix(0, epoch) })
					for _, name := range slices.Sorted(maps.Keys(all)) {
						for _, stream := range []bool{false, true} {
							outcome := ask(t, &d, &p, server, name, all[name], stream)
							if !stream || strings.HasPrefix(outcome, "FAILED") {
								lines <- [2]string{pair, name + ": " + outcome}
							}
						}
					}
				})
			}
		}
	})
	close(lines)
	<-done
	compareMatrix(t, report)
}

// compareMatrix holds the outcomes to the file that has them.
func compareMatrix(t *testing.T, report map[string][]string) {
	const file = "testdata/matrix.txt"
	var b strings.Builder
	for _, pair := range slices.Sorted(maps.Keys(report)) {
		slices.Sort(report[pair])
		passed := 0
		var rest []string
		for _, l := range report[pair] {
			if strings.HasSuffix(l, ": passed") {
				passed++
			} else {
				rest = append(rest, l)
			}
		}
		fmt.Fprintf(&b, "# %s: %d passed as they are, %d otherwise\n", pair, passed, len(rest))
		for _, l := range rest {
			b.WriteString(l + "\n")
		}
		b.WriteString("\n")
	}
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || string(want) != b.String() {
		got, want := strings.Split(b.String(), "\n"), strings.Split(string(want), "\n")
		for i := range min(len(got), len(want)) {
			if got[i] != want[i] {
				t.Fatalf("%s, line %d: got %q, want %q (err %v); go test ./plugin/internal/gateway -run TestMatrix -update writes it again", file, i+1, got[i], want[i], err)
			}
		}
		t.Fatalf("%s: got %d lines, want %d (err %v)", file, len(got), len(want), err)
	}
}

// ask sends one conversation through the gateway to the provider's mock, and says what
// came of it.
func ask(t *testing.T, d *pairs.Dialect, p *pairs.Provider, server *mockllm.Server, name string, conversation map[string]any, stream bool) string {
	t.Helper()
	body := maps.Clone(conversation)
	delete(body, "stream_options")
	text, err := d.Ask(body, p.Model, stream)
	if err != nil {
		t.Fatal(err)
	}
	proxy := newProxy(t, `{"hold_headers":"always","providers":[`+p.Row("c", server.Key(p.Mock))+`]}`)
	x := proxy.stream()
	x.request(cases.Message{First: "POST " + d.Path(p.Model, stream), Headers: []cases.Header{{Name: "content-type", Value: "application/json"}}, Body: text})
	for len(proxy.calls) > 0 { // for a token
		token := pairs.Answer(server.Handler(p.Mock), calls(proxy.calls[0]))
		proxy.answer(&token)
	}
	defer x.done()
	if x.answered {
		return refusal(t, name, x)
	}
	_, path, _ := strings.Cut(x.upstream.First, " ")
	own := d.Passed(p, path)
	answer := pairs.Answer(server.Handler(p.Mock), x.upstream)
	proxy.details = "via_upstream"
	x.respond(answer, len(answer.Body)/3, len(answer.Body)/2)
	switch {
	case answer.First != "200" && own: // it was the client's own request, all of it
		return "the provider itself refuses with " + answer.First
	case answer.First != "200" && refuses(p, name) != "":
		return "the provider itself refuses with " + answer.First + ": " + refuses(p, name)
	case answer.First != "200":
		t.Errorf("%s, stream %v: the provider's mock refuses with %s: %s\nof %s", name, stream, answer.First, answer.Body, x.upstream.Body)
	case stream:
		if own { // it passes; tests of the gateway show that it does
			break
		}
		if ending, err := d.Ending(x.response.Body); err != nil || ending != adaptertest.Complete {
			t.Errorf("%s: got a stream that ends in %d (%v), want a whole one: %s", name, ending, err, x.response.Body)
		}
	default:
		if err := d.Whole(x.response.Body); err != nil || x.response.First != "200" {
			t.Errorf("%s: got %s %s: %v", name, x.response.First, x.response.Body, err)
		}
	}
	if dropped := x.response.Get("x-postern-dropped"); dropped != "" {
		return "dropped " + dropped
	}
	return "passed"
}

// beyond are the conversations that providers refuse themselves, and why that is right:
// the client has asked for it, and nothing else would be what it asked for.
var beyond = []struct{ providers, conversation, why string }{
	{"openai", "two-hundred-tools", "it takes fewer tools"},
	{"azure", "two-hundred-tools", "it takes fewer tools"},
	{"huggingface", "two-hundred-tools", "it takes fewer tools"},
	{"cloudflare", "two-hundred-tools", "it takes fewer tools"},
	{"openai azure huggingface cloudflare ollama cohere custom", "a-result-before-its-call", "nothing has asked for the result"},
	{"anthropic bedrock", "thinking-with-signatures-and-redacted-blocks-through-a-loop-", "the signature is none"},
	{"bedrock", "thinking-of-earlier-turns-that-are-over", "the signature is none"},
	{"bedrock", "a-loop-as-coding-assistants-run-it", "the signature is none"},
	{"huggingface cohere cloudflare", "a-tool-with-a-name-that-is-too-long", "it takes shorter names"},
	{"huggingface cohere cloudflare", "long-names-of-tools", "it takes shorter names"},
	{"huggingface cloudflare", "a-file-with-a-pdf-and-one-with-text", "it takes no such file"},
	{"cohere", "arguments-that-are-no-json", "arguments of calls have to be JSON"},
}

func refuses(p *pairs.Provider, conversation string) (why string) {
	for _, b := range beyond {
		if b.conversation == conversation && slices.Contains(strings.Fields(b.providers), p.Kind) {
			return b.why
		}
	}
	return ""
}

// refusal is what the gateway itself refuses with.
func refusal(t *testing.T, name string, x *exchange) string {
	t.Helper()
	if x.response.First >= "500" {
		t.Errorf("%s: got %s %s", name, x.response.First, x.response.Body)
	}
	var e struct {
		Error json.RawMessage `json:"error"`
	}
	if err := json.Unmarshal(x.response.Body, &e); err != nil || e.Error == nil {
		t.Errorf("%s: got %s, want an error of the dialect", name, x.response.Body)
	}
	var o struct{ Message string }
	if json.Unmarshal(e.Error, &o) != nil {
		_ = json.Unmarshal(e.Error, &o.Message)
	}
	return "refused with " + x.response.First + " " + o.Message
}

// calls is a callout as a request.
func calls(c gateway.Callout) *cases.Message {
	m := calloutMessage(c)
	return &m
}
