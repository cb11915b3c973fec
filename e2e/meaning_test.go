package e2e

import (
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/e2e/envoy"
)

// meaning adds a listener with models whose branches are about something, in each of the ways
// that there are to find that out, and models whose requests are copied.
func (s *suite) meaning(add func(string, envoy.Listener) error) ([]any, error) {
	black, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go http.Serve(black, http.HandlerFunc(silence))
	const branches = `"when":[
		{"name":"refunds","examples":["I want my money back","refund this order","my invoice is wrong"],"targets":[{"provider":"openai","model":"gpt-4o"}]},
		{"name":"travel","examples":["book a flight to Rome","find a hotel near the station"],"targets":[{"provider":"openai","model":"gpt-4.1"}]}],
		"targets":[{"provider":"openai","model":"gpt-4o-mini"}]}`
	const plain = `"targets":[{"provider":"openai","model":"gpt-4o-mini"}],"mirror":`
	models := []string{
		`{"name":"words",` + branches,
		`{"name":"vectors","meaning":{"by":"embeddings","provider":"openai","model":"text-embedding-3-small","timeout":"5s"},` + branches,
		`{"name":"asked","meaning":{"by":"model","provider":"claude","model":"claude-sonnet-4-5","timeout":"10s"},` + branches,
		`{"name":"asked-silence","meaning":{"by":"model","provider":"black","model":"small","timeout":"500ms"},` + branches,
		`{"name":"asked-dead","meaning":{"by":"model","provider":"dead","model":"small"},` + branches,
		`{"name":"asked-missing","meaning":{"by":"model","provider":"missing","model":"small"},` + branches,
		`{"name":"vectors-dead","meaning":{"by":"embeddings","provider":"dead","model":"small-vectors"},` + branches,
		`{"name":"mirror",` + plain + `{"provider":"shadow","model":"claude-sonnet-4-5"}}`,
		`{"name":"mirror-silence",` + plain + `{"provider":"black","model":"shadow","timeout":"5m"}}`,
		`{"name":"mirror-dead",` + plain + `{"provider":"dead","model":"shadow"}}`,
		`{"name":"mirror-missing",` + plain + `{"provider":"missing","model":"shadow"}}`,
	}
	config := `{"hold_headers":"always","state":{"space":"meaning"},"providers":[
		{"name":"dead","type":"openai","cluster":"dead","keys":[{"value":"k"}]},
		{"name":"missing","type":"openai","cluster":"nowhere","keys":[{"value":"k"}]},
		{"name":"black","type":"openai","cluster":"black","keys":[{"value":"k"}]},
		{"name":"openai","type":"openai","cluster":"mock-openai-called","keys":[{"value":"` + mockKey("openai") + `"}]},
		{"name":"claude","type":"anthropic","cluster":"mock-anthropic-called","keys":[{"value":"` + mockKey("anthropic") + `"}]},
		{"name":"shadow","type":"anthropic","cluster":"mock-anthropic-called","keys":[{"value":"` + mockKey("anthropic") + `"}]}],
		"models":[` + strings.Join(models, ",") + `]}`
	return []any{envoy.Cluster("black", black.Addr().String())}, add("meaning", envoy.Listener{Buffer: 4 << 20, Filters: filters(config, false)})
}

// sayTo sends a text to a model of the listener.
func (s *suite) sayTo(t *testing.T, model, text string, stream bool) (status int, header http.Header, record string) {
	t.Helper()
	body := strings.Replace(chatFor(model, stream), `"Hi"`, `"`+text+`"`, 1)
	status, header, _, record = s.ask(t, "meaning", body)
	return status, header, record
}

func TestBranchesByMeaning(t *testing.T) {
	t.Parallel()
	s := start(t)
	eventually(t, "the vectors of the examples are there", func() bool {
		_, header, _ := s.sayTo(t, "vectors", "refund", false)
		return header.Get("x-postern-model") == "gpt-4o"
	})
	for _, tt := range []struct{ name, model, text, want, outcome string }{
		{"words refunds", "words", "please refund my money", "gpt-4o", "found"},
		{"words travel", "words", "which flights go to Rome", "gpt-4.1", "found"},
		{"words none", "words", "who wrote Hamlet", "gpt-4o-mini", "none"},
		{"vectors refunds", "vectors", "my money back", "gpt-4o", "found"},
		{"vectors travel", "vectors", "a hotel near the station", "gpt-4.1", "found"},
		{"vectors none", "vectors", "who wrote Hamlet", "gpt-4o-mini", "none"},
		{"asked refunds", "asked", "[[mock:text=refunds]]", "gpt-4o", "found"},
		{"asked travel", "asked", "[[mock:text=Travel.]]", "gpt-4.1", "found"},
		{"asked none", "asked", "[[mock:text=none]]", "gpt-4o-mini", "none"},
		{"asked nonsense", "asked", "[[mock:text=The name is refunds]]", "gpt-4o-mini", "unreadable"},
		{"asked silence", "asked-silence", "refund", "gpt-4o-mini", "timeout"},
		{"asked dead", "asked-dead", "refund", "gpt-4o-mini", "failed"},
		{"asked missing", "asked-missing", "refund", "gpt-4o-mini", "timeout"},
		{"vectors dead", "vectors-dead", "refund", "gpt-4o-mini", "no_vectors"},
	} {
		for kind, stream := range map[string]bool{"whole": false, "stream": true} {
			t.Run(tt.name+" "+kind, func(t *testing.T) {
				status, header, record := s.sayTo(t, tt.model, tt.text, stream)
				if got := header.Get("x-postern-model"); status != 200 || got != tt.want || !strings.Contains(record, `"meaning":"`+tt.outcome+`"`) {
					t.Errorf("got %d from %q and the record %s, want %q and %q", status, got, record, tt.want, tt.outcome)
				}
			})
		}
	}
}

// Whatever becomes of the copy, the client gets the answer of its own target.
func TestMirrors(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, model := range []string{"mirror", "mirror-silence", "mirror-dead", "mirror-missing"} {
		for kind, stream := range map[string]bool{"whole": false, "stream": true} {
			t.Run(model+" "+kind, func(t *testing.T) {
				status, _, record := s.sayTo(t, model, "Hi", stream)
				if status != 200 || !strings.Contains(record, `"provider":"openai"`) || !strings.Contains(record, `"mirror":"`) || strings.Count(record, `"output_tokens"`) != 1 {
					t.Errorf("got %d and the record %s, want an answer of the target's", status, record)
				}
			})
		}
	}
	for name, want := range map[string]int64{
		"postern.mirror;provider=shadow;model=claude-sonnet-4-5;status=200": 2,
		"postern.mirror;provider=dead;model=shadow;status=503":              2,
		"postern.mirror;provider=missing;model=shadow;status=0":             2,
	} {
		eventually(t, name+" is counted", func() bool {
			stats, err := readStats(s.envoy)
			return err == nil && stats["wasmcustom."+name] == want
		})
	}
}
