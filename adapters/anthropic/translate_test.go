package anthropic_test

import (
	_ "embed"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/anthropic"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/openaichat"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/e2e/mockllm"
)

//go:embed testdata/requests.txt
var requests string

// A request is one case of testdata/requests.txt.
type request struct {
	name, client, sent, drops, problem string
}

func cases() []request {
	var list []request
	for line := range strings.Lines(requests) {
		line = strings.TrimSuffix(line, "\n")
		if name, ok := strings.CutPrefix(line, "-- "); ok {
			list = append(list, request{name: strings.TrimSuffix(name, " --")})
			continue
		}
		if len(list) == 0 {
			continue // the head of the file
		}
		c := &list[len(list)-1]
		if drops, ok := strings.CutPrefix(line, "drops:"); ok {
			c.drops = strings.TrimPrefix(drops, " ")
		} else if problem, ok := strings.CutPrefix(line, "error: "); ok {
			c.problem = problem
		} else if c.client == "" {
			c.client = line
		} else {
			c.sent = line
		}
	}
	return list
}

// read reads a request of an OpenAI client.
func read(t testing.TB, client string) *chat.Request {
	t.Helper()
	doc, r := &rawjson.Doc{}, &chat.Request{}
	if err := doc.Parse([]byte(client)); err != nil {
		t.Fatal(err)
	}
	if e := (openaichat.Reader{}).ReadRequest(doc.Root(), r); e != nil {
		t.Fatal(e.Message)
	}
	return r
}

func TestRequests(t *testing.T) {
	t.Parallel()
	for _, tt := range cases() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := read(t, tt.client)
			sent, e := anthropic.Translator().AppendRequest([]byte("before"), r)
			if e != nil {
				if e.Message != tt.problem {
					t.Errorf("got error %q, want %q", e.Message, tt.problem)
				}
				if e.Status != 400 || !strings.HasPrefix(e.Message, e.Param+": ") {
					t.Errorf("got status %d and param %q, want 400 and the path in the message", e.Status, e.Param)
				}
				if string(sent) != "before" {
					t.Errorf("got %q beside an error, want what was there before", sent)
				}
				return
			}
			if got, want := string(sent), "before"+tt.sent; got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			if got := strings.Join(r.Drops(), " "); got != tt.drops {
				t.Errorf("got drops %q, want %q", got, tt.drops)
			}
		})
	}
}

// What is sent must pass a mock that refuses what the real API refuses. Signatures that
// are not its own are the one thing in the cases that it cannot accept.
func TestStrictMockAcceptsWhatIsSent(t *testing.T) {
	t.Parallel()
	s := mockllm.New(mockllm.Options{Models: map[string][]string{"anthropic": {"kimi-k9"}}})
	for _, tt := range cases() {
		if tt.sent == "" || strings.Contains(tt.sent, `"signature"`) {
			continue
		}
		if got, body := ask(t, s, tt.sent); got != 200 {
			t.Errorf("%s: got status %d, want 200\nsent %s\nanswer %s", tt.name, got, tt.sent, body)
		}
	}
}

// ask sends a request to the mock and returns the status and the body of its answer.
func ask(t testing.TB, s *mockllm.Server, sent string) (int, []byte) {
	t.Helper()
	w := adaptertest.Ask(s.Handler("anthropic"), "", "/v1/messages", []byte(sent), adapters.Header{Name: "x-api-key", Value: s.Key("anthropic")}, adapters.Header{Name: "anthropic-version", Value: "2023-06-01"})
	return w.Code, w.Body.Bytes()
}

func TestGapsAreComplete(t *testing.T) {
	t.Parallel()
	var fields []string
	for _, g := range anthropic.Gaps() {
		fields = append(fields, g.Field)
		if g.Reason == "" {
			t.Errorf("%s: got no reason, want one", g.Field)
		}
	}
	for _, want := range []string{"n", "logprobs", "logit_bias", "seed", "frequency_penalty", "presence_penalty", "metadata", "store", "prediction", "verbosity"} {
		if !slices.Contains(fields, want) {
			t.Errorf("got no gap for %s, want one", want)
		}
	}
}
