package reranking_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters/dialect/reranking"
	"github.com/postern-gateway/postern/adapters/rank"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// bare says nothing but what it must: its texts are objects, and all results come.
var bare = rank.Form{Documents: "contexts", Text: `{"text":`, End: `}`, List: []string{"result", "response"}, Index: "id", Score: "score", Search: 2}

// form is one that says all.
var form = rank.Form{Path: "/rerank", Model: "model", Top: "top_n", End: `}`, List: []string{"results"}}

// read is what a provider gets of a request, or why it gets nothing.
func read(t *testing.T, in string, r *rank.Request) string {
	t.Helper()
	var doc rawjson.Doc
	if err := doc.Parse([]byte(in)); err != nil {
		t.Fatal(err)
	}
	if e := new(reranking.Codec).ReadRank(doc.Root(), r); e != nil {
		return e.Code + " " + e.Param
	}
	return string(r.Append(nil, &form))
}

func TestRequests(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ about, in, want, drops string }{
		{"texts", `{"model":"m","query":"q\n","documents":["a\u00e9","b"]}`, `{"model":"m","query":"q\n","documents":["a\u00e9","b"]}`, ""},
		{"objects", `{"model":"m","query":"q","documents":[{"text":"a","id":1},"b"],"top_n":1}`, `{"model":"m","query":"q","documents":["a","b"],"top_n":1}`, ""},
		{"Voyage's word", `{"model":"m","query":"q","documents":["a"],"top_k":2}`, `{"model":"m","query":"q","documents":["a"],"top_n":2}`, ""},
		{"nulls", `{"model":"m","query":"q","documents":["a"],"top_n":null,"return_documents":null}`, `{"model":"m","query":"q","documents":["a"]}`, ""},
		{"what has no place", `{"model":"m","query":"q","documents":["a"],"max_tokens_per_doc":9}`, `{"model":"m","query":"q","documents":["a"]}`, "max_tokens_per_doc"},
		{"no query", `{"model":"m","documents":["a"]}`, `missing_required_parameter query`, ""},
		{"no documents", `{"model":"m","query":"q"}`, `missing_required_parameter documents`, ""},
		{"an empty list", `{"model":"m","query":"q","documents":[]}`, `invalid_value documents`, ""},
		{"documents that are none", `{"model":"m","query":"q","documents":"a"}`, `invalid_value documents`, ""},
		{"an image", `{"model":"m","query":"q","documents":["a",{"image":"b"}]}`, `invalid_type documents[1]`, ""},
		{"a text that is none", `{"model":"m","query":"q","documents":[{"text":1}]}`, `invalid_type documents[0].text`, ""},
		{"no results", `{"model":"m","query":"q","documents":["a"],"top_n":0}`, `invalid_value top_n`, ""},
		{"too many documents", `{"model":"m","query":"q","documents":["` + strings.Repeat(`a","`, 10_000) + `"]}`, `invalid_value documents`, ""},
	} {
		r := &rank.Request{}
		if got := read(t, tt.in, r); got != tt.want || strings.Join(r.Drops(), " ") != tt.drops {
			t.Errorf("%s: got %s and drops %q, want %s", tt.about, got, r.Drops(), tt.want)
		}
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	request := `{"model":"m","query":"q","documents":["a","b\n"],"return_documents":true}`
	for _, tt := range []struct{ about, in, want string }{
		{"of Cohere", `{"id":"i","results":[{"index":1,"relevance_score":0.5}],"meta":{"billed_units":{"search_units":1}}}`,
			`{"id":"i","model":"m","object":"list","results":[{"index":1,"relevance_score":0.5,"document":{"text":"b\n"}}],"usage":{"prompt_tokens":0,"total_tokens":0},"meta":{"api_version":{"version":"2"},"billed_units":{"search_units":1}}}`},
		{"with tokens", `{"results":[{"index":0,"relevance_score":1e-7}],"usage":{"total_tokens":7}}`,
			`{"model":"m","object":"list","results":[{"index":0,"relevance_score":1e-7,"document":{"text":"a"}}],"usage":{"prompt_tokens":7,"total_tokens":7}}`},
		{"without results", `{"results":[]}`, `{"model":"m","object":"list","results":[],"usage":{"prompt_tokens":0,"total_tokens":0}}`},
		{"of another document", `{"results":[{"index":2,"relevance_score":1}]}`, ""},
		{"of no document", `{"results":[{"index":-1,"relevance_score":1}]}`, ""},
		{"without a score", `{"results":[{"index":0}]}`, ""},
		{"with more results than documents", `{"results":[{"index":0,"relevance_score":1},{"index":0,"relevance_score":1},{"index":0,"relevance_score":1}]}`, ""},
		{"without a list", `{"data":[]}`, ""},
	} {
		r := &rank.Request{}
		read(t, request, r)
		w := r.Wanted()
		r.Reset() // what is wanted outlives it
		var doc rawjson.Doc
		if err := doc.Parse([]byte(tt.in)); err != nil {
			t.Fatal(err)
		}
		var out rank.Response
		got := ""
		if err := out.Read(doc.Root(), &form, &w); err == nil {
			w.Model = "m"
			got = string(new(reranking.Codec).AppendRanking(nil, &w, &out))
		}
		if got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.about, got, tt.want)
		}
	}
}

// A provider that is not asked for a number of results has the first of them taken.
func TestBareForm(t *testing.T) {
	t.Parallel()
	r := &rank.Request{}
	read(t, `{"model":"m","query":"q","documents":["a","b","c"],"top_n":2}`, r)
	if got, want := string(r.Append(nil, &bare)), `{"query":"q","contexts":[{"text":"a"},{"text":"b"},{"text":"c"}]}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	w := r.Wanted()
	for _, tt := range []struct{ about, in, want string }{
		{"all results", `{"result":{"response":[{"id":2,"score":3},{"id":0,"score":2},{"id":1,"score":1}]}}`,
			`{"model":"m","object":"list","results":[{"index":2,"relevance_score":3},{"index":0,"relevance_score":2}],"usage":{"prompt_tokens":0,"total_tokens":0},"meta":{"api_version":{"version":"2"},"billed_units":{"search_units":2}}}`},
		{"Cohere's form", `{"results":[{"index":2,"relevance_score":3}]}`, ""},
		{"a failure", `{"result":null,"success":false}`, ""},
	} {
		var doc rawjson.Doc
		if err := doc.Parse([]byte(tt.in)); err != nil {
			t.Fatal(err)
		}
		var out rank.Response
		got := ""
		if err := out.Read(doc.Root(), &bare, &w); err == nil {
			got = string(new(reranking.Codec).AppendRanking(nil, &w, &out))
		}
		if got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.about, got, tt.want)
		}
	}
}

// Whatever a client sends and a provider answers, both get JSON or nothing.
func FuzzRerank(f *testing.F) {
	f.Add([]byte(`{"model":"m","query":"q","documents":["a",{"text":"b"}],"top_n":1,"return_documents":true}`), []byte(`{"id":"i","results":[{"index":1,"relevance_score":0.5}],"meta":{"billed_units":{"search_units":1}}}`))
	f.Fuzz(func(t *testing.T, request, answer []byte) {
		var doc, back rawjson.Doc
		if doc.Parse(request) != nil || back.Parse(answer) != nil {
			return
		}
		r := &rank.Request{}
		c := new(reranking.Codec)
		if c.ReadRank(doc.Root(), r) != nil {
			return
		}
		for _, f := range []*rank.Form{&form, &bare} {
			if sent := r.Append(nil, f); !json.Valid(sent) {
				t.Fatalf("sent %s", sent)
			}
			var out rank.Response
			w := r.Wanted()
			if out.Read(back.Root(), f, &w) == nil {
				if got := c.AppendRanking(nil, &w, &out); !json.Valid(got) {
					t.Fatalf("got %s", got)
				}
			}
		}
	})
}
