package gemini_test

import (
	_ "embed"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/openaichat"
	"github.com/postern-gateway/postern/adapters/gemini"
	"github.com/postern-gateway/postern/adapters/rawjson"
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
			sent, e := gemini.Translator().AppendRequest([]byte("before"), r)
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
